"""The curves of a training in TensorBoard, while it runs: what its events tell, written as they come."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from seqcli.errors import check_installed, quoted
from seqcli.store.files import explained

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.training.events import Event

SPACING = 0.2  # seconds between updates that are written: five points a second draw any curve
FLUSH_SECONDS = 5  # what was written is seen by then


def check_tensorboard() -> None:
    """Raise ModelError where tensorboard is not installed; it is not loaded."""
    check_installed("tensorboard", "--tensorboard needs TensorBoard")


@contextmanager
def watched(
    session: Session, name: str, listener: Callable[[Event], object] | None
) -> Iterator[Callable[[Event], object] | None]:
    """Give what hears the events of a model's training: its listener, and TensorBoard where the session asks for it.

    Raises ModelError where tensorboard is missing or its folder cannot be written.
    """
    if session.tensorboard is None:
        yield listener
        return
    check_tensorboard()
    from torch.utils.tensorboard.writer import SummaryWriter

    folder = os.path.join(session.tensorboard, name)
    with explained("write", folder, "folder"):
        writer = SummaryWriter(folder, flush_secs=FLUSH_SECONDS)
    session.note("Curves, as they come:", ["tensorboard", "--logdir", session.tensorboard])
    live = LiveEvents(session, writer)

    def hear(event: Event) -> None:
        if listener is not None:
            listener(event)
        live.hear(event)

    try:
        yield hear
    finally:
        live.close()


class LiveEvents:
    """Events as TensorBoard's scalars. A disk that is full ends the curves, not the training."""

    def __init__(self, session: Session, writer: Any) -> None:
        self._session, self._writer = session, writer
        self._written = -math.inf  # when an update was, in seconds of this process

    def hear(self, event: Event) -> None:
        """Write what an event tells; of updates that follow each other quickly only some."""
        from seqcli.training.events import Evaluated, Progressed

        p = event.progress
        if isinstance(event, Evaluated):
            self._add("held_out", {"nats": event.nats, "training_nats": event.train_nats, **event.parts}, p.update)
        elif isinstance(event, Progressed) and time.monotonic() - self._written >= SPACING:
            self._written = time.monotonic()
            told = {"loss": event.loss, "gradient": event.gradient, "learning_rate": event.learning_rate}
            speed = p.tokens / p.seconds if p.seconds else None
            self._add("training", {**told, "tokens_per_second": speed, **event.parts}, p.update)

    def close(self) -> None:
        """Write what still waits."""
        self._trying(lambda: self._writer.close())

    def _add(self, part: str, figures: Mapping[str, float | None], update: int) -> None:
        def write() -> None:
            for name, value in figures.items():
                if value is not None and math.isfinite(value):
                    self._writer.add_scalar(f"{part}/{name}", value, update)

        self._trying(write)

    def _trying(self, write: Callable[[], object]) -> None:
        if self._writer is None:
            return
        try:
            write()
        except OSError as error:
            self._writer = None
            self._session.note(f"Note: TensorBoard's curves end here ({quoted(str(error))}); the training goes on.")
