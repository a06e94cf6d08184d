"""Issue, introspect, refresh and the code flow, against other authorization servers."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from bench.findings import Goal, Report, Table
from bench.load import CONNECTIONS, Round, run_load
from bench.rounds import Effort, compute_ratio, interleave
from bench.subject import Caller, Subject, check_subject

# More than there are connections, so that a token is always waiting.
_REFRESH_TOKENS = 2 * CONNECTIONS
_ACCESS_TOKENS = 200
# The peers sync less often than FULL does, so ours with FULL is held to this part of each target.
_PART_WITH_FULL = 0.8

OURS = "ours, SQLite NORMAL"
OURS_FULL = "ours, SQLite FULL"
MEMORY = "oidc-provider, in memory"
SQLITE = "oidc-provider, SQLite"
WITH_ID_TOKEN = "with its ID token"  # noqa: S105 - a name
TOOLKIT = "django-oauth-toolkit, SQLite"
YARDSTICK = "yardstick, SQLite NORMAL"

_COMMON = {TOOLKIT: Goal(target=12, moonshot=20), YARDSTICK: Goal(target=0.5, moonshot=0.7)}
_PLAIN = {SQLITE: Goal(target=1.0, moonshot=1.6), MEMORY: Goal(target=0.7, moonshot=1.2), **_COMMON}
# What these two were measured with when their goals were set: a peer that signs an ID token each time.
_REFRESH = {
    f"{SQLITE} {WITH_ID_TOKEN}": Goal(target=2, moonshot=4),
    f"{MEMORY} {WITH_ID_TOKEN}": Goal(target=1.5, moonshot=3),
    **_COMMON,
}
_CODE = {
    f"{SQLITE} {WITH_ID_TOKEN}": Goal(target=1.0, moonshot=1.6),
    f"{MEMORY} {WITH_ID_TOKEN}": Goal(target=0.7, moonshot=1.2),
    **_COMMON,
}


def measure_endpoints(subjects: Sequence[Subject], folder: Path, effort: Effort, report: Report) -> None:
    """Check every server, measure each of the four, and compare; a smoke loads ours alone."""
    for subject in subjects:
        check_subject(subject)
    doubled = [twin for subject in subjects for twin in _add_id_token(subject)]
    for what, build, goals in _MEASURES:
        measured = subjects if build in {_issue, _introspect} else doubled
        if effort.is_smoke:
            measured = [subject for subject in subjects if subject.name == OURS]
        found = interleave({subject.name: build(subject, folder, effort) for subject in measured}, effort)
        _compare(what, found, goals, report)


def build_issue(subject: Subject) -> tuple[str, dict[str, str]]:
    """Give the script and the words that it needs."""
    return "form.lua", {
        "BENCH_AUTHORIZATION": subject.format_basic(itself=True),
        "BENCH_PATH": subject.token_path,
        "BENCH_BODY": urlencode({"grant_type": "client_credentials", "scope": subject.scope}),
    }


def build_introspect(subject: Subject, tokens: Path) -> tuple[str, dict[str, str]]:
    """Give the script and the words that it needs."""
    return "form.lua", {
        "BENCH_AUTHORIZATION": subject.format_basic(itself=True),
        "BENCH_PATH": subject.introspection_path,
        "BENCH_BODY": "token=",
        "BENCH_TOKENS": str(tokens),
    }


def write_access_tokens(subject: Subject, place: Path, count: int = _ACCESS_TOKENS) -> Path:
    """Write a file of access tokens, one a line."""
    with closing(Caller(subject)) as caller:
        place.write_text("".join(f"{caller.issue()}\n" for _ in range(count)), "ascii")
    return place


def _add_id_token(subject: Subject) -> list[Subject]:
    if not subject.name.startswith("oidc-provider"):
        return [subject]
    return [subject, replace(subject, name=f"{subject.name} {WITH_ID_TOKEN}", scope=f"openid {subject.scope}")]


def _issue(subject: Subject, folder: Path, effort: Effort) -> Callable[[], Round]:
    del folder
    script, words = build_issue(subject)
    return partial(run_load, subject.base_url, script, subject.process, seconds=effort.seconds, environment=words)


def _introspect(subject: Subject, folder: Path, effort: Effort) -> Callable[[], Round]:
    tokens = write_access_tokens(subject, folder / f"access-{subject.name}")
    script, words = build_introspect(subject, tokens)
    return partial(run_load, subject.base_url, script, subject.process, seconds=effort.seconds, environment=words)


def _refresh(subject: Subject, folder: Path, effort: Effort) -> Callable[[], Round]:
    place = folder / f"refresh-{subject.name}"
    words = {
        "BENCH_AUTHORIZATION": subject.format_basic(),
        "BENCH_PATH": subject.token_path,
        "BENCH_TOKENS": str(place),
    }

    def run() -> Round:
        # A round ends in the middle of its requests: its tokens may have been rotated unseen.
        with closing(Caller(subject)) as caller:
            tokens = [caller.exchange(caller.authorize()) for _ in range(_REFRESH_TOKENS)]
        place.write_text("".join(f"{token}\n" for token in tokens), "ascii")
        return run_load(subject.base_url, "refresh.lua", subject.process, seconds=effort.seconds, environment=words)

    return run


def _take_code(subject: Subject, folder: Path, effort: Effort) -> Callable[[], Round]:
    del folder
    words = {
        "BENCH_AUTHORIZATION": subject.format_basic(),
        "BENCH_PATH": subject.token_path,
        "BENCH_BODY": urlencode(subject.code_exchange) + "&code=",
        "BENCH_AUTHORIZE": subject.authorization_target,
        "BENCH_COOKIE": subject.cookie,
    }
    return partial(run_load, subject.base_url, "code.lua", subject.process, seconds=effort.seconds, environment=words)


def _compare(what: str, found: Mapping[str, Sequence[Round]], goals: Mapping[str, Goal], report: Report) -> None:
    speeds = {name: [each.per_second for each in rounds] for name, rounds in found.items()}
    costs = {name: statistics.median(each.cpu_microseconds for each in rounds) for name, rounds in found.items()}
    report.tables.append(
        Table(
            title=what[0].upper() + what[1:],
            head=("server", "requests/s", "CPU µs a request", "ours ÷ it"),
            rows=[
                (
                    name,
                    f"{statistics.median(speeds[name]):,.0f}",
                    f"{costs[name]:,.0f}",
                    f"{compute_ratio(speeds[OURS], speeds[name]):.2f} ×" if OURS in speeds else "",
                )
                for name in found
            ],
            note="Two requests a code flow; each counts." if what.startswith("code") else "",
        )
    )
    for ours, part in ((OURS, 1.0), (OURS_FULL, _PART_WITH_FULL)):
        for theirs, goal in goals.items():
            if ours in speeds and theirs in speeds:
                lowered = Goal(target=part * goal.target, moonshot=part * goal.moonshot)
                report.add(f"{what}: {ours} ÷ {theirs}", compute_ratio(speeds[ours], speeds[theirs]), lowered)


_MEASURES = (
    ("issue", _issue, _PLAIN),
    ("introspect", _introspect, _PLAIN),
    ("refresh with rotation", _refresh, _REFRESH),
    ("code flow with PKCE", _take_code, _CODE),
)
