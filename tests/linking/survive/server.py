"""
One application of the demo, which kills itself at a write of the handshake when it finds a file that says so.

Started as ``python -m tests.linking.survive.server JSON``, like ``applinks.demo.server``. The file ``kill.json`` in its
folder names the write, counted from now, and where in it: before it, inside the open transaction, or after it. What
the write was goes into ``killed.json``; then the process ends by SIGKILL, which nothing of it can answer.
"""

import json
import os
import signal
import sys
from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from applinks.demo.server import main
from applinks.storage import linking


def install(folder: Path) -> None:
    """Stand around every write of a link."""
    order, commit, write, add_events = (
        folder / "kill.json",
        linking.LinkingTables.commit,
        linking._write,
        linking.add_events,
    )
    # Of this task alone: others write at the same time.
    position = ContextVar("position", default="")

    def die(here: str) -> None:
        if position.get() == here:
            os.kill(os.getpid(), signal.SIGKILL)

    async def commit_or_die(self: Any, *writes: Any, events: Sequence[Any] = (), decided: Any = None) -> Any:
        # What is still said of an earlier run's link is no write of this handshake.
        is_over = decided is None and not events and all(write.link.ended_at for write in writes)
        position.set("" if is_over else count(order, [event.action for event in events]))
        die("before")
        try:
            return await commit(self, *writes, events=events, decided=decided)
        finally:
            die("after")

    def write_or_die(*arguments: Any) -> None:
        # In the open transaction, where it found that another write was faster and would undo itself.
        try:
            write(*arguments)
        except BaseException:
            die("inside")
            raise

    def add_events_or_die(*arguments: Any) -> None:
        # In the open transaction, which has nothing left to do but to commit.
        add_events(*arguments)
        die("inside")

    linking.LinkingTables.commit = commit_or_die  # type: ignore[method-assign]
    linking._write = write_or_die
    linking.add_events = add_events_or_die  # type: ignore[attr-defined]


def count(order: Path, actions: list[str]) -> str:
    """Give where to die in this write; empty: not in this one."""
    if not order.exists():
        return ""
    asked = json.loads(order.read_text("utf-8"))
    asked["write"] -= 1
    if asked["write"]:
        order.write_text(json.dumps(asked), "utf-8")
        return ""
    order.unlink()
    said = actions[-1].removeprefix("link.") if actions else "heard or tested"
    (order.parent / "killed.json").write_text(json.dumps(said), "utf-8")
    return str(asked["position"])


if __name__ == "__main__":
    install(Path(json.loads(sys.argv[1])["folder"]))
    main()
