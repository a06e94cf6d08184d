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
_LONGEST_VALUE = 100
_FLASH = "flash"


@dataclass(slots=True, kw_only=True)
class PageSession:
    """
    The session of a browser whose user is logged in at the host.

    Attributes:
        digest: names the session towards linking and round trips; the id itself stays in the cookie.
        value: what the cookie has to be set to; None: it holds it already.
        data: what pages keep; changes are written by `save`.
    """

    digest: bytes = field(repr=False)
    csrf_token: str = field(repr=False)
    value: Secret | None
    data: dict[str, Any] = field(repr=False)
    table: SessionTable = field(repr=False)

    async def save(self) -> None:
        """Write what pages keep."""
        await self.table.save_data(self.digest, self.data)

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
    in the same browser begins a new one, with a new id.
    """

    table: SessionTable
    keys: OwnKeys
    settings: Settings
    clock: Clock
    entropy: Entropy

    async def open(self, request: Request, user: User) -> PageSession:
        """Give the browser's session, or start one."""
        found = await self._find(request)
        now = self.clock.now()
        if found is not None and found.user_id == user.id:
            if now - found.seen_at >= _SEEN_SECONDS:
                await self.table.touch(found.id, now=now)
            return self._build(found, user, value=None)
        value = Secret(base64.urlsafe_b64encode(self.entropy.random_bytes(_VALUE_BYTES)).rstrip(b"=").decode())
        session = Session(
            id=digest_secret(value.reveal()),
            csrf=Secret(base64.urlsafe_b64encode(self.entropy.random_bytes(_VALUE_BYTES)).decode()),
            user_id=user.id,
            created_at=now,
            seen_at=now,
        )
        if found is None or not await self.table.rotate(found.id, session):
            await self.table.start(session)
        return self._build(session, user, value=value)

    async def set_cookie(self, session: PageSession, response: Response) -> None:
        """Give the browser the id of a session that was started; lasts as long as the browser, and the row."""
        if session.value is None:
            return
        response.set_cookie(
            await self.get_name(),
            session.value.reveal(),
            path=self.settings.path or "/",
            secure=not self.settings.is_loopback,
            httponly=True,
            samesite="lax",
        )

    async def get_name(self) -> str:
        """Give the cookie's name; applications on one host share cookies across ports, hence the id in it."""
        instance = await self.keys.get_instance()
        prefix = "" if self.settings.is_loopback else "__Secure-" if self.settings.path else "__Host-"
        return f"{prefix}applinks-{instance.cookie_suffix}"

    async def _find(self, request: Request) -> Session | None:
        value = request.cookies.get(await self.get_name(), "")
        if not 0 < len(value) <= _LONGEST_VALUE:
            return None
        return await self.table.find(digest_secret(value), now=self.clock.now())

    def _build(self, session: Session, user: User, *, value: Secret | None) -> PageSession:
        return PageSession(
            digest=session.id,
            csrf_token=build_token(session.csrf, user.id),
            value=value,
            data=dict(session.data),
            table=self.table,
        )


def carries_credentials(headers: Mapping[str, str]) -> bool:
    """Whether a request carries OAuth credentials; such a one neither reads nor sets our cookie."""
    scheme = headers.get("authorization", "").partition(" ")[0].lower()
    return scheme in {"bearer", "oauth", "dpop"}
