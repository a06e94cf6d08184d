"""Counting clients that did not prove themselves, whatever the protocol."""

from applinks.incoming.side import IncomingSide
from applinks.limits import Limit, find_network
from applinks.secret import digest_secret

# Strangers name whom they like: each address is counted under so many names at most, or each guess would cost memory.
_COUNTED_NAMES = 1024


async def count_wrong_proof(client_id: str, source: str, side: IncomingSide) -> None:
    """
    Count a failure, and answer 429 after too many.

    Security N-10: only failures are limited. No secret of ours and no signature can be guessed, so that a right one
    passes whatever somebody else did under the same name, even from the same address: behind a proxy, say.

    Raises:
        RefusedError: ``too_many_requests``.
    """
    await side.limits.count(Limit.WRONG_PROOFS, _find_counted_name(client_id), find_network(source))


def _find_counted_name(client_id: str) -> str:
    return str(int.from_bytes(digest_secret(client_id)[:4]) % _COUNTED_NAMES)
