"""Links by hand: the pages of the protocol that was chosen, that fits what was found, or that a direction has."""

from starlette.responses import Response

from applinks.administration.links import LinkView
from applinks.web.pages.links.hand.change import save_hand_direction, show_hand_direction
from applinks.web.pages.links.hand.new import add_by_hand, choose_protocol, recall, show_by_hand
from applinks.web.pages.links.oauth1.change import save_new_client, save_server, show_new_client, show_server
from applinks.web.pages.links.oauth1.new import add_oauth1_by_hand, show_oauth1_by_hand
from applinks.web.pages.links.pages import find_registration
from applinks.web.pages.visit import Visit


async def show_new(visit: Visit) -> Response:
    """Show what can be set up."""
    is_oauth1 = choose_protocol(visit, recall(visit)) == "oauth1"
    return await (show_oauth1_by_hand(visit) if is_oauth1 else show_by_hand(visit))


async def add_new(visit: Visit) -> Response:
    """Make the link."""
    is_oauth1 = choose_protocol(visit, recall(visit)) == "oauth1"
    return await (add_oauth1_by_hand(visit) if is_oauth1 else add_by_hand(visit))


async def show_direction(visit: Visit, view: LinkView, direction: str) -> Response:
    """Show a direction, to change it or to set it up."""
    if not await _is_oauth1(visit, view, direction):
        return await show_hand_direction(visit, view, direction)
    return await (show_new_client(visit, view) if direction == "in" else show_server(visit, view))


async def save_direction(visit: Visit, view: LinkView, direction: str) -> Response:
    """Change a direction, or set it up."""
    is_search = bool(visit.form.get("look") or visit.form.get("private"))
    if is_search or not await _is_oauth1(visit, view, direction):
        return await save_hand_direction(visit, view, direction)
    return await (save_new_client(visit, view) if direction == "in" else save_server(visit, view))


async def _is_oauth1(visit: Visit, view: LinkView, direction: str) -> bool:
    """Whether the page of a direction is one of OAuth 1.0a alone; clients of both protocols share one page."""
    if direction == "in":
        return not view.link.incoming.protocols and choose_protocol(visit, None) == "oauth1"
    registration = await find_registration(visit, view.link)
    if registration is not None:
        return registration.protocol == "oauth1"
    found = recall(visit)
    return found is not None and choose_protocol(visit, found) == "oauth1"
