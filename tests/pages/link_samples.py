"""Links in every state, as records, and what the pages make of them: the words are those that people read."""

from dataclasses import replace
from typing import Any

from applinks.records.links import (
    Agreement,
    Direction,
    EndReason,
    Link,
    LinkState,
    Pause,
    Peer,
    Pending,
    Rest,
    Schedule,
)
from applinks.records.scopes import Scope
from applinks.web.pages.links.panels import LinkFacts, build_link_page, build_row
from applinks.web.pages.links.states import LinkLook
from applinks.web.pages.links.views import LinkPage, LinkRow, LinksPage, Tab
from applinks.web.pages.visit import find_tint
from applinks.wire.linking.terms import Access, Allows, Level, Terms

NOW = 1_800_000_000
DAY = 86400
BASE = "https://tracker.hafen.example"
SCOPES = (
    Scope("issues:read", "See your issues", "Everything that you can see in Tracker yourself", default=True),
    Scope("issues:write", "Create and change issues in your name"),
    Scope("projects:read", "List public projects", "As itself, not as a person", application=True),
)
THEIR_SCOPES = (
    {"name": "pages:read", "description": "See the pages that you have pinned"},
    {"name": "notify", "description": "Send you notices"},
)
OWN_KEYS = ({"kid": "t2Ma9fQw71Lbc0De", "alg": "ES256"},)


def make_id(tint: int) -> str:
    """Give a link id whose tile has that colour."""
    ids = (f"lnk_6Fq2{'0' * 17}{number}" for number in range(10))
    return next(each for each in ids if find_tint(each) == tint)


def _access(peer: str, *, incoming: bool) -> Access:
    return Access(
        from_url=peer if incoming else BASE,
        to_url=BASE if incoming else peer,
        protocols=("oauth2",),
        level=Level.OAUTH,
        user_scopes=("issues:read", "issues:write") if incoming else ("pages:read", "notify"),
        application_scopes=("projects:read",) if incoming else (),
    )


def _enable(access: Access, **changes: Any) -> Direction:
    direction = Direction(
        level=access.level,
        protocols=access.protocols,
        user_scopes=access.user_scopes,
        application_scopes=access.application_scopes,
    )
    return replace(direction, **changes)


def make_link(name: str, host: str, tint: int, **changes: Any) -> Link:
    """Give a link in force in both directions, heard and tested from both ends."""
    url = f"https://{host}"
    incoming, outgoing = _access(url, incoming=True), _access(url, incoming=False)
    peer = Peer(
        id=f"urn:uuid:{host}",
        name=name,
        url=url,
        manifest={
            "redirect_uri_base": f"{url}/applinks/callback/",
            "jwks_uri": f"{url}/applinks/oauth2/jwks",
            "scopes": THEIR_SCOPES,
        },
        keys=({"kid": "k7Qe9fQw71Lbc0De", "alg": "ES256"},),
        seq=4,
        heard_seq=4,
        agreed_digest="d",
        allows=Allows(user_scopes=outgoing.user_scopes),
        check="passed",
        heard_at=NOW - 240,
    )
    link = Link(
        id=make_id(tint),
        handle=name.lower().replace(" ", "-"),
        name=name,
        peer=peer,
        incoming=_enable(incoming),
        outgoing=_enable(outgoing),
        agreed=Agreement(revision=1, digest="d", terms=Terms(access=(incoming, outgoing))),
        seq=4,
        check="passed",
        statement=Schedule(next_at=NOW + DAY),
        created_at=NOW - 9 * DAY,
        created_by="user:9",
        in_force_at=NOW - 9 * DAY,
    )
    return replace(link, **changes)


def hear(link: Link, **changes: Any) -> Peer:
    """Give the peer of a link as it says it is otherwise."""
    return replace(link.peer, **changes)


def look_at(link: Link, **changes: Any) -> LinkLook:
    """Look at a link now."""
    path = link.id if link.ended_at else link.handle
    return LinkLook(
        link=link,
        us="Tracker",
        base_url=BASE,
        url=f"/applinks/links/{path}",
        now=NOW,
        paused_by="Robin Berg" if link.pause else "",
        new_url=f"/applinks/new?url={link.peer.url}",
        reference="AL-7KQ2-M9F4" if link.check.startswith("failed") else "",
        **changes,
    )


def build(
    link: Link, *, may_change: bool = True, grants: int = 38, connections: int = 12, answer_url: str = ""
) -> LinkPage:
    """Give the page of a link."""
    facts = LinkFacts(
        scopes=SCOPES,
        own_keys=OWN_KEYS,
        grants=grants,
        connections=connections,
        linked_by="Robin Berg",
        may_change=may_change,
    )
    return build_link_page(look_at(link, answer_url=answer_url), facts)


def _wait(link: Link, state: LinkState) -> Link:
    assert link.agreed is not None
    pending = Pending(
        revision=1, state=state, proposal="p", proposal_digest="d", terms=link.agreed.terms, until=NOW + 480
    )
    return replace(
        link,
        agreed=None,
        pending=pending,
        incoming=Direction(),
        outgoing=Direction(),
        seq=0,
        check="pending",
        statement=Schedule(),
        created_at=NOW - 120,
        in_force_at=0,
        peer=replace(link.peer, heard_at=0, seq=0, heard_seq=0, agreed_digest=None, allows=None, check="pending"),
    )


def _end(link: Link, reason: EndReason) -> Link:
    is_agreed = reason in {EndReason.DELETED, EndReason.UNKNOWN}
    link = link if is_agreed else _wait(link, LinkState.PROPOSED)
    return replace(link, ended_at=NOW - 600, ended_reason=reason, peer=replace(link.peer, ended=is_agreed))


START = make_link("Start page", "start.hafen.example", 4)
WIKI = make_link("Wiki", "wiki.hafen.example", 2)
CODE = make_link("Code", "code.hafen.example", 1)
DESK = make_link("Desk", "desk.hafen.example", 6)
FILES = make_link("Files", "files.hafen.example", 3)
PAYROLL = make_link("Payroll", "people.northwind.example", 5)

_LOWERED = replace(START, incoming=replace(START.incoming, user_scopes=("issues:read",)))
_ONE_WAY = replace(
    START,
    agreed=replace(START.agreed, terms=Terms(access=START.agreed.terms.access[:1])) if START.agreed else None,
    outgoing=Direction(),
    check="none",
    peer=hear(START, allows=None),
)
_PAUSED = replace(
    START, pause=Pause(by="user:9", at=NOW - 3 * 3600, reason="until the migration is over"), check="passed"
)
_KEYS = frozenset({Rest.KEYS_CHANGED})
_NEW_KEY = ({"kid": "Zx81Lm0PqRs5TuVw", "alg": "ES256"},)

LINKS: dict[str, Link] = {
    "link": _LOWERED,
    "link-testing": replace(
        START, check="pending", in_force_at=NOW - 2, created_at=NOW - 90, peer=hear(START, check="pending")
    ),
    "link-waiting": _wait(START, LinkState.PROPOSED),
    "link-approved": _wait(START, LinkState.APPROVED),
    "link-confirming": _wait(START, LinkState.CONFIRMING),
    "link-one-way": _ONE_WAY,
    "link-off": replace(START, incoming=Direction()),
    "link-off-there": replace(START, check="none", peer=hear(START, allows=Allows())),
    "link-lowered-there": replace(START, peer=hear(START, allows=Allows(user_scopes=("pages:read",)))),
    "link-paused": _PAUSED,
    "link-paused-there": replace(START, peer=hear(START, paused=True)),
    "link-paused-both": replace(_PAUSED, peer=hear(_PAUSED, paused=True)),
    "link-untold": replace(_PAUSED, seq=5, statement=Schedule(attempts=1, next_at=NOW + 2)),
    "link-out-of-step": replace(START, rest=frozenset({Rest.OUT_OF_STEP})),
    "link-keys": replace(START, rest=_KEYS, peer=hear(START, unannounced=_NEW_KEY)),
    "link-failed-both": replace(
        START, check="failed:peer_unreachable", peer=hear(START, check="failed:invalid_client")
    ),
    **{
        f"link-failed-{code.replace('_', '-')}": replace(START, check=f"failed:{code}")
        for code in ("address_not_allowed", "peer_protocol", "peer_refused", "temporarily_unavailable")
    },
    **{f"link-ended-{reason.value.replace('_', '-')}": _end(START, reason) for reason in EndReason},
    "link-ended-untold": replace(
        _end(START, EndReason.DELETED), seq=5, peer=START.peer, statement=Schedule(attempts=1, next_at=NOW + 2)
    ),
    "link-ended-unheard": replace(_end(START, EndReason.DELETED), seq=5, peer=START.peer, statement=Schedule()),
}
"""Each state of a link's own page."""


def build_rows() -> tuple[LinkRow, ...]:
    """Give a list with every state, those that need attention first."""
    links = (
        replace(WIKI, rest=_KEYS),
        replace(CODE, check="failed:peer_unreachable", in_force_at=NOW - 40 * DAY),
        replace(_wait(PAYROLL, LinkState.PROPOSED), created_at=NOW - 130),
        replace(START, in_force_at=NOW - 3 * 3600),
        replace(DESK, outgoing=Direction(), check="none", in_force_at=NOW - 400 * DAY),
        replace(FILES, pause=Pause(by="user:9", at=NOW - 2 * DAY, reason="until the migration is over")),
    )
    return tuple(build_row(look_at(link)) for link in links)


def build_list(rows: tuple[LinkRow, ...], **changes: Any) -> LinksPage:
    """Give the list of links."""
    tabs = (
        Tab(label="All", count=6, url="?", is_current=True),
        Tab(label="Needs attention", count=2, url="?state=attention", state="warn"),
        Tab(label="Waiting", count=1, url="?state=waiting"),
        Tab(label="Paused", count=1, url="?state=paused"),
    )
    return replace(LinksPage(rows=rows, tabs=tabs, total=6, may_change=True), **changes)
