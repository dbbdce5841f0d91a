"""evaluate --paired: two models on the same lines; how far apart, how surely, and when they cannot be compared."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from command_line import seqcli, story, trained

from seqcli.statistics import GROUPS, compare
from seqcli.store import Shelf
from seqcli.text.corpus import encode, read_pieces
from seqcli.text.tokens import make
from seqcli.text.units import unit_characters
from seqcli.text.vocabulary import Vocabulary


def costs(units: int, gap: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return costs of units that vary much from unit to unit, little (by 1) between two models."""
    random = np.random.default_rng(seed)
    common = random.normal(20, 10, units)
    return common + gap + random.normal(0, 1, units), common


# -- the figures ------------------------------------------------------------------------------------------------------


def test_the_interval_is_that_of_the_paired_differences() -> None:
    first, second = costs(400, 0.2)
    found = compare(first, second, np.ones(400))
    gaps = first - second
    error = float(gaps.std(ddof=1)) / 20
    assert found.difference == pytest.approx(gaps.mean())
    assert (found.low, found.high) == pytest.approx((gaps.mean() - 1.96 * error, gaps.mean() + 1.96 * error), abs=0.02)
    z = gaps.mean() / error
    assert found.p == pytest.approx(math.erfc(z / math.sqrt(2)), rel=0.5)
    assert found.first_better == (first < second).mean()


def test_intervals_hold_the_truth_and_p_is_small_by_chance_as_often_as_it_says() -> None:
    held, low = 0, 0
    for seed in range(60):
        first, second = costs(60, 0.3, seed)
        found = compare(first, second, np.ones(60))
        held += found.low <= 0.3 <= found.high
        first, second = costs(60, 0.0, seed)
        low += compare(first, second, np.ones(60)).p < 0.2
    assert 52 <= held <= 60 and 4 <= low <= 22


def test_swapping_the_models_turns_everything_round() -> None:
    first, second = costs(100, 0.1)
    sizes = np.arange(1.0, 101.0)
    one, other = compare(first, second, sizes), compare(second, first, sizes)
    assert (one.difference, one.low, one.high) == pytest.approx((-other.difference, -other.high, -other.low))
    assert one.p == other.p and one.first_better == pytest.approx(1 - other.first_better)


def test_a_model_is_no_better_than_itself_and_one_unit_proves_nothing() -> None:
    first, _ = costs(50, 0.0)
    same = compare(first, first, np.ones(50))
    assert (same.difference, same.low, same.high, same.p, same.first_better) == (0, 0, 0, 1, 0)
    assert compare(np.ones(1), np.zeros(1), np.ones(1)).p == 1


def test_a_long_text_is_compared_in_runs_with_the_same_interval() -> None:
    units = 3 * GROUPS + 1
    first, second = costs(units, 0.01)
    found = compare(first, second, np.ones(units))
    error = float((first - second).std()) / math.sqrt(units)
    assert found.units == units and found.difference == pytest.approx((first - second).mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.05)


# -- characters of units ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["one two\n\n\n three\nfour  five\n\n", "\n\na\n b c \n\n\n\nd", "a"])
@pytest.mark.parametrize("paragraphs", [False, True])
def test_characters_of_units_are_those_of_the_text(text: str, paragraphs: bool, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(text, "utf-8")
    pieces = read_pieces([str(tmp_path / "text.txt")])
    unit = "paragraph" if paragraphs else "line"
    encoded = encode(pieces, make("whitespace", False), Vocabulary([]), unit)
    found = unit_characters(pieces, paragraphs)
    assert found.sum() == encoded.characters and len(found) == (encoded.ids == 1).sum()
    parts = text.split("\n\n") if paragraphs else text.split("\n")
    assert found.tolist() == [sum(len(word) + 1 for word in part.split()) for part in parts if part.strip()]


# -- as typed ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four models of one text, and a text to measure on; no test changes it."""
    made = tmp_path_factory.mktemp("paired")
    trained(made, "--learning-rate", "0.05", name="good")
    trained(made, "--learning-rate", "0.05", "--epochs", "0.5", name="bad")
    count = ("--architecture", "ngram", "--order", "3")
    for name, options in (("counts", ()), ("letters", ("--tokenizer", "characters"))):
        shelf = ("--models-dir", made / "models")
        assert seqcli(*shelf, "train-lm", made / "good.txt", "--name", name, *count, *options).code == 0
    (made / "test.txt").write_text(story(60, seed=9), "utf-8")
    return made


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    return folder


def test_two_models_are_compared_by_the_figures_that_each_has(here: Path) -> None:
    words = ("evaluate", "good", "bad", "counts", "--test", "test.txt", "--threads", "1", "--jsonl")
    figures = {r["model"]: r for r in seqcli(*words).records}
    done = seqcli(*words, "--paired")
    assert [(r["first"], r["second"], r["units"]) for r in done.records] == [
        ("good", "bad", 60),
        ("good", "counts", 60),
    ]
    for record in done.records:
        assert record["measure"] == "nats_per_token"
        values = [figures[record[name]]["nats_per_token"] for name in ("first", "second")]
        assert [record["first_value"], record["second_value"]] == pytest.approx(values)
        assert record["difference"] == pytest.approx(values[0] - values[1])
        assert record["low"] <= record["difference"] <= record["high"]
    bad = done.records[0]
    assert bad["high"] < 0 and bad["p"] < 0.001 and bad["first_better"] > 0.9
    assert "nats per token less than 'bad'" in done.err


def test_models_of_other_tokens_are_compared_by_characters_only(here: Path) -> None:
    words = ("evaluate", "good", "bad", "letters", "--test", "test.txt", "--threads", "1", "--jsonl")
    refused = seqcli(*words, "--paired")
    assert refused.code == 2 and "--per-character" in refused.error and refused.out == ""
    figures = {r["model"]: r for r in seqcli(*words).records}
    records = seqcli(*words, "--paired", "--per-character").records
    assert [r["second"] for r in records] == ["bad", "letters"]
    for record in records:
        assert record["measure"] == "bits_per_character"
        assert record["second_value"] == pytest.approx(figures[record["second"]]["bits_per_character"])


def test_a_text_whose_units_differ_is_refused(here: Path, tmp_path: Path) -> None:
    (tmp_path / "paragraphs.txt").write_text("the cat saw the old house .\na dog .\n\nthe king .\n\n" * 20, "utf-8")
    done = seqcli("train-lm", tmp_path / "paragraphs.txt", "--name", "long", "--architecture", "ngram")
    try:
        assert done.code == 0
        words = ("evaluate", "counts", "long", "--test", tmp_path / "paragraphs.txt", "--paired", "--per-character")
        refused = seqcli(*words)
        assert refused.code == 2 and "60 units" in refused.error and "40" in refused.error
    finally:
        seqcli("models", "remove", "long")


@pytest.mark.parametrize("words", [("good", "--paired"), ("good", "bad", "--per-character")])
def test_misuse_is_told(words: tuple[str, ...], here: Path) -> None:
    assert seqcli("evaluate", *words, "--test", "test.txt").code == 2


def test_vocabularies_of_one_size_are_not_taken_for_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Perplexities are compared without a word only where the very same tokens were counted."""
    monkeypatch.chdir(tmp_path)
    lines = story(60)
    texts = {"one": lines, "two": lines.replace("cat", "cow"), "again": lines}
    for name, text in texts.items():
        Path(f"{name}.txt").write_text(text)
        done = seqcli("train-lm", f"{name}.txt", "--architecture", "ngram", "--min-count", "1", "--tokenizer", "words")
        assert done.code == 0, done.err
    sizes = {len(Shelf("models").read(name).vocabulary()) for name in texts}
    assert len(sizes) == 1, "else the test says nothing"
    done = seqcli("evaluate", "one", "two", "--test", "one.txt")
    assert "'two' and 'one' have different vocabularies" in " ".join(done.err.split())
    done = seqcli("evaluate", "one", "again", "--test", "one.txt")
    assert done.code == 0 and "different vocabularies" not in done.err
