"""What the templates of links are given."""

from dataclasses import dataclass

from applinks.web.pages.links.hand.views import ClientPanel, NewSecret, RegistrationPanel
from applinks.web.pages.views import Choice, End, Field, Lane, StateView
from applinks.words import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A filter of the list of links."""

    label: str
    count: int
    url: str
    state: str = ""
    is_current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A link in the list."""

    url: str
    them: End
    state: StateView
    incoming: Lane
    outgoing: Lane
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksPage:
    """The list of links."""

    rows: tuple[LinkRow, ...]
    tabs: tuple[Tab, ...]
    total: int
    query: str = ""
    filter: str = ""
    may_change: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """
    What one side may do, to tick or to read.

    Attributes:
        who: who is service provider and who is consumer.
        way: the choice of protocols and level; None: there is none.
        alone: what may be done without any user's consent, as a sentence; empty: nothing.
    """

    direction: str
    title: str
    user_title: str = ""
    user: tuple[Choice, ...] = ()
    application_title: str = ""
    application: tuple[Choice, ...] = ()
    way: Field | None = None
    off: Choice | None = None
    nothing: str = ""
    level: str = ""
    who: str = ""
    alone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLinkPage:
    """
    Linking, from the side that begins: the address, then what each side may do.

    Attributes:
        by_hand_url: where it goes on although nothing answers at the address.
    """

    us: End
    url: str = ""
    problem: Sentence | None = None
    reference: str = ""
    offer: str = ""
    offer_title: str = ""
    standing_url: str = ""
    by_hand_url: str = ""
    asks_private: bool = False
    private_host: str = ""
    found: End | None = None
    found_title: str = ""
    lane_in: Lane | None = None
    lane_out: Lane | None = None
    incoming: Side | None = None
    outgoing: Side | None = None
    choice_problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovePage:
    """
    Linking, from the side that decides.

    Attributes:
        address: the other base URL with its host as A-labels; ``unicode``: the other spelling, if it differs.
        resembles: a sentence, if the address looks like a known one.
        asks_users: whether nothing is done for a user who did not say yes.
        offer: names what this session was shown, so that nothing else is decided.
    """

    us: End
    them: End
    address: str
    unicode: str = ""
    resembles: str = ""
    you: str
    lanes: tuple[Lane, ...]
    incoming: Side
    outgoing: Side
    warnings: tuple[Sentence, ...] = ()
    asks_users: bool = True
    fingerprint: str
    remaining: str
    offer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPage:
    """What the other side approved, where it is less than was asked."""

    us: End
    them: End
    lanes: tuple[Lane, ...]
    incoming: Side
    outgoing: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    Something an administrator should know about a link, with the way to the fix.

    Attributes:
        reason: in a person's words.
        reference: of the failure that explains it.
    """

    state: str
    what: str
    advice: str = ""
    reason: str = ""
    reference: str = ""
    fix: str = ""
    fix_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeLine:
    """A scope on a link's page; one that is agreed but not in use is off, and ``off_words`` say by whom."""

    name: str
    label: str
    is_on: bool = True
    off_words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """
    One direction on a link's page; ``who`` says who is service provider and who is consumer.

    Attributes:
        proof: how whoever calls proves itself, where there is no key to compare.
        change_words: what the button says that changes the direction, or adds it.
    """

    direction: str
    who: str
    is_enabled: bool
    level: str
    level_hint: str = ""
    protocols: tuple[str, ...] = ()
    fingerprint: str = ""
    proof: str = ""
    users: str = ""
    test: StateView | None = None
    user_title: str = ""
    user_scopes: tuple[ScopeLine, ...] = ()
    application_title: str = ""
    application_scopes: tuple[ScopeLine, ...] = ()
    foot: str = ""
    change_url: str = ""
    change_words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressList:
    """Addresses and keys of one side: a label, and a value that machines compare; ``keys_words`` lead to all keys."""

    title: str
    rows: tuple[tuple[str, str], ...]
    keys_words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPage:
    """One link; of one that ended before it was ever in force (``never_was``) there is little to show."""

    us: End
    them: End
    url: str
    state: StateView
    findings: tuple[Finding, ...] = ()
    bridge_label: str
    lane_in: Lane
    lane_out: Lane
    incoming: Panel
    outgoing: Panel
    addresses: tuple[AddressList, ...]
    linked_at: int
    begun_at: int
    linked_by: str = ""
    heard_at: int = 0
    loss: str
    may_change: bool
    is_in_force: bool
    may_test: bool = False
    is_waiting: bool = False
    is_paused_here: bool = False
    is_ended: bool = False
    never_was: bool = False
    is_by_hand: bool = False
    secret: NewSecret | None = None
    clients: tuple[ClientPanel, ...] = ()
    registration: RegistrationPanel | None = None

    @property
    def fix_url(self) -> str:
        """The address of the most pressing fix, which takes the main button."""
        return next((each.fix_url for each in self.findings if each.fix_url), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """What one direction of a link allows now, to change within what was agreed."""

    them: End
    url: str
    direction: str
    title: str
    crumb: str
    heading: str
    who: str
    enabled: Choice
    user_title: str = ""
    user: tuple[Choice, ...] = ()
    application_title: str = ""
    application: tuple[Choice, ...] = ()
    level: Field | None = None
    ceiling: str
    button: str
    problem: str = ""
    notice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """A public key, as people compare it."""

    kid: str
    fingerprint: str
    algorithm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysPage:
    """The keys of a link, and those that nobody announced."""

    them: End
    url: str
    title: str
    text: str
    unannounced: tuple[KeyView, ...] = ()
    pinned: tuple[KeyView, ...] = ()
    own: tuple[KeyView, ...] = ()
    may_change: bool
