"""What several processes do at once; importable, so that each can find it."""

import asyncio

from tests.conformance.records import NOW

from applinks.clock import SystemClock
from applinks.entropy import SystemEntropy
from applinks.settings import Settings
from applinks.storage.open import open_storage


def claim_all(settings: Settings, count: int) -> tuple[str, list[bool]]:
    """Open the database, new or not, and claim every number; gives whose installation it is, and what was won."""
    return asyncio.run(_claim_all(settings, count))


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
