"""A linked application that speaks Atlassian's REST to ours, in the name of one of our users."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from applinks.administration.by_hand import add_link
from applinks.administration.hand_values import NewLink
from applinks.errors import ApplinksError
from applinks.incoming.oauth1.owner_authorization import approve_authorization, open_owner_authorization
from applinks.incoming.oauth1.temporary_credentials import answer_temporary_credentials_request
from applinks.incoming.oauth1.token_credentials import answer_token_credentials_request
from applinks.incoming.seen_users import SeenUsers
from applinks.records.links import Link
from applinks.records.users import Role, User
from applinks.web.errors import answer_protocol_error
from applinks.web.protocol.atlassian import build_atlassian_endpoints
from applinks.web.protocol.routes import EndpointTable
from applinks.wire.http import Request, Response
from applinks.wire.oauth1.credentials import parse_temporary_credentials, parse_token_credentials
from applinks.wire.oauth1.signed_request import sign_request
from tests.administration.hand import ADMIN, URL
from tests.administration.oauth1 import CALLBACK, add_user, bare_key, new_client, new_outgoing, public_pem
from tests.linking.world import A_URL, NOTIFY, PAGES, Application, Network, World
from tests.rsa_keys import make_rsa_key
from tests.wire.oauth1.signers import KeySigner

SOURCE = "192.0.2.9"
PEER_ID = "6d1f0a52-2b27-3e55-9c5f-0f6a1f6f7a11"
PEER_KEY = "board:1234"
REST = "/rest/applinks/3.0"
CONSUMER = "/rest/applinks-oauth/1.0/applicationlink/{}/authentication/consumer"

OAUTH = "com.atlassian.applinks.api.auth.types.OAuthAuthenticationProvider"
IMPERSONATING = "com.atlassian.applinks.api.auth.types.TwoLeggedOAuthWithImpersonationAuthenticationProvider"
BASIC = "com.atlassian.applinks.api.auth.types.BasicAuthenticationProvider"
ON = {"enabled": True, "twoLoEnabled": True, "twoLoImpersonationEnabled": False}
THREE_LEGS = {"enabled": True, "twoLoEnabled": False, "twoLoImpersonationEnabled": False}
FAR = {"enabled": True, "twoLoEnabled": True, "twoLoImpersonationEnabled": True}
OFF = {"enabled": False, "twoLoEnabled": False, "twoLoImpersonationEnabled": False}
STATUS = f"{REST}/status/{PEER_ID}/oauth"
NEW = {
    "name": "Wiki",
    "rpcUrl": "https://wiki.example/wiki/",
    "displayUrl": "https://w.example",
    "typeId": "confluence",
}


class Users:
    """An administrator, an auditor and somebody else."""

    def __init__(self) -> None:
        self.known = {
            "1": User(id="1", name="root", role=Role.ADMINISTRATOR),
            "2": User(id="2", name="eva", role=Role.AUDITOR),
            "3": User(id="3", name="alice"),
        }

    async def find(self, user_id: str) -> User | None:
        return self.known.get(user_id)

    async def find_by_name(self, name: str) -> User | None:
        return next((user for user in self.known.values() if user.name == name), None)


@dataclass(kw_only=True)
class RestPeer:
    """
    The other application.

    Attributes:
        link: ours with it; both its directions are in use.
        tokens: what users of ours gave it, by their ids.
    """

    ours: Application
    network: Network
    link: Link
    key: RSAPrivateKey
    endpoints: EndpointTable
    users: Users
    tokens: dict[str, str] = field(default_factory=dict)
    nonces: int = 0

    async def call(
        self, method: str, path: str, body: Any = None, *, user: str | None = "1", signed: bool = True, **more: Any
    ) -> Response:
        """Call us: in the name of a user, for itself (None), or as nobody."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        headers = (("Content-Type", "application/json"), *more.pop("headers", ()))
        request = Request(method=method, url=A_URL + path, headers=headers, body=content)
        if signed:
            token = await self.get_token(user) if user is not None else ""
            request = self.sign(request, oauth_token=token, **more)
        return await self.answer(request)

    async def answer(self, request: Request) -> Response:
        path = request.url.removeprefix(A_URL).partition("?")[0]
        endpoint = self.endpoints.find(path)
        assert endpoint is not None, path
        assert request.method in endpoint.methods
        try:
            return await endpoint.answer(request, SOURCE)
        except ApplinksError as error:
            return await answer_protocol_error(error, place="rest", failures=self.ours.failures, realm=A_URL)

    def sign(self, request: Request, *, key: RSAPrivateKey | None = None, **parameters: str) -> Request:
        self.nonces += 1
        said = {
            "oauth_consumer_key": PEER_KEY,
            "oauth_timestamp": str(self.ours.administration.clock.now()),
            "oauth_nonce": f"nonce-{self.nonces}",
        }
        return sign_request(request, said | parameters, KeySigner(key or self.key))

    async def get_token(self, user: str) -> str:
        """Go all three legs for a user, once."""
        if user not in self.tokens:
            side = self.ours.incoming
            ask = self.sign(Request(method="POST", url=f"{A_URL}/request"), oauth_callback=CALLBACK)
            temporary = parse_temporary_credentials(
                (await answer_temporary_credentials_request(ask, source=SOURCE, side=side)).body
            )
            opened = await open_owner_authorization(f"oauth_token={temporary.token}", side=side)
            approved = await approve_authorization(opened, self.users.known[user], side=side)
            assert approved.oauth_verifier is not None
            fetch = self.sign(
                Request(method="POST", url=f"{A_URL}/access"),
                oauth_token=temporary.token,
                oauth_verifier=approved.oauth_verifier.reveal(),
            )
            answer = await answer_token_credentials_request(fetch, source=SOURCE, side=side)
            self.tokens[user] = parse_token_credentials(answer.body).token
        return self.tokens[user]

    async def find_link(self) -> Link:
        return await self.ours.find(self.link.id)


async def open_rest_peer(both: World) -> RestPeer:
    """Link by hand with the other application, whose client may administer links for our administrators."""
    ours, users = both.a, Users()
    ours.incoming.users = SeenUsers(users, clock=both.clock, seconds=0)  # type: ignore[arg-type]
    ours.administration = replace(ours.administration, declared=(replace(PAGES, default=True), NOTIFY))
    await add_user(ours, "bot")
    new = NewLink(
        name="Board",
        url=URL,
        kind="jira",
        peer_id=PEER_ID,
        incoming=new_client(
            key=PEER_KEY, public_key=public_pem(), scopes=("pages:read", "applinks:admin"), callback=CALLBACK
        ),
        outgoing=new_outgoing(),
    )
    added = await add_link(new, actor=ADMIN, side=ours.administration)
    endpoints = build_atlassian_endpoints(
        incoming=ours.incoming, linking=ours.linking, administration=ours.administration
    )
    return RestPeer(
        ours=ours,
        network=both.network,
        link=added.link,
        key=make_rsa_key(),
        endpoints=EndpointTable(endpoints),
        users=users,
    )


def read_json(response: Response) -> Any:
    return json.loads(response.body)


def provider(kind: str = OAUTH, **urls: str) -> dict[str, Any]:
    config = {
        "consumerKey.outbound": "we-at-board",
        "serviceProvider.requestTokenUrl": f"{URL}/plugins/servlet/oauth/request-token",
        "serviceProvider.accessTokenUrl": f"{URL}/plugins/servlet/oauth/access-token",
        "serviceProvider.authorizeUrl": f"{URL}/plugins/servlet/oauth/authorize",
    }
    return {"provider": kind, "config": config | {f"serviceProvider.{name}": url for name, url in urls.items()}}


def consumer(**values: Any) -> dict[str, Any]:
    return {"key": PEER_KEY, "name": "Board", "publicKey": bare_key()} | values


def at(link: str, what: str = "provider") -> str:
    return CONSUMER.format(link) if what == "consumer" else f"{REST}/applicationlink/{link}/authentication/{what}"


async def make_link(peer: RestPeer, **values: str) -> str:
    """Let the peer add a link; the last part of its address is how it is named from then on."""
    answer = await peer.call("PUT", f"{REST}/applicationlink", NEW | values)
    assert answer.status == 201, answer.body
    (created,) = read_json(answer)["resources-created"]
    assert created["href"] == answer.header("location")
    assert created["href"].startswith(f"{A_URL}{REST}/applicationlink/")
    return str(created["href"].rpartition("/")[2])


async def find_client(peer: RestPeer, link: str) -> Any:
    (found,) = await peer.ours.storage.incoming.list_clients(link_id=link)
    return found.client
