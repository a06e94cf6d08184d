"""The tables of what has to hold, and the tests that name its lines."""

import re
from collections import Counter

import pytest

from tools.requirements import Duty, find_proofs, read_tables

TABLES = read_tables()
DUTIES = [duty for table in TABLES for duty in table.duties]
ID = re.compile(r"(?:rfc\d{4}|handshake)-\d+(?:\.\d+)*-\d+|(?:AS|CL|RS|LK|O1)-\d\d|(?:J|N)-\d\d")


def test_every_duty_that_is_ours_has_a_test() -> None:
    """House §7: a MUST without a test fails the build."""
    proofs = find_proofs()
    assert [duty.id for duty in DUTIES if duty.needs_test and duty.id not in proofs] == []


def test_every_test_names_a_duty_that_there_is() -> None:
    """Ours: a mistyped id proves nothing."""
    assert sorted(find_proofs().keys() - {duty.id for duty in DUTIES}) == []


def test_what_is_not_for_us_has_no_test() -> None:
    """Ours: a line that a test proves is ours."""
    proofs = find_proofs()
    assert [duty.id for duty in DUTIES if duty.not_for_us and duty.id in proofs] == []


def test_no_two_duties_share_an_id() -> None:
    """Ours: an id is one line."""
    assert [each for each, count in Counter(duty.id for duty in DUTIES).items() if count > 1] == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_is_well_formed(table: object) -> None:
    """Ours: each line says what has to hold, in a sentence, or why it does not concern us."""
    duties: tuple[Duty, ...] = table.duties  # type: ignore[attr-defined]
    assert duties
    for duty in duties:
        assert ID.fullmatch(duty.id), duty.id
        assert not duty.section or f"-{duty.section}-" in duty.id, duty.id
        assert duty.duty.endswith("."), duty.id
        assert not (duty.not_for_us and duty.later), duty.id
        assert duty.is_built or duty.later, duty.id


def test_marks_are_found_wherever_they_stand() -> None:
    """Ours: this module's tests are read as all are."""
    assert "AS-12" in find_proofs()
    assert all(proof.test.startswith("test_") for proofs in find_proofs().values() for proof in proofs)
