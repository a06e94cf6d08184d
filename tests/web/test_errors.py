"""The one place that renders errors to HTTP."""

import json
import re

import pytest

from applinks.errors import ApplinksError, PeerRefusedError, PeerUnreachableError, RefusedError, StoreBusyError
from applinks.web.errors import answer_protocol_error, describe_error, find_status

pytestmark = pytest.mark.anyio


class Kept:
    def __init__(self) -> None:
        self.records: list[tuple[ApplinksError, dict[str, str]]] = []

    async def record(self, error: ApplinksError, **about: str) -> str:
        self.records.append((error, about))
        return "AL-2345-6789"


@pytest.mark.requirement("N-07")
async def test_a_program_gets_json_with_the_reference_and_no_detail() -> None:
    """House §6: the detail never goes onto the wire; security N-07: no-store."""
    kept = Kept()
    error = RefusedError(
        'The "code" is\nwrong é.', code="invalid_grant", detail="hush", headers=(("WWW-Authenticate", "Bearer"),)
    ).about(link_id="lnk_1", client="cli_1", user_id="7")
    response = await answer_protocol_error(error, place="token", failures=kept)
    assert response.status == 400
    assert json.loads(response.body) == {
        "error": "invalid_grant",
        "error_description": "The 'code' is'wrong '.",
        "reference": "AL-2345-6789",
    }
    assert response.header("cache-control") == "no-store"
    assert response.header("www-authenticate") == "Bearer"
    assert kept.records[0][1] == {"place": "token", "link_id": "lnk_1", "client": "cli_1", "user_id": "7"}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RefusedError("x", status=401), 401),
        (StoreBusyError("x"), 503),
        (PeerUnreachableError("x"), 502),
        (PeerRefusedError("x", code="access_denied"), 403),
        (ApplinksError("x"), 500),
    ],
)
def test_the_status_says_whose_mistake_it_is(error: ApplinksError, status: int) -> None:
    """Ours: the caller's 4xx, the peer's 502, ours 500 or 503."""
    assert find_status(error) == status


async def test_a_busy_database_says_when_to_try_again() -> None:
    """RFC 9110 §10.2.3."""
    response = await answer_protocol_error(StoreBusyError("busy"), place="token", failures=Kept())
    assert response.header("retry-after") == "5"


async def test_a_failure_is_recorded_once() -> None:
    """House §2: a call that failed is recorded by whoever called."""
    kept = Kept()
    error = PeerUnreachableError("x", reference="AL-9999-9999")
    response = await answer_protocol_error(error, place="page", failures=kept)
    assert json.loads(response.body)["reference"] == "AL-9999-9999"
    assert not kept.records


@pytest.mark.parametrize("code", ["invalid_request", "something_new", "expired", "peer_unreachable"])
def test_every_error_has_words(code: str) -> None:
    """House §8: what happened in one sentence, what to do."""
    sentence = describe_error(RefusedError("It is wrong.", code=code), us="Tracker")
    assert sentence.what
    assert sentence.advice
    assert not re.search(r"[{}]", sentence.what + sentence.advice)
