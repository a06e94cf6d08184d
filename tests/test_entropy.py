"""Names that are made of randomness."""

import re

from hypothesis import given
from hypothesis import strategies as st

from applinks.entropy import Rows, new_id, new_reference, new_typed_code
from applinks.records.links import is_link_id
from tests.fakes import CountingEntropy


def test_an_id_has_its_prefix_and_128_bits() -> None:
    """House §8 Ids: 22 of 62 letters and digits are the first that hold 128 bits."""
    entropy = CountingEntropy()
    made = {new_id(entropy, "lnk") for _ in range(200)}
    assert len(made) == 200
    assert all(is_link_id(each) for each in made)


def test_a_reference_has_no_letters_that_look_alike() -> None:
    """House §8 Ids: read aloud, and typed from a screenshot."""
    entropy = CountingEntropy()
    made = [new_reference(entropy) for _ in range(200)]
    assert all(re.fullmatch(r"AL-[2-9A-Z]{4}-[2-9A-Z]{4}", each) and not set("01OILU") & set(each[3:]) for each in made)


def test_a_code_to_be_typed_has_no_letters_that_look_alike() -> None:
    """Ours: ten of thirty, good once."""
    entropy = CountingEntropy()
    made = {new_typed_code(entropy) for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[2-9A-Z]{10}", each) and not set("01OILU") & set(each) for each in made)


@given(st.lists(st.integers(min_value=0, max_value=2**31), min_size=2, max_size=50))
def test_a_row_is_never_given_twice_and_fits_the_database(times: list[int]) -> None:
    """Decision 3: signed 64 bits, whatever the clock says."""
    rows = Rows(CountingEntropy())
    made = [rows.allot(now) for now in times]
    assert len(set(made)) == len(made)
    assert all(0 <= row < 2**63 for row in made)


def test_later_rows_are_greater_so_that_inserts_stay_at_the_end() -> None:
    """Performance, point 7."""
    rows = Rows(CountingEntropy())
    made = [rows.allot(1_800_000_000 + second) for second in range(50)]
    assert made == sorted(made)
