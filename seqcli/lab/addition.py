"""`addition`: binary addition of two 8-bit numbers, bit by bit from the right, the carry remembered in the state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.lab.cells import PHI, Array
from seqcli.lab.learning import INITIALISERS, Ids, Network, Sgd, clip, initialiser, length, make_network
from seqcli.lab.report import Report, Tell, silent
from seqcli.lab.settings import Addition
from seqcli.settings import to_dict

BITS = 8
SUMS = 1 << (2 * BITS)  # 65,536: every pair of 8-bit numbers
TRAINED = 4096  # different sums that are learned from: a sixteenth of all, so that the rest shows what was understood
BATCH = 32  # sums an update
EXPLOSION = 100.0  # length of a gradient that is called an explosion: with tanh and Xavier it stays below 2
LOOKS = (0, 1, 3, 10, 30, 100, 200, 300, 500, 1000, 2000, 3000, 5000, 10_000)  # updates after which sums are tried
TRACKED = 24  # sums whose way from wrong to right is drawn


class Outcome(NamedTuple):
    """How one training went. explosion: update, length of the gradient, weight that had most of it, its share."""

    losses: list[float]
    gradients: list[float]
    looks: list[dict[str, Any]]
    tracked: list[list[bool]]  # [look][sum]
    explosion: tuple[int, float, str, float] | None
    ended: int  # the update after which there were no more numbers, or the last
    right: NDArray[np.bool_]  # [SUMS], those learned from first


def bits_of(a: Ids, b: Ids) -> tuple[Array, Array]:
    """a [B], b [B] -> inputs [9, B, 2] and the sum's bits [9, B, 1], the lowest bit first."""
    places = np.arange(BITS + 1)[:, None]
    x = np.stack([(a >> places) & 1, (b >> places) & 1], axis=-1)
    return x.astype(float), (((a + b) >> places) & 1).astype(float)[..., None]


def answers(network: Network, sums: Ids) -> tuple[Ids, Array]:
    """Return what the network makes of sums (a * 256 + b), and which of its bits are right [N, 9]."""
    found, bits = [], []
    for part in np.array_split(sums, max(len(sums) // 2048, 1)):  # 2,048 at a time: states that a cache holds
        x, target = bits_of(part >> BITS, part & 255)
        y, _ = network.outputs(x)
        found.append(((y[..., 0] > 0) << np.arange(BITS + 1)[:, None]).sum(0))
        bits.append(((y > 0) == (target > 0.5))[..., 0].T)
    return np.concatenate(found), np.concatenate(bits)


def train(s: Addition, tell: Tell = silent, looks: Collection[int] = LOOKS) -> Outcome:
    """Learn to add; a gradient that is no number ends it. looks: after which updates all sums are tried."""
    rng = np.random.default_rng(s.seed)
    network = make_network(s.cell, 2, s.hidden, 1, initialiser(rng, s.init), s.activation)
    known, optimiser = rng.permutation(SUMS), Sgd(s.rate)
    out = Outcome([], [], [], [], None, s.updates, np.zeros(0, dtype=np.bool_))
    for update in range(1, s.updates + 1):
        if update - 1 in looks:
            _look(network, update - 1, known[-TRACKED:], out, tell)
        picked = rng.choice(known[:TRAINED], BATCH)
        learned = network.learn(*bits_of(picked >> BITS, picked & 255), loss="sigmoid")
        gradient = length(learned.gradients)
        if not np.isfinite(gradient + learned.loss):
            out = out._replace(ended=update)
            break
        out.losses.append(learned.loss)
        out.gradients.append(gradient)
        if gradient > EXPLOSION and out.explosion is None:
            lengths = {name: length({name: g}) for name, g in learned.gradients.items()}
            most = max(lengths, key=lambda name: lengths[name])
            out = out._replace(explosion=(update, gradient, most, (lengths[most] / gradient) ** 2))
            tell("update {update}: the gradient's length is {gradient:.2g}, most of it in {weight}", update=update,
                 gradient=gradient, weight=most)  # fmt: skip
        gradients = clip(learned.gradients, s.clip) if s.clip else learned.gradients
        optimiser.update(network.weights, gradients)
    right = _look(network, out.ended, known[-TRACKED:], out, tell)
    return out._replace(right=right[known])  # the first TRAINED were learned from


def _look(network: Network, update: int, tracked: Ids, out: Outcome, tell: Tell) -> NDArray[np.bool_]:
    """Try all sums, and note one of those whose way is followed."""
    found, bits = answers(network, np.arange(SUMS))
    right = np.asarray(bits.all(1), dtype=np.bool_)
    a, b = int(tracked[0] >> BITS), int(tracked[0] & 255)
    look = {
        "update": update,
        "loss": out.losses[-1] if out.losses else None,
        "gradient": out.gradients[-1] if out.gradients else None,
        "accuracy": float(right.mean()),
        "sum": f"{a} + {b} = {int(found[tracked[0]])}",
        "right": bool(right[tracked[0]]),
    }
    out.looks.append(look)
    out.tracked.append(right[tracked].tolist())
    tell("update {update}: {accuracy:.1%} of all sums are right; {sum}", **look)
    return right


def run(s: Addition, tell: Tell = silent) -> Report:
    """Train once, or once for each seed or each place of the grid."""
    with np.errstate(all="ignore"):  # an explosion is looked for, not a mistake
        if s.grid or s.seeds > 1:
            return _several(s, tell)
        return _once(s, train(s, tell))


def _once(s: Addition, out: Outcome) -> Report:
    numbers = _numbers(s, out)
    series = {"losses": out.losses, "gradients": out.gradients, "tracked": out.tracked}
    columns = ("update", "loss", "gradient", "accuracy", "sum", "right")
    return Report("addition", to_dict(s), columns, out.looks, numbers, _sentence(numbers), series)


def _numbers(s: Addition, out: Outcome) -> dict[str, Any]:
    first_whole = next((look["update"] for look in out.looks if look["accuracy"] == 1.0), None)
    numbers = {
        "sums": SUMS,
        "unseen": SUMS - TRAINED,
        "limit": EXPLOSION,
        "accuracy": float(out.right.mean()),
        "unseen_accuracy": float(out.right[TRAINED:].mean()),
        "all_right_at": first_whole,
        "largest_gradient": max(out.gradients, default=None),
        "loss": out.losses[-1] if out.losses else None,
        "ended": out.ended,
        "finite": len(out.losses) == s.updates,
    }
    update, gradient, weight, share = out.explosion or (None, None, None, None)
    return numbers | {"explosion": update, "explosion_gradient": gradient, "weight": weight, "share": share}


def _sentence(n: dict[str, Any]) -> tuple[str, ...]:
    if n["explosion"] is not None:
        start = (
            "The gradient exploded at update {explosion}: length {explosion_gradient:.1e}, {share:.0%} of its square "
        )
        start += "in {weight}; "
        if not n["finite"]:
            return start, "at update {ended} it was no number any more, and {accuracy:.1%} of all sums are right."
        return start, "in the end {accuracy:.1%} of all sums are right."
    if not n["finite"]:
        return ("At update {ended} the gradient was no number any more; {accuracy:.1%} of all sums are right.",)
    if n["accuracy"] == 1.0:
        whole = "All {sums:,} sums are right, the {unseen:,} it was never shown among them; the longest gradient was "
        return (whole + "{largest_gradient:.2g}.",)
    return ("{accuracy:.1%} of all sums are right ({unseen_accuracy:.1%} of those never shown); nothing exploded.",)


def _several(s: Addition, tell: Tell) -> Report:
    """Run a grid of activations and initialisers, or several seeds, and count."""
    runs = [replace(s, seed=s.seed + i, seeds=1, grid=False) for i in range(s.seeds)]
    if s.grid:
        runs = [replace(r, activation=phi, init=init) for phi in PHI for init in INITIALISERS for r in runs]
    rows: list[dict[str, Any]] = []
    for one in runs:
        n = _numbers(one, train(one, looks=()))  # only how it ends is told
        rows.append(
            {"activation": one.activation, "init": one.init, "seed": one.seed}
            | {
                key: n[key]
                for key in ("accuracy", "unseen_accuracy", "explosion", "largest_gradient", "weight", "ended")
            }
        )
        tell("{activation}, {init}, seed {seed}: {accuracy:.1%} of all sums are right", **rows[-1])
    numbers = {
        "runs": len(rows),
        "learned": sum(row["accuracy"] == 1.0 for row in rows),
        "exploded": sum(row["explosion"] is not None or row["ended"] < s.updates for row in rows),
        "both": sum(row["accuracy"] == 1.0 and row["explosion"] is not None for row in rows),
    }
    sentence = "Of {runs} trainings {learned} learned every sum and {exploded} exploded ({both} did both)."
    columns = ("activation", "init", "seed", "accuracy", "explosion", "largest_gradient", "weight", "ended")
    return Report("addition", to_dict(s), columns, rows, numbers, (sentence,))
