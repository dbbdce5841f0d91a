"""Models of every format number, committed once and never made anew, still answer as on the day they were made.

A change that breaks this test breaks the models on people's disks: it needs a new format number and a way to read both.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import seqcli

from seqcli.store import Shelf

FORMATS = sorted(Path(__file__).with_name("data").glob("format-*"))
MODELS = [pytest.param(shelf, name, id=f"{shelf.name}-{name}") for shelf in FORMATS for name in Shelf(shelf).names()]


def answers(shelf: Path, *words: str) -> list[dict[str, Any]]:
    done = seqcli("--models-dir", shelf, *words, "--jsonl")
    assert done.code == 0, done.err
    return done.records


def test_there_is_a_model_of_every_architecture() -> None:
    assert [shelf.name for shelf in FORMATS] == ["format-1"]
    assert Shelf(FORMATS[0]).names() == ["gru", "lstm", "rnn"]


@pytest.mark.parametrize(("shelf", "name"), MODELS)
def test_an_old_model_is_read_for_ever(shelf: Path, name: str) -> None:
    expected = json.loads((shelf / "expected.json").read_bytes())[name]
    for prompt, wanted in expected["predict-word"].items():
        found = answers(shelf, "predict-word", prompt, "-m", name)
        assert [record["word"] for record in found] == [word for word, _ in wanted]
        assert [record["probability"] for record in found] == pytest.approx([p for _, p in wanted], abs=1e-6)
    for sentence, wanted in expected["score"].items():
        (record,) = answers(shelf, "score", sentence, "-m", name)
        assert record["log_probability"] == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(("shelf", "name"), MODELS)
def test_an_old_model_is_whole_and_can_be_measured(shelf: Path, name: str, tmp_path: Path) -> None:
    assert seqcli("--models-dir", shelf, "models", "check", name).code == 0
    assert json.loads(seqcli("--models-dir", shelf, "models", "show", name, "--json").out)["architecture"] == name
    text = tmp_path / "text.txt"
    text.write_text("the cat saw a red house .\n", "utf-8")
    (measured,) = answers(shelf, "evaluate", name, "--test", str(text), "--threads", "1")
    scored = answers(shelf, "score", "the cat saw a red house .", "-m", name)[0]
    assert measured["nats_per_token"] == pytest.approx(scored["nats_per_token"], rel=1e-5)
