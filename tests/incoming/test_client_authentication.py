"""How clients prove themselves at the token endpoint."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from applinks.errors import RefusedError
from applinks.incoming.oauth2.token_request import answer_token_request
from applinks.limits import Limit
from applinks.records.links import Link, Rest
from applinks.wire.http import Request
from applinks.wire.jose import UnverifiedJwt
from applinks.wire.oauth2.assertions import CLIENT_ASSERTION_TYPE
from tests.incoming.world import (
    BASE,
    LINK,
    OTHER_CLIENT,
    PEER_CLIENT,
    PUBLIC_CLIENT,
    SOURCE,
    TOKEN_URL,
    World,
    form_request,
    get_refusal,
    make_key,
    publish,
)

pytestmark = pytest.mark.anyio


async def ask(world: World, assertion: str | None = None, **params: str | None) -> Any:
    proof = {"client_assertion_type": CLIENT_ASSERTION_TYPE, "client_assertion": assertion} if assertion else {}
    pairs = {"grant_type": "client_credentials"} | proof | params
    request = form_request(TOKEN_URL, [(name, value) for name, value in pairs.items() if value is not None])
    return await answer_token_request(request, source=SOURCE, side=world.side)


async def refuse(world: World, assertion: str | None = None, **params: str | None) -> RefusedError:
    return await get_refusal(ask(world, assertion, **params))


@pytest.mark.requirement("rfc6749-2.3-1")
@pytest.mark.requirement("AS-41")
async def test_a_linked_peer_proves_itself_with_its_pinned_key(world: World) -> None:
    """RFC 7523 §3; handshake §3, Registration."""
    assert (await ask(world, world.assert_client())).status == 200
    assert (await ask(world, world.assert_client(), client_id=PEER_CLIENT)).status == 200


@pytest.mark.requirement("AS-41")
@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "JWT"},
        {"typ": "applinks-statement+jwt"},
        {"aud": TOKEN_URL},
        {"aud": [BASE]},
        {"aud": BASE + "/"},
        {"aud": "https://elsewhere.example"},
        {"aud": None},
        {"iss": "https://elsewhere.example"},
        {"sub": "https://elsewhere.example"},
        {"iss": OTHER_CLIENT, "sub": OTHER_CLIENT},
        {"exp": 1_800_000_000 + 301},
        {"exp": 1_800_000_000 - 61},
        {"exp": None},
        {"exp": "soon"},
        {"iat": 1_800_000_000 + 61, "exp": 1_800_000_000 + 120},
        {"nbf": 1_800_000_000 + 100},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"kid": "unknown"},
    ],
)
async def test_an_assertion_that_is_not_exactly_right_is_refused(world: World, changes: dict[str, Any]) -> None:
    """RFC 7523 §3 MUST; between two Applinks the type and the issuer as audience."""
    refusal = await refuse(world, world.assert_client(**changes))
    assert (refusal.code, refusal.status) == ("invalid_client", 401)


@pytest.mark.requirement("AS-41")
async def test_an_assertion_works_once(world: World) -> None:
    """RFC 7523 §3: jti; claimed in the database."""
    assertion = world.assert_client()
    results = await asyncio.gather(*(ask(world, assertion) for _ in range(10)), return_exceptions=True)
    assert sum(not isinstance(each, Exception) for each in results) == 1
    assert (await refuse(world, assertion)).code == "invalid_client"


@pytest.mark.requirement("AS-41")
async def test_an_assertion_is_spent_once_it_verified_whatever_follows(world: World) -> None:
    """House §4: the proof is claimed, then the rest is decided."""
    assertion = world.assert_client()
    assert (await refuse(world, assertion, scope="unknown")).code == "invalid_scope"
    assert (await refuse(world, assertion)).code == "invalid_client"


@pytest.mark.requirement("AS-41")
async def test_what_does_not_verify_spends_nothing(world: World) -> None:
    """Ours: a stranger cannot use up a client's jti."""
    forged = world.assert_client(key=make_key(), kid=publish(world.key)["kid"], jti="the one")
    assert (await refuse(world, forged)).code == "invalid_client"
    assert (await ask(world, world.assert_client(jti="the one"))).status == 200


@pytest.mark.requirement("AS-41")
@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "JWT"},
        {"typ": "client-authentication+jwt"},
        {"aud": TOKEN_URL},
        {"aud": [BASE]},
        {"aud": [BASE, TOKEN_URL]},
    ],
)
async def test_other_clients_may_send_what_libraries_send(world: World, changes: dict[str, Any]) -> None:
    """Looser than RFC 7523's successor: because libraries send it."""
    named = {"iss": OTHER_CLIENT, "sub": OTHER_CLIENT, "key": world.other_key}
    assert (await ask(world, world.assert_client(**named, **changes))).status == 200


@pytest.mark.requirement("AS-41")
@pytest.mark.parametrize(
    "assertion",
    ["x", "a.b.c", "..", "e30.e30.e30", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "a" * 9000],
)
async def test_an_assertion_that_is_no_jwt_is_refused(world: World, assertion: str) -> None:
    """RFC 6749 §5.2."""
    assert (await refuse(world, assertion)).code == "invalid_client"


@pytest.mark.requirement("AS-41")
async def test_unknown_client_and_wrong_proof_look_alike(world: World) -> None:
    """Ours: nothing tells who is a client here."""
    forged = world.assert_client(key=make_key(), kid=publish(world.key)["kid"])
    unknown = world.assert_client(iss="nobody", sub="nobody")
    found = [
        await refuse(world, forged),
        await refuse(world, unknown),
        await refuse(world, world.assert_client(kid="unknown")),
        await refuse(world, client_id="nobody"),
        await refuse(world, client_id=PEER_CLIENT),
    ]
    assert len({(each.code, each.description, each.status, each.headers) for each in found}) == 1
    assert len({each.detail for each in found}) == 5


@pytest.mark.requirement("AS-40")
@pytest.mark.requirement("AS-34")
@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "invalid_client"),
        ({"client_id": PUBLIC_CLIENT, "client_secret": "x"}, "invalid_client"),
        ({"client_id": PEER_CLIENT, "client_secret": "x"}, "invalid_client"),
        ({"client_assertion": "x"}, "invalid_request"),
        ({"client_id": PUBLIC_CLIENT, "client_assertion_type": CLIENT_ASSERTION_TYPE}, "invalid_request"),
        ({"client_assertion": "x", "client_assertion_type": "urn:other"}, "invalid_client"),
    ],
)
async def test_a_method_that_is_not_the_registered_one_is_refused(
    world: World, params: dict[str, str], code: str
) -> None:
    """RFC 6749 §2.3, §5.2."""
    assert (await refuse(world, **params)).code == code


@pytest.mark.requirement("rfc6749-2.3.2-1")
async def test_the_client_id_beside_an_assertion_is_its_own(world: World) -> None:
    """RFC 7521 §4.2 MUST."""
    assert (await refuse(world, world.assert_client(), client_id=OTHER_CLIENT)).code == "invalid_client"


async def test_a_public_client_does_not_prove_itself(world: World) -> None:
    """Ours: the registered method is enforced."""
    assertion = world.assert_client(iss=PUBLIC_CLIENT, sub=PUBLIC_CLIENT)
    assert (await refuse(world, assertion)).code == "invalid_client"


@pytest.mark.requirement("rfc6749-5.2-1")
@pytest.mark.parametrize(("value", "scheme"), [("Bearer x", "Bearer"), ("Digest x", "Basic"), ("Basic", "Basic")])
async def test_another_scheme_than_basic_proves_nothing_here(world: World, value: str, scheme: str) -> None:
    """RFC 6749 §5.2 MUST: 401 with a challenge of the scheme that was tried."""
    request = form_request(TOKEN_URL, [("grant_type", "client_credentials"), *world.prove(PEER_CLIENT).items()])
    tried = replace(request, headers=(*request.headers, ("Authorization", value)))
    refusal = await get_refusal(answer_token_request(tried, source=SOURCE, side=world.side))
    assert (refusal.code, refusal.status) == ("invalid_client", 401)
    assert dict(refusal.headers)["WWW-Authenticate"].startswith(scheme)


@pytest.mark.requirement("LK-06")
async def test_a_key_that_the_link_takes_up_counts_at_once(world: World) -> None:
    """Handshake §5, Rotation: also for client assertions."""
    new_key = make_key()
    asked: list[str] = []

    async def find_peer_key(link: Link, jwt: UnverifiedJwt) -> Link | None:
        asked.append(str(jwt.kid))
        if jwt.kid != publish(new_key)["kid"]:
            return None
        return await world.change_link(peer=replace(link.peer, keys=(*link.peer.keys, publish(new_key))))

    world.side.find_peer_key = find_peer_key
    assert (await ask(world, world.assert_client())).status == 200
    assert asked == []
    assert (await ask(world, world.assert_client(key=new_key))).status == 200
    assert (await refuse(world, world.assert_client(key=make_key()))).code == "invalid_client"
    assert len(asked) == 2
    other = {"iss": OTHER_CLIENT, "sub": OTHER_CLIENT, "kid": "unknown"}
    assert (await refuse(world, world.assert_client(key=world.other_key, **other))).code == "invalid_client"
    assert len(asked) == 2


@pytest.mark.requirement("LK-06")
async def test_a_key_that_nobody_announced_finds_a_resting_link(world: World) -> None:
    """Handshake §4, Rest: 503 temporarily_unavailable until an administrator approved the key."""
    new_key = make_key()
    link = await world.change_link()
    found = replace(link.peer, unannounced=(publish(new_key),))
    await world.change_link(peer=found, rest=frozenset({Rest.KEYS_CHANGED}))
    refusal = await refuse(world, world.assert_client(key=new_key))
    assert (refusal.code, refusal.status) == ("temporarily_unavailable", 503)
    forged = world.assert_client(key=make_key(), kid=publish(new_key)["kid"])
    assert (await refuse(world, forged)).code == "invalid_client"


async def test_the_refusal_of_a_known_client_is_filed_under_its_link(world: World) -> None:
    """Ours: so that the administrator finds it on the link's page."""
    refusal = await refuse(world, world.assert_client(aud="https://elsewhere.example"))
    assert refusal.link_id == LINK
    assert "aud" in refusal.detail
    assert "aud" not in refusal.description


async def test_repeated_authorization_headers_are_refused_too(world: World) -> None:
    """Ours."""
    headers = (("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", "x"), ("authorization", "y"))
    request = Request(method="POST", url=TOKEN_URL, headers=headers, body=b"grant_type=client_credentials&client_id=x")
    assert (await get_refusal(answer_token_request(request, source=SOURCE, side=world.side))).code == "invalid_client"


@pytest.mark.requirement("N-10")
async def test_too_many_wrong_assertions_are_answered_429(world: World) -> None:
    """Security N-10: signatures, 60 a minute per client and address."""
    for _ in range(Limit.WRONG_PROOFS.value[0]):
        assert (await refuse(world, world.assert_client(aud="https://elsewhere.example"))).code == "invalid_client"
    limited = await refuse(world, world.assert_client(aud="https://elsewhere.example"))
    assert (limited.status, limited.code) == (429, "too_many_requests")
    assert "Retry-After" in dict(limited.headers)
    # Failures alone are limited: a right assertion passes, from there too.
    assert (await ask(world, world.assert_client())).status == 200
