"""The pages on which a link by hand is made and changed, from what stands in their fields."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from applinks.administration.values import LONGEST_NAME
from applinks.records.scopes import Scope
from applinks.web.pages.links.hand.problems import Problems
from applinks.web.pages.links.hand.server import KnownServer, list_warnings, say_found
from applinks.web.pages.links.hand.sides import (
    IncomingValues,
    OutgoingValues,
    build_incoming_side,
    build_outgoing_side,
)
from applinks.web.pages.links.hand.views import HandChangePage, HandPage, HandSide, Variant
from applinks.web.pages.links.states import LinkLook
from applinks.web.pages.views import End, Field, Lane
from applinks.wire.urls import get_host
from applinks.words import gettext as _
from applinks.words import say_level, say_protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class HandValues:
    """What stands in the fields, and what is wrong with it."""

    name: str
    incoming: IncomingValues
    outgoing: OutgoingValues | None
    problems: Problems = field(default_factory=Problems)


def build_hand_page(
    server: KnownServer | None,
    values: HandValues,
    *,
    us: str,
    scopes: Sequence[Scope],
    tint: int,
    once: str,
    variants: tuple[Variant, ...] = (),
) -> HandPage:
    """Give the page on which a link is made; without a server, the application only calls us."""
    them, wrong = name_other(server, values.name), values.problems.fields
    outgoing = None
    if server is not None and values.outgoing is not None:
        outgoing = build_outgoing_side(values.outgoing, server, us=us, them=them, problems=wrong)
    incoming = build_incoming_side(values.incoming, scopes, us=us, them=them, is_only=server is None, problems=wrong)
    hint = _("Users read it when they are asked for access.")
    page = build_new_page(
        server,
        (incoming, outgoing),
        protocol="oauth2",
        us=us,
        name=build_name_field(values.name, hint=hint, problem=wrong.get("name", "")),
        tint=tint,
        once=once,
        problems=values.problems,
    )
    is_found = server is not None and server.has_metadata
    return replace(page, found_state="ok" if is_found else "wait", variants=variants)


def name_other(server: KnownServer | None, name: str) -> str:
    """Give what the other application is called in a sentence, whether it has a name yet or not."""
    return name or (server.name if server else "") or _("the other application")


def build_name_field(value: str, *, hint: str, problem: str) -> Field:
    """Give the field of the other application's name."""
    return Field(name="name", label=_("Name"), value=value, longest=LONGEST_NAME, hint=hint, problem=problem)


def build_new_page(
    server: KnownServer | None,
    sides: tuple[HandSide, HandSide | None],
    *,
    protocol: str,
    us: str,
    name: Field,
    tint: int,
    once: str,
    problems: Problems,
) -> HandPage:
    """Give what the page on which a link is made has around its two sides (incoming, outgoing), for any protocol."""
    incoming, outgoing = sides
    shown = name.value or (server.name if server else "") or _("The other application")
    host = get_host(server.url) if server else _("only calls {us}").format(us=us)
    return HandPage(
        us=End(name=us),
        them=End(name=shown, host=host, url=server.url if server else "", tint=tint),
        found=say_found(server) if server else None,
        warnings=list_warnings(server) if server else (),
        lane_in=_build_lane("in", protocol, is_on=incoming.is_on),
        lane_out=_build_lane("out", protocol, is_on=outgoing is not None and outgoing.is_on),
        name=name,
        incoming=incoming,
        outgoing=outgoing,
        hidden=(("once", once), *((("enable_in", "1"),) if server is None else ())),
        problem=problems.problem,
        standing_url=problems.standing_url,
        button=_("Link by hand"),
        after=_("Next you see the values to enter there. You can change or end the link at any time."),
    )


def _build_lane(direction: str, protocol: str, *, is_on: bool) -> Lane:
    """Draw a direction that is to be made."""
    if is_on:
        return Lane(direction=direction, state="wait", words=say_protocol(protocol))
    return Lane(direction=direction, state="off", words=say_level("disabled"))


def build_change_page(
    look: LinkLook,
    side: HandSide,
    *,
    is_new: bool,
    server: KnownServer | None = None,
    hidden: tuple[tuple[str, str], ...] = (),
    problems: Problems | None = None,
    variants: tuple[Variant, ...] = (),
) -> HandChangePage:
    """Give the page on which a direction of a link is set up (``is_new``) or changed."""
    name = _("incoming") if side.direction == "in" else _("outgoing")
    title = _("Set up {direction}") if is_new else _("Change {direction}")
    foot = _("Next you see the values to enter there.")
    if not is_new:
        foot = _("Changes count from the next call on.") if side.direction == "in" else ""
        if side.direction == "in" and "oauth1" in look.link.incoming.protocols:
            foot = _("Key, callback and the like are changed with the client itself.")
    return HandChangePage(
        them=look.them,
        url=look.url,
        title=title.format(direction=name),
        crumb=_("Incoming") if side.direction == "in" else _("Outgoing"),
        text=side.who,
        side=side,
        found=say_found(server) if server and is_new else None,
        found_state="ok" if server and server.has_metadata else "wait",
        warnings=list_warnings(server) if server and is_new else (),
        variants=variants if is_new else (),
        hidden=hidden,
        problem=problems.problem if problems else "",
        standing_url=problems.standing_url if problems else "",
        button=_("Save {direction}").format(direction=name),
        foot=foot,
    )


def build_client_page(
    look: LinkLook, side: HandSide, *, client: str, hidden: tuple[tuple[str, str], ...] = ()
) -> HandChangePage:
    """Give the page on which one client of a link is changed."""
    page = build_change_page(look, side, is_new=False, hidden=hidden)
    title = _("Change {client}").format(client=client)
    foot = _("Changes count from the next call on.")
    return replace(page, title=title, crumb=client, foot=foot, button=_("Save the client"))


def build_address_page(
    look: LinkLook, *, address: Field, private_host: str = "", standing_url: str = ""
) -> HandChangePage:
    """Ask where the application is, before the outgoing side can be set up."""
    them, us = look.link.name, look.us
    side = HandSide(direction="out", title="", who="", enabled=None)
    return HandChangePage(
        them=look.them,
        url=look.url,
        title=_("Set up {direction}").format(direction=_("outgoing")),
        crumb=_("Outgoing"),
        text=_("{us} is to call {them}: where is it?").format(us=us, them=them),
        side=side,
        address=address,
        asks_private=bool(private_host),
        private_host=private_host,
        standing_url=standing_url,
        button="",
    )
