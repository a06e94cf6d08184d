"""What a server hands out: temporary credentials, and token credentials, which can be renewed."""

from collections.abc import Iterable
from dataclasses import dataclass

from applinks.secret import Secret
from applinks.wire.oauth1.encoding import MalformedEncodingError, decode, encode

# Ten years: a server that says more says nonsense, and a sum with it must fit into 64 bits.
_MOST_SECONDS = 10 * 366 * 86400
_LONGEST_BODY = 16 * 1024


class MalformedCredentialsError(ValueError):
    """An answer that does not hold what it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryCredentialsAnswer:
    """
    RFC 5849 §2.1.

    Attributes:
        confirmed: ``oauth_callback_confirmed``; False from a server of the 1.0 dialect.
    """

    token: str
    secret: Secret
    confirmed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCredentialsAnswer:
    """
    RFC 5849 §2.3, with the session extension.

    Attributes:
        expires_in: seconds for which the token is good; 0: the server does not say.
        session_handle: what renews it; empty: nothing does.
        session_expires_in: seconds for which it can be renewed; 0: the server does not say.
    """

    token: str
    secret: Secret
    expires_in: int = 0
    session_handle: str = ""
    session_expires_in: int = 0


def format_temporary_credentials(credentials: TemporaryCredentialsAnswer) -> str:
    """Write the body that answers a request for temporary credentials."""
    confirmed = (("oauth_callback_confirmed", "true"),) if credentials.confirmed else ()
    return _format((*_list_token(credentials.token, credentials.secret), *confirmed))


def parse_temporary_credentials(body: bytes) -> TemporaryCredentialsAnswer:
    """
    Read the body that answers a request for temporary credentials.

    RFC 5849 §2.1.

    Raises:
        MalformedCredentialsError: token or secret is missing, doubled or unreadable.
    """
    said = _parse(body)
    confirmed = said.get("oauth_callback_confirmed", "").lower() == "true"
    return TemporaryCredentialsAnswer(token=_get_token(said), secret=_get_secret(said), confirmed=confirmed)


def format_token_credentials(credentials: TokenCredentialsAnswer) -> str:
    """Write the body that answers a request for token credentials, or a renewal."""
    session = (
        ("oauth_expires_in", str(credentials.expires_in) if credentials.expires_in else ""),
        ("oauth_session_handle", credentials.session_handle),
        (
            "oauth_authorization_expires_in",
            str(credentials.session_expires_in) if credentials.session_expires_in else "",
        ),
    )
    said = (pair for pair in session if pair[1])
    return _format((*_list_token(credentials.token, credentials.secret), *said))


def parse_token_credentials(body: bytes) -> TokenCredentialsAnswer:
    """
    Read the body that answers a request for token credentials, or a renewal.

    RFC 5849 §2.3.

    Raises:
        MalformedCredentialsError: token or secret is missing, doubled or unreadable, or a time is no number.
    """
    said = _parse(body)
    return TokenCredentialsAnswer(
        token=_get_token(said),
        secret=_get_secret(said),
        expires_in=_get_seconds(said, "oauth_expires_in"),
        session_handle=said.get("oauth_session_handle", ""),
        session_expires_in=_get_seconds(said, "oauth_authorization_expires_in"),
    )


def _list_token(token: str, secret: Secret) -> tuple[tuple[str, str], ...]:
    return (("oauth_token", token), ("oauth_token_secret", secret.reveal()))


def _format(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)


def _parse(body: bytes) -> dict[str, str]:
    if len(body) > _LONGEST_BODY:
        raise MalformedCredentialsError("the answer is too long")
    said: dict[str, str] = {}
    # Servers end it with a line feed, and call it text or a form.
    for part in filter(None, body.decode("latin-1").strip().split("&")):
        raw_name, _, raw_value = part.partition("=")
        try:
            name, value = decode(raw_name), decode(raw_value.replace("+", " "))
        except MalformedEncodingError as error:
            raise MalformedCredentialsError(str(error)) from error
        if name in said and name.startswith("oauth_"):
            raise MalformedCredentialsError(f"{name} occurs more than once")
        said[name] = value
    return said


def _get_token(said: dict[str, str]) -> str:
    token = said.get("oauth_token", "")
    if not token or not token.isprintable():
        raise MalformedCredentialsError("oauth_token: missing")
    return token


def _get_secret(said: dict[str, str]) -> Secret:
    # RFC 5849 §2.1 wants it; with RSA it is not used, and servers send it empty.
    if "oauth_token_secret" not in said:
        raise MalformedCredentialsError("oauth_token_secret: missing")
    return Secret(said["oauth_token_secret"])


def _get_seconds(said: dict[str, str], name: str) -> int:
    text = said.get(name, "")
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise MalformedCredentialsError(f"{name}: no number of seconds")
    return min(int(text), _MOST_SECONDS)
