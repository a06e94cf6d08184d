"""Rate limits: who was counted is refused, who was not costs nothing, and what ended is forgotten."""

import pytest

from applinks import limits
from applinks.errors import RefusedError
from applinks.limits import Limit, RateLimits

pytestmark = pytest.mark.anyio
MOST = Limit.WRONG_PASSWORDS.value[0]


@pytest.mark.requirement("N-10")
async def test_a_check_refuses_as_soon_as_the_limit_is_reached() -> None:
    """Security N-10."""
    counted = RateLimits()
    for _ in range(MOST):
        await counted.check(Limit.WRONG_PASSWORDS, "alice", "192.0.2.1")
        await counted.count(Limit.WRONG_PASSWORDS, "alice", "192.0.2.1")
    with pytest.raises(RefusedError) as refused:
        await counted.check(Limit.WRONG_PASSWORDS, "alice", "192.0.2.1")
    assert (refused.value.status, refused.value.code) == (429, "too_many_requests")
    await counted.check(Limit.WRONG_PASSWORDS, "alice", "192.0.2.2")
    await counted.check(Limit.WRONG_PROOFS, "alice", "192.0.2.1")


@pytest.mark.requirement("N-10")
async def test_one_too_many_is_refused_and_stays_refused() -> None:
    """Ours: the count that refuses is remembered like the others."""
    counted = RateLimits()
    for _ in range(MOST):
        await counted.count(Limit.WRONG_PASSWORDS, "alice")
    for ask in (counted.count, counted.check):
        with pytest.raises(RefusedError):
            await ask(Limit.WRONG_PASSWORDS, "alice")


async def test_whose_window_ended_is_forgotten_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours: addresses are many, and memory is not."""
    counted, now = RateLimits(), [0.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    for _ in range(MOST):
        await counted.count(Limit.WRONG_PASSWORDS, "alice")
    now[0] = Limit.WRONG_PASSWORDS.seconds - 1
    for number in range(limits._LEAST_TIDIED):
        await counted.count(Limit.WRONG_PROOFS, "client", str(number))
    with pytest.raises(RefusedError):
        await counted.check(Limit.WRONG_PASSWORDS, "alice")
    now[0] += Limit.WRONG_PASSWORDS.seconds
    for number in range(2 * limits._LEAST_TIDIED + 2):
        await counted.count(Limit.WRONG_PROOFS, "other", str(number))
    assert {who[0] for _, who in counted._counted} == {"other"}
