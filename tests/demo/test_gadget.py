"""The gadget, in all its states."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from applinks import (
    AuthorizationNeeded,
    LinkUnusableError,
    PeerError,
    PeerProtocolError,
    PeerRefusedError,
    PeerUnreachableError,
)
from applinks.demo.gadget import IssuesGadget

pytestmark = pytest.mark.anyio

_PEER = "http://127.0.0.1:8001"
_ISSUE = {"key": "TRK-1", "title": "Printer", "state": "open", "changed_at": 1, "url": f"{_PEER}/issues/TRK-1"}
_ISSUES = {"issues": [_ISSUE], "can_create": True}


class FakeAnswer:
    def __init__(self, status_code: int, value: Any) -> None:
        self.status_code = status_code
        self._value = value

    def json(self) -> Any:
        if isinstance(self._value, Exception):
            raise self._value
        return self._value


class FakeAppLinks:
    """Links and one connection whose answers are laid out."""

    def __init__(self, *, state: str = "in_force") -> None:
        peer = SimpleNamespace(url=_PEER)
        link = SimpleNamespace(handle="tracker", name="Tracker", state=state, is_usable=True, peer=peer)
        self.found = [link] if state else []
        self.answers: dict[str, FakeAnswer | PeerError] = {
            "/api/issues": FakeAnswer(200, _ISSUES),
            "/api/me": FakeAnswer(200, {"name": "alice"}),
        }
        self.disconnected: list[str] = []
        self.asked: list[str] = []

    async def links(self) -> Sequence[Any]:
        return self.found

    def connect_url(self, link: Any, *, return_to: str) -> str:
        return f"/connect/{link.handle}?{return_to}"

    def connection(self, handle: str, *, user: str) -> "FakeAppLinks":
        assert (handle, user) == ("tracker", "u-alicia")
        return self

    async def disconnect(self, handle: str, *, user: str) -> bool:
        self.disconnected.append(user)
        if not self.found:
            raise LinkUnusableError("There is no such link.")
        return True

    async def post(self, path: str, *, json: Any) -> FakeAnswer:
        return FakeAnswer(201, json)

    async def get(self, path: str) -> FakeAnswer:
        self.asked.append(path)
        answer = self.answers[path]
        if isinstance(answer, PeerError):
            raise answer
        return answer


def _gadget(applinks: FakeAppLinks) -> IssuesGadget:
    return IssuesGadget(applinks, "tracker")  # type: ignore[arg-type]


@pytest.mark.parametrize("state", ["", "proposed", "confirming", "approved"])
async def test_before_the_link_is_in_force_there_is_nothing_to_connect(state: str) -> None:
    """Ours."""
    assert (await _gadget(FakeAppLinks(state=state)).load("u-alicia")).state == "none"


async def test_issues_are_shown_with_the_account_there() -> None:
    """Issue: connected with issues, 'Connected as alice'."""
    found = await _gadget(FakeAppLinks()).load("u-alicia")
    assert (found.state, found.account, found.can_create) == ("ready", "alice", True)
    assert found.issues == _ISSUES["issues"]


async def test_who_has_not_connected_is_offered_to() -> None:
    """Issue: AuthorizationNeeded leads to Connect to Tracker, and back to the dashboard."""
    applinks = FakeAppLinks()
    applinks.answers["/api/issues"] = AuthorizationNeeded("/x")
    found = await _gadget(applinks).load("u-alicia")
    assert (found.state, found.connect_url) == ("connect", "/connect/tracker?/")


async def test_a_pause_is_said_in_the_library_s_words() -> None:
    """Issue: link paused."""
    applinks = FakeAppLinks()
    applinks.answers["/api/issues"] = LinkUnusableError("The link is paused.")
    found = await _gadget(applinks).load("u-alicia")
    assert (found.state, found.reason) == ("unusable", "The link is paused.")


async def test_a_pause_at_the_other_end_that_was_not_heard_yet_is_one_too() -> None:
    """Handshake §4: a link that does not serve answers 503."""
    applinks = FakeAppLinks()
    applinks.answers["/api/issues"] = FakeAnswer(503, {"error": "temporarily_unavailable"})
    assert (await _gadget(applinks).load("u-alicia")).state == "unusable"


async def test_while_tracker_is_away_the_last_answer_stays() -> None:
    """Mockups: 'This is from 13:40. Your connection is kept.'"""
    applinks = FakeAppLinks()
    gadget = _gadget(applinks)
    await gadget.load("u-alicia")
    applinks.answers["/api/issues"] = PeerUnreachableError("No answer.", reference="AL-7KQ2-M9F4")
    found = await gadget.load("u-alicia")
    assert (found.state, found.issues, found.reference) == ("down", _ISSUES["issues"], "AL-7KQ2-M9F4")
    assert found.read_at
    assert not found.can_create


async def test_a_tracker_that_did_not_answer_is_left_alone_for_a_while() -> None:
    """Ours: her dashboard does not wait for it at every look; 'Try now' asks at once."""
    applinks, now = FakeAppLinks(), [100.0]
    gadget = IssuesGadget(applinks, "tracker", clock=lambda: now[0])  # type: ignore[arg-type]
    applinks.answers["/api/issues"] = PeerUnreachableError("No answer.", reference="AL-7KQ2-M9F4")
    for _ in range(2):
        found = await gadget.load("u-alicia")
        assert (found.state, found.reference, applinks.asked) == ("down", "AL-7KQ2-M9F4", ["/api/issues"])
    await gadget.load("u-alicia", again=True)
    assert len(applinks.asked) == 2
    now[0] += 29
    await gadget.load("u-alicia")
    assert len(applinks.asked) == 2
    now[0] += 1
    applinks.answers["/api/issues"] = FakeAnswer(200, _ISSUES)
    assert (await gadget.load("u-alicia")).state == "ready"
    assert (await gadget.load("u-alicia")).state == "ready"


async def test_a_pause_is_said_although_tracker_is_left_alone() -> None:
    """Ours: that needs no answer of Tracker."""
    applinks = FakeAppLinks()
    gadget = _gadget(applinks)
    applinks.answers["/api/issues"] = PeerUnreachableError("No answer.")
    await gadget.load("u-alicia")
    applinks.found[0].is_usable = False
    applinks.answers["/api/issues"] = LinkUnusableError("The link is paused.")
    assert (await gadget.load("u-alicia")).state == "unusable"


async def test_an_answer_ends_the_rest() -> None:
    """Ours: Tracker took an issue, so that it is well again."""
    applinks = FakeAppLinks()
    gadget = _gadget(applinks)
    applinks.answers["/api/issues"] = PeerUnreachableError("No answer.")
    await gadget.load("u-alicia")
    applinks.answers["/api/issues"] = FakeAnswer(200, _ISSUES)
    assert await gadget.create("u-alicia", "Printer")
    assert (await gadget.load("u-alicia")).state == "ready"


@pytest.mark.parametrize("error", [PeerRefusedError("No."), PeerProtocolError("HTML.")])
async def test_a_refusal_is_not_taken_for_an_absence(error: PeerError) -> None:
    """Product §5: the peer refused, and the peer is down, are told apart."""
    applinks = FakeAppLinks()
    applinks.answers["/api/issues"] = error
    assert (await _gadget(applinks).load("u-alicia")).state == "refused"


@pytest.mark.parametrize(
    "answer", [FakeAnswer(403, {"error": "x"}), FakeAnswer(200, ValueError()), FakeAnswer(200, [])]
)
async def test_an_answer_that_is_none_is_no_error_page(answer: FakeAnswer) -> None:
    """Ours: a peer that answers HTML must not break the dashboard."""
    applinks = FakeAppLinks()
    applinks.answers["/api/issues"] = answer
    assert (await _gadget(applinks).load("u-alicia")).state == "refused"


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "javascript:alert(1)"},
        {"url": "https://evil.example/issues/TRK-1"},
        {"url": f"{_PEER}.evil.example/"},
        {"url": f"{_PEER}/../x"},
        {"url": None},
        {"key": 1},
        {"key": ""},
        {"title": "x" * 201},
        {"title": "two\nlines"},
        {"title": "half \ud800"},
        {"state": {}},
        {"changed_at": "now"},
        {"changed_at": True},
        {"changed_at": -1},
        {"changed_at": 10**20},
    ],
)
async def test_an_issue_that_is_not_as_it_has_to_be_is_not_shown(wrong: dict[str, Any]) -> None:
    """Ours: a link vouches for who answers, not for what is said; an address leads to the peer and nowhere else."""
    applinks = FakeAppLinks()
    applinks.answers["/api/issues"] = FakeAnswer(200, {"issues": [_ISSUE | wrong], "can_create": True})
    found = await _gadget(applinks).load("u-alicia")
    assert (found.state, found.issues) == ("refused", [])


@pytest.mark.parametrize(
    "answer", [{}, {"name": 1}, {"name": "x" * 201}, {"name": "\ud800"}, "alice", RecursionError()]
)
async def test_a_name_there_that_is_none_is_not_shown(answer: Any) -> None:
    """Ours."""
    applinks = FakeAppLinks()
    applinks.answers["/api/me"] = FakeAnswer(200, answer)
    found = await _gadget(applinks).load("u-alicia")
    assert (found.state, found.account) == ("refused", "")


@pytest.mark.parametrize("issues", [None, {}, "TRK-1", [None], ["TRK-1"], [[]]])
async def test_issues_of_another_form_are_not_shown(issues: Any) -> None:
    """Ours."""
    applinks = FakeAppLinks()
    applinks.answers["/api/issues"] = FakeAnswer(200, {"issues": issues, "can_create": True})
    assert (await _gadget(applinks).load("u-alicia")).state == "refused"


async def test_of_very_many_issues_the_first_are_shown() -> None:
    """Ours: as many as Tracker itself gives; and only a plain yes lets her create."""
    applinks = FakeAppLinks()
    applinks.answers["/api/issues"] = FakeAnswer(200, {"issues": [_ISSUE | {"more": "x"}] * 5000, "can_create": "yes"})
    found = await _gadget(applinks).load("u-alicia")
    assert (found.state, len(found.issues), found.issues[0], found.can_create) == ("ready", 200, _ISSUE, False)


async def test_what_was_read_is_forgotten_with_the_connection() -> None:
    """Ours: a user who disconnects does not find her issues there later."""
    applinks = FakeAppLinks()
    gadget = _gadget(applinks)
    await gadget.load("u-alicia")
    assert await gadget.disconnect("u-alicia")
    applinks.answers["/api/issues"] = PeerUnreachableError("No answer.")
    assert (await gadget.load("u-alicia")).issues == []


async def test_disconnecting_when_the_link_is_gone_is_no_error() -> None:
    """Ours."""
    assert await _gadget(FakeAppLinks(state="")).disconnect("u-alicia")


async def test_the_dashboard_does_not_wait_for_a_tracker_that_takes_its_time() -> None:
    """Issue, Pages: a peer that answers slowly; what it says late is shown the next time."""
    applinks, answers = FakeAppLinks(), asyncio.Event()
    quick = applinks.get

    async def get(path: str) -> FakeAnswer:
        await answers.wait()
        return await quick(path)

    applinks.get = get  # type: ignore[method-assign]
    gadget = IssuesGadget(applinks, "tracker", patience_seconds=0)  # type: ignore[arg-type]
    assert [(await gadget.load("u-alicia")).state for _ in range(2)] == ["slow", "slow"]
    (reading,) = gadget._reading.values()
    answers.set()
    assert (await reading).state == "ready"
    answers.clear()
    late = await gadget.load("u-alicia")
    assert (late.state, late.issues) == ("slow", _ISSUES["issues"])
    answers.set()
    await asyncio.gather(*gadget._reading.values())
