"""What a whole run of OAuth 1.0a, right and wrong, leaves in the log, the failure inbox, the audit and the answers."""

import logging
from base64 import b64encode
from typing import Any

import pytest

from applinks.incoming.oauth1.owner_authorization import approve_authorization, open_owner_authorization
from applinks.records.users import User
from applinks.secret import Secret
from applinks.wire.http import Request
from applinks.wire.oauth1.credentials import parse_temporary_credentials, parse_token_credentials
from applinks.wire.oauth1.signature import SharedSecrets, SignatureMethod
from applinks.wire.oauth1.signed_request import sign_request
from tests.hostile.messages import Answer
from tests.hostile.site import BASE
from tests.incoming.oauth1.world import SECRET, Signer
from tests.web.protocol.test_oauth1 import CLIENT, Host, host

pytestmark = pytest.mark.anyio
__all__ = ["host"]

REQUEST_TOKEN, ACCESS_TOKEN = f"{BASE}/applinks/oauth1/request-token", f"{BASE}/applinks/oauth1/access-token"
ALICE = User(id="1", name="alice")


class Run:
    """Sends what is right and, after it, what is wrong about it in every way; keeps all that came back."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.refused: list[Answer] = []
        self.count = 0

    async def send(self, url: str, held: Secret | None = None, **said: str) -> Answer:
        method = "POST" if url.startswith(f"{BASE}/applinks/") else "GET"
        for wrong in ("secret", "method", "clock", "plaintext"):
            self.refused.append(await self.host.send(self.sign(method, url, held, wrong, **said)))
        good = self.sign(method, url, held, "", **said)
        answer = await self.host.send(good)
        self.refused.append(await self.host.send(good))
        return answer

    def sign(self, method: str, url: str, held: Secret | None, wrong: str, **said: str) -> Request:
        self.count += 1
        parameters = {
            "oauth_consumer_key": CLIENT,
            "oauth_timestamp": str(self.host.site.clock.now() + (900 if wrong == "clock" else 0)),
            "oauth_nonce": f"s{self.count}",
        } | said
        chosen = SignatureMethod.PLAINTEXT if wrong == "plaintext" else SignatureMethod.HMAC_SHA1
        secrets = SharedSecrets.join(Secret("another" if wrong == "secret" else SECRET), held)
        signed = sign_request(Request(method=method, url=url), parameters, Signer(chosen, secrets=secrets))
        return signed if wrong != "method" else Request(method="POST", url=f"{url}?x=1", headers=signed.headers)


async def run_all(run: Run, side: Any) -> list[str]:
    asked = await run.send(REQUEST_TOKEN, oauth_callback="https://script.example/done")
    temporary = parse_temporary_credentials(asked.body)
    opened = await open_owner_authorization(f"oauth_token={temporary.token}", side=side)
    approved = await approve_authorization(opened, ALICE, side=side)
    assert approved.oauth_verifier is not None
    verifier = approved.oauth_verifier.reveal()
    # The last of what is wrong, a nonce that was used, is no replay of the credentials: nothing ends.
    given = await run.send(ACCESS_TOKEN, temporary.secret, oauth_token=temporary.token, oauth_verifier=verifier)
    token = parse_token_credentials(given.body)
    assert (await run.send(f"{BASE}/api/issues", token.secret, oauth_token=token.token)).status == 200
    handle = {"oauth_session_handle": token.session_handle}
    again = await run.send(ACCESS_TOKEN, token.secret, oauth_token=token.token, **handle)
    renewed = parse_token_credentials(again.body)
    # Replayed in earnest: everything ends.
    await run.send(ACCESS_TOKEN, temporary.secret, oauth_token=temporary.token, oauth_verifier=verifier)
    await run.send(f"{BASE}/api/issues", renewed.secret, oauth_token=renewed.token)
    held = [each.reveal() for each in (temporary.secret, token.secret, renewed.secret)]
    shown = [temporary.token, token.token, renewed.token, verifier, token.session_handle]
    return [SECRET, *held, *shown]


@pytest.mark.requirement("N-05")
async def test_no_secret_of_a_run_of_oauth_1_0a_is_in_the_log_the_inbox_or_the_audit(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    """Security N-05; ours: a refusal repeats what its sender showed, and no secret that signs."""
    caplog.set_level(logging.DEBUG)
    run = Run(host)
    secrets = await run_all(run, (await host.site.applinks._run()).incoming)
    failures, events = await host.site.storage.failures.list(limit=200), await host.site.storage.audit.list(limit=100)
    assert len(failures) >= 20
    kept = caplog.text + "".join(map(repr, [*failures, *events]))
    answered = b"".join(b"".join(value for _, value in each.headers) + each.body for each in run.refused).decode()
    for secret in secrets:
        parts = {secret, secret.split("_")[-1][-30:], b64encode(secret.encode()).decode()}
        assert not [part for part in parts if part in kept]
    for secret in secrets[:4]:
        assert secret not in answered
        assert secret.replace(" ", "%20") not in answered
    assert not [each for each in run.refused if each.status < 400]
