"""The list of links, one link, and what an administrator does with it: each a caller of `administration.links`."""

from dataclasses import replace
from urllib.parse import urlencode

from starlette.responses import Response

from applinks.administration.actor import Actor
from applinks.administration.failures import list_failures
from applinks.administration.links import (
    LinkView,
    Wanted,
    approve_keys,
    change_incoming,
    change_outgoing,
    delete,
    list_links,
    pause,
    resume,
    show_link,
    test_again,
    withdraw,
)
from applinks.errors import RefusedError
from applinks.linking.errors import LinkingError
from applinks.records.links import Link, LinkState, Rest
from applinks.web.pages.forms import (
    DirectionChoices,
    DirectionForm,
    FormData,
    ReasonForm,
    describe_own,
    describe_theirs,
    offer_choices,
)
from applinks.web.pages.link_panels import (
    LinkFacts,
    build_key_view,
    build_link_page,
    build_row,
    is_lowered_there,
    say_loss,
    say_lowered_there,
    say_who,
)
from applinks.web.pages.link_states import LinkLook, get_check
from applinks.web.pages.new_link import find_answer_url
from applinks.web.pages.patience import begin_telling
from applinks.web.pages.views import ChangePage, Choice, KeysPage, LinkRow, LinksPage, QuestionPage, Tab
from applinks.web.pages.visit import Visit
from applinks.words import gettext as _
from applinks.words import say_rest

_FILTERS = {"attention": ("attention",), "waiting": ("yours", "waiting", "testing"), "paused": ("paused",)}
# Sorted first is what somebody has to look at.
_ORDER = ("attention", "yours", "waiting", "testing", "connected", "paused", "ended")
_LONGEST_QUERY = 200
# While the first tests run, the page of a link looks again by itself.
_LOOK_AGAIN_SECONDS = 2
_MOST_LOOKING_SECONDS = 60


async def show_links(visit: Visit) -> Response:
    """List the links, those that need attention first."""
    form = visit.params
    asked, text = form.get("state") or "", (form.get("q") or "")[:_LONGEST_QUERY]
    links = await list_links(actor=_actor(visit), side=visit.context.administration)
    rows = [build_row(await _look(visit, link)) for link in links]
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
    view = await _find(visit)
    page = build_link_page(await _look(visit, view.link), await _gather(visit, view))
    response = await visit.render("link.html", page)
    is_young = visit.now - (view.link.in_force_at or view.link.created_at) < _MOST_LOOKING_SECONDS
    if is_young and page.state.key == "testing":
        response.headers["Refresh"] = str(_LOOK_AGAIN_SECONDS)
    return response


async def ask_to_pause(visit: Visit) -> Response:
    """Ask for the reason of a pause."""
    link = (await _find(visit)).link
    page = QuestionPage(
        title=_("Pause the link with {peer}?").format(peer=link.name),
        text=_("Both directions stop at once, at both ends. Nothing is lost, and you can resume it at any time."),
        asks_reason=True,
        button=_("Pause the link"),
        field="pause",
        back=_get_url(visit, link),
    )
    return await visit.render("question.html", page)


async def pause_link(visit: Visit) -> Response:
    """Pause the link."""
    form = ReasonForm(FormData(visit.form))
    reason = form.reason.data or ""
    if not form.validate():
        raise RefusedError("The reason is too long.", detail=f"{len(reason)} characters")
    link = await pause(_get_name(visit), reason=reason, actor=_actor(visit), side=visit.context.administration)
    return await _return_to(visit, link)


async def resume_link(visit: Visit) -> Response:
    """End our pause."""
    link = await resume(_get_name(visit), actor=_actor(visit), side=visit.context.administration)
    if link.peer.paused:
        await visit.tell("rest", _("Your pause is lifted"), _("{peer}’s stays.").format(peer=link.name))
    return await _return_to(visit, link)


async def test_link(visit: Visit) -> Response:
    """Make the test call now, and show what it found."""
    link = await test_again(_get_name(visit), actor=_actor(visit), side=visit.context.administration)
    telling = await begin_telling(link.id, visit.context)
    after = telling.result
    if not telling.is_done:
        text = _("{peer} answers slowly. What the test finds stands here as soon as it is over.")
        await visit.tell("wait", _("The test is under way"), text.format(peer=link.name))
    elif after is not None and get_check(await _look(visit, after), "out") == "passed":
        await visit.tell("ok", _("The test passed"), _("{peer} answered.").format(peer=link.name))
    return telling.go_on_after(visit.redirect(_get_url(visit, link)))


async def ask_to_delete(visit: Visit) -> Response:
    """Say what is lost before a link is deleted."""
    view = await _find(visit)
    link, look = view.link, await _look(visit, view.link)
    in_force = link.state is LinkState.IN_FORCE
    title = _("Delete the link with {peer}?") if in_force else _("Withdraw the link with {peer}?")
    page = QuestionPage(
        title=title.format(peer=link.name),
        text=_("It cannot be brought back."),
        losses=(
            Choice(label=say_loss(look, await _gather(visit, view))),
            Choice(label=_("To link the two again, both administrators have to approve again.")),
        ),
        button=_("Delete the link") if in_force else _("Withdraw it"),
        field="delete",
        back=_get_url(visit, link),
        is_dangerous=True,
    )
    return await visit.render("question.html", page)


async def delete_link(visit: Visit) -> Response:
    """End the link for good."""
    link = (await _find(visit)).link
    end = withdraw if link.state is LinkState.PROPOSED else delete
    after = await end(link.id, actor=_actor(visit), side=visit.context.administration)
    telling = await begin_telling(after.id, visit.context)
    told = await _look(visit, telling.result or after)
    title, heard = _("The link with {peer} has ended here"), _say_not_heard(after)
    if link.state is LinkState.PROPOSED:
        title, heard = _("The link with {peer} has ended"), _("The request is withdrawn; nothing comes of it.")
    elif told.is_told:
        title, heard = _("The link with {peer} has ended"), _("Both ends have stopped.")
    await visit.tell("ok", title.format(peer=after.name), heard)
    return telling.go_on_after(visit.redirect(visit.url("/")))


async def show_incoming(visit: Visit) -> Response:
    """Show what the peer may do here, to change it."""
    return await _show_direction(visit, "in")


async def show_outgoing(visit: Visit) -> Response:
    """Show what we do at the peer, to change it."""
    return await _show_direction(visit, "out")


async def save_incoming(visit: Visit) -> Response:
    """Change what the peer may do here."""
    return await _save_direction(visit, "in")


async def save_outgoing(visit: Visit) -> Response:
    """Change what we do at the peer."""
    return await _save_direction(visit, "out")


async def show_keys(visit: Visit) -> Response:
    """Show the fingerprints of a link's keys, to compare them."""
    view = await _find(visit)
    link, us = view.link, visit.context.name
    changed = Rest.KEYS_CHANGED in link.rest
    page = KeysPage(
        them=(await _look(visit, link)).them,
        url=_get_url(visit, link),
        title=_("Compare the new key of {peer}").format(peer=link.name) if changed else _("Keys"),
        text=say_rest(Rest.KEYS_CHANGED, us=us, peer=link.name).what if changed else "",
        unannounced=tuple(build_key_view(key) for key in link.peer.unannounced),
        pinned=tuple(build_key_view(key) for key in link.peer.keys),
        own=tuple(build_key_view(key) for key in await visit.context.linking.keys.list_public_keys()),
        may_change=visit.user.is_administrator,
    )
    return await visit.render("keys.html", page)


async def approve_key(visit: Visit) -> Response:
    """Approve a key whose fingerprint was compared."""
    fingerprint = visit.form.get("approve")
    if fingerprint is None:
        raise RefusedError("The form names no key.")
    link = await approve_keys(_get_name(visit), fingerprint, actor=_actor(visit), side=visit.context.administration)
    await visit.tell("ok", _("The key is approved"))
    return await _return_to(visit, link)


def _actor(visit: Visit) -> Actor:
    return Actor.for_user(visit.user)


def _get_name(visit: Visit) -> str:
    return str(visit.request.path_params["link"])


def _get_url(visit: Visit, link: Link) -> str:
    # A handle goes to the next link of that name; what has ended is found by its id alone.
    return visit.url(f"/links/{link.id if link.ended_at else link.handle}")


async def _find(visit: Visit) -> LinkView:
    try:
        return await show_link(_get_name(visit), actor=_actor(visit), side=visit.context.administration)
    except LinkingError as error:
        if error.code == "unknown_link":
            error.status = 404
        raise


async def _look(visit: Visit, link: Link) -> LinkLook:
    return LinkLook(
        link=link,
        us=visit.context.name,
        base_url=visit.context.settings.base_url,
        url=_get_url(visit, link),
        now=visit.now,
        paused_by=await _find_name(visit, link.pause.by) if link.pause else "",
        answer_url=find_answer_url(visit, link.id),
        new_url=visit.url(f"/new?{urlencode({'url': link.peer.url})}"),
        proposal_seconds=visit.context.linking.proposal_seconds,
        reference=await _find_reference(visit, link),
    )


async def _find_reference(visit: Visit, link: Link) -> str:
    """Give the reference of the failure in which the last test call ended."""
    if not link.check.startswith("failed"):
        return ""
    failures = await list_failures(link_id=link.id, actor=_actor(visit), side=visit.context.administration)
    return next((each.reference for each in failures if each.place == "test_call"), "")


async def _gather(visit: Visit, view: LinkView) -> LinkFacts:
    return LinkFacts(
        scopes=visit.context.linking.resources[0].scopes,
        own_keys=await visit.context.linking.keys.list_public_keys(),
        grants=view.users_in,
        connections=view.users_out,
        linked_by=await _find_name(visit, view.link.created_by),
        may_change=visit.user.is_administrator,
    )


async def _find_name(visit: Visit, actor: str) -> str:
    """Give the name of somebody whom a record names; a user who is gone has none."""
    kind, _colon, name = actor.partition(":")
    if kind == "user":
        user = await visit.context.users.find(name)
        return user.shown_name if user else ""
    return _("{name} (command line)").format(name=name) if kind == "command" else ""


async def _return_to(visit: Visit, link: Link) -> Response:
    """Send the browser back to the link's page, which says whether the peer has heard of the change."""
    telling = await begin_telling(link.id, visit.context)
    return telling.go_on_after(visit.redirect(_get_url(visit, link)))


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


async def _show_direction(visit: Visit, direction: str, *, problem: str = "") -> Response:
    view = await _find(visit)
    link, look = view.link, await _look(visit, view.link)
    ceiling = view.incoming_ceiling if direction == "in" else view.outgoing_ceiling
    here = link.incoming if direction == "in" else link.outgoing
    if ceiling is None:
        raise LinkingError("unsupported_terms", detail="nothing was agreed in this direction", peer=link.peer.url)
    us, peer = visit.context.name, link.name
    caller, server = (peer, us) if direction == "in" else (us, peer)
    ours = describe_own(visit.context.linking.resources[0].scopes)
    describe = ours if direction == "in" else describe_theirs(link.peer.manifest)
    # A direction that is off keeps what was lowered; one that keeps nothing begins with all that was agreed.
    in_use = here if here.is_enabled or here.user_scopes or here.application_scopes else ceiling
    choices = DirectionChoices(ceiling, field="user", application_field="application", describe=describe)
    is_off_there = direction == "out" and look.is_switched_off_there
    name = _("incoming") if direction == "in" else _("outgoing")
    page = ChangePage(
        them=look.them,
        url=look.url,
        direction=direction,
        title=_("Change {direction}").format(direction=name),
        crumb=_("Incoming") if direction == "in" else _("Outgoing"),
        heading=_("{caller} calls {server}").format(caller=caller, server=server),
        who=say_who(look, direction),
        enabled=Choice(
            field="enabled",
            value="1",
            label=_("{caller} may call {server}").format(caller=caller, server=server),
            hint=_("Without this, every call in this direction is refused"),
            checked=here.is_enabled,
        ),
        user_title=_("With a user’s consent, {caller} may").format(caller=caller),
        user=_mark_lowered(look, direction, choices.list_user(in_use.user_scopes), users=True),
        application_title=_("As itself, without a user, {caller} may").format(caller=caller),
        application=_mark_lowered(
            look, direction, choices.list_application(in_use.application_scopes), users=False
        ),
        ceiling=_("Only what both sides agreed stands here. For more, delete the link and make it anew."),
        button=_("Save {direction}").format(direction=name),
        problem=problem,
        notice=_("{peer} has switched this direction off. What you set here counts once it is on again.").format(
            peer=peer
        )
        if is_off_there
        else "",
    )
    return await visit.render("change_direction.html", page, status=400 if problem else 200)


def _mark_lowered(look: LinkLook, direction: str, boxes: tuple[Choice, ...], *, users: bool) -> tuple[Choice, ...]:
    """Say beside each box which of our permissions the peer does not serve now."""
    return tuple(
        replace(box, hint=say_lowered_there(look))
        if direction == "out" and is_lowered_there(look, box.value, users=users)
        else box
        for box in boxes
    )


async def _save_direction(visit: Visit, direction: str) -> Response:
    view = await _find(visit)
    ceiling = view.incoming_ceiling if direction == "in" else view.outgoing_ceiling
    form = DirectionForm(FormData(visit.form))
    offer_choices(form.user, ceiling.user_scopes if ceiling else ())
    offer_choices(form.application, ceiling.application_scopes if ceiling else ())
    if not form.validate():
        raise RefusedError("The form names something that was not agreed.", detail=str(form.errors)[:300])
    wanted = Wanted(enabled=form.enabled.data, user_scopes=form.user.data, application_scopes=form.application.data)
    change = change_incoming if direction == "in" else change_outgoing
    try:
        link = await change(view.link.id, wanted, actor=_actor(visit), side=visit.context.administration)
    except LinkingError as error:
        if error.code != "unsupported_terms" or ceiling is None:
            raise
        problem = _("Tick what is allowed, or switch the direction off.")
        return await _show_direction(visit, direction, problem=problem)
    await visit.tell("ok", _("Saved"), _("{us} goes by it from now on.").format(us=visit.context.name))
    return await _return_to(visit, link)
