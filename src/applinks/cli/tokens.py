"""The commands ``applinks tokens list|revoke``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from applinks.cli.asking import confirm, read_line
from applinks.cli.options import CommonOptions, YesOption
from applinks.cli.output import format_time, print_json, print_line, print_table, refuse_use
from applinks.words import say_protocol

if TYPE_CHECKING:
    from applinks.administration.tokens import HeldTokens
    from applinks.cli.opening import Opened

app = App(name="tokens")

_HEADINGS = ("Tokens", "Client ID", "Link", "Protocol", "User", "Scopes", "Since", "Last used", "Expires")


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class WhoseOptions:
    """Whose tokens are meant."""

    link: Annotated[str | None, Parameter(help="Those that came over this link, by handle or id.")] = None
    client: Annotated[str | None, Parameter(help="Those of this client, by its client ID.")] = None
    user: Annotated[str | None, Parameter(help="Those that act as this user, by name or id.")] = None

    @property
    def is_empty(self) -> bool:
        """Whether nobody was named."""
        return not (self.link or self.client or self.user)


@app.command(name="list")
async def list_tokens(*, whose: WhoseOptions | None = None, common: CommonOptions | None = None) -> None:
    """
    List what applications hold to call us: one line for each consent, and for
    each token of an application itself.

    The tokens themselves are not kept, only their digests: what is shown is the
    name to revoke them by.
    """
    from applinks.administration import tokens
    from applinks.cli.opening import find_actor, open_database

    common, whose = common or CommonOptions(), whose or WhoseOptions()
    async with open_database(common) as opened:
        found = await tokens.list_tokens(
            link=whose.link,
            client=whose.client,
            user_id=await _find_user(whose, opened),
            actor=find_actor(),
            side=opened.administration,
        )
        names = {account.id: account.name for account in await opened.storage.accounts.list()}
    if common.json:
        print_json([_describe(each, names) for each in found])
    elif not found:
        print_line("No application holds anything that would let it call us now.")
    else:
        print_table(_HEADINGS, [_list_cells(each, names) for each in found])


@app.command
async def revoke(
    tokens: Annotated[
        str | None,
        Parameter(
            allow_leading_hyphen=True,
            help="The name as tokens list shows it; - reads it, or a whole token that leaked, from standard input.",
        ),
    ] = None,
    /,
    *,
    whose: WhoseOptions | None = None,
    yes: YesOption = False,
    common: CommonOptions | None = None,
) -> None:
    """
    End tokens, at once and for good: those of a name, or all of a link, a
    client or a user.

    By a link, client or user, the consents behind them end, too: users are
    asked again.
    """
    from applinks.administration.tokens import revoke_all, revoke_tokens
    from applinks.cli.opening import find_actor, open_database

    common, whose = common or CommonOptions(), whose or WhoseOptions()
    if (tokens is None) is whose.is_empty:
        refuse_use("say which: a name as tokens list shows it, or one or more of --link, --client and --user")
    async with open_database(common) as opened:
        actor, side = find_actor(), opened.administration
        if tokens is not None:
            ended = await revoke_tokens(_read_name(tokens), actor=actor, side=side)
        else:
            user_id = await _find_user(whose, opened)
            confirm(f"End all tokens {_say_whose(whose)}?", yes=yes)
            ended = await revoke_all(link=whose.link, client=whose.client, user_id=user_id, actor=actor, side=side)
    if common.json:
        print_json({"revoked": ended})
    else:
        print_line(_say_ended(ended))


def _read_name(typed: str) -> str:
    if typed != "-":
        return typed
    name = read_line(what="The token").strip()
    if not name:
        refuse_use("standard input is empty: which tokens shall end?")
    return name


async def _find_user(whose: WhoseOptions, opened: "Opened") -> str | None:
    from applinks.cli.opening import find_user_id

    return None if whose.user is None else await find_user_id(whose.user, storage=opened.storage)


def _say_whose(whose: WhoseOptions) -> str:
    named = (("over the link", whose.link), ("of the client", whose.client), ("that act as", whose.user))
    return " ".join(f"{words} {name}" for words, name in named if name)


def _say_ended(count: int) -> str:
    match count:
        case 0:
            return "There was nothing left to end."
        case 1:
            return "One consent or token has ended."
        case _:
            return f"{count} consents or tokens have ended."


def _describe(held: "HeldTokens", names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": held.name,
        "client_id": held.client.client_id,
        "link": held.link.handle,
        "protocol": held.client.protocol,
        "grant": held.grant_id or None,
        "user": names.get(held.user_id, held.user_id) if held.user_id else None,
        "user_id": held.user_id,
        "scopes": list(held.scopes),
        "resource": held.resource,
        "created_at": format_time(held.created_at),
        "last_used_at": format_time(held.last_used_at),
        "expires_at": format_time(held.expires_at),
    }


def _list_cells(held: "HeldTokens", names: Mapping[str, str]) -> tuple[str, ...]:
    return (
        held.name,
        held.client.client_id,
        held.link.handle,
        say_protocol(held.client.protocol),
        names.get(held.user_id, held.user_id) if held.user_id else "none: itself",
        ", ".join(held.scopes),
        format_time(held.created_at) or "",
        format_time(held.last_used_at) or "",
        format_time(held.expires_at) or "",
    )
