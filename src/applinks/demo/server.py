"""
One application of the demo, in a process of its own.

Started by the supervisor as ``python -m applinks.demo.server JSON``, with sockets that listen already
and a pipe as standard input: when the pipe closes, the supervisor is gone, and the application ends too.
"""

import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn

from applinks import Settings


def main() -> None:
    """Serve the application that the first argument describes, until the supervisor says or is gone."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    folder = Path(asked["folder"])
    settings = build_settings(asked)
    app = import_module(asked["module"]).build_app(settings, folder)
    config = uvicorn.Config(
        app,
        # "on": a start-up that fails ends the process, instead of serving half an application.
        lifespan="on",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)

    def end() -> None:
        server.should_exit = True

    threading.Thread(target=_wait_for_end, args=(end,), daemon=True).start()
    server.run(sockets=[socket.socket(fileno=number) for number in asked["sockets"]])


def build_settings(asked: Mapping[str, Any]) -> Settings:
    """Give the demo's own settings, over those of the file that ``--config`` names; the environment does not count."""
    own = {name: asked[name] for name in ("base_url", "name", "kind", "database")}
    if asked.get("protocols"):
        own["protocols"] = tuple(asked["protocols"])
    if asked["config"] is None:
        return Settings(**own)
    return Settings.load(config=Path(asked["config"]), environment={}, **own)


def _wait_for_end(end: Callable[[], None]) -> None:
    while os.read(0, 1024):
        pass
    end()


if __name__ == "__main__":
    main()
