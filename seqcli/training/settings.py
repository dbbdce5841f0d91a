"""The settings of a training: how long, in what steps, from which random start."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting


@dataclass(frozen=True)
class RunSpec:
    """One training: how long, in what steps, from which random start."""

    epochs: float | None = setting(
        None,
        "Passes over the text (default: 12, or as many as 5 minutes allow).",
        above=0.0,
        high=1e6,
        panel="Training",
    )
    minutes: float | None = setting(
        None,
        "Minutes that the command takes, reading and evaluation included; the schedule lands on it.",
        above=0.0,
        high=1e5,
        panel="Training",
    )
    batch_size: int = setting(
        32,
        "Texts read side by side in one update, by all processes together (by default this many for each).",
        low=1,
        high=65_536,
        panel="Training",
    )
    accumulate: int | None = setting(
        None,
        "Passes that the batch of an update is computed in, one after the other: its memory is that of one (default: "
        "1; where minutes end a training of several processes that wait for a slow network, an update has more batches "
        "of the usual size).",
        low=1,
        high=65_536,
        panel="Training",
        absent=1,
    )
    unroll: int = setting(35, "Steps of truncated back-propagation through time.", low=1, high=10_000, panel="Training")
    learning_rate: float = setting(
        0.01, "Highest step size of AdamW; 0.003 for a simple RNN.", above=0.0, high=1e6, panel="Training"
    )
    weight_decay: float = setting(
        0.0, "Decay of the weights per unit of step size.", low=0.0, high=100.0, panel="Training"
    )
    clip: float = setting(1.0, "Longest gradient; a longer one is shortened.", above=0.0, high=1e9, panel="Training")
    average: float = setting(
        0.0,
        "Decay per update of a running mean of the weights, which is then measured and kept; 0: the last weights.",
        low=0.0,
        high=0.99999,
        panel="Training",
        absent=0.0,
    )
    patience: int = setting(
        5, "Stop after this many evaluations in a row without a new best.", low=1, high=10**6, panel="Training"
    )
    seed: int = setting(1, "Start of every random number.", low=0, high=2**31 - 1, panel="Training")
    threads: int | None = setting(
        None,
        "CPU threads (default: all that this process may use; where minutes end the training, those that are quickest, "
        "tried as it goes).",
        low=1,
        high=1024,
        panel="Training",
    )
    precision: str | None = setting(
        None,
        "Numbers that products are computed in (default: float32; where minutes alone end the training, bfloat16 on a "
        "CPU that is quicker with it, which is tried first; bfloat16 on a GPU).",
        choices=("float32", "bfloat16"),
        panel="Training",
    )
    device: str | None = setting(
        None,
        "What computes: auto, cpu, cuda or cuda:N (default: auto, a GPU where there is one).",
        panel="Training",
        absent=None,
    )
