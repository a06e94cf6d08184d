"""Looks for ``links add`` who lives at an address, and asks about a private one."""

import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from applinks.cli.asking import confirm
from applinks.cli.output import clean, print_note
from applinks.cli.sides import OpenedSides
from applinks.errors import RefusedError
from applinks.linking.discovery.addresses import check_typed, list_candidates
from applinks.linking.discovery.applications import Discovery, discover
from applinks.linking.discovery.atlassian import FoundAtlassian, find_atlassian_application
from applinks.linking.discovery.servers import FoundServer, find_server, read_server
from applinks.linking.errors import LinkingError
from applinks.wire.urls import get_host, get_origin
from applinks.words import say_warning

T = TypeVar("T")

# At such an address there may be an application of another kind: it sends strangers to a log-in, or knows no manifest.
_NO_APPLINKS = frozenset({"not_applinks", "peer_redirects"})


class Look:
    """
    Looks at addresses; that a private one is meant is asked once for each.

    ``private``: those that were typed are meant, private or not. ``confirmed``: origins that were confirmed before.
    """

    def __init__(self, *, private: bool, sides: OpenedSides, confirmed: Iterable[str] = ()) -> None:
        self._private = private
        self._confirmed = set(confirmed)
        self._linking = sides.linking
        self._problem: LinkingError | None = None

    @property
    def confirmed(self) -> tuple[str, ...]:
        """The origins whose private address is meant."""
        return tuple(self._confirmed)

    async def find_application(self, url: str) -> Discovery | None:
        """
        Give the Applinks at an address; None: an application of another kind lives there.

        Raises:
            LinkingError: it cannot be reached or may not be linked.
        """
        try:
            origin = get_origin(list_candidates(url, self._linking)[0])
            return await self._ask(
                lambda: discover(url, private_confirmed=origin in self._confirmed, side=self._linking), typed=origin
            )
        except LinkingError as error:
            if error.code not in _NO_APPLINKS:
                raise
            self._problem = error
            return None

    async def find_atlassian(self, url: str) -> FoundAtlassian | None:
        """
        Give the application with Atlassian's application links at an address; None: it is none.

        Raises:
            LinkingError: it cannot be reached or may not be linked.
        """
        found = await self._ask(
            lambda: find_atlassian_application(url, private_confirmed=self._confirmed, side=self._linking),
            typed=list_candidates(url, self._linking)[0],
        )
        if found is not None:
            for code in found.warnings:
                said = say_warning(code, server=get_host(found.url))
                print_note(f"{said.what}. {said.advice}")
        return found

    async def find_server(self, url: str, *, issuer: str | None = None) -> FoundServer:
        """
        Give what the authorization server of an address says of itself, or that of the issuer that was named.

        Raises:
            LinkingError: it cannot be reached or may not be linked.
        """
        if issuer is None:
            found = await self._ask(
                lambda: find_server(url, private_confirmed=self._confirmed, side=self._linking), typed=url
            )
        else:
            found = await self._ask(
                lambda: read_server(issuer, private_confirmed=self._confirmed, side=self._linking), typed=issuer
            )
        if found.metadata is None and self._problem is not None and self._problem.code == "peer_redirects":
            # Nobody there says anything of itself: then it is the redirect that the administrator has to know.
            raise self._problem
        for code in found.warnings:
            print_note(_say_warning(code, found))
        return found

    async def judge(self, url: str) -> tuple[str, ...]:
        """
        Give the origin of an address where that is private, with nothing fetched from it.

        One that leads nowhere now is taken: calls to a private address stay forbidden.

        Raises:
            LinkingError: it may not be called.
        """
        origin = get_origin(url)
        try:
            is_private = await self._ask(
                lambda: check_typed(url, confirmed=origin in self._confirmed, side=self._linking), typed=url
            )
        except LinkingError as error:
            if error.code != "peer_unreachable":
                raise
            return ()
        return (origin,) if is_private else ()

    async def _ask(self, look: Callable[[], Awaitable[T]], *, typed: str) -> T:
        """Look, and again after each private address that is meant; what only a server named, nobody typed."""
        while True:
            try:
                return await look()
            except LinkingError as error:
                if not error.asks_private or get_origin(error.peer) in self._confirmed:
                    raise
                self._confirm(error, is_typed=get_origin(error.peer) == get_origin(typed))
                self._confirmed.add(get_origin(error.peer))

    def _confirm(self, error: LinkingError, *, is_typed: bool) -> None:
        if is_typed and self._private:
            return
        host = get_host(error.peer)
        if not sys.stdin.isatty():
            option = "--private-address" if is_typed else f"--issuer {clean(error.peer)} --private-address"
            raise RefusedError(
                f"{host} leads to a private address. If that is meant, add {option}.", code=error.code
            ) from error
        confirm(f"{host} leads to a private address. Go on?")


def _say_warning(code: str, found: FoundServer) -> str:
    token_host = get_host(found.metadata.token_endpoint) if found.metadata else ""
    said = say_warning(code, server=get_host(found.issuer or found.url), token_host=token_host)
    text = f"{said.what}. {said.advice}"
    return f"{text} ({clean(found.detail)})" if found.detail else text
