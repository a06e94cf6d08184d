"""What the linked peer sends and answers, with a key of its own and a clock that is right."""

import json
from collections.abc import Callable
from typing import Any

import httpx2

from applinks.wire.jose import sign_jwt
from applinks.wire.linking.messages import STATEMENT_TYP
from applinks.wire.oauth2.assertions import CLIENT_ASSERTION_TYP, CLIENT_ASSERTION_TYPE, build_client_assertion
from tests.hostile.site import BASE, LINK, PEER, Answer, Site
from tests.incoming.world import PEER_CLIENT, publish

TOKEN, STATEMENT = "/applinks/oauth2/token", "/applinks/link/statement"
METADATA = {
    "issuer": PEER,
    "authorization_endpoint": f"{PEER}/applinks/oauth2/authorize",
    "token_endpoint": f"{PEER}{TOKEN}",
    "revocation_endpoint": f"{PEER}/applinks/oauth2/revoke",
    "jwks_uri": f"{PEER}/applinks/oauth2/jwks",
    "response_types_supported": ["code"],
    "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
    "code_challenge_methods_supported": ["S256"],
    "authorization_response_iss_parameter_supported": True,
}


class Peer:
    """What the linked peer sends us, proved; ``now`` is the true time."""

    def __init__(self, site: Site, now: Callable[[], int] | None = None, key: dict[str, Any] | None = None) -> None:
        self._site, self._count, self._key = site, 0, key or site.key
        self._now = now or site.clock.now

    async def ask_for_token(self, **changes: str) -> Answer:
        form = {"grant_type": "client_credentials"} | self.prove() | changes
        return await self._site.post(TOKEN, form)

    def prove(self) -> dict[str, str]:
        self._count += 1
        jti = f"jti-{self._count}"
        claims = build_client_assertion(client_id=PEER_CLIENT, audience=BASE, jti=jti, now=self._now())
        assertion = self._sign(CLIENT_ASSERTION_TYP, claims)
        return {"client_assertion_type": CLIENT_ASSERTION_TYPE, "client_assertion": assertion}

    async def state(self, **changes: object) -> Answer:
        """Send a statement that has news: it paused the link."""
        body = (await self.sign_statement(**changes)).encode()
        return await self._site.post(STATEMENT, body, content_type=b"application/jwt")

    async def sign_statement(self, **changes: object) -> str:
        now, own = self._now(), await self._site.storage.keys.list_public_keys()
        claims = {
            "ver": 1,
            "iss": PEER,
            "aud": BASE,
            "iat": now,
            "exp": now + 100,
            "jti": "j" * 22,
            "link": LINK,
            "seq": 7,
            "peer_seq": 0,
            "state": "in_force",
            "agreed": {"revision": 1, "answer": "d"},
            "pending": None,
            "paused": True,
            "allows": {"user_scopes": ["issues:read"], "application_scopes": []},
            "keys": [publish(self._key)["kid"]],
            "peer_keys": [own[0]["kid"]],
            "check": "passed",
        }
        return self._sign(STATEMENT_TYP, claims | changes)

    def _sign(self, typ: str, claims: dict[str, object]) -> str:
        key = self._key
        return sign_jwt(claims, typ=typ, private_key=key, algorithm="ES256", kid=publish(key)["kid"])


def answer_json(document: Any, status: int = 200) -> httpx2.Response:
    return httpx2.Response(status, headers={"Content-Type": "application/json"}, content=json.dumps(document).encode())
