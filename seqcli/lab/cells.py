"""Recurrent networks by hand: what each cell computes, and how its gradient flows back through time.

Read it beside the papers. `step` takes the input x_t and the state before it, and returns the state after it and a
memo. `step_back` takes that memo and dL/d(state after), returns dL/dx_t and dL/d(state before), and adds its share to
d, the gradients of the weights. `forward` walks the steps in order, `backward` walks them in reverse: that is all that
back-propagation through time is (Werbos 1990).

Shapes: B batch, T time, E input, H state, V output, A attention. A name dX is dL/dX, of the shape of X; a letter a is
what goes into an activation. Weights are as in the textbooks, [to, from]: W_in (input to state), W (state to state),
W_out (state to output). Gates are stacked in one matrix, in torch's order. Numbers in brackets, (1) to (19), are this
file's own; Cho and Bahdanau are quoted with the numbers of their papers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
State = tuple[Array, ...]  # h [B, H] comes first; an LSTM adds c [B, H], attention adds its past [t, B, H]
Function = Callable[[Array], Array]
Draw = Callable[[str, int, int], Array]  # (name of the weight, rows, columns) -> its first value


# -- activations. Each derivative is written with the output y, which is at hand in the backward pass ------------------
def sigmoid(a: Array) -> Array:
    return 0.5 * (1 + np.tanh(0.5 * a))  # = 1 / (1 + exp(-a)), without overflow


def dsigmoid(y: Array) -> Array:
    return y * (1 - y)  # 0.25 at most: a sigmoid shrinks every gradient that passes it


def dtanh(y: Array) -> Array:
    return 1 - y * y  # 1 at most, where a = 0


def relu(a: Array) -> Array:
    return np.maximum(a, 0)


def drelu(y: Array) -> Array:
    return np.where(y > 0, 1.0, 0.0)  # exactly 1 or 0: nothing here stops a gradient from growing


PHI: dict[str, Function] = {"sigmoid": sigmoid, "tanh": np.tanh, "relu": relu}
DPHI: dict[str, Function] = {"sigmoid": dsigmoid, "tanh": dtanh, "relu": drelu}


# -- the cells ---------------------------------------------------------------------------------------------------------
class RNN:
    """The simple recurrent network. Source: Elman 1990."""

    def __init__(self, E: int, H: int, draw: Draw, activation: str = "tanh") -> None:
        self.activation = activation
        self.weights = {"W_in": draw("W_in", H, E), "W": draw("W", H, H), "b": np.zeros(H)}

    def start(self, batch: int) -> State:
        return (np.zeros((batch, len(self.weights["b"]))),)

    def step(self, x: Array, state: State) -> tuple[State, Any]:
        W_in, W, b = self.weights["W_in"], self.weights["W"], self.weights["b"]
        (h_before,) = state
        a = x @ W_in.T + h_before @ W.T + b  # [B, H]  (1) a_t = W_in x_t + W h_(t-1) + b
        h = PHI[self.activation](a)  # [B, H]  (2) h_t = phi(a_t)
        return (h,), (x, h_before, h)

    def step_back(self, memo: Any, dstate: State, d: dict[str, Array]) -> tuple[Array, State]:
        x, h_before, h = memo
        (dh,) = dstate
        da = dh * DPHI[self.activation](h)  # [B, H]  (3) through the activation
        d["W_in"] += da.T @ x  # [H, E]  (4) used at every step: its gradient is a sum over the steps
        d["W"] += da.T @ h_before  # [H, H]
        d["b"] += da.sum(0)  # [H]
        return da @ self.weights["W_in"], (da @ self.weights["W"],)  # (5) dx_t [B, E]; dh_(t-1) [B, H]: times W again


class LSTM:
    """Long short-term memory with a forget gate, no peepholes.

    Source: Hochreiter and Schmidhuber 1997, section 4 (there f = 1); forget gate: Gers et al. 2000, section 3.
    """

    def __init__(self, E: int, H: int, draw: Draw, forget_bias: float = 1.0) -> None:
        self.weights = {
            "W_in": np.vstack([draw("W_in", H, E) for _ in "ifgo"]),  # [4H, E]
            "W": np.vstack([draw("W", H, H) for _ in "ifgo"]),  # [4H, H]
            "b": np.repeat([0.0, forget_bias, 0.0, 0.0], H),  # [4H]  an open forget gate: the cell remembers at first
        }

    def start(self, batch: int) -> State:
        H = len(self.weights["b"]) // 4
        return np.zeros((batch, H)), np.zeros((batch, H))

    def step(self, x: Array, state: State) -> tuple[State, Any]:
        W_in, W, b = self.weights["W_in"], self.weights["W"], self.weights["b"]
        h_before, c_before = state
        a_i, a_f, a_g, a_o = np.split(x @ W_in.T + h_before @ W.T + b, 4, axis=1)  # each [B, H]
        i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)  # (6) how far each gate stands open
        g = np.tanh(a_g)  # (7) what may be written
        c = f * c_before + i * g  # [B, H]  (8) the constant error carousel
        tanh_c = np.tanh(c)
        h = o * tanh_c  # [B, H]  (9)
        return (h, c), (x, h_before, c_before, i, f, g, o, tanh_c)

    def step_back(self, memo: Any, dstate: State, d: dict[str, Array]) -> tuple[Array, State]:
        x, h_before, c_before, i, f, g, o, tanh_c = memo
        dh, dc = dstate
        dc = dc + dh * o * dtanh(tanh_c)  # [B, H]  (10) from the next step, and from h_t
        da_i = dc * g * dsigmoid(i)
        da_f = dc * c_before * dsigmoid(f)
        da_g = dc * i * dtanh(g)
        da_o = dh * tanh_c * dsigmoid(o)
        da = np.hstack([da_i, da_f, da_g, da_o])  # [B, 4H]  (11)
        d["W_in"] += da.T @ x  # [4H, E]
        d["W"] += da.T @ h_before  # [4H, H]
        d["b"] += da.sum(0)  # [4H]
        return da @ self.weights["W_in"], (da @ self.weights["W"], dc * f)  # (12) dc_(t-1): f, no W


class GRU:
    """Gated recurrent unit.

    Source: Cho et al. 2014, eq. 5-8, but with the reset gate after the product, r * (W h), as torch and cuDNN have it;
    the paper has W (r * h). That needs a bias of its own inside the bracket: b_n.
    """

    def __init__(self, E: int, H: int, draw: Draw) -> None:
        self.weights = {
            "W_in": np.vstack([draw("W_in", H, E) for _ in "rzn"]),  # [3H, E]
            "W": np.vstack([draw("W", H, H) for _ in "rzn"]),  # [3H, H]
            "b": np.zeros(3 * H),
            "b_n": np.zeros(H),
        }

    def start(self, batch: int) -> State:
        return (np.zeros((batch, len(self.weights["b_n"]))),)

    def step(self, x: Array, state: State) -> tuple[State, Any]:
        (h_before,) = state
        in_r, in_z, in_n = np.split(x @ self.weights["W_in"].T + self.weights["b"], 3, axis=1)  # each [B, H]
        re_r, re_z, re_n = np.split(h_before @ self.weights["W"].T, 3, axis=1)  # each [B, H]
        r = sigmoid(in_r + re_r)  # [B, H]  reset gate, Cho eq. 5
        z = sigmoid(in_z + re_z)  # [B, H]  update gate, Cho eq. 6
        u = re_n + self.weights["b_n"]
        n = np.tanh(in_n + r * u)  # [B, H]  the new content, Cho eq. 8
        h = z * h_before + (1 - z) * n  # [B, H]  Cho eq. 7
        return (h,), (x, h_before, r, z, u, n)

    def step_back(self, memo: Any, dstate: State, d: dict[str, Array]) -> tuple[Array, State]:
        x, h_before, r, z, u, n = memo
        (dh,) = dstate
        da_z = dh * (h_before - n) * dsigmoid(z)
        da_n = dh * (1 - z) * dtanh(n)
        da_r = da_n * u * dsigmoid(r)
        da_in = np.hstack([da_r, da_z, da_n])  # [B, 3H]  (13) what reaches W_in x + b
        da_re = np.hstack([da_r, da_z, da_n * r])  # [B, 3H]  what reaches W h: the reset gate stands between
        d["W_in"] += da_in.T @ x  # [3H, E]
        d["W"] += da_re.T @ h_before  # [3H, H]
        d["b"] += da_in.sum(0)  # [3H]
        d["b_n"] += (da_n * r).sum(0)  # [H]
        return da_in @ self.weights["W_in"], (dh * z + da_re @ self.weights["W"],)  # (14) z: no W


class Attention:
    """A cell that also reads a mixture of all states so far, weighted by how well they match its own state.

    cell takes [x_t, c_t], so its input is E + H wide. The past begins with the state before the first step; begun with
    an encoder's states instead, this is the paper's decoder. Source: Bahdanau et al. 2015, section 3.1 and A.1.2.
    """

    def __init__(self, cell: Cell, H: int, A: int, draw: Draw) -> None:
        self.cell = cell
        added = {"W_a": draw("W_a", A, H), "U_a": draw("U_a", A, H), "v_a": draw("v_a", 1, A)[0]}
        self.weights: dict[str, Array] = {**cell.weights, **added}

    def start(self, batch: int) -> State:
        inner = self.cell.start(batch)
        return *inner, inner[0][None]

    def step(self, x: Array, state: State) -> tuple[State, Any]:
        *inner, past = state  # past [t, B, H]
        s = inner[0]  # [B, H]
        m = np.tanh(s @ self.weights["W_a"].T + past @ self.weights["U_a"].T)  # [t, B, A]
        e = m @ self.weights["v_a"]  # [t, B]  how well each state matches: appendix A.1.2
        alpha = softmax(e.T).T  # [t, B]  eq. 6
        c = (alpha[..., None] * past).sum(0)  # [B, H]  the context, eq. 5
        after, memo = self.cell.step(np.hstack([x, c]), tuple(inner))  # s_t = f(s_(t-1), x_t, c_t): section 3.1
        return (*after, np.concatenate([past, after[0][None]])), (memo, past, s, m, alpha)

    def step_back(self, memo: Any, dstate: State, d: dict[str, Array]) -> tuple[Array, State]:
        inner_memo, past, s, m, alpha = memo
        *dinner, dpast = dstate  # dpast [t + 1, B, H]
        dinner[0] = dinner[0] + dpast[-1]  # later steps also looked at this one
        dxc, dbefore = self.cell.step_back(inner_memo, tuple(dinner), d)  # [B, E + H]
        dx, dc = np.split(dxc, [dxc.shape[1] - s.shape[1]], axis=1)  # [B, E], [B, H]
        dalpha = (dc * past).sum(-1)  # [t, B]
        de = alpha * (dalpha - (alpha * dalpha).sum(0))  # [t, B]  (15) through the softmax
        dm = de[..., None] * self.weights["v_a"] * dtanh(m)  # [t, B, A]
        d["v_a"] += np.einsum("tb,tba->a", de, m)  # [A]
        d["W_a"] += dm.sum(0).T @ s  # [A, H]
        d["U_a"] += np.einsum("tba,tbh->ah", dm, past)  # [A, H]
        dpast = dpast[:-1] + alpha[..., None] * dc + dm @ self.weights["U_a"]  # [t, B, H]: (16) to every step before
        return dx, (dbefore[0] + dm.sum(0) @ self.weights["W_a"], *dbefore[1:], dpast)


Cell = RNN | LSTM | GRU | Attention


# -- through time ------------------------------------------------------------------------------------------------------
Tape = tuple[list[Any], State]  # what a forward pass leaves for the backward pass: memos, state after the last step


class Gradients(NamedTuple):
    """What a backward pass finds."""

    weights: dict[str, Array]
    x: Array  # [T, B, E]
    h: Array  # [T, B, H]: all that the loss at step t and later steps want of h_t
    state: State  # dL/d(state before the first step)


def forward(cell: Cell, x: Array, state: State | None = None) -> tuple[Array, Tape]:
    """x [T, B, E] -> h [T, B, H], tape."""
    state = cell.start(x.shape[1]) if state is None else state
    h, memos = [], []
    for x_t in x:
        state, memo = cell.step(x_t, state)
        h.append(state[0])
        memos.append(memo)
    return np.stack(h), (memos, state)


def backward(cell: Cell, tape: Tape, dh: Array, truncate: int | None = None) -> Gradients:
    """Back-propagation through time. dh [T, B, H] is what the loss at each step wants of h_t, by itself.

    With truncate = k no gradient passes steps k, 2k, ...: the text is learned in pieces of k steps, the state carried.
    Source: Werbos 1990, section III; truncation: Williams and Peng 1990.
    """
    memos, state = tape
    d = {name: np.zeros_like(weight) for name, weight in cell.weights.items()}
    dstate = tuple(np.zeros_like(s) for s in state)  # no one reads the state after the last step
    dx, dh_whole = [], []
    for t in reversed(range(len(dh))):
        dstate = (dstate[0] + dh[t], *dstate[1:])  # (17) from the steps after, and from this step's loss
        dh_whole.append(dstate[0])
        dx_t, dstate = cell.step_back(memos[t], dstate, d)
        dx.append(dx_t)
        if truncate is not None and t % truncate == 0:  # (18)
            dstate = tuple(np.zeros_like(s) for s in dstate)
    return Gradients(d, np.stack(dx[::-1]), np.stack(dh_whole[::-1]), dstate)


class Bidirectional:
    """Two cells, one reading forwards and one backwards, side by side. Source: Schuster and Paliwal 1997."""

    def __init__(self, ahead: Cell, back: Cell) -> None:
        self.ahead, self.back = ahead, back

    def forward(self, x: Array) -> tuple[Array, tuple[Tape, Tape]]:
        """x [T, B, E] -> h [T, B, 2H], tapes."""
        (h_ahead, tape), (h_back, tape_back) = forward(self.ahead, x), forward(self.back, x[::-1])
        return np.concatenate([h_ahead, h_back[::-1]], axis=2), (tape, tape_back)

    def backward(self, tapes: tuple[Tape, Tape], dh: Array) -> tuple[Gradients, Gradients, Array]:
        """dh [T, B, 2H] -> the gradients of both cells, dx [T, B, E]."""
        dh_ahead, dh_back = np.split(dh, 2, axis=2)
        ahead = backward(self.ahead, tapes[0], dh_ahead)
        back = backward(self.back, tapes[1], dh_back[::-1])
        return ahead, back, ahead.x + back.x[::-1]


# -- the output and its loss -------------------------------------------------------------------------------------------
class Output:
    """(19) The third weight of a recurrent network: y = W_out h + b_out."""

    def __init__(self, V: int, H: int, draw: Draw) -> None:
        self.weights = {"W_out": draw("W_out", V, H), "b_out": np.zeros(V)}

    def forward(self, h: Array) -> Array:
        """h [..., H] -> y [..., V]."""
        y: Array = h @ self.weights["W_out"].T + self.weights["b_out"]
        return y

    def backward(self, h: Array, dy: Array) -> tuple[dict[str, Array], Array]:
        """h [T, B, H], dy [T, B, V] -> gradients of the weights, dh [T, B, H]."""
        d = {"W_out": np.einsum("tbv,tbh->vh", dy, h), "b_out": dy.sum((0, 1))}
        return d, dy @ self.weights["W_out"]


def softmax(y: Array) -> Array:
    """y [..., V] -> probabilities [..., V]."""
    p: Array = np.exp(y - y.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    return p
