"""What ``links add`` and ``links edit`` take of each direction."""

from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from applinks.cli.clients.options import GrantTypeOption, PublicOption, RedirectUriOption
from applinks.cli.output import refuse_use
from applinks.cli.secret_input import SecretFileOption, read_secret
from applinks.records.clients import ClientAuthentication, GrantType
from applinks.records.registrations import ServerEndpoints
from applinks.secret import Secret

# Names instead of the enumeration, so that help and errors show them as they are written on the wire.
AuthenticationName = Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]

PrivateAddressOption = Annotated[
    bool, Parameter(negative="", show_default=False, help="Go on although the name leads to a private address.")
]

DisplayUrlOption = Annotated[
    str | None, Parameter(name="--display-url", help="Where browsers go, if elsewhere than servers. By hand only.")
]

_OUTGOING = Group("Outgoing: we call them", sort_key=2)
_INCOMING = Group("Incoming: they call us", sort_key=4)


@Parameter(name="*", group=_OUTGOING)
@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingOptions:
    """What we are at their authorization server, and where that answers."""

    scope: Annotated[
        tuple[str, ...],
        Parameter(name="--scope", negative="", show_default=False, help="A scope to ask for there; repeatable."),
    ] = ()
    client_id: Annotated[str | None, Parameter(help="The client ID that they gave us.")] = None
    client_secret_file: SecretFileOption = None
    authentication_method: Annotated[
        AuthenticationName | None,
        Parameter(help="How we prove ourselves there. By default as their metadata says, else client_secret_basic."),
    ] = None
    authorization_endpoint: Annotated[
        str | None, Parameter(help="Where their users consent. The endpoints are needed only without metadata.")
    ] = None
    token_endpoint: Annotated[str | None, Parameter(help="Where they give tokens.")] = None
    revocation_endpoint: Annotated[str | None, Parameter(help="Where they take tokens back, if anywhere.")] = None
    userinfo_endpoint: Annotated[str | None, Parameter(help="Where they say who a user is, if anywhere.")] = None

    @property
    def authentication(self) -> ClientAuthentication | None:
        """The method that was named, as the records know it."""
        return None if self.authentication_method is None else ClientAuthentication(self.authentication_method)

    @property
    def has_endpoints(self) -> bool:
        """Whether an endpoint was named."""
        named = (self.authorization_endpoint, self.token_endpoint, self.revocation_endpoint, self.userinfo_endpoint)
        return any(each is not None for each in named)

    @property
    def has_values(self) -> bool:
        """Whether anything was given that only a link by hand has."""
        given = (self.client_id, self.client_secret_file, self.authentication_method)
        return self.has_endpoints or any(each is not None for each in given)

    def check(self) -> None:
        """End the command where something was typed that cannot be meant."""
        if self.client_id is not None and not self.client_id.strip():
            refuse_use("--client-id is empty: give the client ID that the other side gave you")

    def read_secret(self) -> Secret | None:
        """Read the secret where one was named; as `read_secret`."""
        return (
            None if self.client_secret_file is None else read_secret(self.client_secret_file, what="The client secret")
        )

    def build_endpoints(self, before: ServerEndpoints | None = None) -> ServerEndpoints | None:
        """Give the endpoints that were named, beside those before; None: none was."""
        if not self.has_endpoints:
            return None
        before = before or ServerEndpoints(authorization="", token="")
        endpoints = ServerEndpoints(
            authorization=_choose(self.authorization_endpoint, before.authorization),
            token=_choose(self.token_endpoint, before.token),
            revocation=_choose(self.revocation_endpoint, before.revocation),
            userinfo=_choose(self.userinfo_endpoint, before.userinfo),
        )
        if not endpoints.authorization or not endpoints.token:
            refuse_use("name both endpoints: --authorization-endpoint and --token-endpoint")
        return endpoints


@Parameter(name="*", group=_INCOMING)
@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingOptions:
    """What they may do here, as a client of ours."""

    redirect_uri: RedirectUriOption = ()
    incoming_scope: Annotated[
        tuple[str, ...],
        Parameter(name="--incoming-scope", negative="", show_default=False, help="A scope to allow here; repeatable."),
    ] = ()
    grant_type: GrantTypeOption = ()
    public: PublicOption = False

    @property
    def grant_types(self) -> tuple[GrantType, ...] | None:
        """The grant types that were named, as the records know them."""
        return tuple(GrantType(each) for each in self.grant_type) or None

    @property
    def has_values(self) -> bool:
        """Whether anything of a new client was given."""
        return bool(self.redirect_uri or self.grant_type or self.public)


def _choose(given: str | None, before: str) -> str:
    return before if given is None else given
