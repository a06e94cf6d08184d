"""Secrets at rest: sealed with a key that is not in the database, each bound to the place where it stands."""

import hashlib
import json
import os
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from applinks.errors import StoreError
from applinks.secret import Secret
from applinks.wire.base64url import format_base64url, parse_base64url

SEALING_KEY_BYTES = 32

_ALGORITHM, _ENCRYPTION = "dir", "A256GCM"
# RFC 7518 §5.3: 96 bits of nonce, 128 bits of tag.
_NONCE_BYTES = 12
_TAG_BYTES = 16


class SealingError(StoreError):
    """A sealed value does not open: another sealing key, another place, or it was changed."""

    code = "sealing"


class Sealer:
    """
    Seals with the first key, opens with any.

    RFC 7516, ``dir`` with ``A256GCM``, in the compact form.

    The protected header carries the key's name and the place (table, column, row), so a ciphertext that is moved
    to another row or column does not open. Nothing but what is written here is ever read, so no header is negotiated.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ring = {_name_key(key): AESGCM(key) for key in keys}
        self.kid = _name_key(keys[0])

    def seal(self, value: Secret, *, table: str, column: str, row: str) -> str:
        """Give the sealed form of a secret, for that one place."""
        header = {"alg": _ALGORITHM, "enc": _ENCRYPTION, "kid": self.kid, "row": _format_place(table, column, row)}
        protected = format_base64url(json.dumps(header, separators=(",", ":")).encode())
        nonce = os.urandom(_NONCE_BYTES)
        plain = value.reveal().encode("utf-8", "surrogatepass")
        sealed = self._ring[self.kid].encrypt(nonce, plain, protected.encode("ascii"))
        parts = format_base64url(nonce), format_base64url(sealed[:-_TAG_BYTES]), format_base64url(sealed[-_TAG_BYTES:])
        # The second part would be an encrypted key; with ``dir`` it is empty.
        return ".".join((protected, "", *parts))

    def unseal(self, sealed: str, *, table: str, column: str, row: str) -> Secret:
        """
        Open what was sealed for that place.

        Raises:
            SealingError: it does not open; the detail says why.
        """
        place = _format_place(table, column, row)
        try:
            held, plain = self._open(sealed)
        except (InvalidTag, ValueError, KeyError, TypeError, RecursionError) as error:
            raise SealingError(_UNREADABLE, detail=f"{place} does not open: {error!r}") from error
        if held != place:
            raise SealingError(_UNREADABLE, detail=f"{place} holds what was sealed for {held}")
        return Secret(plain.decode("utf-8", "surrogatepass"))

    def can_open(self, sealed: str) -> bool:
        """Whether a sealed value names a key that is here; it opens nothing."""
        try:
            return json.loads(parse_base64url(sealed.partition(".")[0])).get("kid") in self._ring
        except (ValueError, AttributeError, TypeError):
            return False

    def _open(self, sealed: str) -> tuple[str, bytes]:
        """Give the place that a sealed value names, and what it holds."""
        protected, wrapped_key, *parts = sealed.split(".")
        nonce, body, tag = map(parse_base64url, parts)
        header = json.loads(parse_base64url(protected))
        if (header["alg"], header["enc"], wrapped_key) != (_ALGORITHM, _ENCRYPTION, ""):
            raise ValueError("not sealed by us")
        if len(nonce) != _NONCE_BYTES or len(tag) != _TAG_BYTES:
            raise ValueError("a nonce or a tag of another length")
        kid = header["kid"]
        if not isinstance(kid, str) or kid not in self._ring:
            raise KeyError(f"sealed with the key {kid}, which is not here")
        return header["row"], self._ring[kid].decrypt(nonce, body + tag, protected.encode("ascii"))


_UNREADABLE = "A stored secret cannot be opened with this sealing key."


def make_sealing_key() -> bytes:
    """Make a new sealing key."""
    return secrets.token_bytes(SEALING_KEY_BYTES)


def _name_key(key: bytes) -> str:
    return format_base64url(hashlib.sha256(b"applinks sealing key" + key).digest()[:9])


def _format_place(table: str, column: str, row: str) -> str:
    return f"{table}/{column}/{row}"
