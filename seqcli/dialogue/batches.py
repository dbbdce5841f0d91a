"""Exchanges as arrays: every utterance of several dialogues in one packed batch, without a step of padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.dialogue.corpus import Exchange
from seqcli.text.vocabulary import EOS
from seqcli.training.held_out import PADDING
from seqcli.training.shares import Shares

Array = NDArray[np.int64]
MOST_TOKENS = 12_000  # of a batch: bounds the memory that long dialogues need
HELD_OUT_TOKENS = 4_000  # measured side by side


class Packed(NamedTuple):
    """Utterances as one row a token, those of one step together, longer ones first: what torch calls packed.

    sizes [T]: utterances that have a token at each step. places [R]: dialogue * U + turn of each utterance. rows [N]:
    which of these utterances each token is of.
    """

    sizes: Any
    places: Any
    rows: Any


class Batch(NamedTuple):
    """Dialogues in ids. N tokens are read in R utterances, of which M are predicted; D dialogues of at most U turns.

    words [N]: what is read, the targets of all. inputs, targets [M]: of the decoder, in its own packed order.
    speakers [D, U]: who said each utterance, by number. memory [D, L], queries [D, Q]: the
    tokens that are read and predicted of each dialogue in order, as places in packed order (PADDING: none), and the
    turns that they are of. noise [R', Z]: what the latent variable of each predicted utterance is drawn by; empty
    where it is to be drawn.
    """

    words: Any
    read: Packed
    inputs: Any
    targets: Any
    said: Packed
    speakers: Any
    memory: Any
    memory_turns: Any
    queries: Any
    query_turns: Any
    asked: Any  # [M]: where in D * Q each predicted token stands
    noise: Any


class DialogueBatches:
    """Exchanges in batches of about the same length; which of one length meet changes with every epoch."""

    def __init__(self, exchanges: Sequence[Exchange], batch_size: int, seed: int) -> None:
        self._exchanges, self._seed = exchanges, seed
        self._lengths = np.array([one.tokens for one in exchanges])
        order = np.argsort(self._lengths, kind="stable")
        self._cuts = _cuts(self._lengths[order], batch_size, MOST_TOKENS)
        self.updates_per_epoch = len(self._cuts) - 1
        self._epoch, self._order, self._batches = -1, order, order

    def batch(self, epoch: int, index: int) -> Batch:
        """Return the exchanges of one update."""
        return batch_of(self._drawn(epoch, index))

    def shares(self, epoch: int, index: int, count: int) -> Shares:
        """Return the exchanges of one update in so many shares."""
        drawn = self._drawn(epoch, index)
        batches = [batch_of(drawn[number::count]) for number in range(min(count, len(drawn)))]
        return Shares(len(drawn), batches, np.concatenate([batch.targets for batch in batches]))

    def _drawn(self, epoch: int, index: int) -> list[Exchange]:
        if epoch != self._epoch:
            rng = np.random.default_rng([self._seed, epoch])
            self._order = np.lexsort((rng.random(len(self._lengths)), self._lengths))
            self._batches, self._epoch = rng.permutation(self.updates_per_epoch), epoch
        place = int(self._batches[index])
        return [self._exchanges[int(i)] for i in self._order[self._cuts[place] : self._cuts[place + 1]]]


class DialoguePiece(NamedTuple):
    """Some exchanges of an evaluation; each begins anew."""

    batch: Batch
    first: bool = True


class HeldOutDialogues:
    """Exchanges to be measured, those of about one length side by side."""

    def __init__(self, exchanges: Sequence[Exchange], latent_size: int = 0, most: int = HELD_OUT_TOKENS) -> None:
        """latent_size: numbers of noise for each predicted utterance, the same however they are batched."""
        self._exchanges, self._latent_size = sorted(exchanges, key=lambda one: one.tokens), latent_size
        lengths = np.array([one.tokens for one in self._exchanges])
        self._cuts = _cuts(lengths, len(lengths), most)

    def __iter__(self) -> Iterator[DialoguePiece]:
        for low, high in zip(self._cuts, self._cuts[1:], strict=False):
            yield DialoguePiece(batch_of(self._exchanges[low:high], self._latent_size))


def batch_of(exchanges: Sequence[Exchange], latent_size: int = 0) -> Batch:
    """Return exchanges as the arrays that the model takes."""
    most = max(len(one.utterances) for one in exchanges)
    whole = [(d, u) for d, one in enumerate(exchanges) for u in range(len(one.utterances))]
    wanted = [(d, u) for d, u in whole if u >= exchanges[d].first]
    words, read = _packed(exchanges, whole, most)
    same = len(wanted) == len(whole)
    targets, said = (words, read) if same else _packed(exchanges, wanted, most)
    inputs = np.full_like(targets, EOS)
    later = np.arange(said.sizes[0], len(targets))
    inputs[later] = targets[_before(said)[later]]
    speakers = np.zeros((len(exchanges), most), np.int64)
    for d, one in enumerate(exchanges):
        speakers[d, : len(one.speakers)] = one.speakers
    memory, memory_turns, _ = _in_order(read, len(exchanges), most)
    queries, query_turns, asked = _in_order(said, len(exchanges), most)
    noise = _noise(exchanges, said, most, latent_size)
    return Batch(words, read, inputs, targets, said, speakers, memory, memory_turns, queries, query_turns, asked, noise)


def _packed(exchanges: Sequence[Exchange], turns: Sequence[tuple[int, int]], most: int) -> tuple[Array, Packed]:
    """Return the tokens of some utterances, (dialogue, turn), in packed order."""
    rows = [exchanges[d].utterances[u] for d, u in turns]
    lengths = np.array(list(map(len, rows)))
    order = np.argsort(-lengths, kind="stable")
    table = np.full((len(rows), int(lengths.max())), PADDING, np.int64)
    for i, row in enumerate(order):
        table[i, : lengths[row]] = rows[row]
    inside = (np.arange(table.shape[1]) < lengths[order][:, None]).T  # [T, R]
    places = np.array([d * most + u for d, u in turns])[order]
    return table.T[inside], Packed(inside.sum(1), places, np.nonzero(inside)[1])


def _before(packed: Packed) -> Array:
    """Return where the token before each one stands, of the same utterance; of first ones nothing that counts."""
    starts = np.cumsum(packed.sizes) - packed.sizes
    step = np.repeat(np.arange(len(packed.sizes)), packed.sizes)
    return np.asarray(starts[np.maximum(step - 1, 0)] + packed.rows, np.int64)


def _in_order(packed: Packed, dialogues: int, most: int) -> tuple[Array, Array, Array]:
    """Return the tokens of each dialogue in order: places in packed order [D, L], their turns [D, L], the reverse [N].

    The reverse says where in D * L each packed token stands. PADDING is behind a dialogue's end.
    """
    step = np.repeat(np.arange(len(packed.sizes)), packed.sizes)
    place = packed.places[packed.rows]
    order = np.lexsort((step, place))
    dialogue = place[order] // most
    counts = np.bincount(dialogue, minlength=dialogues)
    columns = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    found, turns = np.full((2, dialogues, int(counts.max())), PADDING, np.int64)
    found[dialogue, columns], turns[dialogue, columns] = order, place[order] % most
    reverse = np.empty(len(order), np.int64)
    reverse[order] = dialogue * found.shape[1] + columns
    return found, turns, reverse


def _noise(exchanges: Sequence[Exchange], said: Packed, most: int, size: int) -> NDArray[np.float32]:
    """Return noise of a normal distribution for each predicted utterance, drawn by its exchange and turn alone."""
    if not size:
        return np.zeros((0, 0), np.float32)
    seeds = [(exchanges[int(place) // most].number, int(place) % most) for place in said.places]
    return np.stack([np.random.default_rng(seed).standard_normal(size, np.float32) for seed in seeds])


def _cuts(lengths: Array, batch_size: int, most: int) -> list[int]:
    """Return where the batches of exchanges in this order begin, and the end of the last. lengths [N], rising"""
    cuts = [0]
    for i, length in enumerate(lengths.tolist()):
        count = i + 1 - cuts[-1]
        if count > batch_size or (count > 1 and count * length > most):
            cuts.append(i)
    return [*cuts, len(lengths)]
