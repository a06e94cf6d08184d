"""A client begins."""

from dataclasses import replace

import pytest

from applinks.incoming.oauth1.temporary_credentials import answer_temporary_credentials_request
from applinks.records.links import Direction, Pause
from applinks.records.token_credentials import OUT_OF_BAND
from applinks.wire.http import Request
from applinks.wire.linking.terms import Level
from applinks.wire.token_format import TokenKind, parse_token
from tests.incoming.oauth1.world import (
    CALLBACK,
    HAND_LINK,
    OLD_CLIENT,
    PEER_CALLBACK,
    PEER_CLIENT,
    REQUEST_TOKEN_URL,
    SECRET_CLIENT,
    OAuth1World,
    get_problem,
)
from tests.incoming.world import SOURCE, get_refusal

pytestmark = pytest.mark.anyio


async def test_temporary_credentials_are_ours_and_last_ten_minutes(oauth1: OAuth1World) -> None:
    """RFC 5849 §2.1; Ours: a row, a digest, and what is sealed."""
    answer = await oauth1.begin()
    parsed = parse_token(answer.token)
    assert parsed is not None
    assert parsed.kind is TokenKind.TEMPORARY_CREDENTIALS
    found = await oauth1.side.oauth1.find_temporary_credentials(parsed.row)
    assert found.credentials.digest == parsed.digest
    assert found.credentials.secret == answer.secret
    assert found.credentials.callback == CALLBACK
    assert found.credentials.expires_at - found.credentials.issued_at == 600
    assert answer.confirmed


@pytest.mark.requirement("rfc5849-2.1-3")
async def test_the_answer_is_for_nobody_to_keep(oauth1: OAuth1World) -> None:
    """RFC 5849 §2.1: form-encoded; Data Center servers call it text/plain."""
    request = oauth1.sign(Request(method="POST", url=REQUEST_TOKEN_URL), callback=CALLBACK)
    answer = await answer_temporary_credentials_request(request, source=SOURCE, side=oauth1.side)
    assert answer.header("content-type") == "text/plain"
    assert answer.header("cache-control") == "no-store"
    assert [part.partition("=")[0] for part in answer.body.decode().split("&")] == [
        "oauth_token",
        "oauth_token_secret",
        "oauth_callback_confirmed",
    ]


@pytest.mark.parametrize(
    "callback",
    [
        CALLBACK,
        f"{CALLBACK}?back=%2Fa%3Fb%3D1%26c&x=[1]|2",
        f"{CALLBACK}?",
        OUT_OF_BAND,
    ],
)
async def test_a_callback_may_differ_from_the_registered_one_in_its_query(oauth1: OAuth1World, callback: str) -> None:
    """Ours: clients in the field put there what they want to find again."""
    answer = await oauth1.begin(callback=callback)
    parsed = parse_token(answer.token)
    assert parsed is not None
    found = await oauth1.side.oauth1.find_temporary_credentials(parsed.row)
    assert found.credentials.callback == callback


@pytest.mark.requirement("AS-01")
@pytest.mark.parametrize(
    "callback",
    [
        *(f"{CALLBACK}/", f"{CALLBACK}#x", f"{CALLBACK}#", f"{CALLBACK}?a#b", f"{CALLBACK};a", CALLBACK.upper()),
        "https://gadgets.example:8443/callback",
        "https://gadgets.example@evil.example/callback",
        "https://user@gadgets.example/callback",
        "https://gadgets.example/./callback",
        "https://gadgets.example/%63allback",
        "http://gadgets.example/callback",
        "https://evil.example/callback",
        "https://evil.example/?https://gadgets.example/callback",
        f"{CALLBACK}?a b",
        f"{CALLBACK}?é",
        f"{CALLBACK}?a\r\nSet-Cookie: x=y",
        "javascript:alert(1)",
        "/callback",
        "OOB",
        "x" * 5000,
    ],
)
async def test_no_other_callback_is_taken(oauth1: OAuth1World, callback: str) -> None:
    """Security AS-01, over OAuth 1.0a."""
    problem = await get_problem(oauth1.begin(callback=callback))
    assert (problem.code, problem.status) == ("parameter_rejected", 400)
    assert dict(problem.report.details) == {"oauth_parameters_rejected": "oauth_callback"}


async def test_of_a_callback_on_this_machine_the_port_may_vary(oauth1: OAuth1World) -> None:
    """Security AS-02: any client."""
    await oauth1.change_client(redirect_uris=("http://127.0.0.1/done",))
    assert (await oauth1.begin(callback="http://127.0.0.1:8765/done?a=1")).confirmed
    for other in ("http://127.0.0.1:8765/done2", "http://localhost/done", "http://127.0.0.1:8765@evil.example/done"):
        assert (await get_problem(oauth1.begin(callback=other))).code == "parameter_rejected"


async def test_a_callback_is_needed_where_the_record_does_not_allow_the_old_dialect(oauth1: OAuth1World) -> None:
    """RFC 5849 §2.1 REQUIRED."""
    for callback in (None, ""):
        problem = await get_problem(oauth1.begin(callback=callback))
        assert (problem.code, problem.status) == ("parameter_absent", 400)
        assert dict(problem.report.details) == {"oauth_parameters_absent": "oauth_callback"}


async def test_the_old_dialect_leaves_the_callback_out_and_nothing_is_confirmed(oauth1: OAuth1World) -> None:
    """OAuth Core 1.0 §6.1."""
    answer = await oauth1.begin(client=OLD_CLIENT, callback=None)
    assert not answer.confirmed


async def test_a_client_without_a_callback_may_have_the_verifier_typed_alone(oauth1: OAuth1World) -> None:
    """Ours: what is not registered is nowhere."""
    assert (await oauth1.begin(client=OLD_CLIENT, callback=OUT_OF_BAND)).confirmed
    problem = await get_problem(oauth1.begin(client=OLD_CLIENT, callback=CALLBACK))
    assert problem.code == "parameter_rejected"


async def test_having_the_verifier_typed_can_be_switched_off(oauth1: OAuth1World) -> None:
    """Ours: per client."""
    await oauth1.change_client(oauth1={"out_of_band": False})
    assert (await get_problem(oauth1.begin(callback=OUT_OF_BAND))).code == "parameter_rejected"


async def test_a_client_that_may_not_ask_users_gets_nothing(oauth1: OAuth1World) -> None:
    """Ours: three-legged on or off, per client."""
    await oauth1.change_client(oauth1={"three_legged": False})
    problem = await get_problem(oauth1.begin())
    assert (problem.code, problem.status) == ("permission_denied", 401)
    assert problem.link_id == HAND_LINK


@pytest.mark.requirement("rfc5849-2.1-1")
async def test_a_request_for_temporary_credentials_shows_no_token(oauth1: OAuth1World) -> None:
    """RFC 5849 §2.1: left out, or empty."""
    assert (await oauth1.begin(token="")).confirmed
    assert (await get_problem(oauth1.begin(token="x"))).code == "parameter_rejected"
    other = await oauth1.begin()
    assert (await get_problem(oauth1.begin(token=other.token))).code == "parameter_rejected"


async def test_a_paused_link_is_not_in_use_and_one_switched_off_is_not_allowed(oauth1: OAuth1World) -> None:
    """Ours: a pause passes, and nothing that the client has is thrown away for it."""
    await oauth1.change_link(pause=Pause(by="user:9", at=1))
    refusal = await get_refusal(oauth1.begin())
    assert (refusal.code, refusal.status) == ("temporarily_unavailable", 503)
    await oauth1.change_link(pause=None, incoming=Direction(level=Level.DISABLED, protocols=("oauth1",)))
    assert (await get_problem(oauth1.begin())).code == "permission_denied"
    link = await oauth1.inner.storage.linking.find_link(HAND_LINK)
    assert link is not None
    await oauth1.change_link(incoming=replace(link.incoming, level=Level.OAUTH, protocols=("oauth2",)))
    assert (await get_problem(oauth1.begin())).code == "permission_denied"


async def test_a_peer_by_handshake_begins_with_its_pinned_keys(oauth1: OAuth1World) -> None:
    """Handshake: keys are exchanged, not secrets."""
    assert (await oauth1.begin(client=PEER_CLIENT, callback=PEER_CALLBACK)).confirmed
    await oauth1.change_client(SECRET_CLIENT, paused=True)
    assert (await get_problem(oauth1.begin(client=SECRET_CLIENT))).code == "permission_denied"
