"""AdamW: the steps are those of torch's class, without the seconds that its import takes."""

from __future__ import annotations

import subprocess
import sys

import torch

from seqcli.training.adamw import BETAS, AdamW


def test_steps_and_memory_are_those_of_torch() -> None:
    torch.manual_seed(1)
    ours = [torch.randn(shape, requires_grad=True) for shape in ((7, 5), (5,), (3, 2, 2), (4,))]
    theirs = [p.detach().clone().requires_grad_() for p in ours]
    own = AdamW(ours, weight_decay=0.03)
    reference = torch.optim.AdamW(theirs, betas=BETAS, weight_decay=0.03, fused=True)
    own.step(0.1)
    assert not own.state, "without a gradient nothing is remembered"
    for update in range(6):
        for number, (p, q) in enumerate(zip(ours, theirs, strict=True)):
            has = number < 2 or (number == 2 and update > 2)  # one begins later, one never
            p.grad = torch.randn(p.shape) if has else None
            q.grad = None if p.grad is None else p.grad.clone()
        rate = 0.02 / (1 + update)
        reference.param_groups[0]["lr"] = rate
        own.step(rate)
        reference.step()
    for number, (p, q) in enumerate(zip(ours, theirs, strict=True)):
        assert torch.equal(p, q)
        assert (p in own.state) == (q in reference.state) == (number < 3)
        for name, value in reference.state.get(q, {}).items():
            assert torch.equal(own.state[p][name], value)


def test_a_training_does_not_import_torchs_compiler() -> None:
    tell = (
        "import sys, torch; from seqcli.training.adamw import AdamW\n"
        "p = torch.ones(3, requires_grad=True); p.grad = torch.ones(3); AdamW([p], 0.1).step(0.1)\n"
        "print(p.tolist(), sum(name.startswith(('torch._dynamo', 'torch._inductor', 'sympy')) for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True)
    assert done.stdout.split("]")[-1].strip() == "0", done.stdout + done.stderr
