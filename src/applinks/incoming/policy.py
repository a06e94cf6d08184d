"""
May they: the only place that says what a client, and a caller, may do.

Nothing of it is copied into what is issued. It is asked again at every use, so that a pause, a lowered scope or an
ended link counts from the next request on.
"""

from dataclasses import dataclass
from enum import Enum

from applinks.errors import RefusedError
from applinks.incoming.caller import Caller
from applinks.incoming.challenges import build_challenge, build_refusal
from applinks.incoming.rules import Rules
from applinks.incoming.side import IncomingSide
from applinks.records.clients import Client, GrantType
from applinks.records.links import Link, LinkState
from applinks.records.scopes import CHECK_SCOPE, OFFLINE_SCOPE, Resource
from applinks.wire.forms import collect_form
from applinks.wire.http import Request
from applinks.wire.oauth2.error_codes import ErrorCode

PROTOCOL = "oauth2"


class Hindrance(Enum):
    """Why a client is not served, by what can end it."""

    ENDED = "ended"  # nothing can
    SWITCHED_OFF = "switched off"  # an administrator of ours, if she wants
    WAITING = "waiting"  # it passes: a pause, a rest, a link that the two ends are about to put in force


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """What stands in a client's way; ``detail`` is for administrators."""

    hindrance: Hindrance
    detail: str


def find_obstacle(client: Client, link: Link) -> Obstacle | None:
    """Tell why the client is not served at all; None: it is."""
    if client.ended_at or link.ended_at:
        return Obstacle(hindrance=Hindrance.ENDED, detail=f"the link {link.handle} or its client ended")
    if client.paused:
        return Obstacle(hindrance=Hindrance.SWITCHED_OFF, detail=f"the client {client.client_id} is paused")
    if not link.is_usable:
        return Obstacle(hindrance=Hindrance.WAITING, detail=_describe_wait(link))
    if not link.incoming.is_enabled or PROTOCOL not in link.incoming.protocols:
        detail = f"incoming calls of the link {link.handle} are switched off, or not by OAuth 2"
        return Obstacle(hindrance=Hindrance.SWITCHED_OFF, detail=detail)
    return None


def is_awaited(link: Link) -> bool:
    """Whether a call met a link that the peer may hold for in force already, and we do not yet."""
    return link.state in {LinkState.CONFIRMING, LinkState.APPROVED}


def may_use(client: Client, grant_type: GrantType) -> bool:
    """Whether the client may obtain tokens in this way; a public one never for itself."""
    if grant_type is GrantType.CLIENT_CREDENTIALS and client.is_public:
        return False
    return grant_type in client.grant_types


def list_user_scopes(client: Client, link: Link, resource: Resource) -> tuple[str, ...]:
    """Give what users may let the client do at a resource now, in the order in which the host declares it."""
    allowed = set(client.scopes) & set(link.incoming.in_use.user_scopes)
    return tuple([scope.name for scope in resource.scopes if scope.name in allowed])


def list_application_scopes(client: Client, link: Link, resource: Resource, rules: Rules) -> tuple[str, ...]:
    """
    Give what the client may do for itself at a resource now.

    The peer of a link in force may always make its test call, whatever was agreed.
    """
    allowed = set(client.application_scopes) & set(link.incoming.in_use.application_scopes)
    names = tuple([scope.name for scope in resource.scopes if scope.application and scope.name in allowed])
    if client.is_peer and link.state is LinkState.IN_FORCE and resource == rules.host:
        return (*names, CHECK_SCOPE)
    return names


def choose_scopes(asked: tuple[str, ...], allowed: tuple[str, ...], resource: Resource) -> tuple[str, ...] | None:
    """
    Give the scopes that a request means, in the order of ``allowed``.

    RFC 6749 §3.3.

    One that names none means the declared defaults, else all of the client's. ``offline_access`` changes nothing.
    None (``invalid_scope``): one of them is unknown, or not for this client.
    """
    named = set(asked) - {OFFLINE_SCOPE}
    if not named <= set(allowed):
        return None
    if named:
        return tuple(name for name in allowed if name in named)
    own = tuple(name for name in allowed if name != CHECK_SCOPE)
    defaults = {scope.name for scope in resource.scopes if scope.default}
    return tuple(name for name in own if name in defaults) or own


def check_caller_may(
    caller: Caller | None, scope: str, *, user_needed: bool = False, request: Request, side: IncomingSide
) -> None:
    """
    Check that a caller may use a route that requires ``scope``: several separated by spaces, or empty for none.

    RFC 6750 §2.3, §3.1; RFC 9700 §4.3.2.

    Stricter than RFC 6750 §2.3: a token in the query is refused even beside a good header.

    Raises:
        RefusedError: with the challenge that fits.
    """
    url, rules = request.url, side.rules
    needed = tuple(scope.split())
    if _names_access_token(url):
        description = "The access token belongs into the Authorization header, not into the query."
        raise build_refusal(ErrorCode.INVALID_REQUEST, description, url=url, rules=rules)
    if caller is None:
        raise _refuse_stranger(request, needed, rules)
    if missing := [name for name in needed if name not in caller.scopes]:
        detail = f"the client {caller.client.client_id} of the link {caller.link.handle} lacks {' '.join(missing)}"
        description = "More scope is needed."
        raise build_refusal(
            ErrorCode.INSUFFICIENT_SCOPE, description, url=url, rules=rules, detail=detail, scopes=needed
        )
    if user_needed and caller.user is None:
        detail = f"the client {caller.client.client_id} of the link {caller.link.handle} called for itself"
        description = "This is for a user: the token was issued to the application itself."
        raise build_refusal(
            ErrorCode.INSUFFICIENT_SCOPE, description, url=url, rules=rules, detail=detail, scopes=needed
        )


def _refuse_stranger(request: Request, needed: tuple[str, ...], rules: Rules) -> RefusedError:
    """Answer a request that carried no credentials, or credentials that are not ours."""
    if request.header("authorization") is not None:
        detail = "the Authorization header carries nothing that we issued"
        description = "The access token is not one that this application issued."
        return build_refusal(
            ErrorCode.INVALID_TOKEN, description, url=request.url, rules=rules, detail=detail, scopes=needed
        )
    # RFC 6750 §3.1: a challenge without credentials names no error; this code is our own and stands in the body alone.
    challenge = build_challenge(request.url, rules=rules, scopes=needed)
    description = "An access token is needed."
    return RefusedError(description, code="authentication_required", status=401, headers=(challenge,))


def _names_access_token(url: str) -> bool:
    query = url.partition("?")[2]
    if not query:
        return False
    form = collect_form(query)
    return "access_token" in {name for name, _ in form} | set(form.faults)


def _describe_wait(link: Link) -> str:
    if link.state is not LinkState.IN_FORCE:
        return f"the link {link.handle} is {link.state.value}, not in force yet"
    if link.pause is not None:
        return f"the link {link.handle} is paused here"
    if link.peer.paused:
        return f"the link {link.handle} is paused by the other side"
    return f"the link {link.handle} rests: {', '.join(sorted(link.rest))}"
