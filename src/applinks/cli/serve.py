"""The command ``applinks serve``."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from cyclopts import Parameter
from cyclopts.validators import Number

from applinks.cli.options import NO_BASE_URL, ConfigOption, knows_base_url
from applinks.cli.output import print_line
from applinks.settings import Settings, hide_password

if TYPE_CHECKING:
    from applinks.hosts.server.run import Started

_HTTP_PORT = 80


def serve(
    *,
    host: Annotated[str, Parameter(help="The address of this machine to listen at; 0.0.0.0: all of them.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535), help="0: any that is free.")] = 8000,
    base_url: Annotated[
        str | None,
        Parameter(
            help="Where browsers and other applications find this server, also through a proxy in front."
            " [default: http://127.0.0.1:PORT]"
        ),
    ] = None,
    database: Annotated[
        str | None,
        Parameter(help="The database: sqlite:///PATH or postgresql://USER@HOST/NAME. [default: sqlite:///applinks.db]"),
    ] = None,
    proxy: Annotated[
        tuple[str, ...] | None,
        Parameter(
            negative="",
            help="The address or network of a proxy in front, whose X-Forwarded-For says who calls; repeatable."
            " [default: none]",
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """
    Run a server of its own, with its own users, log-in and pages.

    A database that is new is made. Ends with Ctrl-C.
    """
    with _hold_collector():
        from applinks.hosts.server.logs import configure_logs
        from applinks.hosts.server.run import build_loopback_url, listen, run_server
        from applinks.hosts.server.server import Server

    # Wrong settings are said before anything is opened.
    given: dict[str, Any] = {"database": database, "proxies": proxy}
    settings = Settings.load(config=config, base_url=base_url, default_base_url=NO_BASE_URL, **given)
    listening = listen(host, port)
    is_named = knows_base_url(settings)
    if not is_named:
        settings = Settings.load(config=config, base_url=build_loopback_url(listening), **given)
    configure_logs()
    run_server(Server(settings), listening, lambda started: _announce(started, is_named=is_named, database=database))


@contextmanager
def _hold_collector() -> Iterator[None]:
    """Let no garbage be looked for while everything is loaded: all of it stays, and each look takes longer."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _announce(started: "Started", *, is_named: bool, database: str | None) -> None:
    """Say where it is, where it keeps what, and what is still to be done."""
    settings = started.settings
    print_line(f"Applinks serves {settings.base_url}/ and listens at {started.address}.")
    if not is_named:
        print_line("That address is for this machine alone; --base-url or APPLINKS_BASE_URL names another.")
    elif settings.is_loopback and (urlsplit(settings.base_url).port or _HTTP_PORT) != started.port:
        print_line("Its port is another than the one of the base URL: the pages answer under the base URL alone.")
    if not settings.is_loopback and not settings.proxies:
        print_line("No proxy is listed: who comes through one counts as one caller with all others; --proxy names it.")
    print_line(f"It keeps its data in {hide_password(settings.database)}.")
    if not started.has_administrator:
        # An address without its password leads nowhere; who set it in the environment has it there.
        named = database is not None and not settings.is_postgresql
        option = f" --database {database}" if named else ""
        print_line(f"Nobody is an administrator yet. This makes one: applinks users add NAME --admin{option}")
    print_line("Ctrl-C ends it.")
