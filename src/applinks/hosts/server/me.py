"""
Who am I: the one call that the server form answers by itself.

A client's developer sees with it that a token works, and whose it is.
"""

from applinks.errors import RefusedError
from applinks.hosts.server.scopes import EMAIL, PROFILE
from applinks.incoming.authentication import authenticate
from applinks.incoming.caller import Caller
from applinks.incoming.policy import check_caller_may
from applinks.incoming.side import IncomingSide
from applinks.web.protocol.routes import Endpoint, build_json_answer
from applinks.wire.http import Request, Response

ME_PATH = "/applinks/api/v1/me"


def build_me_endpoint(side: IncomingSide) -> Endpoint:
    """Give the endpoint, for whoever calls with the scope ``profile``."""
    return Endpoint(("GET", "POST"), "me", lambda request, source: answer_me(request, source=source, side=side))


async def answer_me(request: Request, *, source: str = "", side: IncomingSide) -> Response:
    """
    Say who calls, over which link, with which client and scopes.

    A POST says it, too: clients of OAuth 1.0a may put their credentials into a form (RFC 5849 §3.5.2).

    ``name`` is that of the user whom the call acts as, null where it acts for the application itself.

    Raises:
        RefusedError: with the challenge that fits.
    """
    caller = await authenticate(request, side=side, source=source, form=True)
    try:
        check_caller_may(caller, PROFILE, request=request, side=side)
    except RefusedError as refusal:
        if caller is None:
            raise
        raise refusal.about(link_id=caller.link.id, client=caller.client.id) from refusal.__cause__
    assert caller is not None  # noqa: S101 - a caller that may is one.
    return build_json_answer(_describe(caller), cache="no-store")


def _describe(caller: Caller) -> dict[str, object]:
    user = caller.user
    described: dict[str, object] = {
        "name": user.name if user else None,
        "link": caller.link.handle,
        "client": caller.client.client_id,
        "scopes": sorted(caller.scopes),
        "protocol": caller.protocol,
    }
    if EMAIL in caller.scopes:
        described["email"] = user.email if user else None
    return described
