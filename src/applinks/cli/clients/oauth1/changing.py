"""Changes a client (consumer) of OAuth 1.0a for ``clients edit``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from applinks.cli.clients.oauth1.options import OAuth1KeyOptions, build_flag
from applinks.cli.clients.oauth1.output import (
    describe_new_oauth1_client,
    describe_oauth1_client,
    find_names,
    list_oauth1_facts,
    print_warnings,
)
from applinks.cli.output import clean, print_facts, print_json, print_line, print_values, refuse_use
from applinks.secret import Secret

if TYPE_CHECKING:
    from applinks.administration.hand_values import OAuth1ClientChange
    from applinks.cli.opening import Opened
    from applinks.cli.options import CommonOptions

GROUP = Group("Of OAuth 1.0a", sort_key=2)
_Users = tuple[str, ...]


def _build_switch(name: str, help_text: str) -> Parameter:
    return Parameter(name=f"--{name}", negative=f"--no-{name}", show_default=False, help=help_text)


def _build_list(help_text: str) -> Parameter:
    return Parameter(negative="", show_default=False, help=help_text)


@Parameter(name="*", group=GROUP)
@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth1ChangeOptions:
    """What changes of a client of OAuth 1.0a."""

    description: Annotated[str | None, Parameter(help="What administrators shall read of it; empty: nothing.")] = None
    callback: Annotated[str | None, Parameter(help="Where users come back to; empty: oob alone.")] = None
    two_legged: Annotated[
        bool | None, _build_switch("two-legged", "Whether it may call without a user's permission, as --execute-as.")
    ] = None
    execute_as: Annotated[str | None, Parameter(help="The user as whom it then calls, by name.")] = None
    impersonation: Annotated[
        bool | None, _build_switch("impersonation", "Whether it may name the user as whom it calls.")
    ] = None
    protect_user: Annotated[
        _Users, _build_list("A user as whom it never calls so, instead of those before; repeatable.")
    ] = ()
    protect_group: Annotated[
        _Users, _build_list("A group as whose users it never calls so, instead of those before; repeatable.")
    ] = ()
    three_legged: Annotated[bool | None, _build_switch("three-legged", "Whether users may give it access.")] = None
    out_of_band: Annotated[bool | None, _build_switch("oob", "Whether it may have its users type the code.")] = None
    dialect_1_0: Annotated[
        bool | None, _build_switch("dialect-1-0", "Whether it may leave out callback and verifier; that is less safe.")
    ] = None
    forget_public_key: Annotated[bool, build_flag("It signs by its shared secret alone.", "--no-public-key")] = False
    forget_shared_secret: Annotated[bool, build_flag("It signs by its key alone.", "--no-shared-secret")] = False

    def check(self, keys: OAuth1KeyOptions) -> None:
        """End the command where what was typed contradicts itself."""
        if self.forget_public_key and keys.public_key is not None:
            refuse_use("--public-key and --no-public-key contradict each other")
        named = keys.shared_secret is not None or keys.shared_secret_file is not None or keys.generate_secret
        if self.forget_shared_secret and named:
            refuse_use("--no-shared-secret leaves nothing for the options of a secret")

    def build(
        self, keys: OAuth1KeyOptions, *, name: str | None, scopes: tuple[str, ...], secret: Secret | None
    ) -> "OAuth1ClientChange":
        """Give it as administration takes it."""
        from applinks.administration.hand_values import OAuth1ClientChange

        return OAuth1ClientChange(
            name=name,
            description=self.description,
            public_key="" if self.forget_public_key else keys.read_public_key(),
            shared_secret=Secret("") if self.forget_shared_secret else secret,
            makes_secret=keys.generate_secret,
            callback=self.callback,
            scopes=scopes or None,
            methods=keys.methods,
            three_legged=self.three_legged,
            two_legged=self.two_legged,
            execute_as=self.execute_as,
            impersonation=self.impersonation,
            protected_users=self.protect_user or None,
            protected_groups=self.protect_group or None,
            dialect_1_0=self.dialect_1_0,
            out_of_band=self.out_of_band,
        )


async def change_oauth1_client(
    client_id: str, change: "OAuth1ClientChange", opened: "Opened", common: "CommonOptions"
) -> None:
    """
    Change the client and print it, with the secret that was made.

    Raises:
        RefusedError: a value cannot be taken.
    """
    from applinks.administration import oauth1_clients
    from applinks.cli.opening import find_actor

    changed = await oauth1_clients.change_oauth1_client(
        client_id, change, actor=find_actor(), side=opened.administration
    )
    client, oauth1 = changed.client, changed.client.oauth1
    assert oauth1 is not None  # noqa: S101 - it is a client of OAuth 1.0a.
    print_warnings(changed.warnings, client.name)
    made = changed.secret if change.makes_secret else None
    if common.json:
        shown = describe_oauth1_client(client, oauth1, changed.link)
        print_json(describe_new_oauth1_client(client, oauth1, changed.link, made) if made else shown)
        return
    print_facts(list_oauth1_facts(client, oauth1, changed.link, await find_names(oauth1, opened.storage.accounts)))
    if made is not None:
        print_line()
        print_new_shared_secret(client.name, client.client_id, made)


def print_new_shared_secret(name: str, key: str, secret: Secret) -> None:
    """Print a shared secret that was made, once."""
    print_line(clean(f"{name} has a new shared secret:"))
    print_line()
    print_values([("Consumer key", key), ("Shared secret", secret.reveal())])
    print_line()
    print_line("It is not shown again: copy it now, and enter it there.")
    print_line("The old one is no longer good: until the new one is entered there, it cannot call us.")
