"""Ctrl-C and its kin: the first asks a training to save and stop, the second stops it at once."""

from __future__ import annotations

import signal
import threading

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stop:
    """Hears Ctrl-C and its kin: the first asks the training to save and stop, the second stops it at once."""

    def __init__(self) -> None:
        self.signal = 0

    def __enter__(self) -> Stop:
        heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # nohup's stays ignored
        if threading.current_thread() is not threading.main_thread():
            heard = []  # only the main thread hears signals, and decides what they mean
        self._before = {number: signal.signal(number, self._hear) for number in heard}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def hear(self, number: int) -> None:
        """Hear of a signal that another process got, which shares the training."""
        self.signal = self.signal or number

    def asked(self) -> bool:
        """Return whether somebody asked the training to stop."""
        return self.signal != 0

    def _hear(self, number: int, frame: object) -> None:
        if self.signal:
            raise SystemExit(128 + number)
        self.signal = number
