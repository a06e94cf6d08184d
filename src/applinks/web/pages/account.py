"""The user's own page: what can act for her here, where we can act for her, and the journey that connects her there."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from applinks.administration.registering import note_answer
from applinks.errors import ApplinksError, PeerError, RefusedError
from applinks.incoming.grants import end_all_grants, end_grant_of_user
from applinks.incoming.policy import find_obstacle
from applinks.incoming.store import FoundGrant
from applinks.outgoing.disconnection import disconnect
from applinks.outgoing.round_trip import begin as begin_journey
from applinks.outgoing.round_trip import finish as finish_journey
from applinks.records.connections import Connection, ConnectionState
from applinks.records.links import Link
from applinks.web.pages.forms import describe_theirs
from applinks.web.pages.views import Choice, End, QuestionPage, StateView
from applinks.web.pages.visit import Visit, find_tint
from applinks.web.patience import begin
from applinks.wire.linking.terms import Level
from applinks.wire.urls import get_host
from applinks.words import gettext as _
from applinks.words import say_protocol

_log = logging.getLogger("applinks.pages")
# RFC 6749 §5.2, OAuth Problem Reporting: what we hold of a server proves us there no more.
_REFUSED = frozenset(
    {"invalid_client", "consumer_key_unknown", "signature_invalid", "signature_method_rejected", "timestamp_refused"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRow:
    """An application that can act for the user, over one protocol."""

    id: str
    them: End
    protocol: str = ""
    can: tuple[str, ...]
    created_at: int
    last_used_at: int = 0
    is_stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRow:
    """The user's account at another application, connected or not."""

    link: str
    them: End
    protocol: str = ""
    id: str = ""
    account: str = ""
    can: tuple[str, ...] = ()
    words: str = ""
    state: StateView | None = None
    created_at: int = 0
    last_used_at: int = 0
    connect_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """The user's own page."""

    grants: tuple[GrantRow, ...] = ()
    connections: tuple[ConnectionRow, ...] = ()

    @property
    def has_anything(self) -> bool:
        """Whether there is something to revoke."""
        return bool(self.grants) or any(each.id for each in self.connections)


async def show_account(visit: Visit) -> Response:
    """Show what has access to the user's account, and where she is connected."""
    grants = await visit.context.incoming.store.list_grants_of_user(visit.user.id)
    page = AccountPage(
        grants=tuple(_build_grant_row(visit, found) for found in grants),
        connections=await _list_connections(visit),
    )
    return await visit.render("account.html", page)


async def revoke_grant(visit: Visit) -> Response:
    """End what one application may do for the user."""
    grant_id = visit.form.get("grant")
    if grant_id is None:
        raise RefusedError("The form names no application.")
    if await end_grant_of_user(grant_id, visit.user.id, side=visit.context.incoming):
        await visit.tell("ok", _("Revoked"), _("It can no longer act for you; if it wants to, it has to ask again."))
    return visit.redirect(visit.url("/account"))


async def end_connection(visit: Visit) -> Response:
    """End the user's connection to another application, here and there."""
    link_id = visit.form.get("link")
    if link_id is None:
        raise RefusedError("The form names no application.")
    response = visit.redirect(visit.url("/account"))
    connected = await visit.context.outgoing.store.list_connections_of_user(visit.user.id)
    ended = [(connection, link) for connection, link in connected if link.id == link_id]
    if not ended:
        return response
    ending = await begin(_disconnect_all(visit, ended), visit.context)
    peer = ended[0][1].name
    if not ending.is_done:
        await visit.tell("wait", _("{peer} answers slowly").format(peer=peer), _say_slow())
    else:
        await _tell_disconnected(visit, peer, confirmed=not ending.result)
    return ending.go_on_after(response)


async def ask_to_revoke_everything(visit: Visit) -> Response:
    """Say what is lost before everything is revoked."""
    page = QuestionPage(
        title=_("Revoke everything?"),
        text=_("Nothing can act for you afterwards, until you say yes again."),
        losses=(
            Choice(label=_("Every application loses its access to your account here.")),
            Choice(label=_("{us} loses your accounts at other applications.").format(us=visit.context.name)),
        ),
        button=_("Revoke everything"),
        field="revoke",
        back=visit.url("/account"),
        is_dangerous=True,
    )
    return await visit.render("question.html", page)


async def revoke_everything(visit: Visit) -> Response:
    """End every grant and every connection of the user."""
    await end_all_grants(visit.user.id, side=visit.context.incoming)
    connected = await visit.context.outgoing.store.list_connections_of_user(visit.user.id)
    ending = await begin(_disconnect_all(visit, connected), visit.context)
    if not ending.is_done:
        names = ", ".join(dict.fromkeys(link.name for _connection, link in connected))
        title = _("Nothing can act for you here any more")
        await visit.tell("wait", title, _("Not all answered yet: {names}.").format(names=names) + " " + _say_slow())
    elif ending.result:
        text = _("Nothing can act for you here. Not confirmed by: {names}. Look at your account there, too.")
        names = ", ".join(ending.result)
        await visit.tell("warn", _("Everything is revoked"), text.format(names=names))
    else:
        await visit.tell("ok", _("Everything is revoked"), _("Nothing can act for you now."))
    return ending.go_on_after(visit.redirect(visit.url("/account")))


async def begin_round_trip(visit: Visit) -> Response:
    """Send the user to the linked application; ``return_to`` names the path on which she ends."""
    return_to = visit.params.get("return_to")
    link = visit.request.path_params["link"]
    try:
        url = await begin_journey(
            link,
            visit.user,
            visit.session.digest,
            return_to or visit.url("/account"),
            side=visit.context.outgoing,
        )
    except PeerError as error:
        await _note_refusal(visit, link, error)
        raise
    return visit.redirect(url)


async def finish_round_trip(visit: Visit) -> Response:
    """Take the user back, and store her connection."""
    link = visit.request.path_params["link"]
    try:
        finished = await finish_journey(
            link, visit.query, visit.session.digest, visit.user, side=visit.context.outgoing
        )
    except PeerError as error:
        await _note_refusal(visit, link, error)
        raise
    await note_answer(link, "", user_id=visit.user.id, side=visit.context.administration)
    return visit.redirect(finished.return_to)


async def _note_refusal(visit: Visit, link: str, error: PeerError) -> None:
    """Keep that a server does not accept us; over OAuth 1.0a that shows before the user is sent there."""
    error.link = error.link or link
    if error.code in _REFUSED:
        await note_answer(link, error.code, user_id=visit.user.id, side=visit.context.administration)


async def _disconnect_all(visit: Visit, connected: Sequence[tuple[Connection, Link]]) -> list[str]:
    """End connections one by one; give the names of the applications that did not confirm it."""
    unconfirmed = []
    for connection, link in connected:
        try:
            confirmed = await disconnect(connection, actor=f"user:{visit.user.id}", side=visit.context.outgoing)
        except ApplinksError as error:
            _log.warning("disconnect.failed link=%s code=%s detail=%s", link.id, error.code, error.detail)
            confirmed = False
        if not confirmed:
            unconfirmed.append(link.name)
    return unconfirmed


def _say_slow() -> str:
    return _(
        "The connection is given up here in half a minute at the latest, whatever it answers. Load this page again."
    )


async def _tell_disconnected(visit: Visit, peer: str, *, confirmed: bool) -> None:
    title = _("Disconnected from {peer}").format(peer=peer)
    if confirmed:
        await visit.tell("ok", title, _("{peer} confirmed it.").format(peer=peer))
        return
    text = _("{peer} did not confirm it. To be sure, revoke it on your account page there, too.")
    await visit.tell("warn", title, text.format(peer=peer))


def _build_grant_row(visit: Visit, found: FoundGrant) -> GrantRow:
    name = found.link.name if found.client.is_peer else found.client.name
    host = get_host(found.link.peer.url) if found.client.is_peer else ""
    words = {
        scope.name: scope.description
        for resource in visit.context.incoming.resources
        if resource.identifier == found.grant.resource
        for scope in resource.scopes
    }
    return GrantRow(
        id=found.grant.id,
        them=End(name=name, host=host, tint=find_tint(found.link.id)),
        protocol=say_protocol(found.client.protocol),
        can=tuple(words.get(scope, scope) for scope in found.grant.scopes),
        created_at=found.grant.created_at,
        last_used_at=found.grant.last_used_at,
        is_stopped=find_obstacle(found.client, found.link) is not None,
    )


async def _list_connections(visit: Visit) -> tuple[ConnectionRow, ...]:
    connected = await visit.context.outgoing.store.list_connections_of_user(visit.user.id)
    rows = [_build_connection_row(visit, connection, link) for connection, link in connected]
    known = {link.id for _connection, link in connected}
    others = [
        link
        for link in await visit.context.linking.store.list_links()
        if link.id not in known and await _can_be_connected(visit, link)
    ]
    rows.extend(
        ConnectionRow(
            link=link.id,
            them=_build_end(link),
            words=_("Not connected."),
            connect_url=visit.url(f"/connect/{link.id}"),
        )
        for link in others
    )
    return tuple(rows)


async def _can_be_connected(visit: Visit, link: Link) -> bool:
    """Whether users are offered to connect; with a server that we are not registered at yet, they are not."""
    if not _offers_connecting(link):
        return False
    if not link.is_by_hand:
        return True
    registration = await visit.context.outgoing.store.find_registration(link.id)
    return registration is not None and registration.is_complete


def _build_connection_row(visit: Visit, connection: Connection, link: Link) -> ConnectionRow:
    ended = connection.state is ConnectionState.ENDED_BY_PEER
    stopped = not ended and not _offers_connecting(link)
    describe = describe_theirs(link.peer.manifest)
    words = _("{peer} has ended your connection.") if ended else _("The link with {peer} is stopped at the moment.")
    return ConnectionRow(
        id=connection.id,
        link=link.id,
        them=_build_end(link),
        protocol=say_protocol(connection.protocol),
        account=connection.account,
        can=tuple(describe(scope).label for scope in connection.scopes),
        words=words.format(peer=link.name) if ended or stopped else "",
        state=StateView(key="attention", state="warn", word=_("Not working")) if ended else None,
        created_at=connection.created_at,
        last_used_at=connection.last_used_at,
        connect_url=visit.url(f"/connect/{link.id}") if ended and _offers_connecting(link) else "",
    )


def _build_end(link: Link) -> End:
    peer = link.peer
    return End(name=link.name, host=get_host(peer.url), url=peer.display_url or peer.url, tint=find_tint(link.id))


def _offers_connecting(link: Link) -> bool:
    """Whether users connect there: not where we name them, and only where they decide about something."""
    outgoing = link.outgoing
    if not link.is_usable or not outgoing.is_enabled or outgoing.level is Level.IMPERSONATION:
        return False
    # A server of OAuth 1.0a that was entered by hand knows no scopes.
    return bool(outgoing.user_scopes) or (link.is_by_hand and "oauth1" in outgoing.protocols)
