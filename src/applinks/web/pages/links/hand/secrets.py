"""The secrets of a client: a new one is shown once, and one that leaked is ended."""

from collections.abc import Sequence

from starlette.responses import Response

from applinks.administration.clients import KEPT_SECONDS, end_secret, get_secret, rotate_secret
from applinks.administration.links import LinkView
from applinks.errors import RefusedError
from applinks.records.clients import Client, ClientSecret
from applinks.web.pages.links.hand.new import find_detour_to_confirm, get_path, show_secret, tell_done
from applinks.web.pages.links.pages import find_view, get_actor, get_url, list_own_clients
from applinks.web.pages.once import FIELD, find_done, mark_done, name_form
from applinks.web.pages.views import Choice, QuestionPage
from applinks.web.pages.visit import Visit
from applinks.words import gettext as _
from applinks.words import ngettext, say_when

_DAY = 86400


async def ask_for_new_secret(visit: Visit) -> Response:
    """Say what becomes of the secrets that there are."""
    detour = await find_detour_to_confirm(visit, get_path(visit))
    if detour is not None:
        return detour
    view = await find_view(visit)
    client = await _get_client(visit, view)
    page = QuestionPage(
        title=_("Make a new secret for {name}?").format(name=client.name),
        text=_say_what_becomes(client),
        losses=tuple(
            Choice(label=_("{secret}, {used}, ends at once.").format(secret=each.hint, used=_say_used(each, visit.now)))
            for each in _list_ending(client.secrets, visit.now)
        ),
        button=_("Make a new secret"),
        field="make",
        back=get_url(visit, view.link),
        hidden=((FIELD, name_form(visit)),),
    )
    return await visit.render("question.html", page)


async def make_new_secret(visit: Visit) -> Response:
    """Make a secret and show it, this once."""
    view = await find_view(visit)
    if done := find_done(visit):
        return await tell_done(visit, done)
    detour = await find_detour_to_confirm(visit, get_path(visit))
    if detour is not None:
        return detour
    client = await _get_client(visit, view)
    added = await rotate_secret(client.id, actor=get_actor(visit), side=visit.context.administration)
    await mark_done(visit, get_url(visit, view.link))
    if added.secret is None:
        return visit.redirect(get_url(visit, view.link))
    return await show_secret(visit, added.link.id, added.client, added.secret)


async def ask_to_end_secret(visit: Visit) -> Response:
    """Say who is refused when a secret is ended."""
    view = await find_view(visit)
    secret = get_secret(await _get_client(visit, view), visit.params.get("secret") or "")
    page = QuestionPage(
        title=_("End the secret {secret}?").format(secret=secret.hint),
        text=_("Whoever still uses it is refused from now on. It was {used}.").format(
            used=_say_used(secret, visit.now)
        ),
        button=_("End the secret"),
        field="end",
        back=get_url(visit, view.link),
        is_dangerous=True,
    )
    return await visit.render("question.html", page)


async def end_one_secret(visit: Visit) -> Response:
    """End a secret at once."""
    view = await find_view(visit)
    client = await _get_client(visit, view)
    secret = get_secret(client, visit.params.get("secret") or "")
    await end_secret(client.client_id, secret.hint, actor=get_actor(visit), side=visit.context.administration)
    await visit.tell("ok", _("The secret {secret} has ended").format(secret=secret.hint))
    return visit.redirect(get_url(visit, view.link))


async def _get_client(visit: Visit, view: LinkView) -> Client:
    wanted = visit.request.path_params["client"]
    for client in await list_own_clients(visit, view.link):
        if wanted in {client.client_id, client.id}:
            return client
    raise RefusedError("There is no such client.", code="unknown_client", status=404)


def _list_ending(secrets: Sequence[ClientSecret], now: int) -> tuple[ClientSecret, ...]:
    """Give those that a new one pushes out: all but the newest."""
    return tuple(each for each in secrets if each.is_valid(now))[1:]


def _say_what_becomes(client: Client) -> str:
    if client.oauth1 is not None:
        return _(
            "It is shown once. The one in use ends at once: until the new one is entered there, calls are refused."
        )
    if not client.secrets:
        return _("It is shown once.")
    days = KEPT_SECONDS // _DAY
    text = ngettext(
        "It is shown once. The one in use stays good for {n} more day, so that there is time to enter the new one.",
        "It is shown once. The one in use stays good for {n} more days, so that there is time to enter the new one.",
        days,
    )
    return text.format(n=days)


def _say_used(secret: ClientSecret, now: int) -> str:
    if not secret.last_used_at:
        return _("never used")
    return _("last used {when}").format(when=say_when(secret.last_used_at, now=now))
