"""The tracker with clients of OAuth 1.0a: by hand one with a key, one with a secret, one of old; and a linked peer."""

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from applinks.entropy import new_id
from applinks.errors import RefusedError
from applinks.incoming.authentication import authenticate
from applinks.incoming.caller import Caller
from applinks.incoming.oauth1.owner_authorization import (
    ApprovedAuthorization,
    approve_authorization,
    open_owner_authorization,
)
from applinks.incoming.oauth1.problems import OAuth1RefusedError
from applinks.incoming.oauth1.temporary_credentials import answer_temporary_credentials_request
from applinks.incoming.oauth1.token_credentials import answer_token_credentials_request
from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.audit import AuditEvent
from applinks.records.clients import Client, ClientAuthentication, OAuth1Client
from applinks.records.links import Agreement, Direction, Link, LinkKind, Peer
from applinks.records.users import Role, User
from applinks.secret import Secret
from applinks.wire.http import Request
from applinks.wire.linking.terms import Level, Terms
from applinks.wire.oauth1.credentials import (
    TemporaryCredentialsAnswer,
    TokenCredentialsAnswer,
    parse_temporary_credentials,
    parse_token_credentials,
)
from applinks.wire.oauth1.keys import build_rsa_jwk, format_public_key
from applinks.wire.oauth1.parameters import Transmission
from applinks.wire.oauth1.signature import SharedSecrets, SignatureMethod, sign_hmac, sign_plaintext, sign_rsa
from applinks.wire.oauth1.signed_request import sign_request
from tests import rsa_keys
from tests.incoming.world import ALLOWED, BASE, SOURCE, World, open_world

REQUEST_TOKEN_URL = f"{BASE}/applinks/oauth1/request-token"
ACCESS_TOKEN_URL = f"{BASE}/applinks/oauth1/access-token"
KEY_CLIENT = "gadgets"
SECRET_CLIENT = "script"
OLD_CLIENT = "jira-python"
PEER_CLIENT = "applinks0123456789abcdef012345"
CALLBACK = "https://gadgets.example/callback"
PEER_CALLBACK = "https://start.example/applinks/callback/lnk_0000000000000000000006"
SECRET = "a shared secret"
HAND_LINK = "lnk_0000000000000000000005"
PEER_LINK = "lnk_0000000000000000000006"
RSA_METHODS = (SignatureMethod.RSA_SHA1, SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA512)
HMAC_METHODS = (SignatureMethod.HMAC_SHA1, SignatureMethod.HMAC_SHA256, SignatureMethod.HMAC_SHA512)


def make_rsa_key(number: int = 0) -> RSAPrivateKey:
    """Make a key, the same for the same number, of the least size that is taken: it is quick to make."""
    return rsa_keys.make_rsa_key(1024, number)


@dataclass(frozen=True)
class Signer:
    method: SignatureMethod
    key: RSAPrivateKey | None = None
    secrets: SharedSecrets | None = None

    def sign(self, base_string: str) -> str:
        if self.key is not None:
            return sign_rsa(base_string, self.method, self.key)
        assert self.secrets is not None
        if self.method is SignatureMethod.PLAINTEXT:
            return sign_plaintext(self.secrets)
        return sign_hmac(base_string, self.method, self.secrets)


@dataclass(kw_only=True)
class OAuth1World:
    """What a test holds: the side with its store, and a client in every way."""

    inner: World
    nonces: int = 0

    @property
    def side(self) -> Any:
        return self.inner.side

    @property
    def alice(self) -> User:
        return self.inner.alice

    def sign(
        self,
        request: Request,
        *,
        client: str = KEY_CLIENT,
        method: SignatureMethod | None = None,
        token: str | None = None,
        token_secret: Secret | None = None,
        secret: str = SECRET,
        key: RSAPrivateKey | None = None,
        transmission: Transmission = Transmission.HEADER,
        without: tuple[str, ...] = (),
        **parameters: str,
    ) -> Request:
        """Sign as one of the clients; ``parameters`` without their ``oauth_``."""
        self.nonces += 1
        chosen = method or (SignatureMethod.RSA_SHA1 if client in {KEY_CLIENT, PEER_CLIENT} else HMAC_METHODS[0])
        said = {
            "oauth_consumer_key": client,
            "oauth_timestamp": str(self.inner.clock.now()),
            "oauth_nonce": f"nonce-{self.nonces}",
        }
        if token is not None:
            said["oauth_token"] = token
        said |= {f"oauth_{name}": value for name, value in parameters.items()}
        signer = Signer(chosen, key or make_rsa_key(1 if client == PEER_CLIENT else 0))
        if not chosen.is_rsa:
            signer = Signer(chosen, secrets=SharedSecrets.join(Secret(secret), token_secret))
        return sign_request(
            request, {k: v for k, v in said.items() if k not in without}, signer, transmission=transmission
        )

    def sign_call(self, path: str = "/api/issues", *, http_method: str = "GET", **signing: Any) -> Request:
        return self.sign(Request(method=http_method, url=BASE + path), **signing)

    async def call(self, path: str = "/api/issues", **signing: Any) -> Caller | None:
        return await authenticate(self.sign_call(path, **signing), side=self.side, source=SOURCE)

    async def begin(self, *, callback: str | None = CALLBACK, **signing: Any) -> TemporaryCredentialsAnswer:
        """Obtain temporary credentials."""
        named = {} if callback is None else {"callback": callback}
        request = self.sign(Request(method="POST", url=REQUEST_TOKEN_URL), **named, **signing)
        answer = await answer_temporary_credentials_request(request, source=SOURCE, side=self.side)
        assert answer.status == 200
        return parse_temporary_credentials(answer.body)

    async def approve(self, token: str, *, user: User | None = None, **query: str) -> ApprovedAuthorization:
        """Let a user say yes."""
        opened = await open_owner_authorization(write_query(oauth_token=token, **query), side=self.side)
        return await approve_authorization(opened, user or self.alice, side=self.side)

    async def exchange(
        self, temporary: TemporaryCredentialsAnswer, verifier: str | None, **signing: Any
    ) -> TokenCredentialsAnswer:
        named = {} if verifier is None else {"verifier": verifier}
        return await self.fetch(temporary.token, temporary.secret, **named, **signing)

    async def fetch(self, token: str, held: Secret, /, **signing: Any) -> TokenCredentialsAnswer:
        """Ask for token credentials, or for their renewal."""
        request = self.sign(Request(method="POST", url=ACCESS_TOKEN_URL), token=token, token_secret=held, **signing)
        answer = await answer_token_credentials_request(request, source=SOURCE, side=self.side)
        assert answer.status == 200
        assert answer.header("cache-control") == "no-store"
        return parse_token_credentials(answer.body)

    async def get_credentials(
        self, *, client: str = KEY_CLIENT, callback: str | None = CALLBACK
    ) -> TokenCredentialsAnswer:
        """Give what all three legs yield."""
        temporary = await self.begin(client=client, callback=callback)
        approved = await self.approve(temporary.token)
        verifier = approved.oauth_verifier.reveal() if approved.oauth_verifier else None
        return await self.exchange(temporary, verifier, client=client)

    async def change_link(self, link_id: str = HAND_LINK, **changes: Any) -> None:
        link = await self.inner.storage.linking.find_link(link_id)
        assert link is not None
        write = LinkWrite(link=link.changed(**changes), expected_version=link.version)
        assert await self.inner.storage.linking.commit(write) is CommitResult.WRITTEN

    async def change_client(
        self, client: str = KEY_CLIENT, *, oauth1: dict[str, Any] | None = None, **changes: Any
    ) -> None:
        found = await self.side.oauth1.find_client(client)
        assert found is not None
        assert found.client.oauth1 is not None
        changed = found.client.changed(oauth1=replace(found.client.oauth1, **(oauth1 or {})), **changes)
        event = AuditEvent(
            id=new_id(self.side.entropy, "evt"), at=1, actor="user:9", action="client.changed", subject=client
        )
        assert await self.side.store.swap_client(changed, expected_version=found.client.version, event=event)


async def open_oauth1_world(folder: Path) -> OAuth1World:
    inner = await open_world(folder)
    for user in (
        User(id="7", name="carol", groups=frozenset({"board"})),
        User(id="8", name="dave", role=Role.AUDITOR),
        User(id="9", name="robin", role=Role.ADMINISTRATOR),
    ):
        inner.users.known[user.id] = user
    await _add_hand_link(inner)
    await _add_peer_link(inner)
    return OAuth1World(inner=inner)


async def get_problem(asked: Awaitable[Any]) -> OAuth1RefusedError:
    """Give the problem that a request ends in."""
    try:
        answer = await asked
    except RefusedError as refusal:
        if isinstance(refusal, OAuth1RefusedError):
            return refusal
        raise
    raise AssertionError(f"not refused: {answer!r}")


def write_query(**parameters: str) -> str:
    return "&".join(f"{name}={value}" for name, value in parameters.items())


def read_query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


async def _add_hand_link(inner: World) -> None:
    link = Link(
        id=HAND_LINK,
        handle="gadgets",
        name="Gadgets",
        kind=LinkKind.BY_HAND,
        peer=Peer(id="", name="Gadgets", url="", manifest={}, keys=()),
        incoming=Direction(level=Level.OAUTH, protocols=("oauth1",), user_scopes=(*ALLOWED, "applinks:admin")),
        check="none",
        created_at=1,
        created_by="user:9",
        in_force_at=1,
    )
    clients = (
        (KEY_CLIENT, (CALLBACK,), OAuth1Client(methods=RSA_METHODS, public_keys=(_get_pem(0),))),
        (SECRET_CLIENT, (CALLBACK,), OAuth1Client(methods=HMAC_METHODS, shared_secret=Secret(SECRET))),
        (
            OLD_CLIENT,
            (),
            OAuth1Client(methods=HMAC_METHODS, shared_secret=Secret(SECRET), dialect_1_0=True),
        ),
    )
    made = tuple(
        Client(
            id=f"cli_{consumer_key}",
            client_id=consumer_key,
            link_id=link.id,
            name=consumer_key.title(),
            authentication=ClientAuthentication.SIGNATURE,
            redirect_uris=callbacks,
            grant_types=(),
            scopes=ALLOWED,
            oauth1=oauth1,
            created_at=1,
        )
        for consumer_key, callbacks, oauth1 in clients
    )
    written = await inner.storage.linking.commit(LinkWrite(link=link, expected_version=None, clients=made))
    assert written is CommitResult.WRITTEN


async def _add_peer_link(inner: World) -> None:
    jwk = build_rsa_jwk(make_rsa_key(1).public_key()) | {"kid": "k", "use": "sig"}
    link = Link(
        id=PEER_LINK,
        handle="begin",
        name="Begin",
        peer=Peer(
            id="urn:uuid:begin", name="Begin", url="https://begin.example", manifest={}, keys=(), oauth1_keys=(jwk,)
        ),
        incoming=Direction(
            level=Level.OAUTH, protocols=("oauth1",), user_scopes=ALLOWED, application_scopes=("issues:read",)
        ),
        agreed=Agreement(revision=1, digest="d", terms=Terms(access=())),
        created_at=1,
        created_by="user:9",
        in_force_at=1,
    )
    client = Client(
        id="cli_peer",
        client_id=PEER_CLIENT,
        link_id=link.id,
        name="Begin",
        authentication=ClientAuthentication.SIGNATURE,
        redirect_uris=(PEER_CALLBACK,),
        grant_types=(),
        scopes=ALLOWED,
        application_scopes=("issues:read",),
        oauth1=OAuth1Client(methods=RSA_METHODS, two_legged=True),
        is_peer=True,
        created_at=1,
    )
    written = await inner.storage.linking.commit(LinkWrite(link=link, expected_version=None, clients=(client,)))
    assert written is CommitResult.WRITTEN


def _get_pem(number: int) -> str:
    return format_public_key(make_rsa_key(number).public_key())
