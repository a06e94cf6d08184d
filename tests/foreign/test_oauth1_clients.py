"""oauthlib and requests-oauthlib against ``applinks serve``: three legs of OAuth 1.0a, at Atlassian's addresses."""

import http.client
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from oauthlib.oauth1 import Client
from requests_oauthlib.oauth1_session import TokenRequestDenied

from tests.foreign.browser import Browser
from tests.foreign.oauth1 import (
    ESCAPED_QUERY,
    HARD,
    HMAC,
    PLACES,
    RAW_QUERY,
    RSA,
    Probe,
    build_renewing,
    log_in,
    make_key,
    read_callback,
    read_problem,
    read_verifier,
)
from tests.foreign.processes import MOST_SECONDS
from tests.foreign.served import EMAIL, REDIRECT_URI, USER, Served

FIVE_YEARS, A_MONTH = 5 * 365 * 86400, 30 * 86400


@pytest.fixture(scope="module")
def probe(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Probe:
    return Probe.add(served, tmp_path_factory.mktemp("probe"))


@pytest.fixture(scope="module")
def browser(served: Served) -> Browser:
    """Alice's, in which she is logged in."""
    browser = Browser(outside=REDIRECT_URI)
    log_in(browser, served)
    return browser


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("method", [*HMAC, *RSA])
def test_requests_oauthlib_goes_all_three_legs_and_calls_with_hard_parameters(
    probe: Probe, browser: Browser, method: str, place: str
) -> None:
    """Issue, Shows 2: in header, query and form, by shared secret and by key."""
    with probe.open_session(method, place) as session:
        given = probe.connect(session, browser)
        assert int(given["oauth_expires_in"]) >= FIVE_YEARS
        assert int(given["oauth_authorization_expires_in"]) >= FIVE_YEARS + A_MONTH
        posted = session.post(probe.me, data=HARD)
        assert (posted.status_code, posted.json()["name"]) == (200, USER), posted.text
        # A form is in a body, which a GET has not.
        if place != "form":
            me = session.get(probe.me, params=HARD).json()
            assert (me["name"], me["email"], me["client"], me["protocol"]) == (USER, EMAIL, probe.key, "oauth1")
            assert {"profile", "email"} <= set(me["scopes"])


@pytest.mark.parametrize("method", ["HMAC-SHA1", "RSA-SHA1"])
def test_what_a_client_leaves_unescaped_is_verified_as_it_came(probe: Probe, browser: Browser, method: str) -> None:
    """RFC 5849 §3.4.1.3.1: raw brackets and bars, escapes in lower case, a plus, and names without a value."""
    with probe.open_session(method) as session:
        given = probe.connect(session, browser)
    signer = Client(
        probe.key,
        probe.secret,
        given["oauth_token"],
        given["oauth_token_secret"],
        signature_method=method,
        rsa_key=probe.private_key if method in RSA else None,
    )
    _, headers, _ = signer.sign(f"{probe.me}?{ESCAPED_QUERY}")
    connection = http.client.HTTPConnection(urlsplit(probe.me).netloc, timeout=MOST_SECONDS)
    try:
        connection.putrequest("GET", f"{urlsplit(probe.me).path}?{RAW_QUERY}")
        connection.putheader("Authorization", headers["Authorization"])
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, answer.headers.get("Set-Cookie")) == (200, None), answer.read()
    finally:
        connection.close()


def test_strange_spacing_of_the_header_is_read(probe: Probe, browser: Browser) -> None:
    """RFC 5849 §3.5.1: white space is optional; ours: other cases, and commas too many."""
    with probe.open_session() as session:
        given = probe.connect(session, browser)
    signer = Client(probe.key, probe.secret, given["oauth_token"], given["oauth_token_secret"])
    for change in (("OAuth ", "oauth   "), (", ", ","), (", ", "  ,\t"), ('"', "")):
        _, headers, _ = signer.sign(probe.me)
        changed = headers["Authorization"].replace(*change)
        answer = requests.get(probe.me, headers={"Authorization": changed}, timeout=MOST_SECONDS)
        assert (answer.status_code, changed) == (200, changed), answer.text


@pytest.mark.parametrize("place", PLACES)
def test_a_session_is_renewed_and_the_old_token_ends(probe: Probe, browser: Browser, place: str) -> None:
    """OAuth Session extension, atlassian-wire: the same address, with the current token and its handle."""
    with probe.open_session(place=place) as session:
        first = probe.connect(session, browser)
        assert session.post(probe.me).status_code == 200
        renewing = {"resource_owner_key": first["oauth_token"], "resource_owner_secret": first["oauth_token_secret"]}
        with probe.open_session(
            place=place, client_class=build_renewing("another handle"), callback_uri=None, **renewing
        ) as wrong:
            refused = wrong.post(probe.get_address("access-token"))
            assert (refused.status_code, read_problem(refused)["oauth_problem"]) == (401, "token_rejected")
        with probe.open_session(
            place=place,
            client_class=build_renewing(first["oauth_session_handle"]),
            callback_uri=None,
            **renewing,
        ) as right:
            answer = right.post(probe.get_address("access-token"))
        assert answer.status_code == 200, answer.text
        second = dict(parse_qsl(answer.text))
        assert second["oauth_token"] != first["oauth_token"]
        assert int(second["oauth_expires_in"]) >= FIVE_YEARS
        ended = session.post(probe.me)
        assert ended.status_code == 401
        assert read_problem(ended)["oauth_problem"] in {"token_rejected", "token_expired", "token_revoked"}
        session.token = second
        assert session.post(probe.me).json()["name"] == USER


def test_a_client_is_told_that_the_user_said_no(served: Served, tmp_path: Path) -> None:
    """atlassian-wire: ``oauth_verifier=denied``, with which nothing is had."""
    probe = Probe.add(served, tmp_path)
    with probe.open_session() as session:
        said = read_callback(served.approve(probe.begin(session), button="deny"))
        assert said["oauth_verifier"] == "denied"
        session.parse_authorization_response(f"{REDIRECT_URI}?oauth_token={said['oauth_token']}&oauth_verifier=denied")
        with pytest.raises(TokenRequestDenied) as raised:
            session.fetch_access_token(probe.get_address("access-token"))
        assert read_problem(raised.value.response)["oauth_problem"] == "permission_denied"


def test_an_exchange_that_comes_twice_ends_what_it_gave(probe: Probe, browser: Browser) -> None:
    """RFC 5849 §2.3; as AS-12."""
    with probe.open_session() as session, probe.open_session() as second:
        answer = probe.served.approve(probe.begin(session), browser=browser)
        second.token = dict(session.token)
        for each in (session, second):
            each.parse_authorization_response(answer)
        second._client.client.callback_uri = None
        session.fetch_access_token(probe.get_address("access-token"))
        assert session.get(probe.me).status_code == 200
        with pytest.raises(TokenRequestDenied) as raised:
            second.fetch_access_token(probe.get_address("access-token"))
        assert read_problem(raised.value.response)["oauth_problem"] == "token_used"
        assert session.get(probe.me).status_code == 401


def test_another_verifier_gets_nothing(probe: Probe, browser: Browser) -> None:
    """RFC 5849 §2.3 MUST."""
    with probe.open_session() as session:
        answer = probe.served.approve(probe.begin(session), browser=browser)
        session.parse_authorization_response(answer)
        with pytest.raises(TokenRequestDenied) as raised:
            session.fetch_access_token(probe.get_address("access-token"), verifier="another")
        assert raised.value.response.status_code == 401


def test_a_user_copies_the_code_of_a_client_without_a_callback(served: Served, tmp_path: Path) -> None:
    """RFC 5849 §2.1: ``oob``; whoever has none registered can do nothing else."""
    probe = Probe.add(served, tmp_path, callback="")
    browser = Browser(outside=REDIRECT_URI)
    log_in(browser, served)
    with probe.open_session(callback_uri="oob") as session:
        page = browser.send(browser.open(probe.begin(session)), button="approve")
        assert page.status == 200
        given = session.fetch_access_token(probe.get_address("access-token"), verifier=read_verifier(page.text))
        assert given["oauth_token"]
        assert session.get(probe.me).json()["name"] == USER
    with probe.open_session() as other, pytest.raises(TokenRequestDenied) as raised:
        other.fetch_request_token(probe.get_address("request-token"))
    problem = read_problem(raised.value.response)
    assert (problem["oauth_problem"], problem["oauth_parameters_rejected"]) == ("parameter_rejected", "oauth_callback")


def test_a_callback_may_differ_in_its_query_alone(probe: Probe, browser: Browser) -> None:
    """atlassian-wire: and what it has there stays."""
    with probe.open_session(callback_uri=f"{REDIRECT_URI}?state=a%20b&next=%2F") as session:
        said = read_callback(probe.served.approve(probe.begin(session), browser=browser))
        assert (said["state"], said["next"]) == ("a b", "/")
        assert said["oauth_verifier"]
    for other in (f"{REDIRECT_URI}/more", f"{REDIRECT_URI}#state", "https://evil.example/callback", "javascript:1"):
        with probe.open_session(callback_uri=other) as session, pytest.raises(TokenRequestDenied) as raised:
            session.fetch_request_token(probe.get_address("request-token"))
        assert read_problem(raised.value.response)["oauth_problem"] == "parameter_rejected"


def test_a_client_of_the_1_0_dialect_needs_neither_callback_nor_verifier(served: Served, tmp_path: Path) -> None:
    """OAuth Core 1.0: only where its record says so."""
    for words, status in (((), 400), (("--dialect-1-0",), 200)):
        probe = Probe.add(served, tmp_path, *words)
        with probe.open_session(callback_uri=None) as session:
            answer = session.post(probe.get_address("request-token"))
            assert answer.status_code == status, answer.text
            if status != 200:
                assert read_problem(answer)["oauth_parameters_absent"] == "oauth_callback"
                continue
            session.token = dict(parse_qsl(answer.text))
            url = session.authorization_url(probe.get_address("authorize"), oauth_callback=REDIRECT_URI)
            assert read_callback(served.approve(url))["oauth_token"] == session.token["oauth_token"]
            session.token = dict(parse_qsl(session.post(probe.get_address("access-token")).text))
            assert session.get(probe.me).json()["name"] == USER


@pytest.mark.parametrize("method", ["HMAC-SHA1", "RSA-SHA1"])
def test_a_wrong_signature_is_answered_with_our_base_string_and_no_secret(probe: Probe, method: str) -> None:
    """O1-07: as the extension allows."""
    other = Probe(probe.served, probe.key, "another secret", make_key(1024)[0])
    with other.open_session(method) as session, pytest.raises(TokenRequestDenied) as raised:
        session.fetch_request_token(probe.get_address("request-token"))
    answer = raised.value.response
    problem = read_problem(answer)
    assert (answer.status_code, problem["oauth_problem"]) == (401, "signature_invalid")
    assert problem["oauth_signature_base_string"].startswith("POST&http%3A%2F%2F127.0.0.1%3A")
    assert problem["oauth_signature_method"] == method
    assert probe.secret not in answer.text + str(answer.headers)


def test_an_unknown_key_is_told(probe: Probe) -> None:
    """OAuth Problem Reporting."""
    other = Probe(probe.served, "nobody", probe.secret, probe.private_key)
    with other.open_session() as session, pytest.raises(TokenRequestDenied) as raised:
        session.fetch_request_token(probe.get_address("request-token"))
    assert raised.value.response.status_code == 401
    assert read_problem(raised.value.response)["oauth_problem"] == "consumer_key_unknown"


def test_a_request_that_is_replayed_is_refused(probe: Probe, browser: Browser) -> None:
    """RFC 5849 §3.3: a nonce is good once; and old or future timestamps are not good at all."""
    with probe.open_session() as session:
        given = probe.connect(session, browser)
    tokens = (given["oauth_token"], given["oauth_token_secret"])
    _, headers, _ = Client(probe.key, probe.secret, *tokens).sign(probe.me)
    answers = [requests.get(probe.me, headers=headers, timeout=MOST_SECONDS) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert read_problem(answers[1])["oauth_problem"] == "nonce_used"
    for timestamp in ("1", "99999999999"):
        _, headers, _ = Client(probe.key, probe.secret, *tokens, timestamp=timestamp).sign(probe.me)
        refused = requests.get(probe.me, headers=headers, timeout=MOST_SECONDS)
        problem = read_problem(refused)
        assert (refused.status_code, problem["oauth_problem"]) == (400, "timestamp_refused")
        earliest, latest = map(int, problem["oauth_acceptable_timestamps"].split("-"))
        assert latest - earliest == 600


def test_a_client_with_a_key_alone_never_signs_by_a_secret(served: Served, tmp_path: Path) -> None:
    """O1-05: an empty secret would let anybody sign."""
    probe = Probe.add(served, tmp_path, secret=False)
    with probe.open_session("RSA-SHA1") as session:
        assert probe.begin(session)
    with probe.open_session("HMAC-SHA1", client_class=WithoutSecret) as session:
        answer = session.post(probe.get_address("request-token"))
        assert (answer.status_code, read_problem(answer)["oauth_problem"]) == (400, "signature_method_rejected")


class WithoutSecret(Client):
    """oauthlib's client that signs with an empty secret, as one that has none."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.client_secret = ""
