"""
Which keys of a peer count: those pinned, and those that a known key announced and that stand at the pinned address.

Handshake §5 Rotation, security LK-06.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from applinks.errors import RefusedError
from applinks.fetching.documents import is_key_reading_due
from applinks.limits import Limit
from applinks.linking.changes import change_link
from applinks.linking.discovery.applications import Key, read_keys, read_oauth1_keys
from applinks.linking.errors import LinkingError
from applinks.linking.events import KeysNotRead, KeysRead
from applinks.linking.side import LinkingSide
from applinks.records.links import Link, LinkState
from applinks.wire.jose import JoseError, UnverifiedJwt, verify_jwt

_DAY = 86400
_FINGERPRINT_LETTERS = 16


def format_fingerprint(kid: str) -> str:
    """Give the beginning of a thumbprint in four groups of four, as both administrators see it: 96 bits."""
    return " ".join(kid[start : start + 4] for start in range(0, _FINGERPRINT_LETTERS, 4))


def is_reading_due(link: Link, *, now: int) -> bool:
    """Whether the peer's pinned JWKS URL shall be read again without a message that asks for it."""
    if link.is_by_hand or link.state is not LinkState.IN_FORCE or not is_key_reading_due(link.peer.keys_read_at, now):
        return False
    return bool(link.peer.announced) or not 0 <= now - link.peer.keys_read_at < _DAY


async def read_keys_again(link: Link, *, jwt: UnverifiedJwt | None = None, side: LinkingSide) -> Link:
    """
    Read the pinned JWKS URL and take over what follows; give the link as it is then.

    Whoever comes while it is being read waits for that reading: anybody can name a key that is not pinned, and a
    slow peer would be asked once for each of a stranger's messages.
    ``jwt`` is a message whose key is not pinned: where its key stands there and verifies it although nobody
    announced it, the link rests.
    """
    reading = side.readings.get(link.id)
    if reading is None:
        reading = side.readings[link.id] = asyncio.create_task(_read_and_keep(link, jwt, side))
        reading.add_done_callback(lambda done: _forget(link.id, done, side))
    # One that goes away does not take the others' reading along.
    return await asyncio.shield(reading)


async def _read_and_keep(link: Link, jwt: UnverifiedJwt | None, side: LinkingSide) -> Link:
    try:
        found = await read_keys(link.peer.manifest["jwks_uri"], private=link.private_address, key=link.id, side=side)
    except LinkingError as error:
        await side.failures.record(error, place="keys", link_id=link.id)
        decision = await change_link(link.id, KeysNotRead(), side=side)
        return decision.link or link
    found_oauth1 = await _read_oauth1(link, side)
    proved = jwt.kid if jwt is not None and jwt.kid and _is_signed_by(jwt, found) else ""
    read = KeysRead(found=found, proved_kid=proved, found_oauth1=found_oauth1)
    decision = await change_link(link.id, read, side=side)
    return decision.link or link


async def _read_oauth1(link: Link, side: LinkingSide) -> tuple[Key, ...]:
    """Read the RSA keys, where they count; a fault here does not keep the other keys from being taken up."""
    if not link.peer.oauth1_keys:
        return ()
    jwks_uri = link.peer.manifest["oauth1"]["jwks_uri"]
    try:
        return await read_oauth1_keys(jwks_uri, private=link.private_address, key=link.id, side=side)
    except LinkingError as error:
        await side.failures.record(error, place="keys", link_id=link.id)
        return ()


def _forget(link_id: str, done: asyncio.Task[Link], side: LinkingSide) -> None:
    del side.readings[link_id]
    # Looked at once, so that asyncio does not complain where everybody who waited went away.
    if not done.cancelled():
        done.exception()


async def find_peer_key(link: Link, jwt: UnverifiedJwt, *, side: LinkingSide) -> Link | None:
    """
    Take up the key of a client assertion that is not pinned; give the link as it then is, None: nothing was read.

    The incoming side calls this for a linked peer.
    """
    is_due = is_key_reading_due(link.peer.keys_read_at, side.clock.now())
    if link.is_by_hand or link.state is not LinkState.IN_FORCE or not is_due:
        return None
    return await read_keys_again(link, jwt=jwt, side=side)


async def verify_from_peer(jwt: UnverifiedJwt, link: Link, *, source: str = "", side: LinkingSide) -> Mapping[str, Any]:
    """
    Give the claims of a message, proved by a key that counts for this link.

    For a link in force, a ``kid`` that is not pinned makes the pinned JWKS URL be read again, at most every five
    minutes; before that, what was pinned when the handshake began is all that counts. Wrong signatures
    are counted by link and ``source``, so that a stranger cannot silence the peer.

    Raises:
        LinkingError: ``unknown_key`` or ``invalid_signature``.
        RefusedError: ``too_many_requests``: too many wrong signatures.
    """
    await side.limits.check(Limit.WRONG_SIGNATURES, link.id, source)
    try:
        return verify_jwt(jwt, link.peer.keys)
    except JoseError as error:
        may_read = link.state is LinkState.IN_FORCE and is_key_reading_due(link.peer.keys_read_at, side.clock.now())
        if error.code != "unknown_key" or not may_read:
            raise await _count_refusal(error, link, source, side) from error
    read = await read_keys_again(link, jwt=jwt, side=side)
    try:
        return verify_jwt(jwt, read.peer.keys)
    except JoseError as error:
        raise await _count_refusal(error, link, source, side) from error


async def _count_refusal(error: JoseError, link: Link, source: str, side: LinkingSide) -> LinkingError:
    with suppress(RefusedError):  # The next one is refused; this one is told what was wrong with it.
        await side.limits.count(Limit.WRONG_SIGNATURES, link.id, source)
    return LinkingError(error.code, detail=f"message of {link.peer.url}: {error}", peer=link.peer.url)


def _is_signed_by(jwt: UnverifiedJwt, keys: Sequence[Mapping[str, Any]]) -> bool:
    try:
        verify_jwt(jwt, keys)
    except JoseError:
        return False
    return True
