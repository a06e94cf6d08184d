"""A few of the hundred kills of `make survive`, so that it cannot rot: real processes, real signals."""

from pathlib import Path

import pytest

from tests.linking.survive.pair import run_pair
from tests.linking.survive.runs import CONNECTED, PROPOSAL_SECONDS, Run, plan, run_all

FEW = [
    Run("Tracker", 2, "inside", stays=True),
    Run("Start page", 2, "after", stays=True),
    Run("Tracker", 0, CONNECTED, stays=True),
]


@pytest.mark.requirement("LK-01")
@pytest.mark.xdist_group("survive")
def test_killed_by_signal_both_halves_are_in_force_and_nothing_is_lost_that_a_page_confirmed(tmp_path: Path) -> None:
    """Handshake §4: killed at every write; here at three of them, the others in `make survive`."""
    with run_pair(tmp_path, proposal_seconds=PROPOSAL_SECONDS) as pair:
        done = list(run_all(pair, FEW))
    assert [run.outcome for run in done] == ["both in force"] * 3
    assert [run.death for run in done] == ["agreed", "confirmed", "connected"]


def test_a_hundred_runs_come_to_every_point_of_both() -> None:
    """Ours: seeded, so that every run of the proof is the same."""
    runs = plan(100, seed=20)
    points = {(run.who, run.write, run.position) for run in runs}
    assert len(points) == 2 * (4 * 3 + 1)
    assert sum(not run.stays for run in runs) == 12
    assert [run.who for run in runs[:4]] == ["Start page", "Tracker"] * 2
