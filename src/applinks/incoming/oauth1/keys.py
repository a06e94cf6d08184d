"""The public keys that a client of OAuth 1.0a signs with, each parsed once."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from applinks.incoming.store import FoundClient
from applinks.wire.oauth1.keys import MalformedKeyError, parse_public_jwk, parse_public_key

# As many clients as call at once; a parsed key takes a few kilobytes.
_MOST_KEPT = 1024


def list_keys(found: FoundClient) -> tuple[RSAPublicKey, ...]:
    """Give the keys that count for the client: the pinned ones of a link's peer, else its own."""
    client = found.client
    if client.is_peer:
        return tuple(
            [key for each in found.link.peer.oauth1_keys if (key := _load_jwk(_get_numbers(each))) is not None]
        )
    pems = client.oauth1.public_keys if client.oauth1 is not None else ()
    return tuple([key for pem in pems if (key := _load_pem(pem)) is not None])


def _get_numbers(jwk: Mapping[str, Any]) -> tuple[str, str]:
    return str(jwk.get("e", "")), str(jwk.get("n", ""))


@lru_cache(_MOST_KEPT)
def _load_pem(pem: str) -> RSAPublicKey | None:
    try:
        return parse_public_key(pem)
    except MalformedKeyError:
        return None


@lru_cache(_MOST_KEPT)
def _load_jwk(numbers: tuple[str, str]) -> RSAPublicKey | None:
    try:
        return parse_public_jwk({"e": numbers[0], "n": numbers[1]})
    except MalformedKeyError:
        return None
