"""Servers of OAuth 1.0a that are authlib's and oauthlib's, in Flask, as independent judges of our client."""

import time
from types import SimpleNamespace
from typing import Any

import httpx2
from authlib.integrations.flask_oauth1 import AuthorizationServer, ResourceProtector
from authlib.oauth1 import ClientMixin, TemporaryCredential, TokenCredentialMixin
from authlib.oauth1.rfc5849 import signature as authlib_signature
from flask import Flask, jsonify, request
from oauthlib.oauth1 import RequestValidator, WebApplicationServer

ROOT = "/oauth"


class FlaskServer:
    """Answers requests of our fetcher; ``user`` is who is logged in."""

    def __init__(self, base_url: str, *, client: SimpleNamespace, user: str = "alice") -> None:
        self.base_url, self.client, self.user = base_url, client, user
        self.temporary: dict[str, Any] = {}
        self.tokens: dict[str, Any] = {}
        self.nonces: set[tuple[Any, ...]] = set()
        self.url = ""
        self.app = Flask(type(self).__name__)

    def __call__(self, sent: httpx2.Request) -> httpx2.Response:
        # Flask gives it back decoded, which is another text than the one that was signed.
        self.url = str(sent.url)
        path = self.url.removeprefix(self.base_url)
        headers = {name: value for name, value in sent.headers.items() if name not in {"host", "content-length"}}
        answer = self.app.test_client().open(
            path, base_url=self.base_url, method=sent.method, headers=headers, data=sent.content
        )
        return httpx2.Response(answer.status_code, headers=list(answer.headers), content=answer.data)

    def claim(self, *parts: Any) -> bool:
        """Whether a nonce is new."""
        is_new = parts not in self.nonces
        self.nonces.add(parts)
        return is_new


class AuthlibClient(ClientMixin):
    def __init__(self, values: SimpleNamespace) -> None:
        self.values = values

    def get_default_redirect_uri(self):
        return self.values.callback

    def get_client_secret(self):
        return self.values.secret

    def get_rsa_public_key(self):
        return self.values.public_key


class AuthlibToken(TokenCredentialMixin):
    def __init__(self, document: dict[str, str], user: str) -> None:
        self.document, self.user = document, user

    def get_oauth_token(self):
        return self.document["oauth_token"]

    def get_oauth_token_secret(self):
        return self.document["oauth_token_secret"]


class AuthlibServer(FlaskServer):
    methods = ("HMAC-SHA1", "RSA-SHA1", "PLAINTEXT")

    def __init__(self, base_url: str, **more: Any) -> None:
        super().__init__(base_url, **more)
        self.app.config["OAUTH1_SUPPORTED_SIGNATURE_METHODS"] = list(self.methods)
        assert set(self.methods) == {
            authlib_signature.SIGNATURE_HMAC_SHA1,
            authlib_signature.SIGNATURE_RSA_SHA1,
            authlib_signature.SIGNATURE_PLAINTEXT,
        }
        oauth = AuthorizationServer(self.app, query_client=self._find_client)
        for name in (
            "create_temporary_credential",
            "get_temporary_credential",
            "delete_temporary_credential",
            "create_authorization_verifier",
            "create_token_credential",
            "exists_nonce",
        ):
            oauth.register_hook(name, getattr(self, f"_{name}"))
        guard = ResourceProtector(
            self.app, query_client=self._find_client, query_token=self._find_token, exists_nonce=self._exists_nonce
        )

        def authorize():
            oauth.check_authorization_request()
            return oauth.create_authorization_response(grant_user=SimpleNamespace(get_user_id=lambda: self.user))

        def read():
            form = request.form.to_dict()
            credential = guard.validate_request(request.method, self.url, form, request.headers).credential
            return jsonify({"of": credential.user, "q": request.args.getlist("q"), "f": request.form.getlist("f")})

        add = self.app.add_url_rule
        add(
            f"{ROOT}/request-token",
            view_func=oauth.create_temporary_credentials_response,
            methods=["POST"],
            endpoint="temporary",
        )
        add(f"{ROOT}/authorize", view_func=authorize)
        add(f"{ROOT}/access-token", view_func=oauth.create_token_response, methods=["POST"], endpoint="token")
        add("/api", view_func=read, methods=["GET", "POST"])

    def _find_client(self, key: str) -> AuthlibClient | None:
        return AuthlibClient(self.client) if key == self.client.key else None

    def _find_token(self, key: str, token: str) -> AuthlibToken | None:
        return self.tokens.get(token)

    def _exists_nonce(self, nonce, timestamp, client_id, token):
        return not self.claim(nonce, timestamp, client_id, token)

    def _create_temporary_credential(self, token, client_id, redirect_uri):
        made = TemporaryCredential(token | {"client_id": client_id, "oauth_callback": redirect_uri})
        self.temporary[made.get_oauth_token()] = made
        return made

    def _get_temporary_credential(self, token):
        return self.temporary.get(token)

    def _delete_temporary_credential(self, token):
        self.temporary.pop(token, None)

    def _create_authorization_verifier(self, credential, user, verifier):
        credential |= {"oauth_verifier": verifier, "user_id": user.get_user_id()}

    def _create_token_credential(self, token, temporary):
        self.tokens[token["oauth_token"]] = AuthlibToken(token, temporary.get_user_id())
        return self.tokens[token["oauth_token"]]


class Validator(RequestValidator):
    # What else oauthlib asks of keys and tokens (their lengths) is its default.
    dummy_client = dummy_request_token = dummy_access_token = "dummy"
    client_key_length = (4, 60)

    def __init__(self, ours: "OauthlibServer") -> None:
        super().__init__()
        self.ours = ours

    @property
    def allowed_signature_methods(self):
        return self.ours.methods

    def get_client_secret(self, client_key, request):
        return self.ours.client.secret

    def get_rsa_key(self, client_key, request):
        return self.ours.client.public_key

    def get_request_token_secret(self, client_key, token, request):
        return self.ours.temporary.get(token, {}).get("oauth_token_secret", "")

    def get_access_token_secret(self, client_key, token, request):
        return self.ours.tokens.get(token, {}).get("oauth_token_secret", "")

    def get_default_realms(self, client_key, request):
        return []

    def get_realms(self, token, request):
        return []

    def get_redirect_uri(self, token, request):
        return self.ours.temporary[token]["callback"]

    def invalidate_request_token(self, client_key, request_token, request):
        del self.ours.temporary[request_token]

    def validate_client_key(self, client_key, request):
        return client_key == self.ours.client.key

    def validate_request_token(self, client_key, token, request):
        return token in self.ours.temporary

    def validate_access_token(self, client_key, token, request):
        return token in self.ours.tokens

    def validate_timestamp_and_nonce(
        self, client_key, timestamp, nonce, request, request_token=None, access_token=None
    ):
        return abs(time.time() - int(timestamp)) < 300 and self.ours.claim(
            timestamp, nonce, client_key, request_token, access_token
        )

    def validate_redirect_uri(self, client_key, redirect_uri, request):
        return redirect_uri == self.ours.client.callback

    def validate_requested_realms(self, client_key, realms, request):
        return True

    def validate_realms(self, client_key, token, request, uri=None, realms=None):
        return True

    def validate_verifier(self, client_key, token, verifier, request):
        return self.ours.temporary[token].get("verifier") == verifier

    def verify_request_token(self, token, request):
        return token in self.ours.temporary

    def verify_realms(self, token, realms, request):
        return True

    def save_access_token(self, token, request):
        self.ours.tokens[token["oauth_token"]] = dict(token) | {"of": self.ours.user}

    def save_request_token(self, token, request):
        self.ours.temporary[token["oauth_token"]] = dict(token) | {"callback": request.redirect_uri}

    def save_verifier(self, token, verifier, request):
        self.ours.temporary[token]["verifier"] = verifier["oauth_verifier"]


class OauthlibServer(FlaskServer):
    methods = (
        "HMAC-SHA1",
        "HMAC-SHA256",
        "HMAC-SHA512",
        "RSA-SHA1",
        "RSA-SHA256",
        "RSA-SHA512",
        "PLAINTEXT",
    )

    def __init__(self, base_url: str, **more: Any) -> None:
        super().__init__(base_url, **more)
        oauth = WebApplicationServer(Validator(self))

        def answer(respond):
            headers, body, status = respond(
                self.url,
                http_method=request.method,
                body=request.get_data(as_text=True),
                headers=dict(request.headers),
            )
            return body or "", status, dict(headers)

        def read():
            is_valid, asked = oauth.validate_protected_resource_request(
                self.url,
                http_method=request.method,
                body=request.get_data(as_text=True),
                headers=dict(request.headers),
            )
            if not is_valid:
                return "", 401
            of = self.tokens[asked.resource_owner_key]["of"]
            return jsonify({"of": of, "q": request.args.getlist("q"), "f": request.form.getlist("f")})

        add = self.app.add_url_rule
        for path, respond, method in (
            ("request-token", oauth.create_request_token_response, "POST"),
            ("authorize", oauth.create_authorization_response, "GET"),
            ("access-token", oauth.create_access_token_response, "POST"),
        ):
            add(f"{ROOT}/{path}", view_func=lambda each=respond: answer(each), methods=[method], endpoint=path)
        add("/api", view_func=read, methods=["GET", "POST"])
