"""Links by hand on the pages, where somebody slips: what is said, and that nothing is lost without a word."""

import html
import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest

from applinks.fetching.transport import Fetcher
from applinks.records.clients import GrantType
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
    look,
    publish_metadata,
)
from tests.web.site import USERS, Site, find_hidden

pytestmark = pytest.mark.anyio
ALICE = "1"
OUTGOING = "/applinks/links/cloud/outgoing"


def answer_tokens(site: Site, *answers: tuple[int, dict[str, Any]]) -> None:
    """Let the cloud answer token requests so, one after the other, and say of itself what it says."""
    waiting = list(answers)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            status, body = waiting.pop(0)
            return httpx2.Response(status, json=body)
        document = site.documents.get(str(request.url))
        return httpx2.Response(200, json=document) if document else httpx2.Response(404)

    fetcher = Fetcher(site.context.settings, transport=httpx2.MockTransport(answer))
    object.__setattr__(site.context.outgoing, "fetcher", fetcher)


async def connect(site: Site, link_id: str) -> Any:
    """Send Alice to the cloud and back with a code."""
    page = await site.get(f"/applinks/connect/{link_id}", user=ALICE)
    sent = parse_qs(urlsplit(page.headers["location"]).query)
    query = f"code=c&state={sent['state'][0]}&iss={quote(CLOUD, safe='')}"
    return await site.get(f"/applinks/callback/{link_id}?{query}", user=ALICE)


async def add_files(site: Site) -> str:
    """Link the cloud with a secret, and with what needs no identity there."""
    fields = {"out_scopes": "files.read", "client_id": "tracker", "client_secret": "s3cret"}
    await add_cloud(site, **fields)
    return (await find_link(site, "cloud")).id


async def test_a_server_that_refuses_our_secret_is_said_to_whoever_connects_and_on_the_link(site: Site) -> None:
    """RFC 6749 §5.2 ``invalid_client``: it is ours that is wrong there, and the inbox says at which link."""
    link = await add_files(site)
    refused, granted = (401, {"error": "invalid_client"}), (200, {"access_token": "t", "token_type": "Bearer"})
    answer_tokens(site, refused, refused, granted, refused)
    page = await connect(site, link)
    assert page.status_code == 502
    assert "Cloud does not accept how" in page.text
    assert "a wrong client ID, secret or key" in page.text
    assert "sent you here" not in page.text
    (failure,) = await site.context.failures.list(limit=1)
    assert (failure.code, failure.link_id, failure.client) == ("invalid_client", link, "tracker")
    shown = await site.get("/applinks/links/cloud", user=ROBIN)
    assert "Needs attention" in shown.text
    assert failure.reference in shown.text
    assert f'href="{OUTGOING}">Enter the values' in shown.text
    fields = {"enable_out": "1", "out_scopes": "files.read", "client_id": "tracker", "client_secret": "right"}
    await site.submit(OUTGOING, fields | {"authentication": "client_secret_post"}, user=ROBIN)
    assert "Needs attention" not in (await site.get("/applinks/links/cloud", user=ROBIN)).text
    await connect(site, link)
    assert (await connect(site, link)).status_code == 303
    assert "Needs attention" not in (await site.get("/applinks/links/cloud", user=ROBIN)).text
    actions = [each.action for each in await site.world.storage.audit.list(link_id=link)]
    assert actions.count("link.tested") == 3


@pytest.mark.parametrize("code", ["server_error", "temporarily_unavailable", "unauthorized_client"])
async def test_what_a_server_says_of_itself_is_not_said_of_us(site: Site, code: str) -> None:
    """Ours: the same code means another one at fault."""
    link = await add_files(site)
    answer_tokens(site, *[(400, {"error": code})] * 9)
    page = await connect(site, link)
    assert re.search(r"<h1>Cloud (cannot answer|answered, and said no)", page.text)
    assert (await find_link(site, "cloud")).check == "none"


async def test_scopes_may_be_listed_with_commas(site: Site) -> None:
    """Ours: the hint lists them so, and so does many a documentation."""
    await add_cloud(site, out_scopes="openid, profile,files.read")
    assert (await find_link(site, "cloud")).outgoing.user_scopes == ("openid", "profile", "files.read")
    await site.submit(OUTGOING, {"enable_out": "1", "out_scopes": "openid,email", "client_id": "x"}, user=ROBIN)
    assert (await find_link(site, "cloud")).outgoing.user_scopes == ("openid", "email")


async def test_a_secret_has_to_be_typed_again_where_something_else_is_wrong(site: Site) -> None:
    """Ours: a page never sends a secret back, so it says so; what is saved without it would be wrong."""
    again = "Type the secret again"
    assert again not in (await add_cloud(site, out_scopes="")).text
    page = await add_cloud(site, out_scopes="", client_id="tracker", client_secret="s3cret-value")
    assert "2 fields need a change" in page.text
    assert again in page.text
    page = await add_cloud(site, name="")
    assert again not in page.text
    await add_files(site)
    fields = {"enable_out": "1", "out_scopes": "", "client_id": "tracker", "client_secret": "s3cret-value"}
    page = await site.submit(OUTGOING, fields, user=ROBIN)
    assert again in page.text
    assert "s3cret-value" not in page.text


async def test_a_secret_has_to_be_typed_again_after_a_log_in(site: Site) -> None:
    """Security N-08: what was typed waits in the session, a secret does not."""
    publish_metadata(site)
    await look(site)
    page = await site.get(NEW, user=ROBIN)
    site.users.known[ROBIN] = replace(USERS[3], confirmed_at=site.context.clock.now() - 3600)
    fields = {"name": "Cloud", "enable_out": "1", "out_scopes": "openid", "client_secret": "s3cret-value"}
    await site.post(NEW, find_hidden(page) | fields, user=ROBIN)
    site.users.known[ROBIN] = replace(USERS[3], confirmed_at=site.context.clock.now())
    page = await site.get(NEW, user=ROBIN)
    assert "Type the secret again" in page.text
    assert "s3cret-value" not in page.text


async def test_an_address_that_is_linked_already_is_said_at_once(site: Site) -> None:
    """Product §5: refused at once and in words: a duplicate; with the way to what stands there."""
    publish_metadata(site)
    link = await add_files(site)
    await add_alone(site)
    for path in ("/applinks/new", "/applinks/links/build-bot/outgoing"):
        page = await site.submit(path, {"url": CLOUD, "look": "1"}, user=ROBIN)
        assert page.status_code == 400
        assert "is linked with this application already" in page.text
        assert f'href="/applinks/links/{link}">Open that link' in page.text
    site.documents[CLOUD] = None
    assert "Or go on all the same" not in (await look(site)).text


async def test_the_form_of_what_was_linked_meanwhile_names_the_link(site: Site) -> None:
    """Ours: whoever goes back to the form finds the way on."""
    publish_metadata(site)
    await look(site)
    page = await site.get(NEW, user=ROBIN)
    fields = {"name": "Cloud", "enable_out": "1", "out_scopes": "openid", "client_secret": "s", "add": "1"}
    await site.post(NEW, find_hidden(page) | fields, user=ROBIN)
    again = await site.post(NEW, find_hidden(page) | fields, user=ROBIN)
    assert "is linked with this application already" in again.text
    assert "Open that link" in again.text
    assert "Type the secret again" in again.text


async def test_without_a_redirect_uri_no_user_is_promised(site: Site) -> None:
    """RFC 6749 §4.4: what has nowhere to send users back to only calls for itself."""
    page = await add_alone(site, redirect_uris="", scope=["issues:read", "issues:write"])
    assert page.status_code == 200
    assert "With a user’s consent, Build bot may" not in html.unescape(page.text)
    assert "As itself, without a user, Build bot may" in page.text
    assert "only as itself, without users" in page.text
    assert "no user can come from there: it only calls for itself" in page.text
    client = (await find_client(site, "build-bot")).client
    assert client.grant_types == (GrantType.CLIENT_CREDENTIALS,)
    fields = {"enable_in": "1", "scope": ["issues:read"], f"redirect_uris-{client.client_id}": CALLBACK}
    await site.submit("/applinks/links/build-bot/incoming", fields, user=ROBIN)
    assert GrantType.AUTHORIZATION_CODE in (await find_client(site, "build-bot")).client.grant_types
    assert "With a user’s consent" in html.unescape((await site.get("/applinks/links/build-bot", user=ROBIN)).text)
    page = await site.submit("/applinks/links/build-bot/incoming", fields | {list(fields)[2]: ""}, user=ROBIN)
    assert "Name the redirect URI to which users come back." in page.text


async def test_what_can_come_neither_with_users_nor_for_itself_is_refused(site: Site) -> None:
    """Ours: a client that can obtain nothing is a slip."""
    page = await add_alone(site, redirect_uris="", scope=["issues:write"])
    assert page.status_code == 400
    assert "None of its scopes can be had without a user" in page.text


async def test_only_what_is_declared_for_applications_is_kept_as_itself(site: Site) -> None:
    """Ours: the page says no more than tokens do."""
    page = await add_alone(site, scope=["issues:read", "issues:write"])
    found = await find_client(site, "build-bot")
    assert found.client.application_scopes == found.link.incoming.application_scopes == ("issues:read",)
    alone = page.text.partition("As itself, without a user")[2]
    assert "See your issues" in alone
    assert "Create and change issues" not in alone.partition("</ul>")[0]
    fields = {"enable_in": "1", "scope": ["issues:read", "issues:write", "issues:delete"]}
    fields[f"redirect_uris-{found.client.client_id}"] = CALLBACK
    await site.submit("/applinks/links/build-bot/incoming", fields, user=ROBIN)
    found = await find_client(site, "build-bot")
    assert found.client.application_scopes == found.link.incoming.application_scopes == ("issues:read",)


async def test_limits_are_said_in_our_words_and_are_those_of_the_fields(site: Site) -> None:
    """House §8: what is wrong, and what would be right."""
    page = await add_alone(site, name="x" * 300)
    assert "At most 60 characters; these are 300." in page.text
    assert re.search(r'name="name"[^>]*maxlength="60"|maxlength="60"[^>]*name="name"', page.text)
    page = await add_cloud(site, client_id="i" * 501)
    assert "At most 500 characters; these are 501." in page.text
    assert 'maxlength="500"' in page.text
    assert "Field cannot be longer" not in page.text
    assert (await find_registration_or_none(site)) is None


async def find_registration_or_none(site: Site) -> Any:
    link = await site.context.linking.store.find_link("cloud")
    return await find_registration(site, "cloud") if link else None


async def test_a_form_that_was_answered_leads_to_what_came_of_it(site: Site) -> None:
    """Ours: there the secret can be made anew that was not copied."""
    page = await site.get(ALONE, user=ROBIN)
    fields = find_hidden(page) | {"name": "Bot", "redirect_uris": CALLBACK, "scope": ["issues:read"], "add": "1"}
    await site.post(ALONE, fields, user=ROBIN)
    again = await site.post(ALONE, fields, user=ROBIN)
    assert again.headers["location"] == "/applinks/links/bot"
    assert "Make a new secret…" in (await site.get("/applinks/links/bot", user=ROBIN)).text


async def test_what_did_not_answer_is_not_said_to_have_no_applinks(site: Site) -> None:
    """Ours: nothing is known of who is silent."""
    site.documents[CLOUD] = None
    await look(site)
    page = await site.get(NEW, user=ROBIN)
    assert "Nothing answers at cloud.example now, so it is not known what is there" in page.text
    assert "has no Applinks" not in page.text
