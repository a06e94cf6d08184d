"""What a measure found: tables, and ratios that have a target."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

CAUSES = Path(__file__).parent / "causes.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """
    A number that has to be reached.

    Attributes:
        is_most: the number may not be larger, rather than smaller.
        unit: ``×`` for a ratio.
    """

    target: float
    moonshot: float
    is_most: bool = False
    unit: str = "×"

    def is_met(self, value: float, bound: float) -> bool:
        """Whether a value is on the right side of the bound."""
        return value <= bound if self.is_most else value >= bound

    def format(self, value: float) -> str:
        """Give a value as people read it: with as many digits as it deserves."""
        text = f"{value:.2f}" if value < 10 else f"{value:.0f}"
        return f"{text} {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A measured number beside its goal; ``name`` is what causes.toml calls it."""

    name: str
    value: float
    goal: Goal

    @property
    def verdict(self) -> str:
        """How far it got."""
        if self.goal.is_met(self.value, self.goal.moonshot):
            return "moonshot"
        return "target" if self.goal.is_met(self.value, self.goal.target) else "**missed**"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows below a heading; the first column is text and the others are numbers."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    note: str = ""


@dataclass(slots=True)
class Report:
    """All that was found."""

    tables: list[Table] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def add(self, name: str, value: float, goal: Goal) -> None:
        """Put a number beside its goal."""
        self.findings.append(Finding(name=name, value=value, goal=goal))

    @property
    def missed(self) -> list[Finding]:
        """What is short of its target."""
        return [each for each in self.findings if not each.goal.is_met(each.value, each.goal.target)]


def find_cause(name: str) -> str:
    """Give why a target is missed, as far as it is known; kept by hand, across runs."""
    causes: dict[str, str] = tomllib.loads(CAUSES.read_text("utf-8"))["causes"]
    found = [each for each in causes if name.startswith(each)]
    return causes[max(found, key=len)] if found else "Not looked into yet."
