"""What there is to happen: small settings for the gate, and larger ones for the long proof."""

from dataclasses import dataclass

from tests.linking.exploration.ends import FULL, LESS, REFUSED, A, B, E, Proposal, make_proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """
    What is there to happen.

    Attributes:
        proposals: those that the ends may make; hostile ones are there from the beginning.
        decides: what an administrator may say to a proposal.
        deletes: whether administrators delete at any moment; ``withdraws``: or take their proposal back.
        stranger: whether E says all that it can about the links of A and B.
        early: whether the answerer says something before it decides, as another implementation may.
        restores: whether B may once be set back to where it kept nothing yet.
        overlaps: whether one step of each end may have loaded its record before others changed it.
        most_states: a bound that fails rather than hangs.
    """

    name: str
    proposals: tuple[Proposal, ...]
    decides: tuple[str, ...] = (FULL, LESS, REFUSED)
    deletes: bool = True
    withdraws: bool = True
    stranger: bool = False
    early: bool = False
    restores: bool = False
    overlaps: bool = False
    most_states: int = 3_000_000


# A asks B, twice; B asks A with a smaller and with a greater id; E asks with A's id, and in A's name.
ASKS, ASKS_AGAIN = make_proposal(A, B, 2), make_proposal(A, B, 4)
CROSSES_BEFORE, CROSSES_AFTER = make_proposal(B, A, 1), make_proposal(B, A, 3)
STEALS_ID = make_proposal(E, B, 2)
STANDS_BETWEEN = make_proposal(A, B, 2, signed_by=E)

# Small enough for the gate, and each with something of its own.
GATE = (
    Setting(name="one proposal", proposals=(ASKS,)),
    Setting(name="an early word", proposals=(ASKS,), early=True),
    Setting(name="a man between", proposals=(ASKS, STANDS_BETWEEN), decides=(FULL,)),
    Setting(name="a stranger", proposals=(ASKS, STEALS_ID), decides=(FULL, REFUSED), stranger=True),
    Setting(name="restored", proposals=(ASKS,), decides=(FULL, LESS), restores=True, withdraws=False),
    Setting(name="overlapping steps", proposals=(ASKS,), decides=(FULL,), overlaps=True),
    Setting(name="two proposals", proposals=(ASKS, ASKS_AGAIN), decides=(FULL,), withdraws=False, deletes=False),
    Setting(
        name="crossing, theirs first", proposals=(ASKS, CROSSES_BEFORE), decides=(FULL,), withdraws=False, deletes=False
    ),
    Setting(
        name="crossing, ours first", proposals=(ASKS, CROSSES_AFTER), decides=(FULL,), withdraws=False, deletes=False
    ),
)
# The same with everything at once, as far as ten minutes go; whose id is smaller makes no difference by then.
LONG = (
    Setting(name="two proposals, all moves", proposals=(ASKS, ASKS_AGAIN)),
    Setting(name="crossing, theirs first, all moves", proposals=(ASKS, CROSSES_BEFORE)),
    Setting(
        name="crossing with a stranger", proposals=(ASKS, CROSSES_BEFORE, STEALS_ID), decides=(FULL,), stranger=True
    ),
    Setting(
        name="crossing, overlapping", proposals=(ASKS, CROSSES_BEFORE), decides=(FULL,), overlaps=True, deletes=False
    ),
    Setting(
        name="two and a crossing one", proposals=(ASKS, ASKS_AGAIN, CROSSES_BEFORE), decides=(FULL,), deletes=False
    ),
)
SETTINGS = {each.name: each for each in (*GATE, *LONG)}
