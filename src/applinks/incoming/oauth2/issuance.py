"""Making what we issue: the value that is seen once, and the record that is kept."""

from dataclasses import dataclass

import msgspec

from applinks.incoming.issued_values import IssuedValue, issue_value
from applinks.incoming.oauth2.token_decisions import Issue
from applinks.incoming.side import IncomingSide
from applinks.records.tokens import AccessToken, Family, RefreshToken
from applinks.secret import Secret
from applinks.wire.oauth2.messages import TokenAnswer, build_token_answer
from applinks.wire.token_format import TokenKind


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """The records to store, and the answer that carries their values."""

    access_token: AccessToken
    refresh_token: RefreshToken | None
    answer: Secret


def issue_tokens(decision: Issue, *, now: int, side: IncomingSide) -> IssuedTokens:
    """
    Make the tokens that were decided.

    RFC 6749 §5.1.

    ``scope`` is what they open now; it is left out where that is nothing, because the grammar has no empty scope.
    """
    access, access_token = _issue_access_token(decision, now=now, side=side)
    refresh, refresh_token = None, None
    if decision.refresh_scopes is not None and decision.family is not None:
        refresh, refresh_token = _issue_refresh_token(decision, decision.family, now=now, side=side)
    answer = TokenAnswer(
        access_token=access.text,
        expires_in=access_token.expires_at - now,
        refresh_token=refresh.text if refresh is not None else None,
        scopes=decision.shown or None,
    )
    return IssuedTokens(
        access_token=access_token,
        refresh_token=refresh_token,
        answer=Secret(msgspec.json.encode(build_token_answer(answer)).decode()),
    )


def _issue_access_token(decision: Issue, *, now: int, side: IncomingSide) -> tuple[IssuedValue, AccessToken]:
    value = issue_value(TokenKind.ACCESS, side=side)
    expires_at = now + side.rules.lifetimes.access_token_seconds
    if decision.family is not None:
        expires_at = min(expires_at, decision.family.absolute_expires_at)
    token = AccessToken(
        row=value.row,
        digest=value.digest,
        client=decision.client.id,
        grant_id=decision.grant_id,
        family_id=decision.family.id if decision.family is not None else "",
        user_id=decision.user_id,
        scopes=decision.scopes,
        resource=decision.resource,
        issued_at=now,
        expires_at=expires_at,
    )
    return value, token


def _issue_refresh_token(
    decision: Issue, family: Family, *, now: int, side: IncomingSide
) -> tuple[IssuedValue, RefreshToken]:
    value = issue_value(TokenKind.REFRESH, side=side)
    token = RefreshToken(
        row=value.row,
        digest=value.digest,
        client=decision.client.id,
        grant_id=decision.grant_id,
        family_id=family.id,
        user_id=decision.user_id or "",
        scopes=decision.refresh_scopes or (),
        resource=decision.resource,
        issued_at=now,
        idle_expires_at=min(now + side.rules.lifetimes.refresh_idle_seconds, family.absolute_expires_at),
    )
    return value, token
