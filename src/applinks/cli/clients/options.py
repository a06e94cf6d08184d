"""What ``clients add`` takes of the new client."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from applinks.administration.clients import NewClient

# Names instead of the enumeration, so that help and errors show them as they are written on the wire.
GrantTypeName = Literal["authorization_code", "refresh_token", "client_credentials"]

GrantTypeOption = Annotated[
    tuple[GrantTypeName, ...],
    Parameter(
        name="--grant-type",
        negative="",
        show_default=False,
        help="A way to obtain a token; repeatable. By default all three, or the first two of a public client.",
    ),
]
RedirectUriOption = Annotated[
    tuple[str, ...],
    Parameter(
        name="--redirect-uri",
        negative="",
        show_default=False,
        help="Where users come back to with a code, letter by letter; repeatable.",
    ),
]
PublicOption = Annotated[
    bool,
    Parameter(
        name="--public",
        negative="",
        show_default=False,
        help="It can keep no secret, as a program on a desktop or a telephone.",
    ),
]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """A client to be added."""

    name: Annotated[str, Parameter(help="What it is called; users read it when they are asked for consent.")]
    redirect_uri: RedirectUriOption = ()
    scope: Annotated[
        tuple[str, ...],
        Parameter(negative="", show_default=False, help="A scope that it may have; repeatable."),
    ] = ()
    grant_type: GrantTypeOption = ()
    public: PublicOption = False
    link: Annotated[str | None, Parameter(help="The link that it belongs to. By default it gets one of its own.")] = (
        None
    )
    resource: Annotated[
        tuple[str, ...],
        Parameter(
            negative="",
            show_default=False,
            help="A resource of ours that it serves, by its address: it may introspect tokens for it; repeatable.",
        ),
    ] = ()

    def build(self) -> "NewClient":
        """Give it as administration takes it."""
        from applinks.administration.clients import NewClient
        from applinks.records.clients import GrantType

        return NewClient(
            name=self.name,
            redirect_uris=self.redirect_uri,
            scopes=self.scope,
            grant_types=tuple(GrantType(each) for each in self.grant_type) or None,
            public=self.public,
            link=self.link or "",
            resources=self.resource,
        )
