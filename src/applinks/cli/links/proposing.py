"""Asks, for ``links add``, the administrator of another Applinks to agree to a link."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from applinks.administration.by_hand import change_by_hand
from applinks.administration.hand_values import LinkChange
from applinks.administration.links import show_link
from applinks.administration.values import check_handle, clean_name
from applinks.cli.links.output import describe_link
from applinks.cli.links.typed import Typed
from applinks.cli.opening import find_actor
from applinks.cli.options import CommonOptions
from applinks.cli.output import clean, print_line, print_note
from applinks.cli.sides import OpenedSides, find_running
from applinks.entropy import new_id
from applinks.errors import RefusedError
from applinks.linking.discovery.applications import Discovery
from applinks.linking.proposer import impersonate, list_possible_terms, may_impersonate, propose
from applinks.wire.linking.manifest import Manifest
from applinks.wire.linking.terms import Access, Terms
from applinks.words import say_remaining


async def propose_link(discovery: Discovery, typed: Typed, sides: OpenedSides, common: CommonOptions) -> dict[str, Any]:
    """
    Propose the link, print the address to open, and give the JSON.

    Raises:
        LinkingError, RefusedError: it cannot be proposed.
    """
    _check_names(typed)
    running = await find_running(sides.linking)
    linking = running or sides.linking
    possible = await list_possible_terms(discovery, side=linking)
    terms = _narrow(possible, typed, discovery.manifest, own_url=sides.settings.base_url)
    link_id = new_id(linking.entropy, "lnk")
    actor = find_actor()
    address = await propose(discovery, terms, actor=actor.name, link_id=link_id, side=linking)
    names = LinkChange(name=typed.link.name, handle=typed.link.handle)
    if names != LinkChange():
        await change_by_hand(link_id, names, actor=actor, side=sides.administration)
    shown = await show_link(link_id, actor=actor, side=sides.administration)
    if running is None:
        print_note(
            f"This application does not answer at {sides.settings.base_url}."
            " Start it before the address is opened: the other side looks at it."
        )
    if not common.json:
        name = shown.link.name
        print_line(clean(f"{name} has Applinks, so its administrator is asked."))
        print_line()
        print_line(
            clean(
                f"Open this address within {say_remaining(linking.proposal_seconds)}, and log in as an"
                f" administrator of {name}:"
            )
        )
        print_line()
        print_line(address)
        print_line()
        print_line("What is approved there leads back here, where an administrator of this application logs in.")
        print_line(f"Then see how it stands: applinks links show {shown.link.handle}")
    return describe_link(shown.link) | {"proposal_url": address}


def _check_names(typed: Typed) -> None:
    """Refuse a name that no link can have before anybody is asked."""
    if typed.link.name is not None:
        clean_name(typed.link.name)
    if typed.link.handle is not None:
        check_handle(typed.link.handle)


def _narrow(possible: Terms, typed: Typed, peer: Manifest, *, own_url: str) -> Terms:
    """Give the part of the possible terms that was asked for."""
    accesses = []
    for access in possible.access:
        is_ours = access.from_url == own_url
        is_wanted = typed.link.outgoing if is_ours else typed.link.incoming is not False
        scopes, option = (
            (typed.outgoing.scope, "--scope") if is_ours else (typed.incoming.incoming_scope, "--incoming-scope")
        )
        is_far = typed.link.impersonation if is_ours else typed.link.incoming_impersonation
        if is_wanted:
            narrowed = _narrow_access(access, scopes, option) if scopes else access
            accesses.append(_choose_protocol(narrowed, peer, is_far=is_far, only_oauth1=typed.oauth1.oauth1))
    return Terms(access=tuple(accesses))


def _choose_protocol(access: Access, peer: Manifest, *, is_far: bool, only_oauth1: bool) -> Access:
    """Give the direction over OAuth 1.0a alone, where that was asked for; impersonation is had by it alone."""
    if is_far and not may_impersonate(access, peer):
        raise RefusedError(
            "Impersonation is had over OAuth 1.0a alone, and not both applications have that.",
            code="unsupported_terms",
        )
    if is_far:
        return impersonate(access)
    if only_oauth1 and "oauth1" not in access.protocols:
        raise RefusedError("Not both applications have OAuth 1.0a.", code="no_common_protocol")
    return replace(access, protocols=("oauth1",)) if only_oauth1 else access


def _narrow_access(access: Access, scopes: Sequence[str], option: str) -> Access:
    if unknown := [name for name in scopes if name not in access.user_scopes]:
        where = "there" if option == "--scope" else "here"
        offered = ", ".join(access.user_scopes) or "none"
        raise RefusedError(
            f"{option} {clean(unknown[0])}: that is not offered {where}. There are: {offered}.", code="invalid_scope"
        )
    return replace(
        access,
        user_scopes=tuple(name for name in access.user_scopes if name in scopes),
        application_scopes=tuple(name for name in access.application_scopes if name in scopes),
    )
