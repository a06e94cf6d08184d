"""The pages on which a link over OAuth 1.0a is made and changed, from what stands in their fields."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from applinks.records.scopes import Scope
from applinks.web.pages.links.hand.pages import build_name_field, build_new_page, name_other
from applinks.web.pages.links.hand.problems import Problems
from applinks.web.pages.links.hand.server import KnownServer
from applinks.web.pages.links.hand.views import HandPage, HandSide, Variant
from applinks.web.pages.links.oauth1.client_side import build_client_side
from applinks.web.pages.links.oauth1.server_side import build_display_url, build_server_side
from applinks.web.pages.links.oauth1.values import ClientValues, ServerValues
from applinks.web.pages.views import Field
from applinks.words import gettext as _


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth1Values:
    """What stands in the fields, and what is wrong with it."""

    name: str
    client: ClientValues
    server: ServerValues | None
    problems: Problems = field(default_factory=Problems)


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
    them, wrong = name_other(server, values.name), values.problems.fields
    outgoing: HandSide | None = None
    about: tuple[Field, ...] = ()
    if server is not None and values.server is not None:
        outgoing = build_server_side(values.server, us=us, them=them, problems=wrong)
        about = (build_display_url(values.server, wrong),)
    incoming = build_client_side(values.client, scopes, us=us, them=them, is_only=server is None, problems=wrong)
    hint = _("Users read it when they are asked for access (consumer name, service provider name).")
    page = build_new_page(
        server,
        (incoming, outgoing),
        protocol="oauth1",
        us=us,
        name=build_name_field(values.name, hint=hint, problem=wrong.get("name", "")),
        tint=tint,
        once=once,
        problems=values.problems,
    )
    is_found = server is not None and server.is_atlassian
    return replace(page, found_state="ok" if is_found else "wait", about=about, variants=variants)
