"""Our provider, and authlib's client as an independent judge of it, over HTTP."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from applinks import Scope, Settings
from applinks.hosts.starlette import AppLinks
from applinks.records.clients import Client, ClientAuthentication, GrantType
from tests.interplay.serving import Person, Port, Users, allow, lay, make_key, make_link, serve, with_storage

VERIFIER = "a-verifier-of-the-client-that-is-long-enough-0123"
PUBLIC, ROBOT = "desktop", "robot"
PUBLIC_REDIRECT, ROBOT_REDIRECT = "http://127.0.0.1:4711/done", "https://robot.example/callback"
BOTH = pytest.mark.parametrize("library", [OAuth2Session, OAuth2Client], ids=["requests", "httpx2"])


class FreshPrivateKeyJWT(PrivateKeyJWT):
    """
    authlib's own, with an assertion that lives for a minute.

    Its own lives for an hour, longer than we accept; and fixed claims would give each assertion the same ``jti``.
    """

    alg = "ES256"

    def sign(self, auth: Any, token_endpoint: str) -> str:
        self.claims = {"exp": int(time.time()) + 60}
        return super().sign(auth, token_endpoint)


@dataclass
class Notebook:
    """The provider, as a client knows it."""

    base_url: str
    metadata: dict[str, Any]
    key: dict[str, Any]

    @contextmanager
    def use(self, library: Any, client_id: str, **options: Any) -> Iterator[Any]:
        """Give a session of the client, configured by what our metadata says and nothing else."""
        method = "none" if client_id == PUBLIC else "private_key_jwt"
        assertion = options.pop("assertion", FreshPrivateKeyJWT)
        session = library(
            client_id,
            ECKey.import_key(self.key) if client_id == ROBOT else None,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            redirect_uri=PUBLIC_REDIRECT if client_id == PUBLIC else ROBOT_REDIRECT,
            code_challenge_method="S256",
            token_endpoint=self.metadata["token_endpoint"],
            **{"scope": "notes:read"} | options,
        )
        session.register_client_auth_method(
            assertion(self.metadata["issuer"], headers={"kid": self.key["kid"]}, alg="ES256")
        )
        with session:
            yield session

    def connect(self, session: Any, person: Person, **more: Any) -> dict[str, Any]:
        """Go the way of an authorization code from its beginning to tokens."""
        url, state = session.create_authorization_url(
            self.metadata["authorization_endpoint"], code_verifier=VERIFIER, **more
        )
        answer = person.approve(url)
        assert parse_qs(urlsplit(answer).query)["iss"] == [self.metadata["issuer"]]
        return dict(session.fetch_token(authorization_response=answer, state=state, code_verifier=VERIFIER))

    def read(self, session: Any, path: str = "/api/notes") -> Any:
        answer = session.get(self.base_url + path)
        assert answer.status_code == 200, answer.text
        return answer.json()


def build_host(settings: Settings) -> Starlette:
    applinks = AppLinks(
        settings,
        users=Users("alice", logged_in="alice"),
        scopes=[
            Scope("notes:read", "See your notes", default=True),
            Scope("notes:write", "Change your notes"),
            Scope("notes:count", "Count all notes", application=True),
        ],
    )

    @applinks.requires("notes:read", user=True)
    async def notes(request):
        caller = applinks.caller(request)
        return JSONResponse({"of": caller.user.id, "by": caller.link.handle, "scopes": sorted(caller.scopes)})

    @applinks.requires("notes:count")
    def count(request):
        caller = applinks.caller(request)
        return JSONResponse({"of": caller.user and caller.user.id, "by": caller.link.handle})

    app = Starlette(routes=[Route("/api/notes", notes), Route("/api/count", count)])
    applinks.mount(app)
    return app


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    folder: Path = tmp_path_factory.mktemp("notebook")
    port = Port()
    settings = Settings(base_url=port.base_url, name="Notebook", database=f"sqlite:///{folder / 'applinks.db'}")
    private, public = make_key()

    async def lay_both(storage: Any) -> None:
        for number, (client_id, redirect_uri) in enumerate(((PUBLIC, PUBLIC_REDIRECT), (ROBOT, ROBOT_REDIRECT))):
            is_robot = client_id == ROBOT
            incoming = allow("notes:read", "notes:write", application=("notes:count",))
            link = make_link(client_id, f"https://{client_id}.example", number=number, incoming=incoming)
            client = Client(
                id=f"cli_{client_id}",
                client_id=client_id,
                link_id=link.id,
                name=client_id.title(),
                authentication=ClientAuthentication.PRIVATE_KEY_JWT if is_robot else ClientAuthentication.NONE,
                redirect_uris=(redirect_uri,),
                grant_types=tuple(GrantType) if is_robot else tuple(GrantType)[:2],
                scopes=("notes:read", "notes:write"),
                application_scopes=("notes:count",) if is_robot else (),
                keys=(public,) if is_robot else (),
                created_at=1,
            )
            await lay(storage, link, client)

    with_storage(settings, lay_both)
    with serve(build_host(settings), port) as base_url:
        metadata = Person().open(get_well_known_url(base_url, external=True)).json()
        yield Notebook(base_url, metadata, private | {"kid": public["kid"]})


def test_the_metadata_is_what_authlib_holds_for_valid(notebook: Notebook) -> None:
    """RFC 8414 §2."""
    document = AuthorizationServerMetadata(notebook.metadata)
    document["issuer"] = document["issuer"].replace("http:", "https:")
    for name in ("authorization_endpoint", "token_endpoint", "revocation_endpoint", "jwks_uri"):
        document[name] = document[name].replace("http:", "https:")
    document.validate()
    assert notebook.metadata["code_challenge_methods_supported"] == ["S256"]
    by_secret = {"client_secret_basic", "client_secret_post"}
    assert set(document.token_endpoint_auth_methods_supported) == {"none", "private_key_jwt"} | by_secret


@BOTH
@pytest.mark.requirement("rfc9207-2.3-2")
@pytest.mark.parametrize("client_id", [PUBLIC, ROBOT])
def test_a_user_connects_and_is_called_for(notebook: Notebook, library: Any, client_id: str) -> None:
    """Issue: our provider against authlib's client, with PKCE, public and by private_key_jwt."""
    with notebook.use(library, client_id) as session:
        token = notebook.connect(session, Person())
        assert (token["token_type"], token["scope"]) == ("Bearer", "notes:read")
        assert notebook.read(session) == {"of": "alice", "by": client_id, "scopes": ["notes:read"]}


@BOTH
@pytest.mark.requirement("rfc9700-2.2.2-1")
@pytest.mark.parametrize("client_id", [PUBLIC, ROBOT])
def test_authlib_renews_by_itself_and_keeps_the_rotated_token(notebook: Notebook, library: Any, client_id: str) -> None:
    """RFC 6749 §6, RFC 9700 §4.14.2."""
    kept: list[dict[str, Any]] = []
    with notebook.use(library, client_id, update_token=lambda token, **old: kept.append(token)) as session:
        first = notebook.connect(session, Person())
        for count in (1, 2):
            session.token = dict(session.token) | {"expires_at": 1}
            assert notebook.read(session)["of"] == "alice"
            assert len(kept) == count
    assert len({first["refresh_token"], *(token["refresh_token"] for token in kept)}) == 3


@BOTH
def test_revoking_the_refresh_token_ends_all_of_it(notebook: Notebook, library: Any) -> None:
    """RFC 7009 §2.1, and product §5: the consent is the grant."""
    with notebook.use(library, ROBOT) as session:
        token = notebook.connect(session, Person())
        url = notebook.metadata["revocation_endpoint"]
        assert session.revoke_token(url, token["refresh_token"], "refresh_token").status_code == 200
        assert session.get(f"{notebook.base_url}/api/notes").status_code == 401
        with pytest.raises(OAuthError, match="invalid_grant"):
            session.refresh_token(refresh_token=token["refresh_token"])
        page = Person().open(
            session.create_authorization_url(notebook.metadata["authorization_endpoint"], code_verifier=VERIFIER)[0]
        )
        assert (page.status_code, "Let Robot use your Notebook account?" in page.text) == (200, True)


@BOTH
def test_an_application_calls_for_itself(notebook: Notebook, library: Any) -> None:
    """RFC 6749 §4.4."""
    with notebook.use(library, ROBOT, scope="notes:count") as session:
        token = session.fetch_token(grant_type="client_credentials")
        assert "refresh_token" not in token
        assert notebook.read(session, "/api/count") == {"of": None, "by": ROBOT}
        refused = session.get(f"{notebook.base_url}/api/notes")
        assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")


def test_a_public_client_never_calls_for_itself(notebook: Notebook) -> None:
    """RFC 6749 §4.4 MUST."""
    with notebook.use(OAuth2Session, PUBLIC) as session, pytest.raises(OAuthError, match="unauthorized_client"):
        session.fetch_token(grant_type="client_credentials")


def test_a_user_who_says_no_sends_the_client_an_error(notebook: Notebook) -> None:
    """RFC 6749 §4.1.2.1, RFC 9207 §2."""
    with notebook.use(OAuth2Session, PUBLIC) as session:
        url, state = session.create_authorization_url(
            notebook.metadata["authorization_endpoint"], code_verifier=VERIFIER
        )
    answer = parse_qs(urlsplit(Person().approve(url, button="deny")).query)
    assert (answer["error"], answer["state"], answer["iss"]) == (["access_denied"], [state], [notebook.base_url])


@pytest.mark.requirement("AS-10")
@pytest.mark.requirement("rfc7636-4.5-2")
def test_another_verifier_gets_no_token_and_uses_up_nothing(notebook: Notebook) -> None:
    """RFC 7636 §4.6 MUST; AS-14: the right one still does."""
    with notebook.use(OAuth2Session, ROBOT) as session:
        url, state = session.create_authorization_url(
            notebook.metadata["authorization_endpoint"], code_verifier=VERIFIER
        )
        answer = Person().approve(url)
        with pytest.raises(OAuthError, match="invalid_grant"):
            session.fetch_token(authorization_response=answer, state=state, code_verifier=VERIFIER[::-1])
        plain = {"code_verifier": create_s256_code_challenge(VERIFIER), "code_challenge_method": "plain"}
        with pytest.raises(OAuthError, match="invalid_grant"):
            session.fetch_token(authorization_response=answer, state=state, **plain)
        assert session.fetch_token(authorization_response=answer, state=state, code_verifier=VERIFIER)["access_token"]


@pytest.mark.requirement("AS-41")
def test_an_assertion_that_lives_for_an_hour_is_refused(notebook: Notebook) -> None:
    """Ours: five minutes at most; authlib's own default is an hour."""
    with (
        notebook.use(OAuth2Session, ROBOT, assertion=PrivateKeyJWT) as session,
        pytest.raises(OAuthError, match="invalid_client"),
    ):
        session.fetch_token(grant_type="client_credentials", scope="notes:count")


@pytest.mark.requirement("AS-41")
def test_an_assertion_for_the_token_endpoint_is_taken_too(notebook: Notebook) -> None:
    """Ours, looser than draft-ietf-oauth-rfc7523bis: as libraries send it."""

    class ForTheEndpoint(FreshPrivateKeyJWT):
        def __init__(self, _issuer: str, **options: Any) -> None:
            super().__init__(**options)

    with notebook.use(OAuth2Session, ROBOT, assertion=ForTheEndpoint) as session:
        assert session.fetch_token(grant_type="client_credentials", scope="notes:count")["scope"] == "notes:count"
