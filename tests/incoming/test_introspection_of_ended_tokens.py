"""What introspection says once something ended: the same as the guard and the token endpoint."""

from dataclasses import replace
from typing import Any

import pytest

from applinks.entropy import new_id
from applinks.errors import RefusedError
from applinks.incoming.authentication import authenticate
from applinks.incoming.grants import end_grant
from applinks.incoming.oauth2.revocation import answer_revocation_request
from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.audit import AuditEvent
from applinks.records.grants import GrantEnd
from applinks.records.links import Direction, Pause, Rest
from applinks.records.users import User
from applinks.wire.linking.terms import Level
from tests.incoming.world import (
    BASE,
    HAND_LINK,
    LINK,
    NOTES_SERVER,
    PEER_CLIENT,
    SECRET_CLIENT,
    SOURCE,
    World,
    call,
    form_request,
)

pytestmark = pytest.mark.anyio
NOTES = f"{BASE}/notes"
INACTIVE = {"active": False}


async def get_notes_tokens(world: World, client: str = PEER_CLIENT) -> dict[str, Any]:
    return await world.get_tokens(client=client, scope="notes:read", resource=NOTES)


async def change_client(world: World, client_id: str, **changes: Any) -> None:
    found = await world.side.store.find_client(client_id)
    assert found is not None
    event = AuditEvent(id=new_id(world.side.entropy, "evt"), at=1, actor="user:9", action="client.changed", subject="x")
    changed = found.client.changed(**changes)
    assert await world.side.store.swap_client(changed, expected_version=found.client.version, event=event)


async def change_link(world: World, link_id: str, **changes: Any) -> None:
    link = await world.storage.linking.find_link(link_id)
    assert link is not None
    write = LinkWrite(link=link.changed(**changes), expected_version=link.version)
    assert await world.storage.linking.commit(write) is CommitResult.WRITTEN


async def is_good(world: World, token: str, path: str) -> bool:
    try:
        return await authenticate(call(path, token=token), side=world.side) is not None
    except RefusedError:
        return False


async def switch_off(world: World) -> None:
    await change_link(world, HAND_LINK, incoming=Direction(level=Level.DISABLED, protocols=("oauth2",)))


async def pause_here(world: World) -> None:
    await change_link(world, HAND_LINK, pause=Pause(by="user:9", at=1))


async def pause_client(world: World) -> None:
    await change_client(world, SECRET_CLIENT, paused=True)


async def lose_user(world: World) -> None:
    world.users.known.pop("1")


async def pause_user(world: World) -> None:
    world.users.known["1"] = User(id="1", name="alice", active=False)


async def end_the_grant(world: World) -> None:
    (found,) = await world.side.store.list_grants_of_user("1")
    await end_grant(found.grant.id, by=GrantEnd.USER, actor="user:1", side=world.side, link_id=found.link.id)


async def wait_long(world: World) -> None:
    world.clock.advance(400 * 86400)


ENDS = [switch_off, pause_here, pause_client, lose_user, pause_user, end_the_grant, wait_long]


@pytest.mark.requirement("AS-43")
@pytest.mark.requirement("AS-33")
@pytest.mark.requirement("rfc7662-2.2-3")
@pytest.mark.requirement("rfc7662-4-2")
@pytest.mark.parametrize("end", ENDS)
async def test_what_the_guard_would_not_let_pass_is_inactive_from_that_moment(world: World, end: Any) -> None:
    """RFC 7662 §4 MUST: expired, revoked, not yet; and whatever else the guard asks, in the same words to all."""
    tokens = await get_notes_tokens(world, SECRET_CLIENT)
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    assert (await world.introspect(access, client=NOTES_SERVER))["active"]
    await end(world)
    assert not await is_good(world, access, "/notes")
    own_link_works = end not in {switch_off, pause_here}
    assert await world.introspect(access, client=SECRET_CLIENT) == INACTIVE
    assert await world.introspect(refresh, client=SECRET_CLIENT) == INACTIVE
    if own_link_works:
        assert await world.introspect(access, client=NOTES_SERVER) == INACTIVE


@pytest.mark.requirement("AS-43")
@pytest.mark.parametrize("changes", [{"pause": Pause(by="user:9", at=1)}, {"rest": frozenset({Rest.OUT_OF_STEP})}])
async def test_tokens_of_a_paused_or_resting_link_are_inactive_for_a_resource_too(
    world: World, changes: dict[str, Any]
) -> None:
    """Security AS-33; and they go on afterwards."""
    notes = await get_notes_tokens(world)
    await change_link(world, LINK, **changes)
    assert await world.introspect(notes["access_token"], client=NOTES_SERVER) == INACTIVE
    await change_link(world, LINK, pause=None, rest=frozenset())
    assert (await world.introspect(notes["access_token"], client=NOTES_SERVER))["active"]


@pytest.mark.requirement("AS-43")
@pytest.mark.parametrize("how", ["client", "link"])
async def test_the_server_of_a_resource_that_is_paused_learns_nothing(world: World, how: str) -> None:
    """Ours: an administrator stopped it, so it is served nothing."""
    notes = await get_notes_tokens(world)
    if how == "client":
        await change_client(world, NOTES_SERVER, paused=True)
    else:
        await pause_here(world)
    assert await world.introspect(notes["access_token"], client=NOTES_SERVER) == INACTIVE


@pytest.mark.requirement("rfc7662-4-2")
async def test_revoked_superseded_and_expired_tokens_are_inactive(world: World) -> None:
    """RFC 7662 §4 MUST."""
    first = await world.get_tokens()
    second = await world.refresh(first["refresh_token"])
    assert await world.introspect(first["refresh_token"]) == INACTIVE
    assert (await world.introspect(second["refresh_token"]))["active"]
    pairs = [("token", second["access_token"]), *world.prove(PEER_CLIENT).items()]
    await answer_revocation_request(form_request(f"{BASE}/r", pairs), source=SOURCE, side=world.side)
    assert await world.introspect(second["access_token"]) == INACTIVE
    assert (await world.introspect(first["access_token"]))["active"]
    world.clock.advance(3600 - 1)
    assert (await world.introspect(first["access_token"]))["active"]
    world.clock.advance(1)
    assert await world.introspect(first["access_token"]) == INACTIVE


@pytest.mark.requirement("AS-43")
async def test_asking_changes_nothing(world: World) -> None:
    """Ours: a superseded refresh token that is merely asked about does not end its family, as its use would."""
    first = await world.get_tokens()
    second = await world.refresh(first["refresh_token"])
    world.clock.advance(3000)
    assert await world.introspect(first["refresh_token"]) == INACTIVE
    assert (await world.introspect(second["refresh_token"]))["active"]
    assert await world.refresh(second["refresh_token"])


async def test_scopes_are_those_that_count_now(world: World) -> None:
    """RFC 7662 §2.2: for this token; a lowered link lowers it at once."""
    tokens = await world.get_tokens()
    lowered = Direction(level=Level.OAUTH, protocols=("oauth2",), user_scopes=("issues:write",))
    await change_link(world, LINK, incoming=lowered)
    for name in ("access_token", "refresh_token"):
        assert (await world.introspect(tokens[name]))["scope"] == "issues:write"
    await change_link(world, LINK, incoming=replace(lowered, user_scopes=("notes:read",)))
    assert "scope" not in await world.introspect(tokens["access_token"])


async def test_a_resource_server_that_asks_marks_the_grant_as_used(world: World) -> None:
    """Ours: the account page says when a client last called; a client that asks about itself did not call."""
    notes = await get_notes_tokens(world)
    world.side.usage.take()
    await world.introspect(notes["access_token"])
    assert not world.side.usage.take().grants
    await world.introspect(notes["access_token"], client=NOTES_SERVER)
    assert list(world.side.usage.take().grants.values()) == [world.clock.now()]
