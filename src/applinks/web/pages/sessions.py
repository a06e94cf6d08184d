"""Our one cookie, and the session behind it."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from applinks.clock import Clock
from applinks.entropy import Entropy
from applinks.linking.side import OwnKeys
from applinks.records.users import User
from applinks.secret import Secret, digest_secret
from applinks.settings import Settings
from applinks.storage.sessions import Session, SessionTable
from applinks.web.cross_site import build_token
from applinks.web.pages.views import Flash

# Seen once a minute is precise enough for an idle time of hours, and spares a write for every page.
_SEEN_SECONDS = 60
_VALUE_BYTES = 32
_VALUE_LETTERS = 43
_FLASH = "flash"
_NAME = "name"
# Where a request keeps what was found of its session; once it is open, its pages hold it.
_FOUND = "applinks.session"


@dataclass(slots=True, kw_only=True)
class PageSession:
    """
    The session of a browser: of a user who is logged in or, on pages for anybody, of nobody.

    Attributes:
        id: digest of the cookie's value, which names the row; nobody's session has none, and keeps nothing.
        digest: names the session towards linking and round trips; the same after she confirmed who she is.
        value: what the cookie has to be set to; None: it holds it already.
        data: what pages keep; changes are written by `save`.
    """

    id: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    csrf_token: str = field(repr=False)
    value: Secret | None
    data: dict[str, Any] = field(repr=False)
    table: SessionTable = field(repr=False)

    async def save(self) -> None:
        """Write what pages keep."""
        await self.table.save_data(self.id, self.data)

    async def end(self) -> None:
        """End it; what the browser holds opens nothing any more."""
        await self.table.delete(self.id)

    async def keep_flash(self, flash: Flash) -> None:
        """Keep a message for the next page."""
        kept = self.data.get(_FLASH, [])
        self.data[_FLASH] = [*kept, [flash.kind, flash.title, flash.text]][-3:]
        await self.save()

    async def take_flash(self) -> tuple[Flash, ...]:
        """Give the messages that wait, once."""
        if not self.data.get(_FLASH):
            return ()
        kept = self.data.pop(_FLASH)
        await self.save()
        return tuple(Flash(kind=kind, title=title, text=text) for kind, title, text in kept)


@dataclass(slots=True, kw_only=True)
class PageSessions:
    """
    Finds, starts and ends the sessions of pages.

    In a host, who is logged in comes from the host alone; a session belongs to one user, and another one logging in
    in the same browser begins a new one, with a new id. In the server form the session itself says who is logged in.
    """

    table: SessionTable
    keys: OwnKeys
    settings: Settings
    clock: Clock
    entropy: Entropy

    async def find(self, request: Request) -> Session | None:
        """Give what is stored of the browser's session, while it lasts."""
        found = request.scope[_FOUND] = await self._look_up(request)
        return found

    async def open(self, request: Request, user: User) -> PageSession:
        """Give the browser's session, or start one."""
        # Where the session says who is logged in, it was found a moment ago.
        found = request.scope.pop(_FOUND) if _FOUND in request.scope else await self._look_up(request)
        now = self.clock.now()
        if found is not None and found.user_id == user.id:
            if now - found.seen_at >= _SEEN_SECONDS:
                await self.table.touch(found.id, now=now)
            return self._build(found, value=None)
        return await self._start(user.id, found)

    async def open_for_nobody(self, request: Request) -> PageSession:
        """
        Give what protects the forms of pages for anybody.

        No row stands behind it, so strangers fill no table (N-10): the token is made of the cookie's own value, which
        no other site reads or sets.
        """
        known = await self._find_value(request)
        value = known or self._new_value()
        return PageSession(
            id=b"",
            digest=b"",
            csrf_token=build_token(value, ""),
            value=None if known else value,
            data={},
            table=self.table,
        )

    async def log_in(self, request: Request, user_id: str) -> PageSession:
        """
        Begin the session of somebody who has just proved who she is, always with a new id (N-08).

        Where it was hers before, she only confirmed it: what she began in it goes on.
        """
        return await self._start(user_id, await self._look_up(request), confirmed_at=self.clock.now())

    async def log_out(self, request: Request, response: Response) -> None:
        """End the browser's session, and take the cookie back."""
        found = await self._look_up(request)
        if found is not None:
            await self.table.delete(found.id)
        response.delete_cookie(await self.get_name(), **self._cookie_attributes)

    async def set_cookie(self, session: PageSession, response: Response) -> None:
        """Give the browser the id of a session that was started; lasts as long as the browser, and the row."""
        if session.value is None:
            return
        response.set_cookie(await self.get_name(), session.value.reveal(), **self._cookie_attributes)

    async def get_name(self) -> str:
        """Give the cookie's name; applications on one host share cookies across ports, hence the id in it."""
        instance = await self.keys.get_instance()
        prefix = "" if self.settings.is_loopback else "__Secure-" if self.settings.path else "__Host-"
        return f"{prefix}applinks-{instance.cookie_suffix}"

    @property
    def _cookie_attributes(self) -> dict[str, Any]:
        return {
            "path": self.settings.path or "/",
            "secure": not self.settings.is_loopback,
            "httponly": True,
            "samesite": "lax",
        }

    async def _start(self, user_id: str, found: Session | None, *, confirmed_at: int = 0) -> PageSession:
        """Begin a session in the place of the one that was found, if there was one."""
        is_hers = found is not None and found.user_id == user_id
        now, value = self.clock.now(), self._new_value()
        session = Session(
            id=digest_secret(value.reveal()),
            csrf=found.csrf if found and is_hers else self._new_value(),
            data={_NAME: _get_name(found).hex(), **found.data} if found and is_hers else {},
            user_id=user_id,
            created_at=now,
            seen_at=now,
            confirmed_at=confirmed_at,
        )
        if found is None or not await self.table.rotate(found.id, session):
            await self.table.start(session)
        return self._build(session, value=value)

    async def _look_up(self, request: Request) -> Session | None:
        value = await self._find_value(request)
        return await self.table.find(digest_secret(value.reveal()), now=self.clock.now()) if value else None

    async def _find_value(self, request: Request) -> Secret | None:
        value = request.cookies.get(await self.get_name(), "")
        return Secret(value) if len(value) == _VALUE_LETTERS else None

    def _new_value(self) -> Secret:
        return Secret(base64.urlsafe_b64encode(self.entropy.random_bytes(_VALUE_BYTES)).rstrip(b"=").decode())

    def _build(self, session: Session, *, value: Secret | None) -> PageSession:
        return PageSession(
            id=session.id,
            digest=_get_name(session),
            csrf_token=build_token(session.csrf, session.user_id),
            value=value,
            data=dict(session.data),
            table=self.table,
        )


def carries_credentials(headers: Mapping[str, str]) -> bool:
    """Whether a request carries OAuth credentials; such a one neither reads nor sets our cookie."""
    scheme = headers.get("authorization", "").partition(" ")[0].lower()
    return scheme in {"bearer", "oauth", "dpop"}


def _get_name(session: Session) -> bytes:
    """Give the name of a session: its first id, which a new log-in of the same user hands on."""
    name = session.data.get(_NAME)
    return bytes.fromhex(name) if isinstance(name, str) else session.id
