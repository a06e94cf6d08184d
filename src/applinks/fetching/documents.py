"""Documents of peers: JSON, of bounded size, from exactly the address that was asked."""

from typing import Any
from urllib.parse import urljoin, urlsplit

from applinks.errors import PeerProtocolError
from applinks.fetching.transport import Fetcher
from applinks.wire.headers import parse_content_type
from applinks.wire.http import Request, Response
from applinks.wire.jose import JoseError, check_public_jwks
from applinks.wire.strict_json import MalformedJsonError, parse_json_object

KEYS_INTERVAL_SECONDS = 300
"""How long a peer's key document is left alone after it was read, whoever asks for it."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_LOCATION = 2048
_LONGEST_NAME = 100


class DocumentError(PeerProtocolError):
    """
    The answer is not the document that was asked for.

    ``code`` is ``peer_redirects``, ``peer_status``, ``peer_content_type``, ``peer_json`` or ``peer_keys``.

    Attributes:
        status: the HTTP status of the answer.
        location: where a redirect points, as an absolute http or https URL; never followed, fit to be offered.
    """

    code = "peer_json"

    def __init__(self, description: str, *, code: str, detail: str, status: int, location: str = "") -> None:
        super().__init__(description, code=code, detail=detail)
        self.status = status
        self.location = location


def clean_name(value: Any) -> str:
    """Give a name that stands in a stranger's document as a page may show it, on one line; empty: it is none."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(each if each.isprintable() else " " for each in value).split())[:_LONGEST_NAME]


def build_document_request(url: str) -> Request:
    """Make the request for a JSON document."""
    return Request(method="GET", url=url, headers=(("Accept", "application/json"),))


def parse_document(response: Response, *, url: str, limit: int) -> dict[str, Any]:
    """
    Read the JSON object that an answer carries.

    Raises:
        DocumentError: the answer is a redirect, an error, another type, or no strict JSON object.
    """
    status = response.status
    if status in _REDIRECTS:
        location = _resolve_location(url, response.header("location") or "")
        raise DocumentError(
            "The other application redirects to another address.",
            code="peer_redirects",
            detail=f"{url} redirects ({status}) to {location or 'nowhere'}",
            status=status,
            location=location,
        )
    if status != 200:
        raise DocumentError(
            "The other application does not have the document.",
            code="peer_status",
            detail=f"{url} answered {status}",
            status=status,
        )
    content_type = parse_content_type(response.header("content-type") or "")
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise DocumentError(
            "The other application answered something else than JSON.",
            code="peer_content_type",
            detail=f"{url} answered with the content type {content_type or '(none)'}",
            status=status,
        )
    try:
        return parse_json_object(response.body, limit=limit)
    except MalformedJsonError as error:
        raise DocumentError(
            "The document of the other application is no proper JSON.",
            code="peer_json",
            detail=f"{url}: {error}",
            status=status,
        ) from error


def parse_keys(document: Any, *, url: str) -> tuple[dict[str, Any], ...]:
    """
    Read the public keys of a JWKS document.

    RFC 7517 §5.

    Raises:
        DocumentError: the set or one of its keys is not as the handshake wants it.
    """
    try:
        return check_public_jwks(document)
    except JoseError as error:
        raise DocumentError(
            "The keys of the other application cannot be used.", code="peer_keys", detail=f"{url}: {error}", status=200
        ) from error


async def fetch_json(
    fetcher: Fetcher, url: str, *, private: bool, limit: int, seconds: float, key: str = ""
) -> dict[str, Any]:
    """
    Fetch a JSON object.

    Raises:
        DocumentError: there was an answer, but not this document.
        PeerUnreachableError, AddressNotAllowedError, PeerProtocolError: there was no answer.
    """
    response = await fetcher.fetch(build_document_request(url), private=private, key=key, limit=limit, seconds=seconds)
    return parse_document(response, url=url, limit=limit)


async def fetch_keys(
    fetcher: Fetcher, url: str, *, private: bool, limit: int, seconds: float, key: str = ""
) -> tuple[dict[str, Any], ...]:
    """Fetch the public keys at a JWKS URL; as `fetch_json`."""
    document = await fetch_json(fetcher, url, private=private, limit=limit, seconds=seconds, key=key)
    return parse_keys(document, url=url)


def is_key_reading_due(read_at: int, now: int) -> bool:
    """Whether a peer's keys, last read at ``read_at``, may be read again; a reading from the future counts for none."""
    return not 0 <= now - read_at < KEYS_INTERVAL_SECONDS


def _resolve_location(url: str, location: str) -> str:
    """Give the target as an absolute URL; empty where it is not one that could be offered."""
    try:
        target = urljoin(url, location) if location else ""
        parts = urlsplit(target)
    except ValueError:
        return ""
    offered = parts.scheme in {"http", "https"} and parts.hostname and target.isascii() and target.isprintable()
    return target if offered and len(target) <= _LONGEST_LOCATION else ""
