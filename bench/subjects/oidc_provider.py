"""npm ``oidc-provider``: with an adapter over a map in memory, and with one over SQLite."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.browser import Browser
from bench.processes import MissingPartError, find_port, run_server
from bench.subject import Subject
from bench.subjects import CLIENT_ID, CLIENT_SECRET, PASSWORD, PEERS, SCOPE, USER
from tests.javascript import MISSING_PART, PACKAGES, find_node, read_packages

VERSION = f"oidc-provider {read_packages()['oidc-provider']}"


@contextmanager
def run_oidc_provider(folder: Path, *, in_memory: bool) -> Iterator[Subject]:
    """Run it, with a user who consented to plain OAuth 2 and to an ID token."""
    node = find_node()
    if node is None:
        raise MissingPartError(MISSING_PART)
    port = find_port()
    kind = "in memory" if in_memory else "SQLite"
    command = [node, "--no-warnings", PEERS / "oidc_provider" / "server.js", str(port), CLIENT_ID, CLIENT_SECRET]
    command.append(Subject.__dataclass_fields__["redirect_uri"].default)
    if not in_memory:
        command.append(folder / "oidc-provider.db")
    name = f"oidc-provider-{'memory' if in_memory else 'sqlite'}"
    environment = {"BENCH_PACKAGES": str(PACKAGES), "NODE_ENV": "production"}
    with run_server(command, port=port, folder=folder, name=name, environment=environment) as process:
        subject = Subject(
            name=f"oidc-provider, {kind}",
            process=process,
            base_url=f"http://127.0.0.1:{port}",
            token_path="/token",
            introspection_path="/token/introspection",
            authorization_path="/auth",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            scope=SCOPE,
        )
        yield _let_user_consent(subject)


def _let_user_consent(subject: Subject) -> Subject:
    browser = Browser()
    for scope in (SCOPE, f"openid {SCOPE}"):
        asked = replace(subject, scope=scope)
        is_back = browser.open(subject.base_url + asked.authorization_target, outside=subject.redirect_uri)
        while not is_back:
            is_new = browser.has_form("login")
            values = {"login": USER, "password": PASSWORD} if is_new else {"prompt": "consent"}
            is_back = browser.send(values, outside=subject.redirect_uri)
    return replace(subject, cookie=browser.format_cookies(subject.authorization_path))
