"""What a link's record means to an administrator: its state in one word, its lanes, and what is to be done."""

from dataclasses import dataclass

from applinks.records.links import Direction, EndReason, Link, LinkState, Rest
from applinks.records.registrations import Registration
from applinks.web.pages.links.views import Finding
from applinks.web.pages.views import End, Lane, StateView
from applinks.web.pages.visit import find_tint
from applinks.wire.linking.terms import Access, Level, Terms
from applinks.wire.urls import get_host
from applinks.words import gettext as _
from applinks.words import (
    say_check,
    say_credentials_refused,
    say_end,
    say_remaining,
    say_rest,
    say_state,
    say_way,
    say_when,
)

_COLOURS = {
    "connected": "ok",
    "ready": "ok",
    "testing": "wait",
    "attention": "warn",
    "paused": "rest",
    "off": "rest",
    "waiting": "wait",
    "yours": "wait",
    "ended": "off",
}

# Nothing that was entered is wrong then.
_CLOCKS = "failed:timestamp_refused"
# How long after an answer of ours the peer is asked what it heard.
_CONFIRMED_SECONDS = 2
_MAY_ASK_AGAIN = frozenset({EndReason.DECLINED, EndReason.EXPIRED, EndReason.NOT_HEARD})


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLook:
    """
    A link as it is looked at now.

    Attributes:
        us: what this application is called; ``base_url`` is ours.
        url: the page of the link.
        paused_by: who paused it on this side, by name.
        answer_url: where an answer that approves less waits in this session; empty: none does.
        new_url: where the same application is asked again.
        proposal_seconds: how long a proposal of ours is good for the other side.
        reference: of the failure in which our last test call ended; empty: not known.
        registration: what we are at the server of a link by hand; None: no such link, or we do not call it.
    """

    link: Link
    us: str
    base_url: str
    url: str
    now: int
    paused_by: str = ""
    answer_url: str = ""
    new_url: str = ""
    proposal_seconds: int = 600
    reference: str = ""
    registration: Registration | None = None

    @property
    def is_answered(self) -> bool:
        """Whether the other side approved less, and an administrator here has to agree."""
        return bool(self.answer_url) and self.link.state is LinkState.PROPOSED

    @property
    def them(self) -> End:
        """The peer's end of the picture."""
        peer = self.link.peer
        host = get_host(peer.url) if peer.url else _("only calls {us}").format(us=self.us)
        return End(name=self.link.name, host=host, url=peer.display_url or peer.url, tint=find_tint(self.link.id))

    @property
    def terms(self) -> Terms | None:
        """What was agreed, else what is being agreed."""
        if self.link.agreed is not None:
            return self.link.agreed.terms
        return self.link.pending.terms if self.link.pending is not None else None

    @property
    def incoming_access(self) -> Access | None:
        """What the peer may do here by these terms; None: nothing."""
        if self.link.is_by_hand:
            return _build_access(self.link.incoming, from_url=self.link.peer.url, to_url=self.base_url)
        return self.terms.find(from_url=self.link.peer.url, to_url=self.base_url) if self.terms else None

    @property
    def outgoing_access(self) -> Access | None:
        """What we may do there by these terms; None: nothing."""
        if self.link.is_by_hand:
            return _build_access(self.link.outgoing, from_url=self.base_url, to_url=self.link.peer.url)
        return self.terms.find(from_url=self.base_url, to_url=self.link.peer.url) if self.terms else None

    @property
    def is_switched_off_there(self) -> bool:
        """Whether the peer serves us nothing although it was agreed."""
        allows = self.link.peer.allows
        return allows is not None and not allows.user_scopes and not allows.application_scopes

    @property
    def is_incomplete(self) -> bool:
        """Whether something is missing that has to come from the other side before we can call it."""
        return self.registration is not None and not self.registration.is_complete

    @property
    def is_told(self) -> bool:
        """
        Whether the peer has heard all that it should know, or our answer to it said it a moment ago.

        To one that was linked by hand nothing is said.
        """
        if self.link.is_by_hand:
            return True
        peer, statement = self.link.peer, self.link.statement
        # Such an answer counts as the first attempt; what the peer makes of it is heard with the next.
        was_answered = statement.attempts == 1 and self.now < statement.next_at <= peer.heard_at + _CONFIRMED_SECONDS
        return peer.heard_seq >= self.link.seq or peer.ended or was_answered


def _build_access(direction: Direction, *, from_url: str, to_url: str) -> Access | None:
    """Give a direction of a link by hand as if it had been agreed: what is set here is all that there is."""
    if not direction.protocols:
        return None
    return Access(
        from_url=from_url,
        to_url=to_url,
        protocols=direction.protocols,
        level=direction.level if direction.is_enabled else Level.OAUTH,
        user_scopes=direction.user_scopes,
        application_scopes=direction.application_scopes,
    )


def find_state(look: LinkLook) -> StateView:
    """Give the worst of what people decided, what the two ends found, and what the tests say."""
    findings = list_findings(look)
    key = _find_key(look)
    colour = _COLOURS[key]
    reason = next((each for each in findings if each.state == colour), None)
    return StateView(
        key=key,
        state=colour,
        word=say_state(key),
        why=_say_why(reason) if reason else "",
        fix=reason.fix if reason else "",
        fix_url=reason.fix_url if reason else "",
    )


def _say_why(reason: Finding) -> str:
    """Say a reason in the list: with what somebody gave as hers, and without the advice, which the page holds."""
    return (
        _("{what}: {reason}.").format(what=reason.what.removesuffix("."), reason=reason.reason)
        if reason.reason
        else reason.what
    )


def list_findings(look: LinkLook) -> tuple[Finding, ...]:
    """Give everything that an administrator should know, the most pressing first."""
    link = look.link
    if link.ended_at:
        found = [_describe_end(look)]
    elif link.state is not LinkState.IN_FORCE:
        return (_describe_wait(look),)
    else:
        found = [*_describe_rests(look), *_describe_checks(look), *_describe_pauses(look), *_describe_switches(look)]
        found.extend(_describe_missing(look))
    if not look.is_told:
        found.append(_describe_untold(link))
    return tuple(found)


def build_lane(look: LinkLook, direction: str) -> Lane:
    """Draw one direction."""
    access = look.incoming_access if direction == "in" else look.outgoing_access
    here = look.link.incoming if direction == "in" else look.link.outgoing
    if access is None or look.link.ended_at:
        return Lane(direction=direction, state="off", words=_("Disabled"))
    if look.link.state is not LinkState.IN_FORCE:
        return Lane(direction=direction, state="wait", words=say_way(access.protocols, access.level.value))
    if not here.is_enabled:
        return Lane(direction=direction, state="off", words=_("Disabled"))
    if direction == "out" and look.is_switched_off_there:
        return Lane(direction=direction, state="off", words=_("Disabled there"))
    words = say_way(access.protocols, here.level.value)
    return Lane(direction=direction, state=_find_lane_state(look, direction), words=words)


def build_test(look: LinkLook, direction: str) -> StateView | None:
    """Say what the last test call in a direction found."""
    # While no call may pass, what an earlier test found says nothing.
    if not look.link.is_usable or look.link.is_by_hand:
        return None
    result = get_check(look, direction)
    caller, server = (look.link.name, look.us) if direction == "in" else (look.us, look.link.name)
    sentence = say_check(result, caller=caller, server=server)
    if sentence is None:
        return None
    colour = {"passed": "ok", "pending": "wait"}.get(result, "warn")
    return StateView(key=result, state=colour, word=sentence.what.removesuffix("."))


def get_check(look: LinkLook, direction: str) -> str:
    """Give the result of a direction's test call; ``none`` where nothing is to be tested."""
    here = look.link.incoming if direction == "in" else look.link.outgoing
    access = look.incoming_access if direction == "in" else look.outgoing_access
    if look.link.is_by_hand:
        # Nobody but Applinks makes test calls; what a server makes of our proof is found out where users connect.
        return look.link.check if direction == "out" and access is not None and here.is_enabled else "none"
    if access is None or not here.is_enabled or (direction == "out" and look.is_switched_off_there):
        return "none"
    return look.link.peer.check if direction == "in" else look.link.check


def is_waiting(link: Link) -> bool:
    """Whether the link is not in force yet."""
    return link.state in {LinkState.PROPOSED, LinkState.APPROVED, LinkState.CONFIRMING}


def _find_key(look: LinkLook) -> str:
    link = look.link
    if link.ended_at:
        return "ended"
    if is_waiting(link):
        return "yours" if look.is_answered else "waiting"
    if link.rest:
        return "attention"
    if link.is_paused:
        return "paused"
    return _find_key_of_use(look)


def _find_key_of_use(look: LinkLook) -> str:
    """Say of a link that is meant to work whether it does, as far as we can tell."""
    if look.link.is_by_hand and not look.link.incoming.is_enabled and not look.link.outgoing.is_enabled:
        return "off"
    if look.link.is_by_hand and look.is_incomplete:
        return "yours"
    checks = (get_check(look, "in"), get_check(look, "out"))
    if any(check.startswith("failed") for check in checks):
        return "attention"
    if look.link.is_by_hand:
        return "ready"
    return "testing" if "pending" in checks else "connected"


def _find_lane_state(look: LinkLook, direction: str) -> str:
    if look.link.rest:
        return "bad"
    if look.link.is_paused:
        return "rest"
    if direction == "out" and look.is_incomplete:
        return "wait"
    check = get_check(look, direction)
    return "bad" if check.startswith("failed") else "wait" if check == "pending" else "ok"


def _describe_end(look: LinkLook) -> Finding:
    reason = look.link.ended_reason
    what = say_end(reason, peer=look.link.name)
    if look.new_url and reason in _MAY_ASK_AGAIN:
        return Finding(state="off", what=what, fix=_("Ask again"), fix_url=look.new_url)
    return Finding(state="off", what=what)


def _describe_untold(link: Link) -> Finding:
    if link.ended_at and not link.statement.next_at:
        what = _("{peer} never heard of it.").format(peer=link.name)
        return Finding(state="wait", what=what, advice=_("It did not answer. Its administrator can delete it there."))
    what = _("{peer} has not been told yet.").format(peer=link.name)
    return Finding(state="wait", what=what, advice=_("This is tried again by itself until it answers."))


def _describe_wait(look: LinkLook) -> Finding:
    link, pending = look.link, look.link.pending
    if look.is_answered:
        return Finding(
            state="wait",
            what=_("{peer} approved less than you asked for.").format(peer=link.name),
            advice=_("Look at it, and agree or refuse."),
            fix=_("Look at what {peer} approved").format(peer=link.name),
            fix_url=look.answer_url,
        )
    until = pending.until if pending else look.now
    if link.state is LinkState.PROPOSED:
        # The record is kept a little longer than the other side may still approve it.
        until = min(until, link.created_at + look.proposal_seconds)
    remaining = say_remaining(max(until - look.now, 0))
    if link.state is LinkState.PROPOSED:
        text = _("An administrator of {peer} has to approve. The request is good for another {time}.")
    elif link.state is LinkState.APPROVED:
        text = _("Approved here; {peer} has to take it up within {time}.")
    else:
        text = _("{peer} approved; the two are putting the link in force.")
    return Finding(state="wait", what=text.format(peer=link.name, time=remaining))


def _describe_rests(look: LinkLook) -> list[Finding]:
    found = []
    for rest in sorted(look.link.rest):
        sentence = say_rest(rest, us=look.us, peer=look.link.name)
        fix, fix_url = ("", "")
        if rest is Rest.KEYS_CHANGED:
            fix, fix_url = _("Compare the keys"), f"{look.url}/keys"
        found.append(Finding(state="warn", what=sentence.what, advice=sentence.advice, fix=fix, fix_url=fix_url))
    return found


def _describe_checks(look: LinkLook) -> list[Finding]:
    found = []
    for direction in ("in", "out"):
        result = get_check(look, direction)
        caller, server = (look.link.name, look.us) if direction == "in" else (look.us, look.link.name)
        said, fix, url = say_check(result, caller=caller, server=server), "", ""
        if look.link.is_by_hand and result.startswith("failed") and result != _CLOCKS:
            said, fix = say_credentials_refused(us=caller, peer=server), _("Enter the values")
            url = f"{look.url}/outgoing"
        # While calls are stopped on purpose, a test that could not pass says nothing.
        if said is not None and result.startswith("failed") and not look.link.is_paused and not look.link.rest:
            reference = look.reference if direction == "out" else ""
            found.append(
                Finding(state="warn", what=said.what, advice=said.advice, reference=reference, fix=fix, fix_url=url)
            )
    return found


def _describe_pauses(look: LinkLook) -> list[Finding]:
    found = []
    if look.link.pause is not None:
        pause = look.link.pause
        when = say_when(pause.at, now=look.now)
        what = _("{name} paused it {when}.").format(name=look.paused_by or _("Somebody"), when=when)
        reason = _("“{reason}”").format(reason=pause.reason) if pause.reason else ""
        found.append(Finding(state="rest", what=what, advice=reason, reason=reason))
    if look.link.peer.paused and look.link.pause is not None:
        what = _("{peer} has paused it too; that pause stays until an administrator there resumes.")
        found.append(Finding(state="rest", what=what.format(peer=look.link.name)))
    elif look.link.peer.paused:
        what = _("{peer} paused it.").format(peer=look.link.name)
        advice = _("Only an administrator of {peer} can resume it.").format(peer=look.link.name)
        found.append(Finding(state="rest", what=what, advice=advice))
    return found


def _describe_switches(look: LinkLook) -> list[Finding]:
    if look.outgoing_access is None or not look.is_switched_off_there or not look.link.outgoing.is_enabled:
        return []
    what = _("{peer} has switched off calls of {us}.").format(peer=look.link.name, us=look.us)
    advice = _("Only an administrator of {peer} can switch them on again.").format(peer=look.link.name)
    return [Finding(state="rest", what=what, advice=advice)]


def _describe_missing(look: LinkLook) -> list[Finding]:
    registration, peer = look.registration, look.link.name
    if registration is None or registration.is_complete:
        return []
    if not registration.client_id:
        what = _("The client ID that {peer} gives {us} is missing.")
        advice = _("Register {us} at {peer} with the redirect URI below, then enter here what it gives you.")
    else:
        what = _("The secret that {peer} gave {us} is missing.")
        advice = _("Copy it from {peer}; if it shows it no more, make a new one there.")
    return [
        Finding(
            state="wait",
            what=what.format(peer=peer, us=look.us),
            advice=advice.format(peer=peer, us=look.us),
            fix=_("Enter the values"),
            fix_url=f"{look.url}/outgoing",
        )
    ]


def list_scopes_in_use(look: LinkLook, direction: str) -> Direction:
    """Give a direction with the scopes that work now: outgoing, only those that the peer serves."""
    if direction == "in":
        return look.link.incoming
    here, allows = look.link.outgoing, look.link.peer.allows
    if allows is None:
        return here
    return Direction(
        level=here.level,
        protocols=here.protocols,
        user_scopes=tuple(name for name in here.user_scopes if name in allows.user_scopes),
        application_scopes=tuple(name for name in here.application_scopes if name in allows.application_scopes),
    )
