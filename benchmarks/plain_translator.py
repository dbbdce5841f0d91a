"""The usual PyTorch loop that decodes, to compare with: batches of 64, hypotheses kept until the last has ended."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from seqcli.text.vocabulary import EOS, UNK
from seqcli.translation.batches import padded
from seqcli.translation.model import Translator

ROWS = 64


def translate(model: Translator, sources: Sequence[Sequence[int]], beam: int, limit: int = 60) -> list[list[int]]:
    """Return the best translation of each source, by the mean log-probability of its tokens."""
    order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
    found: list[list[int]] = [[] for _ in sources]
    with torch.inference_mode():
        for low in range(0, len(order), ROWS):
            places = order[low : low + ROWS]
            for i, ids in zip(places, _batch(model, [sources[i] for i in places], beam, limit), strict=True):
                found[i] = ids[: ids.index(EOS) + 1] if EOS in ids else ids
    return found


def _batch(model: Translator, sources: Sequence[Sequence[int]], beam: int, limit: int) -> list[list[int]]:
    source = torch.from_numpy(padded(sources))
    real, count = source >= 0, len(sources)
    embedding = model.embedding if model.source_embedding is None else model.source_embedding
    words = embedding(source.clamp(min=0))
    states = model.encoder(words, real.sum(0))
    state = [tuple(s.repeat_interleave(beam, 1) for s in layer) for layer in model.first_state(states, real)]
    states, words = (x.transpose(0, 1).repeat_interleave(beam, 0) for x in (states, words))
    real = real.t().repeat_interleave(beam, 0)
    last = torch.full((1, count * beam), EOS)
    totals = torch.full((count, beam), -torch.inf)
    totals[:, 0] = 0.0  # all hypotheses begin alike
    ids = torch.zeros(count, beam, 0, dtype=torch.long)
    ended = torch.zeros(count, beam, dtype=torch.bool)
    lengths = torch.zeros(count, beam)
    for _ in range(limit):
        y, after = model.decoder(model.embedding(last), state[: model.spec.layers])
        weights = model.attention(y.transpose(0, 1), states, real)
        contexts = torch.bmm(weights, states)
        if model.reader is not None:
            y, upper = model.reader(torch.cat([y, contexts.transpose(0, 1)], -1), state[model.spec.layers :])
            after += upper
        state, y = after, y.transpose(0, 1)
        hidden = torch.tanh(model.combine(torch.cat([y, contexts], -1)))[:, 0]
        if model.lexical is not None:
            hidden = hidden + model.lexical(torch.bmm(weights, words))[:, 0]
        logs = torch.log_softmax(hidden @ model.embedding.weight.t() + model.output_bias, -1).view(count, beam, -1)
        logs[:, :, UNK] = -torch.inf
        logs[ended] = -torch.inf
        logs[:, :, EOS][ended] = 0.0  # what has ended stays as it is
        best, places = (totals[:, :, None] + logs).flatten(1).topk(beam, 1)
        parents, tokens = places // logs.shape[2], places % logs.shape[2]
        rows = (torch.arange(count)[:, None] * beam + parents).flatten()
        state = [tuple(s[:, rows] for s in layer) for layer in state]
        totals, lengths, before = best, lengths.gather(1, parents), ended.gather(1, parents)
        ids = torch.cat([ids.gather(1, parents[..., None].expand_as(ids)), tokens[..., None]], -1)
        lengths, ended, last = lengths + (~before).float(), before | (tokens == EOS), tokens.view(1, -1)
        if bool(ended.all()):
            break
    winner = (totals / lengths).argmax(1)
    return [ids[i, int(k)].tolist() for i, k in enumerate(winner)]
