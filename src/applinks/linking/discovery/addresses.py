"""What a pasted address may mean, whether it may be called, and why nothing usable came from there."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from urllib.parse import urlsplit

from applinks.errors import AddressNotAllowedError, PeerError, PeerUnreachableError
from applinks.fetching.documents import DocumentError
from applinks.linking.errors import LinkingError
from applinks.linking.side import LinkingSide
from applinks.wire.linking.manifest import WELL_KNOWN_PATH
from applinks.wire.urls import MalformedUrlError, list_base_url_candidates


def list_candidates(pasted: str, side: LinkingSide) -> tuple[str, ...]:
    """
    Give the base URLs that a pasted address may belong to, the longest first.

    Raises:
        LinkingError: ``invalid_url``; where only the scheme is the trouble, ``offer`` is the address with another.
    """
    try:
        return list_base_url_candidates(pasted, allow_http=side.allow_foreign_http)
    except MalformedUrlError as error:
        offer = None
        if error.reason == "plain_http":
            offer = "https" + pasted.strip()[4:]
        raise LinkingError("invalid_url", detail=f"{pasted[:200]!r}: {error}", offer=offer) from error


async def check_typed(url: str, *, confirmed: bool, side: LinkingSide) -> bool:
    """
    Whether an address that an administrator typed is private; as `check_private`.

    Who types a private address means it, while a name may lead anywhere, and has to be ``confirmed``.
    """
    return await check_private(url, is_meant=confirmed or _is_address(urlsplit(url).hostname or ""), side=side)


async def check_private(url: str, *, is_meant: bool, side: LinkingSide) -> bool:
    """
    Whether the address is private, which only an administrator opens: asked before anything is fetched.

    Raises:
        LinkingError: it is, and nobody confirmed it (``asks_private``); or it may never be called.
    """
    try:
        is_private = await side.fetcher.is_private(url)
    except PeerError as error:
        raise build_refusal(error, url, side) from error
    if is_private and not is_meant:
        raise LinkingError("address_not_allowed", detail=f"{url} is private", asks_private=True, peer=url)
    return is_private


def check_not_own(urls: tuple[str, ...], side: LinkingSide) -> None:
    """
    Check that none of the addresses is ours.

    Raises:
        LinkingError: ``self_link``.
    """
    own = side.settings.base_url
    if own in urls:
        raise LinkingError("self_link", detail=f"{own} is our own address", peer=own)


@asynccontextmanager
async def bounded(url: str, side: LinkingSide) -> AsyncGenerator[None]:
    """
    Bound what is done inside: many addresses are tried, and one that drips its answers must not hold a person.

    Raises:
        LinkingError: it took too long, or nothing usable came.
    """
    seconds = side.settings.sizes.call_seconds
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        detail = f"{url} did not answer everything within {seconds:g} seconds"
        raise LinkingError("peer_unreachable", detail=detail, peer=url) from error
    except PeerError as error:
        raise build_refusal(error, url, side) from error


def build_refusal(error: PeerError, url: str, side: LinkingSide) -> LinkingError:
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


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _find_base_url(location: str, side: LinkingSide) -> str | None:
    """Where a redirect leads, as an address to begin anew with."""
    try:
        return list_base_url_candidates(location.removesuffix(WELL_KNOWN_PATH), allow_http=side.allow_foreign_http)[0]
    except MalformedUrlError:
        return None
