"""A browser as small as can be: cookies, redirects and forms, enough to press the buttons of our own pages."""

import http.client
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

from applinks.demo.folder import DemoError

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REDIRECT_LIMIT = 12
_SECONDS = 30


@dataclass(slots=True)
class Form:
    """A form as it stands on a page: what it would send, its buttons, and its boxes that are not ticked."""

    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[tuple[str, str]] = field(default_factory=list)

    def has_field(self, name: str) -> bool:
        """Whether there is an input of that name."""
        return any(each == name for each, _ in self.fields)

    def find_button(self, name: str) -> tuple[str, str] | None:
        """Give the button of that name, with its value."""
        return next((button for button in self.buttons if button[0] == name), None)


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser shows."""

    url: str
    status: int
    text: str
    forms: tuple[Form, ...]

    def find_form(self, *, button: str = "", input_name: str = "") -> Form | None:
        """Give the first form with that button, or with that input."""
        for form in self.forms:
            if (button and form.find_button(button)) or (input_name and form.has_field(input_name)):
                return form
        return None


class Browser:
    """One person's browser; each host and port keeps its cookies to itself."""

    def __init__(self) -> None:
        self._cookies: dict[str, dict[str, str]] = {}

    def open(self, url: str) -> Page:
        """Go to an address and follow where it leads."""
        return self._load("GET", url, None, "none")

    def submit(
        self, page: Page, form: Form, *, button: str = "", ticked: Sequence[tuple[str, str]] = (), **typed: str
    ) -> Page:
        """Type into a form, tick boxes of it, and press one of its buttons."""
        pairs = [(name, typed.get(name, value)) for name, value in form.fields] + list(ticked)
        if pressed := form.find_button(button):
            pairs.append(pressed)
        url = urljoin(page.url, form.action) if form.action else page.url
        if form.method == "get":
            return self._load("GET", f"{url.partition('?')[0]}?{urlencode(pairs)}", None, "same-origin")
        return self._load("POST", url, urlencode(pairs).encode(), "same-origin")

    def _load(self, method: str, url: str, body: bytes | None, site: str) -> Page:
        for _ in range(_REDIRECT_LIMIT):
            status, headers, text = self._request(method, url, body, site)
            location = headers.get("location")
            if status not in _REDIRECTS or location is None:
                reader = _FormReader()
                reader.feed(text)
                return Page(url, status, text, tuple(reader.forms))
            target = urljoin(url, location)
            if urlsplit(target).netloc != urlsplit(url).netloc:
                site = "cross-site"
            method, url, body = ("GET", target, None) if status < 307 else (method, target, body)
        raise DemoError(f"{url} leads from one address to the next and does not end.")

    def _request(
        self, method: str, url: str, body: bytes | None, site: str
    ) -> tuple[int, http.client.HTTPMessage, str]:
        parts = urlsplit(url)
        jar = self._cookies.setdefault(parts.netloc, {})
        headers = {"Accept": "text/html", "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
        if jar:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"{parts.scheme}://{parts.netloc}"
        connection = http.client.HTTPConnection(parts.netloc, timeout=_SECONDS)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise DemoError(f"{parts.netloc} does not answer: {error}") from error
        finally:
            connection.close()
        for line in response.headers.get_all("set-cookie", ()):
            for name, morsel in SimpleCookie(line).items():
                jar[name] = morsel.value
        return response.status, response.headers, text


class _FormReader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self._form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(found.get("method", "get").lower(), found.get("action", ""))
            self.forms.append(self._form)
        elif self._form is not None and "disabled" not in found and found.get("name"):
            self._add(self._form, tag, found)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def _add(self, form: Form, tag: str, found: dict[str, str]) -> None:
        pair = (found["name"], found.get("value", ""))
        kind = found.get("type", "submit" if tag == "button" else "text").lower()
        if tag == "button":
            form.buttons.append(pair)
        elif tag == "input" and kind in {"checkbox", "radio"} and "checked" not in found:
            form.boxes.append((pair[0], found.get("value", "on")))
        elif tag == "input" and kind not in {"submit", "image", "reset", "button", "file"}:
            form.fields.append(pair)
