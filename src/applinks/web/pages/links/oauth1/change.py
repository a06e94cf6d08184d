"""Changing what we are at a server of OAuth 1.0a, or setting up the direction that a link does not have yet."""

from starlette.responses import Response

from applinks.administration.by_hand import add_incoming, add_outgoing, change_by_hand
from applinks.administration.hand_values import LinkChange
from applinks.administration.links import LinkView
from applinks.linking.documents import get_consumer_key
from applinks.records.registrations import Registration
from applinks.web.pages.confirmation import take_typed
from applinks.web.pages.forms import FormData
from applinks.web.pages.links.hand.forms import list_errors
from applinks.web.pages.links.hand.new import (
    find_detour_to_confirm,
    get_path,
    list_first_scopes,
    list_variants,
    recall,
    show_added,
    tell_done,
)
from applinks.web.pages.links.hand.pages import build_change_page
from applinks.web.pages.links.hand.problems import Problems, ask_for_secret_again, save_or_explain, show_form
from applinks.web.pages.links.oauth1.client_side import build_client_side
from applinks.web.pages.links.oauth1.forms import ClientForm, ServerForm
from applinks.web.pages.links.oauth1.new import build_new_client, build_new_server, read_client_form
from applinks.web.pages.links.oauth1.server_side import build_server_side
from applinks.web.pages.links.oauth1.values import ClientValues, ServerValues
from applinks.web.pages.links.pages import find_registration, get_actor, look_at, return_to
from applinks.web.pages.once import FIELD, find_done, name_form
from applinks.web.pages.visit import Visit
from applinks.wire.forms import Form
from applinks.wire.linking.terms import Level
from applinks.words import gettext as _


async def show_new_client(visit: Visit, view: LinkView) -> Response:
    """Show the incoming side of a link that does not have one, to set it up over OAuth 1.0a."""
    detour = await find_detour_to_confirm(visit, get_path(visit))
    if detour is not None:
        return detour
    typed = await take_typed(visit, get_path(visit))
    if typed is not None:
        values = ClientValues.of_form(read_client_form(visit, typed))
        return await _show_client(visit, view, values, Problems(fields=ask_for_secret_again(typed)))
    return await _show_client(visit, view, ClientValues(scopes=list_first_scopes(visit)), Problems())


async def save_new_client(visit: Visit, view: LinkView) -> Response:
    """Set up the incoming side over OAuth 1.0a."""
    if done := find_done(visit):
        return await tell_done(visit, done)
    detour = await find_detour_to_confirm(visit, get_path(visit))
    if detour is not None:
        return detour
    form = read_client_form(visit, visit.form)
    problems = Problems(fields={} if form.check() else list_errors(form))
    response = None if problems else await save_or_explain(_add_client(visit, view, form), visit, problems)
    if response is not None:
        return response
    problems.ask_for_secret_again(visit.form)
    return await _show_client(visit, view, ClientValues.of_form(form), problems)


async def _add_client(visit: Visit, view: LinkView, form: ClientForm) -> Response:
    side, new = visit.context.administration, build_new_client(form)
    return await show_added(visit, await add_incoming(view.link.id, new, actor=get_actor(visit), side=side))


async def _show_client(visit: Visit, view: LinkView, values: ClientValues, problems: Problems) -> Response:
    side = build_client_side(
        values,
        visit.context.incoming.rules.host.scopes,
        us=visit.context.name,
        them=view.link.name,
        is_only=True,
        problems=problems.fields,
    )
    page = build_change_page(
        await look_at(visit, view.link),
        side,
        is_new=True,
        hidden=((FIELD, name_form(visit)), ("enable_in", "1")),
        problems=problems,
        variants=list_variants(visit, "oauth1"),
    )
    return await show_form(visit, "change_by_hand.html", page, problems.fields)


async def show_server(visit: Visit, view: LinkView) -> Response:
    """Show what we are at a server, to change it or to set it up."""
    detour = await find_detour_to_confirm(visit, get_path(visit))
    if detour is not None:
        return detour
    typed = await take_typed(visit, get_path(visit))
    registration, found = await find_registration(visit, view.link), recall(visit)
    problems = Problems()
    if typed is not None:
        values = _read_values(typed, registration)
        problems.ask_for_secret_again(typed)
    elif registration is not None:
        values = ServerValues.of_link(view.link, registration)
    elif found is not None:
        values = ServerValues.of_server(found, consumer_key=await get_consumer_key(visit.context.linking))
    else:
        return visit.redirect(visit.url(f"/links/{view.link.handle}/outgoing"))
    return await _show_server(visit, view, values, registration, problems)


async def save_server(visit: Visit, view: LinkView) -> Response:
    """Change what we are at a server, or set it up."""
    detour = await find_detour_to_confirm(visit, get_path(visit))
    if detour is not None:
        return detour
    registration = await find_registration(visit, view.link)
    form = ServerForm(FormData(visit.form))
    is_on = registration is None or bool(form.enable_out.data)
    problems = Problems(fields={} if not is_on or form.check() else list_errors(form))
    response = None if problems else await save_or_explain(_save(visit, view, form, registration), visit, problems)
    if response is not None:
        return response
    problems.ask_for_secret_again(visit.form)
    return await _show_server(visit, view, _read_values(visit.form, registration), registration, problems)


async def _save(visit: Visit, view: LinkView, form: ServerForm, registration: Registration | None) -> Response:
    side, actor = visit.context.administration, get_actor(visit)
    if registration is None:
        found = recall(visit)
        if found is None:
            return visit.redirect(visit.url(f"/links/{view.link.handle}/outgoing"))
        added = await add_outgoing(
            view.link.id,
            build_new_server(form),
            url=found.url,
            private_origins=found.private_origins,
            actor=actor,
            side=side,
        )
        return await show_added(visit, added)
    change = LinkChange(outgoing=False)
    if form.enable_out.data:
        change = LinkChange(
            outgoing_level=Level(form.out_level.data or Level.OAUTH),
            client_id=form.client_id.data or "",
            client_secret=form.secret,
            signature_method=form.signing,
            endpoints=form.endpoints,
            display_url=form.display_url.data or "",
            description=form.server_description.data or "",
            is_primary=bool(form.is_primary.data) if view.link.peer.kind else None,
        )
    link = await change_by_hand(view.link.id, change, actor=actor, side=side)
    await visit.tell("ok", _("Saved"), _("{us} goes by it from now on.").format(us=visit.context.name))
    return await return_to(visit, link)


def _read_values(sent: Form, registration: Registration | None) -> ServerValues:
    has_secret = registration is not None and registration.client_secret is not None
    return ServerValues.of_form(ServerForm(FormData(sent)), has_secret=has_secret)


async def _show_server(
    visit: Visit, view: LinkView, values: ServerValues, registration: Registration | None, problems: Problems
) -> Response:
    is_new = registration is None
    side = build_server_side(
        values,
        us=visit.context.name,
        them=view.link.name,
        kind=view.link.peer.kind,
        is_new=is_new,
        is_only=is_new,
        problems=problems.fields,
    )
    page = build_change_page(
        await look_at(visit, view.link),
        side,
        is_new=is_new,
        server=recall(visit) if is_new else None,
        hidden=(("enable_out", "1"),) if is_new else (),
        problems=problems,
        variants=list_variants(visit, "oauth1"),
    )
    return await show_form(visit, "change_by_hand.html", page, problems.fields)
