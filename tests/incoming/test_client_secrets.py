"""How clients prove themselves with a secret."""

from base64 import b64encode
from dataclasses import replace

import pytest

from applinks.incoming.oauth2.token_request import answer_token_request
from applinks.linking.store import LinkWrite
from applinks.records.clients import ClientAuthentication
from applinks.records.links import Pause
from applinks.wire.oauth2.assertions import CLIENT_ASSERTION_TYPE
from tests.incoming.proofs import (
    SECOND,
    SECRET,
    STRANGERS,
    ask,
    change,
    format_basic,
    format_raw_basic,
    guess,
    refuse,
    show,
)
from tests.incoming.world import (
    HAND_LINK,
    NOTES_SERVER,
    PEER_CLIENT,
    PUBLIC_CLIENT,
    SECRET_CLIENT,
    SOURCE,
    TOKEN_URL,
    World,
    form_request,
    get_refusal,
    keep_secret,
)

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("AS-40")
@pytest.mark.requirement("rfc6749-2.3.1-1")
async def test_a_client_proves_itself_with_its_secret_by_basic_or_in_the_body(world: World) -> None:
    """RFC 6749 §2.3.1 MUST support Basic."""
    assert (await ask(world, format_basic(SECRET_CLIENT, SECRET))).status == 200
    assert (await ask(world, format_basic(SECRET_CLIENT, SECRET), client_id=SECRET_CLIENT)).status == 200
    assert (await ask(world, client_id=SECRET_CLIENT, client_secret=SECRET)).status == 200


@pytest.mark.requirement("AS-40")
@pytest.mark.parametrize("scheme", ["basic ", "BASIC ", "Basic  ", " Basic "])
async def test_the_scheme_may_be_written_in_any_case(world: World, scheme: str) -> None:
    """RFC 9110 §11.1; RFC 7235 §2.1: one space or more."""
    credentials = format_basic(SECRET_CLIENT, SECRET).removeprefix("Basic ")
    assert (await ask(world, scheme + credentials)).status == 200


@pytest.mark.requirement("AS-40")
@pytest.mark.requirement("rfc6749-2.3-2")
@pytest.mark.parametrize(
    ("has_header", "params"),
    [
        (True, {"client_secret": SECRET}),
        (True, {"client_id": SECRET_CLIENT, "client_secret": SECRET}),
        (True, {"client_assertion": "a.b.c", "client_assertion_type": CLIENT_ASSERTION_TYPE}),
        (True, {"client_assertion": "a.b.c"}),
        (
            False,
            {
                "client_id": SECRET_CLIENT,
                "client_secret": SECRET,
                "client_assertion": "a.b.c",
                "client_assertion_type": CLIENT_ASSERTION_TYPE,
            },
        ),
    ],
)
async def test_a_second_method_beside_a_good_one_is_refused(
    world: World, has_header: bool, params: dict[str, str]
) -> None:
    """RFC 6749 §2.3 MUST NOT, §5.2 invalid_request."""
    refusal = await refuse(world, format_basic(SECRET_CLIENT, SECRET) if has_header else None, **params)
    assert (refusal.code, refusal.status) == ("invalid_request", 400)


@pytest.mark.requirement("AS-40")
async def test_a_secret_beside_the_assertion_of_a_peer_is_refused(world: World) -> None:
    """RFC 6749 §2.3 MUST NOT: also where the assertion alone would do."""
    proof = world.prove(PEER_CLIENT)
    assert (await refuse(world, client_secret="x", **proof)).code == "invalid_request"
    assert (await refuse(world, format_basic(PEER_CLIENT, "x"), **proof)).code == "invalid_request"
    assert (await ask(world, **proof)).status == 200


@pytest.mark.requirement("AS-40")
@pytest.mark.parametrize("other", [NOTES_SERVER, PUBLIC_CLIENT, "nobody", SECRET_CLIENT.upper(), SECRET_CLIENT + " "])
async def test_the_client_id_in_the_body_is_that_of_the_header(world: World, other: str) -> None:
    """Security AS-40."""
    refusal = await refuse(world, format_basic(SECRET_CLIENT, SECRET), client_id=other)
    assert (refusal.code, refusal.status) == ("invalid_client", 401)


@pytest.mark.requirement("AS-40")
async def test_basic_parts_at_the_first_colon(world: World) -> None:
    """RFC 7617 §2: a password may hold colons, a user id none."""
    await change(world, secrets=(keep_secret(SECRET),))
    refusal = await refuse(world, format_raw_basic(f"{SECRET_CLIENT}:x:{SECRET}"))
    assert refusal.code == "invalid_client"
    assert f"no secret of the client {SECRET_CLIENT}" in refusal.detail


@pytest.mark.requirement("AS-40")
@pytest.mark.requirement("rfc6749-2.3.1-2")
async def test_both_parts_of_basic_are_decoded_as_a_form(world: World) -> None:
    """RFC 6749 §2.3.1, Appendix B."""
    escaped = "".join(f"%{ord(each):02x}" for each in SECRET_CLIENT), "".join(f"%{ord(each):02X}" for each in SECRET)
    assert (await ask(world, format_raw_basic(":".join(escaped)))).status == 200
    assert (await refuse(world, format_raw_basic(f"{SECRET_CLIENT}+:{SECRET}"))).code == "invalid_client"


@pytest.mark.requirement("AS-40")
@pytest.mark.requirement("AS-07")
@pytest.mark.requirement("rfc6749-5.2-1")
@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic Og==",
        format_raw_basic(f"{SECRET_CLIENT}:"),
        format_raw_basic(f":{SECRET}"),
        format_raw_basic(SECRET_CLIENT),
        format_raw_basic(f"{SECRET_CLIENT}:%zz"),
        format_raw_basic(f"{SECRET_CLIENT}%00:{SECRET}"),
        format_raw_basic(f"{SECRET_CLIENT}\0:{SECRET}"),
        format_raw_basic(f"{SECRET_CLIENT}:{SECRET}\n"),
        format_basic(SECRET_CLIENT, SECRET)[:-4],
        format_basic(SECRET_CLIENT, SECRET) + "====",
        format_basic(SECRET_CLIENT, SECRET).replace("Basic ", "Basic\t"),
        format_basic(SECRET_CLIENT, SECRET).replace("Basic ", "BasicX "),
        format_basic(SECRET_CLIENT, SECRET) + ", " + format_basic(SECRET_CLIENT, SECRET),
        "Basic " + b64encode(b"\xff\xfe:\xff").decode(),
        "Basic é",
        "Basic " + "QUJD" * 20_000,
    ],
)
async def test_a_header_that_is_not_exactly_basic_is_refused_with_a_challenge(world: World, value: str) -> None:
    """RFC 6749 §5.2 MUST: 401, and WWW-Authenticate of the scheme that was tried; never a 5xx."""
    for params in ({}, {"client_id": SECRET_CLIENT}, {"client_id": PUBLIC_CLIENT}):
        refusal = await refuse(world, value, **params)
        assert (refusal.code, refusal.status) == ("invalid_client", 401)
        assert dict(refusal.headers)["WWW-Authenticate"].startswith("Basic realm=")


@pytest.mark.requirement("AS-40")
async def test_two_authorization_headers_prove_nothing(world: World) -> None:
    """Ours: which of them counts would be for us to guess."""
    good, request = format_basic(SECRET_CLIENT, SECRET), form_request(TOKEN_URL, [("grant_type", "client_credentials")])
    for pair in ((good, good), (good, "Bearer x"), ("", good)):
        headers = (*request.headers, *(("authorization", each) for each in pair))
        asked = answer_token_request(replace(request, headers=headers), source=SOURCE, side=world.side)
        assert (await get_refusal(asked)).code == "invalid_client"


@pytest.mark.requirement("AS-40")
@pytest.mark.requirement("rfc6749-2.3.1-3")
async def test_a_secret_in_the_address_is_not_read(world: World) -> None:
    """RFC 6749 §2.3.1 MUST NOT be included in the request URI."""
    pairs = [("grant_type", "client_credentials"), ("client_id", SECRET_CLIENT)]
    request = form_request(f"{TOKEN_URL}?client_id={SECRET_CLIENT}&client_secret={SECRET}", pairs)
    assert (await get_refusal(answer_token_request(request, source=SOURCE, side=world.side))).code == "invalid_client"


@pytest.mark.requirement("AS-40")
@pytest.mark.requirement("AS-07")
async def test_a_secret_that_occurs_twice_is_refused(world: World) -> None:
    """RFC 6749 §3.2 MUST NOT."""
    pairs = [("grant_type", "client_credentials"), ("client_id", SECRET_CLIENT), *[("client_secret", SECRET)] * 2]
    refusal = await get_refusal(answer_token_request(form_request(TOKEN_URL, pairs), source=SOURCE, side=world.side))
    assert refusal.code == "invalid_request"


@pytest.mark.requirement("rfc6749-2.3-1")
@pytest.mark.requirement("AS-40")
@pytest.mark.parametrize(
    ("method", "by_header", "in_body"),
    [
        (ClientAuthentication.CLIENT_SECRET, True, True),
        (ClientAuthentication.CLIENT_SECRET_BASIC, True, False),
        (ClientAuthentication.CLIENT_SECRET_POST, False, True),
        (ClientAuthentication.PRIVATE_KEY_JWT, False, False),
        (ClientAuthentication.NONE, False, False),
    ],
)
async def test_the_registered_method_is_enforced(
    world: World, method: ClientAuthentication, by_header: bool, in_body: bool
) -> None:
    """RFC 6749 §2.3; security AS-40: a right secret that comes in another way is a wrong one."""
    await change(world, authentication=method)
    wrong = [
        await refuse(world, format_basic(SECRET_CLIENT, STRANGERS)),
        await guess(world, SECRET_CLIENT),
    ]
    ways: list[tuple[bool, str | None, dict[str, str]]] = [
        (by_header, format_basic(SECRET_CLIENT, SECRET), {}),
        (in_body, None, {"client_id": SECRET_CLIENT, "client_secret": SECRET}),
    ]
    for (may, basic, params), refused in zip(ways, wrong, strict=True):
        if may:
            assert (await ask(world, basic, **params)).status == 200
            continue
        refusal = await refuse(world, basic, **params)
        assert show(refusal) == show(refused)
        assert f"registered for {method.value}" in refusal.detail


@pytest.mark.requirement("rfc6749-3.2.1-1")
@pytest.mark.requirement("AS-40")
@pytest.mark.requirement("AS-34")
async def test_a_client_with_a_secret_does_not_get_by_without_it(world: World) -> None:
    """RFC 6749 §3.2.1 MUST; also on refresh."""
    tokens = await world.get_tokens(client=SECRET_CLIENT)
    assert (await refuse(world, client_id=SECRET_CLIENT)).code == "invalid_client"
    assert (await refuse(world, client_id=SECRET_CLIENT, client_secret="")).code == "invalid_client"
    own = {"client_id": SECRET_CLIENT, "client_assertion": world.assert_client(iss=SECRET_CLIENT, sub=SECRET_CLIENT)}
    assertion = own | {"client_assertion_type": CLIENT_ASSERTION_TYPE}
    for proof in ({"client_id": SECRET_CLIENT}, assertion):
        asked = world.post(grant_type="refresh_token", refresh_token=tokens["refresh_token"], **proof)
        assert (await get_refusal(asked)).code == "invalid_client"
    assert await world.refresh(tokens["refresh_token"], client=SECRET_CLIENT)


@pytest.mark.requirement("AS-33")
@pytest.mark.requirement("AS-42")
async def test_an_expired_secret_refuses_at_the_moment_it_ends(world: World) -> None:
    """Security AS-33: everywhere, on refresh too; the other secret goes on."""
    end = world.clock.now() + 100
    await change(world, secrets=(keep_secret(SECOND), keep_secret(SECRET, expires_at=end)))
    tokens = await world.get_tokens(client=SECRET_CLIENT)
    world.clock.advance(99)
    assert (await ask(world, client_id=SECRET_CLIENT, client_secret=SECRET)).status == 200
    world.clock.advance(1)
    refusal = await guess(world, SECRET_CLIENT, SECRET)
    assert show(refusal) == show(await guess(world, SECRET_CLIENT))
    assert refusal.detail == f"the secret {SECRET[:8]}… of the client {SECRET_CLIENT} expired"
    assert (await refuse(world, format_basic(SECRET_CLIENT, SECRET))).code == "invalid_client"
    asked = world.refresh(tokens["refresh_token"], client=SECRET_CLIENT)
    assert (await get_refusal(asked)).code == "invalid_client"
    assert (await ask(world, client_id=SECRET_CLIENT, client_secret=SECOND)).status == 200


@pytest.mark.requirement("AS-42")
async def test_two_secrets_overlap_and_one_that_was_ended_is_gone_at_once(world: World) -> None:
    """Product §5: two overlapping client secrets."""
    await change(world, secrets=(keep_secret(SECOND), keep_secret(SECRET)))
    for secret in (SECRET, SECOND):
        assert (await ask(world, client_id=SECRET_CLIENT, client_secret=secret)).status == 200
    await change(world, secrets=(keep_secret(SECOND),))
    assert (await guess(world, SECRET_CLIENT, SECRET)).code == "invalid_client"
    assert (await ask(world, client_id=SECRET_CLIENT, client_secret=SECOND)).status == 200


@pytest.mark.requirement("AS-33")
async def test_a_paused_client_and_a_paused_link_get_nothing_with_a_right_secret(world: World) -> None:
    """Security AS-33."""
    await change(world, paused=True)
    assert (await guess(world, SECRET_CLIENT, SECRET)).code == "unauthorized_client"
    await change(world, paused=False)
    link = await world.storage.linking.find_link(HAND_LINK)
    assert link is not None
    paused = link.changed(pause=Pause(by="user:9", at=1))
    await world.storage.linking.commit(LinkWrite(link=paused, expected_version=link.version))
    assert (await guess(world, SECRET_CLIENT, SECRET)).code == "temporarily_unavailable"


async def test_the_use_of_a_secret_is_noted(world: World) -> None:
    """The issue: secrets with last use; a wrong one is no use."""
    await change(world, secrets=(keep_secret(SECOND), keep_secret(SECRET)))
    await guess(world, SECRET_CLIENT)
    assert not world.side.usage.take().secrets
    await ask(world, client_id=SECRET_CLIENT, client_secret=SECRET)
    assert world.side.usage.take().secrets == {1: world.clock.now()}
    await ask(world, format_basic(SECRET_CLIENT, SECOND))
    assert world.side.usage.take().secrets == {7: world.clock.now()}
