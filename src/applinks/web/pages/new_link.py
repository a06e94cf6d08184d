"""Linking, from the side that begins: the address, what each side may do, and the answer that comes back."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from starlette.responses import Response

from applinks.administration.actor import Actor
from applinks.administration.links import withdraw
from applinks.entropy import new_id
from applinks.errors import RefusedError
from applinks.linking.discovery import Discovery, discover
from applinks.linking.errors import LinkingError
from applinks.linking.proposer import AnswerOutcome, Outcome, accept_answer, list_possible_terms, open_answer, propose
from applinks.web.errors import describe_page_error
from applinks.web.pages.forms import AddressForm, DirectionChoices, FormData, describe_own, describe_theirs
from applinks.web.pages.patience import begin_telling
from applinks.web.pages.views import AnswerPage, Choice, End, Lane, NewLinkPage, Side
from applinks.web.pages.visit import Visit, find_tint
from applinks.wire.forms import Form
from applinks.wire.linking.terms import Access, Terms
from applinks.wire.urls import get_host
from applinks.words import Sentence, say_protocol, say_refusal
from applinks.words import gettext as _

_ANSWER = "answer"
# The ids that the next proposals take, by address, so that a tile has its colour before there is a link.
_NEXT = "next_links"
_MOST_KEPT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """An application that was found, with all that could be proposed to it."""

    discovery: Discovery
    link_id: str
    incoming: Access | None
    outgoing: Access | None

    @property
    def end(self) -> End:
        manifest = self.discovery.manifest
        return End(name=manifest.name, host=get_host(manifest.url), url=manifest.url, tint=find_tint(self.link_id))


async def show_new_link(visit: Visit) -> Response:
    """Ask for the address."""
    return await visit.render("new_link.html", NewLinkPage(us=visit.us), leads_away=True)


async def look_or_propose(visit: Visit) -> Response:
    """Look who lives at the address; with the terms chosen, go on to its administrator."""
    form = AddressForm(FormData(visit.form))
    url = visit.form.get("offer") or form.url.data or ""
    page = NewLinkPage(us=visit.us, url=url[:2000], private_confirmed=form.private.data)
    if not form.validate():
        problem = say_refusal("invalid_url", us=visit.context.name)
        return await visit.render("new_link.html", replace(page, problem=problem), status=400, leads_away=True)
    try:
        found = await _find(visit, url, private_confirmed=form.private.data)
        if visit.form.get("propose"):
            return await _propose(visit, found, page)
    except LinkingError as error:
        return await _show_problem(visit, page, error)
    shown = _build_found_page(visit, found, page, Form(()))
    return await visit.render("new_link.html", shown, leads_away=True)


async def take_answer(visit: Visit) -> Response:
    """Take the answer that the other administrator's browser brought back, or show one that waits to be agreed to."""
    form = visit.params
    response = form.get("response")
    if response is None:
        return await _show_waiting_answer(visit)
    outcome = await open_answer(
        response, user=visit.user, session_digest=visit.session.digest.hex(), side=visit.context.linking
    )
    if outcome.outcome is Outcome.LESS:
        visit.session.data[_ANSWER] = response
        await visit.session.save()
        return visit.redirect(visit.url("/link/callback"))
    return await _go_on(visit, outcome)


async def decide_answer(visit: Visit) -> Response:
    """Agree to less than was asked for, or end the link before it began."""
    response = visit.session.data.pop(_ANSWER, None)
    if response is None:
        raise LinkingError("unknown_offer", detail="no answer waits in this session")
    await visit.session.save()
    side, digest = visit.context.linking, visit.session.digest.hex()
    if visit.form.get("approve"):
        return await _go_on(visit, await accept_answer(response, user=visit.user, session_digest=digest, side=side))
    if not visit.form.get("deny"):
        raise RefusedError("Neither yes nor no was said.")
    outcome = await open_answer(response, user=visit.user, session_digest=digest, side=side)
    await withdraw(outcome.link.id, actor=Actor.for_user(visit.user), side=visit.context.administration)
    return visit.redirect(visit.url("/"))


async def _find(visit: Visit, url: str, *, private_confirmed: bool) -> _Found:
    side, own = visit.context.linking, visit.context.settings.base_url
    discovery = await discover(url, private_confirmed=private_confirmed, side=side)
    if await side.store.find_live_link(url=discovery.url, peer_id=discovery.manifest.id) is not None:
        raise LinkingError("duplicate_link", detail=f"there is a live link with {discovery.url}", peer=discovery.url)
    possible = await list_possible_terms(discovery, side=side)
    return _Found(
        discovery=discovery,
        link_id=await _reserve_link_id(visit, discovery.url),
        incoming=possible.find(from_url=discovery.url, to_url=own),
        outgoing=possible.find(from_url=own, to_url=discovery.url),
    )


async def _reserve_link_id(visit: Visit, url: str) -> str:
    """Give the id that a link with this address will have, if it is proposed from this session."""
    kept = visit.session.data.get(_NEXT, {})
    if url in kept:
        return str(kept[url])
    link_id = new_id(visit.context.entropy, "lnk")
    visit.session.data[_NEXT] = dict([*kept.items(), (url, link_id)][-_MOST_KEPT:])
    await visit.session.save()
    return link_id


async def _propose(visit: Visit, found: _Found, page: NewLinkPage) -> Response:
    incoming, outgoing = build_choices(visit, found.incoming, found.outgoing, found.discovery)
    accesses: list[Access] = []
    for choices, off in ((incoming, "in_off"), (outgoing, "out_off")):
        if choices is None or visit.form.get(off):
            continue
        access = choices.narrow(visit.form)
        if access is None:
            return await _ask_again(visit, found, page, _("Tick what a side may do, or leave that side out."))
        accesses.append(access)
    if not accesses:
        return await _ask_again(visit, found, page, _("At least one of the two sides has to be left in."))
    # An id is used once: whoever comes back to this page proposes another link.
    visit.session.data[_NEXT].pop(found.discovery.url)
    await visit.session.save()
    url = await propose(
        found.discovery,
        Terms(access=tuple(accesses)),
        administrator=visit.user,
        session_digest=visit.session.digest.hex(),
        link_id=found.link_id,
        side=visit.context.linking,
    )
    return visit.redirect(url)


async def _ask_again(visit: Visit, found: _Found, page: NewLinkPage, problem: str) -> Response:
    shown = _build_found_page(visit, found, page, visit.form)
    return await visit.render("new_link.html", replace(shown, choice_problem=problem), status=400, leads_away=True)


async def _show_problem(visit: Visit, page: NewLinkPage, error: LinkingError) -> Response:
    if error.asks_private:
        return await visit.render("new_link.html", replace(page, asks_private=True), leads_away=True)
    peer = urlsplit(error.peer).netloc if error.peer else ""
    described = await describe_page_error(
        error,
        place="new",
        failures=visit.context.failures,
        us=visit.context.name,
        peer=peer,
        user_id=visit.user.id,
    )
    problem = Sentence(what=described.sentence.what, advice="" if error.offer else described.sentence.advice)
    shown = replace(page, problem=problem, reference=described.reference, offer=error.offer or "")
    return await visit.render("new_link.html", shown, status=described.status, leads_away=True)


def build_choices(
    visit: Visit, incoming: Access | None, outgoing: Access | None, discovery: Discovery
) -> tuple[DirectionChoices | None, DirectionChoices | None]:
    """Give the boxes of both directions, in our words and in the peer's."""
    ours = describe_own(visit.context.linking.resources[0].scopes)
    theirs = describe_theirs(discovery.document)
    return (
        DirectionChoices(incoming, field="in", describe=ours) if incoming else None,
        DirectionChoices(outgoing, field="out", describe=theirs) if outgoing else None,
    )


def _build_found_page(visit: Visit, found: _Found, page: NewLinkPage, sent: Form) -> NewLinkPage:
    incoming, outgoing = build_choices(visit, found.incoming, found.outgoing, found.discovery)
    us, them = visit.context.name, found.end
    return replace(
        page,
        url=found.discovery.url,
        private_confirmed=found.discovery.private,
        found=them,
        found_title=_("{name} answers, and it has Applinks").format(name=them.name),
        lane_in=_build_lane("in", found.incoming),
        lane_out=_build_lane("out", found.outgoing),
        incoming=_build_side(visit, incoming, sent, direction="in", caller=them.name, server=us),
        outgoing=_build_side(visit, outgoing, sent, direction="out", caller=us, server=them.name),
    )


def _build_side(
    visit: Visit, choices: DirectionChoices | None, sent: Form, *, direction: str, caller: str, server: str
) -> Side:
    names = {"caller": caller, "server": server}
    has_boxes = choices is not None and bool(choices.access.user_scopes or choices.access.application_scopes)
    title = _("Incoming: {caller} calls {server}") if direction == "in" else _("Outgoing: {caller} calls {server}")
    off = Choice(
        field=f"{direction}_off",
        value="1",
        label=_("{caller} does not call {server}").format(**names),
        hint=_("To add it later, both sides have to agree again"),
        checked=not has_boxes or bool(sent.get(f"{direction}_off")),
        disabled=choices is None,
    )
    if choices is None:
        return Side(direction=direction, title=title.format(**names), off=off)
    ticked = (*sent.get_all(direction), *sent.get_all(f"{direction}_app"))
    if not sent.names:
        ticked = _list_presets(visit, choices, direction)
    return Side(
        direction=direction,
        title=title.format(**names),
        user_title=_("Once a user has said yes, {caller} may").format(**names),
        user=choices.list_user(ticked),
        application_title=_("Without a user, as itself, {caller} may").format(**names),
        application=choices.list_application(sent.get_all(f"{direction}_app")),
        off=off,
    )


def _list_presets(visit: Visit, choices: DirectionChoices, direction: str) -> tuple[str, ...]:
    """Give what is ticked at first: of ours what the host declares as default, of theirs all that users decide."""
    if direction == "out":
        return choices.access.user_scopes
    defaults = tuple(scope.name for scope in visit.context.linking.resources[0].scopes if scope.default)
    return defaults or choices.access.user_scopes


def _build_lane(direction: str, access: Access | None) -> Lane:
    if access is None:
        return Lane(direction=direction, state="off", words=_("Not possible"))
    return Lane(direction=direction, state="wait", words=", ".join(say_protocol(name) for name in access.protocols))


async def _show_waiting_answer(visit: Visit) -> Response:
    response = visit.session.data.get(_ANSWER)
    if response is None:
        return visit.redirect(visit.url("/"))
    outcome = await open_answer(
        response, user=visit.user, session_digest=visit.session.digest.hex(), side=visit.context.linking
    )
    if outcome.outcome is not Outcome.LESS or outcome.terms is None:
        return await _go_on(visit, outcome)
    return await visit.render("answer.html", _build_answer_page(visit, outcome, outcome.terms))


def _build_answer_page(visit: Visit, outcome: AnswerOutcome, terms: Terms) -> AnswerPage:
    link, own = outcome.link, visit.context.settings.base_url
    incoming = terms.find(from_url=link.peer.url, to_url=own)
    outgoing = terms.find(from_url=own, to_url=link.peer.url)
    us, peer = visit.context.name, link.name
    ours = describe_own(visit.context.linking.resources[0].scopes)
    theirs = describe_theirs(link.peer.manifest)
    incoming_choices = DirectionChoices(incoming, field="in", describe=ours) if incoming else None
    outgoing_choices = DirectionChoices(outgoing, field="out", describe=theirs) if outgoing else None
    return AnswerPage(
        us=visit.us,
        them=End(name=peer, host=get_host(link.peer.url), url=link.peer.url, tint=find_tint(link.id)),
        lanes=build_pairing_lanes(us, peer, incoming, outgoing),
        incoming=build_list("in", incoming_choices, peer, us),
        outgoing=build_list("out", outgoing_choices, us, peer),
    )


def build_pairing_lanes(us: str, peer: str, incoming: Access | None, outgoing: Access | None) -> tuple[Lane, ...]:
    """Draw the directions that are left, in one order everywhere."""
    text = _("{caller} will call {server}")
    lanes = (
        (incoming, Lane(direction="in", state="wait", words=text.format(caller=peer, server=us))),
        (outgoing, Lane(direction="out", state="wait", words=text.format(caller=us, server=peer))),
    )
    return tuple(lane for access, lane in lanes if access is not None)


def build_list(direction: str, choices: DirectionChoices | None, caller: str, server: str) -> Side:
    """Give one direction as a list of what may be done, every box ticked."""
    title = _("{caller} may").format(caller=caller)
    nothing = _("{caller} does not call {server}.").format(caller=caller, server=server)
    if choices is None:
        return Side(direction=direction, title=title, nothing=nothing)
    return Side(
        direction=direction,
        title=title,
        user_title=_("for each user, after that user says yes"),
        user=choices.list_user(choices.access.user_scopes),
        application_title=_("as itself, without a user"),
        application=choices.list_application(choices.access.application_scopes),
        nothing=_("{caller} may only test the link.").format(caller=caller),
    )


async def _go_on(visit: Visit, outcome: AnswerOutcome) -> Response:
    """Send the browser to the link's own page; what is due is said first, so that the page shows the outcome."""
    response = visit.redirect(visit.url(f"/links/{outcome.link.id}"))
    if outcome.outcome is not Outcome.ACCEPTED:
        return response
    return (await begin_telling(outcome.link.id, visit.context)).go_on_after(response)
