"""Secrets at rest: sealed with a key that is not in the database, each bound to the place where it stands."""

import hashlib
import json
import secrets
from collections.abc import Sequence

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OctKey
from joserfc.registry import HeaderParameter

from applinks.errors import StoreError
from applinks.secret import Secret
from applinks.wire.base64url import format_base64url, parse_base64url

SEALING_KEY_BYTES = 32

_ALGORITHMS = ("dir", "A256GCM")
# joserfc refuses a header member that no registry names.
_REGISTRY = jwe.JWERegistry(
    header_registry={"row": HeaderParameter("the place of the ciphertext", "str", required=True)},
    algorithms=_ALGORITHMS,
)


class SealingError(StoreError):
    """A sealed value does not open: another sealing key, another place, or it was changed."""

    code = "sealing"


class Sealer:
    """
    Seals with the first key, opens with any.

    RFC 7516, ``dir`` with ``A256GCM``.

    The protected header carries the key's name and the place (table, column, row), so a ciphertext that is moved
    to another row or column does not open.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ring = {_name_key(key): OctKey.import_key(key) for key in keys}
        self.kid = _name_key(keys[0])

    def seal(self, value: Secret, *, table: str, column: str, row: str) -> str:
        """Give the sealed form of a secret, for that one place."""
        header = {"alg": "dir", "enc": "A256GCM", "kid": self.kid, "row": _format_place(table, column, row)}
        plain = value.reveal().encode("utf-8", "surrogatepass")
        return jwe.encrypt_compact(header, plain, self._ring[self.kid], registry=_REGISTRY)

    def unseal(self, sealed: str, *, table: str, column: str, row: str) -> Secret:
        """
        Open what was sealed for that place.

        Raises:
            SealingError: it does not open; the detail says why.
        """
        place = _format_place(table, column, row)
        try:
            opened = jwe.decrypt_compact(sealed, self._find_key, registry=_REGISTRY)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise SealingError(_UNREADABLE, detail=f"{place} does not open: {error!r}") from error
        if opened.protected.get("row") != place:
            raise SealingError(_UNREADABLE, detail=f"{place} holds what was sealed for {opened.protected.get('row')}")
        return Secret((opened.plaintext or b"").decode("utf-8", "surrogatepass"))

    def can_open(self, sealed: str) -> bool:
        """Whether a sealed value names a key that is here; it opens nothing."""
        try:
            return json.loads(parse_base64url(sealed.partition(".")[0])).get("kid") in self._ring
        except (ValueError, AttributeError, TypeError):
            return False

    def _find_key(self, guest: GuestProtocol) -> OctKey:
        kid = guest.headers().get("kid")
        if not isinstance(kid, str) or kid not in self._ring:
            raise KeyError(f"sealed with the key {kid}, which is not here")
        return self._ring[kid]


_UNREADABLE = "A stored secret cannot be opened with this sealing key."


def make_sealing_key() -> bytes:
    """Make a new sealing key."""
    return secrets.token_bytes(SEALING_KEY_BYTES)


def _name_key(key: bytes) -> str:
    return format_base64url(hashlib.sha256(b"applinks sealing key" + key).digest()[:9])


def _format_place(table: str, column: str, row: str) -> str:
    return f"{table}/{column}/{row}"
