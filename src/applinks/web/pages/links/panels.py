"""The page of one link, from its record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from applinks.linking.keys import format_fingerprint
from applinks.records.clients import Client, GrantType
from applinks.records.links import Direction, LinkState
from applinks.records.scopes import Scope
from applinks.web.pages.forms import describe_theirs
from applinks.web.pages.links.addresses import list_addresses
from applinks.web.pages.links.hand.panels import build_client_panels, build_registration_panel, say_proof
from applinks.web.pages.links.hand.views import NewSecret
from applinks.web.pages.links.states import (
    LinkLook,
    build_lane,
    build_test,
    find_state,
    is_waiting,
    list_findings,
    list_scopes_in_use,
)
from applinks.web.pages.links.views import KeyView, LinkPage, LinkRow, Panel, ScopeLine
from applinks.web.pages.views import Choice, End
from applinks.wire.linking.terms import Access, Level
from applinks.words import gettext as _
from applinks.words import ngettext, say_level, say_protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFacts:
    """
    What the page shows beside the record.

    Attributes:
        scopes: what the host declares.
        own_keys: our public JWKs, the one that signs first; ``own_oauth1_keys`` are those of OAuth 1.0a.
        grants, connections: how many users said yes here, and how many are connected there.
        linked_by: who began or approved it here, by name.
        clients: of a link by hand; ``redirect_uri`` is ours at its server, ``public_key`` ours of OAuth 1.0a, in PEM.
        names: of the users whom its clients name, by id.
        consumer_key: who we are over OAuth 1.0a.
        secret: one that was made with this very request.
    """

    scopes: tuple[Scope, ...]
    own_keys: Sequence[Mapping[str, object]] = field(repr=False)
    grants: int
    connections: int
    linked_by: str
    may_change: bool
    clients: tuple[Client, ...] = ()
    redirect_uri: str = ""
    public_key: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    consumer_key: str = ""
    own_oauth1_keys: Sequence[Mapping[str, object]] = field(default=(), repr=False)
    secret: NewSecret | None = None


def build_row(look: LinkLook) -> LinkRow:
    """Give a link as the list shows it."""
    link = look.link
    return LinkRow(
        url=look.url,
        them=look.them,
        state=find_state(look),
        incoming=build_lane(look, "in"),
        outgoing=build_lane(look, "out"),
        since=link.in_force_at or link.created_at,
    )


def build_link_page(look: LinkLook, facts: LinkFacts) -> LinkPage:
    """Give a link as its own page shows it."""
    link = look.link
    return LinkPage(
        us=End(name=look.us),
        them=look.them,
        url=look.url,
        state=find_state(look),
        findings=list_findings(look),
        bridge_label=_("How {us} and {peer} are linked").format(us=look.us, peer=link.name),
        lane_in=build_lane(look, "in"),
        lane_out=build_lane(look, "out"),
        incoming=build_panel(look, facts, "in"),
        outgoing=build_panel(look, facts, "out"),
        addresses=()
        if link.is_by_hand
        else list_addresses(look, own_keys=facts.own_keys, consumer_key=facts.consumer_key),
        linked_at=link.in_force_at,
        begun_at=link.created_at,
        linked_by=facts.linked_by,
        heard_at=link.peer.heard_at,
        loss=say_loss(look, facts),
        may_change=facts.may_change,
        is_in_force=link.state is LinkState.IN_FORCE,
        may_test=not link.is_by_hand and link.is_usable and link.outgoing.is_enabled and not look.is_switched_off_there,
        is_waiting=is_waiting(link),
        is_paused_here=link.pause is not None,
        is_ended=bool(link.ended_at),
        never_was=bool(link.ended_at) and not link.in_force_at,
        is_by_hand=link.is_by_hand,
        secret=facts.secret,
        clients=build_client_panels(look, facts.clients, names=facts.names) if not link.ended_at else (),
        registration=None
        if link.ended_at
        else build_registration_panel(look, redirect_uri=facts.redirect_uri, public_key=facts.public_key),
    )


def build_panel(look: LinkLook, facts: LinkFacts, direction: str) -> Panel:
    """Give one direction: who is who, how far it goes, what may be done."""
    access = look.incoming_access if direction == "in" else look.outgoing_access
    here = look.link.incoming if direction == "in" else look.link.outgoing
    in_force = look.link.state is LinkState.IN_FORCE
    is_on = access is not None and (here.is_enabled or not in_force) and not look.link.ended_at
    is_off_there = direction == "out" and look.is_switched_off_there
    caller = look.link.name if direction == "in" else look.us
    key = _find_key(look, facts, direction, access)
    now = Direction() if look.link.ended_at else list_scopes_in_use(look, direction) if in_force else None
    path = "incoming" if direction == "in" else "outgoing"
    if direction == "in" and access is not None and look.link.is_by_hand:
        access = _narrow_to_use(access, facts)
    # A server of OAuth 1.0a that was entered by hand knows no scopes, and has users all the same.
    has_scopes = access is not None and (direction == "in" or "oauth1" not in access.protocols)
    asks_users = here.level is not Level.IMPERSONATION
    is_alone = look.link.is_by_hand and has_scopes and access is not None and not access.user_scopes
    return Panel(
        direction=direction,
        who=say_who(look, direction, is_agreed=access is not None and not look.link.ended_at),
        is_enabled=is_on,
        level=_say_level(look, direction, access if is_on else None),
        level_hint=_say_level_hint(here, is_alone=is_alone) if is_on and not is_off_there else "",
        protocols=tuple(say_protocol(name) for name in access.protocols) if access else (),
        fingerprint=format_fingerprint(str(key["kid"])) if is_on and key and not look.link.is_by_hand else "",
        proof=say_proof(look, facts.clients, direction) if is_on and look.link.is_by_hand else "",
        users=_say_users(direction, facts) if is_on and in_force and not is_alone and asks_users else "",
        test=build_test(look, direction),
        user_title=(_("With a user’s consent, {caller} may") if asks_users else _("As any user, {caller} may")).format(
            caller=caller
        ),
        user_scopes=_list_lines(look, facts, direction, access, now, users=True),
        application_title=_("As itself, without a user, {caller} may").format(caller=caller),
        application_scopes=_list_lines(look, facts, direction, access, now, users=False),
        foot=_say_foot(look, direction, access),
        change_url=f"{look.url}/{path}" if in_force and (access or look.link.is_by_hand) else "",
        change_words="" if access else _("Set up"),
    )


def _find_key(look: LinkLook, facts: LinkFacts, direction: str, access: Access | None) -> Mapping[str, object] | None:
    """Give the key that proves who calls: one that is for OAuth 1.0a alone, where nothing else is spoken."""
    peer = look.link.peer
    keys, oauth1_keys = (peer.keys, peer.oauth1_keys) if direction == "in" else (facts.own_keys, facts.own_oauth1_keys)
    by_protocol = oauth1_keys if access is not None and access.protocols == ("oauth1",) else keys
    return next(iter(by_protocol), None)


def _say_level_hint(here: Direction, *, is_alone: bool) -> str:
    if here.level is Level.IMPERSONATION:
        return _("users are named, and not asked")
    return _("only as itself, without users") if is_alone else _("users decide for themselves")


def _narrow_to_use(access: Access, facts: LinkFacts) -> Access:
    """Leave of what clients may be given here what any of them can be: users need a way back, and not all is for it."""
    can_ask_users = not facts.clients or any(
        GrantType.AUTHORIZATION_CODE in each.grant_types or each.oauth1 is not None for each in facts.clients
    )
    for_itself = {scope.name for scope in facts.scopes if scope.application}
    return replace(
        access,
        user_scopes=access.user_scopes if can_ask_users else (),
        application_scopes=tuple(name for name in access.application_scopes if name in for_itself),
    )


def say_who(look: LinkLook, direction: str, *, is_agreed: bool = True) -> str:
    """Say who is who, in the words that administrators know."""
    names = {"us": look.us, "peer": look.link.name}
    if direction == "in":
        if not is_agreed:
            return _("{peer} does not call us.").format(**names)
        return _("{peer} calls us: we are the service provider, {peer} is the consumer.").format(**names)
    if not is_agreed:
        return _("We do not call {peer}.").format(**names)
    return _("We call {peer}: we are the consumer, {peer} is the service provider.").format(**names)


def say_loss(look: LinkLook, facts: LinkFacts) -> str:
    """Say what ending the link takes away."""
    peer = look.link.name
    if look.link.state is LinkState.PROPOSED:
        return _("Nobody uses it yet. If {peer} approves all the same, nothing comes of it.").format(peer=peer)
    if look.link.state is not LinkState.IN_FORCE:
        return _("Nobody uses it yet. {peer} is told.").format(peer=peer)
    text = _("{us} stops at once. {peer} stops as soon as it has been told.").format(us=look.us, peer=peer)
    if look.link.is_by_hand:
        text = _("{us} stops at once, and forgets every secret. {peer} is not told.").format(us=look.us, peer=peer)
    return f"{text} {_say_lost_users(look, facts)}"


def _say_lost_users(look: LinkLook, facts: LinkFacts) -> str:
    groups = ((facts.grants, look.link.name), (facts.connections, look.us))
    said = [
        ngettext("{n} user of {name}", "{n} users of {name}", count).format(n=count, name=name)
        for count, name in groups
        if count
    ]
    if not said:
        return _("No user is connected at the moment.")
    if len(said) > 1:
        return _("{theirs} and {ours} lose their connection.").format(theirs=said[0], ours=said[1])
    lose = ngettext("{users} loses the connection.", "{users} lose their connection.", facts.grants + facts.connections)
    return lose.format(users=said[0])


def build_key_view(key: Mapping[str, object]) -> KeyView:
    """Give a key as people compare it."""
    kid = str(key["kid"])
    algorithm = str(key.get("alg") or key.get("crv") or key.get("kty") or "")
    if algorithm == "RSA":
        algorithm = _("RSA, for OAuth 1.0a alone")
    return KeyView(kid=kid, fingerprint=format_fingerprint(kid), algorithm=algorithm)


def describe_scope(look: LinkLook, facts: LinkFacts, direction: str, name: str) -> Choice:
    """Give a scope's words: ours as the host declares them, the peer's as its manifest says."""
    if direction == "in":
        declared = next((scope for scope in facts.scopes if scope.name == name), None)
        return Choice(label=declared.description if declared else name, hint=declared.detail if declared else "")
    return describe_theirs(look.link.peer.manifest)(name)


def _list_lines(
    look: LinkLook, facts: LinkFacts, direction: str, access: Access | None, now: Direction | None, *, users: bool
) -> tuple[ScopeLine, ...]:
    if access is None:
        return ()
    agreed = access.user_scopes if users else access.application_scopes
    in_use = agreed if now is None else now.user_scopes if users else now.application_scopes
    if now is not None and not now.is_enabled:
        in_use = ()
    return tuple(
        ScopeLine(
            name=name,
            label=describe_scope(look, facts, direction, name).label,
            is_on=name in in_use,
            off_words=_say_off(look, direction, name, users=users),
        )
        for name in agreed
    )


def _say_level(look: LinkLook, direction: str, access: Access | None) -> str:
    if access is None:
        return say_level("disabled")
    if direction == "out" and look.is_switched_off_there and look.link.state is LinkState.IN_FORCE:
        return _("Disabled by {peer}").format(peer=look.link.name)
    here = look.link.incoming if direction == "in" else look.link.outgoing
    return say_level((here.level if here.is_enabled else access.level).value)


def _say_off(look: LinkLook, direction: str, scope: str, *, users: bool) -> str:
    link = look.link
    if link.ended_at:
        return _("ended") if link.in_force_at else _("not agreed")
    if direction == "out" and is_lowered_there(look, scope, users=users):
        return say_lowered_there(look)
    return _("switched off")


def is_lowered_there(look: LinkLook, scope: str, *, users: bool) -> bool:
    """Whether the peer says that it does not serve a scope now that we would use."""
    here, allows = look.link.outgoing, look.link.peer.allows
    if allows is None or not here.is_enabled:
        return False
    ours, served = (
        (here.user_scopes, allows.user_scopes) if users else (here.application_scopes, allows.application_scopes)
    )
    return scope in ours and scope not in served


def say_lowered_there(look: LinkLook) -> str:
    """Say who took a scope away, beside it."""
    return _("switched off by {peer}").format(peer=look.link.name)


def _say_users(direction: str, facts: LinkFacts) -> str:
    if not (facts.grants if direction == "in" else facts.connections):
        return _("None yet")
    if direction == "in":
        return ngettext("{n} has said yes", "{n} have said yes", facts.grants).format(n=facts.grants)
    return ngettext("{n} is connected", "{n} are connected", facts.connections).format(n=facts.connections)


def _say_foot(look: LinkLook, direction: str, access: Access | None) -> str:
    names = {"us": look.us, "peer": look.link.name}
    if look.link.ended_at and access is not None:
        return _("Nothing of this holds any more.") if look.link.in_force_at else _("Nothing came of this.")
    if look.link.is_by_hand:
        return _say_foot_by_hand(look, direction, access)
    if look.terms is None:
        return _("Nothing was agreed.")
    if access is None:
        return _("This side was left out when the two were linked.")
    if direction == "in":
        return _("{us} lowers and raises this alone, within what both sides agreed.").format(**names)
    return _("{peer} can lower this at any time, and so can {us}.").format(**names)


def _say_foot_by_hand(look: LinkLook, direction: str, access: Access | None) -> str:
    if access is None:
        return "" if look.link.ended_at else _("It can be set up at any time.")
    if direction == "in":
        return _("What changes here counts from the next call on.")
    return _("What changes here counts for whoever connects from then on.")
