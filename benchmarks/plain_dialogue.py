"""A plain torch loop that trains HRED, as one would write it by hand: what train-dialogue is compared with in speed.

The same sizes, the same dialogues in the same batches; utterances padded to the longest of their turn, turn after turn:
encode the utterance (nn.GRU, both directions), step the context layer, decode the next one (nn.GRU) with attention over
the words heard so far, a softmax over all tokens, Adam. Nothing is computed that could be left out by hand; padding is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from seqcli.dialogue.corpus import Exchange
from seqcli.dialogue.settings import DialogueSpec

PAD = -1


class PlainHRED(nn.Module):
    """HRED with attention over all words heard."""

    def __init__(self, spec: DialogueSpec, vocabulary_size: int) -> None:
        super().__init__()
        width, states = spec.embedding_size, 2 * spec.encoder_size
        self.context_size = spec.context_size
        self.embedding = nn.Embedding(vocabulary_size, width)
        self.encoder = nn.GRU(width, spec.encoder_size, bidirectional=True, batch_first=True)
        self.context = nn.GRUCell(states, spec.context_size)
        self.start = nn.Linear(spec.context_size, spec.hidden_size)
        self.decoder = nn.GRU(width + spec.context_size, spec.hidden_size, batch_first=True)
        self.keys = nn.Linear(states, spec.hidden_size, bias=False)
        self.combine = nn.Linear(spec.hidden_size + states, width)
        self.drop = nn.Dropout(spec.dropout or 0.0)
        self.bias = nn.Parameter(torch.zeros(vocabulary_size))

    def forward(self, turns: Sequence[torch.Tensor]) -> tuple[torch.Tensor, int]:
        """turns: of all dialogues, ids [D, T] of each turn, PAD behind an end. -> mean cost, tokens"""
        context = self.embedding.weight.new_zeros(len(turns[0]), self.context_size)
        heard, real, costs, count = [], [], [], 0
        for ids in turns:
            wanted = ids >= 0
            before = torch.cat([torch.ones_like(ids[:, :1]), ids[:, :-1].clamp(min=0)], 1)
            x = self.drop(self.embedding(before))
            x = torch.cat([x, context[:, None].expand(-1, x.shape[1], -1)], -1)
            y, _ = self.decoder(x, torch.tanh(self.start(context))[None])
            if heard:
                states, there = torch.cat(heard, 1), torch.cat(real, 1)
                scores = torch.bmm(y, self.keys(states).transpose(1, 2)).masked_fill(~there[:, None], -1e9)
                seen = torch.bmm(torch.softmax(scores, -1), states)
            else:
                seen = y.new_zeros(*y.shape[:2], self.combine.in_features - y.shape[2])
            hidden = self.drop(torch.tanh(self.combine(torch.cat([y, seen], -1))))[wanted]
            logits = F.linear(hidden, self.embedding.weight, self.bias)
            costs.append(F.cross_entropy(logits, ids[wanted], reduction="sum"))
            count += int(wanted.sum())
            lengths = wanted.sum(1)
            packed = nn.utils.rnn.pack_padded_sequence(
                self.drop(self.embedding(ids.clamp(min=0))), lengths.clamp(min=1), True, enforce_sorted=False
            )
            out, last = self.encoder(packed)
            heard.append(nn.utils.rnn.pad_packed_sequence(out, True, total_length=ids.shape[1])[0])
            real.append(wanted)
            context = torch.where(
                (lengths > 0)[:, None], self.context(torch.cat([last[0], last[1]], -1), context), context
            )
        return sum(costs, torch.zeros(())) / count, count


def turns_of(exchanges: Sequence[Exchange]) -> list[torch.Tensor]:
    """Return the utterances of dialogues turn by turn, padded."""
    found = []
    for turn in range(max(len(one.utterances) for one in exchanges)):
        rows = [one.utterances[turn] if turn < len(one.utterances) else [] for one in exchanges]
        ids = torch.full((len(rows), max(map(len, rows))), PAD)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row, dtype=torch.int64)
        found.append(ids)
    return found


def tokens_per_second(
    batches: Sequence[Sequence[Exchange]], spec: DialogueSpec, vocabulary_size: int, learning_rate: float
) -> float:
    """Return the speed of the plain loop over some batches, the first one not timed."""
    model = PlainHRED(spec, vocabulary_size).train()
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate)
    tokens, began = 0, time.perf_counter()
    for i, batch in enumerate(batches):
        if i == 1:
            tokens, began = 0, time.perf_counter()
        loss, count = model(turns_of(batch))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        tokens += count
    return tokens / (time.perf_counter() - began)
