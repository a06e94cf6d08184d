"""
The gadget *My issues in Tracker*: what Start page knows of a user's issues at the linked application.

One call, and the ways in which it can go otherwise: nobody is linked, she has to connect first,
the link is paused, Tracker does not answer, takes its time or says no.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from applinks import AuthorizationNeeded, LinkUnusableError, PeerError, PeerUnreachableError
from applinks.hosts.starlette import AppLinks
from applinks.wire.urls import is_under

# A Tracker that did not answer is left alone for so long: her dashboard shall not wait for it at every look.
_REST_SECONDS = 30
# What is shown of an answer, and how long its texts may be; a link vouches for who answers, not for what is said.
_MOST_ISSUES = 200
_LONGEST_LINE = 200
_LATEST = 4_102_444_800  # the year 2100: what is later is no time that a page could show


@dataclass(frozen=True, slots=True, kw_only=True)
class Gadget:
    """
    What the dashboard shows.

    Attributes:
        state: ``none``, ``connect``, ``ready``, ``unusable``, ``slow``, ``down`` or ``refused``.
        link: the handle of the link; empty: there is none.
        name: what we call the other application.
        connect_url: where her browser goes to connect.
        account: who she is there, as the other application says.
        read_at: when these issues were read; 0: they were not.
        reason: why the link does not let calls pass.
    """

    state: str
    link: str = ""
    name: str = "Tracker"
    connect_url: str = ""
    account: str = ""
    issues: list[dict[str, Any]] = field(default_factory=list)
    can_create: bool = False
    read_at: int = 0
    reason: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    at: float
    reference: str


class IssuesGadget:
    """Reads and creates issues over the link, and remembers what it last read, for when Tracker is away."""

    def __init__(
        self,
        applinks: AppLinks,
        handle: str,
        *,
        patience_seconds: float = 3,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._applinks = applinks
        self._handle = handle
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._last_read: dict[str, Gadget] = {}
        self._reading: dict[str, asyncio.Task[Gadget]] = {}
        self._begun_at: dict[str, float] = {}
        self._failed: dict[str, _Failure] = {}

    async def load(self, user_id: str, *, again: bool = False) -> Gadget:
        """Ask Tracker for the user's issues; ``again``: also where it did not answer a moment ago."""
        link = next((each for each in await self._applinks.links() if each.handle == self._handle), None)
        if link is None or link.state != "in_force":
            return Gadget(state="none")
        failed = self._failed.get(user_id)
        # A link that lets no call pass says so by itself, without asking Tracker.
        if failed and link.is_usable and not again and self._clock() < failed.at + _REST_SECONDS:
            return self._recall(user_id, link.name, "down", failed.reference)
        reading = self._begin_reading(link, user_id)
        # Her other gadgets do not wait for Tracker: what it says late is there the next time.
        waits_until = self._begun_at[user_id] + self._patience_seconds
        await asyncio.wait({reading}, timeout=self._patience_seconds if again else max(0, waits_until - self._clock()))
        if not reading.done():
            return self._recall(user_id, link.name, "slow")
        return self._show(reading, link, user_id)

    async def create(self, user_id: str, title: str) -> bool:
        """Create an issue as the user; whether Tracker did."""
        answer = await self._applinks.connection(self._handle, user=user_id).post("/api/issues", json={"title": title})
        self._failed.pop(user_id, None)
        return bool(answer.status_code == 201)

    async def disconnect(self, user_id: str) -> bool:
        """Give up the connection, and forget what was read over it; whether Tracker was told."""
        self._last_read.pop(user_id, None)
        self._failed.pop(user_id, None)
        try:
            return await self._applinks.disconnect(self._handle, user=user_id)
        except LinkUnusableError:
            return True  # The link is gone, and every connection over it.

    def _show(self, reading: asyncio.Task[Gadget], link: Any, user_id: str) -> Gadget:
        try:
            return reading.result()
        except AuthorizationNeeded:
            self._last_read.pop(user_id, None)
            url = self._applinks.connect_url(link, return_to="/")
            return Gadget(state="connect", link=self._handle, name=link.name, connect_url=url)
        except LinkUnusableError as error:
            return Gadget(state="unusable", link=self._handle, name=link.name, reason=error.description)
        except PeerError as error:
            state = "down" if isinstance(error, PeerUnreachableError) else "refused"
            return self._recall(user_id, link.name, state, error.reference)

    def _begin_reading(self, link: Any, user_id: str) -> asyncio.Task[Gadget]:
        if user_id not in self._reading:
            self._begun_at[user_id] = self._clock()
            self._reading[user_id] = asyncio.create_task(self._read(link, user_id))
            self._reading[user_id].add_done_callback(lambda reading: self._keep(user_id, reading))
        return self._reading[user_id]

    def _keep(self, user_id: str, reading: asyncio.Task[Gadget]) -> None:
        del self._reading[user_id]
        self._failed.pop(user_id, None)
        if reading.cancelled():
            return
        error = reading.exception()
        if isinstance(error, PeerUnreachableError):
            self._failed[user_id] = _Failure(at=self._clock(), reference=error.reference)
        elif error is None and reading.result().state == "ready":
            self._last_read[user_id] = reading.result()

    async def _read(self, link: Any, user_id: str) -> Gadget:
        tracker, name = self._applinks.connection(self._handle, user=user_id), link.name
        answer = await tracker.get("/api/issues")
        if answer.status_code == 503:
            # The link was paused at the other end, and word of it is on its way.
            return Gadget(state="unusable", link=self._handle, name=name, reason="The link is paused.")
        me = await tracker.get("/api/me")
        try:
            found = answer.json()
            return Gadget(
                state="ready",
                link=self._handle,
                name=name,
                account=_read_line(me.json()["name"]) if me.status_code == 200 else "",
                issues=[_read_issue(each, link.peer.url) for each in found["issues"][:_MOST_ISSUES]],
                can_create=found["can_create"] is True,
                read_at=int(time.time()),
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            # A refusal, or something else than Tracker's answer: she may have allowed less than this needs.
            return Gadget(state="refused", link=self._handle, name=name)

    def _recall(self, user_id: str, name: str, state: str, reference: str = "") -> Gadget:
        last = self._last_read.get(user_id)
        return Gadget(
            state=state,
            link=self._handle,
            name=name,
            issues=last.issues if last else [],
            read_at=last.read_at if last else 0,
            reference=reference,
        )


def _read_issue(value: Any, peer_url: str) -> dict[str, Any]:
    """Take what is shown of an issue out of the answer; anything that is not as it has to be is a ValueError."""
    key, title, state = (_read_line(value[name]) for name in ("key", "title", "state"))
    url, changed_at = value["url"], value["changed_at"]
    # The address becomes a link on our page: it leads to Tracker, and is nothing that a browser would run.
    if not isinstance(url, str) or not is_under(url, peer_url):
        raise ValueError("the address of an issue is not below that of its application")
    if type(changed_at) is not int or not 0 <= changed_at <= _LATEST:
        raise ValueError("an issue was changed at no time")
    return {"key": key, "title": title, "state": state, "url": url, "changed_at": changed_at}


def _read_line(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 1 <= len(value) <= _LONGEST_LINE:
        raise ValueError("not one line of text")
    return value
