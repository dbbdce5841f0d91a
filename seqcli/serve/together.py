"""What is asked at the same time is computed together, on threads: the event loop itself never computes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from seqcli.errors import SeqcliError

R = TypeVar("R")
MOST = 64  # questions answered side by side: enough for matrix products, and nobody waits long for the others


class BusyError(SeqcliError):
    """More is waiting than may wait; whoever asked may ask again."""


class _Group:
    """Questions of one kind that wait to be answered."""

    def __init__(self, work: Callable[[list[Any]], list[Any]]) -> None:
        self.work = work
        self.waiting: list[tuple[Any, asyncio.Future[Any]]] = []


class Together:
    """Answers questions on threads, those of one kind that come together at once."""

    def __init__(self, threads: int, gather: float, most: int) -> None:
        """gather: seconds to wait for others, where some are being answered already. most: questions that may wait."""
        self._pool = ThreadPoolExecutor(threads, "answers")
        self._gather, self._most = gather, most
        self._groups: dict[Hashable, _Group] = {}
        self._running: set[asyncio.Task[None]] = set()
        self.waiting, self.answered, self.batches = 0, 0, 0

    async def ask(self, kind: Hashable, work: Callable[[list[Any]], list[Any]], questions: Sequence[Any]) -> list[Any]:
        """Return the answers to some questions. work: answers questions of this kind, in order.

        Raises BusyError where too many wait, and whatever `work` raises for one of the questions.
        """
        if self.waiting + len(questions) > self._most:
            raise BusyError(f"{self.waiting:,} questions are waiting already; ask again in a second.")
        loop = asyncio.get_running_loop()
        answers: list[asyncio.Future[Any]] = [loop.create_future() for _ in questions]
        alone = not self.waiting
        self.waiting += len(questions)
        group = self._groups.get(kind)
        if group is None:
            group = self._groups[kind] = _Group(work)
            task = loop.create_task(self._answer(kind, group, 0.0 if alone else self._gather))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        group.waiting += zip(questions, answers, strict=True)
        found = await asyncio.gather(*answers, return_exceptions=True)
        for one in found:
            if isinstance(one, BaseException):
                raise one
        return found

    async def compute(self, work: Callable[[], R]) -> R:
        """Return what a computation gives, done on a thread, by itself."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Let the threads end, once they have done what they do."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, kind: Hashable, group: _Group, pause: float) -> None:
        await asyncio.sleep(pause)
        while group.waiting:
            some, group.waiting = group.waiting[:MOST], group.waiting[MOST:]
            await self._settle(group.work, some)
        self._groups.pop(kind, None)

    async def _settle(
        self, work: Callable[[list[Any]], list[Any]], some: list[tuple[Any, asyncio.Future[Any]]]
    ) -> None:
        """Answer some questions; where that fails, each by itself: one that cannot be answered spoils no other."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._pool, work, [question for question, _ in some])
        except Exception as error:
            if len(some) > 1:
                for one in some:
                    await self._settle(work, [one])
                return
            found = [error]
        self.waiting -= len(some)
        self.answered += len(some)
        self.batches += 1
        for (_, answer), value in zip(some, found, strict=True):
            if answer.cancelled():
                continue
            if isinstance(value, Exception):
                answer.set_exception(value)
            else:
                answer.set_result(value)
