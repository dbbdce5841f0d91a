"""A model of sentences as arrays: reads sentences into codes, and tells step by step what may come next, with numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from seqcli.errors import quoted
from seqcli.latent.settings import LatentSpec
from seqcli.layers.packed import Layer, Packed, read_both_ways, stack_of, stack_shapes
from seqcli.layers.rotary import angles, turned
from seqcli.layers.shapes import cluster_bounds
from seqcli.layers.steps import Array, Ids
from seqcli.sentences.settings import CodedSpec, SentenceSpec
from seqcli.store.weights import stored_weights, too_large
from seqcli.text.vocabulary import EOS, UNK

if TYPE_CHECKING:
    from seqcli.store.arrays import Table

READ = 4  # states of one direction that a code is made of, in numbers: the last of each and the mean of both
NEAR = 0.2  # times what was read makes a distribution: at 1 it begins far from the prior, and each update moves it far
TURNED = 0.25  # times what each word adds to a code, turned by its place
LAYER_NORM = 1e-5  # that is added to a variance: as torch does
WIDEST = 8.0  # of the log-variance: as in layers.latent


class Code(NamedTuple):
    """The distributions of some sentences' codes: mean and log of the variance, [B, Z] each; a point has -inf."""

    mean: Array
    log_variance: Array

    def draw(self, rng: np.random.Generator) -> Array:
        """Return a draw of each, [B, Z]."""
        noise = rng.standard_normal(self.mean.shape, np.float32)
        found: Array = self.mean + np.exp(0.5 * self.log_variance) * noise
        return found


class State(NamedTuple):
    """Where the decoder stands in some sentences: its state, and what their codes add to its gates at every step.

    code: in the place of from_code, where what it adds goes by the place.
    """

    layer: tuple[Array, ...]
    from_code: Array | None  # [B, 4H]
    code: Array | None = None  # [B, Z]
    place: int = 0

    def take(self, rows: Ids) -> State:
        """Return the state of some of the sentences."""
        layer = tuple(s[rows] for s in self.layer)
        from_code, code = (None if part is None else part[rows] for part in (self.from_code, self.code))
        return State(layer, from_code, code, self.place)


def sentences_table(spec: SentenceSpec, vocabulary_size: int) -> Table:
    """Return the arrays that a model of these settings consists of: name -> (dtype, shape)."""
    width, hidden, latent = spec.embedding_size, spec.hidden_size, 0
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (vocabulary_size, width)}
    if isinstance(spec, CodedSpec):
        latent, read = spec.latent_size, READ * spec.encoder_size
        for name in ("encoder.onward", "encoder.returning"):
            shapes |= stack_shapes(name, "lstm", width, spec.encoder_size, 1)
        for name in ("mean", "log_variance") if isinstance(spec, LatentSpec) else ("mean",):
            shapes |= {f"posterior.{name}.weight": (latent, read), f"posterior.{name}.bias": (latent,)}
        if spec.rotary:
            shapes["turn.weight"] = (latent, width + 2 * spec.encoder_size)
        if spec.bag_of_words:
            shapes |= {"bag.weight": (width, latent), "bag.bias": (width,)}
        shapes |= {"decoder.start.weight": (2 * hidden, latent), "decoder.start.bias": (2 * hidden,)}
    shapes |= stack_shapes("decoder.recurrent", "lstm", width + latent, hidden, 1)
    shapes |= {"decoder.projection.weight": (width, hidden), "decoder.projection.bias": (width,)}
    shapes["decoder.output.bias"] = (vocabulary_size,)
    if clusters := len(cluster_bounds(vocabulary_size)) - 1:
        shapes |= {"decoder.output.cluster.weight": (clusters, width), "decoder.output.cluster.bias": (clusters,)}
    return {name: ("F32", shape) for name, shape in shapes.items()}


class SentenceArrays:
    """A model of sentences that answers with numpy alone."""

    def __init__(self, spec: SentenceSpec, arrays: dict[str, Any], name: str = "The model") -> None:
        """arrays: as `sentences_table` lists them. name: what a message calls the model."""
        self.spec, self._name, self.arrays = spec, name, arrays
        self._embedding: Array = arrays["embedding.weight"]
        self._rotary = spec.rotary if isinstance(spec, CodedSpec) else 0
        if isinstance(spec, CodedSpec):
            both = ("encoder.onward", "encoder.returning")
            self._onward, self._returning = (stack_of("lstm", arrays, one, 1) for one in both)
        self._decoder = Layer("lstm", arrays, "decoder.recurrent.layers.0", spec.embedding_size)
        self._projection = arrays["decoder.projection.weight"].T, arrays["decoder.projection.bias"]
        self._bounds, bias = cluster_bounds(len(self._embedding)), arrays["decoder.output.bias"]
        head, more = self._bounds[0], "decoder.output.cluster."
        rows = [(self._embedding[:head], bias[:head])]
        rows += [(arrays[f"{more}weight"], arrays[f"{more}bias"])] if len(self._bounds) > 1 else []
        weights, biases = zip(*rows, strict=True)
        self._first = np.concatenate(weights).T, np.concatenate(biases)
        ranges = zip(self._bounds, self._bounds[1:], strict=False)
        self._clusters = [(self._embedding[low:high].T, bias[low:high]) for low, high in ranges]

    @classmethod
    def stored(cls, record: Any, vocabulary_size: int) -> SentenceArrays:
        """Return the model of a record of the store."""
        arrays = stored_weights(record, sentences_table(record.spec, vocabulary_size))
        return cls(record.spec, arrays, quoted(record.name))

    # -- sentences into codes -------------------------------------------------------------------------------------

    def encode(self, sentences: Sequence[Sequence[int]]) -> Code:
        """Read sentences of ids, each ended by EOS. -> the distribution of each one's code"""
        packed = Packed(sentences)
        words = _normal(self._embedding[packed.ids])
        states = read_both_ways(packed, words, self._onward, self._returning)
        size, lengths = states.shape[1] // 2, np.array([len(one) for one in sentences])
        place = np.zeros((len(sentences), int(lengths.max())), np.int64)
        place[packed.places] = np.arange(len(states))
        last = states[place[np.arange(len(sentences)), lengths - 1], :size]
        read = _normal(np.concatenate([last, states[place[:, 0], size:], packed.mean(states)], 1))
        if isinstance(self.spec, LatentSpec):
            read *= np.float32(NEAR)
        mean = read @ self.arrays["posterior.mean.weight"].T + self.arrays["posterior.mean.bias"]
        if self._rotary:
            own = np.concatenate([words, states], 1) @ self.arrays["turn.weight"].T
            by = angles(-packed.places[1], self._rotary, own.shape[1])
            np.add.at(mean, packed.places[0], np.float32(TURNED) * turned(own, by))
        self._check(mean)
        if not isinstance(self.spec, LatentSpec):
            return Code(mean, np.full_like(mean, -np.inf))
        spread = read @ self.arrays["posterior.log_variance.weight"].T + self.arrays["posterior.log_variance.bias"]
        return Code(mean, np.clip(spread, -WIDEST, WIDEST))

    # -- codes into sentences -------------------------------------------------------------------------------------

    def start(self, z: Array | None, rows: int) -> State:
        """z [B, Z], None where there is no code -> the state before the first token of as many sentences."""
        if z is None:
            return State(self._decoder.start(rows), None)
        weight, bias = self.arrays["decoder.start.weight"], self.arrays["decoder.start.bias"]
        h, c = np.split(np.tanh(z @ weight.T + bias), 2, 1)
        return State((h, c), None, z) if self._rotary else State((h, c), z @ self._decoder.more)

    def step(self, ids: Ids, state: State) -> tuple[Array, State]:
        """Read one token a row: ids [B] -> what the output layer reads [B, E], and the state behind it."""
        from_input = self._decoder.inputs(self._embedding[ids])
        if state.from_code is not None:
            from_input += state.from_code
        elif state.code is not None:
            here = turned(state.code, angles(state.place, self._rotary, state.code.shape[1]))
            from_input += here @ self._decoder.more
        layer = self._decoder.step(from_input, state.layer)
        after = State(layer, state.from_code, state.code, state.place + 1)
        return layer[0] @ self._projection[0] + self._projection[1], after

    def log_probabilities(self, hidden: Array) -> Array:
        """hidden [B, E] -> natural log of every token's probability [B, V]. Raises DamagedError for no numbers."""
        first = self._logs(hidden, *self._first)
        head = self._bounds[0]
        rest = [self._logs(hidden, *one) + first[:, head + i, None] for i, one in enumerate(self._clusters)]
        return np.concatenate([first[:, :head], *rest], 1)

    def draw(self, hidden: Array, chances: Array, unknown: bool) -> Ids:
        """Return a token of each row by the model's own probabilities; chances [B, 2]: uniform numbers from 0 to 1.

        unknown: it may be the unknown one.
        """
        first = self._logs(hidden, *self._first)
        if not unknown:
            first[:, UNK] = -np.inf
        found = _drawn(first, chances[:, 0])
        for i, one in enumerate(self._clusters):
            rows = np.flatnonzero(found == self._bounds[0] + i)
            if len(rows):
                found[rows] = -1 - self._bounds[i] - _drawn(self._logs(hidden[rows], *one), chances[rows, 1])
        tokens: Ids = np.where(found < 0, -1 - found, found)
        return tokens

    def token_nats(self, sentences: Sequence[Sequence[int]], z: Array | None) -> list[Array]:
        """Return the cost of each token of sentences, EOS at their ends, given those before it and the codes [B, Z]."""
        return [costs for costs, _ in self.told(sentences, z)]

    def told(self, sentences: Sequence[Sequence[int]], z: Array | None) -> list[tuple[Array, int]]:
        """Return for each sentence what its tokens cost, and how many of them were the likeliest at their place."""
        lengths = np.array([len(one) for one in sentences])
        order = np.argsort(-lengths, kind="stable")
        costs = np.zeros((len(sentences), int(lengths.max(initial=0))), np.float32)
        right = np.zeros(len(sentences), np.int64)
        state = self.start(None if z is None else z[order], len(order))
        before = np.full(len(order), EOS)
        for t in range(costs.shape[1]):
            count = int(np.count_nonzero(lengths > t))
            hidden, state = self.step(before[:count], state.take(np.arange(count)))
            before = np.array([sentences[i][t] for i in order[:count]])
            logs = self.log_probabilities(hidden)
            costs[order[:count], t] = -logs[np.arange(count), before]
            right[order[:count]] += logs.argmax(1) == before
        return [(row[:length], int(count)) for row, length, count in zip(costs, lengths, right, strict=True)]

    def _logs(self, hidden: Array, weight: Array, bias: Array) -> Array:
        """hidden [B, E], weight [E, K], bias [K] -> logs of the shares [B, K]."""
        with np.errstate(over="ignore", invalid="ignore"):
            scores: Array = hidden @ weight
            scores += bias
        self._check(scores)
        scores -= scores.max(1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(1, keepdims=True))
        return scores

    def _check(self, found: Array) -> None:
        """Raise DamagedError where finite weights are so large that their products are not."""
        if not np.isfinite(found).all():
            raise too_large(self._name)


def _normal(x: Array) -> Array:
    """Return x [N, D] with mean 0 and variance 1 in each row: as in SentenceModel.encode."""
    away = x - x.mean(1, keepdims=True)
    found: Array = away / np.sqrt((away * away).mean(1, keepdims=True) + np.float32(LAYER_NORM))
    return found


def _drawn(logs: Array, chances: Array) -> Ids:
    """Return a place of each row, drawn by the logs of shares [B, K]; chances [B] from 0 to 1."""
    sums = np.exp(logs).cumsum(1, dtype=np.float64)
    found: Ids = (sums <= (chances * sums[:, -1])[:, None]).sum(1)
    within: Ids = np.minimum(found, logs.shape[1] - 1)
    return within
