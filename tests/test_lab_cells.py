"""The lab's cells: gradients by hand are those of torch and of finite differences, and an error would be noticed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from seqcli.lab import check
from seqcli.lab.cells import GRU, LSTM, RNN, Attention, backward, forward
from seqcli.lab.characters import BATCH, CLIP, UNROLL, learn, read
from seqcli.lab.learning import LOSSES, Sgd, clip, initialiser, length, make_cell, make_network
from seqcli.lab.settings import Check
from seqcli.lab.texts import ENGLISH
from seqcli.lab.torch_gradients import torch_gradients

ROOT = Path(__file__).resolve().parent.parent


def mutations() -> ModuleType:
    """Return benchmarks/mutations.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("mutations", ROOT / "benchmarks" / "mutations.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutations"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", [1, 2])
def test_every_gradient_is_torchs_and_that_of_finite_differences(seed: int) -> None:
    report = check.run(Check(seed), torch_gradients)
    assert {row["cell"].split(",")[0].split()[0] for row in report.rows} == {"RNN", "LSTM", "GRU"}
    assert {"W_in", "W", "b", "W_out", "b_out", "b_n", "W_a", "U_a", "v_a", "x", "h", "h_0", "c_0", "past_0"} <= {
        row["weight"].removeprefix("ahead.").removeprefix("back.") for row in report.rows
    }
    for row in report.rows:
        assert row["finite_differences"] <= 1e-9, row
        assert row["weight"] == "h" or row["torch"] <= 1e-9, row
        assert row["largest_gradient"] > 1e-3, f"nothing is checked: {row}"
    assert report.numbers["wrong"] == 0


def test_every_error_in_a_backward_pass_is_noticed() -> None:
    module = mutations()
    rows = module.table(seed=1)
    assert [row for row in rows if not row["noticed"]] == []
    functions = {row["function"] for row in rows}
    cells = ("RNN", "LSTM", "GRU", "Attention")
    assert functions >= {f"{cell}.step_back" for cell in cells} | {"dsigmoid", "dtanh", "drelu", "backward"}
    assert {"Bidirectional.backward", "Output.backward"} <= functions
    assert len(rows) > 130


def test_a_wrong_gradient_is_said_to_be_wrong() -> None:
    spoilt = next(m for m in mutations().mutations(Path(check.own_cells.__file__).read_text("utf-8")))
    report = check.run(Check(), None, mutations().load(spoilt))
    assert report.numbers["wrong"] > 0
    assert "error" in report.sentence[0]


CELLS = {
    "rnn": lambda draw: RNN(3, 4, draw),
    "lstm": lambda draw: LSTM(3, 4, draw),
    "gru": lambda draw: GRU(3, 4, draw),
    "attention": lambda draw: Attention(GRU(7, 4, draw), 4, 5, draw),
}


@pytest.mark.parametrize("name", CELLS)
def test_truncation_is_learning_in_pieces_with_the_state_carried(name: str) -> None:
    rng = np.random.default_rng(3)
    cell = CELLS[name](initialiser(rng))
    x, dh = rng.standard_normal((7, 2, 3)), rng.standard_normal((7, 2, 4))
    h, tape = forward(cell, x)
    whole = backward(cell, tape, dh, truncate=3)
    total = {key: np.zeros_like(w) for key, w in cell.weights.items()}
    state = None
    for at in (slice(0, 3), slice(3, 6), slice(6, 7)):
        piece, tape = forward(cell, x[at], state)
        np.testing.assert_array_equal(piece, h[at])
        for key, gradient in backward(cell, tape, dh[at]).weights.items():
            total[key] += gradient
        state = tape[1]
    for key, gradient in whole.weights.items():
        np.testing.assert_allclose(gradient, total[key], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", CELLS)
def test_a_batch_is_its_rows_one_by_one(name: str) -> None:
    rng = np.random.default_rng(4)
    cell = CELLS[name](initialiser(rng))
    x = rng.standard_normal((5, 4, 3))
    whole, _ = forward(cell, x)
    for row in range(4):
        np.testing.assert_allclose(whole[:, row], forward(cell, x[:, row : row + 1])[0][:, 0], rtol=1e-12)


def test_the_forget_gate_opens_with_its_bias() -> None:
    cell = LSTM(2, 3, initialiser(np.random.default_rng(1)), forget_bias=2.5)
    assert cell.weights["b"].tolist() == [0.0] * 3 + [2.5] * 3 + [0.0] * 6


@pytest.mark.parametrize("kind", LOSSES)
def test_a_loss_and_its_derivative_agree(kind: str) -> None:
    rng = np.random.default_rng(5)
    y = rng.standard_normal((3, 2, 4))
    targets = {"softmax": np.array([[0, 3], [-1, 2], [1, 1]]), "sigmoid": rng.integers(0, 2, y.shape).astype(float)}
    targets["square"] = np.where(rng.random(y.shape) < 0.3, np.nan, rng.standard_normal(y.shape))
    _, dy = LOSSES[kind](y, targets[kind])
    moved = np.zeros_like(y)
    for at in np.ndindex(y.shape):
        for side in (1, -1):
            step = np.zeros_like(y)
            step[at] = side * 1e-5
            moved[at] += side * LOSSES[kind](y + step, targets[kind])[0] / 2e-5
    np.testing.assert_allclose(dy, moved, atol=1e-9)


@pytest.mark.parametrize("architecture", ["rnn", "lstm", "gru"])
def test_training_on_a_text_goes_as_in_torch(architecture: str) -> None:
    """The same start gives the same 200 losses to 1e-6, and nearly the same weights."""
    characters = read(ENGLISH)
    V, H, rng = len(characters.alphabet), 12, np.random.default_rng(7)
    network = make_network(architecture, V, H, V, initialiser(rng))
    twin = Twin(architecture, V, H, network.weights)
    by_torch = twin.learn(characters.ids, updates=200, rate=0.01)
    by_hand = list(learn(network, characters.ids, 200, 0.01, rng))
    assert by_hand[-1] < 0.8 * by_hand[0], "nothing was learned: nothing was compared"
    np.testing.assert_allclose(by_hand, by_torch, rtol=0, atol=1e-6)


class Twin:
    """A network of the lab in torch, trained by torch's Adam."""

    def __init__(self, architecture: str, V: int, H: int, weights: dict[str, Any]) -> None:
        layers: dict[str, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
        self.layer, self.output, self.V = layers[architecture](V, H).double(), nn.Linear(H, V).double(), V
        second = torch.zeros_like(self.layer.bias_hh_l0)
        if architecture == "gru":
            second[2 * H :] = torch.tensor(weights["b_n"])
        start = {"weight_ih_l0": "W_in", "weight_hh_l0": "W", "bias_ih_l0": "b"}
        with torch.no_grad():
            for name, own in start.items():
                getattr(self.layer, name).copy_(torch.tensor(weights[own]))
            self.layer.bias_hh_l0.copy_(second)
            self.output.weight.copy_(torch.tensor(weights["W_out"]))
            self.output.bias.copy_(torch.tensor(weights["b_out"]))
        gru = architecture == "gru"
        self.layer.bias_hh_l0.requires_grad_(gru)
        if gru:  # the lab has one bias for reset and update
            self.layer.bias_hh_l0.register_hook(lambda g: torch.cat([torch.zeros_like(g[: 2 * H]), g[2 * H :]]))

    def learn(self, ids: Any, updates: int, rate: float) -> list[float]:
        """Read the text in the lab's streams and pieces; return the loss of every update."""
        parameters = [p for p in [*self.layer.parameters(), *self.output.parameters()] if p.requires_grad]
        optimiser = torch.optim.Adam(parameters, lr=rate)
        B = min(BATCH, (len(ids) - 1) // UNROLL)
        steps = (len(ids) - 1) // B
        x = torch.tensor(ids[: steps * B].reshape(B, steps).T.copy())
        target = torch.tensor(ids[1 : steps * B + 1].reshape(B, steps).T.copy())
        losses, start, state = [], 0, None
        for _ in range(updates):
            if start >= steps:
                start, state = 0, None
            piece = nn.functional.one_hot(x[start : start + UNROLL], self.V).double()
            h, state = self.layer(piece, state)
            state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
            loss = nn.functional.cross_entropy(self.output(h).flatten(0, 1), target[start : start + UNROLL].flatten())
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, CLIP)
            optimiser.step()
            losses.append(loss.item())
            start += UNROLL
        return losses


def test_clipping_keeps_the_direction_and_survives_enormous_gradients() -> None:
    gradients = {"a": np.array([3e200, 0.0]), "b": np.array([[4e200]])}
    assert length(gradients) == pytest.approx(5e200)
    short = clip(gradients, 1.0)
    assert short["a"].tolist() == pytest.approx([0.6, 0.0]) and short["b"].item() == pytest.approx(0.8)
    assert clip({"a": np.array([0.3])}, 1.0)["a"].tolist() == [0.3]
    assert not np.isfinite(length({"a": np.array([np.nan])}))


def test_sgd_moves_against_the_gradient() -> None:
    weights = {"w": np.array([1.0, 2.0])}
    Sgd(0.5).update(weights, {"w": np.array([1.0, -1.0])})
    assert weights["w"].tolist() == [0.5, 2.5]


@pytest.mark.parametrize(
    ("how", "variance"), [("normal", 1.0), ("xavier", 2 / 300), ("he", 2 / 200), ("orthogonal", 2 / 300)]
)
def test_first_weights_have_the_variance_they_should(how: str, variance: float) -> None:
    drawn = initialiser(np.random.default_rng(1), how)("W_in", 100, 200)
    assert drawn.var() == pytest.approx(variance, rel=0.05) and abs(drawn.mean()) < 0.05


def test_orthogonal_and_identity_are_for_the_recurrent_weight_alone() -> None:
    rng = np.random.default_rng(1)
    W = initialiser(rng, "orthogonal")("W", 20, 20)
    np.testing.assert_allclose(W @ W.T, np.eye(20), atol=1e-12)
    cell = make_cell("gru", 3, 4, initialiser(rng, "identity"))
    np.testing.assert_array_equal(cell.weights["W"], np.vstack([np.eye(4)] * 3))
