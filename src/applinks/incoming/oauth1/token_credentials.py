"""Temporary credentials become token credentials, once; token credentials are renewed. Load, prove, decide, commit."""

from dataclasses import dataclass, field, replace
from typing import assert_never

from applinks.entropy import new_id
from applinks.errors import RefusedError
from applinks.incoming.issued_values import issue_value
from applinks.incoming.oauth1.callbacks import may_be_answered
from applinks.incoming.oauth1.problems import OAuth1RefusedError, refuse_absent
from applinks.incoming.oauth1.signed_request import FoundCredentials, VerifiedRequest, verify_signed_request
from applinks.incoming.oauth1.store import FoundTemporaryCredentials, FoundTokenCredentials
from applinks.incoming.oauth1.temporary_credentials import ANSWER_HEADERS, check_may_begin, make_secret
from applinks.incoming.policy import list_all_user_scopes, note_early_call
from applinks.incoming.rules import Rules
from applinks.incoming.side import IncomingSide
from applinks.records.audit import AuditEvent
from applinks.records.grants import Grant
from applinks.records.token_credentials import TokenCredentials
from applinks.records.tokens import Family
from applinks.records.users import User
from applinks.secret import Secret, digest_secret, is_same_digest
from applinks.wire.base64url import format_base64url
from applinks.wire.http import Request, Response
from applinks.wire.oauth1.credentials import TokenCredentialsAnswer, format_token_credentials
from applinks.wire.oauth1.problems import Problem
from applinks.wire.token_format import TokenKind

_HANDLE_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Issue the first token credentials of a consent."""

    found: FoundTemporaryCredentials
    grant: Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Renew:
    """Replace token credentials; the session handle stays, because clients keep the first."""

    found: FoundTokenCredentials
    handle: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """Temporary credentials were exchanged again: end all that they yielded, and refuse."""

    found: FoundTemporaryCredentials
    refusal: RefusedError


Decision = Issue | Renew | Revoke


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedExchange:
    """All that a decision looks at; ``user`` is whose access it is, if she is there and active."""

    verified: VerifiedRequest
    credentials: FoundCredentials | None = field(repr=False)
    user: User | None = field(repr=False)

    def get(self, name: str) -> str:
        """Give an OAuth parameter of the request; empty: it has none."""
        return self.verified.signed.unverified.get(name, "")


async def answer_token_credentials_request(request: Request, *, source: str, side: IncomingSide) -> Response:
    """
    Answer a request for token credentials, or for their renewal.

    RFC 5849 §2.3; OAuth Session Extension.

    Raises:
        OAuth1RefusedError: with the problem.
        RefusedError: ``temporarily_unavailable`` while the link cannot be used; ``too_many_requests``.
    """
    verified = await verify_signed_request(request, source=source, side=side)
    credentials = verified.credentials
    try:
        for _ in range(2):
            loaded = await _load(verified, credentials, side)
            decision = decide_exchange(loaded, now=side.clock.now(), rules=side.rules)
            answer = await _commit(decision, side)
            if answer is not None:
                body = format_token_credentials(answer).encode("ascii")
                return Response(status=200, headers=ANSWER_HEADERS, body=body)
            # What was lost is decided again once, and then it is seen as used.
            credentials = await _find_again(credentials, side)
    except RefusedError as refusal:
        note_early_call(verified.found.link, side)
        raise verified.note(refusal) from refusal.__cause__
    detail = "the credentials could not be claimed, and are not seen as used"
    raise verified.note(RefusedError("Try again.", code="temporarily_unavailable", status=503, detail=detail))


def decide_exchange(loaded: LoadedExchange, *, now: int, rules: Rules) -> Decision:
    """
    Decide about credentials that a proved client shows.

    RFC 5849 §2.3, §4.

    Everything that can be wrong with the request leaves the credentials as they were; temporary ones that were
    exchanged before end what they yielded then, whoever of the two was the thief.

    Raises:
        RefusedError: as `answer_token_credentials_request` says.
    """
    if not loaded.verified.shows_token:
        raise refuse_absent("oauth_token")
    match loaded.credentials:
        case FoundTemporaryCredentials() as temporary:
            return _decide_issue(loaded, temporary, now, rules)
        case FoundTokenCredentials() as current:
            return _decide_renewal(loaded, current, now, rules)
        case None:
            raise OAuth1RefusedError(Problem.TOKEN_REJECTED, detail="oauth_token is none of this client")
        case _:
            assert_never(loaded.credentials)


def _decide_issue(loaded: LoadedExchange, found: FoundTemporaryCredentials, now: int, rules: Rules) -> Decision:
    credentials = found.credentials
    if credentials.claimed_at:
        detail = f"used before; all that they yielded ({credentials.family_id}) is revoked"
        return Revoke(found=found, refusal=OAuth1RefusedError(Problem.TOKEN_USED, detail=detail))
    if now >= credentials.expires_at:
        raise OAuth1RefusedError(Problem.TOKEN_EXPIRED, detail="the temporary credentials expired")
    if not credentials.decided_at:
        raise OAuth1RefusedError(Problem.PERMISSION_UNKNOWN, detail="no user has decided about them yet")
    if found.grant is None:
        raise OAuth1RefusedError(Problem.PERMISSION_DENIED, detail="the user said no")
    if not may_be_answered(credentials.callback, found.client):
        raise OAuth1RefusedError(Problem.PERMISSION_DENIED, detail="the way in which it was answered was taken back")
    if not credentials.is_dialect_1_0:
        _check_verifier(loaded.get("oauth_verifier"), credentials.oauth_verifier)
    _check_may_have(loaded, found.grant, found.credentials.user_id, rules)
    return Issue(found=found, grant=found.grant)


def _decide_renewal(loaded: LoadedExchange, found: FoundTokenCredentials, now: int, rules: Rules) -> Decision:
    credentials, handle = found.credentials, loaded.get("oauth_session_handle")
    if not handle:
        raise refuse_absent("oauth_session_handle", detail="a token is renewed by its session handle")
    if not is_same_digest(credentials.session_handle, digest_secret(handle)):
        raise OAuth1RefusedError(Problem.TOKEN_REJECTED, detail="the session handle is another")
    if found.family.revoked_at:
        raise OAuth1RefusedError(Problem.TOKEN_REVOKED, detail="all that came of the consent was revoked")
    if credentials.superseded_at:
        raise OAuth1RefusedError(Problem.TOKEN_REJECTED, detail="the token was renewed before, which ended it")
    if now >= credentials.session_expires_at:
        raise OAuth1RefusedError(
            Problem.PERMISSION_DENIED, detail="the session is over; the user has to be asked again"
        )
    _check_may_have(loaded, found.grant, credentials.user_id, rules)
    return Renew(found=found, handle=Secret(handle))


def _check_verifier(oauth_verifier: str, digest: bytes) -> None:
    if not oauth_verifier:
        raise refuse_absent("oauth_verifier")
    # One that was typed may come in small letters, and with what was pasted around it.
    tried = (oauth_verifier, oauth_verifier.strip().upper())
    if not any(is_same_digest(digest, digest_secret(each)) for each in tried):
        raise OAuth1RefusedError(Problem.TOKEN_REJECTED, detail="oauth_verifier is another")


def _check_may_have(loaded: LoadedExchange, grant: Grant, user_id: str, rules: Rules) -> None:
    client, link = loaded.verified.found.client, loaded.verified.found.link
    if grant.ended_at:
        raise OAuth1RefusedError(Problem.TOKEN_REVOKED, detail="the grant ended")
    check_may_begin(client, link)
    if loaded.user is None or loaded.user.id != user_id:
        detail = f"the user {user_id} is gone, or not active any more"
        raise OAuth1RefusedError(Problem.PERMISSION_DENIED, detail=detail)
    if not {scope.name for scope in list_all_user_scopes(client, link, rules)} & set(grant.scopes):
        detail = f"the link {link.handle} allows nothing of what was granted"
        raise OAuth1RefusedError(Problem.PERMISSION_DENIED, detail=detail)


async def _load(verified: VerifiedRequest, credentials: FoundCredentials | None, side: IncomingSide) -> LoadedExchange:
    user_id = credentials.credentials.user_id if credentials is not None else ""
    user = await side.users.find_active(user_id) if user_id else None
    return LoadedExchange(verified=verified, credentials=credentials, user=user)


async def _find_again(credentials: FoundCredentials | None, side: IncomingSide) -> FoundCredentials | None:
    match credentials:
        case FoundTemporaryCredentials():
            return await side.oauth1.find_temporary_credentials(credentials.credentials.row)
        case FoundTokenCredentials():
            return await side.oauth1.find_token_credentials(credentials.credentials.row)
        case None:
            return None


async def _commit(decision: Decision, side: IncomingSide) -> TokenCredentialsAnswer | None:
    """Do what was decided, and give the answer; None: what was to be claimed was claimed meanwhile."""
    match decision:
        case Issue():
            return await _issue(decision, side)
        case Renew():
            return await _renew(decision, side)
        case Revoke():
            await _revoke(decision, side)
            raise decision.refusal
        case _:
            assert_never(decision)


async def _issue(decision: Issue, side: IncomingSide) -> TokenCredentialsAnswer | None:
    now, lifetimes = side.clock.now(), side.rules.lifetimes
    temporary, grant = decision.found.credentials, decision.grant
    session_expires_at = now + lifetimes.token_session_seconds
    family = Family(
        id=new_id(side.entropy, "fam"), grant_id=grant.id, created_at=now, absolute_expires_at=session_expires_at
    )
    value, secret = issue_value(TokenKind.TOKEN_CREDENTIALS, side=side), make_secret(side)
    handle = format_base64url(side.entropy.random_bytes(_HANDLE_BYTES))
    credentials = TokenCredentials(
        row=value.row,
        digest=value.digest,
        secret=secret,
        client=temporary.client,
        grant_id=grant.id,
        family_id=family.id,
        user_id=temporary.user_id,
        scopes=grant.scopes,
        resource=grant.resource,
        session_handle=digest_secret(handle),
        session_expires_at=session_expires_at,
        issued_at=now,
        expires_at=min(now + lifetimes.token_credentials_seconds, session_expires_at),
    )
    is_ours = await side.oauth1.exchange_temporary_credentials(
        temporary.row, at=now, family=family, credentials=credentials
    )
    return _build_answer(credentials, value.text, handle, now) if is_ours else None


async def _renew(decision: Renew, side: IncomingSide) -> TokenCredentialsAnswer | None:
    now, current = side.clock.now(), decision.found.credentials
    value, secret = issue_value(TokenKind.TOKEN_CREDENTIALS, side=side), make_secret(side)
    successor = replace(
        current,
        row=value.row,
        digest=value.digest,
        secret=secret,
        issued_at=now,
        expires_at=min(now + side.rules.lifetimes.token_credentials_seconds, current.session_expires_at),
    )
    is_ours = await side.oauth1.renew_token_credentials(current.row, at=now, successor=successor)
    return _build_answer(successor, value.text, decision.handle.reveal(), now) if is_ours else None


async def _revoke(decision: Revoke, side: IncomingSide) -> None:
    now, found = side.clock.now(), decision.found
    family_id = found.credentials.family_id
    event = AuditEvent(
        id=new_id(side.entropy, "evt"),
        at=now,
        actor=f"peer:{found.client.client_id}",
        action="family.revoked",
        subject=family_id,
        link_id=found.link.id,
        detail={"replayed": "temporary_credentials"},
    )
    await side.store.revoke_family(family_id, at=now, event=event)


def _build_answer(credentials: TokenCredentials, token: str, handle: str, now: int) -> TokenCredentialsAnswer:
    return TokenCredentialsAnswer(
        token=token,
        secret=credentials.secret,
        expires_in=credentials.expires_at - now,
        session_handle=handle,
        session_expires_in=credentials.session_expires_at - now,
    )
