"""A browser of a few lines: it follows redirects, keeps cookies, and sends the forms that it is shown."""

from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

_REDIRECTS = {301, 302, 303, 307, 308}


class Browser:
    """One user's session with one server."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self.url = ""
        self.text = ""

    def format_cookies(self, path: str) -> str:
        """Give the header that it would send to a path."""
        return "; ".join(f"{each.name}={each.value}" for each in self._session.cookies if path.startswith(each.path))

    def open(self, url: str, *, outside: str) -> bool:
        """Open an address; whether that led to one that begins with ``outside``, which is not opened."""
        return self._follow(self._session.get(url, allow_redirects=False, timeout=20), outside)

    def has_form(self, *names: str) -> bool:
        """Whether the page has a form with all these fields."""
        return any(each.has(names) for each in _read_forms(self.text))

    def send(self, values: Mapping[str, str], *, outside: str) -> bool:
        """Fill in and send the first form of the page that has all these fields; otherwise as `open`."""
        form = next(each for each in _read_forms(self.text) if each.has(values))
        sent = self._session.post(
            urljoin(self.url, form.action), data=form.fields | dict(values), allow_redirects=False, timeout=20
        )
        return self._follow(sent, outside)

    def _follow(self, answer: requests.Response, outside: str) -> bool:
        while answer.status_code in _REDIRECTS:
            target = urljoin(answer.url, answer.headers["location"])
            if target.startswith(outside):
                self.url = target
                return True
            answer = self._session.get(target, allow_redirects=False, timeout=20)
        assert answer.ok, f"{answer.url}: {answer.status_code} {answer.text[:500]}"
        self.url, self.text = answer.url, answer.text
        return False


class _Form:
    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str] = {}
        self.buttons: set[str] = set()

    def has(self, names: Iterable[str]) -> bool:
        return set(names) <= self.fields.keys() | self.buttons


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[_Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(_Form(found.get("action", "")))
        elif tag == "button" and self.forms:
            self.forms[-1].buttons.add(found.get("name", ""))
        elif tag == "input" and "name" in found and self.forms:
            self.forms[-1].fields.setdefault(found["name"], found.get("value", ""))


def _read_forms(text: str) -> list[_Form]:
    reader = _FormReader()
    reader.feed(text)
    return reader.forms
