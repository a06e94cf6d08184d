"""A peer's one place, and what a link is called: when a proposal is replaced, withdrawn, or still waited for."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from applinks.administration import links
from applinks.administration.actor import Actor
from applinks.linking.answerer import open_proposal
from applinks.linking.errors import LinkingError
from applinks.records.links import LinkState
from applinks.wire.http import Request, Response
from tests.linking.world import A_URL, ADMINISTRATOR, B_URL, NOTIFY, Application, World, build_application

pytestmark = pytest.mark.anyio

ADMIN = Actor.for_user(ADMINISTRATOR)
# Tracker's base URL lies below this one.
PARENT_URL = "https://hafen.example"
CLIENT_PATH = "/applinks/oauth2/client.json"


@pytest.fixture
async def parent(world: World, tmp_path: Path) -> AsyncIterator[Application]:
    """An application at whose host Tracker lives, too."""
    (tmp_path / "parent").mkdir()
    application = await build_application(
        PARENT_URL,
        name="Harbour",
        scopes=(NOTIFY,),
        folder=tmp_path / "parent",
        network=world.network,
        clock=world.clock,
    )
    yield application
    await application.linking.fetcher.aclose()
    await application.storage.close()


async def name_client(world: World, url: str, client_id: str) -> None:
    """Let the manifest of an application name another client id."""
    answer = await world.network.answer_well_known(url)
    body = json.dumps(json.loads(answer.body) | {"client_id": client_id}).encode()

    def answer_otherwise(request: Request) -> Response:
        return replace(answer, body=body)

    world.network.answers[f"{url}/.well-known/application-link"] = answer_otherwise


async def test_a_proposal_made_twice_keeps_the_handle(world: World) -> None:
    """House §8 Ids: code names a link by its handle, so that the one in force has it."""
    await world.a.propose(B_URL)
    outcome = await world.a.take(await world.b.approve(await world.a.propose(B_URL)))
    await world.pump(seconds=3)
    assert [link.handle for link in await world.a.storage.linking.list_links()] == ["tracker"]
    assert (await world.a.find(outcome.link.id)).is_usable


@pytest.mark.parametrize("ends", ["withdrawn", "expired"])
async def test_a_proposal_that_came_to_nothing_gives_its_handle_back(world: World, ends: str) -> None:
    """House §8 Ids: unique among links that have not ended."""
    await world.a.propose(B_URL)
    if ends == "withdrawn":
        await links.withdraw("tracker", actor=ADMIN, side=world.a.administration)
    else:
        world.clock.advance(4000)
    await world.a.propose(B_URL)
    assert [link.handle for link in await world.a.storage.linking.list_links()] == ["tracker"]


async def test_an_approval_is_not_named_after_our_own_stale_proposal(world: World) -> None:
    """Handshake §3 step 3: our own open proposals to this peer end in the same write."""
    # Of two that cross the smaller id goes first; time takes that rule away.
    await world.b.propose(A_URL)
    world.clock.advance(4000)
    outcome = await world.a.take(await world.b.approve(await world.a.propose(B_URL)))
    assert (await world.b.find(outcome.link.id)).handle == "start-page"


async def test_after_a_withdrawal_the_two_are_linked_anew_at_once(world: World) -> None:
    """Handshake §4: `approved` falls on hearing ended; a `proposed` end sends none, so that we ask."""
    await world.b.approve(await world.a.propose(B_URL))
    (withdrawn,) = await world.a.storage.linking.list_links()
    await links.withdraw(withdrawn.id, actor=ADMIN, side=world.a.administration)
    outcome = await world.a.take(await world.b.approve(await world.a.propose(B_URL)))
    await world.pump(seconds=3)
    assert (await world.b.find(withdrawn.id)).state is LinkState.ENDED
    assert (await world.b.find(outcome.link.id)).handle == "start-page"
    assert (await world.b.find(outcome.link.id)).is_usable


async def test_who_approved_and_then_proposes_asks_first(world: World) -> None:
    """Handshake §4: the same, from the other end."""
    await world.b.approve(await world.a.propose(B_URL))
    await links.withdraw("tracker", actor=ADMIN, side=world.a.administration)
    await world.b.propose(A_URL)
    assert [link.state for link in await world.b.storage.linking.list_links()] == [LinkState.PROPOSED]


async def test_an_approval_that_is_still_waited_for_says_until_when(world: World) -> None:
    """Handshake §8 duplicate_link."""
    await world.b.approve(await world.a.propose(B_URL))
    (held,) = await world.b.storage.linking.list_links()
    request = await world.a.propose(B_URL)
    world.network.lose_request["/applinks/link/statement"] = 1
    with pytest.raises(LinkingError) as refused:
        await open_proposal(request, user=ADMINISTRATOR, side=world.b.linking)
    assert held.pending is not None
    assert (refused.value.code, refused.value.waits_until) == ("duplicate_link", held.pending.until)
    assert refused.value.link_id == held.id


async def test_a_link_in_force_is_not_asked_about(world: World) -> None:
    """Handshake §3: what stands, stands; nothing is sent on a stranger's word."""
    await world.link()
    with pytest.raises(LinkingError) as refused:
        await world.a.propose(B_URL)
    assert (refused.value.code, refused.value.waits_until) == ("duplicate_link", 0)
    assert not [each for each in world.network.seen if each.url.endswith("/statement")]


async def test_two_on_one_host_are_linked_side_by_side(world: World, parent: Application) -> None:
    """Handshake §1: a base URL may lie below another one; each has its own client id."""
    await world.link()
    outcome = await world.a.take(await parent.approve(await world.a.propose(PARENT_URL)))
    await world.pump(seconds=3)
    assert (await world.a.find(outcome.link.id)).is_usable
    held = [link.peer.url for link in await world.a.storage.linking.list_links() if link.is_live]
    assert sorted(held) == [PARENT_URL, B_URL]


@pytest.mark.parametrize(
    ("client_id", "code"),
    [(B_URL + CLIENT_PATH, "duplicate_link"), (f"{B_URL}/applinks/other.json", "invalid_manifest")],
)
@pytest.mark.parametrize("proposes", [True, False])
async def test_nobody_takes_a_client_id_of_a_linked_application(
    world: World, parent: Application, client_id: str, code: str, *, proposes: bool
) -> None:
    """Handshake §3 Registration: below its own base URL, and yet another's."""
    link_id = await world.link()
    await name_client(world, PARENT_URL, client_id)
    step = world.a.propose(PARENT_URL) if proposes else world.a.show(await parent.propose(A_URL))
    with pytest.raises(LinkingError) as refused:
        await step
    assert (refused.value.code, refused.value.link_id) == (code, link_id)
    found = await world.a.storage.incoming.find_client(B_URL + CLIENT_PATH)
    assert found is not None
    assert found.client.link_id == link_id


@pytest.mark.parametrize("path", [CLIENT_PATH, "/applinks/other.json"])
async def test_who_took_a_client_id_first_is_named_when_its_owner_comes(
    world: World, parent: Application, path: str
) -> None:
    """Handshake §8 duplicate_link: no client of one link ever stands for another."""
    await name_client(world, PARENT_URL, B_URL + path)
    taken = await world.a.take(await parent.approve(await world.a.propose(PARENT_URL)))
    await world.pump(seconds=3)
    with pytest.raises(LinkingError) as refused:
        await world.a.propose(B_URL)
    assert (refused.value.code, refused.value.link_id) == ("duplicate_link", taken.link.id)


async def test_a_client_id_that_is_taken_meanwhile_is_refused_when_the_answer_comes(
    world: World, parent: Application
) -> None:
    """Handshake §3 step 4: looked at again; what was proposed takes no place yet."""
    await name_client(world, PARENT_URL, B_URL + CLIENT_PATH)
    response = await parent.approve(await world.a.propose(PARENT_URL))
    await world.link()
    with pytest.raises(LinkingError) as refused:
        await world.a.take(response)
    assert refused.value.code == "duplicate_link"
