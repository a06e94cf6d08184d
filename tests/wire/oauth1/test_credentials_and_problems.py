"""What a server hands out, and what it says is wrong."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applinks.secret import Secret
from applinks.wire.oauth1.credentials import (
    MalformedCredentialsError,
    TemporaryCredentialsAnswer,
    TokenCredentialsAnswer,
    format_temporary_credentials,
    format_token_credentials,
    parse_temporary_credentials,
    parse_token_credentials,
)
from applinks.wire.oauth1.problems import (
    Problem,
    ProblemReport,
    format_names,
    format_problem_body,
    format_problem_challenge,
    parse_problem,
)

TOKENS = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=0x2FF, categories=["L", "N", "P"]), min_size=1)


def test_temporary_credentials_are_written_as_the_rfc_shows_them():
    """RFC 5849 §2.1, the example."""
    credentials = TemporaryCredentialsAnswer(token="hdk48Djdsa", secret=Secret("xyz4992k83j47x0b"))
    body = "oauth_token=hdk48Djdsa&oauth_token_secret=xyz4992k83j47x0b&oauth_callback_confirmed=true"
    assert format_temporary_credentials(credentials) == body
    assert parse_temporary_credentials(f"{body}\n".encode()) == credentials


def test_a_server_of_the_old_dialect_confirms_no_callback():
    """Ours: OAuth Core 1.0 §6.1.2 has no such parameter."""
    assert not parse_temporary_credentials(b"oauth_token=a&oauth_token_secret=b").confirmed


@given(
    TOKENS,
    st.text(),
    st.integers(min_value=0, max_value=10**8),
    st.text(alphabet="abc+/=& é"),
    st.integers(min_value=0, max_value=10**8),
)
def test_token_credentials_are_read_as_they_were_written(token, secret, expires_in, handle, session):
    """RFC 5849 §2.3 and the session extension: parse(format(x)) == x."""
    credentials = TokenCredentialsAnswer(
        token=token, secret=Secret(secret), expires_in=expires_in, session_handle=handle, session_expires_in=session
    )
    assert parse_token_credentials(format_token_credentials(credentials).encode()) == credentials


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"oauth_token=a",
        b"oauth_token=&oauth_token_secret=b",
        b"oauth_token=a&oauth_token=b&oauth_token_secret=c",
        b"oauth_token=%FF&oauth_token_secret=c",
        b"oauth_token=a%0Ab&oauth_token_secret=c",
        b"oauth_token=a&oauth_token_secret=c&oauth_expires_in=soon",
        b"oauth_token=a&oauth_token_secret=c&oauth_expires_in=-1",
        b'{"oauth_token": "a", "oauth_token_secret": "b"}',
        b"oauth_token=a&oauth_token_secret=" + b"c" * 20000,
    ],
)
def test_an_answer_without_credentials_is_told_apart(body):
    """Ours: HTML, JSON and half an answer are no credentials."""
    with pytest.raises(MalformedCredentialsError):
        parse_token_credentials(body)


@given(st.binary())
def test_any_answer_gives_credentials_or_our_error(body):
    """Ours: the parser raises nothing else."""
    with contextlib.suppress(MalformedCredentialsError):
        assert parse_token_credentials(body).token


@pytest.mark.parametrize("problem", Problem)
def test_a_problem_says_the_same_in_challenge_and_body(problem):
    """Problem reporting extension: either place is read."""
    report = ProblemReport(
        problem=problem.value, details=(("oauth_parameters_absent", format_names(["oauth_nonce", "a b"])),)
    )
    challenge = format_problem_challenge(report, realm="https://example.org")
    body = format_problem_body(report)
    assert challenge.startswith('OAuth realm="https://example.org", oauth_problem="')
    assert parse_problem(challenge, "") == parse_problem(None, body) == report
    assert problem.status in {400, 401}


@pytest.mark.parametrize(
    ("challenge", "body", "problem"),
    [
        ('OAuth realm="x",oauth_problem=token_rejected', "", "token_rejected"),
        ("oauth  oauth_problem = 'x'", "oauth_problem=nonce_used", "'x'"),
        ('Bearer error="invalid_token"', "oauth_problem=nonce_used&oauth_problem_advice=a+b", "nonce_used"),
        (None, "oauth_problem=their%20own", "their own"),
    ],
)
def test_a_problem_is_found_however_a_server_writes_it(challenge, body, problem):
    """Ours: servers differ in quotes, spaces and place."""
    found = parse_problem(challenge, body)
    assert found is not None
    assert found.problem == problem


@pytest.mark.parametrize(("challenge", "body"), [(None, ""), ("OAuth realm=x", "<html>"), ("Basic", "a=b&c")])
def test_what_names_no_problem_is_none(challenge, body):
    """Ours: a page of HTML is no problem report."""
    assert parse_problem(challenge, body) is None


@given(st.text(), st.text())
def test_any_answer_is_read_without_an_error(challenge, body):
    """Ours: the parser raises nothing."""
    parse_problem(challenge, body)
    parse_problem("OAuth " + challenge, body)
