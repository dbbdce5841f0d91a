"""Modified Kneser-Ney against its definition, written down a second time with dictionaries; and what users rely on."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from seqcli.errors import CorpusError, DamagedError, MisuseError
from seqcli.language.ngram import arrays as answering
from seqcli.language.ngram import counting
from seqcli.language.ngram.arrays import NgramArrays, check, table
from seqcli.language.ngram.counting import Workplace
from seqcli.language.ngram.smoothing import FALLBACK, discounts_of, train
from seqcli.store.arrays import pack, unpack
from seqcli.text.vocabulary import EOS, UNK

Gram = tuple[Any, ...]
BEGIN, END = "<s>", "</s>"


class Definition:
    """Interpolated modified Kneser-Ney as Chen and Goodman write it down: slow, and for any context."""

    def __init__(self, units: Sequence[Sequence[int]], order: int, tokens: int, least: Sequence[int]) -> None:
        """units: without their ends. tokens: size of the vocabulary, the end included."""
        self.order, self.tokens, self.least = order, tokens, least
        counts: Counter[Gram] = Counter()
        for unit in units:
            words = [BEGIN, *unit, END]
            for n in range(1, order + 1):
                counts.update(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
        del counts[(BEGIN,)]
        self.counts = counts
        predecessors: dict[Gram, set[Any]] = defaultdict(set)
        for gram in counts:
            predecessors[gram[1:]].add(gram[0])
        self.adjusted = {
            gram: count if len(gram) == order or gram[0] == BEGIN else len(predecessors[gram])
            for gram, count in counts.items()
        }
        self.followers: dict[Gram, set[Any]] = defaultdict(set)
        for gram in counts:
            self.followers[gram[:-1]].add(gram[-1])
        self.discounts = [self.estimated(n) for n in range(1, order + 1)]

    def estimated(self, n: int) -> tuple[float, ...]:
        found = Counter(count for gram, count in self.adjusted.items() if len(gram) == n)
        if not all(found[k] for k in (1, 2, 3, 4)):
            return FALLBACK
        y = found[1] / (found[1] + 2 * found[2])
        d = tuple(k - (k + 1) * y * found[k + 1] / found[k] for k in (1, 2, 3))
        return d if min(d) > 0 else FALLBACK

    def given(self, gram: Gram) -> float:
        """What an n-gram leaves to shorter contexts: its discount, or all where it occurs too seldom to be kept."""
        n, count = len(gram), self.adjusted[gram]
        if n > 1 and self.counts[gram] < self.least[n - 1]:
            return count
        return self.discounts[n - 1][min(count, 3) - 1]

    def probability(self, word: Any, context: Gram) -> float:
        context = context[max(len(context) - self.order + 1, 0) :]
        shorter = self.probability(word, context[1:]) if context else 1 / self.tokens
        grams = [(*context, follower) for follower in self.followers[context]]
        total = sum(self.adjusted[gram] for gram in grams)
        if not total:
            return shorter
        gram = (*context, word)
        own = (self.adjusted[gram] - self.given(gram)) / total if gram in self.counts else 0.0
        return own + sum(map(self.given, grams)) / total * shorter


def units_of(seed: int, tokens: int, size: int) -> list[list[int]]:
    """Return random units of a skewed distribution, some empty; ids from 2 on, and UNK."""
    rng = np.random.default_rng(seed)
    shares = 1 / np.arange(1, tokens)
    ids = np.array([UNK, *range(EOS + 1, tokens)])
    lengths = rng.integers(0, 9, size)
    return [rng.choice(ids, n, p=shares / shares.sum()).tolist() for n in lengths]


def ids_of(units: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    return np.array([token for unit in units for token in (*unit, EOS)], np.int32)


def exact(units: Sequence[Sequence[int]], order: int, tokens: int, least: Sequence[int] = ()) -> NgramArrays:
    return NgramArrays(order, train(ids_of(units), order, tokens, least, np.float64).arrays)


@pytest.mark.parametrize(
    "order, tokens, size, least",
    [
        (1, 9, 60, ()),
        (2, 9, 60, ()),
        (2, 80, 60, ()),
        (3, 12, 200, ()),
        (4, 20, 300, ()),
        (5, 6, 400, ()),
        (8, 5, 200, ()),
        (3, 9, 200, (1, 1, 2)),
        (4, 9, 300, (1, 2, 3)),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_probabilities_are_those_of_the_definition(
    order: int, tokens: int, size: int, least: tuple[int, ...], seed: int
) -> None:
    units = units_of(seed, tokens + 2, size)  # its last two tokens are then taken out: never seen
    units = [[token for token in unit if token < tokens] for unit in units]
    whole = [*least, *[least[-1] if least else 1] * order][:order]
    definition = Definition(units, order, tokens + 2, whole)
    model = exact(units, order, tokens + 2, least)
    contexts = [unit[:end] for unit in units_of(seed + 9, tokens + 2, 30) for end in range(len(unit) + 1)]
    found = np.exp(model.log_probabilities(model.read([[EOS, *context] for context in contexts])[0]))
    for row, context in zip(found, contexts, strict=True):
        wanted = [definition.probability(END if w == EOS else w, (BEGIN, *context)) for w in range(tokens + 2)]
        np.testing.assert_allclose(row, wanted, rtol=1e-10)


def test_discounts_are_estimated_from_counts_of_counts() -> None:
    weights = np.repeat([1, 2, 3, 4, 5, 0], [40, 20, 10, 5, 7, 3])
    y = 40 / (40 + 2 * 20)
    found = discounts_of(weights)
    assert found is not None
    np.testing.assert_allclose(found, (1 - 2 * y * 20 / 40, 2 - 3 * y * 10 / 20, 3 - 4 * y * 5 / 10))
    assert discounts_of(np.array([1, 1, 2, 3])) is None, "nothing occurs four times"
    assert discounts_of(np.repeat([1, 2, 3, 4], [9, 9, 9, 90])) is None, "a discount would be negative"


def test_a_small_text_is_learned_with_fixed_discounts_which_is_said() -> None:
    found = train(np.array([2, 3, EOS], np.int32), 3, 5)
    assert found.discounts == [FALLBACK] * 3
    assert found.guessed == [1, 2, 3]
    model = NgramArrays(3, found.arrays)
    row = np.exp(model.log_probabilities(model.read([[EOS, 2]])[0]))[0]
    assert row.argmax() == 3 and row[UNK] > 0 and row[4] > 0


@pytest.mark.parametrize("order", [1, 2, 5])
def test_probabilities_sum_to_one_behind_any_context_also_as_stored(order: int) -> None:
    units = units_of(3, 30, 400)
    data = pack(train(ids_of(units), order, 40).arrays)
    model = NgramArrays(order, unpack(data, "x"))
    rng = np.random.default_rng(0)
    texts = [[EOS, *rng.integers(0, 40, n).tolist()] for n in rng.integers(0, 8, 300)]
    found = np.exp(model.log_probabilities(model.read(texts)[0]))
    assert found.shape == (300, 40) and found.min() > 0
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)


def test_stored_arrays_are_what_the_table_says_and_answer_the_same() -> None:
    made = train(ids_of(units_of(3, 30, 400)), 4, 30).arrays
    sizes = [len(made[f"words.{n}"]) for n in (2, 3, 4)]
    stored = unpack(pack(made), "x", table(4, 30, sizes))
    check(stored, 4, 30, "x")
    ids = ids_of(units_of(4, 30, 50))
    first, second = (np.concatenate(list(NgramArrays(4, a).text_log_probabilities(ids))) for a in (made, stored))
    assert first.tobytes() == second.tobytes()


def test_contexts_do_not_cross_the_end_of_a_unit() -> None:
    units = units_of(5, 12, 100)
    model = exact(units, 4, 12)
    before, after = [[EOS, 2, 3, EOS, 4], [EOS, 7, EOS, 4]], [[EOS, 4]]
    for text in before:
        np.testing.assert_array_equal(
            model.log_probabilities(model.read([text])[0]), model.log_probabilities(model.read(after)[0])
        )


def test_a_text_is_scored_as_its_words_are_predicted_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    units = units_of(6, 12, 200)
    model = exact(units, 5, 12)
    texts = [[EOS, *unit, EOS] for unit in units_of(7, 12, 40)]
    wanted = []
    for text in texts:
        rows = model.log_probabilities(model.read([text[:i] for i in range(1, len(text))])[0])
        wanted.append(rows[np.arange(len(rows)), text[1:]])
    found = model.token_log_probabilities(texts)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    ids = np.concatenate([text[1:] for text in texts]).astype(np.int32)
    monkeypatch.setattr(answering, "PART", 7)  # parts of a text do not show in its figures
    np.testing.assert_allclose(np.concatenate(list(model.text_log_probabilities(ids))), np.concatenate(wanted))


def test_texts_are_answered_the_same_alone_together_and_word_by_word() -> None:
    model = exact(units_of(6, 12, 200), 5, 12)
    texts = [[EOS, *unit] for unit in units_of(8, 12, 20)]
    together = model.read(texts)[0]
    for text, state in zip(texts, together, strict=True):
        stepped = model.start(1)
        for token in text:
            _, stepped = model.step(np.array([token]), stepped)
        np.testing.assert_array_equal(stepped[0], state)
        np.testing.assert_array_equal(model.read([text])[0][0], state)


def test_a_text_too_long_for_packed_keys_is_counted_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = ids_of(units_of(3, 30, 300))
    packed = train(ids, 4, 30).arrays
    calls = []
    original = counting._sorted
    monkeypatch.setattr(counting, "_sorted", lambda keys, end: (calls.append(end), original(keys, 2**62))[1])
    apart = train(ids, 4, 30).arrays
    assert len(calls) == 3
    assert all(packed[name].tobytes() == apart[name].tobytes() for name in packed)


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(CorpusError, match="0 tokens"):
        train(np.zeros(0, np.int32), 3, 5)
    for least in ((2,), (1, 3, 2)):
        with pytest.raises(MisuseError, match="never fall"):
            train(np.array([2, EOS], np.int32), 3, 5, least)


def spoilt(arrays: dict[str, NDArray[Any]], name: str, change: Any) -> dict[str, NDArray[Any]]:
    found = {key: value.copy() for key, value in arrays.items()}
    found[name] = change(found[name])
    return found


def put(place: int, value: float) -> Any:
    def change(array: NDArray[Any]) -> NDArray[Any]:
        array[place] = value
        return array

    return change


@pytest.mark.parametrize(
    "name, change, what",
    [
        ("words.3", lambda a: a.astype(np.int64), "is int64"),
        ("words.3", lambda a: a[:-1], "expected"),
        ("log_probabilities.1", lambda a: a[:-1], "expected"),
        ("extra", lambda a: a, "does not belong"),
        ("words.3", put(0, 12), "vocabulary has not"),
        ("words.2", put(0, -1), "vocabulary has not"),
        ("children.1", put(0, 1), "contexts say"),
        ("children.2", put(-1, 0), "contexts say"),
        ("children.2", put(1, 2**31 - 1), "contexts say"),
        ("log_probabilities.3", put(0, 0.1), "above 1"),
        ("log_backoffs.2", put(0, 1e30), "bounds"),
    ],
)
def test_arrays_that_are_no_model_are_refused(name: str, change: Any, what: str) -> None:
    arrays = train(ids_of(units_of(3, 12, 200)), 3, 12).arrays
    check(arrays, 3, 12, "'it'")
    with pytest.raises(DamagedError, match=f"'it' is damaged.*{what}"):
        check(
            spoilt({"extra": arrays["words.2"], **arrays} if name == "extra" else arrays, name, change), 3, 12, "'it'"
        )


def test_missing_and_unsorted_arrays_are_refused() -> None:
    arrays = train(ids_of(units_of(3, 12, 200)), 3, 12).arrays
    with pytest.raises(DamagedError, match=r"'children\.2' is missing"):
        check({name: a for name, a in arrays.items() if name != "children.2"}, 3, 12, "x")
    starts, words = arrays["children.1"], arrays["words.2"].copy()
    low = int(starts[np.flatnonzero(np.diff(starts) > 1)[0]])
    words[[low, low + 1]] = words[[low + 1, low]]
    with pytest.raises(DamagedError, match="2-grams are not sorted"):
        check({**arrays, "words.2": words}, 3, 12, "x")


def test_random_bytes_in_arrays_are_refused_or_answer_with_numbers() -> None:
    arrays = train(ids_of(units_of(3, 12, 100)), 3, 12).arrays
    rng = np.random.default_rng(1)
    answered = 0
    for name, _ in itertools.product(arrays, range(60)):
        found = {key: value.copy() for key, value in arrays.items()}
        found[name].view(np.uint8)[rng.integers(found[name].nbytes)] = rng.integers(256)
        if not all(np.isfinite(a).all() for a in found.values()):
            continue
        try:
            check(found, 3, 12, "x")
        except DamagedError:
            continue
        answered += 1
        model = NgramArrays(3, found)
        rows = model.log_probabilities(model.read([[EOS, a, b] for a in range(12) for b in range(12)])[0])
        assert np.isfinite(rows).all()
    assert answered


def test_the_penn_treebank_has_the_published_perplexity(shared_data: Path) -> None:
    from seqcli.text.corpus import build, encode, read_pieces
    from seqcli.text.settings import TextSpec

    paths = [shared_data / "ptb" / name for name in ("ptb.train.txt.gz", "ptb.valid.txt", "ptb.test.txt")]
    training, valid, test = (read_pieces([str(path)]) for path in paths)
    corpus = build(training, valid, TextSpec(tokenizer="whitespace"))
    tested = encode(test, corpus.tokenizer, corpus.vocabulary, corpus.text.unit)
    found = train(corpus.train.ids, 5, len(corpus.vocabulary))
    assert not found.guessed
    scores = np.concatenate(list(NgramArrays(5, found.arrays).text_log_probabilities(tested.ids)))
    assert len(scores) == 82_430
    assert 140.5 < math.exp(-scores.mean()) < 141.5  # Mikolov et al. 2011: 141.2


@pytest.mark.parametrize("most", [1, 37, 5000])
def test_a_model_sorted_on_the_disk_is_the_one_sorted_in_memory(
    most: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rng = np.random.default_rng(5)
    ids = np.where(rng.random(4000) < 0.1, EOS, rng.zipf(1.4, 4000).clip(0, 40) + 1).astype(np.int32)
    ids[-1] = EOS
    plain = train(ids, 4, 43, (1, 1, 2))
    for module in ("counting", "smoothing"):
        monkeypatch.setattr(f"seqcli.language.ngram.{module}.CHUNK", 301)
    monkeypatch.setattr("seqcli.text.spool.IN_MEMORY", 100)
    found = train(ids, 4, 43, (1, 1, 2), place=Workplace(str(tmp_path), most))
    assert found.discounts == plain.discounts and list(found.arrays) == list(plain.arrays)
    for name, array in plain.arrays.items():
        assert found.arrays[name].dtype == array.dtype and np.array_equal(found.arrays[name], array), name
    assert list(tmp_path.iterdir()) == []


def test_a_text_without_long_ngrams_has_none_on_the_disk_either(tmp_path: Path) -> None:
    ids = np.array([5, EOS, 6, EOS] * 20, np.int32)  # single tokens: no n-gram of three
    plain, found = train(ids, 4, 9), train(ids, 4, 9, place=Workplace(str(tmp_path), 3))
    assert all(np.array_equal(found.arrays[name], array) for name, array in plain.arrays.items())
    assert len(plain.arrays["words.4"]) == 0
