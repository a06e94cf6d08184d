"""The statement endpoint, and what counts as a reply."""

import json

import pytest

from applinks.administration import links
from applinks.administration.actor import Actor
from applinks.errors import RefusedError
from applinks.linking.statements import answer_statement, send_due, send_statement
from applinks.records.links import LinkState
from applinks.wire.http import Request, Response
from applinks.wire.jose import parse_jwt, sign_jwt
from applinks.wire.linking.messages import ANSWER_TYP, STATEMENT_TYP
from tests.linking.world import A_URL, ADMINISTRATOR, B_URL, Application, World, make_pair

pytestmark = pytest.mark.anyio

ENDPOINT = f"{B_URL}/applinks/link/statement"
JWT = (("Content-Type", "application/jwt"),)


async def capture(world: World, link_id: str) -> str:
    """Give a statement that A just sent to B."""
    world.network.seen.clear()
    await send_statement(await world.a.find(link_id), side=world.a.linking)
    return next(request.body.decode() for request in world.network.seen if request.url == ENDPOINT)


def read(text: str) -> dict[str, object]:
    return dict(parse_jwt(text, limit=100_000, typ=frozenset({STATEMENT_TYP, ANSWER_TYP})).unverified_claims)


async def post(application: Application, body: bytes | str, headers: tuple[tuple[str, str], ...] = JWT) -> Response:
    raw = body.encode() if isinstance(body, str) else body
    request = Request(method="POST", url=f"{application.url}/applinks/link/statement", headers=headers, body=raw)
    return await answer_statement(request, source="192.0.2.7", side=application.linking)


@pytest.mark.requirement("handshake-10-2")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aud": "https://other.example"}, "invalid_claims"),
        ({"iss": B_URL}, "invalid_claims"),
        ({"iss": "not a url"}, "invalid_claims"),
        ({"iss": None}, "invalid_claims"),
        ({"in_reply_to": "stm_0000000000000000000000"}, "invalid_claims"),
        ({"ver": 2}, "invalid_claims"),
        ({"must_understand": ["moved_from"]}, "invalid_claims"),
        ({"exp": 1_900_000_000}, "invalid_claims"),
        ({"iat": 1_700_000_000, "exp": 1_700_000_100}, "expired"),
        ({"state": "asleep"}, "invalid_claims"),
        ({"paused": "yes"}, "invalid_claims"),
        ({"seq": 1.0}, "invalid_claims"),
        ({"seq": True}, "invalid_claims"),
        ({"keys": []}, "invalid_claims"),
        ({"agreed": None}, "invalid_claims"),
        ({"check": "failed"}, "invalid_claims"),
        ({"jti": "short"}, "invalid_claims"),
    ],
)
@pytest.mark.requirement("LK-02")
async def test_a_statement_with_a_wrong_claim_changes_nothing(
    world: World, changes: dict[str, object], code: str
) -> None:
    """Handshake §2 Types, order of verification; §10 replies need in_reply_to, requests must not have it."""
    link_id = await world.link()
    claims = read(await capture(world, link_id)) | changes
    text = await world.a.linking.sign(
        {k: v for k, v in claims.items() if v is not None or k == "agreed"}, typ=STATEMENT_TYP
    )
    before = await world.b.find(link_id)
    with pytest.raises(RefusedError) as refused:
        await post(world.b, text)
    assert refused.value.code == code
    assert await world.b.find(link_id) == before


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", JWT, 400),
        (b"a.b.c", JWT, 400),
        (b"\xff\xfe", JWT, 400),
        (b"x" * 70_000, JWT, 413),
        (b"a.b.c", (("Content-Type", "application/json"),), 415),
        (b"a.b.c", (), 415),
    ],
)
async def test_what_is_no_statement_is_a_clear_4xx(
    world: World, body: bytes, headers: tuple[tuple[str, str], ...], status: int
) -> None:
    """Handshake §8: invalid_request 400 (413, 415)."""
    with pytest.raises(RefusedError) as refused:
        await post(world.b, body, headers)
    assert (refused.value.status, refused.value.code) == (status, "invalid_request")


@pytest.mark.requirement("handshake-10-2")
@pytest.mark.requirement("LK-02")
async def test_another_type_of_message_is_no_statement(world: World) -> None:
    """Handshake §10: one JWT used as another."""
    link_id = await world.link()
    text = await world.a.linking.sign(read(await capture(world, link_id)), typ=ANSWER_TYP)
    with pytest.raises(RefusedError) as refused:
        await post(world.b, text)
    assert refused.value.code == "invalid_request"


@pytest.mark.requirement("LK-07")
async def test_a_statement_by_a_stranger_in_the_peers_name_changes_nothing(world: World) -> None:
    """Handshake §10: forged."""
    link_id = await world.link()
    pair = make_pair()
    claims = read(await capture(world, link_id)) | {"state": "ended", "reason": "deleted", "seq": 99}
    private = json.loads(pair.private.reveal())
    forged = sign_jwt(claims, typ=STATEMENT_TYP, private_key=private, algorithm="ES256", kid=pair.kid)
    with pytest.raises(RefusedError) as refused:
        await post(world.b, forged)
    assert refused.value.code == "unknown_key"
    own = await world.a.keys.get_signing_key()
    forged = sign_jwt(claims, typ=STATEMENT_TYP, private_key=private, algorithm="ES256", kid=own.kid)
    with pytest.raises(RefusedError) as refused:
        await post(world.b, forged)
    assert refused.value.code == "invalid_signature"
    assert (await world.b.find(link_id)).is_usable


@pytest.mark.requirement("N-10")
async def test_wrong_signatures_are_limited_and_do_not_silence_the_peer(world: World) -> None:
    """Handshake §9: wrong signatures 10 in 10 minutes; security N-10: never an honest client at another address."""
    link_id = await world.link()
    text = await capture(world, link_id)
    head, body, signature = text.split(".")
    forged = f"{head}.{body}.{('B' if signature[0] == 'A' else 'A') + signature[1:]}"
    codes = []
    for _ in range(12):
        with pytest.raises(RefusedError) as refused:
            await post(world.b, forged)
        codes.append(refused.value.code)
    assert codes == ["invalid_signature"] * 10 + ["too_many_requests"] * 2
    await send_statement(await world.a.find(link_id), side=world.a.linking)
    assert "too_many_requests" not in {code for _, code, _ in world.a.failures.recorded}


@pytest.mark.requirement("LK-07")
async def test_a_statement_replayed_changes_nothing(world: World) -> None:
    """Handshake §3: a statement carries a whole state, and replaying one changes nothing."""
    link_id = await world.link()
    old = await capture(world, link_id)
    await links.pause(link_id, actor=Actor.for_user(ADMINISTRATOR), side=world.a.administration)
    await send_due(link_id, side=world.a.linking)
    before = await world.b.find(link_id)
    assert before.peer.paused
    await post(world.b, old)
    assert await world.b.find(link_id) == before


@pytest.mark.requirement("handshake-10-24")
@pytest.mark.requirement("LK-07")
async def test_an_unknown_link_is_answered_by_a_signed_end_and_nothing_is_written(world: World) -> None:
    """Handshake §3: none → a signed ended, reason unknown, nothing written."""
    link_id = await world.link()
    claims = read(await capture(world, link_id)) | {"link": "lnk_0000000000000000000000"}
    answer = await post(world.b, await world.a.linking.sign(claims, typ=STATEMENT_TYP))
    assert answer.header("content-type") == "application/jwt"
    said = read(answer.body.decode())
    assert (said["state"], said["reason"], said["seq"], said["in_reply_to"]) == ("ended", "unknown", 0, claims["jti"])
    assert said["aud"] == A_URL
    assert len(await world.b.storage.linking.list_links(ended=True)) == 1


@pytest.mark.requirement("handshake-10-24")
@pytest.mark.requirement("N-10")
async def test_strangers_are_limited_before_anything_is_signed(world: World) -> None:
    """Handshake §9: 10 a minute and source for unknown links."""
    link_id = await world.link()
    claims = read(await capture(world, link_id)) | {"link": "lnk_0000000000000000000000"}
    text = await world.a.linking.sign(claims, typ=STATEMENT_TYP)
    for _ in range(10):
        await post(world.b, text)
    with pytest.raises(RefusedError) as refused:
        await post(world.b, text)
    assert (refused.value.code, refused.value.status) == ("too_many_requests", 429)


@pytest.mark.requirement("handshake-10-20")
@pytest.mark.parametrize(
    "answer",
    [
        Response(status=404, headers=(("Content-Type", "text/html"),), body=b"<p>gone"),
        Response(status=410),
        Response(status=401, headers=(("Content-Type", "application/json"),), body=b'{"error": "unknown_link"}'),
        Response(status=200, headers=(("Content-Type", "text/html"),), body=b"<p>log in"),
        Response(status=200, headers=JWT, body=b"a.b.c"),
        Response(status=302, headers=(("Location", "https://evil.example/"),)),
        Response(status=500),
    ],
)
@pytest.mark.requirement("LK-07")
async def test_nothing_but_a_verified_reply_ends_a_link(world: World, answer: Response) -> None:
    """Handshake §10: a 404, 410, HTML page or proxy "ends" a link."""
    link_id = await world.link()
    world.network.answers[ENDPOINT] = lambda _: answer
    before = await world.a.find(link_id)
    await send_statement(before, side=world.a.linking)
    after = await world.a.find(link_id)
    assert after.state is LinkState.IN_FORCE
    assert (after.peer, after.rest) == (before.peer, frozenset())
    assert world.a.failures.recorded[-1][0] == "statement"
    assert after.statement.next_at > world.clock.now()


@pytest.mark.requirement("handshake-10-21")
@pytest.mark.requirement("LK-02")
async def test_a_reply_about_another_link_is_none(world: World) -> None:
    """Handshake §3 step 5: two links of one pair, one of them ended, are not taken for each other."""
    link_id = await world.link()
    ended = read(await capture(world, link_id)) | {
        "iss": B_URL,
        "aud": A_URL,
        "link": "lnk_0000000000000000000000",
        "state": "ended",
        "reason": "deleted",
        "keys": sorted(await world.b.linking.list_own_kids()),
        "peer_keys": sorted(await world.a.linking.list_own_kids()),
    }
    pair = await world.b.keys.get_signing_key()
    private = json.loads(pair.private.reveal())

    def answer(asked: Request) -> Response:
        claims = ended | {"in_reply_to": read(asked.body.decode())["jti"]}
        text = sign_jwt(claims, typ=STATEMENT_TYP, private_key=private, algorithm="ES256", kid=pair.kid)
        return Response(status=200, headers=JWT, body=text.encode())

    world.network.answers[ENDPOINT] = answer
    await send_statement(await world.a.find(link_id), side=world.a.linking)
    assert (await world.a.find(link_id)).state is LinkState.IN_FORCE


@pytest.mark.requirement("handshake-10-2")
@pytest.mark.requirement("handshake-10-21")
@pytest.mark.requirement("LK-07")
async def test_a_captured_end_is_no_reply_to_another_question(world: World) -> None:
    """Handshake §10: captured "unknown" answers: aud and in_reply_to."""
    link_id = await world.link()
    claims = read(await capture(world, link_id))
    ended = claims | {
        "iss": B_URL,
        "aud": A_URL,
        "state": "ended",
        "reason": "deleted",
        "in_reply_to": "stm_0000000000000000000000",
        "keys": sorted(await world.b.linking.list_own_kids()),
        "peer_keys": sorted(await world.a.linking.list_own_kids()),
    }
    text = await world.b.linking.sign(ended, typ=STATEMENT_TYP)
    world.network.answers[ENDPOINT] = lambda _: Response(status=200, headers=JWT, body=text.encode())
    await send_statement(await world.a.find(link_id), side=world.a.linking)
    assert (await world.a.find(link_id)).state is LinkState.IN_FORCE
    with pytest.raises(RefusedError) as refused:
        await post(world.a, text)
    assert refused.value.code == "invalid_claims"


async def test_statements_carry_nothing_of_users(world: World) -> None:
    """Handshake §9: messages carry no user, e-mail, session or list of peers."""
    link_id = await world.link()
    assert set(read(await capture(world, link_id))) == {
        *("ver", "iss", "aud", "iat", "exp", "jti", "link", "seq", "peer_seq", "state", "agreed", "pending"),
        *("paused", "allows", "keys", "peer_keys", "check"),
    }


@pytest.mark.requirement("handshake-10-8")
@pytest.mark.requirement("LK-02")
async def test_a_link_id_in_another_peers_name_is_a_link_that_is_not_known(world: World) -> None:
    """Handshake §10: messages find their record by peer and link, so that a learned id says nothing."""
    link_id = await world.link()
    pair = make_pair()
    claims = read(await capture(world, link_id)) | {
        "iss": "https://evil.example",
        "state": "ended",
        "reason": "deleted",
    }
    private = json.loads(pair.private.reveal())
    forged = sign_jwt(claims, typ=STATEMENT_TYP, private_key=private, algorithm="ES256", kid=pair.kid)
    said = read((await post(world.b, forged)).body.decode())
    assert (said["state"], said["reason"], said["seq"], said["agreed"]) == ("ended", "unknown", 0, None)
    assert (await world.b.find(link_id)).is_usable
