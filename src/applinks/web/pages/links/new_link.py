"""Linking, from the side that begins: the address, what each side may do, and the answer that comes back."""

from dataclasses import replace
from urllib.parse import urlencode, urlsplit

from starlette.responses import Response

from applinks.administration.actor import Actor
from applinks.administration.links import withdraw
from applinks.errors import RefusedError
from applinks.linking.discovery.addresses import check_typed
from applinks.linking.errors import LinkingError
from applinks.linking.proposer import AnswerOutcome, Outcome, accept_answer, open_answer, propose
from applinks.web.errors import describe_page_error
from applinks.web.pages.error_page import describe_standing
from applinks.web.pages.forms import AddressForm, DirectionChoices, FormData, describe_own, describe_theirs
from applinks.web.pages.found import (
    Found,
    find_application,
    find_question,
    find_server_at,
    forget_link_id,
    keep_question,
    keep_server,
    list_confirmed,
    recall_found,
)
from applinks.web.pages.links.agreement import build_choices, build_list, build_pairing_lanes, say_how
from applinks.web.pages.links.hand.server import KnownServer
from applinks.web.pages.links.views import AnswerPage, NewLinkPage, Side
from applinks.web.pages.views import Choice, End, Lane
from applinks.web.pages.visit import Visit, find_tint
from applinks.web.patience import begin_telling
from applinks.wire.forms import Form
from applinks.wire.linking.terms import Access, Terms
from applinks.wire.urls import get_host, get_origin
from applinks.words import Sentence, say_refusal, say_way
from applinks.words import gettext as _

# Answers that approve less, by link, until somebody agrees to them or does not.
_ANSWERS = "answers"
_MOST_KEPT = 3
_LONGEST_URL = 2000


async def show_new_link(visit: Visit) -> Response:
    """Ask for the address, or show who was found there a moment ago; nobody is asked for that."""
    url = (visit.params.get("url") or "")[:_LONGEST_URL]
    page = NewLinkPage(us=visit.us, url=url)
    found = await recall_found(visit, url)
    if found is not None:
        page = _build_found_page(visit, found, page, Form(()))
    elif asked := find_question(visit, url):
        page = replace(page, asks_private=True, private_host=asked)
    return await visit.render("new_link.html", page, leads_away=True)


async def look_or_propose(visit: Visit) -> Response:
    """Look who lives at the address; with the terms chosen, go on to its administrator."""
    form = AddressForm(FormData(visit.form))
    url = visit.form.get("offer") or form.url.data or ""
    page = NewLinkPage(us=visit.us, url=url[:_LONGEST_URL])
    if not form.validate():
        problem = say_refusal("invalid_url", us=visit.context.name)
        return await visit.render("new_link.html", replace(page, problem=problem), status=400, leads_away=True)
    try:
        if visit.form.get("propose"):
            return await _propose_shown(visit, page)
        found = await find_application(visit, url)
    except LinkingError as error:
        if error.code == "not_applinks":
            return await _go_on_by_hand(visit, page)
        return await _show_refusal(visit, page, error)
    # By a redirect, so that the browser can come back to the page without sending the form again.
    return _show_again(visit, found.discovery.url)


async def _go_on_by_hand(visit: Visit, page: NewLinkPage) -> Response:
    """Look what else is there than an Applinks, and let it be linked by hand."""
    try:
        server = await find_server_at(visit, page.url)
    except LinkingError as error:
        return await _show_refusal(visit, page, error)
    return visit.redirect(_find_hand_url(visit, server.url))


async def _show_refusal(visit: Visit, page: NewLinkPage, error: LinkingError) -> Response:
    if error.asks_private:
        await keep_question(visit, page.url, error.peer)
        return _show_again(visit, page.url)
    return await _show_problem(visit, page, error)


def _find_hand_url(visit: Visit, url: str) -> str:
    return visit.url(f"/new/by-hand?{urlencode({'url': url})}")


async def _offer_by_hand(visit: Visit, page: NewLinkPage, error: LinkingError) -> str:
    """Give where an address can be linked at which nothing answers now; empty: it cannot."""
    if error.code != "peer_unreachable" or not error.peer:
        return ""
    if await visit.context.linking.store.find_live_link(url=error.peer, peer_id="") is not None:
        return ""
    origin, confirmed = get_origin(error.peer), list_confirmed(visit, page.url)
    try:
        is_private = await check_typed(error.peer, confirmed=origin in confirmed, side=visit.context.linking)
    except LinkingError:
        is_private = False  # It leads nowhere now; calls to a private address stay forbidden.
    origins = (origin,) if is_private else ()
    name = get_host(error.peer)
    await keep_server(visit, KnownServer(url=error.peer, name=name, is_silent=True, private_origins=origins))
    return _find_hand_url(visit, error.peer)


def _show_again(visit: Visit, url: str) -> Response:
    return visit.redirect(visit.url(f"/new?{urlencode({'url': url})}"))


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
        kept = {each: old for each, old in visit.session.data.get(_ANSWERS, {}).items() if each != outcome.link.id}
        visit.session.data[_ANSWERS] = dict([*kept.items(), (outcome.link.id, response)][-_MOST_KEPT:])
        await visit.session.save()
        return visit.redirect(find_answer_url(visit, outcome.link.id))
    return await _go_on(visit, outcome)


async def decide_answer(visit: Visit) -> Response:
    """Agree to less than was asked for, or end the link before it began."""
    response = visit.session.data.get(_ANSWERS, {}).pop(visit.params.get("link") or "", None)
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


def find_answer_url(visit: Visit, link_id: str) -> str:
    """Give the page on which this session agrees to less than was asked for; empty: no such answer waits."""
    if link_id not in visit.session.data.get(_ANSWERS, {}):
        return ""
    return visit.url(f"/link/callback?{urlencode({'link': link_id})}")


async def _propose_shown(visit: Visit, page: NewLinkPage) -> Response:
    """Propose to what was found and shown, keys and all: who answers at the address now is not asked."""
    found = await recall_found(visit, page.url)
    if found is not None:
        return await _propose(visit, found, page)
    problem = Sentence(
        what=_("It is too long ago that this application was looked at."),
        advice=_("Look again, and then go on. Nothing was sent."),
    )
    return await visit.render("new_link.html", replace(page, problem=problem), status=400, leads_away=True)


async def _propose(visit: Visit, found: Found, page: NewLinkPage) -> Response:
    incoming, outgoing = _build_choices(visit, found)
    accesses: list[Access] = []
    for direction, choices in (("in", incoming), ("out", outgoing)):
        if choices is None or choices.is_empty or visit.form.get(f"{direction}_off"):
            continue
        access = choices.narrow(visit.form)
        if access is None:
            return await _ask_again(visit, found, page, _say_nothing_ticked(visit, found, direction))
        accesses.append(access)
    if not accesses:
        return await _ask_again(visit, found, page, _("At least one of the two sides has to be left in."))
    # An id is used once: whoever comes back to this page proposes another link.
    await forget_link_id(visit, found.discovery.url)
    url = await propose(
        found.discovery,
        Terms(access=tuple(accesses)),
        administrator=visit.user,
        session_digest=visit.session.digest.hex(),
        link_id=found.link_id,
        side=visit.context.linking,
    )
    return visit.redirect(url)


def _say_nothing_ticked(visit: Visit, found: Found, direction: str) -> str:
    if direction == "in":
        text = _("Incoming: tick at least one thing {caller} may do, or leave this side out.")
        return text.format(caller=found.end.name)
    text = _("Outgoing: tick at least one thing {caller} may do, or leave this side out.")
    return text.format(caller=visit.context.name)


async def _ask_again(visit: Visit, found: Found, page: NewLinkPage, problem: str) -> Response:
    shown = _build_found_page(visit, found, page, visit.form)
    return await visit.render("new_link.html", replace(shown, choice_problem=problem), status=400, leads_away=True)


async def _show_problem(visit: Visit, page: NewLinkPage, error: LinkingError) -> Response:
    peer = urlsplit(error.peer).netloc if error.peer else ""
    described = await describe_page_error(
        error,
        place="new",
        failures=visit.context.failures,
        us=visit.context.name,
        peer=peer,
        user_id=visit.user.id,
    )
    problem, offer_title = await describe_standing(error, described.sentence, visit.context), ""
    if error.offer:
        problem, offer_title = _describe_offer(visit, error, error.offer, problem)
    shown = replace(
        page,
        problem=problem,
        reference=described.reference,
        offer=error.offer or "",
        offer_title=offer_title,
        standing_url=visit.url(f"/links/{error.link_id}") if error.link_id else "",
        by_hand_url=await _offer_by_hand(visit, page, error),
    )
    return await visit.render("new_link.html", shown, status=described.status, leads_away=True)


def _describe_offer(visit: Visit, error: LinkingError, offer: str, said: Sentence) -> tuple[Sentence, str]:
    """Say what is wrong with an address where another one is offered instead, and what that one is."""
    if error.code == "invalid_url":
        return Sentence(what=say_refusal("plain_http", us=visit.context.name).what), _(
            "Try the same address with https"
        )
    if error.code == "invalid_manifest":
        what = _("That application calls itself {url}. Use that address.").format(url=offer)
        return Sentence(what=what), _("It names another address")
    return Sentence(what=said.what), _("It names another address")


def _build_choices(visit: Visit, found: Found) -> tuple[DirectionChoices | None, DirectionChoices | None]:
    return build_choices(visit, found.incoming, found.outgoing, found.discovery, is_proposal=True)


def _build_found_page(visit: Visit, found: Found, page: NewLinkPage, sent: Form) -> NewLinkPage:
    incoming, outgoing = _build_choices(visit, found)
    us, them = visit.context.name, found.end
    return replace(
        page,
        url=found.discovery.url,
        found=them,
        found_title=_("{name} answers, and it has Applinks").format(name=them.name),
        lane_in=_build_lane("in", found.incoming, sent),
        lane_out=_build_lane("out", found.outgoing, sent),
        incoming=_build_side(visit, incoming, sent, direction="in", caller=them.name, server=us),
        outgoing=_build_side(visit, outgoing, sent, direction="out", caller=us, server=them.name),
    )


def _build_side(
    visit: Visit, choices: DirectionChoices | None, sent: Form, *, direction: str, caller: str, server: str
) -> Side:
    names = {"caller": caller, "server": server}
    title = _("Incoming: {caller} calls {server}") if direction == "in" else _("Outgoing: {caller} calls {server}")
    who = _("{server} is the service provider, {caller} the consumer.").format(**names)
    if choices is None or choices.is_empty:
        nothing = (
            _("Not possible: {caller} cannot call {server}.")
            if choices is None
            else _("{server} offers nothing that can be called.")
        )
        return Side(direction=direction, title=title.format(**names), who=who, nothing=nothing.format(**names))
    off = Choice(
        field=f"{direction}_off",
        value="1",
        label=_("{caller} does not call {server}").format(**names),
        hint=_("To add it later, both sides have to agree again"),
        checked=bool(sent.get(f"{direction}_off")),
    )
    ticked = (*sent.get_all(direction), *sent.get_all(f"{direction}_app"))
    if not sent.names:
        ticked = _list_presets(visit, choices, direction)
    return Side(
        direction=direction,
        title=title.format(**names),
        who=who,
        user_title=_("Once a user has said yes, {caller} may").format(**names),
        user=choices.list_user(ticked),
        application_title=_("Without a user, as itself, {caller} may").format(**names),
        application=choices.list_application(sent.get_all(f"{direction}_app")),
        way=choices.build_way(say_how(caller, server), chosen=sent.get(f"{direction}_way") or ""),
        off=off,
    )


def _list_presets(visit: Visit, choices: DirectionChoices, direction: str) -> tuple[str, ...]:
    """Give what is ticked at first: of ours what the host declares as default, of theirs all that users decide."""
    if direction == "out":
        return choices.access.user_scopes
    defaults = tuple(scope.name for scope in visit.context.linking.resources[0].scopes if scope.default)
    return defaults or choices.access.user_scopes


def _build_lane(direction: str, access: Access | None, sent: Form) -> Lane:
    if access is None:
        return Lane(direction=direction, state="off", words=_("Not possible"))
    if (not access.user_scopes and not access.application_scopes) or sent.get(f"{direction}_off"):
        return Lane(direction=direction, state="off", words=_("Disabled"))
    return Lane(direction=direction, state="wait", words=say_way(access.protocols, access.level.value))


async def _show_waiting_answer(visit: Visit) -> Response:
    response = visit.session.data.get(_ANSWERS, {}).get(visit.params.get("link") or "")
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


async def _go_on(visit: Visit, outcome: AnswerOutcome) -> Response:
    """Send the browser to the link's own page; what is due is said first, so that the page shows the outcome."""
    response = visit.redirect(visit.url(f"/links/{outcome.link.id}"))
    if outcome.outcome is not Outcome.ACCEPTED:
        return response
    return (await begin_telling(outcome.link.id, visit.context)).go_on_after(response)
