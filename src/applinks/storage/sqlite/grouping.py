"""
The hot units of one turn of the event loop, as one transaction: many callers wait for one write to the disk.

Nothing is answered before its transaction is durable. Where a unit fails, nothing of its group is written, and each
unit runs again alone: so none needs a savepoint, and each gets the fault that is its own.
"""

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from applinks.storage.units import UnitUndone

T = TypeVar("T")
Unit = Callable[[sqlite3.Connection], T]

# A growing pause starves one of several writers for seconds; a short random one does not.
LONGEST_PAUSE = 0.002
# About five milliseconds of writing: as long as others may wait for the loop.
_UNITS_AT_ONCE = 200


class Transactions(Protocol):
    """What a group needs of its database."""

    def transact(self, unit: Unit[T]) -> T:
        """Run a unit in a write transaction, durable before this returns; once."""
        ...

    def judge(self, error: Exception, *, deadline: float) -> Exception | None:
        """Give what the caller gets; None: another process held the database, and trying again may help."""
        ...


@dataclass(slots=True)
class _Member:
    unit: Unit[Any]
    answer: asyncio.Future[Any]
    deadline: float


class _AloneError(Exception):
    """A unit undoes what it wrote, which it can only alone."""


class Group:
    """The units that wait for the next turn of one event loop."""

    def __init__(self, transactions: Transactions, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._transactions = transactions
        self._waiting: list[_Member] = []
        self._is_due = False

    def add(self, unit: Unit[T], *, patience: float) -> asyncio.Future[T]:
        """Let a unit take part in the next transaction; gives its answer to come."""
        answer: asyncio.Future[T] = self.loop.create_future()
        self._waiting.append(_Member(unit, answer, time.monotonic() + patience))
        if not self._is_due:
            self._is_due = True
            self.loop.call_soon(self._run)
        return answer

    def _run(self) -> None:
        taken, self._waiting = self._waiting[:_UNITS_AT_ONCE], self._waiting[_UNITS_AT_ONCE:]
        # Who went away meanwhile gets nothing.
        members = [each for each in taken if not each.answer.done()]
        busy = self._run_together(members) if len(members) > 1 else self._run_alone(members)
        self._waiting = busy + self._waiting
        self._is_due = bool(self._waiting)
        if busy:
            pause = random.uniform(0, LONGEST_PAUSE)  # noqa: S311 - spreads writers, guards nothing.
            self.loop.call_later(pause, self._run)
        elif self._waiting:
            self.loop.call_soon(self._run)

    def _run_together(self, members: list[_Member]) -> list[_Member]:
        """Run units in one transaction; gives those that have to wait for another process."""
        try:
            results = self._transactions.transact(lambda raw: [_run_in_group(each.unit, raw) for each in members])
        except Exception:  # noqa: BLE001 - whose it is shows when each runs alone.
            return self._run_alone(members)
        for each, result in zip(members, results, strict=True):
            each.answer.set_result(result)
        return []

    def _run_alone(self, members: list[_Member]) -> list[_Member]:
        """Run units in a transaction each; gives those that have to wait for another process."""
        busy = []
        for each in members:
            try:
                result = self._transactions.transact(each.unit)
            except Exception as error:  # noqa: BLE001 - it is the caller's.
                told = self._transactions.judge(error, deadline=each.deadline)
                if told is None:
                    busy.append(each)
                else:
                    each.answer.set_exception(told)
            else:
                each.answer.set_result(result)
        return busy


def _run_in_group(unit: Unit[T], raw: sqlite3.Connection) -> T:
    try:
        return unit(raw)
    except UnitUndone as undone:
        raise _AloneError from undone
