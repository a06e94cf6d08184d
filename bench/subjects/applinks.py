"""Ours: ``applinks serve`` with one worker, started and set up by its commands, as everybody would."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.browser import Browser
from bench.processes import find_port, run_server
from bench.subject import Subject
from bench.subjects import PASSWORD, USER

PROGRAM = Path(sys.executable).parent / "applinks"
# That of the server form: a user's name, which an application may have for itself, too.
SCOPE = "profile"
SEALING_KEY = "YmVuY2htYXJrLWJlbmNobWFyay1iZW5jaG1hcmstMTI="


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One of our databases, as the tables call it."""

    name: str
    database: str
    synchronous: str = "FULL"

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings."""
        return {
            "APPLINKS_DATABASE": self.database,
            "APPLINKS_SYNCHRONOUS": self.synchronous,
            "APPLINKS_SEALING_KEY": SEALING_KEY,
        }


def build_sqlite(folder: Path, synchronous: str, *, name: str = "applinks") -> Kind:
    """Give a file of SQLite in the folder."""
    database = f"sqlite:///{folder / f'{name}-{synchronous}.db'}"
    return Kind(name=f"ours, SQLite {synchronous}", database=database, synchronous=synchronous)


def build_postgresql(url: str) -> Kind:
    """Give an empty database of PostgreSQL."""
    return Kind(name="ours, PostgreSQL", database=url)


def run_command(kind: Kind, *arguments: str, standard_input: str = "", base_url: str = "") -> str:
    """Run one of our commands; gives what it printed."""
    environment = os.environ | kind.environment | ({"APPLINKS_BASE_URL": base_url} if base_url else {})
    done = subprocess.run(
        [PROGRAM, *arguments], env=environment, input=standard_input, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"applinks {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


def add_client(kind: Kind, *, scopes: Sequence[str], redirect_uri: str) -> tuple[str, str]:
    """Add a client; gives its id and its secret."""
    asked = [
        "--name",
        "Bench",
        "--redirect-uri",
        redirect_uri,
        *(part for scope in scopes for part in ("--scope", scope)),
    ]
    made = json.loads(run_command(kind, "clients", "add", *asked, "--json"))
    return made["client_id"], made["client_secret"]


@contextmanager
def run_applinks(folder: Path, kind: Kind) -> Iterator[Subject]:
    """Run the server, with a user who consented."""
    port = find_port()
    base_url = f"http://127.0.0.1:{port}"
    name = kind.name.replace(", ", "-").replace(" ", "-")
    command = [PROGRAM, "serve", "--port", str(port)]
    with run_server(command, port=port, folder=folder, name=name, environment=kind.environment) as process:
        redirect_uri = str(Subject.__dataclass_fields__["redirect_uri"].default)
        run_command(kind, "users", "add", USER, "--password-stdin", standard_input=PASSWORD)
        client_id, client_secret = add_client(kind, scopes=[SCOPE], redirect_uri=redirect_uri)
        subject = Subject(
            name=kind.name,
            process=process,
            base_url=base_url,
            token_path="/applinks/oauth2/token",
            introspection_path="/applinks/oauth2/introspect",
            authorization_path="/applinks/oauth2/authorize",
            client_id=client_id,
            client_secret=client_secret,
            scope=SCOPE,
        )
        yield _let_user_consent(subject)


def _let_user_consent(subject: Subject) -> Subject:
    browser = Browser()
    browser.open(subject.base_url + subject.authorization_target, outside=subject.redirect_uri)
    browser.send({"username": USER, "password": PASSWORD}, outside=subject.redirect_uri)
    browser.send({"approve": "yes"}, outside=subject.redirect_uri)
    return replace(subject, cookie=browser.format_cookies(subject.authorization_path))
