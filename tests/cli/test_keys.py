"""The command ``applinks keys list``."""

import json

from tests.cli.conftest import Run


def test_the_keys_that_sign_are_listed_with_their_fingerprints(run_server: Run) -> None:
    """Ours: an administrator of a linked application compares the fingerprint. A key never signs for two protocols."""
    keys = json.loads(run_server("keys", "list", "--json").out)
    found = run_server("keys", "list")
    assert {(key["protocol"], key["algorithm"]) for key in keys} == {("oauth2", "ES256"), ("oauth1", "RSA")}
    assert [key["retired_at"] for key in keys] == [None, None]
    assert found.code == 0
    assert all(key["fingerprint"] in found.out for key in keys)
    assert found.out.count("in use") == 2


def test_nothing_private_of_a_key_is_printed(run_server: Run) -> None:
    """N-05: no secret in any output."""
    for key in json.loads(run_server("keys", "list", "--json").out):
        assert key.keys() == {"kid", "protocol", "algorithm", "fingerprint", "created_at", "retired_at"}
