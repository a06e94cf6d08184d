"""What templates are given: plain values, so that a page can be rendered from samples; links have more of them."""

from dataclasses import dataclass, field

from applinks.words import Sentence

LONGEST_LINE = 2000
"""How many characters fit into a field of one line, where nothing says otherwise."""

LONGEST_LINES = 20_000
"""How many characters fit into a field of several lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One of the two applications; tint 0 is ours."""

    name: str
    host: str = ""
    url: str = ""
    tint: int = 0

    @property
    def initial(self) -> str:
        """The letter on its tile."""
        return self.name[:1].upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class StateView:
    """A state: the key of its colour and icon, its word, and where there is one the reason with a link to the fix."""

    key: str
    state: str
    word: str
    why: str = ""
    fix: str = ""
    fix_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One direction, as the line between the two ends: ``in`` or ``out``."""

    direction: str
    state: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flash:
    """A message that is shown once, on the next page."""

    kind: str
    title: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What every page has around it."""

    application: str
    version: str
    base_url: str
    home: str
    root: str
    stylesheet: str
    user: End | None = None
    csrf: str = field(default="", repr=False)
    is_administration: bool = False
    is_front: bool = False
    may_administrate: bool = False
    logout_url: str = ""
    flash: tuple[Flash, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A box to tick, or a line of a list; one that is usually ticked says nothing by being so."""

    label: str
    hint: str = ""
    field: str = ""
    value: str = ""
    checked: bool = False
    disabled: bool = False
    is_usual: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """
    A field to fill in, and under it what is wrong with what was typed.

    Attributes:
        kind: ``text``, ``lines``, ``code`` (one line for machines), ``secret`` (never sent back) or ``select``.
        longest: how many characters fit; 0: as many as in any field of its kind.
        options: of a select: their values and words.
    """

    name: str
    label: str
    value: str = ""
    kind: str = "text"
    hint: str = ""
    problem: str = ""
    placeholder: str = ""
    longest: int = 0
    options: tuple[Choice, ...] = ()
    is_required: bool = False

    @property
    def maxlength(self) -> int:
        """How many characters fit."""
        return self.longest or (LONGEST_LINES if self.kind == "lines" else LONGEST_LINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPage:
    """One question with one button, and what is lost by saying yes."""

    title: str
    text: str = ""
    address: str = ""
    losses: tuple[Choice, ...] = ()
    asks_reason: bool = False
    button: str
    field: str
    back: str
    is_dangerous: bool = False
    hidden: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPage:
    """
    A user's decision; for a public client *Deny* is the main button.

    Attributes:
        returns_to: empty: nowhere; ``after`` says what is next.
        shown: names what is shown, so that nothing else is granted; ``has_changed``: it is not what was shown before.
    """

    us: End
    them: End
    user_name: str
    lanes: tuple[Lane, ...]
    asks: str
    title: str
    can_title: str
    can: tuple[Choice, ...]
    cannot: tuple[Choice, ...]
    returns_to: str
    login_url: str
    shown: str
    after: str = ""
    has_changed: bool = False
    is_public: bool = False
    warning: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedPage:
    """What came of a user's decision, where no address takes her back; ``code`` is what she types there."""

    us: End
    them: End
    user_name: str
    lanes: tuple[Lane, ...]
    title: str
    text: str
    code: str = field(default="", repr=False)
    hint: str = ""
    is_denied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """The one error page: what happened, what to do, reference, a way back."""

    what: str
    advice: str = ""
    reference: str = ""
    address: str = ""
    back: str
    back_words: str
