"""train-lm, predict-word, score and evaluate as typed: formats, inputs, names, refusals."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import TINY, Outcome, seqcli, story, trained
from store_sample import make

from seqcli.language.next_words import _likeliest
from seqcli.language.settings import LanguageSpec
from seqcli.settings import option_name, value_type
from seqcli.store import Shelf
from seqcli.text.settings import TextSpec
from seqcli.text.vocabulary import SPECIALS
from seqcli.training.progress import ENDLESS
from seqcli.training.settings import RunSpec

LINES = b"the cat\n\nsome\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trained model; no test changes it."""
    made = tmp_path_factory.mktemp("language")
    trained(made, "--learning-rate", "0.05")
    return made


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with a trained model is where the command is typed."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SEQCLI_MODEL", raising=False)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# -- answers and their formats ----------------------------------------------------------------------------------------

FIELDS = {
    ("predict-word", "-k", "2"): ["prompt", "rank", "word", "probability"],
    ("predict-word", "--next", "2"): ["prompt", "position", "word", "probability", "text"],
    ("score",): ["sentence", "tokens", "unknown", "log_probability", "nats_per_token", "perplexity"],
    ("score", "--words"): ["line", "position", "token", "log_probability", "unknown", "bits"],
}


@pytest.mark.parametrize("words", FIELDS, ids=" ".join)
def test_every_format_says_the_same(words: tuple[str, ...], here: Path) -> None:
    names = FIELDS[words]
    records = seqcli(*words, "--jsonl", stdin=LINES).records
    assert all(list(record) == names for record in records)
    done = seqcli(*words, "--json", stdin=LINES)
    assert json.loads(done.out) == records and done.out.startswith("[{") and done.out.endswith("}]\n")
    rows = seqcli(*words, stdin=LINES).rows
    assert rows == [["" if v is None else shown(v) for v in record.values()] for record in records]
    csv = seqcli(*words, "--csv", stdin=LINES).out.splitlines()
    assert csv[0] == ",".join(names) and len(csv) == len(records) + 1
    table = re.sub(r"\x1b\[[0-9;]*m", "", seqcli(*words, stdin=LINES, terminal=True).out).splitlines()
    assert table[0].split() == names and len(table) == len(records) + 1
    seen = "cat" if "line" in names else "the cat"
    assert len({line.index(seen) for line in table if seen in line}) == 1


def shown(value: Any) -> str:
    return (
        ("no", "yes")[value] if isinstance(value, bool) else f"{value:.6g}" if isinstance(value, float) else str(value)
    )


@pytest.mark.parametrize("words", FIELDS, ids=" ".join)
def test_an_empty_line_gives_an_empty_record_in_its_place(words: tuple[str, ...], here: Path) -> None:
    records = seqcli(*words, "--jsonl", stdin=b"the cat\n\n   \nsome").records
    texts = [next(iter(record.values())) for record in records]
    assert list(dict.fromkeys(texts)) == ([1, 2, 3, 4] if "line" in FIELDS[words] else ["the cat", "", "   ", "some"])
    empty = [record for record, text in zip(records, texts, strict=True) if text in (2, 3) or not str(text).strip()]
    assert len(empty) == 2 and all(value is None for record in empty for value in list(record.values())[1:])


@pytest.mark.parametrize("words", FIELDS, ids=" ".join)
def test_a_file_a_pipe_and_an_argument_answer_alike(words: tuple[str, ...], here: Path, tmp_path: Path) -> None:
    lines = [f"the {word}" for word in ("cat", "dog", "bird", "king")] * 40 + ["a child fed the old tree"]
    file = tmp_path / "lines.txt"
    file.write_text("\n".join(lines), "utf-8")
    by_file = seqcli(*words, "--file", file)
    assert by_file.code == 0
    assert by_file == seqcli(*words, stdin=file.read_bytes()) == seqcli(*words, "-", stdin=file.read_bytes())
    assert by_file == seqcli(*words, stdin=file.read_bytes().replace(b"\n", b"\r\n"))
    alone = [seqcli(*words, line, "--jsonl").records for line in (lines[0], lines[-1])]
    together = seqcli(*words, "--jsonl", "--file", file).records
    if "line" in FIELDS[words]:
        alone[1] = [{**record, "line": len(lines)} for record in alone[1]]
    for found, wanted in ((together[: len(alone[0])], alone[0]), (together[-len(alone[1]) :], alone[1])):
        assert [nearly(record) for record in found] == [nearly(record) for record in wanted]
    assert seqcli(*words, "the", "cat").out == seqcli(*words, "the cat").out


def nearly(record: dict[str, Any]) -> dict[str, Any]:
    return {key: pytest.approx(value, rel=1e-5) if isinstance(value, float) else value for key, value in record.items()}


def test_probabilities_are_the_models_own(here: Path) -> None:
    records = seqcli("predict-word", "the cat", "-k", "9999", "--include-special", "--jsonl").records
    assert len(records) == len(Shelf("models").read("tiny").vocabulary())
    assert sum(record["probability"] for record in records) == pytest.approx(1.0, abs=1e-6)
    assert {"<unk>", "<eos>"} <= {record["word"] for record in records}
    assert [record["rank"] for record in records] == list(range(1, len(records) + 1))
    ordinary = seqcli("predict-word", "the cat", "-k", "9999", "--jsonl").records
    assert not {"<unk>", "<eos>"} & {record["word"] for record in ordinary}
    assert {r["word"]: r["probability"] for r in ordinary}.items() <= {
        r["word"]: r["probability"] for r in records
    }.items()


def test_a_continuation_is_the_likeliest_word_each_time(here: Path) -> None:
    text = "the cat"
    for record in seqcli("predict-word", text, "--next", "5", "--jsonl").records:
        (best,) = seqcli("predict-word", text, "-k", "1", "--jsonl").records
        assert record["word"] == best["word"]
        assert record["probability"] == pytest.approx(best["probability"], rel=1e-5)
        assert record["text"].startswith(text)
        text = record["text"]


def test_records_of_words_name_the_line_and_do_not_repeat_it(here: Path) -> None:
    sizes = [len(seqcli("score", "--words", "--jsonl", stdin=b"the cat saw " * n).out) for n in (100, 400)]
    assert sizes[1] < 4.5 * sizes[0]
    rows = seqcli("score", "--words", "--jsonl", stdin=b"the cat\n\na dog").records
    assert [row["line"] for row in rows] == [1, 1, 1, 2, 3, 3, 3] and rows[3]["token"] is None


def test_scores_of_words_sum_to_that_of_the_sentence(here: Path) -> None:
    (whole,) = seqcli("score", "the zebra saw", "--jsonl").records
    words = seqcli("score", "the zebra saw", "--words", "--jsonl").records
    assert [word["token"] for word in words] == ["the", "zebra", "saw", "<eos>"]
    assert [word["unknown"] for word in words] == [False, True, False, False]
    assert whole["tokens"] == 4 and whole["unknown"] == 1
    assert sum(word["log_probability"] for word in words) == pytest.approx(whole["log_probability"], rel=1e-6)
    assert whole["nats_per_token"] == pytest.approx(-whole["log_probability"] / 4)


def test_evaluate_tells_its_figures_and_what_to_doubt(here: Path, tmp_path: Path) -> None:
    held_out, foreign = tmp_path / "held-out.txt", tmp_path / "foreign.txt"
    held_out.write_text(story(30, seed=9), "utf-8")
    foreign.write_text("ein ganz anderer Text\n" * 5, "utf-8")
    done = seqcli("evaluate", "tiny", "--test", held_out, "--jsonl", "--threads", "1")
    (record,) = done.records
    assert list(record) == ["model", "tokens", "unknown_rate", "nats_per_token", "perplexity", "bits_per_character"]
    assert record["tokens"] == 30 * 8 and record["unknown_rate"] == 0 and not done.err
    assert 1 < record["perplexity"] < 10
    assert (
        "80% of the tokens are unknown to 'tiny', and all of them one easy guess: its figures flatter."
        in seqcli("evaluate", "--test", foreign, "--threads", "1").err
    )
    lines = [line.replace(".", "Zebra") for line in story(30, seed=9).splitlines(keepends=True)]  # some end with "!"
    foreign.write_text("".join(lines[:20]), "utf-8")
    some = seqcli("evaluate", "--test", foreign, "--jsonl", "--threads", "1")
    assert 0 < some.records[0]["unknown_rate"] < 0.1 and not some.err, "a tenth, and no less, is worth a line"
    foreign.write_text("the Zebra saw the Zebra\n" * 5, "utf-8")
    assert "33% of the tokens" in seqcli("evaluate", "--test", foreign, "--threads", "1").err
    foreign.write_text("the cat saw the old red house Zebra\n" * 5, "utf-8")
    assert "11% of the tokens" in seqcli("evaluate", "--test", foreign, "--threads", "1").err


# -- which model ------------------------------------------------------------------------------------------------------


def test_the_model_is_the_one_named_else_the_variables_else_the_default(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(*options: str) -> str:
        return seqcli("--models-dir", tmp_path / "models", "predict-word", "the", "-k", "3", *options).out

    for seed, name in enumerate(("first", "second", "third")):
        trained(tmp_path, "--epochs", "0.2", "--seed", str(seed), name=name)
    first, second, third = (answer("-m", name) for name in ("first", "second", "third"))
    assert len({first, second, third}) == 3
    assert answer() == first, "training sets the default where there is none"
    monkeypatch.setenv("SEQCLI_MODEL", "second")
    assert answer() == second and answer("-m", "third") == third
    assert "no model 'fourth'" in seqcli("--models-dir", tmp_path / "models", "predict-word", "a", "-m", "fourth").error


def test_an_unknown_model_is_told_with_the_folder_and_the_closest_name(here: Path) -> None:
    done = seqcli("predict-word", "the cat", "-m", "tinny")
    assert done.code == 1 and "'tiny'" in done.error and str(here / "models") in done.error
    nowhere = seqcli("--models-dir", "nowhere", "predict-word", "the cat")
    assert nowhere.code == 1 and str(here / "nowhere") in nowhere.error and not Path("nowhere").exists()


def test_a_model_of_another_task_is_refused(here: Path, tmp_path: Path) -> None:
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("2 2\ncat 1 0\ndog 0 1\n", "utf-8")
    shelf = ("--models-dir", tmp_path / "models")
    assert seqcli(*shelf, "import", vectors, "--name", "vectors").code == 0
    counted = ("train-lm", here / "tiny.txt", "--architecture", "ngram", "--name", "counted")
    assert seqcli(*shelf, *counted).code == 0  # evaluate goes by the task of the model that is named first
    for words in (
        ("predict-word", "the", "-m", "vectors"),
        ("score", "the", "-m", "vectors"),
        ("evaluate", "counted", "vectors", "--test", here / "tiny.txt"),
    ):
        done = seqcli(*shelf, *words)
        assert done.code == 2 and "train-lm" in done.error


def test_commands_and_options_that_are_not_there(here: Path) -> None:
    assert "'predict-word'" in seqcli("predict-wrod", "the").error
    assert seqcli("predict-wrod", "the").code == 2
    done = seqcli("predict-word", "the", "--jsn")
    assert done.code == 2 and "--json" in done.error
    assert seqcli("predict-word", "the", "--json", "--csv").code == 2


# -- prompts ----------------------------------------------------------------------------------------------------------


def test_unknown_words_are_noted_and_quiet_is_quiet(here: Path) -> None:
    done = seqcli("predict-word", "the zebra")
    assert done.code == 0 and "does not know 'zebra'" in done.err
    quiet = seqcli("predict-word", "the zebra", "-q")
    assert (quiet.out, quiet.err) == (done.out, "")
    assert seqcli("-q", "predict-word", "the zebra") == quiet


@pytest.mark.parametrize("prompt", ["", " ", "\n"])
def test_an_empty_prompt_is_misuse(prompt: str, here: Path) -> None:
    done = seqcli("predict-word", prompt)
    assert done.code == 2 and "empty" in done.error


@pytest.mark.parametrize(
    "prompt", ["?!", "zebra quagga", "the\ncat", "a" * 100_000, "the\udcff cat", "e" + "\u0301" * 10_000, "\x1b[31mcat"]
)
def test_odd_prompts_are_answered(prompt: str, here: Path) -> None:
    done = seqcli("predict-word", prompt, "-k", "1", "--jsonl")
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) == 1
    terminal = seqcli("predict-word", prompt[:50], "-k", "1", terminal=True)
    assert terminal.code == 0 and not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", unstyled(terminal.out + terminal.err))


def unstyled(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_nothing_to_answer_is_misuse_and_never_hangs(here: Path) -> None:
    done = seqcli("predict-word", terminal=True)
    assert done.code == 2 and "--file" in done.error
    assert seqcli("predict-word", "the", "--file", "tiny.txt").code == 2
    assert seqcli("predict-word", stdin=b"").out == ""
    missing = seqcli("predict-word", "--file", "missing.txt")
    assert missing.code == 1 and "missing.txt" in missing.error
    assert seqcli("predict-word", "--file", "models").code == 1


def test_bytes_that_are_no_text_are_replaced_line_by_line(here: Path) -> None:
    records = seqcli("score", "--jsonl", stdin=b"the cat\n\xff\xfe the\x00\r\nsome").records
    assert [record["sentence"] for record in records] == ["the cat", "\ufffd\ufffd the\x00", "some"]


# -- text that is not to be obeyed ------------------------------------------------------------------------------------


def test_control_characters_of_a_text_are_shown_on_a_terminal_and_kept_in_json(tmp_path: Path) -> None:
    evil = "\x1b[31mred\x07\x9b5m\u202eright"
    file = tmp_path / f"\x1b]0;x\x07 {evil[:4]}.txt"
    file.write_text("".join(f"the {evil} cat .\nthe dog .\n" for _ in range(200)), "utf-8")
    shelf = ("--models-dir", tmp_path / "models")
    words = ("--name", "evil", "--tokenizer", "whitespace", "--epochs", "1")
    done = seqcli(*shelf, "train-lm", file, *TINY, *words, terminal=True)
    assert done.code == 0
    assert seqcli(*shelf, "train-lm", tmp_path / "\x1b[2Jmissing", *words, "--replace", terminal=True).code == 1
    shown = ""
    for options in ((), ("--next", "3")):
        shown += seqcli(*shelf, "predict-word", f"the {evil}", *options, terminal=True).out
    for command in (("score", f"the {evil}"), ("models", "show"), ("models", "list")):
        shown += seqcli(*shelf, *command, terminal=True).out
    assert "\\x1b[31mred" in shown
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", unstyled(shown + bars_aside(done.err)))
    records = seqcli(*shelf, "predict-word", "the", "--jsonl", "-k", "99").records
    assert evil in {record["word"] for record in records}


def bars_aside(text: str) -> str:
    """Return stderr without what tqdm draws over itself."""
    return re.sub(r"\r[^\r\n]*", "", text).replace("\x1b[A", "")


def test_tabs_and_backslashes_stay_inside_their_column(here: Path) -> None:
    rows = seqcli("score", stdin=b"a\tb\\n c\n").rows
    assert rows[0][0] == "a\\tb\\\\n c" and len(rows[0]) == 6


# -- training refused -------------------------------------------------------------------------------------------------


def test_an_existing_name_is_refused_before_anything_is_read(here: Path) -> None:
    before = contents(here / "models")
    done = seqcli("train-lm", "missing.txt", "--name", "tiny")
    assert done.code == 1 and "--resume" in done.error and "--replace" in done.error
    assert contents(here / "models") == before


def test_a_finished_training_has_nothing_left_to_resume(here: Path) -> None:
    before = contents(here / "models")
    done = seqcli("train-lm", "tiny.txt", "--name", "tiny", "--resume")
    assert done.code == 0 and "nothing is left to do; to train it longer, add --minutes or --epochs" in done.err
    (here / "another.txt").write_text(story(seed=9), "utf-8")
    other = seqcli("train-lm", "another.txt", "--name", "tiny", "--resume")
    assert other.code == 1 and "text is not the one" in other.error
    for option in (("--hidden-size", "9"), ("--learning-rate", "0.5"), ("--epochs", "1", "--seed", "3")):
        odd = seqcli("train-lm", "tiny.txt", "--name", "tiny", "--resume", *option)
        assert odd.code == 2 and option[-2] in odd.error and "keeps its settings" in odd.error
    assert contents(here / "models") == before


def test_a_finished_training_goes_on_with_another_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    trained(tmp_path, "--learning-rate", "0.05")
    first = Shelf("models").read("tiny")
    done = seqcli("train-lm", "tiny.txt", "--name", "tiny", "--resume", "--epochs", "1")
    assert done.code == 0 and "that is not the same as one longer training" in done.err
    assert "  0%  update 190" in done.err, "its schedule begins anew where the other ended"
    more = Shelf("models").check("tiny")
    assert more.progress["update"] == 1.5 * first.progress["update"] and more.run.epochs == 1 and first.run.epochs == 2
    assert more.results["held_out"]["nats_per_token"] <= first.results["held_out"]["nats_per_token"]
    updates = [json.loads(line)["update"] for line in more.load("history").splitlines()]
    assert updates[: len(first.load("history").splitlines())][-1] == 190 and updates[-1] == 285
    assert "state" not in more.files and more.progress["finished"]
    assert trained(tmp_path, "--learning-rate", "0.05", "--epochs", "3", name="whole").exists()
    whole = Shelf("models").read("whole").results["held_out"]["perplexity"]
    assert more.results["held_out"]["perplexity"] < 1.03 * whole
    by_minutes = seqcli("train-lm", "tiny.txt", "--name", "tiny", "--resume", "--minutes", "0.005")
    assert by_minutes.code == 0 and Shelf("models").read("tiny").run.epochs is None


def test_the_minutes_hold_for_reading_and_training_together(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seqcli.text import corpus

    real = corpus.build

    def slow(*args: Any, **kwargs: Any) -> Any:
        time.sleep(0.5)
        return real(*args, **kwargs)

    monkeypatch.setattr(corpus, "build", slow)
    try:
        for minutes, least, most in ((0.05, 1.5, 2.5), (0.01, 0.3, 0.3)):
            done = seqcli("train-lm", "tiny.txt", "--name", "soon", *TINY[:-4], "--minutes", str(minutes), "--replace")
            assert done.code == 0 and ("more than half of --minutes" in done.err) == (minutes == 0.01)
            assert least <= Shelf("models").read("soon").progress["allowed_seconds"] <= most
    finally:
        Shelf("models").remove("soon")


def test_the_bar_of_a_training_tells_one_time_left_and_none_before_it_is_known(here: Path) -> None:
    try:
        done = seqcli("train-lm", "tiny.txt", "--name", "bar", *TINY[:-4], "--minutes", "0.03", terminal=True)
    finally:
        Shelf("models").remove("bar")
    bars = [line for line in re.split("[\r\n]", done.err) if "training:" in line]
    assert bars and any(" s left" in line for line in bars)
    assert not [line for line in bars if "<" in line or " h left" in line or str(ENDLESS) in line]


def test_a_number_out_of_range_is_quoted_as_it_was_typed(here: Path) -> None:
    told = "--minutes is '0'; give a number above 0"
    assert told in seqcli("train-lm", "tiny.txt", "--name", "none", "--minutes", "0").error


@pytest.fixture
def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a training that was interrupted."""
    from seqcli.training.loop import Training

    monkeypatch.chdir(tmp_path)
    real = Training._update

    def interrupted(self: Training, clock: Any) -> Any:
        if self.progress.update == 30:
            os.kill(os.getpid(), signal.SIGINT)
        return real(self, clock)

    (tmp_path / "text.txt").write_text(story(), "utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(Training, "_update", interrupted)
        assert seqcli("train-lm", "text.txt", *TINY, "--name", "stopped").code == 130
    return tmp_path


def test_a_resume_with_other_text_or_settings_is_refused(stopped: Path) -> None:
    before = contents(stopped / "models")
    resume = ("train-lm", "text.txt", "--name", "stopped", "--resume")
    done = seqcli(*resume, "--hidden-size", "16", "--dropout", "0.5", "--seed", "1")
    assert done.code == 2 and "--hidden-size 8 → 16" in done.error and "--dropout 0.2 → 0.5" in done.error
    assert "--seed" not in done.error
    assert seqcli(*resume, "--replace").code == 2
    (stopped / "other.txt").write_text(story(seed=2), "utf-8")
    other = seqcli("train-lm", "other.txt", *resume[2:])
    assert other.code == 1 and "→" in other.error and "'stopped'" in other.error
    valid = seqcli(*resume, "--valid", "other.txt")
    assert valid.code == 1 and "--valid" in valid.error
    assert contents(stopped / "models") == before
    assert seqcli("train-lm", "text.txt", "--name", "missing", "--resume").code == 1
    threads = seqcli(*resume, "--threads", "2")
    assert threads.code == 0 and "threads it began with: 1." in threads.err, "its bits depend on them"


NUMBERS = [
    (option_name(f.name), f.metadata, value_type(cls, f.name)[0])
    for cls in (TextSpec, LanguageSpec, RunSpec)
    for f in fields(cls)
    if value_type(cls, f.name)[0] in (int, float)
]
BAD = ["nan", "inf", "-inf", "1e999", "-1", "1_0", "٣", "", " 5", "9" * 20, "9" * 5000, "5 ", "0x10", "1e", "ten"]


@pytest.mark.parametrize(("option", "meta", "kind"), NUMBERS, ids=[name for name, _, _ in NUMBERS])
def test_a_bad_number_is_misuse_that_names_its_option(option: str, meta: Any, kind: type, here: Path) -> None:
    before = contents(here)
    values = [*BAD, *(["1.5"] if kind is int else []), *([] if meta["low"] == 0 else ["0"])]
    for value in values:
        done = seqcli("train-lm", "tiny.txt", "--name", "new", f"{option}={value}")
        assert done.code == 2 and option in done.error, (value, done)
    assert contents(here) == before and sorted(os.listdir("models")) == ["default", "tiny"]


@pytest.mark.parametrize("option", ["-k", "--next"])
def test_a_bad_count_of_answers_is_misuse(option: str, here: Path) -> None:
    for value in [*BAD, "0", "1.5", "10001"]:
        done = seqcli("predict-word", "the", *((option, value) if option == "-k" else (f"{option}={value}",)))
        assert done.code == 2 and option in done.error, (value, done)


def test_a_model_that_does_not_fit_in_memory_is_refused(here: Path) -> None:
    done = seqcli("train-lm", "tiny.txt", "--name", "new", "--hidden-size", "16384", "--layers", "16", "--threads", "1")
    assert done.code == 1 and re.search(r"needs about \d+\.\d GB", done.error)
    assert not (here / "models" / "new").exists()


@pytest.mark.parametrize("words", [("--lowercas",), ("--tokenizer", "none"), ("--name", "../x"), ("--encoding", "x")])
def test_misuse_of_training_leaves_nothing(words: tuple[str, ...], here: Path) -> None:
    before = contents(here)
    done = seqcli("train-lm", "tiny.txt", *([] if "--name" in words else ["--name", "new"]), *words)
    assert done.code in (1, 2) and done.error
    assert contents(here) == before and not (here / "models" / "new").exists()


@pytest.mark.parametrize("text", ["", "\n\n", "word", "one two\n", "\x00binary"])
def test_texts_with_too_little_in_them_are_refused_in_one_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text(text, "utf-8")
    done = seqcli("--models-dir", tmp_path / "models", "train-lm", file, *TINY)
    assert done.code == 1 and done.error and not done.out
    assert not (tmp_path / "models" / "text").exists()


def test_a_training_that_diverges_keeps_its_first_weights(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(story(), "utf-8")
    shelf = ("--models-dir", tmp_path / "models")
    done = seqcli(*shelf, "train-lm", tmp_path / "text.txt", *TINY, "--learning-rate", "1e6", "--name", "wild")
    assert done.code == 1 and "--learning-rate" in done.error
    record = Shelf(tmp_path / "models").check("wild")
    assert record.progress["best_update"] == 0
    assert seqcli(*shelf, "predict-word", "the", "-m", "wild").code == 0
    assert seqcli(*shelf, "train-lm", tmp_path / "text.txt", "--learning-rate", "1e38", "--replace").code == 2


# -- training done ----------------------------------------------------------------------------------------------------


def test_a_training_says_what_it_is_and_what_to_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("My book.txt").write_text(story(), "utf-8")
    done = seqcli("train-lm", "My book.txt", *TINY)
    assert done.code == 0 and done.out == ""
    for told in ("Text: 400 lines, 3,040 tokens", "Vocabulary: 27 tokens", "parameters", "held-out perplexity"):
        assert told in done.err
    command = done.err.splitlines()[-1].split("Try: seqcli ")[1]
    assert command.endswith("-m My-book") and command.startswith("predict-word '")
    as_json = seqcli("train-lm", "My book.txt", *TINY, "--name", "two", "--json", "-q")
    assert as_json.err == ""
    found = json.loads(as_json.out)
    keys = ["model", "directory", "seconds", "training_seconds", "tokens_per_second", "held_out"]
    assert list(found) == keys and found["model"] == "two"
    assert list(found["held_out"]) == ["tokens", "unknown_rate", "nats_per_token", "perplexity", "bits_per_character"]
    record = Shelf("models").read("two")
    assert record.results["held_out"] == found["held_out"]
    text = record.raw.decode()
    assert str(tmp_path) not in text and os.uname().nodename not in text.split('"'), "nothing of this machine inside"


def test_like_takes_every_setting_that_is_not_given(here: Path, tmp_path: Path) -> None:
    shelf = Shelf("models")
    try:
        done = seqcli(
            "train-lm", "tiny.txt", "--like", "tiny", "--hidden-size", "9", "--epochs", "0.1", "--name", "like"
        )
        assert done.code == 0, done.err
        one, two = shelf.read("tiny"), shelf.read("like")
        assert (two.spec.hidden_size, two.spec.embedding_size, two.run.batch_size) == (9, 8, 4)
        assert one.text == two.text and two.run.epochs == 0.1 and two.run.minutes is None
    finally:
        shelf.remove("like")


def test_the_files_are_the_same_wherever_the_text_lies(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    Path("copy.txt").write_bytes("\ufeff".encode() + (here / "tiny.txt").read_bytes().replace(b"\n", b"\r\n"))
    assert seqcli("train-lm", "copy.txt", *TINY, "--learning-rate", "0.05").code == 0
    one, two = Shelf(here / "models").read("tiny"), Shelf("models").read("copy")
    assert (one.files["weights"], one.files["vocabulary"]) == (two.files["weights"], two.files["vocabulary"])


# -- real processes ---------------------------------------------------------------------------------------------------


def process(*args: str, **how: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "seqcli", *args], capture_output=True, **how)


def test_an_answer_imports_nothing_heavy(here: Path) -> None:
    ask = "import sys; from seqcli.cli import run; run(['predict-word', 'the cat']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    modules = set(done.stdout.splitlines()[-1].split())
    assert "numpy" in modules and "the cat\t1\t" in done.stdout
    assert not modules & {"torch", "numba", "rich", "tqdm", "sentencepiece", "safetensors", "matplotlib"}


def test_a_reader_that_leaves_is_no_error(here: Path) -> None:
    lines = b"the cat\n" * 20_000
    command = [sys.executable, "-m", "seqcli", "predict-word"]
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1) as child:
        assert child.stdin and child.stdout and child.stderr
        feeder = threading.Thread(target=feed, args=(child.stdin, lines))
        feeder.start()
        assert child.stdout.readline().startswith(b"the cat\t1\t"), "a line is answered while more are to come"
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait() == 0
        feeder.join()


def test_a_program_that_asks_and_waits_gets_its_answer(here: Path) -> None:
    command = [sys.executable, "-m", "seqcli", "predict-word", "-k", "1"]
    with subprocess.Popen(command, stdin=-1, stdout=-1) as child:
        assert child.stdin and child.stdout
        for _ in range(2):
            child.stdin.write(b"the cat\n")
            child.stdin.flush()
            ready, _, _ = select.select([child.stdout], [], [], 60)  # an answer kept back would be waited for for ever
            assert ready and os.read(child.stdout.fileno(), 4096).startswith(b"the cat\t1\t")
        child.stdin.close()


def feed(stream: Any, data: bytes) -> None:
    try:
        stream.write(data)
        stream.close()
    except BrokenPipeError:
        stream.raw.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_told(here: Path) -> None:
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "seqcli", "predict-word", "the cat"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert Outcome(1, "", done.stderr).error and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("stream", [0, 1, 2])
def test_closed_streams_are_no_tracebacks(stream: int, here: Path) -> None:
    words = "predict-word" if stream == 0 else "predict-word 'the cat'"
    done = subprocess.run(
        ["sh", "-c", f"exec '{sys.executable}' -m seqcli {words} {stream}>&-"], capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr
    if stream == 2:
        assert done.returncode == 0 and done.stdout.startswith("the cat\t1\t")
    else:
        assert "is closed" in Outcome(done.returncode, "", done.stderr).error and done.returncode == 1


def test_a_training_goes_on_when_nobody_listens(here: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "seqcli", "--models-dir", tmp_path / "models", "train-lm", "tiny.txt", *TINY]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as child:
        assert child.stderr and child.stderr.readline().startswith(b"Tokenizer: ")
        child.stderr.close()
        assert child.wait() == 0
    assert Shelf(tmp_path / "models").check("tiny").progress["finished"]


def test_a_terminal_that_lacks_letters_still_gets_the_answer(here: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "COLUMNS": "0", "TERM": ""}
    done = process("predict-word", "the caté 猫", "-k", "1", env=environment)
    assert done.returncode == 0 and b"caf" not in done.stdout and b"Traceback" not in done.stderr
    invalid = process("predict-word", b"the \xff cat", "-k", "1")  # type: ignore[arg-type]
    assert invalid.returncode == 0 and b"Traceback" not in invalid.stderr


def test_a_model_in_use_elsewhere_is_untouched(here: Path, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "models")
    make(shelf, "busy")
    before = contents(tmp_path / "models")
    with shelf.open("busy", resume=True):
        done = seqcli("--models-dir", shelf.root, "train-lm", here / "tiny.txt", "--name", "busy", "--replace")
    assert done.code == 1 and "in use" in done.error
    assert contents(tmp_path / "models") == before


def test_arguments_that_are_joined_to_one_prompt_are_said_where_it_is_ambiguous(here: Path) -> None:
    done = seqcli("predict-word", "the cat", "saw the", "-k", "1")
    assert done.rows[0][0] == "the cat saw the" and "2 arguments are read as one text, 'the cat saw the'" in done.err
    for words in (("the", "cat"), ("the cat",)):
        assert "arguments" not in seqcli("predict-word", *words, "-k", "1").err


def test_a_perplexity_worse_than_guessing_is_remarked_on() -> None:
    from seqcli.language.figures import perplexity_text

    assert perplexity_text(17.0, 30_000).startswith("perplexity 24,154,953, worse than guessing evenly (30,000)")
    assert perplexity_text(10.4, 30_000) == "perplexity 32,860" and perplexity_text(4.5, 30_000) == "perplexity 90.02"


@pytest.mark.parametrize("special", [True, False])
def test_the_likeliest_are_those_of_a_whole_sort(special: bool) -> None:
    rng = np.random.default_rng(1)
    for size, count in ((50, 1), (50, 10), (50, 50), (50, 80), (4, 3)):
        probabilities = rng.integers(0, 5, size).astype(np.float32)  # many are equal
        first = len(SPECIALS) if special else 0
        expected = (np.argsort(-probabilities[first:], kind="stable")[:count] + first).tolist()
        assert _likeliest(probabilities, count, special) == expected
