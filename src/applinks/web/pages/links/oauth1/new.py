"""Linking by hand over OAuth 1.0a: with a Data Center peer, any other server, or a client that only calls us."""

from dataclasses import dataclass, replace
from typing import Self

from starlette.responses import Response

from applinks.administration.by_hand import add_link
from applinks.administration.hand_values import NewLink, NewOAuth1Client, NewOutgoing
from applinks.linking.documents import get_consumer_key
from applinks.web.pages.confirmation import take_typed
from applinks.web.pages.forms import FormData, offer_choices
from applinks.web.pages.links.hand.forms import NameForm, list_errors
from applinks.web.pages.links.hand.new import (
    find_detour,
    get_path,
    list_first_scopes,
    list_variants,
    recall,
    show_added,
    tell_done,
)
from applinks.web.pages.links.hand.problems import Problems, ask_for_secret_again, save_or_explain, show_form
from applinks.web.pages.links.hand.server import KnownServer
from applinks.web.pages.links.oauth1.forms import ClientForm, ServerForm
from applinks.web.pages.links.oauth1.pages import OAuth1Values, build_oauth1_page
from applinks.web.pages.links.oauth1.values import ClientValues, ServerValues
from applinks.web.pages.links.pages import get_actor
from applinks.web.pages.once import find_done, name_form
from applinks.web.pages.visit import Visit, find_tint
from applinks.wire.forms import Form
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.signature import SignatureMethod
from applinks.words import gettext as _


@dataclass(frozen=True, slots=True)
class OAuth1Forms:
    """The fields as they were sent."""

    name: NameForm
    client: ClientForm
    server: ServerForm
    found: KnownServer | None

    @classmethod
    def read(cls, visit: Visit, form: Form, found: KnownServer | None) -> Self:
        """Read them."""
        data = FormData(form)
        return cls(NameForm(data), read_client_form(visit, form), ServerForm(data), found)

    @property
    def has_client(self) -> bool:
        """Whether it shall call us."""
        return bool(self.client.enable_in.data)

    @property
    def has_server(self) -> bool:
        """Whether we shall call it."""
        return self.found is not None and bool(self.server.enable_out.data)

    @property
    def values(self) -> OAuth1Values:
        """What stands in the fields."""
        return OAuth1Values(
            name=self.name.name.data or "",
            client=ClientValues.of_form(self.client),
            server=ServerValues.of_form(self.server) if self.found else None,
        )

    def list_problems(self) -> dict[str, str]:
        """Give what is wrong, by field; a side that is left out is not looked at."""
        problems: dict[str, str] = {}
        if self.has_client and not self.client.check():
            problems |= list_errors(self.client)
        if self.has_server and not self.server.check():
            problems |= list_errors(self.server)
        if not self.name.validate():
            problems |= list_errors(self.name)
        return problems


async def show_oauth1_by_hand(visit: Visit) -> Response:
    """Show what can be set up; nobody is asked for that."""
    found, path = recall(visit), get_path(visit)
    detour = await find_detour(visit, found, path)
    if detour is not None:
        return detour
    typed = await take_typed(visit, path)
    if typed is None:
        return await _show(visit, found, await _suggest(visit, found), Problems())
    forms = OAuth1Forms.read(visit, typed, found)
    return await _show(visit, found, forms.values, Problems(fields=ask_for_secret_again(typed)))


async def add_oauth1_by_hand(visit: Visit) -> Response:
    """Make the link, and show the values to enter at the other side; a secret that is made for this once."""
    if done := find_done(visit):
        return await tell_done(visit, done)
    found = recall(visit)
    detour = await find_detour(visit, found, get_path(visit))
    if detour is not None:
        return detour
    forms = OAuth1Forms.read(visit, visit.form, found)
    problems = Problems(fields=forms.list_problems())
    if not forms.has_client and not forms.has_server:
        problems.problem = _("Nothing is saved yet: tick at least one of the two sides.")
    response = None if problems else await save_or_explain(_add(visit, forms), visit, problems)
    if response is not None:
        return response
    problems.ask_for_secret_again(visit.form)
    return await _show(visit, found, forms.values, problems)


async def _add(visit: Visit, forms: OAuth1Forms) -> Response:
    side = visit.context.administration
    return await show_added(visit, await add_link(_build_link(forms), actor=get_actor(visit), side=side))


def read_client_form(visit: Visit, sent: Form) -> ClientForm:
    """Read the fields of a client."""
    form = ClientForm(FormData(sent))
    offer_choices(form.method, [each.value for each in SignatureMethod])
    offer_choices(form.scope, [scope.name for scope in visit.context.incoming.rules.host.scopes])
    return form


def build_new_client(form: ClientForm) -> NewOAuth1Client:
    """Give the client that was described."""
    return NewOAuth1Client(
        key=form.key.data or "",
        description=form.description.data or "",
        public_key=form.public_key.data or "",
        shared_secret=form.secret,
        makes_secret=bool(form.makes_secret.data),
        callback=form.callback.data or "",
        scopes=tuple(form.scope.data or ()),
        methods=form.methods or None,
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


def build_new_server(form: ServerForm) -> NewOutgoing:
    """Give what we shall be at a server, of what was typed."""
    return NewOutgoing(
        protocol="oauth1",
        client_id=form.client_id.data or "",
        client_secret=None if form.signing.is_rsa else form.secret,
        signature_method=form.signing,
        endpoints=form.endpoints,
        impersonation=form.out_level.data == Level.IMPERSONATION.value,
        description=form.server_description.data or "",
    )


def _build_link(forms: OAuth1Forms) -> NewLink:
    found = forms.found
    client = build_new_client(forms.client) if forms.has_client else None
    if found is None:
        return NewLink(name=forms.name.name.data or "", incoming=client)
    return NewLink(
        name=forms.name.name.data or "",
        url=found.url,
        display_url=forms.server.display_url.data or "",
        kind=found.kind,
        peer_id=found.peer_id,
        private_origins=found.private_origins,
        incoming=client,
        outgoing=build_new_server(forms.server) if forms.has_server else None,
    )


async def _suggest(visit: Visit, found: KnownServer | None) -> OAuth1Values:
    scopes = list_first_scopes(visit)
    if found is None:
        return OAuth1Values(name="", client=ClientValues(scopes=scopes), server=None)
    consumer_key = await get_consumer_key(visit.context.linking)
    return OAuth1Values(
        name=found.name,
        client=ClientValues.of_server(found, scopes=scopes),
        server=ServerValues.of_server(found, consumer_key=consumer_key),
    )


async def _show(visit: Visit, found: KnownServer | None, values: OAuth1Values, problems: Problems) -> Response:
    page = build_oauth1_page(
        found,
        replace(values, problems=problems),
        us=visit.context.name,
        scopes=visit.context.incoming.rules.host.scopes,
        tint=find_tint(found.url if found else "new"),
        once=name_form(visit),
        variants=list_variants(visit, "oauth1"),
    )
    return await show_form(visit, "new_by_hand.html", page, problems.fields)
