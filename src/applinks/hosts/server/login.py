"""The log-in page of the server form, and the end of a log-in."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from starlette.responses import Response

from applinks.errors import RefusedError
from applinks.hosts.server.passwords import verify_password
from applinks.hosts.server.users import LOGIN_PATH, LOGOUT_PATH, ServerUsers
from applinks.limits import Limit, RateLimits, find_network
from applinks.linking.errors import LinkingError
from applinks.records.accounts import Account, fold_name
from applinks.records.links import is_link_id
from applinks.secret import Secret, digest_secret
from applinks.web.errors import describe_error, describe_page_error
from applinks.web.pages.application import OpenPage, Page
from applinks.web.pages.visit import OpenVisit, Visit, build_redirect
from applinks.wire.urls import is_local_path
from applinks.words import gettext as _

_log = logging.getLogger("applinks.login")

# An authorization request with a long state and a handful of scopes fits twice.
_LONGEST_NEXT = 8000
_LONGEST_NAME = 60
_FORBIDDEN, _TOO_MANY, _UNAVAILABLE = 403, 429, 503
_AUTHORIZE, _CONNECT, _APPROVE = "/oauth2/authorize", "/connect/", "/link"

MAKE_ADMINISTRATOR = "applinks users add NAME --admin"
"""The command that makes somebody an administrator, where nobody is one yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPage:
    """
    What the page shows.

    Attributes:
        why: what she logs in for, in half a sentence.
        next: where she goes then.
        problem: why the last try did not succeed.
        command: makes an administrator, while nobody is one.
    """

    title: str
    why: str = ""
    name: str = ""
    next: str
    problem: str = ""
    advice: str = ""
    command: str = ""


@dataclass(slots=True)
class LoginPages:
    """
    Shows the log-in page, and logs in and out.

    A limit on wrong passwords belongs to one name and one address, so that nobody locks out somebody elsewhere; a wider
    one belongs to one address, whatever the names.
    """

    users: ServerUsers
    limits: RateLimits = field(default_factory=RateLimits)
    # One try of a name and address at a time: else a hundred at once would all pass before the first is counted.
    _locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def list_pages(self) -> Sequence[Page | OpenPage]:
        """Give the addresses."""
        return (OpenPage(LOGIN_PATH, self.show, self.log_in), Page(LOGOUT_PATH, None, self.log_out))

    async def show(self, visit: OpenVisit) -> Response:
        """Show the form."""
        again = visit.user is not None and visit.params.get("again") is not None
        name = visit.user.name if visit.user and again else ""
        return await self._render(visit, next_path=_find_next(visit), name=name, is_again=again)

    async def log_in(self, visit: OpenVisit) -> Response:
        """Begin a session where the password is right; else show the form again, which says no more than that."""
        name, password = visit.form.get("username") or "", Secret(visit.form.get("password") or "")
        who = (_shorten(name), _find_source(visit))
        lock = self._locks.setdefault(who, asyncio.Lock())
        try:
            async with lock:
                account = await self._prove(name, password, who)
        except RefusedError as refusal:
            return await self._refuse(visit, name, refusal)
        if not account.active:
            problem = _("This account is paused.")
            advice = _("An administrator of {name} can end the pause.").format(name=visit.context.name)
            return await self._render(
                visit, next_path=_find_next(visit), name=name, status=_FORBIDDEN, problem=problem, advice=advice
            )
        visit.session = await visit.sessions.log_in(visit.request, account.id)
        if not await self._is_unchanged(account):
            await visit.session.end()
            raise LinkingError("login_required", detail=f"account {account.id} was changed during its log-in")
        await self.users.accounts.note_login(account.id, visit.now)
        return build_redirect(_find_next(visit))

    async def log_out(self, visit: Visit) -> Response:
        """End the session, and come back to the form."""
        response = build_redirect(self.users.login_url(_get_home(visit)))
        await visit.sessions.log_out(visit.request, response)
        return response

    async def _prove(self, name: str, password: Secret, who: tuple[str, str]) -> Account:
        """
        Give the account whose password this is; an unknown name looks and takes like a wrong password.

        Raises:
            RefusedError: it is nobody's, a limit is reached, or too many try at the moment.
        """
        await self.limits.check(Limit.WRONG_PASSWORDS_OF_SOURCE, who[1])
        await self.limits.check(Limit.WRONG_PASSWORDS, *who)
        account = await self.users.accounts.find_by_name(name) if len(name) <= _LONGEST_NAME else None
        is_right = await verify_password(password, account.password if account else None)
        if account is not None and is_right:
            return account
        _log.warning("login.refused source=%s", who[1])
        await self.limits.count(Limit.WRONG_PASSWORDS_OF_SOURCE, who[1])
        await self.limits.count(Limit.WRONG_PASSWORDS, *who)
        raise RefusedError("Name or password is wrong.", code="wrong_password", status=_FORBIDDEN)

    async def _is_unchanged(self, account: Account) -> bool:
        """
        Whether an account is as it was when its password was compared, which takes a while.

        Asked once the session stands: whoever pauses the account or changes its password ends its sessions afterwards.
        """
        now = await self.users.accounts.find(account.id)
        return now is not None and now.active and now.password == account.password

    async def _refuse(self, visit: OpenVisit, name: str, refusal: RefusedError) -> Response:
        problem, advice = _("Name or password is wrong."), ""
        if refusal.status == _TOO_MANY:
            described = await describe_page_error(
                refusal, place="login", failures=visit.context.failures, us=visit.context.name
            )
            problem, advice = described.sentence.what, described.sentence.advice
        elif refusal.status == _UNAVAILABLE:
            # Not recorded: what stops a flood must cost less than what it stops.
            sentence = describe_error(refusal, us=visit.context.name)
            problem, advice = sentence.what, sentence.advice
        response = await self._render(
            visit, next_path=_find_next(visit), name=name, status=refusal.status, problem=problem, advice=advice
        )
        response.headers.update(dict(refusal.headers))
        return response

    async def _render(
        self,
        visit: OpenVisit,
        *,
        next_path: str,
        name: str,
        is_again: bool = False,
        status: int = 200,
        problem: str = "",
        advice: str = "",
    ) -> Response:
        title = _("Log in again") if is_again else _("Log in to {name}").format(name=visit.context.name)
        page = LoginPage(
            title=title,
            why=(
                _("to show that it is still you who decides here")
                if is_again
                else await _describe_reason(visit, next_path)
            ),
            name=name[:_LONGEST_NAME],
            next=next_path,
            problem=problem,
            advice=advice,
            command="" if await self.users.accounts.has_administrator() else MAKE_ADMINISTRATOR,
        )
        # After the log-in the browser may be sent on to the application that asked for access.
        return await visit.render("login.html", page, status=status, leads_away=True)


async def _describe_reason(visit: OpenVisit, next_path: str) -> str:
    """
    Say what somebody logs in for, where another application sent her here.

    Anybody may ask this page, so it names an application only where the address holds a link's id, which nobody
    guesses: handles and client ids can be tried one after another.
    """
    path = urlsplit(next_path).path.removeprefix(visit.context.root)
    if path == _AUTHORIZE:
        return _("to decide about the access of another application")
    if path.startswith(_CONNECT):
        id_ = path.removeprefix(_CONNECT)
        link = await visit.context.outgoing.store.find_link(id_) if is_link_id(id_) else None
        return _("to connect your account at {name}").format(name=link.name if link else _("another application"))
    return _("to decide about a link with another application") if path == _APPROVE else ""


def _find_next(visit: OpenVisit) -> str:
    """Give where she goes then: a path of ours, else the front page (AS-09)."""
    asked = visit.form.get("next") or visit.params.get("next") or ""
    return asked if len(asked) <= _LONGEST_NEXT and is_local_path(asked) else _get_home(visit)


def _get_home(visit: OpenVisit) -> str:
    return visit.context.settings.path + "/"


def _shorten(name: str) -> str:
    """Give the name as it is counted, in little room however long it is."""
    return digest_secret(fold_name(name)).hex()[:16]


def _find_source(visit: OpenVisit) -> str:
    """Give where she calls from."""
    return find_network(visit.request.client.host) if visit.request.client else ""
