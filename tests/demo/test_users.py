"""The accounts of the demo's applications."""

from types import SimpleNamespace

import pytest

from applinks.demo import accounts
from applinks.demo.users import Users

pytestmark = pytest.mark.anyio


def _request() -> SimpleNamespace:
    return SimpleNamespace(session={"csrf": "before"})


async def test_the_right_password_begins_a_new_session() -> None:
    """Ours: what stood in the session before the log-in is gone."""
    users, request = Users(accounts.TRACKER), _request()
    user = await users.log_in(request, "alice", "wonderland")
    assert user is not None
    assert "csrf" not in request.session
    current = await users.current(request)
    assert current is not None
    assert (current.id, current.name) == (user.id, "alice")
    assert current.confirmed_at == request.session["confirmed_at"]


@pytest.mark.parametrize(
    ("name", "password"), [("alice", "sherwood"), ("alice", ""), ("nobody", "x"), ("", ""), ("alice", "\udcff")]
)
async def test_a_wrong_password_logs_nobody_in(name: str, password: str) -> None:
    """Ours."""
    users, request = Users(accounts.TRACKER), _request()
    assert await users.log_in(request, name, password) is None
    assert await users.current(request) is None


async def test_logging_out_ends_the_session() -> None:
    """Ours."""
    users, request = Users(accounts.TRACKER), _request()
    await users.log_in(request, "robin", "sherwood")
    users.log_out(request)
    assert await users.current(request) is None


async def test_the_two_applications_share_no_user() -> None:
    """Product §1: they do not share the same set of users."""
    names = {account.name for account in accounts.TRACKER} & {account.name for account in accounts.START_PAGE}
    assert not names


async def test_each_application_has_one_administrator() -> None:
    """Ours: one to link, one to use."""
    for group in (accounts.TRACKER, accounts.START_PAGE):
        users = Users(group)
        roles = [(await users.find(account.id)).is_administrator for account in group]  # type: ignore[union-attr]
        assert sorted(roles) == [False, True]
