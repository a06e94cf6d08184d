"""What is entered to make or change a link by hand, and what comes of it."""

from dataclasses import dataclass, field

from applinks.records.clients import Client, ClientAuthentication, GrantType
from applinks.records.links import Link
from applinks.records.registrations import Registration, ServerEndpoints
from applinks.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIncoming:
    """
    A client that is to call us.

    Attributes:
        redirect_uris: where users may be sent back to; none: it only calls for itself.
        scopes: what it may be given.
        grant_types: None: the defaults of product §4.
        public: whether it cannot keep a secret.
        resources: identifiers of the resources that it serves: it may introspect what was issued for them.
    """

    redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    grant_types: tuple[GrantType, ...] | None = None
    public: bool = False
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOutgoing:
    """
    How we are to call a server that is no Applinks.

    Attributes:
        scopes: what users are asked for there.
        application_scopes: what we ask for ourselves there; None: the same, without those that are about a user.
        client_id, client_secret: as the server gave them; they may come later.
        authentication: how we prove ourselves there; None: by our document's key, else by secret in the header.
        endpoints: None: read from the metadata of ``issuer``.
        resource: what to send as ``resource``; empty: nothing.
        wants_document: whether our client id there is the address of a document of ours.
        token_endpoint: the one that its metadata was seen to name, to which secrets may go; empty: none was seen.
    """

    issuer: str
    scopes: tuple[str, ...]
    application_scopes: tuple[str, ...] | None = None
    client_id: str = ""
    client_secret: Secret | None = None
    authentication: ClientAuthentication | None = None
    endpoints: ServerEndpoints | None = None
    resource: str = ""
    wants_document: bool = False
    token_endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """
    A link that is made by hand.

    Attributes:
        url: the base URL of calls to it; needed where we call it, else it may be empty.
        handle: empty: made of the name.
        private_origins: of its addresses, those for which an administrator typed or confirmed a private address.
    """

    name: str
    url: str = ""
    handle: str = ""
    private_origins: tuple[str, ...] = ()
    incoming: NewIncoming | None = None
    outgoing: NewOutgoing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedLink:
    """A link as it was made or added to; ``secret`` is seen here and never again."""

    link: Link
    client: Client | None = None
    secret: Secret | None = None
    registration: Registration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChange:
    """
    What changes of a link; None: it stays. Of a link that both administrators approved, ``name`` and ``handle`` alone.

    Attributes:
        incoming, outgoing: on or off; what is off keeps its scopes.
        incoming_scopes: what they may be given here; its one client goes along.
        outgoing_scopes: what users are asked for there; ``application_scopes``: what we ask for ourselves.
        issuer: connections and the secret belong to an issuer, and have to be made anew at another one.
        reads_metadata: endpoints that were entered are forgotten, and read from the issuer's metadata.
        token_endpoint: the one that its metadata was seen to name now.
        private_origins: of its addresses, those whose private address was typed or confirmed.
    """

    name: str | None = None
    handle: str | None = None
    incoming: bool | None = None
    outgoing: bool | None = None
    incoming_scopes: tuple[str, ...] | None = None
    outgoing_scopes: tuple[str, ...] | None = None
    application_scopes: tuple[str, ...] | None = None
    issuer: str | None = None
    client_id: str | None = None
    client_secret: Secret | None = field(default=None, repr=False)
    authentication: ClientAuthentication | None = None
    endpoints: ServerEndpoints | None = None
    reads_metadata: bool = False
    resource: str | None = None
    token_endpoint: str | None = None
    private_origins: tuple[str, ...] | None = None
