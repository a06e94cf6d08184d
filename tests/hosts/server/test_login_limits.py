"""How often somebody may try to log in."""

import asyncio

import pytest

from applinks.hosts.server import login
from applinks.records.accounts import fold_name
from applinks.secret import Secret
from tests.hosts.server.site import PASSWORD, Browser, ServerSite

pytestmark = pytest.mark.anyio
ACCOUNT = "/applinks/account"


async def is_logged_in(browser: Browser) -> bool:
    return (await browser.get(ACCOUNT)).status_code == 200


@pytest.mark.requirement("N-10")
async def test_ten_wrong_passwords_are_enough_for_one_name_at_one_address(site: ServerSite) -> None:
    """Security N-10: the eleventh try is refused, also with the right password; others are not touched."""
    await site.add_account()
    await site.add_account("bob")
    browser = site.open_browser("192.0.2.7")
    for name in ["alice", "ALICE"] * 5:
        assert (await browser.log_in(name, "wrong")).status_code == 403
    late = await browser.log_in()
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) > 0
    assert "too often" in late.text
    assert not await is_logged_in(browser)
    assert (await browser.log_in("bob")).status_code == 303
    elsewhere = site.open_browser("192.0.2.8")
    assert (await elsewhere.log_in()).status_code == 303


@pytest.mark.requirement("N-10")
async def test_tries_at_once_count_one_by_one(site: ServerSite) -> None:
    """Ours: of twenty parallel tries ten are looked at."""
    await site.add_account()
    browser = site.open_browser()
    page = await browser.get("/applinks/login")
    tries = [browser.send(page, username="alice", password="wrong") for _ in range(14)]
    statuses = [each.status_code for each in await asyncio.gather(*tries)]
    assert (statuses.count(403), statuses.count(429)) == (10, 4)


@pytest.mark.requirement("N-10")
async def test_a_hundred_wrong_passwords_are_enough_for_one_address_whatever_the_names(
    site: ServerSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Security N-10: names that vary are one flood, and so are the addresses of one IPv6 line."""
    await site.add_account()

    async def compare(password: Secret, stored: Secret | None) -> bool:
        return stored is not None and password.reveal() == PASSWORD

    monkeypatch.setattr(login, "verify_password", compare)
    for network in ("192.0.2.7", "::ffff:192.0.2.9", "2001:db8::"):
        line = [site.open_browser(f"{network}{count}" if network.endswith("::") else network) for count in range(2)]
        for count in range(100):
            assert (await line[count % 2].log_in(f"name-{count}", "wrong")).status_code == 403
        for browser in line:
            late = await browser.log_in()
            assert late.status_code == 429
            assert "too often" in late.text
            assert not await is_logged_in(browser)
    for elsewhere in ("192.0.2.8", "2001:db8:0:1::"):
        assert (await site.open_browser(elsewhere).log_in()).status_code == 303
    assert (await site.open_browser("192.0.2.9").log_in()).status_code == 429


@pytest.mark.requirement("N-10")
async def test_while_too_many_log_in_the_page_says_to_come_back(site: ServerSite) -> None:
    """Security N-10: a flood is refused without work, and none of it is a wrong password that counts."""
    await site.add_account()
    browser = site.open_browser()
    page = await browser.get("/applinks/login")
    tries = [browser.send(page, username=f"name-{count}", password="wrong") for count in range(30)]
    answers = await asyncio.gather(*tries)
    statuses = [each.status_code for each in answers]
    assert set(statuses) == {403, 503}
    refused = answers[statuses.index(503)]
    assert refused.headers["retry-after"] == "5"
    assert "Tracker cannot do this at the moment." in refused.text
    assert "Try again in a minute." in refused.text
    assert "wrong" not in refused.text
    running = await site.server.applinks._run()
    assert await running.storage.failures.list() == []
    assert (await browser.log_in()).status_code == 303


@pytest.mark.requirement("N-10")
async def test_a_name_is_counted_as_it_is_compared(site: ServerSite) -> None:
    """Ours: each spelling that finds one account counts as one name, or tries would multiply with spellings."""
    spellings = ("\u0390x", "\u03aa\u0301x")
    assert len({fold_name(each) for each in spellings}) == 1
    browser = site.open_browser()
    for count in range(10):
        assert (await browser.log_in(spellings[count % 2], "wrong")).status_code == 403
    assert (await browser.log_in(spellings[0], "wrong")).status_code == 429


@pytest.mark.requirement("N-10")
async def test_who_knows_the_password_is_not_limited(site: ServerSite) -> None:
    """Security N-10: proved requests are not limited."""
    await site.add_account()
    browser = site.open_browser()
    for _ in range(12):
        assert (await browser.log_in()).status_code == 303
