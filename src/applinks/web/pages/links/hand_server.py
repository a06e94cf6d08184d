"""A server without Applinks that was found at an address: kept in the session until its link is made."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from applinks.linking.discovery.servers import FoundServer, choose_authentication
from applinks.records.clients import ClientAuthentication
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
