"""Models with one thing changed and every hash right: what each command does with them; benchmarks/ asks thousands."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import Outcome, seqcli
from safetensors.numpy import load, save
from store_sample import rehash, sealed, values_of

from seqcli.store import Shelf
from seqcli.store.shapes import progress_of, results_of

ROOT = Path(__file__).resolve().parent.parent
KINDS = ["lstm", "relu", "subwords", "ngram", "word2vec", "int8", "translator", "vhred", "fill"]


@pytest.fixture(scope="module")
def harness() -> Any:
    """benchmarks/mutated_models.py, which is no part of the package."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import mutated_models

        return mutated_models
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="module")
def built(harness: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder with a tiny model of every kind on its shelf, and the texts that they learned from."""
    folder = tmp_path_factory.mktemp("mutated")
    return folder, harness.build(folder, KINDS)


@pytest.fixture
def folder(built: tuple[Path, dict[str, str]], tmp_path: Path) -> Path:
    """A shelf of its own."""
    shutil.copytree(built[0] / "models", tmp_path / "models")
    return tmp_path


def ask(folder: Path, *args: str) -> Outcome:
    return seqcli("--models-dir", folder / "models", *args)


def alter(folder: Path, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a record, its hash made right."""
    directory = folder / "models" / name
    values = values_of(directory)
    change(values)
    (directory / "model.json").write_bytes(sealed(values))


def scale(folder: Path, name: str, role: str, array: str, factor: float) -> None:
    """Multiply an array of a model, every hash made right."""
    record = Shelf(folder / "models").read(name)
    arrays = load(record.load(role))
    rehash(record, role, save(arrays | {array: arrays[array] * np.float32(factor)}))


def refused(folder: Path, name: str, *args: str) -> str:
    """Return why a command refuses a model; check refuses it too, and the list has a line for it."""
    done = ask(folder, *args)
    assert done.code == 1 and done.out == "" and name in done.error, done
    assert ask(folder, "models", "check", name).code == 1
    listed = ask(folder, "models", "list", "--jsonl")
    assert listed.code == 0 and name in [record["model"] for record in listed.records]
    return done.error


def test_whatever_is_changed_a_command_answers_or_refuses_in_a_line(
    harness: Any, built: tuple[Path, dict[str, str]]
) -> None:
    """No fault of ours, no signal, no figure that is not finite; what check calls whole, every command opens."""
    asked = list(harness.ask_many(*built, range(120)))
    assert [fault for one in asked for fault in one.faults()] == []
    assert len(asked) == 120 and 10 < sum(one.whole for one in asked) < 110


def test_the_harness_notices_what_it_is_to_notice(harness: Any) -> None:
    def faults(whole: bool, code: int, out: str = "", error: str = "") -> int:
        return len(harness.Asked(1, "a", "b", whole, [harness.Result(["score"], code, out, error)]).faults())

    assert faults(True, 70, error="Error: Unexpected KeyError") == faults(False, -11) == 1
    assert faults(False, 0, "cat\t1\tnan") == faults(False, 0, '{"score": -inf}') == 1
    assert faults(True, 1, error="Error: it is damaged.") == faults(False, 1) == 1
    assert faults(False, 1, error="Error: it is damaged.") == faults(True, 0, "nancy\t0.5") == 0


def test_a_figure_that_is_a_text_is_a_line_in_the_list_and_not_its_end(folder: Path) -> None:
    alter(folder, "lstm", lambda values: values["results"]["held_out"].update(perplexity="low"))
    assert "results.held_out.perplexity" in refused(folder, "lstm", "predict-word", "the", "-m", "lstm")
    listed = ask(folder, "models", "list", "--jsonl").records
    assert [record["task"].startswith("damaged") for record in listed if record["model"] in ("lstm", "relu")] == [
        True,
        False,
    ]


def test_a_default_that_is_damaged_does_not_end_the_list(folder: Path) -> None:
    (folder / "models" / "default").write_bytes(b"../../etc\n")
    listed = ask(folder, "models", "list", "--jsonl")
    assert listed.code == 0 and len(listed.records) > 5 and "models default NAME" in listed.err


@pytest.mark.parametrize(
    "line", [b"no JSON", b"[1]", b'{"update": 1}', b'{"update": 1, "seconds": 1, "held_out": "x"}']
)
def test_a_history_that_is_none_is_named(line: bytes, folder: Path) -> None:
    rehash(Shelf(folder / "models").read("lstm"), "history", line + b"\n")
    assert "history" in refused(folder, "lstm", "models", "show", "lstm")


def test_a_corpus_of_the_wrong_kind_is_named(folder: Path) -> None:
    alter(folder, "translator", lambda values: values["corpus"].update(usual_source="many"))
    assert "corpus.usual_source" in refused(folder, "translator", "translate", "the cat", "-m", "translator")


@pytest.mark.parametrize("cut", [0, 10, 500, -1])
def test_a_tokenizer_that_is_cut_is_named(cut: int, folder: Path) -> None:
    record = Shelf(folder / "models").read("subwords")
    rehash(record, "tokenizer", record.load("tokenizer")[:cut])
    assert "tokenizer" in refused(folder, "subwords", "predict-word", "the cat", "-m", "subwords")


def test_a_training_that_went_wrong_can_be_saved_with_its_figures() -> None:
    for figure in (3.4e36, -3.4e36, 5):
        assert results_of({"results": {"held_out": {"nats_per_pair": figure}}})["held_out"]["nats_per_pair"] == figure
        assert progress_of({"progress": {"training_loss": figure}}) == {"training_loss": figure}


@pytest.mark.parametrize("name", ["lstm", "translator"])
def test_weights_too_large_to_compute_with_are_named(name: str, folder: Path) -> None:
    scale(folder, name, "weights", "embedding.weight", 1e19)
    command = {"lstm": "predict-word", "translator": "translate"}[name]
    assert "too large to compute with" in refused(folder, name, command, "the cat", "-m", name)


@pytest.mark.parametrize(("name", "array"), [("int8", "scales"), ("word2vec", "input")])
def test_vectors_too_large_to_compare_are_named(name: str, array: str, folder: Path) -> None:
    scale(folder, name, "vectors", array, 1e37)
    for command in (["similarity", "cat", "dog"], ["neighbors", "cat"], ["vector", "cat"]):
        assert "too large to compare" in refused(folder, name, *command, "-m", name)


def test_counts_that_are_none_are_named(folder: Path) -> None:
    record = Shelf(folder / "models").read("word2vec")
    arrays = load(record.load("counts"))
    rehash(record, "counts", save(arrays | {"counts": -arrays["counts"]}))
    assert "counts" in refused(folder, "word2vec", "sentence-similarity", "the cat", "a dog", "-m", "word2vec")


def test_a_byte_that_is_no_character_is_one_that_nobody_knows(folder: Path) -> None:
    byte = "the c\udcffat"  # as the shell's argument arrives
    for args in (
        ["score", byte, "-m", "subwords"],
        ["score", byte, "-m", "lstm"],
        ["translate", byte, "-m", "translator"],
    ):
        assert ask(folder, *args).code == 0
    known = ask(folder, "score", byte, "-m", "subwords", "--jsonl").records[0]
    assert (
        known["nats_per_token"]
        == ask(folder, "score", "the c\ufffdat", "-m", "subwords", "--jsonl").records[0]["nats_per_token"]
    )


def limited(kilobytes: int, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a command with few addresses, as `ulimit -v` leaves them."""
    line = [sys.executable, "-m", "seqcli", *args]
    return subprocess.run(
        ["bash", "-c", f'ulimit -v {kilobytes}; exec "$@"', "-", *line], capture_output=True, text=True, cwd=ROOT
    )


@pytest.mark.parametrize(("kilobytes", "args"), [(100_000, "predict-word the"), (300_000, "evaluate --test README.md")])
def test_too_few_addresses_are_one_line(kilobytes: int, args: str, folder: Path) -> None:
    done = limited(
        kilobytes, "--models-dir", str(folder / "models"), *args.split(), "-m" if "pre" in args else "lstm", "lstm"
    )
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and done.stderr.startswith("Error: "), done
    assert "ulimit -v" in done.stderr or "not enough memory" in done.stderr


def test_a_help_page_needs_few_addresses_and_no_reader() -> None:
    assert limited(100_000, "train-lm", "--help").returncode == 0
    for page in ("--help", "train-lm --help"):
        line = f"{sys.executable} -m seqcli {page} | head -c 0; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=ROOT)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("line", [b"[]", b"{}", json.dumps({"number": 0, "round": 0, "nats_per_token": "x"}).encode()])
def test_a_journal_of_a_search_that_is_none_is_named(line: bytes, folder: Path) -> None:
    (folder / "text.txt").write_text("the cat saw a dog .\n" * 200, "utf-8")
    (folder / "models" / "text.tune.jsonl").write_bytes(b"{}\n" + line + b"\n")
    done = ask(folder, "tune", str(folder / "text.txt"), "--minutes", "2", "--resume")
    assert done.code == 1 and "text.tune.jsonl" in done.error


def test_a_measured_training_has_all_its_figures(folder: Path) -> None:
    alter(folder, "lstm", lambda values: values["results"]["held_out"].pop("nats_per_token"))
    assert "results.held_out.nats_per_token is missing" in ask(folder, "models", "show", "lstm").error
    alter(
        folder, "word2vec", lambda values: (values["results"].clear(), values["progress"].update(evaluation_due=False))
    )
    assert "results.held_out is missing" in ask(folder, "neighbors", "the", "-m", "word2vec").error
