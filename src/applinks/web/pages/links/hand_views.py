"""What the templates of links that are made by hand are given."""

from dataclasses import dataclass, field

from applinks.web.pages.views import Choice, End, Field, Lane, StateView
from applinks.words import Sentence
from applinks.words import gettext as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value to enter at the other side, or one from there; ``word`` stands where it is not to be shown."""

    label: str
    value: str = ""
    word: str = ""
    hint: str = ""


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
        foot: what a client is that has no secret.
    """

    id: str
    title: str
    values: tuple[Value, ...]
    registered: tuple[Value, ...] = ()
    secrets: tuple[SecretLine, ...] = ()
    new_secret_url: str = ""
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
    """A secret in the one moment in which it can be shown."""

    title: str
    text: str = field(repr=False)
    client_id: str
    hint: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class HandPage:
    """
    Linking by hand: what each side may do, with the values that are known so far.

    Attributes:
        hidden: fields that a page sends along by itself.
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
        return list_problems((self.name,), self.incoming, self.outgoing)


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


def list_problems(fields: tuple[Field, ...], *sides: HandSide | None) -> tuple[Field, ...]:
    """Give the fields with something wrong, in the order of the page."""
    found = list(fields)
    for side in sides:
        if side is None or (side.enabled is not None and not side.enabled.checked):
            continue
        found += side.fields
        if side.scopes_problem:
            found.append(Field(name=f"scopes-{side.direction}", label=_("Scopes"), problem=side.scopes_problem))
        found += (*side.endpoints, *side.credentials)
    return tuple(each for each in found if each.problem)
