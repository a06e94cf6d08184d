"""The list of links, one link, and what an administrator does with it: each a caller of `administration.links`."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from applinks.administration.actor import Actor
from applinks.administration.failures import list_failures
from applinks.administration.links import (
    LinkView,
    approve_keys,
    delete,
    list_links,
    pause,
    resume,
    show_link,
    test_again,
    withdraw,
)
from applinks.errors import RefusedError
from applinks.linking.documents import build_own_consumer_info
from applinks.linking.errors import LinkingError
from applinks.outgoing.side import build_redirect_uri
from applinks.records.clients import Client
from applinks.records.links import Link, LinkState, Rest
from applinks.records.registrations import Registration
from applinks.web.pages.forms import (
    FormData,
    ReasonForm,
)
from applinks.web.pages.links.hand.views import NewSecret
from applinks.web.pages.links.new_link import find_answer_url
from applinks.web.pages.links.panels import (
    LinkFacts,
    build_key_view,
    build_link_page,
    build_row,
    say_loss,
)
from applinks.web.pages.links.states import LinkLook, get_check
from applinks.web.pages.links.views import KeysPage, LinkRow, LinksPage, Tab
from applinks.web.pages.views import Choice, QuestionPage
from applinks.web.pages.visit import Visit
from applinks.web.patience import begin_telling
from applinks.wire.oauth1.keys import format_public_key
from applinks.words import gettext as _
from applinks.words import say_rest

_FILTERS = {"attention": ("attention",), "waiting": ("yours", "waiting", "testing"), "paused": ("paused",)}
# Sorted first is what somebody has to look at.
_ORDER = ("attention", "yours", "waiting", "testing", "connected", "ready", "paused", "ended")
_LONGEST_QUERY = 200
# While the first tests run, the page of a link looks again by itself.
_LOOK_AGAIN_SECONDS = 2
_MOST_LOOKING_SECONDS = 60


async def show_links(visit: Visit) -> Response:
    """List the links, those that need attention first."""
    form = visit.params
    asked, text = form.get("state") or "", (form.get("q") or "")[:_LONGEST_QUERY]
    links = await list_links(actor=get_actor(visit), side=visit.context.administration)
    rows = [build_row(await look_at(visit, link)) for link in links]
    rows.sort(key=lambda row: _ORDER.index(row.state.key))
    page = LinksPage(
        rows=tuple(row for row in rows if _is_wanted(row, asked, text.casefold())),
        tabs=_build_tabs(rows, asked),
        total=len(rows),
        query=text,
        filter=asked if asked in _FILTERS else "",
        may_change=visit.user.is_administrator,
    )
    return await visit.render("links.html", page, is_front=True)


async def show_one_link(visit: Visit) -> Response:
    """Show one link, also one that has ended."""
    view = await find_view(visit)
    page = build_link_page(await look_at(visit, view.link), await gather_facts(visit, view))
    response = await visit.render("link.html", page)
    is_young = visit.now - (view.link.in_force_at or view.link.created_at) < _MOST_LOOKING_SECONDS
    if is_young and page.state.key == "testing":
        response.headers["Refresh"] = str(_LOOK_AGAIN_SECONDS)
    return response


async def ask_to_pause(visit: Visit) -> Response:
    """Ask for the reason of a pause."""
    link = (await find_view(visit)).link
    page = QuestionPage(
        title=_("Pause the link with {peer}?").format(peer=link.name),
        text=_("Both directions stop at once. Nothing is lost, and you can resume it at any time.")
        if link.is_by_hand
        else _("Both directions stop at once, at both ends. Nothing is lost, and you can resume it at any time."),
        asks_reason=True,
        button=_("Pause the link"),
        field="pause",
        back=get_url(visit, link),
    )
    return await visit.render("question.html", page)


async def pause_link(visit: Visit) -> Response:
    """Pause the link."""
    form = ReasonForm(FormData(visit.form))
    reason = form.reason.data or ""
    if not form.validate():
        raise RefusedError("The reason is too long.", detail=f"{len(reason)} characters")
    link = await pause(get_name(visit), reason=reason, actor=get_actor(visit), side=visit.context.administration)
    return await return_to(visit, link)


async def resume_link(visit: Visit) -> Response:
    """End our pause."""
    link = await resume(get_name(visit), actor=get_actor(visit), side=visit.context.administration)
    if link.peer.paused:
        await visit.tell("rest", _("Your pause is lifted"), _("{peer}’s stays.").format(peer=link.name))
    return await return_to(visit, link)


async def test_link(visit: Visit) -> Response:
    """Make the test call now, and show what it found."""
    link = await test_again(get_name(visit), actor=get_actor(visit), side=visit.context.administration)
    telling = await begin_telling(link.id, visit.context)
    after = telling.result
    if not telling.is_done:
        text = _("{peer} answers slowly. What the test finds stands here as soon as it is over.")
        await visit.tell("wait", _("The test is under way"), text.format(peer=link.name))
    elif after is not None and get_check(await look_at(visit, after), "out") == "passed":
        await visit.tell("ok", _("The test passed"), _("{peer} answered.").format(peer=link.name))
    return telling.go_on_after(visit.redirect(get_url(visit, link)))


async def ask_to_delete(visit: Visit) -> Response:
    """Say what is lost before a link is deleted."""
    view = await find_view(visit)
    link, look = view.link, await look_at(visit, view.link)
    in_force = link.state is LinkState.IN_FORCE
    title = _("Delete the link with {peer}?") if in_force else _("Withdraw the link with {peer}?")
    page = QuestionPage(
        title=title.format(peer=link.name),
        text=_("It cannot be brought back."),
        losses=(
            Choice(label=say_loss(look, await gather_facts(visit, view))),
            Choice(label=_say_way_back(link)),
        ),
        button=_("Delete the link") if in_force else _("Withdraw it"),
        field="delete",
        back=get_url(visit, link),
        is_dangerous=True,
    )
    return await visit.render("question.html", page)


def _say_way_back(link: Link) -> str:
    if link.is_by_hand:
        return _("To link the two again, the values have to be entered anew at both ends.")
    return _("To link the two again, both administrators have to approve again.")


async def delete_link(visit: Visit) -> Response:
    """End the link for good."""
    link = (await find_view(visit)).link
    end = withdraw if link.state is LinkState.PROPOSED else delete
    after = await end(link.id, actor=get_actor(visit), side=visit.context.administration)
    telling = await begin_telling(after.id, visit.context)
    told = await look_at(visit, telling.result or after)
    title, heard = _("The link with {peer} has ended here"), _say_not_heard(after)
    if link.state is LinkState.PROPOSED:
        title, heard = _("The link with {peer} has ended"), _("The request is withdrawn; nothing comes of it.")
    elif link.is_by_hand:
        title, heard = _("The link with {peer} has ended"), _say_remove_there(after, visit.context.name)
    elif told.is_told:
        title, heard = _("The link with {peer} has ended"), _("Both ends have stopped.")
    await visit.tell("ok", title.format(peer=after.name), heard)
    return telling.go_on_after(visit.redirect(visit.url("/")))


async def show_keys(visit: Visit) -> Response:
    """Show the fingerprints of a link's keys, to compare them."""
    view = await find_view(visit)
    link, us = view.link, visit.context.name
    changed = Rest.KEYS_CHANGED in link.rest
    page = KeysPage(
        them=(await look_at(visit, link)).them,
        url=get_url(visit, link),
        title=_("Compare the new key of {peer}").format(peer=link.name) if changed else _("Keys"),
        text=say_rest(Rest.KEYS_CHANGED, us=us, peer=link.name).what if changed else "",
        unannounced=tuple(build_key_view(key) for key in link.peer.surprising_keys),
        pinned=tuple(build_key_view(key) for key in link.peer.pinned_keys),
        own=tuple(build_key_view(key) for key in await _list_own_keys(visit)),
        may_change=visit.user.is_administrator,
    )
    return await visit.render("keys.html", page)


async def _list_own_keys(visit: Visit) -> tuple[Mapping[str, Any], ...]:
    """Give our public keys, those of OAuth 1.0a last."""
    keys = visit.context.linking.keys
    oauth1 = await keys.list_oauth1_public_keys() if "oauth1" in visit.context.settings.protocols else ()
    return (*await keys.list_public_keys(), *oauth1)


async def approve_key(visit: Visit) -> Response:
    """Approve a key whose fingerprint was compared."""
    fingerprint = visit.form.get("approve")
    if fingerprint is None:
        raise RefusedError("The form names no key.")
    link = await approve_keys(get_name(visit), fingerprint, actor=get_actor(visit), side=visit.context.administration)
    await visit.tell("ok", _("The key is approved"))
    return await return_to(visit, link)


def get_actor(visit: Visit) -> Actor:
    """Give who acts, for the audit."""
    return Actor.for_user(visit.user)


def get_name(visit: Visit) -> str:
    """Give the id or handle in the address."""
    return str(visit.request.path_params["link"])


def get_url(visit: Visit, link: Link) -> str:
    """Give the address of a link's page."""
    # A handle goes to the next link of that name; what has ended is found by its id alone.
    return visit.url(f"/links/{link.id if link.ended_at else link.handle}")


async def find_view(visit: Visit) -> LinkView:
    """
    Give the link that the address names.

    Raises:
        LinkingError: ``unknown_link``, as a page that is not there.
    """
    try:
        return await show_link(get_name(visit), actor=get_actor(visit), side=visit.context.administration)
    except LinkingError as error:
        if error.code == "unknown_link":
            error.status = 404
        raise


async def look_at(visit: Visit, link: Link) -> LinkLook:
    """Look at a link now, as this session sees it."""
    return LinkLook(
        link=link,
        us=visit.context.name,
        base_url=visit.context.settings.base_url,
        url=get_url(visit, link),
        now=visit.now,
        paused_by=await find_name(visit, link.pause.by) if link.pause else "",
        answer_url=find_answer_url(visit, link.id),
        new_url=visit.url(f"/new?{urlencode({'url': link.peer.url})}"),
        proposal_seconds=visit.context.linking.proposal_seconds,
        reference=await _find_reference(visit, link),
        registration=await find_registration(visit, link),
    )


async def find_registration(visit: Visit, link: Link) -> Registration | None:
    """Give what we are at the server of a link by hand."""
    if not link.is_by_hand or link.ended_at:
        return None
    return await visit.context.outgoing.store.find_registration(link.id)


async def _find_reference(visit: Visit, link: Link) -> str:
    """Give the reference of the failure in which the last test call, or journey to a server by hand, ended."""
    if not link.check.startswith("failed"):
        return ""
    failures = await list_failures(link_id=link.id, actor=get_actor(visit), side=visit.context.administration)
    code, places = link.check.removeprefix("failed:"), ("callback", "connect") if link.is_by_hand else ("test_call",)
    found = (each for each in failures if each.place in places and (each.code == code or not link.is_by_hand))
    return next((each.reference for each in found), "")


async def gather_facts(visit: Visit, view: LinkView, *, secret: NewSecret | None = None) -> LinkFacts:
    """Gather what a link's page shows beside its record."""
    clients = await list_own_clients(visit, view.link)
    own = await build_own_consumer_info(visit.context.linking)
    return LinkFacts(
        scopes=visit.context.incoming.rules.host.scopes,
        own_keys=await visit.context.linking.keys.list_public_keys(),
        own_oauth1_keys=await visit.context.linking.keys.list_oauth1_public_keys(),
        grants=view.users_in,
        connections=view.users_out,
        linked_by=await find_name(visit, view.link.created_by),
        may_change=visit.user.is_administrator,
        clients=clients,
        redirect_uri=build_redirect_uri(visit.context.settings, view.link.id),
        public_key=format_public_key(own.public_key),
        consumer_key=own.key,
        names=await find_user_names(visit, clients),
        secret=secret,
    )


async def list_own_clients(visit: Visit, link: Link) -> tuple[Client, ...]:
    """Give the clients that were added to a link by hand."""
    found = await visit.context.incoming.store.list_clients(link_id=link.id)
    return tuple(each.client for each in found if not each.client.is_peer)


async def find_user_names(visit: Visit, clients: Sequence[Client]) -> dict[str, str]:
    """Give the log-in names of the users whom the records of clients name, by id; of those who are gone, none."""
    ids = dict.fromkeys(
        each
        for client in clients
        if client.oauth1 is not None
        for each in (client.oauth1.execute_as, *client.oauth1.protected_users)
        if each
    )
    users = [await visit.context.users.find(each) for each in ids]
    return {user.id: user.name for user in users if user is not None}


async def find_name(visit: Visit, actor: str) -> str:
    """Give the name of somebody whom a record names; a user who is gone has none."""
    kind, _colon, name = actor.partition(":")
    if kind == "user":
        user = await visit.context.users.find(name)
        return user.shown_name if user else ""
    return _("{name} (command line)").format(name=name) if kind == "command" else ""


async def return_to(visit: Visit, link: Link) -> Response:
    """Send the browser back to the link's page, which says whether the peer has heard of the change."""
    telling = await begin_telling(link.id, visit.context)
    return telling.go_on_after(visit.redirect(get_url(visit, link)))


def _say_remove_there(link: Link, us: str) -> str:
    if link.outgoing.protocols:
        return _("Remove {us} from the clients of {peer}, too.").format(us=us, peer=link.name)
    return _("{peer} is refused from now on.").format(peer=link.name)


def _say_not_heard(link: Link) -> str:
    return _("{peer} does not answer; it is told as soon as it does.").format(peer=link.name)


def _is_wanted(row: LinkRow, asked: str, text: str) -> bool:
    keys = _FILTERS.get(asked)
    if keys is not None and row.state.key not in keys:
        return False
    return text in row.them.name.casefold() or text in row.them.url


def _build_tabs(rows: list[LinkRow], asked: str) -> tuple[Tab, ...]:
    labels = (
        ("", _("All"), ""),
        ("attention", _("Needs attention"), "warn"),
        ("waiting", _("Waiting"), ""),
        ("paused", _("Paused"), ""),
    )
    tabs = []
    for key, label, state in labels:
        count = len(rows) if not key else sum(row.state.key in _FILTERS[key] for row in rows)
        if count or key == asked:
            tabs.append(
                Tab(
                    label=label,
                    count=count,
                    url=f"?state={key}" if key else "?",
                    state=state,
                    is_current=asked == key or (not key and asked not in _FILTERS),
                )
            )
    return tuple(tabs)
