"""Models as ONNX graphs: every kind answers as its arrays do, and a file says itself what it needs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import seqcli
from tiny_dialogue_models import KINDS as DIALOGUES
from tiny_dialogue_models import spec_of as dialogue_spec
from tiny_language_models import CELLS
from tiny_language_models import spec_of as language_spec
from tiny_sentences import spec_of as sentences_spec
from tiny_translators import KINDS as TRANSLATORS
from tiny_translators import spec_of as translator_spec

from seqcli.dialogue.shapes import dialogue_table
from seqcli.exchange import agreement
from seqcli.fill.arrays import fill_table
from seqcli.fill.settings import FillSpec
from seqcli.language.arrays import language_table
from seqcli.sentences.arrays import sentences_table
from seqcli.store import Shelf
from seqcli.translation.arrays import translation_table

pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

from seqcli.exchange.dialogue_graph import dialogue_graph  # noqa: E402  (what they need may not be there)
from seqcli.exchange.fill_graph import fill_graph  # noqa: E402
from seqcli.exchange.graph import AFTER, INITIAL, Graph  # noqa: E402
from seqcli.exchange.language_graph import language_graph, state_shapes  # noqa: E402
from seqcli.exchange.sentences_graph import sentences_graph  # noqa: E402
from seqcli.exchange.translation_graph import translation_graph  # noqa: E402

FROZEN = Path(__file__).with_name("data") / "format-1"
SIZE = 17
FEW: dict[str, Any] = {"embedding_size": 5, "hidden_size": 7}


def arrays_of(table: Any, seed: int = 1) -> dict[str, Any]:
    """Return weights that are large enough for every one of them to matter."""
    rng = np.random.default_rng(seed)
    return {name: (rng.standard_normal(shape) * 0.4).astype(np.float32) for name, (_, shape) in table.items()}


def apart(make: Callable[..., Graph], ask: Callable[..., agreement.Asked], spec: Any, table: Any, size: int) -> float:
    """Return by how much a graph and the arrays differ."""
    arrays = arrays_of(table)
    graph = make(spec, arrays).to_bytes({}, [], "")
    return agreement.difference(graph, ask(spec, arrays, size, np.random.default_rng(2)))


@pytest.mark.parametrize("more", [{}, {"attention": 3}, {"tied": False}, {"layers": 2, "attention": 20}])
@pytest.mark.parametrize("cell", CELLS, ids="-".join)
def test_language_models(cell: tuple[str, str], more: dict[str, Any]) -> None:
    spec = language_spec(cell, **more)
    assert apart(language_graph, agreement.language, spec, language_table(spec, SIZE), SIZE) < 2e-6


@pytest.mark.parametrize("more", [{}, {"window": 3}, {"tied": False, "layers": 2, "window": 20}, {"sides": "left"}])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_models_that_fill_gaps(cell: str, more: dict[str, Any]) -> None:
    spec = FillSpec(cell=cell, **FEW, **more)
    assert apart(fill_graph, agreement.fill, spec, fill_table(spec, SIZE), SIZE) < 2e-6


@pytest.mark.parametrize("more", [{}, {"attention_layer": False}, {"lexical": False, "layers": 2}, {"tied": False}])
@pytest.mark.parametrize("kind", TRANSLATORS, ids="-".join)
def test_translators(kind: tuple[str, str], more: dict[str, Any]) -> None:
    spec = translator_spec(kind, **more)
    table = translation_table(spec, 13, SIZE, joint=False)
    assert apart(translation_graph, agreement.translation, spec, table, SIZE) < 2e-6
    joint = translation_table(spec, SIZE, SIZE, joint=True)
    assert apart(translation_graph, agreement.translation, spec, joint, SIZE) < 2e-6


@pytest.mark.parametrize("size", [SIZE, 9_000])  # with an output layer of one level, and of two with two clusters
@pytest.mark.parametrize("kind", ["vae", "autoencoder", "rotary vae", "rotary autoencoder", "sentence-lm"])
def test_models_of_sentences(kind: str, size: int) -> None:
    spec = sentences_spec(kind)
    assert apart(sentences_graph, agreement.sentences, spec, sentences_table(spec, size), size) < 5e-6


@pytest.mark.parametrize("kind", DIALOGUES, ids="-".join)
def test_dialogue_models(kind: tuple[str, str]) -> None:
    spec = dialogue_spec(kind)
    assert apart(dialogue_graph, agreement.dialogue, spec, dialogue_table(spec, SIZE), SIZE) < 2e-6


def test_a_text_may_be_read_in_parts() -> None:
    """What a graph gives behind one part is what the next part begins with."""
    spec = language_spec(layers=2, attention=3)
    arrays = arrays_of(language_table(spec, SIZE))
    feeds, answers = agreement.language(spec, arrays, SIZE, np.random.default_rng(2))
    session = ort.InferenceSession(language_graph(spec, arrays).to_bytes({}, [], ""))
    names = [output.name for output in session.get_outputs()]
    found, states = [], {name: feed for name, feed in feeds.items() if name != "ids"}
    for part in (slice(0, 1), slice(1, 6), slice(6, None)):
        given = dict(zip(names, session.run(None, {"ids": feeds["ids"][:, part], **states}), strict=True))
        found.append(given["log_probabilities"])
        states = {INITIAL + name: given[AFTER + name] for name in state_shapes(spec)}
    assert np.abs(np.concatenate(found, 1) - answers["log_probabilities"]).max() < 2e-6


def test_a_model_of_the_shelf_is_a_file_that_says_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "lstm.onnx"
    done = seqcli("--models-dir", FROZEN, "export", "lstm", path)
    assert done.code == 0 and "with the model's answers to" in done.err, done.err
    session = ort.InferenceSession(str(path))
    about = session.get_modelmeta()
    tokens = json.loads(about.custom_metadata_map["vocabulary"])
    assert "natural logs" in about.graph_description and json.loads(about.custom_metadata_map["seqcli"])["task"] == "lm"
    expected = json.loads((FROZEN / "expected.json").read_bytes())["lstm"]["predict-word"]
    for prompt, wanted in expected.items():
        words = ["<eos>", *(word if word in tokens else "<unk>" for word in prompt.split())]
        ids = np.array([[tokens.index(word) for word in words]])
        states = {one.name: np.zeros((1, one.shape[1]), np.float32) for one in session.get_inputs()[1:]}
        logs = session.run(["log_probabilities"], {"ids": ids, **states})[0][0, -1]
        for word, probability in wanted:
            assert np.exp(logs[tokens.index(word)]) == pytest.approx(probability, abs=1e-5)


def test_a_thousand_prompts_of_the_models_own_words() -> None:
    from seqcli.language.arrays import LanguageArrays
    from seqcli.store.weights import stored_weights

    record = Shelf(FROZEN).read("gru")
    size = len(record.vocabulary())
    arrays = stored_weights(record, language_table(record.spec, size))
    model = LanguageArrays.stored(record, size)
    ids = np.random.default_rng(3).integers(0, size, (1_000, 5))
    hidden, _ = model.read(ids.tolist())
    session = ort.InferenceSession(language_graph(record.spec, arrays).to_bytes({}, [], ""))
    zeros = {
        f"{INITIAL}h.{i}": np.zeros((1_000, record.spec.hidden_size), np.float32) for i in range(record.spec.layers)
    }
    found = session.run(["log_probabilities"], {"ids": ids, **zeros})[0][:, -1]
    assert np.abs(found - model.log_probabilities(hidden)).max() < 1e-5


def test_word_vectors(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("king 1 2\nqueen 1 2.5\nsea -3 0.5\n")
    shelf = ("--models-dir", tmp_path / "models")
    assert seqcli(*shelf, "import", tmp_path / "v.txt").code == 0
    done = seqcli(*shelf, "export", "v", tmp_path / "v.onnx")
    assert done.code == 0, done.err
    session = ort.InferenceSession(str(tmp_path / "v.onnx"))
    tokens = json.loads(session.get_modelmeta().custom_metadata_map["vocabulary"])
    vectors, similarities = session.run(["vectors", "similarities"], {"ids": np.array([tokens.index("king")])})
    assert vectors.tolist() == [[1, 2]]
    near = seqcli(*shelf, "similarity", "king", "sea", "-m", "v", "--json")
    assert similarities[0, tokens.index("sea")] == pytest.approx(json.loads(near.out)[0]["similarity"], abs=1e-6)


def test_what_cannot_be_exported_is_one_line_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("a b c .\n" * 50)
    shelf = ("--models-dir", tmp_path / "models")
    assert seqcli(*shelf, "train-lm", tmp_path / "a.txt", "--architecture", "ngram", "--name", "counts").code == 0
    assert "export it as .arpa" in seqcli(*shelf, "export", "counts", tmp_path / "x.onnx").error
    (tmp_path / "there.onnx").write_text("mine")
    assert "--replace" in seqcli("--models-dir", FROZEN, "export", "lstm", tmp_path / "there.onnx").error
    monkeypatch.setattr(agreement, "difference", lambda graph, asked: 0.5)
    assert "answers otherwise" in seqcli("--models-dir", FROZEN, "export", "lstm", tmp_path / "x.onnx").error
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    done = seqcli("--models-dir", FROZEN, "export", "lstm", tmp_path / "unchecked.onnx")
    assert done.code == 0 and "was not checked" in done.err
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert "pip install 'seqcli[onnx]'" in seqcli("--models-dir", FROZEN, "export", "lstm", tmp_path / "x.onnx").error
    assert not (tmp_path / "x.onnx").exists() and (tmp_path / "there.onnx").read_text() == "mine"


def test_a_zip_of_any_model_is_taken_in_by_import(tmp_path: Path) -> None:
    path = tmp_path / "lstm.zip"
    assert seqcli("--models-dir", FROZEN, "export", "lstm", path).code == 0
    shelf = ("--models-dir", tmp_path / "models")
    assert seqcli(*shelf, "import", path, "--limit", "3").code == 2
    assert seqcli(*shelf, "import", path).code == 0
    assert Shelf(tmp_path / "models").read("lstm").raw == Shelf(FROZEN).read("lstm").raw
    assert seqcli("--models-dir", FROZEN, "models", "export", "gru", tmp_path / "gru.seqcli.tar").code == 0
    assert seqcli(*shelf, "import", tmp_path / "gru.seqcli.tar").code == 0
