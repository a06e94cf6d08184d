"""The one error page: what happened, what to do, the reference, the time, a way back."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from applinks.errors import RefusedError
from tests.incoming.world import BASE, LINK
from tests.web.site import Site

pytestmark = pytest.mark.anyio

ALICE, ROBIN = "1", "9"
_REFERENCE = re.compile(r"<code class=\"al-key\">(AL-[2-9A-Z]{4}-[2-9A-Z]{4})</code>")
REFUSALS: dict[str, dict[str, Any]] = {
    "nobody sends a form": {"method": "POST", "path": "/account/revoke", "status": 401},
    "a user opens an administrator's page": {"path": "/", "user": ALICE, "status": 403},
    "there is no such page": {"path": "/nope", "user": ROBIN, "status": 404},
    "there is no such page for a stranger": {"path": "/nope", "status": 404},
    "there is no such link": {"path": "/links/nope", "user": ROBIN, "status": 404},
    "there is no such link to connect": {"path": f"/connect/lnk_{'x' * 22}", "user": ALICE, "status": 404},
    "a wrong method": {"path": "/account/revoke", "user": ALICE, "status": 405},
    "another host": {"path": "/account", "user": ALICE, "host": "127.0.0.1", "status": 421},
    "another site sends a form": {"method": "POST", "path": "/new", "user": ROBIN, "site": "cross-site", "status": 403},
    "a form without its token": {"method": "POST", "path": "/new", "user": ROBIN, "status": 403},
    "OAuth credentials on a page": {"path": "/account", "user": ALICE, "authorization": "Bearer x", "status": 400},
    "a repeated parameter": {"path": "/?q=a&q=b", "user": ROBIN, "status": 400},
    "an unknown client": {"path": "/oauth2/authorize?client_id=x", "user": ALICE, "status": 400},
    "a proposal that is none": {"path": "/link?request=a.b.c", "user": ROBIN, "status": 400},
    "no proposal at all": {"path": "/link", "user": ROBIN, "status": 400},
    "an answer that is none": {"path": "/link/callback?response=a.b.c", "user": ROBIN, "status": 400},
    "a return that nobody began": {"path": f"/callback/{LINK}?code=x&state=y&iss={BASE}", "user": ALICE, "status": 400},
}


@pytest.mark.parametrize("case", REFUSALS.values(), ids=list(REFUSALS))
async def test_it_says_what_happened_what_to_do_the_reference_the_time_and_a_way_back(
    site: Site, case: dict[str, Any]
) -> None:
    """House §8, Error page; issue: every refusal has a reference, which `failures show` explains."""
    headers = {"sec_fetch_site": case.get("site", "same-origin")}
    headers |= {name: case[name] for name in ("host", "authorization") if name in case}
    path, user = f"/applinks{case['path']}", case.get("user", "")
    page = await (
        site.post(path, {}, user=user, **headers) if "method" in case else site.get(path, user=user, **headers)
    )
    assert page.status_code == case["status"]
    heading = re.search(r"<h1>([^<]+)</h1><p class=\"al-soft\">([^<]+)</p>", page.text)
    assert heading is not None
    assert heading[2].endswith(".")
    assert re.search(r"<time datetime=\"[^\"]+Z\">[^<]+ UTC</time>", page.text)
    found = _REFERENCE.search(page.text)
    assert found is not None
    kept = await site.world.storage.failures.find(found[1])
    assert kept is not None
    back = re.search(r"<a class=\"al-btn[^\"]*\" href=\"([^\"]+)\">([^<]+)</a>", page.text)
    assert back is not None
    assert urlsplit(back[1]).netloc in {"", urlsplit(BASE).netloc}
    if back[1].startswith("/applinks"):
        assert (await site.get(back[1], user=user)).status_code == 200


async def test_pages_that_there_are_not_push_nothing_else_out_of_the_failures(site: Site) -> None:
    """Ours: anybody can ask for what there is not; the newest of that are kept, and everything else stays."""
    failures = site.world.storage.failures
    worth = await failures.record(RefusedError("Look at this.", code="invalid_grant"), place="token")
    stray = RefusedError("There is no such page.", code="not_found", status=404)
    references = [await failures.record(stray, place="x") for _ in range(130)]
    assert await failures.find(worth) is not None
    assert await failures.find(references[-1]) is not None
    assert await failures.find(references[0]) is None
    assert len(await failures.list(1000)) == 101
