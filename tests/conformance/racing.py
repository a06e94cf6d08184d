"""What several processes do at once; importable, so that each can find it."""

import asyncio
from dataclasses import dataclass, field

from applinks.clock import SystemClock
from applinks.entropy import SystemEntropy
from applinks.linking.store import CommitResult, DecidedProposal, LinkWrite
from applinks.records.grants import Grant
from applinks.records.links import LinkState
from applinks.records.tokens import Family
from applinks.secret import Secret
from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage
from tests.conformance.oauth1.records import make_credentials, make_oauth1_family
from tests.conformance.records import (
    NOW,
    THEM,
    US,
    make_access_token,
    make_event,
    make_family,
    make_hand_client,
    make_hand_link,
    make_link,
    make_refresh_token,
    make_secret,
)


@dataclass(frozen=True)
class Place:
    """What another process needs to open the same database; settings hold a secret, which is not pickled."""

    database: str = field(repr=False)
    sealing_key: str | None = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> "Place":
        return cls(settings.database, settings.sealing_key.reveal() if settings.sealing_key else None)

    def build_settings(self) -> Settings:
        key = Secret(self.sealing_key) if self.sealing_key else None
        return Settings(base_url=US, database=self.database, sealing_key=key)


def claim_all(place: Place, count: int) -> tuple[str, list[bool]]:
    """Open the database, new or not, and claim every number; gives whose installation it is, and what was won."""
    return asyncio.run(_claim_all(place.build_settings(), count))


async def _claim_all(settings: Settings, count: int) -> tuple[str, list[bool]]:
    storage = await open_storage(settings, clock=SystemClock(), entropy=SystemEntropy())
    try:
        claims = [
            storage.incoming.claim_assertion(issuer="a", jti=f"number {each}", expires_at=NOW) for each in range(count)
        ]
        won = [await claim for claim in claims]
        return (await storage.keys.get_instance()).id, won
    finally:
        await storage.close()


def race(place: Place, what: str, who: int, grant: Grant, family: Family | None, rows: list[int]) -> list[bool]:
    """Use every row once, as another process does at the same time; gives what was won."""
    return asyncio.run(_race(place.build_settings(), what, who, grant, family, rows))


async def _race(
    settings: Settings, what: str, who: int, grant: Grant, family: Family | None, rows: list[int]
) -> list[bool]:
    storage = await open_storage(settings, clock=SystemClock(), entropy=SystemEntropy())
    try:
        return [await _win(storage, what, row, who, grant=grant, family=family) for row in rows]
    finally:
        await storage.close()


async def _win(storage: Storage, what: str, row: int, who: int, *, grant: Grant, family: Family | None) -> bool:
    if what == "refresh token" and family is not None:
        return await _rotate(storage, row, who, grant, family)
    if what == "token credentials" and family is not None:
        return await _renew(storage, row, who, grant, family)
    if what == "nonce":
        return await storage.oauth1.claim_nonce(b"%032d" % row, expires_at=NOW)
    alone = {"client": _rotate_secret, "proposal": _decide}
    if what in alone:
        return await alone[what](storage, row, who)
    exchange = {"code": _exchange, "temporary credentials": _exchange_temporary}[what]
    return await exchange(storage, row, who, grant)


async def _exchange(storage: Storage, row: int, who: int, grant: Grant) -> bool:
    new = 10_000 * who + row
    family = make_family(grant, new)
    return await storage.incoming.exchange_code(
        row,
        at=NOW,
        family=family,
        access_token=make_access_token(grant, new, family=family),
        refresh_token=make_refresh_token(grant, family, new),
    )


async def _exchange_temporary(storage: Storage, row: int, who: int, grant: Grant) -> bool:
    new = 10_000 * who + row
    family = make_oauth1_family(grant, new)
    credentials = make_credentials(grant, family, new)
    return await storage.oauth1.exchange_temporary_credentials(row, at=NOW, family=family, credentials=credentials)


async def _renew(storage: Storage, row: int, who: int, grant: Grant, family: Family) -> bool:
    successor = make_credentials(grant, family, 10_000 * who + row)
    return await storage.oauth1.renew_token_credentials(row, at=NOW, successor=successor)


async def _rotate(storage: Storage, row: int, who: int, grant: Grant, family: Family) -> bool:
    new = 10_000 * who + row
    return await storage.incoming.rotate_refresh_token(
        row,
        at=NOW,
        answer=Secret(f"answer {who}"),
        access_token=make_access_token(grant, new, family=family),
        refresh_token=make_refresh_token(grant, family, new),
    )


async def _rotate_secret(storage: Storage, row: int, who: int) -> bool:
    """Give a client of version 1 another secret: the compare and the write are one."""
    new = 10_000 * who + row
    client = make_hand_client(make_hand_link(), row, version=2, secrets=(make_secret(new),))
    return await storage.incoming.swap_client(client, expected_version=1, event=make_event(new))


async def _decide(storage: Storage, row: int, who: int) -> bool:
    """Decide a proposal: the record and the claim are one write."""
    link = make_link(10_000 * who + row, LinkState.APPROVED)
    decided = DecidedProposal(
        issuer=THEM,
        jti=f"proposal {row}",
        decided_by=str(who),
        decided_at=NOW,
        answer=f"answer {who}",
        return_url=f"{THEM}/applinks/link/callback",
    )
    write = LinkWrite(link=link, expected_version=None)
    return await storage.linking.commit(write, decided=decided) is CommitResult.WRITTEN
