"""An application that was found at an address: kept in the session, so that the page that shows it asks nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from applinks.entropy import new_id
from applinks.linking.discovery import Discovery, discover
from applinks.linking.proposer import list_possible_terms
from applinks.linking.standing import ask_about_approved, check_place_is_free
from applinks.web.pages.views import End
from applinks.web.pages.visit import Visit, find_tint
from applinks.wire.linking.manifest import parse_manifest
from applinks.wire.linking.terms import Access
from applinks.wire.urls import get_host

# What was found, by address; and the addresses that were asked about.
_FOUND = "found"
# The ids that the next proposals take, by address, so that a tile has its colour before there is a link.
_NEXT = "next_links"
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


async def find_application(visit: Visit, url: str, *, private_confirmed: bool) -> Found:
    """
    Look who lives at an address, and keep it for the pages that follow.

    Raises:
        LinkingError: nobody who could be linked.
    """
    side = visit.context.linking
    discovery = await discover(url, private_confirmed=private_confirmed, side=side)
    await ask_about_approved(discovery.url, side=side)
    await check_place_is_free(discovery.document, side=side)
    kept = {
        "document": dict(discovery.document),
        "keys": [dict(key) for key in discovery.keys],
        "private": discovery.private,
    }
    await _keep(visit, discovery.url, kept)
    return await _build_found(visit, discovery)


async def keep_question(visit: Visit, url: str) -> None:
    """Keep that an address is private, so that it is asked about."""
    await _keep(visit, url, {})


async def recall_found(visit: Visit, url: str) -> Found | None:
    """Give what was found at an address a while ago in this session, without asking anybody."""
    kept = _recall(visit, url)
    if not kept:
        return None
    document = kept["document"]
    manifest = parse_manifest(document, fetched_under=document["url"], allow_http=True)
    discovery = Discovery(manifest=manifest, document=document, keys=tuple(kept["keys"]), private=kept["private"])
    return await _build_found(visit, discovery)


def is_question(visit: Visit, url: str) -> bool:
    """Whether the address is one that was asked about."""
    return _recall(visit, url) == {}


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
