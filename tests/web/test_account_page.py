"""The user's own page, while the other application takes its time."""

import pytest

from applinks.outgoing.store import RoundTrip
from applinks.records.connections import Connection
from applinks.secret import Secret, digest_secret
from tests.incoming.world import LINK, PEER
from tests.web.site import Site

pytestmark = pytest.mark.anyio
ALICE = "1"
ACCOUNT = "/applinks/account"


@pytest.fixture
async def connected(site: Site) -> Site:
    """Alice is connected at Start, whose revocation endpoint answers 404."""
    connection = Connection(
        id="con_1",
        link_id=LINK,
        user_id=ALICE,
        issuer=PEER,
        access_token=Secret("access"),
        refresh_token=Secret("refresh"),
        account="alicia",
        created_at=site.context.clock.now(),
    )
    await site.context.outgoing.store.add_connection(connection, event=None)
    return site


def hurry(site: Site) -> None:
    object.__setattr__(site.context, "patience_seconds", 0)


async def test_a_peer_that_does_not_confirm_is_named(connected: Site) -> None:
    """Product §5: disconnect says whether the peer confirmed it."""
    assert "connected as alicia" in (await connected.get(ACCOUNT, user=ALICE)).text
    await connected.submit(ACCOUNT, {"link": LINK}, user=ALICE, to=f"{ACCOUNT}/disconnect")
    page = await connected.get(ACCOUNT, user=ALICE)
    assert "Start did not confirm it" in page.text
    assert "connected as alicia" not in page.text


async def test_the_page_comes_before_the_peer_has_confirmed(connected: Site) -> None:
    """Issue, Pages: a peer that answers slowly; the connection goes all the same."""
    hurry(connected)
    await connected.submit(ACCOUNT, {"link": LINK}, user=ALICE, to=f"{ACCOUNT}/disconnect")
    page = await connected.get(ACCOUNT, user=ALICE)
    assert "Start answers slowly" in page.text
    assert "half a minute" in page.text
    assert not await connected.context.outgoing.store.list_connections_of_user(ALICE)


async def test_everything_of_ours_is_revoked_before_any_peer_has_confirmed(connected: Site) -> None:
    """Issue, Pages: what can act here ends at once."""
    await connected.world.authorize()
    hurry(connected)
    path = f"{ACCOUNT}/revoke-everything"
    await connected.submit(path, {"revoke": "1"}, user=ALICE)
    page = await connected.get(ACCOUNT, user=ALICE)
    assert "Nothing can act for you here any more" in page.text
    assert "Not all answered yet: Start." in page.text
    assert "No application can act for you." in page.text


async def test_a_form_about_a_link_that_she_has_no_account_at_changes_nothing(connected: Site) -> None:
    """Ours: another's connection is not hers to end."""
    for user, link in (("2", LINK), (ALICE, "lnk_0000000000000000000009")):
        asked = f"{ACCOUNT}/revoke-everything"
        await connected.submit(asked, {"link": link}, user=user, to=f"{ACCOUNT}/disconnect")
    ((connection, _link),) = await connected.context.outgoing.store.list_connections_of_user(ALICE)
    assert connection.id == "con_1"


async def test_what_a_connection_may_do_is_said(connected: Site) -> None:
    """Ours: with which permissions she is connected, in the other application's words."""
    ((connection, _link),) = await connected.context.outgoing.store.list_connections_of_user(ALICE)
    changed = connection.changed(scopes=("pages:read",))
    assert await connected.context.outgoing.store.swap_connection(changed, expected_version=connection.version)
    assert "See the pages that you have pinned" in (await connected.get(ACCOUNT, user=ALICE)).text


async def test_her_own_no_leads_back_and_needs_no_reference(connected: Site) -> None:
    """RFC 6749 §4.1.2.1: she said no there."""
    trip = RoundTrip(
        state=digest_secret("s"),
        session=(await find_session(connected)),
        link_id=LINK,
        user_id=ALICE,
        name="",
        issuer=PEER,
        code_verifier=Secret("v"),
        redirect_uri=f"https://tracker.example/applinks/callback/{LINK}",
        scopes=("pages:read",),
        return_to="/board",
        expires_at=connected.context.clock.now() + 60,
    )
    await connected.context.outgoing.store.add_round_trip(trip)
    page = await connected.get(f"/applinks/callback/{LINK}?error=access_denied&state=s&iss={PEER}", user=ALICE)
    assert page.status_code == 403
    assert "the answer there was no" in page.text
    assert f'href="/board">Back to {connected.context.name}' in page.text
    assert "AL-" not in page.text


async def find_session(site: Site) -> bytes:
    """Give the digest of the session that the browser has after its first page."""
    await site.get(ACCOUNT, user=ALICE)
    cookie = next(value for name, value in site.client.cookies.items() if "applinks" in name)
    return digest_secret(cookie)
