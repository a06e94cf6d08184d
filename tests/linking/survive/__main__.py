"""
Kills one of two linked applications a hundred times, by SIGKILL at writes of their handshake, and prints what was left.

``python -m tests.linking.survive [RUNS]``; the whole number also goes into docs/reference/proofs.md.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.linking.survive.pair import run_pair
from tests.linking.survive.runs import PROPOSAL_SECONDS, Run, plan, run_all
from tools.proofs import format_table, write_section

RUNS = 100
SEED = 20


def main(count: int) -> int:
    """Run, print and write; the exit status."""
    begun, done = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="applinks-survive-") as folder:
        try:
            with run_pair(Path(folder), proposal_seconds=PROPOSAL_SECONDS) as pair:
                for run in run_all(pair, plan(count, seed=SEED)):
                    done.append(run)
                    print(f"{len(done):3}  {_describe(run)}", flush=True)
        except BaseException:
            for log in sorted(Path(folder).rglob("server.log")):
                print(f"--- {log}\n{log.read_text('utf-8', 'replace')[-4000:]}", file=sys.stderr)
            raise
    text = _summarize(done)
    print(f"\n{text}\n\nTook {time.monotonic() - begun:.0f} s.")
    if count == RUNS:
        write_section("survive", text)
    return 0


def _describe(run: Run) -> str:
    where = run.position if run.write == 0 else f"{run.position} write {run.write}"
    leaves = "" if run.stays else ", the person leaves"
    return f"{run.who:10}  {where:16} {run.death or 'not reached':16} {run.outcome}{leaves}  {run.seconds:.1f} s"


def _summarize(done: list[Run]) -> str:
    killed = [run for run in done if run.death]
    outcomes = Counter((run.who, run.write, run.death, run.position, run.outcome) for run in killed)
    points = sorted({key[:4] for key in outcomes})
    rows = [
        (who, write or "–", death, position, outcomes[*point, "both in force"], outcomes[*point, "neither"])
        for point in points
        for who, write, death, position in [point]
    ]
    head = ("killed", "write", "which was", "at", "both in force", "neither")
    left = sum(not run.stays for run in killed)
    both, neither = (sum(run.outcome == each for run in killed) for each in ("both in force", "neither"))
    return (
        f"{len(killed)} kills in {len(done)} handshakes ({left} of them by a person who goes away where a page does"
        f" not come): both halves in force {both} times, neither {neither} times, one alone 0 times; nothing lost"
        f" that a page had confirmed.\n\n{format_table(head, rows, right=(1, 4, 5))}"
    )


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS))
