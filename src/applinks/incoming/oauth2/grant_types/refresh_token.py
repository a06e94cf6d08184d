"""A refresh token becomes the next one."""

from dataclasses import dataclass, field

from applinks.incoming.oauth2.token_decisions import (
    Decision,
    Issue,
    Refuse,
    Repeat,
    Revoke,
    find_other_target,
    find_refusal,
    list_shown,
    refuse_grant,
    refuse_scope,
)
from applinks.incoming.rules import Rules
from applinks.incoming.side import IncomingSide
from applinks.incoming.store import FoundClient, FoundRefreshToken
from applinks.records.clients import GrantType
from applinks.records.scopes import OFFLINE_SCOPE
from applinks.records.tokens import RefreshToken
from applinks.records.users import User
from applinks.secret import is_same_digest
from applinks.wire.oauth2.messages import Refresh
from applinks.wire.token_format import TokenKind, parse_token


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRefreshToken:
    """
    The token with all that it hangs on, if the value was proved; and its user, if she is active.

    Attributes:
        successor: the token that superseded it, if one did and is still stored.
    """

    found: FoundRefreshToken | None = field(default=None, repr=False)
    successor: RefreshToken | None = field(default=None, repr=False)
    user: User | None = field(default=None, repr=False)


async def load_refresh_token(asked: Refresh, side: IncomingSide) -> LoadedRefreshToken:
    """Find the token that the request names, prove it, and find what superseded it."""
    parsed = parse_token(asked.refresh_token)
    if parsed is None or parsed.kind is not TokenKind.REFRESH:
        return LoadedRefreshToken()
    found = await side.store.find_refresh_token(parsed.row)
    if not is_same_digest(found.token.digest if found else None, parsed.digest) or found is None:
        return LoadedRefreshToken()
    user = await side.users.find_active(found.token.user_id)
    if not found.token.superseded_at:
        return LoadedRefreshToken(found=found, user=user)
    successor = await side.store.find_refresh_token(found.token.successor_row)
    return LoadedRefreshToken(found=found, user=user, successor=successor.token if successor is not None else None)


def decide_refresh(
    asked: Refresh, client: FoundClient, loaded: LoadedRefreshToken, *, now: int, rules: Rules
) -> Decision:
    """
    Decide about a refresh token that a proved client presents.

    RFC 6749 §6, RFC 9700 §4.14.2.

    Looser than RFC 9700 §4.14.2: a token that was superseded a moment ago gets the same answer again, because a client
    whose connection broke, or that asks from several processes, has to go on. Any other use of a superseded token
    ends the family.
    """
    found = loaded.found
    if found is None:
        return refuse_grant("no refresh token of ours has this value")
    token = found.token
    hindered = (
        _find_misuse(loaded, found, client, now=now, rules=rules)
        or _find_end(found, loaded.user, now)
        or find_other_target(asked.resource, token.resource, rules)
        or find_refusal(client, GrantType.REFRESH_TOKEN)
    )
    if hindered is not None:
        return hindered
    named = set(asked.scopes or ()) - {OFFLINE_SCOPE}
    if not named <= set(token.scopes):
        return refuse_scope(asked.scopes or (), token.scopes)
    scopes = tuple(name for name in token.scopes if name in named) if named else token.scopes
    return _decide_repeat(token, scopes) if token.superseded_at else _decide_issue(found, client, scopes, rules)


def _decide_issue(found: FoundRefreshToken, client: FoundClient, scopes: tuple[str, ...], rules: Rules) -> Decision:
    token = found.token
    shown = list_shown(scopes, token.resource, client, rules)
    if not shown:
        return refuse_scope(scopes, ())
    return Issue(
        client=client.client,
        user_id=token.user_id,
        grant_id=token.grant_id,
        resource=token.resource,
        scopes=scopes,
        shown=shown,
        family=found.family,
        refresh_scopes=token.scopes,
    )


def _find_misuse(
    loaded: LoadedRefreshToken, found: FoundRefreshToken, client: FoundClient, *, now: int, rules: Rules
) -> Decision | None:
    """Tell whether the token is another client's, revoked, or was superseded too long ago."""
    token = found.token
    if token.client != client.client.id:
        return refuse_grant(f"the refresh token was issued to the client {found.client.client_id}")
    if found.family.revoked_at:
        return refuse_grant("all that came of its code was revoked")
    if token.superseded_at and not _is_in_window(loaded, now, rules):
        detail = f"the refresh token was superseded before; its family ({token.family_id}) is revoked"
        return Revoke(family_id=token.family_id, replayed="refresh token", refusal=refuse_grant(detail))
    return None


def _is_in_window(loaded: LoadedRefreshToken, now: int, rules: Rules) -> bool:
    """Whether the token is the immediate predecessor of the current one, superseded a moment ago."""
    found, successor = loaded.found, loaded.successor
    if found is None or successor is None or successor.superseded_at:
        return False
    return now - found.token.superseded_at <= rules.lifetimes.rotation_window_seconds


def _decide_repeat(token: RefreshToken, scopes: tuple[str, ...]) -> Decision:
    if set(scopes) != set(token.successor_scopes):
        return refuse_grant("the refresh token was superseded a moment ago, by a request for another scope")
    if token.successor is None:
        return refuse_grant("the refresh token was superseded, and its answer is not kept any more")
    return Repeat(answer=token.successor)


def _find_end(found: FoundRefreshToken, user: User | None, now: int) -> Refuse | None:
    if found.grant.ended_at:
        return refuse_grant("the grant ended")
    if user is None:
        return refuse_grant(f"the user {found.token.user_id} is gone, or not active any more")
    if now >= found.token.idle_expires_at:
        return refuse_grant("the refresh token was not used for too long")
    if now >= found.family.absolute_expires_at:
        return refuse_grant("the time is over for which this can be renewed")
    return None
