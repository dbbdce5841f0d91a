"""Models of sentences small enough to look through, of every architecture, with weights that are not near zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from seqcli.sentences.arrays import SentenceArrays
from seqcli.sentences.model import SentenceModel
from seqcli.sentences.settings import CodedSpec, SentenceSpec, VaeSpec

torch.set_num_threads(1)  # what is compared bit by bit is computed in one order

SPECS: dict[str, type[SentenceSpec]] = {"vae": VaeSpec, "autoencoder": CodedSpec, "sentence-lm": SentenceSpec}
ROTARY = {"latent_size": 4, "rotary": 2}
VOCABULARY = 1_700  # tokens: two levels


def spec_of(architecture: str, **changes: Any) -> SentenceSpec:
    """Return settings of a few numbers a token; "rotary vae": whose code is turned by places."""
    turned, architecture = architecture.startswith("rotary "), architecture.removeprefix("rotary ")
    values: dict[str, Any] = {"embedding_size": 6, "hidden_size": 5, "architecture": architecture}
    if architecture != "sentence-lm":
        values |= {"encoder_size": 4, "latent_size": 3, **(ROTARY if turned else {})}
    return SPECS[architecture](**{**values, **changes})


def model_of(spec: SentenceSpec, size: int = VOCABULARY, seed: int = 1) -> SentenceModel:
    """Return a model in evaluation mode; its weights are large enough for every one of them to matter."""
    torch.manual_seed(seed)
    model = SentenceModel(spec, size)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.6)
    return model.eval()


def arrays_of(model: SentenceModel) -> SentenceArrays:
    """Return the same model in numpy."""
    return SentenceArrays(model.spec, {name: p.detach().numpy() for name, p in model.named_parameters()})


def sentences(count: int, size: int = VOCABULARY, seed: int = 2, longest: int = 7) -> list[list[int]]:
    """Return random sentences of 1 to `longest` tokens and an EOS."""
    rng = np.random.default_rng(seed)
    return [[*rng.integers(2, size, rng.integers(1, longest + 1)).tolist(), 1] for _ in range(count)]
