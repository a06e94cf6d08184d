"""Runs the server form in this process, until it is asked to end."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import uvicorn

from applinks.errors import SettingsError
from applinks.hosts.server.connection import BoundedConnection
from applinks.hosts.server.logs import configure_logs
from applinks.hosts.server.server import Server
from applinks.settings import Settings
from applinks.web.protocol.asgi import AsgiApplication

# Requests under way may end by themselves; who waits longer than this is cut off.
_GRACE_SECONDS = 10
_HTTP_PORT = 80
_ENDS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """
    A server that takes requests.

    Attributes:
        address: where it listens.
    """

    settings: Settings
    address: str
    port: int
    has_administrator: bool


def build_loopback_url(listening: socket.socket) -> str:
    """Give the base URL for this machine alone, for a server that was given none."""
    address, port = listening.getsockname()[:2]
    host = "[::1]" if address == "::1" else "127.0.0.1"
    return f"http://{host}" if port == _HTTP_PORT else f"http://{host}:{port}"


def listen(host: str, port: int) -> socket.socket:
    """
    Give a socket that takes connections; port 0 takes any.

    Raises:
        SettingsError: the host is none of this machine, or the port is taken.
    """
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        taken = socket.socket(family, kind, number)
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"host: {host!r} is not understood") from error
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(1024)
    except OSError as error:
        taken.close()
        reason = error.strerror or str(error)
        raise SettingsError(f"port: {host}:{port} cannot be listened at: {reason}; --port names another") from error
    return taken


def run_server(application: Server, listening: socket.socket, announce: Callable[[Started], None]) -> None:
    """
    Serve until SIGINT or SIGTERM, then close what is open.

    ``announce`` is called once requests are answered.

    Raises:
        SettingsError, SchemaError, StoreError: it cannot start; the text says why and what to do.
    """
    with contextlib.closing(listening):
        asyncio.run(_serve(application, listening, announce))


def serve_alone(
    build: Callable[[Settings], Server],
    announce: Callable[[Started], None],
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    **given: Any,
) -> None:
    """
    Serve a server with routes of its own, as ``applinks serve`` would.

    Args:
        build: makes it, once its settings are known.
        announce: called once requests are answered.
        host: the address of this machine to listen at.
        port: 0: any that is free.
        given: settings that count more than the environment and ``applinks.toml``; None: it was not given.

    Raises:
        SettingsError, SchemaError, StoreError: it cannot start; the text says why and what to do.
    """
    listening = listen(host, port)
    settings = Settings.load(default_base_url=build_loopback_url(listening), **given)
    configure_logs()
    run_server(build(settings), listening, announce)


def build_config(application: AsgiApplication, settings: Settings) -> uvicorn.Config:
    """
    Give how uvicorn serves it.

    Security N-03: ``X-Forwarded-For`` counts from a listed proxy alone, and only under that very name. Our own address
    is the configured one, whatever a proxy says of it.
    """
    return uvicorn.Config(
        application,
        lifespan="on",
        ws="none",
        http=BoundedConnection,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(_list_trusted(settings.proxies)),
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _list_trusted(proxies: Iterable[str]) -> Iterator[str]:
    for network in map(ip_network, proxies):
        yield str(network)
        if network.version == 4:
            # So it comes to a socket that listens at both kinds of address.
            yield f"::ffff:{network.network_address}/{96 + network.prefixlen}"


async def _serve(application: Server, listening: socket.socket, announce: Callable[[Started], None]) -> None:
    settings = application.applinks.settings
    # Before the server, so that a failure is one sentence and not a server's.
    await application.applinks.startup()
    try:
        host, port = listening.getsockname()[:2]
        server = _Uvicorn(build_config(application, settings))
        loop = asyncio.get_running_loop()
        for each in _ENDS:
            loop.add_signal_handler(each, server.end)
        announce(
            Started(
                settings=settings,
                address=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
                port=port,
                has_administrator=await application.has_administrator(),
            )
        )
        await server.serve(sockets=[listening])
    finally:
        await application.applinks.shutdown()


class _Uvicorn(uvicorn.Server):
    """The server, ended by our own handlers: its own would raise the signal again before we have closed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def end(self) -> None:
        """End gracefully; asked twice, at once."""
        self.force_exit = self.should_exit
        self.should_exit = True
