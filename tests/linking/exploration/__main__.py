"""
Explores every setting, the long ones too, and leaves out each rule once; prints how much was looked at.

``python -m tests.linking.exploration``; the table also goes into docs/reference/proofs.md.
"""

import sys
import time

from tests.linking.exploration.ends import ViolationError
from tests.linking.exploration.model import Exploration, Result
from tests.linking.exploration.rules import LEFT_OUT
from tests.linking.exploration.settings import SETTINGS
from tools.proofs import format_table, write_section


def main() -> int:
    """Explore, print and write; the exit status."""
    results: dict[str, Result] = {}
    for setting in SETTINGS.values():
        begun = time.monotonic()
        result = results[setting.name] = Exploration(setting).run()
        took = time.monotonic() - begun
        print(
            f"{setting.name:36} {result.states:>9,} states {result.transitions:>11,} changes {took:6.1f} s", flush=True
        )
    missed = [_leave_out(number) for number in range(len(LEFT_OUT))]
    unnoticed = [LEFT_OUT[number].rule for number, violation in enumerate(missed) if not violation]
    text = _format(results, missed)
    print(f"\n{text}")
    if unnoticed:
        print(f"left out and not missed: {', '.join(unnoticed)}", file=sys.stderr)
        return 1
    write_section("exploration", text)
    return 0


def _leave_out(number: int) -> str:
    left_out = LEFT_OUT[number]
    with left_out.applied():
        try:
            Exploration(SETTINGS[left_out.setting], rules=left_out.rules).run()
        except ViolationError as error:
            return str(error)
    return ""


def _format(results: dict[str, Result], missed: list[str]) -> str:
    rows = [(name, f"{each.states:,}", f"{each.transitions:,}") for name, each in results.items()]
    states = sum(each.states for each in results.values())
    changes = sum(each.transitions for each in results.values())
    explored = format_table(
        ("what there is to happen", "states", "changes"),
        [*rows, ("**all**", f"**{states:,}**", f"**{changes:,}**")],
        right=(1, 2),
    )
    without = format_table(
        ("rule left out", "found at once"),
        [(each.rule, violation.replace("https://", "")) for each, violation in zip(LEFT_OUT, missed, strict=True)],
    )
    return f"{explored}\n\nEvents that change nothing are tried and not counted.\n\n{without}"


if __name__ == "__main__":
    sys.exit(main())
