"""What every test may use, and the last line, which names the parts that this machine lacks."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.chromium import find_chromium
from tests.fakes import CountingEntropy, FixedClock
from tests.javascript import MISSING_PART, find_node
from tests.postgresql import VARIABLE, empty, find_programs, make_database, run_server
from tools.requirements import format_summary

settings.register_profile(
    "gate", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("prove", deadline=None, max_examples=3000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))

_MISSING = pytest.StashKey[set[str]]()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def entropy() -> CountingEntropy:
    return CountingEntropy()


def leave_out(part: str) -> None:
    """Skip the test for want of a part of the machine; with ``CI=true`` that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing part: {part}", pytrace=False)
    pytest.skip(f"missing part: {part}")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is."""
    path = find_chromium()
    if path is None:
        leave_out("Chromium")
        raise AssertionError
    return path


@pytest.fixture(scope="session")
def node_path() -> str:
    """Where a Node.js is that runs the packages of tests/javascript."""
    path = find_node()
    if path is None:
        leave_out(MISSING_PART)
        raise AssertionError
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a server of PostgreSQL, with a user that may make databases."""
    if given := os.environ.get(VARIABLE):
        yield given
        return
    programs = find_programs()
    if programs is None:
        leave_out("PostgreSQL")
        raise AssertionError
    with run_server(programs) as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_database(postgresql_server: str) -> Iterator[str]:
    """A database of this very process of the tests."""
    with make_database(postgresql_server, f"applinks_test_{os.getpid()}") as url:
        yield url


@pytest.fixture
def postgresql(postgresql_database: str) -> str:
    """The address of a database without a row of ours; whether it has our tables is left open."""
    empty(postgresql_database)
    return postgresql_database


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--requirements", action="store_true", help="say at the end how many requirements have a test")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_MISSING] = set()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if terminalreporter.config.getoption("requirements"):
        terminalreporter.section("requirements, each with its tests in docs/reference/requirements.md")
        for line in format_summary():
            terminalreporter.write_line(line)
    missing = terminalreporter.config.stash[_MISSING]
    for report in terminalreporter.getreports("skipped"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if "missing part: " in reason:
            missing.add(reason.split("missing part: ", 1)[1])


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    # Workers of xdist have no terminal; the last line is said once, after pytest's own.
    if hasattr(config, "workerinput") or config.getoption("collectonly", default=False):
        return
    missing = sorted(config.stash.get(_MISSING, set()))
    print(f"Left out, for want of: {', '.join(missing)}." if missing else "Nothing was left out.")
