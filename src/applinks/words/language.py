"""Texts in the reader's language; where there is no catalogue, the English text stands."""

import gettext as _gettext
from dataclasses import dataclass

_translations = _gettext.NullTranslations()


def gettext(text: str) -> str:
    """Give the text in the reader's language."""
    return _translations.gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """Give the text for that many, in the reader's language."""
    return _translations.ngettext(one, many, count)


def mark(text: str) -> str:
    """Mark a text of a table for translation; it is translated where it is used."""
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What happened, in one sentence, and what to do, in another (or nothing)."""

    what: str
    advice: str = ""


def fill(texts: tuple[str, str], **names: str) -> Sentence:
    """Give a sentence of a table in the reader's language, about these applications."""
    return Sentence(what=gettext(texts[0]).format(**names), advice=gettext(texts[1]).format(**names))
