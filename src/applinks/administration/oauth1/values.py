"""What an administrator typed of a client of OAuth 1.0a, checked where it is written."""

from collections.abc import Sequence
from functools import lru_cache

from applinks.administration.side import Administration
from applinks.administration.values import LONGEST_SECRET, InvalidValueError, check_redirect_uris
from applinks.records.token_credentials import OUT_OF_BAND
from applinks.records.users import Role, User
from applinks.secret import Secret
from applinks.wire.oauth1.keys import (
    WEAK_BELOW_BITS,
    KeyFault,
    MalformedKeyError,
    format_public_key,
    parse_public_key,
)
from applinks.wire.oauth1.signature import SignatureMethod

LONGEST_KEY = 255
_MOST_NAMES = 100
_LONGEST_GROUP = 255
_FAULTS: dict[KeyFault, str] = {
    "private_key": "This is a private key, which belongs to the other application alone: paste the public one, and"
    " have them make a new pair if this one went through other hands.",
    "no_key": "This is no public key: paste PEM, a certificate, or the key in base64.",
    "not_rsa": "This key is of another kind: OAuth 1.0a signs with RSA keys.",
    "too_short": "This key is too short to be safe: an RSA key has 2048 bits, and 1024 at the very least.",
    "too_long": "This key is too long: an RSA key has at most 8192 bits.",
}
RSA_METHODS = (SignatureMethod.RSA_SHA1, SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA512)
HMAC_METHODS = (SignatureMethod.HMAC_SHA1, SignatureMethod.HMAC_SHA256, SignatureMethod.HMAC_SHA512)


def check_spoken(side: Administration, *, field: str) -> None:
    """
    Check that this application speaks OAuth 1.0a.

    Raises:
        InvalidValueError: ``protocol_off``.
    """
    if "oauth1" not in side.settings.protocols:
        text = "OAuth 1.0a is not among the protocols of this application: the setting protocols says so."
        raise InvalidValueError(field, "protocol_off", text)


def is_key(key: str) -> bool:
    """Whether a client can be called so: ASCII that can be seen."""
    return 1 <= len(key) <= LONGEST_KEY and all("!" <= character <= "~" for character in key)


def check_key(key: str) -> str:
    """
    Give the consumer key without the spaces around it.

    Raises:
        InvalidValueError: ``key_missing``, ``invalid_key``.
    """
    cleaned = key.strip()
    if not cleaned:
        raise InvalidValueError("key", "key_missing", "Name the key by which the other application calls itself.")
    if not is_key(cleaned):
        text = f"A client (consumer) key has at most {LONGEST_KEY} visible ASCII characters, and no spaces."
        raise InvalidValueError("key", "invalid_key", text)
    return cleaned


async def check_key_is_free(key: str, side: Administration) -> None:
    """
    Check that no live client of OAuth 1.0a has the key.

    Raises:
        InvalidValueError: ``key_taken``.
    """
    if await side.oauth1.find_client(key) is not None:
        raise InvalidValueError("key", "key_taken", f"There is a client (consumer) with the key {key!r} already.")


def read_public_key(text: str) -> str:
    """
    Give a public key as we keep it, in PEM.

    Raises:
        InvalidValueError: the code is what is wrong with it: ``private_key``, ``no_key``, ``not_rsa``, ``too_short``
            or ``too_long``.
    """
    try:
        return format_public_key(parse_public_key(text))
    except MalformedKeyError as error:
        raise InvalidValueError("public_key", error.fault, _FAULTS[error.fault]) from error


@lru_cache(256)
def is_weak(pem: str) -> bool:
    """Whether a key of a client is shorter than it should be: it is taken, and warned about."""
    return parse_public_key(pem).key_size < WEAK_BELOW_BITS


def check_shared_secret(secret: Secret, *, field: str = "shared_secret") -> Secret:
    """
    Check a secret that both sides hold.

    Raises:
        InvalidValueError: ``invalid_secret``; the description tells nothing of it.
    """
    value = secret.reveal()
    if not 1 <= len(value) <= LONGEST_SECRET or not value.isprintable():
        text = f"A shared secret has 1 to {LONGEST_SECRET} characters, which can all be shown."
        raise InvalidValueError(field, "invalid_secret", text)
    return secret


def choose_methods(
    wanted: Sequence[SignatureMethod] | None, *, has_key: bool, has_secret: bool, side: Administration
) -> tuple[SignatureMethod, ...]:
    """
    Give the signature methods of a client; None: those that its key and its secret can do.

    RFC 5849 §3.4.

    Stricter than RFC 5849 §3.4.4: PLAINTEXT has to be named, and is had on an https base URL only.

    Raises:
        InvalidValueError: ``key_or_secret_missing``; ``method_without_key`` or ``method_without_secret``;
            ``plaintext_without_tls``.
    """
    if not has_key and not has_secret:
        text = "Enter the public key, or a shared secret: one of them has to prove who calls."
        raise InvalidValueError("public_key", "key_or_secret_missing", text)
    if wanted is None:
        return (*(RSA_METHODS if has_key else ()), *(HMAC_METHODS if has_secret else ()))
    chosen = tuple(dict.fromkeys(wanted))
    if not chosen:
        raise InvalidValueError("methods", "method_missing", "Name at least one signature method.")
    for method in chosen:
        if method.is_rsa and not has_key:
            raise InvalidValueError("methods", "method_without_key", f"{method} needs the public key.")
        if not method.is_rsa and not has_secret:
            raise InvalidValueError("methods", "method_without_secret", f"{method} needs a shared secret.")
    if SignatureMethod.PLAINTEXT in chosen and side.settings.is_loopback:
        text = "PLAINTEXT shows the secret to whoever reads along: it is had over https only."
        raise InvalidValueError("methods", "plaintext_without_tls", text)
    return chosen


def check_callback(callback: str) -> tuple[str, ...]:
    """
    Give the callback, or none; ``oob`` is none that could be registered.

    RFC 5849 §2.1.

    Raises:
        InvalidValueError: ``invalid_redirect_uri``: it is no address of the web.
    """
    cleaned = callback.strip()
    if cleaned in {"", OUT_OF_BAND}:
        return ()
    if not cleaned.startswith(("https://", "http://")):
        text = f"{cleaned[:200]!r} cannot be a callback: it begins with https://."
        raise InvalidValueError("callback", "invalid_redirect_uri", text)
    try:
        return check_redirect_uris((cleaned,))
    except InvalidValueError as error:
        text = error.description.replace("redirect URI", "callback")
        raise InvalidValueError("callback", error.code, text) from error


async def find_execute_as(name: str, side: Administration) -> str:
    """
    Give the id of the user as whom a client calls for itself.

    Raises:
        InvalidValueError: ``unknown_user``; ``user_paused``; ``user_is_administrator``: what she may do is too much.
    """
    user = await _find_user(name, side, field="execute_as")
    if user is None:
        return name.strip()
    if not user.active:
        raise InvalidValueError("execute_as", "user_paused", f"The user {user.name!r} is paused.")
    if user.role is Role.ADMINISTRATOR:
        text = f"{user.name!r} administers this application: name a user who may do no more than is needed."
        raise InvalidValueError("execute_as", "user_is_administrator", text)
    return user.id


async def find_protected_users(names: Sequence[str], side: Administration) -> tuple[str, ...]:
    """
    Give the ids of users whom a client never reaches.

    Raises:
        InvalidValueError: ``unknown_user``, ``too_many``.
    """
    wanted = _list_names(names, field="protected_users")
    found = [await _find_user(name, side, field="protected_users") for name in wanted]
    ids = (name if user is None else user.id for name, user in zip(wanted, found, strict=True))
    return tuple(dict.fromkeys(ids))


def check_protected_groups(names: Sequence[str]) -> tuple[str, ...]:
    """
    Give the names of groups whose users a client never reaches.

    Raises:
        InvalidValueError: ``invalid_group``, ``too_many``.
    """
    wanted = _list_names(names, field="protected_groups")
    for name in wanted:
        if len(name) > _LONGEST_GROUP or not name.isprintable():
            raise InvalidValueError("protected_groups", "invalid_group", f"{name[:80]!r} is no name of a group.")
    return wanted


def _list_names(names: Sequence[str], *, field: str) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if len(wanted) > _MOST_NAMES:
        raise InvalidValueError(field, "too_many", f"At most {_MOST_NAMES} can be named.")
    return wanted


async def _find_user(name: str, side: Administration, *, field: str) -> User | None:
    """Give a user by name or id; None: only the application itself knows its users, and is asked at the call."""
    wanted = name.strip()
    if not wanted:
        raise InvalidValueError(field, "user_missing", "Name the user.")
    if side.users is not None:
        user = await side.users.find_by_name(wanted) or await side.users.find(wanted)
    else:
        account = await side.accounts.find_by_name(wanted) or await side.accounts.find(wanted)
        if account is None and not await side.accounts.list():
            return None
        user = account.to_user() if account else None
    if user is None:
        raise InvalidValueError(field, "unknown_user", f"There is no user {wanted[:80]!r}.")
    return user
