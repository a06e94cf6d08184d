"""What a host holds to call a linked application: an HTTP client that proves itself."""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from applinks.errors import AuthorizationNeeded, LinkUnusableError, PeerError, PeerRefusedError, UnsafeCallError
from applinks.fetching.transport import HttpRequest, HttpResponse, is_replayable
from applinks.outgoing.peers import check_two_legs, get_requestor, get_usable_link, list_protocols, may_name_users
from applinks.outgoing.proofs import BearerProof, Proof, SignatureProof
from applinks.outgoing.renewal import get_credentials, renew
from applinks.outgoing.servers import get_oauth1_server
from applinks.outgoing.side import OutgoingSide
from applinks.records.connections import Connection, ConnectionState
from applinks.records.links import Link

# Not the library's extensions, which could replace the name that TLS verifies.
_OPTIONS = frozenset({"params", "headers", "cookies", "content", "data", "files", "json"})
_OWN_HEADERS = ("authorization", "proxy-authorization")
_UNSAFE_CHARACTERS = re.compile(r"[\x00-\x20\x7f\\#]")


class PeerConnection:
    """
    One user's line, or the application's own, to the application at the other end of a link.

    The methods take what those of httpx take (``params``, ``headers``, ``content``, ``data``, ``files``, ``json``)
    and give its responses, whatever their status; redirects are given back, never followed. In addition ``limit``
    is the most bytes of an answer, and ``seconds`` the deadline over the whole, where the settings' are not enough.

    A path begins with a slash and is joined to the peer's base URL. An absolute URL has to lie at or below it.

    Over OAuth 1.0a query and form are signed, and no parameter of theirs may begin with ``oauth_`` or be
    ``xoauth_requestor_id``; over a link with impersonation, the application's own calls name no ``user_id`` either. A
    peer that refuses our key, signature or clock gave no answer: that is `PeerRefusedError`.

    Raises, each of them:
        AuthorizationNeeded: the user has to connect first; it carries the address.
        LinkUnusableError: the link does not let calls pass now.
        PeerRefusedError, PeerProtocolError, PeerUnreachableError: there is no answer.
        UnsafeCallError: the call could carry credentials elsewhere; nothing was sent.
    """

    def __init__(self, link: str, *, user_id: str | None, side: OutgoingSide, name: str = "") -> None:
        """
        Hold a connection; nothing is looked up before the first call.

        ``link`` is the id or the handle; ``user_id`` None: the application itself.
        """
        self._link = link
        self._user_id = user_id
        self._name = name
        self._side = side

    async def get(self, path: str, **options: Any) -> HttpResponse:
        """Send a GET."""
        return await self.request("GET", path, **options)

    async def head(self, path: str, **options: Any) -> HttpResponse:
        """Send a HEAD."""
        return await self.request("HEAD", path, **options)

    async def post(self, path: str, **options: Any) -> HttpResponse:
        """Send a POST."""
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> HttpResponse:
        """Send a PUT."""
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> HttpResponse:
        """Send a PATCH."""
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> HttpResponse:
        """Send a DELETE."""
        return await self.request("DELETE", path, **options)

    async def request(self, method: str, path: str, **options: Any) -> HttpResponse:
        """Send a request and read the whole answer."""
        link: Link | None = None
        try:
            link = await get_usable_link(self._link, side=self._side)
            return await self._call(link, method, path, options)
        except PeerError as error:
            await self._record(error, link)
            raise

    @asynccontextmanager
    async def stream(self, method: str, path: str, **options: Any) -> AsyncIterator[HttpResponse]:
        """Send a request and give the answer with its body yet to be read, inside ``async with``."""
        link: Link | None = None
        try:
            link = await get_usable_link(self._link, side=self._side)
            async with self._open(link, method, path, options) as response:
                yield response
        except PeerError as error:
            await self._record(error, link)
            raise

    async def find_connection(self) -> Connection | None:
        """Give what is stored of this connection: its scopes, its account; None: not connected, or ended."""
        link = await self._side.store.find_link(self._link)
        if link is None:
            return None
        found = await self._side.store.find_connection(link_id=link.id, user_id=self._user_id, name=self._name)
        return found if found is not None and found.state is ConnectionState.ACTIVE else None

    async def _call(self, link: Link, method: str, path: str, options: dict[str, Any]) -> HttpResponse:
        """As `_open`, for an answer that is read as a whole."""
        limit, seconds = options.pop("limit", None), options.pop("seconds", None)
        request = self._build_request(link, method, path, options)
        can_repeat = is_replayable(request)
        send = partial(
            self._side.fetcher.send,
            request,
            private=link.may_be_private(link.peer.url),
            key=link.id,
            limit=limit,
            seconds=seconds,
        )
        proof = await self._prove(link)
        self._sign(request, proof)
        response = await send(is_left=proof.is_refused)
        if proof.is_refused(response) and proof.connection is not None:
            proof = await self._renew(proof.connection, link, can_repeat=can_repeat)
            self._sign(request, proof)
            response = await send()
        proof.check_answer(response)
        return response

    @asynccontextmanager
    async def _open(self, link: Link, method: str, path: str, options: dict[str, Any]) -> AsyncGenerator[HttpResponse]:
        limit, seconds = options.pop("limit", None), options.pop("seconds", None)
        request = self._build_request(link, method, path, options)
        can_repeat = is_replayable(request)
        proof = await self._prove(link)
        send = partial(
            self._side.fetcher.open_stream,
            request,
            private=link.may_be_private(link.peer.url),
            key=link.id,
            limit=limit,
            seconds=seconds,
        )
        self._sign(request, proof)
        async with send() as response:
            if proof.connection is None or not proof.is_refused(response):
                proof.check_answer(response)
                yield response
                return
        proof = await self._renew(proof.connection, link, can_repeat=can_repeat)
        self._sign(request, proof)
        async with send() as response:
            proof.check_answer(response)
            yield response

    async def _prove(self, link: Link) -> Proof:
        """Choose what proves us: by the protocol of the stored connection, else by the link's first usable one."""
        first = list_protocols(link, side=self._side)[0]
        if self._user_id is None and first == "oauth1":
            check_two_legs(link)
            server, is_far = await get_oauth1_server(link, side=self._side), may_name_users(link, side=self._side)
            return SignatureProof(server, side=self._side, may_name_users=is_far)
        try:
            credentials = await get_credentials(link, self._user_id, self._name, side=self._side)
        except AuthorizationNeeded:
            if self._user_id is None or self._name or not may_name_users(link, side=self._side):
                raise
            requestor = await get_requestor(link, self._user_id, side=self._side)
            server = await get_oauth1_server(link, side=self._side)
            return SignatureProof(server, side=self._side, requestor=requestor)
        return await self._show(credentials, link)

    async def _show(self, credentials: Connection, link: Link) -> Proof:
        if credentials.protocol != "oauth1":
            return BearerProof(credentials)
        server = await get_oauth1_server(link, side=self._side)
        return SignatureProof(server, side=self._side, connection=credentials)

    def _sign(self, request: HttpRequest, proof: Proof) -> None:
        if proof.connection is not None:
            self._side.usage.mark_connection(proof.connection.id, self._side.clock.now())
        proof.add_to(request)

    async def _renew(self, credentials: Connection, link: Link, *, can_repeat: bool) -> Proof:
        # RFC 6750 §3.1: nothing was done with the request. So it is sent again, once, whatever its method.
        renewed = await renew(credentials, link, side=self._side)
        if not can_repeat:
            raise PeerRefusedError(
                "The credentials had ended; they are renewed, but the request's body cannot be sent a second time.",
                code="invalid_token",
            )
        return await self._show(renewed, link)

    def _build_request(self, link: Link, method: str, path: str, options: dict[str, Any]) -> HttpRequest:
        if unknown := sorted(options.keys() - _OPTIONS):
            raise TypeError(f"{unknown[0]} is no option of a call; there are {', '.join(sorted(_OPTIONS))}")
        if not link.peer.url:
            raise LinkUnusableError("The link has no address to call.", link=link.handle)
        url = join_url(link.peer.url, path)
        request = self._side.fetcher.build_request(method, url, **options)
        for name in _OWN_HEADERS:
            if name in request.headers:
                raise UnsafeCallError(f"The header {name} is the connection's own.")
        if request.headers["host"] != request.url.netloc.decode("ascii"):
            raise UnsafeCallError("The header host is the connection's own.")
        # The library resolves dot segments: what came of them must not have left the peer's path.
        if not _is_below(str(request.url), link.peer.url):
            raise UnsafeCallError("The address is not the linked application's.")
        return request

    async def _record(self, error: PeerError, link: Link | None) -> None:
        # Where she has not connected yet, nothing failed. One that has a reference is another call's, made while this
        # one's stream was read.
        if isinstance(error, AuthorizationNeeded) or error.reference:
            return
        error.link = link.handle if link else self._link
        error.reference = await self._side.failures.record(
            error, place="connection", link_id=link.id if link else "", user_id=self._user_id or ""
        )


def join_url(base_url: str, path: str) -> str:
    """
    Give the absolute URL of a call.

    Raises:
        UnsafeCallError: it would not lie at or below the base URL.
    """
    if _UNSAFE_CHARACTERS.search(path):
        raise UnsafeCallError("The path holds a space, a control character, a backslash or a fragment.")
    url = base_url + path if path.startswith("/") else path
    if not _is_below(url, base_url):
        raise UnsafeCallError("A path begins with a slash; an absolute URL lies below the linked application's.")
    if {".", ".."} & set(unquote(urlsplit(url).path).split("/")):
        raise UnsafeCallError("The path holds a dot segment.")
    return url


def _is_below(url: str, base_url: str) -> bool:
    return url == base_url or url.startswith((f"{base_url}/", f"{base_url}?"))
