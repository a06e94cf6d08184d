"""Whether a user is asked, and what is remembered."""

import pytest

from applinks.incoming.consent import ConsentQuestion, approve, deny, look_up_consent
from applinks.incoming.grants import end_all_grants, end_grant_of_user
from applinks.incoming.oauth2.authorization_request import open_authorization_request
from applinks.incoming.oauth2.metadata import build_server_document
from applinks.records.users import User
from tests.incoming.world import BASE, PEER_REDIRECT, PUBLIC_CLIENT, World, get_refusal, read_query

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("rfc7636-4.4-2")
@pytest.mark.requirement("rfc9207-2-1")
@pytest.mark.requirement("AS-06")
async def test_an_approval_leads_back_with_code_state_and_iss(world: World) -> None:
    """RFC 6749 §4.1.2, RFC 9207 §2 MUST."""
    opened = await open_authorization_request(world.query(), side=world.side)
    url = await approve(opened, world.alice, side=world.side)
    assert url.startswith(PEER_REDIRECT + "?")
    found = read_query(url)
    assert found.keys() == {"code", "state", "iss"}
    assert (found["state"], found["iss"]) == ("a state", BASE)


@pytest.mark.requirement("rfc9207-2-1")
@pytest.mark.requirement("AS-06")
async def test_a_denial_leads_back_as_access_denied(world: World) -> None:
    """RFC 6749 §4.1.2.1."""
    opened = await open_authorization_request(world.query(state=None), side=world.side)
    found = read_query(deny(opened, side=world.side))
    assert (found["error"], found["iss"]) == ("access_denied", BASE)
    assert "state" not in found


@pytest.mark.requirement("AS-08")
async def test_consent_to_a_confidential_client_is_remembered(world: World) -> None:
    """Ours: the grant is the remembered consent."""
    question = await world.ask()
    assert isinstance(question, ConsentQuestion)
    assert question.is_remembered
    assert question.opened.redirect_host == "start.example"
    await world.authorize()
    answer = await world.ask(scope="issues:read")
    assert isinstance(answer, str)
    assert "code" in read_query(answer)


@pytest.mark.requirement("AS-08")
async def test_consent_to_a_public_client_is_asked_each_time(world: World) -> None:
    """RFC 8252 §8.6."""
    await world.authorize(client=PUBLIC_CLIENT)
    question = await world.ask(client=PUBLIC_CLIENT)
    assert isinstance(question, ConsentQuestion)
    assert not question.is_remembered
    await world.authorize(client=PUBLIC_CLIENT)
    assert len(await world.side.store.list_grants_of_user("1")) == 2


@pytest.mark.requirement("AS-08")
async def test_consent_is_asked_again_when_the_scope_grows(world: World) -> None:
    """Ours: and then the grant holds both."""
    await world.authorize(scope="issues:read")
    question = await world.ask(scope="issues:read issues:write")
    assert isinstance(question, ConsentQuestion)
    assert [scope.name for scope in question.granted] == ["issues:read"]
    assert [scope.name for scope in question.asked] == ["issues:read", "issues:write"]
    await world.authorize(scope="issues:write")
    (found,) = await world.side.store.list_grants_of_user("1")
    assert found.grant.scopes == ("issues:read", "issues:write")
    assert isinstance(await world.ask(scope="issues:read issues:write"), str)


@pytest.mark.requirement("AS-08")
async def test_consent_is_asked_again_for_another_resource_and_both_are_remembered(world: World) -> None:
    """Ours: what was granted for one resource is not granted for another."""
    await world.authorize(scope="issues:read")
    assert isinstance(await world.ask(scope="issues:read", resource=f"{BASE}/notes"), ConsentQuestion)
    await world.authorize(scope="issues:read", resource=f"{BASE}/notes")
    assert isinstance(await world.ask(scope="issues:read"), str)
    assert isinstance(await world.ask(scope="issues:read", resource=f"{BASE}/notes"), str)
    assert len(await world.side.store.list_grants_of_user("1")) == 2


@pytest.mark.requirement("AS-08")
async def test_consent_is_each_users_own(world: World) -> None:
    """Ours."""
    await world.authorize()
    assert isinstance(await world.ask(user=world.users.known["2"]), ConsentQuestion)


async def test_a_user_who_is_not_active_grants_nothing(world: World) -> None:
    """Ours."""
    bob = User(id="2", name="bob", active=False)
    opened = await open_authorization_request(world.query(), side=world.side)
    assert (await get_refusal(look_up_consent(opened, bob, side=world.side))).code == "access_denied"
    assert (await get_refusal(approve(opened, bob, side=world.side))).code == "access_denied"


async def test_two_approvals_at_once_leave_one_grant(world: World) -> None:
    """Ours: a double click on Approve."""
    import asyncio

    opened = await open_authorization_request(world.query(), side=world.side)
    urls = await asyncio.gather(*(approve(opened, world.alice, side=world.side) for _ in range(5)))
    assert len({read_query(url)["code"] for url in urls}) == 5
    assert len(await world.side.store.list_grants_of_user("1")) == 1


async def test_a_grant_that_ended_is_never_revived(world: World) -> None:
    """Ours: an approval of a page that was open meanwhile makes a new grant."""
    await world.authorize(scope="issues:read")
    (old,) = await world.side.store.list_grants_of_user("1")
    opened = await open_authorization_request(world.query(), side=world.side)
    assert await end_grant_of_user(old.grant.id, "1", side=world.side)
    await approve(opened, world.alice, side=world.side)
    (new,) = await world.side.store.list_grants_of_user("1")
    assert new.grant.id != old.grant.id


async def test_ending_the_grant_ends_the_consent_and_what_was_issued(world: World) -> None:
    """Product §5: a remembered consent is the grant."""
    tokens = await world.get_tokens()
    (found,) = await world.side.store.list_grants_of_user("1")
    assert await end_grant_of_user(found.grant.id, "1", side=world.side)
    assert not await end_grant_of_user(found.grant.id, "1", side=world.side)
    assert isinstance(await world.ask(), ConsentQuestion)
    assert (await get_refusal(world.refresh(tokens["refresh_token"]))).code == "invalid_grant"


async def test_a_user_ends_only_her_own_grants(world: World) -> None:
    """Ours."""
    await world.authorize()
    (found,) = await world.side.store.list_grants_of_user("1")
    assert not await end_grant_of_user(found.grant.id, "2", side=world.side)
    assert len(await world.side.store.list_grants_of_user("1")) == 1


async def test_everything_is_ended_at_once(world: World) -> None:
    """Ours: *Revoke everything* on the account page."""
    await world.authorize()
    await world.authorize(client=PUBLIC_CLIENT)
    await world.authorize(user=world.users.known["2"])
    assert await end_all_grants("1", side=world.side) == 2
    assert await world.side.store.list_grants_of_user("1") == []
    assert len(await world.side.store.list_grants_of_user("2")) == 1


@pytest.mark.requirement("rfc9207-2.3-2")
async def test_iss_is_the_issuer_of_the_metadata(world: World) -> None:
    """RFC 9207 §2.3 MUST."""
    opened = await open_authorization_request(world.query(), side=world.side)
    approved = read_query(await approve(opened, world.alice, side=world.side))
    denied = read_query(deny(opened, side=world.side))
    assert approved["iss"] == denied["iss"] == build_server_document(world.side)["issuer"]
