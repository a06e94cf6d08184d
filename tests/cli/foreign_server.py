"""A server that is no Applinks, on a port of this machine: commands open sockets of their own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs


class ForeignServer:
    """What it says of itself, and what was asked of it; ``metadata`` None: it says nothing."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.metadata: dict[str, Any] | None = {
            "issuer": url,
            "authorization_endpoint": f"{url}/auth",
            "token_endpoint": f"{url}/token",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "scopes_supported": ["openid", "profile", "notes"],
        }
        self.documents: dict[str, Any] = {}
        self.asked: list[str] = []
        self.token_forms: list[dict[str, str]] = []
        self.calls: list[tuple[str, str, dict[str, str], bytes]] = []

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        """Give status, type and body of an answer; a document that is bytes is XML."""
        self.asked.append(path)
        if path in {"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"}:
            return _json(self.metadata) if self.metadata else _json({}, 404)
        if isinstance(self.documents.get(path), bytes):
            return 200, "application/xml", self.documents[path]
        if path in self.documents:
            return _json(self.documents[path])
        if path == "/token":
            self.token_forms.append({name: values[0] for name, values in parse_qs(body.decode()).items()})
            return _json({"access_token": "at-1", "token_type": "Bearer", "expires_in": 3600})
        if path.startswith("/api"):
            self.calls.append((method, path, headers, body))
            return _json({"method": method, "path": path, "body": body.decode()}, 403 if path == "/api/no" else 200)
        return 404, "text/plain", b"nothing here"


@contextmanager
def serve_foreign() -> Iterator[ForeignServer]:
    """Run one until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, kind, answer = server.answer(self.command, self.path, headers, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - the library's names.

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server = ForeignServer(f"http://127.0.0.1:{listening.server_port}")
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()


def _json(value: Any, status: int = 200) -> tuple[int, str, bytes]:
    return status, "application/json", json.dumps(value).encode()
