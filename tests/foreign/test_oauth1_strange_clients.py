"""Clients of OAuth 1.0a that somebody wrote by hand: older, stranger, and within what RFC 5849 allows, or not."""

import hmac
import time
from base64 import b64encode
from collections.abc import Callable
from itertools import count
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import httpx2
import pytest

from tests.foreign.oauth1 import Probe, read_problem
from tests.foreign.processes import MOST_SECONDS
from tests.foreign.served import USER, Served, run_served

FORM = "application/x-www-form-urlencoded"
Pairs = list[tuple[str, str]]

_numbers = count(1)


def escape(text: str) -> str:
    return quote(text, safe="")


def write(pairs: Pairs) -> str:
    return "&".join(f"{escape(name)}={escape(value)}" for name, value in pairs)


def sign(probe: Probe, method: str, url: str, form: Pairs, said: Pairs) -> Pairs:
    """Give OAuth's parameters with their signature, by the letter of RFC 5849 §3.4 and nothing else."""
    place, _, query = url.partition("?")
    pairs = [*parse_qsl(query, keep_blank_values=True), *form, *said]
    joined = "&".join("=".join(pair) for pair in sorted((escape(name), escape(value)) for name, value in pairs))
    base_string = "&".join(map(escape, (method, place, joined)))
    digest = hmac.digest(f"{escape(probe.secret)}&".encode(), base_string.encode(), "sha1")
    return [*said, ("oauth_signature", b64encode(digest).decode())]


def say(probe: Probe, *leave_out: str) -> Pairs:
    """Give OAuth's parameters of two legs."""
    said = {
        "oauth_consumer_key": probe.key,
        "oauth_token": "",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(time.time())),
        "oauth_nonce": f"n{next(_numbers)}",
        "oauth_version": "1.0",
    }
    return [(name, value) for name, value in said.items() if name not in leave_out]


def header(pairs: Pairs, write_value: Callable[[str], str] = escape) -> dict[str, str]:
    return {"Authorization": "OAuth " + ", ".join(f'{name}="{write_value(value)}"' for name, value in pairs)}


def send(
    probe: Probe, method: str, url: str, *, headers: dict[str, str], body: str = "", at: str = ""
) -> httpx2.Response:
    url = url.replace(probe.served.base_url, at or probe.served.address)
    return httpx2.request(method, url, headers=headers, content=body.encode(), timeout=MOST_SECONDS)


@pytest.fixture(scope="module")
def probe(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Probe:
    folder = tmp_path_factory.mktemp("strange")
    return Probe.add(served, folder, "--two-legged", "--execute-as", USER)


def write_nothing_but_quotes(value: str) -> str:
    """As clients do that take base64 for safe."""
    return value


def write_lower(value: str) -> str:
    return quote(value, safe="").replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d")


def write_everything(value: str) -> str:
    return "".join(f"%{byte:02X}" for byte in value.encode())


@pytest.mark.parametrize("write_value", [write_nothing_but_quotes, write_lower, write_everything])
def test_a_header_is_read_however_its_values_are_escaped(probe: Probe, write_value: Callable[[str], str]) -> None:
    """RFC 5849 §3.5.1, §3.6: what is decoded is the same."""
    for _ in range(4):
        said = sign(probe, "GET", probe.me, [], say(probe))
        answer = send(probe, "GET", probe.me, headers=header(said, write_value))
        assert (answer.status_code, answer.json().get("name")) == (200, USER), answer.text


@pytest.mark.parametrize("left_out", [("oauth_version",), ("oauth_token",), ("oauth_version", "oauth_token")])
def test_what_may_be_left_out_is_not_missed(probe: Probe, left_out: tuple[str, ...]) -> None:
    """RFC 5849 §3.1 MAY."""
    said = sign(probe, "GET", probe.me, [], say(probe, *left_out))
    assert send(probe, "GET", probe.me, headers=header(said)).status_code == 200


@pytest.mark.parametrize("left_out", ["oauth_consumer_key", "oauth_signature_method", "oauth_timestamp", "oauth_nonce"])
def test_what_is_needed_is_named(probe: Probe, left_out: str) -> None:
    """RFC 5849 §3.1 REQUIRED; OAuth Problem Reporting, ``oauth_parameters_absent``."""
    said = sign(probe, "GET", probe.me, [], say(probe, left_out))
    answer = send(probe, "GET", probe.me, headers=header(said))
    problem = read_problem(answer)
    assert (answer.status_code, problem["oauth_problem"]) == (400, "parameter_absent")
    assert problem["oauth_parameters_absent"] == left_out


@pytest.mark.parametrize(
    "kind", [FORM, f"{FORM}; charset=UTF-8", f"{FORM};charset=utf-8", "Application/X-WWW-Form-Urlencoded"]
)
def test_a_form_is_one_whatever_its_type_says_besides(probe: Probe, kind: str) -> None:
    """RFC 5849 §3.4.1.3.1, §3.5.2: credentials and parameters in a body, with pairs that are empty."""
    form = [("a", "1"), ("a", ""), ("b c", "\u00e9"), ("x", "=&+")]
    said = sign(probe, "POST", probe.me, form, say(probe))
    body = f"&{write(said)}&&{write(form)}&"
    answer = send(probe, "POST", probe.me, headers={"Content-Type": kind}, body=body)
    assert (answer.status_code, answer.json().get("name")) == (200, USER), answer.text


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
def test_a_body_that_is_no_form_takes_no_part(probe: Probe, kind: str) -> None:
    """RFC 5849 §3.4.1.3.1: whatever it looks like."""
    said = sign(probe, "POST", probe.me, [], say(probe))
    answer = send(probe, "POST", probe.me, headers=header(said) | {"Content-Type": kind}, body="a=1&oauth_token=x")
    assert answer.status_code == 200, answer.text


def test_parameters_of_extensions_are_signed_and_else_left_alone(probe: Probe) -> None:
    """RFC 5849 §3.1: the hash of a body, as Ruby's and Python's older clients send it, and whatever comes next."""
    more = [("oauth_body_hash", "2jmj7l5rSw0yVb/vlWAYkK/YBwk="), ("oauth_something_else", "1")]
    said = sign(probe, "GET", probe.me, [], [*say(probe), *more])
    answer = send(probe, "GET", probe.me, headers=header(said))
    assert answer.status_code == 200, answer.text


def test_a_query_and_a_form_are_signed_together(probe: Probe) -> None:
    """RFC 5849 §3.4.1.3.1: parameters from everywhere, the credentials in the query."""
    form, url = [("b", "2"), ("a", "3")], f"{probe.me}?a=1&empty=&c=%20"
    said = sign(probe, "POST", url, form, say(probe))
    answer = send(probe, "POST", f"{url}&{write(said)}", headers={"Content-Type": FORM}, body="b=2&a=3")
    assert answer.status_code == 200, answer.text


def test_credentials_in_two_places_and_parameters_that_come_twice_are_refused(probe: Probe) -> None:
    """RFC 5849 §3.1, §3.5 MUST NOT."""
    said = sign(probe, "GET", probe.me, [], say(probe))
    for url, headers in (
        (f"{probe.me}?{write(said)}", header(said)),
        (probe.me, header([*said, said[0]])),
        (f"{probe.me}?{write([*said, ('oauth_nonce', 'another')])}", {}),
    ):
        answer = send(probe, "GET", url, headers=headers)
        problem = read_problem(answer)
        assert (answer.status_code, problem["oauth_problem"]) == (400, "parameter_rejected"), answer.text
        assert problem["oauth_parameters_rejected"]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (("oauth_version", "2.0"), "version_rejected"),
        (("oauth_signature_method", "HMAC-MD5"), "signature_method_rejected"),
        (("oauth_signature_method", "PLAINTEXT"), "signature_method_rejected"),
        (("oauth_timestamp", "yesterday"), "timestamp_refused"),
        (("oauth_timestamp", "1764000000000"), "timestamp_refused"),
        (("oauth_timestamp", "-1"), "timestamp_refused"),
        (("oauth_nonce", "n" * 5000), "parameter_rejected"),
        (("oauth_token", "nobody's"), "token_rejected"),
        (("oauth_consumer_key", "nobody"), "consumer_key_unknown"),
        (("oauth_consumer_key", "real\u0000"), "parameter_rejected"),
    ],
)
def test_what_is_wrong_has_its_problem(probe: Probe, changed: tuple[str, str], problem: str) -> None:
    """OAuth Problem Reporting; 400 for what is malformed, of another time or version, else 401."""
    said = sign(probe, "GET", probe.me, [], [changed if pair[0] == changed[0] else pair for pair in say(probe)])
    answer = send(probe, "GET", probe.me, headers=header(said))
    assert read_problem(answer)["oauth_problem"] == problem
    malformed = {"version_rejected", "signature_method_rejected", "timestamp_refused", "parameter_rejected"}
    assert answer.status_code == (400 if problem in malformed else 401)


def test_a_realm_is_anybodys(probe: Probe) -> None:
    """RFC 5849 §3.5.1: and never signed."""
    for realm in ("", "Photos", "http://sp.example.com/", "a, b=c", "%zz", "OAuth"):
        said = sign(probe, "GET", probe.me, [], say(probe))
        headers = {"Authorization": header(said)["Authorization"].replace("OAuth ", f'OAuth realm="{realm}",', 1)}
        answer = send(probe, "GET", probe.me, headers=headers)
        assert (answer.status_code, realm) == (200, realm), answer.text


def test_plaintext_is_had_over_tls_where_it_is_switched_on(served_database: str, tmp_path: Path) -> None:
    """RFC 5849 §3.4.4 MUST; O1-05: behind a proxy that speaks it."""
    with run_served(served_database, tmp_path, base_url="https://plain.example") as served:
        wanted = ("--two-legged", "--execute-as", USER)
        probe = Probe.add(served, tmp_path, *wanted, "--signature-method", "PLAINTEXT", callback="")
        said = [("oauth_consumer_key", probe.key), ("oauth_signature_method", "PLAINTEXT")]
        for secret, status in ((probe.secret, 200), ("another", 401)):
            signed = [*said, ("oauth_signature", f"{secret}&")]
            answer = send(probe, "GET", probe.me, headers=header(signed))
            assert answer.status_code == status, answer.text
        assert "oauth_signature_base_string" in read_problem(answer)
        assert probe.secret not in answer.text
        other = Probe.add(served, tmp_path, *wanted, callback="")
        signed = [("oauth_consumer_key", other.key), said[1], ("oauth_signature", f"{other.secret}&")]
        answer = send(other, "GET", other.me, headers=header(signed))
        assert read_problem(answer)["oauth_problem"] == "signature_method_rejected"
    assert urlsplit(probe.me).scheme == "https"
