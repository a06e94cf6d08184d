"""What ``clients add-oauth1`` and ``clients edit`` take of a client (consumer) of OAuth 1.0a."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from applinks.cli.key_input import PublicKeyOption, read_public_key
from applinks.cli.output import refuse_use
from applinks.cli.secret_input import read_secret
from applinks.secret import Secret

if TYPE_CHECKING:
    from applinks.administration.hand_values import NewOAuth1Client
    from applinks.wire.oauth1.methods import SignatureMethod

# Names instead of the enumeration, so that help and errors show them as they are written on the wire.
SignatureMethodName = Literal[
    "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "PLAINTEXT"
]

SharedSecretFileOption = Annotated[
    Path | None,
    Parameter(
        name="--shared-secret-file",
        allow_leading_hyphen=True,
        help="The file with the shared secret; - reads it from standard input.",
    ),
]


def build_flag(help_text: str, name: str) -> Parameter:
    """Give an option without a value, which has no opposite."""
    return Parameter(name=name, negative="", show_default=False, help=help_text)


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth1KeyOptions:
    """By what a client proves itself."""

    public_key: PublicKeyOption = None
    shared_secret: Annotated[
        str | None,
        Parameter(
            allow_leading_hyphen=True,
            help="The secret that both sides hold, for the HMAC methods. Whoever lists the processes of this machine"
            " sees it: --shared-secret-file does without that.",
        ),
    ] = None
    shared_secret_file: SharedSecretFileOption = None
    generate_secret: Annotated[
        bool, build_flag("Make a shared secret and print it; it is not shown again.", "--generate-secret")
    ] = False
    signature_method: Annotated[
        tuple[SignatureMethodName, ...],
        Parameter(
            negative="",
            show_default=False,
            help="A signature method that it may use; repeatable. By default those of its key and its secret, without"
            " PLAINTEXT.",
        ),
    ] = ()

    def check(self) -> None:
        """End the command where two secrets were named."""
        if sum((self.shared_secret is not None, self.shared_secret_file is not None, self.generate_secret)) > 1:
            refuse_use("name one of --shared-secret, --shared-secret-file and --generate-secret")
        if Path("-") == self.public_key == self.shared_secret_file:
            refuse_use("one of --public-key and --shared-secret-file can come from standard input, not both")

    def read_public_key(self) -> str | None:
        """Read the key where one was named; as `key_input.read_public_key`."""
        return None if self.public_key is None else read_public_key(self.public_key)

    def read_secret(self) -> Secret | None:
        """Give the secret where one was named; as `secret_input.read_secret`."""
        if self.shared_secret_file is not None:
            return read_secret(self.shared_secret_file, what="The shared secret")
        return None if self.shared_secret is None else Secret(self.shared_secret)

    @property
    def methods(self) -> "tuple[SignatureMethod, ...] | None":
        """The methods that were named, as the records know them."""
        from applinks.wire.oauth1.methods import SignatureMethod

        return tuple(SignatureMethod(each) for each in self.signature_method) or None


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth1ClientOptions:
    """A client (consumer) of OAuth 1.0a to be added."""

    key: Annotated[str, Parameter(help="The client (consumer) key: what it calls itself.")]
    name: Annotated[
        str,
        Parameter(
            show_default=False,
            help="What it is called; users read it when they are asked for consent. [default: its key]",
        ),
    ] = ""
    description: Annotated[
        str, Parameter(show_default=False, help="What administrators shall read of it: what it is, and whom to ask.")
    ] = ""
    callback: Annotated[
        str,
        Parameter(
            show_default=False,
            help="Where users come back to; their request may change its query alone. Without one: oob.",
        ),
    ] = ""
    scope: Annotated[
        tuple[str, ...],
        Parameter(
            negative="", show_default=False, help="A scope that it has; repeatable. By default all that are default."
        ),
    ] = ()
    two_legged: Annotated[
        bool, build_flag("It may call without a user's permission, as --execute-as.", "--two-legged")
    ] = False
    execute_as: Annotated[
        str,
        Parameter(show_default=False, help="The user as whom it then calls, by name; not one who may administer."),
    ] = ""
    impersonation: Annotated[
        bool,
        build_flag(
            "It may name the user as whom it calls. Its link then is OAuth with impersonation.", "--impersonation"
        ),
    ] = False
    protect_user: Annotated[
        tuple[str, ...],
        Parameter(negative="", show_default=False, help="A user as whom it never calls so, by name; repeatable."),
    ] = ()
    protect_group: Annotated[
        tuple[str, ...],
        Parameter(negative="", show_default=False, help="A group as whose users it never calls so; repeatable."),
    ] = ()
    three_legged: Annotated[
        bool,
        Parameter(
            name="--three-legged",
            negative="--no-three-legged",
            show_default=False,
            help="Whether users may give it access. By default yes.",
        ),
    ] = True
    out_of_band: Annotated[
        bool,
        Parameter(
            name="--oob",
            negative="--no-oob",
            show_default=False,
            help="Whether it may have its users type the code, instead of a callback. By default yes.",
        ),
    ] = True
    dialect_1_0: Annotated[
        bool,
        build_flag("It may leave out callback and verifier, as before OAuth 1.0a; that is less safe.", "--dialect-1-0"),
    ] = False
    link: Annotated[str | None, Parameter(help="The link that it belongs to. By default it gets one of its own.")] = (
        None
    )

    def check(self) -> None:
        """End the command where something was typed that cannot be meant."""
        if self.two_legged and not self.execute_as.strip():
            refuse_use("--two-legged needs --execute-as USER: as whom does it call?")
        if self.execute_as and not self.two_legged:
            refuse_use("--execute-as is of --two-legged: add that, or leave it out")

    def build(self, keys: OAuth1KeyOptions, secret: Secret | None, *, scopes: tuple[str, ...]) -> "NewOAuth1Client":
        """Give it as administration takes it."""
        from applinks.administration.hand_values import NewOAuth1Client

        return NewOAuth1Client(
            key=self.key,
            name=self.name,
            description=self.description,
            public_key=keys.read_public_key() or "",
            shared_secret=secret,
            makes_secret=keys.generate_secret,
            callback=self.callback,
            scopes=scopes,
            methods=keys.methods,
            three_legged=self.three_legged,
            two_legged=self.two_legged,
            execute_as=self.execute_as,
            impersonation=self.impersonation,
            protected_users=self.protect_user,
            protected_groups=self.protect_group,
            dialect_1_0=self.dialect_1_0,
            out_of_band=self.out_of_band,
        )
