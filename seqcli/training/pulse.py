"""How the processes of a launch know of each other that they live, and that one was told to stop.

Each beats twice a second in a store that all of them see. A connection alone does not tell: that of a process that
hangs stays open, and so does, for minutes, that to a machine whose network is gone.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

BEAT = 0.5  # seconds
SILENT = 6.0  # seconds without a beat, and a process is lost: a busy machine delays one, but not twelve in a row
ASKED = 2.5  # seconds without one where a connection was closed: somebody is lost, and it is only asked who


class Pulse:
    """The beats of this process, and those of the others.

    lost: called once, with the ranks of those that are silent, from a thread. told: called with the number of a signal
    that another process got. signal: what this one got, which it tells the others.
    """

    def __init__(
        self, store: Any, rank: int, count: int, lost: Callable[[set[int]], object], told: Callable[[int], object]
    ) -> None:
        self._store, self._rank, self._lost, self._told = store.clone(), rank, lost, told
        self._store.set_timeout(timedelta(seconds=SILENT))
        self._others = [other for other in range(count) if other != rank]
        self._heard = dict.fromkeys(self._others, time.monotonic())
        self._last = dict.fromkeys(self._others, "")
        self._over, self.signal = threading.Event(), 0
        self._known: set[int] | None = None  # who is lost, as another process found out
        for work in (self._beat, self._watch):
            threading.Thread(target=work, daemon=True).start()

    def end(self) -> None:
        """Beat no more, and listen to nobody."""
        self._over.set()

    def silent(self, seconds: float) -> set[int]:
        """Return the ranks of those that were not heard of for some seconds."""
        now = time.monotonic()
        return {rank for rank, heard in self._heard.items() if now - heard > seconds}

    def asked(self) -> set[int]:
        """Return who is silent now that a connection was closed, and let all others know; it takes some seconds."""
        self._lost = lambda silent: None  # whoever asks will say it
        until = time.monotonic() + ASKED + BEAT
        while time.monotonic() < until:
            if self._known is not None:
                return self._known
            time.sleep(BEAT / 10)
        silent = self.silent(ASKED)
        with suppress(RuntimeError):
            self._store.set("lost", json.dumps(sorted(silent)))
        return silent

    def _beat(self) -> None:
        count = 0
        with suppress(RuntimeError):  # the store is gone: nobody is heard of any more, which the watch will say
            while not self._over.is_set():
                count += 1
                self._store.set(f"beat/{self._rank}", f"{count} {self.signal}")
                for other in self._others:
                    if self._store.check([f"beat/{other}"]):
                        self._hear(other, self._store.get(f"beat/{other}").decode())
                if self._store.check(["lost"]):
                    self._known = set(json.loads(self._store.get("lost")))
                    self._lost(self._known)
                    return
                self._over.wait(BEAT)

    def _hear(self, other: int, beat: str) -> None:
        if beat != self._last[other]:
            self._last[other], self._heard[other] = beat, time.monotonic()
            if number := int(beat.split()[1]):
                self._told(number)

    def _watch(self) -> None:
        """Look at the clock alone: the store may answer no more."""
        while not self._over.wait(BEAT):
            if silent := self.silent(SILENT):
                self._lost(silent)
                return
