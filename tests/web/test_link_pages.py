"""The list of links, one link, and what an administrator does with it."""

from dataclasses import replace

import pytest

from applinks.errors import PeerUnreachableError
from applinks.records.links import Direction, Pause, Rest
from applinks.wire.linking.terms import Allows, Level, Terms
from tests.incoming.world import LINK, make_key, publish
from tests.web.site import Site

pytestmark = pytest.mark.anyio
ROBIN = "9"
PAGE = "/applinks/links/start"


async def test_the_list_shows_states_and_filters_them(site: Site) -> None:
    """Mockup links."""
    await site.change_link(rest=frozenset({Rest.KEYS_CHANGED}))
    page = await site.get("/applinks/", user=ROBIN)
    assert "Needs attention" in page.text
    assert "Compare the keys" in page.text
    found = await site.get("/applinks/?state=attention", user=ROBIN)
    assert "/links/start" in found.text
    assert "/links/robots" not in found.text
    assert "/links/start" not in (await site.get("/applinks/?q=robots", user=ROBIN)).text


async def test_the_panels_say_who_is_who(site: Site) -> None:
    """Issue, Pages: in the words administrators know."""
    page = await site.get(PAGE, user=ROBIN)
    assert "Start calls us: we are the service provider, Start is the consumer." in page.text
    assert "We call Start: we are the consumer, Start is the service provider." in page.text
    assert "Connected" in page.text
    assert "Linked" in page.text


async def test_a_failed_test_says_what_to_do(site: Site) -> None:
    """Handshake §6: *Needs attention* and the finding."""
    await site.change_link(check="failed:peer_unreachable")
    page = await site.get(PAGE, user=ROBIN)
    assert "Needs attention" in page.text
    assert "does not answer" in page.text


async def test_pausing_asks_for_a_reason_and_shows_it(site: Site) -> None:
    """Ours: who, when, why."""
    link = await site.find_link()
    await site.change_link(peer=replace(link.peer, heard_at=site.context.clock.now() - 60))
    response = await site.submit(f"{PAGE}/pause", {"pause": "1", "reason": "<b>until</b> Monday"}, user=ROBIN)
    assert response.headers["location"] == PAGE
    assert (await site.find_link()).pause == Pause(
        by="user:9", at=site.context.clock.now(), reason="<b>until</b> Monday"
    )
    page = await site.get(PAGE, user=ROBIN)
    assert "Robin Berg paused it" in page.text
    assert "&lt;b&gt;until&lt;/b&gt; Monday" in page.text
    assert "has not been told yet" in page.text
    await site.submit(PAGE, {}, user=ROBIN, to=f"{PAGE}/resume")
    assert (await site.find_link()).pause is None


async def test_a_pause_of_the_other_side_can_not_be_resumed_here(site: Site) -> None:
    """Handshake §5: only the pausing side resumes."""
    link = await site.find_link()
    await site.change_link(peer=replace(link.peer, paused=True))
    page = await site.get(PAGE, user=ROBIN)
    assert "Only an administrator of Start can resume it." in page.text
    assert "/resume" not in page.text


async def test_incoming_is_lowered_and_raised_within_what_was_agreed(site: Site) -> None:
    """Handshake §5 Own switches."""
    await site.submit(f"{PAGE}/incoming", {"enabled": "1", "user": ["issues:read"]}, user=ROBIN)
    link = await site.find_link()
    assert link.incoming.user_scopes == ("issues:read",)
    assert link.incoming.application_scopes == ()
    assert "switched off" in (await site.get(PAGE, user=ROBIN)).text
    more = await site.submit(f"{PAGE}/incoming", {"enabled": "1", "user": ["issues:delete"]}, user=ROBIN)
    assert more.status_code == 400
    assert (await site.find_link()).incoming.user_scopes == ("issues:read",)


async def test_a_direction_is_switched_off_and_on_again(site: Site) -> None:
    """House §8: stored is the level alone."""
    await site.submit(f"{PAGE}/outgoing", {"user": ["pages:read"]}, user=ROBIN)
    assert (await site.find_link()).outgoing.level is Level.DISABLED
    assert 'value="pages:read" checked' in (await site.get(f"{PAGE}/outgoing", user=ROBIN)).text
    await site.submit(f"{PAGE}/outgoing", {"enabled": "1", "user": ["pages:read"]}, user=ROBIN)
    assert (await site.find_link()).outgoing.user_scopes == ("pages:read",)


async def test_on_without_any_scope_is_asked_about(site: Site) -> None:
    """Ours: a mistake on a form keeps the form."""
    response = await site.submit(f"{PAGE}/incoming", {"enabled": "1"}, user=ROBIN)
    assert response.status_code == 400
    assert "switch the direction off" in response.text


async def test_what_the_peer_switched_off_is_said(site: Site) -> None:
    """Handshake §2 allows: both lists empty is switched off there."""
    link = await site.find_link()
    await site.change_link(peer=replace(link.peer, allows=Allows()))
    assert "Start has switched off calls of" in (await site.get(PAGE, user=ROBIN)).text


async def test_a_new_key_is_compared_and_approved(site: Site) -> None:
    """Handshake §4: the link rests until this side's administrator approves."""
    key = publish(make_key())
    link = await site.find_link()
    await site.change_link(rest=frozenset({Rest.KEYS_CHANGED}), peer=replace(link.peer, unannounced=(key,)))
    page = await site.get(f"{PAGE}/keys", user=ROBIN)
    fingerprint = " ".join(key["kid"][start : start + 4] for start in (0, 4, 8, 12))
    assert fingerprint in page.text
    await site.submit(f"{PAGE}/keys", {"approve": fingerprint}, user=ROBIN)
    after = await site.find_link()
    assert not after.rest
    assert key["kid"] in {each["kid"] for each in after.peer.keys}


async def test_deleting_says_what_is_lost_and_ends_the_link(site: Site) -> None:
    """Mockups: dangerous buttons lead to a page that says what is lost."""
    await site.world.authorize()
    page = await site.get(f"{PAGE}/delete", user=ROBIN)
    assert "1 user of Start" in page.text
    await site.submit(f"{PAGE}/delete", {"delete": "1"}, user=ROBIN)
    assert (await site.find_link()).ended_at
    ended = await site.get(f"/applinks/links/{LINK}", user=ROBIN)
    assert "The link was deleted." in ended.text
    assert "Delete" not in ended.text.replace("deleted", "")
    assert (await site.get(PAGE, user=ROBIN)).status_code == 404


async def test_an_address_that_is_our_own_is_refused_in_words(site: Site) -> None:
    """Product §5: refused at once and in words."""
    response = await site.submit("/applinks/new", {"url": "https://tracker.example/x", "look": "1"}, user=ROBIN)
    assert response.status_code == 400
    assert "itself" in response.text
    assert 'aria-invalid="true"' in response.text


@pytest.mark.parametrize(
    "url", ["", "not an address", "ftp://x", "http://start.example", "https://u@x.example", "x" * 3000]
)
async def test_what_is_no_address_keeps_the_form(site: Site, url: str) -> None:
    """Ours: what was typed stays."""
    response = await site.submit("/applinks/new", {"url": url, "look": "1"}, user=ROBIN)
    assert response.status_code == 400
    assert 'aria-invalid="true"' in response.text


@pytest.mark.parametrize("request_jwt", ["x", "a.b.c", "e30.e30.e30", "x" * 9000])
async def test_a_proposal_that_is_none_is_an_error_page_and_no_redirect(site: Site, request_jwt: str) -> None:
    """Handshake §3 step 2: error page, never a redirect."""
    response = await site.get(f"/applinks/link?request={request_jwt}", user=ROBIN)
    assert 400 <= response.status_code < 500
    assert "location" not in response.headers


@pytest.mark.requirement("handshake-10-5")
@pytest.mark.requirement("LK-03")
async def test_a_decision_about_what_was_not_shown_is_refused(site: Site) -> None:
    """Handshake §3 step 3: an offer that this session was shown."""
    response = await site.submit(
        "/applinks/new", {"approve": "1", "offer": LINK}, user=ROBIN, to="/applinks/link?request=x"
    )
    assert response.status_code == 400
    assert "has not been shown" in response.text


@pytest.mark.requirement("handshake-10-6")
async def test_approving_asks_for_a_fresh_log_in_where_the_host_tells(site: Site) -> None:
    """Handshake §3 step 3: recent log-in, 10 minutes."""
    user = site.users.known[ROBIN]
    site.users.known[ROBIN] = replace(user, confirmed_at=site.context.clock.now() - 601)
    response = await site.get("/applinks/link?request=x", user=ROBIN)
    assert response.headers["location"] == "/login?again=1&next=%2Fapplinks%2Flink%3Frequest%3Dx"


@pytest.mark.requirement("AS-09")
@pytest.mark.parametrize(
    "return_to", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", "x"]
)
async def test_connecting_leads_nowhere_else(site: Site, return_to: str) -> None:
    """Security AS-09: no open redirect anywhere."""
    response = await site.client.get(
        f"/applinks/connect/{LINK}", params={"return_to": return_to}, headers={"x-user": "1"}
    )
    assert response.status_code == 400


async def test_a_return_that_nobody_began_is_refused(site: Site) -> None:
    """RFC 6749 §10.12."""
    response = await site.get(f"/applinks/callback/{LINK}?code=x&state=y&iss=https://start.example", user="1")
    assert response.status_code == 400
    assert "AL-" in response.text


async def test_the_page_says_what_the_link_is_called_in_code_and_leads_to_the_keys(site: Site) -> None:
    """Ours: `applinks.connection("start")`."""
    page = await site.get(PAGE, user=ROBIN)
    assert "<dt>Called in code</dt><dd><code>start</code></dd>" in page.text
    assert f'href="{PAGE}/keys">Keys of Start</a>' in page.text


async def test_our_own_key_is_shown_where_we_do_not_call(site: Site) -> None:
    """Handshake §7: the other administrator compares it."""
    await site.change_link(outgoing=Direction())
    key = (await site.context.linking.keys.list_public_keys())[0]["kid"]
    fingerprint = " ".join(key[start : start + 4] for start in (0, 4, 8, 12))
    assert fingerprint in (await site.get(PAGE, user=ROBIN)).text


async def test_a_direction_that_is_off_keeps_what_was_lowered_on_its_form(site: Site) -> None:
    """Ours: switching off and on raises nothing."""
    link = await site.find_link()
    await site.change_link(incoming=replace(link.incoming, level=Level.DISABLED, user_scopes=("issues:read",)))
    form = await site.get(f"{PAGE}/incoming", user=ROBIN)
    assert 'name="user" value="issues:read" checked' in form.text
    assert 'name="user" value="issues:write">' in form.text


async def test_what_the_other_side_lowered_is_marked(site: Site) -> None:
    """Ours: on whose side it is to be changed."""
    link = await site.find_link()
    scopes = ("pages:read", "notify")
    assert link.agreed is not None
    incoming, outgoing = link.agreed.terms.access
    terms = Terms(access=(incoming, replace(outgoing, user_scopes=scopes)))
    await site.change_link(
        agreed=replace(link.agreed, terms=terms),
        outgoing=replace(link.outgoing, user_scopes=scopes),
        peer=replace(link.peer, allows=Allows(user_scopes=("notify",))),
    )
    for path in (PAGE, f"{PAGE}/outgoing"):
        assert (await site.get(path, user=ROBIN)).text.count("switched off by Start") == 1
    await site.change_link(peer=replace(link.peer, allows=Allows()))
    assert "Disabled by Start" in (await site.get(PAGE, user=ROBIN)).text
    form = await site.get(f"{PAGE}/outgoing", user=ROBIN)
    assert "Start has switched this direction off. What you set here counts once it is on again." in form.text


async def test_resuming_says_that_the_other_pause_stays(site: Site) -> None:
    """Handshake §5: only the pausing side resumes."""
    link = await site.find_link()
    paused = Pause(by="user:9", at=site.context.clock.now())
    await site.change_link(pause=paused, peer=replace(link.peer, paused=True))
    page = await site.get(PAGE, user=ROBIN)
    assert "Start has paused it too; that pause stays until an administrator there resumes." in page.text
    await site.submit(PAGE, {}, user=ROBIN, to=f"{PAGE}/resume")
    page = await site.get(PAGE, user=ROBIN)
    assert "Your pause is lifted" in page.text
    assert "Start’s stays." in page.text


async def test_a_failed_test_carries_the_reference_of_its_failure(site: Site) -> None:
    """Ours: what explains it is one look-up away."""
    await site.change_link(check="failed:peer_unreachable")
    error = PeerUnreachableError("It does not answer.", detail="refused")
    reference = await site.world.storage.failures.record(error, place="test_call", link_id=LINK)
    assert reference in (await site.get(PAGE, user=ROBIN)).text


@pytest.mark.parametrize("query", ["", "?request=a.b.c"])
async def test_a_damaged_request_says_where_to_begin_again(site: Site, query: str) -> None:
    """Ours: an answer instead of a category."""
    page = await site.get(f"/applinks/link{query}", user=ROBIN)
    assert "This request for a link is damaged or incomplete" in page.text
    assert "Begin again at the other application." in page.text


async def test_a_user_is_sent_to_an_administrator_where_there_is_no_such_link(site: Site) -> None:
    """Ours: she sees no list of links."""
    page = await site.get(f"/applinks/connect/lnk_{'x' * 22}", user="1")
    assert "There is no such link" in page.text
    assert "Ask an administrator." in page.text


async def test_nothing_was_deleted_there_yet_and_the_page_says_so(site: Site) -> None:
    """Ours: no promise that needs the other side."""
    await site.world.authorize()
    page = await site.get(f"{PAGE}/delete", user=ROBIN)
    assert "stops at once. Start stops as soon as it has been told. 1 user of Start loses the connection." in page.text


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_whoever_may_not_is_offered_another_log_in_and_comes_back(site: Site, method: str) -> None:
    """Ours: a request that waits is not lost."""
    if method == "POST":
        page = await site.submit("/applinks/account/revoke-everything", {}, user="1", to=f"{PAGE}/resume")
        target = "%2Fapplinks%2F"
    else:
        page = await site.get("/applinks/link?request=a.b.c", user="1")
        target = "%2Fapplinks%2Flink%3Frequest%3Da.b.c"
    assert page.status_code == 403
    assert "You are logged in as alice, who is no administrator of" in page.text
    assert f'href="/login?next={target}">Log in as somebody else' in page.text
