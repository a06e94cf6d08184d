"""OAuth 1.0a of ``applinks serve``, at the addresses where clients of Atlassian's servers look for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlsplit

from oauthlib.oauth1 import Client
from requests_oauthlib import OAuth1Session

from applinks.wire.oauth1.problems import parse_problem
from tests.foreign.browser import Browser
from tests.foreign.served import PASSWORD, REDIRECT_URI, USER, Served
from tests.rsa_keys import make_rsa_key, write_private, write_public

PLACES = ("header", "query", "form")
HMAC = ("HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512")
RSA = ("RSA-SHA1", "RSA-SHA256", "RSA-SHA512")
SIGNATURE_TYPES = {"header": "AUTH_HEADER", "query": "QUERY", "form": "BODY"}

# Repeated, empty, reserved, spaced, of another script, and in the order in which nobody sorts.
HARD = (
    ("tag", "x"),
    ("tag", ""),
    ("tag", "a b"),
    ("empty", ""),
    ("reserved", "!*'();:@&=+$,/?#[]"),
    ("a[]", "x|y"),
    ("na-me", "Zo\u00eb"),
    ("na", "1+1=2"),
    ("\u65e5\u672c", "\u8a9e \U0001f600"),
)
# As it stands on the wire where a client does not escape it; and the same escaped.
RAW_QUERY = "a[]=1&b=x|y&c=%7e&d=1+1&e&=&tag=2&tag=1&f=100%25&g=a=b"
ESCAPED_QUERY = "a%5B%5D=1&b=x%7Cy&c=~&d=1%201&e=&=&tag=2&tag=1&f=100%25&g=a%3Db"

_numbers = count(1)


def make_key(bits: int = 2048) -> tuple[str, str]:
    """Give a key pair, private and public, as PEM."""
    key = make_rsa_key(bits)
    return write_private(key), write_public(key)


@dataclass(frozen=True)
class Probe:
    """A client of the server, as its developer knows it."""

    served: Served
    key: str
    secret: str
    private_key: str = field(repr=False)

    @classmethod
    def add(cls, served: Served, folder: Path, *more: str, callback: str = REDIRECT_URI, secret: bool = True) -> Self:
        """Add a client with a key of its own, and a shared secret where it is to have one."""
        name = f"real-consumer-{next(_numbers)}"
        private, public = make_key()
        path = folder / "rsa.pub.pem"
        path.write_text(public)
        wanted = ["--key", name, "--public-key", str(path), "--name", "Probe"]
        wanted += ["--callback", callback] if callback else []
        wanted += ["--generate-secret"] if secret else []
        made = served.command("clients", "add-oauth1", *wanted, *more)
        assert made["consumer_key"] == name
        return cls(served, name, made["shared_secret"] or "", private)

    @property
    def me(self) -> str:
        return f"{self.served.base_url}/applinks/api/v1/me"

    def get_address(self, step: str) -> str:
        """Give where ``request-token``, ``authorize`` or ``access-token`` is, as Atlassian's clients are set up."""
        return f"{self.served.base_url}/plugins/servlet/oauth/{step}"

    def open_session(
        self, method: str = "HMAC-SHA1", place: str = "header", *, client_class: Any = None, **more: Any
    ) -> OAuth1Session:
        """Give a session of requests-oauthlib."""
        return OAuth1Session(
            self.key,
            client_secret=None if method in RSA else self.secret,
            rsa_key=self.private_key if method in RSA else None,
            signature_method=method,
            signature_type=SIGNATURE_TYPES[place],
            client_class=client_class,
            **{"callback_uri": REDIRECT_URI} | more,
        )

    def begin(self, session: OAuth1Session) -> str:
        """Fetch temporary credentials, and give the address for the user's browser."""
        given = session.fetch_request_token(self.get_address("request-token"))
        assert given["oauth_callback_confirmed"] == "true"
        return str(session.authorization_url(self.get_address("authorize")))

    def connect(self, session: OAuth1Session, browser: Browser) -> dict[str, str]:
        """Go all three legs; gives what the server said at their end."""
        answer = self.served.approve(self.begin(session), browser=browser)
        said = session.parse_authorization_response(answer)
        assert said["oauth_verifier"]
        return dict(session.fetch_access_token(self.get_address("access-token")))


def build_renewing(handle: str) -> type[Client]:
    """Give oauthlib's client with the session extension, which it has no word for."""

    class Renewing(Client):
        def get_oauth_params(self, request):
            return [*super().get_oauth_params(request), ("oauth_session_handle", handle)]

    return Renewing


class EmptyToken(Client):
    """oauthlib's client as Atlassian's two legs are signed: the token is there, and empty."""

    def get_oauth_params(self, request):
        return [*super().get_oauth_params(request), ("oauth_token", "")]


def read_problem(answer: Any) -> dict[str, str]:
    """Give what the server says is wrong; header and body say the same."""
    challenge = next((value for name, value in answer.headers.items() if name.lower() == "www-authenticate"), "")
    in_header, in_body = parse_problem(challenge, ""), parse_problem(None, answer.text)
    assert in_header is not None, f"{answer.status_code} {challenge} {answer.text}"
    assert in_header == in_body
    return {"oauth_problem": in_header.problem, **dict(in_header.details)}


def read_callback(url: str) -> dict[str, str]:
    """Give what the callback was told."""
    assert url.startswith(REDIRECT_URI), url
    return dict(parse_qsl(urlsplit(url).query, strict_parsing=True))


def read_verifier(text: str) -> str:
    """Give the code that a user copies from the page of a client without a callback."""
    found = re.search(r"<code[^>]*>\s*([A-Za-z0-9_-]{6,})\s*</code>", text)
    assert found is not None, text
    return found[1]


def log_in(browser: Browser, served: Served) -> None:
    """Log alice in, so that no later page asks for it."""
    page = browser.open(f"{served.base_url}/applinks/account")
    if any("password" in form.fields for form in page.forms):
        browser.send(page, username=USER, password=PASSWORD)


def escape(pairs: Mapping[str, str]) -> str:
    """Write pairs as a query, in the one spelling that every library reads."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs.items())
