"""Every sentence for a person."""

import pytest

from applinks import words
from applinks.linking import errors as linking_errors
from applinks.records.clients import ClientAuthentication
from applinks.records.links import EndReason, Rest
from applinks.wire.linking.terms import Level
from applinks.words.refusals import REFUSALS
from applinks.words.servers import WARNINGS

NOW = 1_800_000_000


@pytest.mark.parametrize(
    "code",
    [
        *linking_errors._DESCRIPTIONS,
        "cross_site",
        "too_many_requests",
        "access_denied",
        "unknown_state",
        "wrong_user",
        "wrong_issuer",
        "bad_id_token",
    ],
)
def test_every_refusal_says_what_happened_and_what_to_do(code: str) -> None:
    """Handshake §8: a page in words."""
    assert words.has_refusal(code)
    sentence = words.say_refusal(code, us="Tracker", peer="Start page")
    for text in (sentence.what, sentence.advice):
        assert text.endswith(".")
        assert "{" not in text


@pytest.mark.requirement("CL-21")
@pytest.mark.parametrize("code", WARNINGS)
def test_every_warning_of_a_server_says_what_is_remarkable_and_what_to_do(code: str) -> None:
    """CL-21: flagged, in the same words on pages and by commands."""
    sentence = words.say_warning(code, server="id.example", token_host="tokens.example")
    assert not sentence.what.endswith(".")
    assert sentence.advice.endswith(".")
    assert "{" not in sentence.what + sentence.advice


@pytest.mark.parametrize("reason", list(Rest))
def test_every_reason_to_rest_has_words(reason: Rest) -> None:
    """Handshake §4."""
    assert "no call passes" in words.say_rest(reason, us="Tracker", peer="Start page").what


@pytest.mark.parametrize("reason", [*EndReason, None])
def test_every_end_has_words(reason: EndReason | None) -> None:
    """Handshake §4."""
    assert words.say_end(reason, peer="Start page").endswith(".")


@pytest.mark.parametrize("method", list(ClientAuthentication))
def test_every_way_in_which_a_client_proves_itself_has_words(method: ClientAuthentication) -> None:
    """Ours: the same on pages and in commands."""
    assert words.say_authentication(method)


@pytest.mark.parametrize("level", list(Level))
def test_every_level_has_a_name(level: Level) -> None:
    """House §5."""
    assert words.say_level(level)


@pytest.mark.parametrize("result", ["passed", "pending", "failed:peer_unreachable", "failed:never_heard_of", "failed:"])
def test_every_test_result_has_words(result: str) -> None:
    """Handshake §6."""
    sentence = words.say_check(result, caller="Tracker", server="Start page")
    assert sentence is not None
    assert "Tracker" in sentence.what
    assert "{" not in sentence.what + sentence.advice


def test_nothing_is_said_of_a_test_that_is_not_made() -> None:
    """Handshake §6: switched off is none."""
    assert words.say_check("none", caller="a", server="b") is None


@pytest.mark.parametrize(
    ("gone", "text"),
    [
        (0, "just now"),
        (-30, "just now"),
        (60, "1 minute ago"),
        (120, "2 minutes ago"),
        (3600, "1 hour ago"),
        (86400, "1 day ago"),
        (6 * 86400, "6 days ago"),
        (7 * 86400, "on 8 January"),
        (60 * 86400, "on 16 November 2026"),
    ],
)
def test_times_are_said_as_people_do(gone: int, text: str) -> None:
    """House §8 Time."""
    assert words.say_when(NOW - gone, now=NOW) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "less than a minute"), (60, "1 minute"), (480, "8 minutes"), (7200, "2 hours"), (604800, "7 days")],
)
def test_what_remains_is_said_as_people_do(seconds: int, text: str) -> None:
    """Ours: how long a request is good."""
    assert words.say_remaining(seconds) == text


def test_a_name_with_braces_is_shown_as_it_is() -> None:
    """Ours: a peer's name is a value and never a template."""
    assert "{us} {0}" in words.say_refusal("declined", us="Tracker", peer="{us} {0}").what


@pytest.mark.parametrize("code", REFUSALS)
def test_the_title_of_a_problem_is_the_answer_and_not_the_category(code: str) -> None:
    """Mockups, Tone: plain and short; one sentence as the title, then what to do; no code, no jargon, nobody blamed."""
    what, advice = REFUSALS[code]
    assert what.count(". ") == 0
    assert len(what) <= 90
    assert advice
    for text in (what, advice):
        assert text[0].isupper() or text.startswith("{")
        assert not set("!_") & set(text)
        found = set(text.lower().replace(".", " ").replace(",", " ").split())
        assert not found & {"error", "invalid", "failed", "failure", "illegal", "please", "sorry", "oops"}


def test_a_way_to_call_names_its_protocols_and_whether_it_impersonates() -> None:
    """Atlassian's wire: levels shown per direction."""
    assert words.say_way(("oauth2", "oauth1"), "oauth") == "OAuth 2 and OAuth 1.0a"
    assert words.say_way(("oauth1",), "impersonation") == "OAuth 1.0a, with impersonation"


def test_the_name_of_a_client_has_the_word_that_administrators_know() -> None:
    """House §5: on 1.0a forms the label adds the word in brackets."""
    assert words.say_client_id("oauth1") == "Client key (consumer key)"
    assert words.say_client_id("oauth2") == "Client ID"
