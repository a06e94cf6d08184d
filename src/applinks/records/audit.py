"""What people and peers changed, and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """
    One change.

    Attributes:
        actor: ``user:<id>``, ``command:<the system's user>``, ``peer:<base URL>`` or ``upkeep``.
        action: noun and past verb, such as ``link.paused``.
        subject: the id of what changed.
        detail: what else an auditor wants to know; never a secret.
    """

    id: str
    at: int
    actor: str
    action: str
    subject: str
    link_id: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
