"""
Who lives at an address: its link manifest and its keys, read from it and judged.

Handshake §1 Discovery.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from applinks.errors import AddressNotAllowedError, PeerError, PeerUnreachableError
from applinks.fetching.documents import DocumentError, fetch_json, fetch_keys
from applinks.linking.errors import LinkingError
from applinks.linking.side import LinkingSide
from applinks.wire.linking.manifest import WELL_KNOWN_PATH, MalformedManifestError, Manifest, parse_manifest
from applinks.wire.urls import MalformedUrlError, check_base_url, list_base_url_candidates

Key = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """
    An application with Applinks that may be linked.

    Attributes:
        document: the manifest as it was read, for the record.
        private: whether an administrator typed or confirmed its private address.
    """

    manifest: Manifest
    document: Mapping[str, Any] = field(repr=False)
    keys: tuple[Key, ...] = field(repr=False)
    private: bool

    @property
    def url(self) -> str:
        """Its base URL."""
        return self.manifest.url


async def discover(pasted: str, *, private_confirmed: bool = False, side: LinkingSide) -> Discovery:
    """
    Find the application that a pasted address belongs to: under the address itself, else under a parent path.

    Raises:
        LinkingError: there is none, it cannot be reached, or it may not be linked; ``offer`` is an address to begin
            anew with, ``asks_private`` asks whether its private address is meant.
    """
    candidates = _list_candidates(pasted, side)
    # Who types a private address means it; a name that leads to one is asked about.
    own = side.settings.base_url
    if candidates[0] == own:
        raise LinkingError("self_link", detail=f"{pasted!r} is our own address", peer=own)
    is_meant = private_confirmed or _is_address(urlsplit(candidates[0]).hostname or "")
    private = await _check_private(candidates[0], is_meant=is_meant, side=side)
    problem = LinkingError("not_applinks", peer=candidates[0])
    for url in candidates:
        if url == own:
            raise LinkingError("self_link", detail=f"{pasted!r} lies under our own address", peer=url)
        try:
            document = await _read_manifest(url, private, side)
        except LinkingError as error:
            # A page below the application often leads on to a log-in: only where no parent has a manifest either is
            # the redirect what the administrator has to know.
            if error.code not in {"not_applinks", "peer_redirects"}:
                raise
            problem = error if problem.code == "not_applinks" else problem
            continue
        return await _complete(document, url, private, side)
    raise problem


async def read_application(url: str, *, private: bool, side: LinkingSide) -> Discovery:
    """
    Read manifest and keys of exactly this base URL, as when a proposal names it.

    Raises:
        LinkingError: as `discover`.
    """
    try:
        check_base_url(url, allow_http=side.allow_http)
    except MalformedUrlError as error:
        raise LinkingError("invalid_url", detail=str(error)) from error
    if url == side.settings.base_url:
        raise LinkingError("self_link", peer=url)
    is_private = await _check_private(url, is_meant=private, side=side)
    return await _complete(await _read_manifest(url, is_private, side), url, is_private, side)


async def read_keys(jwks_uri: str, *, private: bool, key: str = "", side: LinkingSide) -> tuple[Key, ...]:
    """
    Read the keys at an address.

    Raises:
        LinkingError: there are none that can be used.
    """
    sizes = side.settings.sizes
    try:
        return await fetch_keys(
            side.fetcher,
            jwks_uri,
            private=private,
            limit=sizes.link_document,
            seconds=sizes.link_document_seconds,
            key=key,
        )
    except PeerError as error:
        raise _build_refusal(error, jwks_uri, side) from error


def _list_candidates(pasted: str, side: LinkingSide) -> tuple[str, ...]:
    try:
        return list_base_url_candidates(pasted, allow_http=side.allow_http)
    except MalformedUrlError as error:
        offer = None
        if error.reason == "plain_http":
            offer = "https" + pasted.strip()[4:]
        raise LinkingError("invalid_url", detail=f"{pasted[:200]!r}: {error}", offer=offer) from error


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def _check_private(url: str, *, is_meant: bool, side: LinkingSide) -> bool:
    """
    Whether the address is private, which only an administrator opens: asked before anything is fetched.

    Raises:
        LinkingError: it is, and nobody confirmed it (``asks_private``); or it may never be called.
    """
    try:
        is_private = await side.fetcher.is_private(url)
    except PeerError as error:
        raise _build_refusal(error, url, side) from error
    if is_private and not is_meant:
        raise LinkingError("address_not_allowed", detail=f"{url} is private", asks_private=True, peer=url)
    return is_private


async def _complete(document: Mapping[str, Any], url: str, private: bool, side: LinkingSide) -> Discovery:
    own = await side.keys.get_instance()
    if document.get("id") == own.id or document.get("url") == side.settings.base_url:
        # Before it is judged: under another name of our machine we would only be told to use our own address.
        raise LinkingError("self_link", detail=f"{url} shows our own manifest", peer=url)
    manifest = _parse_manifest(document, url, side)
    try:
        keys = await read_keys(manifest.jwks_uri, private=private, side=side)
    except LinkingError as error:
        if error.code in {"not_applinks", "peer_redirects"}:
            raise LinkingError("invalid_manifest", detail=error.detail, peer=url) from error
        raise
    if await side.list_own_kids() & {key["kid"] for key in keys}:
        raise LinkingError("self_link", detail=f"{url} has a key of ours", peer=url)
    if not set(manifest.protocols) & set(side.settings.protocols):
        raise LinkingError("no_common_protocol", detail=f"{url} speaks {', '.join(manifest.protocols)}", peer=url)
    return Discovery(manifest=manifest, document=document, keys=keys, private=private)


def _parse_manifest(document: Mapping[str, Any], url: str, side: LinkingSide) -> Manifest:
    try:
        return parse_manifest(document, fetched_under=url, allow_http=side.allow_http)
    except MalformedManifestError as error:
        # Another url is offered, never followed: the administrator begins anew with it.
        raise LinkingError(error.code, detail=f"{url}: {error}", offer=error.named_url or None, peer=url) from error


async def _read_manifest(url: str, private: bool, side: LinkingSide) -> Mapping[str, Any]:
    sizes = side.settings.sizes
    try:
        return await fetch_json(
            side.fetcher,
            url + WELL_KNOWN_PATH,
            private=private,
            limit=sizes.link_document,
            seconds=sizes.link_document_seconds,
        )
    except PeerError as error:
        raise _build_refusal(error, url, side) from error


def _build_refusal(error: PeerError, url: str, side: LinkingSide) -> LinkingError:
    """Say in the handshake's words why there is no such document."""
    match error:
        case AddressNotAllowedError():
            return LinkingError("address_not_allowed", detail=error.detail, peer=url)
        case PeerUnreachableError():
            return LinkingError("peer_unreachable", detail=error.detail, peer=url)
        case DocumentError(code="peer_redirects"):
            offer = _find_base_url(error.location, side)
            return LinkingError("peer_redirects", detail=error.detail, offer=offer, peer=url)
        case DocumentError(code="peer_keys"):
            return LinkingError("invalid_manifest", detail=error.detail, peer=url)
        case _:
            return LinkingError("not_applinks", detail=error.detail, peer=url)


def _find_base_url(location: str, side: LinkingSide) -> str | None:
    """Where a redirect leads, as an address to begin anew with."""
    try:
        return list_base_url_candidates(location.removesuffix(WELL_KNOWN_PATH), allow_http=side.allow_http)[0]
    except MalformedUrlError:
        return None
