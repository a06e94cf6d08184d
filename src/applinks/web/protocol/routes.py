"""Which endpoint stands at an address: by its very path, or by a pattern of one."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final

import msgspec

from applinks.wire.http import Headers, Request, Response

Answer = Callable[[Request, str], Awaitable[Response]]
"""Takes the request and the address that it came from."""

_NAME = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    One address.

    Attributes:
        method: the one that it serves, or those; HEAD comes with GET.
        place: what failures there are filed under.
    """

    method: str | tuple[str, ...]
    place: str
    answer: Answer

    @property
    def methods(self) -> tuple[str, ...]:
        """All that it serves, without HEAD."""
        return (self.method,) if isinstance(self.method, str) else self.method

    @property
    def allowed(self) -> str:
        """The ``Allow`` header."""
        return ", ".join("GET, HEAD" if each == "GET" else each for each in self.methods)


@final
class EndpointTable(Mapping[str, Endpoint]):
    """
    Every endpoint, by its path below the base URL.

    A path may hold names, as in ``/things/{name}``; each stands for one segment, an empty one too. What stands at a
    very path goes before what a pattern would match.
    """

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._all = dict(endpoints)
        named = [path for path in self._all if "{" in path]
        # A host's own paths are most of what is looked up: they must not meet the patterns one by one.
        self._roots = tuple({path.partition("{")[0] for path in named})
        self._patterns = [(_compile(path), self._all[path]) for path in named]

    def find(self, path: str) -> Endpoint | None:
        """Give the endpoint at a path; None: none of ours stands there."""
        found = self._all.get(path)
        if found is not None or not path.startswith(self._roots):
            return found
        return next((endpoint for pattern, endpoint in self._patterns if pattern.match(path)), None)

    def __getitem__(self, path: str) -> Endpoint:
        return self._all[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def find_names(pattern: str, path: str) -> Mapping[str, str]:
    """Give what a path below the base URL holds in the places of a pattern's names; empty: it is no such path."""
    found = _compile(pattern).match(path)
    return found.groupdict() if found is not None else {}


def build_json_answer(document: Mapping[str, Any], *, cache: str, status: int = 200, headers: Headers = ()) -> Response:
    """Build an answer of JSON that no browser takes for anything else; ``cache`` is its ``Cache-Control``."""
    own = (("Content-Type", "application/json"), ("Cache-Control", cache), ("X-Content-Type-Options", "nosniff"))
    return Response(status=status, headers=(*own, *headers), body=msgspec.json.encode(document))


@lru_cache(64)
def _compile(pattern: str) -> re.Pattern[str]:
    parts = _NAME.split(pattern)
    written = [f"(?P<{part}>[^/]*)" if number % 2 else re.escape(part) for number, part in enumerate(parts)]
    return re.compile("".join(written) + r"\Z")
