"""The lab's cells in torch, so that `lab check` can compare gradients made by hand with those of autograd."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from seqcli.lab.cells import Array
from seqcli.lab.check import Case, Problem, state_names, weights_of

Weights = dict[str, torch.Tensor]
LAYERS: dict[str, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CELLS: dict[str, Any] = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}


def torch_gradients(case: Case, p: Problem) -> dict[str, Array]:
    """Return the gradients of a problem of `lab check` by autograd, through torch's own cells where it has them."""
    weights = {name: torch.tensor(w, requires_grad=True) for name, w in weights_of(p.cell, p.output).items()}
    x = torch.tensor(p.x, requires_grad=True)
    start = tuple(torch.tensor(s, requires_grad=True) for s in p.start)
    if case.around == "bidirectional":
        h = _both(case, weights, x)
    elif case.around == "attention" or case.activation == "sigmoid":
        h = _steps(case, weights, x, start)
    else:
        h = _whole(case, weights, x, start)
    y = h @ weights["W_out"].T + weights["b_out"]
    (y * torch.tensor(p.R)).sum().backward()  # type: ignore[no-untyped-call]
    found = {name: w.grad for name, w in weights.items()} | {"x": x.grad}
    if case.truncate is None and start:
        found |= dict(zip(state_names(case), (s.grad for s in start), strict=True))
    return {name: g.numpy() for name, g in found.items() if g is not None}


def _parameters(case: Case, weights: Weights, at: str = "") -> list[torch.Tensor]:
    """Return weight_ih, weight_hh, bias_ih, bias_hh; torch's second bias is all zeros but for the GRU's b_n."""
    b = weights[f"{at}b"]
    second = torch.zeros_like(b)
    if case.cell == "gru":
        b_n = weights[f"{at}b_n"]
        second = torch.cat([torch.zeros(2 * len(b_n), dtype=b.dtype), b_n])
    return [weights[f"{at}W_in"], weights[f"{at}W"], b, second]


def _layer(case: Case, x: torch.Tensor, H: int, directions: int = 1) -> nn.Module:
    options = {"nonlinearity": case.activation} if case.cell == "rnn" else {}
    layer: nn.Module = LAYERS[case.cell](x.shape[2], H, bidirectional=directions == 2, **options).double()
    return layer


def _names(suffix: str) -> list[str]:
    return [f"{name}_l0{suffix}" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


def _both(case: Case, weights: Weights, x: torch.Tensor) -> torch.Tensor:
    layer = _layer(case, x, weights["ahead.W"].shape[1], 2)
    ahead = dict(zip(_names(""), _parameters(case, weights, "ahead."), strict=True))
    back = dict(zip(_names("_reverse"), _parameters(case, weights, "back."), strict=True))
    h: torch.Tensor = torch.func.functional_call(layer, ahead | back, (x,))[0]
    return h


def _whole(case: Case, weights: Weights, x: torch.Tensor, start: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Run nn.RNN, nn.LSTM or nn.GRU over the pieces, the state detached between them."""
    layer = _layer(case, x, weights["W"].shape[1])
    parameters = dict(zip(_names(""), _parameters(case, weights), strict=True))
    state, outputs = tuple(s[None] for s in start), []
    for piece in torch.split(x, case.truncate or len(x)):
        carried = state if case.cell == "lstm" else state[0]
        h, after = torch.func.functional_call(layer, parameters, (piece, carried))
        state = tuple(s.detach() for s in (after if case.cell == "lstm" else (after,)))
        outputs.append(h)
    return torch.cat(outputs)


def _steps(case: Case, weights: Weights, x: torch.Tensor, start: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Run step by step: torch's cell where there is one, attention and the sigmoid written out."""
    *inner, past = start if case.around else (*start, start[0][None])
    outputs = []
    for t, x_t in enumerate(x):
        if case.truncate and t and t % case.truncate == 0:
            inner, past = [s.detach() for s in inner], past.detach()
        if case.around:
            match = torch.tanh(inner[0] @ weights["W_a"].T + past @ weights["U_a"].T) @ weights["v_a"]
            context = (torch.softmax(match, 0)[..., None] * past).sum(0)
            x_t = torch.cat([x_t, context], 1)
        inner = _step(case, weights, x_t, inner)
        past = torch.cat([past, inner[0][None]])
        outputs.append(inner[0])
    return torch.stack(outputs)


def _step(case: Case, weights: Weights, x_t: torch.Tensor, inner: list[torch.Tensor]) -> list[torch.Tensor]:
    if case.activation == "sigmoid":
        return [torch.sigmoid(x_t @ weights["W_in"].T + inner[0] @ weights["W"].T + weights["b"])]
    cell = CELLS[case.cell](x_t.shape[1], inner[0].shape[1]).double()
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    parameters = dict(zip(names, _parameters(case, weights), strict=True))
    carried = tuple(inner) if case.cell == "lstm" else inner[0]
    after = torch.func.functional_call(cell, parameters, (x_t, carried))
    return list(after) if case.cell == "lstm" else [after]
