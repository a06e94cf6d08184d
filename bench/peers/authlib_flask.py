"""
An authorization server with Authlib in Flask over SQLite, as Authlib's documentation builds one.

Its client, a user's session and her consent come from the environment.
"""

import os
import time
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.sqla_oauth2 import (
    OAuth2AuthorizationCodeMixin,
    OAuth2ClientMixin,
    OAuth2TokenMixin,
    create_query_client_func,
    create_query_token_func,
    create_save_token_func,
)
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Flask, Response, abort, session
from sqlalchemy import Column, Integer, String, create_engine, event
from sqlalchemy.orm import DeclarativeBase, scoped_session, sessionmaker

SECRET_METHODS = ["client_secret_basic"]


class _Model(DeclarativeBase):
    __allow_unmapped__ = True


class User(_Model):
    """Who is logged in."""

    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    name = Column(String(40), unique=True)

    def get_user_id(self) -> int:
        return int(self.id)


class Client(_Model, OAuth2ClientMixin):
    """The one client."""

    __tablename__ = "clients"
    id = Column(Integer, primary_key=True)


class Code(_Model, OAuth2AuthorizationCodeMixin):
    """An authorization code."""

    __tablename__ = "codes"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer)


class Token(_Model, OAuth2TokenMixin):
    """An access token and its refresh token."""

    __tablename__ = "tokens"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer)


class Consent(_Model):
    """What a user allowed."""

    __tablename__ = "consents"
    user_id = Column(Integer, primary_key=True)
    client_id = Column(String(48), primary_key=True)
    scope = Column(String(200))


_engine = create_engine(f"sqlite:///{os.environ['BENCH_DATABASE']}")
database = scoped_session(sessionmaker(_engine))


@event.listens_for(_engine, "connect")
def _prepare(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):
    """Codes in the database, each good once."""

    TOKEN_ENDPOINT_AUTH_METHODS = SECRET_METHODS

    def save_authorization_code(self, code: str, request: Any) -> Code:
        asked = request.payload.data
        item = Code(
            code=code,
            client_id=request.client.client_id,
            redirect_uri=request.payload.redirect_uri,
            scope=request.payload.scope,
            user_id=request.user.id,
            code_challenge=asked.get("code_challenge"),
            code_challenge_method=asked.get("code_challenge_method"),
        )
        database.add(item)
        database.commit()
        return item

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        item = database.query(Code).filter_by(code=code, client_id=client.client_id).first()
        return item if item and not item.is_expired() else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        database.delete(authorization_code)
        database.commit()

    def authenticate_user(self, authorization_code: Code) -> User | None:
        return database.get(User, authorization_code.user_id)


class RefreshTokenGrant(grants.RefreshTokenGrant):
    """Each refresh gives a new refresh token and ends the old one."""

    TOKEN_ENDPOINT_AUTH_METHODS = SECRET_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        item = database.query(Token).filter_by(refresh_token=refresh_token).first()
        return item if item and not item.refresh_token_revoked_at else None

    def authenticate_user(self, refresh_token: Token) -> User | None:
        return database.get(User, refresh_token.user_id)

    def revoke_old_credential(self, refresh_token: Token) -> None:
        refresh_token.access_token_revoked_at = refresh_token.refresh_token_revoked_at = int(time.time())
        database.commit()


class Introspection(IntrospectionEndpoint):
    """RFC 7662."""

    CLIENT_AUTH_METHODS = SECRET_METHODS

    def query_token(self, token_string: str, token_type_hint: str) -> Token | None:
        return create_query_token_func(database, Token)(token_string, token_type_hint)

    def check_permission(self, token: Token, client: Client, request: Any) -> bool:
        del request
        return token.client_id == client.client_id

    def introspect_token(self, token: Token) -> dict[str, Any]:
        return {
            "active": not token.is_revoked() and not token.is_expired(),
            "client_id": token.client_id,
            "token_type": token.token_type,
            "sub": str(token.user_id or token.client_id),
            "scope": token.scope,
            "exp": token.issued_at + token.expires_in,
            "iat": token.issued_at,
        }


app = Flask(__name__)
app.secret_key = os.environ["BENCH_SECRET_KEY"]
app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
server = AuthorizationServer(
    app,
    query_client=create_query_client_func(database, Client),
    save_token=create_save_token_func(database, Token),
)
server.register_grant(AuthorizationCodeGrant, [CodeChallenge(required=True)])
server.register_grant(RefreshTokenGrant)
server.register_grant(grants.ClientCredentialsGrant)
server.register_endpoint(Introspection)


@app.teardown_appcontext
def _close(_error: object) -> None:
    database.remove()


@app.get("/authorize")
def authorize() -> Response:
    """Give a code to a user who is logged in and has consented; nobody else comes here."""
    user = database.get(User, session["user"]) if "user" in session else None
    if user is None:
        abort(401)
    grant = server.get_consent_grant(end_user=user)
    consent = database.get(Consent, (user.id, grant.client.client_id))
    if consent is None or not set(grant.request.payload.scope.split()) <= set(consent.scope.split()):
        abort(403)
    return server.create_authorization_response(grant_user=user, grant=grant)


@app.post("/token")
def issue_token() -> Response:
    """RFC 6749 §3.2."""
    return server.create_token_response()


@app.post("/introspect")
def introspect() -> Response:
    """RFC 7662 §2."""
    return server.create_endpoint_response(Introspection.ENDPOINT_NAME)


def seed() -> str:
    """Make the tables, the client and the user with her consent; gives the cookie of her session."""
    _Model.metadata.create_all(_engine)
    client = Client(client_id=os.environ["BENCH_CLIENT_ID"], client_secret=os.environ["BENCH_CLIENT_SECRET"])
    client.client_id_issued_at = int(time.time())
    scope = os.environ["BENCH_SCOPE"]
    client.set_client_metadata(
        {
            "client_name": "bench",
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "redirect_uris": [os.environ["BENCH_REDIRECT_URI"]],
            "response_types": ["code"],
            "scope": scope,
            "token_endpoint_auth_method": "client_secret_basic",
        }
    )
    user = User(id=1, name=os.environ["BENCH_USER"])
    database.add_all([client, user, Consent(user_id=1, client_id=client.client_id, scope=scope)])
    database.commit()
    with app.test_request_context():
        session["user"] = user.id
        answer = app.make_response("")
        app.session_interface.save_session(app, session, answer)
        return answer.headers["Set-Cookie"].partition(";")[0]


if __name__ == "__main__":
    print(seed())
