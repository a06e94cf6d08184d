"""A call to the host by a client of OAuth 1.0a: for a user who let it, for itself, or as a user whom it names."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from applinks.errors import RefusedError
from applinks.incoming.caller import Caller
from applinks.incoming.challenges import build_unavailable
from applinks.incoming.oauth1.problems import OAuth1RefusedError, refuse_parameter
from applinks.incoming.oauth1.signed_request import VerifiedRequest, verify_signed_request
from applinks.incoming.oauth1.store import FoundTokenCredentials, get_oauth1
from applinks.incoming.policy import (
    Hindrance,
    find_obstacle,
    list_application_scopes,
    list_user_scopes,
    may_impersonate,
    note_early_call,
)
from applinks.incoming.rules import Rules
from applinks.incoming.side import IncomingSide
from applinks.incoming.store import FoundClient
from applinks.records.scopes import Resource
from applinks.records.users import Role, User
from applinks.wire.http import Request
from applinks.wire.oauth1.encoding import MalformedEncodingError, decode, encode_form
from applinks.wire.oauth1.parameters import OLDER_REQUESTOR, REQUESTOR
from applinks.wire.oauth1.problems import Problem

_PRIVILEGED = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCall:
    """
    A proved call, with all that a decision about it looks at.

    Attributes:
        requestor: the user whom it names; None: it names none.
        user: that user, or whom it calls for or as, if she is there and active.
    """

    verified: VerifiedRequest
    requestor: str | None
    user: User | None = field(repr=False)


async def verify_signed_call(
    request: Request, *, source: str, side: IncomingSide, signer: FoundClient | None = None
) -> Caller:
    """
    Give the caller that a signed request proves.

    RFC 5849 §3.2.

    ``signer`` is whom it names, if that was looked up just now.

    Raises:
        OAuth1RefusedError: with the problem.
        RefusedError: ``temporarily_unavailable`` while the link cannot be used; ``too_many_requests``.
    """
    verified = await verify_signed_request(request, source=source, side=side, signer=signer)
    try:
        loaded = await load_call(verified, request.signed_url, side)
        caller = decide_caller(loaded, url=request.url, now=side.clock.now(), rules=side.rules)
    except RefusedError as refusal:
        note_early_call(verified.found.link, side)
        raise verified.note(refusal) from refusal.__cause__
    if isinstance(verified.credentials, FoundTokenCredentials):
        side.usage.mark_grant(verified.credentials.grant.id, side.clock.now())
    return caller


async def load_call(verified: VerifiedRequest, url: str, side: IncomingSide) -> LoadedCall:
    """
    Find the user of a call.

    Raises:
        OAuth1RefusedError: it names several users, or one elsewhere than in the query.
    """
    requestor = _find_requestor(verified, url)
    user: User | None = None
    if isinstance(verified.credentials, FoundTokenCredentials):
        user = await side.users.find_active(verified.credentials.credentials.user_id)
    elif not verified.shows_token and requestor is not None:
        user = await side.users.find_by_name(requestor) if requestor else None
    elif not verified.shows_token and (execute_as := get_oauth1(verified.found.client).execute_as):
        user = await side.users.find_active(execute_as)
    return LoadedCall(verified=verified, requestor=requestor, user=user)


def decide_caller(loaded: LoadedCall, *, url: str, now: int, rules: Rules) -> Caller:
    """
    Decide who calls, by what was loaded.

    OAuth 1.0a has no way to name a resource: what a user granted counts here wherever its scopes are declared.

    Raises:
        RefusedError: as `verify_signed_call` says.
    """
    client, link = loaded.verified.found.client, loaded.verified.found.link
    obstacle = find_obstacle(client, link)
    if obstacle is not None and obstacle.hindrance is Hindrance.WAITING:
        raise build_unavailable(obstacle.detail)
    if obstacle is not None:
        raise OAuth1RefusedError(Problem.PERMISSION_DENIED, detail=obstacle.detail)
    resource = rules.find_resource_of(url) or rules.host
    user: User | None
    scopes: Iterable[str]
    if loaded.verified.shows_token:
        user, scopes = _decide_three_legs(loaded, resource, now)
    elif loaded.requestor is not None:
        user, scopes = _decide_impersonation(loaded, resource)
    else:
        user, scopes = _decide_two_legs(loaded, resource, rules)
    return Caller(
        link=link,
        client=client,
        user=user,
        scopes=frozenset(scopes),
        resource=resource.identifier,
        protocol=client.protocol,
    )


def _decide_three_legs(loaded: LoadedCall, resource: Resource, now: int) -> tuple[User, frozenset[str]]:
    """
    Look at the token and all that it hangs on.

    RFC 5849 §3.2.
    """
    found, user = loaded.verified.credentials, loaded.user
    if loaded.requestor is not None:
        raise _deny("the call shows a token and names another user")
    if not get_oauth1(loaded.verified.found.client).three_legged:
        raise _deny(f"the client {loaded.verified.found.client.client_id} may not call for users any more")
    if not isinstance(found, FoundTokenCredentials):
        raise OAuth1RefusedError(Problem.TOKEN_REJECTED, detail="oauth_token names no token credentials of this client")
    credentials = found.credentials
    if found.family.revoked_at or found.grant.ended_at:
        raise OAuth1RefusedError(Problem.TOKEN_REVOKED, detail="the grant ended, or all that came of it was revoked")
    if credentials.superseded_at:
        raise OAuth1RefusedError(Problem.TOKEN_REJECTED, detail="the token was renewed, which ended it")
    if now >= credentials.expires_at:
        raise OAuth1RefusedError(Problem.TOKEN_EXPIRED, detail="the token expired; its session handle renews it")
    if user is None or user.id != credentials.user_id:
        raise _deny(f"the user {credentials.user_id} is gone, or not active any more")
    allowed = list_user_scopes(found.client, found.link, resource)
    return user, frozenset(allowed).intersection(credentials.scopes)


def _decide_impersonation(loaded: LoadedCall, resource: Resource) -> tuple[User, tuple[str, ...]]:
    """
    Say whether the client may call as the user whom it names.

    Security O1-06. One that there is not and one whom it must not reach are answered alike.
    """
    client, link = loaded.verified.found.client, loaded.verified.found.link
    oauth1, user = get_oauth1(loaded.verified.found.client), loaded.user
    if not may_impersonate(client, link):
        raise _deny(f"the client {client.client_id} of the link {link.handle} may not name a user")
    if user is None:
        raise _deny(f"there is no active user named {(loaded.requestor or '')[:100]!r}")
    is_privileged = oauth1.protects_administrators and user.role in _PRIVILEGED
    if is_privileged or user.id in oauth1.protected_users or not user.groups.isdisjoint(oauth1.protected_groups):
        raise _deny(f"the user {user.id} is protected from impersonation by the client {client.client_id}")
    return user, list_user_scopes(client, link, resource)


def _decide_two_legs(loaded: LoadedCall, resource: Resource, rules: Rules) -> tuple[User | None, tuple[str, ...]]:
    """Say as whom the client calls without a token: a peer by handshake as itself, another as one user."""
    client, link = loaded.verified.found.client, loaded.verified.found.link
    oauth1, user = get_oauth1(loaded.verified.found.client), loaded.user
    if client.is_peer:
        return None, list_application_scopes(client, link, resource, rules)
    if not oauth1.two_legged or not oauth1.execute_as:
        raise _deny(f"the client {client.client_id} may not call without a token")
    if user is None or user.id != oauth1.execute_as:
        raise _deny(f"the user {oauth1.execute_as}, as whom the client {client.client_id} calls, is gone or not active")
    if user.role is Role.ADMINISTRATOR:
        raise _deny(f"the user {user.id}, as whom the client {client.client_id} calls, is an administrator")
    return user, list_user_scopes(client, link, resource)


def _find_requestor(verified: VerifiedRequest, url: str) -> str | None:
    """
    Give the user whom the query names; it is signed as the whole query is.

    The older name is also a parameter of many an API: it counts only where it can mean this.
    """
    pairs = encode_form(url.partition("?")[2])
    for name in (REQUESTOR, OLDER_REQUESTOR):
        named = [value for key, value in pairs if key == name]
        if name == OLDER_REQUESTOR and (verified.shows_token or not _may_name_users(verified)):
            return None
        if len(named) > 1:
            raise refuse_parameter(name, detail=f"{name} occurs more than once")
        if named:
            return _decode(name, named[0])
        if name == REQUESTOR and _is_named_elsewhere(verified.signed.base_string):
            # Whoever thinks that it calls as somebody else is not to call as itself.
            raise refuse_parameter(name, detail=f"{name} stands in the header or the form: its place is the query")
    return None


def _is_named_elsewhere(base_string: str) -> bool:
    """Whether the newer name is signed at all; an equals sign in a value is escaped twice there."""
    return f"&{REQUESTOR}%3D" in base_string or f"%26{REQUESTOR}%3D" in base_string


def _may_name_users(verified: VerifiedRequest) -> bool:
    return may_impersonate(verified.found.client, verified.found.link)


def _decode(name: str, value: str) -> str:
    try:
        text = decode(value)
    except MalformedEncodingError as error:
        raise refuse_parameter(name, detail=f"{name}: {error}") from error
    if "\0" in text:
        raise refuse_parameter(name, detail=f"{name}: holds NUL")
    return text


def _deny(detail: str) -> OAuth1RefusedError:
    return OAuth1RefusedError(Problem.PERMISSION_DENIED, detail=detail)
