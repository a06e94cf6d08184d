"""
What a new link needs here: the one place that its peer has, and a name that no other link has.

Handshake §3 Standing, §4; house §8 Ids.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from urllib.parse import urlsplit

from applinks.linking.changes import Change
from applinks.linking.errors import LinkingError
from applinks.linking.events import Withdraw
from applinks.linking.side import LinkingSide
from applinks.linking.statements import send_statement
from applinks.linking.states import decide
from applinks.records.links import EndReason, Link, LinkState, is_handle
from applinks.wire.urls import is_under

_LONGEST = 48


async def check_place_is_free(manifest: Mapping[str, Any], *, side: LinkingSide) -> None:
    """
    Check that no live link stands with a peer of that base URL or id, and that nobody takes another's client id.

    Raises:
        LinkingError: ``duplicate_link``; ``waits_until`` says when it falls by itself, where it was only approved here;
            ``invalid_manifest`` where the client id lies among the addresses of a linked application, or the consumer
            key is another's.
    """
    url: str = manifest["url"]
    link = await side.store.find_live_link(url=url, peer_id=manifest["id"])
    if link is None:
        links = [each for each in await side.store.list_links() if each.is_live and not each.is_by_hand]
        _check_client_id(url, manifest["client_id"], links)
        await _check_consumer_key(url, _get_consumer_key(manifest), links, side)
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


def replace_proposals(links: Sequence[Link], *, actor: str, now: int) -> tuple[Change, ...]:
    """Decide the end of our own open proposals that another beginning with the same peer replaces."""
    event = Withdraw(actor=actor, reason=EndReason.REPLACED)
    return tuple(Change(before=link, decision=decide(link, event, now=now)) for link in links)


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


def _get_consumer_key(manifest: Mapping[str, Any]) -> str:
    """Give who a peer is over OAuth 1.0a; empty: it does not speak it."""
    return str((manifest.get("oauth1") or {}).get("consumer_key", ""))


async def _check_consumer_key(url: str, key: str, links: Sequence[Link], side: LinkingSide) -> None:
    """Check a consumer key against those of live links, and against those that were entered by hand."""
    if not key or "oauth1" not in side.settings.protocols:
        return
    for link in links:
        if key == _get_consumer_key(link.peer.manifest):
            detail = f"oauth1: the consumer key {key} is that of {link.peer.url}"
            raise LinkingError("invalid_manifest", detail=detail, peer=url).about(link_id=link.id)
    by_hand = await side.find_consumer(key)
    if by_hand is not None:
        detail = f"a client of the link {by_hand.handle} has the consumer key {key}"
        raise LinkingError("duplicate_link", detail=detail, peer=url).about(link_id=by_hand.id)


def _check_client_id(url: str, client_id: str, links: Sequence[Link]) -> None:
    """
    Check a client id against those of live links.

    A base URL may lie below another one, as ``https://host/b`` below ``https://host``: what lies below the longer one
    is its own.
    """
    for link in links:
        other_url, other_id = link.peer.url, link.peer.manifest.get("client_id", "")
        if client_id == other_id or (is_under(other_id, url) and is_under(url, other_url)):
            detail = f"the client id {other_id} of the link {link.handle} belongs to {url}, or is the same"
            raise LinkingError("duplicate_link", detail=detail, peer=url).about(link_id=link.id)
        if is_under(client_id, other_url) and is_under(other_url, url):
            detail = f"client_id: {client_id} lies below {other_url} of the link {link.handle}"
            raise LinkingError("invalid_manifest", detail=detail, peer=url).about(link_id=link.id)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONGEST].strip("-")
