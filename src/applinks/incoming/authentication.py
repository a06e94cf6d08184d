"""Who is it: a caller, nobody that we know, or somebody whose credentials of ours are bad."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from applinks.incoming.caller import Caller
from applinks.incoming.challenges import build_refusal
from applinks.incoming.oauth1.problems import get_as_sent, refuse_parameter
from applinks.incoming.oauth1.signed_call import verify_signed_call
from applinks.incoming.oauth2.bearer_token import verify_bearer_token
from applinks.incoming.side import IncomingSide
from applinks.incoming.store import FoundClient
from applinks.wire.headers import parse_content_type
from applinks.wire.http import Request
from applinks.wire.oauth1.parameters import FORM, find_unverified_clients
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.token_format import has_token_prefix

_CONSUMER_KEY = "oauth_consumer_key"
# Who names more clients than these means none of ours: each is looked up.
_MOST_NAMED = 4


async def authenticate(
    request: Request,
    *,
    side: IncomingSide,
    source: str = "",
    form: bool = False,
    read_form: Callable[[], Awaitable[bytes]] | None = None,
) -> Caller | None:
    """
    Find out who calls.

    RFC 6750 §2.1, §3.1; RFC 5849 §3.5.

    ``request.url`` has our base URL and the path as the host routes it. Only what is recognisably ours is looked
    at: a host may have bearer tokens and clients of OAuth 1.0a of its own.

    Args:
        request: what came.
        side: the incoming side.
        source: the address that it came from, for the limits.
        form: whether the credentials of OAuth 1.0a may stand in its form body.
        read_form: reads the form body of a request that is signed elsewhere, because the signature covers it; None:
            ``request`` has its body already.

    Returns:
        None: the request carries no credentials of ours; the host decides.

    Raises:
        RefusedError: it carries credentials of ours, and they are not good; with a challenge where one fits.
    """
    values = [value for name, value in request.headers if name.lower() == "authorization"]
    if not values and not (form and request.body) and _CONSUMER_KEY not in request.url:
        # Most of what a host is asked: its own users' browsers.
        return None
    if not (form and request.body) and (lone := find_lone_token(values, request.url)) is not None:
        return await verify_bearer_token(lone, url=request.url, side=side)
    tokens = [token for value in values if (token := _find_own_token(value)) is not None]
    signer = await _find_signer(get_as_sent(request), side, form=form)
    if not tokens and signer is None:
        return None
    if tokens and (len(values) > 1 or signer is not None):
        description = "The request shows who it comes from more than once."
        raise build_refusal(ErrorCode.INVALID_REQUEST, description, url=request.url, rules=side.rules)
    if tokens:
        return await verify_bearer_token(tokens[0], url=request.url, side=side)
    if len(values) > 1:
        raise refuse_parameter("Authorization", detail="the Authorization header occurs more than once")
    if read_form is not None and parse_content_type(request.header("content-type")) == FORM:
        request = replace(request, body=await read_form())
    return await verify_signed_call(request, source=source, side=side, signer=signer)


def find_lone_token(values: Sequence[str], url: str) -> str | None:
    """
    Give the bearer token of ours that leaves no place for other credentials, as most of what applications send.

    ``values`` are those of the ``Authorization`` header. None: `authenticate` has to look closer.
    """
    if len(values) != 1 or _CONSUMER_KEY in url:
        return None
    return _find_own_token(values[0])


async def _find_signer(request: Request, side: IncomingSide, *, form: bool) -> FoundClient | None:
    """Give the client of ours that a request claims to be signed by, however malformed it is otherwise."""
    named = find_unverified_clients(request, form=form)
    if not named or "oauth1" not in side.settings.protocols:
        return None
    for client in named[:_MOST_NAMED]:
        if client and (found := await side.oauth1.find_client(client)) is not None:
            return found
    return None


def _find_own_token(value: str) -> str | None:
    """Give what follows the scheme ``Bearer`` if it claims to be ours, however malformed it goes on."""
    scheme, _, rest = value.strip(" \t").partition(" ")
    token = rest.strip(" \t")
    return token if scheme.lower() == "bearer" and has_token_prefix(token) else None
