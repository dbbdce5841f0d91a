"""The model shelf as typed: list, show, check, default, rename, remove, export, import."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from unittest import mock

import pytest
from command_line import seqcli, trained
from store_sample import make

from seqcli.store import Shelf
from seqcli.vectors.settings import TableSpec

VECTORS = {"task": "vectors", "architecture": "imported", "spec": TableSpec(dimensions=2)}


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A shelf with two models where the command is typed; none is the default."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEQCLI_MODELS", raising=False)
    found = Shelf("models")
    make(found, "austen", 1)
    make(found, "emma", 2)
    return found


def test_the_list_names_every_model(shelf: Shelf) -> None:
    shelf.set_default("emma")
    records = seqcli("models", "list", "--jsonl").records
    assert [list(record) for record in records] == [
        ["model", "task", "architecture", "bytes", "default", "held_out", "text", "saved", "finished"]
    ] * 2
    assert [(r["model"], r["task"], r["architecture"], r["default"]) for r in records] == [
        ("austen", "lm", "lstm", False),
        ("emma", "lm", "lstm", True),
    ]
    sizes = [sum(p.stat().st_size for p in Path("models", r["model"]).glob("*-*")) for r in records]
    assert [record["bytes"] for record in records] == sizes
    assert json.loads(seqcli("models", "list", "--json").out) == records
    assert [row[0] for row in seqcli("models", "list").rows] == ["austen", "emma"]


def test_an_empty_shelf_lists_nothing_and_is_not_made(tmp_path: Path) -> None:
    done = seqcli("--models-dir", tmp_path / "none", "models", "list")
    assert (done.code, done.out) == (0, "") and len(done.err.splitlines()) == 1
    assert f"no directory '{tmp_path / 'none'}'" in done.err and "seqcli train-lm" in done.err
    assert not (tmp_path / "none").exists()
    (tmp_path / "empty").mkdir()
    for words in ((), ("--json",)):
        done = seqcli("--models-dir", tmp_path / "empty", "models", "list", *words)
        assert done.code == 0 and f"no model in '{tmp_path / 'empty'}'" in done.err
    assert json.loads(done.out) == []


def test_the_list_on_a_terminal_is_in_a_persons_words(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.set_default("emma")
    record = shelf.read("emma")
    (record.directory / record.filename("weights")).unlink()
    done = {"finished": "the schedule is complete"}
    figures = {"tokens": 811, "nats_per_token": 4.5499, "perplexity": 94.6231, "bits_per_character": 1.6}
    make(shelf, "whole", 3, progress=done, results={"held_out": figures})
    monkeypatch.setenv("COLUMNS", "80")
    done = seqcli("models", "list", terminal=True)
    heading, *lines = re.sub(r"\x1b\[[0-9;]*m", "", done.out).splitlines()
    assert heading.split() == ["model", "kind", "size", "saved", "text", "result"]
    assert re.fullmatch(r"  austen +LSTM +[\d.]+ k?B +\d{4}-\d\d-\d\d .*", lines[0])
    assert re.fullmatch(r"\* emma +damaged", lines[1]) and "'emma' cannot be used" in done.err
    assert "unfinished" in lines[0] and lines[2].endswith("stories.txt  perplexity 94.62")


def test_a_damaged_model_is_listed_with_the_reason_and_the_others_are_well(shelf: Shelf) -> None:
    record = shelf.read("emma")
    (record.directory / record.filename("weights")).unlink()
    (Path("models") / "stray.txt").write_text("no model")
    done = seqcli("models", "list", "--jsonl")
    assert done.code == 0
    assert [r["model"] for r in done.records] == ["austen", "emma"]
    assert done.records[0]["task"] == "lm" and done.records[1]["task"].startswith("damaged: ")
    checked = seqcli("models", "check", "--jsonl")
    assert checked.code == 1 and "1 of the models" in checked.error
    assert [r["state"] == "whole" for r in checked.records] == [True, False]
    assert seqcli("models", "check", "austen").code == 0
    assert seqcli("models", "show", "austen").code == 0


def test_one_wrong_bit_is_found_by_check(shelf: Shelf) -> None:
    record = shelf.read("emma")
    file = record.directory / record.filename("weights")
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert "damaged" in seqcli("models", "check", "emma", "--jsonl").records[0]["state"]


def test_show_tells_all_that_is_known_and_draws_how_it_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    trained(tmp_path)
    whole = json.loads(seqcli("models", "show", "tiny", "--json").out)
    assert whole["model"] == "tiny" and whole["spec"]["hidden_size"] == 8
    assert whole["history"][0]["update"] == 0 and whole["history"][-1]["held_out"] > 0
    done = seqcli("models", "show", "--all")
    rows = dict(row for row in done.rows)
    assert rows["spec.hidden_size"] == "8" and rows["directory"] == str(tmp_path / "models" / "tiny")
    assert done.err.count("●") == len(whole["history"]) - 1
    assert seqcli("models", "show", "-q").err == ""


def test_show_is_a_screenful_in_a_persons_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    trained(tmp_path)
    done = seqcli("models", "show", terminal=True)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", done.out)
    assert len(shown.splitlines()) <= 15 and "_" not in shown.replace(str(tmp_path), ""), shown
    for part in ("tiny", "hidden size 8", "perplexity", "tiny.txt", "lines", "directory"):
        assert part in shown
    assert shown.index("perplexity") < shown.index("directory"), "the most important first"
    assert "●" in done.err and "seqcli models show tiny --all" in done.err


def test_a_path_to_a_model_is_taken_where_a_model_is_named(shelf: Shelf, tmp_path: Path) -> None:
    for path in ("models/emma", "models/emma/", "./models/emma", str(tmp_path / "models" / "emma")):
        assert json.loads(seqcli("models", "show", path, "--json").out)["model"] == "emma"
        assert seqcli("--models-dir", "elsewhere", "models", "check", path).code == 0
    done = seqcli("models", "show", "models/ema")
    assert done.code == 1 and "'emma'" in done.error
    assert seqcli("models", "default", "models/emma").code == 0 and seqcli("models", "default").out == "emma\tlm\n"
    assert seqcli("models", "export", "models/emma").code == 0 and Path("emma.seqcli.tar").exists()
    assert seqcli("models", "rename", "models/emma", "woodhouse").code == 0
    assert seqcli("models", "remove", "models/woodhouse", "--yes").code == 0 and shelf.names() == ["austen"]
    other = ("--models-dir", tmp_path / "other")
    assert seqcli(*other, "models", "default", "models/austen").code == 2
    assert not (tmp_path / "other").exists()


def test_a_lone_model_answers_where_only_it_can_be_meant(shelf: Shelf) -> None:
    done = seqcli("models", "show", "--json")
    assert done.code == 1 and "models default" in done.error
    shelf.remove("emma")
    assert json.loads(seqcli("models", "show", "--json").out)["model"] == "austen"
    shelf.set_default("austen")
    make(shelf, "vectors", 3, **VECTORS)
    assert shelf.read().name == "austen" and shelf.read(task="lm").name == "austen"
    assert shelf.read(task="vectors").name == "vectors", "the only model that can be meant, default or not"
    make(shelf, "more", 4, **VECTORS)
    done = seqcli("neighbors", "king")
    assert done.code == 1 and "No model of word vectors is the default" in done.error
    assert "seqcli models default NAME" in done.error and "-m NAME" in done.error


def test_where_no_model_is_of_the_task_those_of_others_and_the_command_that_trains_one_are_named(shelf: Shelf) -> None:
    shelf.set_default("austen")
    make(shelf, "words", 3, **VECTORS)
    done = seqcli("translate", "A dog.")
    assert done.code == 1 and done.error == (
        f"There is no translator in '{shelf.root}', only language models ('austen' and 1 more), "
        "a model of word vectors ('words'); train one: seqcli train-translate SOURCE TARGET, or choose another "
        "--models-dir."
    )
    named = seqcli("translate", "A dog.", "-m", "austen")
    assert named.code == 2 and "'austen' predicts" in named.error, "what is named is refused as what it is"


def test_each_task_has_a_default_of_its_own(shelf: Shelf) -> None:
    assert shelf.set_default("emma", only_first=True)
    make(shelf, "words", 3, **VECTORS)
    make(shelf, "more", 4, **VECTORS)
    assert shelf.set_default("words", only_first=True) and not shelf.set_default("more", only_first=True)
    assert Path("models/default").read_text() == "lm emma\nvectors words\n"
    assert shelf.read(task="lm").name == "emma" and shelf.read(task="vectors").name == "words"
    assert (shelf.default("lm"), shelf.default("vectors"), shelf.default("translation")) == ("emma", "words", None)
    assert shelf.read().name == "emma", "a training does not change what answers where any task will do"
    listed = seqcli("models", "list", "--jsonl").records
    assert {r["model"] for r in listed if r["default"]} == {"emma", "words"}
    assert "models default" not in seqcli("models", "show", "words").out
    assert seqcli("models", "default", "more").err == (
        "'more' answers from now on where no model of word vectors is named.\n"
    )
    assert seqcli("models", "default", "--jsonl").records == [
        {"model": "more", "task": "vectors"},
        {"model": "emma", "task": "lm"},
    ]
    assert shelf.read(task="lm").name == "emma" and shelf.read().name == "more", "the one that was chosen last"
    assert seqcli("models", "rename", "more", "less").code == 0
    assert seqcli("models", "default").rows == [["less", "vectors"], ["emma", "lm"]]
    assert seqcli("models", "remove", "less", "--yes").code == 0
    assert seqcli("models", "default").rows == [["emma", "lm"]]
    assert shelf.read(task="vectors").name == "words", "the only one left"


def test_a_directory_with_a_default_of_one_line_goes_on_answering(shelf: Shelf) -> None:
    """Before there were defaults of tasks the file held a name alone."""
    file = Path("models/default")
    file.write_text("emma\n")
    make(shelf, "words", 3, **VECTORS)
    make(shelf, "more", 4, **VECTORS)
    assert shelf.read().name == "emma" and shelf.read(task="lm").name == "emma"
    assert seqcli("models", "default").rows == [["emma", "lm"]] and file.read_text() == "emma\n"
    assert shelf.set_default("words", only_first=True) and not shelf.set_default("austen", only_first=True)
    assert file.read_text() == "lm emma\nvectors words\n" and shelf.read().name == "emma"
    file.write_text("words\n")
    assert shelf.read(task="vectors").name == "words" and shelf.default("lm") is None
    shelf.rename("words", "w")
    assert shelf.default() == "w"
    file.write_text("w\n")
    shelf.remove("w")
    assert not file.exists()
    file.write_text("gone\n")
    assert not shelf.set_default("emma", only_first=True), "a choice that was made stays, as it did"
    assert "default language model 'gone' is not in" in seqcli("predict-word", "the").error
    assert shelf.set_default("emma") and file.read_text() == "lm emma\n"


def test_the_default_can_be_chosen_and_told(shelf: Shelf) -> None:
    assert "models default" in seqcli("models", "default").error
    assert seqcli("models", "default", "emma").code == 0
    assert seqcli("models", "default").out == "emma\tlm\n"
    done = seqcli("models", "default", "ema")
    assert done.code == 1 and "'emma'" in done.error
    assert seqcli("models", "default").out == "emma\tlm\n"


def test_a_renamed_model_keeps_its_files_and_the_default(shelf: Shelf) -> None:
    shelf.set_default("emma")
    raw = shelf.read("emma").raw
    assert seqcli("models", "rename", "emma", "woodhouse").code == 0
    assert shelf.names() == ["austen", "woodhouse"] and shelf.read("woodhouse").raw == raw
    assert seqcli("models", "default").out == "woodhouse\tlm\n"
    assert seqcli("models", "rename", "woodhouse", "austen").code == 1
    assert seqcli("models", "rename", "woodhouse", "../x").code == 2


def test_remove_asks_on_a_terminal_only(shelf: Shelf) -> None:
    done = seqcli("models", "remove", "emma", stdin=b"y\n")
    assert done.code == 2 and "--yes" in done.error and shelf.names() == ["austen", "emma"]
    for answer, left in ((False, ["austen", "emma"]), (True, ["austen"])):
        with mock.patch("click.confirm", return_value=answer) as asked:
            assert seqcli("models", "remove", "emma", terminal=True).code == 0
        assert asked.call_count == 1 and shelf.names() == left
    with mock.patch("click.confirm") as asked:
        assert seqcli("models", "remove", "austen", "--yes", terminal=True).code == 0
    assert asked.call_count == 0 and shelf.names() == []


def test_remove_says_which_model_is_not_there(shelf: Shelf) -> None:
    done = seqcli("models", "remove", "emmma", "--yes")
    assert done.code == 1 and "'emma'" in done.error and shelf.names() == ["austen", "emma"]


def test_an_exported_model_comes_back_as_it_was(shelf: Shelf, tmp_path: Path) -> None:
    done = seqcli("models", "export", "emma")
    assert done.code == 0 and "emma.seqcli.tar" in done.err and not done.out
    again = seqcli("models", "export", "emma")
    assert again.code == 1 and "emma.seqcli.tar" in again.error
    other = ("--models-dir", tmp_path / "other")
    assert seqcli(*other, "models", "import", "emma.seqcli.tar").code == 0
    assert seqcli(*other, "models", "import", "emma.seqcli.tar").code == 1
    assert seqcli(*other, "models", "import", "emma.seqcli.tar", "--name", "second").code == 0
    one, two = Path("models/emma"), tmp_path / "other" / "second"
    assert {p.name: p.read_bytes() for p in one.iterdir()} == {p.name: p.read_bytes() for p in two.iterdir()}
    assert seqcli(*other, "models", "default").out == "emma\tlm\n", "the first model of a shelf is its default"


@pytest.mark.parametrize("spoil", ["cut", "text", "missing"])
def test_a_file_that_is_no_export_changes_nothing(spoil: str, shelf: Shelf) -> None:
    file = Path("emma.seqcli.tar")
    assert seqcli("models", "export", "emma").code == 0
    if spoil == "cut":
        file.write_bytes(file.read_bytes()[:2000])
    elif spoil == "text":
        file.write_text("no archive")
    else:
        file.unlink()
    done = seqcli("models", "import", file, "--name", "new")
    assert done.code == 1 and done.error and shelf.names() == ["austen", "emma"]
    assert sorted(os.listdir("models")) == ["austen", "emma"]


def test_names_of_models_are_completed(shelf: Shelf) -> None:
    environment = {"_SEQCLI_COMPLETE": "bash_complete", "COMP_WORDS": "seqcli models show e", "COMP_CWORD": "3"}
    with mock.patch.dict(os.environ, environment):
        assert re.findall(r"plain,(\w+)", seqcli().out) == ["emma"]


def test_a_folder_of_models_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("SEQCLI_MODELS", str(file))
    for words in (("models", "list"), ("predict-word", "the"), ("models", "show", "emma")):
        done = seqcli(*words)
        assert done.code == 1 and "file" in done.error
