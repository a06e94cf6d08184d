"""Changing one direction of a link by hand, or setting up the one that it does not have yet."""

from dataclasses import replace
from urllib.parse import urlencode

from starlette.responses import Response

from applinks.administration.by_hand import add_incoming, add_outgoing, change_by_hand
from applinks.administration.clients import ClientChange, change_client
from applinks.administration.hand_values import LinkChange
from applinks.administration.links import LinkView
from applinks.linking.discovery.servers import read_server
from applinks.linking.errors import LinkingError
from applinks.records.clients import Client, GrantType
from applinks.records.links import Link
from applinks.records.registrations import Registration
from applinks.web.errors import describe_page_error
from applinks.web.pages.confirmation import take_typed
from applinks.web.pages.forms import AddressForm, FormData, offer_choices
from applinks.web.pages.found import find_question, find_server_at, keep_question, recall_server
from applinks.web.pages.links.hand.forms import IncomingForm, OutgoingForm, find_wrong_uri, list_errors, split_lines
from applinks.web.pages.links.hand.new import (
    build_new_incoming,
    build_new_outgoing,
    find_detour_to_confirm,
    get_path,
    get_secret,
    list_first_scopes,
    list_variants,
    show_added,
    tell_done,
)
from applinks.web.pages.links.hand.pages import build_address_page, build_change_page
from applinks.web.pages.links.hand.problems import Problems, save_or_explain, show_form
from applinks.web.pages.links.hand.server import KnownServer
from applinks.web.pages.links.hand.sides import (
    IncomingValues,
    OutgoingValues,
    build_incoming_side,
    build_outgoing_side,
    get_redirect_name,
)
from applinks.web.pages.links.pages import find_registration, get_actor, list_own_clients, look_at, return_to
from applinks.web.pages.once import FIELD, find_done, name_form
from applinks.web.pages.views import Field
from applinks.web.pages.visit import Visit
from applinks.wire.forms import Form
from applinks.wire.linking.terms import Level
from applinks.wire.urls import get_host
from applinks.words import gettext as _
from applinks.words import say_refusal, say_warning

_BAD_REQUEST = 400
_LONGEST_URL = 2000


async def show_hand_direction(visit: Visit, view: LinkView, direction: str) -> Response:
    """Show a direction, to change it or to set it up."""
    path = get_path(visit)
    detour = await find_detour_to_confirm(visit, path)
    if detour is not None:
        return detour
    typed = await take_typed(visit, path)
    if direction == "in":
        return await _show_incoming(visit, view, typed, Problems())
    return await _show_outgoing(visit, view, typed, Problems())


async def save_hand_direction(visit: Visit, view: LinkView, direction: str) -> Response:
    """Change a direction, or set it up."""
    if done := find_done(visit):
        return await tell_done(visit, done)
    if visit.form.get("look") or visit.form.get("private"):
        return await _look(visit, view)
    detour = await find_detour_to_confirm(visit, get_path(visit))
    if detour is not None:
        return detour
    save, show = (_save_incoming, _show_incoming) if direction == "in" else (_save_outgoing, _show_outgoing)
    problems = Problems()
    response = await save_or_explain(save(visit, view, problems), visit, problems)
    return await show(visit, view, visit.form, problems) if response is None else response


def _read_incoming(visit: Visit, sent: Form) -> IncomingForm:
    form = IncomingForm(FormData(sent))
    offer_choices(form.scope, [scope.name for scope in visit.context.incoming.rules.host.scopes])
    return form


async def _show_incoming(visit: Visit, view: LinkView, sent: Form | None, problems: Problems) -> Response:
    link, clients = view.link, await _list_clients(visit, view.link)
    form = _read_incoming(visit, sent) if sent is not None else None
    is_new = not link.incoming.protocols
    if form is None:
        values = IncomingValues.of_link(link, clients)
        if is_new:
            values = IncomingValues(scopes=list_first_scopes(visit))
    elif is_new:
        values = IncomingValues.of_form(form)
    else:
        values = IncomingValues(
            is_enabled=bool(form.enable_in.data),
            redirect_uris={each.client_id: _get_typed_uris(sent, each) for each in clients},
            scopes=form.scope.data or (),
            level=form.in_level.data or "",
        )
    side = build_incoming_side(
        values,
        visit.context.incoming.rules.host.scopes,
        us=visit.context.name,
        them=link.name,
        names=None if is_new else {each.client_id: each.name for each in clients},
        is_only=is_new,
        problems=problems.fields,
    )
    variants = list_variants(visit, "oauth2")
    hidden = ((FIELD, name_form(visit)), ("enable_in", "1")) if is_new else ()
    look = await look_at(visit, link)
    page = build_change_page(look, side, is_new=is_new, hidden=hidden, problems=problems, variants=variants)
    return await show_form(visit, "change_by_hand.html", page, problems.fields)


async def _save_incoming(visit: Visit, view: LinkView, problems: Problems) -> Response | None:
    link, side = view.link, visit.context.administration
    form = _read_incoming(visit, visit.form)
    if not link.incoming.protocols:
        if not form.validate():
            problems.fields = list_errors(form)
            return None
        new = build_new_incoming(form)
        return await show_added(visit, await add_incoming(link.id, new, actor=get_actor(visit), side=side))
    clients, enabled = await _list_clients(visit, link), bool(form.enable_in.data)
    if enabled:
        problems.fields = _list_incoming_problems(visit, form, clients)
        if problems:
            return None
    change = LinkChange(incoming=False)
    if enabled:
        level = Level(form.in_level.data) if form.in_level.data else None
        change = LinkChange(incoming=True, incoming_level=level, incoming_scopes=tuple(form.scope.data or ()))
    link = await change_by_hand(link.id, change, actor=get_actor(visit), side=side)
    for client in clients if enabled else ():
        uris = split_lines(_get_typed_uris(visit.form, client))
        if uris != client.redirect_uris:
            uris_change = ClientChange(redirect_uris=uris)
            await change_client(client.client_id, uris_change, actor=get_actor(visit), side=side)
    await visit.tell("ok", _("Saved"), _("{us} goes by it from now on.").format(us=visit.context.name))
    return await return_to(visit, link)


async def _list_clients(visit: Visit, link: Link) -> tuple[Client, ...]:
    """Give the clients of OAuth 2; those of OAuth 1.0a have pages of their own."""
    return tuple(each for each in await list_own_clients(visit, link) if each.oauth1 is None)


def _list_incoming_problems(visit: Visit, form: IncomingForm, clients: tuple[Client, ...]) -> dict[str, str]:
    problems = {} if form.validate() else list_errors(form)
    if not form.scope.data:
        problems["scope"] = _("Tick what is allowed, or switch the direction off.")
    for client in clients:
        typed = _get_typed_uris(visit.form, client)
        wrong = find_wrong_uri(typed)
        if not typed.strip() and GrantType.AUTHORIZATION_CODE in client.grant_types:
            wrong = _("Name the redirect URI to which users come back.")
        if wrong:
            problems[get_redirect_name(client.client_id)] = wrong
    return problems


def _get_typed_uris(sent: Form | None, client: Client) -> str:
    return (sent.get(get_redirect_name(client.client_id)) or "") if sent is not None else ""


async def _show_outgoing(visit: Visit, view: LinkView, sent: Form | None, problems: Problems) -> Response:
    link = view.link
    registration, look = await find_registration(visit, link), await look_at(visit, link)
    server = _find_server(visit, view, registration)
    if server is None:
        return await _ask_for_address(visit, view)
    form = OutgoingForm(FormData(sent)) if sent is not None else None
    if sent is not None:
        problems.ask_for_secret_again(sent)
    if form is not None:
        values = OutgoingValues.of_form(form, registration)
    elif registration is not None:
        values = OutgoingValues.of_link(link, registration)
    else:
        values = OutgoingValues.of_server(server, is_enabled=True)
    is_new = registration is None
    side = build_outgoing_side(
        values,
        server,
        us=visit.context.name,
        them=link.name,
        is_new=is_new,
        is_only=is_new,
        problems=problems.fields,
    )
    hidden = (("enable_out", "1"),) if is_new else ()
    if problems.token_host:
        hidden = (("token_host", problems.token_host),)
    page = build_change_page(
        look,
        side,
        is_new=is_new,
        server=server,
        hidden=hidden,
        problems=problems,
        variants=list_variants(visit, "oauth2"),
    )
    return await show_form(visit, "change_by_hand.html", page, problems.fields)


async def _save_outgoing(visit: Visit, view: LinkView, problems: Problems) -> Response | None:
    link, side = view.link, visit.context.administration
    registration = await find_registration(visit, link)
    server = _find_server(visit, view, registration)
    if server is None:
        return visit.redirect(visit.url(f"/links/{link.handle}/outgoing"))
    form = OutgoingForm(FormData(visit.form))
    enabled = bool(form.enable_out.data)
    typed = not server.has_metadata
    if enabled and not form.check(
        typed_endpoints=typed, asks_issuer=registration is None, allow_http=visit.context.linking.allow_foreign_http
    ):
        problems.fields = list_errors(form)
        return None
    if registration is not None and registration.document and get_secret(form) and not form.client_id.data:
        problems.fields = {"client_id": _("Which client ID does this secret belong to?")}
        return None
    if registration is None:
        added = await add_outgoing(
            link.id,
            build_new_outgoing(form, server),
            url=server.url,
            private_origins=server.private_origins,
            actor=get_actor(visit),
            side=side,
        )
        return await show_added(visit, added)
    change = LinkChange(outgoing=False)
    if enabled:
        token_endpoint = await _look_again(visit, link, problems) if server.has_metadata else None
        if problems:
            return None
        change = replace(_build_outgoing_change(form, registration), token_endpoint=token_endpoint)
    link = await change_by_hand(link.id, change, actor=get_actor(visit), side=side)
    await visit.tell("ok", _("Saved"), _("{us} goes by it from now on.").format(us=visit.context.name))
    return await return_to(visit, link)


async def _look_again(visit: Visit, link: Link, problems: Problems) -> str | None:
    """Give the token endpoint that the server names now, once its host was seen; None: it cannot be read now."""
    origins, side = link.peer.private_origins, visit.context.linking
    try:
        found = await read_server(link.issuer, private_confirmed=origins, side=side)
    except LinkingError:
        return None
    if found.metadata is None:
        return None
    pinned, host = link.peer.token_endpoint, get_host(found.metadata.token_endpoint)
    if pinned and get_host(pinned) != host and visit.form.get("token_host") != host:
        said = say_warning("token_endpoint_moved", server=get_host(link.issuer), token_host=host)
        problems.token_host, problems.problem = host, f"{said.what}. {said.advice}"
    return found.metadata.token_endpoint


def _build_outgoing_change(form: OutgoingForm, registration: Registration) -> LinkChange:
    """Give what was typed as a change; a secret that was left empty stays, and so does a document."""
    by_document = bool(registration.document) and not form.client_id.data
    return LinkChange(
        outgoing=True,
        outgoing_scopes=form.scopes,
        client_id=None if by_document else form.client_id.data or "",
        client_secret=None if by_document else get_secret(form),
        authentication=None if by_document else form.method,
        endpoints=None if registration.endpoints is None else form.endpoints,
    )


def _find_server(visit: Visit, view: LinkView, registration: Registration | None) -> KnownServer | None:
    """Give the server of the link, or the one that was found for it a moment ago."""
    link = view.link
    if registration is None:
        return recall_server(visit, visit.params.get("url") or "")
    return KnownServer(
        url=link.peer.url,
        name=link.name,
        issuer=link.issuer,
        has_metadata=registration.endpoints is None,
        private_origins=link.peer.private_origins,
    )


async def _ask_for_address(
    visit: Visit, view: LinkView, *, problem: str = "", status: int = 200, standing_url: str = ""
) -> Response:
    url = (visit.form.get("url") or visit.params.get("url") or "")[:_LONGEST_URL]
    address = Field(
        name="url",
        label=_("Address of {peer}").format(peer=view.link.name),
        kind="code",
        value=url,
        placeholder="https://other.example",
        hint=_("As you open it in the browser"),
        problem=problem,
    )
    asked = "" if problem else find_question(visit, url)
    look = await look_at(visit, view.link)
    page = build_address_page(look, address=address, private_host=asked, standing_url=standing_url)
    return await visit.render("change_by_hand.html", page, status=status)


async def _look(visit: Visit, view: LinkView) -> Response:
    """Look what is at the address, before the outgoing side is described."""
    form = AddressForm(FormData(visit.form))
    url, page = (form.url.data or "")[:_LONGEST_URL], f"/links/{view.link.handle}/outgoing"
    if not form.validate():
        said = say_refusal("invalid_url", us=visit.context.name)
        return await _ask_for_address(visit, view, problem=f"{said.what} {said.advice}", status=_BAD_REQUEST)
    try:
        server = await find_server_at(visit, url, except_id=view.link.id)
    except LinkingError as error:
        if error.asks_private:
            await keep_question(visit, url, error.peer)
            return visit.redirect(visit.url(f"{page}?{urlencode({'url': url})}"))
        described = await describe_page_error(
            error, place="outgoing", failures=visit.context.failures, us=visit.context.name, user_id=visit.user.id
        )
        said = described.sentence
        problem = f"{said.what} {said.advice}"
        standing = visit.url(f"/links/{error.link_id}") if error.link_id else ""
        return await _ask_for_address(visit, view, problem=problem, status=described.status, standing_url=standing)
    return visit.redirect(visit.url(f"{page}?{urlencode({'url': server.url})}"))
