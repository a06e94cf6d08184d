"""A user's decision: may this application act for her?"""

import hashlib
import hmac
import json
from dataclasses import replace
from urllib.parse import urlsplit

from starlette.responses import Response

from applinks.errors import RefusedError
from applinks.incoming.consent import ConsentQuestion, approve, deny, look_up_consent
from applinks.incoming.oauth2.authorization_request import (
    AuthorizationRedirect,
    OpenedRequest,
    open_authorization_request,
)
from applinks.web.pages.views import Choice, ConsentPage, End, Lane
from applinks.web.pages.visit import Visit, find_tint
from applinks.words import Sentence, ngettext
from applinks.words import gettext as _

_LOOPBACK = ("http://127.0.0.1", "http://[::1]", "http://localhost")
_DAY = 86400
_CONFLICT = 409


async def show_consent(visit: Visit) -> Response:
    """Ask the user, unless she granted all of it before."""
    side = visit.context.incoming
    try:
        opened = await open_authorization_request(visit.query, side=side)
        found = await look_up_consent(opened, visit.user, side=side)
    except AuthorizationRedirect as refusal:
        return await _send_refusal(visit, refusal)
    if isinstance(found, str):
        return visit.redirect(found)
    return await visit.render("consent.html", _build_page(visit, found), leads_away=True)


async def decide_consent(visit: Visit) -> Response:
    """Take the code, or the refusal, back to the client."""
    side = visit.context.incoming
    try:
        opened = await open_authorization_request(visit.query, side=side)
        if visit.form.get("deny"):
            return visit.redirect(deny(opened, side=side))
        if not visit.form.get("approve"):
            raise RefusedError("Neither yes nor no was said.")
        # The address says the same as when it was shown; what it means may have changed since.
        if not hmac.compare_digest(visit.form.get("shown") or "", _digest_shown(opened, visit.context.name)):
            return await _ask_again(visit, opened)
        return visit.redirect(await approve(opened, visit.user, side=side))
    except AuthorizationRedirect as refusal:
        return await _send_refusal(visit, refusal)


async def _ask_again(visit: Visit, opened: OpenedRequest) -> Response:
    found = await look_up_consent(opened, visit.user, side=visit.context.incoming)
    if isinstance(found, str):
        return visit.redirect(found)
    page = replace(_build_page(visit, found), has_changed=True)
    return await visit.render("consent.html", page, status=_CONFLICT, leads_away=True)


def _digest_shown(opened: OpenedRequest, us: str) -> str:
    """Give a short name for all that the page says of what is granted, to whom, and where the answer goes."""
    said = [
        _build_title(opened, _find_name(opened), us),
        opened.client.client_id,
        opened.redirect_uri,
        opened.resource.identifier,
        [[scope.name, scope.description, scope.detail] for scope in opened.asked],
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _find_name(opened: OpenedRequest) -> str:
    return opened.link.name if opened.client.is_peer else opened.client.name


async def _send_refusal(visit: Visit, refusal: AuthorizationRedirect) -> Response:
    reference = await visit.context.failures.record(
        refusal, place="authorize", link_id=refusal.link_id, client=refusal.client, user_id=visit.user.id
    )
    return visit.redirect(refusal.build_url(reference))


def _build_page(visit: Visit, question: ConsentQuestion) -> ConsentPage:
    opened, us = question.opened, visit.context.name
    is_public = opened.client.is_public
    name = _find_name(opened)
    them = _build_end(opened, name)
    return ConsentPage(
        us=visit.us,
        them=them,
        user_name=visit.user.name,
        lanes=(Lane(direction="in", state="wait", words=_("{name} wants to call {us}").format(name=name, us=us)),),
        asks=_("{name} asks for access").format(name=name),
        title=_build_title(opened, name, us),
        can_title=_("It will be able to") if is_public else _("{name} will be able to").format(name=name),
        can=_list_can(visit, question),
        cannot=(
            Choice(label=_("See your password, or change your account")),
            Choice(label=_("Do anything else, or act when you have taken this back")),
        ),
        returns_to=_describe_return(opened),
        shown=_digest_shown(opened, us),
        login_url=visit.context.users.login_url(visit.url(f"/oauth2/authorize?{visit.query}")),
        is_public=is_public,
        warning=_build_warning(opened, name, us) if is_public else None,
    )


def _describe_return(opened: OpenedRequest) -> str:
    port = urlsplit(opened.redirect_uri).port if _is_local(opened) and opened.client.is_public else None
    return _("this computer, port {port}").format(port=port) if port else opened.redirect_host


def _build_end(opened: OpenedRequest, name: str) -> End:
    tint = find_tint(opened.link.id)
    if not opened.client.is_public:
        return End(name=name, host=opened.redirect_host, tint=tint)
    host = _("a program on this computer") if _is_local(opened) else opened.redirect_host
    return End(name=_("“{name}”").format(name=name), host=host, tint=tint)


def _build_title(opened: OpenedRequest, name: str, us: str) -> str:
    if opened.client.is_public and _is_local(opened):
        return _("Let a program on this computer use your {us} account?").format(us=us)
    return _("Let {name} use your {us} account?").format(name=name, us=us)


def _build_warning(opened: OpenedRequest, name: str, us: str) -> Sentence:
    return Sentence(
        what=_("{us} cannot tell who made it").format(us=us),
        advice=_("It calls itself “{name}”. The answer goes to {host}, and to whatever listens there.").format(
            name=name, host=opened.redirect_host
        ),
    )


def _list_can(visit: Visit, question: ConsentQuestion) -> tuple[Choice, ...]:
    granted = {scope.name for scope in question.granted}
    already = _("You allowed this before")
    can = [
        Choice(label=scope.description, hint=already if scope.name in granted else scope.detail)
        for scope in question.asked
    ]
    if question.opened.client.is_public:
        days = visit.context.settings.lifetimes.refresh_idle_seconds // _DAY
        text = ngettext("Do so while you are away, for {n} day", "Do so while you are away, for {n} days", days)
        can.append(Choice(label=text.format(n=days), hint=_("Then it has to ask you again")))
    return tuple(can)


def _is_local(opened: OpenedRequest) -> bool:
    return opened.redirect_uri.startswith(_LOOPBACK)
