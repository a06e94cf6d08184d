"""How administration writes a client beside whoever else writes it, with the link whose incoming side goes along."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from applinks.administration.actor import Actor
from applinks.administration.changing import ROUNDS, Update, build_event, get_lasting_link, update_link
from applinks.administration.oauth1.building import list_warnings
from applinks.administration.side import Administration
from applinks.administration.values import InvalidValueError
from applinks.errors import RefusedError
from applinks.incoming.store import FoundClient
from applinks.linking.errors import LinkingError
from applinks.linking.events import Happened
from applinks.linking.states import describe_direction
from applinks.records.clients import Client
from applinks.records.links import Direction, Link
from applinks.secret import Secret
from applinks.wire.linking.terms import Level

Build = Callable[[Link], Awaitable[tuple[Client, Secret | None]]]
Decide = Callable[[FoundClient], Awaitable[Client]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedClient:
    """A client with its new secret, which is seen here and never again; None: it has none that we made."""

    client: Client
    link: Link
    secret: Secret | None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an administrator should know of it, by its code; see `list_warnings`."""
        return list_warnings(self.client)


async def get_client(name: str, side: Administration) -> FoundClient:
    """
    Give a client by the id of its record, or by its client id.

    Raises:
        RefusedError: ``unknown_client``; ``ambiguous_client``: two of different protocols are called that.
    """
    # By the list, where secrets come with their last use.
    found = [each for each in await side.incoming.list_clients() if name in {each.client.client_id, each.client.id}]
    if len(found) == 1:
        return found[0]
    if not found:
        raise RefusedError(
            "There is no such client.", code="unknown_client", detail=f"there is no client {name[:80]!r}", status=404
        )
    ids = " and ".join(f"{each.client.id} ({each.client.protocol})" for each in found)
    description = f"Two clients are called that, one a protocol: {ids}. Name one by its id."
    raise RefusedError(description, code="ambiguous_client", status=409)


async def is_only_client(found: FoundClient, side: Administration) -> bool:
    """Whether the client's link, made by hand, has no other one."""
    return found.link.is_by_hand and len(await side.incoming.list_clients(link_id=found.link.id)) == 1


async def add_to_link(build: Build, link: Link, *, actor: Actor, side: Administration) -> AddedClient:
    """
    Add a client, which ``build`` makes for the link as it then is, to a link that has an incoming side already.

    What the link has to allow for it, its protocol above all, is written with it.

    Raises:
        LinkingError: ``unknown_link``, ``busy``.
    """
    for _ in range(ROUNDS):
        client, secret = await build(link)
        if _admit(client, link, side) != link.incoming:
            return await _add_with_link(build, link, actor, side)
        event = build_event(
            actor, "client.added", client.id, side=side, link_id=link.id, detail=describe_client(client)
        )
        if await side.incoming.add_client(client, event=event):
            return AddedClient(client=client, link=link, secret=secret)
        link = await get_lasting_link(link.id, side)
    raise LinkingError("busy", detail=f"no client could be added to the link {link.handle}")


async def swap_client(
    name: str,
    decide: Decide,
    action: str,
    *,
    actor: Actor,
    side: Administration,
    detail: Mapping[str, object] | None = None,
) -> FoundClient:
    """
    Change a client; ``decide`` is asked again where others were faster, and raises what stands in the way.

    Raises:
        InvalidValueError: ``client_of_link``: it is the linked application itself.
        RefusedError: ``unknown_client``.
        LinkingError: ``busy``: others were faster every time.
    """
    for _ in range(ROUNDS):
        found = await get_client(name, side)
        check_not_peer(found.client)
        after = await decide(found)
        if after == found.client:
            return found
        changed = after.changed()
        told = {"client_id": changed.client_id, **detail} if detail else describe_client(changed, before=found.client)
        event = build_event(actor, action, changed.id, side=side, link_id=found.link.id, detail=told)
        if await side.incoming.swap_client(changed, expected_version=found.client.version, event=event):
            return FoundClient(client=changed, link=found.link)
    raise LinkingError("busy", detail=f"the client {name[:80]!r} was changed by others {ROUNDS} times meanwhile")


async def set_incoming(link: Link, incoming: Direction, actor: Actor, side: Administration) -> Link:
    """Give a link this incoming side."""

    async def decide(before: Link) -> Update:
        if before.incoming == incoming:
            return Update(link=before)
        happened = Happened(actor=actor.name, action="link.incoming_changed", detail=describe_direction(incoming))
        return Update(link=replace(before, incoming=incoming), happened=(happened,))

    if link.incoming == incoming:
        return link
    return (await update_link(link.id, decide, side=side)).link


async def list_spoken(link: Link, side: Administration) -> tuple[str, ...]:
    """Give the protocols that the clients of a link made by hand speak, in our order of preference."""
    spoken = {each.client.protocol for each in await side.incoming.list_clients(link_id=link.id)}
    return order_protocols(spoken, side)


def order_protocols(spoken: Iterable[str], side: Administration) -> tuple[str, ...]:
    """Give protocols in our order of preference, and last those that we do not offer at present."""
    wanted = set(spoken)
    ours = tuple(each for each in side.settings.protocols if each in wanted)
    return (*ours, *sorted(wanted - set(ours)))


def raise_level(incoming: Direction, client: Client) -> Direction:
    """Give an incoming side that lets a client name the user as whom it calls, if it may; one that is off stays so."""
    may_name = client.oauth1 is not None and client.oauth1.impersonation
    if may_name and incoming.level is Level.OAUTH:
        return replace(incoming, level=Level.IMPERSONATION)
    return incoming


def check_not_peer(client: Client) -> None:
    """
    Check that a client may be changed by itself.

    Raises:
        InvalidValueError: ``client_of_link``.
    """
    if client.is_peer:
        text = "This client is the linked application itself: change or delete the link."
        raise InvalidValueError("client_id", "client_of_link", text)


def describe_client(client: Client, *, before: Client | None = None) -> dict[str, object]:
    """Give what an auditor reads of a client; of keys and secrets only that they changed."""
    told: dict[str, object] = {"client_id": client.client_id, "scopes": list(client.scopes)}
    oauth1 = client.oauth1
    if oauth1 is None:
        return told
    former = before.oauth1 if before is not None else None
    return told | {
        "methods": [method.value for method in oauth1.methods],
        "three_legged": oauth1.three_legged,
        "two_legged": oauth1.two_legged,
        "execute_as": oauth1.execute_as,
        "impersonation": oauth1.impersonation,
        "dialect_1_0": oauth1.dialect_1_0,
        "keys_changed": former is None or former.public_keys != oauth1.public_keys,
        "secret_changed": former is None or former.shared_secret != oauth1.shared_secret,
    }


async def _add_with_link(build: Build, link: Link, actor: Actor, side: Administration) -> AddedClient:
    secrets: list[Secret | None] = [None]

    async def decide(before: Link) -> Update:
        client, secrets[0] = await build(before)
        incoming = _admit(client, before, side)
        added = Happened(actor=actor.name, action="client.added", detail=describe_client(client))
        changed = Happened(actor=actor.name, action="link.incoming_changed", detail=describe_direction(incoming))
        after = replace(before, incoming=incoming)
        return Update(link=after, clients=(client,), happened=(added, changed))

    update = await update_link(link.id, decide, side=side)
    return AddedClient(client=update.clients[0], link=update.link, secret=secrets[0])


def _admit(client: Client, link: Link, side: Administration) -> Direction:
    """Let the link take a client's protocol and level; what was agreed with another Applinks stays as it is."""
    if not link.is_by_hand:
        return link.incoming
    spoken = {*link.incoming.protocols, client.protocol}
    return raise_level(replace(link.incoming, protocols=order_protocols(spoken, side)), client)
