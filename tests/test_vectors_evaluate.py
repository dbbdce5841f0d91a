"""Evaluation of vectors: rank correlation, analogies, intervals, and paired tests; scipy and gensim as the peers."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from seqcli.errors import CorpusError
from seqcli.vectors import evaluate
from seqcli.vectors.evaluate import PairResult, Pairs, Section, SectionResult
from seqcli.vectors.table import Table


def random_table(words: list[str], seed: int = 0, dimensions: int = 12) -> Table:
    random = np.random.default_rng(seed)
    return Table(words, random.standard_normal((len(words), dimensions)).astype(np.float32))


def test_spearman_is_scipys_with_ties_and_without() -> None:
    stats = pytest.importorskip("scipy.stats", reason="needs scipy, the peer")
    random = np.random.default_rng(0)
    for _ in range(20):
        a, b = random.integers(0, 8, 30).astype(float), random.standard_normal(30)
        assert evaluate.spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
        assert evaluate.ranks(a).tolist() == stats.rankdata(a).tolist()


def test_spearman_of_nothing_and_of_equal_values_is_not_defined() -> None:
    assert math.isnan(evaluate.spearman(np.zeros(0), np.zeros(0)))
    assert math.isnan(evaluate.spearman(np.ones(5), np.arange(5.0)))


def test_pairs_are_read_by_tabs_spaces_and_commas_below_a_title() -> None:
    lines = ["Word 1,Word 2,Human (mean)", "love,sex,6.77", "tiger\tcat\t7.35", "", "# note", "old new 1.58"]
    pairs = evaluate.read_pairs(lines, "here")
    assert pairs.words == [("love", "sex"), ("tiger", "cat"), ("old", "new")]
    assert pairs.scores.tolist() == [6.77, 7.35, 1.58]
    for bad in (["a b 1", "c d"], ["a b 1", "c d x"], ["a b 1", "c d nan"], []):
        with pytest.raises(CorpusError):
            evaluate.read_pairs(bad, "here")
    with pytest.raises(CorpusError, match="here, line 2"):
        evaluate.read_pairs(["a b 1", "c d"], "here")


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        (["Word Word Score", "not a score", "a b 1"], 2),  # one line is a title, two are a fault
        (["tiger cat 7,5", "a b 1"], 1),
        (["tiger\tcat\t7,5"], 1),
        (["tiger,cat,7,5"], 1),
        (["a b 1", "tiger cat 7,5"], 2),
        (["tiger cat 7,5 1,2"], 1),
        (["New York,city,5"], 1),
        (["a b 1_0"], 1),
        (["a b ７"], 1),
        (["a b 0x1"], 1),
        (["# note", "", "a b 1e999"], 3),
    ],
)
def test_a_line_that_could_be_read_wrongly_is_refused_by_its_number(lines: list[str], number: int) -> None:
    with pytest.raises(CorpusError, match=rf"here, line {number}: .* is not two words and a score"):
        evaluate.read_pairs(lines, "here")


def test_columns_behind_the_score_are_passed_over() -> None:
    lines = ["w1\tw2\tscore\tPOS", "New York\tcity\t5.5\tN", "love,sex,6.77,9,6,8", "a, b, 7", "c d 1e0 x", "e f -.5"]
    pairs = evaluate.read_pairs(lines, "here")
    assert pairs.words == [("New York", "city"), ("love", "sex"), ("a", "b"), ("c", "d"), ("e", "f")]
    assert pairs.scores.tolist() == [5.5, 6.77, 7, 1, -0.5]


def test_a_test_of_blank_lines_says_that_it_holds_nothing() -> None:
    for lines in ([], ["", "  ", "\t"], ["# note"]):
        with pytest.raises(CorpusError, match="here holds no word pairs"):
            evaluate.read_test(lines, "here")
    assert isinstance(evaluate.read_test(["", "a b c d"], "here"), list)
    assert isinstance(evaluate.read_test(["a b 7 8"], "here"), Pairs)


def test_analogies_are_read_by_section() -> None:
    sections = evaluate.read_analogies([": capitals", "a b c d", "", ": family", "e f g h", "i j k l"], "here")
    assert [(s.name, len(s.questions)) for s in sections] == [("capitals", 1), ("family", 2)]
    with pytest.raises(CorpusError, match="here, line 2"):
        evaluate.read_analogies([": x", "a b c"], "here")


def test_an_unknown_word_leaves_its_pair_out_and_is_counted() -> None:
    table = random_table(["a", "b", "c", "d", "e"])
    pairs = Pairs([("a", "b"), ("a", "zzz"), ("C", "d"), ("d", "e"), ("a", "e")], np.array([1.0, 2, 3, 4, 5]))
    found = evaluate.score_pairs(table, pairs)
    assert found.covered == 4 and math.isnan(found.similarities[1])
    known = [0, 2, 3, 4]
    assert found.correlation == evaluate.spearman(found.similarities[known], pairs.scores[known])
    assert found.low <= found.correlation <= found.high


def test_the_interval_of_a_correlation_covers_the_truth_19_times_in_20() -> None:
    random = np.random.default_rng(0)
    truth = 6 / math.pi * math.asin(0.5 / 2)  # Spearman's of normal variables that correlate by 0.5
    hits = 0
    for _ in range(400):
        x = random.standard_normal(60)
        y = 0.5 * x + math.sqrt(0.75) * random.standard_normal(60)
        low, high = evaluate._interval(evaluate.spearman(x, y), 60)
        hits += low <= truth <= high
    assert 0.92 <= hits / 400 <= 0.98


def test_analogies_are_answered_as_the_peer_answers_them() -> None:
    models = pytest.importorskip("gensim.models", reason="needs gensim, the peer")
    words = [f"w{i}" for i in range(300)]
    table = random_table(words, dimensions=3)  # few dimensions: some analogies come out right by chance
    peer = models.KeyedVectors(3)
    peer.add_vectors(words, table.matrix)
    random = np.random.default_rng(1)
    asked = [tuple(words[i] for i in random.choice(300, 3, replace=False)) for _ in range(40)]
    right = [(a, b, c, peer.most_similar([b, c], [a], topn=1)[0][0]) for a, b, c in asked]
    wrong = [(a, b, c, "w0") for a, b, c in asked if "w0" not in (a, b, c)]
    unknown = [("w1", "w2", "w3", "zzz")]
    found = evaluate.score_analogies(table, [Section("right", right), Section("rest", [*wrong, *unknown])])
    assert found[0].covered.all() and found[0].add.all()
    assert found[1].covered.sum() == len(wrong) and not found[1].covered[-1] and not found[1].add[-1]
    expected = [peer.most_similar_cosmul([b, c], [a], topn=1)[0][0] == d for a, b, c, d in right]
    assert found[0].mul.tolist() == expected


def test_a_table_in_pieces_answers_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"w{i}" for i in range(500)]
    table = random_table(words, dimensions=3)
    random = np.random.default_rng(2)
    section = Section("x", [tuple(words[i] for i in random.choice(500, 4)) for _ in range(100)])  # type: ignore[misc]
    rows = np.array([[table.rows[w] for w in q] for q in section.questions])
    whole = evaluate._answers(table, rows)
    monkeypatch.setattr(evaluate, "COLUMNS", 37)
    monkeypatch.setattr(evaluate, "QUESTIONS", 7)
    assert np.array_equal(evaluate._answers(table, rows), whole)


def test_a_model_against_itself_shows_no_difference() -> None:
    table = random_table([f"w{i}" for i in range(60)])
    pairs = Pairs([(f"w{i}", f"w{i + 1}") for i in range(50)], np.arange(50.0))
    found = evaluate.score_pairs(table, pairs)
    same = evaluate.compare_pairs(found, found, pairs)
    assert same.items == 50 and same.first == same.second and same.low == same.high == 0 and same.p == 1


def test_a_better_model_is_told_from_a_worse_one_on_the_items_both_cover() -> None:
    random = np.random.default_rng(0)
    people = random.standard_normal(200)
    pairs = Pairs([("a", "b")] * 200, people)

    def result(noise: float) -> PairResult:
        return PairResult(people + noise * random.standard_normal(200), 0, 0, 0)

    good, bad, twin = result(0.5), result(2.0), result(0.5)
    good.similarities[:20] = np.nan
    better = evaluate.compare_pairs(good, bad, pairs)
    assert better.items == 180 and better.first > better.second and better.low > 0 and better.p < 0.01
    alike = evaluate.compare_pairs(good, twin, pairs)
    assert alike.low < 0 < alike.high and alike.p > 0.05


def test_equally_good_models_are_called_different_once_in_twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "RESAMPLES", 200)
    random = np.random.default_rng(5)
    few = 0
    for trial in range(60):
        people = random.standard_normal(40)
        pairs = Pairs([("a", "b")] * 40, people)
        one, other = (PairResult(people + random.standard_normal(40), 0, 0, 0) for _ in range(2))
        few += evaluate.compare_pairs(one, other, pairs, seed=trial).p < 0.05
    assert few <= 8  # 3 expected; 8 or fewer in 99 of 100 runs


def test_mcnemar_counts_only_what_one_model_solves_alone() -> None:
    def result(solved: list[bool]) -> list[SectionResult]:
        covered = np.array([True] * len(solved) + [False])
        right = np.array([*solved, False])
        return [SectionResult("x", covered, right, right)]

    first, second = [True] * 8 + [False] * 2, [True] * 2 + [False] * 8
    found = evaluate.compare_analogies(result(first), result(second), "add")
    assert (found.items, found.first, found.second) == (10, 0.8, 0.2)
    assert found.p == pytest.approx(2 * 0.5**6)  # six fair coins, all heads or all tails
    assert found.low < 0.6 < found.high
    assert evaluate.compare_analogies(result(first), result(first), "mul").p == 1


def test_the_interval_of_a_share_is_wilsons() -> None:
    low, high = evaluate.share_interval(8, 10)
    assert (low, high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert evaluate.share_interval(0, 10)[0] == pytest.approx(0, abs=1e-12)
    assert math.isnan(evaluate.share_interval(0, 0)[0])


def test_the_word_similarity_files_are_read_whole(shared_data: Path) -> None:
    for name, items in (("EN-WS-353-ALL.txt", 353), ("EN-SIMLEX-999.txt", 999)):
        lines = (shared_data / "vectors" / name).read_text("utf-8").splitlines()
        assert len(evaluate.read_pairs(lines, name).words) == items
    lines = (shared_data / "vectors" / "questions-words.txt").read_text("utf-8").splitlines()
    sections = evaluate.read_analogies(lines, "questions")
    assert len(sections) == 14 and sum(len(s.questions) for s in sections) == 19_544
