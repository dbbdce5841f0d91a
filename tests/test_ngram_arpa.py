"""ARPA files: what is written comes back and says the same to kenlm; what breaks the rules is refused by its line."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqcli.errors import SeqcliError
from seqcli.language.ngram.arpa import ArpaError, render
from seqcli.language.ngram.arpa_reader import read
from seqcli.language.ngram.arrays import NgramArrays, check
from seqcli.language.ngram.smoothing import train
from seqcli.text.vocabulary import EOS, UNK, Vocabulary

WORDS = ["the", "<s>", "</s>", "\\<s>", "<eos>", "été", "日本", "#", "\\end\\", "a\u00a0b", "-1.5"]  # one never seen
TOKENS = Vocabulary(WORDS).tokens
SMALL = """\
\\data\\
ngram 1=5
ngram 2=3
ngram 3=1

\\1-grams:
-1.5\t<unk>
-99\t<s>\t-0.5
-0.5\t</s>
-0.7\ta\t-0.25
-0.9\tb\t0.1

\\2-grams:
-0.2\t<s> a\t-0.125
-0.3\ta b
-0.4\tb </s>

\\3-grams:
-0.05\t<s> a b

\\end\\
"""


def trained(order: int, size: int = 300) -> tuple[dict[str, Any], list[list[int]]]:
    """Return a model of random units, and the units."""
    rng = np.random.default_rng(order)
    ids = np.array([UNK, *range(EOS + 1, len(TOKENS) - 1)])
    shares = 1 / np.arange(1, len(ids) + 1)
    units = [rng.choice(ids, n, p=shares / shares.sum()).tolist() for n in rng.integers(0, 9, size)]
    text = np.array([token for unit in units for token in (*unit, EOS)], np.int32)
    return train(text, order, len(TOKENS)).arrays, units


def written(path: Path, order: int, arrays: dict[str, Any]) -> str:
    path.write_bytes(b"".join(render(order, arrays, TOKENS)))
    return str(path)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_what_is_written_is_read_again(tmp_path: Path, order: int) -> None:
    arrays, _ = trained(order)
    found = read(written(tmp_path / "x.arpa", order, arrays))
    assert (found.tokens, found.order, found.notes) == (TOKENS, order, [])
    assert list(found.arrays) != [] and set(found.arrays) == set(arrays)
    check(found.arrays, order, len(TOKENS), "x")
    assert all(found.arrays[name].tobytes() == array.tobytes() for name, array in arrays.items()), "to the last bit"
    lines = (tmp_path / "x.arpa").read_text("utf-8").split("\n")
    (end,) = [line.split("\t") for line in lines if line.split("\t")[1:2] == ["</s>"]]
    assert end[2:] == ([] if order == 1 else ["0"]), "the backoff is that of <s>"


@pytest.mark.parametrize("order", [2, 3, 5])
def test_kenlm_says_the_same_of_a_file_that_was_written(tmp_path: Path, order: int) -> None:
    kenlm = pytest.importorskip(
        "kenlm", reason="kenlm is built from source; benchmarks/ngram.py installs it for itself"
    )
    arrays, units = trained(order)
    peer = kenlm.Model(written(tmp_path / "x.arpa", order, arrays))
    names = [*TOKENS]
    names[3:6] = ["\\<s>", "\\</s>", "\\\\<s>"]
    scores = NgramArrays(order, arrays).token_log_probabilities([[EOS, *unit, EOS] for unit in units])
    for unit, found in zip(units, scores, strict=True):
        wanted = [log for log, *_ in peer.full_scores(" ".join(names[i] for i in unit))]
        np.testing.assert_allclose(found / math.log(10), wanted, atol=1e-5)


def test_a_small_file_means_what_the_format_says(tmp_path: Path) -> None:
    path = tmp_path / "small.arpa"
    path.write_text(SMALL)
    found = read(str(path))
    assert found.tokens == ["<unk>", "<eos>", "a", "b"] and found.order == 3
    model = NgramArrays(3, found.arrays)
    logs = [model.token_log_probabilities([[EOS, *ids]])[0] / math.log(10) for ids in ([2, 3, EOS], [3, UNK], [2, 2])]
    np.testing.assert_allclose(logs[0], [-0.2, -0.05, -0.4], atol=1e-6)  # a b backs off with nothing to <b </s>
    np.testing.assert_allclose(logs[1], [-0.5 - 0.9, 0.1 - 1.5], atol=1e-6)
    np.testing.assert_allclose(logs[2], [-0.2, -0.125 - 0.25 - 0.7], atol=1e-6)


def test_a_backoff_behind_the_end_of_a_sentence_means_nothing(tmp_path: Path) -> None:
    found = []
    for backoff in ("", "\t-0.75"):
        path = tmp_path / "small.arpa"
        path.write_text(SMALL.replace("b </s>", f"b </s>{backoff}"))
        model = NgramArrays(3, read(str(path)).arrays)
        found.append(model.token_log_probabilities([[EOS, 3, EOS, 2, EOS], [EOS, EOS]]))
    assert all(map(np.array_equal, *found))


def test_a_file_without_unk_gets_it_and_a_note(tmp_path: Path) -> None:
    path = tmp_path / "small.arpa"
    path.write_text(SMALL.replace("-1.5\t<unk>\n", "").replace("ngram 1=5", "ngram 1=4"))
    found = read(str(path))
    assert found.arrays["log_probabilities.1"][UNK] < -200
    assert len(found.notes) == 1 and "<unk>" in found.notes[0]


def test_line_endings_spaces_and_order_of_lines_do_not_matter(tmp_path: Path) -> None:
    first, second = tmp_path / "a.arpa", tmp_path / "b.arpa"
    first.write_text(SMALL)
    swapped = SMALL.replace("-0.3\ta b\n-0.4\tb </s>\n", "-4.0e-1  b  </s>\n-.3 a b \n")
    second.write_bytes(b"\n" + swapped.replace("\n", "\r\n").encode() + b"\r\n\r\n")
    a, b = read(str(first)), read(str(second))
    assert a.tokens == b.tokens and all(a.arrays[name].tobytes() == b.arrays[name].tobytes() for name in a.arrays)


@pytest.mark.parametrize(
    "before, after, line, what",
    [
        ("\\data\\", "\\data", 1, "begins with"),
        ("ngram 2=3", "ngram 3=3", 3, "expected 'ngram 2='"),
        ("ngram 2=3", "ngram 2=99999999999", 3, "at most"),
        ("ngram 2=3", "ngram 2=-3", 3, "expected 'ngram 2='"),
        ("ngram 2=3", "ngram 2=4", 17, "4 2-grams were promised, 3 are there"),
        ("ngram 2=3", "ngram 2=2", 16, "expected \\\\3-grams:"),
        ("ngram 1=5\nngram 2=3\nngram 3=1\n", "", 2, "counts of n-grams are missing"),
        ("\\1-grams:", "\\2-grams:", 6, "expected \\\\1-grams:"),
        ("-0.3\ta b", "-0.3\ta", 15, "2 words"),
        ("-0.3\ta b", "-0.3\ta b 0.1 0.1", 15, "2 words"),
        ("-0.05\t<s> a b", "-0.05\t<s> a b\t-0.1", 19, "3 words"),
        ("-0.3\ta b", "nan\ta b", 15, "not a number"),
        ("-0.3\ta b", "-0_3\ta b", 15, "not a number"),
        ("-0.3\ta b", "-٣\ta b", 15, "not a number"),
        ("-0.3\ta b", "-1e999\ta b", 15, "not a number|expected the log"),
        ("-0.3\ta b", "0.3\ta b", 15, "expected the log"),
        ("a b\n", "a b\t99\n", 15, "a backoff up to"),
        ("-0.3\ta b", "-0.3\ta c", 15, "'c' has no line among the 1-grams"),
        ("-0.4\tb </s>", "-0.4\ta b", 16, "has a line above"),
        ("-0.9\tb", "-0.9\ta", 11, "'a' has a line above"),
        ("-0.3\ta b", "-0.3\ta <s>", 15, "<s> can only begin"),
        ("-0.3\ta b", "-0.3\t</s> b", 15, "</s> can only end"),
        ("-0.05\t<s> a b", "-0.05\ta a b", 19, "first 2 words have no line among the 2-grams"),
        ("-0.05\t<s> a b", "-0.05\t<s> b b", 19, "first 2 words have no line among the 2-grams"),
        ("-0.5\t</s>\n", "-0.5\tc\n", 11, "no </s>"),
        ("\\end\\\n", "", 21, "not whole"),
        ("\\end\\\n", "\\end\\\nmore\n", 22, "something follows"),
        ("\\end\\", "\\4-grams:", 21, "expected \\\\end"),
        ("\ta\t", "\t" + "a" * 70_000 + "\t", 10, "too long"),
    ],
)
def test_what_breaks_the_rules_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, line: int, what: str
) -> None:
    path = tmp_path / "bad.arpa"
    assert before in SMALL
    path.write_text(SMALL.replace(before, after, 1))
    with pytest.raises(ArpaError, match=f"bad.arpa', line {line}: .*({what})") as error:
        read(str(path))
    assert "\n" not in str(error.value) and len(str(error.value)) < 300


def test_bytes_that_are_not_utf8_and_paths_that_are_no_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.arpa"
    path.write_bytes(SMALL.encode().replace(b"\tb\t", b"\t\xff\t", 1))
    with pytest.raises(ArpaError, match="line 11: a word is not UTF-8"):
        read(str(path))
    for odd, why in ((tmp_path, "is a folder, not a text file"), (tmp_path / "missing", "Cannot read")):
        with pytest.raises(SeqcliError, match=why):
            read(str(odd))


def test_a_damaged_file_is_refused_or_is_a_model(tmp_path: Path) -> None:
    path = tmp_path / "bad.arpa"
    rng = np.random.default_rng(1)
    whole, read_well = SMALL.encode(), 0
    for _ in range(600):
        data = bytearray(whole)
        place = int(rng.integers(len(data)))
        data[place : place + int(rng.integers(3))] = rng.bytes(int(rng.integers(3)))
        path.write_bytes(data)
        try:
            found = read(str(path))
        except ArpaError:
            continue
        check(found.arrays, found.order, len(found.tokens), "x")
        read_well += 1
    assert read_well
