"""Recipes: named sets of the settings that anyone can give by hand, fitted to the time, the text and the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from seqcli.language.settings import LanguageSpec
from seqcli.layers.shapes import GATES
from seqcli.training.settings import RunSpec


class Recipe(NamedTuple):
    """Settings, and how many tokens a training must read for each recurrent weight.

    Were it fewer, a smaller model would have learned more in the same time; dropped activations and weights make
    learning slower, so a long training asks for more of them.
    """

    settings: Mapping[str, Any]
    tokens_per_weight: float


RECIPES = {
    "quick": Recipe({"minutes": 5.0}, 2.5),
    "standard": Recipe({"minutes": 20.0, "learning_rate": 0.008}, 5.0),
    "strong": Recipe({"minutes": 90.0, "learning_rate": 0.006}, 8.0),
}
SIZES = (64, 96, 128, 192, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280, 1536, 2048)  # of a layer
WEIGHTS_PER_TOKEN = 4.0  # of the text: a model larger than that only learns it by heart


def recurrent_weights(spec: LanguageSpec) -> int:
    """Return how many weights the recurrent layers have, biases left out."""
    first = spec.embedding_size + spec.hidden_size
    return GATES[spec.architecture] * spec.hidden_size * (first + (spec.layers - 1) * 2 * spec.hidden_size)


def cost(spec: LanguageSpec, vocabulary_size: int, run: RunSpec) -> float:
    """Return the floating-point operations per token of an update: two for each weight, forth, and back twice."""
    predicted = run.batch_size * run.unroll
    rows = min(vocabulary_size, spec.samples + predicted // 2 if spec.output == "sampled" else vocabulary_size)
    width = spec.embedding_size if spec.tied else spec.hidden_size
    projection = spec.hidden_size * spec.embedding_size if spec.tied else 0
    return 6.0 * (recurrent_weights(spec) + projection + rows * width)


def tokens_read(spec: LanguageSpec, run: RunSpec, vocabulary_size: int, tokens: int, speed: float) -> float:
    """Return how many tokens a training reads in its minutes; epochs end it too. speed: operations a second."""
    read = 60.0 * (run.minutes or 0.0) * speed / cost(spec, vocabulary_size, run)
    return read if run.epochs is None else min(read, run.epochs * tokens)


def largest(spec: LanguageSpec, run: RunSpec, vocabulary_size: int, tokens: int, speed: float) -> LanguageSpec:
    """Return the settings, which name a recipe, with the largest model that the minutes of a run can train.

    tokens: of the text. speed: floating-point operations a second.
    """
    best, wanted = spec, RECIPES[spec.recipe].tokens_per_weight
    for size in SIZES:
        tried = replace(spec, hidden_size=size, embedding_size=min(max(size // 2, 64), 384))
        read = tokens_read(tried, run, vocabulary_size, tokens, speed)
        if size > SIZES[0] and recurrent_weights(tried) > min(read / wanted, tokens * WEIGHTS_PER_TOKEN):
            break
        best = tried
    return best
