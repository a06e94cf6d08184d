"""What stands in the fields of the two directions over OAuth 1.0a; a secret never does."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Self

from applinks.records.clients import Client, OAuth1Client
from applinks.records.links import Link
from applinks.records.registrations import Registration
from applinks.web.pages.links.hand.server import KnownServer
from applinks.web.pages.links.oauth1.forms import DEFAULT_METHOD, ENDPOINTS, ClientForm, ServerForm
from applinks.wire.linking.terms import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientValues:
    """
    What stands in the fields of a client.

    Attributes:
        execute_as: a name, as ``protected_users`` are names.
        has_secret: whether a shared secret is kept.
    """

    is_enabled: bool = True
    name: str = ""
    key: str = ""
    description: str = ""
    public_key: str = ""
    makes_secret: bool = False
    methods: Collection[str] = ()
    three_legged: bool = True
    callback: str = ""
    dialect_1_0: bool = False
    out_of_band: bool = True
    scopes: Collection[str] = ()
    two_legged: bool = False
    execute_as: str = ""
    impersonation: bool = False
    protects_administrators: bool = True
    protected_users: str = ""
    protected_groups: str = ""
    has_secret: bool = False

    @classmethod
    def of_form(cls, form: ClientForm, *, has_secret: bool = False) -> Self:
        """Take what was typed."""
        return cls(
            is_enabled=bool(form.enable_in.data),
            name=form.name.data or "",
            key=form.key.data or "",
            description=form.description.data or "",
            public_key=form.public_key.data or "",
            makes_secret=bool(form.makes_secret.data),
            methods=form.method.data or (),
            three_legged=bool(form.three_legged.data),
            callback=form.callback.data or "",
            dialect_1_0=bool(form.dialect_1_0.data),
            out_of_band=bool(form.out_of_band.data),
            scopes=form.scope.data or (),
            two_legged=bool(form.two_legged.data),
            execute_as=form.execute_as.data or "",
            impersonation=bool(form.impersonation.data),
            protects_administrators=bool(form.protects_administrators.data),
            protected_users=form.protected_users.data or "",
            protected_groups=form.protected_groups.data or "",
            has_secret=has_secret,
        )

    @classmethod
    def of_client(cls, client: Client, oauth1: OAuth1Client, *, names: Mapping[str, str]) -> Self:
        """Take what holds now; ``names`` are those of users, by id."""
        return cls(
            name=client.name,
            key=client.client_id,
            description=oauth1.description,
            public_key="\n".join(each.strip() for each in oauth1.public_keys),
            methods=[each.value for each in oauth1.methods],
            three_legged=oauth1.three_legged,
            callback="\n".join(client.redirect_uris),
            dialect_1_0=oauth1.dialect_1_0,
            out_of_band=oauth1.out_of_band,
            scopes=client.scopes,
            two_legged=oauth1.two_legged,
            execute_as=names.get(oauth1.execute_as, oauth1.execute_as),
            impersonation=oauth1.impersonation,
            protects_administrators=oauth1.protects_administrators,
            protected_users=", ".join(names.get(each, each) for each in oauth1.protected_users),
            protected_groups=", ".join(oauth1.protected_groups),
            has_secret=oauth1.shared_secret is not None,
        )

    @classmethod
    def of_server(cls, server: KnownServer, *, scopes: Collection[str]) -> Self:
        """Take what a Data Center peer that was found says of itself as a client."""
        return cls(
            is_enabled=bool(server.consumer_key),
            key=server.consumer_key,
            description=server.consumer_description,
            public_key=server.public_key,
            callback=server.callback,
            scopes=scopes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerValues:
    """What stands in the fields of what we are at a server."""

    is_enabled: bool = True
    display_url: str = ""
    description: str = ""
    is_primary: bool = False
    endpoints: Mapping[str, str] = field(default_factory=dict)
    client_id: str = ""
    method: str = DEFAULT_METHOD.value
    level: str = Level.OAUTH.value
    has_secret: bool = False

    @classmethod
    def of_form(cls, form: ServerForm, *, has_secret: bool = False) -> Self:
        """Take what was typed."""
        return cls(
            is_enabled=bool(form.enable_out.data),
            display_url=form.display_url.data or "",
            description=form.server_description.data or "",
            is_primary=bool(form.is_primary.data),
            endpoints={name: form[f"{name}_endpoint"].data or "" for name in ENDPOINTS},
            client_id=form.client_id.data or "",
            method=form.signature_method.data or DEFAULT_METHOD.value,
            level=form.out_level.data or Level.OAUTH.value,
            has_secret=has_secret,
        )

    @classmethod
    def of_server(cls, server: KnownServer, *, consumer_key: str) -> Self:
        """Take what a server that was found suggests; ``consumer_key`` is our own name, which goes with our key."""
        return cls(
            is_enabled=server.is_atlassian,
            display_url=server.display_url,
            endpoints=server.oauth1_endpoints,
            client_id=consumer_key,
        )

    @classmethod
    def of_link(cls, link: Link, registration: Registration) -> Self:
        """Take what holds now."""
        endpoints, method = registration.endpoints, registration.signature_method or DEFAULT_METHOD
        return cls(
            is_enabled=link.outgoing.is_enabled,
            display_url=link.peer.display_url,
            description=link.peer.description,
            is_primary=link.peer.is_primary,
            endpoints={name: getattr(endpoints, name) for name in ENDPOINTS} if endpoints else {},
            client_id=registration.client_id,
            method=method.value,
            level=link.outgoing.level.value,
            has_secret=registration.client_secret is not None,
        )
