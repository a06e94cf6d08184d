"""The benchmark, cut to a smoke: every server that we are compared with answers rightly, and no ratio is asserted."""

import pytest

from bench.__main__ import run
from bench.processes import MissingPartError
from bench.rounds import SMOKE
from tests.conftest import leave_out


@pytest.mark.xdist_group("benchmark")
def test_every_server_of_the_benchmark_answers_rightly(node_path: str, postgresql_server: str) -> None:
    """Ours: a benchmark whose peers are set up wrongly says nothing; the long run is `make bench`."""
    try:
        report = run(SMOKE, server=postgresql_server)
    except MissingPartError as part:
        leave_out(str(part))
        raise AssertionError from part
    assert report.missing == []
    assert {table.title for table in report.tables} >= {
        "Issue",
        "Introspect",
        "The guard",
        "Verifying a JWT",
        "OAuth 1.0a: verify, HMAC-SHA1",
        "OAuth 1.0a: sign, RSA-SHA1",
        "The outgoing call",
    }
