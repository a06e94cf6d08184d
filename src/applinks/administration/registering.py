"""
What we are at a server that is no Applinks, made of what an administrator entered.

Product §5 Links.
"""

from contextlib import suppress
from dataclasses import replace

from applinks.administration.changing import Update, update_link
from applinks.administration.hand_values import LinkChange, NewOutgoing
from applinks.administration.side import Administration
from applinks.administration.values import (
    InvalidValueError,
    check_client_id,
    check_client_secret,
    check_endpoints,
    check_issuer,
    check_resource,
    check_scopes,
)
from applinks.entropy import new_id
from applinks.errors import StoreError
from applinks.linking.errors import LinkingError
from applinks.linking.events import Happened
from applinks.outgoing.side import build_document_url, may_have_documents
from applinks.records.clients import ClientAuthentication
from applinks.records.links import Direction, Link
from applinks.records.registrations import Registration
from applinks.wire.linking.terms import Level

_PROTOCOLS = ("oauth2",)
# What is about a user cannot be asked for by an application for itself.
_OF_USERS = frozenset({"openid", "profile", "email", "address", "phone", "offline_access"})


def build_direction(user_scopes: tuple[str, ...], application_scopes: tuple[str, ...]) -> Direction:
    """Give a direction that is in use."""
    return Direction(
        level=Level.OAUTH, protocols=_PROTOCOLS, user_scopes=user_scopes, application_scopes=application_scopes
    )


def build_outgoing(scopes: tuple[str, ...], application_scopes: tuple[str, ...] | None) -> Direction:
    """
    Give what we do at a server, by its scopes.

    Raises:
        InvalidValueError: ``invalid_scope``, ``scope_missing``.
    """
    for_users = check_scopes(scopes, field="outgoing_scopes", ours=False)
    if application_scopes is None:
        for_us = tuple(name for name in for_users if name not in _OF_USERS)
    else:
        for_us = check_scopes(application_scopes, field="application_scopes", ours=False)
    if not for_users and not for_us:
        text = "Name at least one scope to ask for at the other application."
        raise InvalidValueError("outgoing_scopes", "scope_missing", text)
    return build_direction(for_users, for_us)


def build_registration(link_id: str, new: NewOutgoing, outgoing: Direction, side: Administration) -> Registration:
    """
    Make what we are at a server.

    Raises:
        InvalidValueError: a value cannot be taken; ``field`` says which.
        LinkingError: ``self_link``.
    """
    check_issuer(new.issuer, side.settings)
    if new.wants_document and not may_have_documents(side.settings):
        text = "Servers read a document only over https, and our own base URL is http: enter a client ID."
        raise InvalidValueError("client_id", "invalid_client_id", text)
    document = new_id(side.entropy, "doc").removeprefix("doc_") if new.wants_document else ""
    if document and new.client_id:
        text = "The client ID is the address of our document, which is made here: enter none."
        raise InvalidValueError("client_id", "invalid_client_id", text)
    default = ClientAuthentication.PRIVATE_KEY_JWT if document else ClientAuthentication.CLIENT_SECRET_BASIC
    registration = Registration(
        link_id=link_id,
        client_id=build_document_url(side.settings, document) if document else new.client_id,
        client_secret=new.client_secret,
        authentication=new.authentication or default,
        document=document,
        endpoints=new.endpoints,
        resource=new.resource,
    )
    return _check(registration, outgoing, side)


async def note_answer(link_id: str, refusal: str, *, user_id: str, side: Administration) -> None:
    """
    Keep whether a server that was linked by hand accepts us, as a user's journey there found out just now.

    ``refusal`` is its error code; empty: it accepted us. Nothing is written where that was known; a link that others
    change at this moment is left as it is.
    """
    check = f"failed:{refusal}" if refusal else "none"

    async def decide(link: Link) -> Update:
        if not link.is_by_hand or link.check == check:
            return Update(link=link)
        happened = Happened(actor=f"user:{user_id}", action="link.tested", detail={"result": check})
        return Update(link=replace(link, check=check), happened=(happened,))

    with suppress(LinkingError, StoreError):
        await update_link(link_id, decide, side=side)


def change_registration(
    before: Registration, change: LinkChange, outgoing: Direction, side: Administration
) -> Registration:
    """
    Make what we are at a server after a change; as `build_registration`.

    A client id that was registered there takes the place of our document: then a secret proves us, unless said
    otherwise.

    Raises:
        InvalidValueError: a value cannot be taken; ``field`` says which.
    """
    if before.document and change.client_id not in {None, before.client_id}:
        if not change.client_id:
            text = "The client ID is the address of our document, which stays until you enter one from there."
            raise InvalidValueError("client_id", "invalid_client_id", text)
        before = replace(before, document="", authentication=ClientAuthentication.CLIENT_SECRET_BASIC)
    endpoints = before.endpoints if change.endpoints is None else change.endpoints
    after = replace(
        before,
        client_id=before.client_id if change.client_id is None else change.client_id,
        client_secret=before.client_secret if change.client_secret is None else change.client_secret,
        authentication=before.authentication if change.authentication is None else change.authentication,
        endpoints=None if change.reads_metadata else endpoints,
        resource=before.resource if change.resource is None else change.resource,
    )
    return before if after == before else _check(after, outgoing, side)


def _check(registration: Registration, outgoing: Direction, side: Administration) -> Registration:
    """Check every value, and forget a secret that nothing is proved with."""
    authentication = registration.authentication
    if authentication is ClientAuthentication.CLIENT_SECRET:
        # Ours to take either way; to present, one has to be chosen.
        authentication = ClientAuthentication.CLIENT_SECRET_BASIC
    if registration.document and authentication.is_by_secret:
        text = "Whoever is known by a document has no secret: choose private_key_jwt or none."
        raise InvalidValueError("authentication", "invalid_authentication", text)
    check_client_id(registration.client_id)
    if registration.client_secret is not None:
        check_client_secret(registration.client_secret.reveal())
    if registration.endpoints is not None:
        check_endpoints(registration.endpoints, side.settings, for_users=bool(outgoing.user_scopes))
    if registration.resource:
        check_resource(registration.resource, field="resource")
    secret = registration.client_secret if authentication.is_by_secret else None
    return replace(registration, authentication=authentication, client_secret=secret)
