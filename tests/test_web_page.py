"""The page that predicts words in a browser: node runs its JavaScript, and gets the answers of the arrays."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import seqcli
from conftest import ROOT
from tiny_language_models import CELLS
from tiny_language_models import spec_of as language_spec

from seqcli.exchange.web_page import model_script, quantised, restored
from seqcli.language.arrays import LanguageArrays, language_table
from seqcli.text.tokens import make, tokens_of

FROZEN = Path(__file__).with_name("data") / "format-1"
PAGE = ROOT / "seqcli" / "exchange" / "page"
SIZE = 17
TEXTS = {"name": "tiny", "tokenizer": "words", "lowercase": False}
ANSWER = """
const fs = require("fs"), vm = require("vm");
const [folder, asked] = [process.argv[1], JSON.parse(fs.readFileSync(0))];
for (const name of ["model.js", "predict.js"])
  vm.runInThisContext(fs.readFileSync(`${folder}/${name}`, "utf8"));
vm.runInThisContext("globalThis.made = new Model(MODEL); globalThis.cutWords = wordsOf;");
console.log(JSON.stringify(asked.map(([what, ...given]) =>
  what === "logs" ? [...made.logProbabilities(given[0])]
  : what === "words" ? given[0].split(/\\s+/u).filter(Boolean).flatMap(cutWords)
  : what === "added" ? made.added(given[0], made.suggest(given[0], 1)[0]) : made[what](...given))));
"""
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


def answers(folder: Path, asked: list[list[Any]]) -> list[Any]:
    """Return what the page's script answers."""
    done = subprocess.run(["node", "-e", ANSWER, str(folder)], input=json.dumps(asked), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found


def made_page(folder: Path, spec: Any, tokens: list[str], **texts: Any) -> LanguageArrays:
    """Write the scripts of a page of random weights; return the same model in numpy."""
    rng = np.random.default_rng(1)
    table = language_table(spec, len(tokens))
    small = {
        name: quantised((rng.standard_normal(shape) * 0.5).astype(np.float32)) for name, (_, shape) in table.items()
    }
    folder.mkdir(exist_ok=True)
    (folder / "model.js").write_bytes(model_script(spec, small, tokens, {**TEXTS, **texts}))
    shutil.copy(PAGE / "predict.js", folder)
    return LanguageArrays(spec, {name: restored(one) for name, one in small.items()})


@needs_node
def test_every_cell_answers_as_the_arrays_of_bytes_do(tmp_path: Path) -> None:
    tokens = [f"t{i}" for i in range(SIZE)]
    for cell in CELLS:
        for more in ({"layers": 2, "attention": 3}, {"tied": False}):
            model = made_page(tmp_path, language_spec(cell, **more), tokens)
            rng = np.random.default_rng(2)
            texts = [rng.integers(0, SIZE, rng.integers(1, 9)).tolist() for _ in range(40)]
            texts += [texts[0] + [3], texts[0] + [4], texts[0][:1]]  # what was read before is gone on with, or not
            found = answers(tmp_path, [["logs", ids] for ids in texts])
            hidden, _ = model.read(texts)
            assert np.abs(np.array(found) - model.log_probabilities(hidden)).max() < 1e-5, (cell, more)


@needs_node
def test_a_model_of_the_shelf_is_a_page_that_answers_a_thousand_prompts(tmp_path: Path) -> None:
    done = seqcli("--models-dir", FROZEN, "export", "lstm", tmp_path / "page", "--format", "web")
    assert done.code == 0 and "nats a token" in done.err and "index.html" in done.err, done.err
    files = {path.name for path in (tmp_path / "page").iterdir()}
    assert files == {"index.html", "predict.js", "page.js", "model.js"} and not list(tmp_path.glob(".page-*"))
    from seqcli.store import Shelf
    from seqcli.store.weights import stored_weights

    record = Shelf(FROZEN).read("lstm")
    size = len(record.vocabulary())
    arrays = stored_weights(record, language_table(record.spec, size))
    model = LanguageArrays(record.spec, {name: restored(quantised(array)) for name, array in arrays.items()})
    ids = np.random.default_rng(3).integers(0, size, (1_000, 4))
    hidden, _ = model.read(ids.tolist())
    found = answers(tmp_path / "page", [["logs", row] for row in ids.tolist()])
    assert np.abs(np.array(found) - model.log_probabilities(hidden)).max() < 1e-4


@needs_node
def test_text_is_cut_as_the_model_met_it(tmp_path: Path) -> None:
    made_page(tmp_path, language_spec(), ["<unk>", "<eos>", "a"])
    lines = (ROOT / "corpora" / "stories.txt").read_text("utf-8").splitlines()
    lines += ["He said: \"It's Mr. Lee's, isn't it?\" (No...)", "3.5 km, 1,234.56; U.S. — e.g. well-known file_name!!"]
    lines += ["“Grüße”, naïve café: www.example.org/a?b=1, a.b@example.org.", 'We\'ll, they\'ve; \'tis. ""x"" -- <unk>']
    words = make("words", False)
    for line, found in zip(lines, answers(tmp_path, [["words", line] for line in lines]), strict=True):
        assert found == tokens_of(words, line)
    tokens = ["<unk>", "<eos>", "吾輩", "は", "猫", "である", "で", "ある", "。"]
    made_page(tmp_path, language_spec(), tokens, tokenizer="japanese")
    assert answers(tmp_path, [["cut", "吾輩は猫である。犬"]]) == [["吾輩", "は", "猫", "である", "。", "犬"]]
    made_page(tmp_path, language_spec(), ["<unk>", "<eos>", "▁", "a", "b"], tokenizer="characters", lowercase=True)
    assert answers(tmp_path, [["cut", " aB a"], ["idsOf", ["b", "<eos>"]]]) == [["▁", "a", "b", "▁", "a"], [1, 4, 0]]


@needs_node
def test_what_is_suggested_goes_on_with_a_word_that_has_begun(tmp_path: Path) -> None:
    tokens = ["<unk>", "<eos>", "the", "then", "theatre", "￭,", "“￭", "cat"]
    made_page(tmp_path, language_spec(), tokens)
    begun, marked, whole, all_ = answers(
        tmp_path, [["suggest", "a the", 9], ["suggest", "“th", 9], ["suggest", "cat", 9], ["suggest", "cat ", 9]]
    )
    assert sorted(one["word"] for one in begun) == ["theatre", "then"]
    assert sorted(one["word"] for one in marked) == ["the", "theatre", "then"]
    assert len(whole) == len(all_) == len(tokens) - 2  # a word that nothing goes on with is whole
    assert sum(one["probability"] for one in all_) < 1
    ends = answers(tmp_path, [["added", text] for text in ("a thea", "cat ", "", "cat")])
    assert ends[0] == "a theatre "
    for end, begin in zip(ends[1:], ("cat ", "", "cat "), strict=True):
        assert re.fullmatch(rf"{begin}(the|then|theatre|cat) |{begin}“|cat, ", end), ends
    made_page(tmp_path, language_spec(), ["<unk>", "<eos>", "猫", "が"], tokenizer="mecab")
    assert answers(tmp_path, [["added", "猫"]])[0] in ("猫猫", "猫が")


def test_a_page_of_a_stranger_runs_no_script_of_his(tmp_path: Path) -> None:
    made_page(tmp_path, language_spec(), ["<unk>", "<eos>", "</script><script>alert(1)</script>", "\u2028"])
    script = (tmp_path / "model.js").read_text("ascii")
    assert "<" not in script
    page = (PAGE / "index.html").read_text() + (PAGE / "page.js").read_text() + (PAGE / "predict.js").read_text()
    assert "innerHTML" not in page and "fetch(" not in page and "http" not in re.sub(r"https\?:\\\\/", "", page)


def test_bytes_are_close_to_what_they_stand_for() -> None:
    array = np.random.default_rng(1).standard_normal((9, 50)).astype(np.float32)
    array[3] = 0
    assert np.abs(restored(quantised(array)) - array).max() <= np.abs(array).max() / 254 + 1e-6
    assert quantised(array[0]) is not None and np.array_equal(restored(quantised(array[0])), array[0])


def test_what_is_no_page_is_one_line_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("king 1 2\nsea -3 0.5\n")
    shelf = ("--models-dir", tmp_path / "models")
    assert seqcli(*shelf, "import", tmp_path / "v.txt").code == 0
    assert "no recurrent language model" in seqcli(*shelf, "export", "v", tmp_path / "p", "--format", "web").error
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    asked = ("--models-dir", FROZEN, "export", "gru", tmp_path / "mine", "--format", "web")
    assert "--replace" in seqcli(*asked).error
    assert seqcli(*asked, "--replace").code == 0 and (tmp_path / "mine" / "notes.txt").read_text() == "x"
    assert not (tmp_path / "p").exists()
