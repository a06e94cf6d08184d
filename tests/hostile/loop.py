"""An event loop for properties, whose examples are no coroutines."""

import asyncio
from collections.abc import Awaitable
from typing import Any


class Loop:
    """An event loop that outlives the examples of a property."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def __call__(self, work: Awaitable[Any]) -> Any:
        return self._runner.run(work)

    def close(self) -> None:
        self._runner.close()
