"""Calls of OAuth 1.0a: three legs, two legs, and in the name of a user."""

from dataclasses import replace
from typing import Any

import pytest

from applinks.incoming.authentication import authenticate
from applinks.incoming.policy import check_caller_may
from applinks.records.links import Direction
from applinks.records.users import Role
from applinks.wire.http import Request
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.parameters import Transmission
from tests.incoming.oauth1.world import (
    HAND_LINK,
    PEER_CLIENT,
    PEER_LINK,
    SECRET_CLIENT,
    OAuth1World,
    get_problem,
)
from tests.incoming.world import ALLOWED, BASE

pytestmark = pytest.mark.anyio


async def raise_level(oauth1: OAuth1World, link_id: str = HAND_LINK) -> None:
    link = await oauth1.inner.storage.linking.find_link(link_id)
    assert link is not None
    await oauth1.change_link(link_id, incoming=replace(link.incoming, level=Level.IMPERSONATION))


async def test_scopes_are_what_was_granted_within_what_is_allowed_where_it_is_declared(oauth1: OAuth1World) -> None:
    """Ours: OAuth 1.0a names no resource; looked at again with every call."""
    credentials = await oauth1.get_credentials()
    caller = await oauth1.call("/notes/1", token=credentials.token)
    assert caller is not None
    assert (caller.scopes, caller.resource) == ({"notes:read", "issues:read"}, f"{BASE}/notes")
    link = await oauth1.inner.storage.linking.find_link(HAND_LINK)
    assert link is not None
    await oauth1.change_link(incoming=replace(link.incoming, user_scopes=("issues:read",)))
    caller = await oauth1.call(token=credentials.token)
    assert caller is not None
    assert caller.scopes == {"issues:read"}


async def test_a_call_marks_its_grant_as_used(oauth1: OAuth1World) -> None:
    """Ours: pages say when access was last used."""
    credentials = await oauth1.get_credentials()
    oauth1.side.usage.take()
    await oauth1.call(token=credentials.token)
    grants = await oauth1.side.store.list_grants_of_user("1")
    assert set(oauth1.side.usage.take().grants) == {each.grant.id for each in grants}


async def test_calls_end_with_three_legs_and_with_the_user(oauth1: OAuth1World) -> None:
    """House §4: validity is a join."""
    credentials = await oauth1.get_credentials()
    await oauth1.change_client(oauth1={"three_legged": False})
    assert (await get_problem(oauth1.call(token=credentials.token))).code == "permission_denied"
    await oauth1.change_client(oauth1={"three_legged": True})
    del oauth1.inner.users.known["1"]
    assert (await get_problem(oauth1.call(token=credentials.token))).code == "permission_denied"


async def test_temporary_credentials_call_nothing(oauth1: OAuth1World) -> None:
    """RFC 5849 §2: they are for the exchange alone."""
    temporary = await oauth1.begin()
    await oauth1.approve(temporary.token)
    assert (await get_problem(oauth1.call(token=temporary.token))).code == "token_rejected"


@pytest.mark.parametrize("token", [{}, {"token": ""}])
async def test_two_legs_run_as_one_user(oauth1: OAuth1World, token: dict[str, str]) -> None:
    """Ours, as Data Center servers do: oauth_token is empty, or left out."""
    assert (await get_problem(oauth1.call(**token))).code == "permission_denied"
    await oauth1.change_client(oauth1={"two_legged": True, "execute_as": "2"})
    caller = await oauth1.call(**token)
    assert caller is not None
    assert caller.user is not None
    assert (caller.user.name, caller.scopes) == ("bob", {"issues:read", "issues:write"})


async def test_two_legs_never_run_as_an_administrator_or_somebody_who_is_gone(oauth1: OAuth1World) -> None:
    """Security O1-06: looked at with every call, because roles change."""
    await oauth1.change_client(oauth1={"two_legged": True, "execute_as": "2"})
    bob = oauth1.inner.users.known["2"]
    for changed in (replace(bob, role=Role.ADMINISTRATOR), replace(bob, active=False)):
        oauth1.inner.users.known["2"] = changed
        problem = await get_problem(oauth1.call())
        assert (problem.code, problem.status) == ("permission_denied", 401)
    del oauth1.inner.users.known["2"]
    assert (await get_problem(oauth1.call())).code == "permission_denied"
    await oauth1.change_client(oauth1={"two_legged": True, "execute_as": ""})
    assert (await get_problem(oauth1.call())).code == "permission_denied"


async def test_a_peer_by_handshake_calls_for_itself(oauth1: OAuth1World) -> None:
    """Ours: as client credentials; the test call always passes."""
    caller = await oauth1.call(client=PEER_CLIENT)
    assert caller is not None
    assert (caller.user, caller.scopes) == (None, {"issues:read", "applinks:check"})
    check_caller_may(caller, "issues:read", request=Request(method="GET", url=BASE), side=oauth1.side)
    problem = await get_problem(refuse(caller, "issues:write", oauth1))
    assert (problem.code, problem.status) == ("permission_denied", 401)
    assert (await get_problem(refuse(caller, "issues:read", oauth1, user_needed=True))).code == "permission_denied"


async def refuse(caller: Any, scope: str, oauth1: OAuth1World, **needed: bool) -> None:
    request = Request(method="GET", url=BASE)
    check_caller_may(caller, scope, request=request, side=oauth1.side, **needed)


@pytest.mark.requirement("O1-06")
@pytest.mark.parametrize("transmission", [Transmission.HEADER, Transmission.QUERY])
async def test_impersonation_runs_as_the_user_whom_the_signed_query_names(
    oauth1: OAuth1World, transmission: Transmission
) -> None:
    """Security O1-06; Ours: two legs need not be allowed for it."""
    await raise_level(oauth1)
    await oauth1.change_client(oauth1={"impersonation": True})
    for query in ("xoauth_requestor_id=carol", "a=1&xoauth_requestor_id=c%61rol", "user_id=carol"):
        caller = await oauth1.call(f"/api/issues?{query}", transmission=transmission)
        assert caller is not None
        assert caller.user is not None
        assert (caller.user.name, caller.scopes) == ("carol", {"issues:read", "issues:write"})


@pytest.mark.requirement("O1-06")
async def test_impersonation_has_to_be_allowed_by_the_client_and_by_the_link(oauth1: OAuth1World) -> None:
    """Security O1-06."""
    named = "/api/issues?xoauth_requestor_id=carol"
    await oauth1.change_client(oauth1={"impersonation": True, "two_legged": True, "execute_as": "2"})
    problem = await get_problem(oauth1.call(named))
    assert (problem.code, problem.status) == ("permission_denied", 401)
    await raise_level(oauth1)
    assert await oauth1.call(named) is not None
    await oauth1.change_client(oauth1={"impersonation": False})
    assert (await get_problem(oauth1.call(named))).code == "permission_denied"


@pytest.mark.requirement("O1-06")
async def test_of_a_peer_by_handshake_the_level_of_the_link_decides(oauth1: OAuth1World) -> None:
    """Ours: both administrators approved it."""
    named = "/api/issues?xoauth_requestor_id=carol"
    assert (await get_problem(oauth1.call(named, client=PEER_CLIENT))).code == "permission_denied"
    await raise_level(oauth1, PEER_LINK)
    caller = await oauth1.call(named, client=PEER_CLIENT)
    assert caller is not None
    assert caller.user is not None
    assert caller.user.name == "carol"


@pytest.mark.requirement("O1-06")
async def test_who_is_privileged_protected_or_unknown_is_never_reached_and_nobody_learns_which(
    oauth1: OAuth1World,
) -> None:
    """Security O1-06: one answer."""
    await raise_level(oauth1)
    await oauth1.change_client(
        oauth1={"impersonation": True, "protected_users": ("2",), "protected_groups": ("board",)}
    )
    oauth1.inner.users.known["6"] = replace(oauth1.alice, id="6", name="erin", active=False)
    answers = set()
    for name in ("robin", "dave", "bob", "carol", "erin", "nobody", "", "%20", "Alice"):
        problem = await get_problem(oauth1.call(f"/api/issues?xoauth_requestor_id={name}"))
        answers.add((problem.code, problem.status, problem.description, problem.report))
    assert len(answers) == 1
    assert answers.pop()[:2] == ("permission_denied", 401)
    assert await oauth1.call("/api/issues?xoauth_requestor_id=alice") is not None
    await oauth1.change_client(oauth1={"protects_administrators": False})
    caller = await oauth1.call("/api/issues?xoauth_requestor_id=robin")
    assert caller is not None
    assert caller.user is not None
    assert caller.user.name == "robin"


@pytest.mark.requirement("O1-06")
async def test_a_name_that_is_not_signed_reaches_nobody(oauth1: OAuth1World) -> None:
    """Security O1-06: added on the way, exchanged on the way, named twice, or beside a token."""
    await raise_level(oauth1)
    await oauth1.change_client(oauth1={"impersonation": True, "two_legged": True, "execute_as": "2"})
    plain = oauth1.sign_call()
    added = replace(plain, url=f"{plain.url}?xoauth_requestor_id=carol")
    assert (await get_problem(authenticate(added, side=oauth1.side))).code == "signature_invalid"
    named = oauth1.sign_call("/api/issues?xoauth_requestor_id=carol")
    exchanged = replace(named, url=named.url.replace("carol", "alice"))
    assert (await get_problem(authenticate(exchanged, side=oauth1.side))).code == "signature_invalid"
    twice = "/api/issues?xoauth_requestor_id=carol&xoauth_requestor_id=alice"
    assert (await get_problem(oauth1.call(twice))).code == "parameter_rejected"
    for odd in ("%ff", "a%00b"):
        problem = await get_problem(oauth1.call(f"/api/issues?xoauth_requestor_id={odd}"))
        assert (problem.code, problem.status) == ("parameter_rejected", 400)
    credentials = await oauth1.get_credentials()
    beside = oauth1.call("/api/issues?xoauth_requestor_id=carol", token=credentials.token)
    assert (await get_problem(beside)).code == "permission_denied"


async def test_the_older_name_is_a_parameter_like_others_where_it_cannot_mean_this(oauth1: OAuth1World) -> None:
    """Ours: many an API has a user_id."""
    await oauth1.change_client(SECRET_CLIENT, oauth1={"two_legged": True, "execute_as": "2"})
    caller = await oauth1.call("/api/issues?user_id=carol&user_id=x", client=SECRET_CLIENT)
    assert caller is not None
    assert caller.user is not None
    assert caller.user.name == "bob"
    await raise_level(oauth1)
    await oauth1.change_client(oauth1={"impersonation": True})
    credentials = await oauth1.get_credentials()
    caller = await oauth1.call("/api/issues?user_id=carol", token=credentials.token)
    assert caller is not None
    assert caller.user == oauth1.alice
    both = await oauth1.call("/api/issues?user_id=bob&xoauth_requestor_id=carol")
    assert both is not None
    assert both.user is not None
    assert both.user.name == "carol"
    assert (await get_problem(oauth1.call("/api/issues?user_id=bob&user_id=carol"))).code == "parameter_rejected"


async def test_a_link_that_is_off_serves_nobody(oauth1: OAuth1World) -> None:
    """Ours: one policy for both protocols."""
    credentials = await oauth1.get_credentials()
    await oauth1.change_link(incoming=Direction(level=Level.DISABLED, protocols=("oauth1",), user_scopes=ALLOWED))
    problem = await get_problem(oauth1.call(token=credentials.token))
    assert (problem.code, problem.status, problem.link_id) == ("permission_denied", 401, HAND_LINK)
