"""What a training is forecast for: minutes, machines, and the network between them."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting


@dataclass(frozen=True)
class ForecastSpec:
    """The time and the machines that a training would have."""

    minutes: float = setting(20.0, "Minutes that the training may take, reading included.", above=0.0, high=1e5)
    nodes: int = setting(1, "Machines that share the training, each like this one.", low=1, high=4096)
    network: float = setting(
        1.0, "Gigabits a second between two machines; nothing of it is measured.", above=0.0, high=1e4
    )
