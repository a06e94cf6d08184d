"""A user's decision about a client of OAuth 1.0a, and the code that she types where no callback takes it back."""

from dataclasses import replace

from starlette.responses import Response

from applinks.errors import RefusedError
from applinks.incoming.oauth1.owner_authorization import (
    ApprovedAuthorization,
    OpenedAuthorization,
    approve_authorization,
    deny_authorization,
    look_up_authorization,
    open_owner_authorization,
)
from applinks.web.pages.consent.question import build_consent_page, build_end, build_lanes, find_name, was_shown
from applinks.web.pages.views import ConsentPage, DecidedPage
from applinks.web.pages.visit import Visit
from applinks.words import Sentence, say_remaining
from applinks.words import gettext as _

_CONFLICT = 409


async def show_authorization(visit: Visit) -> Response:
    """Ask the user, unless she granted all of it before."""
    return await _ask(visit, await open_owner_authorization(visit.query, side=visit.context.incoming))


async def decide_authorization(visit: Visit) -> Response:
    """Take the verifier, or the no, back to the client; or show what is next."""
    side = visit.context.incoming
    opened = await open_owner_authorization(visit.query, side=side)
    if visit.form.get("deny"):
        url = await deny_authorization(opened, visit.user, side=side)
        return visit.redirect(url) if url else await _show_denied(visit, opened)
    if not visit.form.get("approve"):
        raise RefusedError("Neither yes nor no was said.")
    if not was_shown(visit, opened):
        return await _ask(visit, opened, has_changed=True)
    return await _go_on(visit, opened, await approve_authorization(opened, visit.user, side=side))


async def _ask(visit: Visit, opened: OpenedAuthorization, *, has_changed: bool = False) -> Response:
    found = await look_up_authorization(opened, visit.user, side=visit.context.incoming)
    if isinstance(found, ApprovedAuthorization):
        return await _go_on(visit, opened, found)
    page = build_consent_page(visit, opened, granted=found.granted, has_changed=has_changed)
    page = _add_next(page, opened, us=visit.context.name)
    return await visit.render("consent.html", page, status=_CONFLICT if has_changed else 200, leads_away=True)


async def _go_on(visit: Visit, opened: OpenedAuthorization, approved: ApprovedAuthorization) -> Response:
    if approved.url:
        return visit.redirect(approved.url)
    name, us = find_name(opened), visit.context.name
    page = _build_decided(visit, opened, title=_("{name} may use your {us} account now").format(name=name, us=us))
    page = replace(page, text=_("Go back to {name}: it goes on by itself.").format(name=name))
    if approved.oauth_verifier is not None:
        remaining = say_remaining(max(opened.credentials.expires_at - visit.now, 0))
        page = replace(
            page,
            title=_("Type this code into {name}").format(name=name),
            text=_("Then {name} may use your {us} account. Give the code to nobody else.").format(name=name, us=us),
            code=approved.oauth_verifier.reveal(),
            hint=_("One click marks all of it. It is good once, for another {time}.").format(time=remaining),
        )
    return await visit.render("decided.html", page)


async def _show_denied(visit: Visit, opened: OpenedAuthorization) -> Response:
    name, us = find_name(opened), visit.context.name
    page = _build_decided(visit, opened, title=_("{name} was not let in").format(name=name))
    text = _("It cannot use your {us} account. You can close this page.").format(us=us)
    return await visit.render("decided.html", replace(page, text=text, is_denied=True))


def _build_decided(visit: Visit, opened: OpenedAuthorization, *, title: str) -> DecidedPage:
    return DecidedPage(
        us=visit.us,
        them=build_end(opened),
        user_name=visit.user.name,
        lanes=build_lanes(opened, visit.context.name),
        title=title,
        text="",
    )


def _add_next(page: ConsentPage, opened: OpenedAuthorization, *, us: str) -> ConsentPage:
    """Say what follows where nobody is taken back, and what an older protocol cannot tell."""
    name = find_name(opened)
    if opened.credentials.is_dialect_1_0:
        # Nothing ties whoever began to whoever says yes here: that is why 1.0a has a verifier.
        page = replace(
            page,
            warning=Sentence(
                what=_("{name} speaks an older protocol, which cannot tell who began this").format(name=name),
                advice=_("If you followed an address that somebody sent you, say no."),
            ),
        )
    if opened.callback:
        return page
    if opened.is_out_of_band:
        return replace(page, after=_("Then {us} shows you a code to type into {name}.").format(us=us, name=name))
    return replace(page, after=_("Then go back to {name} yourself.").format(name=name))
