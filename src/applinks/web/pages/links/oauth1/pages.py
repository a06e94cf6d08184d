"""The pages on which a link over OAuth 1.0a is made and changed, from what stands in their fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from applinks.administration.values import LONGEST_NAME
from applinks.records.scopes import Scope
from applinks.web.pages.links.hand.pages import build_lane
from applinks.web.pages.links.hand.server import KnownServer, list_warnings, say_found
from applinks.web.pages.links.hand.views import HandPage, HandSide, Variant
from applinks.web.pages.links.oauth1.client_side import build_client_side
from applinks.web.pages.links.oauth1.server_side import build_display_url, build_server_side
from applinks.web.pages.links.oauth1.values import ClientValues, ServerValues
from applinks.web.pages.views import End, Field
from applinks.wire.urls import get_host
from applinks.words import gettext as _


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth1Values:
    """
    What stands in the fields, and what is wrong with it.

    Attributes:
        problems: by field; ``problem`` is what is wrong with none of them.
        standing_url: the link that stands in the way.
    """

    name: str
    client: ClientValues
    server: ServerValues | None
    problems: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    standing_url: str = ""


def build_oauth1_page(
    server: KnownServer | None,
    values: OAuth1Values,
    *,
    us: str,
    scopes: Sequence[Scope],
    tint: int,
    once: str,
    variants: tuple[Variant, ...],
) -> HandPage:
    """Give the page on which a link is made; without a server, the application only calls us."""
    known = values.name or (server.name if server else "")
    them, shown = known or _("the other application"), known or _("The other application")
    host = get_host(server.url) if server else _("only calls {us}").format(us=us)
    outgoing: HandSide | None = None
    about: tuple[Field, ...] = ()
    if server is not None and values.server is not None:
        outgoing = build_server_side(values.server, us=us, them=them, problems=values.problems)
        about = (build_display_url(values.server, values.problems),)
    return HandPage(
        us=End(name=us),
        them=End(name=shown, host=host, url=server.url if server else "", tint=tint),
        found=say_found(server) if server else None,
        found_state="ok" if server is not None and server.is_atlassian else "wait",
        warnings=list_warnings(server) if server else (),
        lane_in=build_lane("in", "oauth1", is_on=values.client.is_enabled),
        lane_out=build_lane("out", "oauth1", is_on=values.server is not None and values.server.is_enabled),
        variants=variants,
        name=Field(
            name="name",
            label=_("Name"),
            value=values.name,
            longest=LONGEST_NAME,
            hint=_("Users read it when they are asked for access (consumer name, service provider name)."),
            problem=values.problems.get("name", ""),
        ),
        about=about,
        incoming=build_client_side(
            values.client, scopes, us=us, them=them, is_only=server is None, problems=values.problems
        ),
        outgoing=outgoing,
        hidden=(("once", once), *((("enable_in", "1"),) if server is None else ())),
        problem=values.problem,
        standing_url=values.standing_url,
        button=_("Link by hand"),
        after=_("Next you see the values to enter there. You can change or end the link at any time."),
    )
