"""What every authorization server of the benchmark is to the harness: addresses, a client, and a user who consented."""

import base64
import hashlib
import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from bench.processes import Process

FORM = "application/x-www-form-urlencoded"
CODE_VERIFIER = "bench-verifier-0123456789-0123456789-0123456789"
CODE_CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(CODE_VERIFIER.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """
    One running server.

    Attributes:
        name: what the tables call it.
        scope: what its client asks for.
        client_id_itself: another client, of the same secret, where one client cannot also call for itself.
        cookie: that of the browser of a user who is logged in and gave the client that scope; the code flow needs it.
    """

    name: str
    process: Process = field(repr=False)
    base_url: str
    token_path: str
    introspection_path: str
    authorization_path: str
    client_id: str
    client_secret: str = field(repr=False)
    client_id_itself: str = ""
    redirect_uri: str = "http://127.0.0.1:9/callback"
    scope: str
    cookie: str = field(default="", repr=False)

    def format_basic(self, *, itself: bool = False) -> str:
        """RFC 6749 §2.3.1: the header of the client, or of the one that calls for itself."""
        client_id = (itself and self.client_id_itself) or self.client_id
        pair = f"{quote(client_id, safe='')}:{quote(self.client_secret, safe='')}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    @property
    def authorization_target(self) -> str:
        """The authorization request as path and query; the same each time, since nothing in it is used once."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": "bench",
            "code_challenge": CODE_CHALLENGE,
            "code_challenge_method": "S256",
        }
        return f"{self.authorization_path}?{urlencode(asked)}"

    @property
    def code_exchange(self) -> dict[str, str]:
        """The form of the token request, without the code."""
        return {
            "grant_type": "authorization_code",
            "redirect_uri": self.redirect_uri,
            "code_verifier": CODE_VERIFIER,
        }


class Caller:
    """Asks one server over one connection, and takes only right answers."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._connection = http.client.HTTPConnection(urlsplit(subject.base_url).netloc, timeout=20)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def issue(self) -> str:
        """Get an access token by client credentials."""
        form = {"grant_type": "client_credentials", "scope": self._subject.scope}
        answer = self._post(self._subject.token_path, form, itself=True)
        assert answer["token_type"].lower() == "bearer", answer
        return str(answer["access_token"])

    def introspect(self, token: str) -> bool:
        """Ask whether a token is good."""
        return bool(self._post(self._subject.introspection_path, {"token": token}, itself=True)["active"])

    def authorize(self) -> str:
        """Get a code: the user is logged in, and has said yes before."""
        self._connection.request("GET", self._subject.authorization_target, headers={"Cookie": self._subject.cookie})
        answer = self._connection.getresponse()
        text = answer.read()
        location = answer.headers.get("Location", "")
        codes = parse_qs(urlsplit(location).query).get("code")
        assert codes, f"{self._subject.name}: no code, but {answer.status} {location} {text[:500]!r}"
        return codes[0]

    def exchange(self, code: str) -> str:
        """Get the refresh token of a code."""
        return str(self._post(self._subject.token_path, {**self._subject.code_exchange, "code": code})["refresh_token"])

    def refresh(self, token: str) -> str:
        """Get the next refresh token."""
        answer = self._post(self._subject.token_path, {"grant_type": "refresh_token", "refresh_token": token})
        assert answer["refresh_token"] != token, "the refresh token was not rotated"
        return str(answer["refresh_token"])

    def _post(self, path: str, form: dict[str, str], *, itself: bool = False) -> dict[str, Any]:
        headers = {"Authorization": self._subject.format_basic(itself=itself), "Content-Type": FORM}
        self._connection.request("POST", path, urlencode(form), headers)
        answer = self._connection.getresponse()
        text = answer.read()
        assert answer.status == 200, f"{self._subject.name}: {answer.status} {text[:500]!r}"
        found: dict[str, Any] = json.loads(text)
        return found


def check_subject(subject: Subject) -> None:
    """Check that a server answers rightly, whatever is measured of it; a wrong refresh token is refused."""
    caller = Caller(subject)
    try:
        token = caller.issue()
        assert caller.introspect(token), f"{subject.name} does not know its own token"
        assert not caller.introspect(token[:-9] + token[-8:]), f"{subject.name} knows a token that is none"
        if subject.cookie:
            caller.refresh(caller.refresh(caller.exchange(caller.authorize())))
    finally:
        caller.close()
