"""What two applications agree on, as the pages of both administrators show it."""

from applinks.linking.discovery.applications import Discovery
from applinks.linking.proposer import may_impersonate
from applinks.web.pages.forms import DirectionChoices, describe_own, describe_theirs
from applinks.web.pages.links.views import Side
from applinks.web.pages.views import Lane
from applinks.web.pages.visit import Visit
from applinks.wire.linking.terms import Access, Level
from applinks.words import gettext as _


def build_choices(
    visit: Visit,
    incoming: Access | None,
    outgoing: Access | None,
    discovery: Discovery,
    *,
    is_proposal: bool = False,
) -> tuple[DirectionChoices | None, DirectionChoices | None]:
    """Give the boxes of both directions, in our words and in the peer's; who proposes may choose to impersonate."""
    peer = discovery.manifest
    ours = describe_own(visit.context.linking.resources[0].scopes)
    theirs = describe_theirs(discovery.document)
    incoming_goes_far, outgoing_goes_far = (
        is_proposal and access is not None and may_impersonate(access, peer) for access in (incoming, outgoing)
    )
    return (
        DirectionChoices(incoming, field="in", describe=ours, may_impersonate=incoming_goes_far) if incoming else None,
        DirectionChoices(outgoing, field="out", describe=theirs, may_impersonate=outgoing_goes_far)
        if outgoing
        else None,
    )


def build_pairing_lanes(us: str, peer: str, incoming: Access | None, outgoing: Access | None) -> tuple[Lane, ...]:
    """Draw the directions that are left, in one order everywhere."""
    text = _("{caller} will call {server}")
    lanes = (
        (incoming, Lane(direction="in", state="wait", words=text.format(caller=peer, server=us))),
        (outgoing, Lane(direction="out", state="wait", words=text.format(caller=us, server=peer))),
    )
    return tuple(lane for access, lane in lanes if access is not None)


def build_list(
    direction: str, choices: DirectionChoices | None, caller: str, server: str, *, is_open: bool = False
) -> Side:
    """Give one direction as a list of what may be done, every box ticked; ``is_open``: some of it can be taken away."""
    title = _("{caller} may").format(caller=caller)
    nothing = _("{caller} does not call {server}.").format(caller=caller, server=server)
    if choices is None:
        return Side(direction=direction, title=title, nothing=nothing)
    alone = choices.list_application(choices.access.application_scopes)
    return Side(
        direction=direction,
        title=title,
        user_title=_("as any user, whom nobody asks")
        if choices.access.level is Level.IMPERSONATION
        else _("for each user, after that user says yes"),
        user=choices.list_user(choices.access.user_scopes),
        application_title=_("as itself, without a user"),
        application=alone,
        who=_("{caller} calls {server}: {server} is the service provider.").format(caller=caller, server=server),
        way=choices.build_way(say_how(caller, server)) if is_open else None,
        alone=_say_alone(caller, [each.label for each in alone]),
        nothing=_("{caller} may only test the link.").format(caller=caller),
    )


def say_how(caller: str, server: str) -> str:
    """Say what the choice of protocols and level is about."""
    return _("How {caller} calls {server}").format(caller=caller, server=server)


def _say_alone(caller: str, labels: list[str]) -> str:
    """Say what an application may do without any user's consent: *See the list* becomes *can see the list*."""
    if not labels:
        return ""
    able = ", ".join(label[:1].lower() + label[1:] for label in labels)
    return _("{caller} can {able} even without a user.").format(caller=caller, able=able)
