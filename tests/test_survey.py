"""What is said of a text before training: counted by a plain loop too, and a warning for each thing that fails."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from seqcli.text import spool
from seqcli.text.corpus import build
from seqcli.text.pieces import Pieces
from seqcli.text.settings import TextSpec
from seqcli.text.survey import Comparison, Survey, compare, survey, unit_hashes, warnings

PROSE = "".join(
    f"Sentence {i % 3000} tells of thing {i % 91} and of thing {i % 37} in many words.\n" for i in range(6000)
)


def pieces_from(text: str) -> Pieces:
    return Pieces.read([text.encode()])


def surveyed(text: str, **settings: object) -> Survey:
    return survey(pieces_from(text), TextSpec(**{"tokenizer": "whitespace", **settings}))  # type: ignore[arg-type]


def compared(text: str, other: str, **settings: object) -> tuple[Survey, Comparison]:
    known = surveyed(text, **settings)
    return known, compare(pieces_from(text), known, pieces_from(other))


@pytest.mark.parametrize("part", [7, 1 << 20])
def test_the_counts_are_those_of_a_plain_loop(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    monkeypatch.setattr(spool, "PART", part)
    text = "the cat sat\n\nthe  dog\tsat down\n\n\nthe cat sat\n  a bird\n"
    found, words = surveyed(text, unit="line"), Counter(text.split())
    assert (found.lines, found.blank_lines, found.units, found.repeated_units) == (7, 3, 4, 1)
    assert (found.tokens, found.types) == (sum(words.values()), len(words))
    assert found.seen_once == sum(n == 1 for n in words.values())
    assert found.frequent == [(w, n) for w, n in sorted(words.items(), key=lambda i: -i[1])]
    assert found.longest_line == len("the dog sat down ")
    assert found.characters == sum(len(line.split()) + sum(map(len, line.split())) for line in text.split("\n"))
    assert surveyed(text, unit="paragraph").units == 3


def test_coverage_is_the_share_of_the_commonest() -> None:
    text = "".join(f"w{i} " * (2000 // (i + 1) + 1) for i in range(3000)) + "\n"
    words = [n for _, n in Counter(text.split()).most_common()]
    for size, share in surveyed(text).coverage:
        assert share == pytest.approx(sum(words[: size - 2]) / sum(words))


def test_what_would_be_held_out_is_told() -> None:
    found = surveyed(PROSE, held_out=0.1)
    assert 0.08 < found.held_out_tokens / (found.training_tokens + found.held_out_tokens) <= 0.1
    assert found.training_tokens + found.held_out_tokens == found.tokens + found.units
    assert found.text.unit == "line" and found.text.min_count == 2


@pytest.mark.parametrize("tokenizer", ["auto", "words", "characters"])
@pytest.mark.parametrize("settings", [{}, {"held_out": 0.2}, {"unit": "paragraph", "min_count": 3}])
def test_what_looks_at_a_text_and_what_learns_from_it_say_the_same(tokenizer: str, settings: dict[str, Any]) -> None:
    """Vocabulary, held-out part and unknown rates: one function decides them for both."""
    text = PROSE.replace("7 ", "seven-rare-%d ") % tuple(range(PROSE.count("7 ")))
    found = surveyed(text, tokenizer=tokenizer, **settings)
    corpus = build(pieces_from(text), None, TextSpec(tokenizer=tokenizer, **settings))
    assert found.text == corpus.text and found.text.tokenizer == {"auto": "words"}.get(tokenizer, tokenizer)
    assert found.vocabulary.tokens == corpus.vocabulary.tokens
    assert found.training_tokens == len(corpus.train.ids) and found.held_out_tokens == len(corpus.held_out.ids)
    assert found.unknown_rate == corpus.train.unknown_rate
    assert found.held_out_unknown_rate == corpus.held_out.unknown_rate


def test_prose_gets_no_warning() -> None:
    assert warnings(surveyed(PROSE)) == []


@pytest.mark.parametrize(
    ("text", "settings", "words"),
    [
        ("few words here\nand there\n", {}, "tokens are few"),
        ("".join(f"name{i} sur{i}\n" for i in range(200)), {}, "occur only once"),
        ("one line " * 99, {}, "The whole text is one line"),
        ("again and again\n" * 50 + "once\n", {}, "repeat an earlier"),
        ("私は学生です。\n彼は先生です。\n", {"tokenizer": "words"}, "mainly Japanese"),
        ("私は学生ですと言いました。\n彼は先生ですと言いました。\n", {}, "mainly Japanese"),
        ("plain English\nwords\n", {"tokenizer": "japanese"}, "Only 0% of the letters are Japanese"),
        ("x " * 11_000 + "\nmore\n", {}, "The longest line has"),
        ("a \x1b[31mred b\n\ufffd c\n", {}, "2 control or replacement"),
        ("a <s> b </s>\n<eos>\n", {}, "stand 3 times in the text"),
    ],
)
def test_what_would_go_wrong_is_said(text: str, settings: dict[str, object], words: str) -> None:
    assert any(words in line for line in warnings(surveyed(text, **settings)))
    assert not any(words in line for line in warnings(surveyed(PROSE)))


def test_japanese_that_is_already_cut_needs_no_other_tokenizer() -> None:
    text = "私 は 学生 です 。\n彼 は 先生 です 。\n"
    assert surveyed(text).script.japanese == 1.0
    assert not any("Japanese" in line for line in warnings(surveyed(text)))
    advised = [line for line in warnings(surveyed(text, tokenizer="words")) if "Japanese" in line]
    assert len(advised) == 1 and advised[0].endswith("use whitespace.")


def test_a_text_that_marks_its_unknown_words() -> None:
    found = surveyed("the <unk> sat\n" * 9)
    assert (found.marked_unknown, found.text.min_count, found.literal_symbols) == (9, 1, 0)
    assert found.unknown_rate == found.held_out_unknown_rate == pytest.approx(1 / 4)  # the ends of lines are tokens


def test_another_text_is_measured_under_the_vocabulary() -> None:
    known, other = compared(PROSE, "Sentence 1 tells of nothing\nof thing 7 in words.\n")
    assert (other.tokens, other.units) == (10, 2)
    assert other.unknown_rate == pytest.approx(1 / 10)  # "nothing"
    assert known.vocabulary.id_of("nothing") == 0


@pytest.mark.parametrize("unit", ["line", "paragraph"])
def test_a_leak_is_found(unit: str) -> None:
    lines = PROSE.splitlines()
    end = "\n" if unit == "line" else "\n\n"
    text = "".join(line + end for line in lines)
    other = "".join(line + end for line in ["a new line of seven words, quite new", *lines[5:50], "short"])
    known, found = compared(text, other, unit=unit)
    assert (found.units, found.units_in_text, found.long_units, found.long_units_in_text) == (47, 45, 46, 45)
    assert any("45 of the test's 46" in line for line in warnings(known, found))
    _, clean = compared(text, "quite another line of text, as is right\n", unit=unit)
    assert clean.units_in_text == 0 and warnings(known, clean) == []


def test_hashes_are_of_the_words_and_their_order_alone() -> None:
    a, lengths, _ = unit_hashes(pieces_from("x y\nb a\na b\nab\na\n"), False)
    b, _, _ = unit_hashes(pieces_from("unlike\nto shift the ids\na  b\n"), False)
    assert len(set(a.tolist())) == 5 and lengths.tolist() == [2, 2, 2, 1, 1]
    assert b[-1] == a[2]
