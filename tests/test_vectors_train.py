"""Training word vectors: the arithmetic against plain numpy, the same bytes again, languages learned, the command."""

from __future__ import annotations

import heapq
import json
import math
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import Outcome, seqcli
from numba import njit

from seqcli.errors import DivergedError
from seqcli.training.events import Evaluated, Event, Progressed
from seqcli.vectors.kernels import held_out_loss as loss
from seqcli.vectors.kernels import products, rows, sampling, simd
from seqcli.vectors.kernels import updates as kernels
from seqcli.vectors.kernels.work import GROUP, NEGATIVES, Method, Weights, Words, make_works, work_of
from seqcli.vectors.loop import LAST_SHARE, VectorTraining
from seqcli.vectors.phrases import join_phrases
from seqcli.vectors.settings import VectorsRunSpec, VectorsSpec
from seqcli.vectors.subwords import Subwords

Arrays = dict[str, Any]
NO_ROWS, NO_PLACES, NO_CODES = np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.float32)
METHODS = [(a, o) for a in ("skip-gram", "cbow") for o in ("negative-sampling", "hierarchical-softmax")]


def text_of_topics(sentences: int = 3000, seed: int = 1) -> tuple[Any, list[str], Any]:
    """Return ids, words and counts of sentences that each speak of one of two topics, ten words each."""
    random = np.random.default_rng(seed)
    rows = random.integers(0, 10, (sentences, 8)) + 10 * random.integers(0, 2, (sentences, 1))
    counts = np.bincount(rows.ravel(), minlength=20)
    rank = np.argsort(np.argsort(-counts, kind="stable"), kind="stable")
    ids = np.concatenate((rank[rows] + 2, np.ones((sentences, 1), int)), axis=1).astype(np.int32).ravel()
    order = np.argsort(rank)
    return ids, [f"{'ab'[i // 10]}{i % 10}" for i in order.tolist()], counts[order]


def training_of(spec: VectorsSpec, sentences: int = 3000, **run: Any) -> VectorTraining:
    ids, words, counts = text_of_topics(sentences)
    settings = {"epochs": 2.0, "threads": 1, **run}
    return VectorTraining(ids[:-900], ids[-900:], words, counts, spec, VectorsRunSpec(**settings))


def run(training: VectorTraining) -> list[Event]:
    return list(training.events())


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


# -- the products in registers ----------------------------------------------------------------------------------------


@njit
def multiply(fresh, row, factors, matrix, inputs, columns, weights, gradients, turned):  # type: ignore[no-untyped-def]
    products.write_tile(fresh, 0, factors, 1, 2, 3, matrix, 1, 5)
    products.add_row(row, 1, factors, 0, 0, 1, matrix, 0, 3)
    products.push_scores(gradients, inputs, 0, columns, simd.LANES, inputs.shape[1], weights)
    products.transpose(turned, matrix[: simd.LANES])


@njit
def score(pulled, paired, inputs, matrix):  # type: ignore[no-untyped-def]
    products.pull_scores(pulled, 2, inputs, 1, matrix, 0, np.float32(0.5))
    products.pair_scores(paired, 3, inputs, 1, matrix, 2, np.float32(0.5))


@pytest.mark.parametrize("vectors", [1, 2, 3, 4, 5, 7, 8, 9, 17])
def test_products_in_registers_are_numpys(vectors: int) -> None:
    random = np.random.default_rng(vectors)

    def floats(*shape: int) -> Any:
        return random.standard_normal(shape).astype(np.float32)

    size, lanes, tile = vectors * simd.LANES, simd.LANES, simd.TILE
    row, matrix, factors = floats(2, size), floats(lanes + 2, size), floats(40)
    inputs, columns, weights = floats(lanes + 1, size) / 9, floats(size, 2 * lanes), floats(2 * tile)
    fresh, gradients, turned = floats(tile, size), floats(2 * tile, 2 * lanes), floats(size, lanes)
    pulled, paired = np.zeros(lanes + 9, np.float32), np.zeros(lanes + 9, np.float32)
    product = np.array([[factors[1 + 2 * r + 3 * k] for k in range(5)] for r in range(tile)]) @ matrix[1:6]
    expected_row, before = row[1] + factors[:3] @ matrix[:3], gradients.copy()
    multiply(fresh, row, factors, matrix, inputs, columns, weights, gradients, turned)
    score(pulled, paired, inputs, matrix)
    np.testing.assert_allclose(fresh, product, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(row[1], expected_row, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(pulled[2 : 2 + lanes], 0.5 * sigmoid(-(matrix[:lanes] @ inputs[1])), atol=1e-5)
    dots = (inputs[1 : lanes + 1] * matrix[2 : lanes + 2]).sum(axis=1)
    np.testing.assert_allclose(paired[3 : 3 + lanes], 0.5 * sigmoid(-dots), atol=1e-5)
    push = -weights[:, None] * sigmoid(inputs[: 2 * tile] @ columns[:, lanes:])
    np.testing.assert_allclose(gradients[:, lanes:], push, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(gradients[:, :lanes], before[:, :lanes])
    np.testing.assert_array_equal(turned, matrix[:lanes].T)


@njit
def move(small, large, blended):  # type: ignore[no-untyped-def]
    rows.fetch_row(large, 2)
    rows.copy_row(small, 1, large, 2)
    rows.add_to_row(large, 0, np.float32(0.5), small, 1)
    rows.blend(blended, 1, np.float32(2.0), small, 1, np.float32(-3.0), small, 0)


@pytest.mark.parametrize("size", [1, 7, 15, 16, 17, 31, 32, 100, 300])
def test_rows_of_any_length_are_copied_and_added(size: int) -> None:
    random = np.random.default_rng(size)
    padded = -(-size // simd.LANES) * simd.LANES
    large, small = random.random((3, size), np.float32), np.zeros((2, padded), np.float32)
    blended, before = random.random((3, padded), np.float32), large.copy()
    small[0, :size] = random.random(size, np.float32)
    first, untouched = small[0].copy(), blended.copy()
    move(small, large, blended)
    np.testing.assert_array_equal(small[1, :size], before[2])
    np.testing.assert_array_equal(small[:, size:], 0)
    np.testing.assert_array_equal(small[0], first)
    np.testing.assert_allclose(large[0], before[0] + 0.5 * before[2], rtol=1e-6)
    np.testing.assert_array_equal(large[1:], before[1:])
    np.testing.assert_allclose(blended[1], 2 * (small[1] - 3 * first), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(blended[::2], untouched[::2])


@njit
def sigmoids(scores, one, many):  # type: ignore[no-untyped-def]
    for i in range(0, len(many), simd.LANES):
        products.pull_scores(scores, i, one, 0, many, i, np.float32(1.0))


def test_the_sigmoid_is_right_everywhere_even_for_huge_numbers() -> None:
    x = np.array([0, -0.1, 0.5, 1, -2, 5, -9, 14, -14, 20, -29, 31, 1e4, -1e4, 3e38, -3e38], np.float32)
    one, many = np.zeros((1, simd.LANES), np.float32), np.zeros((len(x), simd.LANES), np.float32)
    one[0, 0], many[:, 0] = 1, x
    scores = np.zeros(len(x) + simd.LANES, np.float32)
    sigmoids(scores, one, many)
    np.testing.assert_allclose(scores[: len(x)], sigmoid(-x.astype(np.float64).clip(-700, 700)), rtol=1e-5, atol=1e-12)


# -- a chunk against plain arithmetic ---------------------------------------------------------------------------------


def chunk_case(architecture: str, output: str) -> tuple[Words, Weights, Method, Arrays]:
    """Return a small case: 30 words, two sentences, each word's window drawn."""
    random = np.random.default_rng(5)
    size, count, window = 20, 30, 3
    counts = np.sort(random.integers(5, 500, count))[::-1].astype(np.int64)
    tree = output == "hierarchical-softmax"
    paths = sampling.code_paths(counts) if tree else (NO_PLACES, NO_ROWS, NO_CODES)
    table = sampling.negative_table(counts)
    words = Words(sampling.keep_chances(counts, 0.0), *table, NO_PLACES, NO_ROWS, *paths)
    matrices = [random.standard_normal((count, size)).astype(np.float32) / 3 for _ in range(2)]
    ids = np.array([*random.integers(2, count + 2, 14), 1, *random.integers(2, count + 2, 7), 1], np.int32)
    kept, low, high = np.zeros(len(ids), np.int32), np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
    state = sampling.start_draws(1, 0, 0)
    total = sampling.choose(ids, 0, len(ids), words.keep, window, state, kept, low, high)
    assert total == 21 and high[:14].max() == 14 and low[14:21].min() == 14  # no window crosses a sentence's end
    text = {"kept": kept, "low": low, "high": high, "total": total, "state": state}
    return words, Weights(*matrices), Method(window, 5, architecture == "cbow", tree, 1, 64), text


def plain_changes(
    words: Words, weights: Weights, method: Method, text: Arrays, negatives: Any, rate: float, begin: int, count: int
) -> list[Any]:
    """Return the changes of both matrices as word2vec defines them, pair by pair, from the weights as they stand."""
    inputs, outputs = (m.astype(np.float64) for m in weights)
    changes = [np.zeros_like(inputs), np.zeros_like(outputs)]

    def learn(sources: list[int], word: int, parts: float) -> None:
        x = inputs[sources].mean(axis=0)
        if method.tree:
            path = slice(words.paths[word], words.paths[word + 1])
            targets = [(n, 1.0 - c, 1.0) for n, c in zip(words.nodes[path], words.codes[path], strict=True)]
        else:
            share = method.negatives / len(negatives)
            targets = [(word, 1.0, 1.0), *((n, 0.0, share) for n in negatives)]
        for row, label, weight in targets:
            g = rate * parts * weight * (label - sigmoid(x @ outputs[row]))
            changes[1][row] += g * x
            for source in sources:
                changes[0][source] += g * outputs[row]

    kept = text["kept"]
    for p in range(begin, begin + count):
        around = [q for q in range(text["low"][p], text["high"][p]) if q != p]
        if method.cbow:
            learn([kept[q] for q in around], kept[p], 1.0)
        elif method.tree:
            for q in around:
                learn([kept[q]], kept[p], 1.0)
        else:
            for q in around:  # the word itself is the input here: the same pairs, seen from the other end
                learn([kept[p]], kept[q], 1.0)
    return changes


@pytest.mark.parametrize(("architecture", "output"), METHODS)
def test_a_chunk_changes_what_word2vec_would_change(architecture: str, output: str) -> None:
    words, weights, method, text = chunk_case(architecture, output)
    longest = int(np.diff(words.paths).max()) if method.tree else 0
    work = work_of(make_works(1, 20, method.window, longest), 0)
    chunk = kernels.tree_chunk if method.tree else kernels.cbow_chunk if method.cbow else kernels.skip_gram_chunk
    begin, count, rate = 2, 16, 0.1
    context = (text["kept"], text["low"], text["high"], begin, count, text["total"])
    chunk(work, words, weights, method, *context, np.float32(rate), text["state"])
    assert count <= GROUP
    negatives = [] if method.tree else work.b_rows[:NEGATIVES].tolist()
    found = [np.zeros((30, 20)), np.zeros((30, 20))]
    np.add.at(found[0], work.a_words[: work.sizes[0]], work.da[: work.sizes[0], :20])
    np.add.at(found[1], work.b_rows[: work.sizes[1]], work.db[: work.sizes[1], :20])
    expected = plain_changes(words, weights, method, text, negatives, rate, begin, count)
    for mine, theirs in zip(found, expected, strict=True):
        assert np.abs(theirs).max() > 0.01
        np.testing.assert_allclose(mine, theirs, atol=2e-5)


# -- chance -----------------------------------------------------------------------------------------------------------


def test_negatives_come_by_count_to_the_power_of_three_quarters() -> None:
    counts = np.array([10_000, 3000, 1000, 1000, 50, 5, 5], np.int64)
    first, cumulated = sampling.negative_table(counts)
    state, drawn, seen = sampling.start_draws(7, 0, 0), np.zeros(32, np.int32), Counter[int]()
    for _ in range(4000):
        sampling.draw_negatives(state, first, cumulated, drawn)
        seen.update(drawn.tolist())
    shares = counts**0.75 / (counts**0.75).sum()
    found = np.array([seen[i] for i in range(len(counts))]) / (32 * 4000)
    np.testing.assert_allclose(found, shares, atol=4 * math.sqrt(0.25 / (32 * 4000)))


def test_subsampling_and_windows_have_their_shares() -> None:
    counts = np.array([90_000, 10_000], np.int64)
    keep = sampling.keep_chances(counts, 1e-2)
    ratio = 1e-2 / 0.9
    assert keep[0] / 2**32 == pytest.approx(math.sqrt(ratio) + ratio, rel=1e-6)
    ids = np.full(100_000, 2, np.int32)
    kept, low, high = np.zeros(len(ids), np.int32), np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
    total = sampling.choose(ids, 0, len(ids), keep, 5, sampling.start_draws(1, 0, 0), kept, low, high)
    assert total / len(ids) == pytest.approx(keep[0] / 2**32, abs=0.005)
    reach = (high - low)[10 : total - 10] // 2
    assert sorted(set(reach.tolist())) == [1, 2, 3, 4, 5]
    assert np.bincount(reach)[1:] / len(reach) == pytest.approx([0.2] * 5, abs=0.02)
    assert (sampling.keep_chances(counts, 0.0) == 2**32).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_tree_is_a_shortest_code(seed: int) -> None:
    counts = np.sort(np.random.default_rng(seed).integers(1, 50, 3 + 20 * seed))[::-1].astype(np.int64)
    starts, nodes, codes = sampling.code_paths(counts)
    names = set()
    for w in range(len(counts)):
        path = slice(starts[w], starts[w + 1])
        steps = list(zip(nodes[path].tolist(), codes[path].tolist(), strict=True))[::-1]
        assert steps[0][0] == len(counts) - 2  # the root
        names.add("".join(str(int(code)) for _, code in steps))
    assert not any(a != b and b.startswith(a) for a in names for b in names) and len(names) == len(counts)
    heap, least = counts.tolist(), 0
    heapq.heapify(heap)
    while len(heap) > 1:
        pair = heapq.heappop(heap) + heapq.heappop(heap)
        least += pair
        heapq.heappush(heap, pair)
    assert int(counts @ np.diff(starts)) == least


def test_passages_begin_with_sentences() -> None:
    ids = np.array([5, 5, 1, 5, 5, 5, 1, 5], np.int32)
    assert [sampling.next_sentence(ids, at, 10) for at in range(9)] == [0, 3, 3, 3, 7, 7, 7, 7, 8]
    assert sampling.next_sentence(np.full(50, 5, np.int32), 20, 10) == 20  # one sentence without end is cut anywhere


# -- learning ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("architecture", "output"), METHODS)
def test_words_of_one_topic_come_together(architecture: str, output: str) -> None:
    training = training_of(VectorsSpec(architecture, 16, output=output, subsample=0.0), epochs=5.0)
    before = training.learner.measure(training._held_out)
    events = run(training)
    vectors = training.vectors()["input"]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    topic = np.array([word[0] == "a" for word in training.names])
    cosines = vectors @ vectors.T
    same = topic[:, None] == topic[None, :]
    assert cosines[same].min() > cosines[~same].max()
    last = [event for event in events if isinstance(event, Evaluated)][-1]
    assert last.nats < 0.9 * before[0] / before[1] and last.tokens == before[1]


def test_an_untrained_model_is_as_wrong_as_a_coin() -> None:
    training = training_of(VectorsSpec(negatives=7))
    nats, pairs = training.learner.measure(training._held_out)
    assert nats / pairs == pytest.approx(8 * math.log(2), rel=1e-6)
    assert pairs == 100 * 2 * sum(8 - distance for distance in range(1, 6))  # sentences of 8, whole windows of 5
    assert training.learner.measure(training._held_out) == (nats, pairs)


def test_the_held_out_loss_is_that_of_its_definition() -> None:
    training = training_of(VectorsSpec(embedding_size=8, window=2, negatives=3), epochs=1.0)
    run(training)
    ids = training._held_out[:9]
    assert ids[8] == 1
    negatives = np.zeros(NEGATIVES, np.int32)
    words = training.learner.words
    sampling.draw_negatives(sampling.start_draws(loss.SEED, 0, 0), words.first, words.cumulated, negatives)
    x, y = (m.astype(np.float64) for m in training._weights)
    kept, nats = ids[:8] - 2, 0.0
    for p in range(8):
        for q in range(max(p - 2, 0), min(p + 3, 8)):
            if q != p:
                nats -= math.log(sigmoid(x[kept[p]] @ y[kept[q]]))
                nats -= 3 * np.log(sigmoid(-(y[negatives] @ x[kept[p]]))).mean()
    assert training.learner.measure(ids) == (pytest.approx(nats, rel=1e-5), 26)


@pytest.mark.parametrize(("architecture", "output"), METHODS)
def test_a_wide_window_learns_too(architecture: str, output: str) -> None:
    """A word moves by all of its contexts at once: forty of them must not carry it away."""
    rng = np.random.default_rng(1)
    counts = np.sort(1 + (20_000 / np.arange(1, 501)).astype(np.int64))[::-1].copy()
    ids = 2 + rng.permutation(np.repeat(np.arange(500), counts)).astype(np.int32)
    ids[60::61] = 1  # sentences of 60 words
    spec = VectorsSpec(architecture, 64, window=40, output=output, subsample=0.0)
    run_spec = VectorsRunSpec(epochs=1.0, threads=1)
    training = VectorTraining(ids[3000:], ids[:3000], [f"w{i}" for i in range(500)], counts, spec, run_spec)
    before = training.learner.measure(training._held_out)
    run(training)
    after = training.learner.measure(training._held_out)
    assert after[0] < before[0]


def test_a_training_that_diverges_says_so() -> None:
    with pytest.raises(DivergedError, match="--learning-rate"):
        run(training_of(VectorsSpec(embedding_size=16), learning_rate=1e30))


# -- the same again ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_same_seed_and_threads_give_the_same_bytes(threads: int) -> None:
    spec = VectorsSpec(embedding_size=24, subsample=1e-2)
    first, again, other = (training_of(spec, threads=threads, reproducible=True, seed=seed) for seed in (1, 1, 2))
    for training in (first, again, other):
        run(training)
    assert first.vectors()["input"].tobytes() == again.vectors()["input"].tobytes()
    assert first.vectors()["input"].tobytes() != other.vectors()["input"].tobytes()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("subwords", [False, True])
def test_a_resumed_training_ends_as_an_uninterrupted_one(threads: int, subwords: bool) -> None:
    spec = VectorsSpec(embedding_size=24, subwords=subwords, buckets=50)
    whole = training_of(spec, threads=threads, reproducible=True)
    events = run(whole)
    assert sum(isinstance(event, Progressed) for event in events) == whole.progress.planned_updates > 10
    part = training_of(spec, threads=threads, reproducible=True)
    for event in part.events():
        if isinstance(event, Progressed) and event.progress.update == 7:
            break
    arrays, progress = {name: a.copy() for name, a in part.state().items()}, dict(vars(part.progress))
    rest = training_of(spec, threads=threads, reproducible=True)
    rest.restore(arrays, progress)
    run(rest)
    for name, array in whole.state().items():
        assert array.tobytes() == rest.state()[name].tobytes()


@pytest.mark.parametrize("slower_from", [1000, 40])
def test_a_budget_of_minutes_ends_on_time_with_the_schedule_complete(
    slower_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Steps:
        """A clock that moves by half a second an update, and by twice that when the machine slows down."""

        def __init__(self, before: float) -> None:
            self.now, self.calls = before, 0

        def seconds(self) -> float:
            self.calls += 1
            self.now += 0.5 if self.calls < slower_from else 1.0
            return self.now

    monkeypatch.setattr("seqcli.vectors.loop.Clock", Steps)
    training = training_of(VectorsSpec(embedding_size=8), epochs=None, minutes=1.0)
    rates = [event.learning_rate for event in run(training) if isinstance(event, Progressed)]
    assert training.progress.seconds == pytest.approx(60, abs=3)
    assert rates[0] == training.run.learning_rate and np.diff(rates).max() < 1e-12
    assert rates[-1] == pytest.approx(LAST_SHARE * training.run.learning_rate, rel=0.2)  # one update before its end


def test_threads_that_do_not_wait_learn_as_well() -> None:
    spec = VectorsSpec(embedding_size=16, subsample=0.0)
    alone, free = training_of(spec, epochs=5.0), training_of(spec, epochs=5.0, threads=2)
    run(alone)
    run(free)
    learned = [6 * math.log(2) - one.progress.best_nats for one in (alone, free)]  # of six guesses by a coin
    assert learned[1] > 0.9 * learned[0], "0.95 was the least of a hundred"


def test_the_schedule_lands_on_its_end_and_patience_ends_it_before() -> None:
    training = training_of(VectorsSpec(embedding_size=16), epochs=3.0)
    rates = [event.learning_rate for event in run(training) if isinstance(event, Progressed)]
    assert rates[0] == 0.05 and rates == sorted(rates, reverse=True)
    assert 0.05 * LAST_SHARE < rates[-1] < 0.05 * (LAST_SHARE + 2 / len(rates))
    assert training.progress.tokens == 3 * int((training._ids > 1).sum())
    impatient = training_of(VectorsSpec(embedding_size=16), epochs=50.0, patience=1, learning_rate=0.2)
    run(impatient)
    assert "no new best" in impatient.progress.finished and impatient.progress.share < 1


# -- n-grams and phrases ----------------------------------------------------------------------------------------------


def test_a_words_vector_is_the_mean_of_its_own_and_its_ngrams() -> None:
    training = training_of(VectorsSpec(embedding_size=16, subwords=True, buckets=30, min_ngram=2, max_ngram=3))
    untrained = training.vectors()["subwords"].copy()
    run(training)
    found = training.vectors()
    assert found["subwords"].shape == (30, 16) and np.abs(found["subwords"] - untrained).max() > 0.01
    grams = Subwords(found["subwords"], 2, 3)
    unseen = grams.vector("a77")
    assert unseen is not None
    topic = np.array([word[0] for word in training.names])
    scores = found["input"] @ unseen
    assert scores[topic == "a"].mean() > scores[topic == "b"].mean()  # by its first letter alone


def test_pairs_oftener_than_chance_are_joined_from_left_to_right() -> None:
    words, phrase = ["the", "new", "york", "sees"], [3, 4]
    rest = [2, 5, 2, 2, 5, 1]
    ids = np.array((phrase + rest) * 50 + [3, 2, 1, 4, 1], np.int32)
    counts = np.bincount(ids, minlength=6)[2:]
    joined = join_phrases(words, counts, ids, np.array([2, 3, 4, 4, 1, 3, 1], np.int32), 1, 3.0)
    assert joined.words[:3] == ["the", "sees", "new_york"] and joined.counts[2] == 50 and joined.phrases == 1
    name = dict(enumerate(["<unk>", "<eos>", *joined.words]))
    assert [name[i] for i in joined.held_out.tolist()] == ["the", "new_york", "york", "<eos>", "new", "<eos>"]
    assert int(joined.counts.sum()) == int((joined.train > 1).sum())
    untouched = join_phrases(words, counts, ids, ids[:5], 1, 1e9)
    assert untouched.phrases == 0 and sorted(untouched.words) == sorted(words)


def test_marks_are_never_part_of_a_phrase() -> None:
    ids = np.array([2, 3, 1] * 30, np.int32)
    assert join_phrases(["york", "￭,"], np.array([30, 30]), ids, ids, 1, 0.5).phrases == 0


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def topics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A text of two topics, and a rare word, in the current folder."""
    monkeypatch.chdir(tmp_path)
    ids, words, _ = text_of_topics()
    lines = " ".join("\n" if i == 1 else words[i - 2] for i in ids.tolist())
    (tmp_path / "topics.txt").write_text("seldom seldom a1\n" + lines)
    return tmp_path


def train(*options: str) -> Outcome:
    return seqcli("train-w2v", "topics.txt", "--threads", "1", "--embedding-size", "16", "--window", "3", *options)


def test_vectors_that_learned_next_to_nothing_are_not_to_be_trusted_and_say_so(topics: Path) -> None:
    note = "Note: 'topics-vectors' learned from few words ("
    few = train("--epochs", "2")
    assert few.code == 0 and note in few.err
    asked = seqcli("neighbors", "a1", "a2", "-k", "2", "--jsonl")
    assert asked.err.count(note) == 1 and len(asked.records) == 4
    assert note in seqcli("similarity", "a1", "a2").err
    epochs = few.err.split("--epochs ")[1].split(".")[0]
    enough = train("--replace", "--epochs", epochs)
    assert enough.code == 0 and note not in enough.err, "what the note advises silences it"
    assert seqcli("neighbors", "a1").err == ""


def test_train_ask_and_continue(topics: Path) -> None:
    result = train("--json", "--epochs", "3")
    report = json.loads(result.out)
    assert report["model"] == "topics-vectors" and report["words_per_second"] > 0
    assert report["held_out"]["nats_per_pair"] < 6 * math.log(2) and report["held_out"]["pairs"] > 500
    assert "perplexity" not in result.out + result.err
    near = seqcli("neighbors", "a1", "-k", "9", "--jsonl").records
    assert len(near) == 9 and all(row["neighbor"].startswith("a") for row in near)
    assert "seen 2 times" in seqcli("neighbors", "seldom").error
    assert "never seen" in seqcli("neighbors", "zebra").error
    assert "exists" in train().error
    more = train("--name", "more", "--from", "topics-vectors", "--learning-rate", "1e-9", "--epochs", "1")
    assert more.code == 0 and "20 of 20 words" in more.err
    first, second = (seqcli("vector", "a1", "-m", name, "--jsonl").records for name in ("topics-vectors", "more"))
    assert str(first) == str(second) or np.allclose(*(_numbers(rows[0]) for rows in (first, second)), atol=1e-5)
    assert "--embedding-size" in train("--name", "x", "--from", "topics-vectors", "--embedding-size", "17").error
    assert "neither" in train("--name", "x", "--from", "nothing").error


def _numbers(row: dict[str, Any]) -> list[float]:
    return next(value for value in row.values() if isinstance(value, list))


def test_an_interrupted_training_goes_on_to_the_same_bytes(topics: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert train("--name", "whole").code == 0
    events = VectorTraining.events

    def interrupted(self: VectorTraining) -> Iterator[Event]:
        for event in events(self):
            if isinstance(event, Progressed) and event.progress.update == 20:
                os.kill(os.getpid(), signal.SIGTERM)
            yield event

    with monkeypatch.context() as patch:
        patch.setattr(VectorTraining, "events", interrupted)
        stopped = train("--name", "part")
    assert stopped.code == 143 and "--resume" in stopped.err
    again = stopped.err.split("Go on with: seqcli ")[1].split()
    assert seqcli(*again).code == 0
    files = [sorted((topics / "models" / name).glob("vectors-*")) for name in ("whole", "part")]
    assert [file.name for file in files[0]] == [file.name for file in files[1]]  # names are the contents' hashes
    assert "nothing is left" in seqcli(*again).err


def test_settings_out_of_range_and_of_other_models_are_refused(topics: Path) -> None:
    assert "--window" in train("--window", "0").error
    assert "--min-ngram" in train("--subwords", "--min-ngram", "5", "--max-ngram", "3").error
    assert "--min-count" in train("--min-count", "999999").error
    assert not (topics / "models").exists() or not list((topics / "models").iterdir())


def test_phrases_and_ngrams_by_the_command(topics: Path) -> None:
    text = topics / "topics.txt"
    text.write_text(text.read_text().replace("a1 ", "new york "))
    assert train("--name", "joined", "--phrases", "--phrase-threshold", "3").code == 0
    assert seqcli("neighbors", "new_york", "-m", "joined", "--jsonl").code == 0
    assert train("--name", "grams", "--subwords", "--buckets", "500").code == 0
    assert len(seqcli("neighbors", "a123", "-m", "grams", "--jsonl").records) == 10
    further = train("--name", "further", "--from", "grams", "--subwords", "--learning-rate", "1e-9", "--epochs", "1")
    assert further.code == 0, further.err
    for word in ("a2", "a123"):  # one of the text, and one that only its n-grams know
        first, second = (seqcli("vector", word, "-m", name, "--jsonl").records for name in ("grams", "further"))
        assert _numbers(first[0]) == pytest.approx(_numbers(second[0]), abs=1e-5)
    assert "--buckets 500" in train("--name", "x", "--from", "grams", "--subwords", "--buckets", "7").error
    assert "knows no character n-grams" in train("--name", "x", "--from", "joined", "--subwords").error


def test_a_training_that_begins_with_another_has_its_words_and_ngrams() -> None:
    spec = VectorsSpec(embedding_size=24, subwords=True, buckets=50)
    done = training_of(spec)
    run(done)
    vectors = done.vectors()
    rest = training_of(spec)
    grams = Subwords(vectors["subwords"], spec.min_ngram, spec.max_ngram)
    rest.begin_from(vectors["input"], np.arange(20), done.outputs, grams)
    for name, array in rest.vectors().items():
        np.testing.assert_allclose(array, vectors[name], atol=1e-5)
    for name, array in rest.state().items():
        np.testing.assert_allclose(array, done.state()[name], atol=1e-5)
