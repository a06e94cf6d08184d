"""Who is it: a caller, nobody that we know, or somebody whose credentials of ours are bad."""

from applinks.incoming.caller import Caller
from applinks.incoming.challenges import build_refusal
from applinks.incoming.oauth2.bearer_token import verify_bearer_token
from applinks.incoming.side import IncomingSide
from applinks.wire.http import Request
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.token_format import has_token_prefix


async def authenticate(request: Request, *, side: IncomingSide) -> Caller | None:
    """
    Find out who calls.

    RFC 6750 §2.1, §3.1.

    ``request.url`` has our base URL and the path as the host routes it. Only what is recognisably ours is looked
    at: a host may have bearer tokens of its own.

    Returns:
        None: the request carries no credentials of ours; the host decides.

    Raises:
        RefusedError: it carries credentials of ours, and they are not good; with a challenge where one fits.
    """
    values = [value for name, value in request.headers if name.lower() == "authorization"]
    if not values:
        # Most of what a host is asked: its own users' browsers.
        return None
    tokens = [token for value in values if (token := _find_own_token(value)) is not None]
    if not tokens:
        return None
    if len(values) > 1:
        description = "The Authorization header occurs more than once."
        raise build_refusal(ErrorCode.INVALID_REQUEST, description, url=request.url, rules=side.rules)
    return await verify_bearer_token(tokens[0], url=request.url, side=side)


def _find_own_token(value: str) -> str | None:
    """Give what follows the scheme ``Bearer`` if it claims to be ours, however malformed it goes on."""
    scheme, _, rest = value.strip(" \t").partition(" ")
    token = rest.strip(" \t")
    return token if scheme.lower() == "bearer" and has_token_prefix(token) else None
