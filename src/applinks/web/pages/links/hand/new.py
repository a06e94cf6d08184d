"""Linking by hand: with whatever is at an address that has no Applinks, or with an application that only calls us."""

from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode

from starlette.responses import Response

from applinks.administration.by_hand import add_link
from applinks.administration.hand_values import AddedLink, NewIncoming, NewLink, NewOutgoing
from applinks.administration.links import show_link
from applinks.records.clients import Client, ClientAuthentication
from applinks.secret import Secret
from applinks.web.pages.confirmation import find_confirmation, keep_typed, take_typed
from applinks.web.pages.forms import FormData, offer_choices
from applinks.web.pages.found import recall_server
from applinks.web.pages.links.hand.forms import IncomingForm, NameForm, OutgoingForm, list_errors, split_lines
from applinks.web.pages.links.hand.pages import HandValues, build_hand_page
from applinks.web.pages.links.hand.problems import Problems, ask_for_secret_again, save_or_explain, show_form
from applinks.web.pages.links.hand.server import KnownServer
from applinks.web.pages.links.hand.sides import IncomingValues, OutgoingValues
from applinks.web.pages.links.hand.views import NewSecret, Variant
from applinks.web.pages.links.pages import gather_facts, get_actor, look_at
from applinks.web.pages.links.panels import build_link_page
from applinks.web.pages.once import find_done, mark_done, name_form
from applinks.web.pages.visit import Visit, find_own_path, find_tint
from applinks.wire.forms import Form
from applinks.words import gettext as _
from applinks.words import say_client_id, say_protocol


@dataclass(frozen=True, slots=True)
class HandForms:
    """The fields as they were sent."""

    name: NameForm
    incoming: IncomingForm
    outgoing: OutgoingForm
    server: KnownServer | None

    @classmethod
    def read(cls, visit: Visit, form: Form, server: KnownServer | None) -> Self:
        """Read them."""
        data = FormData(form)
        forms = cls(NameForm(data), IncomingForm(data), OutgoingForm(data), server)
        offer_choices(forms.incoming.scope, [scope.name for scope in visit.context.incoming.rules.host.scopes])
        return forms

    @property
    def has_outgoing(self) -> bool:
        """Whether we shall call it."""
        return self.server is not None and bool(self.outgoing.enable_out.data)

    @property
    def has_incoming(self) -> bool:
        """Whether it shall call us."""
        return bool(self.incoming.enable_in.data)

    @property
    def values(self) -> HandValues:
        """What stands in the fields."""
        return HandValues(
            name=self.name.name.data or "",
            incoming=IncomingValues.of_form(self.incoming),
            outgoing=OutgoingValues.of_form(self.outgoing) if self.server else None,
        )

    def list_problems(self, *, allow_http: bool) -> dict[str, str]:
        """Give what is wrong, by field; a side that is left out is not looked at."""
        problems: dict[str, str] = {}
        if not self.name.validate():
            problems |= list_errors(self.name)
        if self.has_incoming and not self.incoming.validate():
            problems |= list_errors(self.incoming)
        if self.has_outgoing and self.server is not None:
            typed = not self.server.has_metadata
            if not self.outgoing.check(typed_endpoints=typed, allow_http=allow_http):
                problems |= list_errors(self.outgoing)
        return problems


async def show_by_hand(visit: Visit) -> Response:
    """Show what can be set up; nobody is asked for that."""
    server, path = recall(visit), get_path(visit)
    detour = await find_detour(visit, server, path)
    if detour is not None:
        return detour
    typed = await take_typed(visit, path)
    if typed is None:
        return await _show(visit, server, _suggest(visit, server), Problems())
    forms = HandForms.read(visit, typed, server)
    return await _show(visit, server, forms.values, Problems(fields=ask_for_secret_again(typed)))


async def add_by_hand(visit: Visit) -> Response:
    """Make the link, and show the values to enter at the other side; the secret for this once."""
    if done := find_done(visit):
        return await tell_done(visit, done)
    server = recall(visit)
    detour = await find_detour(visit, server, get_path(visit))
    if detour is not None:
        return detour
    forms = HandForms.read(visit, visit.form, server)
    problems = Problems(fields=forms.list_problems(allow_http=visit.context.linking.allow_foreign_http))
    if not forms.has_incoming and not forms.has_outgoing:
        problems.problem = _("Nothing is saved yet: tick at least one of the two sides.")
    response = None if problems else await save_or_explain(_add(visit, forms), visit, problems)
    if response is not None:
        return response
    if forms.has_outgoing:
        problems.ask_for_secret_again(visit.form)
    return await _show(visit, server, forms.values, problems)


async def _add(visit: Visit, forms: HandForms) -> Response:
    side = visit.context.administration
    return await show_added(visit, await add_link(_build_link(forms), actor=get_actor(visit), side=side))


async def show_added(visit: Visit, added: AddedLink) -> Response:
    """Show the page of a link with the secret that was made; without one, go there."""
    url = visit.url(f"/links/{added.link.handle}")
    if added.secret is None or added.client is None:
        return visit.redirect(url)
    await mark_done(visit, url)
    return await show_secret(visit, added.link.id, added.client, added.secret)


async def show_secret(visit: Visit, link_id: str, client: Client, secret: Secret) -> Response:
    """Show the page of a link with a secret, which is not shown again."""
    view = await show_link(link_id, actor=get_actor(visit), side=visit.context.administration)
    us, peer = visit.context.name, view.link.name
    hint = _(
        "{us} keeps only a digest of it and cannot show it again. "
        "Put it where {peer} reads its settings, not in its source."
    )
    if client.oauth1 is not None:
        hint = _("{us} keeps it sealed, and never shows it again. Put it where {peer} reads its settings.")
    shown = NewSecret(
        title=_("Its secret, shown only now"),
        text=secret.reveal(),
        client_id=client.client_id,
        hint=hint.format(us=us, peer=peer),
        label=say_client_id(client.protocol),
    )
    facts = await gather_facts(visit, view, secret=shown)
    return await visit.render("link.html", build_link_page(await look_at(visit, view.link), facts))


async def tell_done(visit: Visit, url: str) -> Response:
    """Answer a form that was answered before."""
    title = _("That was done already")
    await visit.tell("ok", title, _("A secret is shown once. If it was not copied, make a new one."))
    return visit.redirect(url)


def build_new_incoming(form: IncomingForm) -> NewIncoming:
    """Give the client that was described."""
    return NewIncoming(
        redirect_uris=split_lines(form.redirect_uris.data or ""),
        scopes=tuple(form.scope.data or ()),
        public=bool(form.public.data),
    )


def build_new_outgoing(form: OutgoingForm, server: KnownServer) -> NewOutgoing:
    """Give what we shall be at a server, of what was typed and what was found."""
    by_document = server.takes_documents and bool(form.document.data)
    return NewOutgoing(
        issuer=server.issuer if server.has_metadata else form.issuer.data or "",
        scopes=form.scopes,
        client_id="" if by_document else form.client_id.data or "",
        client_secret=None if by_document else get_secret(form),
        authentication=ClientAuthentication(server.document_authentication) if by_document else form.method,
        endpoints=None if server.has_metadata else form.endpoints,
        resource=server.resource,
        wants_document=by_document,
        token_endpoint=server.token_endpoint,
    )


def get_secret(form: OutgoingForm) -> Secret | None:
    """Give the secret that was typed; None: the field was left empty."""
    return Secret(form.client_secret.data) if form.client_secret.data else None


def get_path(visit: Visit) -> str:
    """Give the path of the page with its query, below our root."""
    path = find_own_path(visit.request)
    return f"{path}?{visit.query}" if visit.query else path


def choose_protocol(visit: Visit, server: KnownServer | None) -> str:
    """Give the protocol of the page: the one that was chosen, else what fits who was found."""
    known = visit.context.settings.protocols
    fitting = "oauth1" if server is not None and server.is_atlassian else "oauth2"
    wanted = (visit.params.get("protocol"), fitting)
    return next((each for each in wanted if each in known), known[0])


def list_variants(visit: Visit, current: str) -> tuple[Variant, ...]:
    """Give the same page for each protocol; none, where there is only one."""
    known = visit.context.settings.protocols
    url, path = visit.params.get("url"), visit.url(find_own_path(visit.request))
    about = {"url": url} if url else {}
    return tuple(
        Variant(
            label=say_protocol(name),
            url=f"{path}?{urlencode(about | {'protocol': name})}",
            is_current=name == current,
        )
        for name in known
        if len(known) > 1
    )


def list_first_scopes(visit: Visit) -> tuple[str, ...]:
    """Give what is ticked for a client that is not made yet."""
    return tuple(scope.name for scope in visit.context.incoming.rules.host.scopes if scope.default)


def recall(visit: Visit) -> KnownServer | None:
    """Give what was found a moment ago at the address that the page is about."""
    return recall_server(visit, visit.params.get("url") or "")


async def find_detour(visit: Visit, server: KnownServer | None, path: str) -> Response | None:
    """Send the browser where it has to go first: to look again who is at the address, or to log in again."""
    url = visit.params.get("url") or ""
    if url and server is None:
        return visit.redirect(visit.url(f"/new?{urlencode({'url': url})}"))
    return await find_detour_to_confirm(visit, path)


async def find_detour_to_confirm(visit: Visit, path: str) -> Response | None:
    """Send the browser to log in again, where it is too long ago; what was typed waits until then."""
    confirm = find_confirmation(visit, path)
    if confirm is None:
        return None
    if visit.form.names:
        await keep_typed(visit, path)
    return visit.redirect(confirm)


def _suggest(visit: Visit, server: KnownServer | None) -> HandValues:
    return HandValues(
        name="" if server is None else server.name,
        incoming=IncomingValues(is_enabled=server is None, scopes=list_first_scopes(visit)),
        outgoing=OutgoingValues.of_server(server) if server else None,
    )


def _build_link(forms: HandForms) -> NewLink:
    server = forms.server
    outgoing = build_new_outgoing(forms.outgoing, server) if server is not None and forms.has_outgoing else None
    return NewLink(
        name=forms.name.name.data or "",
        url=server.url if server is not None and outgoing else "",
        private_origins=server.private_origins if server is not None and outgoing else (),
        incoming=build_new_incoming(forms.incoming) if forms.has_incoming else None,
        outgoing=outgoing,
    )


async def _show(visit: Visit, server: KnownServer | None, values: HandValues, problems: Problems) -> Response:
    page = build_hand_page(
        server,
        replace(values, problems=problems),
        us=visit.context.name,
        scopes=visit.context.incoming.rules.host.scopes,
        tint=find_tint(server.url if server else "new"),
        once=name_form(visit),
        variants=list_variants(visit, "oauth2"),
    )
    return await show_form(visit, "new_by_hand.html", page, problems.fields)
