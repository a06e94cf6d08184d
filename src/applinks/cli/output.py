"""How the commands print: a line of JSON for scripts, a table for people."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NoReturn


def print_json(value: object) -> None:
    """Print a value on one line, at once, since a script may wait for it."""
    print(json.dumps(value, separators=(",", ":")), flush=True)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in which no word is cut or broken; where a terminal has no room for that, a block for each row."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    cells = [[clean(cell) for cell in row] for row in rows]
    # Two edges, and three letters between two columns.
    gaps = 3 * len(headings) - 1
    room = Console().width - gaps if sys.stdout.isatty() else None
    widths = _fit([headings, *cells], room)
    if widths is None:
        for number, row in enumerate(cells):
            if number:
                print_line()
            print_facts([(name, cell) for name, cell in zip(headings, row, strict=True) if cell])
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, width in zip(headings, widths, strict=True):
        table.add_column(heading, width=width, overflow="fold")
    for row in cells:
        table.add_row(*(escape(cell) for cell in row))
    Console(highlight=False, width=sum(widths) + gaps).print(table)


def _fit(rows: Sequence[Sequence[str]], room: int | None) -> list[int] | None:
    """Give the width of each column; what has spaces gives way first, and None: words would have to be broken."""
    from rich.cells import cell_len

    columns = list(zip(*rows, strict=True))
    widths = [max(cell_len(cell) for cell in column) for column in columns]
    least = [max((cell_len(word) for cell in column for word in cell.split(" ")), default=0) for column in columns]
    if room is None:
        return widths
    if sum(least) > room:
        return None
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda each: (widths[each] > least[each], widths[each]))
        widths[widest] -= 1
    return widths


def print_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Print names and values, one a line; a terminal breaks sentences between words, and nothing else."""
    import textwrap

    from rich.cells import cell_len
    from rich.console import Console

    width = max((cell_len(clean(name)) for name, _ in facts), default=0) + 3
    # A sentence beside long names still has room for a few words.
    room = max(Console().width - width, 20) if sys.stdout.isatty() else None
    for name, value in facts:
        shown, text = clean(name), clean(value)
        lines = [text]
        if room is not None and cell_len(text) > room:
            lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [text]
        print_line(f"{shown}{' ' * (width - cell_len(shown))}{lines[0]}".rstrip())
        for line in lines[1:]:
            print_line(f"{' ' * width}{line}")


def print_values(values: Sequence[tuple[str, str]]) -> None:
    """Print names and values that are to be copied, one a line: none is ever broken or cut."""
    width = max((len(name) for name, _ in values), default=0)
    for name, value in values:
        print_line(f"  {name.ljust(width)}  {clean(value)}")


def print_line(text: str = "") -> None:
    """Print a line, never broken, so that an address in it can be clicked and copied."""
    print(text, flush=True)


def print_note(text: str) -> None:
    """Print a line for people on standard error, out of a script's way."""
    print(text, file=sys.stderr, flush=True)


def end(text: str, *, code: int) -> NoReturn:
    """End a command with a line on standard error."""
    print_note(text)
    sys.exit(code)


def refuse_use(text: str) -> NoReturn:
    """End a command that was typed wrongly, in words and with exit code 2."""
    end(f"applinks: {text[:1].upper()}{text[1:].removesuffix('.')}.", code=2)


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
