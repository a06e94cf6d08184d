"""Asking a peer without waiting for it: the page comes all the same, and says what is not known yet."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from starlette.background import BackgroundTask
from starlette.responses import Response

from applinks.errors import ApplinksError
from applinks.linking.side import LinkingSide
from applinks.linking.statements import send_due
from applinks.records.links import Link
from applinks.web.pages.context import PagesContext

_log = logging.getLogger("applinks.pages")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Begun(Generic[T]):
    """Work that was begun, and waited for as long as a person may be kept waiting."""

    task: asyncio.Task[T]

    @property
    def is_done(self) -> bool:
        """Whether it ended meanwhile."""
        return self.task.done()

    @property
    def result(self) -> T | None:
        """What came of it; None while it goes on."""
        return self.task.result() if self.task.done() else None

    def go_on_after(self, response: Response) -> Response:
        """Let the work go on after the answer."""
        if not self.task.done():
            response.background = BackgroundTask(asyncio.wait, {self.task})
        return response


async def begin(work: Coroutine[Any, Any, T], context: PagesContext) -> Begun[T]:
    """Begin work that asks a peer, and wait for it a moment; most peers answer within that."""
    task = asyncio.create_task(work)
    await asyncio.wait({task}, timeout=context.patience_seconds)
    return Begun(task)


async def begin_telling(link_id: str, context: PagesContext) -> Begun[Link | None]:
    """Begin to tell the peer of a link what is due."""
    return await begin(_tell(link_id, context.linking), context)


async def _tell(link_id: str, side: LinkingSide) -> Link | None:
    try:
        return await send_due(link_id, side=side)
    except ApplinksError as error:
        # The change stands; upkeep tells it.
        _log.warning("link.not_told link=%s code=%s detail=%s", link_id, error.code, error.detail)
        return None
