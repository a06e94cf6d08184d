"""
The log of the server form: lines for people on a terminal, JSON where something else reads them.

The library logs an event's name and ``key=value`` pairs through the standard library; here the pairs become members.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from applinks.hosts.server.server import request_id

_PAIR = re.compile(r"(\w+)=%[.\d]*[srdf]")
# A log of every request would cost as much as the request; what was refused or failed has a line of its own.
_QUIET = ("uvicorn", "alembic", "asyncio", "sqlalchemy")

Event = MutableMapping[str, Any]


def configure_logs(*, as_json: bool | None = None) -> None:
    """Send the log of this process to standard error; ``as_json`` None: where that is no terminal."""
    if as_json is None:
        as_json = not sys.stderr.isatty()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                split_pairs,
                add_request_id,
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_build_renderers(as_json)],
            use_get_message=False,
            pass_foreign_args=True,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def split_pairs(_logger: Any, _method: str, event: Event) -> Event:
    """Make members of the ``key=value`` pairs of a line of ours; any other line stays as it is."""
    message, values = str(event["_record"].msg), event.pop("positional_args", ()) or ()
    names = _PAIR.findall(message)
    if names and isinstance(values, tuple) and len(names) == len(values):
        event["event"] = message.partition(" ")[0]
        for name, value in zip(names, values, strict=True):
            event[name] = value if isinstance(value, int | float) else str(value)
    else:
        event["event"] = message % values if values else message
    return event


def add_request_id(_logger: Any, _method: str, event: Event) -> Event:
    """Say in which request it happened, so that the lines of one are found together."""
    if request := request_id.get():
        event["request"] = request
    return event


def _build_renderers(as_json: bool) -> list[structlog.typing.Processor]:
    if as_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    # Plain: the prettier one shows the values of local names, secrets among them (N-05).
    return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
