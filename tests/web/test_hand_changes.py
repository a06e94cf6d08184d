"""Links by hand on their own pages: completed, changed, their secrets, and their end."""

from dataclasses import replace
from urllib.parse import quote

import pytest

from applinks.wire.linking.terms import Level
from applinks.wire.token_format import parse_token
from tests.incoming.world import BASE
from tests.web.hand import (
    ALONE,
    CALLBACK,
    CLOUD,
    NEW,
    ROBIN,
    add_alone,
    add_cloud,
    find_client,
    find_link,
    find_registration,
    find_secret,
    look,
    publish_metadata,
)
from tests.web.site import USERS, Site, find_hidden

pytestmark = pytest.mark.anyio


async def test_an_outgoing_link_waits_for_what_the_server_gives(site: Site) -> None:
    """Issue 5: prints the redirect URI to register there; client id and secret may come later."""
    assert (await add_cloud(site)).headers["location"] == "/applinks/links/cloud"
    link, page = await find_link(site, "cloud"), await site.get("/applinks/links/cloud", user=ROBIN)
    assert f"{BASE}/applinks/callback/{link.id}" in page.text
    assert "Waiting for you" in page.text
    assert "The client ID that Cloud gives" in page.text
    assert f"/connect/{link.id}" not in (await site.get("/applinks/account", user="1")).text
    fields = {
        "enable_out": "1",
        "out_scopes": "openid profile",
        "client_id": "tracker",
        "client_secret": "s3cret",
        "authentication": "client_secret_basic",
    }
    saved = await site.submit("/applinks/links/cloud/outgoing", fields, user=ROBIN)
    assert saved.headers["location"] == "/applinks/links/cloud"
    assert (await find_registration(site, "cloud")).is_complete
    page = await site.get("/applinks/links/cloud", user=ROBIN)
    assert "Ready" in page.text
    assert "kept, and never shown" in page.text
    assert "s3cret" not in page.text
    assert f"/connect/{link.id}" in (await site.get("/applinks/account", user="1")).text


async def test_a_secret_that_is_left_empty_stays(site: Site) -> None:
    """Issue 5: write-only."""
    await add_cloud(site, client_id="tracker", client_secret="s3cret")
    page = await site.get("/applinks/links/cloud/outgoing", user=ROBIN)
    assert "kept; type another one to replace it" in page.text
    fields = {"enable_out": "1", "out_scopes": "profile", "client_id": "other", "authentication": "client_secret_post"}
    await site.post("/applinks/links/cloud/outgoing", find_hidden(page) | fields, user=ROBIN)
    registration = await find_registration(site, "cloud")
    assert registration.client_secret is not None
    assert registration.client_secret.reveal() == "s3cret"
    assert registration.client_id == "other"
    assert (await find_link(site, "cloud")).outgoing.user_scopes == ("profile",)


async def test_a_client_id_from_there_takes_the_place_of_the_document(site: Site) -> None:
    """Ours: a server may refuse the document that it says it reads; without a client id the document stays."""
    publish_metadata(site, client_id_metadata_document_supported=True)
    await look(site)
    fields = {"name": "Cloud", "enable_out": "1", "out_scopes": "openid", "document": "1", "add": "1"}
    await site.submit(NEW, fields, user=ROBIN)
    before, page = await find_registration(site, "cloud"), "/applinks/links/cloud/outgoing"
    shown = await site.get(page, user=ROBIN)
    assert "knows us by our document" in shown.text
    assert before.client_id not in shown.text
    same = {"enable_out": "1", "out_scopes": "openid profile", "client_id": "", "authentication": "client_secret_basic"}
    assert (await site.submit(page, same, user=ROBIN)).status_code == 303
    assert await find_registration(site, "cloud") == before
    refused = await site.submit(page, same | {"client_secret": "s3cret"}, user=ROBIN)
    assert refused.status_code == 400
    assert "Which client ID does this secret belong to?" in refused.text
    given = same | {"client_id": "tracker", "client_secret": "s3cret"}
    assert (await site.submit(page, given, user=ROBIN)).status_code == 303
    after = await find_registration(site, "cloud")
    assert (after.client_id, after.document, after.is_complete) == ("tracker", "", True)
    assert after.authentication.value == "client_secret_basic"


async def test_incoming_is_changed_with_the_redirect_uris_of_its_client(site: Site) -> None:
    """Product §3: /applinks/links/<id>/incoming."""
    await add_alone(site)
    path, field = (
        "/applinks/links/build-bot/incoming",
        f"redirect_uris-{(await find_client(site, 'build-bot')).client.client_id}",
    )
    fields = {"enable_in": "1", "scope": ["issues:read", "issues:write"], field: f"{CALLBACK}\nhttps://ci.example/two"}
    assert (await site.submit(path, fields, user=ROBIN)).status_code == 303
    found = await find_client(site, "build-bot")
    assert found.client.redirect_uris == (CALLBACK, "https://ci.example/two")
    assert found.client.scopes == found.link.incoming.user_scopes == ("issues:read", "issues:write")
    wrong = await site.submit(path, fields | {field: "http://ci.example/", "scope": []}, user=ROBIN)
    assert wrong.status_code == 400
    assert "Nothing is saved yet: 2 fields need a change" in wrong.text
    assert "http://ci.example/</textarea>" in wrong.text
    await site.submit(path, {}, user=ROBIN)
    after = await find_link(site, "build-bot")
    assert after.incoming.level is Level.DISABLED
    assert after.incoming.user_scopes == ("issues:read", "issues:write")


async def test_the_missing_direction_is_set_up_later(site: Site) -> None:
    """Ours: either alone, and the other one whenever it is wanted."""
    await add_alone(site)
    path = "/applinks/links/build-bot/outgoing"
    assert "Address of Build bot" in (await site.get(path, user=ROBIN)).text
    publish_metadata(site)
    found = await site.submit(path, {"url": CLOUD, "look": "1"}, user=ROBIN)
    shown = found.headers["location"]
    fields = {"out_scopes": "openid", "client_id": "t", "client_secret": "s", "authentication": "client_secret_basic"}
    saved = await site.submit(shown, fields, user=ROBIN)
    assert saved.headers["location"] == "/applinks/links/build-bot"
    link = await find_link(site, "build-bot")
    assert link.peer.url == CLOUD
    assert link.outgoing.is_enabled
    await add_cloud(site, name="Second")
    refused = await site.submit("/applinks/links/build-bot/incoming", {"enable_in": "1"}, user=ROBIN)
    assert refused.status_code == 400


async def test_an_incoming_side_that_is_added_shows_its_secret(site: Site) -> None:
    """Issue 5: shown once, also where the link was there before."""
    await add_cloud(site)
    path = "/applinks/links/cloud/incoming"
    page = await site.submit(path, {"redirect_uris": CALLBACK, "scope": ["issues:read"]}, user=ROBIN)
    assert find_secret(page)
    assert (await find_link(site, "cloud")).incoming.user_scopes == ("issues:read",)


async def test_a_new_secret_leaves_the_old_one_a_week(site: Site) -> None:
    """Issue 5: two overlapping secrets with expiry and last use, shown once."""
    first = find_secret(await add_alone(site))
    client = (await find_client(site, "build-bot")).client
    path = f"/applinks/links/build-bot/clients/{client.client_id}/secret"
    assert "stays good for 7 more days" in (await site.get(path, user=ROBIN)).text
    second = find_secret(await site.submit(path, {"make": "1"}, user=ROBIN))
    assert second != first
    page = await site.get("/applinks/links/build-bot", user=ROBIN)
    assert "7 days left" in page.text
    assert "never used" in page.text
    assert "ends at once" in (await site.get(path, user=ROBIN)).text
    third = find_secret(await site.submit(path, {"make": "1"}, user=ROBIN))
    digests = [each.digest for each in (await find_client(site, "build-bot")).client.secrets]
    assert digests == [_digest(third), _digest(second)]


async def test_a_secret_that_leaked_is_ended_at_once(site: Site) -> None:
    """Ours: nobody waits a week for a secret that leaked."""
    await add_alone(site)
    client = (await find_client(site, "build-bot")).client
    path = f"/applinks/links/build-bot/clients/{client.client_id}/secret/end?secret={quote(client.secrets[0].hint)}"
    assert "It was never used." in (await site.get(path, user=ROBIN)).text
    assert (await site.submit(path, {"end": "1"}, user=ROBIN)).headers["location"] == "/applinks/links/build-bot"
    assert (await find_client(site, "build-bot")).client.secrets == ()
    assert (await site.get(path, user=ROBIN)).status_code == 404
    assert (await site.get(path.replace(client.client_id, "nobody"), user=ROBIN)).status_code == 404


@pytest.mark.requirement("N-08")
async def test_secrets_ask_for_a_fresh_log_in_and_keep_what_was_typed(site: Site) -> None:
    """Security N-08: confirmation again for secrets."""
    await add_alone(site)
    client = (await find_client(site, "build-bot")).client
    page = await site.get(ALONE, user=ROBIN)
    site.users.known[ROBIN] = replace(USERS[3], confirmed_at=site.context.clock.now() - 3600)
    for path in (ALONE, f"/applinks/links/build-bot/clients/{client.client_id}/secret"):
        assert (await site.get(path, user=ROBIN)).headers["location"].startswith("/login?again=1")
    fields = {"name": "Typed before", "redirect_uris": CALLBACK, "client_secret": "s3cret"}
    sent = await site.post(ALONE, find_hidden(page) | fields, user=ROBIN)
    assert sent.headers["location"] == f"/login?again=1&next={quote(ALONE, safe='')}"
    site.users.known[ROBIN] = replace(USERS[3], confirmed_at=site.context.clock.now())
    assert 'value="Typed before"' in (await site.get(ALONE, user=ROBIN)).text
    assert "Typed before" not in (await site.get(ALONE, user=ROBIN)).text


async def test_a_link_by_hand_is_paused_resumed_and_deleted(site: Site) -> None:
    """House §8 States."""
    await add_cloud(site)
    page = await site.get("/applinks/links/cloud/pause", user=ROBIN)
    assert "at both ends" not in page.text
    await site.submit("/applinks/links/cloud/pause", {"pause": "1", "reason": "holiday"}, user=ROBIN)
    assert "Robin Berg paused it" in (await site.get("/applinks/links/cloud", user=ROBIN)).text
    await site.submit("/applinks/links/cloud", {}, user=ROBIN, to="/applinks/links/cloud/resume")
    link = await find_link(site, "cloud")
    assert link.pause is None
    page = await site.get("/applinks/links/cloud/delete", user=ROBIN)
    assert "the values have to be entered anew at both ends" in page.text
    await site.submit("/applinks/links/cloud/delete", {"delete": "1"}, user=ROBIN)
    front = await site.get("/applinks/", user=ROBIN)
    assert "Remove " in front.text
    assert "from the clients of Cloud" in front.text
    ended = await site.get(f"/applinks/links/{link.id}", user=ROBIN)
    assert "The link was deleted." in ended.text
    assert "has not been told" not in ended.text


async def test_the_list_shows_what_has_no_address(site: Site) -> None:
    """Mockup links: every row has a name and where it lives."""
    await add_alone(site)
    page = await site.get("/applinks/?q=build", user=ROBIN)
    assert "/links/build-bot" in page.text
    assert "only calls" in page.text


@pytest.mark.requirement("CL-21")
async def test_a_token_endpoint_that_moved_is_shown_before_it_is_saved(site: Site) -> None:
    """Ours: the secret goes there, so the host that counts is one that an administrator saw."""
    await add_cloud(site, client_id="tracker", client_secret="s3cret")
    assert (await find_link(site, "cloud")).peer.token_endpoint == f"{CLOUD}/token"
    page = "/applinks/links/cloud/outgoing"
    fields = {"enable_out": "1", "out_scopes": "profile", "client_id": "t", "authentication": "client_secret_post"}
    publish_metadata(site, token_endpoint="https://moved.example/token")
    shown = await site.submit(page, fields, user=ROBIN)
    assert shown.status_code == 400
    assert "Its token endpoint moved to another host: moved.example" in shown.text
    link = await find_link(site, "cloud")
    assert (link.peer.token_endpoint, link.outgoing.user_scopes) == (f"{CLOUD}/token", ("openid", "profile"))
    publish_metadata(site, token_endpoint="https://again.example/token")
    again = await site.post(page, find_hidden(shown) | fields, user=ROBIN)
    assert "again.example" in again.text
    saved = await site.post(page, find_hidden(again) | fields, user=ROBIN)
    assert saved.headers["location"] == "/applinks/links/cloud"
    link = await find_link(site, "cloud")
    assert (link.peer.token_endpoint, link.outgoing.user_scopes) == ("https://again.example/token", ("profile",))


@pytest.mark.requirement("CL-21")
async def test_a_server_that_cannot_be_read_now_keeps_its_pin_and_is_saved(site: Site) -> None:
    """Ours: a secret may be entered while the server is down."""
    await add_cloud(site)
    fields = {"enable_out": "1", "out_scopes": "profile", "client_id": "t", "authentication": "client_secret_post"}
    for silent in (None, {}):
        site.documents.clear()
        if silent is None:
            site.documents[CLOUD] = None
        assert (await site.submit("/applinks/links/cloud/outgoing", fields, user=ROBIN)).status_code == 303
        assert (await find_link(site, "cloud")).peer.token_endpoint == f"{CLOUD}/token"
    assert (await find_registration(site, "cloud")).client_id == "t"


@pytest.mark.requirement("CL-21")
async def test_a_server_that_is_added_later_is_pinned_and_one_that_moved_is_said_in_words(site: Site) -> None:
    """Ours: what happened, and what to do."""
    await add_alone(site)
    publish_metadata(site)
    found = await site.submit("/applinks/links/build-bot/outgoing", {"url": CLOUD, "look": "1"}, user=ROBIN)
    fields = {
        "out_scopes": "files.read",
        "client_id": "t",
        "client_secret": "s",
        "authentication": "client_secret_post",
    }
    await site.submit(found.headers["location"], fields, user=ROBIN)
    link = await find_link(site, "build-bot")
    assert link.peer.token_endpoint == f"{CLOUD}/token"
    publish_metadata(site, token_endpoint="https://moved.example/token")
    page = await site.get(f"/applinks/connect/{link.id}", user="1")
    assert page.status_code == 502
    assert "wants our secrets at another host than before, so nothing was sent" in page.text
    assert "saves the outgoing values of the link again" in page.text
    assert [each.code for each in await site.context.failures.list(limit=9)] == ["token_endpoint_moved"]


def _digest(text: str) -> bytes:
    parsed = parse_token(text)
    assert parsed is not None
    return parsed.digest
