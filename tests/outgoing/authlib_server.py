"""An authorization server that is authlib's, in Flask, as an independent judge of our client."""

import time
from typing import Any

import httpx2
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc6749.util import scope_to_list
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import Flask, jsonify, request
from joserfc.jwk import KeySet

PREFIX = "/applinks/oauth2"
METHODS = ["client_assertion_jwt"]


class Client(ClientMixin):
    def __init__(self, client_id: str, redirect_uri: str, keys: list[dict[str, Any]]) -> None:
        self.client_id = client_id
        self.redirect_uri = redirect_uri
        self.keys = keys

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return self.redirect_uri

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret):
        return False

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_assertion_jwt"

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type in {"authorization_code", "refresh_token", "client_credentials"}


class Code(AuthorizationCodeMixin):
    nonce = None

    def __init__(self, **fields: Any) -> None:
        vars(self).update(fields)

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope


class Token(TokenMixin):
    revoked = False

    def __init__(self, document: dict[str, Any], client: Client, user: Any) -> None:
        vars(self).update(document)
        self.client, self.user = client, user
        self.issued_at = time.time()

    def check_client(self, client):
        return client is self.client

    def get_scope(self):
        return self.scope

    def get_expires_in(self):
        return self.expires_in

    def is_expired(self):
        return False

    def is_revoked(self):
        return self.revoked

    def get_client(self):
        return self.client

    def get_user(self):
        return self.user


class Assertion(JWTBearerClientAssertion):
    def __init__(self, ours: "AuthlibServer") -> None:
        super().__init__()
        self.ours = ours

    def get_audiences(self):
        return [self.ours.issuer]

    def validate_jti(self, claims, jti):
        fresh = jti not in self.ours.jtis
        self.ours.jtis.add(jti)
        return fresh

    def resolve_client_public_key(self, client):
        return KeySet.import_key_set({"keys": client.keys})


class Issuer(IssuerParameter):
    def __init__(self, ours: "AuthlibServer") -> None:
        self.ours = ours

    def get_issuer(self):
        return self.ours.issuer


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def save_authorization_code(self, code, request):
        data = request.payload.data
        self.server.ours.codes[code] = Code(
            code=code,
            redirect_uri=request.payload.redirect_uri,
            scope=request.payload.scope,
            code_challenge=data["code_challenge"],
            code_challenge_method=data["code_challenge_method"],
            user=request.user,
        )

    def query_authorization_code(self, code, client):
        return self.server.ours.codes.get(code)

    def delete_authorization_code(self, authorization_code):
        del self.server.ours.codes[authorization_code.code]

    def authenticate_user(self, authorization_code):
        return authorization_code.user


class RefreshGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token):
        found = self.server.ours.find(refresh_token)
        return None if found is None or found.revoked else found

    def authenticate_user(self, refresh_token):
        return refresh_token.user

    def revoke_old_credential(self, refresh_token):
        refresh_token.revoked = True


class CredentialsGrant(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token_string, token_type_hint):
        return self.server.ours.find(token_string)

    def revoke_token(self, token, request):
        token.revoked = True


class AuthlibServer:
    """Answers requests of our fetcher; ``user`` is who is logged in."""

    def __init__(self, issuer: str, client: Client, user: str = "alice") -> None:
        self.issuer, self.client, self.user = issuer, client, user
        self.tokens: list[Token] = []
        self.codes: dict[str, Code] = {}
        self.jtis: set[str] = set()
        self.app = Flask("authlib-server")
        self.app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
        self.oauth = AuthorizationServer(
            self.app, query_client=lambda name: client if name == client.client_id else None, save_token=self._save
        )
        self._register()
        self._add_routes()

    def __call__(self, sent: httpx2.Request) -> httpx2.Response:
        path = str(sent.url).removeprefix(self.issuer)
        headers = {name: value for name, value in sent.headers.items() if name not in {"host", "content-length"}}
        answer = self.app.test_client().open(
            path, base_url=self.issuer, method=sent.method, headers=headers, data=sent.content
        )
        return httpx2.Response(answer.status_code, headers=list(answer.headers), content=answer.data)

    def _save(self, document: dict[str, Any], asked: Any) -> None:
        self.tokens.append(Token({"refresh_token": None} | document, asked.client, asked.user))

    def find(self, value: str) -> Token | None:
        return next((each for each in self.tokens if value in {each.access_token, each.refresh_token}), None)

    def _register(self) -> None:
        # The grants reach us through the server that authlib hands them.
        self.oauth.ours = self
        self.oauth.register_client_auth_method("client_assertion_jwt", Assertion(self))
        self.oauth.register_extension(Issuer(self))
        self.oauth.register_grant(CodeGrant, [CodeChallenge(required=True)])
        self.oauth.register_grant(RefreshGrant)
        self.oauth.register_grant(CredentialsGrant)
        self.oauth.register_endpoint(Revocation)

    def _add_routes(self) -> None:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}{PREFIX}/authorize",
            "token_endpoint": f"{self.issuer}{PREFIX}/token",
            "revocation_endpoint": f"{self.issuer}{PREFIX}/revoke",
            "authorization_response_iss_parameter_supported": True,
        }

        def authorize():
            grant = self.oauth.get_consent_grant(end_user=self.user)
            return self.oauth.create_authorization_response(grant=grant, grant_user=self.user)

        def read_issues():
            found = self.find(request.headers.get("Authorization", "").removeprefix("Bearer "))
            if found is None or found.revoked or "issues:read" not in scope_to_list(found.scope):
                return "", 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return jsonify({"of": found.user})

        add = self.app.add_url_rule
        add("/.well-known/oauth-authorization-server", view_func=lambda: jsonify(document), endpoint="metadata")
        add(f"{PREFIX}/authorize", view_func=authorize)
        add(f"{PREFIX}/token", view_func=self.oauth.create_token_response, methods=["POST"], endpoint="token")
        add(
            f"{PREFIX}/revoke",
            view_func=lambda: self.oauth.create_endpoint_response("revocation"),
            methods=["POST"],
            endpoint="revoke",
        )
        add("/api/issues", view_func=read_issues)
