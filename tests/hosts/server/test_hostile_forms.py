"""The log-in page under forms and addresses that nobody types."""

import asyncio
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hosts.server.site import Browser, build_site

TEXTS = st.binary(max_size=40) | st.sampled_from([b"\x00", b"\xff", b"alice\x00", b"a" * 3000, b"%", b"\xed\xa0\x80"])
NAMES = st.sampled_from(["username", "password", "next", "csrf_token", "again", "", "x"])
PAIRS = st.lists(st.tuples(NAMES, TEXTS), max_size=6)


def join(pairs: list[tuple[str, bytes]]) -> str:
    return "&".join(f"{name}={quote_from_bytes(value)}" for name, value in pairs)


@pytest.mark.requirement("AS-07")
def test_no_form_and_no_address_breaks_the_log_in(tmp_path: Path) -> None:
    """Security AS-07: 400, never 500; nobody is logged in by accident."""
    with asyncio.Runner() as runner:
        site = build_site(tmp_path)
        runner.run(site.add_account())
        browser = site.open_browser()
        page = runner.run(browser.get("/applinks/login"))
        token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]

        @given(query=PAIRS, form=PAIRS, is_ours=st.booleans())
        def send(query: list[tuple[str, bytes]], form: list[tuple[str, bytes]], is_ours: bool) -> None:
            body = join(form) + (f"&csrf_token={token}" if is_ours else "")
            runner.run(visit(browser, join(query), body))

        send()
        runner.run(site.aclose())


async def visit(browser: Browser, query: str, body: str) -> None:
    shown = await browser.get(f"/applinks/login?{query}")
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    sent = await browser.http.post(f"/applinks/login?{query}", content=body.encode(), headers=headers)
    for answer in (shown, sent):
        assert answer.status_code in {200, 400, 403, 429}, answer.text
