"""The two directions of a link by hand as cards to fill in: when it is made, and when it is changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from applinks.administration.values import LONGEST_CLIENT_ID, LONGEST_SECRET
from applinks.records.clients import Client, ClientAuthentication
from applinks.records.links import Direction, Link
from applinks.records.registrations import Registration
from applinks.records.scopes import Scope
from applinks.web.pages.links.hand.forms import METHODS, IncomingForm, OutgoingForm
from applinks.web.pages.links.hand.server import KnownServer
from applinks.web.pages.links.hand.views import HandSide, Section
from applinks.web.pages.views import Choice, Field
from applinks.wire.linking.terms import Level
from applinks.words import gettext as _
from applinks.words import say_authentication, say_level

# What we ask for at first where the server has OpenID: enough to say as whom a user is connected.
_FIRST_SCOPES = ("openid", "profile", "email")
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingValues:
    """
    What stands in the fields of the incoming side.

    Attributes:
        redirect_uris: by client id; the empty one is a client that is not made yet.
        level: empty: it cannot be chosen, because there is only one.
    """

    is_enabled: bool = True
    redirect_uris: Mapping[str, str] = field(default_factory=lambda: {"": ""})
    scopes: Collection[str] = ()
    is_public: bool = False
    level: str = ""

    @classmethod
    def of_form(cls, form: IncomingForm) -> "IncomingValues":
        """Take what was typed for a client that is not made yet."""
        return cls(
            is_enabled=bool(form.enable_in.data),
            redirect_uris={"": form.redirect_uris.data or ""},
            scopes=form.scope.data or (),
            is_public=bool(form.public.data),
        )

    @classmethod
    def of_link(cls, link: Link, clients: Sequence[Client]) -> "IncomingValues":
        """Take what holds now."""
        return cls(
            is_enabled=link.incoming.is_enabled,
            redirect_uris={each.client_id: "\n".join(each.redirect_uris) for each in clients},
            scopes=(*link.incoming.user_scopes, *link.incoming.application_scopes),
            level=_get_level(link.incoming),
        )


def _get_level(incoming: Direction) -> str:
    """Give the level where there is a choice: over OAuth 1.0a."""
    if "oauth1" not in incoming.protocols:
        return ""
    return (incoming.level if incoming.is_enabled else Level.OAUTH).value


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingValues:
    """What stands in the fields of the outgoing side; a secret never does."""

    is_enabled: bool = True
    issuer: str = ""
    scopes: str = ""
    document: bool = False
    client_id: str = ""
    authentication: str = METHODS[0].value
    endpoints: Mapping[str, str] = field(default_factory=dict)
    has_secret: bool = False

    @classmethod
    def of_form(cls, form: OutgoingForm, registration: Registration | None = None) -> "OutgoingValues":
        """Take what was typed; where we are registered already, by document or with a secret, that stays."""
        return cls(
            is_enabled=bool(form.enable_out.data),
            issuer=form.issuer.data or "",
            scopes=form.out_scopes.data or "",
            document=bool(registration.document if registration else form.document.data),
            client_id=form.client_id.data or "",
            authentication=form.authentication.data or METHODS[0].value,
            endpoints={name: form[f"{name}_endpoint"].data or "" for name in _ENDPOINTS},
            has_secret=registration is not None and registration.client_secret is not None,
        )

    @classmethod
    def of_server(cls, server: KnownServer, *, is_enabled: bool | None = None) -> "OutgoingValues":
        """Take what a server that was found suggests."""
        known = tuple(name for name in _FIRST_SCOPES if name in server.scopes)
        return cls(
            is_enabled=server.has_metadata if is_enabled is None else is_enabled,
            issuer=server.issuer or server.url,
            scopes=" ".join(known if "openid" in known else server.scopes[:1] if len(server.scopes) == 1 else ()),
            document=server.takes_documents,
            authentication=server.authentication,
        )

    @classmethod
    def of_link(cls, link: Link, registration: Registration) -> "OutgoingValues":
        """Take what holds now; what would take the place of our document is not known yet."""
        endpoints, by_document = registration.endpoints, bool(registration.document)
        return cls(
            is_enabled=link.outgoing.is_enabled,
            issuer=link.issuer,
            scopes=" ".join(dict.fromkeys((*link.outgoing.user_scopes, *link.outgoing.application_scopes))),
            document=by_document,
            client_id="" if by_document else registration.client_id,
            authentication=METHODS[0].value if by_document else registration.authentication.value,
            endpoints={name: getattr(endpoints, name) for name in _ENDPOINTS} if endpoints else {},
            has_secret=registration.client_secret is not None,
        )


_ENDPOINTS = ("authorization", "token", "revocation", "userinfo")


def build_incoming_side(
    values: IncomingValues,
    scopes: Sequence[Scope],
    *,
    us: str,
    them: str,
    names: Mapping[str, str] | None = None,
    is_only: bool = False,
    problems: Mapping[str, str],
) -> HandSide:
    """
    Give the card of the incoming side; ``is_only``: it cannot be left out, because there is no other one.

    ``names`` are those of its clients, by client id, where there are several; None: there is none yet.
    """
    is_new = names is None
    enabled = Choice(
        field="enable_in",
        value="1",
        label=_("{them} may call {us}").format(us=us, them=them),
        hint=_("It gets a client ID and a secret to enter there")
        if is_new
        else _("Without this, every call in this direction is refused"),
        checked=values.is_enabled,
    )
    return HandSide(
        direction="in",
        title=_("Incoming: {them} calls {us}").format(us=us, them=them),
        who=_("{server} is the service provider, {caller} the consumer.").format(server=us, caller=them),
        enabled=None if is_only else enabled,
        fields=tuple(
            _build_redirect_field(client_id, text, names or {}, problems)
            for client_id, text in values.redirect_uris.items()
        ),
        scopes_title=_("May do, once a user says yes"),
        scopes=tuple(_build_scope_choice(scope, values.scopes) for scope in scopes),
        scopes_problem=problems.get("scope", ""),
        more=(
            Choice(
                field="public",
                value="1",
                label=_("It cannot keep a secret"),
                hint=_("A program on users’ own computers: it gets none, and cannot act without a user"),
                checked=values.is_public,
            ),
        )
        if is_new
        else (),
        sections=(_build_level(values.level, them=them, us=us),) if values.level else (),
    )


def _build_level(level: str, *, them: str, us: str) -> Section:
    levels = (Level.OAUTH, Level.IMPERSONATION)
    field = Field(
        name="in_level",
        label=_("How {them} calls for a user of {us}").format(them=them, us=us),
        kind="select",
        hint=_("With impersonation it names the user, whom nobody asks. Each client has to be allowed that, too."),
        options=tuple(
            Choice(label=say_level(each.value), value=each.value, checked=each.value == level) for each in levels
        ),
    )
    return Section(name="client-level", title=_("Level"), fields=(field,))


def build_outgoing_switch(*, us: str, them: str, is_new: bool, checked: bool) -> Choice:
    """Give what switches the outgoing side on and off, whatever its protocol."""
    return Choice(
        field="enable_out",
        value="1",
        label=_("{us} may call {them}").format(us=us, them=them),
        hint=_("Users connect their accounts there")
        if is_new
        else _("Without this, nothing is called, and nobody can connect"),
        checked=checked,
    )


def build_outgoing_side(
    values: OutgoingValues,
    server: KnownServer,
    *,
    us: str,
    them: str,
    is_new: bool = True,
    is_only: bool = False,
    problems: Mapping[str, str],
) -> HandSide:
    """Give the card of the outgoing side; ``is_only``: it is what the page is for, and cannot be left out."""
    enabled = build_outgoing_switch(us=us, them=them, is_new=is_new, checked=values.is_enabled)
    replaces_document = values.document and not is_new
    title = _("If {them} registers {us} after all") if replaces_document else _("What {them} gives {us}")
    hint = _("It may wait: the next page has the redirect URI to register there.") if is_new else ""
    if replaces_document:
        hint = _("{them} knows us by our document. A client ID from there takes its place; without one it stays.")
    endpoints = () if server.has_metadata else _list_endpoints(values, problems, is_new=is_new)
    return HandSide(
        direction="out",
        title=_("Outgoing: {us} calls {them}").format(us=us, them=them),
        who=_("{server} is the service provider, {caller} the consumer.").format(server=them, caller=us),
        enabled=None if is_only else enabled,
        endpoints_title=_("Where its endpoints are"),
        endpoints=endpoints,
        fields=(
            Field(
                name="out_scopes",
                label=_("Scopes"),
                kind="code",
                value=values.scopes,
                hint=_say_known_scopes(server, them),
                problem=problems.get("out_scopes", ""),
            ),
        ),
        document=_build_document_choice(values, them) if server.takes_documents and is_new else None,
        credentials_title=title.format(us=us, them=them),
        credentials_hint=hint.format(them=them),
        credentials=_list_credentials(values, server, them, problems),
    )


def _build_redirect_field(client_id: str, text: str, names: Mapping[str, str], problems: Mapping[str, str]) -> Field:
    name = get_redirect_name(client_id)
    label = _("Redirect URIs")
    if len(names) > 1:
        label = _("Redirect URIs of {name}").format(name=names[client_id])
    return Field(
        name=name,
        label=label,
        kind="lines",
        value=text,
        hint=_(
            "Where users come back to: the other application names it. One a line, compared letter by letter. "
            "Without one no user can come from there: it only calls for itself."
        ),
        problem=problems.get(name, ""),
    )


def get_redirect_name(client_id: str) -> str:
    """Give the field that holds a client's redirect URIs."""
    return f"redirect_uris-{client_id}" if client_id else "redirect_uris"


def _build_scope_choice(scope: Scope, ticked: Collection[str]) -> Choice:
    hint = _("{name} · also for itself, without a user") if scope.application else "{name}"
    return Choice(
        field="scope",
        value=scope.name,
        label=scope.description,
        hint=hint.format(name=scope.name),
        checked=scope.name in ticked,
    )


def _build_document_choice(values: OutgoingValues, them: str) -> Choice:
    return Choice(
        field="document",
        value="1",
        label=_("Introduce ourselves by a document of our own"),
        hint=_("{them} understands that: no client ID to register, no secret to copy").format(them=them),
        checked=values.document,
    )


def _list_endpoints(values: OutgoingValues, problems: Mapping[str, str], *, is_new: bool) -> tuple[Field, ...]:
    labels = {
        "authorization": (_("Authorization endpoint"), ""),
        "token": (_("Token endpoint"), ""),
        "revocation": (_("Revocation endpoint"), _("May stay empty")),
        "userinfo": (_("Userinfo endpoint"), _("May stay empty; it says as whom a user is connected")),
    }
    fields = [
        Field(
            name=f"{name}_endpoint",
            label=label,
            kind="code",
            value=values.endpoints.get(name, ""),
            hint=hint,
            problem=problems.get(f"{name}_endpoint", ""),
        )
        for name, (label, hint) in labels.items()
    ]
    if is_new:
        issuer = Field(
            name="issuer",
            label=_("Issuer"),
            kind="code",
            value=values.issuer,
            hint=_("What the server calls itself in its tokens; often its address"),
            problem=problems.get("issuer", ""),
        )
        fields.insert(0, issuer)
    return tuple(fields)


def _list_credentials(
    values: OutgoingValues, server: KnownServer, them: str, problems: Mapping[str, str]
) -> tuple[Field, ...]:
    return (
        Field(
            name="client_id",
            label=_("Client ID"),
            kind="code",
            longest=LONGEST_CLIENT_ID,
            value=values.client_id,
            problem=problems.get("client_id", ""),
        ),
        Field(
            name="client_secret",
            label=_("Client secret"),
            kind="secret",
            longest=LONGEST_SECRET,
            placeholder=_("kept; type another one to replace it") if values.has_secret else "",
            hint=_("It is sealed, and never shown again"),
            problem=problems.get("client_secret", ""),
        ),
        Field(
            name="authentication",
            label=_("We prove ourselves"),
            kind="select",
            hint=_("{them} says that it takes these").format(them=them) if server.methods else "",
            options=tuple(
                Choice(label=say_authentication(each), value=each.value, checked=each.value == values.authentication)
                for each in _list_methods(server, values.authentication)
            ),
            problem=problems.get("authentication", ""),
        ),
    )


def _list_methods(server: KnownServer, chosen: str = "") -> tuple[ClientAuthentication, ...]:
    """Give the ways that both sides know; one that is chosen already stays."""
    if not server.methods:
        return METHODS
    return tuple(each for each in METHODS if each.value in server.methods or each.value == chosen) or METHODS


def _say_known_scopes(server: KnownServer, them: str) -> str:
    if not server.scopes:
        return _("With spaces or commas between them; its documentation names them")
    named = ", ".join(server.scopes[:_MOST_NAMED])
    if len(server.scopes) > _MOST_NAMED:
        named += ", …"
    return _("With spaces or commas between them. {them} has: {names}").format(them=them, names=named)
