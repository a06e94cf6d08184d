"""The sides of an application over an open database, put together without pages and periodic work."""

from dataclasses import dataclass

from applinks.clock import Clock
from applinks.entropy import Entropy, Rows
from applinks.fetching.transport import Fetcher
from applinks.incoming.seen_users import SeenUsers
from applinks.incoming.side import IncomingSide
from applinks.linking.keys import find_peer_key
from applinks.linking.side import LinkingSide
from applinks.outgoing.side import OutgoingSide
from applinks.records.links import Link
from applinks.records.scopes import Resource
from applinks.records.users import HostUsers
from applinks.settings import Settings
from applinks.storage.open import Storage
from applinks.upkeep import LinkTeller


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a host declared of itself; the first resource is the host."""

    settings: Settings
    users: HostUsers
    resources: tuple[Resource, ...]
    clock: Clock
    entropy: Entropy


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """
    What a command needs of an application, and what pages and periodic work stand on.

    Attributes:
        teller: says to peers what they should hear; nothing is said before somebody asks it to.
    """

    fetcher: Fetcher
    outgoing: OutgoingSide
    linking: LinkingSide
    incoming: IncomingSide
    teller: LinkTeller

    async def close(self) -> None:
        """Let what is under way end, and close the sockets; the database is closed by whoever opened it."""
        # A renewal under way may hold a rotated token that nobody else has: it is kept first.
        await self.outgoing.flights.settle()
        await self.fetcher.aclose()


def build_sides(declared: Declared, storage: Storage) -> Sides:
    """Build the three sides over an open database; nothing is opened and nothing begins."""
    settings, fetcher = declared.settings, Fetcher(declared.settings)
    users = SeenUsers(declared.users, clock=declared.clock, seconds=settings.user_seen_seconds)

    async def get_consumer_key() -> str:
        return (await storage.keys.get_instance()).consumer_key

    async def find_user_name(user_id: str) -> str | None:
        user = await users.find_active(user_id)
        return user.name if user else None

    outgoing = OutgoingSide(
        store=storage.outgoing,
        settings=settings,
        clock=declared.clock,
        entropy=declared.entropy,
        fetcher=fetcher,
        failures=storage.failures,
        get_signing_key=storage.keys.get_signing_key,
        get_oauth1_key=storage.keys.get_oauth1_key,
        get_consumer_key=get_consumer_key,
        find_user_name=find_user_name,
    )

    async def find_consumer(key: str) -> Link | None:
        found = await storage.oauth1.find_client(key)
        return found.link if found else None

    linking = LinkingSide(
        store=storage.linking,
        settings=settings,
        clock=declared.clock,
        entropy=declared.entropy,
        fetcher=fetcher,
        failures=storage.failures,
        keys=storage.keys,
        outgoing=outgoing,
        find_consumer=find_consumer,
        resources=declared.resources,
    )
    teller = LinkTeller(linking)
    return Sides(
        fetcher=fetcher,
        outgoing=outgoing,
        linking=linking,
        incoming=_build_incoming(declared, storage, linking, teller, users),
        teller=teller,
    )


def _build_incoming(
    declared: Declared, storage: Storage, linking: LinkingSide, teller: LinkTeller, users: SeenUsers
) -> IncomingSide:
    """Build the incoming side, and hand it the two things that it needs of linking, which it does not import."""
    settings = declared.settings
    return IncomingSide(
        store=storage.incoming,
        oauth1=storage.oauth1,
        settings=settings,
        clock=declared.clock,
        entropy=declared.entropy,
        rows=Rows(declared.entropy),
        users=users,
        resources=declared.resources,
        failures=storage.failures,
        find_peer_key=lambda link, jwt: find_peer_key(link, jwt, side=linking),
        hear_early_call=teller.tell_early,
    )
