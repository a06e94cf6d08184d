"""
The yardstick: the least that a correct endpoint in Python must do.

Bare ASGI on uvicorn; tokens and secrets kept as digests alone, found by their row; all of a request is in SQLite, in
one transaction, before it is answered. No links, no audit, no errors in words: nothing of what a product is for.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

Message = dict[str, Any]
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]

TABLES = """
CREATE TABLE IF NOT EXISTS clients (id TEXT PRIMARY KEY, digest BLOB, redirect_uri TEXT, scope TEXT);
CREATE TABLE IF NOT EXISTS sessions (digest BLOB PRIMARY KEY, user TEXT);
CREATE TABLE IF NOT EXISTS consents (user TEXT, client TEXT, scope TEXT, PRIMARY KEY (user, client));
CREATE TABLE IF NOT EXISTS codes (row INTEGER PRIMARY KEY, digest BLOB, client TEXT, user TEXT, redirect_uri TEXT,
  challenge TEXT, scope TEXT, expires_at INTEGER, claimed_at INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS access_tokens (row INTEGER PRIMARY KEY, digest BLOB, client TEXT, user TEXT, scope TEXT,
  expires_at INTEGER);
CREATE TABLE IF NOT EXISTS refresh_tokens (row INTEGER PRIMARY KEY, digest BLOB, client TEXT, user TEXT, scope TEXT,
  expires_at INTEGER, superseded_at INTEGER DEFAULT 0);
"""
_JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


def digest(text: str) -> bytes:
    """SHA-256: what is digested is 256 random bits."""
    return hashlib.sha256(text.encode()).digest()


class Yardstick:
    """The ASGI application."""

    def __init__(self, path: str, synchronous: str) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(f"PRAGMA synchronous = {synchronous}")
        self._database.executescript(TABLES)
        self._clients = {
            row[0]: row[1:] for row in self._database.execute("SELECT id, digest, redirect_uri, scope FROM clients")
        }

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if scope["method"] == "POST":
            body = b""
            while True:
                message = await receive()
                body += message["body"]
                if not message.get("more_body"):
                    break
            status, headers, answer = self._answer_form(scope, dict(parse_qsl(body.decode(), strict_parsing=True)))
        elif scope["path"] == "/hello":
            # For outgoing calls, which are to cost as little as they can at this end.
            status, headers, answer = 200, [(b"content-type", b"text/plain")], b"hello"
        else:
            status, headers, answer = self._authorize(scope)
        length = (b"content-length", str(len(answer)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": answer})

    def _answer_form(self, scope: Message, form: dict[str, str]) -> Answer:
        client = self._authenticate(dict(scope["headers"]))
        if client is None:
            return _refuse("invalid_client", 401)
        if scope["path"] == "/introspect":
            return self._introspect(form["token"])
        match form["grant_type"]:
            case "client_credentials":
                return self._transact(lambda now: self._issue(client, client, self._clients[client][2], now, None))
            case "refresh_token":
                return self._transact(lambda now: self._refresh(client, form["refresh_token"], now))
            case "authorization_code":
                return self._transact(lambda now: self._exchange(client, form, now))
            case _:
                return _refuse("unsupported_grant_type")

    def _authenticate(self, headers: dict[bytes, bytes]) -> str | None:
        name, _, secret = base64.b64decode(headers[b"authorization"][6:]).decode().partition(":")
        kept = self._clients.get(name)
        return name if hmac.compare_digest(digest(secret), kept[0] if kept else b"") else None

    def _transact(self, unit: Callable[[int], Answer]) -> Answer:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            answer = unit(int(time.time()))
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
        return answer

    def _insert(self, table: str, names: str, *values: object) -> str:
        row, secret = secrets.randbits(62), secrets.token_urlsafe(32)
        marks = ", ".join("?" * (len(values) + 2))
        self._database.execute(
            f"INSERT INTO {table} (row, digest, {names}) VALUES ({marks})",  # noqa: S608 - our own names
            (row, digest(secret), *values),
        )
        return f"{row:x}.{secret}"

    def _find(self, table: str, names: str, text: str) -> Any:
        row, _, secret = text.partition(".")
        found = self._database.execute(
            f"SELECT row, digest, expires_at, {names} FROM {table} WHERE row = ?",  # noqa: S608 - our own names
            (int(row, 16),),
        ).fetchone()
        return found if found and hmac.compare_digest(found[1], digest(secret)) and found[2] > time.time() else None

    def _issue(self, client: str, user: str, scope: str, now: int, refresh: str | None) -> Answer:
        names = "client, user, scope, expires_at"
        token = self._insert("access_tokens", names, client, user, scope, now + 3600)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": scope}
        if refresh is not None:
            answer["refresh_token"] = self._insert("refresh_tokens", names, client, user, scope, now + 30 * 86400)
        return 200, _JSON, json.dumps(answer).encode()

    def _refresh(self, client: str, text: str, now: int) -> Answer:
        found = self._find("refresh_tokens", "client, user, scope", text)
        if found is None or found[3] != client:
            return _refuse("invalid_grant")
        claim = "UPDATE refresh_tokens SET superseded_at = ? WHERE row = ? AND superseded_at = 0"
        if self._database.execute(claim, (now, found[0])).rowcount != 1:
            return _refuse("invalid_grant")
        return self._issue(client, found[4], found[5], now, text)

    def _exchange(self, client: str, form: dict[str, str], now: int) -> Answer:
        found = self._find("codes", "client, user, redirect_uri, challenge, scope", form["code"])
        challenge = base64.urlsafe_b64encode(digest(form["code_verifier"])).rstrip(b"=").decode()
        if found is None or found[3] != client or found[5] != form["redirect_uri"] or found[6] != challenge:
            return _refuse("invalid_grant")
        claim = "UPDATE codes SET claimed_at = ? WHERE row = ? AND claimed_at = 0"
        if self._database.execute(claim, (now, found[0])).rowcount != 1:
            return _refuse("invalid_grant")
        return self._issue(client, found[4], found[7], now, form["code"])

    def _introspect(self, text: str) -> Answer:
        found = self._find("access_tokens", "client, user, scope", text)
        answer: dict[str, Any] = {"active": found is not None}
        if found:
            names = ("client_id", "sub", "scope")
            answer |= {"token_type": "Bearer", "exp": found[2], **dict(zip(names, found[3:], strict=True))}
        return 200, _JSON, json.dumps(answer).encode()

    def _authorize(self, scope: Message) -> Answer:
        asked = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        cookie = dict(scope["headers"])[b"cookie"].decode().partition("=")[2]
        session = self._database.execute("SELECT user FROM sessions WHERE digest = ?", (digest(cookie),)).fetchone()
        client = self._clients[asked["client_id"]]
        if session is None or asked["redirect_uri"] != client[1] or asked["code_challenge_method"] != "S256":
            return _refuse("invalid_request")
        consent = "SELECT scope FROM consents WHERE user = ? AND client = ?"
        given = self._database.execute(consent, (session[0], asked["client_id"])).fetchone()
        if given is None or not set(asked["scope"].split()) <= set(given[0].split()):
            return _refuse("access_denied")
        code = self._transact(lambda now: self._add_code(asked, session[0], now))
        return 303, [(b"location", f"{client[1]}?{urlencode({'code': code, 'state': asked['state']})}".encode())], b""

    def _add_code(self, asked: dict[str, str], user: str, now: int) -> Any:
        values = (asked["client_id"], user, asked["redirect_uri"], asked["code_challenge"], asked["scope"], now + 60)
        return self._insert("codes", "client, user, redirect_uri, challenge, scope, expires_at", *values)


def _refuse(code: str, status: int = 400) -> Answer:
    return status, _JSON, json.dumps({"error": code}).encode()


def build() -> Yardstick:
    """What uvicorn serves."""
    return Yardstick(os.environ["BENCH_DATABASE"], os.environ["BENCH_SYNCHRONOUS"])
