"""What a link's page says of a side that was made by hand: the values to enter there, and those from there."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from applinks.incoming.oauth2.metadata import AUTHORIZE_PATH, JWKS_PATH, REVOCATION_PATH
from applinks.incoming.rules import TOKEN_PATH
from applinks.records.clients import Client, ClientAuthentication, ClientSecret, GrantType
from applinks.records.registrations import Registration
from applinks.web.pages.links.hand.views import ClientPanel, RegistrationPanel, SecretLine, Value
from applinks.web.pages.links.oauth1.panels import build_oauth1_client_panel, build_oauth1_registration_panel
from applinks.web.pages.links.states import LinkLook
from applinks.web.pages.views import StateView
from applinks.words import Sentence, say_authentication, say_remaining
from applinks.words import gettext as _

_LOCALHOST = "http://localhost"


def say_proof(look: LinkLook, clients: Sequence[Client], direction: str) -> str:
    """Say how whoever calls proves itself."""
    if direction == "in":
        return ", ".join(dict.fromkeys(say_authentication(each.authentication) for each in clients))
    return say_authentication(look.registration.authentication) if look.registration else ""


def build_client_panels(
    look: LinkLook, clients: Sequence[Client], *, names: Mapping[str, str]
) -> tuple[ClientPanel, ...]:
    """Give what there is to enter at each application that calls us; ``names`` are those of users, by id."""
    panels = []
    for client in clients:
        title = _("{us} at {peer}").format(us=client.name, peer=look.us)
        if look.link.is_by_hand and len(clients) == 1:
            title = _("{peer} at {us}").format(us=look.us, peer=look.link.name)
        if client.oauth1 is not None:
            panels.append(build_oauth1_client_panel(look, client, client.oauth1, title=title, names=names))
        else:
            panels.append(_build_client_panel(look, client, title=title))
    return tuple(panels)


def build_registration_panel(look: LinkLook, *, redirect_uri: str, public_key: str) -> RegistrationPanel | None:
    """Give what there is to enter at the server that we call, and what came from there; None: we call none."""
    registration, peer = look.registration, look.link.name
    if registration is None:
        return None
    if registration.protocol == "oauth1":
        return build_oauth1_registration_panel(look, registration, redirect_uri=redirect_uri, public_key=public_key)
    values = [
        Value(label=_("Redirect URI"), value=redirect_uri, hint=_("Exactly this, to the last letter")),
        Value(label=_("Name of the application"), value=look.us),
    ]
    if registration.document:
        values = [
            Value(
                label=_("Client ID"),
                value=registration.client_id,
                hint=_("{peer} reads the rest there; nothing needs to be registered").format(peer=peer),
            ),
            Value(label=_("Redirect URI"), value=redirect_uri, hint=_("Stands in the document, too")),
        ]
    elif registration.authentication is ClientAuthentication.PRIVATE_KEY_JWT:
        values.append(Value(label=_("Keys (JWKS URI)"), value=look.base_url + JWKS_PATH))
    return RegistrationPanel(
        title=_("{us} at {peer}").format(us=look.us, peer=peer),
        values=tuple(values),
        held_title=_("Came from there"),
        held=_list_held(look, registration),
        change_url=f"{look.url}/outgoing",
        change_words=_("Change the values"),
    )


def _list_held(look: LinkLook, registration: Registration) -> tuple[Value, ...]:
    missing = _("missing")
    held = [Value(label=_("Issuer"), value=look.link.issuer)]
    if not registration.document:
        held.append(
            Value(
                label=_("Client ID"),
                value=registration.client_id,
                word="" if registration.client_id else missing,
            )
        )
    if registration.authentication.is_by_secret:
        kept = _("kept, and never shown")
        word = kept if registration.client_secret is not None else missing
        held.append(Value(label=_("Client secret"), word=word))
    endpoints = registration.endpoints
    if endpoints is None:
        held.append(Value(label=_("Endpoints"), word=_("read from its metadata, every few minutes")))
        return tuple(held)
    rows = (
        (_("Authorization endpoint"), endpoints.authorization),
        (_("Token endpoint"), endpoints.token),
        (_("Revocation endpoint"), endpoints.revocation),
        (_("Userinfo endpoint"), endpoints.userinfo),
    )
    held.extend(Value(label=label, value=value) for label, value in rows if value)
    return tuple(held)


def _build_client_panel(look: LinkLook, client: Client, *, title: str) -> ClientPanel:
    base = look.base_url
    values = [
        Value(label=_("Issuer"), value=base, hint=_("Many clients need no more than this and the client ID")),
        Value(label=_("Client ID"), value=client.client_id),
    ]
    if GrantType.AUTHORIZATION_CODE in client.grant_types:
        values.append(Value(label=_("Authorization endpoint"), value=base + AUTHORIZE_PATH))
    values += [
        Value(label=_("Token endpoint"), value=base + TOKEN_PATH),
        Value(label=_("Revocation endpoint"), value=base + REVOCATION_PATH),
    ]
    return ClientPanel(
        id=f"client-{client.client_id}",
        title=title,
        values=tuple(values),
        registered=_list_registered(client),
        secrets=tuple(_build_secret(look, client, each) for each in client.secrets),
        new_secret_url=f"{_get_url(look, client)}/secret" if client.authentication.is_by_secret else "",
        new_secret_words=_("Make a new secret…"),
        foot=_say_secrets(client),
        warning=_warn_of_localhost(client),
    )


def _list_registered(client: Client) -> tuple[Value, ...]:
    rows = [Value(label=_("Redirect URI"), value=uri) for uri in client.redirect_uris]
    rows += [Value(label=_("May introspect tokens for"), value=uri) for uri in client.resources]
    return tuple(rows)


def _build_secret(look: LinkLook, client: Client, secret: ClientSecret) -> SecretLine:
    state = StateView(key="good", state="ok", word=_("Good"))
    if not secret.is_valid(look.now):
        state = StateView(key="expired", state="off", word=_("Expired"))
    elif secret.expires_at:
        remaining = say_remaining(secret.expires_at - look.now)
        state = StateView(key="leaving", state="wait", word=_("{time} left").format(time=remaining))
    return SecretLine(
        hint=secret.hint,
        created_at=secret.created_at,
        last_used_at=secret.last_used_at,
        state=state,
        end_url=f"{_get_url(look, client)}/secret/end?secret={quote(secret.hint)}",
    )


def _get_url(look: LinkLook, client: Client) -> str:
    return f"{look.url}/clients/{quote(client.client_id, safe='')}"


def _say_secrets(client: Client) -> str:
    if client.is_public:
        return _("It cannot keep a secret, so it has none: users are asked every time.")
    if client.grant_types == (GrantType.CLIENT_CREDENTIALS,):
        return _("It has no redirect URI, so no user can come from there: it only calls for itself.")
    if not client.authentication.is_by_secret:
        return ""
    return _("Only digests are kept: a lost secret cannot be shown, but a new one can be made.")


def _warn_of_localhost(client: Client) -> Sentence | None:
    """Security AS-02: what listens at ``localhost`` is not always this computer."""
    if not any(uri.startswith(_LOCALHOST) for uri in client.redirect_uris):
        return None
    return Sentence(
        what=_("A redirect URI goes to “localhost”"),
        advice=_("On some computers another program can answer under that name. 127.0.0.1 is safer."),
    )
