"""Texts that are made to keep a reader busy: each has to be read in the time that an honest one of its length takes."""

import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from applinks.wire.http import Request
from applinks.wire.oauth1.parameters import MalformedSignedRequestError, collect_parameters, find_unverified_clients
from applinks.wire.oauth1.problems import parse_problem

# An honest text of this length takes a few milliseconds; one that is split anew at each place takes for ever.
_SECONDS = 20
PIECES = ["a=", "a= ", "a = ", 'a="', 'a="b"', "a", "a ", " ", ",", ", ,", '"', "=", "==", "a,=", "%", "a%3D=", "\t"]


@pytest.fixture(autouse=True)
def deadline() -> Iterator[None]:
    """Stop what would never end; nothing is measured."""

    def stop(_number: int, _frame: object) -> None:
        raise AssertionError("the text is read for ever")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize("end", ['"', ";", "", "=", " x"])
@pytest.mark.parametrize("piece", PIECES)
def test_an_authorization_header_is_read_once_from_left_to_right(piece: str, end: str) -> None:
    """Ours: anybody may send one, to any address; sixty letters of one stopped a server for hours."""
    value = "OAuth oauth_consumer_key=k " + piece * (16_000 // len(piece)) + end
    request = Request(method="GET", url="https://us.example/", headers=(("Authorization", value),))
    assert find_unverified_clients(request)
    with suppress(MalformedSignedRequestError):
        collect_parameters(request)


@pytest.mark.requirement("N-04")
@pytest.mark.parametrize("end", ['"', ";", "", "=", " x"])
@pytest.mark.parametrize("piece", PIECES)
def test_a_challenge_of_a_peer_is_read_once_from_left_to_right(piece: str, end: str) -> None:
    """Ours: a peer that answers with one long word stopped us for minutes."""
    said = piece * (400_000 // len(piece)) + end
    assert parse_problem(f"OAuth {said}", "") is None
    assert parse_problem(None, said) is None
