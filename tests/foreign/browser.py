"""One person's browser: cookies, redirects, and the forms of anybody's pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from tests.foreign.processes import MOST_SECONDS

_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass
class Form:
    """A form, with what it would send, and its buttons."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)


@dataclass
class Page:
    """What the browser shows; ``text`` is empty where it was led out of what the test runs."""

    url: str
    status: int
    text: str
    forms: list[Form]
    json: Any = None


class Browser:
    """
    Follows every redirect but one to an address that begins with ``outside``, where nobody listens.

    As browsers do, it has one jar for all ports of a host. ``proxies``: public addresses, and who answers there.
    """

    def __init__(self, *, outside: str = "outside:", proxies: Mapping[str, str] = {}) -> None:
        # Without keep-alive nothing is left to be closed.
        limits = httpx2.Limits(max_keepalive_connections=0)
        mounts = {public: _Proxy(inside) for public, inside in proxies.items()}
        self.http = httpx2.Client(timeout=MOST_SECONDS, limits=limits, mounts=mounts)
        self.outside = outside

    def open(self, url: str) -> Page:
        return self._load("GET", url, None, "none")

    def send(self, page: Page, *, button: str = "", **typed: str) -> Page:
        """Fill in the first form that has these fields and that button, and send it."""
        form = next((form for form in page.forms if {*typed} <= {*form.fields} and button in {*form.buttons, ""}), None)
        assert form is not None, f"{page.url}: {page.status} {page.text}"
        data = form.fields | typed | ({button: form.buttons[button]} if button else {})
        url = urljoin(page.url, form.action) if form.action else page.url
        return self._load("POST", url, data, "same-origin")

    def _load(self, method: str, url: str, data: dict[str, str] | None, site: str) -> Page:
        for _ in range(20):
            headers = {"Accept": "text/html", "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
            if method == "POST":
                parts = urlsplit(url)
                headers["Origin"] = f"{parts.scheme}://{parts.netloc}"
            answer = self.http.request(method, url, data=data, headers=headers)
            if answer.status_code not in _REDIRECTS:
                return _read_page(answer)
            target = urljoin(url, answer.headers["location"])
            if target.startswith(self.outside):
                return Page(target, 0, "", [])
            if urlsplit(target).netloc != urlsplit(url).netloc:
                site = "cross-site"
            url = target
            if answer.status_code < 307:
                method, data = "GET", None
        raise AssertionError(f"{url} leads from one address to the next and does not end")


class _Proxy(httpx2.HTTPTransport):
    def __init__(self, inside: str) -> None:
        super().__init__(limits=httpx2.Limits(max_keepalive_connections=0))
        self.inside = httpx2.URL(inside)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url.copy_with(scheme=self.inside.scheme, host=self.inside.host, port=self.inside.port)
        # The Host header stays as it is, and the browser's own request, by which it knows whose cookies come back.
        passed = httpx2.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )
        return super().handle_request(passed)


def _read_page(answer: httpx2.Response) -> Page:
    reader = _FormReader()
    reader.feed(answer.text)
    is_json = "json" in answer.headers.get("content-type", "")
    return Page(
        str(answer.url),
        answer.status_code,
        answer.text,
        reader.forms,
        answer.json() if is_json and answer.text else None,
    )


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(found.get("action", ""), found.get("method", "get")))
        if not self.forms:
            return
        form, name, value = self.forms[-1], found.get("name", ""), found.get("value", "")
        kind = found.get("type", "submit" if tag == "button" else "text")
        if tag == "select":
            self._select = name
        elif tag == "option" and (self._select not in form.fields or "selected" in found):
            form.fields[self._select] = value
        elif tag == "textarea":
            form.fields[name] = ""
        elif tag == "button" or (tag == "input" and kind == "submit"):
            form.buttons[name] = value
        elif tag == "input" and name and (kind not in {"checkbox", "radio"} or "checked" in found):
            form.fields[name] = value
