"""A server without Applinks that was found at an address: kept in the session until its link is made."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from applinks.administration.values import tidy_description
from applinks.linking.discovery.atlassian import FoundAtlassian
from applinks.linking.discovery.servers import FoundServer, choose_authentication
from applinks.records.clients import ClientAuthentication
from applinks.wire.oauth1.keys import format_public_key
from applinks.wire.urls import get_host
from applinks.words import Sentence, say_warning
from applinks.words import gettext as _

# A server may say that it has a thousand; a page that shows them all helps nobody.
_MOST_SCOPES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownServer:
    """
    What is known of a server before there is a link.

    Attributes:
        has_metadata: whether it says itself where its endpoints are.
        is_silent: whether nothing answered there when it was looked at.
        methods: how clients may prove themselves there; empty: it does not say.
        authentication: how we best prove ourselves there; ``document_authentication``: where we have a document.
        warnings: codes of what an administrator should see.
        kind: of a Data Center peer, the type that it says it is of; ``peer_id``: its id; ``consumer_key`` and
            ``public_key``: who it is as a client; ``callback``: where its users come back to.
        consumer_description: what it says of itself as a client.
        oauth1_endpoints: its three URLs, by their names in `ServerEndpoints`.
    """

    url: str
    name: str
    issuer: str = ""
    has_metadata: bool = False
    is_silent: bool = False
    methods: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    resource: str = ""
    private_origins: tuple[str, ...] = ()
    takes_documents: bool = False
    token_endpoint: str = ""
    authentication: str = ClientAuthentication.CLIENT_SECRET_BASIC.value
    document_authentication: str = ClientAuthentication.PRIVATE_KEY_JWT.value
    warnings: tuple[str, ...] = ()
    kind: str = ""
    peer_id: str = ""
    display_url: str = ""
    consumer_key: str = ""
    consumer_description: str = ""
    public_key: str = ""
    callback: str = ""
    oauth1_endpoints: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_atlassian(self) -> bool:
        """Whether it is a Data Center peer, which speaks OAuth 1.0a."""
        return bool(self.peer_id)

    @classmethod
    def of(cls, found: FoundServer) -> Self:
        """Take what was found."""
        metadata = found.metadata
        return cls(
            url=found.url,
            name=found.name or get_host(found.url),
            issuer=found.issuer,
            has_metadata=metadata is not None,
            methods=metadata.client_authentication_methods if metadata else (),
            scopes=found.scopes[:_MOST_SCOPES],
            resource=found.resource,
            private_origins=found.private_origins,
            takes_documents=found.takes_documents,
            authentication=choose_authentication(metadata).value,
            document_authentication=choose_authentication(metadata, with_document=True).value,
            token_endpoint=metadata.token_endpoint if metadata else "",
            warnings=found.warnings,
        )

    @classmethod
    def of_atlassian(cls, found: FoundAtlassian) -> Self:
        """Take what a Data Center peer says of itself."""
        consumer, endpoints = found.consumer, found.endpoints
        return cls(
            url=found.url,
            name=found.name or get_host(found.url),
            private_origins=found.private_origins,
            warnings=found.warnings,
            kind=found.manifest.type_id,
            peer_id=found.manifest.id,
            consumer_key=consumer.key if consumer else "",
            consumer_description=tidy_description(consumer.description) if consumer else "",
            public_key=format_public_key(consumer.public_key) if consumer else "",
            callback=found.callback,
            oauth1_endpoints={
                "temporary": endpoints.temporary,
                "token": endpoints.token,
                "authorization": endpoints.authorization,
            },
        )

    def to_json(self) -> dict[str, Any]:
        """Give it as it is kept in a session."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """Take what was kept in a session."""
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in kept.items()}
        return cls(**values)


def say_found(server: KnownServer) -> Sentence:
    """Say what the server tells of itself."""
    host = get_host(server.url)
    if server.is_silent:
        return Sentence(
            what=_("Nothing answers at {host} now, so it is not known what is there").format(host=host),
            advice=_("Its documentation says where its OAuth endpoints are."),
        )
    if server.is_atlassian:
        what = _("{host} has Atlassian’s application links: {kind}")
        advice = _("It speaks OAuth 1.0a. What it says of itself stands in the fields; it learns ours from you.")
        return Sentence(what=what.format(host=host, kind=server.kind), advice=advice)
    if not server.has_metadata:
        return Sentence(
            what=_("{host} has no Applinks, and does not say where its OAuth endpoints are").format(host=host),
            advice=_("Its documentation does. If it only calls us, nothing of that is needed."),
        )
    what = _("{host} has no Applinks, but it says where its OAuth endpoints are").format(host=host)
    if get_host(server.issuer) != host:
        advice = _("It names {issuer} as its authorization server: users say yes there.")
        return Sentence(what=what, advice=advice.format(issuer=server.issuer))
    return Sentence(what=what, advice=_("They are read from there again every few minutes, so nothing is to be typed."))


def list_warnings(server: KnownServer) -> tuple[Sentence, ...]:
    """Say what an administrator should look at before she goes on."""
    host = get_host(server.issuer or server.url)
    token_host = get_host(server.token_endpoint) if server.token_endpoint else ""
    return tuple(say_warning(code, server=host, token_host=token_host) for code in server.warnings)
