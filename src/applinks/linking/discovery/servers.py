"""
Which authorization server an address belongs to that is no Applinks, and what it says of itself.

RFC 8414, RFC 9728, OpenID Connect Discovery.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlsplit

from applinks.errors import PeerError, PeerUnreachableError
from applinks.fetching.documents import clean_name
from applinks.fetching.exchange import Exchange, T, run_exchange
from applinks.linking.discovery.addresses import (
    bounded,
    build_refusal,
    check_not_own,
    check_private,
    check_typed,
    list_candidates,
)
from applinks.linking.errors import LinkingError
from applinks.linking.side import LinkingSide
from applinks.outgoing.errors import WrongIssuerError
from applinks.outgoing.oauth2.metadata import (
    NO_METADATA,
    find_resource_metadata,
    find_server_metadata,
    list_warnings,
)
from applinks.outgoing.side import may_have_documents
from applinks.records.clients import ClientAuthentication
from applinks.wire.http import Request, Response
from applinks.wire.oauth2.metadata import ResourceMetadata, ServerMetadata
from applinks.wire.urls import MalformedUrlError, check_endpoint_url, get_host, get_origin, is_loopback_host

_PASSING = "temporarily_unavailable"
# Of the key that proves us, as of every installation.
_OUR_ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundServer:
    """
    What is known of an application that is no Applinks, before it is linked by hand.

    Attributes:
        url: the base URL of calls to it.
        issuer: its authorization server; empty: it names none, so an administrator has to.
        metadata: what that server says of itself; None: nothing that can be used, so its endpoints are entered by hand.
        resource: what to send as ``resource`` (RFC 8707); empty: nothing.
        scopes: those that it says it has; perhaps none.
        private_origins: of its addresses, those that are private, which an administrator typed or confirmed.
        takes_documents: whether it understands a client id that is the address of a document, and can read ours.
        name: what it calls itself, else its host; not to be trusted.
        warnings: codes of what the administrator should see: ``token_endpoint_elsewhere``; ``wrong_issuer`` and
            ``unusable_metadata``, where metadata was found and left aside.
        detail: what exactly was left aside.
    """

    url: str
    issuer: str
    metadata: ServerMetadata | None = None
    resource: str = ""
    scopes: tuple[str, ...] = ()
    private_origins: tuple[str, ...] = ()
    takes_documents: bool = False
    name: str = ""
    warnings: tuple[str, ...] = ()
    detail: str = ""


async def find_server(pasted: str, *, private_confirmed: Collection[str] = (), side: LinkingSide) -> FoundServer:
    """
    Find the authorization server of the application at a pasted address: there, else under a parent path.

    Where nothing says anything, the address itself is given, without issuer and metadata. ``private_confirmed`` are
    the origins for which an administrator confirmed a private address: nothing else that is private is called.

    Raises:
        LinkingError: it cannot be reached or may not be linked; ``asks_private`` as with an Applinks.
    """
    candidates = list_candidates(pasted, side)
    check_not_own(candidates, side)
    search = await _Search.begin(candidates[0], private_confirmed, side)
    async with bounded(candidates[0], side):
        for url in candidates:
            found = await search.look_at(url)
            if found is not None:
                return found
    return search.build_found(candidates[0], "", None)


async def read_server(issuer: str, *, private_confirmed: Collection[str] = (), side: LinkingSide) -> FoundServer:
    """
    Read what exactly this authorization server says of itself, as when an administrator names it; as `find_server`.

    Raises:
        LinkingError: as `find_server`.
    """
    try:
        check_endpoint_url(issuer, allow_http=side.allow_foreign_http)
    except MalformedUrlError as error:
        raise LinkingError("invalid_url", detail=f"{issuer[:200]!r}: {error}") from error
    if "?" in issuer:
        raise LinkingError("invalid_url", detail=f"{issuer!r}: an issuer has no query")
    url = issuer.removesuffix("/")
    check_not_own((url,), side)
    search = await _Search.begin(url, private_confirmed, side)
    async with bounded(url, side):
        metadata = await search.read_metadata((issuer, url if issuer != url else f"{url}/"))
    return search.build_found(url, metadata.issuer if metadata else issuer, metadata)


def choose_authentication(metadata: ServerMetadata | None, *, with_document: bool = False) -> ClientAuthentication:
    """
    Give how we best prove ourselves to a server, by what it says that it takes.

    ``with_document``: our client id is the address of our document, so there can be no secret.
    """
    methods = metadata.client_authentication_methods if metadata else ()
    algorithms = metadata.client_assertion_algorithms if metadata else ()
    takes_key = ClientAuthentication.PRIVATE_KEY_JWT in methods and (not algorithms or _OUR_ALGORITHM in algorithms)
    if with_document:
        return ClientAuthentication.PRIVATE_KEY_JWT if takes_key else ClientAuthentication.NONE
    for method in (ClientAuthentication.CLIENT_SECRET_BASIC, ClientAuthentication.CLIENT_SECRET_POST):
        if method in methods:
            return method
    if takes_key:
        return ClientAuthentication.PRIVATE_KEY_JWT
    return ClientAuthentication.NONE if methods == ("none",) else ClientAuthentication.CLIENT_SECRET_BASIC


class _Search:
    """Looks at one address after the other, and remembers what it had to leave aside."""

    def __init__(self, private_confirmed: Collection[str], side: LinkingSide) -> None:
        self._private_confirmed = private_confirmed
        self._private_origins: tuple[str, ...] = ()
        self._side = side
        self.warnings: tuple[str, ...] = ()
        self.detail = ""

    @classmethod
    async def begin(cls, url: str, private_confirmed: Collection[str], side: LinkingSide) -> Self:
        """Make one for the origin that an administrator typed, once it is judged."""
        search, origin = cls(private_confirmed, side), get_origin(url)
        if await check_typed(url, confirmed=origin in private_confirmed, side=side):
            search._private_origins = (origin,)
        return search

    async def look_at(self, url: str) -> FoundServer | None:
        """Give what an address says of itself; None: nothing that can be used."""
        side = self._side
        check_not_own((url,), side)
        exchange = find_resource_metadata(url, allow_http=side.allow_foreign_http, limit=side.settings.sizes.document)
        resource = await self._run(exchange)
        if resource is not None and resource.authorization_servers:
            return await self._look_behind(url, resource)
        # The final slash of an issuer is not part of the address at which it is asked.
        metadata = await self.read_metadata((url, f"{url}/"))
        return None if metadata is None else self.build_found(url, metadata.issuer, metadata)

    async def read_metadata(self, issuers: tuple[str, ...]) -> ServerMetadata | None:
        """Read the metadata of an issuer; None: there is none that can be used."""
        side = self._side
        exchange = find_server_metadata(issuers, allow_http=side.allow_foreign_http, limit=side.settings.sizes.document)
        try:
            return await self._run(exchange)
        except WrongIssuerError as error:
            self.warnings, self.detail = ("wrong_issuer",), error.detail
        except PeerError as error:
            if isinstance(error, PeerUnreachableError) and error.code != _PASSING:
                raise build_refusal(error, issuers[0], side) from error
            if error.code not in {_PASSING, NO_METADATA}:
                self.warnings, self.detail = ("unusable_metadata",), error.detail
        return None

    def build_found(self, url: str, issuer: str, metadata: ServerMetadata | None) -> FoundServer:
        """Make the answer for a server; what was left aside on the way to its metadata does not matter any more."""
        if metadata is None:
            return FoundServer(
                url=url,
                issuer=issuer,
                private_origins=self._private_origins,
                name=get_host(url),
                warnings=self.warnings,
                detail=self.detail,
            )
        return FoundServer(
            url=url,
            issuer=issuer,
            metadata=metadata,
            scopes=metadata.scopes,
            private_origins=self._private_origins,
            takes_documents=metadata.takes_documents and self._can_read_documents(metadata.issuer),
            name=get_host(url),
            warnings=list_warnings(metadata),
        )

    def _can_read_documents(self, issuer: str) -> bool:
        """Whether a server reaches our addresses: those of this machine alone, only a server of this machine."""
        settings = self._side.settings
        return may_have_documents(settings) and (not _is_of_machine(settings.base_url) or _is_of_machine(issuer))

    async def _look_behind(self, url: str, resource: ResourceMetadata) -> FoundServer:
        """Read the authorization server that a resource names, which may live elsewhere."""
        issuer = resource.authorization_servers[0]
        origin = get_origin(issuer)
        check_not_own((issuer.removesuffix("/"),), self._side)
        is_meant = origin in self._private_confirmed
        # Nobody typed this address: a private one is asked about, whatever was typed or confirmed of others.
        if origin != get_origin(url) and await check_private(issuer, is_meant=is_meant, side=self._side):
            self._private_origins = (*self._private_origins, origin)
        metadata = await self.read_metadata((issuer,))
        found = self.build_found(url, issuer, metadata)
        return replace(
            found,
            resource=resource.resource,
            scopes=resource.scopes or found.scopes,
            name=clean_name(resource.name) or found.name,
        )

    async def _run(self, exchange: Exchange[T]) -> T:
        sizes, fetcher = self._side.settings.sizes, self._side.fetcher

        async def send(request: Request) -> Response:
            private = get_origin(request.url) in self._private_origins
            return await fetcher.fetch(
                request, private=private, limit=sizes.document, seconds=sizes.link_document_seconds
            )

        return await run_exchange(exchange, send)


def _is_of_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return is_loopback_host(f"[{host}]" if ":" in host else host)
