"""
What the two ends of a link say to each other: statements, asked for and answered.

Handshake §2, §3 step 5, §4.
"""

from dataclasses import dataclass

from applinks.entropy import new_id
from applinks.errors import PeerError, PeerProtocolError, PeerRefusedError, RefusedError
from applinks.limits import Limit
from applinks.linking.changes import change_link
from applinks.linking.errors import LinkingError
from applinks.linking.events import Hear, StatementFailed, Tick
from applinks.linking.keys import verify_from_peer
from applinks.linking.repeats import get_allows, is_attempt_due
from applinks.linking.side import LinkingSide
from applinks.linking.test_call import run_test_call
from applinks.records.links import EndReason, Link, LinkState, is_link_id
from applinks.wire.headers import parse_content_type
from applinks.wire.http import Request, Response
from applinks.wire.jose import JoseError, UnverifiedJwt, parse_jwt
from applinks.wire.linking.messages import (
    STATEMENT_LIFETIME,
    STATEMENT_TYP,
    MalformedMessageError,
    check_common_claims,
    check_parties,
)
from applinks.wire.linking.statement import (
    UNKNOWN,
    PendingState,
    SaidAgreed,
    SaidPending,
    Statement,
    StatementState,
    build_statement,
    parse_statement,
)

_JWT_TYPE = "application/jwt"
_STATEMENT_TYPS = frozenset({STATEMENT_TYP})
# A link comes into force in five exchanges; more in one go means that something is wrong, and upkeep goes on.
_MOST_ROUNDS = 8
_SAID_REASONS = {EndReason.EXPIRED: "expired", EndReason.NOT_HEARD: "not_heard"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addressed:
    """To whom a statement goes, in answer to what."""

    audience: str
    link_id: str
    in_reply_to: str = ""


async def answer_statement(request: Request, *, source: str = "", side: LinkingSide) -> Response:
    """
    Hear a peer's statement and answer with our own, signed.

    ``source`` is the address that it came from, for the limits.

    Raises:
        RefusedError: an unsigned refusal, which changes nothing.
    """
    jwt = _parse_request(request, side)
    claims = jwt.unverified_claims
    issuer, link_id = claims["iss"], claims.get("link")
    link = await side.store.find_link(link_id) if isinstance(link_id, str) and is_link_id(link_id) else None
    if link is None or link.is_by_hand or link.peer.url != issuer:
        await side.limits.count(Limit.STATEMENTS_OF_STRANGERS, source)
        return await _answer_about_unknown(jwt, side)
    await side.limits.count(Limit.STATEMENTS_OF_LINK, link.id, source)
    said = await _verify(jwt, link, source=source, side=side)
    decision = await change_link(link.id, Hear(statement=said, jitter=side.jitter()), side=side)
    if decision.link is None:
        raise LinkingError("unknown_link", detail=f"link {link.id} was deleted meanwhile", peer=issuer)
    to = _Addressed(audience=issuer, link_id=link.id, in_reply_to=said.jti)
    return _build_response(await _sign_statement(decision.link, to, side))


async def send_due(link_id: str, *, side: LinkingSide) -> Link | None:
    """
    Do what is due for a link now, until nothing is: deadlines, statements, the test call.

    Called after the answer by whoever changed a link, and by upkeep. Never raises for what the peer does.
    """
    link: Link | None = None
    for _ in range(_MOST_ROUNDS):
        now = side.clock.now()
        link = (await change_link(link_id, Tick(), side=side)).link
        if link is None:
            break
        if is_attempt_due(link.statement, now=now):
            await send_statement(link, side=side)
        elif is_attempt_due(link.test_call, now=now):
            await run_test_call(link, side=side)
        else:
            break
    if link is not None and link.ended_at:
        await side.fetcher.close_connections(link.id)
    return link


async def send_statement(link: Link, *, side: LinkingSide) -> Link | None:
    """Tell the peer how the link stands here, and hear its reply; give the link as it is then."""
    try:
        said = await _ask(link, side)
        decision = await change_link(link.id, Hear(statement=said, asked=True, jitter=side.jitter()), side=side)
    except (PeerError, RefusedError) as error:
        await side.failures.record(error, place="statement", link_id=link.id, client=link.peer.url)
        decision = await change_link(link.id, StatementFailed(jitter=side.jitter()), side=side)
    return decision.link


async def _ask(link: Link, side: LinkingSide) -> Statement:
    text = await _sign_statement(link, _Addressed(audience=link.peer.url, link_id=link.id), side)
    jti = parse_jwt(text, limit=side.settings.sizes.protocol_body, typ=_STATEMENT_TYPS).unverified_claims["jti"]
    request = Request(
        method="POST",
        url=link.peer.manifest["link_statement_endpoint"],
        headers=(("Content-Type", _JWT_TYPE), ("Accept", _JWT_TYPE)),
        body=text.encode("ascii"),
    )
    response = await side.fetcher.fetch(
        request, private=link.private_address, key=link.id, limit=side.settings.sizes.protocol_body
    )
    jwt = _parse_reply(response, link, side)
    said = await _verify(jwt, link, source="reply", side=side)
    # A reply to another question, however genuine, says nothing about now.
    if said.in_reply_to != jti or said.link != link.id:
        raise PeerProtocolError("The other application answered another question.", link=link.handle)
    return said


def _parse_request(request: Request, side: LinkingSide) -> UnverifiedJwt:
    if parse_content_type(request.header("content-type")) != _JWT_TYPE:
        error = LinkingError("invalid_request", detail=f"the content type is {request.header('content-type')}")
        error.status = 415
        raise error
    if len(request.body) > side.settings.sizes.protocol_body:
        error = LinkingError("invalid_request", detail=f"the statement has {len(request.body)} bytes")
        error.status = 413
        raise error
    jwt = _parse_jwt(request.body, side)
    try:
        check_parties(jwt.unverified_claims, issuer=None, audience=side.settings.base_url, allow_http=side.allow_http)
    except MalformedMessageError as error:
        raise LinkingError(error.code, detail=f"statement: {error}") from error
    if "in_reply_to" in jwt.unverified_claims:
        raise LinkingError("invalid_claims", detail="a reply was sent as a statement of its own")
    return jwt


def _parse_jwt(body: bytes, side: LinkingSide) -> UnverifiedJwt:
    try:
        return parse_jwt(body.decode("ascii"), limit=side.settings.sizes.protocol_body, typ=_STATEMENT_TYPS)
    except UnicodeDecodeError as error:
        raise LinkingError("invalid_request", detail="the statement is not ASCII") from error
    except JoseError as error:
        raise LinkingError(error.code, detail=f"statement: {error}") from error


def _parse_reply(response: Response, link: Link, side: LinkingSide) -> UnverifiedJwt:
    if response.status != 200:
        raise PeerRefusedError(
            "The other application refused our statement.",
            detail=f"{link.peer.url} answered {response.status}: {response.body[:200]!r}",
            link=link.handle,
        )
    if parse_content_type(response.header("content-type")) != _JWT_TYPE:
        raise PeerProtocolError(
            "The other application did not answer with a statement.",
            detail=f"the content type is {response.header('content-type')}",
            link=link.handle,
        )
    return _parse_jwt(response.body, side)


async def _verify(jwt: UnverifiedJwt, link: Link, *, source: str, side: LinkingSide) -> Statement:
    """Prove a statement of the peer, in the order of handshake §2."""
    own = side.settings.base_url
    try:
        check_parties(jwt.unverified_claims, issuer=link.peer.url, audience=own, allow_http=side.allow_http)
        claims = await verify_from_peer(jwt, link, source=source, side=side)
        check_common_claims(
            claims, issuer=link.peer.url, audience=own, now=side.clock.now(), lifetime=STATEMENT_LIFETIME
        )
        said = parse_statement(claims)
    except MalformedMessageError as error:
        raise LinkingError(error.code, detail=f"statement of {link.peer.url}: {error}", peer=link.peer.url) from error
    if said.link != link.id:
        raise LinkingError("invalid_claims", detail="the statement is about another link", peer=link.peer.url)
    return said


async def _sign_statement(link: Link, to: _Addressed, side: LinkingSide) -> str:
    now, own_kids = side.clock.now(), await side.list_signing_kids()
    if link.peer.oauth1_keys:
        # Whoever did not agree to OAuth 1.0a would look for these keys among the others, again and again.
        own_kids += await side.list_oauth1_kids()
    statement = Statement(
        issuer=side.settings.base_url,
        audience=to.audience,
        issued_at=now,
        expires_at=now + STATEMENT_LIFETIME,
        jti=new_id(side.entropy, "stm"),
        link=link.id,
        seq=link.seq,
        peer_seq=link.peer.seq,
        state=_get_state(link),
        agreed=_get_agreed(link),
        pending=_get_pending(link),
        paused=link.pause is not None,
        allows=get_allows(link),
        keys=tuple(sorted(own_kids)),
        peer_keys=tuple(key["kid"] for key in link.peer.pinned_keys),
        check=link.check,
        in_reply_to=to.in_reply_to,
        reason=_SAID_REASONS.get(link.ended_reason, "deleted") if link.ended_reason else "",
    )
    return await side.sign(build_statement(statement), typ=STATEMENT_TYP)


def _get_agreed(link: Link) -> SaidAgreed | None:
    agreed = link.agreed
    return None if agreed is None else SaidAgreed(revision=agreed.revision, answer=agreed.digest)


def _get_pending(link: Link) -> SaidPending | None:
    """What the peer may know of a revision under way: nothing, before it answered."""
    pending = link.pending
    if pending is None or pending.state is LinkState.PROPOSED:
        return None
    state = PendingState(pending.state.value)
    return SaidPending(revision=pending.revision, state=state, answer=pending.answer_digest)


def _get_state(link: Link) -> StatementState:
    if link.ended_at:
        return StatementState.ENDED
    return StatementState.LINKING if link.agreed is None else StatementState.IN_FORCE


async def _answer_about_unknown(jwt: UnverifiedJwt, side: LinkingSide) -> Response:
    """Say, signed, that we hold no such link with this peer; nothing is looked up or written."""
    claims, now = jwt.unverified_claims, side.clock.now()
    try:
        statement = Statement(
            issuer=side.settings.base_url,
            audience=claims["iss"],
            issued_at=now,
            expires_at=now + STATEMENT_LIFETIME,
            jti=new_id(side.entropy, "stm"),
            link=_get_text(claims.get("link")),
            seq=0,
            peer_seq=0,
            state=StatementState.ENDED,
            agreed=None,
            pending=None,
            paused=False,
            allows=None,
            keys=tuple(sorted(await side.list_signing_kids())),
            peer_keys=(),
            check="none",
            in_reply_to=_get_text(claims.get("jti")),
            reason=UNKNOWN,
        )
    except MalformedMessageError as error:
        raise LinkingError(error.code, detail=f"statement: {error}") from error
    return _build_response(await side.sign(build_statement(statement), typ=STATEMENT_TYP))


def _get_text(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise MalformedMessageError("link or jti: missing, or no short text")
    return value


def _build_response(text: str) -> Response:
    return Response(
        status=200,
        headers=(("Content-Type", _JWT_TYPE), ("Cache-Control", "no-store")),
        body=text.encode("ascii"),
    )
