"""The consent page of OAuth 1.0a: the same page as that of OAuth 2, and the code that is typed."""

import re

import pytest

from applinks.records.token_credentials import OUT_OF_BAND
from applinks.secret import digest_secret
from tests.web.oauth1 import CALLBACK, add_client, ask, change_client, get_url, read
from tests.web.site import Site, find_hidden, find_token

pytestmark = pytest.mark.anyio
_CODE = re.compile(r'<code class="al-value">([^<]+)</code>')


async def test_the_page_says_who_as_whom_what_and_whereto(site: Site) -> None:
    """Issue 6: the same consent page as OAuth 2."""
    added = await add_client(site)
    page = await site.get(get_url(await ask(site, added.client)), user="1")
    assert page.status_code == 200
    for text in ("Let Gadget use your", "See your issues", "Create and change issues", "gadget.example", "alice"):
        assert text in page.text
    assert "form-action" not in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert 'al-btn--main" name="approve"' in page.text


@pytest.mark.requirement("AS-05")
async def test_approving_takes_token_and_verifier_back(site: Site) -> None:
    """RFC 5849 §2.2."""
    added = await add_client(site)
    token = await ask(site, added.client)
    response = await site.submit(get_url(token), {"approve": "1"}, user="1")
    assert response.status_code == 303
    assert response.headers["location"].startswith(f"{CALLBACK}?")
    assert response.headers["cache-control"] == "no-store"
    answer = read(response.headers["location"])
    assert answer["oauth_token"] == token
    found = await site.context.incoming.oauth1.find_temporary_credentials(900)
    assert found is not None
    assert found.credentials.oauth_verifier == digest_secret(answer["oauth_verifier"])


async def test_denying_takes_the_no_back(site: Site) -> None:
    """Atlassian's wire: denial: oauth_verifier=denied."""
    added = await add_client(site)
    token = await ask(site, added.client)
    response = await site.submit(get_url(token), {"deny": "1"}, user="1")
    assert read(response.headers["location"]) == {"oauth_token": token, "oauth_verifier": "denied"}
    assert not await site.context.incoming.store.list_grants_of_user("1")


async def test_a_client_that_is_no_applinks_is_asked_about_each_time(site: Site) -> None:
    """Ours: OAuth 1.0a has no state, so nobody knows whether it began in this browser."""
    added = await add_client(site)
    await site.submit(get_url(await ask(site, added.client)), {"approve": "1"}, user="1")
    again = await site.get(get_url(await ask(site, added.client, row=901)), user="1")
    assert again.status_code == 200
    assert "You allowed this before" in again.text
    typed = await site.get(get_url(await ask(site, added.client, row=902, callback=OUT_OF_BAND)), user="1")
    assert typed.status_code == 200
    assert "You allowed this before" in typed.text


async def test_without_a_callback_the_code_is_shown_to_be_typed(site: Site) -> None:
    """Issue 6: the verifier page for oob; one click marks all of it."""
    added = await add_client(site)
    url = get_url(await ask(site, added.client, callback=OUT_OF_BAND))
    page = await site.get(url, user="1")
    assert "shows you a code to type into Gadget" in page.text
    assert "Either way you return to" not in page.text
    shown = await site.post(url, find_hidden(page) | {"approve": "1"}, user="1")
    assert shown.status_code == 200
    assert "Type this code into Gadget" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    code = _CODE.search(shown.text)
    assert code is not None
    found = await site.context.incoming.oauth1.find_temporary_credentials(900)
    assert found is not None
    assert found.credentials.oauth_verifier == digest_secret(code[1])
    again = await site.post(url, find_hidden(page) | {"approve": "1"}, user="1")
    assert again.status_code == 409
    assert "This was answered already" in again.text


async def test_without_a_callback_the_no_is_said_here(site: Site) -> None:
    """Ours: nobody is sent to an address that nobody named."""
    added = await add_client(site)
    url = get_url(await ask(site, added.client, callback=OUT_OF_BAND))
    page = await site.submit(url, {"deny": "1"}, user="1")
    assert page.status_code == 200
    assert "Gadget was not let in" in page.text


async def test_the_older_dialect_is_warned_of_and_asked_each_time(site: Site) -> None:
    """Ours: without a verifier nothing ties whoever began to whoever says yes."""
    added = await add_client(site, dialect_1_0=True)
    url = get_url(await ask(site, added.client, callback=""), oauth_callback=CALLBACK)
    page = await site.get(url, user="1")
    assert "cannot tell who began this" in page.text
    response = await site.post(url, find_hidden(page) | {"approve": "1"}, user="1")
    assert set(read(response.headers["location"])) == {"oauth_token"}
    again = await site.get(get_url(await ask(site, added.client, row=901, callback="")), user="1")
    assert again.status_code == 200


async def test_a_callback_that_is_not_registered_gets_nobody_sent_to_it(site: Site) -> None:
    """Security AS-03: our page, with a reference."""
    added = await add_client(site, dialect_1_0=True)
    url = get_url(await ask(site, added.client, callback=""), oauth_callback="https://evil.example/")
    page = await site.get(url, user="1")
    assert page.status_code == 400
    assert "AL-" in page.text
    assert "evil.example" not in page.text


@pytest.mark.parametrize("query", ["", "oauth_token=unknown", "oauth_token=a&oauth_token=b"])
async def test_what_names_no_request_is_refused_in_words(site: Site, query: str) -> None:
    """RFC 5849 §2.2."""
    page = await site.get(f"/applinks/oauth1/authorize?{query}", user="1")
    assert page.status_code == 400
    assert "AL-" in page.text


async def test_a_request_that_waited_too_long_is_refused_in_words(site: Site) -> None:
    """Atlassian's wire: temporary credentials last ten minutes."""
    added = await add_client(site)
    url = get_url(await ask(site, added.client))
    site.world.clock.advance(601)
    page = await site.get(url, user="1")
    assert "It took too long" in page.text


async def test_what_changed_since_it_was_shown_is_asked_anew(site: Site) -> None:
    """Security AS-08: she grants what she read, and nothing else."""
    added = await add_client(site)
    url = get_url(await ask(site, added.client))
    page = await site.get(url, user="1")
    await change_client(site, added.client, name="Other")
    answer = await site.post(url, find_hidden(page) | {"approve": "1"}, user="1")
    assert answer.status_code == 409
    assert "What is asked has changed" in answer.text


async def test_neither_yes_nor_no_decides_nothing(site: Site) -> None:
    """Ours: no default."""
    added = await add_client(site)
    response = await site.submit(get_url(await ask(site, added.client)), {}, user="1")
    assert response.status_code == 400


async def test_nobody_is_asked_who_is_not_logged_in(site: Site) -> None:
    """Ours: she comes back with the same request."""
    response = await site.get("/applinks/oauth1/authorize?oauth_token=x")
    assert response.headers["location"].endswith("%2Fapplinks%2Foauth1%2Fauthorize%3Foauth_token%3Dx")


async def test_the_account_page_names_the_protocol_and_ends_the_access(site: Site) -> None:
    """Issue 6: the same user's page, which lists each access."""
    added = await add_client(site)
    await site.submit(get_url(await ask(site, added.client)), {"approve": "1"}, user="1")
    page = await site.get("/applinks/account", user="1")
    assert "Gadget" in page.text
    assert "OAuth 1.0a" in page.text
    (found,) = await site.context.incoming.store.list_grants_of_user("1")
    fields = {"csrf_token": find_token(page), "grant": found.grant.id}
    await site.post("/applinks/account/revoke", fields, user="1")
    assert not await site.context.incoming.store.list_grants_of_user("1")
