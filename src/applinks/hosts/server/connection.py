"""
One connection of the server form: uvicorn's, with a bound to what stands before and after a request's body.

Security N-10. Without it a header may be as long as the machine has memory, and a head may take for ever. RFC 6585 §5.
"""

import asyncio
import logging

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MOST_HEAD_BYTES = 64 * 1024
"""An authorization request with a long state, and the cookies of a whole site, fit several times."""

HEAD_SECONDS = 30
"""From the first byte of a head, or from the connection, to its last; what is idle between two, uvicorn ends."""

_TEXT = b"The head of the request is too large."
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\ncache-control: no-store\r\nconnection: close\r\n\r\n%s" % (len(_TEXT), _TEXT)
)

_log = logging.getLogger("applinks.server")


class BoundedConnection(HttpToolsProtocol):
    """
    Ends a connection whose head is too large or too slow.

    A head mostly arrives in one piece, and then nothing is measured and no timer started.
    """

    # What was taken since a head or a piece of a body was complete: the parser keeps it, or, after a body, throws it
    # away as slowly as it is sent.
    _taken = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the first head its time."""
        super().connection_made(transport)
        self._set_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go."""
        self._lift_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes, and begin the time of a head that is not complete yet."""
        self._taken += len(data)
        super().data_received(data)
        if self._taken > MOST_HEAD_BYTES:
            self._refuse()
        elif self._deadline is None and self._is_idle():
            self._set_deadline()

    def on_headers_complete(self) -> None:
        """Begin the request, unless its head came at once and is too large all the same."""
        if self._taken > MOST_HEAD_BYTES and self._measure_head() > MOST_HEAD_BYTES:
            # Nothing of it is answered: the parser stops, and `send_400_response` is called.
            raise ValueError("the head is too large")
        self._taken = 0
        if self._deadline is not None:
            self._lift_deadline()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count anew: how large a body may be is for whoever reads it."""
        self._taken = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser refuses, or what we made it refuse."""
        if self._taken > MOST_HEAD_BYTES:
            self._refuse()
        else:
            super().send_400_response(msg)

    def _measure_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _is_idle(self) -> bool:
        """Whether no request waits for its answer."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _refuse(self) -> None:
        if self.transport.is_closing():
            return
        _log.warning("head.too_large source=%s", self.client[0] if self.client else "")
        # Into the middle of another answer nothing is written.
        if self._is_idle():
            self.transport.write(_REFUSAL)
        self.transport.close()

    def _set_deadline(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._end_slow_head)

    def _lift_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end_slow_head(self) -> None:
        self._deadline = None
        self.transport.close()
