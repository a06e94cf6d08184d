"""The demo applications' own data."""

from pathlib import Path

import pytest

from applinks.demo.board import Board, Page
from applinks.demo.issues import Issues

pytestmark = pytest.mark.anyio


async def test_a_user_sees_and_changes_her_own_issues_alone(tmp_path: Path) -> None:
    """Ours: issues belong to one user."""
    issues = Issues(tmp_path / "tracker.db")
    issue = await issues.add("alice", "Printer on fire")
    assert [each.title for each in await issues.list("alice")] == ["Printer on fire"]
    assert await issues.list("robin") == []
    assert await issues.find("robin", issue.key) is None
    assert await issues.change("robin", issue.key, title="Mine", state="done") is None
    changed = await issues.change("alice", issue.key, title="Printer out", state="done")
    assert changed is not None
    assert (changed.title, changed.state) == ("Printer out", "done")


@pytest.mark.parametrize("key", ["", "TRK-", "TRK-x", "TRK-99999999999999999999", "' OR 1=1 --", "TRK-²"])
async def test_a_strange_key_is_no_issue(tmp_path: Path, key: str) -> None:
    """Ours: bad input gets a clear answer."""
    issues = Issues(tmp_path / "tracker.db")
    await issues.add("alice", "Printer on fire")
    assert await issues.find("alice", key) is None


async def test_notices_are_kept_for_their_user_and_do_not_grow_for_ever(tmp_path: Path) -> None:
    """Ours: a linked application cannot fill the disk."""
    board = Board(tmp_path / "start-page.db")
    await board.add_notice("dana", "first", sender="Tracker")
    for number in range(60):
        await board.add_notice("alicia", f"notice {number}", sender="Tracker")
    assert next(notice.text for notice in await board.list_notices("alicia")) == "notice 59"
    assert [notice.text for notice in await board.list_notices("dana")] == ["first"]
    assert await board._run(lambda db: db.execute("SELECT count(*) FROM notice").fetchone()[0]) == 51


async def test_a_page_is_pinned_once(tmp_path: Path) -> None:
    """Ours: a restart pins nothing twice."""
    board = Board(tmp_path / "start-page.db")
    page = Page("Who is on call", "https://wiki.example/on-call")
    await board.pin("alicia", page)
    await board.pin("alicia", page)
    assert await board.list_pages("alicia") == [page]
