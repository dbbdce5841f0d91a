"""The same questions to an ONNX graph and to a model's arrays: both must give the same answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from seqcli.layers.steps import Array, Ids
from seqcli.text.vocabulary import EOS

CLOSE = 1e-5  # of a log-probability of about 10, which float32 holds to 1e-6
TEXTS, LONGEST = 4, 12  # asked, and tokens of the longest
Feeds = dict[str, Any]
Answers = dict[str, Array]
Asked = tuple[Feeds, Answers]  # what a graph is given, and what it must answer


def difference(graph: bytes, asked: Asked) -> float:
    """Return by how much the answers of a graph differ, at most; that of a part nobody asked for is not looked at."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    feeds, answers = asked
    found = session.run(list(answers), feeds)
    return max(
        float(np.abs(np.where(np.isnan(wanted), 0, one - wanted)).max())
        for one, wanted in zip(found, answers.values(), strict=True)
    )


def language(spec: Any, arrays: Mapping[str, Any], size: int, rng: np.random.Generator) -> Asked:
    """Return texts that are read in one go, and what the arrays say step by step."""
    from seqcli.exchange.graph import INITIAL
    from seqcli.exchange.language_graph import state_shapes
    from seqcli.language.arrays import LanguageArrays

    model = LanguageArrays(spec, dict(arrays))
    ids = rng.integers(0, size, (TEXTS, LONGEST))
    feeds: Feeds = {"ids": ids}
    for name, shape in state_shapes(spec).items():
        feeds[INITIAL + name] = np.zeros([TEXTS if side == "B" else side for side in shape], np.float32)
    return feeds, {"log_probabilities": _steps(model.step, model.log_probabilities, ids, model.start(TEXTS))}


def fill(spec: Any, arrays: Mapping[str, Any], size: int, rng: np.random.Generator) -> Asked:
    """Return sentences of several lengths, and what stands at their places; behind an end stands nan."""
    from seqcli.fill.arrays import FillArrays

    model = FillArrays(spec, dict(arrays))
    ids, lengths = rng.integers(0, size, (TEXTS, LONGEST)), np.array([LONGEST, 7, 2, 1])
    vectors = model.vectors(ids, lengths)
    logs = np.full((TEXTS, LONGEST, size), np.nan, np.float32)
    for row, length in enumerate(lengths):
        logs[row, :length] = model.log_probabilities(vectors[row, :length].copy())
    return {"ids": ids, "lengths": lengths}, {"log_probabilities": logs}


def translation(spec: Any, arrays: Mapping[str, Any], size: int, rng: np.random.Generator) -> Asked:
    """Return sources and beginnings of targets, and what comes next."""
    from seqcli.translation.arrays import TranslatorArrays

    model = TranslatorArrays(spec, dict(arrays))
    sources = arrays.get("source_embedding.weight", arrays["embedding.weight"])
    source, lengths = _sentences(len(sources), rng)
    target = rng.integers(0, size, (TEXTS, LONGEST))
    memory, state = model.encode([row[:length].tolist() for row, length in zip(source, lengths, strict=True)])
    places = np.arange(TEXTS), np.zeros(TEXTS, np.int64)
    logs, looked = [], []
    for t in range(LONGEST):
        hidden, state, weights = model.step(target[:, t], state, memory, places)
        scores, total = model.scores(hidden)
        logs.append((scores - total[:, None])[:, :size].astype(np.float32))
        looked.append(weights)
    answers = {"log_probabilities": np.stack(logs, 1)}
    if spec.attention != "none":
        answers["attention"] = np.stack(looked, 1)
    return {"source": source, "lengths": lengths, "target": target}, answers


def sentences(spec: Any, arrays: Mapping[str, Any], size: int, rng: np.random.Generator) -> Asked:
    """Return sentences, codes and beginnings; and the sentences' codes, and what comes next."""
    from seqcli.latent.settings import LatentSpec
    from seqcli.sentences.arrays import SentenceArrays
    from seqcli.sentences.settings import CodedSpec

    model = SentenceArrays(spec, dict(arrays))
    beginning = rng.integers(0, size, (TEXTS, LONGEST))
    feeds: Feeds = {"beginning": beginning}
    answers: Answers = {}
    code = None
    if isinstance(spec, CodedSpec):
        ids, lengths = _sentences(size, rng)
        found = model.encode([row[:length].tolist() for row, length in zip(ids, lengths, strict=True)])
        code = rng.standard_normal((TEXTS, spec.latent_size)).astype(np.float32)
        feeds |= {"ids": ids, "lengths": lengths, "code": code}
        answers["mean"] = found.mean
        if isinstance(spec, LatentSpec):
            answers["log_variance"] = found.log_variance
    answers["log_probabilities"] = _steps(model.step, model.log_probabilities, beginning, model.start(code, TEXTS))
    return feeds, answers


def dialogue(spec: Any, arrays: Mapping[str, Any], size: int, rng: np.random.Generator) -> Asked:
    """Return what was said and beginnings of replies, and what comes next."""
    from seqcli.dialogue.arrays import DialogueArrays

    model = DialogueArrays(spec, dict(arrays))
    said, lengths = _sentences(size, rng)
    speakers = rng.integers(0, 2, TEXTS + 1)
    heard = model.hear([row[:n].tolist() for row, n in zip(said, lengths, strict=True)], speakers.tolist())
    beginning = rng.integers(0, size, (2, LONGEST))
    feeds: Feeds = {"utterances": said, "lengths": lengths, "speakers": speakers, "beginning": beginning}
    noise = None
    if spec.latent:
        noise = feeds["noise"] = rng.standard_normal((2, spec.latent_size)).astype(np.float32)
    start = model.start(heard, 2, noise)

    def step(ids: Ids, state: Array) -> tuple[Array, Array]:
        hidden, after, _ = model.step(ids, state, start.told, heard)
        return hidden, after

    return feeds, {"log_probabilities": _steps(step, model.log_probabilities, beginning, start.state)}


def vectors(matrix: Array, rng: np.random.Generator) -> Asked:
    """Return words, and how alike every word is to each."""
    ids = rng.integers(0, len(matrix), TEXTS)
    lengths = np.maximum(np.linalg.norm(matrix.astype(np.float64), axis=1, keepdims=True), np.finfo(np.float32).tiny)
    unit = matrix / lengths
    return {"ids": ids}, {"vectors": matrix[ids], "similarities": (unit[ids] @ unit.T).astype(np.float32)}


def _steps(step: Callable[..., Any], told: Callable[[Array], Array], ids: Ids, state: Any) -> Array:
    """ids [B, T] -> the log-probability of every token behind each [B, T, V]."""
    found = []
    for t in range(ids.shape[1]):
        hidden, state = step(ids[:, t], state)
        found.append(told(hidden).copy())
    return np.stack(found, 1)


def _sentences(size: int, rng: np.random.Generator) -> tuple[Ids, Ids]:
    """Return sentences [B, T], each ended by <eos>, with anything behind it; and their lengths [B]."""
    lengths = np.array([LONGEST, 7, 2, 1])
    ids = rng.integers(0, size, (TEXTS, LONGEST))
    ids[np.arange(TEXTS), lengths - 1] = EOS
    return ids, lengths
