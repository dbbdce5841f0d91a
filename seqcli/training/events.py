"""What a training tells as it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqcli.training.progress import Progress


@dataclass(frozen=True)
class Started:
    """The training begins, or goes on where it was."""

    progress: Progress


@dataclass(frozen=True)
class Progressed:
    """An update is done: its loss per token (of the training distribution), gradient length and learning rate.

    parts: what the loss names beside it, such as a KL, per token.
    """

    progress: Progress
    loss: float
    gradient: float
    learning_rate: float
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluated:
    """Held-out text is measured: nats per token over `tokens`; best where there was no better before.

    parts: what the loss names beside its nats, per token, and the figures that a training has of its own.
    """

    progress: Progress
    nats: float
    tokens: int
    best: bool
    train_nats: float | None
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Tried:
    """Numbers of threads were tried: the seconds that an update took with each, and the number that the training takes.

    kept: that number was given, or stays so that the training can be had again, even where another is quicker.
    """

    progress: Progress
    seconds: Mapping[int, float]
    threads: int
    kept: bool


@dataclass(frozen=True)
class Gathered:
    """An update learns from several batches from now on, as the processes that share it have a slow network.

    seconds: that one batch took, and its computing alone.
    """

    progress: Progress
    seconds: float
    computing: float


@dataclass(frozen=True)
class Stopped:
    """The training is over, and why."""

    progress: Progress
    why: str


Event = Started | Progressed | Evaluated | Tried | Gathered | Stopped
