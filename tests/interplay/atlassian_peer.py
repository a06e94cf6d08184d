"""
A scripted Data Center application: it publishes what such ones publish, and calls and is called over OAuth 1.0a.

All its signatures are made and verified by oauthlib, and its XML is read by the standard library.
"""

import json
import secrets
import uuid
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode
from xml.etree import ElementTree as ET

import httpx2
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)
from oauthlib.common import Request as OAuthRequest
from oauthlib.oauth1 import SIGNATURE_RSA
from oauthlib.oauth1 import Client as OAuthClient
from oauthlib.oauth1.rfc5849 import signature

TYPES = "com.atlassian.applinks.api.auth.types."
OAUTH = f"{TYPES}OAuthAuthenticationProvider"
TWO_LEGGED = f"{TYPES}TwoLeggedOAuthAuthenticationProvider"
SERVLETS = "/plugins/servlet/oauth"
WHOAMI = "/rest/api/2/myself"
JSON = "application/json"
XML = "application/xml;charset=UTF-8"

Answer = tuple[str, str, str, list[tuple[str, str]]]
"""Status, content type, body and further headers."""


class EmptyTokenClient(OAuthClient):
    """Signs as Data Center applications do in two legs: with an ``oauth_token`` that is there and empty."""

    def get_oauth_params(self, request: Any) -> list[tuple[str, str]]:
        return [*super().get_oauth_params(request), ("oauth_token", "")]


@dataclass
class Known:
    """What the peer learned of the other application by reading it."""

    url: str
    id: str
    name: str
    key: str
    public_key: str
    capabilities: list[str]


@dataclass
class AtlassianPeer:
    """
    The application, as a WSGI callable.

    Attributes:
        known: by consumer key, who may call.
        tokens: what was given to whom, by token: the user for whom it calls.
        calls: what was asked of it, as method and path.
        speaks_json: whether its manifest can be had in JSON, too.
    """

    base_url: str
    name: str = "Board"
    type_id: str = "jira"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    private_key: Any = field(default_factory=lambda: generate_private_key(65537, 2048), repr=False)
    known: dict[str, Known] = field(default_factory=dict)
    temporary: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    speaks_json: bool = True

    @property
    def key(self) -> str:
        return f"{self.type_id}:{self.id[:8]}"

    @property
    def pem(self) -> str:
        return str(self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())

    def format_public_key(self) -> str:
        der = self.private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b64encode(der).decode()

    # It calls.

    def learn(self, url: str) -> Known:
        """Read who lives at an address, as an administrator pastes it here."""
        manifest = ET.fromstring(httpx2.get(f"{url}/rest/applinks/1.0/manifest").text)
        info = httpx2.get(f"{url}{SERVLETS}/consumer-info")
        assert info.headers["content-type"].startswith("application/xml")
        consumer = ET.fromstring(info.text)
        assert manifest.findtext("url") == url
        assert OAUTH in [each.text for each in manifest.findall("inboundAuthenticationTypes")]
        known = Known(
            url=url,
            id=manifest.findtext("id") or "",
            name=manifest.findtext("name") or "",
            key=consumer.findtext("key") or "",
            public_key=_to_pem(consumer.findtext("publicKey") or ""),
            capabilities=httpx2.get(f"{url}/rest/applinks/3.0/capabilities").json(),
        )
        self.known[known.key] = known
        return known

    def call(
        self, method: str, url: str, body: Any = None, *, token: str = "", empty: bool = True, **more: str
    ) -> httpx2.Response:
        """Call with a signature: for the user of a token, or for itself."""
        kind = EmptyTokenClient if empty and not token else OAuthClient
        client = kind(
            self.key,
            rsa_key=self.pem,
            signature_method=SIGNATURE_RSA,
            resource_owner_key=token or None,
            callback_uri=more.get("callback"),
            verifier=more.get("verifier"),
        )
        headers = {"Content-Type": JSON, "X-Atlassian-Token": "no-check"} if body is not None else {}
        content = None if body is None else json.dumps(body)
        signed_url, signed_headers, signed_body = client.sign(url, method, body=content, headers=headers)
        accept = {"Accept": more["accept"]} if "accept" in more else {}
        return httpx2.request(method, signed_url, headers=signed_headers | accept, content=signed_body)

    def begin(self, url: str, callback: str) -> str:
        """Ask for temporary credentials; the address to which a user's browser goes."""
        answer = self.call("POST", f"{url}{SERVLETS}/request-token", empty=False, callback=callback)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/plain")
        said = dict(parse_qsl(answer.text))
        assert said["oauth_callback_confirmed"] == "true"
        return f"{url}{SERVLETS}/authorize?oauth_token={quote(said['oauth_token'])}"

    def finish(self, url: str, token: str, verifier: str) -> dict[str, str]:
        """Fetch token credentials."""
        answer = self.call("POST", f"{url}{SERVLETS}/access-token", token=token, verifier=verifier)
        assert answer.status_code == 200, answer.text
        return dict(parse_qsl(answer.text))

    # It is called.

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        self.calls.append(f"{environ['REQUEST_METHOD']} {path}")
        try:
            status, content_type, body, headers = self._answer(environ, path, dict(parse_qsl(query)))
        except RefusedCallError as refused:
            status, content_type, body, headers = "401 Unauthorized", "text/plain", f"oauth_problem={refused}", []
        start_response(status, [("Content-Type", content_type), *headers])
        return [body.encode()]

    def _answer(self, environ: dict[str, Any], path: str, query: dict[str, str]) -> Answer:
        if path == f"{SERVLETS}/authorize":
            return "302 Found", "text/plain", "", [("Location", self._approve(query["oauth_token"]))]
        if path.startswith("/rest/applinks/") and path.endswith("/manifest"):
            return self._show_manifest(in_json=self.speaks_json and JSON in environ.get("HTTP_ACCEPT", ""))
        if path.startswith("/rest/applinks/") and path.endswith("/capabilities"):
            return "200 OK", JSON, '["STATUS_API"]', []
        build = {
            f"{SERVLETS}/consumer-info": (XML, self._show_consumer),
            f"{SERVLETS}/request-token": ("text/plain", lambda: self._give_temporary(environ)),
            f"{SERVLETS}/access-token": ("text/plain", lambda: self._give_token(environ)),
            WHOAMI: (JSON, lambda: json.dumps({"name": self._find_user(environ, query)})),
        }.get(path)
        return (
            ("404 Not Found", "text/html", "<p>not here", []) if build is None else ("200 OK", build[0], build[1](), [])
        )

    def _show_consumer(self) -> str:
        pairs = [("key", self.key), ("name", self.name), ("publicKey", self.format_public_key())]
        return _format_xml("consumer", pairs)

    def _show_manifest(self, *, in_json: bool) -> Answer:
        pairs = self._list_manifest(in_json=in_json)
        if in_json:
            return "200 OK", JSON, json.dumps(dict(pairs)), []
        return "200 OK", XML, _format_xml("manifest", pairs), []

    def _list_manifest(self, *, in_json: bool) -> list[tuple[str, Any]]:
        types = [OAUTH, TWO_LEGGED, "placeholder.to.ensure.backwards.compatibility"]
        lists = ("inboundAuthenticationTypes", "outboundAuthenticationTypes")
        said: list[tuple[str, Any]] = [
            ("id", self.id),
            ("name", self.name),
            ("typeId", self.type_id),
            ("version", "9.4.0"),
            ("buildNumber", 940000 if in_json else "940000"),
            ("applinksVersion", "9.0.1"),
            ("publicSignup", False if in_json else "false"),
            ("url", self.base_url),
            ("iconUrl", f"{self.base_url}/icon.png"),
        ]
        if in_json:
            return [*said, *((name, types) for name in lists)]
        return [*said, *((name, each) for name in lists for each in types)]

    def _give_temporary(self, environ: dict[str, Any]) -> str:
        said = self._verify(environ)
        token = secrets.token_urlsafe(12)
        self.temporary[token] = {"callback": said["oauth_callback"], "verifier": secrets.token_hex(3)}
        pairs = {"oauth_token": token, "oauth_token_secret": "s", "oauth_callback_confirmed": "true"}
        return urlencode(pairs)

    def _approve(self, token: str) -> str:
        found = self.temporary[token]
        answer = urlencode({"oauth_token": token, "oauth_verifier": found["verifier"]})
        return f"{found['callback']}{'&' if '?' in found['callback'] else '?'}{answer}"

    def _give_token(self, environ: dict[str, Any]) -> str:
        said = self._verify(environ)
        found = self.temporary.pop(said["oauth_token"], None)
        if found is None or found["verifier"] != said.get("oauth_verifier"):
            raise RefusedCallError("token_rejected")
        token = secrets.token_urlsafe(12)
        self.tokens[token] = "maria"
        return urlencode(
            {
                "oauth_token": token,
                "oauth_token_secret": "s",
                "oauth_expires_in": "157680000",
                "oauth_session_handle": secrets.token_urlsafe(12),
                "oauth_authorization_expires_in": "160272000",
            }
        )

    def _find_user(self, environ: dict[str, Any], query: dict[str, str]) -> str:
        said = self._verify(environ)
        token = said.get("oauth_token", "")
        if token:
            if token not in self.tokens:
                raise RefusedCallError("token_rejected")
            return self.tokens[token]
        return query.get("xoauth_requestor_id", "bot-of-board")

    def _verify(self, environ: dict[str, Any]) -> dict[str, str]:
        """Verify a signature with oauthlib, and give what was said beside it."""
        query = environ.get("QUERY_STRING", "")
        headers = {"Authorization": environ.get("HTTP_AUTHORIZATION", "")}
        pairs = signature.collect_parameters(uri_query=query, headers=headers, exclude_oauth_signature=False)
        said = dict(pairs)
        known = self.known.get(said.get("oauth_consumer_key", ""))
        if known is None:
            raise RefusedCallError("consumer_key_unknown")
        asked = OAuthRequest(f"{self.base_url}{environ['PATH_INFO']}", environ["REQUEST_METHOD"])
        asked.params = [pair for pair in pairs if pair[0] != "oauth_signature"]
        asked.signature = said.get("oauth_signature", "")
        if not signature.verify_rsa_sha1(asked, known.public_key):
            raise RefusedCallError("signature_invalid")
        return said


class RefusedCallError(Exception):
    """The peer says no; the text is the problem."""


def _format_xml(root: str, pairs: list[tuple[str, str]]) -> str:
    element = ET.Element(root)
    for name, text in pairs:
        ET.SubElement(element, name).text = text
    return ET.tostring(element, encoding="unicode", xml_declaration=True)


def _to_pem(bare: str) -> str:
    key = load_der_public_key(b64decode(bare))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
