"""The translator: an encoder of both directions, a decoder, attention after it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from seqcli.layers.attention import Attention
from seqcli.layers.dropout import LockedDropout, embed
from seqcli.layers.encoder import Encoder
from seqcli.layers.recurrent import Recurrent, State
from seqcli.layers.softmax import full_nats, smoothed_loss
from seqcli.training.loss import Loss
from seqcli.translation.settings import TranslationSpec

Batch = tuple[torch.Tensor, torch.Tensor]  # source [S, B], target [T + 1, B] from EOS on; below 0: padding at the end


class Translator(nn.Module):
    """Encoder and decoder; each layer of the decoder runs over the whole target in one call.

    Attention weighs the source by the states of the lower layers; the last layer reads what it saw, and so knows what
    is translated already. (To feed it to the next step's input instead would cost a call for every step.) The
    embeddings of what it saw go straight to the output layer, too, which learns from them what a word means wherever it
    stands. Without attention, all that the decoder knows of the source is its first state. Source: Luong et al. 2015;
    Wu et al. 2016; Nguyen and Chiang 2018 for the words' own way: one product here, and the same output layer.
    """

    def __init__(self, spec: TranslationSpec, source_size: int, target_size: int, joint: bool) -> None:
        """source_size, target_size: tokens of each vocabulary; joint: they are one."""
        super().__init__()
        self.spec = spec
        width, states = spec.embedding_size, 2 * spec.encoder_size
        self.embedding = nn.Embedding(target_size, width)
        self.source_embedding = None if joint else nn.Embedding(source_size, width)
        self.encoder = Encoder(*(_stack(spec, width, spec.encoder_size, spec.layers) for _ in range(2)))
        self.start = nn.Linear(states, spec.decoder_layers * spec.hidden_size)
        self.decoder = _stack(spec, width, spec.hidden_size, spec.layers)
        self.attention = None
        if spec.attention != "none":
            self.attention = Attention(spec.attention, spec.hidden_size, states)
        self.reader = None
        if spec.reads_attention:
            self.reader = _stack(spec, spec.hidden_size + states, spec.hidden_size, 1)
        self.combine = nn.Linear(spec.hidden_size + (states if self.attention else 0), width)
        self.lexical = nn.Linear(width, width, bias=False) if spec.sees_words else None
        self.output = None if spec.tied else nn.Linear(width, target_size, bias=False)
        self.output_bias = nn.Parameter(torch.zeros(target_size))
        self.drop = LockedDropout(spec.dropout or 0.0)
        for embedding in (self.embedding, self.source_embedding):
            if embedding is not None:
                nn.init.uniform_(embedding.weight, -0.1, 0.1)  # small: the tied output layer begins near uniform

    def loss(self, batch: Batch, state: Any = None, step: int = 0) -> tuple[Loss, None]:
        """Return the cost of a batch; label smoothing only while training."""
        source, target = batch
        inputs, targets = target[:-1], target[1:]
        wanted = targets >= 0
        hidden = self.hidden(source, inputs.clamp(min=0), wanted)
        targets = targets[wanted]
        weight, count = self.embedding.weight if self.output is None else self.output.weight, len(targets)
        if not self.training:
            nats = full_nats(hidden, weight, self.output_bias, targets)
            return Loss(nats / max(count, 1), nats, count), None
        smoothing = self.spec.label_smoothing
        objective, mean = smoothed_loss(hidden, weight, self.output_bias, targets, smoothing)
        return Loss(objective, mean.detach().double() * count, count), None

    def hidden(self, source: torch.Tensor, inputs: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """source [S, B], inputs [T, B], wanted [T, B] -> what the output layer reads where it is wanted [N, E]."""
        real = source >= 0
        embedding = self.embedding if self.source_embedding is None else self.source_embedding
        words = self.drop(self._embed(embedding, source.clamp(min=0)))
        states: torch.Tensor = self.encoder(words, real.sum(0))
        first, layers = self.first_state(states, real), self.spec.layers
        y, _ = self.decoder(self.drop(self._embed(self.embedding, inputs)), first[:layers])
        places, seen_words = wanted.flatten().nonzero().squeeze(1), None
        if self.attention is not None:
            weights = self.attention(y.transpose(0, 1), states.transpose(0, 1), real.t())
            contexts = _weighed(weights, states)
            y = torch.cat([y, contexts], -1)
            if self.reader is not None:
                y = torch.cat([self.reader(self.drop(y), first[layers:])[0], contexts], -1)
            if self.lexical is not None:
                seen_words = self.lexical(_weighed(weights, words).flatten(0, 1).index_select(0, places))
        hidden = torch.tanh(self.combine(self.drop(y).flatten(0, 1).index_select(0, places)))
        if seen_words is not None:
            hidden = hidden + seen_words
        return self.drop.of_each(hidden)

    def _embed(self, embedding: nn.Embedding, ids: torch.Tensor) -> torch.Tensor:
        return embed(embedding, ids, self.spec.embedding_dropout or 0.0)

    def first_state(self, states: torch.Tensor, real: torch.Tensor) -> State:
        """Return the first state of each layer of the decoder, made of the mean of the source's states."""
        kept = real[..., None].to(states.dtype)
        mean: torch.Tensor = (states * kept).sum(0) / kept.sum(0)
        layers = torch.tanh(self.start(mean)).chunk(self.spec.decoder_layers, -1)
        if self.spec.cell != "lstm":
            return [h[None].contiguous() for h in layers]
        return [(h[None].contiguous(), torch.zeros_like(h)[None]) for h in layers]


def _stack(spec: TranslationSpec, input_size: int, size: int, layers: int) -> Recurrent:
    dropped = spec.dropout or 0.0, spec.weight_dropout or 0.0
    return Recurrent(spec.cell, "tanh", input_size, size, layers, *dropped)


def _weighed(weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """weights [B, T, S], x [S, B, D] -> what they sum up of it [T, B, D]."""
    return torch.bmm(weights, x.transpose(0, 1)).transpose(0, 1)
