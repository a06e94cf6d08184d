"""A user's decision about a client of OAuth 2."""

from starlette.responses import Response

from applinks.errors import RefusedError
from applinks.incoming.consent import approve, deny, look_up_consent
from applinks.incoming.oauth2.authorization_request import (
    AuthorizationRedirect,
    OpenedRequest,
    open_authorization_request,
)
from applinks.web.pages.consent.question import build_consent_page, was_shown
from applinks.web.pages.visit import Visit

_CONFLICT = 409


async def show_consent(visit: Visit) -> Response:
    """Ask the user, unless she granted all of it before."""
    try:
        return await _ask(visit, await open_authorization_request(visit.query, side=visit.context.incoming))
    except AuthorizationRedirect as refusal:
        return await _send_refusal(visit, refusal)


async def decide_consent(visit: Visit) -> Response:
    """Take the code, or the refusal, back to the client."""
    side = visit.context.incoming
    try:
        opened = await open_authorization_request(visit.query, side=side)
        if visit.form.get("deny"):
            return visit.redirect(deny(opened, side=side))
        if not visit.form.get("approve"):
            raise RefusedError("Neither yes nor no was said.")
        if not was_shown(visit, opened):
            return await _ask(visit, opened, has_changed=True)
        return visit.redirect(await approve(opened, visit.user, side=side))
    except AuthorizationRedirect as refusal:
        return await _send_refusal(visit, refusal)


async def _ask(visit: Visit, opened: OpenedRequest, *, has_changed: bool = False) -> Response:
    found = await look_up_consent(opened, visit.user, side=visit.context.incoming)
    if isinstance(found, str):
        return visit.redirect(found)
    page = build_consent_page(visit, opened, granted=found.granted, has_changed=has_changed)
    return await visit.render("consent.html", page, status=_CONFLICT if has_changed else 200, leads_away=True)


async def _send_refusal(visit: Visit, refusal: AuthorizationRedirect) -> Response:
    reference = await visit.context.failures.record(
        refusal, place="authorize", link_id=refusal.link_id, client=refusal.client, user_id=visit.user.id
    )
    return visit.redirect(refusal.build_url(reference))
