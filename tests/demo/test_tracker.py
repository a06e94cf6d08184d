"""Tracker's own pages, and its API for strangers."""

import pytest
from starlette.testclient import TestClient

from tests.demo.conftest import log_in, read_page, send


def test_a_stranger_is_sent_to_the_log_in_and_comes_back(tracker_client: TestClient) -> None:
    """Ours."""
    answer = tracker_client.get("/issues/TRK-1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fissues%2FTRK-1")


def test_alice_sees_her_issues_and_robin_his(tracker_client: TestClient) -> None:
    """Ours: issues belong to one user."""
    log_in(tracker_client, "alice", "wonderland")
    assert "Import stops at 10,000 rows" in tracker_client.get("/").text
    send(tracker_client, "/", "/logout")
    log_in(tracker_client, "robin", "sherwood")
    assert "Import stops at 10,000 rows" not in tracker_client.get("/").text


def test_an_issue_is_created_and_changed(tracker_client: TestClient) -> None:
    """Ours."""
    log_in(tracker_client, "alice", "wonderland")
    assert send(tracker_client, "/", "/issues", title="<b>Printer</b> on fire") == 303
    text = tracker_client.get("/").text
    assert "&lt;b&gt;Printer&lt;/b&gt; on fire" in text
    assert send(tracker_client, "/issues/TRK-6", "/issues/TRK-6", title="Printer out", state="done") == 303
    assert "Printer out" in tracker_client.get("/").text


@pytest.mark.parametrize("title", ["", "   ", "x" * 201, "two\nlines", "nul\x00"])
def test_a_title_that_is_no_line_is_refused(tracker_client: TestClient, title: str) -> None:
    """Ours: bad input gets a clear error."""
    log_in(tracker_client, "alice", "wonderland")
    assert send(tracker_client, "/", "/issues", title=title) == 422


def test_a_form_without_the_session_s_token_is_refused(tracker_client: TestClient) -> None:
    """Ours: hosts' POSTs are protected against other sites."""
    log_in(tracker_client, "alice", "wonderland")
    for token in ({}, {"csrf_token": ""}, {"csrf_token": "guess"}):
        assert tracker_client.post("/issues", data={"title": "x", **token}).status_code == 403
        assert tracker_client.post("/logout", data=token).status_code == 403


@pytest.mark.parametrize("path", ["/login", "/logout", "/nothing"])
def test_an_error_page_begins_no_session(tracker_client: TestClient, path: str) -> None:
    """Ours: a form of another site comes without the Lax cookie; a new session over the good one would log her out."""
    log_in(tracker_client, "alice", "wonderland")
    kept = dict(tracker_client.cookies)
    tracker_client.cookies.clear()
    answer = tracker_client.post(path, data={"username": "alice", "password": "wonderland"})
    assert answer.status_code in {403, 404}
    assert "set-cookie" not in answer.headers
    tracker_client.cookies.update(kept)
    assert "Import stops at 10,000 rows" in tracker_client.get("/").text


def test_a_user_can_log_out_on_an_error_page(tracker_client: TestClient) -> None:
    """Ours: the first page after a log-in may be one."""
    log_in(tracker_client, "alice", "wonderland")
    assert send(tracker_client, "/nothing", "/logout") == 303


def test_a_large_body_is_refused(tracker_client: TestClient) -> None:
    """Ours."""
    log_in(tracker_client, "alice", "wonderland")
    assert tracker_client.post("/issues", data={"title": "x" * 100_000}).status_code == 413


@pytest.mark.parametrize("path", ["/issues/TRK-999", "/issues/%00", "/nothing"])
def test_what_is_not_there_is_a_page(tracker_client: TestClient, path: str) -> None:
    """Ours."""
    log_in(tracker_client, "alice", "wonderland")
    answer = tracker_client.get(path)
    assert answer.status_code == 404
    heading = {"/nothing": "There is no such page"}.get(path, "You have no issue of that key")
    assert f"<h1>{heading}</h1>" in answer.text


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "/a\nb", ""],
)
@pytest.mark.requirement("AS-09")
def test_the_log_in_leads_nowhere_else(tracker_client: TestClient, target: str) -> None:
    """AS-09: no open redirect anywhere."""
    page = read_page(tracker_client.get("/login", params={"next": target}).text)
    form = page.find_form(input_name="password")
    assert form is not None
    typed = dict(form.fields) | {"username": "alice", "password": "wonderland", "next": target}
    answer = tracker_client.post("/login", data=typed, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_the_log_in_page_says_what_was_wrong_and_keeps_the_name(tracker_client: TestClient) -> None:
    """Ours."""
    form = read_page(tracker_client.get("/login").text).find_form(input_name="password")
    assert form is not None
    answer = tracker_client.post("/login", data=dict(form.fields) | {"username": "alice", "password": "no"})
    assert answer.status_code == 403
    assert 'value="alice"' in answer.text
    assert "wonderland" not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/issues"),
        ("POST", "/api/issues"),
        ("PATCH", "/api/issues/TRK-1"),
        ("GET", "/api/me"),
        ("GET", "/api/projects"),
    ],
)
def test_the_api_is_closed_to_strangers_even_with_a_session(tracker_client: TestClient, method: str, path: str) -> None:
    """RFC 6750 §3: a challenge; a browser's session is no credential of an application."""
    log_in(tracker_client, "alice", "wonderland")
    answer = tracker_client.request(method, path, json={"title": "x"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
