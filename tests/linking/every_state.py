"""A link in every state, as the tables of handshake §4 begin with it."""

from applinks.linking.events import Delete, Hear
from applinks.wire.linking.statement import Statement
from tests.linking.records import (
    APPROVED,
    PROPOSE,
    after,
    build_answerer_in_force,
    build_approved,
    build_confirming,
    build_in_force,
    build_proposed,
)

HERE = "user:1"
STATES = {
    "proposed": build_proposed,
    "confirming": build_confirming,
    "approved": build_approved,
    "in_force_a": build_in_force,
    "in_force_b": build_answerer_in_force,
    "ended": lambda: after(PROPOSE, APPROVED, Delete(actor=HERE)),
}


def hear(statement: Statement) -> Hear:
    return Hear(statement=statement)
