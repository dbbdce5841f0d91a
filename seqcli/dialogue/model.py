"""The dialogue model: utterances are encoded, what was said so far is summed up, a decoder says what comes next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from seqcli.dialogue.batches import Batch, Packed
from seqcli.dialogue.latent_layers import LatentLayers
from seqcli.dialogue.settings import DialogueSpec
from seqcli.dialogue.shapes import DISTANCES, is_seen
from seqcli.latent.annealing import kl_weight
from seqcli.latent.collapse import Posteriors
from seqcli.layers.gru import PackedGRU
from seqcli.layers.latent import kl_cost
from seqcli.layers.part import own_chance
from seqcli.layers.products import Linear
from seqcli.layers.softmax import full_nats, token_nats, training_loss
from seqcli.text.vocabulary import UNK
from seqcli.training.loss import Loss


class Known(NamedTuple):
    """What was made of some dialogues: words [N, E], states [N, 2H], the decoder's inputs [M, E].

    Of R' replies context [R', C] is what was said before, replies [R', 2H] they themselves, which only a posterior may
    look at.
    """

    words: torch.Tensor
    inputs: torch.Tensor
    states: torch.Tensor
    context: torch.Tensor
    replies: torch.Tensor


class DialogueModel(nn.Module):
    """A hierarchical encoder-decoder; each of its layers runs over all utterances of the batch in one call.

    The decoder's first state and the input of its every step are told by what the context layer made of the utterances
    before; what attention sees of their words goes to the output layer, the embeddings too, which learns from them that
    what was spoken of is spoken of again. Seq2Seq has a layer that sees the last utterance alone in the place of the
    context layer. Source: Sordoni et al. 2015 and Serban et al. 2016 (HRED); Nguyen and Chiang 2018 for the words' own
    way to the output layer.
    """

    share: torch.Tensor  # [V] float64: each token's share of the training text
    done: Callable[[], float] = staticmethod(lambda: 1.0)  # share of the training, which its trainer knows

    def __init__(self, spec: DialogueSpec, vocabulary_size: int, counts: torch.Tensor | None = None) -> None:
        """counts [V]: how often each token stands in the training text; only a sampled training needs them."""
        super().__init__()
        self.spec = spec
        counts = torch.zeros(vocabulary_size) if counts is None else counts
        share = (counts + 1) / (counts + 1).sum()
        self.register_buffer("share", share.double().clamp(max=0.999), persistent=False)
        width, states, hidden = spec.embedding_size, 2 * spec.encoder_size, spec.hidden_size
        self.embedding, self.scale = nn.Embedding(vocabulary_size, width), spec.input_scale
        self.encoder = PackedGRU(width, spec.encoder_size, bidirectional=True)
        self.last = nn.Linear(states, spec.context_size)
        self.context = nn.GRU(states + 1, spec.context_size, batch_first=True) if spec.hierarchical else None
        self.latent = LatentLayers(spec) if spec.latent else None
        self.start = nn.Linear(spec.told_size, hidden)
        self.told = nn.Linear(spec.told_size, width, bias=False)
        self.decoder = PackedGRU(width, hidden)
        self.keys = nn.ModuleDict({name: Linear(states, hidden, bias=False) for name in spec.looks})
        self.lexical = nn.ModuleDict({name: Linear(width, width, bias=False) for name in spec.looks})
        self.distance = nn.Embedding(2, DISTANCES) if "earlier" in spec.looks else None
        self.combine = Linear(hidden + len(spec.looks) * states, width)
        self.output_bias = nn.Parameter(self.share.log().float())  # of chance alone: it need not be learned first
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)  # small: the tied output layer begins near uniform
        for lexical in self.lexical.values():  # what is looked at is likelier to be said: looking pays from the start
            nn.init.eye_(lexical.get_parameter("weight"))
        if self.distance is not None:
            nn.init.zeros_(self.distance.weight)

    def train(self, mode: bool = True) -> DialogueModel:
        """Turn dropout and sampling on or off; what is known of the latent variable is gathered anew."""
        self.posteriors = Posteriors()
        return super().train(mode)

    def loss(self, batch: Any, state: Any = None, step: int = 0) -> tuple[Loss, None]:
        """Return the cost of what is predicted of some dialogues. Sampled while training.

        With a latent variable it is the bound: what the words cost given a draw of it, and its KL.
        """
        given = given_batch(batch)
        known = self.known(given)
        told, kl = known.context, None
        if self.latent is not None:
            prior, posterior = self.latent(known.context, known.replies)
            noise = given.noise if len(given.noise) else torch.randn(posterior.mean.shape, generator=own_chance())
            z = posterior.draw(noise.to(known.context.device))
            told, kl = torch.cat([told, z], 1), posterior.kl(prior)
        hidden = self.hidden(given, known, told)
        count = len(given.targets)
        if not self.training:
            nats = full_nats(hidden, self.embedding.weight, self.output_bias, given.targets)
            if kl is not None:
                nats = nats + kl.double().sum()
                self.posteriors.add(*(part.cpu().numpy() for part in posterior.relative_to(prior)))
            return Loss(nats / max(count, 1), nats, count), None
        mean = self._mean_nats(hidden, given.targets)
        if kl is None or self.latent is None:
            return Loss(mean, mean.detach().double() * count, count), None
        weight, bias, spec = self.embedding.weight, self.output_bias, self.spec
        cost = kl_cost(kl, kl_weight(spec, self.done()), spec.free_bits, spec.minimum_rate) * len(kl)
        if spec.bag_of_words:
            cost = cost + spec.bag_of_words * self.latent.bag_of_words_nats(
                told, weight, bias, given.targets, given.said
            )
        bound = (mean * count + kl.sum()).detach().double()
        return Loss(mean + cost / count, bound, count, {"kl": float(kl.detach().sum())}), None

    def _mean_nats(self, hidden: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the mean cost of the targets, to differentiate."""
        samples = self.spec.samples if self.spec.output == "sampled" else 0
        return training_loss(hidden, self.embedding.weight, self.output_bias, targets, self.share, samples)

    def known(self, batch: Batch) -> Known:
        """Return what the encoder and the context layer made of some dialogues."""
        ids = [batch.words, self._read(batch)]
        words, inputs = self.embedding(torch.cat(ids)).split([len(part) for part in ids])  # its gradient is a table
        states, vectors = self._encode(words, batch)
        context, places = self._context(vectors, batch.speakers), batch.said.places
        return Known(words, inputs, states, F.embedding(places, context), F.embedding(places, vectors))

    def hidden(self, batch: Batch, known: Known, told: torch.Tensor) -> torch.Tensor:
        """told [R', C (+ Z)] -> what the output layer reads for each predicted token [M, E]."""
        x = self._drop(known.inputs * self.scale, batch.said) + F.embedding(batch.said.rows, self.told(told))
        y, _ = self.decoder(x, batch.said.sizes, torch.tanh(self.start(told)))
        hidden: torch.Tensor = self._combined(self._drop(y, batch.said), known.states, known.words, batch)
        return self._drop(hidden, batch.said)

    def costs(self, batch: Batch, known: Known, told: torch.Tensor) -> torch.Tensor:
        """told [R', C (+ Z)] -> the cost of each predicted utterance [R'], float64; not to be differentiated."""
        nats = token_nats(self.hidden(batch, known, told), self.embedding.weight, self.output_bias, batch.targets)
        total = nats.new_zeros(len(told), dtype=torch.float64)
        total.index_add_(0, batch.said.rows, nats.double())
        return total

    def _read(self, batch: Batch) -> torch.Tensor:
        """Return what the decoder reads [M]: the words before, some unknown while it trains with a latent variable."""
        inputs: torch.Tensor = batch.inputs
        share = self.spec.word_dropout
        if not (self.training and self.spec.latent and share):
            return inputs
        dropped = torch.rand(inputs.shape, generator=own_chance()).to(inputs.device) < share
        dropped[: len(batch.said.places)] = False  # there is nothing to guess in the sign of a beginning
        return inputs.masked_fill(dropped, UNK)

    def _encode(self, words: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """words [N, E] -> the encoder's states [N, 2H], and what it knows of each turn at its end [D * U, 2H]."""
        states, ends = self.encoder(self._drop(words * self.scale, batch.read), batch.read.sizes)
        vectors = ends.new_zeros(batch.speakers.numel(), ends.shape[1]).index_copy(0, batch.read.places, ends)
        return states, vectors

    def _context(self, vectors: torch.Tensor, speakers: torch.Tensor) -> torch.Tensor:
        """vectors [D * U, 2H] -> what is known before each turn [D * U, C]: nothing, zeros, before a first one."""
        by_turn = vectors.view(*speakers.shape, -1)
        known = torch.tanh(self.last(by_turn))
        if self.context is not None:
            goes_on = F.pad(speakers[:, 1:] == speakers[:, :-1], (1, 0))  # who spoke before
            known = known + self.context(torch.cat([by_turn, goes_on[..., None].to(vectors.dtype)], -1))[0]
        before = torch.cat([torch.zeros_like(known[:, :1]), known[:, :-1]], 1)
        return before.flatten(0, 1)

    def _combined(self, y: torch.Tensor, states: torch.Tensor, words: torch.Tensor, batch: Batch) -> torch.Tensor:
        """y [M, H], states [N, 2H], words [N, E] -> what y and attention make of them [M, E]."""
        if not self.keys:
            return torch.tanh(self.combine(y))
        parts, added = [y], None
        values = F.embedding(batch.memory.clamp(min=0), torch.cat([states, words], 1))  # [D, L, 2H + E]
        for name in self.keys:
            seen = F.embedding(batch.asked, torch.bmm(self.attention(name, y, states, batch), values).flatten(0, 1))
            parts.append(seen[:, : states.shape[1]])
            own = self.lexical[name](seen[:, states.shape[1] :])
            added = own if added is None else added + own
        combined: torch.Tensor = torch.tanh(self.combine(torch.cat(parts, 1)))
        return combined if added is None else combined + added

    def attention(self, name: str, y: torch.Tensor, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """y [M, H], states [N, 2H] -> how much each predicted token looks at each word of its dialogue [D, Q, L].

        name: "last", at the utterance before its own, or "earlier", at those before that. What is left of 1 looks at
        nothing, whose score is 0.
        """
        queries = F.embedding(batch.queries.clamp(min=0), y)
        keys = F.embedding(batch.memory.clamp(min=0), self.keys[name](states))
        scores = torch.bmm(queries, keys.transpose(1, 2)) * y.shape[1] ** -0.5
        if name == "earlier":
            scores = scores + self._nearness(batch)
        back = batch.query_turns[:, :, None] - batch.memory_turns[:, None]
        real = (batch.memory >= 0)[:, None] & is_seen(name, back)
        scores = scores.float().masked_fill(~real, -torch.inf)
        scores = torch.cat([scores, scores.new_zeros(*scores.shape[:2], 1)], -1)
        return torch.softmax(scores, -1)[..., :-1].to(y.dtype)

    def _nearness(self, batch: Batch) -> torch.Tensor:
        """Return what the distance in turns and the speaker add to the score of each word [D, Q, L]."""
        assert self.distance is not None
        same = (batch.speakers[:, :, None] == batch.speakers[:, None]).long()
        turns = torch.arange(batch.speakers.shape[1], device=batch.speakers.device)
        back = (turns[:, None] - turns - 2).clamp(0, DISTANCES - 1)
        table = self.distance.weight[same, back]  # [D, U, U]
        of_query = table.gather(1, batch.query_turns.clamp(min=0)[..., None].expand(-1, -1, table.shape[2]))
        places = batch.memory_turns.clamp(min=0)[:, None].expand(-1, of_query.shape[1], -1)
        return of_query.gather(2, places)

    def _drop(self, x: torch.Tensor, packed: Packed) -> torch.Tensor:
        """Drop activations x [N, D], the same ones at all steps of an utterance. Source: Gal and Ghahramani 2016."""
        share = self.spec.dropout or 0.0
        if not self.training or not share:
            return x
        drawn = torch.rand(len(packed.places), x.shape[1], generator=own_chance()).to(x.device)
        kept = (drawn >= share).to(x.dtype).div_(1.0 - share)
        return x * kept[packed.rows]


def given_batch(parts: Any) -> Batch:
    """Return a batch of which tuples were made on the way."""
    found = Batch(*parts)
    return found._replace(read=Packed(*found.read), said=Packed(*found.said))
