"""Attacks on the guard of a whole host: what a signature covers, and what a stranger can make us do."""

import pytest
from starlette.requests import Request as HostRequest
from starlette.responses import JSONResponse
from starlette.routing import Route

from applinks.wire.http import Request
from applinks.wire.oauth1.parameters import FORM
from tests.hostile.site import BASE
from tests.web.protocol.test_oauth1 import Host, host

pytestmark = pytest.mark.anyio
__all__ = ["host"]

FORM_HEADERS = (("Content-Type", FORM),)


@pytest.mark.requirement("O1-01")
@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "OPTIONS", "POST"])
async def test_a_form_is_covered_by_the_signature_whatever_the_method(host: Host, method: str) -> None:
    """RFC 5849 §3.4.1.3.1: the body counts by its type, and a host may read it in a GET, too."""

    async def show(request: HostRequest) -> JSONResponse:
        return JSONResponse(dict(await request.form()))

    host.site.app.router.routes.insert(0, Route("/read", show, methods=[method]))
    good = host.sign(Request(method=method, url=f"{BASE}/read", headers=FORM_HEADERS, body=b"to=alice"))
    assert (await host.send(good)).status == 200
    bare = host.sign(Request(method=method, url=f"{BASE}/read"))
    swapped = Request(method=method, url=bare.url, headers=(*bare.headers, *FORM_HEADERS), body=b"to=mallory")
    answer = await host.send(swapped)
    assert (answer.status, b"signature_invalid" in answer.body) == (401, True)


@pytest.mark.requirement("N-10")
async def test_a_form_of_a_million_parameters_is_refused_before_it_is_sorted(host: Host) -> None:
    """Ours: whoever knows a consumer key could keep a process busy for seconds with every request."""
    asked = host.sign(Request(method="POST", url=f"{BASE}/api/issues"))
    flood = Request(method="POST", url=asked.url, headers=(*asked.headers, *FORM_HEADERS), body=b"a&" * 400_000)
    answer = await host.send(flood)
    assert (answer.status, b"parameter_rejected" in answer.body) == (400, True)
