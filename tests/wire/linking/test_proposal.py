import pytest

from applinks.wire.linking.messages import MalformedMessageError
from applinks.wire.linking.proposal import Proposal, build_proposal, parse_proposal
from applinks.wire.linking.terms import format_terms
from tests.wire.linking.samples import COMMON, DIGEST, LINK, NOW, ONE, TERMS, THUMBPRINT, TWO

FIRST = Proposal(**COMMON, revision=1, terms=TERMS, peer_keys=(THUMBPRINT,))
LATER = Proposal(**COMMON | {"jti": "j" * 22}, revision=2, terms=TERMS, peer_keys=(THUMBPRINT,), base=DIGEST)
CLAIMS = build_proposal(FIRST)


def refuse(claims, code="invalid_claims"):
    with pytest.raises(MalformedMessageError) as caught:
        parse_proposal(claims)
    assert caught.value.code == code


def test_a_proposal_holds_the_claims_of_the_table():
    """handshake.md §2."""
    assert {
        "ver": 1,
        "iss": ONE,
        "aud": TWO,
        "iat": NOW,
        "exp": NOW + 600,
        "jti": LINK,
        "link": LINK,
        "revision": 1,
        "terms": format_terms(TERMS),
        "peer_keys": [THUMBPRINT],
    } == CLAIMS


def test_what_we_build_is_what_we_read():
    """Ours: both halves together."""
    for proposal in (FIRST, LATER):
        assert parse_proposal(build_proposal(proposal)) == proposal


def test_further_claims_are_ignored():
    """handshake.md §2."""
    assert parse_proposal(CLAIMS | {"moved_from": "x", "seq": "y"}) == FIRST


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_a_missing_claim_is_invalid(name):
    """handshake.md §2."""
    refuse({key: value for key, value in CLAIMS.items() if key != name})


@pytest.mark.parametrize(
    "changes",
    [
        *({"revision": value} for value in (0, -1, "1", 1.0, True, None, 1 << 53)),
        *({"peer_keys": value} for value in ([], "x", ["short"], [1], [THUMBPRINT] * 33, None, {})),
        *({"jti": value} for value in ("j" * 21, "j" * 65, "j" * 21 + "+", 1, None)),
        *(
            {"link": value}
            for value in ("lnk_" + "a" * 21, "lnk_" + "a" * 23, "cli_" + "a" * 22, "lnk_" + "-" * 22, 1, LINK + "\n")
        ),
        *({"must_understand": value} for value in (["seq"], ["x"], "x")),
        {"terms": None},
        {"ver": 2},
    ],
)
def test_a_mistyped_claim_is_invalid(changes):
    """handshake.md §2, Types."""
    refuse(CLAIMS | changes)


def test_a_first_revision_is_named_by_its_link():
    """handshake.md §2: `jti` is the new link id and `link` equals it."""
    refuse(CLAIMS | {"jti": "lnk_" + "b" * 22})


def test_a_later_revision_names_the_answer_in_force():
    """handshake.md §2: `base`."""
    claims = build_proposal(LATER)
    for value in (None, "", 1, []):
        refuse(claims | {"base": value})
    del claims["base"]
    refuse(claims)


@pytest.mark.requirement("LK-08")
def test_terms_that_cannot_be_shown_are_unsupported():
    """handshake.md §2: the object is closed."""
    refuse(CLAIMS | {"terms": CLAIMS["terms"] | {"x": 1}}, "unsupported_terms")


def test_an_inconsistent_proposal_cannot_be_made():
    """Ours: values check themselves."""
    for changes in ({"revision": 2}, {"base": DIGEST}, {"jti": "j" * 22}):
        with pytest.raises(MalformedMessageError):
            Proposal(**COMMON | {"revision": 1, "terms": TERMS, "peer_keys": (THUMBPRINT,)} | changes)
