"""The small XML documents of Data Center peers: one element with named texts in it, read strictly."""

import re
from collections.abc import Iterable
from xml.parsers import expat
from xml.sax.saxutils import escape

Pair = tuple[str, str]

# Two levels are all that these documents have; a newer one may have some more, which are skipped.
_DEEPEST = 8
_MOST_ELEMENTS = 500
# What XML 1.0 cannot hold at all, escaped or not.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class MalformedXmlError(ValueError):
    """The document is not well-formed, too large, or does what a document of data has no need to."""


def parse_xml_document(data: bytes, *, root: str, limit: int) -> tuple[Pair, ...]:
    """
    Give the named texts directly inside the root element, in order.

    A document type is refused, and with it every entity of its own: nothing is expanded and nothing is fetched.
    Attributes, namespaces' prefixes, comments and deeper elements do not count.

    Raises:
        MalformedXmlError: it is longer than ``limit`` bytes, not well-formed, too deep, or of another root.
    """
    if len(data) > limit:
        raise MalformedXmlError(f"longer than {limit} bytes")
    reader = _Reader(root)
    parser = expat.ParserCreate()
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.read
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        if isinstance(error, MalformedXmlError):
            raise
        raise MalformedXmlError(f"not well-formed: {error}") from error
    return tuple(reader.pairs)


def format_xml_document(root: str, pairs: Iterable[Pair]) -> bytes:
    """Write one element with named texts in it; what XML cannot hold becomes a question mark."""
    inside = "".join(f"<{name}>{escape(_NOT_XML.sub('?', text))}</{name}>" for name, text in pairs)
    return f'<?xml version="1.0" encoding="UTF-8"?><{root}>{inside}</{root}>'.encode()


class _Reader:
    def __init__(self, root: str) -> None:
        self.pairs: list[Pair] = []
        self._root = root
        self._depth = 0
        self._count = 0
        self._parts: list[str] = []

    def begin(self, name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > _DEEPEST or self._count > _MOST_ELEMENTS:
            raise MalformedXmlError("too many elements, or too deep")
        if self._depth == 1 and _get_local_name(name) != self._root:
            raise MalformedXmlError(f"the root element is not {self._root}")
        if self._depth == 2:
            self._parts = []

    def end(self, name: str) -> None:
        if self._depth == 2:
            self.pairs.append((_get_local_name(name), "".join(self._parts).strip()))
        self._depth -= 1

    def read(self, text: str) -> None:
        if self._depth == 2:
            self._parts.append(text)


def _refuse_doctype(*_: object) -> None:
    raise MalformedXmlError("a document type is not taken")


def _get_local_name(name: str) -> str:
    return name.rpartition(":")[2]
