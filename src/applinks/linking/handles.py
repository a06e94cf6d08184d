"""What a link is called here: a short name for pages, commands and code."""

import re
import unicodedata
from collections.abc import Set as AbstractSet
from urllib.parse import urlsplit

from applinks.records.links import is_handle

_LONGEST = 48


def choose_handle(name: str, url: str, *, taken: AbstractSet[str]) -> str:
    """Make a handle from the peer's name, else from its host, that no link has."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    made = _slug(ascii_name) or _slug(urlsplit(url).hostname or "") or "link"
    number = 1
    handle = made
    while handle in taken or not is_handle(handle):
        number += 1
        handle = f"{made}-{number}"
    return handle


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONGEST].strip("-")
