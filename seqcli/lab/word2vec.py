"""`word2vec`: a world of 30 words, from one-hot to dense: what moves a vector, and what a dimension costs."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np

from seqcli.lab.cells import Array, softmax
from seqcli.lab.learning import Adam, checked
from seqcli.lab.report import Report, Table, Tell, silent
from seqcli.lab.settings import Word2Vec
from seqcli.settings import to_dict

KINDS = ("people", "animals", "foods", "places", "actions")
WORLD = {
    "en": (
        "girl boy mother father king smith",
        "cat dog horse cow bird fish",
        "bread cheese apple soup rice honey",
        "house garden river forest town field",
        "eats cooks feeds sees visits leaves",
    ),
    "ja": (
        "女の子 男の子 母 父 王 かじ屋",
        "猫 犬 馬 牛 鳥 魚",
        "パン チーズ りんご スープ 米 はちみつ",
        "家 庭 川 森 町 畑",
        "食べる 料理する 育てる 見る 訪ねる 去る",
    ),
}
SAID = (
    (0, (0, 1), 2),
    (0, (2, 3), 1),
    (0, (4, 5), 3),
    (1, (0,), 2),
    (1, (4, 5), 3),
)  # who (kind), does which, with what
SENTENCES = 4000  # of the world: each word stands in about 400
WINDOW = 2  # words to each side: the whole of a three-word sentence
DIMENSIONS = (1, 2, 3, 5, 10, 20, 30)
LOOKS = (0, 10, 30, 100)  # updates at which the matrix is drawn, besides the last
PAIRS = (
    (6, 7),
    (6, 8),
    (6, 12),
    (0, 1),
    (0, 18),
)  # of words whose distances are told: cat-dog, cat-horse, cat-bread, ...
NEAR_FLOOR = 0.01  # nats above the least possible loss: nothing is left to learn but the sample's noise
NEAREST = 5  # neighbours that are looked at: all the others of a word's kind


class Trained(NamedTuple):
    """Vectors of the words [30, D], those of every look, the loss of every update, and milliseconds an update."""

    vectors: Array
    looks: list[Array]
    losses: list[float]
    milliseconds: float


def together(rng: np.random.Generator, order: tuple[int, int, int]) -> Array:
    """Make the world's sentences and count which words stand together: a word's row, its company's columns."""
    counts = np.zeros((30, 30))
    for _ in range(SENTENCES):
        who, does, what = SAID[rng.integers(len(SAID))]
        parts = (6 * who + rng.integers(6), 24 + rng.choice(does), 6 * what + rng.integers(6))
        sentence = [int(parts[i]) for i in order]
        for i, word in enumerate(sentence):
            for j in range(max(i - WINDOW, 0), min(i + WINDOW + 1, len(sentence))):
                counts[word, sentence[j]] += i != j
    return counts


def train(counts: Array, D: int, s: Word2Vec) -> Trained:
    """Skip-gram with the whole softmax, which 30 words can afford. Source: Mikolov et al. 2013, eq. 1 and 2."""
    rng = np.random.default_rng(s.seed)
    weights = {"v": 0.1 * rng.standard_normal((30, D)), "u": 0.1 * rng.standard_normal((30, D))}  # as word, as company
    optimiser, losses, looks = Adam(s.rate), [], []
    share = counts / counts.sum()
    start = time.perf_counter()
    for update in range(s.updates):
        if update in LOOKS:
            looks.append(weights["v"].copy())
        p = softmax(weights["v"] @ weights["u"].T)  # [30, 30]  row: what is expected around a word
        losses.append(checked(float(-(share * np.log(p)).sum()), update + 1))
        dy = share.sum(1, keepdims=True) * p - share  # [30, 30]
        optimiser.update(weights, {"v": dy @ weights["u"], "u": dy.T @ weights["v"]})
    spent = (time.perf_counter() - start) / s.updates * 1000
    return Trained(weights["v"], [*looks, weights["v"].copy()], losses, spent)


def distances(vectors: Array) -> Array:
    """Return the Euclidean distance of every two words, in units of the mean distance, [30, 30]."""
    d: Array = np.sqrt(((vectors[:, None] - vectors[None]) ** 2).sum(-1))
    d /= d.sum() / (len(d) * (len(d) - 1))
    return d


def same_kind(vectors: Array) -> float:
    """Return which share of the five nearest words is of the word's own kind; by chance 5/29."""
    d = distances(vectors) + np.diag(np.full(30, np.inf))
    near = np.argsort(d, axis=1, kind="stable")[:, :NEAREST]
    return float((near // 6 == np.arange(30)[:, None] // 6).mean())


def run(s: Word2Vec, language: str = "en", tell: Tell = silent) -> Report:
    """Train on the world in every dimension; look at one of them closely."""
    words = " ".join(WORLD[language]).split()
    order = (0, 1, 2) if language == "en" else (0, 2, 1)  # the verb stands last in Japanese
    counts = together(np.random.default_rng(s.seed), order)
    share = counts / counts.sum()
    floor = float(-(share * np.log(np.maximum(share / share.sum(1, keepdims=True), 1e-300))).sum())
    rows: list[dict[str, Any]] = []
    trained: dict[int, Trained] = {}
    for D in sorted({*DIMENSIONS, s.dimension}):
        trained[D] = t = train(counts, D, s)
        rows.append({"dimension": D, "parameters": 60 * D, "loss": t.losses[-1], "above_floor": t.losses[-1] - floor,
                     "same_kind": same_kind(t.vectors), "milliseconds": t.milliseconds})  # fmt: skip
        tell("dimension {dimension}: loss {loss:.3f}, {same_kind:.0%} of the nearest are of the same kind", **rows[-1])
    chosen = trained[s.dimension]
    return _report(s, words, rows, chosen, floor)


def _report(s: Word2Vec, words: list[str], rows: list[dict[str, Any]], chosen: Trained, floor: float) -> Report:
    d = distances(chosen.vectors)
    pairs = [
        {"word": words[i], "other": words[j], "one_hot": float(np.sqrt(2)), "learned": float(d[i, j])} for i, j in PAIRS
    ]
    near = np.argsort(d + np.diag(np.full(30, np.inf)), axis=1, kind="stable")
    nearest = [{"word": word, "nearest": " ".join(words[j] for j in near[i, :3])} for i, word in enumerate(words)]
    own = next(row for row in rows if row["dimension"] == s.dimension)
    enough = next((row for row in rows if row["above_floor"] < NEAR_FLOOR), None)
    numbers = {
        "dimension": s.dimension,
        "same_kind": own["same_kind"],
        "chance": NEAREST / 29,
        "word": words[6],
        "near": words[int(near[6, 0])],
        "near_floor": NEAR_FLOOR,
        "enough": enough["dimension"] if enough else None,
        "floor": floor,
        "above": own["above_floor"],
    }
    start = "One-hot, any two words are equally far; in {dimension} learned dimensions {same_kind:.0%} of a word's "
    start += "five nearest are of its kind (chance: {chance:.0%}), and nearest to {word} is {near}; "
    if enough is None:
        end = "no dimension brought the loss within {near_floor:g} nats of the least possible."
    else:
        end = "{enough} dimensions are enough to come within {near_floor:g} nats of the least possible loss."
    columns = ("dimension", "parameters", "loss", "above_floor", "same_kind", "milliseconds")
    series = {
        "words": words,
        "looks": [look.tolist() for look in chosen.looks],
        "updates": [u for u in LOOKS if u < s.updates] + [s.updates],
        "distances": d.tolist(),
    }
    tables = [
        Table("distances", ("word", "other", "one_hot", "learned"), pairs),
        Table("nearest", ("word", "nearest"), nearest),
    ]
    return Report("word2vec", to_dict(s), columns, rows, numbers, (start, end), series, tables)
