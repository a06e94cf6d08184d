import json

import pytest

from applinks.wire.oauth2.messages import (
    ErrorAnswer,
    MalformedAnswerError,
    TokenAnswer,
    build_error_answer,
    build_token_answer,
    parse_error_answer,
    parse_token_answer,
)

RFC_EXAMPLE = b"""{
  "access_token":"2YotnFZFEjr1zCsicMWpAA",
  "token_type":"example",
  "expires_in":3600,
  "refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA",
  "example_parameter":"example_value"
}"""
GOOD = {"access_token": "a", "token_type": "Bearer"}


def read(**changes):
    return parse_token_answer(json.dumps(GOOD | changes))


def test_the_answer_of_the_rfc_is_read():
    """RFC 6749 §5.1: the worked example, with Bearer for its placeholder; unknown members are ignored (MUST)."""
    answer = parse_token_answer(RFC_EXAMPLE.replace(b'"example"', b'"bearer"'))
    assert answer == TokenAnswer(
        access_token="2YotnFZFEjr1zCsicMWpAA", expires_in=3600, refresh_token="tGzv3JOkF0XG5Qx2TlKWIA"
    )


@pytest.mark.requirement("CL-30")
def test_what_is_left_out_is_none():
    """CL-30: a missing refresh token keeps the old; a missing scope means that asked for."""
    for changes in ({}, {"refresh_token": None, "scope": None, "expires_in": None}, {"refresh_token": ""}):
        answer = read(**changes)
        assert (answer.expires_in, answer.refresh_token, answer.scopes) == (None, None, None)


def test_a_number_in_quotes_is_a_number():
    """Looser than RFC 6749 §5.1: because some servers send it so."""
    assert read(expires_in="3600").expires_in == read(expires_in=3600).expires_in == 3600
    assert read(expires_in=3600.0).expires_in == 3600
    assert read(expires_in=10**15).expires_in == (1 << 31) - 1


def test_a_scope_is_read_into_its_tokens():
    """RFC 6749 §5.1."""
    assert read(scope="a b").scopes == ("a", "b")
    assert read(scope="").scopes == ()


@pytest.mark.requirement("CL-30")
@pytest.mark.parametrize(
    "changes",
    [
        *({"access_token": value} for value in (None, "", 1, [], "a b", "a\r\nb", "ä", "\u0000")),
        *({"token_type": value} for value in (None, "", "mac", "DPoP", 1, ["Bearer"], "BearerX")),
        *({"expires_in": value} for value in (-1, True, 1.5, "", "x", "-1", "1e3", [], {})),
        *({"refresh_token": value} for value in (1, ["a"], "a b", "a\nb")),
        *({"scope": value} for value in (1, ["a"], 'a"b', "a\nb")),
    ],
)
def test_an_answer_with_a_member_of_the_wrong_kind_is_refused(changes):
    """RFC 6749 §5.1; a token with a line break would end up in a header."""
    with pytest.raises(MalformedAnswerError):
        read(**changes)


@pytest.mark.requirement("CL-30")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b"[]",
        b'"a"',
        b"\xff",
        b'{"access_token":"a"',
        b'{"access_token":"a","access_token":"b","token_type":"Bearer"}',
        b"[" * 70_000,
        b"access_token=a&token_type=bearer",
    ],
)
def test_html_cut_off_and_other_answers_are_refused(body):
    """CL-30: they change nothing."""
    with pytest.raises(MalformedAnswerError):
        parse_token_answer(body)
    with pytest.raises(MalformedAnswerError):
        parse_error_answer(body)


def test_a_token_answer_is_built_as_the_rfc_says():
    """RFC 6749 §5.1."""
    answer = TokenAnswer(access_token="a", expires_in=3600, refresh_token="r", scopes=("x", "y"))
    assert build_token_answer(answer) == {
        "access_token": "a",
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": "r",
        "scope": "x y",
    }
    assert build_token_answer(TokenAnswer(access_token="a")) == {"access_token": "a", "token_type": "Bearer"}
    assert parse_token_answer(json.dumps(build_token_answer(answer))) == answer


def test_an_error_answer_is_built_and_read():
    """RFC 6749 §5.2."""
    answer = ErrorAnswer(error="invalid_grant", description="The code was used.", reference="AL-7KQ2-M9F4")
    document = build_error_answer(answer)
    assert document == {
        "error": "invalid_grant",
        "error_description": "The code was used.",
        "reference": "AL-7KQ2-M9F4",
    }
    assert parse_error_answer(json.dumps(document)) == answer
    assert build_error_answer(ErrorAnswer(error="invalid_grant")) == {"error": "invalid_grant"}


def test_a_description_holds_only_the_characters_of_the_rfc():
    """RFC 6749 §5.2 MUST NOT."""
    assert build_error_answer(ErrorAnswer(error="e", description='a"b\\c\nü'))["error_description"] == "a'b?c??"
    assert parse_error_answer('{"error": "e", "error_description": ["x"], "reference": 1}') == ErrorAnswer(error="e")


@pytest.mark.parametrize("error", ['""', "1", "null", '"a\\"b"', '"a\\nb"', '"' + "a" * 201 + '"'])
def test_what_names_no_error_is_no_error_answer(error):
    """RFC 6749 §5.2."""
    with pytest.raises(MalformedAnswerError):
        parse_error_answer('{"error": ' + error + "}")


def test_no_token_shows_in_a_repr():
    """N-05."""
    assert "hush" not in repr(TokenAnswer(access_token="hush", refresh_token="hush"))
