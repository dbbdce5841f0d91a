"""The commands of translation as a user runs them: trained on invented pairs, asked by argument, file and pipe."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import seqcli

from seqcli.store import Shelf
from seqcli.translation import fit_to_time as fitted

WORDS = {"one": "eins", "two": "zwei", "red": "rot", "dog": "Hund", "cat": "Katze", "runs": "rennt", "big": "groß"}
TINY = (
    *("--embedding-size", "32", "--encoder-size", "32", "--hidden-size", "64", "--batch-size", "16"),
    *("--tokenizer", "words", "--min-count", "1", "--threads", "1", "--average", "0.9"),
)


def invented(count: int, seed: int = 1, longest: int = 5, names: float = 0.0) -> tuple[str, str]:
    """Return sentences of English words, and the same in German, back to front; a share of the words are new names."""
    rng = np.random.default_rng(seed)
    rows = [rng.choice(list(WORDS), rng.integers(1, longest + 1)).tolist() for _ in range(count)]
    rows = [[_name(rng) if rng.random() < names else word for word in row] for row in rows]
    source = "".join(" ".join(row) + " .\n" for row in rows)
    return source, "".join(" ".join(WORDS.get(word, word) for word in reversed(row)) + " .\n" for row in rows)


def _name(rng: np.random.Generator) -> str:
    return "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 7)).title()


def write_pairs(folder: Path, count: int, name: str = "pairs", **how: Any) -> tuple[Path, Path]:
    files = folder / f"{name}.en", folder / f"{name}.de"
    for file, text in zip(files, invented(count, **how), strict=True):
        file.write_text(text, "utf-8")
    return files


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a translator that has learned to say every sentence back to front."""
    folder = tmp_path_factory.mktemp("translation")
    source, target = write_pairs(folder, 1500, names=0.08)
    shelf, recipe = ("--models-dir", folder / "models"), ("--learning-rate", "0.01", "--dropout", "0", "--epochs", "12")
    options = (*TINY, *recipe, "--label-smoothing", "0", "--min-count", "2", "--name", "back", "--json")
    done = seqcli(*shelf, "train-translate", source, target, *options)
    assert done.code == 0, done.err
    (folder / "report.json").write_text(done.out)
    return folder


@pytest.fixture
def here(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(made)
    return made


# -- training ---------------------------------------------------------------------------------------------------------


def test_it_learns_to_say_sentences_back_to_front(here: Path) -> None:
    report = json.loads((here / "report.json").read_text())
    held_out = report["held_out"]
    assert held_out["bleu"] > 80 and held_out["nats_per_token"] < 0.3, held_out
    assert held_out["signature"].startswith("nrefs:1|case:mixed") and held_out["pairs"] == 45
    record = Shelf("models").check("back")
    assert record.task == "translation" and record.results["held_out"] == held_out
    assert str(here) not in record.raw.decode()


def test_the_more_often_pairs_are_read_the_more_is_dropped_unless_it_is_given(tmp_path: Path) -> None:
    source, target = write_pairs(tmp_path, 40)
    shelf, found = ("--models-dir", tmp_path / "models"), {}
    for name, *options in (
        ("once", "--epochs", "1"),
        ("often", "--epochs", "9"),
        ("soon", "--epochs", "9", "--minutes", "0.0001"),
        ("by-hand", "--epochs", "9", "--dropout", "0.2"),
        ("alike", "--epochs", "1", "--like", "often"),
    ):
        done = seqcli(*shelf, "train-translate", source, target, *TINY, *options, "--name", name)
        spec = found[name] = Shelf(tmp_path / "models").read(name).spec
        assert done.code == 0 and (f"--embedding-dropout {spec.embedding_dropout:g}" in done.err) == (name != "alike")
    assert found["once"].dropout == found["once"].weight_dropout == found["soon"].dropout == 0.0
    assert 0.0 < found["often"].embedding_dropout < found["often"].weight_dropout < found["often"].dropout < 0.5
    assert found["by-hand"] == replace(found["often"], dropout=0.2) and found["alike"] == found["often"]


def test_few_minutes_get_a_smaller_model_and_too_few_are_refused_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = write_pairs(tmp_path, 40)
    minutes, shelf = 0.01, ("--models-dir", tmp_path / "models")
    updates = {320: 0.0, 240: 0.0, 160: 0.0}  # that the minutes allow, by hidden size
    monkeypatch.setattr(fitted, "_seconds", lambda plan, *_: 60 * minutes / updates[plan.spec.hidden_size])

    def train(*options: str) -> Any:
        quick = ("--minutes", str(minutes), "--subwords", "60", "--threads", "1", "--replace", "--name", "fits")
        done = seqcli(*shelf, "train-translate", source, target, *quick, *options)
        assert done.code == 0, done.err
        shown.append(next(line for line in done.err.splitlines() if line.startswith("The pairs will be read")))
        return Shelf(tmp_path / "models").read("fits").spec

    shown: list[str] = []
    updates.update({320: 900, 240: 1_000, 160: 1_100})
    quick = ("--minutes", str(minutes), "--subwords", "60", "--threads", "1")
    refused = seqcli(*shelf, "train-translate", source, target, *quick)
    assert refused.code == 2 and "give --minutes 1 or more" in refused.error and "1,100 updates" in refused.error
    assert not Shelf(tmp_path / "models").names()
    updates.update({160: 1_900})
    small = train()
    assert (small.embedding_size, small.encoder_size, small.hidden_size) == (128, 96, 160)
    assert "--embedding-size 128 --encoder-size 96 --hidden-size 160 --no-attention-layer" in shown[-1]
    assert small.attention_layer is False and train("--attention-layer").attention_layer is True
    assert Shelf(tmp_path / "models").read("fits").run.batch_size == 24 and "--batch-size 24" in shown[-1]
    train("--batch-size", "48")
    assert Shelf(tmp_path / "models").read("fits").run.batch_size == 48
    updates.update({240: 3_100})
    assert train().hidden_size == 240
    updates.update({320: 3_100})
    usual = train()
    assert usual.hidden_size == 320 and "size" not in shown[-1]
    assert Shelf(tmp_path / "models").read("fits").run.batch_size == 64
    updates.update({320: 10, 40: 10})
    assert train("--hidden-size", "40").hidden_size == 40, "by hand nothing is too small"
    updates.update({320: 10, 240: 10})
    many = train()  # an epoch is an update: read over and over
    assert (small.hidden_size, many.hidden_size) == (160, 160) and many.label_smoothing == 0.1 and many.dropout == 0.5
    monkeypatch.setattr(fitted, "FEW_PASSES", 10**6)
    few = train()
    assert few.label_smoothing == few.dropout == 0.0 and "--label-smoothing 0" in shown[-1]
    assert train("--label-smoothing", "0.3", "--dropout", "0.2") == replace(few, label_smoothing=0.3, dropout=0.2)


def test_torn_pairs_are_refused_with_both_counts_and_the_missing_line(tmp_path: Path) -> None:
    source, target = write_pairs(tmp_path, 30)
    target.write_text("".join(target.read_text("utf-8").splitlines(keepends=True)[:-2]), "utf-8")
    done = seqcli("--models-dir", tmp_path / "models", "train-translate", source, target, *TINY)
    assert done.code == 1 and not (tmp_path / "models" / "pairs").exists()
    for told in ("has 30 lines", "has 28", "line 29 is missing", "pairs.de"):
        assert told in done.error
    (tmp_path / "odd.tsv").write_text("a\tb\na b\n")
    odd = seqcli("--models-dir", tmp_path / "models", "train-translate", tmp_path / "odd.tsv", *TINY)
    assert odd.code == 1 and "line 2" in odd.error and "1 columns, expected 2" in odd.error
    three = seqcli("--models-dir", tmp_path / "models", "train-translate", source, source, source, *TINY)
    assert three.code == 2 and "two files" in three.error
    (tmp_path / "empty.de").write_text("\n" * 30)
    empty = seqcli("--models-dir", tmp_path / "models", "train-translate", source, tmp_path / "empty.de", *TINY)
    assert empty.code == 1 and "no pair" in empty.error


def test_two_columns_are_two_files_and_empty_sides_are_counted(tmp_path: Path) -> None:
    source, target = (side.splitlines() for side in invented(60))
    source[7], target[9], source[11] = "", "", "two\u2028 red ."  # no line ends but at a newline
    (tmp_path / "p.en").write_text("\n".join(source), "utf-8")
    (tmp_path / "p.de").write_text("\n".join(target) + "\n", "utf-8")
    lines = "\n".join(f"{one}\t{other}" for one, other in zip(source, target, strict=True))
    (tmp_path / "p.tsv").write_text(lines, "utf-8")
    shelf, quick = ("--models-dir", tmp_path / "models"), (*TINY, "--epochs", "1")
    done = seqcli(*shelf, "train-translate", tmp_path / "p.en", tmp_path / "p.de", *quick, "--name", "two")
    assert done.code == 0 and "2 of 60 lines have an empty side" in done.err
    assert seqcli(*shelf, "train-translate", tmp_path / "p.tsv", *quick, "--name", "one").code == 0
    two, one = (Shelf(tmp_path / "models").read(name) for name in ("two", "one"))
    assert two.files["weights"] == one.files["weights"] and two.corpus["sha256"] == one.corpus["sha256"]


@pytest.mark.parametrize(
    "options",
    [
        ("--no-joint", "--attention", "none", "--cell", "gru"),
        ("--tokenizer", "subwords", "--subwords", "60", "--attention", "additive", "--no-tied"),
        ("--tokenizer", "characters", "--cell", "rnn", "--layers", "2"),
    ],
)
def test_every_kind_is_trained_and_answers(options: tuple[str, ...], tmp_path: Path) -> None:
    source, target = write_pairs(tmp_path, 120)
    valid = write_pairs(tmp_path, 20, "valid", seed=5)
    shelf = ("--models-dir", tmp_path / "models")
    held = ("--valid", valid[0], "--valid", valid[1])
    done = seqcli(*shelf, "train-translate", source, target, *held, *TINY, *options, "--epochs", "1", "--name", "kind")
    assert done.code == 0 and "20 held out" in done.err, done.err
    assert len(seqcli(*shelf, "translate", stdin=b"one two .\n\nred .\n").out.splitlines()) == 3
    joint = "--no-joint" not in options
    assert ("vocabulary" in Shelf(tmp_path / "models").read("kind").files) == joint
    if "none" in options:
        done = seqcli(*shelf, "translate", "one", "--alignment")
        assert done.code == 2 and "--attention none" in done.error
    like = seqcli(*shelf, "train-translate", source, target, "--like", "kind", "--epochs", "0.5", "--name", "like")
    assert like.code == 0 and Shelf(tmp_path / "models").read("like").spec.cell == (
        options[options.index("--cell") + 1] if "--cell" in options else "lstm"
    )


def test_a_stopped_training_goes_on_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seqcli.training.loop import Training

    monkeypatch.chdir(tmp_path)
    write_pairs(tmp_path, 150)
    real = Training._update

    def interrupted(self: Training, clock: Any) -> Any:
        if self.progress.update == 4:
            os.kill(os.getpid(), signal.SIGINT)
        return real(self, clock)

    command = ("train-translate", "pairs.en", "pairs.de", *TINY, "--epochs", "4")
    assert seqcli(*command, "--name", "whole").code == 0
    with monkeypatch.context() as patch:
        patch.setattr(Training, "_update", interrupted)
        done = seqcli(*command, "--name", "cut")
    assert done.code == 130 and "seqcli train-translate pairs.en pairs.de --name cut --resume" in done.err
    assert seqcli("translate", "one", "-m", "cut").code == 0, "what is there answers"
    other = seqcli("train-translate", "pairs.de", "pairs.en", "--name", "cut", "--resume")
    assert other.code == 1 and "is not the one" in other.error
    assert seqcli("train-translate", "pairs.en", "pairs.de", "--name", "cut", "--resume").code == 0
    shelf = Shelf("models")
    assert shelf.read("cut").files["weights"] == shelf.read("whole").files["weights"]
    assert shelf.read("cut").results == shelf.read("whole").results
    again = seqcli("train-translate", "pairs.en", "pairs.de", "--name", "cut", "--resume")
    assert again.code == 0 and "nothing is left to do" in again.err


def test_a_training_stopped_while_it_is_measured_is_measured_by_a_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_pairs(tmp_path, 80)
    command = ("train-translate", "pairs.en", "pairs.de", *TINY, "--epochs", "1", "--name", "pairs")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("seqcli.translation.training.quality_figures", stop)
        assert seqcli(*command).code == 130
    before = Shelf("models").read("pairs")
    assert before.progress["finished"] and "bleu" not in before.results["held_out"]
    assert seqcli(*command, "--resume").code == 0
    after = Shelf("models").read("pairs")
    assert after.files == before.files and "bleu" in after.results["held_out"]


def test_minutes_hold_for_the_measuring_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_pairs(tmp_path, 80)
    command = ("train-translate", "pairs.en", "pairs.de", *TINY, "--name", "pairs", "--minutes", "0.05")
    with monkeypatch.context() as patch:
        patch.setattr("seqcli.translation.training._measuring_seconds", lambda *_: 1.0)
        assert seqcli(*command).code == 0
    assert 1.5 <= Shelf("models").read("pairs").progress["allowed_seconds"] < 2.0


def test_both_directions_in_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seqcli.training.loop import Training

    monkeypatch.chdir(tmp_path)
    source, target = write_pairs(tmp_path, 100)
    lines = zip(source.read_text("utf-8").splitlines(), target.read_text("utf-8").splitlines(), strict=True)
    (tmp_path / "pairs.tsv").write_text("".join(f"{one}\t{other}\n" for one, other in lines), "utf-8")
    command = ("train-translate", "pairs.tsv", *TINY, "--epochs", "2", "--name", "both", "--reverse")
    real = Training._update

    def interrupted(self: Training, clock: Any) -> Any:
        if self.progress.update == 3 and (tmp_path / "models" / "both-reverse" / "model.json").exists():
            os.kill(os.getpid(), signal.SIGINT)
        return real(self, clock)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "_update", interrupted)
        done = seqcli(*command)
    assert done.code == 130 and "seqcli train-translate pairs.tsv --name both --reverse --resume" in done.err
    assert seqcli(*command, "--resume").code == 0
    assert seqcli("train-translate", "pairs.de", "pairs.en", *TINY, "--epochs", "2", "--name", "alone").code == 0
    shelf = Shelf("models")
    assert shelf.read("both-reverse").files["weights"] == shelf.read("alone").files["weights"]
    assert shelf.default() == "both"


def test_target_text_alone_is_translated_back_and_learned_from(here: Path) -> None:
    alone, _ = invented(25, seed=21)
    Path("alone.en").write_text(alone, "utf-8")
    command = ("train-translate", "pairs.de", "pairs.en", *TINY, "--epochs", "0.2", "--name", "forth")
    assert seqcli(*command, "--monolingual", "alone.en").code == 2
    done = seqcli(*command, "--monolingual", "alone.en", "--reverse-model", "back")
    assert done.code == 0 and "Translated back by 'back': 25 lines" in done.err
    record = Shelf("models").read("forth")
    assert record.corpus["lines"] == 1455 + 25 and record.corpus["monolingual"] == "alone.en"
    Shelf("models").remove("forth")


# -- translating ------------------------------------------------------------------------------------------------------


def test_argument_file_and_pipe_give_the_same_one_line_for_one_line(here: Path) -> None:
    source, _ = invented(40, seed=8)
    lines = source.splitlines()
    lines.insert(3, "")
    Path("asked.txt").write_text("\n".join(lines) + "\n", "utf-8")
    by_file = seqcli("translate", "--file", "asked.txt").out.splitlines()
    by_pipe = seqcli("translate", stdin=Path("asked.txt").read_bytes()).out.splitlines()
    assert by_file == by_pipe and len(by_file) == 41 and by_file[3] == ""
    assert seqcli("translate", lines[0]).out.splitlines() == by_file[:1]
    records = seqcli("translate", "--file", "asked.txt", "--jsonl").records
    assert [record["translation"] or "" for record in records] == by_file
    assert [record["source"] for record in records] == lines
    assert records[3] == {"source": "", "translation": None, "score": None}


def test_what_it_says_is_the_translation(here: Path) -> None:
    expected = [" ".join(WORDS[w] for w in reversed(line.split())) + " ." for line in ("two red dog", "big cat runs")]
    assert seqcli("translate", stdin=b"two red dog .\nbig cat runs .\n").out.splitlines() == expected
    assert seqcli("translate", "two red dog .", "--beam", "1").out.splitlines() == expected[:1]


def test_the_best_are_listed_with_scores_that_scoring_gives(here: Path) -> None:
    rows = seqcli("translate", "two red dog .", "-n", "3", "--jsonl").records
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    pairs = "".join(f"{row['source']}\t{row['translation']}\n" for row in rows)
    scored = seqcli("score-translation", "--jsonl", stdin=pairs.encode()).records
    for row, found in zip(rows, scored, strict=True):
        assert found["log_probability"] == pytest.approx(row["log_probability"], abs=1e-3)
    one = seqcli("score-translation", "two red dog .", rows[0]["translation"], "--jsonl").records
    assert one[0] == pytest.approx(scored[0], abs=1e-5)
    words = seqcli("score-translation", "two red dog .", rows[0]["translation"], "--words", "--jsonl").records
    assert [w["token"] for w in words] == ["Hund", "rot", "zwei", ".", "<eos>"]
    assert sum(w["log_probability"] for w in words) == pytest.approx(rows[0]["log_probability"], abs=1e-3)
    [new, *_] = seqcli("score-translation", "--words", "--jsonl", stdin=b"\none\tNeuwort\n").records[1:]
    assert (new["line"], new["token"], new["unknown"]) == (2, "Neuwort", True)


def test_what_is_drawn_for_a_line_depends_on_the_line_its_number_and_the_seed_alone(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = invented(24, seed=9)[0].splitlines()
    how = ("translate", "--sample", "3", "--seed", "5")
    all_lines = "\n".join(lines).encode()
    drawn = seqcli(*how, stdin=all_lines).out.splitlines()
    assert seqcli(*how, stdin=lines[0].encode()).out.splitlines() == drawn[:1]
    others = ["one .", *("two red dog runs big cat ." for _ in lines[2:]), lines[-1]]
    assert seqcli(*how, stdin="\n".join([others[0], *others[1:]]).encode()).out.splitlines()[-1] == drawn[-1]
    twice = seqcli(*how, stdin=f"{lines[0]}\n{lines[0]}\n{lines[0]}\n{lines[0]}".encode()).out.splitlines()
    assert len(set(twice)) > 1, "a line that comes again is drawn anew"
    several = [row["translation"] for row in seqcli(*how, "-n", "3", "--jsonl", stdin=all_lines).records]
    monkeypatch.setattr("seqcli.cli.translation.translate.BATCH", 5)
    monkeypatch.setattr("seqcli.translation.search.ROWS", 4)
    assert seqcli(*how, stdin=all_lines).out.splitlines() == drawn
    assert [row["translation"] for row in seqcli(*how, "-n", "3", "--jsonl", stdin=all_lines).records] == several
    assert seqcli(*how[:-1], "6", stdin=all_lines).out.splitlines() != drawn
    assert "--seed" in seqcli(*how[:-1], "-1", stdin=b"one").error


def test_alignments_point_at_the_word_that_was_translated(here: Path) -> None:
    rows = seqcli("translate", "two red dog runs .", "--alignment", "--jsonl").records
    pairs = {row["word"]: row["source_word"] for row in rows}
    right = [pairs.get(WORDS[word]) == word for word in ("two", "red", "dog", "runs")]
    assert sum(right) >= 3, pairs
    assert all(0 < row["weight"] <= 1.000001 for row in rows) and [row["position"] for row in rows] == [1, 2, 3, 4, 5]
    assert {row["line"] for row in rows} == {1} and "source" not in rows[0], "the line is not repeated for every word"
    lines = seqcli("translate", "--alignment", "--jsonl", stdin=b"one dog .\n\nred .\n").records
    assert [row["line"] for row in lines] == [1, 1, 1, 2, 3, 3] and lines[3]["word"] is None
    cells = seqcli("translate", "two red dog runs .", "--cells").out.splitlines()
    assert cells[0] == "rennt Hund rot zwei ." and any("█" in line or "▓" in line for line in cells[1:])


def test_a_picture_is_drawn_of_the_first_line(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("map.png", "map.svg"):
        assert seqcli("translate", "two red dog .", "--plot", tmp_path / name).code == 0
        assert (tmp_path / name).stat().st_size > 1000
    assert seqcli("translate", "two", "--plot", tmp_path / "map.txt").code == 2
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "matplotlib", None)
        missing = seqcli("translate", "two", "--plot", tmp_path / "none.png")
    assert missing.code == 1 and "pip install" in missing.error and not missing.out
    assert "--replace" in seqcli("translate", "two", "--plot", tmp_path / "map.png").error
    assert seqcli("translate", "two red dog .", "--plot", tmp_path / "map.png", "--replace").code == 0
    drawn = (tmp_path / "map.svg").read_text("utf-8")
    words = (
        "zwei",
        "two",
        "What each word of the translation looked at",
        "source",
        "translation",
        "share of its",
        "0.5",
    )
    assert all(word in drawn for word in words)


def test_letters_that_were_never_learned_are_named_once(here: Path) -> None:
    done = seqcli("translate", "two こんにちは dog .")
    assert done.code == 0 and "'back' never learned the letters 'こんにちは'" in done.err
    piped = seqcli("translate", stdin="two dog .\nこん\nда\n\n".encode())
    assert piped.err.count("never learned") == 1 and piped.out.count("\n") == 4
    assert "never learned" not in seqcli("translate", "TWO red dog, 7 × 12!").err


def test_words_that_the_model_does_not_know_are_copied(here: Path) -> None:
    assert seqcli("translate", "two Zork dog .").out.strip() == "Hund Zork zwei ."
    assert seqcli("translate", "two Zork dog .", "-n", "1", "--jsonl").records[0]["translation"] == "Hund Zork zwei ."
    assert "Zork" not in seqcli("translate", "two Zork dog .", "--no-copy").out


def test_names_are_copied_though_subwords_could_spell_them(here: Path) -> None:
    source, target = write_pairs(here, 300, "named", names=0.1)
    options = (*TINY, "--tokenizer", "subwords", "--subwords", "90", "--epochs", "1", "--name", "named")
    assert seqcli("train-translate", source, target, *options, "--replace").code == 0
    lines = b"two Zorkanto dog .\ntwo red dog .\nZorkanto-Brillo runs\n"
    copied = seqcli("translate", "-m", "named", stdin=lines).out.splitlines()
    assert ["Zorkanto" in line for line in copied] == [True, False, True] and "Zorkanto-Brillo" in copied[2]
    assert "Zorkanto" not in seqcli("translate", "-m", "named", "--no-copy", stdin=lines).out


def test_a_glossary_is_followed_and_what_is_kept_stays(here: Path) -> None:
    Path("terms.tsv").write_text("dog\tWauwau\nred cat\troter Kater\n\n", "utf-8")
    assert seqcli("translate", "two dog runs .", "--glossary", "terms.tsv").out.strip() == "rennt Wauwau zwei ."
    lines = seqcli("translate", "--glossary", "terms.tsv", stdin=b"one red cat .\nbig dog .\nred .\n").out.splitlines()
    assert "roter Kater" in lines[0] and "Wauwau" in lines[1] and lines[2] == "rot ."
    kept = seqcli("translate", "two {{big dog}} 10:30 .", "--keep").out
    assert "big dog" in kept and "10:30" in kept and "{" not in kept
    Path("bad.tsv").write_text("dog\n", "utf-8")
    assert seqcli("translate", "dog", "--glossary", "bad.tsv").code == 1
    Path("bad.tsv").write_text("cat\tKatze\nred dog\tder <unk>\n", "utf-8")
    refused = seqcli("translate", "dog", "--glossary", "bad.tsv")
    assert refused.code == 1 and "translates 'red dog' with <unk>, which is no word" in refused.error


def test_a_long_line_is_cut_where_sentences_end_and_put_together(here: Path) -> None:
    long = "two red dog . " * 8
    assert seqcli("translate", long.replace(" .", ".")).out.count("\n") == 1
    parts = seqcli("translate", "two red dog runs . big cat runs . one red cat .").out.strip()
    alone = seqcli("translate", stdin=b"two red dog runs .\nbig cat runs .\none red cat .\n").out.split("\n")
    assert parts == " ".join(alone).strip()
    huge = seqcli("translate", stdin=("dog " * 2000 + ".\n").encode())
    assert huge.code == 0 and huge.out.count("\n") == 1


def test_the_work_of_a_line_grows_as_the_line_does(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seqcli.translation.arrays import TranslatorArrays

    work, step = 0, TranslatorArrays.step

    def counted(self: TranslatorArrays, ids: Any, state: Any, memory: Any, places: Any) -> Any:
        nonlocal work
        work += len(ids) * memory.outside.shape[1]  # source tokens looked at
        return step(self, ids, state, memory, places)

    monkeypatch.setattr(TranslatorArrays, "step", counted)
    options = (*TINY, "--tokenizer", "characters", "--epochs", "0.1", "--name", "letters", "--replace")
    assert seqcli("train-translate", *write_pairs(here, 300, "short"), *options).code == 0
    for text in ("x", "今", "dog ", "a. "):
        costs = []
        for length in (400, 1600):
            work = 0
            line = (text * length)[:length]
            done = seqcli("translate", "--beam", "2", "--sample", "50", "-m", "letters", stdin=line.encode())
            assert done.code == 0 and done.out.count("\n") == 1
            costs.append(work)
        assert costs[1] < 6 * costs[0], text
    Shelf("models").remove("letters")


def test_a_pair_too_long_to_score_is_refused_with_the_limit(here: Path) -> None:
    words = "dog " * 3000
    scored = seqcli("score-translation", "--jsonl", stdin=f"{words}\t{words}\n".encode() * 2 + b"dog\tHund\n")
    assert [record["tokens"] for record in scored.records] == [3001, 3001, 2]
    one = seqcli("score-translation", "dog", "Hund", "--jsonl").records[0]
    assert one["log_probability"] == pytest.approx(scored.records[2]["log_probability"], abs=1e-4)
    done = seqcli("score-translation", stdin=f"dog\t{words}{words}\n".encode())
    assert done.code == 1 and "6,001 tokens" in done.error and "4,000" in done.error


def test_what_is_kept_is_whole_however_long_it_is(here: Path) -> None:
    address = "https://example.org/" + "abc/" * 500 + "end"
    done = seqcli("translate", "--keep", stdin=f"two red dog {address} runs .".encode())
    assert address in done.out.split(), done.out
    spaced = "two  words, " * 20 + "and more"
    assert spaced in seqcli("translate", "--keep", stdin=f"two {{{{{spaced}}}}} runs .".encode()).out


def test_misuse_is_told_in_one_line(here: Path) -> None:
    for words in (
        ("translate", "a", "--beam", "0"),
        ("translate", "a", "-n", "0"),
        ("translate", "a", "--length-penalty", "11"),
        ("translate", "a", "--coverage", "nan"),
        ("translate", "a", "-n", "2", "--alignment"),
        ("translate", " "),
        ("score-translation", "a"),
        ("score-translation", "a", ""),
    ):
        done = seqcli(*words)
        assert done.code == 2 and done.error, words
    assert seqcli("score-translation", stdin=b"a\tb\nno tab\n").code == 1
    wrong = seqcli("predict-word", "a", "-m", "back")
    assert wrong.code == 2 and "translates" in wrong.error


# -- evaluating -------------------------------------------------------------------------------------------------------


def test_a_test_set_is_measured_whole_and_by_length(here: Path) -> None:
    write_pairs(here, 60, "test", seed=11)
    test = ("--test", "test.en", "--test", "test.de")
    rows = seqcli("evaluate-translation", "back", "back", *test, "--by-length", "--samples", "20", "--jsonl").records
    assert len(rows) == 10 and rows[0]["part"] == "all" and sum(row["pairs"] for row in rows[1:5]) == 60
    assert rows[0]["bleu"] > 80 and rows[0]["chrf"] > 80 and rows[0]["ter"] < 20 and rows[0]["p_value"] is None
    assert rows[5]["p_value"] == 1.0 and {**rows[5], "p_value": None} == rows[0]
    assert rows[0]["signature"].count("|") >= 4
    translations = seqcli("translate", "--file", "test.en").out.splitlines()
    import sacrebleu

    references = [Path("test.de").read_text("utf-8").splitlines()]
    assert rows[0]["bleu"] == pytest.approx(sacrebleu.corpus_bleu(translations, references).score)
    [by_letters] = seqcli("evaluate-translation", *test, "--bleu-tokenizer", "char", "--jsonl").records
    assert "tok:char" in by_letters["signature"] and by_letters["ter"] == rows[0]["ter"]


def test_an_answer_imports_nothing_heavy(here: Path) -> None:
    ask = "import sys; from seqcli.cli import run; run(['translate', 'two red dog .']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    modules = set(done.stdout.splitlines()[-1].split())
    assert "numpy" in modules and done.stdout.startswith("Hund rot zwei")
    assert not modules & {"torch", "numba", "rich", "tqdm", "safetensors", "matplotlib", "sacrebleu"}


def test_lengths_become_a_picture_that_is_not_written_over(here: Path, tmp_path: Path) -> None:
    picture, test = tmp_path / "lengths.png", ("--test", "pairs.en", "--test", "pairs.de")
    done = seqcli("evaluate-translation", "back", "back", *test, "--plot", picture, "--jsonl", "--samples", "20")
    assert done.records[0]["part"] == "all" and len(done.records) == 10
    assert picture.read_bytes().startswith(b"\x89PNG")
    again = seqcli("evaluate-translation", "back", *test, "--plot", picture)
    assert again.code != 0 and "--replace" in again.err and not again.out
    other = seqcli("evaluate-translation", "back", *test, "--plot", tmp_path / "lengths.txt")
    assert other.code == 2 and "neither .png nor .svg" in other.err


def test_subwords_cut_by_a_draw_need_subwords(tmp_path: Path) -> None:
    source, target = write_pairs(tmp_path, 50)
    options = (*TINY, "--subword-regularisation", "0.3", "--epochs", "1")
    done = seqcli("--models-dir", tmp_path / "models", "train-translate", source, target, *options)
    assert done.code == 2 and "--tokenizer words" in done.err and not list((tmp_path / "models").glob("[!.]*"))
