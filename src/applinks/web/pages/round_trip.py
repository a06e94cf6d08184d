"""A user's journey to a linked application and back, which connects her account there."""

from starlette.responses import Response

from applinks.errors import PeerError, RefusedError
from applinks.outgoing.round_trip import begin, finish
from applinks.web.pages.visit import Visit
from applinks.wire.forms import MalformedFormError, parse_query


async def begin_round_trip(visit: Visit) -> Response:
    """Send the user to the linked application; ``return_to`` names the path on which she ends."""
    try:
        return_to = parse_query(visit.query).get("return_to")
    except MalformedFormError as error:
        raise RefusedError("The address is not well formed.", detail=str(error)) from error
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
