"""The recurrent language model: predicts each token from those before it."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from seqcli.language.settings import LanguageSpec
from seqcli.layers.attention import PastAttention
from seqcli.layers.dropout import LockedDropout, embed
from seqcli.layers.recurrent import Recurrent, State, detach
from seqcli.layers.softmax import full_nats, token_nats, training_loss
from seqcli.training.loss import Loss

Batch = tuple[torch.Tensor, torch.Tensor]  # inputs [T, B], targets [T, B]; a target below 0 is padding


class LanguageModel(nn.Module):
    """Embedding, recurrent layers, output layer; with tied weights a projection where the two sizes differ."""

    share: torch.Tensor  # [V] float64: each token's share of the training text

    def __init__(self, spec: LanguageSpec, vocabulary_size: int, counts: torch.Tensor | None = None) -> None:
        """counts [V]: how often each token stands in the training text; only a sampled training needs them."""
        super().__init__()
        self.spec = spec
        share = torch.full((vocabulary_size,), 1.0 / vocabulary_size) if counts is None else counts / counts.sum()
        self.register_buffer("share", share.double().clamp(max=0.999), persistent=False)
        self.embedding = nn.Embedding(vocabulary_size, spec.embedding_size)
        self.recurrent = Recurrent(
            spec.architecture,
            spec.activation,
            spec.embedding_size,
            spec.hidden_size,
            spec.layers,
            spec.dropout,
            spec.weight_dropout,
        )
        self.attention = PastAttention(spec.hidden_size, spec.attention) if spec.attention else None
        self.projection = None
        if spec.tied and spec.hidden_size != spec.embedding_size:
            self.projection = nn.Linear(spec.hidden_size, spec.embedding_size)
        self.output = None if spec.tied else nn.Linear(spec.hidden_size, vocabulary_size, bias=False)
        self.output_bias = nn.Parameter(torch.zeros(vocabulary_size))
        self.drop = LockedDropout(spec.dropout)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)  # small, so that the tied output layer begins near uniform

    @property
    def output_weight(self) -> torch.Tensor:
        """The rows that score each token, [V, D]."""
        return self.embedding.weight if self.output is None else self.output.weight

    def hidden(self, inputs: torch.Tensor, state: State | None) -> tuple[torch.Tensor, State]:
        """inputs [T, B] -> what the output layer reads [T, B, D], state."""
        x = embed(self.embedding, inputs, self.spec.embedding_dropout)
        layers = self.spec.layers
        y, after = self.recurrent(self.drop(x), state[:layers] if state else None)
        if self.attention is not None:
            y, past = self.attention(y, state[layers] if state else None)
            after.append(past)
        y = self.drop(y)
        return (y if self.projection is None else self.drop(self.projection(y))), detach(after)

    def loss(self, batch: Batch, state: Any = None, step: int = 0) -> tuple[Loss, State]:
        """Return the cost of a batch. Sampled while training (where the sample is smaller than the vocabulary)."""
        inputs, targets = batch
        y, state = self.hidden(inputs, state)
        real = targets >= 0
        hidden, targets = (y.flatten(0, 1), targets.flatten()) if bool(real.all()) else (y[real], targets[real])
        weight, bias, count = self.output_weight, self.output_bias, len(targets)
        if not self.training:
            nats = full_nats(hidden, weight, bias, targets)
            return Loss(nats / max(count, 1), nats, count), state
        samples = self.spec.samples if self.spec.output == "sampled" else 0
        objective = training_loss(hidden, weight, bias, targets, self.share, samples)
        return Loss(objective, objective.detach().double() * count, count), state

    def costs(self, batch: Batch, state: State | None = None) -> tuple[torch.Tensor, torch.Tensor, State]:
        """Return each target's cost under all tokens [T, B], what the output layer read [T, B, D], and the state.

        Where gradients are on it can be differentiated. The cost of padding counts for nothing.
        """
        inputs, targets = batch
        y, state = self.hidden(inputs, state)
        hidden, wanted = y.flatten(0, 1), targets.flatten().clamp(min=0)
        if torch.is_grad_enabled():
            logits = F.linear(hidden, self.output_weight, self.output_bias)
            nats = F.cross_entropy(logits.float(), wanted, reduction="none")
        else:
            nats = token_nats(hidden, self.output_weight, self.output_bias, wanted)
        return nats.view(targets.shape), y, state

    @torch.no_grad()
    def log_probabilities(self, inputs: torch.Tensor) -> torch.Tensor:
        """inputs [T, B] -> natural log of each next token's probability, [T, B, V]."""
        y, _ = self.hidden(inputs, None)
        return F.log_softmax(F.linear(y, self.output_weight, self.output_bias).float(), -1)
