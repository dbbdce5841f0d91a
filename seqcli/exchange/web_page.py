"""A language model as a page that predicts words in a browser: its weights as bytes, the rest in plain JavaScript."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import MisuseError, quoted
from seqcli.language.arrays import LanguageArrays, language_table
from seqcli.language.settings import LanguageSpec
from seqcli.layers.steps import Array
from seqcli.store.record import Record
from seqcli.store.weights import stored_weights

PAGES = ("index.html", "predict.js", "page.js")
MODEL = "model.js"
CUT = ("words", "whitespace", "characters", "japanese", "mecab")  # how the page can cut a text
ASKED = 12, 24  # texts of the model's own words, and tokens of each, that tell what bytes cost
SEED = 1
Small = Array | tuple[NDArray[np.int8], Array]


class Cost(NamedTuple):
    """What bytes cost: nats of divergence a token, and how often the likeliest token is the same."""

    nats: float
    same: float


def page_of(record: Record) -> tuple[dict[str, bytes], Cost]:
    """Return the files of a page, by name, and what it costs that weights are bytes.

    Raises MisuseError for a model that is no network of language, or whose tokens a page cannot cut.
    """
    spec, cut = record.spec, getattr(record.text, "tokenizer", "")
    if record.task != "lm" or not isinstance(spec, LanguageSpec):
        raise MisuseError(f"{quoted(record.name)} is no recurrent language model; a page needs one, made by train-lm.")
    if cut not in CUT:
        raise MisuseError(
            f"{quoted(record.name)} cuts text by --tokenizer {cut}, which a page cannot; train one on words."
        )
    tokens = record.vocabulary().tokens
    arrays = stored_weights(record, language_table(spec, len(tokens)))
    small = {name: quantised(array) for name, array in arrays.items()}
    texts = {"name": record.name, "tokenizer": cut, "lowercase": bool(getattr(record.text, "lowercase", False))}
    found = {name: files("seqcli.exchange").joinpath("page", name).read_bytes() for name in PAGES}
    found[MODEL] = model_script(spec, small, tokens, texts)
    return found, _cost(spec, arrays, {name: restored(one) for name, one in small.items()})


def model_script(
    spec: LanguageSpec, small: Mapping[str, Small], tokens: Sequence[str], texts: Mapping[str, Any]
) -> bytes:
    """Return the script that holds a model. texts: its name, and how text becomes tokens."""
    about = {
        **texts,
        "architecture": spec.architecture,
        "activation": spec.activation,
        "layers": spec.layers,
        "hidden_size": spec.hidden_size,
        "attention": spec.attention,
        "tokens": list(tokens),
        "arrays": {name: _stored(one) for name, one in small.items()},
    }
    return f"const MODEL = {_script(about)};\n".encode()


def quantised(array: Array) -> Small:
    """Return a matrix [R, C] as bytes and the scale of each row [R]; what is no matrix stays what it is."""
    if array.ndim != 2:
        return array
    scales = np.maximum(np.abs(array).max(1), np.finfo(np.float32).tiny).astype(np.float32) / np.float32(127)
    scales = np.maximum(scales, np.finfo(np.float32).tiny)
    return np.rint(array / scales[:, None]).astype(np.int8), scales


def restored(small: Small) -> Array:
    """Return the numbers that bytes stand for."""
    if isinstance(small, tuple):
        return small[0].astype(np.float32) * small[1][:, None]
    return small


def _stored(small: Small) -> dict[str, Any]:
    """Return an array as the page reads it: little-endian numbers as text."""
    if isinstance(small, tuple):
        values, scales = small
        return {"shape": values.shape, "int8": _text(values), "scales": _text(scales.astype("<f4"))}
    return {"shape": small.shape, "float32": _text(small.astype("<f4"))}


def _text(array: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def _script(about: Mapping[str, Any]) -> str:
    """Return JSON that may stand in a script: no token of a stranger's ends it."""
    return json.dumps(about, separators=(",", ":")).replace("<", "\\u003c")  # ASCII: U+2028 is escaped, too


def _cost(spec: LanguageSpec, arrays: Mapping[str, Array], small: Mapping[str, Array]) -> Cost:
    """Return what the bytes change in what is said behind texts that the model itself draws."""
    whole, bytes_ = LanguageArrays(spec, dict(arrays)), LanguageArrays(spec, dict(small))
    rng = np.random.default_rng(SEED)
    texts, steps = ASKED
    ids = np.ones(texts, np.int64)
    states = whole.start(texts), bytes_.start(texts)
    nats, same = [], []
    for _ in range(steps):
        hidden, before = whole.step(ids, states[0])
        other, after = bytes_.step(ids, states[1])
        states = before, after
        logs, changed = whole.log_probabilities(hidden), bytes_.log_probabilities(other)
        chances = np.exp(logs.astype(np.float64))
        nats.append((chances * (logs - changed)).sum(1))
        same.append(logs.argmax(1) == changed.argmax(1))
        sums = chances.cumsum(1)
        drawn = (sums < rng.random((texts, 1)) * sums[:, -1:]).sum(1)
        ids = np.minimum(drawn, len(logs[0]) - 1).astype(np.int64)
    return Cost(float(np.mean(nats)), float(np.mean(same)))
