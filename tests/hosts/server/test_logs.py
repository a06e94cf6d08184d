"""The log of the server form."""

import json
import logging
from collections.abc import Iterator

import pytest

from applinks.hosts.server.logs import configure_logs
from applinks.hosts.server.server import request_id

log = logging.getLogger("applinks.tests")


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def read(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    (line,) = capsys.readouterr().err.splitlines()
    return json.loads(line)


def test_pairs_become_members(capsys: pytest.CaptureFixture[str]) -> None:
    """House §8 Logging: JSON lines when not a terminal."""
    configure_logs()
    request_id.set("abc-1")
    log.warning("failure reference=%s link=%s seconds=%.3f detail=%r", "AL-7KQ2-M9F4", "lnk_1", 0.5, 'a "b"\nc')
    line = read(capsys)
    line.pop("timestamp")
    assert line == {
        "event": "failure",
        "reference": "AL-7KQ2-M9F4",
        "link": "lnk_1",
        "seconds": 0.5,
        "detail": 'a "b"\nc',
        "level": "warning",
        "request": "abc-1",
    }


@pytest.mark.parametrize(
    ("message", "values", "said"),
    [
        ("database.failed %s", ("disk full",), "database.failed disk full"),
        ("plain", (), "plain"),
        ("100 % sure", (), "100 % sure"),
        ("a=%s and %s", ("1", "2"), "a=1 and 2"),
        ("named %(x)s", ({"x": 1},), "named 1"),
    ],
)
def test_any_other_line_stays_as_it_is(
    capsys: pytest.CaptureFixture[str], message: str, values: tuple[object, ...], said: str
) -> None:
    """Ours: what libraries log is shown, too."""
    configure_logs(as_json=True)
    log.warning(message, *values)
    assert read(capsys)["event"] == said


@pytest.mark.requirement("N-05")
@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_shows_no_values(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    """Security N-05: no secret in a log; the values of local names may be some."""
    configure_logs(as_json=as_json)
    password = "looking-" + "glass"
    try:
        raise KeyError(len(password))
    except KeyError:
        log.exception("page.broke path=%s", "/applinks/")
    shown = capsys.readouterr().err
    assert "KeyError" in shown
    assert "looking-glass" not in shown


def test_what_servers_and_libraries_chat_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Ours: the start is said by the command, and a request that succeeds by nobody."""
    configure_logs()
    logging.getLogger("uvicorn.error").info("Started server process")
    logging.getLogger("alembic.runtime.migration").info("Context impl SQLiteImpl.")
    assert capsys.readouterr().err == ""
