"""Python's OAuth clients against ``applinks serve``: authlib's two, and requests-oauthlib."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.integrations.requests_client import OAuth2Session
from oauthlib.oauth2 import AccessDeniedError, BackendApplicationClient, InvalidClientError, InvalidGrantError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session as RequestsSession

from tests.foreign.served import EMAIL, USER, Client, Served, read_answer

VERIFIER = "a-verifier-of-the-client-that-is-long-enough-0123"
SCOPE = "profile email"
LIBRARIES = pytest.mark.parametrize("library", [OAuth2Session, OAuth2Client], ids=["requests", "httpx2"])
METHODS = pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])


@contextmanager
def use(library: Any, served: Served, client: Client, method: str, **options: Any) -> Iterator[Any]:
    """Give a session of authlib's that knows what the metadata says and nothing else."""
    metadata = served.read_metadata()
    session = library(
        client.id,
        client.secret or None,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        introspection_endpoint_auth_method=method,
        redirect_uri=client.redirect_uri,
        code_challenge_method="S256",
        **{"scope": SCOPE} | options,
    )
    session.metadata |= metadata
    with session:
        yield session


def connect(session: Any, served: Served) -> dict[str, Any]:
    """Go the way of an authorization code from its beginning to tokens."""
    url, state = session.create_authorization_url(session.metadata["authorization_endpoint"], code_verifier=VERIFIER)
    answer = served.approve(url)
    assert read_answer(answer)["iss"] == session.metadata["issuer"]
    token = session.fetch_token(
        session.metadata["token_endpoint"], authorization_response=answer, state=state, code_verifier=VERIFIER
    )
    return dict(token)


@LIBRARIES
@METHODS
def test_authlib_goes_the_whole_way(served: Served, library: Any, method: str) -> None:
    """Issue: found by metadata; tokens, call, refresh, introspection, revocation; by Basic and by post."""
    client = served.add_client()
    with use(library, served, client, method) as session:
        first = connect(session, served)
        me = session.get(served.me).json()
        assert (me["name"], me["email"], me["client"], set(me["scopes"])) == (
            USER,
            EMAIL,
            client.id,
            {"profile", "email"},
        )
        second = session.refresh_token(session.metadata["token_endpoint"])
        assert second["access_token"] != first["access_token"]
        assert second["refresh_token"] != first["refresh_token"]
        assert session.get(served.me).json()["name"] == USER
        introspect = session.metadata["introspection_endpoint"]
        found = session.introspect_token(introspect, token=second["access_token"]).json()
        assert (found["active"], found["client_id"], found["username"], found["iss"]) == (
            True,
            client.id,
            USER,
            served.base_url,
        )
        revoke = session.metadata["revocation_endpoint"]
        assert session.revoke_token(revoke, token=second["refresh_token"]).status_code == 200
        assert session.introspect_token(introspect, token=second["access_token"]).json() == {"active": False}
        assert session.get(served.me).status_code == 401


@LIBRARIES
def test_a_public_client_of_authlib_needs_no_secret(served: Served, library: Any) -> None:
    """RFC 6749 §2.1, RFC 7636."""
    client = served.add_client("--public")
    assert client.secret == ""
    with use(library, served, client, "none") as session:
        connect(session, served)
        session.refresh_token(session.metadata["token_endpoint"])
        assert session.get(served.me).json()["name"] == USER


@LIBRARIES
@METHODS
def test_authlib_calls_for_the_application_itself(served: Served, library: Any, method: str) -> None:
    """RFC 6749 §4.4."""
    with use(library, served, served.add_client(), method, scope="profile") as session:
        token = session.fetch_token(session.metadata["token_endpoint"], grant_type="client_credentials")
        assert "refresh_token" not in token
        assert session.get(served.me).json()["name"] is None


@METHODS
def test_authlib_is_told_of_a_wrong_secret(served: Served, method: str) -> None:
    """RFC 6749 §5.2: invalid_client."""
    client = served.add_client()
    wrong = Client(client.id, served.add_client().secret)
    with use(OAuth2Session, served, wrong, method) as session, pytest.raises(OAuthError, match="invalid_client"):
        connect(session, served)


def test_a_client_is_told_that_the_user_said_no(
    served: Served, requests_session: Callable[[Client], RequestsSession]
) -> None:
    """RFC 6749 §4.1.2.1."""
    client, metadata = served.add_client(), served.read_metadata()
    with requests_session(client) as session:
        url, state = session.authorization_url(metadata["authorization_endpoint"])
        answer = served.approve(url, button="deny")
        assert (read_answer(answer)["state"], read_answer(answer)["iss"]) == (state, served.base_url)
        with pytest.raises(AccessDeniedError):
            session.fetch_token(metadata["token_endpoint"], authorization_response=answer, client_secret=client.secret)


@pytest.fixture
def requests_session(served: Served, monkeypatch: pytest.MonkeyPatch) -> Callable[[Client], RequestsSession]:
    """A session of requests-oauthlib, which wants to be told that loopback needs no TLS."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    return lambda client: RequestsSession(client.id, redirect_uri=client.redirect_uri, scope=SCOPE, pkce="S256")


@METHODS
def test_requests_oauthlib_goes_the_whole_way(
    served: Served, requests_session: Callable[[Client], RequestsSession], method: str
) -> None:
    """Issue: found by metadata; tokens, call, refresh, introspection, revocation; by Basic and by post."""
    client, metadata = served.add_client(), served.read_metadata()
    basic = HTTPBasicAuth(client.id, client.secret)
    is_basic = method == "client_secret_basic"
    by_post = {"client_id": client.id, "client_secret": client.secret}
    proof: dict[str, Any] = {"auth": basic} if is_basic else by_post
    with requests_session(client) as session:
        url, _ = session.authorization_url(metadata["authorization_endpoint"])
        first = session.fetch_token(
            metadata["token_endpoint"],
            authorization_response=served.approve(url),
            client_secret=client.secret,
            include_client_id=not is_basic,
            auth=basic if is_basic else None,
        )
        assert session.get(served.me).json()["email"] == EMAIL
        second = session.refresh_token(metadata["token_endpoint"], **proof)
        assert second["refresh_token"] != first["refresh_token"]
        assert session.get(served.me).json()["name"] == USER

        def send(name: str, token: str) -> Any:
            form = {"token": token} | ({} if is_basic else by_post)
            endpoint = metadata[f"{name}_endpoint"]
            return session.post(endpoint, data=form, auth=basic if is_basic else None, withhold_token=True)

        assert send("introspection", second["access_token"]).json()["username"] == USER
        assert send("revocation", second["refresh_token"]).status_code == 200
        assert send("introspection", second["access_token"]).json() == {"active": False}
        assert session.get(served.me).status_code == 401


def test_requests_oauthlib_is_told_what_is_wrong(
    served: Served, requests_session: Callable[[Client], RequestsSession]
) -> None:
    """RFC 6749 §5.2: invalid_client for a wrong secret, invalid_grant for a code that came before."""
    client, metadata = served.add_client(), served.read_metadata()
    with requests_session(client) as session:
        url, _ = session.authorization_url(metadata["authorization_endpoint"])
        answer = {"authorization_response": served.approve(url), "include_client_id": True}
        with pytest.raises(InvalidClientError):
            session.fetch_token(metadata["token_endpoint"], **answer, client_secret=served.add_client().secret)
        token = session.fetch_token(metadata["token_endpoint"], **answer, client_secret=client.secret)
        with pytest.raises(InvalidGrantError):
            session.fetch_token(metadata["token_endpoint"], **answer, client_secret=client.secret)
        # RFC 6749 §4.1.2: what the code gave ended with its second use.
        assert served.ask_me(token["access_token"]).status_code == 401


def test_requests_oauthlib_calls_for_the_application_itself(
    served: Served, requests_session: Callable[[Client], RequestsSession]
) -> None:
    """RFC 6749 §4.4."""
    client, metadata = served.add_client(), served.read_metadata()
    with RequestsSession(client=BackendApplicationClient(client.id, scope="profile")) as session:
        session.fetch_token(metadata["token_endpoint"], auth=HTTPBasicAuth(client.id, client.secret))
        assert session.get(served.me).json()["name"] is None
