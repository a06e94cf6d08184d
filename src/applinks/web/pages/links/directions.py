"""Changing one direction of a link, within what was agreed."""

from dataclasses import replace

from starlette.responses import Response

from applinks.administration.links import Wanted, change_incoming, change_outgoing
from applinks.errors import RefusedError
from applinks.linking.errors import LinkingError
from applinks.web.pages.forms import (
    DirectionChoices,
    DirectionForm,
    FormData,
    describe_own,
    describe_theirs,
    offer_choices,
)
from applinks.web.pages.links import by_hand
from applinks.web.pages.links.pages import find_view, get_actor, look_at, return_to
from applinks.web.pages.links.panels import is_lowered_there, say_lowered_there, say_who
from applinks.web.pages.links.states import LinkLook
from applinks.web.pages.links.views import ChangePage
from applinks.web.pages.views import Choice, Field
from applinks.web.pages.visit import Visit
from applinks.wire.linking.terms import Level
from applinks.words import gettext as _
from applinks.words import say_level


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


async def _show_direction(visit: Visit, direction: str, *, problem: str = "") -> Response:
    view = await find_view(visit)
    if view.link.is_by_hand:
        return await by_hand.show_direction(visit, view, direction)
    link, look = view.link, await look_at(visit, view.link)
    ceiling = view.incoming_ceiling if direction == "in" else view.outgoing_ceiling
    here = link.incoming if direction == "in" else link.outgoing
    if ceiling is None:
        raise LinkingError("unsupported_terms", detail="nothing was agreed in this direction", peer=link.peer.url)
    us, peer = visit.context.name, link.name
    caller, server = (peer, us) if direction == "in" else (us, peer)
    ours = describe_own(visit.context.linking.resources[0].scopes)
    describe = ours if direction == "in" else describe_theirs(link.peer.manifest)
    # A direction that is off keeps what was lowered; one that keeps nothing begins with all that was agreed.
    in_use = view.incoming_choice if direction == "in" else view.outgoing_choice
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
        application=_mark_lowered(look, direction, choices.list_application(in_use.application_scopes), users=False),
        level=_build_level(here.level, caller, server) if ceiling.level is Level.IMPERSONATION else None,
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


def _build_level(now: Level, caller: str, server: str) -> Field:
    """Give the choice of the level, where both sides agreed on the higher one."""
    levels = (Level.IMPERSONATION, Level.OAUTH)
    return Field(
        name="level",
        label=_("How {caller} calls for a user of {server}").format(caller=caller, server=server),
        kind="select",
        hint=_("With impersonation it names the user, whom nobody asks."),
        options=tuple(Choice(label=say_level(each.value), value=each.value, checked=each is now) for each in levels),
    )


def _mark_lowered(look: LinkLook, direction: str, boxes: tuple[Choice, ...], *, users: bool) -> tuple[Choice, ...]:
    """Say beside each box which of our permissions the peer does not serve now."""
    return tuple(
        replace(box, hint=say_lowered_there(look))
        if direction == "out" and is_lowered_there(look, box.value, users=users)
        else box
        for box in boxes
    )


async def _save_direction(visit: Visit, direction: str) -> Response:
    view = await find_view(visit)
    if view.link.is_by_hand:
        return await by_hand.save_direction(visit, view, direction)
    ceiling = view.incoming_ceiling if direction == "in" else view.outgoing_ceiling
    form = DirectionForm(FormData(visit.form))
    offer_choices(form.user, ceiling.user_scopes if ceiling else ())
    offer_choices(form.application, ceiling.application_scopes if ceiling else ())
    if not form.validate():
        raise RefusedError("The form names something that was not agreed.", detail=str(form.errors)[:300])
    wanted = Wanted(
        enabled=form.enabled.data,
        user_scopes=form.user.data,
        application_scopes=form.application.data,
        level=Level(form.level.data) if form.level.data else None,
    )
    change = change_incoming if direction == "in" else change_outgoing
    try:
        link = await change(view.link.id, wanted, actor=get_actor(visit), side=visit.context.administration)
    except LinkingError as error:
        if error.code != "unsupported_terms" or ceiling is None:
            raise
        problem = _("Tick what is allowed, or switch the direction off.")
        return await _show_direction(visit, direction, problem=problem)
    await visit.tell("ok", _("Saved"), _("{us} goes by it from now on.").format(us=visit.context.name))
    return await return_to(visit, link)
