"""Language models small enough to look through, of every architecture, with weights that are not near zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seqcli.language.batches import Blocks, Segments
from seqcli.language.model import LanguageModel
from seqcli.language.settings import LanguageSpec
from seqcli.training.events import Event
from seqcli.training.loop import Training
from seqcli.training.settings import RunSpec

torch.set_num_threads(1)  # what is compared bit by bit is computed in one order

CELLS = [("rnn", "tanh"), ("rnn", "relu"), ("gru", "tanh"), ("lstm", "tanh")]
VOCABULARY = 17
Ids = NDArray[np.int32]


def spec_of(cell: tuple[str, str] = ("lstm", "tanh"), **changes: Any) -> LanguageSpec:
    """Return settings of a few numbers a token."""
    values = {"embedding_size": 5, "hidden_size": 7, "dropout": 0.0, "output": "full", "samples": 4, **changes}
    return LanguageSpec(architecture=cell[0], activation=cell[1], **values)


def model_of(spec: LanguageSpec, vocabulary_size: int = VOCABULARY, seed: int = 1) -> LanguageModel:
    """Return a model in evaluation mode; its weights are large enough for every one of them to matter."""
    torch.manual_seed(seed)
    model = LanguageModel(spec, vocabulary_size)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.5)
    return model.eval()


def tokens(*shape: int, vocabulary_size: int = VOCABULARY, seed: int = 2) -> torch.Tensor:
    """Return random token ids."""
    return torch.from_numpy(np.random.default_rng(seed).integers(0, vocabulary_size, shape))


def training_of(
    ids: np.ndarray[Any, Any], held_out: np.ndarray[Any, Any], spec: LanguageSpec, run: RunSpec
) -> Training:
    """Return the training of a model on token ids, as train-lm makes it."""
    torch.manual_seed(run.seed)
    size = int(max(ids.max(), held_out.max())) + 1
    model = LanguageModel(spec, size, torch.from_numpy(np.bincount(ids, minlength=size)).double())
    return Training(model, Blocks(ids, run.batch_size, run.unroll, run.seed), Segments(held_out), run)


def train(training: Training) -> list[Event]:
    """Run a training to its end and return its events."""
    return list(training.events())
