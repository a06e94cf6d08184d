"""ASGI messages, read within bounds."""

from typing import Any

import pytest

from applinks.errors import RefusedError
from applinks.web.protocol.asgi import read_body

pytestmark = pytest.mark.anyio


def sending(*parts: bytes) -> Any:
    """Give an ASGI receive that says how many parts were asked for."""
    asked = [0]

    async def receive() -> dict[str, Any]:
        asked[0] += 1
        body = parts[min(asked[0], len(parts)) - 1]
        return {"type": "http.request", "body": body, "more_body": asked[0] < len(parts)}

    return receive, asked


@pytest.mark.requirement("AS-07")
async def test_a_body_is_read_to_its_limit_and_no_further() -> None:
    """Security AS-07: bodies are limited, also those that announce no length."""
    receive, asked = sending(*[b"x" * 1000] * 100)
    with pytest.raises(RefusedError) as refused:
        await read_body(receive, limit=3500)
    assert refused.value.status == 413
    assert asked == [4]


async def test_a_body_of_several_parts_comes_together() -> None:
    """Ours: exactly the limit is not too much."""
    receive, _ = sending(b"ab", b"", b"c")
    assert await read_body(receive, limit=3) == b"abc"


async def test_a_client_that_goes_away_is_refused() -> None:
    """Ours: half a body is none."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(RefusedError) as refused:
        await read_body(receive, limit=3)
    assert refused.value.status == 400
