"""The text that is signed."""

import re
from collections.abc import Iterable
from functools import lru_cache

from applinks.wire.oauth1.encoding import encode

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#@]*@)?(\[[0-9A-Fa-f:.]+\]|[^/?#:@]+)(?::([0-9]*))?([^?#]*)")
_DEFAULT_PORTS = {"https": "443", "http": "80"}
# The addresses of an API are few, and asked for again and again; an attacker only makes us do the work.
_MOST_KEPT = 1024


class MalformedUrlError(ValueError):
    """The text is no absolute URL of a host."""


def build_base_string(method: str, url: str, pairs: Iterable[tuple[str, str]]) -> str:
    """
    Build the signature base string.

    RFC 5849 §3.4.1.1.

    Args:
        method: the request method.
        url: absolute, as the client used it; its query is not looked at.
        pairs: what takes part, each name and value encoded.

    Raises:
        MalformedUrlError: ``url`` is no absolute URL.
    """
    return f"{encode(method.upper())}&{_encode_base_uri(url.partition('?')[0])}&{_normalize(pairs)}"


@lru_cache(maxsize=_MOST_KEPT)
def build_base_uri(url: str) -> str:
    """
    Give the base string URI of an absolute URL.

    RFC 5849 §3.4.1.2, erratum 2550.

    Scheme and host in lower case, no default port, the path as it came.

    Raises:
        MalformedUrlError: it is no absolute URL.
    """
    found = _URL.match(url)
    if found is None:
        raise MalformedUrlError("no absolute URL with a host")
    scheme, host, port, path = found[1].lower(), found[2].lower(), found[3] or "", found[4]
    place = host if not port or port == _DEFAULT_PORTS.get(scheme) else f"{host}:{port}"
    return f"{scheme}://{place}{path or '/'}"


@lru_cache(maxsize=_MOST_KEPT)
def _encode_base_uri(url: str) -> str:
    return encode(build_base_uri(url))


def _normalize(pairs: Iterable[tuple[str, str]]) -> str:
    """
    Sort and join the pairs, and encode the whole.

    RFC 5849 §3.4.1.3.2.

    Sorted as pairs: joined first, the equals sign would sort between the letters of names.
    """
    joined = "&".join([f"{name}={value}" for name, value in sorted(pairs)])
    # Encoded names and values hold nothing else that has to be escaped.
    return joined.replace("%", "%25").replace("=", "%3D").replace("&", "%26")
