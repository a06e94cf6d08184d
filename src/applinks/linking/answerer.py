"""
The side that is asked: shows a proposal, and decides it, once.

Handshake §3 steps 2 and 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from applinks.entropy import new_id
from applinks.limits import Limit
from applinks.linking.changes import Change, commit
from applinks.linking.discovery.applications import Discovery, read_application
from applinks.linking.documents import get_own_manifest
from applinks.linking.errors import LinkingError
from applinks.linking.events import Approve, Happened
from applinks.linking.proposer import build_beginning, check_keys
from applinks.linking.side import LinkingSide, check_administrator
from applinks.linking.standing import ask_about_approved, check_place_is_free, replace_proposals
from applinks.linking.states import FIRST_SEQ, decide
from applinks.linking.store import CommitResult, DecidedProposal
from applinks.records.links import is_link_id
from applinks.records.users import User
from applinks.wire.jose import JoseError, UnverifiedJwt, digest_jwt, parse_jwt, verify_jwt
from applinks.wire.linking.answer import Answer, Decision, build_answer
from applinks.wire.linking.messages import (
    ANSWER_TYP,
    LONGEST_REQUEST,
    PROPOSAL_LIFETIME,
    PROPOSAL_TYP,
    MalformedMessageError,
    check_common_claims,
    check_parties,
)
from applinks.wire.linking.proposal import Proposal, parse_proposal
from applinks.wire.linking.terms import Terms, check_terms, format_terms, is_within, parse_terms
from applinks.wire.urls import add_query


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """
    A proposal that was shown to an administrator: what was shown is what is decided.

    Attributes:
        discovery: who asks, as it was read when the page was shown.
        terms: the most that can be approved; `narrow_terms` takes away.
        expires_at: the proposal's ``exp``.
    """

    link_id: str
    request: str = field(repr=False)
    discovery: Discovery
    terms: Terms
    expires_at: int

    def to_json(self) -> dict[str, Any]:
        """Give the offer as JSON, for the session that was shown it."""
        return self.discovery.to_json() | {
            "link_id": self.link_id,
            "request": self.request,
            "terms": format_terms(self.terms),
            "expires_at": self.expires_at,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read an offer that `to_json` gave; the session is ours, so that it is believed."""
        return cls(
            link_id=value["link_id"],
            request=value["request"],
            discovery=Discovery.from_json(value),
            terms=parse_terms(value["terms"]),
            expires_at=value["expires_at"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyDecided:
    """This administrator decided the proposal before: the same answer goes back again."""

    redirect: str


async def open_proposal(
    request_jwt: str, *, user: User, private_confirmed: bool = False, side: LinkingSide
) -> Offer | AlreadyDecided:
    """
    Read a proposal and judge whether it can be shown.

    Nothing is fetched before the administrator is known, and nothing is written. Where the proposer's address is
    private, the error's ``asks_private`` says so before the first fetch.

    Raises:
        LinkingError: it cannot; never a reason to redirect.
        RefusedError: ``too_many_requests``.
    """
    check_administrator(user)
    await side.limits.count(Limit.SHOWS, user.id)
    jwt = _parse_request(request_jwt, side)
    discovery = await read_application(jwt.unverified_claims["iss"], private=private_confirmed, side=side)
    proposal = await _verify_proposal(jwt, discovery, side)
    decided = await side.store.find_decided_proposal(issuer=proposal.issuer, jti=proposal.jti)
    if decided is not None:
        return _repeat(decided, user)
    offer = Offer(
        link_id=proposal.link,
        request=request_jwt,
        discovery=discovery,
        terms=proposal.terms,
        expires_at=proposal.expires_at,
    )
    await ask_about_approved(offer.discovery.url, side=side)
    await _check_standing(offer, side)
    return offer


async def approve(offer: Offer, terms: Terms, *, user: User, side: LinkingSide) -> str:
    """
    Approve an offer with these terms, and give the address to send the browser to.

    The record, the claim and the end of our own open proposals to this peer are one write.

    Raises:
        LinkingError: ``expired``, ``unsupported_terms``, ``duplicate_link``, ``used``, ``own_proposal_first`` or
            ``busy``.
    """
    _check_may_decide(offer, user, side)
    if not terms.access or not is_within(terms, offer.terms):
        raise LinkingError("unsupported_terms", detail="more than was proposed, or nothing", peer=offer.discovery.url)
    check_keys(offer.discovery, terms)
    answer = await _sign_answer(offer, Decision.APPROVED, side, terms=terms)
    now = side.clock.now()
    replaced = await side.store.list_open_proposals(url=offer.discovery.url)
    event = Approve(
        beginning=await build_beginning(offer.discovery, offer.link_id, f"user:{user.id}", side, replaced=replaced),
        proposal=offer.request,
        proposal_digest=digest_jwt(offer.request),
        answer=answer,
        answer_digest=digest_jwt(answer),
        terms=terms,
        until=now + side.proposal_seconds,
    )
    older = replace_proposals(replaced, actor=f"user:{user.id}", now=now)
    newer = Change(before=None, decision=decide(None, event, now=now))
    return await _decide(offer, answer, user, side, *older, newer)


async def refuse(offer: Offer, *, user: User, side: LinkingSide) -> str:
    """Refuse an offer, and give the address to send the browser to; the claim alone is kept."""
    _check_may_decide(offer, user, side)
    answer = await _sign_answer(offer, Decision.REFUSED, side)
    return await _decide(offer, answer, user, side)


def _repeat(decided: DecidedProposal, user: User) -> AlreadyDecided:
    if decided.decided_by != user.id:
        raise LinkingError("used", detail=f"decided by user {decided.decided_by}", peer=decided.issuer)
    return AlreadyDecided(redirect=add_query(decided.return_url, [("response", decided.answer)]))


def _check_may_decide(offer: Offer, user: User, side: LinkingSide) -> None:
    check_administrator(user)
    if side.clock.now() >= offer.expires_at:
        raise LinkingError("expired", detail=f"the proposal {offer.link_id} has expired", peer=offer.discovery.url)


async def _decide(offer: Offer, answer: str, user: User, side: LinkingSide, *changes: Change) -> str:
    url, return_url = offer.discovery.url, offer.discovery.manifest.link_callback_endpoint
    # A double click, or the back button: what was decided is said again, and only by whoever decided.
    earlier = await side.store.find_decided_proposal(issuer=url, jti=offer.link_id)
    if earlier is not None:
        return _repeat(earlier, user).redirect
    if changes:
        await _check_standing(offer, side)
    decided = DecidedProposal(
        issuer=url,
        jti=offer.link_id,
        decided_by=user.id,
        decided_at=side.clock.now(),
        answer=answer,
        return_url=return_url,
    )
    refusal = Happened(actor=f"user:{user.id}", action="link.refused", detail={"peer": url})
    happened = () if changes else (refusal,)
    match await commit(*changes, side=side, decided=decided, happened=happened, subject=offer.link_id):
        case CommitResult.WRITTEN:
            return add_query(return_url, [("response", answer)])
        case CommitResult.LOST:
            raise LinkingError("busy", peer=url)
        case CommitResult.TAKEN:
            earlier = await side.store.find_decided_proposal(issuer=url, jti=offer.link_id)
            if earlier is not None:
                return _repeat(earlier, user).redirect
            await _check_standing(offer, side)
            # The place is free: somebody took the handle at this very moment.
            raise LinkingError("busy", peer=url)


async def _check_standing(offer: Offer, side: LinkingSide) -> None:
    url = offer.discovery.url
    if await side.store.find_link(offer.link_id) is not None:
        raise LinkingError("used", detail=f"the link id {offer.link_id} is held already", peer=url)
    await check_place_is_free(offer.discovery.document, side=side)
    now = side.clock.now()
    for own in await side.store.list_open_proposals(url=url):
        is_open = own.pending is not None and now < own.pending.until
        # Both asked at once: on both sides the smaller id goes first, so that one link comes of it.
        if is_open and own.id.encode() < offer.link_id.encode():
            raise LinkingError("own_proposal_first", detail=f"our proposal {own.id} is open", peer=url)


def _parse_request(request_jwt: str, side: LinkingSide) -> UnverifiedJwt:
    """Look at all that can be judged before anything is fetched."""
    own = side.settings.base_url
    try:
        jwt = parse_jwt(request_jwt, limit=LONGEST_REQUEST, typ=frozenset({PROPOSAL_TYP}))
        claims = jwt.unverified_claims
        check_parties(claims, issuer=None, audience=own, allow_http=side.allow_http)
        check_common_claims(claims, issuer=None, audience=own, now=side.clock.now(), lifetime=PROPOSAL_LIFETIME)
        if not isinstance(claims.get("link"), str) or not is_link_id(claims["link"]):
            raise MalformedMessageError("link: no link id")
        if claims.get("revision") != 1:
            raise MalformedMessageError(
                "revision: of a link in force nothing is changed here", code="unsupported_terms"
            )
    except (JoseError, MalformedMessageError) as error:
        raise LinkingError(error.code, detail=f"proposal: {error}") from error
    return jwt


async def _verify_proposal(jwt: UnverifiedJwt, discovery: Discovery, side: LinkingSide) -> Proposal:
    """Prove a proposal with the keys of its issuer, in the order of handshake §2."""
    url = discovery.url
    try:
        claims = verify_jwt(jwt, discovery.keys)
        check_common_claims(
            claims,
            issuer=url,
            audience=side.settings.base_url,
            now=side.clock.now(),
            lifetime=PROPOSAL_LIFETIME,
        )
        proposal = parse_proposal(claims)
        if not set(proposal.peer_keys) <= await side.list_own_kids():
            raise MalformedMessageError(f"{url} saw keys {', '.join(proposal.peer_keys)}", code="key_mismatch")
        check_terms(proposal.terms, one=await get_own_manifest(side), other=discovery.manifest)
    except (JoseError, MalformedMessageError) as error:
        raise LinkingError(error.code, detail=f"proposal of {url}: {error}", peer=url) from error
    return proposal


async def _sign_answer(offer: Offer, decision: Decision, side: LinkingSide, *, terms: Terms | None = None) -> str:
    now, is_approval = side.clock.now(), terms is not None
    answer = Answer(
        issuer=side.settings.base_url,
        audience=offer.discovery.url,
        issued_at=now,
        expires_at=now + side.proposal_seconds,
        jti=new_id(side.entropy, "ans"),
        link=offer.link_id,
        revision=1,
        proposal=digest_jwt(offer.request),
        decision=decision,
        terms=terms,
        peer_keys=offer.discovery.kids if is_approval else (),
        seq=FIRST_SEQ if is_approval else 0,
        reason="" if is_approval else "declined",
    )
    return await side.sign(build_answer(answer), typ=ANSWER_TYP)
