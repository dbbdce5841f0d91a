"""AdamW, by torch's own kernel.

torch's class imports its compiler when it is made, which takes 2 to 3 seconds and 70 MB: as long as a small training.
Source: Loshchilov and Hutter 2019, "Decoupled weight decay regularization", algorithm 2.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.optim.adamw import adamw

BETAS = (0.9, 0.99)  # 0.999 remembers longer than a training of a few minutes lasts
EPSILON = 1e-8


class AdamW:
    """Weights that follow their gradients, and what is remembered of these.

    state: for each parameter that had a gradient, `step`, `exp_avg` and `exp_avg_sq`, as torch's class names them.
    """

    def __init__(self, parameters: Sequence[torch.Tensor], weight_decay: float) -> None:
        self._parameters, self._decay = parameters, weight_decay
        self.state: dict[torch.Tensor, dict[str, torch.Tensor]] = {}

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Let every parameter that has a gradient follow it, by a learning rate."""
        moved = [p for p in self._parameters if p.grad is not None]
        if not moved:
            return
        memories = [self._memory(p) for p in moved]
        adamw(
            moved,
            [p.grad for p in moved if p.grad is not None],
            [memory["exp_avg"] for memory in memories],
            [memory["exp_avg_sq"] for memory in memories],
            [],
            [memory["step"] for memory in memories],
            fused=True,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=rate,
            weight_decay=self._decay,
            eps=EPSILON,
            maximize=False,
        )

    def _memory(self, p: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return what is remembered of a parameter's gradients; nothing yet of its first."""
        if p not in self.state:
            step = torch.zeros((), dtype=torch.float32, device=p.device)
            self.state[p] = {"step": step, "exp_avg": torch.zeros_like(p), "exp_avg_sq": torch.zeros_like(p)}
        return self.state[p]
