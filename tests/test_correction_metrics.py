"""Precision, recall, F0.5 and GLEU of corrections, on cases worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from seqcli.errors import CorpusError
from seqcli.fill.proofreading.correction_metrics import edit_figures, f_of, gleu
from seqcli.fill.proofreading.gold import GoldEdit, edits_between, made, read_gold

M2 = """S This are a sentences .
A 1 2|||R:VERB|||is|||REQUIRED|||-NONE-|||0
A 3 4|||R:NOUN|||sentence|||REQUIRED|||-NONE-|||0
A 2 3|||U:DET||||||REQUIRED|||-NONE-|||1

S Fine .
A -1 -1|||noop|||-NONE-|||REQUIRED|||-NONE-|||0
"""


def test_an_m2_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.m2"
    file.write_text(M2, "utf-8")
    first, second = read_gold([str(file)])
    assert first.edits == (
        (GoldEdit(1, 2, ("is",)), GoldEdit(3, 4, ("sentence",))),
        (GoldEdit(2, 3, ()),),
    )
    assert first.corrections == (("This", "is", "a", "sentence", "."), ("This", "are", "sentences", "."))
    assert second.edits == ((),) and second.text == "Fine ."
    file.write_text("S a b\nA 1 9|||x|||y|||REQUIRED|||-NONE-|||0\n", "utf-8")
    with pytest.raises(CorpusError, match="line 2"):
        read_gold([str(file)])
    file.write_text("no annotations\n", "utf-8")
    with pytest.raises(CorpusError, match="line 1"):
        read_gold([str(file)])


def test_edits_are_counted_against_the_annotator_that_fits_best(tmp_path: Path) -> None:
    file = tmp_path / "a.m2"
    file.write_text(M2, "utf-8")
    sentences = read_gold([str(file)])
    right = [("This", "is", "a", "sentence", "."), ("Fine", ".")]
    assert edit_figures(sentences, right)[:] == (2, 2, 2)
    half = [("This", "is", "a", "sentences", "."), ("Good", ".")]
    figures = edit_figures(sentences, half)
    assert figures[:] == (2, 1, 2) and figures.precision == figures.recall == 0.5 == figures.f
    nothing = [sentence.tokens for sentence in sentences]
    assert edit_figures(sentences, nothing).precision == 1.0 and edit_figures(sentences, nothing).recall == 0.0
    assert f_of(1.0, 0.5) == pytest.approx(1.25 * 0.5 / (0.25 + 0.5))


def test_two_edits_of_ours_may_be_one_of_an_annotators() -> None:
    source, corrected = ("I", "am", "agree", "with"), ("I", "do", "agree", "to")
    edits = edits_between(source, corrected)
    assert made(source, edits) == corrected
    from seqcli.fill.proofreading.gold import GoldSentence

    both = GoldSentence("", source, (), ((GoldEdit(1, 4, ("do", "agree", "to")),),))
    assert edit_figures([both], [corrected])[:] == (1, 1, 1)


def test_gleu_of_the_reference_is_one_and_what_stays_wrong_counts_against_it() -> None:
    source, reference = ("a", "b", "c", "d", "e", "f"), ("a", "b", "c", "x", "e", "f")
    assert gleu([source], [reference], [[reference]]) == pytest.approx(1.0)
    # unigrams 5 of 6 less the wrong d; bigrams 3 of 5 less cd and de; trigrams 1 of 4, less three; so nothing is left
    assert gleu([source], [source], [[reference]]) == 0.0
    before = ("p", "q", "r", "s", "t", "u", "v", "w")
    longer = (*before, *source), (*before, *reference)
    counts = [(13 - 1, 14), (11 - 2, 13), (9 - 3, 12), (8 - 3, 11)]
    expected = math.exp(sum(math.log(a / b) for a, b in counts) / 4)
    assert gleu([longer[0]], [longer[0]], [[longer[1]]]) == pytest.approx(expected)


def test_gleu_of_several_references_lies_between_those_of_each() -> None:
    source = ("p", "q", "r", "s", "t", "u", "v", "w", "a", "b")
    references = [(*source[:-1], "x"), source]
    each = [gleu([source], [source], [[one]]) for one in references]
    both = gleu([source] * 40, [source] * 40, [references] * 40)
    assert each[0] < both < each[1] == 1.0


def test_learners_sentences_as_published(shared_data: Path) -> None:
    """The GLEU of the sentences as they are was published as 38.2 of 100."""
    files = [
        str(shared_data / "proofreading" / f"jfleg.dev.{part}") for part in ("src", "ref0", "ref1", "ref2", "ref3")
    ]
    sentences = read_gold(files)
    sources = [one.tokens for one in sentences]
    assert gleu(sources, sources, [one.corrections for one in sentences]) == pytest.approx(0.382, abs=0.002)
