"""What a guess at the secret of a client costs, and what it tells."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from applinks.incoming import wrong_proofs
from applinks.incoming.oauth2 import client_authentication
from applinks.limits import Limit
from applinks.secret import is_same_digest
from applinks.wire.token_format import TokenKind, format_token
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
    OTHER_CLIENT,
    PEER_CLIENT,
    PUBLIC_CLIENT,
    SECRET_CLIENT,
    SECRETS,
    World,
    keep_secret,
    make_secret,
)

pytestmark = pytest.mark.anyio

MOST = Limit.WRONG_PROOFS.value[0]


@pytest.mark.requirement("AS-42")
async def test_a_secret_proves_its_own_client_alone(world: World) -> None:
    """Ours: the secret of one client is a guess at another."""
    assert (await guess(world, NOTES_SERVER, SECRET)).code == "invalid_client"
    assert (await guess(world, OTHER_CLIENT, SECRET)).code == "invalid_client"
    assert (await guess(world, PUBLIC_CLIENT, SECRET)).code == "invalid_client"


@pytest.mark.requirement("AS-42")
async def test_only_the_whole_text_of_a_secret_is_the_secret(world: World) -> None:
    """Ours: the part whose digest is stored is no secret by itself, nor is it one in another's dress."""
    _, row, rest = SECRET.split("_", 2)
    inner = rest[:43]
    (stored,) = (await change(world)).secrets
    others = (inner, f"als_{row}_{inner}", SECRET[:-1], SECRET + " ", SECRET.swapcase(), stored.digest.hex(), "\0", "é")
    for text in (*others, SECRET.replace("als_", "ala_"), make_secret(3)):
        assert (await guess(world, SECRET_CLIENT, text)).code in {"invalid_client", "invalid_request"}
    assert (await ask(world, client_id=SECRET_CLIENT, client_secret=SECRET)).status == 200


@pytest.mark.requirement("AS-42")
async def test_a_right_secret_under_another_row_or_of_another_kind_is_refused(world: World) -> None:
    """Ours: one secret has one text."""
    for kind, row in ((TokenKind.CLIENT_SECRET, 2), (TokenKind.ACCESS, 1), (TokenKind.REFRESH, 1)):
        assert (await guess(world, SECRET_CLIENT, format_token(kind, row, bytes([1] * 32)))).code == "invalid_client"
    assert format_token(TokenKind.CLIENT_SECRET, 1, bytes([1] * 32)) == SECRET


@pytest.mark.requirement("AS-42")
async def test_unknown_client_and_wrong_secret_look_alike(world: World) -> None:
    """Security AS-42: nothing tells who is a client here, how it proves itself, or which secret was right once."""
    await change(world, secrets=(keep_secret(SECRET, expires_at=5),))
    named = ("nobody", SECRET_CLIENT, NOTES_SERVER, PUBLIC_CLIENT, PEER_CLIENT, OTHER_CLIENT)
    in_body = [show(await guess(world, each, SECRET)) for each in named]
    by_header = [show(await refuse(world, format_basic(each, SECRET))) for each in named]
    assert len(set(in_body)) == 1
    assert len(set(by_header)) == 1
    assert in_body[0][:3] == by_header[0][:3] == (*show(await guess(world, "nobody"))[:3],)
    assert in_body[0][3] == ()


@pytest.mark.requirement("AS-42")
async def test_every_guess_costs_the_same_number_of_comparisons(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Security AS-42: counted, because time itself is nothing that a test can rely on."""
    await change(world, NOTES_SERVER, secrets=(keep_secret(SECRETS[NOTES_SERVER]), keep_secret(SECOND)))
    counts, looked_up = [0], [0]

    def count(stored: bytes | None, presented: bytes) -> bool:
        counts[-1] += 1
        return is_same_digest(stored, presented)

    find_client = world.side.store.find_client

    async def find(client_id: str) -> Any:
        looked_up[-1] += 1
        return await find_client(client_id)

    monkeypatch.setattr(client_authentication, "is_same_digest", count)
    monkeypatch.setattr(type(world.side.store), "find_client", lambda _, client_id: find(client_id))
    named = ("nobody", SECRET_CLIENT, NOTES_SERVER, PUBLIC_CLIENT, PEER_CLIENT)
    for client_id in named:
        for secret in (STRANGERS, "x", make_secret(1), SECOND, "s" * 5000):
            counts.append(0)
            looked_up.append(0)
            await asyncio.gather(ask(world, client_id=client_id, client_secret=secret), return_exceptions=True)
    assert set(counts[1:]) == {2}
    assert set(looked_up[1:]) == {1}


@pytest.mark.requirement("AS-42")
@pytest.mark.requirement("N-06")
async def test_the_database_holds_the_digest_of_a_secret_and_not_the_secret(world: World) -> None:
    """Security AS-42, N-06."""
    path = Path(world.side.settings.database.removeprefix("sqlite:///"))
    kept = b"".join(each.read_bytes() for each in path.parent.glob(path.name + "*"))
    (stored,) = (await change(world)).secrets
    assert stored.digest in kept
    assert SECRET.encode() not in kept
    assert SECRET.split("_", 2)[2][:43].encode() not in kept


@pytest.mark.requirement("N-10")
@pytest.mark.requirement("AS-42")
@pytest.mark.requirement("rfc6749-2.3.1-4")
@pytest.mark.parametrize("client_id", [SECRET_CLIENT, PUBLIC_CLIENT, "nobody"])
async def test_guesses_are_limited_by_client_and_address(world: World, client_id: str) -> None:
    """RFC 6749 §2.3.1 MUST; N-10: 60 a minute, then 429 with Retry-After, for a known client and an unknown one."""
    for _ in range(MOST):
        assert (await guess(world, client_id)).status == 401
    refusal = await guess(world, client_id)
    assert (refusal.code, refusal.status) == ("too_many_requests", 429)
    assert 1 <= int(dict(refusal.headers)["Retry-After"]) <= 60
    # By the header it is the same guess.
    assert (await refuse(world, format_basic(client_id, STRANGERS))).status == 429


@pytest.mark.requirement("N-10")
async def test_behind_the_limit_a_right_secret_still_passes(world: World) -> None:
    """Security N-10: failures alone are limited; behind a proxy a stranger has the same address."""
    for _ in range(MOST + 5):
        await guess(world, SECRET_CLIENT)
    assert (await guess(world, SECRET_CLIENT)).status == 429
    assert (await ask(world, client_id=SECRET_CLIENT, client_secret=SECRET)).status == 200


@pytest.mark.requirement("N-10")
async def test_the_addresses_of_one_network_of_ipv6_are_counted_together(world: World) -> None:
    """Ours: one subscriber has 2^64 of them."""
    for number in range(MOST):
        assert (await guess(world, SECRET_CLIENT, source=f"2001:db8::{number:x}")).status == 401
    assert (await guess(world, SECRET_CLIENT, source="2001:db8::ffff:1")).status == 429
    assert (await guess(world, SECRET_CLIENT, source="2001:db8:0:1::1")).status == 401


@pytest.mark.requirement("N-10")
async def test_the_limit_locks_out_nobody_elsewhere_and_no_other_client(world: World) -> None:
    """Security N-10: never an honest client at another address."""
    for _ in range(MOST + 5):
        await guess(world, SECRET_CLIENT)
    elsewhere = {"client_id": SECRET_CLIENT, "client_secret": SECRET, "source": "192.0.2.8"}
    assert (await ask(world, **elsewhere)).status == 200
    other = {"client_id": NOTES_SERVER, "client_secret": SECRETS[NOTES_SERVER]}
    assert (await ask(world, **other)).status == 200
    assert (await ask(world, **world.prove(PEER_CLIENT))).status == 200


@pytest.mark.requirement("N-10")
async def test_proved_requests_are_not_counted(world: World) -> None:
    """Security N-10: who proves itself is not limited."""
    for _ in range(MOST + 5):
        assert (await ask(world, client_id=SECRET_CLIENT, client_secret=SECRET)).status == 200
    assert (await guess(world, SECRET_CLIENT)).status == 401


@pytest.mark.requirement("N-10")
async def test_many_guesses_at_once_are_limited_too(world: World) -> None:
    """Ours: those that were under way together do not slip past the count."""
    found = await asyncio.gather(*(guess(world, SECRET_CLIENT) for _ in range(MOST + 20)))
    assert sum(each.status == 401 for each in found) == MOST
    assert sum(each.status == 429 for each in found) == 20


@pytest.mark.requirement("N-10")
async def test_naming_ever_new_clients_costs_bounded_memory(world: World) -> None:
    """Ours: what strangers can create is limited."""
    names = {wrong_proofs._find_counted_name(f"nobody-{number}") for number in range(20_000)}
    assert len(names) == 1024


@pytest.mark.requirement("N-05")
async def test_no_presented_secret_stands_in_a_refusal(world: World) -> None:
    """Security N-05."""
    wrong = [
        await guess(world, SECRET_CLIENT, STRANGERS),
        await guess(world, "nobody", STRANGERS),
        await refuse(world, format_basic(SECRET_CLIENT, STRANGERS)),
        await refuse(world, format_raw_basic(f"{SECRET_CLIENT}:{STRANGERS}%")),
        await refuse(world, format_basic(SECRET_CLIENT, STRANGERS), client_id="nobody"),
        await refuse(world, client_id=SECRET_CLIENT, client_secret=STRANGERS, client_assertion="x"),
    ]
    for refusal in wrong:
        assert STRANGERS not in f"{refusal!r} {refusal.description} {refusal.detail} {refusal.__cause__!r}"


async def test_a_refusal_is_filed_under_the_link_of_the_client_that_was_named(world: World) -> None:
    """Ours: so that the administrator finds it on the link's page."""
    assert (await guess(world, SECRET_CLIENT)).link_id == HAND_LINK
    assert (await guess(world, "nobody")).link_id == ""
