"""The keys that this application signs with."""

from collections.abc import Sequence

from applinks.administration.actor import Actor, check_may_look
from applinks.administration.side import Administration
from applinks.records.keys import KeyPair


async def list_keys(*, actor: Actor, side: Administration) -> Sequence[KeyPair]:
    """Give our key pairs, the newest first, retired ones too; what is private of them stays a secret."""
    check_may_look(actor)
    return await side.keys.list_pairs()
