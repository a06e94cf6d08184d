"""Temporary credentials become token credentials, once; and token credentials are renewed."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from applinks.errors import RefusedError
from applinks.incoming.grants import end_all_grants
from applinks.incoming.oauth1.problems import OAuth1RefusedError
from applinks.records.links import LinkState, Pause, Pending
from applinks.secret import Secret
from applinks.wire.linking.terms import Terms
from applinks.wire.token_format import parse_token
from tests.incoming.oauth1.world import (
    OLD_CLIENT,
    PEER_CALLBACK,
    PEER_CLIENT,
    PEER_LINK,
    SECRET_CLIENT,
    OAuth1World,
    get_problem,
)
from tests.incoming.world import ALLOWED, get_refusal

pytestmark = pytest.mark.anyio

YEAR = 365 * 86400


async def approve(oauth1: OAuth1World, **beginning: Any) -> tuple[Any, str]:
    """Give temporary credentials that a user allowed, and the verifier."""
    temporary = await oauth1.begin(**beginning)
    approved = await oauth1.approve(temporary.token)
    assert approved.oauth_verifier is not None
    return temporary, approved.oauth_verifier.reveal()


async def test_token_credentials_last_five_years_and_their_session_thirty_days_more(oauth1: OAuth1World) -> None:
    """Ours, as Data Center servers do; RFC 5849 §2.3."""
    temporary, verifier = await approve(oauth1)
    answer = await oauth1.exchange(temporary, verifier)
    assert (answer.expires_in, answer.session_expires_in) == (5 * YEAR, 5 * YEAR + 30 * 86400)
    assert len(answer.session_handle) == 43
    parsed = parse_token(answer.token)
    assert parsed is not None
    found = await oauth1.side.oauth1.find_token_credentials(parsed.row)
    assert found.credentials.digest == parsed.digest
    assert found.credentials.secret == answer.secret
    assert answer.session_handle.encode() not in found.credentials.session_handle
    assert found.credentials.scopes == ("issues:read", "issues:write", "notes:read")


@pytest.mark.requirement("O1-04", "rfc5849-2.3-1")
async def test_the_verifier_is_needed_whatever_the_record_allows(oauth1: OAuth1World) -> None:
    """RFC 5849 §2.3 REQUIRED, §4.11."""
    await oauth1.change_client(oauth1={"dialect_1_0": True})
    temporary, verifier = await approve(oauth1)
    problem = await get_problem(oauth1.exchange(temporary, None))
    assert (problem.code, problem.status) == ("parameter_absent", 400)
    assert dict(problem.report.details) == {"oauth_parameters_absent": "oauth_verifier"}
    for wrong in ("x", verifier[:-1], verifier + "x", verifier.swapcase(), "denied"):
        assert (await get_problem(oauth1.exchange(temporary, wrong))).code == "token_rejected"
    assert (await oauth1.exchange(temporary, verifier)).token


@pytest.mark.requirement("O1-04")
async def test_nothing_is_had_before_the_user_says_yes(oauth1: OAuth1World) -> None:
    """OAuth Problem Reporting: permission_unknown."""
    temporary = await oauth1.begin()
    problem = await get_problem(oauth1.exchange(temporary, "x"))
    assert (problem.code, problem.status) == ("permission_unknown", 401)
    old = await oauth1.begin(client=OLD_CLIENT, callback=None)
    assert (await get_problem(oauth1.exchange(old, None, client=OLD_CLIENT))).code == "permission_unknown"


@pytest.mark.requirement("O1-04")
async def test_temporary_credentials_work_once_and_a_second_use_ends_what_the_first_yielded(
    oauth1: OAuth1World,
) -> None:
    """RFC 5849 §2.3: a single use; security AS-12, over OAuth 1.0a."""
    temporary, verifier = await approve(oauth1)
    credentials = await oauth1.exchange(temporary, verifier)
    assert await oauth1.call(token=credentials.token) is not None
    problem = await get_problem(oauth1.exchange(temporary, verifier))
    assert (problem.code, problem.status, problem.user_id) == ("token_used", 401, "1")
    assert (await get_problem(oauth1.call(token=credentials.token))).code == "token_revoked"
    renewal = oauth1.fetch(credentials.token, credentials.secret, session_handle=credentials.session_handle)
    assert (await get_problem(renewal)).code == "token_revoked"


@pytest.mark.requirement("O1-04")
async def test_of_twenty_at_the_same_time_one_wins_and_the_losers_end_what_it_won(oauth1: OAuth1World) -> None:
    """Security AS-12, over OAuth 1.0a."""
    temporary, verifier = await approve(oauth1)
    answers = await asyncio.gather(*(oauth1.exchange(temporary, verifier) for _ in range(20)), return_exceptions=True)
    refused = [each for each in answers if isinstance(each, OAuth1RefusedError)]
    won = [each for each in answers if not isinstance(each, BaseException)]
    assert (len(won), {each.code for each in refused}, len(refused)) == (1, {"token_used"}, 19)
    assert (await get_problem(oauth1.call(token=won[0].token))).code == "token_revoked"


@pytest.mark.requirement("O1-04")
async def test_a_bad_signature_uses_up_nothing_and_ends_nothing(oauth1: OAuth1World) -> None:
    """RFC 5849 §4; security O1-04: a stranger can neither take nor spoil what a user allowed."""
    temporary, verifier = await approve(oauth1, client=SECRET_CLIENT)
    wrong = oauth1.exchange(temporary, verifier, client=SECRET_CLIENT, secret="wrong")
    assert (await get_problem(wrong)).code == "signature_invalid"
    unsealed = oauth1.fetch(temporary.token, Secret("wrong"), client=SECRET_CLIENT, verifier=verifier)
    assert (await get_problem(unsealed)).code == "signature_invalid"
    credentials = await oauth1.exchange(temporary, verifier, client=SECRET_CLIENT)
    again = oauth1.exchange(temporary, verifier, client=SECRET_CLIENT, secret="wrong")
    assert (await get_problem(again)).code == "signature_invalid"
    signing = {"client": SECRET_CLIENT, "token": credentials.token, "token_secret": credentials.secret}
    assert await oauth1.call(**signing) is not None


@pytest.mark.requirement("O1-04", "rfc5849-2.3-2")
async def test_credentials_of_one_client_are_worth_nothing_to_another(oauth1: OAuth1World) -> None:
    """RFC 5849 §2.3: bound to the client."""
    temporary, verifier = await approve(oauth1)
    for other in (SECRET_CLIENT, PEER_CLIENT):
        problem = await get_problem(oauth1.exchange(temporary, verifier, client=other))
        assert problem.code == "token_rejected"
    credentials = await oauth1.exchange(temporary, verifier)
    for other in (SECRET_CLIENT, PEER_CLIENT):
        signing = {"client": other, "token": credentials.token, "token_secret": credentials.secret}
        assert (await get_problem(oauth1.call(**signing))).code == "token_rejected"


@pytest.mark.parametrize("token", ["", "x", "alt_x", "alo_0_" + "a" * 43 + "_000000", "é"])
async def test_a_token_that_is_none_of_ours_is_exchanged_for_nothing(oauth1: OAuth1World, token: str) -> None:
    """OAuth Problem Reporting: parameter_absent, token_rejected."""
    for client in ({}, {"client": SECRET_CLIENT}):
        problem = await get_problem(oauth1.fetch(token, Secret("x" if token else ""), verifier="x", **client))
        assert problem.code == ("token_rejected" if token else "parameter_absent")


async def test_temporary_credentials_expire(oauth1: OAuth1World) -> None:
    """Ours: ten minutes, whatever the user said."""
    temporary, verifier = await approve(oauth1)
    oauth1.inner.clock.advance(600)
    assert (await get_problem(oauth1.exchange(temporary, verifier))).code == "token_expired"


async def test_what_ended_meanwhile_yields_nothing(oauth1: OAuth1World) -> None:
    """House §4: validity is a join, looked at when something is used."""
    temporary, verifier = await approve(oauth1)
    await oauth1.change_link(pause=Pause(by="user:9", at=1))
    assert (await get_refusal(oauth1.exchange(temporary, verifier))).status == 503
    await oauth1.change_link(pause=None)
    oauth1.inner.users.known["1"] = replace(oauth1.alice, active=False)
    assert (await get_problem(oauth1.exchange(temporary, verifier))).code == "permission_denied"
    oauth1.inner.users.known["1"] = replace(oauth1.alice, active=True)
    await oauth1.change_client(scopes=())
    assert (await get_problem(oauth1.exchange(temporary, verifier))).code == "permission_denied"
    await oauth1.change_client(scopes=ALLOWED)
    await end_all_grants("1", side=oauth1.side)
    assert (await get_problem(oauth1.exchange(temporary, verifier))).code == "token_revoked"


async def test_a_renewal_ends_the_old_token_and_keeps_the_session(oauth1: OAuth1World) -> None:
    """OAuth Session Extension; Data Center servers do the same."""
    first = await oauth1.get_credentials()
    oauth1.inner.clock.advance(5 * YEAR)
    assert (await get_problem(oauth1.call(token=first.token))).code == "token_expired"
    second = await oauth1.fetch(first.token, first.secret, session_handle=first.session_handle)
    assert second.token != first.token
    assert second.secret != first.secret
    assert second.session_handle == first.session_handle
    # The session is as long as it was; no token outlives it.
    assert (second.expires_in, second.session_expires_in) == (30 * 86400, 30 * 86400)
    assert (await get_problem(oauth1.call(token=first.token))).code == "token_rejected"
    assert await oauth1.call(token=second.token) is not None
    again = oauth1.fetch(first.token, first.secret, session_handle=first.session_handle)
    assert (await get_problem(again)).code == "token_rejected"
    assert await oauth1.call(token=second.token) is not None
    third = await oauth1.fetch(second.token, second.secret, session_handle=second.session_handle)
    assert await oauth1.call(token=third.token) is not None


async def test_a_renewal_needs_the_session_handle_and_the_session(oauth1: OAuth1World) -> None:
    """OAuth Session Extension: token_rejected, permission_denied."""
    current = await oauth1.get_credentials()
    problem = await get_problem(oauth1.fetch(current.token, current.secret))
    assert (problem.code, dict(problem.report.details)) == (
        "parameter_absent",
        {"oauth_parameters_absent": "oauth_session_handle"},
    )
    wrong = oauth1.fetch(current.token, current.secret, session_handle="x")
    assert (await get_problem(wrong)).code == "token_rejected"
    oauth1.inner.clock.advance(5 * YEAR + 30 * 86400)
    over = oauth1.fetch(current.token, current.secret, session_handle=current.session_handle)
    assert (await get_problem(over)).code == "permission_denied"


async def test_of_ten_renewals_at_the_same_time_one_wins_and_stays(oauth1: OAuth1World) -> None:
    """Ours: a renewal is one write; nobody is punished for a second one."""
    current = await oauth1.get_credentials()
    answers = await asyncio.gather(
        *(oauth1.fetch(current.token, current.secret, session_handle=current.session_handle) for _ in range(10)),
        return_exceptions=True,
    )
    won = [each for each in answers if not isinstance(each, BaseException)]
    assert {each.code for each in answers if isinstance(each, RefusedError)} == {"token_rejected"}
    assert len(won) == 1
    assert await oauth1.call(token=won[0].token) is not None


async def test_a_grant_that_ended_is_not_renewed(oauth1: OAuth1World) -> None:
    """House §4: ending a grant is one write."""
    current = await oauth1.get_credentials()
    await end_all_grants("1", side=oauth1.side)
    assert (await get_problem(oauth1.call(token=current.token))).code == "token_revoked"
    renewal = oauth1.fetch(current.token, current.secret, session_handle=current.session_handle)
    assert (await get_problem(renewal)).code == "token_revoked"


async def test_a_peer_gets_credentials_as_others_do(oauth1: OAuth1World) -> None:
    """Handshake: its pinned keys prove it."""
    credentials = await oauth1.get_credentials(client=PEER_CLIENT, callback=PEER_CALLBACK)
    caller = await oauth1.call(client=PEER_CLIENT, token=credentials.token)
    assert caller is not None
    assert (caller.user, caller.link.handle) == (oauth1.alice, "begin")


async def test_a_link_that_the_peer_holds_for_in_force_already_is_told(oauth1: OAuth1World) -> None:
    """Handshake §4: so that a statement goes out."""
    pending = Pending(
        revision=1, state=LinkState.APPROVED, proposal="p", proposal_digest="d", terms=Terms(access=()), until=1
    )
    await oauth1.change_link(PEER_LINK, agreed=None, pending=pending)
    assert (await get_refusal(oauth1.call(client=PEER_CLIENT))).status == 503
    assert (await get_refusal(oauth1.begin(client=PEER_CLIENT, callback=PEER_CALLBACK))).status == 503
    assert oauth1.inner.early_calls == [PEER_LINK, PEER_LINK]
