"""What was typed of a link that is added or changed: beside the options of each direction, those of the link itself."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from applinks.cli.clients.oauth1.options import build_flag
from applinks.cli.links.oauth1.options import OAuth1Options
from applinks.cli.links.options import DisplayUrlOption, IncomingOptions, OutgoingOptions, PrivateAddressOption


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class NewLinkOptions:
    """What a new link is, whichever way it is made."""

    name: Annotated[
        str | None, Parameter(help="What we call the other application. By default what it calls itself.")
    ] = None
    handle: Annotated[
        str | None,
        Parameter(help="The link's name in commands and code: a-z, 0-9 and -. By default made of the name."),
    ] = None
    issuer: Annotated[
        str | None,
        Parameter(help="Their authorization server, where it is not found at the address. By hand only."),
    ] = None
    private_address: PrivateAddressOption = False
    outgoing: Annotated[
        bool,
        Parameter(name="--outgoing", negative="--no-outgoing", show_default=False, help="Whether we call them."),
    ] = True
    incoming: Annotated[
        bool | None,
        Parameter(
            name="--incoming",
            negative="--no-incoming",
            show_default=False,
            help="Whether they call us. By default yes between two Applinks, and by hand only with --redirect-uri or"
            " --incoming-scope.",
        ),
    ] = None
    impersonation: Annotated[
        bool, build_flag("We name the user as whom we call, over OAuth 1.0a, and nobody is asked.", "--impersonation")
    ] = False
    incoming_impersonation: Annotated[
        bool,
        build_flag("They may name the user as whom they call, over OAuth 1.0a.", "--incoming-impersonation"),
    ] = False
    display_url: DisplayUrlOption = None
    primary: Annotated[
        bool,
        build_flag("It is the first of its type here. By default it is, where there is no other.", "--primary"),
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A new link, as it was typed."""

    url: str
    link: NewLinkOptions
    outgoing: OutgoingOptions
    oauth1: OAuth1Options
    incoming: IncomingOptions

    @property
    def is_by_hand(self) -> bool:
        """Whether something was given that only a link by hand has."""
        values = (self.outgoing.has_values, self.oauth1.has_values, self.incoming.has_values)
        return bool(self.link.issuer or self.link.display_url) or any(values)

    @property
    def may_be_atlassian(self) -> bool:
        """Whether it is worth a look whether they speak Atlassian's application links."""
        if self.oauth1.is_meant:
            return not self.oauth1.has_endpoints
        return not self.is_by_hand and not self.outgoing.scope

    @property
    def wants_incoming(self) -> bool:
        """Whether they shall call us, where that has to be said."""
        if self.link.incoming is not None:
            return self.link.incoming
        return self.incoming.has_values or bool(self.incoming.incoming_scope)


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChangeOptions:
    """What changes of a link."""

    name: Annotated[str | None, Parameter(help="What we call the other application.")] = None
    handle: Annotated[str | None, Parameter(help="The link's name in commands and code: a-z, 0-9 and -.")] = None
    url: Annotated[
        str | None, Parameter(help="Their address, where they only called us until now and we shall call them, too.")
    ] = None
    issuer: Annotated[
        str | None, Parameter(help="Their authorization server. At another one every user connects again.")
    ] = None
    private_address: PrivateAddressOption = False
    outgoing: Annotated[
        bool | None,
        Parameter(name="--outgoing", negative="--no-outgoing", show_default=False, help="Whether we call them."),
    ] = None
    incoming: Annotated[
        bool | None,
        Parameter(name="--incoming", negative="--no-incoming", show_default=False, help="Whether they call us."),
    ] = None
    impersonation: Annotated[
        bool | None,
        Parameter(
            name="--impersonation",
            negative="--no-impersonation",
            show_default=False,
            help="Whether we name the user as whom we call, over OAuth 1.0a. By hand only.",
        ),
    ] = None
    incoming_impersonation: Annotated[
        bool | None,
        Parameter(
            name="--incoming-impersonation",
            negative="--no-incoming-impersonation",
            show_default=False,
            help="Whether they may name the user as whom they call, over OAuth 1.0a. By hand only.",
        ),
    ] = None
    display_url: DisplayUrlOption = None
    primary: Annotated[
        bool | None,
        Parameter(
            name="--primary",
            negative="--no-primary",
            show_default=False,
            help="Whether it is the first of its type here.",
        ),
    ] = None

    @property
    def is_of_hand(self) -> bool:
        """Whether something was said that can be changed of a link by hand alone."""
        levels = (self.impersonation, self.incoming_impersonation)
        return bool(self.issuer or self.url) or self.display_url is not None or any(each is not None for each in levels)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedChange:
    """A change, as it was typed."""

    link: LinkChangeOptions
    outgoing: OutgoingOptions
    oauth1: OAuth1Options
    incoming: IncomingOptions

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said at all."""
        return self == TypedChange(
            link=LinkChangeOptions(), outgoing=OutgoingOptions(), oauth1=OAuth1Options(), incoming=IncomingOptions()
        )

    @property
    def wants_incoming(self) -> bool:
        """Whether they shall call us from now on."""
        return bool(self.link.incoming or self.incoming.has_values or self.incoming.incoming_scope)

    @property
    def wants_outgoing(self) -> bool:
        """Whether we shall call them from now on."""
        return bool(self.link.outgoing or self.link.url or self.outgoing.scope or self.oauth1.has_endpoints)
