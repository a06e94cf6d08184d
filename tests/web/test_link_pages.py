"""The list of links, one link, and what an administrator does with it."""

from dataclasses import replace

import pytest

from applinks.records.links import Pause, Rest
from applinks.wire.linking.terms import Allows, Level
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
