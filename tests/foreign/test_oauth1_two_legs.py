"""Two legs of OAuth 1.0a, and impersonation, by oauthlib against ``applinks serve``: where allowed, and where not."""

from pathlib import Path
from typing import Any

import pytest
import requests

from tests.foreign.browser import Browser
from tests.foreign.oauth1 import HARD, EmptyToken, Probe, log_in, read_problem
from tests.foreign.processes import MOST_SECONDS
from tests.foreign.served import REDIRECT_URI, USER, Served

OTHER, SHY, ADMINISTRATOR = "bob", "shy", "root"
PASSWORD = "a password that is long enough"


@pytest.fixture(scope="module", autouse=True)
def users(served: Served) -> None:
    """Besides alice: bob, one whom nobody may act as, and an administrator."""
    for name in (OTHER, SHY):
        served.command("users", "add", name, "--password-stdin", typed=PASSWORD)
    served.command("users", "add", ADMINISTRATOR, "--admin", "--password-stdin", typed=PASSWORD)


@pytest.fixture(scope="module")
def two_legged(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Probe:
    """A client that acts as alice."""
    return Probe.add(served, tmp_path_factory.mktemp("two"), "--two-legged", "--execute-as", USER)


@pytest.fixture(scope="module")
def impersonating(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Probe:
    """A client that acts as whom it names, except one."""
    folder = tmp_path_factory.mktemp("impersonating")
    wanted = ("--two-legged", "--execute-as", USER, "--impersonation", "--protect-user", SHY)
    return Probe.add(served, folder, *wanted)


def call(probe: Probe, method: str, place: str, *, client_class: Any = None, **asked: str) -> requests.Response:
    """Call without a user's token, with parameters that are hard besides."""
    with probe.open_session(method, place, callback_uri=None, client_class=client_class) as session:
        # What names a user stands in the query, whatever else is in a form.
        if place == "form":
            return session.post(probe.me, params=asked, data=HARD, timeout=MOST_SECONDS)
        return session.get(probe.me, params=[*HARD, *asked.items()], timeout=MOST_SECONDS)


@pytest.mark.parametrize("client_class", [None, EmptyToken], ids=["without a token", "with an empty token"])
@pytest.mark.parametrize("place", ["header", "query", "form"])
@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "RSA-SHA512"])
def test_a_client_calls_without_a_user_and_is_the_one_it_executes_as(
    two_legged: Probe, method: str, place: str, client_class: Any
) -> None:
    """atlassian-wire, Two-legged: the token empty, or left out."""
    answer = call(two_legged, method, place, client_class=client_class)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["name"], answer.json()["client"]) == (USER, two_legged.key)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("parameter", ["xoauth_requestor_id", "user_id"])
@pytest.mark.parametrize("place", ["header", "query", "form"])
@pytest.mark.parametrize("method", ["HMAC-SHA1", "RSA-SHA1"])
def test_a_client_names_the_user_as_whom_it_calls(
    impersonating: Probe, method: str, place: str, parameter: str
) -> None:
    """atlassian-wire, Impersonation: the newer name of the parameter, and the older."""
    answer = call(impersonating, method, place, **{parameter: OTHER})
    assert (answer.status_code, answer.json().get("name")) == (200, OTHER), answer.text


def test_the_newer_name_of_the_parameter_counts(impersonating: Probe) -> None:
    """atlassian-wire: the older one is only looked at without it."""
    answer = call(impersonating, "HMAC-SHA1", "header", xoauth_requestor_id=OTHER, user_id=USER)
    assert answer.json()["name"] == OTHER


@pytest.mark.requirement("O1-04")
@pytest.mark.parametrize("named", [SHY, ADMINISTRATOR, "nobody", " ", "BOB\u0301", ""])
def test_nobody_is_impersonated_who_is_protected_unknown_or_an_administrator(impersonating: Probe, named: str) -> None:
    """O1-04: one answer, which does not tell who exists; an empty name names nobody."""
    answer = call(impersonating, "RSA-SHA1", "header", xoauth_requestor_id=named)
    if not named:
        assert answer.status_code in {200, 400, 401}
        assert answer.status_code != 200 or answer.json()["name"] == USER
        return
    assert (answer.status_code, read_problem(answer)["oauth_problem"]) == (401, "permission_denied"), answer.text


@pytest.mark.requirement("O1-04")
def test_a_client_that_may_not_impersonate_is_refused(two_legged: Probe) -> None:
    """O1-04: and is not quietly the user it executes as."""
    answer = call(two_legged, "HMAC-SHA1", "header", xoauth_requestor_id=OTHER)
    assert (answer.status_code, read_problem(answer)["oauth_problem"]) == (401, "permission_denied")


@pytest.mark.requirement("O1-04")
def test_a_client_of_three_legs_alone_does_not_call_without_a_user(served: Served, tmp_path: Path) -> None:
    """O1-04: two legs are off unless its record says otherwise."""
    answer = call(Probe.add(served, tmp_path), "HMAC-SHA1", "header")
    assert (answer.status_code, read_problem(answer)["oauth_problem"]) == (401, "permission_denied")


@pytest.mark.requirement("O1-04")
def test_the_name_of_the_user_is_signed(impersonating: Probe) -> None:
    """RFC 5849 §3.4.1.3: who changes it on the way changes what was signed."""
    with impersonating.open_session("HMAC-SHA1", callback_uri=None) as session:
        request = session.prepare_request(requests.Request("GET", f"{impersonating.me}?xoauth_requestor_id={USER}"))
        request.url = request.url.replace(USER, OTHER)
        answer = session.send(request, timeout=MOST_SECONDS)
    assert (answer.status_code, read_problem(answer)["oauth_problem"]) == (401, "signature_invalid")


def test_a_client_may_be_kept_from_three_legs(served: Served, tmp_path: Path) -> None:
    """Issue: per client, three-legged on or off."""
    probe = Probe.add(served, tmp_path, "--two-legged", "--execute-as", USER, "--no-three-legged")
    assert call(probe, "HMAC-SHA1", "header").status_code == 200
    with probe.open_session() as session:
        answer = session.post(probe.get_address("request-token"))
    assert (answer.status_code, read_problem(answer)["oauth_problem"]) == (401, "permission_denied")


def test_a_user_s_token_is_hers_whoever_is_named(served: Served, tmp_path: Path) -> None:
    """Ours: impersonation belongs to two legs."""
    probe = Probe.add(served, tmp_path, "--two-legged", "--execute-as", OTHER, "--impersonation")
    browser = Browser(outside=REDIRECT_URI)
    log_in(browser, served)
    with probe.open_session() as session:
        probe.connect(session, browser)
        assert session.get(probe.me).json()["name"] == USER
        answer = session.get(probe.me, params={"xoauth_requestor_id": OTHER})
        assert answer.status_code == 401 or answer.json()["name"] == USER


def test_execute_as_may_be_no_administrator_and_must_exist(served: Served, tmp_path: Path) -> None:
    """Issue: bad input of the command, in words."""
    for name in (ADMINISTRATOR, "nobody"):
        wanted = ("clients", "add-oauth1", "--key", f"as-{name}", "--generate-secret", "--two-legged")
        with pytest.raises(AssertionError, match=name):
            served.command(*wanted, "--execute-as", name)
