"""A link, as the commands print it."""

from typing import TYPE_CHECKING, Any

from applinks.cli.links.hand_facts import HandFacts
from applinks.cli.links.oauth1.output import describe_registration, list_registration_facts
from applinks.cli.options import CommonOptions
from applinks.cli.output import clean, format_time, print_facts, print_json, print_line
from applinks.words import say_authentication, say_end, say_level, say_protocol, say_state

if TYPE_CHECKING:
    from applinks.administration.links import LinkView
    from applinks.records.links import Direction, Link

_NO_FACTS = HandFacts()


def describe_link(link: "Link", facts: HandFacts = _NO_FACTS) -> dict[str, Any]:
    """Give the JSON of a link; scripts rely on the first seven members."""
    registration = facts.registration
    return {
        "id": link.id,
        "handle": link.handle,
        "name": link.name,
        "state": link.state.value,
        "url": link.peer.url,
        "incoming": _describe_direction(link.incoming),
        "outgoing": _describe_direction(link.outgoing),
        "kind": link.kind.value,
        "issuer": link.issuer or None,
        "client_id": (registration.client_id or None) if registration else None,
        "protocol": registration.protocol if registration else None,
        **(describe_registration(registration) if registration and registration.protocol == "oauth1" else {}),
        "display_url": link.peer.display_url or None,
        "description": link.peer.description or None,
        "type": link.peer.kind or None,
        "primary": link.peer.is_primary,
        "redirect_uri": facts.redirect_uri,
        "complete": not facts.is_incomplete,
        "usable": link.is_usable,
        "paused": link.pause is not None,
        "paused_by_peer": link.peer.paused,
        "rest": sorted(reason.value for reason in link.rest),
        "check": link.check,
        "peer_check": link.peer.check,
        "told": is_told(link),
        "created_at": format_time(link.created_at),
        "in_force_at": format_time(link.in_force_at),
        "ended_at": format_time(link.ended_at),
    }


def describe_view(view: "LinkView", facts: HandFacts = _NO_FACTS) -> dict[str, Any]:
    """Give the JSON of a link with what its page shows beside it."""
    return describe_link(view.link, facts) | {
        "told": view.is_told,
        "users_in": view.users_in,
        "users_out": view.users_out,
        "own_fingerprint": view.own_fingerprint,
        "peer_fingerprints": list(view.peer_fingerprints),
        "new_fingerprints": list(view.new_fingerprints),
    }


LIST_HEADINGS = ("Link", "Name", "State", "Incoming", "Outgoing", "Address")
ENDED_HEADINGS = ("Ended", "Id")
"""Of a list that also has links that ended: of those the handle may be another's now, and only the id names them."""


def list_row(link: "Link", facts: HandFacts = _NO_FACTS) -> tuple[str, ...]:
    """Give the cells of a link in the list."""
    return (
        link.handle,
        link.name,
        say_link(link, facts),
        _say_direction(link, link.incoming),
        _say_direction(link, link.outgoing),
        link.peer.url,
    )


def list_ended_cells(link: "Link") -> tuple[str, ...]:
    """Give the further cells of a link in a list that also has those that ended."""
    return (format_time(link.ended_at) or "", link.id)


def list_facts(link: "Link", by_hand: HandFacts = _NO_FACTS) -> list[tuple[str, str]]:
    """Give the lines of one link."""
    facts = [
        ("Name", link.name),
        ("Handle", link.handle),
        ("Id", link.id),
        ("Address", link.peer.url or "none: it only calls us"),
        *((("Display URL", link.peer.display_url),) if link.peer.display_url else ()),
        *((("Description", link.peer.description),) if link.peer.description else ()),
        *((("Type", _say_kind(link)),) if link.peer.kind else ()),
        ("State", say_link(link, by_hand)),
        ("Incoming", f"{link.name} calls us: {_say_direction(link, link.incoming)}"),
        ("Outgoing", f"we call {link.name}: {_say_direction(link, link.outgoing)}"),
        ("In force since", format_time(link.in_force_at) or "not yet"),
        *_list_hand_facts(link, by_hand),
    ]
    if link.ended_at:
        facts.append(("Ended", _join(format_time(link.ended_at) or "", say_end(link.ended_reason, peer=link.name))))
    if link.pause is not None:
        facts.append(
            ("Paused here", _join(format_time(link.pause.at) or "", _say_actor(link.pause.by), link.pause.reason))
        )
    if link.peer.paused:
        facts.append(("Paused there", f"by an administrator of {link.name}"))
    return facts


def is_told(link: "Link") -> bool:
    """Whether the peer has heard of the last change; one that is no Applinks hears of none."""
    return link.is_by_hand or link.peer.ended or link.peer.heard_seq >= link.seq


def list_view_facts(view: "LinkView", facts: HandFacts = _NO_FACTS) -> list[tuple[str, str]]:
    """Give the lines of one link with its users and keys."""
    name = view.link.name
    lines = list_facts(view.link, facts)
    if not is_told(view.link):
        lines.append(("Not told yet", f"{name} has not heard of the last change"))
    lines.append(("Users", f"{view.users_in} gave {name} access here, {view.users_out} are connected there"))
    if view.link.is_by_hand:
        return lines
    return [
        *lines,
        ("Our key", view.own_fingerprint),
        (f"{name}'s keys", ", ".join(view.peer_fingerprints)),
        *(
            (f"New key of {name}", f"{each}: compare, then approve it on the link's page")
            for each in view.new_fingerprints
        ),
    ]


def print_changed(link: "Link", facts: HandFacts, common: CommonOptions) -> None:
    """Print a link after a change."""
    if common.json:
        print_json(describe_link(link, facts))
        return
    print_facts(list_facts(link, facts))
    if not is_told(link):
        # What a command can say: it sends nothing itself.
        print_line(clean(f"The running application tells {link.name} within seconds."))


def say_link(link: "Link", facts: HandFacts = _NO_FACTS) -> str:
    """Say the state of a link in the words of the pages: the worst of what there is."""
    return say_state(_find_state(link, facts))


def _find_state(link: "Link", facts: HandFacts) -> str:
    if link.ended_at or link.state.value != "in_force":
        return "ended" if link.ended_at else "waiting"
    if link.rest:
        return "attention"
    if link.is_paused:
        return "paused"
    if link.is_by_hand:
        return _find_state_by_hand(link, facts)
    checks = {link.check, link.peer.check}
    if any(check.startswith("failed") for check in checks):
        return "attention"
    return "testing" if "pending" in checks else "connected"


def _find_state_by_hand(link: "Link", facts: HandFacts) -> str:
    if not link.incoming.is_enabled and not link.outgoing.is_enabled:
        return "off"
    if facts.is_incomplete:
        return "yours"
    return "attention" if link.outgoing.is_enabled and link.check.startswith("failed") else "ready"


def _list_hand_facts(link: "Link", facts: HandFacts) -> list[tuple[str, str]]:
    """Give the lines of what we are at a server that is no Applinks; its secret is never shown."""
    registration = facts.registration
    if registration is None or link.ended_at:
        return []
    if registration.protocol == "oauth1":
        return [each for each in list_registration_facts(registration, facts.redirect_uri) if each[1]]
    lines = [
        ("Issuer", link.issuer),
        ("Redirect URI", facts.redirect_uri or ""),
        ("Our client ID", registration.client_id or "still to be entered: applinks links edit"),
    ]
    if registration.authentication.is_by_secret:
        secret = "still to be entered: applinks links edit" if registration.client_secret is None else "kept, not shown"
        lines.append(("Our secret", secret))
    lines.append(("We prove ourselves", say_authentication(registration.authentication)))
    if registration.endpoints is not None:
        lines += [
            ("Authorization endpoint", registration.endpoints.authorization),
            ("Token endpoint", registration.endpoints.token),
            ("Revocation endpoint", registration.endpoints.revocation),
            ("Userinfo endpoint", registration.endpoints.userinfo),
        ]
    return [(name, value) for name, value in lines if value]


def _describe_direction(direction: "Direction") -> dict[str, Any]:
    in_use = direction.in_use
    scopes = dict.fromkeys(in_use.user_scopes + in_use.application_scopes)
    return {
        "enabled": direction.is_enabled,
        "level": direction.level.value,
        "protocols": list(direction.protocols),
        "scopes": list(scopes),
        "user_scopes": list(in_use.user_scopes),
        "application_scopes": list(in_use.application_scopes),
    }


def _say_direction(link: "Link", direction: "Direction") -> str:
    if link.ended_at or not direction.is_enabled:
        return say_level("disabled")
    application = ", ".join(direction.application_scopes)
    own = f"without a user: {application}" if application else ""
    scopes = "; ".join(part for part in (", ".join(direction.user_scopes), own) if part)
    return _join(say_level(direction.level.value), ", ".join(map(say_protocol, direction.protocols)), scopes)


def _say_kind(link: "Link") -> str:
    return f"{link.peer.kind}, the primary one here" if link.peer.is_primary else link.peer.kind


def _say_actor(by: str) -> str:
    kind, _, name = by.partition(":")
    return f"by {name} on the command line" if kind == "command" else f"by the user {name}"


def _join(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
