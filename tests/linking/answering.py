"""Answers that a test puts in the place of an application's own."""

import json
from collections.abc import Callable
from typing import Any

from applinks.wire.http import Request, Response


def answer_json(document: Any, *, status: int = 200) -> Callable[[Request], Response]:
    return answer(json.dumps(document).encode(), "application/json", status=status)


def answer(body: bytes, content_type: str, *, status: int = 200) -> Callable[[Request], Response]:
    made = Response(status=status, headers=(("Content-Type", content_type),), body=body)
    return lambda _: made
