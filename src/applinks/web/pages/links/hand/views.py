"""What the templates of links that are made by hand are given."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from applinks.web.pages.views import Choice, End, Field, Lane, StateView
from applinks.words import Sentence
from applinks.words import gettext as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """
    A value to enter at the other side, or one from there.

    Attributes:
        word: stands where it is not to be shown.
        is_block: it has several lines.
    """

    label: str
    value: str = ""
    word: str = ""
    hint: str = ""
    is_block: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretLine:
    """One secret of a client, as far as it can be shown: how it begins, and how long it is good."""

    hint: str
    created_at: int
    last_used_at: int
    state: StateView
    end_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPanel:
    """
    An application that calls us with a client id that was entered there by hand.

    Attributes:
        id: names the panel in the page.
        values: what is to be entered there; ``registered``: what we hold of it.
        new_secret_words: what the button says that leads to a new secret.
        foot: what a client is that has no secret.
    """

    id: str
    title: str
    values: tuple[Value, ...]
    registered: tuple[Value, ...] = ()
    secrets: tuple[SecretLine, ...] = ()
    new_secret_url: str = ""
    new_secret_words: str = ""
    change_url: str = ""
    foot: str = ""
    warning: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationPanel:
    """What we are at a server that was linked by hand: what to register there, and what came from there."""

    title: str
    values: tuple[Value, ...]
    held_title: str
    held: tuple[Value, ...]
    change_url: str = ""
    change_words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A secret in the one moment in which it can be shown; ``label`` says what its client id is called."""

    title: str
    text: str = field(repr=False)
    client_id: str
    hint: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """
    Fields and boxes that belong together: ``first`` stand above the boxes, ``fields`` below.

    Attributes:
        name: where a list of problems leads to; ``problem`` is what is wrong with the boxes.
        is_dense: the boxes are many and short, and stand side by side.
        is_seldom: it is folded up, unless something in it is ticked, typed or wrong.
    """

    name: str
    title: str
    hint: str = ""
    first: tuple[Field, ...] = ()
    choices: tuple[Choice, ...] = ()
    fields: tuple[Field, ...] = ()
    problem: str = ""
    is_dense: bool = False
    is_seldom: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is unfolded."""
        fields = self.everything
        return any(each.checked != each.is_usual for each in self.choices) or any(
            each.value or each.problem for each in fields
        )

    @property
    def everything(self) -> tuple[Field, ...]:
        """Its fields, and before them the boxes as one."""
        boxes = (Field(name=self.name, label=self.title, problem=self.problem),) if self.problem else ()
        return (*boxes, *self.first, *self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The same page for another protocol."""

    label: str
    url: str
    is_current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandSide:
    """
    One direction of a link by hand, to fill in.

    Attributes:
        enabled: what stands below it counts while it is ticked; None: the direction is there in any case.
        endpoints: addresses, where no metadata names them.
        scopes: boxes, where we know the scopes; where we do not, they are one of the ``fields``.
        document: whether we are known there by a document of ours; then ``credentials`` are not asked for, save
            where they are to take its place.
        more: further boxes.
        sections: in place of all the others, where a direction has many.
    """

    direction: str
    title: str
    who: str
    enabled: Choice | None
    fields: tuple[Field, ...] = ()
    scopes_title: str = ""
    scopes: tuple[Choice, ...] = ()
    scopes_problem: str = ""
    document: Choice | None = None
    credentials_title: str = ""
    credentials_hint: str = ""
    credentials: tuple[Field, ...] = ()
    endpoints_title: str = ""
    endpoints: tuple[Field, ...] = ()
    more: tuple[Choice, ...] = ()
    sections: tuple[Section, ...] = ()

    @property
    def is_on(self) -> bool:
        """Whether what stands in it counts."""
        return self.enabled is None or self.enabled.checked


@dataclass(frozen=True, slots=True, kw_only=True)
class HandPage:
    """
    Linking by hand: what each side may do, with the values that are known so far.

    Attributes:
        hidden: fields that a page sends along by itself.
        about: further fields of the link itself.
        variants: the protocols that can be chosen.
        problems: the fields that need a change, or else ``problem``, where it is none of them; ``standing_url``: the
            link that stands in the way.
    """

    us: End
    them: End
    found: Sentence | None = None
    found_state: str = "ok"
    warnings: tuple[Sentence, ...] = ()
    lane_in: Lane
    lane_out: Lane
    name: Field
    about: tuple[Field, ...] = ()
    variants: tuple[Variant, ...] = ()
    incoming: HandSide
    outgoing: HandSide | None = None
    hidden: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    standing_url: str = ""
    button: str
    after: str

    @property
    def problems(self) -> tuple[Field, ...]:
        """The fields that need a change."""
        return list_problems((self.name, *self.about), self.incoming, self.outgoing)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandChangePage:
    """One direction of a link by hand, to change or to add."""

    them: End
    url: str
    title: str
    crumb: str
    text: str
    side: HandSide
    found: Sentence | None = None
    found_state: str = "ok"
    warnings: tuple[Sentence, ...] = ()
    variants: tuple[Variant, ...] = ()
    address: Field | None = None
    asks_private: bool = False
    private_host: str = ""
    hidden: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    standing_url: str = ""
    button: str
    foot: str = ""

    @property
    def problems(self) -> tuple[Field, ...]:
        """The fields that need a change."""
        return list_problems((), self.side)


AnyPage = TypeVar("AnyPage", HandPage, HandChangePage)


def place_problems(page: AnyPage, problems: Mapping[str, str]) -> AnyPage:
    """Say above everything what is wrong with a value that no field of the page holds, so that nothing is lost."""
    placed = {each.problem for each in page.problems}
    unplaced = next((text for text in problems.values() if text not in placed), "")
    return replace(page, problem=unplaced) if unplaced and not page.problem else page


def list_problems(fields: tuple[Field, ...], *sides: HandSide | None) -> tuple[Field, ...]:
    """Give the fields with something wrong, in the order of the page."""
    found = list(fields)
    for side in sides:
        if side is None or not side.is_on:
            continue
        found += side.fields
        if side.scopes_problem:
            found.append(Field(name=f"scopes-{side.direction}", label=_("Scopes"), problem=side.scopes_problem))
        found += (*side.endpoints, *side.credentials)
        found += [each for section in side.sections for each in section.everything]
    return tuple(each for each in found if each.problem)
