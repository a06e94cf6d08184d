"""
Who lives at an address: its link manifest and its keys, read from it and judged.

Handshake §1 Discovery.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from applinks.errors import PeerError
from applinks.fetching.documents import fetch_json, fetch_keys
from applinks.linking.discovery.addresses import build_refusal, check_private, check_typed, list_candidates
from applinks.linking.errors import LinkingError
from applinks.linking.side import LinkingSide
from applinks.wire.linking.manifest import WELL_KNOWN_PATH, MalformedManifestError, Manifest, parse_manifest
from applinks.wire.urls import MalformedUrlError, check_base_url

Key = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """
    An application with Applinks that may be linked.

    Attributes:
        document: the manifest as it was read, for the record.
        private: whether an administrator typed or confirmed its private address.
        oauth1_keys: its RSA keys; empty: it does not speak OAuth 1.0a, or we do not.
    """

    manifest: Manifest
    document: Mapping[str, Any] = field(repr=False)
    keys: tuple[Key, ...] = field(repr=False)
    private: bool
    oauth1_keys: tuple[Key, ...] = field(default=(), repr=False)

    @property
    def url(self) -> str:
        """Its base URL."""
        return self.manifest.url

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON, for the session in which it was found."""
        return {
            "document": dict(self.document),
            "keys": [dict(key) for key in self.keys],
            "oauth1_keys": [dict(key) for key in self.oauth1_keys],
            "private": self.private,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave; the session is ours, so that it is believed."""
        document = value["document"]
        return cls(
            manifest=parse_manifest(document, fetched_under=document["url"], allow_http=True),
            document=document,
            keys=tuple(value["keys"]),
            # Of a session that is older than OAuth 1.0a here there are none: its offers cannot speak it.
            oauth1_keys=tuple(value.get("oauth1_keys", ())),
            private=value["private"],
        )

    @property
    def kids(self) -> tuple[str, ...]:
        """The thumbprints of all its keys."""
        return tuple(key["kid"] for key in (*self.keys, *self.oauth1_keys))


async def discover(pasted: str, *, private_confirmed: bool = False, side: LinkingSide) -> Discovery:
    """
    Find the application that a pasted address belongs to: under the address itself, else under a parent path.

    Raises:
        LinkingError: there is none, it cannot be reached, or it may not be linked; ``offer`` is an address to begin
            anew with, ``asks_private`` asks whether its private address is meant.
    """
    candidates = list_candidates(pasted, side)
    own = side.settings.base_url
    if candidates[0] == own:
        raise LinkingError("self_link", detail=f"{pasted!r} is our own address", peer=own)
    if candidates[0].startswith("http://") and not side.allow_http:
        # Whoever lives there, we may link it by hand alone.
        raise LinkingError("not_applinks", detail=f"{candidates[0]} is on http, and we are not", peer=candidates[0])
    private = await check_typed(candidates[0], confirmed=private_confirmed, side=side)
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
    is_private = await check_private(url, is_meant=private, side=side)
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
        raise build_refusal(error, jwks_uri, side) from error


async def read_oauth1_keys(jwks_uri: str, *, private: bool, key: str = "", side: LinkingSide) -> tuple[Key, ...]:
    """
    Read the RSA keys of OAuth 1.0a at an address.

    Raises:
        LinkingError: there are none that can be used, or one of another kind stands among them.
    """
    keys = await read_keys(jwks_uri, private=private, key=key, side=side)
    if any(each["kty"] != "RSA" for each in keys):
        raise LinkingError("invalid_manifest", detail=f"{jwks_uri}: a key of OAuth 1.0a is not RSA", peer=jwks_uri)
    return keys


async def _complete(document: Mapping[str, Any], url: str, private: bool, side: LinkingSide) -> Discovery:
    own = await side.keys.get_instance()
    if document.get("id") == own.id or document.get("url") == side.settings.base_url:
        # Before it is judged: under another name of our machine we would only be told to use our own address.
        raise LinkingError("self_link", detail=f"{url} shows our own manifest", peer=url)
    manifest = _parse_manifest(document, url, side)
    common = set(manifest.protocols) & set(side.settings.protocols)
    if not common:
        raise LinkingError("no_common_protocol", detail=f"{url} speaks {', '.join(manifest.protocols)}", peer=url)
    try:
        keys = await read_keys(manifest.jwks_uri, private=private, side=side)
        oauth1_keys: tuple[Key, ...] = ()
        if manifest.oauth1 is not None and "oauth1" in common:
            oauth1_keys = await read_oauth1_keys(manifest.oauth1.jwks_uri, private=private, side=side)
    except LinkingError as error:
        if error.code in {"not_applinks", "peer_redirects"}:
            raise LinkingError("invalid_manifest", detail=error.detail, peer=url) from error
        raise
    found = Discovery(manifest=manifest, document=document, keys=keys, private=private, oauth1_keys=oauth1_keys)
    if len(set(found.kids)) != len(found.kids):
        raise LinkingError("invalid_manifest", detail=f"{url}: one key signs for two protocols", peer=url)
    if await side.list_own_kids() & set(found.kids):
        raise LinkingError("self_link", detail=f"{url} has a key of ours", peer=url)
    return found


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
        raise build_refusal(error, url, side) from error
