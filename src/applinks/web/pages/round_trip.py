"""A user's journey to a linked application and back, which connects her account there."""

from starlette.responses import Response

from applinks.errors import PeerError
from applinks.outgoing.round_trip import begin, finish
from applinks.web.pages.visit import Visit


async def begin_round_trip(visit: Visit) -> Response:
    """Send the user to the linked application; ``return_to`` names the path on which she ends."""
    return_to = visit.params.get("return_to")
    url = await begin(
        visit.request.path_params["link"],
        visit.user,
        visit.session.digest,
        return_to or visit.url("/account"),
        side=visit.context.outgoing,
    )
    return visit.redirect(url)


async def finish_round_trip(visit: Visit) -> Response:
    """Take the user back, and store her connection."""
    link = visit.request.path_params["link"]
    try:
        finished = await finish(link, visit.query, visit.session.digest, visit.user, side=visit.context.outgoing)
    except PeerError as error:
        error.link = error.link or link
        raise
    return visit.redirect(finished.return_to)
