"""
The side that asks: proposes a link, and takes the answer back.

Handshake §3 steps 1 and 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from applinks.entropy import new_id
from applinks.limits import Limit
from applinks.linking.changes import Change, change_link, commit
from applinks.linking.discovery.applications import Discovery
from applinks.linking.documents import get_own_manifest
from applinks.linking.errors import LinkingError
from applinks.linking.events import ApprovedAnswer, Beginning, Propose, RefusedAnswer
from applinks.linking.keys import verify_from_peer
from applinks.linking.side import LinkingSide, check_administrator
from applinks.linking.standing import (
    ask_about_approved,
    check_place_is_free,
    choose_handle,
    replace_proposals,
)
from applinks.linking.states import decide
from applinks.linking.store import CommitResult
from applinks.records.links import Link, LinkState, Peer, is_link_id
from applinks.records.users import User
from applinks.wire.jose import JoseError, UnverifiedJwt, digest_jwt, parse_jwt
from applinks.wire.linking.answer import Answer, Decision, parse_answer
from applinks.wire.linking.manifest import Manifest, parse_manifest
from applinks.wire.linking.messages import (
    ANSWER_LIFETIME,
    ANSWER_TYP,
    LONGEST_REQUEST,
    PROPOSAL_TYP,
    MalformedMessageError,
    check_common_claims,
    check_parties,
)
from applinks.wire.linking.proposal import Proposal, build_proposal
from applinks.wire.linking.terms import Access, Level, Terms, check_terms, is_within
from applinks.wire.urls import add_query

# A proposal is kept a little longer than it holds, so that an answer of the last second still finds it.
_KEPT_SECONDS = 120
_MOST_OPEN_PROPOSALS = 20


class Outcome(Enum):
    """What became of an answer."""

    ACCEPTED = "accepted"
    """It is confirming or in force: send what is due, then show the link."""
    LESS = "less"
    """The terms are less than proposed: show them and ask, then `accept_answer`."""
    REFUSED = "refused"
    """The other administrator said no."""
    KNOWN = "known"
    """It was opened before: show how the link stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOutcome:
    """What an answer says, and the link as it is now."""

    outcome: Outcome
    link: Link
    terms: Terms | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    jwt: UnverifiedJwt = field(repr=False)
    answer: Answer
    link: Link


async def list_possible_terms(discovery: Discovery, *, side: LinkingSide) -> Terms:
    """
    Give the most that can be proposed: both directions that both offer, with every protocol and scope of both.

    We name the protocols in the order in which we prefer them. Whoever wants impersonation takes `impersonate`, which
    is OAuth 1.0a alone, for a direction.
    """
    own, peer = await get_own_manifest(side), discovery.manifest
    protocols = tuple(each for each in own.protocols if each in peer.protocols)
    entries = (_build_access(peer, own, protocols), _build_access(own, peer, protocols))
    return Terms(access=tuple(each for each in entries if each is not None))


def may_impersonate(access: Access, peer: Manifest) -> bool:
    """Whether a possible direction may go as far as impersonation: both have it, which OAuth 1.0a alone can do."""
    return "oauth1" in access.protocols and Level.IMPERSONATION in peer.levels


def impersonate(access: Access) -> Access:
    """Give a direction with impersonation, which runs over OAuth 1.0a alone."""
    return replace(access, level=Level.IMPERSONATION, protocols=("oauth1",))


async def propose(
    discovery: Discovery,
    terms: Terms,
    *,
    administrator: User | None = None,
    actor: str = "",
    session_digest: str = "",
    side: LinkingSide,
    link_id: str = "",
) -> str:
    """
    Propose a link and give the address to send the administrator's browser to.

    ``session_digest`` names the log-in session that may take the answer back; ``link_id`` is a new id, where one was
    drawn already. Without ``administrator`` a command proposes, in the name of ``actor``: it has no session, and any
    administrator of ours may take the answer back.

    Raises:
        LinkingError: ``not_administrator``, ``duplicate_link``, ``unsupported_terms``, ``no_common_protocol``.
        RefusedError: ``too_many_requests``.
    """
    if administrator is not None:
        check_administrator(administrator)
        actor = f"user:{administrator.id}"
    elif not actor or session_digest:
        raise ValueError("a proposal is an administrator's, or a command's, which has a name and no session")
    await side.limits.count(Limit.PROPOSALS, actor)
    await _check_terms(terms, discovery.manifest, side)
    check_keys(discovery, terms)
    await _check_standing(discovery, side)
    link_id, now = link_id or new_id(side.entropy, "lnk"), side.clock.now()
    request = await _sign_proposal(discovery, terms, link_id, now, side)
    replaced = await side.store.list_open_proposals(url=discovery.url)
    event = Propose(
        beginning=await build_beginning(discovery, link_id, actor, side, replaced=replaced),
        proposal=request,
        proposal_digest=digest_jwt(request),
        terms=terms,
        until=now + side.proposal_seconds + _KEPT_SECONDS,
        session=session_digest,
    )
    older = replace_proposals(replaced, actor=actor, now=now)
    newer = Change(before=None, decision=decide(None, event, now=now))
    match await commit(*older, newer, side=side):
        case CommitResult.TAKEN | CommitResult.LOST:
            # A proposal takes no peer's place yet: somebody took its handle, or changed an older one, at this moment.
            raise LinkingError("busy", peer=discovery.url)
        case CommitResult.WRITTEN:
            return add_query(discovery.manifest.link_endpoint, [("request", request)])


async def open_answer(response_jwt: str, *, user: User, session_digest: str, side: LinkingSide) -> AnswerOutcome:
    """
    Take an answer back: accept it where it approves all that was proposed.

    Raises:
        LinkingError: it is not an answer to a proposal of this session, or not to be believed.
    """
    return await _take_answer(response_jwt, user, session_digest, side, accepts_less=False)


async def accept_answer(response_jwt: str, *, user: User, session_digest: str, side: LinkingSide) -> AnswerOutcome:
    """Accept an answer whose terms are less than proposed, after they were shown; as `open_answer`."""
    return await _take_answer(response_jwt, user, session_digest, side, accepts_less=True)


async def build_beginning(
    discovery: Discovery, link_id: str, actor: str, side: LinkingSide, *, replaced: Sequence[Link]
) -> Beginning:
    """
    Gather what a new record needs: who the peer is, pinned, and what it is called here.

    ``replaced`` are the links that end in the same write: their handles are free then.
    """
    manifest = discovery.manifest
    taken = await side.store.list_handles() - {link.handle for link in replaced}
    return Beginning(
        id=link_id,
        handle=choose_handle(manifest.name, manifest.url, taken=taken),
        name=manifest.name,
        peer=Peer(
            id=manifest.id,
            name=manifest.name,
            url=manifest.url,
            manifest=discovery.document,
            keys=discovery.keys,
            oauth1_keys=discovery.oauth1_keys,
            kind=manifest.kind,
            keys_read_at=side.clock.now(),
        ),
        private_address=discovery.private,
        actor=actor,
    )


def check_keys(discovery: Discovery, terms: Terms) -> None:
    """
    Check that keys were read for every protocol of the terms: without them the peer could prove nothing.

    Raises:
        LinkingError: ``unsupported_terms``.
    """
    if not discovery.oauth1_keys and any("oauth1" in access.protocols for access in terms.access):
        raise LinkingError("unsupported_terms", detail="its RSA keys were not read", peer=discovery.url)


def _build_access(asking: Manifest, serving: Manifest, protocols: tuple[str, ...]) -> Access | None:
    if "outgoing" not in asking.directions or "incoming" not in serving.directions or not protocols:
        return None
    return Access(
        from_url=asking.url,
        to_url=serving.url,
        protocols=protocols,
        level=Level.OAUTH,
        user_scopes=tuple(scope.name for scope in serving.scopes),
        application_scopes=tuple(scope.name for scope in serving.scopes if scope.application),
    )


async def _check_terms(terms: Terms, peer: Manifest, side: LinkingSide) -> None:
    if not terms.access:
        raise LinkingError("unsupported_terms", detail="no direction is left", peer=peer.url)
    try:
        check_terms(terms, one=await get_own_manifest(side), other=peer)
    except MalformedMessageError as error:
        raise LinkingError(error.code, detail=str(error), peer=peer.url) from error


async def _check_standing(discovery: Discovery, side: LinkingSide) -> None:
    url = discovery.url
    await ask_about_approved(url, side=side)
    await check_place_is_free(discovery.document, side=side)
    links = await side.store.list_links()
    if sum(link.state is LinkState.PROPOSED for link in links) >= _MOST_OPEN_PROPOSALS:
        raise LinkingError("too_many_requests", detail=f"{_MOST_OPEN_PROPOSALS} proposals are open", peer=url)


async def _sign_proposal(discovery: Discovery, terms: Terms, link_id: str, now: int, side: LinkingSide) -> str:
    proposal = Proposal(
        issuer=side.settings.base_url,
        audience=discovery.url,
        issued_at=now,
        expires_at=now + side.proposal_seconds,
        jti=link_id,
        link=link_id,
        revision=1,
        terms=terms,
        peer_keys=discovery.kids,
    )
    request = await side.sign(build_proposal(proposal), typ=PROPOSAL_TYP)
    if len(request) > LONGEST_REQUEST:
        raise LinkingError("unsupported_terms", detail=f"the proposal has {len(request)} bytes", peer=discovery.url)
    return request


async def _take_answer(
    response_jwt: str, user: User, session_digest: str, side: LinkingSide, *, accepts_less: bool
) -> AnswerOutcome:
    check_administrator(user)
    jwt = _parse_answer_jwt(response_jwt, side)
    link = await _find_link(jwt, side)
    if link.pending is None or link.pending.state is not LinkState.PROPOSED or link.ended_at:
        return AnswerOutcome(outcome=Outcome.KNOWN, link=link)
    if link.pending.session and link.pending.session != session_digest:
        raise LinkingError("wrong_browser", detail=f"link {link.id} was begun in another session", peer=link.peer.url)
    opened = await _verify_answer(jwt, link, side)
    if opened.answer.decision is Decision.REFUSED:
        refused = RefusedAnswer(reason=opened.answer.reason, actor=f"user:{user.id}")
        after = await _apply(opened, refused, side)
        return AnswerOutcome(outcome=Outcome.REFUSED, link=after, reason=opened.answer.reason)
    return await _take_approval(opened, user, side, accepts_less=accepts_less)


async def _take_approval(opened: _Opened, user: User, side: LinkingSide, *, accepts_less: bool) -> AnswerOutcome:
    link, answer, peer_url = opened.link, opened.answer, opened.link.peer.url
    pending, terms = link.pending, answer.terms
    assert pending is not None  # noqa: S101 - _take_answer looked.
    assert terms is not None  # noqa: S101 - an approval carries terms.
    if not is_within(terms, pending.terms):
        raise LinkingError("unsupported_terms", detail="the answer allows more than was proposed", peer=peer_url)
    if not set(answer.peer_keys) <= await side.list_own_kids():
        raise LinkingError("key_mismatch", detail=f"{peer_url} saw keys {', '.join(answer.peer_keys)}", peer=peer_url)
    # Another link may have come meanwhile.
    await check_place_is_free(link.peer.manifest, side=side)
    if not is_within(pending.terms, terms) and not accepts_less:
        return AnswerOutcome(outcome=Outcome.LESS, link=link, terms=terms)
    event = ApprovedAnswer(
        answer=opened.jwt.text,
        answer_digest=opened.jwt.digest,
        terms=terms,
        seq=answer.seq,
        actor=f"user:{user.id}",
    )
    return AnswerOutcome(outcome=Outcome.ACCEPTED, link=await _apply(opened, event, side), terms=terms)


async def _apply(opened: _Opened, event: ApprovedAnswer | RefusedAnswer, side: LinkingSide) -> Link:
    decision = await change_link(opened.link.id, event, side=side)
    if decision.refusal or decision.link is None:
        raise LinkingError(
            decision.refusal or "unknown_offer", detail=f"link {opened.link.id}", peer=opened.link.peer.url
        )
    return decision.link


def _parse_answer_jwt(response_jwt: str, side: LinkingSide) -> UnverifiedJwt:
    try:
        jwt = parse_jwt(response_jwt, limit=LONGEST_REQUEST, typ=frozenset({ANSWER_TYP}))
        check_parties(jwt.unverified_claims, issuer=None, audience=side.settings.base_url, allow_http=side.allow_http)
    except (JoseError, MalformedMessageError) as error:
        raise LinkingError(error.code, detail=f"answer: {error}") from error
    return jwt


async def _find_link(jwt: UnverifiedJwt, side: LinkingSide) -> Link:
    """Find the proposal that an answer names, with this very peer."""
    issuer, link_id = jwt.unverified_claims["iss"], jwt.unverified_claims.get("link")
    link = await side.store.find_link(link_id) if isinstance(link_id, str) and is_link_id(link_id) else None
    if link is None or link.peer.url != issuer:
        raise LinkingError("unknown_offer", detail=f"no proposal {link_id!r} to {issuer}", peer=issuer)
    return link


async def _verify_answer(jwt: UnverifiedJwt, link: Link, side: LinkingSide) -> _Opened:
    """Prove an answer with the keys pinned when the proposal was made, in the order of handshake §2."""
    pending, peer_url = link.pending, link.peer.url
    assert pending is not None  # noqa: S101 - _take_answer looked.
    try:
        claims = await verify_from_peer(jwt, link, source="answer", side=side)
        check_common_claims(
            claims, issuer=peer_url, audience=side.settings.base_url, now=side.clock.now(), lifetime=ANSWER_LIFETIME
        )
        answer = parse_answer(claims)
        if answer.proposal != pending.proposal_digest or answer.revision != pending.revision:
            raise MalformedMessageError("the answer is to another proposal")
        if answer.terms is not None:
            peer = parse_manifest(link.peer.manifest, fetched_under=peer_url, allow_http=side.allow_http)
            check_terms(answer.terms, one=await get_own_manifest(side), other=peer)
    except MalformedMessageError as error:
        raise LinkingError(error.code, detail=f"answer of {peer_url}: {error}", peer=peer_url) from error
    return _Opened(jwt=jwt, answer=answer, link=link)
