"""Every state of the handshake in small settings; and no rule can be left out unnoticed."""

import pytest

from applinks.records.links import EndReason, LinkState
from tests.linking.exploration.ends import A, B, ViolationError
from tests.linking.exploration.model import Exploration
from tests.linking.exploration.rules import LEFT_OUT, LeftOut
from tests.linking.exploration.settings import GATE, SETTINGS, Setting


@pytest.mark.requirement("LK-01")
@pytest.mark.requirement("LK-09")
@pytest.mark.requirement("handshake-10-7")
@pytest.mark.requirement("handshake-10-8")
@pytest.mark.requirement("handshake-10-19")
@pytest.mark.requirement("handshake-10-22")
@pytest.mark.requirement("handshake-10-25")
@pytest.mark.parametrize("setting", GATE, ids=lambda each: each.name)
def test_no_state_breaks_the_commit_rule_and_from_each_both_come_into_force_or_neither(setting: Setting) -> None:
    """Handshake §4 Model-checked: invariants and liveness in every reachable state."""
    result = Exploration(setting).run()
    assert result.in_force, "a setting in which nothing comes into force proves nothing"


def test_the_exploration_comes_to_every_state_and_every_end() -> None:
    """Ours: what is not reached is not proved."""
    exploration = Exploration(SETTINGS["one proposal"])
    exploration.run()
    links = {(end.url, link.state) for end in exploration.ends.values for link in end.links}
    assert links == {(A, state) for state in LinkState if state is not LinkState.APPROVED} | {
        (B, state) for state in LinkState if state not in {LinkState.PROPOSED, LinkState.CONFIRMING}
    }
    reasons = {link.ended_reason for end in exploration.ends.values for link in end.links if link.ended_at}
    assert reasons == {EndReason.DELETED, EndReason.EXPIRED, EndReason.DECLINED, EndReason.NOT_HEARD}


@pytest.mark.parametrize("left_out", LEFT_OUT, ids=lambda each: each.rule)
def test_a_rule_left_out_is_missed_at_once(left_out: LeftOut) -> None:
    """Handshake §4 Model-checked: each rule is needed, and the exploration sees it."""
    with left_out.applied(), pytest.raises(ViolationError):
        Exploration(SETTINGS[left_out.setting], rules=left_out.rules).run()
