"""Models of every format number, committed once and never made anew, still answer as on the day they were made.

A change that breaks this test breaks the models on people's disks: it needs a new format number and a way to read both.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
from command_line import seqcli

from seqcli.errors import MisuseError
from seqcli.settings import from_dict, to_dict
from seqcli.store import Shelf
from seqcli.tasks import ARCHITECTURES

EARLIER = Path(__file__).with_name("data") / "earlier-translators"
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


@pytest.mark.parametrize("name", Shelf(EARLIER).names())
def test_a_translator_of_an_earlier_form_answers_as_it_did(name: str) -> None:
    """Each was trained by the program of its day, before some settings existed: what it lacks, it does without."""
    expected = json.loads((EARLIER / "expected.json").read_bytes())[name]
    for wanted in expected:
        (found,) = answers(EARLIER, "translate", wanted["source"], "-m", name)
        assert found["translation"] == wanted["translation"]
        assert found["score"] == pytest.approx(wanted["score"], abs=1e-5)
    assert seqcli("--models-dir", EARLIER, "models", "check", name).code == 0


def test_there_is_a_translator_of_every_earlier_form() -> None:
    assert Shelf(EARLIER).names() == ["before-attention-layer", "before-dropouts", "before-lexical", "with-r-drop"]


def test_a_setting_that_was_always_there_may_not_be_missing() -> None:
    """Only what is younger than a model may be missing in its record: the rest would be guessed."""
    for cls in {cls for kind in ARCHITECTURES.values() for cls in (kind.text, kind.spec, kind.run)}:
        for f in fields(cls):
            values = {key: value for key, value in to_dict(cls()).items() if key != f.name}
            if f.metadata["absent"] is MISSING:
                with pytest.raises(MisuseError, match=f.name):
                    from_dict(cls, values, "spec")
            else:
                assert getattr(from_dict(cls, values, "spec"), f.name) == f.metadata["absent"]
