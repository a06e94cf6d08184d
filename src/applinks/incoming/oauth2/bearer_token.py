"""An access token of ours in the Authorization header."""

from dataclasses import dataclass, field

from applinks.errors import RefusedError
from applinks.incoming.caller import Caller
from applinks.incoming.challenges import build_refusal, build_unavailable
from applinks.incoming.policy import (
    Hindrance,
    find_obstacle,
    list_application_scopes,
    list_user_scopes,
    note_early_call,
)
from applinks.incoming.rules import Rules
from applinks.incoming.side import IncomingSide
from applinks.incoming.store import FoundAccessToken
from applinks.records.scopes import Resource
from applinks.records.users import User
from applinks.secret import is_same_digest
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.token_format import ParsedToken, TokenKind, parse_token


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedToken:
    """All that a decision about a bearer value looks at."""

    parsed: ParsedToken | None
    found: FoundAccessToken | None = field(default=None, repr=False)
    user: User | None = field(default=None, repr=False)


class _BadTokenError(Exception):
    """Why the token is not good, for administrators."""


async def verify_bearer_token(text: str, *, url: str, side: IncomingSide) -> Caller:
    """
    Give the caller that a bearer value of ours proves.

    RFC 6750 §3.1, RFC 8707 §3, RFC 9068 §4.

    Raises:
        RefusedError: ``invalid_token``, or ``temporarily_unavailable`` while the link cannot be used.
    """
    loaded = await load_token(parse_token(text), side)
    found, now = loaded.found, side.clock.now()
    try:
        caller = decide_caller_again(loaded, url=url, now=now, side=side)
    except RefusedError as refusal:
        if found is None:
            raise
        if refusal.code == ErrorCode.TEMPORARILY_UNAVAILABLE:
            note_early_call(found.link, side)
        raise refusal.about(
            link_id=found.link.id, client=found.client.id, user_id=found.token.user_id or ""
        ) from refusal.__cause__
    if found is not None and found.grant is not None:
        side.usage.mark_grant(found.grant.id, now)
    return caller


def decide_caller_again(loaded: LoadedToken, *, url: str, now: int, side: IncomingSide) -> Caller:
    """
    Decide as `decide_caller`, or give what was decided while nothing of it has changed.

    Raises:
        RefusedError: as `verify_bearer_token` says.
    """
    found, user, resource = loaded.found, loaded.user, side.rules.find_resource_of(url)
    if found is None:
        return decide_caller(loaded, url=url, now=now, rules=side.rules)
    caller = side.decided.find(found, user=user, resource=resource, now=now)
    if caller is None:
        caller = decide_caller(loaded, url=url, now=now, rules=side.rules)
        side.decided.keep(found, user=user, resource=resource, caller=caller)
    return caller


def decide_caller(loaded: LoadedToken, *, url: str, now: int, rules: Rules) -> Caller:
    """
    Decide who calls, by what was loaded.

    The token is good only while its family, grant, client, link and user are, and only for its own resource.

    Raises:
        RefusedError: as `verify_bearer_token` says.
    """
    found, user = loaded.found, loaded.user
    resource = rules.find_resource_of(url)
    try:
        if found is None:
            raise _BadTokenError(_describe_unknown(loaded.parsed))
        _check_life(found, user, now)
        if resource is None or found.token.resource != resource.identifier:
            raise _BadTokenError(f"the token is for {found.token.resource}, not for this address")
        obstacle = find_obstacle(found.client, found.link)
        if obstacle is not None and obstacle.hindrance is not Hindrance.WAITING:
            raise _BadTokenError(obstacle.detail)
    except _BadTokenError as error:
        description = "The access token is not valid here, or not any more."
        raise build_refusal(ErrorCode.INVALID_TOKEN, description, url=url, rules=rules, detail=str(error)) from error
    if obstacle is not None:
        raise build_unavailable(obstacle.detail)
    return Caller(
        link=found.link,
        client=found.client,
        user=user,
        scopes=_list_scopes(found, resource, rules),
        resource=resource.identifier,
        protocol=found.client.protocol,
    )


async def load_token(parsed: ParsedToken | None, side: IncomingSide) -> LoadedToken:
    """Find the token that a bearer value is, prove it, and find its user."""
    if parsed is None or parsed.kind is not TokenKind.ACCESS:
        return LoadedToken(parsed=parsed)
    found = await side.store.find_access_token(parsed.row)
    if not is_same_digest(found.token.digest if found else None, parsed.digest) or found is None:
        return LoadedToken(parsed=parsed)
    user_id = found.token.user_id
    user = await side.users.find_active(user_id) if user_id is not None else None
    return LoadedToken(parsed=parsed, found=found, user=user)


def _describe_unknown(parsed: ParsedToken | None) -> str:
    if parsed is None:
        return "the value is cut off or changed: its checksum is wrong"
    if parsed.kind is not TokenKind.ACCESS:
        return f"it is no access token, but of kind {parsed.kind.name.lower()}"
    return "no access token of ours has this value"


def _check_life(found: FoundAccessToken, user: User | None, now: int) -> None:
    token = found.token
    if now >= token.expires_at:
        raise _BadTokenError("the token expired")
    if token.revoked_at or (found.family is not None and found.family.revoked_at):
        raise _BadTokenError("the token, or all that came of its code, was revoked")
    if found.grant is not None and found.grant.ended_at:
        raise _BadTokenError("the grant ended")
    if token.user_id is None:
        return
    if found.grant is None or found.family is None:
        raise _BadTokenError("the grant is gone")
    if user is None or user.id != token.user_id:
        raise _BadTokenError("the user is gone, or not active any more")


def _list_scopes(found: FoundAccessToken, resource: Resource, rules: Rules) -> frozenset[str]:
    if found.token.user_id is None:
        allowed = list_application_scopes(found.client, found.link, resource, rules)
    else:
        allowed = list_user_scopes(found.client, found.link, resource)
    return frozenset(allowed).intersection(found.token.scopes)
