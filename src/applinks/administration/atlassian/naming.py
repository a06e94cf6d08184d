"""Which link a Data Center peer means, and how it is told of it."""

from applinks.administration.side import Administration
from applinks.errors import RefusedError
from applinks.records.links import Link, is_link_id

_URN = "urn:uuid:"


async def get_named_link(name: str, *, called_by: Link | None = None, side: Administration) -> Link:
    """
    Give the link that a peer names: by the peer's own id, by which it expects to be known here, or by the link's.

    Of a call that is proved to come over a link, our own id means that very link.

    Raises:
        RefusedError: ``unknown_link``.
    """
    link = None
    if is_link_id(name):
        link = await side.store.find_link(name)
    elif name:
        link = await _find_by_peer(name, side)
        if link is None and called_by is not None and await _is_our_id(name, side):
            link = called_by
    if link is None or link.ended_at:
        detail = f"a peer names the link {name[:80]!r}"
        raise RefusedError("There is no such link.", code="unknown_link", detail=detail, status=404)
    return link


def get_shown_id(link: Link) -> str:
    """Give the id by which peers speak of the application of a link: its own, else the link's."""
    return link.peer.id.removeprefix(_URN) or link.id


async def _find_by_peer(name: str, side: Administration) -> Link | None:
    bare = name.removeprefix(_URN)
    for peer_id in (bare, _URN + bare):
        link = await side.store.find_live_link(url="", peer_id=peer_id)
        if link is not None:
            return link
    return None


async def _is_our_id(name: str, side: Administration) -> bool:
    instance = await side.keys.get_instance()
    return name.removeprefix(_URN).lower() == instance.id.removeprefix(_URN).lower()
