"""What is entered to make or change a link by hand, and what comes of it."""

from dataclasses import dataclass, field

from applinks.records.clients import Client, ClientAuthentication, GrantType
from applinks.records.links import Link
from applinks.records.registrations import Registration, ServerEndpoints
from applinks.secret import Secret
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.signature import SignatureMethod


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
class NewOAuth1Client:
    """
    A client (consumer) of OAuth 1.0a that is to call us.

    Attributes:
        key: the consumer key.
        name: empty: that of the link, or else the key.
        public_key: as it was typed: PEM, a certificate, or bare base64; empty: it has none.
        shared_secret: of the HMAC methods and PLAINTEXT; None: it has none, unless ``makes_secret``.
        makes_secret: whether we make the shared secret, which is seen once.
        callback: where users come back to; empty: it may use ``oob`` and two legs only.
        scopes: what it may be given; empty: all that are default.
        methods: None: the RSA methods where it has a key, the HMAC methods where it has a secret.
        execute_as: name of the user as whom it calls without a token.
        impersonation: raises the level of the link with it.
        protected_users: names; ``protected_groups``: of those whom it never reaches by impersonation.
        description: what administrators shall read of it; it may stay empty.
    """

    key: str
    name: str = ""
    public_key: str = ""
    shared_secret: Secret | None = None
    makes_secret: bool = False
    callback: str = ""
    scopes: tuple[str, ...] = ()
    methods: tuple[SignatureMethod, ...] | None = None
    three_legged: bool = True
    two_legged: bool = False
    execute_as: str = ""
    impersonation: bool = False
    protected_users: tuple[str, ...] = ()
    protected_groups: tuple[str, ...] = ()
    protects_administrators: bool = True
    dialect_1_0: bool = False
    out_of_band: bool = True
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth1ClientChange:
    """What changes of a client of OAuth 1.0a; None: it stays. The fields are those of `NewOAuth1Client`."""

    name: str | None = None
    public_key: str | None = None
    shared_secret: Secret | None = None
    makes_secret: bool = False
    callback: str | None = None
    scopes: tuple[str, ...] | None = None
    methods: tuple[SignatureMethod, ...] | None = None
    three_legged: bool | None = None
    two_legged: bool | None = None
    execute_as: str | None = None
    impersonation: bool | None = None
    protected_users: tuple[str, ...] | None = None
    protected_groups: tuple[str, ...] | None = None
    protects_administrators: bool | None = None
    dialect_1_0: bool | None = None
    out_of_band: bool | None = None
    description: str | None = None


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
        protocol: ``oauth1``: ``issuer`` and scopes count for nothing, ``client_id`` is the consumer key,
            ``client_secret`` the shared secret, ``endpoints`` the three URLs, which may be relative to the link's
            address.
        signature_method: of OAuth 1.0a; None: HMAC-SHA1 where there is a secret, else RSA-SHA1 with our key, by which
            ``client_id`` may stay empty: then it is our own name.
        impersonation: whether we name the user as whom we call.
        description: what administrators shall read of the server; it may stay empty.
        resource: what to send as ``resource``; empty: nothing.
        wants_document: whether our client id there is the address of a document of ours.
        token_endpoint: the one that its metadata was seen to name, to which secrets may go; empty: none was seen.
    """

    issuer: str = ""
    scopes: tuple[str, ...] = ()
    application_scopes: tuple[str, ...] | None = None
    client_id: str = ""
    client_secret: Secret | None = None
    authentication: ClientAuthentication | None = None
    endpoints: ServerEndpoints | None = None
    resource: str = ""
    wants_document: bool = False
    token_endpoint: str = ""
    protocol: str = "oauth2"
    signature_method: SignatureMethod | None = None
    impersonation: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """
    A link that is made by hand.

    Attributes:
        url: the base URL of calls to it; needed where we call it, else it may be empty.
        handle: empty: made of the name.
        display_url: where browsers go, if elsewhere.
        kind: the type that the other application says it is of; ``peer_id``: its id.
        is_primary: whether it is the first of its type; None: if there is none yet.
        may_be_empty: whether it may have neither side yet: a peer asks for the link before it says what for.
        private_origins: of its addresses, those for which an administrator typed or confirmed a private address.
    """

    name: str
    url: str = ""
    handle: str = ""
    display_url: str = ""
    kind: str = ""
    peer_id: str = ""
    is_primary: bool | None = None
    may_be_empty: bool = False
    private_origins: tuple[str, ...] = ()
    incoming: NewIncoming | NewOAuth1Client | None = None
    outgoing: NewOutgoing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedLink:
    """A link as it was made or added to; ``secret`` is seen here and never again."""

    link: Link
    client: Client | None = None
    secret: Secret | None = None
    registration: Registration | None = None

    @property
    def clients(self) -> tuple[Client, ...]:
        """The client, as what is stored with a link."""
        return () if self.client is None else (self.client,)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChange:
    """
    What changes of a link; None: it stays. Of a link that both administrators approved, ``name`` and ``handle`` alone.

    Attributes:
        display_url: where browsers go, if elsewhere; empty: to its address. ``is_primary``: the first of its type.
        description: what administrators shall read of the server that is called.
        incoming, outgoing: on or off; what is off keeps its scopes.
        incoming_level, outgoing_level: the same, and how far; they go before ``incoming`` and ``outgoing``.
        incoming_scopes: what they may be given here; its one client goes along.
        outgoing_scopes: what users are asked for there; ``application_scopes``: what we ask for ourselves.
        client_id, client_secret, endpoints: of OAuth 1.0a the consumer key, the shared secret and the three URLs.
        issuer: connections and the secret belong to an issuer, and have to be made anew at another one.
        reads_metadata: endpoints that were entered are forgotten, and read from the issuer's metadata.
        token_endpoint: the one that its metadata was seen to name now.
        private_origins: of its addresses, those whose private address was typed or confirmed.
    """

    name: str | None = None
    handle: str | None = None
    display_url: str | None = None
    is_primary: bool | None = None
    description: str | None = None
    incoming: bool | None = None
    outgoing: bool | None = None
    incoming_level: Level | None = None
    outgoing_level: Level | None = None
    incoming_scopes: tuple[str, ...] | None = None
    outgoing_scopes: tuple[str, ...] | None = None
    application_scopes: tuple[str, ...] | None = None
    issuer: str | None = None
    client_id: str | None = None
    client_secret: Secret | None = field(default=None, repr=False)
    authentication: ClientAuthentication | None = None
    endpoints: ServerEndpoints | None = None
    reads_metadata: bool = False
    signature_method: SignatureMethod | None = None
    resource: str | None = None
    token_endpoint: str | None = None
    private_origins: tuple[str, ...] | None = None
