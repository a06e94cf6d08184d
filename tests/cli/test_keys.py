"""The command ``applinks keys list``."""

import json

from tests.cli.conftest import Run


def test_the_key_that_signs_is_listed_with_its_fingerprint(run_server: Run) -> None:
    """Ours: an administrator of a linked application compares the fingerprint."""
    [key] = json.loads(run_server("keys", "list", "--json").out)
    assert (key["protocol"], key["algorithm"], key["retired_at"]) == ("oauth2", "ES256", None)
    found = run_server("keys", "list")
    assert found.code == 0
    assert key["fingerprint"] in found.out
    assert "in use" in found.out


def test_nothing_private_of_a_key_is_printed(run_server: Run) -> None:
    """N-05: no secret in any output."""
    [key] = json.loads(run_server("keys", "list", "--json").out)
    assert key.keys() == {"kid", "protocol", "algorithm", "fingerprint", "created_at", "retired_at"}
