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
from applinks.incoming.oauth1.problems import OAuth1RefusedError, get_as_sent, refuse_malformed
from applinks.incoming.rules import Rules
from applinks.incoming.side import IncomingSide
from applinks.records.clients import Client, GrantType
from applinks.records.links import Link, LinkState
from applinks.records.scopes import ADMIN_SCOPE, CHECK_SCOPE, OFFLINE_SCOPE, Resource, Scope
from applinks.wire.forms import collect_form
from applinks.wire.http import Request
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.parameters import MalformedSignedRequestError, is_signed
from applinks.wire.oauth1.problems import Problem
from applinks.wire.oauth1.signed_request import parse_signed_request
from applinks.wire.oauth2.error_codes import ErrorCode


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
    if not link.incoming.is_enabled or client.protocol not in link.incoming.protocols:
        detail = f"incoming calls of the link {link.handle} are switched off, or not by {client.protocol}"
        return Obstacle(hindrance=Hindrance.SWITCHED_OFF, detail=detail)
    return None


def note_early_call(link: Link, side: IncomingSide) -> None:
    """Have a statement sent where a refused call met a link that the peer may hold for in force, and we do not yet."""
    if side.hear_early_call is not None and link.state in {LinkState.CONFIRMING, LinkState.APPROVED}:
        side.hear_early_call(link)


def may_use(client: Client, grant_type: GrantType) -> bool:
    """Whether the client may obtain tokens in this way; a public one never for itself."""
    if grant_type is GrantType.CLIENT_CREDENTIALS and client.is_public:
        return False
    return grant_type in client.grant_types


def list_user_scopes(client: Client, link: Link, resource: Resource) -> tuple[str, ...]:
    """
    Give what users may let the client do at a resource now, in the order in which the host declares it.

    Administering links is for a client by hand alone, whose record names it.
    """
    allowed = set(client.scopes) & set(link.incoming.in_use.user_scopes)
    if not link.is_by_hand:
        allowed.discard(ADMIN_SCOPE)
    return tuple([scope.name for scope in resource.scopes if scope.name in allowed])


def list_all_user_scopes(client: Client, link: Link, rules: Rules) -> tuple[Scope, ...]:
    """Give what users may let the client do here now, at all resources together: OAuth 1.0a names none of them."""
    found: dict[str, Scope] = {}
    for resource in rules.resources:
        allowed = set(list_user_scopes(client, link, resource))
        found.update({scope.name: scope for scope in resource.scopes if scope.name in allowed - found.keys()})
    return tuple(found.values())


def list_application_scopes(client: Client, link: Link, resource: Resource, rules: Rules) -> tuple[str, ...]:
    """
    Give what the client may do for itself at a resource now.

    The peer of a link in force may always make its test call, whatever was agreed.
    """
    allowed = set(client.application_scopes) & set(link.incoming.in_use.application_scopes)
    names = tuple([scope.name for scope in resource.scopes if scope.application and scope.name in allowed])
    if client.is_peer and link.state is LinkState.IN_FORCE and resource.identifier == rules.issuer:
        return (*names, CHECK_SCOPE)
    return names


def may_impersonate(client: Client, link: Link) -> bool:
    """
    Whether the client may name the user as whom it calls.

    Security O1-06. Of a peer by handshake the level of the link alone decides, which both administrators approved.
    """
    if client.oauth1 is None or link.incoming.level is not Level.IMPERSONATION:
        return False
    return client.is_peer or client.oauth1.impersonation


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
    own = tuple(name for name in allowed if name not in {CHECK_SCOPE, ADMIN_SCOPE})
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
    if caller is None:
        _refuse_token_in_query(request.url, side.rules)
        raise _refuse_stranger(request, tuple(scope.split()), side)
    check_known_caller_may(caller, scope, user_needed=user_needed, url=request.url, side=side)


def check_known_caller_may(caller: Caller, scope: str, *, user_needed: bool, url: str, side: IncomingSide) -> None:
    """
    Check that somebody whom we know may use a route, as `check_caller_may`; of the request the URL is enough.

    Raises:
        RefusedError: with the challenge that fits.
    """
    rules, needed = side.rules, tuple(scope.split())
    _refuse_token_in_query(url, rules)
    if caller.client.oauth1 is not None:
        _check_oauth1_caller(caller, needed, user_needed=user_needed)
        return
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


def _check_oauth1_caller(caller: Caller, needed: tuple[str, ...], *, user_needed: bool) -> None:
    """Check a caller who would not understand the challenges of OAuth 2."""
    who = f"the client {caller.client.client_id} of the link {caller.link.handle}"
    if missing := [name for name in needed if name not in caller.scopes]:
        raise OAuth1RefusedError(Problem.PERMISSION_DENIED, detail=f"{who} lacks {' '.join(missing)}")
    if user_needed and caller.user is None:
        raise OAuth1RefusedError(Problem.PERMISSION_DENIED, detail=f"{who} called for itself")


def _refuse_stranger(request: Request, needed: tuple[str, ...], side: IncomingSide) -> RefusedError:
    """Answer a request that carried no credentials, or credentials that are not ours."""
    rules = side.rules
    if is_signed(get_as_sent(request)):
        return _refuse_unknown_client(request, side)
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


def _refuse_unknown_client(request: Request, side: IncomingSide) -> RefusedError:
    """Answer a request with the credentials of OAuth 1.0a that no client of ours signed, by the problem that fits."""
    try:
        client = parse_signed_request(get_as_sent(request)).unverified_client
    except MalformedSignedRequestError as error:
        return refuse_malformed(error, now=side.clock.now())
    return OAuth1RefusedError(Problem.CONSUMER_KEY_UNKNOWN, detail=f"unknown oauth_consumer_key {client[:200]!r}")


def _refuse_token_in_query(url: str, rules: Rules) -> None:
    query = url.partition("?")[2]
    if not query:
        return
    form = collect_form(query)
    if "access_token" in {name for name, _ in form} | set(form.faults):
        description = "The access token belongs into the Authorization header, not into the query."
        raise build_refusal(ErrorCode.INVALID_REQUEST, description, url=url, rules=rules)


def _describe_wait(link: Link) -> str:
    if link.state is not LinkState.IN_FORCE:
        return f"the link {link.handle} is {link.state.value}, not in force yet"
    if link.pause is not None:
        return f"the link {link.handle} is paused here"
    if link.peer.paused:
        return f"the link {link.handle} is paused by the other side"
    return f"the link {link.handle} rests: {', '.join(sorted(link.rest))}"
