"""
A server of OAuth 1.0a, and the application that it guards: python oauth1_site.py LIBRARY, oauthlib or authlib.

Prints {"url"} once it listens. Clients are made by POST /clients. Its one user is alice; /authorize asks her in a form.
Both libraries judge as they do by default: oauthlib takes nonces of 20 to 30 letters and digits alone.
"""

import json
import os
import secrets
import sys
from dataclasses import dataclass, field
from types import SimpleNamespace

from authlib.integrations.flask_oauth1 import AuthorizationServer, ResourceProtector, current_credential
from authlib.oauth1 import TemporaryCredential
from authlib.oauth1.errors import OAuth1Error
from flask import Flask, Response, jsonify, redirect, request
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint, WebApplicationServer
from werkzeug.serving import make_server

USER = "alice"
_ALL = ("HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512")
_FORM = "application/x-www-form-urlencoded"


@dataclass
class Known:
    """Everything that the server knows."""

    clients: dict[str, dict] = field(default_factory=dict)
    temporary: dict[str, dict] = field(default_factory=dict)
    tokens: dict[str, dict] = field(default_factory=dict)
    nonces: set[tuple] = field(default_factory=set)

    def claim_nonce(self, *proof: object) -> bool:
        if proof in self.nonces:
            return False
        self.nonces.add(proof)
        return True


class Validator(RequestValidator):
    """What oauthlib asks of a server."""

    enforce_ssl = False
    allowed_signature_methods = _ALL
    dummy_client = dummy_request_token = dummy_access_token = "x" * 24
    # The dummies have to be signed for, too.
    realms = ()

    def __init__(self, known: Known) -> None:
        super().__init__()
        self.known = known

    # A key of ours has a colon, and a verifier's length is the server's own.
    def check_client_key(self, client_key):
        return bool(client_key)

    def get_client(self, client_key):
        return self.known.clients.get(client_key, {})

    def validate_client_key(self, client_key, request):
        return client_key in self.known.clients

    def get_client_secret(self, client_key, request):
        return self.get_client(client_key).get("secret", "")

    def get_rsa_key(self, client_key, request):
        return self.get_client(client_key).get("public_key", "")

    def validate_timestamp_and_nonce(
        self, client_key, timestamp, nonce, request, request_token=None, access_token=None
    ):
        return self.known.claim_nonce(client_key, request_token, access_token, timestamp, nonce)

    def validate_redirect_uri(self, client_key, redirect_uri, request):
        return redirect_uri == self.get_client(client_key).get("callback")

    def get_default_realms(self, client_key, request):
        return []

    def validate_requested_realms(self, client_key, realms, request):
        return True

    def validate_realms(self, client_key, token, request, uri=None, realms=None):
        return True

    def get_realms(self, token, request):
        return []

    def save_request_token(self, token, request):
        self.known.temporary[token["oauth_token"]] = {
            "client": request.client_key,
            "secret": token["oauth_token_secret"],
            "callback": request.redirect_uri,
        }

    def verify_request_token(self, token, request):
        return token in self.known.temporary

    def get_redirect_uri(self, token, request):
        return self.known.temporary[token]["callback"]

    def save_verifier(self, token, verifier, request):
        self.known.temporary[token]["verifier"] = verifier["oauth_verifier"]

    def validate_request_token(self, client_key, token, request):
        return self.known.temporary.get(token, {}).get("client") == client_key

    def get_request_token_secret(self, client_key, token, request):
        return self.known.temporary.get(token, {}).get("secret", "")

    def validate_verifier(self, client_key, token, verifier, request):
        return self.known.temporary.get(token, {}).get("verifier") == verifier

    def invalidate_request_token(self, client_key, request_token, request):
        self.known.temporary.pop(request_token, None)

    def save_access_token(self, token, request):
        said = {"client": request.client_key, "secret": token["oauth_token_secret"]}
        self.known.tokens[token["oauth_token"]] = said

    def validate_access_token(self, client_key, token, request):
        return self.known.tokens.get(token, {}).get("client") == client_key

    def get_access_token_secret(self, client_key, token, request):
        return self.known.tokens.get(token, {}).get("secret", "")


def build_oauthlib(app: Flask, known: Known) -> None:
    """Serve as oauthlib's documentation says; two legs besides."""
    server, two_legs = WebApplicationServer(Validator(known)), SignatureOnlyEndpoint(Validator(known))

    def read() -> tuple:
        body = request.get_data(as_text=True) if request.mimetype == _FORM else None
        # Flask's own address has its escapes undone, which oauthlib does not take.
        url = request.host_url.rstrip("/") + request.environ["RAW_URI"]
        return url, request.method, body, dict(request.headers)

    def answer(found: tuple) -> Response:
        headers, body, status = found
        return Response(body or "", status, headers)

    @app.post("/request-token")
    def give_temporary():
        return answer(server.create_request_token_response(*read()))

    @app.post("/access-token")
    def give_token():
        return answer(server.create_access_token_response(*read()))

    def grant() -> Response:
        return answer(server.create_authorization_response(request.url))

    ask(app, known, grant)

    @app.route("/api/things", methods=["GET", "POST"])
    def list_things():
        is_valid, found = server.validate_protected_resource_request(*read(), realms=[])
        if not is_valid:
            return Response("oauth_problem=token_rejected", 401)
        return jsonify(of=USER, client=found.client_key, sent=list(request.values.items(multi=True)))

    @app.get("/api/itself")
    def show_itself():
        is_valid, found = two_legs.validate_request(*read())
        return jsonify(of=None, client=found.client_key) if is_valid else Response("", 401)


def build_authlib(app: Flask, known: Known) -> None:
    """Serve as authlib's documentation says; it knows neither SHA-2 nor two legs."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    app.config["OAUTH1_SUPPORTED_SIGNATURE_METHODS"] = ["HMAC-SHA1", "RSA-SHA1", "PLAINTEXT"]

    def find_client(key):
        if key not in known.clients:
            return None
        client = known.clients[key]
        return SimpleNamespace(
            client_id=key,
            get_default_redirect_uri=lambda: client["callback"],
            get_client_secret=lambda: client.get("secret", ""),
            get_rsa_public_key=lambda: client.get("public_key", ""),
        )

    def keep_temporary(token, client, callback):
        credentials = TemporaryCredential(token | {"client_id": client, "oauth_callback": callback})
        known.temporary[token["oauth_token"]] = credentials
        return credentials

    def keep_verifier(credentials, user, verifier):
        credentials["oauth_verifier"] = verifier

    def keep_token(token, temporary):
        known.tokens[token["oauth_token"]] = TemporaryCredential(token | {"client_id": temporary.get_client_id()})
        return known.tokens[token["oauth_token"]]

    def has_nonce(nonce, timestamp, client, token):
        return not known.claim_nonce(client, token, timestamp, nonce)

    def find_token(client, token):
        found = known.tokens.get(token)
        return found if found and found["client_id"] == client else None

    server = AuthorizationServer(app, query_client=find_client)
    server.register_hook("exists_nonce", has_nonce)
    server.register_hook("create_temporary_credential", keep_temporary)
    server.register_hook("get_temporary_credential", known.temporary.get)
    server.register_hook("delete_temporary_credential", lambda token: known.temporary.pop(token, None))
    server.register_hook("create_authorization_verifier", keep_verifier)
    server.register_hook("create_token_credential", keep_token)
    protect = ResourceProtector(app, query_client=find_client, query_token=find_token, exists_nonce=has_nonce)

    app.post("/request-token")(server.create_temporary_credentials_response)
    app.post("/access-token")(server.create_token_response)

    def grant() -> Response:
        server.check_authorization_request()
        return server.create_authorization_response(grant_user=SimpleNamespace(id=USER))

    ask(app, known, grant)

    @app.route("/api/things", methods=["GET", "POST"])
    @protect()
    def list_things():
        client = current_credential["client_id"]
        return jsonify(of=USER, client=client, sent=list(request.values.items(multi=True)))

    app.register_error_handler(OAuth1Error, lambda error: (dict(error.get_body()), error.status_code))


def ask(app: Flask, known: Known, grant) -> None:
    """Ask alice in a form, and do as she says."""

    @app.get("/authorize")
    def show():
        if request.args.get("oauth_token") not in known.temporary:
            return "unknown", 400
        buttons = "".join(f'<button name="{name}" value="1">{name}</button>' for name in ("yes", "no"))
        return f'<form method="post">{buttons}</form>'

    @app.post("/authorize")
    def decide():
        if "yes" in request.form:
            return grant()
        token = request.args["oauth_token"]
        found = known.temporary[token]
        callback = found.get("callback") or found["oauth_callback"]
        return redirect(f"{callback}{'&' if '?' in callback else '?'}oauth_token={token}&oauth_verifier=denied")


def build_app(library: str) -> Flask:
    """Give the whole site."""
    app, known = Flask(__name__), Known()
    {"oauthlib": build_oauthlib, "authlib": build_authlib}[library](app, known)

    @app.post("/clients")
    def add_client():
        key = request.json.get("key") or secrets.token_hex(12)
        known.clients[key] = request.json
        return {"key": key}

    @app.post("/forget")
    def forget_tokens():
        known.tokens.clear()
        return {}

    return app


def main() -> None:
    """Serve until it is interrupted."""
    server = make_server("127.0.0.1", 0, build_app(sys.argv[1]), threaded=True)
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    try:
        server.serve_forever(0.05)
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
