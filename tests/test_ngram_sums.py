"""What an n-gram model's probabilities add up to: 1 behind every context, or a word about it on import."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from command_line import seqcli, story
from test_ngram_arpa import SMALL, TOKENS, trained

from seqcli.language.ngram.arrays import NgramArrays
from seqcli.language.ngram.sums import check_sums, listed_sums, total_sums
from seqcli.store import Shelf
from seqcli.text.vocabulary import EOS

DOUBTFUL = "add up to 1 in"


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_a_model_that_was_trained_adds_up_to_one_behind_every_context(order: int) -> None:
    arrays, _ = trained(order)
    totals = total_sums(order, arrays, listed_sums(order, arrays))
    assert [len(sums) for sums in totals] == [1, *(len(arrays[f"log_backoffs.{n}"]) for n in range(1, order))]
    assert all(np.nanmax(np.abs(sums - 1)) < 1e-6 for sums in totals)
    assert check_sums(order, arrays, TOKENS, "x") is None


def test_a_total_is_what_the_answers_of_the_model_add_up_to() -> None:
    """Behind the contexts of a model whose backoffs are wrong, as the model itself answers."""
    arrays, _ = trained(3)
    random = np.random.default_rng(1)
    for n in (1, 2):
        arrays[f"log_backoffs.{n}"] = random.normal(0, 1, len(arrays[f"log_backoffs.{n}"])).astype(np.float32)
    model, totals = NgramArrays(3, arrays), total_sums(3, arrays, listed_sums(3, arrays))
    parents = np.repeat(np.arange(len(TOKENS)), np.diff(arrays["children.1"]))
    for node in random.choice(len(parents), 20, replace=False):
        context = [int(parents[node]), int(arrays["words.2"][node])]
        state, _ = model.read([context])
        answer = np.exp(model.log_probabilities(state)).sum()
        assert math.isnan(totals[2][node]) if context[1] == EOS else totals[2][node] == pytest.approx(answer)


def imported(folder: Path, text: str) -> str:
    """Return what is said of a file that is imported, or refused."""
    (folder / "x.arpa").write_text(text)
    done = seqcli("--models-dir", folder / "models", "import", folder / "x.arpa", "--replace")
    return " ".join(done.err.split()) if done.code == 0 else f"refused: {done.error}"


def test_probabilities_that_cannot_be_are_refused_and_doubtful_ones_are_named(tmp_path: Path) -> None:
    good = "\\data\\\nngram 1=4\nngram 2=2\n\n\\1-grams:\n-1\t<unk>\n-0.3979400\t</s>\n-0.3010300\ta\t{}\n-99\t<s>\n\n"
    good += "\\2-grams:\n{}\ta </s>\n{}\ta a\n\n\\end\\\n"
    assert DOUBTFUL not in imported(tmp_path, good.format("0", "-0.30103", "-0.39794"))
    told = imported(tmp_path, good.format("0.5", "-0.30103", "-0.39794"))
    assert DOUBTFUL in told and "to 1.22 behind 'a'" in told and "cannot be compared" in told
    told = imported(tmp_path, good.format("0", "0", "0"))
    assert told.startswith("refused") and "2-grams behind 'a'" in told and "add up to 2;" in told
    single = good.format("0", "-0.30103", "-0.39794").replace("-0.3979400", "0").replace("-1\t<unk>", "-0.15\t<unk>")
    told = imported(tmp_path, single)
    assert told.startswith("refused") and "1-grams have probabilities that add up to 2.21" in told
    assert DOUBTFUL in imported(tmp_path, SMALL)


def test_what_export_writes_is_imported_without_a_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("book.txt").write_text(story(200))
    assert seqcli("train-lm", "book.txt", "--architecture", "ngram", "--order", "4").code == 0
    assert seqcli("export", "book", "book.arpa").code == 0
    done = seqcli("import", "book.arpa", "--name", "again")
    assert done.code == 0 and "Note" not in done.err and "again" in Shelf("models").names()
