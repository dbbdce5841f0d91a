"""What is refused is refused before the work, for the right reason, and offers only what the command has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import TINY, seqcli, story
from faults import together

from seqcli.errors import ModelError
from seqcli.store import Shelf

VECTORS = "king 1 0 0\nqueen 0 1 0\nman 0 0 1\nwoman 1 1 0\n"
QUICK = ("--epochs", "1", "--threads", "1")
LM = ("train-lm", "book.txt", "--architecture", "ngram")
W2V = ("train-w2v", "book.txt", "--embedding-size", "4", "--tokenizer", "words", *QUICK)
PAIRS = (
    "train-translate",
    "pairs.tsv",
    "--name",
    "pairs",
    *TINY[:4],
    "--batch-size",
    "40",
    "--vocabulary-size",
    "60",
    *QUICK,
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a text, pairs and a vectors file; no model yet."""
    monkeypatch.chdir(tmp_path)
    for name in ("SEQCLI_MODEL", "SEQCLI_MODELS"):
        monkeypatch.delenv(name, raising=False)
    Path("book.txt").write_text(story(120))
    Path("pairs.tsv").write_text("".join(f"{line}\t{line[::-1]}\n" for line in story(120).splitlines()))
    Path("toy.txt").write_text(VECTORS)
    return tmp_path


def done(*args: str | Path) -> Any:
    """Run a command that succeeds."""
    found = seqcli(*args)
    assert found.code == 0, found.err
    return found


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a command that begins to read a text, a table or an archive fail the test."""

    def began(*args: object, **keywords: object) -> Any:
        raise AssertionError("the work began")

    for place in (
        "seqcli.text.reading._reads",
        "seqcli.vectors.formats.read",
        "seqcli.vectors.quantise.quantise",
        "seqcli.language.ngram.arpa_reader.read",
        "seqcli.store.shelf.read_archive",
        "seqcli.training.loop.Training.events",
    ):
        monkeypatch.setattr(place, began)


def test_a_model_of_another_task_is_not_replaced(here: Path) -> None:
    """Who follows a message about --replace never loses a language model to vectors, or the other way round."""
    done(*LM)
    done("import", "toy.txt", "--name", "vectors")
    done("models", "export", "vectors", "vectors.seqcli.tar")
    raw = {name: Shelf("models").read(name).raw for name in ("book", "vectors")}
    for command in (
        (*W2V, "--name", "book"),
        (*W2V, "--name", "book", "--replace"),
        (*W2V, "--name", "book", "--resume"),
        (*PAIRS, "--name", "book", "--replace"),
        (*LM, "--name", "vectors", "--replace"),
        (*LM, "--name", "vectors", "--resume"),
        ("import", "toy.txt", "--name", "book", "--replace"),
        ("quantize-vectors", "vectors", "book", "--replace"),
        ("models", "import", "vectors.seqcli.tar", "--name", "book", "--replace"),
    ):
        found = seqcli(*command)
        assert found.code == 1 and "choose another name" in found.error, command
        assert "predicts the next token" in found.error or "holds word vectors" in found.error, command
        assert "add --replace" not in found.error and "train it anew" not in found.error, command
    assert {name: Shelf("models").read(name).raw for name in raw} == raw
    done(*W2V, "--name", "vectors", "--replace")
    done(*LM, "--replace")
    assert Shelf("models").read("vectors").architecture == "skip-gram"


def test_a_damaged_model_can_be_replaced_by_one_of_any_task(here: Path) -> None:
    done(*LM)
    Path("models/book/model.json").write_text("{}")
    done("import", "toy.txt", "--name", "book", "--replace")


def test_names_are_refused_before_the_work(here: Path, monkeypatch: pytest.MonkeyPatch, request: Any) -> None:
    done(*LM)
    done("import", "toy.txt", "--name", "vectors")
    done("models", "export", "vectors", "vectors.seqcli.tar")
    Path("models/pairs-reverse").write_text("no directory")
    request.getfixturevalue("no_work")
    for command, offered in (
        (("import", "toy.txt", "--name", "vectors"), "add --replace to replace it, or"),
        (("import", "toy.arpa", "--name", "book"), "add --replace to replace it, or"),
        (("models", "import", "vectors.seqcli.tar"), "add --replace to replace it, or"),
        (("quantize-vectors", "vectors", "VECTORS"), "differs from 'vectors' in case only"),
        (("quantize-vectors", "vectors", "a/b"), "cannot name a model"),
        ((*PAIRS, "--reverse"), "models/pairs-reverse' is not a directory"),
        ((*PAIRS, "--reverse", "--name", "x" * 60), "cannot name a model"),
        ((*PAIRS, "--monolingual", "book.txt", "--reverse-model", "vectors"), "name a translator"),
        ((*PAIRS, "--monolingual", "book.txt", "--reverse-model", "none"), "no model 'none'"),
        (LM, "add --resume to go on with it, --replace to train it anew"),
    ):
        found = seqcli(*command)
        assert found.code in (1, 2) and offered in found.error, (command, found.err)
        assert "--resume" not in found.error or command == LM


def test_options_are_looked_at_before_the_name(here: Path) -> None:
    done(*LM)
    for command in (
        ("train-lm", "book.txt", "--minutes", "-3"),
        ("train-lm", "book.txt", "--minutes", "-3", "--resume"),
        ("train-w2v", "book.txt", "--name", "book", "--minutes", "-3"),
        ("train-translate", "pairs.tsv", "--name", "book", "--minutes", "-3"),
        ("train-lm", "book.txt", "--like", "none", "--minutes", "-3"),
        ("tune", "book.txt", "--minutes", "5", "--dropout", "7"),
    ):
        found = seqcli(*command)
        assert found.code == 2 and ("--minutes is" in found.error or "--dropout is" in found.error), (
            command,
            found.err,
        )


@pytest.mark.parametrize(
    "command",
    [
        ("train-lm", "book.txt", "--name", ""),
        ("train-w2v", "book.txt", "--name", ""),
        ("train-translate", "pairs.tsv", "--name="),
        ("tune", "book.txt", "--minutes", "5", "--name", ""),
        ("import", "toy.txt", "--name", ""),
        ("models", "import", "x.tar", "--name", ""),
        ("train-lm", "book.txt", "--like", ""),
        ("train-lm", "book.txt", "--from", ""),
        ("train-w2v", "book.txt", "--from", ""),
        ("train-lm", "book.txt", "--valid", ""),
        ("predict-word", "a", "-m", ""),
        ("models", "list", "--models-dir", ""),
    ],
    ids=" ".join,
)
def test_an_empty_name_is_not_taken_for_none_at_all(here: Path, command: tuple[str, ...]) -> None:
    found = seqcli(*command)
    assert found.code == 2 and "it is empty" in found.error
    assert not Path("models").exists()


def test_what_is_not_there_is_said_before_anybody_is_asked(here: Path) -> None:
    done(*LM)
    for more in ((), ("--yes",)):
        found = seqcli("models", "remove", "book", "nosuch", *more)
        assert found.code == 1 and "no model 'nosuch'" in found.error and "--yes" not in found.error
    assert Shelf("models").names() == ["book"]
    assert seqcli("models", "remove", "book", "book", "--yes").code == 0 and Shelf("models").names() == []


def test_both_directions_are_one_object(here: Path) -> None:
    found = done(*PAIRS, "--reverse", "--json")
    document = json.loads(found.out)
    assert document["model"] == "pairs" and document["reverse"]["model"] == "pairs-reverse"
    assert document["reverse"]["held_out"]["bleu"] >= 0 and sorted(document) == sorted(
        [*document["reverse"], "reverse"]
    )
    assert set(Shelf("models").names()) == {"pairs", "pairs-reverse"}


def test_both_names_are_held_from_the_start(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second name cannot be taken while the first direction is trained; without a save nothing of it stays."""
    from seqcli.training.loop import Training

    def events(self: Training) -> Any:
        with pytest.raises(ModelError, match="in use"), Shelf("models").open("pairs-reverse"):
            pass
        raise KeyboardInterrupt

    monkeypatch.setattr(Training, "events", events)
    assert seqcli(*PAIRS, "--reverse").code == 130
    assert os.listdir("models") == []


def test_target_text_of_blank_lines_is_refused(here: Path) -> None:
    done(*PAIRS, "--name", "back")
    Path("blank.txt").write_text("\n  \n\t\n\n")
    found = seqcli(*PAIRS, "--monolingual", "blank.txt", "--reverse-model", "back", "--name", "forth")
    assert found.code == 1 and "'blank.txt' holds only empty lines" in found.error
    assert "forth" not in Shelf("models").names()


def test_what_was_imported_does_not_say_that_it_was_trained(here: Path) -> None:
    done("import", "toy.txt", "--name", "vectors")
    done("quantize-vectors", "vectors", "small")
    assert Shelf("models").read("vectors").progress == {"finished": "it was imported"}
    assert "from vectors" in Shelf("models").read("small").progress["finished"]
    for name in ("vectors", "small"):
        found = seqcli(*W2V, "--name", name, "--resume")
        assert found.code == 2 and "was imported, not trained" in found.error
        error = seqcli("neighbors", "zebra", "-m", name).error
        assert "is not among the 4 words" in error and "training" not in error


def test_an_import_is_not_misled_by_a_removal_at_the_same_time(here: Path) -> None:
    """An import holds its model until the default is set: it succeeds, or somebody else is at the name."""
    done("import", "toy.txt", "--name", "v")
    done("models", "export", "v", "v.seqcli.tar")

    def importing() -> None:
        for _ in range(30):
            for command in (("import", "toy.txt", "--name", "v"), ("models", "import", "v.seqcli.tar")):
                found = seqcli(*command, "--replace")
                assert not found.code or "in use by" in found.error, found.err

    def removing() -> None:
        for _ in range(150):
            found = seqcli("models", "remove", "v", "--yes")
            assert not found.code or "in use by" in found.error or "no model 'v'" in found.error, found.err

    def either() -> None:
        try:
            os.mkdir("first")
        except FileExistsError:
            removing()
        else:
            importing()

    assert together(2, either) == [0, 0]


def test_every_model_is_looked_for_before_the_first_is_measured(here: Path) -> None:
    done(*LM)
    found = seqcli("evaluate", "book", "nosuch", "--test", "book.txt")
    assert found.code == 1 and "no model 'nosuch'" in found.error and found.out == ""
    found = seqcli("evaluate-translation", "nosuch", "--test", "nosuch.tsv")
    assert found.code == 1 and "no model 'nosuch'" in found.error


def test_a_model_that_cannot_be_written_is_told_before_shares_are_fitted(here: Path, request: Any) -> None:
    done(*LM)
    Path("other.txt").write_text(story(30, seed=5))
    command = ("evaluate", "book", "--test", "book.txt", "--cache", "unigram", "--fit-on", "other.txt", "--keep")
    with Shelf("models").open("book", resume=True):
        found = seqcli(*command)
    assert found.code == 1 and "in use by" in found.error and "Fitted" not in found.err
    assert "Kept in 'book'" in done(*command).err


def test_a_package_that_a_map_or_an_index_needs_is_told_before_the_model_is_read(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("seqcli.vectors.projection", "importlib.util"):
        monkeypatch.setattr(f"{module}.find_spec", lambda name: None)
    assert "scikit-learn" in seqcli("map", "m.html", "-m", "none", "--method", "tsne").error
    assert "pip install 'seqcli[index]'" in seqcli("index-vectors", "none").error


def test_a_missing_package_is_a_line_that_says_what_to_install(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package, what in (("sacrebleu", "sacrebleu"), ("sklearn", "seqcli[maps]")):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, package, None)
            patch.setattr("seqcli.cli.corpus.corpus.callback", lambda *_, **__: __import__(package))  # noqa: B023
            found = seqcli("corpus", "book.txt")
        assert found.code == 1 and f"'{package}' is not installed; install it: pip install '{what}'" in found.error
    script = "import sys, runpy; sys.modules['click'] = None; runpy.run_module('seqcli', run_name='__main__')"
    broken = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert broken.returncode == 1 and broken.stderr.count("\n") == 1
    assert "Error: The package 'click' is not installed" in broken.stderr


def test_a_word_that_begins_with_a_dash_is_told_where_to_stand(here: Path) -> None:
    found = seqcli("neighbors", "-x")
    assert found.code == 2 and "goes behind --: seqcli neighbors -- -x" in found.error
    assert "-1.5: a word" not in seqcli("models", "default", "-x").error
    assert "behind --" not in seqcli("neighbors", "king", "--modle", "x").error
    assert seqcli("neighbors", "--", "-x").code == 1


def test_a_shelf_that_everybody_can_write_to_gets_one_line(here: Path) -> None:
    done(*LM)
    told = "everybody on this machine can write"
    for mode, lines in ((0o755, 0), (0o775, 0), (0o777, 1), (0o1777, 1)):
        os.chmod("models", mode)
        assert " ".join(done("models", "show", "book").err.split()).count(told) == lines, oct(mode)
        assert " ".join(done("predict-word", "the").err.split()).count(told) == lines
    assert done("predict-word", "the", "-q").err == ""


def test_a_model_and_a_file_are_named_in_either_way(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done("import", "toy.txt", "--name", "vectors")
    done("import", "toy.txt", "--name", "other")
    done("export", "other", "a.vec")
    done("export", "b.vec", "-m", "other")
    done("export", "c.vec")
    assert len({Path(name).read_bytes() for name in ("a.vec", "b.vec", "c.vec")}) == 1
    done("map", "other", "a.html")
    done("map", "b.html", "-m", "other")
    done("map", "c.html")
    monkeypatch.setenv("SEQCLI_MODEL", "other")
    done("map", "vectors", "d.html")
    titles = [Path(f"{name}.html").read_text().split("<title>")[1].split("<")[0] for name in "abcd"]
    assert titles[0] == titles[1] and [title.split(" of ")[1].split(",")[0] for title in titles[1:]] == [
        "other",
        "vectors",
        "vectors",
    ]
    for command in (("export", "other", "x.vec", "-m", "vectors"), ("map", "other", "x.html", "-m", "vectors")):
        assert "both name a model" in seqcli(*command).error
    assert "name the file too" in seqcli("export", "other").error
    Path("n.words.txt").write_text("mine")
    assert "'n.words.txt' exists" in seqcli("export", "no-such-model", "n.npy").error
    assert "is too much" in seqcli("export", "other", "x.vec", "y.vec").error
