import pytest

from applinks.wire.linking.messages import MalformedMessageError
from applinks.wire.linking.statement import (
    PendingState,
    SaidAgreed,
    SaidPending,
    Statement,
    StatementState,
    build_statement,
    parse_statement,
)
from applinks.wire.linking.terms import Allows
from tests.wire.linking.samples import COMMON, DIGEST, THUMBPRINT

IN_FORCE = {
    "seq": 4,
    "peer_seq": 3,
    "state": StatementState.IN_FORCE,
    "agreed": SaidAgreed(revision=1, answer=DIGEST),
    "pending": None,
    "paused": False,
    "allows": Allows(user_scopes=("issues:read",)),
    "keys": (THUMBPRINT, "k" * 43),
    "peer_keys": (THUMBPRINT,),
    "check": "passed",
}
LINKING = IN_FORCE | {
    "state": StatementState.LINKING,
    "agreed": None,
    "pending": SaidPending(revision=1, state=PendingState.CONFIRMING, answer=DIGEST),
    "allows": None,
    "check": "none",
}
UNKNOWN = IN_FORCE | {
    "seq": 0,
    "peer_seq": 0,
    "state": StatementState.ENDED,
    "agreed": None,
    "pending": None,
    "allows": None,
    "peer_keys": (),
    "check": "none",
    "reason": "unknown",
}
STATEMENTS = [
    Statement(**COMMON, **IN_FORCE),
    Statement(**COMMON, **IN_FORCE | {"in_reply_to": "j" * 22, "paused": True, "check": "failed:insufficient_scope"}),
    Statement(**COMMON, **LINKING),
    Statement(**COMMON, **UNKNOWN),
    Statement(**COMMON, **IN_FORCE | {"state": StatementState.ENDED, "reason": "deleted"}),
]
CLAIMS = build_statement(STATEMENTS[0])


def refuse(claims):
    with pytest.raises(MalformedMessageError) as caught:
        parse_statement(claims)
    assert caught.value.code == "invalid_claims"


def test_a_statement_holds_the_claims_of_the_table():
    """handshake.md §2."""
    own = {
        name: value for name, value in CLAIMS.items() if name not in {"ver", "iss", "aud", "iat", "exp", "jti", "link"}
    }
    assert own == {
        "seq": 4,
        "peer_seq": 3,
        "state": "in_force",
        "agreed": {"revision": 1, "answer": DIGEST},
        "pending": None,
        "paused": False,
        "allows": {"user_scopes": ["issues:read"], "application_scopes": []},
        "keys": [THUMBPRINT, "k" * 43],
        "peer_keys": [THUMBPRINT],
        "check": "passed",
    }
    assert build_statement(STATEMENTS[2])["pending"] == {"revision": 1, "state": "confirming", "answer": DIGEST}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_we_build_is_what_we_read(statement):
    """Ours: both halves together; further claims are ignored."""
    assert parse_statement(build_statement(statement) | {"moved_from": 1}) == statement


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_a_missing_claim_is_invalid(name):
    """handshake.md §2: null is not missing, missing is not null."""
    refuse({key: value for key, value in CLAIMS.items() if key != name})


@pytest.mark.parametrize(
    "changes",
    [
        *({name: value} for name in ("seq", "peer_seq") for value in (-1, "1", None, True, 1.0, 1 << 53)),
        *({"state": value} for value in ("", "proposed", "confirming", None, 1, ["ended"], "In_force")),
        *(
            {"agreed": value}
            for value in ([], "x", {}, {"revision": 0, "answer": DIGEST}, {"revision": 1}, {"revision": 1, "answer": 1})
        ),
        *(
            {"pending": value}
            for value in (
                [],
                {},
                {"revision": 1, "state": "proposed", "answer": DIGEST},
                {"revision": 1, "answer": DIGEST},
            )
        ),
        *({"paused": value} for value in (None, 0, "false")),
        *(
            {"allows": value}
            for value in ([], {}, {"user_scopes": []}, {"user_scopes": None, "application_scopes": []})
        ),
        *({name: value} for name in ("keys", "peer_keys") for value in ([], None, "x", ["x"], [THUMBPRINT] * 33)),
        *(
            {"check": value}
            for value in ("", "ok", "failed", "failed:", "failed:X", "failed:" + "a" * 41, None, 1, "passed\n")
        ),
        *({"in_reply_to": value} for value in (None, "", 1, [])),
        {"must_understand": ["terms"]},
    ],
)
def test_a_mistyped_claim_is_invalid(changes):
    """handshake.md §2, Types."""
    refuse(CLAIMS | changes)


def test_linking_means_that_nothing_is_agreed_and_in_force_that_something_is():
    """handshake.md §2: `linking` (nothing agreed yet)."""
    refuse(CLAIMS | {"state": "linking"})
    refuse(CLAIMS | {"agreed": None})


@pytest.mark.parametrize("reason", ["deleted", "expired", "not_heard"])
def test_an_end_says_why(reason):
    """handshake.md §2, Types."""
    assert parse_statement(CLAIMS | {"state": "ended", "reason": reason}).reason == reason


def test_any_other_reason_counts_as_deleted():
    """handshake.md §2, Types."""
    assert parse_statement(CLAIMS | {"state": "ended", "reason": "bored"}).reason == "deleted"


@pytest.mark.parametrize("reason", ["", None, 1, "No!", "a" * 41, "deleted\n"])
def test_a_malformed_reason_is_invalid(reason):
    """handshake.md §2, Types."""
    refuse(CLAIMS | {"state": "ended", "reason": reason})


def test_the_reason_of_what_has_not_ended_is_ignored():
    """handshake.md §2: further claims are ignored."""
    assert parse_statement(CLAIMS | {"reason": "deleted"}).reason == ""


@pytest.mark.parametrize(
    "changes",
    [
        *({"seq": 1}, {"peer_seq": 1}, {"paused": True}, {"check": "passed"}, {"peer_keys": [THUMBPRINT]}),
        *(
            {"agreed": CLAIMS["agreed"]},
            {"pending": build_statement(STATEMENTS[2])["pending"]},
            {"allows": CLAIMS["allows"]},
        ),
    ],
)
def test_of_a_link_that_is_not_known_nothing_else_is_said(changes):
    """handshake.md §2, Types: the last sentence."""
    claims = build_statement(STATEMENTS[3])
    assert parse_statement(claims).is_about_unknown
    refuse(claims | changes)


def test_every_other_end_names_the_receivers_keys():
    """handshake.md §2, Types: `peer_keys` of 1 to 32."""
    refuse(CLAIMS | {"state": "ended", "reason": "deleted", "peer_keys": []})
