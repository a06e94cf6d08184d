"""Query strings and form bodies, read strictly."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes, urlencode

Pair = tuple[str, str]

_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class MalformedFormError(ValueError):
    """
    The form cannot be read, or says something twice.

    Attributes:
        name: the parameter at fault, empty where its name cannot be read.
    """

    def __init__(self, description: str, *, name: str = "") -> None:
        super().__init__(description)
        self.name = name


@dataclass(frozen=True, slots=True)
class Form:
    """
    The parameters of a query or a form body, in order.

    Attributes:
        pairs: every pair that could be read, also those of faulty names.
        faults: what is wrong, by parameter name; the empty name where the name itself cannot be read.
    """

    pairs: tuple[Pair, ...] = field(repr=False)
    faults: Mapping[str, str] = field(default_factory=dict)
    _first: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_first", {name: value for name, value in reversed(self.pairs) if value})

    def get(self, name: str) -> str | None:
        """
        Give the value of a parameter that occurs once.

        RFC 6749 §3.1: one without a value counts as left out. None also for a faulty one.
        """
        if name in self.faults:
            return None
        return self._first.get(name)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Give every value of a parameter that may occur several times."""
        return tuple(value for key, value in self.pairs if key == name and value)

    @property
    def names(self) -> frozenset[str]:
        """The names of the parameters that have a value."""
        return frozenset(self._first)

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)


def collect_form(raw: bytes | str, *, repeatable: frozenset[str] = frozenset()) -> Form:
    """
    Read all that can be read, and note what is wrong beside it.

    For the authorization endpoint, where an error goes back to the client although other parameters cannot be
    read. Never raises. The parameters named in ``repeatable`` may occur several times.
    """
    text = raw if isinstance(raw, str) else raw.decode("latin-1")
    pairs: list[Pair] = []
    faults: dict[str, str] = {}
    seen: set[str] = set()
    for part in text.split("&"):
        if not part:
            continue
        raw_name, _, raw_value = part.partition("=")
        name, value = decode_form_text(raw_name), decode_form_text(raw_value)
        if name is None:
            faults[""] = "a parameter name is not UTF-8 text in form encoding"
            continue
        if name in seen and name not in repeatable:
            faults[name] = "the parameter occurs more than once"
        seen.add(name)
        if value is None:
            faults.setdefault(name, "the value is not UTF-8 text in form encoding")
        else:
            pairs.append((name, value))
    return Form(tuple(pairs), faults)


def parse_form(raw: bytes | str, *, repeatable: frozenset[str] = frozenset()) -> Form:
    """
    Read a form body.

    RFC 6749 §3.1, §3.2, Appendix B.

    Stricter than RFC 6749 §3.1: any repeated parameter is an error, not only a known one, save those in ``repeatable``.

    Raises:
        MalformedFormError: something is not UTF-8 in form encoding, holds NUL, or occurs twice.
    """
    form = collect_form(raw, repeatable=repeatable)
    for name, fault in form.faults.items():
        raise MalformedFormError(fault, name=name)
    return form


def parse_query(query: bytes | str, *, repeatable: frozenset[str] = frozenset()) -> Form:
    """
    Read a query string, without its question mark, as `parse_form` does.

    Raises:
        MalformedFormError: something is not UTF-8 in form encoding, holds NUL, or occurs twice.
    """
    return parse_form(query, repeatable=repeatable)


def format_form(pairs: Iterable[Pair]) -> str:
    """
    Write pairs in form encoding, for a body or a query.

    RFC 6749 Appendix B.
    """
    return urlencode(tuple(pairs))


def decode_form_text(text: str) -> str | None:
    """
    Decode one name or value; None: it is not UTF-8 text in form encoding, or holds NUL.

    RFC 6749 Appendix B.
    """
    if not text.isascii():
        return None
    if "%" not in text:
        # Most are written without any escape.
        return None if "\0" in text else text.replace("+", " ")
    if _BROKEN_ESCAPE.search(text):
        return None
    try:
        decoded = unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in decoded else decoded
