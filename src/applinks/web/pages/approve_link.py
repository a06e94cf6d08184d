"""Linking, from the side that is asked: what another application wants, and an administrator's decision."""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from applinks.errors import RefusedError
from applinks.linking.answerer import AlreadyDecided, Offer, approve, open_proposal, refuse
from applinks.linking.errors import LinkingError
from applinks.linking.keys import format_fingerprint
from applinks.web.pages.confirmation import find_confirmation
from applinks.web.pages.forms import DirectionChoices
from applinks.web.pages.links.agreement import build_choices, build_list, build_pairing_lanes
from applinks.web.pages.links.views import ApprovePage, Side
from applinks.web.pages.views import End, QuestionPage
from applinks.web.pages.visit import Visit, find_tint
from applinks.wire.linking.terms import Level, Terms
from applinks.wire.urls import HostName, describe_host, get_host
from applinks.words import Sentence, say_level, say_protocol, say_refusal, say_remaining
from applinks.words import gettext as _

_OFFERS = "offers"
_PRIVATE = "private"
# What was shown is what is decided, in as many windows as somebody compares side by side.
_MOST_KEPT = 3
# Digits and letters that look alike in most fonts.
_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "-": ""})


async def show_proposal(visit: Visit) -> Response:
    """Show what the other application asks for; a private address is asked about before anything is read there."""
    request = _get_request(visit)
    confirm = find_confirmation(visit, f"/link?{visit.query}")
    if confirm is not None:
        return visit.redirect(confirm)
    try:
        opened = await open_proposal(
            request,
            user=visit.user,
            private_confirmed=_name(request) in visit.session.data.get(_PRIVATE, ()),
            side=visit.context.linking,
        )
    except LinkingError as error:
        if error.asks_private:
            return await _ask_about_address(visit, error)
        if error.code == "own_proposal_first":
            return await _offer_to_withdraw(visit, error)
        if error.code == "invalid_request":
            raise LinkingError("damaged_request", detail=error.detail) from error
        raise
    if isinstance(opened, AlreadyDecided):
        return visit.redirect(opened.redirect)
    _keep(visit.session.data, _OFFERS, opened.link_id, opened.to_json())
    await visit.session.save()
    return await visit.render("approve_link.html", await _build_page(visit, opened), leads_away=True)


async def decide_proposal(visit: Visit) -> Response:
    """Approve with the boxes that are left, or refuse; or go on to a private address."""
    request = _get_request(visit)
    if visit.form.get("private"):
        kept = [*visit.session.data.get(_PRIVATE, ()), _name(request)]
        visit.session.data[_PRIVATE] = kept[-_MOST_KEPT:]
        await visit.session.save()
        return visit.redirect(visit.url(f"/link?{visit.query}"))
    confirm = find_confirmation(visit, f"/link?{visit.query}")
    if confirm is not None:
        return visit.redirect(confirm)
    offer = _get_offer(visit, request)
    side = visit.context.linking
    if visit.form.get("deny"):
        return visit.redirect(await refuse(offer, user=visit.user, side=side))
    if not visit.form.get("approve"):
        raise RefusedError("Neither yes nor no was said.")
    try:
        return visit.redirect(await approve(offer, _narrow_terms(visit, offer), user=visit.user, side=side))
    except LinkingError as error:
        if error.code == "own_proposal_first":
            return await _offer_to_withdraw(visit, error)
        raise


def _get_request(visit: Visit) -> str:
    request = visit.params.get("request")
    if request is None:
        raise LinkingError("damaged_request", detail="the address names no request")
    return request


def _name(request: str) -> str:
    return hashlib.sha256(request.encode()).hexdigest()[:32]


def _keep(data: dict[str, Any], key: str, name: str, value: Any) -> None:
    """Keep a value under a name, and of that kind only the newest few."""
    kept = {each: old for each, old in data.get(key, {}).items() if each != name}
    data[key] = dict([*kept.items(), (name, value)][-_MOST_KEPT:])


def _get_offer(visit: Visit, request: str) -> Offer:
    kept = visit.session.data.get(_OFFERS, {}).get(visit.form.get("offer") or "")
    offer = Offer.from_json(kept) if kept else None
    if offer is None or offer.request != request:
        raise LinkingError("unknown_offer", detail="this session was not shown the proposal that it decides about")
    return offer


def _narrow_terms(visit: Visit, offer: Offer) -> Terms:
    choices = _build_choices(visit, offer)
    narrowed = (each.narrow(visit.form) for each in choices if each is not None)
    terms = Terms(access=tuple(access for access in narrowed if access is not None))
    if not terms.access:
        raise LinkingError("unsupported_terms", detail="every box was taken away", peer=offer.discovery.url)
    return terms


def _build_choices(visit: Visit, offer: Offer) -> tuple[DirectionChoices | None, DirectionChoices | None]:
    own, peer = visit.context.settings.base_url, offer.discovery.url
    incoming = offer.terms.find(from_url=peer, to_url=own)
    outgoing = offer.terms.find(from_url=own, to_url=peer)
    return build_choices(visit, incoming, outgoing, offer.discovery)


async def _ask_about_address(visit: Visit, error: LinkingError) -> Response:
    page = QuestionPage(
        title=_("Call an address in a private network?"),
        text=_(
            "Somebody asks to be linked from this address. Go on only if you know what runs there: "
            "this application will call it."
        ),
        address=error.peer,
        button=_("Call it"),
        field="private",
        back=visit.url("/"),
    )
    return await visit.render("question.html", page, leads_away=True)


async def _offer_to_withdraw(visit: Visit, error: LinkingError) -> Response:
    open_here = await visit.context.linking.store.list_open_proposals(url=error.peer)
    if not open_here:
        raise error
    sentence = say_refusal(error.code, us=visit.context.name)
    await visit.tell("warn", sentence.what, sentence.advice)
    return visit.redirect(visit.url(f"/links/{open_here[0].id}"))


async def _build_page(visit: Visit, offer: Offer) -> ApprovePage:
    discovery, us = offer.discovery, visit.context.name
    url, name = discovery.url, discovery.manifest.name
    incoming, outgoing = _build_choices(visit, offer)
    host = describe_host(url)
    return ApprovePage(
        us=visit.us,
        them=End(name=name, host=get_host(url), url=url, tint=find_tint(offer.link_id)),
        address=url,
        unicode=host.unicode if host.is_international else "",
        resembles=await _find_resemblance(visit, host),
        you=visit.user.shown_name,
        lanes=build_pairing_lanes(
            us, name, incoming.access if incoming else None, outgoing.access if outgoing else None
        ),
        incoming=_add_level(build_list("in", incoming, name, us, is_open=True), incoming),
        outgoing=_add_level(build_list("out", outgoing, us, name, is_open=True), outgoing),
        warnings=tuple(_list_warnings(offer)),
        asks_users=all(access.level is not Level.IMPERSONATION for access in offer.terms.access),
        fingerprint=format_fingerprint(discovery.keys[0]["kid"]),
        remaining=say_remaining(max(offer.expires_at - visit.now, 0)),
        offer=offer.link_id,
    )


def _add_level(side: Side, choices: DirectionChoices | None) -> Side:
    if choices is None:
        return side
    access = choices.access
    said = _("Level: {level} · {protocols}").format(
        level=say_level(access.level.value), protocols=", ".join(say_protocol(name) for name in access.protocols)
    )
    return replace(side, level=said)


def _list_warnings(offer: Offer) -> Iterable[Sentence]:
    for access in offer.terms.access:
        if access.level is not Level.IMPERSONATION:
            continue
        what = _("It offers to be called as any of its users, without asking that user")
        if access.from_url == offer.discovery.url:
            what = _("It asks to act as any user, without asking that user")
        yield Sentence(what=what, advice=_("Approve this only for an application that you run yourself."))
    if offer.discovery.private:
        yield Sentence(
            what=_("The address is in a private network"),
            advice=_("You confirmed it a moment ago; it stays allowed for this link."),
        )
    if offer.discovery.url.startswith("http://"):
        yield Sentence(
            what=_("The address is plain http"),
            advice=_("That is for applications on this computer alone, and not protected."),
        )


async def _find_resemblance(visit: Visit, host: HostName) -> str:
    """Say which known host an address can be taken for; empty: none."""
    links = await visit.context.linking.store.list_links()
    known = {get_host(link.peer.url): link.name for link in links}
    known[get_host(visit.context.settings.base_url)] = visit.context.name
    for each, name in known.items():
        if host.a_label != each and (_simplify(host.unicode) == _simplify(each) or host.a_label.startswith(f"{each}.")):
            return _("It resembles {host}, which is {name}, and is another one.").format(host=each, name=name)
    return ""


def _simplify(host: str) -> str:
    decomposed = unicodedata.normalize("NFKD", host.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each)).translate(_ALIKE).replace("rn", "m")
