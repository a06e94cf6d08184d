"""A link, as the commands print it."""

from typing import TYPE_CHECKING, Any

from applinks.cli.output import format_time
from applinks.words import say_end, say_level, say_state

if TYPE_CHECKING:
    from applinks.administration.links import LinkView
    from applinks.records.links import Direction, Link


def describe_link(link: "Link") -> dict[str, Any]:
    """Give the JSON of a link; scripts rely on the first seven members."""
    return {
        "id": link.id,
        "handle": link.handle,
        "name": link.name,
        "state": link.state.value,
        "url": link.peer.url,
        "incoming": _describe_direction(link.incoming),
        "outgoing": _describe_direction(link.outgoing),
        "usable": link.is_usable,
        "paused": link.pause is not None,
        "paused_by_peer": link.peer.paused,
        "rest": sorted(reason.value for reason in link.rest),
        "check": link.check,
        "peer_check": link.peer.check,
        "told": link.peer.heard_seq >= link.seq,
        "created_at": format_time(link.created_at),
        "in_force_at": format_time(link.in_force_at),
        "ended_at": format_time(link.ended_at),
    }


def describe_view(view: "LinkView") -> dict[str, Any]:
    """Give the JSON of a link with what its page shows beside it."""
    return describe_link(view.link) | {
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


def list_row(link: "Link") -> tuple[str, ...]:
    """Give the cells of a link in the list."""
    return (
        link.handle,
        link.name,
        say_link(link),
        _say_direction(link, link.incoming),
        _say_direction(link, link.outgoing),
        link.peer.url,
    )


def list_ended_cells(link: "Link") -> tuple[str, ...]:
    """Give the further cells of a link in a list that also has those that ended."""
    return (format_time(link.ended_at) or "", link.id)


def list_facts(link: "Link") -> list[tuple[str, str]]:
    """Give the lines of one link."""
    facts = [
        ("Name", link.name),
        ("Handle", link.handle),
        ("Id", link.id),
        ("Address", link.peer.url),
        ("State", say_link(link)),
        ("Incoming", f"{link.name} calls us: {_say_direction(link, link.incoming)}"),
        ("Outgoing", f"we call {link.name}: {_say_direction(link, link.outgoing)}"),
        ("In force since", format_time(link.in_force_at) or "not yet"),
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
    """Whether the peer has heard of the last change."""
    return link.peer.ended or link.peer.heard_seq >= link.seq


def list_view_facts(view: "LinkView") -> list[tuple[str, str]]:
    """Give the lines of one link with its users and keys."""
    name = view.link.name
    untold = ("Not told yet", f"{name} has not heard of the last change")
    return [
        *list_facts(view.link),
        *(() if is_told(view.link) else (untold,)),
        ("Users", f"{view.users_in} gave {name} access here, {view.users_out} are connected there"),
        ("Our key", view.own_fingerprint),
        (f"{name}'s keys", ", ".join(view.peer_fingerprints)),
        *(
            (f"New key of {name}", f"{each}: compare, then approve it on the link's page")
            for each in view.new_fingerprints
        ),
    ]


def say_link(link: "Link") -> str:
    """Say the state of a link in the words of the pages: the worst of what there is."""
    return say_state(_find_state(link))


def _find_state(link: "Link") -> str:
    if link.ended_at:
        return "ended"
    if link.state.value != "in_force":
        return "waiting"
    if link.rest:
        return "attention"
    if link.is_paused:
        return "paused"
    checks = {link.check, link.peer.check}
    if any(check.startswith("failed") for check in checks):
        return "attention"
    return "testing" if "pending" in checks else "connected"


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
    return _join(say_level(direction.level.value), scopes)


def _say_actor(by: str) -> str:
    kind, _, name = by.partition(":")
    return f"by {name} on the command line" if kind == "command" else f"by the user {name}"


def _join(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
