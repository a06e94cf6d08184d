"""Start page's own pages, and its API for strangers."""

import pytest
from starlette.testclient import TestClient

from tests.demo.conftest import log_in, send


def test_without_a_link_the_gadget_says_so(start_page_client: TestClient) -> None:
    """Ours: nobody is offered what cannot be had."""
    log_in(start_page_client, "alicia", "looking-glass")
    text = start_page_client.get("/").text
    assert 'data-gadget="none"' in text
    assert "/applinks/new" not in text


def test_an_administrator_is_led_to_linking(start_page_client: TestClient) -> None:
    """Ours."""
    log_in(start_page_client, "dana", "lighthouse")
    assert 'href="/applinks/new"' in start_page_client.get("/").text


def test_the_dashboard_greets_and_shows_pinned_pages(start_page_client: TestClient) -> None:
    """Ours."""
    log_in(start_page_client, "alicia", "looking-glass")
    text = start_page_client.get("/").text
    assert "Alicia" in text
    assert "Who is on call" in text


def test_creating_without_a_link_is_a_sentence_and_keeps_what_was_typed(start_page_client: TestClient) -> None:
    """Ours: no 500, nothing lost."""
    log_in(start_page_client, "alicia", "looking-glass")
    text = start_page_client.get("/").text
    token = text.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = start_page_client.post("/issues", data={"title": "Printer", "csrf_token": token})
    assert answer.status_code == 502
    assert "The issue was not created" in answer.text


def test_logging_out_ends_what_can_be_seen(start_page_client: TestClient) -> None:
    """Ours."""
    log_in(start_page_client, "alicia", "looking-glass")
    assert send(start_page_client, "/", "/logout") == 303
    assert start_page_client.get("/", follow_redirects=False).status_code == 303


def test_the_host_has_its_own_hue(start_page_client: TestClient) -> None:
    """Mockups: a host sets its hue in its own stylesheet."""
    assert "--al-hue: 168" in start_page_client.get("/site.css").text


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/pages"), ("POST", "/api/notices")])
def test_the_api_is_closed_to_strangers(start_page_client: TestClient, method: str, path: str) -> None:
    """RFC 6750 §3."""
    answer = start_page_client.request(method, path, json={"text": "x"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
