"""What administrators do with links: roles, values, audit."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from applinks.administration import failures, links
from applinks.administration.actor import Actor
from applinks.administration.links import Wanted
from applinks.administration.side import Administration
from applinks.errors import RefusedError
from applinks.linking.errors import LinkingError
from applinks.records.links import EndReason, LinkState
from applinks.records.users import Role, User
from tests.linking.world import ADMINISTRATOR, AUDITOR, B_URL, NOBODY, World

pytestmark = pytest.mark.anyio

ADMIN = Actor.for_user(ADMINISTRATOR)
COMMAND = Actor.for_command("root")

Change = Callable[[str, Actor, Administration], Awaitable[Any]]
CHANGES: dict[str, Change] = {
    "pause": lambda name, actor, side: links.pause(name, actor=actor, side=side),
    "resume": lambda name, actor, side: links.resume(name, actor=actor, side=side),
    "delete": lambda name, actor, side: links.delete(name, actor=actor, side=side),
    "withdraw": lambda name, actor, side: links.withdraw(name, actor=actor, side=side),
    "change_incoming": lambda name, actor, side: links.change_incoming(
        name, Wanted(enabled=False), actor=actor, side=side
    ),
    "change_outgoing": lambda name, actor, side: links.change_outgoing(
        name, Wanted(enabled=False), actor=actor, side=side
    ),
    "approve_keys": lambda name, actor, side: links.approve_keys(name, "a b c d", actor=actor, side=side),
    "test_again": lambda name, actor, side: links.test_again(name, actor=actor, side=side),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("user", [AUDITOR, NOBODY, User(id="9", name="gone", role=Role.ADMINISTRATOR, active=False)])
@pytest.mark.requirement("N-08")
async def test_only_an_active_administrator_changes_a_link(world: World, change: str, user: User) -> None:
    """Product §1; security N-08."""
    link_id = await world.link()
    before = await world.a.find(link_id)
    with pytest.raises(LinkingError) as refused:
        await CHANGES[change](link_id, Actor.for_user(user), world.a.administration)
    assert (refused.value.code, refused.value.status) == ("not_administrator", 403)
    assert await world.a.find(link_id) == before


@pytest.mark.parametrize("change", CHANGES)
async def test_a_link_that_is_not_there_is_unknown(world: World, change: str) -> None:
    """Handshake §8 unknown_link."""
    with pytest.raises(LinkingError) as refused:
        await CHANGES[change]("nothing", ADMIN, world.a.administration)
    assert refused.value.code == "unknown_link"


async def test_an_auditor_looks_and_an_ordinary_user_does_not(world: World) -> None:
    """House §8 User.role."""
    link_id = await world.link()
    auditor = Actor.for_user(AUDITOR)
    assert [link.id for link in await links.list_links(actor=auditor, side=world.a.administration)] == [link_id]
    view = await links.show_link("tracker", actor=auditor, side=world.a.administration)
    assert view.link.id == link_id
    for look in (links.list_links, failures.list_failures):
        with pytest.raises(LinkingError):
            await look(actor=Actor.for_user(NOBODY), side=world.a.administration)  # type: ignore[operator]


async def test_a_link_is_shown_with_users_fingerprints_and_ceilings(world: World) -> None:
    """Handshake §7; mockup link.html."""
    link_id = await world.link()
    view = await links.show_link(link_id, actor=ADMIN, side=world.a.administration)
    theirs = await links.show_link(link_id, actor=ADMIN, side=world.b.administration)
    assert (view.users_in, view.users_out) == (0, 0)
    assert view.peer_fingerprints == (theirs.own_fingerprint,)
    assert theirs.peer_fingerprints == (view.own_fingerprint,)
    assert [len(group) for group in view.own_fingerprint.split(" ")] == [4, 4, 4, 4]
    assert view.is_told
    assert view.incoming_ceiling is not None
    assert view.incoming_ceiling.user_scopes == ("pages:read", "notify")
    assert view.outgoing_ceiling == theirs.incoming_ceiling


@pytest.mark.parametrize("actor", [ADMIN, COMMAND])
async def test_a_change_is_audited_in_the_actors_name(world: World, actor: Actor) -> None:
    """House §2: the audit names the command line and the system's user."""
    link_id = await world.link()
    await links.pause("tracker", reason="backup", actor=actor, side=world.a.administration)
    (event, *_) = await world.a.storage.audit.list(limit=1, link_id=link_id)
    assert (event.actor, event.action, dict(event.detail)) == (actor.name, "link.paused", {"reason": "backup"})
    link = await world.a.find(link_id)
    assert link.pause is not None
    assert (link.pause.by, link.pause.reason) == (actor.name, "backup")


async def test_pausing_twice_keeps_the_first_pause_and_one_event(world: World) -> None:
    """Ours: a repeated click changes nothing."""
    link_id = await world.link()
    first = await links.pause(link_id, reason="one", actor=ADMIN, side=world.a.administration)
    assert await links.pause(link_id, reason="two", actor=ADMIN, side=world.a.administration) == first
    assert (await world.a.list_actions(link_id)).count("link.paused") == 1


async def test_a_direction_is_changed_only_within_what_was_agreed(world: World) -> None:
    """Handshake §5 Own switches: terms are the ceiling."""
    link_id = await world.link()
    wanted = Wanted(enabled=True, user_scopes=["issues:read", "admin"])
    with pytest.raises(LinkingError) as refused:
        await links.change_outgoing(link_id, wanted, actor=ADMIN, side=world.a.administration)
    assert refused.value.code == "unsupported_terms"
    nothing = Wanted(enabled=True, user_scopes=[], application_scopes=[])
    with pytest.raises(LinkingError) as refused:
        await links.change_incoming(link_id, nothing, actor=ADMIN, side=world.a.administration)
    assert refused.value.code == "unsupported_terms"


async def test_an_outgoing_side_switched_off_is_not_tested(world: World) -> None:
    """Handshake §5 Own switches."""
    link_id = await world.link()
    link = await links.change_outgoing(link_id, Wanted(enabled=False), actor=ADMIN, side=world.a.administration)
    assert (link.outgoing.is_enabled, link.check) == (False, "none")
    with pytest.raises(LinkingError) as refused:
        await links.test_again(link_id, actor=ADMIN, side=world.a.administration)
    assert refused.value.code == "temporarily_unavailable"
    link = await links.change_outgoing(link_id, Wanted(enabled=True), actor=ADMIN, side=world.a.administration)
    assert link.outgoing.user_scopes == ("issues:read", "issues:write")


async def test_an_open_proposal_is_withdrawn_and_a_live_link_is_not(world: World) -> None:
    """Handshake §4: withdraw."""
    request = await world.a.propose(B_URL)
    (link,) = await world.a.storage.linking.list_links()
    withdrawn = await links.withdraw(link.handle, actor=ADMIN, side=world.a.administration)
    assert (withdrawn.state, withdrawn.ended_reason) == (LinkState.ENDED, EndReason.DELETED)
    assert (await world.a.take(await world.b.approve(request))).link.state is LinkState.ENDED
    world.clock.advance(4000)
    await world.pump()
    link_id = await world.link()
    with pytest.raises(LinkingError) as refused:
        await links.withdraw(link_id, actor=ADMIN, side=world.a.administration)
    assert refused.value.code == "used"


async def test_a_deleted_link_is_a_tombstone_that_nobody_changes(world: World) -> None:
    """Handshake §4: ended is final."""
    link_id = await world.link()
    await links.delete(link_id, actor=ADMIN, side=world.a.administration)
    for change in ("pause", "resume", "delete", "change_incoming"):
        with pytest.raises(LinkingError) as refused:
            await CHANGES[change](link_id, ADMIN, world.a.administration)
        assert refused.value.code == "unknown_link"
    assert await links.list_links(actor=ADMIN, side=world.a.administration) == []
    ended = await links.list_links(ended=True, actor=ADMIN, side=world.a.administration)
    assert [link.id for link in ended] == [link_id]


async def test_a_reference_that_is_not_kept_is_not_found(world: World) -> None:
    """Issue: failures show REFERENCE."""
    with pytest.raises(RefusedError) as refused:
        await failures.show_failure("AL-2222-2222", actor=ADMIN, side=world.a.administration)
    assert (refused.value.code, refused.value.status) == ("not_found", 404)


async def test_a_failure_is_explained_by_its_reference(world: World) -> None:
    """House §6: detail goes to the failure inbox."""
    error = RefusedError("No.", code="invalid_request", detail="because")
    reference = await world.a.storage.failures.record(error, place="page")
    found = await failures.show_failure(reference.lower(), actor=Actor.for_user(AUDITOR), side=world.a.administration)
    assert (found.reference, found.detail) == (reference, "because")
    assert [each.reference for each in await failures.list_failures(actor=ADMIN, side=world.a.administration)] == [
        reference
    ]
