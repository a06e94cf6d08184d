"""The guard: it stands before the host, knows who calls, and answers our protocol endpoints itself."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from applinks.entropy import SystemEntropy, new_reference
from applinks.errors import ApplinksError, RefusedError
from applinks.incoming.authentication import authenticate
from applinks.incoming.caller import Caller
from applinks.incoming.policy import check_caller_may
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

# A start that fails needs a person; whoever polls does so slowly.
_RETRY_SECONDS = "60"

_log = logging.getLogger("applinks.guard")


@dataclass(slots=True, kw_only=True)
class GuardContext:
    """What the guard needs once the application runs."""

    settings: Settings
    incoming: IncomingSide
    endpoints: EndpointTable


@dataclass(slots=True)
class _Seen:
    """
    A request that the guard passed on.

    Attributes:
        body: what to read a form from, before the host does; None: there is none.
        caller: who was found.
    """

    request: Request
    source: str
    body: KeptBody | None
    caller: Caller | None = None

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
        seen = asgi_scope[_SEEN_KEY] = _see(asgi_scope, receive, context, path)
        try:
            seen.caller = await _authenticate(seen, context)
        except ApplinksError as error:
            refusal = await _answer_error(error, place="guard", context=context)
            await send_response(refusal, send, without_body=asgi_scope["method"] == "HEAD")
            return
        if seen.caller is not None:
            asgi_scope[CALLER_KEY] = seen.caller
        if seen.body is not None or (seen.caller is not None and seen.caller.protocol == "oauth1"):
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
    request = (
        seen.request
        if isinstance(seen, _Seen)
        else build_request(asgi_scope, context.settings, get_own_path(asgi_scope, context.settings))
    )
    try:
        if caller is None and isinstance(seen, _Seen):
            form = await seen.read_form(limit=context.settings.sizes.protocol_body)
            if form is not None:
                request = replace(request, body=form)
                caller = await authenticate(request, side=context.incoming, source=seen.source, form=True)
            if caller is not None:
                seen.caller = asgi_scope[CALLER_KEY] = caller
        check_caller_may(caller, needed, user_needed=user_needed, request=request, side=context.incoming)
    except ApplinksError as error:
        concerned = {"link_id": caller.link.id, "client": caller.client.id} if caller else {}
        return await _answer_error(error, place="guard", context=context, **concerned)
    return None


def find_caller(asgi_scope: Mapping[str, Any]) -> Caller | None:
    """Give the caller that the guard found."""
    caller = asgi_scope.get(CALLER_KEY)
    return caller if isinstance(caller, Caller) else None


def _see(asgi_scope: AsgiScope, receive: Receive, context: GuardContext, path: str) -> _Seen:
    request = build_request(asgi_scope, context.settings, path)
    # Whatever the method: a host may read the form of a GET, and a signature covers it there, too.
    has_form = parse_content_type(request.header("content-type")) == FORM
    return _Seen(request, _find_source(asgi_scope), KeptBody(receive) if has_form else None)


async def _authenticate(seen: _Seen, context: GuardContext) -> Caller | None:
    async def read_form() -> bytes:
        form = await seen.read_form(limit=context.settings.sizes.page_body)
        if form is None and seen.body is not None:
            # What cannot be read as a whole cannot be verified.
            raise RefusedError("The body is too large.", status=413)
        return form or b""

    return await authenticate(seen.request, side=context.incoming, source=seen.source, read_form=read_form)


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
