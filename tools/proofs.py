"""Keeps what the long proofs found in docs/reference/proofs.md: one section a proof, written anew by each run."""

import re
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "proofs.md"


def write_section(name: str, text: str) -> None:
    """Put the text between the marks of a section; the page has to have them."""
    page = PAGE.read_text("utf-8")
    begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    written, count = re.subn(
        f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}\n{text.strip()}\n{end}", page, flags=re.DOTALL
    )
    if count != 1:
        raise ValueError(f"{PAGE} has no section {name}")
    PAGE.write_text(written, "utf-8")


def format_table(head: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> str:
    """Give a Markdown table; ``right`` are the columns of numbers."""
    ruler = ["--:" if number in right else "---" for number in range(len(head))]
    lines = [head, ruler, *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
