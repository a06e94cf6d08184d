"""The guard: it stands before the host, knows who calls, and answers our protocol endpoints itself."""

import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, final

from applinks.entropy import SystemEntropy, new_reference
from applinks.errors import ApplinksError, RefusedError
from applinks.incoming.authentication import authenticate, find_lone_token
from applinks.incoming.caller import Caller
from applinks.incoming.oauth2.bearer_token import verify_bearer_token
from applinks.incoming.policy import check_caller_may, check_known_caller_may
from applinks.incoming.side import IncomingSide
from applinks.settings import Settings
from applinks.web.errors import answer_protocol_error
from applinks.web.protocol.asgi import (
    AsgiApplication,
    AsgiScope,
    KeptBody,
    Message,
    Receive,
    Send,
    build_request,
    build_url,
    get_own_path,
    read_body,
    send_response,
)
from applinks.web.protocol.routes import Endpoint, EndpointTable
from applinks.wire.headers import parse_content_type
from applinks.wire.http import Request, Response
from applinks.wire.oauth1.parameters import FORM

CALLER_KEY = "applinks.caller"
"""Where the guard puts the `Caller` in the ASGI scope; absent: the request carries no credentials of ours."""

_SEEN_KEY = "applinks.seen"
_CONSUMER_KEY = b"oauth_consumer_key"
_AUTHORIZATION_LENGTH, _CONTENT_TYPE_LENGTH = len(b"authorization"), len(b"content-type")

# A start that fails needs a person; whoever polls does so slowly.
_RETRY_SECONDS = "60"

_log = logging.getLogger("applinks.guard")


@dataclass(slots=True, kw_only=True)
class GuardContext:
    """What the guard needs once the application runs."""

    settings: Settings
    incoming: IncomingSide
    endpoints: EndpointTable


@final
class _Seen:
    """
    A request as the guard saw it; what mounts a part of the host changes the ASGI scope afterwards.

    Most of what a host is asked shows nothing of ours: its headers are gone through once, and nothing is made of them.

    Attributes:
        authorizations: the values of its ``Authorization`` header.
        body: what to read a form from, before the host does; None: there is none.
        caller: who was found.
    """

    __slots__ = ("_came", "_path", "_request", "_settings", "authorizations", "body", "caller")

    def __init__(self, asgi_scope: AsgiScope, receive: Receive, settings: Settings, path: str) -> None:
        headers = tuple(asgi_scope["headers"])
        self._came = {**asgi_scope, "headers": headers}
        self._settings = settings
        self._request: Request | None = None
        self._path = path
        self.authorizations, content_type = _look_at_headers(headers)
        # Whatever the method: a host may read the form of a GET, and a signature covers it there, too.
        self.body = KeptBody(receive) if content_type and parse_content_type(content_type) == FORM else None
        self.caller: Caller | None = None

    @property
    def request(self) -> Request:
        """The request as a value, without its body."""
        if self._request is None:
            self._request = build_request(self._came, self._settings, self._path)
        return self._request

    @property
    def url(self) -> str:
        """The URL of `request`."""
        return build_url(self._came, self._settings, self._path)

    @property
    def source(self) -> str:
        """The address that it came from."""
        return _find_source(self._came)

    @property
    def may_show_credentials(self) -> bool:
        """Whether there is anything to look at before the host is asked; a form is looked at when a route needs it."""
        return bool(self.authorizations) or _CONSUMER_KEY in (self._came.get("query_string") or b"")

    @property
    def may_be_signed(self) -> bool:
        """Whether its caller is one of OAuth 1.0a, or may turn out to be one by a form."""
        return self.caller.protocol == "oauth1" if self.caller is not None else self.body is not None

    async def read_form(self, *, limit: int) -> bytes | None:
        """Give the form body; None: there is none to be read."""
        return await self.body.look(limit=limit) if self.body is not None else None


class Guard:
    """
    ASGI middleware around a host.

    ``get_context`` is asked on each request, because a host may be called before it was started.
    """

    def __init__(
        self,
        host: AsgiApplication,
        get_context: Callable[[], Awaitable[GuardContext]],
        *,
        skipped: frozenset[str] = frozenset(),
    ) -> None:
        self._host = host
        self._get_context = get_context
        self._skipped = skipped

    async def __call__(self, asgi_scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer what is ours, and pass the rest on with its caller."""
        if asgi_scope["type"] != "http":
            await self._host(asgi_scope, receive, send)
            return
        try:
            context = await self._get_context()
        except ApplinksError as error:
            # Nobody can tell who calls, so nothing passes; the sentence is for the administrator alone.
            await send_response(_refuse_before_start(error), send, without_body=asgi_scope["method"] == "HEAD")
            return
        path = get_own_path(asgi_scope, context.settings)
        endpoint = context.endpoints.find(path)
        if endpoint is not None and path not in self._skipped:
            response = await _answer_endpoint(endpoint, asgi_scope, receive, path, context=context)
            await send_response(response, send, without_body=asgi_scope["method"] == "HEAD")
            return
        seen = asgi_scope[_SEEN_KEY] = _Seen(asgi_scope, receive, context.settings, path)
        if seen.may_show_credentials:
            try:
                seen.caller = await _authenticate(seen, context)
            except ApplinksError as error:
                refusal = await _answer_error(error, place="guard", context=context)
                await send_response(refusal, send, without_body=asgi_scope["method"] == "HEAD")
                return
            if seen.caller is not None:
                asgi_scope[CALLER_KEY] = seen.caller
        if seen.may_be_signed:
            send = _hold_back_cookies(send, seen)
        await self._host(asgi_scope, seen.body or receive, send)


async def check_request(
    asgi_scope: AsgiScope, needed: str, *, user_needed: bool, context: GuardContext
) -> Response | None:
    """
    Ask whether the request may pass a route that needs a scope.

    RFC 5849 §3.5.2: only here are the credentials of OAuth 1.0a looked for in a form body, which the host can still
    read.

    Returns:
        The refusal to answer with; None: it may pass.
    """
    caller = find_caller(asgi_scope)
    # As the guard saw it: what mounts a part of the host changes the path, and not what the caller asked for.
    seen = asgi_scope.get(_SEEN_KEY)
    side = context.incoming
    try:
        if not isinstance(seen, _Seen):
            request = build_request(asgi_scope, context.settings, get_own_path(asgi_scope, context.settings))
            check_caller_may(caller, needed, user_needed=user_needed, request=request, side=side)
        elif caller is not None:
            check_known_caller_may(caller, needed, user_needed=user_needed, url=seen.url, side=side)
        else:
            request = seen.request
            form = await seen.read_form(limit=context.settings.sizes.protocol_body)
            if form is not None:
                request = replace(request, body=form)
                caller = await authenticate(request, side=side, source=seen.source, form=True)
            if caller is not None:
                seen.caller = asgi_scope[CALLER_KEY] = caller
            check_caller_may(caller, needed, user_needed=user_needed, request=request, side=side)
    except ApplinksError as error:
        concerned = {"link_id": caller.link.id, "client": caller.client.id} if caller else {}
        return await _answer_error(error, place="guard", context=context, **concerned)
    return None


def find_caller(asgi_scope: Mapping[str, Any]) -> Caller | None:
    """Give the caller that the guard found."""
    caller = asgi_scope.get(CALLER_KEY)
    return caller if isinstance(caller, Caller) else None


def _look_at_headers(headers: Iterable[tuple[bytes, bytes]]) -> tuple[list[str], str]:
    """Give the values of ``Authorization``, and the ``Content-Type``."""
    authorizations: list[str] = []
    content_types: list[str] = []
    for name, value in headers:
        # Most names are told apart by their length.
        if len(name) == _AUTHORIZATION_LENGTH and name.lower() == b"authorization":
            authorizations.append(str(value, "latin-1"))
        elif len(name) == _CONTENT_TYPE_LENGTH and name.lower() == b"content-type":
            content_types.append(str(value, "latin-1"))
    return authorizations, ", ".join(content_types)


async def _authenticate(seen: _Seen, context: GuardContext) -> Caller | None:
    url = seen.url
    lone = find_lone_token(seen.authorizations, url)
    if lone is not None:
        return await verify_bearer_token(lone, url=url, side=context.incoming)
    read_form = partial(_read_whole_form, seen, context.settings.sizes.page_body) if seen.body is not None else None
    return await authenticate(seen.request, side=context.incoming, source=seen.source, read_form=read_form)


async def _read_whole_form(seen: _Seen, limit: int) -> bytes:
    form = await seen.read_form(limit=limit)
    if form is None:
        # What cannot be read as a whole cannot be verified.
        raise RefusedError("The body is too large.", status=413)
    return form


def _hold_back_cookies(send: Send, seen: _Seen) -> Send:
    """
    Let no session begin with a call of OAuth 1.0a.

    Its client would keep it, and call on with it when its credentials have ended.
    """

    async def send_without(message: Message) -> None:
        if message["type"] == "http.response.start" and seen.caller is not None and seen.caller.protocol == "oauth1":
            headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"set-cookie"]
            message = {**message, "headers": headers}
        await send(message)

    return send_without


def _find_source(asgi_scope: AsgiScope) -> str:
    client = asgi_scope.get("client")
    return client[0] if client else ""


async def _answer_error(error: ApplinksError, *, place: str, context: GuardContext, **concerned: str) -> Response:
    return await answer_protocol_error(
        error, place=place, failures=context.incoming.failures, realm=context.settings.base_url, **concerned
    )


async def _answer_endpoint(
    endpoint: Endpoint, asgi_scope: AsgiScope, receive: Receive, path: str, *, context: GuardContext
) -> Response:
    method = "GET" if asgi_scope["method"] == "HEAD" else asgi_scope["method"]
    try:
        if method not in endpoint.methods:
            raise RefusedError(
                f"Use {' or '.join(endpoint.methods)} here.",
                status=405,
                headers=(("Allow", endpoint.allowed),),
                detail=f"asked with {method}",
            )
        limit = context.settings.sizes.protocol_body
        body = await read_body(receive, limit=limit) if method in {"POST", "PUT"} else b""
        return await endpoint.answer(build_request(asgi_scope, context.settings, path, body), _find_source(asgi_scope))
    except ApplinksError as error:
        return await _answer_error(error, place=endpoint.place, context=context)
    except Exception as error:  # noqa: BLE001 - a program gets an answer with a reference whatever broke.
        _log.exception("endpoint.broke place=%s", endpoint.place)
        broken = ApplinksError("Something broke.", code="server_error", detail=f"{type(error).__name__}: {error}")
        return await _answer_error(broken, place=endpoint.place, context=context)


def _refuse_before_start(error: ApplinksError) -> Response:
    # There is no table of failures yet: the log is where the reference leads.
    reference = new_reference(SystemEntropy())
    _log.error("guard.not_started reference=%s reason=%s", reference, error)
    document = {
        "error": "temporarily_unavailable",
        "error_description": "Applinks has not started; its log says why.",
        "reference": reference,
    }
    headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Retry-After", _RETRY_SECONDS))
    return Response(status=503, headers=headers, body=json.dumps(document).encode())
