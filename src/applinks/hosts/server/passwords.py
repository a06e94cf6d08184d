"""Passwords as argon2 hashes, made and compared in threads: a slow hash would stall every other request."""

import asyncio
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from applinks.errors import RefusedError
from applinks.secret import Secret

T = TypeVar("T")

LONGEST_PASSWORD = 1000
"""Nobody types more, and what is longer only makes us work."""

SHORT_PASSWORD = 8
"""NIST SP 800-63B asks for this many characters at least; with fewer an administrator is told so, and may."""

# Each takes 64 MiB and some 50 ms of one core: more at once would not end sooner, and take the memory of others.
_MOST_AT_ONCE = 2
# Whoever waits behind so many gives up before it is her turn; a queue without an end is filled by whoever wants to.
_MOST_WAITING = 16
_RETRY_SECONDS = "5"
_places = threading.BoundedSemaphore(_MOST_AT_ONCE + _MOST_WAITING)


async def hash_password(password: Secret) -> Secret:
    """
    Give the hash of a new password.

    Raises:
        RefusedError: ``invalid_password``, it is empty, longer than anybody types, or no text; or as `verify_password`.
    """
    if (text := _normalize(password.reveal())) is None:
        raise RefusedError(f"A password has 1 to {LONGEST_PASSWORD} characters.", code="invalid_password")
    return Secret(await _run(lambda: _get_hasher().hash(text)))


async def verify_password(password: Secret, stored: Secret | None) -> bool:
    """
    Tell whether this is the password of a stored hash.

    Where nothing is stored (no such user, or none that can log in) it takes as long, so that time does not tell.

    Raises:
        RefusedError: ``temporarily_unavailable``, 503, with ``Retry-After``: too many are compared at the moment.
    """
    text = _normalize(password.reveal())

    def verify() -> bool:
        kept = _get_stand_in() if stored is None else stored.reveal()
        try:
            is_right = _get_hasher().verify(text or "", kept)
        except UnknownHashError:
            return False
        return is_right and stored is not None and text is not None

    return await _run(verify)


def _normalize(text: str) -> str | None:
    """Give one spelling, whatever keyboard wrote it (RFC 8265 §4.2.2); None: it is no password."""
    normal = unicodedata.normalize("NFC", text)
    try:
        normal.encode()
    except UnicodeEncodeError:
        return None  # Half a character, as an argument of a command may hold.
    return normal if 1 <= len(normal) <= LONGEST_PASSWORD else None


async def _run(work: Callable[[], T]) -> T:
    if not _places.acquire(blocking=False):
        raise RefusedError(
            "Too many passwords are compared at the moment; try again soon.",
            code="temporarily_unavailable",
            status=503,
            headers=(("Retry-After", _RETRY_SECONDS),),
        )
    try:
        return await asyncio.get_running_loop().run_in_executor(_get_threads(), work)
    finally:
        _places.release()


@cache
def _get_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_MOST_AT_ONCE, thread_name_prefix="applinks-passwords")


@cache
def _get_hasher() -> PasswordHash:
    # One lane: our threads are the parallel part, and four lanes each would fight for two cores.
    return PasswordHash((Argon2Hasher(parallelism=1),))


@cache
def _get_stand_in() -> str:
    return _get_hasher().hash("the password of nobody")
