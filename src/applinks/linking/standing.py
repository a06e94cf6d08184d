"""
What a new link needs here: the one place that its peer has, and a name that no other link has.

Handshake §3 Standing, §4; house §8 Ids.
"""

import re
import unicodedata
from collections.abc import Set as AbstractSet
from urllib.parse import urlsplit

from applinks.linking.errors import LinkingError
from applinks.linking.side import LinkingSide
from applinks.linking.statements import send_statement
from applinks.records.links import LinkState, is_handle

_LONGEST = 48


async def check_place_is_free(url: str, peer_id: str, *, side: LinkingSide) -> None:
    """
    Check that no live link stands with a peer of that base URL or of that manifest id.

    Raises:
        LinkingError: ``duplicate_link``; ``waits_until`` says when it falls by itself, where it was only approved here.
    """
    link = await side.store.find_live_link(url=url, peer_id=peer_id)
    if link is None:
        return
    error = LinkingError("duplicate_link", detail=f"the link {link.handle} with {url} or its id is live", peer=url)
    if link.state is LinkState.APPROVED and link.pending is not None:
        error.waits_until = link.pending.until
    raise error.about(link_id=link.id)


async def ask_about_approved(url: str, *, side: LinkingSide) -> None:
    """
    Ask the peer about a link that was approved here and that it never took up.

    Who proposes anew has often withdrawn the earlier proposal; a `proposed` end sends no statement, but it answers
    ours, and what was approved falls at once. An id proves nothing, so that only the very address is asked.
    """
    link = await side.store.find_live_link(url=url, peer_id="")
    if link is not None and link.state is LinkState.APPROVED:
        await send_statement(link, side=side)


def choose_handle(name: str, url: str, *, taken: AbstractSet[str]) -> str:
    """Make a handle from the peer's name, else from its host, that no link has."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    made = _slug(ascii_name) or _slug(urlsplit(url).hostname or "") or "link"
    number = 1
    handle = made
    while handle in taken or not is_handle(handle):
        number += 1
        handle = f"{made}-{number}"
    return handle


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONGEST].strip("-")
