"""`seqcli lab` from the shell: tables, JSON, both languages, pictures, the reader's text, trained models."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from command_line import seqcli, trained

from seqcli.lab import EXPERIMENTS, cells, japanese
from seqcli.lab.trained_cells import cell_of
from seqcli.language.model import LanguageModel
from seqcli.language.settings import LanguageSpec
from seqcli.plots import figure

QUICK = {  # every experiment, as short as it may be
    "check": [],
    "bptt": [],
    "addition": ["--updates", "12"],
    "gradients": ["--steps", "10"],
    "gates": ["--updates", "2", "--hidden", "4"],
    "memory": ["--updates", "1", "--hidden", "4", "--small", "2"],
    "overfit": ["--updates", "20", "--hidden", "4"],
    "word2vec": ["--updates", "3"],
}
SLOW = {"check"}  # seconds: left out where a quicker one shows the same


def test_every_experiment_is_listed_in_both_languages() -> None:
    listed = seqcli("lab", "list", "--jsonl").records
    assert [row["experiment"] for row in listed] == list(EXPERIMENTS) and set(QUICK) == set(EXPERIMENTS)
    assert all(row["seconds"] <= 60 for row in listed)
    assert "勾配消失と勾配爆発" in seqcli("lab", "list", "--lang", "ja").out


@pytest.mark.parametrize("name", QUICK)
def test_json_has_all_numbers_and_the_same_every_time(name: str) -> None:
    done = seqcli("lab", name, *QUICK[name], "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["experiment"] == name and found["rows"] and found["sentence"].endswith(".")
    assert set(found) == {"experiment", "settings", "sentence", "numbers", "rows", "tables", "series"}
    if name not in SLOW:
        again = json.loads(seqcli("lab", name, *QUICK[name], "--json").out)
        assert timeless(again) == timeless(found)


def timeless(found: Any) -> Any:
    """Return a document without what a clock measured."""
    if isinstance(found, dict):
        return {k: timeless(v) for k, v in found.items() if k not in ("milliseconds", "ratio", "sentence")}
    return [timeless(v) for v in found] if isinstance(found, list) else found


@pytest.mark.usefixtures("computed_once")
@pytest.mark.parametrize("name", sorted(set(QUICK) - SLOW))
def test_a_pipe_gets_the_table_and_then_the_sentence(name: str) -> None:
    done = seqcli("lab", name, *QUICK[name], "--lang", "ja")
    assert done.code == 0, done.err
    *_, blank, sentence = done.out.splitlines()
    assert not blank and sentence.endswith("。")
    assert done.rows[0] != [""] and re.search(r"\(\d+\.\d s\)$", done.err.strip())
    table = seqcli("lab", name, *QUICK[name], "--csv")
    assert len({line.count(",") for line in table.out.splitlines()[1:]}) >= 1 and not table.out.endswith(".\n\n")


@pytest.mark.usefixtures("computed_once")
@pytest.mark.parametrize("name", sorted(set(QUICK) - SLOW))
@pytest.mark.parametrize("ending", ["png", "svg"])
def test_pictures_are_drawn_and_drawn_alike(name: str, ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"picture.{ending}"
    done = seqcli("lab", name, *QUICK[name], "--save", file)
    assert done.code == 0, done.err
    data = file.read_bytes()
    assert data.startswith(b"\x89PNG" if ending == "png" else b"<?xml") and len(data) > 5000
    if name != "gates":  # it writes milliseconds into its picture
        assert seqcli("lab", name, *QUICK[name], "--save", file, "--replace").code == 0
        assert file.read_bytes() == data


@pytest.mark.parametrize("options", [["--grid"], ["--seeds", "2"]])
def test_a_grid_and_seeds_have_their_picture(options: list[str], tmp_path: Path) -> None:
    assert seqcli("lab", "addition", "--updates", "2", *options, "--save", tmp_path / "grid.png").code == 0


@pytest.mark.usefixtures("computed_once")
def test_all_that_is_said_is_there_in_japanese(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every word of tables, sentences and pictures that is no name, number or the reader's own has its Japanese."""
    missing: set[str] = set()

    class Noting(dict[str, str]):
        def get(self, key: str, default: Any = None) -> Any:
            if key not in self:
                missing.add(key)
            return super().get(key, default)

    monkeypatch.setattr(japanese, "JAPANESE", Noting(japanese.JAPANESE))
    monkeypatch.setattr(figure, "japanese_font", lambda: "DejaVu Sans")
    for name, options in {**QUICK, "addition": ["--updates", "2", "--grid"]}.items():
        done = seqcli("lab", name, *options, "--lang", "ja", "--save", tmp_path / f"{name}.svg")
        assert done.code == 0, done.err
    seqcli("lab", "addition", "--updates", "4", "--lang", "ja", "--save", tmp_path / "sums.svg")
    names = {w for w in missing if re.fullmatch(r"[a-z]?[A-Z/_a-z0-9]*(, [a-z]+)?( [a-z]+)?", w)}
    plain = {"rnn", "lstm", "gru", "rnn relu", "RNN, tanh", "RNN, sigmoid"}
    plain |= {"RNN, relu", "LSTM", "GRU", *(str(n) for n in (1, 2, 4, 6, 8, 10, 12, 16, 24, 32))}
    assert missing - plain == set(), sorted(names - plain)


def test_without_a_japanese_font_it_is_said_and_the_picture_is_english(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(figure, "JAPANESE_FONTS", ("No Such Font",))
    done = seqcli("lab", "addition", "--updates", "2", "--lang", "ja", "--save", tmp_path / "sums.svg")
    assert done.code == 0 and "no Japanese font was found" in done.err
    assert "loss of an update" in (tmp_path / "sums.svg").read_text("utf-8")


def test_a_picture_that_cannot_be_is_refused_before_anything_is_run(tmp_path: Path) -> None:
    (tmp_path / "there.png").write_bytes(b"mine")
    for name, code in (("picture.jpg", 2), ("there.png", 1), ("no/where.png", 1)):
        done = seqcli("lab", "memory", "--save", tmp_path / name)
        assert done.code == code and done.error
    assert (tmp_path / "there.png").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "arguments",
    ["addition --hidden 0", "addition --rate nan", "addition --cell lstm2", "check --seed -1", "memory --small 1",
     "overfit --dropout 1", "gradients --radii x", "gates --hidden 1_0", "bptt --words 1"],
)  # fmt: skip
def test_settings_out_of_range_are_misuse(arguments: str) -> None:
    assert seqcli("lab", *arguments.split()).code == 2


def test_the_readers_own_text_is_read(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Quick wizards jump over the lazy fox. " * 30, "utf-8")
    words = json.loads(seqcli("lab", "bptt", "--text", text, "--json").out)["series"]["words"]
    assert words == ["Quick", "wizards", "jump", "over", "the", "lazy"]
    assert json.loads(seqcli("lab", "bptt", "one two three four five six", "--json").out)["series"]["words"][0] == "one"
    for name in ("gradients", "gates", "overfit"):
        assert seqcli("lab", name, *QUICK[name], "--text", text).code == 0
        assert seqcli("lab", name, "--text", tmp_path / "none.txt").code == 1
    short = tmp_path / "short.txt"
    short.write_text("Hi.\n", "utf-8")
    for name in ("gradients", "overfit", "bptt"):
        assert "characters" in seqcli("lab", name, "--text", short).error or name == "bptt"


@pytest.mark.parametrize("architecture", ["rnn", "lstm", "gru"])
def test_a_trained_layer_becomes_a_cell_of_the_lab(architecture: str) -> None:
    torch.manual_seed(1)
    spec = LanguageSpec(architecture=architecture, embedding_size=5, hidden_size=4, tied=False, dropout=0.0)
    model = LanguageModel(spec, 9)
    arrays = {name: p.detach().numpy() for name, p in model.named_parameters()}
    record = SimpleNamespace(spec=spec, architecture=architecture, vocabulary=lambda: range(9),
                             arrays=lambda *_: arrays)  # fmt: skip
    cell, embedding = cell_of(record)  # type: ignore[arg-type]
    ids = np.array([[1, 2], [3, 4], [8, 0]])
    h, _ = cells.forward(cell, embedding[ids])
    wanted, _ = model.recurrent(model.embedding(torch.tensor(ids)))
    np.testing.assert_allclose(h, wanted.detach().numpy(), atol=1e-6)


def test_trained_models_are_looked_into(tmp_path: Path) -> None:
    trained(tmp_path, "--architecture", "gru")
    shelf = ("--models-dir", tmp_path / "models")
    done = seqcli(*shelf, "lab", "gates", "-m", "tiny", "the old king", "--json", "--save", tmp_path / "gates.png")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert [row["token"] for row in found["rows"]] == ["the", "old", "king"] and "update" in found["rows"][0]
    text = tmp_path / "tiny.txt"
    done = seqcli(*shelf, "lab", "gradients", "-m", "tiny", "--text", text, "--json", "--save", tmp_path / "flow.png")
    assert done.code == 0 and json.loads(done.out)["sentence"].startswith("In tiny (gru), ")
    assert seqcli(*shelf, "lab", "gates", "-m", "nobody").code == 1
    trained(tmp_path, "--architecture", "rnn", name="plain")
    assert "no gates" in seqcli(*shelf, "lab", "gates", "-m", "plain").error


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_two_lines_of_progress_are_of_cells_that_look_alike(language: str) -> None:
    done = seqcli("lab", "gradients", "--steps", "10", "--lang", language)
    cells = [re.sub(r"[\d.]+e[+-]\d+", "", line) for line in done.err.splitlines()[:-1]]
    assert len(cells) > 12 and len(set(cells)) == len(cells), cells
