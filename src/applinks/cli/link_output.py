"""A link, as the commands print it."""

from typing import TYPE_CHECKING, Any

from applinks.cli.output import format_time
from applinks.words import say_level, say_state

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


def list_row(link: "Link") -> tuple[str, ...]:
    """Give the cells of a link in the list."""
    return (
        link.handle,
        link.name,
        say_link(link),
        _say_direction(link.incoming),
        _say_direction(link.outgoing),
        link.peer.url,
    )


def list_facts(link: "Link") -> list[tuple[str, str]]:
    """Give the lines of one link."""
    facts = [
        ("Name", link.name),
        ("Handle", link.handle),
        ("Id", link.id),
        ("Address", link.peer.url),
        ("State", say_link(link)),
        ("Incoming", f"{link.name} calls us: {_say_direction(link.incoming)}"),
        ("Outgoing", f"we call {link.name}: {_say_direction(link.outgoing)}"),
        ("In force since", format_time(link.in_force_at) or "not yet"),
    ]
    if link.pause is not None:
        facts.append(
            ("Paused here", _join(format_time(link.pause.at) or "", _say_actor(link.pause.by), link.pause.reason))
        )
    if link.peer.paused:
        facts.append(("Paused there", f"by an administrator of {link.name}"))
    if link.peer.heard_seq < link.seq:
        facts.append(("Not told yet", f"{link.name} has not heard of the last change"))
    return facts


def list_view_facts(view: "LinkView") -> list[tuple[str, str]]:
    """Give the lines of one link with its users and keys."""
    name = view.link.name
    return [
        *list_facts(view.link),
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
    scopes = dict.fromkeys(direction.user_scopes + direction.application_scopes)
    return {
        "enabled": direction.is_enabled,
        "level": direction.level.value,
        "protocols": list(direction.protocols),
        "scopes": list(scopes),
        "user_scopes": list(direction.user_scopes),
        "application_scopes": list(direction.application_scopes),
    }


def _say_direction(direction: "Direction") -> str:
    if not direction.is_enabled:
        return say_level(direction.level.value)
    scopes = dict.fromkeys(direction.user_scopes + direction.application_scopes)
    return _join(say_level(direction.level.value), ", ".join(scopes))


def _say_actor(by: str) -> str:
    kind, _, name = by.partition(":")
    return f"by {name} on the command line" if kind == "command" else f"by the user {name}"


def _join(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
