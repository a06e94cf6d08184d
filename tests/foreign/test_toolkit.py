"""Our client, linked by hand with a site of Django's that has django-oauth-toolkit."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.foreign.browser import Browser, Page
from tests.foreign.ours import Ours, run_ours
from tests.foreign.processes import run_process
from tests.foreign.toolkit_site import ADMINISTRATOR, USER

# Shorter than the time before its end at which we renew a token.
ABOUT_TO_END = "20"
SITE = Path(__file__).parent / "toolkit_site.py"
OPENID = ("--scope", "openid", "--scope", "things")
BOTH = pytest.mark.parametrize("site", [(), ("careful",)], ids=["as it comes", "careful"], indirect=True)
SHORT = pytest.mark.parametrize("site", [("careful", ABOUT_TO_END)], ids=["short"], indirect=True)
# On one worker, so that each kind of site is started once.
pytestmark = pytest.mark.xdist_group("toolkit")


@dataclass
class World:
    """Start page, and the site with the application that it guards."""

    ours: Ours
    site: str
    administrator: Browser = field(default_factory=Browser)

    def link(self, *more: str) -> dict[str, Any]:
        """Link the site's application; the site does not know us yet."""
        link: dict[str, Any] = self.ours.command("links", "add", self.site, "--name", "Foreign", *(more or OPENID))
        return link

    def register(self, link: dict[str, Any], method: str = "client_secret_basic", **more: str) -> str:
        """Register us on the page of the site's administrator, and enter here what that showed; gives our client id."""
        page = self.administrator.open(f"{self.site}/o/applications/register/")
        if "login" in page.url:
            page = self.administrator.send(page, username=ADMINISTRATOR, password=ADMINISTRATOR)
        [form] = [form for form in page.forms if "redirect_uris" in form.fields]
        client_id, secret = form.fields["client_id"], form.fields["client_secret"]
        chosen = {
            "name": "Start page",
            "client_type": "public" if method == "none" else "confidential",
            "authorization_grant_type": "authorization-code",
            "redirect_uris": link["redirect_uri"],
            "algorithm": "RS256",
        }
        shown = self.administrator.send(page, **chosen | more)
        assert "/register/" not in shown.url, shown.text
        changed = self.ours.enter(link, client_id, "" if method == "none" else secret, method)
        assert changed["complete"] is True
        return client_id

    def connect(self, link: dict[str, Any]) -> Page:
        """Log in there, consent, and come back."""
        ours = self.ours
        page = ours.browser.send(ours.begin(link), username=USER, password=USER)
        return ours.browser.send(page, button="allow")

    def count(self, client_id: str) -> dict[str, int]:
        """Count the refresh tokens that it ever gave us, and the tokens of both kinds that live."""
        counted: dict[str, int] = httpx2.get(f"{self.site}/count/{client_id}").json()
        return counted


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Every kind of site that a test asked for, each started once."""
    started: dict[tuple[str, ...], str] = {}
    with ExitStack() as stack:

        def start(words: tuple[str, ...]) -> str:
            if words not in started:
                folder = tmp_path_factory.mktemp("site")
                command = [sys.executable, SITE, folder, *words]
                started[words] = stack.enter_context(run_process(command, folder=folder))["url"]
            return started[words]

        yield start


@pytest.fixture
def site(request: pytest.FixtureRequest, sites: Any) -> str:
    url: str = sites(getattr(request, "param", ("careful",)))
    return url


@pytest.fixture
def world(site: str, tmp_path: Path) -> Iterator[World]:
    with run_ours(tmp_path) as ours:
        yield World(ours, site)


@BOTH
def test_a_user_connects_and_is_called_for(world: World) -> None:
    """Issue: our client against django-oauth-toolkit, found by RFC 9728 and RFC 8414, with OpenID."""
    link = world.link()
    assert link["issuer"] == f"{world.site}/o"
    world.register(link)
    page = world.connect(link)
    assert (page.url, page.json) == (f"{world.ours.base_url}/began", {"began": True})
    assert world.ours.call(link, "/api/things") == {"of": USER}


@BOTH
@pytest.mark.parametrize("is_bound", [False, True])
def test_the_account_page_says_as_whom_a_user_is_connected(world: World, is_bound: bool) -> None:
    """
    OpenID Connect Discovery §4: only its OpenID configuration names the userinfo endpoint.

    Linked by its issuer, without ``resource``, it is asked there; 3.4 answers 401 there to a token that is bound to
    a resource, whichever, and then the name is that of the ID token.
    """
    link = world.link(*(() if is_bound else ("--issuer", f"{world.site}/o")), *OPENID)
    world.register(link)
    assert world.connect(link).json == {"began": True}
    assert f"{USER}@toolkit" in world.ours.read_account(link)


@pytest.mark.parametrize("method", ["client_secret_post", "none"])
def test_we_prove_ourselves_as_we_are_registered(world: World, method: str) -> None:
    """RFC 6749 §2.3.1, §2.1."""
    link = world.link()
    world.register(link, method)
    assert world.connect(link).json == {"began": True}
    assert world.ours.call(link, "/api/things") == {"of": USER}


def test_plain_oauth_without_openid_is_enough(world: World) -> None:
    """RFC 6749: no ID token is asked for, and none is needed."""
    link = world.link("--scope", "things")
    world.register(link, algorithm="")
    assert world.connect(link).json == {"began": True}
    assert world.ours.call(link, "/api/things") == {"of": USER}


def test_the_application_calls_for_itself(world: World) -> None:
    """RFC 6749 §4.4: a client of the toolkit has one grant type."""
    link = world.link("--scope", "things")
    world.register(link, authorization_grant_type="client-credentials", redirect_uris="")
    assert world.ours.call(link, "/api/things", as_user=False) == {"of": None}


@SHORT
def test_a_token_is_renewed_and_the_rotated_one_kept(world: World) -> None:
    """RFC 9700 §4.14.2: the toolkit ends everything where a refresh token comes twice."""
    link = world.link("--scope", "things")
    client_id = world.register(link, algorithm="")
    world.connect(link)
    for _ in range(3):
        assert world.ours.call(link, "/api/things") == {"of": USER}
    assert world.count(client_id) == {"given": 4, "refresh": 1, "access": 1}


@SHORT
def test_disconnecting_revokes_there_and_she_is_asked_again(world: World) -> None:
    """RFC 7009 §2.1; product §5."""
    link = world.link("--scope", "things")
    client_id = world.register(link, algorithm="")
    world.connect(link)
    assert world.count(client_id) == {"given": 1, "refresh": 1, "access": 1}
    assert world.ours.disconnect(link) == {"confirmed": True}
    assert world.count(client_id) == {"given": 1, "refresh": 0, "access": 0}
    assert "connect_at" in world.ours.call(link, "/api/things")


def test_a_wrong_secret_connects_nobody(world: World) -> None:
    """RFC 6749 §5.2."""
    link = world.link()
    client_id = world.register(link)
    world.ours.enter(link, client_id, "another secret")
    assert world.connect(link).status == 502
    assert world.count(client_id)["access"] == 0


def test_who_says_no_there_comes_back_unconnected(world: World) -> None:
    """RFC 6749 §4.1.2.1."""
    link = world.link()
    client_id = world.register(link)
    ours = world.ours
    page = ours.browser.send(ours.begin(link), username=USER, password=USER)
    refused = ours.browser.send(page)
    assert refused.url.startswith(ours.base_url)
    assert world.count(client_id)["access"] == 0
    assert "connect_at" in ours.call(link, "/api/things")
