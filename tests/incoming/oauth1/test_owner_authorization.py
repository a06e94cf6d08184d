"""What a user is asked, and what follows from her answer."""

from dataclasses import replace

import pytest

from applinks.incoming.grants import end_all_grants
from applinks.incoming.oauth1.owner_authorization import (
    ApprovedAuthorization,
    AuthorizationQuestion,
    OpenedAuthorization,
    approve_authorization,
    deny_authorization,
    look_up_authorization,
    open_owner_authorization,
)
from applinks.records.links import Pause
from applinks.records.token_credentials import OUT_OF_BAND
from tests.incoming.oauth1.world import (
    CALLBACK,
    OLD_CLIENT,
    PEER_CALLBACK,
    PEER_CLIENT,
    PEER_LINK,
    OAuth1World,
    get_problem,
    read_query,
    write_query,
)
from tests.incoming.world import ALLOWED, get_refusal

pytestmark = pytest.mark.anyio


async def open_(oauth1: OAuth1World, token: str, **query: str) -> OpenedAuthorization:
    return await open_owner_authorization(write_query(oauth_token=token, **query), side=oauth1.side)


async def look_up(oauth1: OAuth1World, token: str) -> AuthorizationQuestion | ApprovedAuthorization:
    return await look_up_authorization(await open_(oauth1, token), oauth1.alice, side=oauth1.side)


async def test_a_user_is_asked_for_all_that_the_client_may_have_and_told_where_the_answer_goes(
    oauth1: OAuth1World,
) -> None:
    """Ours: OAuth 1.0a has no way to ask for less."""
    question = await look_up(oauth1, (await oauth1.begin()).token)
    assert isinstance(question, AuthorizationQuestion)
    assert [scope.name for scope in question.asked] == ["issues:read", "issues:write", "notes:read"]
    assert question.granted == ()
    assert not question.is_remembered
    assert question.opened.redirect_host == "gadgets.example"
    assert not question.opened.is_out_of_band


async def test_administering_links_is_asked_for_only_where_the_record_of_a_client_by_hand_names_it(
    oauth1: OAuth1World,
) -> None:
    """Ours: applinks:admin is never a default."""
    await oauth1.change_client(scopes=(*ALLOWED, "applinks:admin"))
    opened = await open_(oauth1, (await oauth1.begin()).token)
    assert "applinks:admin" in opened.scopes
    await oauth1.change_client(PEER_CLIENT, scopes=(*ALLOWED, "applinks:admin"))
    link = await oauth1.inner.storage.linking.find_link(PEER_LINK)
    assert link is not None
    await oauth1.change_link(PEER_LINK, incoming=replace(link.incoming, user_scopes=(*ALLOWED, "applinks:admin")))
    opened = await open_(oauth1, (await oauth1.begin(client=PEER_CLIENT, callback=PEER_CALLBACK)).token)
    assert "applinks:admin" not in opened.scopes


async def test_a_yes_is_remembered_until_the_grant_ends_or_the_scope_grows(oauth1: OAuth1World) -> None:
    """Ours: a remembered consent is the grant, as over OAuth 2, to another Applinks."""

    async def begin_again() -> AuthorizationQuestion | ApprovedAuthorization:
        return await look_up(oauth1, (await oauth1.begin(client=PEER_CLIENT, callback=PEER_CALLBACK)).token)

    await oauth1.change_client(PEER_CLIENT, scopes=("issues:read",))
    await oauth1.get_credentials(client=PEER_CLIENT, callback=PEER_CALLBACK)
    again = await begin_again()
    assert isinstance(again, ApprovedAuthorization)
    assert again.url.startswith(PEER_CALLBACK)
    assert again.oauth_verifier is not None
    await oauth1.change_client(PEER_CLIENT, scopes=ALLOWED)
    question = await begin_again()
    assert isinstance(question, AuthorizationQuestion)
    assert [scope.name for scope in question.granted] == ["issues:read"]
    await end_all_grants("1", side=oauth1.side)
    question = await begin_again()
    assert isinstance(question, AuthorizationQuestion)
    assert question.granted == ()


@pytest.mark.requirement("O1-04")
async def test_any_other_client_is_asked_about_each_time(oauth1: OAuth1World) -> None:
    """Ours: without a state nobody knows whether it began in this browser."""
    await oauth1.get_credentials()
    question = await look_up(oauth1, (await oauth1.begin()).token)
    assert isinstance(question, AuthorizationQuestion)
    assert question.granted == question.asked
    assert not question.is_remembered


async def test_nothing_is_remembered_where_the_answer_goes_to_no_registered_callback(oauth1: OAuth1World) -> None:
    """Ours: whoever has a verifier to be typed could have begun elsewhere."""
    await oauth1.get_credentials()
    question = await look_up(oauth1, (await oauth1.begin(callback=OUT_OF_BAND)).token)
    assert isinstance(question, AuthorizationQuestion)
    assert not question.is_remembered
    await oauth1.get_credentials(client=OLD_CLIENT, callback=None)
    question = await look_up(oauth1, (await oauth1.begin(client=OLD_CLIENT, callback=None)).token)
    assert isinstance(question, AuthorizationQuestion)


async def test_out_of_band_the_verifier_is_shown_and_nothing_is_redirected(oauth1: OAuth1World) -> None:
    """RFC 5849 §2.1, §2.2: oob."""
    temporary = await oauth1.begin(callback=OUT_OF_BAND)
    opened = await open_(oauth1, temporary.token)
    assert (opened.is_out_of_band, opened.callback, opened.redirect_host) == (True, "", "")
    approved = await oauth1.approve(temporary.token)
    assert approved.url == ""
    assert approved.oauth_verifier is not None
    assert (await oauth1.exchange(temporary, approved.oauth_verifier.reveal())).token


async def test_a_verifier_that_is_typed_is_short_and_may_come_in_small_letters(oauth1: OAuth1World) -> None:
    """Ours: what a person has to type."""
    temporary = await oauth1.begin(callback=OUT_OF_BAND)
    approved = await oauth1.approve(temporary.token)
    assert approved.oauth_verifier is not None
    code = approved.oauth_verifier.reveal()
    assert len(code) == 10
    assert (await get_problem(oauth1.exchange(temporary, code[::-1]))).code == "token_rejected"
    assert (await oauth1.exchange(temporary, f" {code.lower()} ")).token


@pytest.mark.requirement("rfc5849-2.2-3")
@pytest.mark.parametrize("callback", [CALLBACK, f"{CALLBACK}?a=%26x&a=2"])
async def test_the_answer_keeps_the_query_of_the_callback(oauth1: OAuth1World, callback: str) -> None:
    """RFC 5849 §2.2: an existing query is kept."""
    temporary = await oauth1.begin(callback=callback)
    approved = await oauth1.approve(temporary.token)
    assert approved.url.startswith(callback)
    assert read_query(approved.url)["oauth_token"] == temporary.token
    assert approved.oauth_verifier is not None
    assert len(approved.oauth_verifier.reveal()) == 43


async def test_a_no_is_told_and_kept(oauth1: OAuth1World) -> None:
    """Ours, as Data Center servers do: oauth_verifier=denied; the exchange is permission_denied."""
    temporary = await oauth1.begin()
    opened = await open_(oauth1, temporary.token)
    url = await deny_authorization(opened, oauth1.alice, side=oauth1.side)
    assert url is not None
    assert read_query(url) == {"oauth_token": temporary.token, "oauth_verifier": "denied"}
    assert (await get_problem(oauth1.exchange(temporary, "denied"))).code == "permission_denied"
    assert (await get_refusal(open_(oauth1, temporary.token))).code == "token_used"
    other = await open_(oauth1, (await oauth1.begin(callback=OUT_OF_BAND)).token)
    assert await deny_authorization(other, oauth1.alice, side=oauth1.side) is None


@pytest.mark.requirement("O1-04")
async def test_the_first_answer_counts(oauth1: OAuth1World) -> None:
    """Ours: of two windows, or of two users, the first decides."""
    temporary = await oauth1.begin()
    opened = await open_(oauth1, temporary.token)
    await approve_authorization(opened, oauth1.alice, side=oauth1.side)
    bob = oauth1.inner.users.known["2"]
    assert (await get_refusal(approve_authorization(opened, bob, side=oauth1.side))).code == "token_used"
    assert (await get_refusal(deny_authorization(opened, bob, side=oauth1.side))).code == "token_used"
    assert (await get_refusal(open_(oauth1, temporary.token))).code == "token_used"


@pytest.mark.parametrize(
    "query",
    ["", "oauth_token=", "oauth_token=x&oauth_token=y", "oauth_token=%ff", "oauth_token=x", "oauth_token=alt_x"],
)
async def test_an_address_that_names_nothing_of_ours_is_refused_on_our_page(oauth1: OAuth1World, query: str) -> None:
    """Security AS-03: nothing is redirected."""
    refusal = await get_refusal(open_owner_authorization(query, side=oauth1.side))
    assert refusal.code in {"parameter_absent", "token_rejected"}
    assert refusal.status == 400


async def test_token_credentials_and_guesses_open_no_page(oauth1: OAuth1World) -> None:
    """Ours: the digest of all 43 characters counts."""
    credentials = await oauth1.get_credentials()
    assert (await get_refusal(open_(oauth1, credentials.token))).code == "token_rejected"


async def test_it_can_take_too_long(oauth1: OAuth1World) -> None:
    """Ours: ten minutes."""
    temporary = await oauth1.begin()
    oauth1.inner.clock.advance(600)
    assert (await get_refusal(open_(oauth1, temporary.token))).code == "token_expired"


async def test_a_user_who_is_not_active_grants_nothing(oauth1: OAuth1World) -> None:
    """Ours: as over OAuth 2."""
    opened = await open_(oauth1, (await oauth1.begin()).token)
    asleep = replace(oauth1.alice, active=False)
    for asked in (
        look_up_authorization(opened, asleep, side=oauth1.side),
        approve_authorization(opened, asleep, side=oauth1.side),
    ):
        refusal = await get_refusal(asked)
        assert (refusal.code, refusal.status, refusal.user_id) == ("permission_denied", 403, "1")


async def test_a_pause_is_told_on_the_page(oauth1: OAuth1World) -> None:
    """Ours: looked at whenever something is asked."""
    temporary = await oauth1.begin()
    await oauth1.change_link(pause=Pause(by="user:9", at=1))
    assert (await get_refusal(open_(oauth1, temporary.token))).status == 503
    await oauth1.change_link(pause=None)
    await oauth1.change_client(scopes=())
    assert (await get_refusal(open_(oauth1, temporary.token))).code == "permission_denied"
    await oauth1.change_client(scopes=ALLOWED, oauth1={"three_legged": False})
    assert (await get_refusal(open_(oauth1, temporary.token))).code == "permission_denied"


async def test_the_old_dialect_names_its_callback_on_the_page_and_only_a_registered_one(oauth1: OAuth1World) -> None:
    """OAuth Core 1.0 §6.2.1, §6.2.3."""
    await oauth1.change_client(OLD_CLIENT, redirect_uris=(CALLBACK,))
    temporary = await oauth1.begin(client=OLD_CLIENT, callback=None)
    assert (await open_(oauth1, temporary.token)).callback == CALLBACK
    assert (await open_(oauth1, temporary.token, oauth_callback=f"{CALLBACK}?a=1")).callback == f"{CALLBACK}?a=1"
    assert (await open_(oauth1, temporary.token, oauth_callback=OUT_OF_BAND)).callback == ""
    for other in ("https://evil.example/", f"{CALLBACK}%23", "javascript:alert(1)", f"{CALLBACK}&oauth_callback=x"):
        refusal = await get_refusal(open_(oauth1, temporary.token, oauth_callback=other))
        assert (refusal.code, refusal.status) == ("invalid_redirect_uri", 400)
    approved = await oauth1.approve(temporary.token)
    assert approved.oauth_verifier is None
    assert read_query(approved.url) == {"oauth_token": temporary.token}
    assert (await oauth1.exchange(temporary, None, client=OLD_CLIENT)).token


async def test_the_old_dialect_without_any_callback_ends_on_our_page(oauth1: OAuth1World) -> None:
    """OAuth Core 1.0 §6.2.3: the user goes back by hand."""
    temporary = await oauth1.begin(client=OLD_CLIENT, callback=None)
    approved = await oauth1.approve(temporary.token)
    assert (approved.url, approved.oauth_verifier) == ("", None)


async def test_a_signed_callback_is_not_replaced_by_the_address_of_the_page(oauth1: OAuth1World) -> None:
    """RFC 5849 §4.7: what stands in the address could be anybody's."""
    temporary = await oauth1.begin()
    opened = await open_(oauth1, temporary.token, oauth_callback="https://evil.example/")
    assert opened.callback == CALLBACK


async def test_no_secret_shows_in_what_the_page_holds(oauth1: OAuth1World) -> None:
    """Security N-05."""
    temporary = await oauth1.begin()
    approved = await oauth1.approve(temporary.token)
    assert approved.oauth_verifier is not None
    assert approved.oauth_verifier.reveal() not in repr(approved)
    opened = await open_(oauth1, (await oauth1.begin()).token)
    assert "alt_" not in repr(opened)
