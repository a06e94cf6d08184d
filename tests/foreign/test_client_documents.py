"""Our client at npm oidc-provider, which knows it by the document at its client id alone."""

from pathlib import Path

import httpx2
import pytest

from tests.foreign.ours import run_ours
from tests.foreign.processes import run_process
from tests.javascript import FOLDER

BASE_URL = "https://start.example"
# Shorter than the time before its end at which we renew a token.
ABOUT_TO_END = "20"


@pytest.mark.parametrize(("method", "proof"), [("", "key"), ("none", "none")])
def test_a_server_that_understands_documents_needs_no_registration(
    node_path: str, tmp_path: Path, method: str, proof: str
) -> None:
    """draft-ietf-oauth-client-id-metadata-document §4; issue: a client id document of its own for each link."""
    with run_ours(tmp_path, base_url=BASE_URL) as ours:
        command = [node_path, FOLDER / "oidc_provider.js", ABOUT_TO_END, BASE_URL, ours.inside]
        with run_process(command, folder=tmp_path) as provider:
            at = provider["url"]
            assert httpx2.get(f"{at}/.well-known/openid-configuration").json()["client_id_metadata_document_supported"]
            chosen = ["--authentication-method", method] if method else []
            link = ours.command("links", "add", at, "--scope", "openid", "--scope", "things", *chosen)
            assert link["complete"] is True
            assert link["client_id"].startswith(f"{BASE_URL}/applinks/oauth2/clients/")
            page = ours.browser.send(ours.begin(link), login="alice", password="any")
            assert ours.browser.send(page, prompt="consent").json == {"began": True}
            assert ours.call(link, "/api/things") == {"of": "alice", "scope": "openid things"}
            assert ours.disconnect(link) == {"confirmed": True}
            issued = [entry for entry in httpx2.get(f"{at}/log").json() if entry["what"] == "issued"]
    assert [(entry["by"], entry["proof"]) for entry in issued] == [
        ("authorization_code", proof),
        ("refresh_token", proof),
    ]
    assert {entry["client"] for entry in issued} == {link["client_id"]}
