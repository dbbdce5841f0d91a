"""A gated layer over packed texts, whose weights get their gradient in one product."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from seqcli.layers.products import linear, padded, product, rounded


class PackedGRU(nn.Module):
    """A gated recurrent layer over texts of any lengths, with no step of padding; one direction or both.

    x [N, E] in packed order (the tokens of a step together, longer texts first), sizes [T] (how many texts have a token
    at each step), first [R, H] (None: zeros) -> states [N, H], last states [R, H], of both directions side by side.
    It computes what nn.GRU does, under the same names. torch adds up the gradient of the weights step by step, which is
    a third of the time; here the steps' gradients are kept, and one product makes the sum.
    """

    def __init__(self, input_size: int, hidden_size: int, bidirectional: bool = False) -> None:
        super().__init__()
        self.hidden_size, self.endings = hidden_size, ("", "_reverse") if bidirectional else ("",)
        bound = 1.0 / math.sqrt(hidden_size)
        for ending in self.endings:
            for name, shape in (
                ("weight_ih_l0", (3 * hidden_size, input_size)),
                ("weight_hh_l0", (3 * hidden_size, hidden_size)),
                ("bias_ih_l0", (3 * hidden_size,)),
                ("bias_hh_l0", (3 * hidden_size,)),
            ):
                self.register_parameter(name + ending, nn.Parameter(torch.empty(shape).uniform_(-bound, bound)))

    def forward(
        self, x: torch.Tensor, sizes: torch.Tensor, first: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        counts = sizes.tolist()
        if first is None:
            first = x.new_zeros(counts[0], self.hidden_size)
        found = [self._directed(x, counts, first, ending) for ending in self.endings]
        return torch.cat([states for states, _ in found], -1), torch.cat([last for _, last in found], -1)

    def _directed(
        self, x: torch.Tensor, counts: list[int], first: torch.Tensor, ending: str
    ) -> tuple[torch.Tensor, torch.Tensor]:
        w, b = self.get_parameter(f"weight_ih_l0{ending}"), self.get_parameter(f"bias_ih_l0{ending}")
        from_input = product(x, w, b)
        w, b = self.get_parameter(f"weight_hh_l0{ending}"), self.get_parameter(f"bias_hh_l0{ending}")
        kind = x.device.type
        half = torch.is_autocast_enabled(kind)
        first = first.float() if half else first
        with torch.autocast(kind, enabled=False):
            states, last = _Steps.apply(from_input, w, b, first, counts, bool(ending), half)  # type: ignore[no-untyped-call]
        return states, last


class _Steps(torch.autograd.Function):
    """The steps of one direction. from_input [N, 3H], weight [3H, H], bias [3H], first [R, H] -> [N, H], [R, H]."""

    @staticmethod
    def forward(
        ctx: Any,
        from_input: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor,
        first: torch.Tensor,
        counts: list[int],
        returning: bool,
        half: bool,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        size, rows = weight.shape[1], len(first)
        gates = from_input.clone()  # reset, update, new: their activations in the end
        before, states, of_new = (from_input.new_empty(len(gates), size) for _ in range(3))
        weight = weight.bfloat16() if half else weight
        columns = weight.t().contiguous().t()  # the same numbers, laid as oneDNN reads them quickest
        h = first.new_zeros(rounded(rows), size)  # of every text; of one that ends the last one stays
        h[:rows] = first
        for low, count in _spans(counts, returning):
            high, now = low + count, h[:count]
            before[low:high] = now
            from_state = linear(h[: rounded(count)], columns, bias)[:count]
            both, new = gates[low:high, : 2 * size], gates[low:high, 2 * size :]
            both.add_(from_state[:, : 2 * size]).sigmoid_()
            of_new[low:high] = from_state[:, 2 * size :]
            new.addcmul_(both[:, :size], from_state[:, 2 * size :]).tanh_()
            states[low:high] = torch.lerp(new, now, both[:, size:], out=now)
        ctx.save_for_backward(gates, before, of_new, weight)
        ctx.counts, ctx.returning = counts, returning
        return states, h[:rows]

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[Any, ...]:
        gates, before, of_new, weight = ctx.saved_tensors
        by_states, by_last = grads
        reset, update, new = gates.chunk(3, 1)
        by_new = (1 - update) * (1 - new * new)  # what a gradient of the state is of each gate's input
        by_update = (before - new) * update * (1 - update)
        by_reset = of_new * reset * (1 - reset)
        from_input = torch.empty_like(gates)
        from_state = gates.new_zeros(rounded(len(gates) + rounded(len(by_last))), gates.shape[1])
        size, rows = weight.shape[1], len(by_last)
        flowing = by_last.new_zeros(rows, size) + by_last  # the gradient of the state after the step, of every text
        for low, count in reversed(list(_spans(ctx.counts, ctx.returning))):
            high = low + count
            h = flowing[:count].add_(by_states[low:high])
            inner, outer = from_input[low:high], from_state[low:high]
            torch.mul(h, by_new[low:high], out=inner[:, 2 * size :])
            torch.mul(h, by_update[low:high], out=inner[:, size : 2 * size])
            torch.mul(inner[:, 2 * size :], by_reset[low:high], out=inner[:, :size])
            outer[:, : 2 * size] = inner[:, : 2 * size]
            torch.mul(inner[:, 2 * size :], reset[low:high], out=outer[:, 2 * size :])
            further = linear(from_state[low : low + rounded(count)], weight.t())[:count]
            torch.addcmul(further, h, update[low:high], out=h)
        by_weight = linear(from_state[: rounded(len(gates))].t(), padded(before).to(weight.dtype).t())
        return from_input, by_weight, from_state.sum(0), flowing, None, None, None


def _spans(counts: list[int], returning: bool) -> list[tuple[int, int]]:
    """Return where each step's tokens begin and how many they are, from the last step on where that comes first."""
    found, low = [], 0
    for count in counts:
        found.append((low, count))
        low += count
    return found[::-1] if returning else found
