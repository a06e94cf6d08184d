"""How the commands print: a line of JSON for scripts, a table for people."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any


def print_json(value: object) -> None:
    """Print a value on one line, at once, since a script may wait for it."""
    print(json.dumps(value, separators=(",", ":")), flush=True)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table that a terminal shows well; where it is not a terminal, no cell is cut."""
    from rich import box
    from rich.table import Table

    table = Table(*headings, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    _print_rich(table)


def print_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Print names and values, one a line."""
    from rich.table import Table

    table = Table.grid(padding=(0, 3, 0, 0))
    for name, value in facts:
        table.add_row(escape(name), escape(value))
    _print_rich(table)


def print_line(text: str = "") -> None:
    """Print a line, never broken, so that an address in it can be clicked and copied."""
    print(text, flush=True)


def print_note(text: str) -> None:
    """Print a line for people on standard error, out of a script's way."""
    print(text, file=sys.stderr, flush=True)


def ask(question: str) -> bool:
    """Ask for a yes on standard error; anything else than y or yes is a no, also the end of the input."""
    print(f"{clean(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


def format_time(at: int) -> str | None:
    """Give a time for JSON: RFC 3339 with Z; None: never."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def escape(text: str) -> str:
    """Keep what a peer or a user wrote from acting as markup or as a terminal's control characters."""
    from rich.markup import escape as escape_markup

    return escape_markup(clean(text))


def clean(text: str) -> str:
    """Keep what a peer or a user wrote from acting as a terminal's control characters."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _print_rich(table: Any) -> None:
    from rich.console import Console

    # Without a terminal rich assumes 80 columns and would cut ids and addresses that a script greps for.
    width = None if sys.stdout.isatty() else 240
    Console(highlight=False, width=width).print(table)
