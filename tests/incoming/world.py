"""A tracker with one linked peer and one public client, over a real database."""

import json
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import anyio.lowlevel
from joserfc.jwk import ECKey

from applinks.entropy import Rows, new_id
from applinks.errors import RefusedError
from applinks.incoming.consent import ConsentQuestion, approve, look_up_consent
from applinks.incoming.oauth2.authorization_request import open_authorization_request
from applinks.incoming.oauth2.introspection import answer_introspection_request
from applinks.incoming.oauth2.token_request import answer_token_request
from applinks.incoming.seen_users import SeenUsers
from applinks.incoming.side import IncomingSide
from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.clients import Client, ClientAuthentication, ClientSecret, GrantType
from applinks.records.links import Agreement, Direction, Link, LinkKind, Peer
from applinks.records.scopes import Resource, Scope
from applinks.records.users import User
from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage
from applinks.wire.forms import format_form
from applinks.wire.http import Request, Response
from applinks.wire.jose import build_public_jwk, sign_jwt
from applinks.wire.linking.terms import Level, Terms
from applinks.wire.oauth2.assertions import CLIENT_ASSERTION_TYPE, build_client_assertion
from applinks.wire.oauth2.pkce import compute_code_challenge
from applinks.wire.token_format import TokenKind, format_token, parse_token
from tests.fakes import CountingEntropy, FixedClock

BASE = "https://tracker.example"
PEER = "https://start.example"
PEER_CLIENT = f"{PEER}/applinks/oauth2/client.json"
LINK = "lnk_0000000000000000000001"
PEER_REDIRECT = f"{PEER}/applinks/callback/{LINK}"
OTHER_LINK = "lnk_0000000000000000000002"
PUBLIC_CLIENT = "desktop"
PUBLIC_REDIRECT = "http://127.0.0.1/done"
OTHER_CLIENT = "robot"
SECRET_CLIENT = "probe-4f1c9a"
NOTES_SERVER = "notes-8d2f"
HAND_LINK = "lnk_0000000000000000000004"
SOURCE = "192.0.2.7"
VERIFIER = "a-verifier-of-the-client-that-is-long-enough-0123"

READ = Scope("issues:read", "See your issues", default=True, application=True)
WRITE = Scope("issues:write", "Create and change issues in your name")
HIDDEN = Scope("issues:delete", "Delete issues")
NOTES = Scope("notes:read", "See your notes")
RESOURCES = (
    Resource(BASE, (READ, WRITE, HIDDEN)),
    Resource(f"{BASE}/notes", (NOTES, READ)),
)
ALLOWED = ("issues:read", "issues:write", "notes:read")
TOKEN_URL = f"{BASE}/applinks/oauth2/token"
INTROSPECTION_URL = f"{BASE}/applinks/oauth2/introspect"


def make_key() -> dict[str, Any]:
    return dict(ECKey.generate_key("P-256").as_dict(private=True))


def publish(key: Mapping[str, Any]) -> dict[str, str]:
    return build_public_jwk(key, algorithm="ES256")


def make_secret(row: int) -> str:
    """Give the text of a client's secret; the same for the same row."""
    return format_token(TokenKind.CLIENT_SECRET, row, bytes([row] * 32))


SECRETS = {SECRET_CLIENT: make_secret(1), NOTES_SERVER: make_secret(2)}


def keep_secret(text: str, **changes: Any) -> ClientSecret:
    """Give the record of a secret."""
    parsed = parse_token(text)
    assert parsed is not None
    return ClientSecret(
        row=parsed.row, digest=parsed.digest, hint=f"{text[:8]}…", **{"created_at": 1, "expires_at": 0} | changes
    )


class Users:
    """Host users who can be changed, and who let others run in between."""

    def __init__(self) -> None:
        self.known = {each.id: each for each in (User(id="1", name="alice"), User(id="2", name="bob"))}
        self.asked = 0

    async def find(self, user_id: str) -> User | None:
        self.asked += 1
        await anyio.lowlevel.checkpoint()
        return self.known.get(user_id)

    async def find_by_name(self, name: str) -> User | None:
        await anyio.lowlevel.checkpoint()
        return next((user for user in self.known.values() if user.name == name), None)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the incoming side asks the host for {name}")


class Failures:
    async def record(
        self, error: Exception, *, place: str, link_id: str = "", client: str = "", user_id: str = ""
    ) -> str:
        return "AL-2222-2222"


@dataclass(kw_only=True)
class World:
    side: IncomingSide
    storage: Storage
    clock: FixedClock
    users: Users
    key: dict[str, Any]
    other_key: dict[str, Any]
    early_calls: list[str] = field(default_factory=list)
    _assertions: int = 0

    @property
    def alice(self) -> User:
        return self.users.known["1"]

    async def change_link(self, **changes: Any) -> Link:
        link = await self.storage.linking.find_link(LINK)
        assert link is not None
        changed = link.changed(**changes)
        assert (
            await self.storage.linking.commit(LinkWrite(link=changed, expected_version=link.version))
            is CommitResult.WRITTEN
        )
        return changed

    async def change_client(self, **changes: Any) -> None:
        link = await self.storage.linking.find_link(LINK)
        found = await self.side.store.find_client(PEER_CLIENT)
        assert link is not None
        assert found is not None
        client = replace(found.client, **changes)
        write = LinkWrite(link=link.changed(), expected_version=link.version, clients=(client,))
        assert await self.storage.linking.commit(write) is CommitResult.WRITTEN

    def assert_client(self, **changes: Any) -> str:
        """Sign an assertion of the peer."""
        self._assertions += 1
        header = {"typ": changes.pop("typ", "client-authentication+jwt")}
        key = changes.pop("key", self.key)
        claims = build_client_assertion(
            client_id=PEER_CLIENT, audience=BASE, jti=f"jti-{self._assertions}", now=self.clock.now()
        )
        kid = changes.pop("kid", publish(key)["kid"])
        return sign_jwt(claims | changes, typ=header["typ"], private_key=key, algorithm="ES256", kid=kid)

    def prove(self, client: str) -> dict[str, str]:
        """Give the parameters that prove a client."""
        if client == PUBLIC_CLIENT:
            return {"client_id": PUBLIC_CLIENT}
        if client in SECRETS:
            return {"client_id": client, "client_secret": SECRETS[client]}
        claims = {"iss": client, "sub": client}
        key = self.key if client == PEER_CLIENT else self.other_key
        return {
            "client_assertion_type": CLIENT_ASSERTION_TYPE,
            "client_assertion": self.assert_client(key=key, **claims),
        }

    def query(self, *, client: str = PEER_CLIENT, **changes: str | None) -> str:
        params: dict[str, str | None] = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": PUBLIC_REDIRECT if client == PUBLIC_CLIENT else PEER_REDIRECT,
            "code_challenge": compute_code_challenge(VERIFIER),
            "code_challenge_method": "S256",
            "state": "a state",
            "scope": "issues:read issues:write",
        }
        return format_form((name, value) for name, value in (params | changes).items() if value is not None)

    async def ask(
        self, *, client: str = PEER_CLIENT, user: User | None = None, **changes: str | None
    ) -> ConsentQuestion | str:
        opened = await open_authorization_request(self.query(client=client, **changes), side=self.side)
        return await look_up_consent(opened, user or self.alice, side=self.side)

    async def authorize(self, *, client: str = PEER_CLIENT, user: User | None = None, **changes: str | None) -> str:
        """Go through consent, whoever has to be asked, and give the code."""
        answer = await self.ask(client=client, user=user, **changes)
        if isinstance(answer, ConsentQuestion):
            answer = await approve(answer.opened, user or self.alice, side=self.side)
        return read_query(answer)["code"]

    async def post(self, *, client: str = PEER_CLIENT, **params: str | None) -> Response:
        proof = {} if "client_assertion" in params or "client_id" in params else self.prove(client)
        pairs = [(name, value) for name, value in (proof | params).items() if value is not None]
        return await answer_token_request(form_request(TOKEN_URL, pairs), source=SOURCE, side=self.side)

    async def introspect(self, token: str, /, *, client: str = PEER_CLIENT, **params: str) -> dict[str, Any]:
        pairs = [("token", token), *params.items(), *self.prove(client).items()]
        request = form_request(INTROSPECTION_URL, pairs)
        return read_json(await answer_introspection_request(request, source=SOURCE, side=self.side))

    async def exchange(self, value: str, /, *, client: str = PEER_CLIENT, **changes: str | None) -> dict[str, Any]:
        params: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": value,
            "redirect_uri": PUBLIC_REDIRECT if client == PUBLIC_CLIENT else PEER_REDIRECT,
            "code_verifier": VERIFIER,
        }
        return read_json(await self.post(client=client, **(params | changes)))

    async def refresh(self, token: str, /, *, client: str = PEER_CLIENT, **changes: str | None) -> dict[str, Any]:
        return read_json(await self.post(client=client, grant_type="refresh_token", refresh_token=token, **changes))

    async def get_tokens(self, *, client: str = PEER_CLIENT, **changes: str | None) -> dict[str, Any]:
        """Give what a whole authorization yields."""
        return await self.exchange(await self.authorize(client=client, **changes), client=client)


def form_request(url: str, pairs: Any) -> Request:
    headers = (("Content-Type", "application/x-www-form-urlencoded"),)
    return Request(method="POST", url=url, headers=headers, body=format_form(pairs).encode())


def read_query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def read_json(response: Response) -> dict[str, Any]:
    assert response.status == 200
    found: dict[str, Any] = json.loads(response.body)
    return found


def make_link(*, link_id: str, handle: str, url: str, keys: tuple[Mapping[str, Any], ...]) -> Link:
    return Link(
        id=link_id,
        handle=handle,
        name=handle.title(),
        peer=Peer(id=f"urn:uuid:{handle}", name=handle.title(), url=url, manifest={}, keys=keys),
        incoming=Direction(
            level=Level.OAUTH, protocols=("oauth2",), user_scopes=ALLOWED, application_scopes=("issues:read",)
        ),
        agreed=Agreement(revision=1, digest="d", terms=Terms(access=())),
        created_at=1,
        created_by="user:1",
        in_force_at=1,
    )


async def open_world(folder: Path) -> World:
    clock, entropy = FixedClock(), CountingEntropy()
    settings = Settings(base_url=BASE, database=f"sqlite:///{folder / 'applinks.db'}", synchronous="NORMAL")
    storage = await open_storage(settings, clock=clock, entropy=entropy)
    users = Users()
    key, other_key = make_key(), make_key()
    side = IncomingSide(
        store=storage.incoming,
        oauth1=storage.oauth1,
        settings=settings,
        clock=clock,
        entropy=entropy,
        rows=Rows(entropy),
        users=SeenUsers(users, clock=clock, seconds=0),  # type: ignore[arg-type]
        resources=RESOURCES,
        failures=Failures(),
    )
    world = World(side=side, storage=storage, clock=clock, users=users, key=key, other_key=other_key)
    side.hear_early_call = lambda link: world.early_calls.append(link.id)
    await _add_links(world, entropy)
    await _add_hand_link(world, entropy)
    return world


async def _add_links(world: World, entropy: CountingEntropy) -> None:
    peer = make_link(link_id=LINK, handle="start", url=PEER, keys=(publish(world.key),))
    other = make_link(link_id=OTHER_LINK, handle="robots", url="https://robot.example", keys=())
    public = make_link(link_id="lnk_0000000000000000000003", handle="desktop", url="https://desktop.example", keys=())
    clients = (
        (peer, PEER_CLIENT, ClientAuthentication.PRIVATE_KEY_JWT, PEER_REDIRECT, ()),
        (other, OTHER_CLIENT, ClientAuthentication.PRIVATE_KEY_JWT, PEER_REDIRECT, (publish(world.other_key),)),
        (public, PUBLIC_CLIENT, ClientAuthentication.NONE, PUBLIC_REDIRECT, ()),
    )
    for link, client_id, authentication, redirect_uri, keys in clients:
        client = Client(
            id=new_id(entropy, "cli"),
            client_id=client_id,
            link_id=link.id,
            name=link.name,
            authentication=authentication,
            redirect_uris=(redirect_uri,),
            grant_types=tuple(GrantType)[:2] if link is public else tuple(GrantType),
            scopes=ALLOWED,
            application_scopes=("issues:read",),
            keys=keys,
            is_peer=link is peer,
            created_at=1,
        )
        write = LinkWrite(link=link, expected_version=None, clients=(client,))
        assert await world.storage.linking.commit(write) is CommitResult.WRITTEN


async def _add_hand_link(world: World, entropy: CountingEntropy) -> None:
    """Link two clients with secrets by hand: one calls for users, one serves the notes."""
    link = Link(
        id=HAND_LINK,
        handle="probe",
        name="Probe",
        kind=LinkKind.BY_HAND,
        peer=Peer(id="", name="Probe", url="", manifest={}, keys=()),
        incoming=Direction(
            level=Level.OAUTH, protocols=("oauth2",), user_scopes=ALLOWED, application_scopes=("issues:read",)
        ),
        check="none",
        created_at=1,
        created_by="user:9",
        in_force_at=1,
    )
    for version, client_id in enumerate(SECRETS, 1):
        client = Client(
            id=new_id(entropy, "cli"),
            client_id=client_id,
            link_id=link.id,
            name=client_id,
            authentication=ClientAuthentication.CLIENT_SECRET,
            redirect_uris=(PEER_REDIRECT,),
            grant_types=tuple(GrantType),
            scopes=ALLOWED,
            application_scopes=("issues:read",),
            secrets=(keep_secret(SECRETS[client_id]),),
            resources=(f"{BASE}/notes",) if client_id == NOTES_SERVER else (),
            created_at=1,
        )
        known = None if version == 1 else version - 1
        write = LinkWrite(link=replace(link, version=version), expected_version=known, clients=(client,))
        assert await world.storage.linking.commit(write) is CommitResult.WRITTEN


async def get_refusal(asked: Awaitable[Any]) -> RefusedError:
    """Give the refusal that a request ends in."""
    try:
        answer = await asked
    except RefusedError as refusal:
        return refusal
    raise AssertionError(f"not refused: {answer!r}")


def call(path: str = "/api/issues", *, token: str | None = None, headers: tuple[tuple[str, str], ...] = ()) -> Request:
    """Make a request to the host."""
    own = (("Authorization", f"Bearer {token}"),) if token is not None else ()
    return Request(method="GET", url=BASE + path, headers=(*own, *headers))
