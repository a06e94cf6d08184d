import pytest

from applinks.wire.linking.messages import MalformedMessageError, check_common_claims
from tests.wire.linking.samples import LINK, NOW, ONE, TWO

CLAIMS = {"ver": 1, "iss": ONE, "aud": TWO, "iat": NOW, "exp": NOW + 600, "jti": LINK, "link": LINK}


def check(now=NOW, issuer=ONE, audience=TWO, lifetime=600, **changes):
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not ...}
    check_common_claims(claims, issuer=issuer, audience=audience, now=now, lifetime=lifetime)


def refuse(code="invalid_claims", **changes):
    with pytest.raises(MalformedMessageError) as caught:
        check(**changes)
    assert caught.value.code == code


def test_a_message_between_the_two_in_its_time_is_taken():
    """handshake.md §2, Order of verification."""
    check()
    check(issuer=None)


@pytest.mark.requirement("LK-02")
@pytest.mark.parametrize("name", sorted(CLAIMS.keys() - {"jti", "link"}))
@pytest.mark.parametrize("value", [..., None, "", [], {}, True, "x", 1.5, -1])
def test_a_common_claim_is_required_and_typed(name, value):
    """handshake.md §2, Types."""
    refuse(**{name: value})


@pytest.mark.requirement("LK-02")
def test_a_message_by_or_for_somebody_else_is_refused():
    """handshake.md §10: reflected, or for another audience."""
    refuse(iss="https://three.example")
    refuse(aud="https://three.example")
    refuse(aud=[TWO])
    refuse(iss=TWO, issuer=None)
    refuse(iss=TWO, issuer=TWO)
    refuse(iss=ONE + "/")


@pytest.mark.requirement("LK-02")
@pytest.mark.parametrize(
    "issuer",
    ["http://one.example", "https://one.example/", "https://ONE.example", "x", "https://u@one.example", "javascript:1"],
)
def test_an_issuer_that_nobody_pinned_is_a_base_url_all_the_same(issuer):
    """handshake.md §2: it will be fetched."""
    refuse(iss=issuer, issuer=None)


def test_loopback_speaks_to_loopback():
    """handshake.md §1: http only if our own base URL is such a one."""
    check(iss="http://localhost:8002", issuer=None, aud="http://127.0.0.1:8001", audience="http://127.0.0.1:8001")
    refuse(iss="http://localhost:8002", issuer=None)


def test_a_message_of_another_version_is_refused():
    """handshake.md §9."""
    for version in (0, 2, "1", 1.0, True):
        refuse(ver=version)


@pytest.mark.parametrize("named", [["seq"], ["terms", "link"], []])
def test_claims_that_must_be_understood_and_are_do_no_harm(named):
    """handshake.md §2."""
    check(must_understand=named)


@pytest.mark.requirement("LK-02")
@pytest.mark.parametrize("named", [["moved_from"], ["seq", "x"], "seq", None, {}, [1], [["seq"]], [None]])
def test_a_claim_that_must_be_understood_and_is_not_refuses_the_message(named):
    """handshake.md §2, §9."""
    refuse(must_understand=named)


@pytest.mark.requirement("LK-02")
@pytest.mark.parametrize(
    ("issued_at", "expires_at", "code"),
    [
        (NOW, NOW, "invalid_claims"),
        (NOW, NOW - 1, "invalid_claims"),
        (NOW, NOW + 601, "invalid_claims"),
        (NOW + 61, NOW + 100, "invalid_claims"),
        (NOW - 660, NOW - 60, "expired"),
        (NOW - 120, NOW - 61, "expired"),
    ],
)
def test_a_message_outside_its_time_is_refused(issued_at, expires_at, code):
    """handshake.md §2: 0 < exp - iat <= lifetime, iat <= now + 60 s, now < exp + 60 s."""
    refuse(code, iat=issued_at, exp=expires_at)


def test_clocks_may_be_a_minute_apart():
    """handshake.md §2."""
    check(iat=NOW + 60, exp=NOW + 660)
    check(iat=NOW - 659, exp=NOW - 59)


def test_what_is_wrong_first_is_told_first():
    """handshake.md §2, Order of verification: parties, version, must_understand, times."""
    wrong = {"iss": "https://three.example", "ver": 2, "must_understand": ["x"], "exp": NOW - 700, "iat": NOW - 800}
    order = [("iss", "iss"), ("ver", "ver"), ("must_understand", "must_understand"), ("exp", "expired")]
    for name, word in order:
        with pytest.raises(MalformedMessageError, match=word):
            check(**wrong)
        wrong.pop(name)
