"""What the hot statements on SQLite are written with."""

from collections.abc import Sequence


def format_marks(names: Sequence[str]) -> str:
    """Write the end of an insert: its columns, and a mark for the value of each."""
    return f"({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
