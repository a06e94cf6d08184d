"""An application that was found at an address: kept in the session, so that the page that shows it asks nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from applinks.entropy import new_id
from applinks.linking.discovery.addresses import list_candidates
from applinks.linking.discovery.applications import Discovery, discover
from applinks.linking.discovery.atlassian import find_atlassian_application
from applinks.linking.discovery.servers import find_server
from applinks.linking.errors import LinkingError
from applinks.linking.proposer import list_possible_terms
from applinks.linking.standing import ask_about_approved, check_place_is_free
from applinks.web.pages.links.hand.server import KnownServer
from applinks.web.pages.views import End
from applinks.web.pages.visit import Visit, find_tint
from applinks.wire.linking.manifest import parse_manifest
from applinks.wire.linking.terms import Access
from applinks.wire.urls import get_host, get_origin

# What was found, by address; and the addresses that were asked about.
_FOUND = "found"
# The ids that the next proposals take, by address, so that a tile has its colour before there is a link.
_NEXT = "next_links"
# Which private origin is asked about, and which were confirmed before, on the way to what was found.
_ASKED = "asked"
_CONFIRMED = "confirmed"
_MOST_KEPT = 3
_KEPT_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An application that was found, with all that could be proposed to it."""

    discovery: Discovery
    link_id: str
    incoming: Access | None
    outgoing: Access | None

    @property
    def end(self) -> End:
        """Its end of the picture."""
        manifest = self.discovery.manifest
        return End(name=manifest.name, host=get_host(manifest.url), url=manifest.url, tint=find_tint(self.link_id))


async def find_application(visit: Visit, url: str) -> Found:
    """
    Look who lives at an address, and keep it for the pages that follow.

    A private address is called only where the form that was sent confirms it.

    Raises:
        LinkingError: nobody who could be linked.
    """
    side = visit.context.linking
    origin = get_origin(list_candidates(url, side)[0])
    discovery = await discover(url, private_confirmed=origin in list_confirmed(visit, url), side=side)
    await ask_about_approved(discovery.url, side=side)
    await check_place_is_free(discovery.document, side=side)
    kept = {
        "document": dict(discovery.document),
        "keys": [dict(key) for key in discovery.keys],
        "oauth1_keys": [dict(key) for key in discovery.oauth1_keys],
        "private": discovery.private,
    }
    await _keep(visit, discovery.url, kept)
    return await _build_found(visit, discovery)


async def find_server_at(visit: Visit, url: str, *, except_id: str = "") -> KnownServer:
    """
    Look what an address that has no Applinks says of itself, and keep it for the page on which it is linked by hand.

    As `find_application`.

    Raises:
        LinkingError: nobody who could be linked; ``duplicate_link``: another link than ``except_id`` is there.
    """
    side = visit.context.linking
    server = await _find_server(visit, url)
    standing = await side.store.find_live_link(url=server.url, peer_id=server.peer_id)
    if standing is not None and standing.id != except_id:
        detail = f"the link {standing.handle} with {server.url} is live"
        raise LinkingError("duplicate_link", detail=detail, peer=server.url).about(link_id=standing.id)
    await keep_server(visit, server)
    return server


async def _find_server(visit: Visit, url: str) -> KnownServer:
    """Look for Atlassian's application links, where we speak their protocol, and else for whatever is there."""
    side, confirmed = visit.context.linking, list_confirmed(visit, url)
    if "oauth1" in side.settings.protocols:
        found = await find_atlassian_application(url, private_confirmed=confirmed, side=side)
        if found is not None:
            return KnownServer.of_atlassian(found)
    return KnownServer.of(await find_server(url, private_confirmed=confirmed, side=side))


async def keep_server(visit: Visit, server: KnownServer) -> None:
    """Keep what is known of a server."""
    await _keep(visit, server.url, {"server": server.to_json()})


def recall_server(visit: Visit, url: str) -> KnownServer | None:
    """Give what was found at an address without Applinks a while ago in this session."""
    kept = _recall(visit, url)
    return KnownServer.from_json(kept["server"]) if kept and "server" in kept else None


async def keep_question(visit: Visit, url: str, private: str) -> None:
    """Keep that a private address is to be asked about: that of ``url``, or the one that ``url`` names."""
    await _keep(visit, url, {_ASKED: get_origin(private), _CONFIRMED: list_confirmed(visit, url)})


def list_confirmed(visit: Visit, url: str) -> list[str]:
    """Give the private origins that were confirmed on the way to an address, that of the form that was sent, too."""
    kept, sent = _recall(visit, url) or {}, visit.form.get("private")
    # Only what was shown and asked about is meant: not what a server has named meanwhile.
    asked = [kept[_ASKED]] if _ASKED in kept and get_host(kept[_ASKED]) == sent else []
    return [*kept.get(_CONFIRMED, ()), *asked] if sent else []


async def recall_found(visit: Visit, url: str) -> Found | None:
    """Give what was found at an address a while ago in this session, without asking anybody."""
    kept = _recall(visit, url)
    if not kept or "document" not in kept:
        return None
    document = kept["document"]
    manifest = parse_manifest(document, fetched_under=document["url"], allow_http=True)
    discovery = Discovery(
        manifest=manifest,
        document=document,
        keys=tuple(kept["keys"]),
        oauth1_keys=tuple(kept["oauth1_keys"]),
        private=kept["private"],
    )
    return await _build_found(visit, discovery)


def find_question(visit: Visit, url: str) -> str:
    """Give the private host that is asked about before an address is looked at; empty: none is."""
    kept = _recall(visit, url)
    return get_host(kept[_ASKED]) if kept and _ASKED in kept else ""


async def forget_link_id(visit: Visit, url: str) -> None:
    """Let the next proposal to an address have another id: one is used once."""
    visit.session.data[_NEXT].pop(url, None)
    await visit.session.save()


async def _build_found(visit: Visit, discovery: Discovery) -> Found:
    own = visit.context.settings.base_url
    possible = await list_possible_terms(discovery, side=visit.context.linking)
    return Found(
        discovery=discovery,
        link_id=await _reserve_link_id(visit, discovery.url),
        incoming=possible.find(from_url=discovery.url, to_url=own),
        outgoing=possible.find(from_url=own, to_url=discovery.url),
    )


async def _reserve_link_id(visit: Visit, url: str) -> str:
    """Give the id that a link with this address will have, if it is proposed from this session."""
    kept = visit.session.data.get(_NEXT, {})
    if url in kept:
        return str(kept[url])
    link_id = new_id(visit.context.entropy, "lnk")
    visit.session.data[_NEXT] = dict([*kept.items(), (url, link_id)][-_MOST_KEPT:])
    await visit.session.save()
    return link_id


async def _keep(visit: Visit, url: str, value: Mapping[str, Any]) -> None:
    kept = {each: old for each, old in visit.session.data.get(_FOUND, {}).items() if each != url}
    entry = {"at": visit.now, "found": value}
    visit.session.data[_FOUND] = dict([*kept.items(), (url, entry)][-_MOST_KEPT:])
    await visit.session.save()


def _recall(visit: Visit, url: str) -> dict[str, Any] | None:
    """Give what was kept of an address; None: nothing, or it is too long ago."""
    entry = visit.session.data.get(_FOUND, {}).get(url)
    if entry is None or visit.now - entry["at"] > _KEPT_SECONDS:
        return None
    found: dict[str, Any] = entry["found"]
    return found
