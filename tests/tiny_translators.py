"""Translators small enough to look through, of every cell and attention, with weights that are not near zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from seqcli.translation.arrays import TranslatorArrays
from seqcli.translation.model import Translator
from seqcli.translation.settings import TranslationSpec

torch.set_num_threads(1)  # what is compared bit by bit is computed in one order

KINDS = [("lstm", "multiplicative"), ("gru", "additive"), ("rnn", "none"), ("lstm", "none"), ("gru", "multiplicative")]
SOURCE, TARGET = 13, 11  # tokens of the two vocabularies


def spec_of(kind: tuple[str, str] = KINDS[0], **changes: Any) -> TranslationSpec:
    """Return settings of a few numbers a token."""
    values: dict[str, Any] = {"embedding_size": 5, "encoder_size": 4, "hidden_size": 6, "dropout": 0.0, **changes}
    return TranslationSpec(cell=kind[0], attention=kind[1], **values)


def translator_of(spec: TranslationSpec, joint: bool = False, seed: int = 1, target_size: int = TARGET) -> Translator:
    """Return a model in evaluation mode; its weights are large enough for every one of them to matter."""
    torch.manual_seed(seed)
    model = Translator(spec, target_size if joint else SOURCE, target_size, joint)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.6)
    return model.eval()


def arrays_of(model: Translator) -> TranslatorArrays:
    """Return the same model in numpy."""
    return TranslatorArrays(model.spec, {name: p.detach().numpy() for name, p in model.named_parameters()})


def sentences(count: int, size: int, seed: int = 2, longest: int = 7) -> list[list[int]]:
    """Return random sentences of 1 to `longest` tokens and an EOS."""
    rng = np.random.default_rng(seed)
    return [[*rng.integers(2, size, rng.integers(1, longest + 1)).tolist(), 1] for _ in range(count)]
