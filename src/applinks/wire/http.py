"""A request and a response as values, for code that knows no server and no client."""

from dataclasses import dataclass, field

Headers = tuple[tuple[str, str], ...]


def find_header(headers: Headers, name: str) -> str | None:
    """
    Give the value of a header that may occur once.

    Several occurrences are joined by a comma, as RFC 9110 §5.3 allows.
    """
    found = [value for key, value in headers if key.lower() == name]
    return ", ".join(found) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    A request, as it came or as it shall go.

    ``url`` is absolute with the raw query; header names may have any case; ``body`` is whole.

    Attributes:
        raw_url: of one that came, the URL with the path as it was on the wire, escapes and all; empty: as ``url``.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    raw_url: str = field(default="", repr=False)

    @property
    def signed_url(self) -> str:
        """The URL as its sender wrote it, save that scheme, host and what stands before our own path are ours."""
        return self.raw_url or self.url

    def header(self, name: str) -> str | None:
        """Give a header by its lower-case name."""
        return find_header(self.headers, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response, whole; header names may have any case."""

    status: int
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """Give a header by its lower-case name."""
        return find_header(self.headers, name)
