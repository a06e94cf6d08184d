"""What administrators get wrong in the forms of OAuth 1.0a, and what they note in them."""

import html
from dataclasses import replace
from typing import Any

import pytest

from tests.web.hand import ROBIN, find_link
from tests.web.oauth1 import ALONE, CALLBACK, NEW, PRIVATE, PUBLIC, find_client
from tests.web.site import USERS, Site, find_hidden
from tests.web.test_oauth1_changes import change, get_client_path
from tests.web.test_oauth1_pages import add_cloud, add_gadget

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "also", [{"key": ""}, {"name": ""}, {"callback": "ftp://x"}, {"two_legged": "1", "execute_as": ""}]
)
async def test_a_private_key_stands_nowhere_whatever_else_is_wrong(site: Site, also: dict[str, Any]) -> None:
    """Issue 6: a private key refused in words."""
    page = await add_gadget(site, public_key=PRIVATE, **also)
    assert page.status_code == 400
    assert "This is a private key" in page.text
    assert PRIVATE.splitlines()[1] not in html.unescape(page.text)


async def test_what_needs_no_look_into_the_database_is_said_at_once(site: Site) -> None:
    """Ours: each field says what is wrong with it, not one after the other."""
    page = await add_gadget(site, public_key="garbage", callback="ftp://x", key="", description="x" * 201)
    assert page.status_code == 400
    for said in ("no public key", "begins with https://", "The other application names it.", "At most 200 characters"):
        assert said in page.text


async def test_a_client_and_a_server_have_a_description_on_their_pages(site: Site) -> None:
    """Atlassian's wire, What an administrator enters: description."""
    await add_gadget(site, description="Old script; ask Dana")
    assert "Old script; ask Dana" in (await site.get("/applinks/links/gadget", user=ROBIN)).text
    await add_cloud(site, server_description="Ours in the cloud")
    assert "Ours in the cloud" in (await site.get("/applinks/links/cloud", user=ROBIN)).text
    form = (await site.get("/applinks/links/cloud/outgoing", user=ROBIN)).text
    assert 'value="Ours in the cloud"' in form
    assert (await find_link(site, "cloud")).peer.description == "Ours in the cloud"


async def test_a_description_is_changed_with_its_client(site: Site) -> None:
    """Atlassian's wire, What an administrator enters: description."""
    path = await get_client_path(site, description="Old")
    page = await site.get(path, user=ROBIN)
    assert 'value="Old"' in page.text
    assert "Changes count from the next call on." in page.text
    assert (await change(site, path, description="New")).status_code == 303
    client = await find_client(site, "gadget")
    assert client.oauth1 is not None
    assert client.oauth1.description == "New"


@pytest.mark.parametrize("field", ["description", "server_description"])
async def test_a_description_that_cannot_be_shown_is_refused_under_its_field(site: Site, field: str) -> None:
    """Ours: errors stand under the field, and a form has one of each side."""
    fields = {"enable_in": "1", "key": "cloud", "public_key": PUBLIC, "three_legged": "1", "callback": CALLBACK}
    page = await add_cloud(site, **fields, scope=["issues:read"], **{field: "no\u200bwidth"})
    assert page.status_code == 400
    assert f'href="#i-{field}"' in page.text
    assert "It has a character that cannot be shown." in page.text


async def test_a_private_key_does_not_wait_while_somebody_logs_in_again(site: Site) -> None:
    """Ours: what was typed waits in the session; a key that belongs to nobody but its owner does not."""
    user = next(each for each in USERS if each.id == ROBIN)
    hidden = find_hidden(await site.get(ALONE, user=ROBIN))
    site.users.known[ROBIN] = replace(user, confirmed_at=site.context.clock.now() - 3600)
    sent = hidden | {"name": "Gadget", "key": "gadget", "public_key": PRIVATE, "add": "1"}
    assert (await site.post(ALONE, sent, user=ROBIN)).status_code == 303
    site.users.known[ROBIN] = replace(user, confirmed_at=site.context.clock.now())
    page = html.unescape((await site.get(ALONE, user=ROBIN)).text)
    assert 'value="gadget"' in page
    assert PRIVATE.splitlines()[1] not in page


@pytest.mark.parametrize("path", [ALONE, NEW])
async def test_no_sentence_begins_with_a_small_letter(site: Site, path: str) -> None:
    """Ours: the other application may have no name yet."""
    page = (await site.get(path, user=ROBIN)).text
    assert ">the other application" not in page
