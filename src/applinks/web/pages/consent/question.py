"""The consent page, the same for every protocol: who asks, as whom, what it can and cannot, where the answer goes."""

import hashlib
import hmac
import json
from collections.abc import Collection
from typing import Protocol
from urllib.parse import urlsplit

from applinks.incoming.grants import AskedGrant
from applinks.records.scopes import Scope
from applinks.web.pages.views import Choice, ConsentPage, End, Lane
from applinks.web.pages.visit import Visit, find_own_path, find_tint
from applinks.words import Sentence, ngettext
from applinks.words import gettext as _

_LOOPBACK = ("http://127.0.0.1", "http://[::1]", "http://localhost")
_DAY = 86400


class Opened(AskedGrant, Protocol):
    """A request for a user's access that may be shown to her, whatever its protocol."""

    @property
    def asked(self) -> tuple[Scope, ...]:
        """What it asks for."""
        ...

    @property
    def redirect_uri(self) -> str:
        """Where the answer goes; empty: nowhere, a page of ours says what is next."""
        ...

    @property
    def redirect_host(self) -> str:
        """Its host."""
        ...


def build_consent_page(
    visit: Visit, opened: Opened, *, granted: Collection[Scope], has_changed: bool = False
) -> ConsentPage:
    """Give the page; ``granted`` is what she allowed before, and ``has_changed`` that it is asked anew."""
    us, name = visit.context.name, find_name(opened)
    is_public = opened.client.is_public
    return ConsentPage(
        us=visit.us,
        them=build_end(opened),
        user_name=visit.user.name,
        lanes=build_lanes(opened, us),
        asks=_("{name} asks for access").format(name=name),
        title=_build_title(opened, name, us),
        can_title=_("It will be able to") if is_public else _("{name} will be able to").format(name=name),
        can=_list_can(visit, opened, {scope.name for scope in granted}),
        cannot=(
            Choice(label=_("See your password, or change your account")),
            Choice(label=_("Do anything else, or act when you have taken this back")),
        ),
        returns_to=_describe_return(opened),
        shown=digest_shown(opened, us),
        has_changed=has_changed,
        login_url=visit.context.users.login_url(visit.url(f"{find_own_path(visit.request)}?{visit.query}")),
        is_public=is_public,
        warning=_build_warning(opened, name, us) if is_public else None,
    )


def was_shown(visit: Visit, opened: Opened) -> bool:
    """Whether the page that was sent showed what holds now: its address says the same, but what it means may change."""
    return hmac.compare_digest(visit.form.get("shown") or "", digest_shown(opened, visit.context.name))


def digest_shown(opened: Opened, us: str) -> str:
    """Give a short name for all that the page says of what is granted, to whom, and where the answer goes."""
    said = [
        _build_title(opened, find_name(opened), us),
        opened.client.client_id,
        opened.redirect_uri,
        opened.resource.identifier,
        [[scope.name, scope.description, scope.detail] for scope in opened.asked],
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def find_name(opened: Opened) -> str:
    """Give what the application that asks is called here."""
    return opened.link.name if opened.client.is_peer else opened.client.name


def build_end(opened: Opened) -> End:
    """Give its end of the picture."""
    tint, name = find_tint(opened.link.id), find_name(opened)
    if not opened.client.is_public:
        return End(name=name, host=opened.redirect_host, tint=tint)
    host = _("a program on this computer") if _is_local(opened) else opened.redirect_host
    return End(name=_("“{name}”").format(name=name), host=host, tint=tint)


def build_lanes(opened: Opened, us: str) -> tuple[Lane, ...]:
    """Draw what it wants."""
    words = _("{name} wants to call {us}").format(name=find_name(opened), us=us)
    return (Lane(direction="in", state="wait", words=words),)


def _describe_return(opened: Opened) -> str:
    port = urlsplit(opened.redirect_uri).port if _is_local(opened) and opened.client.is_public else None
    return _("this computer, port {port}").format(port=port) if port else opened.redirect_host


def _build_title(opened: Opened, name: str, us: str) -> str:
    if opened.client.is_public and _is_local(opened):
        return _("Let a program on this computer use your {us} account?").format(us=us)
    return _("Let {name} use your {us} account?").format(name=name, us=us)


def _build_warning(opened: Opened, name: str, us: str) -> Sentence:
    return Sentence(
        what=_("{us} cannot tell who made it").format(us=us),
        advice=_("It calls itself “{name}”. The answer goes to {host}, and to whatever listens there.").format(
            name=name, host=opened.redirect_host
        ),
    )


def _list_can(visit: Visit, opened: Opened, granted: Collection[str]) -> tuple[Choice, ...]:
    already = _("You allowed this before")
    can = [
        Choice(label=scope.description, hint=already if scope.name in granted else scope.detail)
        for scope in opened.asked
    ]
    if opened.client.is_public:
        days = visit.context.settings.lifetimes.refresh_idle_seconds // _DAY
        text = ngettext("Do so while you are away, for {n} day", "Do so while you are away, for {n} days", days)
        can.append(Choice(label=text.format(n=days), hint=_("Then it has to ask you again")))
    return tuple(can)


def _is_local(opened: Opened) -> bool:
    return opened.redirect_uri.startswith(_LOOPBACK)
