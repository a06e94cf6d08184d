"""What a link's page says of a side over OAuth 1.0a: the values to enter there, and those from there."""

from collections.abc import Mapping

from applinks.linking.documents import OAUTH1_ACCESS_TOKEN_PATH, OAUTH1_AUTHORIZE_PATH, OAUTH1_REQUEST_TOKEN_PATH
from applinks.records.clients import Client, OAuth1Client
from applinks.records.links import Peer
from applinks.records.registrations import Registration
from applinks.web.pages.links.hand.views import ClientPanel, RegistrationPanel, Value
from applinks.web.pages.links.states import LinkLook
from applinks.wire.oauth1.keys import WEAK_BELOW_BITS, MalformedKeyError, parse_public_key
from applinks.words import Sentence, say_client_id
from applinks.words import gettext as _


def build_oauth1_client_panel(
    look: LinkLook, client: Client, oauth1: OAuth1Client, *, title: str, names: Mapping[str, str]
) -> ClientPanel:
    """Give what there is to enter at an application that calls us; ``names`` are those of users, by id."""
    base, url = look.base_url, f"{look.url}/clients/{client.id}"
    has_secret = oauth1.shared_secret is not None
    values = [Value(label=say_client_id("oauth1"), value=client.client_id)]
    if oauth1.three_legged:
        below = _("The same is found where Data Center applications look: below /plugins/servlet/oauth")
        values += [
            Value(label=_("Request token URL"), value=base + OAUTH1_REQUEST_TOKEN_PATH, hint=below),
            Value(label=_("Access token URL"), value=base + OAUTH1_ACCESS_TOKEN_PATH),
            Value(label=_("Authorize URL"), value=base + OAUTH1_AUTHORIZE_PATH),
        ]
    values.append(Value(label=_("Signature method"), word=_(" or ").join(each.value for each in oauth1.methods)))
    return ClientPanel(
        id=f"client-{client.id}",
        title=title,
        values=tuple(values),
        registered=_list_registered(client, oauth1, names),
        new_secret_url=f"{url}/secret" if has_secret else "",
        new_secret_words=_("Make a new shared secret…"),
        change_url=url,
        foot=_("The shared secret is kept sealed, and never shown: a lost one is replaced.") if has_secret else "",
        warning=_warn_of_keys(oauth1),
    )


def build_oauth1_registration_panel(
    look: LinkLook, registration: Registration, *, redirect_uri: str, public_key: str
) -> RegistrationPanel:
    """Give what there is to enter at the server that we call, and what came from there; ``public_key`` is ours."""
    peer, method = look.link.name, registration.signature_method
    by_key = method is None or method.is_rsa
    ours = [
        Value(label=_("Application URL"), value=look.base_url, hint=_("Where it asks for an address to link with")),
        Value(label=_("Client name (consumer name)"), value=look.us),
        Value(label=_("Callback URL (consumer callback URL)"), value=redirect_uri),
    ]
    if by_key:
        ours[1:1] = [Value(label=say_client_id("oauth1"), value=registration.client_id)]
        ours.append(
            Value(
                label=_("Public key"),
                value=public_key,
                is_block=True,
                hint=_("For calls over OAuth 1.0a alone"),
            )
        )
    return RegistrationPanel(
        title=_("{us} at {peer}").format(us=look.us, peer=peer),
        values=tuple(ours),
        held_title=_("Came from there"),
        held=(*_list_held(registration, by_key=by_key), *_describe_application(look.link.peer)),
        change_url=f"{look.url}/outgoing",
        change_words=_("Change the values"),
    )


def _list_held(registration: Registration, *, by_key: bool) -> tuple[Value, ...]:
    held = []
    if not by_key:
        has_secret = registration.client_secret is not None
        held += [
            Value(label=say_client_id("oauth1"), value=registration.client_id),
            Value(label=_("Shared secret"), word=_("kept, and never shown") if has_secret else _("missing")),
        ]
    if registration.signature_method is not None:
        held.append(Value(label=_("Signature method"), word=registration.signature_method.value))
    if (endpoints := registration.endpoints) is not None:
        held += [
            Value(label=_("Request token URL"), value=endpoints.temporary),
            Value(label=_("Access token URL"), value=endpoints.token),
            Value(label=_("Authorize URL"), value=endpoints.authorization),
        ]
    return tuple(held)


def _describe_application(peer: Peer) -> tuple[Value, ...]:
    rows = []
    if peer.description:
        rows.append(Value(label=_("Description"), word=peer.description))
    if peer.kind:
        kind = _("{kind}, the primary of its type") if peer.is_primary else "{kind}"
        rows.append(Value(label=_("Type"), word=kind.format(kind=peer.kind)))
    if peer.display_url:
        rows.append(Value(label=_("Display URL"), value=peer.display_url))
    return tuple(rows)


def _list_registered(client: Client, oauth1: OAuth1Client, names: Mapping[str, str]) -> tuple[Value, ...]:
    rows = [Value(label=_("Description"), word=oauth1.description)] if oauth1.description else []
    rows += [Value(label=_("Public key"), word=_describe_key(pem)) for pem in oauth1.public_keys]
    rows += [Value(label=_("Callback URL"), value=uri) for uri in client.redirect_uris]
    if not oauth1.three_legged:
        rows.append(Value(label=_("Users"), word=_("are not asked")))
    elif not client.redirect_uris:
        rows.append(Value(label=_("Users"), word=_("type a code, since it has no callback")))
    if oauth1.two_legged:
        user = names.get(oauth1.execute_as, "") or _("a user who is gone")
        rows.append(Value(label=_("Without a user, as"), word=user, hint=_("Two-legged OAuth, execute as")))
    if oauth1.impersonation:
        rows.append(Value(label=_("User impersonation"), word=_describe_impersonation(oauth1, names)))
    if oauth1.dialect_1_0:
        rows.append(Value(label=_("The 1.0 dialect"), word=_("allowed")))
    return tuple(rows)


def _describe_impersonation(oauth1: OAuth1Client, names: Mapping[str, str]) -> str:
    kept = [names.get(each, each) for each in oauth1.protected_users]
    kept += oauth1.protected_groups
    if oauth1.protects_administrators:
        kept.insert(0, _("administrators"))
    return _("anybody but {kept}").format(kept=", ".join(kept)) if kept else _("anybody")


def _describe_key(pem: str) -> str:
    bits = _count_bits(pem)
    return _("RSA, {n} bits").format(n=bits) if bits else _("unreadable")


def _count_bits(pem: str) -> int:
    try:
        return parse_public_key(pem).key_size
    except MalformedKeyError:
        return 0


def _warn_of_keys(oauth1: OAuth1Client) -> Sentence | None:
    """Atlassian's wire: warn about keys under 2048 bits."""
    shortest = min((_count_bits(each) for each in oauth1.public_keys), default=WEAK_BELOW_BITS)
    if shortest >= WEAK_BELOW_BITS:
        return None
    return Sentence(
        what=_("Its key has only {n} bits").format(n=shortest),
        advice=_("It is taken, because many older clients have no better one. From 2048 bits on a key is safe."),
    )
