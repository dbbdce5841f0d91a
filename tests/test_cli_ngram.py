"""N-gram models as typed: train-lm --architecture ngram, answers like any other model's, ARPA files there and back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import TINY, seqcli, story

from seqcli.language.settings import CountingSpec, NgramSpec
from seqcli.store import Shelf, pack
from seqcli.text.settings import TextSpec


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a text, an n-gram model and an LSTM of it; no test changes these."""
    made = tmp_path_factory.mktemp("ngram")
    text = made / "story.txt"
    text.write_text(story(), "utf-8")
    for name, options in (("kn", ["--architecture", "ngram", "--order", "4"]), ("net", TINY)):
        done = seqcli("--models-dir", made / "models", "train-lm", text, "--name", name, *options)
        assert done.code == 0, done.err
    return made


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder is where the command is typed."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SEQCLI_MODEL", raising=False)
    return folder


def test_a_model_is_counted_saved_and_kept_like_any_other(here: Path) -> None:
    done = seqcli("train-lm", "story.txt", "--architecture", "ngram", "--name", "again", "--order", "4", "--json")
    found = json.loads(done.out)
    assert list(found) == ["model", "directory", "seconds", "training_seconds", "tokens_per_second", "held_out"]
    assert 1 < found["held_out"]["perplexity"] < 6
    assert "n-grams of 1 to 4 tokens" in done.err and "Try: seqcli predict-word" in done.err
    first, second = (Shelf("models").read(name) for name in ("kn", "again"))
    assert first.load("counts") == second.load("counts"), "nothing is left to chance"
    assert seqcli("models", "check", "again").code == 0
    listed = {record["model"]: record for record in seqcli("models", "list", "--jsonl").records}
    assert listed["again"]["architecture"] == "ngram" and listed["again"]["held_out"].startswith("perplexity")
    assert "spec.order\t4" in seqcli("models", "show", "again", "--all").out
    assert seqcli("models", "rename", "again", "renamed").code == 0
    assert seqcli("predict-word", "the", "-m", "renamed").code == 0
    assert seqcli("models", "remove", "renamed", "--yes").code == 0


def test_little_memory_gives_the_same_model(here: Path) -> None:
    words = ("train-lm", "story.txt", "--architecture", "ngram", "--order", "4", "--name")
    plain, little = seqcli(*words, "plenty"), seqcli(*words, "little", "--memory", "20k")
    assert plain.code == little.code == 0, little.error
    assert "n-grams are sorted at a time" in little.err and "at a time" not in plain.err
    found = [json.loads((here / "models" / name / "model.json").read_bytes())["files"] for name in ("plenty", "little")]
    assert found[0] == found[1]
    wrong = seqcli(*words, "wrong", "--memory", "much")
    assert wrong.code == 2 and "'much' is no size; give one such as 500M or 2G" in wrong.error


def test_probabilities_sum_to_one_and_words_to_their_sentence(here: Path) -> None:
    records = seqcli("predict-word", "the cat", "-m", "kn", "-k", "9999", "--include-special", "--jsonl").records
    assert len(records) == len(Shelf("models").read("kn").vocabulary())
    assert sum(record["probability"] for record in records) == pytest.approx(1.0, abs=1e-6)
    (whole,) = seqcli("score", "the zebra saw", "-m", "kn", "--jsonl").records
    words = seqcli("score", "the zebra saw", "-m", "kn", "--words", "--jsonl").records
    assert [word["unknown"] for word in words] == [False, True, False, False]
    assert sum(word["log_probability"] for word in words) == pytest.approx(whole["log_probability"], rel=1e-9)
    text = "the cat"
    for record in seqcli("predict-word", text, "-m", "kn", "--next", "4", "--jsonl").records:
        (best,) = seqcli("predict-word", text, "-m", "kn", "-k", "1", "--jsonl").records
        assert (record["word"], record["probability"]) == (best["word"], best["probability"])
        text = record["text"]


def test_lines_of_a_pipe_are_answered_in_their_order(here: Path) -> None:
    lines = ["the cat", "", "some dog saw the old", "zebra"] * 30
    records = seqcli("predict-word", "-m", "kn", "-k", "1", "--jsonl", stdin="\n".join(lines).encode()).records
    assert [record["prompt"] for record in records] == lines
    assert len({str(record) for record in records}) == 4, "an answer does not depend on its neighbours"


def test_evaluate_measures_both_kinds_side_by_side(here: Path, tmp_path: Path) -> None:
    text = tmp_path / "new.txt"
    text.write_text(story(30, seed=9), "utf-8")
    done = seqcli("evaluate", "kn", "net", "--test", text, "--jsonl", "--threads", "1")
    ours, net = done.records
    assert (ours["model"], net["model"], done.err) == ("kn", "net", "")
    assert ours["tokens"] == net["tokens"] == 30 * 8
    assert ours["nats_per_token"] < net["nats_per_token"], "counts learn such a text, eight neurons do not"
    scored = seqcli("score", "-m", "kn", "--file", text, "--jsonl").records
    total = sum(record["log_probability"] for record in scored)
    assert ours["nats_per_token"] == pytest.approx(-total / ours["tokens"], rel=1e-9)


def test_an_answer_needs_neither_torch_nor_numba(here: Path) -> None:
    code = (
        "import sys; from seqcli.cli import run; code = run(sys.argv[1:]);"
        "sys.exit(code or ' '.join({'torch', 'numba', 'llvmlite'} & set(sys.modules)) or 0)"
    )
    for words in (["predict-word", "the cat", "-m", "kn"], ["score", "the cat", "-m", "kn"]):
        done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "options, what",
    [
        (["--architecture", "ngram", "--hidden-size", "8"], "--hidden-size does not belong to --architecture ngram"),
        (["--architecture", "ngram", "--no-tied"], "--tied does not belong to --architecture ngram"),
        (["--architecture", "ngram", "--epochs", "2"], "--epochs does not belong to --architecture ngram"),
        (["--like", "kn", "--minutes", "2"], "--minutes does not belong to --architecture ngram"),
        (["--order", "3"], "--order does not belong to --architecture lstm"),
        (
            ["--architecture", "gru", "--ngram-min-count", "2"],
            "--ngram-min-count does not belong to --architecture gru",
        ),
        (["--architecture", "ngram", "--order", "9"], "--order is '9'; give a number 1 or more, at most 8"),
        (["--architecture", "ngram", "--order", "0"], "--order is '0'"),
    ],
)
def test_settings_of_another_architecture_are_refused_by_name(here: Path, options: list[str], what: str) -> None:
    done = seqcli("train-lm", "story.txt", "--name", "refused", *options)
    assert done.code == 2 and what in done.error
    assert "refused" not in Shelf("models").names()


def test_settings_come_from_another_model_and_a_finished_one_is_left_alone(here: Path) -> None:
    done = seqcli("train-lm", "story.txt", "--name", "alike", "--like", "kn", "--ngram-min-count", "3")
    assert done.code == 0, done.err
    record = Shelf("models").read("alike")
    assert record.spec == NgramSpec(order=4, ngram_min_count=3)
    assert sum(file.size for file in record.files.values()) < 0.8 * Shelf("models").read("kn").files["counts"].size
    done = seqcli("train-lm", "story.txt", "--name", "alike", "--resume")
    assert done.code == 0 and "nothing is left to do" in done.err
    assert seqcli("models", "remove", "alike", "--yes").code == 0


def test_a_tiny_text_is_learned_with_one_note(here: Path, tmp_path: Path) -> None:
    text = tmp_path / "tiny.txt"
    text.write_text("the cat sat\nthe dog sat\n")
    done = seqcli("train-lm", text, "--architecture", "ngram", "--min-count", "1", "--name", "small", "--replace")
    assert done.code == 0 and done.err.count("too few n-grams") == 1
    best = seqcli("predict-word", "the", "-m", "small", "-k", "1", "--jsonl").records
    assert best[0]["word"] in ("cat", "dog")


def test_counts_that_do_not_fit_the_vocabulary_are_damage(here: Path) -> None:
    record = Shelf("models").read("kn")
    arrays = {name: array.copy() for name, array in record.arrays("counts").items()}
    arrays["words.2"][:] = np.int32(2**31 - 1)
    with Shelf("models").open("bad", replace=True) as draft:
        draft.save(
            task="lm",
            architecture="ngram",
            text=TextSpec(tokenizer="words"),
            spec=NgramSpec(order=4),
            run=CountingSpec(),
            corpus=record.corpus,
            results={},
            progress={},
            files={"vocabulary": record.load("vocabulary"), "counts": pack(arrays)},
        )
    done = seqcli("predict-word", "the", "-m", "bad")
    assert done.code == 1 and "is damaged" in done.error and "2-grams" in done.error


def test_an_arpa_file_brings_the_same_model_to_another_shelf(here: Path, tmp_path: Path) -> None:
    file = tmp_path / "kn.arpa"
    done = seqcli("export", "kn", file)
    assert done.code == 0 and "n-grams of 1 to 4" in done.err
    assert "exists" in seqcli("export", "kn", file).error
    done = seqcli("--models-dir", tmp_path / "shelf", "import", file, "--jsonl")
    assert done.records[0] | {"ngrams": 0} == {"model": "kn", "format": "arpa", "order": 4, "tokens": 27, "ngrams": 0}
    ours, theirs = Shelf("models").read("kn"), Shelf(tmp_path / "shelf").read("kn")
    assert ours.load("counts") == theirs.load("counts")
    assert ours.load("vocabulary") == theirs.load("vocabulary")
    answers = [
        seqcli("--models-dir", shelf, "score", "the cat saw", "-m", "kn", "--jsonl").out
        for shelf in ("models", tmp_path / "shelf")
    ]
    assert answers[0] == answers[1]


def test_files_and_models_that_do_not_fit_are_refused(here: Path, tmp_path: Path) -> None:
    assert "n-gram models only" in seqcli("export", "net", tmp_path / "net.arpa").error
    assert "word vectors" in seqcli("export", "kn", tmp_path / "kn.vec").error
    assert "name an RNN" in seqcli("lab", "gates", "--model", "kn").error
    bad = tmp_path / "broken.arpa"
    bad.write_text("\\data\\\nngram 1=2\n\n\\1-grams:\n-1\t</s>\n-1\n")
    done = seqcli("import", bad)
    assert done.code == 1 and "line 6" in done.error
    assert not (here / "models" / "broken").exists()
    assert "do not belong to ARPA" in seqcli("import", bad, "--name", "other", "--limit", "3").error
