from collections.abc import Generator

import pytest

from applinks.errors import PeerUnreachableError
from applinks.fetching.exchange import run_exchange
from applinks.wire.http import Request, Response

pytestmark = pytest.mark.anyio


def ask(*urls: str) -> Generator[Request, Response, list[int]]:
    found = []
    for url in urls:
        try:
            answer = yield Request(method="GET", url=url)
            found.append(answer.status)
        except PeerUnreachableError:
            found.append(0)
    return found


async def send(request: Request) -> Response:
    if request.url == "down":
        raise PeerUnreachableError("down")
    return Response(status=int(request.url))


async def test_an_exchange_gets_each_answer_and_gives_its_result():
    """Ours."""
    assert await run_exchange(ask("200", "404"), send) == [200, 404]


async def test_a_request_that_failed_is_raised_inside_the_exchange():
    """Ours: an exchange may go on without an answer."""
    assert await run_exchange(ask("down", "200"), send) == [0, 200]


async def test_an_exchange_without_requests_gives_its_result():
    """Ours."""
    assert await run_exchange(ask(), send) == []
