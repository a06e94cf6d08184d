import pytest

from applinks.wire.linking.answer import Answer, Decision, build_answer, parse_answer
from applinks.wire.linking.messages import MalformedMessageError
from applinks.wire.linking.terms import format_terms
from tests.wire.linking.samples import COMMON, DIGEST, TERMS, THUMBPRINT

APPROVED = Answer(
    **COMMON, revision=1, proposal=DIGEST, decision=Decision.APPROVED, terms=TERMS, peer_keys=(THUMBPRINT,), seq=1
)
REFUSED = Answer(**COMMON, revision=1, proposal=DIGEST, decision=Decision.REFUSED, reason="declined")


def refuse(claims, code="invalid_claims"):
    with pytest.raises(MalformedMessageError) as caught:
        parse_answer(claims)
    assert caught.value.code == code


def test_an_approval_carries_terms_keys_and_seq():
    """handshake.md §2."""
    claims = build_answer(APPROVED)
    own = {name: claims[name] for name in ("revision", "proposal", "decision", "terms", "peer_keys", "seq")}
    assert own == {
        "revision": 1,
        "proposal": DIGEST,
        "decision": "approved",
        "terms": format_terms(TERMS),
        "peer_keys": [THUMBPRINT],
        "seq": 1,
    }
    assert "reason" not in claims


def test_a_refusal_carries_its_reason_alone():
    """handshake.md §2."""
    claims = build_answer(REFUSED)
    assert claims["reason"] == "declined"
    assert not claims.keys() & {"terms", "peer_keys", "seq"}


def test_what_we_build_is_what_we_read():
    """Ours: both halves together; further claims are ignored."""
    for answer in (APPROVED, REFUSED):
        assert parse_answer(build_answer(answer) | {"x": 1}) == answer


@pytest.mark.parametrize("answer", [APPROVED, REFUSED])
def test_a_missing_claim_is_invalid(answer):
    """handshake.md §2."""
    claims = build_answer(answer)
    for name in claims:
        refuse({key: value for key, value in claims.items() if key != name})


@pytest.mark.parametrize(
    "changes",
    [
        *({"decision": value} for value in ("maybe", "", None, 1, ["approved"], "Approved")),
        *({"proposal": value} for value in ("", None, 1, "d" * 201)),
        *({"seq": value} for value in (-1, "1", None, True, 1 << 53)),
        *({"peer_keys": value} for value in ([], None, ["x"])),
        *({"revision": value} for value in (0, None, "1")),
        {"terms": None},
        {"must_understand": ["peer_seq"]},
    ],
)
def test_a_mistyped_claim_is_invalid(changes):
    """handshake.md §2, Types."""
    refuse(build_answer(APPROVED) | changes)


@pytest.mark.parametrize("reason", ["", "Declined", "a-b", "a" * 41, "a b", None, 1, "é", "declined\n"])
def test_a_reason_is_1_to_40_of_a_to_z_and_the_underscore(reason):
    """handshake.md §2, Types."""
    refuse(build_answer(REFUSED) | {"reason": reason})


def test_an_inconsistent_answer_cannot_be_made():
    """Ours: values check themselves."""
    about = COMMON | {"revision": 1, "proposal": DIGEST}
    for changes in (
        {"decision": Decision.APPROVED},
        {"decision": Decision.REFUSED},
        {"decision": Decision.REFUSED, "reason": "declined", "terms": TERMS},
        {"decision": Decision.APPROVED, "terms": TERMS, "reason": "declined"},
    ):
        with pytest.raises(MalformedMessageError):
            Answer(**about | changes)
