"""The two ports of the demo, taken before the applications start, so that nobody else can have them."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from applinks.demo.folder import DemoError

# How often another pair is tried where any port will do.
_TRIES = 20
_ADVICE = "Choose another with --port, or --port 0 for any."
_NO_IPV6 = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


@dataclass(frozen=True, slots=True)
class BoundPorts:
    """Listening sockets on loopback: of the first application at 127.0.0.1, of the second at localhost."""

    ports: tuple[int, int]
    first: tuple[socket.socket, ...]
    second: tuple[socket.socket, ...]

    def close(self) -> None:
        """Leave the sockets to the processes that were given them."""
        for each in (*self.first, *self.second):
            each.close()


@contextmanager
def bind_ports(first: int, second: int, *, advice: str = _ADVICE) -> Iterator[BoundPorts]:
    """
    Take two ports; 0: any. ``advice`` is the next step where one cannot be had.

    Raises:
        DemoError: one is taken or not allowed; it says which.
    """
    try:
        one = _listen(socket.AF_INET, "127.0.0.1", first)
        try:
            others = _listen_on_localhost(second)
        except _PortError:
            one.close()
            raise
    except _PortError as error:
        raise DemoError(f"{error} {advice}") from error
    bound = BoundPorts((one.getsockname()[1], others[0].getsockname()[1]), (one,), others)
    try:
        yield bound
    finally:
        bound.close()


def _listen_on_localhost(port: int) -> tuple[socket.socket, ...]:
    """Listen on both addresses that a browser may take ``localhost`` for, where the machine has both."""
    for _ in range(_TRIES):
        one = _listen(socket.AF_INET, "127.0.0.1", port)
        try:
            return one, _listen(socket.AF_INET6, "::1", one.getsockname()[1])
        except _NoIpv6Error:
            return (one,)
        except _PortError:
            one.close()
            if port:
                raise
    raise DemoError("No free port was found. Name one with --port.")


class _PortError(Exception):
    """A port cannot be had; the text says which and why."""


class _NoIpv6Error(Exception):
    """This machine has no IPv6 loopback."""


def _listen(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    found = None
    try:
        found = socket.socket(family, socket.SOCK_STREAM)
        # A port that was in use a moment ago is free again; one that somebody listens on is not.
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(128)
    except OSError as error:
        if found is not None:
            found.close()
        if family == socket.AF_INET6 and error.errno in _NO_IPV6:
            raise _NoIpv6Error from error
        taken = error.errno == errno.EADDRINUSE
        raise _PortError(
            f"Port {port} is taken." if taken else f"Port {port} cannot be used: {error.strerror}."
        ) from error
    return found
