from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from applinks import Settings
from applinks.demo import start_page, tracker
from applinks.demo.browser import Page, _FormReader


def read_page(text: str) -> Page:
    reader = _FormReader()
    reader.feed(text)
    return Page("http://127.0.0.1/", 200, text, tuple(reader.forms))


@pytest.fixture
def tracker_client(tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(
        base_url="http://127.0.0.1:8001", name="Tracker", database=f"sqlite:///{tmp_path / 'applinks.db'}"
    )
    with TestClient(tracker.build_app(settings, tmp_path), base_url=settings.base_url) as client:
        yield client


@pytest.fixture
def start_page_client(tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(
        base_url="http://localhost:8002", name="Start page", database=f"sqlite:///{tmp_path / 'applinks.db'}"
    )
    with TestClient(start_page.build_app(settings, tmp_path), base_url=settings.base_url) as client:
        yield client


def log_in(client: TestClient, name: str, password: str, return_to: str = "/") -> None:
    page = read_page(client.get("/login", params={"next": return_to}).text)
    form = page.find_form(input_name="password")
    assert form is not None
    typed = dict(form.fields) | {"username": name, "password": password}
    client.post("/login", data=typed, follow_redirects=False)


def send(client: TestClient, page: str, action: str, **typed: str) -> int:
    """Send the form of a page as its user would; the status of what comes back at once."""
    forms = read_page(client.get(page).text).forms
    form = next(each for each in forms if each.action == action)
    answer = client.post(action, data=dict(form.fields) | typed, follow_redirects=False)
    return answer.status_code
