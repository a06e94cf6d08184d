"""The guard: it stands before the host, knows who calls, and answers our protocol endpoints itself."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
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
    Receive,
    Send,
    build_request,
    get_own_path,
    read_body,
    send_response,
)
from applinks.web.protocol.endpoints import Endpoint, find_endpoint
from applinks.wire.http import Response

CALLER_KEY = "applinks.caller"
"""Where the guard puts the `Caller` in the ASGI scope; absent: the request carries no credentials of ours."""

_REQUEST_KEY = "applinks.request"

# A start that fails needs a person; whoever polls does so slowly.
_RETRY_SECONDS = "60"

_log = logging.getLogger("applinks.guard")


@dataclass(slots=True, kw_only=True)
class GuardContext:
    """
    What the guard needs once the application runs.

    Attributes:
        endpoints: by path below the base URL.
    """

    settings: Settings
    incoming: IncomingSide
    endpoints: Mapping[str, Endpoint]


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
        endpoint = find_endpoint(context.endpoints, path)
        if endpoint is not None and path not in self._skipped:
            response = await _answer_endpoint(endpoint, asgi_scope, receive, path, context=context)
            await send_response(response, send, without_body=asgi_scope["method"] == "HEAD")
            return
        request = asgi_scope[_REQUEST_KEY] = build_request(asgi_scope, context.settings, path)
        try:
            caller = await authenticate(request, side=context.incoming)
        except ApplinksError as error:
            refusal = await answer_protocol_error(error, place="guard", failures=context.incoming.failures)
            await send_response(refusal, send, without_body=asgi_scope["method"] == "HEAD")
            return
        if caller is not None:
            asgi_scope[CALLER_KEY] = caller
        await self._host(asgi_scope, receive, send)


async def check_request(
    asgi_scope: AsgiScope, needed: str, *, user_needed: bool, context: GuardContext
) -> Response | None:
    """
    Ask whether the request may pass a route that needs a scope.

    Returns:
        The refusal to answer with; None: it may pass.
    """
    caller = find_caller(asgi_scope)
    # As the guard saw it: what mounts a part of the host changes the path, and not what the caller asked for.
    request = asgi_scope.get(_REQUEST_KEY) or build_request(
        asgi_scope, context.settings, get_own_path(asgi_scope, context.settings)
    )
    try:
        check_caller_may(caller, needed, user_needed=user_needed, request=request, side=context.incoming)
    except ApplinksError as error:
        return await answer_protocol_error(
            error,
            place="guard",
            failures=context.incoming.failures,
            link_id=caller.link.id if caller else "",
            client=caller.client.id if caller else "",
        )
    return None


def find_caller(asgi_scope: Mapping[str, Any]) -> Caller | None:
    """Give the caller that the guard found."""
    caller = asgi_scope.get(CALLER_KEY)
    return caller if isinstance(caller, Caller) else None


async def _answer_endpoint(
    endpoint: Endpoint, asgi_scope: AsgiScope, receive: Receive, path: str, *, context: GuardContext
) -> Response:
    method = "GET" if asgi_scope["method"] == "HEAD" else asgi_scope["method"]
    try:
        if method != endpoint.method:
            raise RefusedError(
                f"Use {endpoint.method} here.",
                status=405,
                headers=(("Allow", endpoint.allowed),),
                detail=f"asked with {method}",
            )
        body = await read_body(receive, limit=context.settings.sizes.protocol_body) if method == "POST" else b""
        client = asgi_scope.get("client")
        source = client[0] if client else ""
        return await endpoint.answer(build_request(asgi_scope, context.settings, path, body), source)
    except ApplinksError as error:
        return await answer_protocol_error(error, place=endpoint.place, failures=context.incoming.failures)
    except Exception as error:  # noqa: BLE001 - a program gets an answer with a reference whatever broke.
        _log.exception("endpoint.broke place=%s", endpoint.place)
        broken = ApplinksError("Something broke.", code="server_error", detail=f"{type(error).__name__}: {error}")
        return await answer_protocol_error(broken, place=endpoint.place, failures=context.incoming.failures)


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
