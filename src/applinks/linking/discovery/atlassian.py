"""
Which application with Atlassian's application links lives at an address, and what it says of itself.

It lists no link of its own accord: what is found here is proposed to an administrator, as one by hand over OAuth 1.0a.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urljoin

from applinks.errors import PeerError, PeerProtocolError
from applinks.fetching.documents import clean_name
from applinks.linking.discovery.addresses import bounded, check_not_own, check_typed, list_candidates
from applinks.linking.documents import get_atlassian_id
from applinks.linking.errors import LinkingError
from applinks.linking.side import LinkingSide
from applinks.records.registrations import ServerEndpoints
from applinks.wire.atlassian.addresses import (
    ACCESS_TOKEN_PATH,
    AUTHORIZE_PATH,
    LOGIN_DANCE_PATH,
    REQUEST_TOKEN_PATH,
)
from applinks.wire.atlassian.authentication_types import AuthenticationType
from applinks.wire.atlassian.capabilities import CAPABILITIES_PATH, MalformedCapabilitiesError, parse_capabilities
from applinks.wire.atlassian.consumer_info import (
    CONSUMER_INFO_PATH,
    ConsumerInfo,
    MalformedConsumerInfoError,
    parse_consumer_info,
)
from applinks.wire.atlassian.manifest import (
    MANIFEST_PATH,
    AtlassianManifest,
    MalformedManifestError,
    parse_atlassian_manifest,
)
from applinks.wire.headers import parse_content_type
from applinks.wire.http import Request, Response
from applinks.wire.oauth1.keys import WEAK_BELOW_BITS
from applinks.wire.urls import MalformedUrlError, get_origin, list_base_url_candidates

# The oldest version of the address, which every one of them still answers.
_MANIFEST = MANIFEST_PATH.format(version="1.0")
_CAPABILITIES = CAPABILITIES_PATH.format(version="3.0")
_EITHER = "application/json, application/xml;q=0.9"
_LONGEST_NAME = 60
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# A document without these is another one: many applications answer at every address.
_MARKS = (b"typeId", b"applinksVersion")
_DOCUMENT_TYPES = frozenset({"application/json", "application/xml", "text/xml"})
# Below this a peer shows itself as incompatible.
_LEAST_VERSION = (4, 0, 13)
_VERSION = re.compile(r"(\d{1,4})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAtlassian:
    """
    An application that speaks Atlassian's application links, before it is linked by hand.

    Attributes:
        url: the base URL of calls to it, which its manifest names, too.
        consumer: who it is as a client; None: it did not say, so an administrator has to enter it.
        capabilities: names, such as ``STATUS_API``; perhaps none.
        private: whether an administrator typed or confirmed its private address.
        warnings: codes of what the administrator should see: ``too_old``, ``no_oauth``, ``no_consumer``, ``weak_key``.
    """

    url: str
    manifest: AtlassianManifest = field(repr=False)
    consumer: ConsumerInfo | None = field(repr=False)
    capabilities: tuple[str, ...] = ()
    private: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it calls itself, on one line and no longer than a link's name; not to be trusted."""
        return clean_name(self.manifest.name)[:_LONGEST_NAME].rstrip()

    @property
    def private_origins(self) -> tuple[str, ...]:
        """Of its addresses, those that are private."""
        return (get_origin(self.url),) if self.private else ()

    @property
    def endpoints(self) -> ServerEndpoints:
        """Where it serves OAuth 1.0a."""
        return get_atlassian_endpoints(self.url)

    @property
    def callback(self) -> str:
        """Where its users come back to from us."""
        return f"{self.url}{LOGIN_DANCE_PATH}access"


def get_atlassian_endpoints(url: str) -> ServerEndpoints:
    """Give where a Data Center application at that address serves OAuth 1.0a."""
    return ServerEndpoints(
        temporary=url + REQUEST_TOKEN_PATH, authorization=url + AUTHORIZE_PATH, token=url + ACCESS_TOKEN_PATH
    )


async def find_atlassian_application(
    pasted: str, *, private_confirmed: Collection[str] = (), side: LinkingSide
) -> FoundAtlassian | None:
    """
    Find the Atlassian-like application at a pasted address: there, else under a parent path; None: it is none.

    Nothing is followed: neither a redirect, nor the address that a manifest names, nor its icon. ``private_confirmed``
    are the origins for which an administrator confirmed a private address: nothing else that is private is called.

    Raises:
        LinkingError: it cannot be reached or may not be linked; ``offer`` is an address to begin anew with,
            ``asks_private`` as with an Applinks.
    """
    candidates = list_candidates(pasted, side)
    check_not_own(candidates, side)
    origin = get_origin(candidates[0])
    private = await check_typed(candidates[0], confirmed=origin in private_confirmed, side=side)
    search = _Search(private=private, side=side)
    async with bounded(candidates[0], side):
        for url in candidates:
            manifest = await search.read_manifest(url)
            if manifest is not None:
                return await search.complete(url, manifest)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """Asks one application for its documents."""

    private: bool
    side: LinkingSide

    async def read_manifest(self, url: str) -> AtlassianManifest | None:
        """Give the manifest under a base URL; None: there is none."""
        try:
            response = await self._fetch(url + _MANIFEST, accept=_EITHER)
        except PeerProtocolError:  # It answers, though not with any manifest.
            return None
        if response.status in _REDIRECTS:
            self._check_has_not_moved(url, response)
            return None
        content_type = response.header("content-type")
        if response.status != 200 or parse_content_type(content_type) not in _DOCUMENT_TYPES:
            return None
        try:
            manifest = parse_atlassian_manifest(response.body, content_type)
        except MalformedManifestError as error:
            if not any(mark in response.body for mark in _MARKS):
                return None
            detail = f"{url}: the Atlassian manifest: {error}"
            raise LinkingError("invalid_manifest", detail=detail, peer=url) from error
        await self._check_manifest(url, manifest)
        return manifest

    async def complete(self, url: str, manifest: AtlassianManifest) -> FoundAtlassian:
        """Gather what else it says of itself; that it says less is not a reason not to link it."""
        consumer = await self._find(url + CONSUMER_INFO_PATH, "application/xml", _read_consumer)
        capabilities = await self._find(url + _CAPABILITIES, "application/json", _read_capabilities)
        warnings = {
            "too_old": _read_version(manifest.applinks_version) < _LEAST_VERSION,
            "no_oauth": AuthenticationType.OAUTH not in manifest.incoming,
            "no_consumer": consumer is None,
            "weak_key": consumer is not None and consumer.public_key.key_size < WEAK_BELOW_BITS,
        }
        return FoundAtlassian(
            url=url,
            manifest=manifest,
            consumer=consumer,
            capabilities=capabilities or (),
            private=self.private,
            warnings=tuple(code for code, is_so in warnings.items() if is_so),
        )

    async def _find(self, url: str, accept: str, read: Callable[[Response], T]) -> T | None:
        try:
            response = await self._fetch(url, accept=accept)
            return read(response) if response.status == 200 else None
        except (PeerError, MalformedConsumerInfoError, MalformedCapabilitiesError):
            return None

    async def _fetch(self, url: str, *, accept: str) -> Response:
        sizes = self.side.settings.sizes
        return await self.side.fetcher.fetch(
            Request(method="GET", url=url, headers=(("Accept", accept),)),
            private=self.private,
            limit=sizes.link_document,
            seconds=sizes.link_document_seconds,
        )

    def _check_has_not_moved(self, url: str, response: Response) -> None:
        """Offer the address to which a whole application has moved; a redirect to a log-in says nothing."""
        location = response.header("location") or ""
        target = _resolve(url + _MANIFEST, location) if location else ""
        if target.endswith(_MANIFEST):
            detail = f"{url}{_MANIFEST} redirects ({response.status}) to {target}"
            raise LinkingError(
                "peer_redirects", detail=detail, offer=self._find_base_url(target.removesuffix(_MANIFEST)), peer=url
            )

    async def _check_manifest(self, url: str, manifest: AtlassianManifest) -> None:
        own = await self.side.keys.get_instance()
        if manifest.id.lower() == get_atlassian_id(own) or manifest.url == self.side.settings.base_url:
            raise LinkingError("self_link", detail=f"{url} shows our own manifest", peer=url)
        named = self._find_base_url(manifest.url)
        if named != url:
            # Another address is offered, never followed: the administrator begins anew with it.
            detail = f"{url}: the Atlassian manifest names {manifest.url!r}"
            raise LinkingError("invalid_manifest", detail=detail, offer=named, peer=url)

    def _find_base_url(self, text: str) -> str | None:
        try:
            return list_base_url_candidates(text, allow_http=self.side.allow_foreign_http)[0]
        except MalformedUrlError:
            return None


def _read_consumer(response: Response) -> ConsumerInfo:
    return parse_consumer_info(response.body, response.header("content-type"))


def _read_capabilities(response: Response) -> tuple[str, ...]:
    return parse_capabilities(response.body)


def _read_version(text: str) -> tuple[int, ...]:
    """Give a version as numbers; what names none is taken for an old one."""
    found = _VERSION.match(text)
    return tuple(int(part or 0) for part in found.groups()) if found else (0, 0, 0)


def _resolve(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
    except ValueError:
        return ""
    return target if target.isascii() and target.isprintable() else ""
