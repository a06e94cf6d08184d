"""One client of OAuth 1.0a that was added by hand: everything that an administrator changes of it."""

from collections.abc import Mapping

from starlette.responses import Response

from applinks.administration.client_changes import AddedClient
from applinks.administration.hand_values import OAuth1ClientChange
from applinks.administration.links import LinkView
from applinks.administration.oauth1_clients import change_oauth1_client
from applinks.administration.values import InvalidValueError
from applinks.errors import RefusedError
from applinks.records.clients import Client, OAuth1Client
from applinks.web.pages.confirmation import take_typed
from applinks.web.pages.links.hand.forms import list_errors
from applinks.web.pages.links.hand.new import (
    find_detour_to_confirm,
    get_path,
    show_secret,
    tell_done,
)
from applinks.web.pages.links.hand.pages import build_client_page
from applinks.web.pages.links.hand.problems import ask_for_secret_again, name_problem, show_form
from applinks.web.pages.links.oauth1.client_side import build_client_side
from applinks.web.pages.links.oauth1.forms import ClientForm
from applinks.web.pages.links.oauth1.new import read_client_form
from applinks.web.pages.links.oauth1.values import ClientValues
from applinks.web.pages.links.pages import (
    find_user_names,
    find_view,
    get_actor,
    get_url,
    list_own_clients,
    look_at,
    return_to,
)
from applinks.web.pages.once import FIELD, find_done, mark_done, name_form
from applinks.web.pages.visit import Visit
from applinks.words import gettext as _


async def show_client(visit: Visit) -> Response:
    """Show a client, to change it."""
    view = await find_view(visit)
    client, oauth1 = await _get_client(visit, view)
    detour = await find_detour_to_confirm(visit, get_path(visit))
    if detour is not None:
        return detour
    typed = await take_typed(visit, get_path(visit))
    if typed is not None:
        form = read_client_form(visit, typed)
        return await _show_form(visit, view, client, form, problems=ask_for_secret_again(typed))
    values = ClientValues.of_client(client, oauth1, names=await find_user_names(visit, (client,)))
    return await _show(visit, view, client, values, problems={})


async def save_client(visit: Visit) -> Response:
    """Change a client; where a secret was made, show it, this once."""
    view = await find_view(visit)
    if done := find_done(visit):
        return await tell_done(visit, done)
    client, oauth1 = await _get_client(visit, view)
    detour = await find_detour_to_confirm(visit, get_path(visit))
    if detour is not None:
        return detour
    form = read_client_form(visit, visit.form)
    has_proof = oauth1.shared_secret is not None
    problems = {} if form.check(asks_key=False, has_proof=has_proof) else list_errors(form)
    if not problems:
        try:
            change, side = _build_change(form, oauth1), visit.context.administration
            changed = await change_oauth1_client(client.id, change, actor=get_actor(visit), side=side)
            return await _show_changed(visit, view, changed)
        except InvalidValueError as error:
            problems = name_problem(error)
    problems = ask_for_secret_again(visit.form) | problems
    return await _show_form(visit, view, client, form, problems=problems)


def _build_change(form: ClientForm, before: OAuth1Client) -> OAuth1ClientChange:
    """Give what was typed as a change; an empty secret stays, and methods that nobody changed follow what it has."""
    methods = form.methods
    return OAuth1ClientChange(
        name=form.name.data or "",
        description=form.description.data or "",
        public_key=form.public_key.data or "",
        shared_secret=form.secret,
        makes_secret=bool(form.makes_secret.data),
        callback=form.callback.data or "",
        scopes=tuple(form.scope.data or ()),
        methods=methods if methods and set(methods) != set(before.methods) else None,
        three_legged=bool(form.three_legged.data),
        two_legged=bool(form.two_legged.data),
        execute_as=form.execute_as.data or "",
        impersonation=bool(form.impersonation.data),
        protected_users=form.users,
        protected_groups=form.groups,
        protects_administrators=bool(form.protects_administrators.data),
        dialect_1_0=bool(form.dialect_1_0.data),
        out_of_band=bool(form.out_of_band.data),
    )


async def _show_changed(visit: Visit, view: LinkView, changed: AddedClient) -> Response:
    if changed.secret is not None:
        await mark_done(visit, get_url(visit, view.link))
        return await show_secret(visit, changed.link.id, changed.client, changed.secret)
    await visit.tell("ok", _("Saved"), _("{us} goes by it from now on.").format(us=visit.context.name))
    return await return_to(visit, changed.link)


async def _get_client(visit: Visit, view: LinkView) -> tuple[Client, OAuth1Client]:
    wanted = visit.request.path_params["client"]
    for client in await list_own_clients(visit, view.link):
        if client.id == wanted and client.oauth1 is not None:
            return client, client.oauth1
    raise RefusedError("There is no such client.", code="unknown_client", status=404)


async def _show_form(
    visit: Visit, view: LinkView, client: Client, form: ClientForm, *, problems: Mapping[str, str]
) -> Response:
    has_secret = client.oauth1 is not None and client.oauth1.shared_secret is not None
    return await _show(visit, view, client, ClientValues.of_form(form, has_secret=has_secret), problems=problems)


async def _show(
    visit: Visit, view: LinkView, client: Client, values: ClientValues, *, problems: Mapping[str, str]
) -> Response:
    side = build_client_side(
        values,
        visit.context.incoming.rules.host.scopes,
        us=visit.context.name,
        them=view.link.name,
        is_new=False,
        is_only=True,
        problems=problems,
    )
    hidden = ((FIELD, name_form(visit)),)
    page = build_client_page(await look_at(visit, view.link), side, client=client.client_id, hidden=hidden)
    return await show_form(visit, "change_by_hand.html", page, problems)
