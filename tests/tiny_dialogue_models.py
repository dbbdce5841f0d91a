"""Dialogue models small enough to look through, of every architecture, with weights that are not near zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from seqcli.dialogue.arrays import DialogueArrays
from seqcli.dialogue.corpus import Exchange
from seqcli.dialogue.model import DialogueModel
from seqcli.dialogue.settings import DialogueSpec

torch.set_num_threads(1)  # what is compared bit by bit is computed in one order

KINDS = [
    ("seq2seq", "last"),
    ("seq2seq", "none"),
    ("hred", "context"),
    ("hred", "last"),
    ("hred", "none"),
    ("vhred", "context"),
]
SIZE = 13  # tokens of the vocabulary


def spec_of(kind: tuple[str, str] = KINDS[2], **changes: Any) -> DialogueSpec:
    """Return settings of a few numbers a token."""
    sizes = {
        "embedding_size": 5,
        "encoder_size": 3,
        "context_size": 4,
        "hidden_size": 6,
        "dropout": 0.0,
        "latent_size": 3,
    }
    values: dict[str, Any] = {**sizes, **changes}
    return DialogueSpec(architecture=kind[0], attention=kind[1], **values)


def model_of(spec: DialogueSpec, seed: int = 1) -> DialogueModel:
    """Return a model in evaluation mode; its weights are large enough for every one of them to matter."""
    torch.manual_seed(seed)
    model = DialogueModel(spec, SIZE)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.6)
    return model.eval()


def arrays_of(model: DialogueModel) -> DialogueArrays:
    """Return the same model in numpy."""
    return DialogueArrays(model.spec, {name: p.detach().numpy() for name, p in model.named_parameters()})


def exchanges(count: int, seed: int = 2, first: int = 1, turns: int = 6, longest: int = 5) -> list[Exchange]:
    """Return random dialogues of 2 to `turns` utterances, each of 1 to `longest` tokens and an EOS."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        lengths = rng.integers(1, longest + 1, rng.integers(2, turns + 1))
        utterances = [[*rng.integers(2, SIZE, length).tolist(), 1] for length in lengths]
        found.append(Exchange(utterances, rng.integers(0, 2, len(lengths)).tolist(), first, number))
    return found
