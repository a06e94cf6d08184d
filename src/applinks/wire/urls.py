"""
Addresses: the grammar of base URLs, and which redirect URI is the registered one.

Everything is compared byte for byte after a strict grammar, so no two readers can take one text for two addresses.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

import idna

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "[::1]", "localhost"})

_LONGEST_BASE_URL = 512
_LONGEST_REDIRECT_URI = 2000
_PARENTS = 4
_DEFAULT_PORTS = {"https": "443", "http": "80"}

_PARTS = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?\Z", re.DOTALL)
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253})(?::([1-9][0-9]{0,4}))?\Z")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
# RFC 3986 pchar without percent escapes: an escape would give one path several spellings.
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*\Z")
# RFC 3986 §2: all that may stand in a URI, escapes whole.
_URI = re.compile(r"(?:[A-Za-z0-9._~:/?\[\]@!$&'()+,;=-]|%[0-9A-Fa-f]{2})+\Z")
# Never the beginning of another origin, as "//host" and "/\\host" are to a browser.
_LOCAL_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*\Z")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_LOOPBACK_REDIRECT = re.compile(r"http://(127\.0\.0\.1|\[::1\]|localhost)(?::[1-9][0-9]{0,4})?([/?].*)?\Z", re.DOTALL)


class MalformedUrlError(ValueError):
    """
    The address is not one that we accept; the message says what is wrong with it.

    Attributes:
        reason: ``plain_http`` where only the scheme is the trouble, else ``invalid_url``.
    """

    def __init__(self, description: str, *, reason: Literal["invalid_url", "plain_http"] = "invalid_url") -> None:
        super().__init__(description)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class HostName:
    """A host with its port as it is on the wire, and as its owner writes it."""

    a_label: str
    unicode: str

    @property
    def is_international(self) -> bool:
        """Whether the two differ, so that a page has to warn."""
        return self.a_label != self.unicode


@dataclass(frozen=True, slots=True, kw_only=True)
class _Url:
    scheme: str
    host: str
    port: str | None
    path: str
    query: str | None
    fragment: str | None

    @property
    def authority(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


def is_loopback_host(host: str) -> bool:
    """Whether the host, in the brackets that an IPv6 address has in a URL, is one of the three loopback names."""
    return host in LOOPBACK_HOSTS


def check_base_url(text: str, *, allow_http: bool) -> None:
    """
    Check that a text is a base URL, byte for byte.

    ``https``, a lower-case ASCII host, perhaps a port other than the default and a path; no userinfo, query, fragment,
    percent sign, dot segment, empty segment or final slash. ``http`` for the three loopback hosts, if ``allow_http``.

    Raises:
        MalformedUrlError: it is anything else.
    """
    if len(text) > _LONGEST_BASE_URL:
        raise MalformedUrlError(f"an address has at most {_LONGEST_BASE_URL} characters")
    url = _parse_url(text)
    _check_scheme(url, allow_http=allow_http)
    if url.query is not None or url.fragment is not None:
        raise MalformedUrlError("a base URL has no query and no fragment")
    if url.port == _DEFAULT_PORTS[url.scheme]:
        raise MalformedUrlError("the default port is left out")
    if not _PATH.match(url.path) or _has_dot_segment(url.path):
        raise MalformedUrlError("the path of a base URL has no final slash, escape, empty or dot segment")


def check_endpoint_url(text: str, *, allow_http: bool) -> None:
    """
    Check that a text is the address of an endpoint: as a base URL, but with any path and perhaps a query.

    RFC 6749 §3.1, §3.2.

    Raises:
        MalformedUrlError: it has a fragment, a user, another scheme, or is no URL at all.
    """
    if len(text) > _LONGEST_REDIRECT_URI:
        raise MalformedUrlError(f"an address has at most {_LONGEST_REDIRECT_URI} characters")
    url = _parse_url(text)
    _check_scheme(url, allow_http=allow_http)
    if url.fragment is not None or not _URI.match(text) or _has_dot_segment(url.path):
        raise MalformedUrlError("the address of an endpoint has no fragment and no dot segment")


def list_base_url_candidates(pasted: str, *, allow_http: bool) -> tuple[str, ...]:
    """
    Give the base URLs that a pasted address may belong to: itself, then its parent paths, at most four.

    Query, fragment, a default port and final slashes are dropped, the host is lower-cased and IDNA-encoded; a
    missing scheme is ``https``, or ``http`` for a loopback host where that is allowed.

    Raises:
        MalformedUrlError: no base URL can be made of it.
    """
    scheme, authority, path = _split_pasted(pasted.strip(), allow_http=allow_http)
    origin = f"{scheme}://{_normalize_authority(authority, scheme)}"
    check_base_url(origin, allow_http=allow_http)
    segments = [segment for segment in path.split("/") if segment]
    found = []
    for count in range(len(segments), max(len(segments) - _PARENTS - 1, -1), -1):
        candidate = "/".join([origin, *segments[:count]])
        if _is_base_url(candidate, allow_http=allow_http):
            found.append(candidate)
    if not found:
        raise MalformedUrlError("the path holds characters that a base URL cannot have")
    return tuple(found)


def is_under(url: str, base_url: str, *, final_slash: bool = False) -> bool:
    """
    Whether a URL has the grammar of a base URL and lies below this one.

    With ``final_slash`` it may end in a slash.
    """
    if not url.startswith(base_url + "/") or len(url) > _LONGEST_BASE_URL:
        return False
    checked = url.removesuffix("/") if final_slash else url
    return checked != base_url and _is_base_url(checked, allow_http=True)


def get_origin(url: str) -> str:
    """
    Give scheme, host and port of an http or https URL, the default port left out.

    Raises:
        MalformedUrlError: it is no such URL.
    """
    parsed = _parse_url(_lower_origin(url))
    port = "" if parsed.port in {None, _DEFAULT_PORTS[parsed.scheme]} else f":{parsed.port}"
    return f"{parsed.scheme}://{parsed.host}{port}"


def get_host(url: str) -> str:
    """
    Give the host and port of a URL, for a page; of a private-use redirect URI its scheme.

    Raises:
        MalformedUrlError: it is neither.
    """
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() not in _DEFAULT_PORTS:
        return f"{scheme[1].lower()}:"
    return get_origin(url).partition("://")[2]


def describe_host(url: str) -> HostName:
    """
    Give the host and port of a URL in A-labels and in Unicode, so that a page can show both where they differ.

    Raises:
        MalformedUrlError: it is no http or https URL.
    """
    authority = get_origin(url).partition("://")[2]
    host, colon, port = authority.partition(":") if not authority.startswith("[") else (authority, "", "")
    return HostName(a_label=authority, unicode=_decode_host(host) + colon + port)


def check_redirect_uri(uri: str) -> None:
    """
    Check that a text may be registered as a redirect URI.

    RFC 6749 §3.1.2, RFC 8252 §7.1, RFC 9700 §2.1.

    ``https``; ``http`` for the three loopback hosts; or a private-use scheme, which needs a dot. Absolute,
    ASCII, without userinfo, fragment (a bare ``#`` is one), wildcard, backslash, space or dot segment.

    Raises:
        MalformedUrlError: it may not.
    """
    if len(uri) > _LONGEST_REDIRECT_URI:
        raise MalformedUrlError(f"a redirect URI has at most {_LONGEST_REDIRECT_URI} characters")
    if not _URI.match(uri):
        raise MalformedUrlError("a redirect URI has no fragment, wildcard, backslash, space or character beyond ASCII")
    scheme = _SCHEME.match(uri)
    if scheme is None:
        raise MalformedUrlError("a redirect URI is absolute")
    if scheme[1] in _DEFAULT_PORTS:
        _check_web_redirect_uri(uri)
    else:
        _check_private_use_redirect_uri(uri, scheme[1])


def is_redirect_uri_match(asked: str, registered: Sequence[str]) -> bool:
    """
    Whether a redirect URI is a registered one, byte for byte; only the port of a loopback one may differ.

    RFC 9700 §2.1, RFC 8252 §7.3.

    Looser than RFC 8252 §8.3: the port of ``localhost`` may differ too, because desktop libraries use it.
    """
    if asked in registered:
        return True
    found = _LOOPBACK_REDIRECT.match(asked)
    if found is None or not _is_redirect_uri(asked):
        return False
    candidates = (_LOOPBACK_REDIRECT.match(each) for each in registered)
    return any(each is not None and each.groups() == found.groups() for each in candidates)


def is_local_path(text: str) -> bool:
    """Whether an address is a path of this very application, with its query, and leads nowhere else."""
    return _LOCAL_PATH.match(text) is not None


def add_query(url: str, params: Iterable[tuple[str, str]]) -> str:
    """
    Add parameters to a URL, keeping the query that it has.

    RFC 6749 §3.1, §4.1.2.
    """
    written = urlencode(tuple(params))
    if not written:
        return url
    if "?" not in url:
        return f"{url}?{written}"
    return f"{url}{written}" if url.endswith(("?", "&")) else f"{url}&{written}"


def _parse_url(text: str) -> _Url:
    if not text.isascii() or any(character <= " " or character in '\\\x7f"<>^`{|}' for character in text):
        raise MalformedUrlError("an address has no space, backslash or character beyond ASCII")
    parts = _PARTS.match(text)
    if parts is None:
        raise MalformedUrlError("an address begins with https://")
    if "@" in parts[2]:
        raise MalformedUrlError("an address names no user")
    authority = _AUTHORITY.match(parts[2])
    if authority is None or not _is_host(authority[1]) or int(authority[2] or 0) > 65535:
        raise MalformedUrlError("the host is not a lower-case name or address, or the port is not a number up to 65535")
    return _Url(scheme=parts[1], host=authority[1], port=authority[2], path=parts[3], query=parts[4], fragment=parts[5])


def _is_host(host: str) -> bool:
    if host.startswith("["):
        try:
            return ipaddress.IPv6Address(host[1:-1]).compressed == host[1:-1]
        except ValueError:
            return False
    labels = host.split(".")
    if not all(_LABEL.match(label) for label in labels):
        return False
    if labels[-1].isdigit() or re.match(r"0x[0-9a-f]*\Z", labels[-1]):
        # Browsers read such a host as an IPv4 address, in spellings that other readers take for a name.
        return _is_ipv4(host)
    return True


def _is_ipv4(host: str) -> bool:
    try:
        return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False


def _has_dot_segment(path: str) -> bool:
    return any(segment in {".", ".."} for segment in re.sub(r"%2e", ".", path, flags=re.IGNORECASE).split("/"))


def _check_scheme(url: _Url, *, allow_http: bool) -> None:
    if url.scheme == "http" and not (allow_http and is_loopback_host(url.host)):
        raise MalformedUrlError("plain http is not accepted; the address has to begin with https", reason="plain_http")


def _is_base_url(text: str, *, allow_http: bool) -> bool:
    try:
        check_base_url(text, allow_http=allow_http)
    except MalformedUrlError:
        return False
    return True


def _split_pasted(pasted: str, *, allow_http: bool) -> tuple[str, str, str]:
    if "\\" in pasted or any(character <= " " or character == "\x7f" for character in pasted):
        raise MalformedUrlError("an address has no space or backslash")
    scheme, separator, rest = pasted.partition("://")
    if not separator:
        rest, scheme = pasted, "https"
        if allow_http and re.match(r"(?:127\.0\.0\.1|\[::1\]|localhost)(?:[:/?#]|\Z)", pasted, re.IGNORECASE):
            scheme = "http"
    if scheme.lower() not in _DEFAULT_PORTS:
        raise MalformedUrlError("an address begins with https://")
    found = re.match(r"([^/?#]*)([^?#]*)", rest)
    return scheme.lower(), found[1] if found else "", found[2] if found else ""


def _normalize_authority(authority: str, scheme: str) -> str:
    if "@" in authority:
        raise MalformedUrlError("an address names no user")
    split = re.match(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?\Z", authority)
    if split is None or not split[1]:
        raise MalformedUrlError("the address names no host")
    host, port = split[1].lower(), (split[2] or "").lstrip("0")
    if not host.startswith("[") and not host.isascii():
        host = _encode_host(host)
    return host if port in {"", _DEFAULT_PORTS[scheme]} else f"{host}:{port}"


def _encode_host(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise MalformedUrlError("the host is no international domain name") from None


def _decode_host(host: str) -> str:
    try:
        return idna.decode(host) if "xn--" in host else host
    except (idna.IDNAError, UnicodeError):
        # What cannot be read is shown as it is on the wire, which is the honest spelling.
        return host


def _lower_origin(url: str) -> str:
    found = re.match(r"[A-Za-z]+://[^/?#]*", url)
    return url[: found.end()].lower() + url[found.end() :] if found else url


def _is_redirect_uri(uri: str) -> bool:
    try:
        check_redirect_uri(uri)
    except MalformedUrlError:
        return False
    return True


def _check_web_redirect_uri(uri: str) -> None:
    url = _parse_url(uri)
    _check_scheme(url, allow_http=True)
    if _has_dot_segment(url.path):
        raise MalformedUrlError("a redirect URI has no dot segment")


def _check_private_use_redirect_uri(uri: str, scheme: str) -> None:
    # The dot is what tells a private-use scheme from javascript:, data:, vbscript:, file:, ftp: and their like.
    if "." not in scheme.strip(".") or scheme != scheme.lower():
        raise MalformedUrlError("a private-use scheme is a domain name in reverse, such as com.example.app")
    rest = uri[len(scheme) + 1 :]
    if not rest.startswith("/"):
        raise MalformedUrlError("after a private-use scheme follows a slash")
    if "@" in rest.removeprefix("//").partition("/")[0] or _has_dot_segment(rest.partition("?")[0]):
        raise MalformedUrlError("a redirect URI names no user and has no dot segment")
