"""Models of sentences: an encoder, a code that is a distribution or a point, a decoder; or the decoder alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from seqcli.latent.annealing import is_annealed, kl_weight
from seqcli.latent.collapse import Posteriors
from seqcli.latent.settings import LatentSpec
from seqcli.layers.dropout import LockedDropout, embed
from seqcli.layers.encoder import Encoder
from seqcli.layers.latent import Gaussian, GaussianLayer, bag_of_words_nats, drop_words, kl_cost
from seqcli.layers.part import drawn_by_row
from seqcli.layers.recurrent import Recurrent
from seqcli.layers.rotary import angles
from seqcli.layers.two_level import TwoLevel
from seqcli.sentences.arrays import NEAR, READ, TURNED
from seqcli.sentences.settings import CodedSpec, SentenceSpec, VaeSpec
from seqcli.text.vocabulary import UNK
from seqcli.training.loss import Loss


def ended() -> float:
    """Return that the whole of a training is done."""
    return 1.0


def normal(x: torch.Tensor) -> torch.Tensor:
    """Return x [..., D] with mean 0 and variance 1 in each row. Source: Ba et al. 2016, without gain and bias."""
    return F.layer_norm(x, x.shape[-1:])


def turned(x: torch.Tensor, count: int, back: bool = False) -> torch.Tensor:
    """x [T, B, Z] -> each step turned by its place, or back. See layers.rotary."""
    steps, _, size = x.shape
    by = torch.from_numpy(angles(range(steps), count, size)).to(x.device)[:, None]
    cos, sin = by.cos(), -by.sin() if back else by.sin()
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


def seeded(seed: int) -> torch.Generator:
    """Return random numbers of their own."""
    return torch.Generator().manual_seed(seed)


class Decoder(nn.Module):
    """Predicts the tokens of a sentence one by one, from those before them and the code.

    The code is read at every step, and the first state is made of it. Source: Bowman et al. 2016.
    """

    def __init__(self, spec: SentenceSpec, vocabulary_size: int, latent_size: int) -> None:
        """latent_size: 0 where there is no code."""
        super().__init__()
        hidden = spec.hidden_size
        self.recurrent = Recurrent(
            "lstm", "tanh", spec.embedding_size + latent_size, hidden, 1, 0.0, spec.weight_dropout or 0.0
        )
        self.start = nn.Linear(latent_size, 2 * hidden) if latent_size else None
        self.projection = nn.Linear(hidden, spec.embedding_size)
        self.output = TwoLevel(vocabulary_size, spec.embedding_size)
        self.drop = LockedDropout(spec.dropout or 0.0)
        self.rotary = spec.rotary if isinstance(spec, CodedSpec) else 0

    def forward(self, words: torch.Tensor, z: torch.Tensor | None) -> torch.Tensor:
        """words [T, B, E], z [B, Z] -> what the output layer reads [T, B, E]."""
        state, x = None, self.drop(words)
        if self.start is not None and z is not None:
            h, c = torch.tanh(self.start(z)).chunk(2, -1)
            state = [(h[None].contiguous(), c[None].contiguous())]
            x = torch.cat([x, self.at_each(z, len(x))], -1)
        y, _ = self.recurrent(x, state)
        hidden: torch.Tensor = self.drop(self.projection(self.drop(y)))
        return hidden

    def at_each(self, z: torch.Tensor, steps: int) -> torch.Tensor:
        """z [B, Z] -> the code as it is read at every step [T, B, Z]."""
        codes = z.expand(steps, *z.shape)
        return turned(codes, self.rotary) if self.rotary else codes


class SentenceModel(nn.Module):
    """A variational autoencoder, an autoencoder, or a language model of sentences: what the settings have of it."""

    def __init__(self, spec: SentenceSpec, vocabulary_size: int) -> None:
        super().__init__()
        self.spec = spec
        self.done: Callable[[], float] = ended  # the share of the training that is done
        self.posteriors = Posteriors()  # of what was measured since the last update
        self.embedding = nn.Embedding(vocabulary_size, spec.embedding_size)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)  # small: the tied output layer begins near uniform
        self.encoder = self.posterior = self.turn = self.bag = None
        latent_size = 0
        if isinstance(spec, CodedSpec):
            latent_size, size = spec.latent_size, spec.encoder_size
            self.encoder = Encoder(*(Recurrent("lstm", "tanh", spec.embedding_size, size, 1, 0.0) for _ in range(2)))
            self.posterior = GaussianLayer(READ * size, latent_size)
            if not isinstance(spec, LatentSpec):
                self.posterior.log_variance = None  # type: ignore[assignment]  # a point has none
            if spec.rotary:
                self.turn = nn.Linear(spec.embedding_size + 2 * size, latent_size, bias=False)
            if spec.bag_of_words:
                self.bag = nn.Linear(latent_size, spec.embedding_size)
        self.decoder = Decoder(spec, vocabulary_size, latent_size)

    def train(self, mode: bool = True) -> SentenceModel:
        """Turn dropout on or off; what is measured from now on is gathered anew."""
        if not mode:
            self.posteriors = Posteriors()
        super().train(mode)
        return self

    def loss(self, batch: torch.Tensor, state: Any = None, step: int = 0) -> tuple[Loss, None]:
        """Return the cost of a batch [T + 1, B], EOS first: in evaluation nats are the bound's, one draw a sentence.

        The draw of an evaluation goes by the sentence, so that figures do not change with their batches.
        """
        targets = batch[1:]
        real = targets >= 0
        self._let_learn(step)
        ids = batch.clamp(min=0)
        words = embed(self.embedding, ids, self.spec.embedding_dropout or 0.0)  # once: its gradient is a whole table
        posterior = self.encode(words[1:], real) if self.encoder else None
        z = self._code(posterior, batch)
        hidden = self.decoder(self._left_out(ids[:-1], words[:-1]), z)
        places = real.flatten().nonzero().squeeze(1)
        hidden, wanted = hidden.flatten(0, 1).index_select(0, places), targets.flatten()[places]
        weight, count, output = self.embedding.weight, len(wanted), self.decoder.output
        kl = posterior.kl() if posterior is not None and isinstance(self.spec, LatentSpec) else None
        if not self.training:
            nats = output.token_nats(hidden, weight, wanted).double().sum()
            if posterior is not None and kl is not None:
                nats = nats + kl.double().sum()
                self.posteriors.add(posterior.mean.cpu().numpy(), posterior.log_variance.cpu().numpy())
            return Loss(nats / max(count, 1), nats, count), None
        objective = output.mean_nats(hidden, weight, wanted)
        nats, parts = objective.detach().double() * count, {}
        if kl is not None and isinstance(self.spec, LatentSpec):
            spec = self.spec
            cost = kl_cost(kl, kl_weight(spec, self.done()), spec.free_bits, spec.minimum_rate)
            objective = objective + cost * (batch.shape[1] / max(count, 1))
            total = kl.detach().double().sum()
            nats, parts = nats + total, {"kl": float(total)}
        if self.bag is not None and z is not None and isinstance(self.spec, CodedSpec):
            scores = F.linear(self.bag(z), weight)
            objective = objective + self.spec.bag_of_words * bag_of_words_nats(scores, targets) / max(count, 1)
        return Loss(objective, nats, count, parts), None

    def encode(self, words: torch.Tensor, real: torch.Tensor) -> Gaussian:
        """words [T, B, E], real [T, B] -> the distribution of each sentence's code, or the point that is its mean.

        What is read is brought to one scale: embeddings that begin small, for the output layer's sake, would tell a
        code next to nothing for a thousand updates. A distribution begins near the prior.
        """
        assert self.encoder is not None and self.posterior is not None
        lengths = real.sum(0)
        words = normal(words)
        states = self.encoder(words, lengths)  # [T, B, 2H]
        size = states.shape[-1] // 2
        last = states.gather(0, (lengths - 1)[None, :, None].expand(1, *states.shape[1:]))[0]
        mean = (states * real[..., None]).sum(0) / lengths[:, None]
        read = normal(torch.cat([last[:, :size], states[0, :, size:], mean], -1))
        own: torch.Tensor | float = 0.0
        if self.turn is not None and isinstance(self.spec, CodedSpec):
            shares = self.turn(torch.cat([words, states], -1)) * real[..., None]
            own = TURNED * turned(shares, self.spec.rotary, back=True).sum(0)
        if isinstance(self.spec, LatentSpec):
            found: Gaussian = self.posterior(NEAR * read)
            return found._replace(mean=found.mean + own)
        point = self.posterior.mean(read) + own
        return Gaussian(point, torch.full_like(point, -torch.inf))

    def _code(self, posterior: Gaussian | None, batch: torch.Tensor) -> torch.Tensor | None:
        """Return a draw of each code; in an evaluation a sentence's is the same whatever stands beside it."""
        if posterior is None or not isinstance(self.spec, LatentSpec):
            return None if posterior is None else posterior.mean
        if self.training:
            return posterior.draw(drawn_by_row(torch.randn, posterior.mean.shape, 0, batch.device))
        places = torch.arange(1, len(batch) + 1, device=batch.device)[:, None]
        seeds = (batch.clamp(min=0) * places).sum(0).tolist()
        size = posterior.mean.shape[1]
        noise = torch.stack([torch.randn(size, generator=seeded(seed)) for seed in seeds])
        return posterior.draw(noise.to(batch.device))

    def _left_out(self, ids: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """Return the embeddings that the decoder reads: of words that are left out, the unknown one's."""
        share = self.spec.word_dropout if isinstance(self.spec, CodedSpec) and self.training else 0.0
        if not share:
            return words
        unknown = drop_words(torch.zeros_like(ids), share, 1) > 0
        return torch.where(unknown[..., None], self.embedding.weight[UNK], words)

    def _let_learn(self, step: int) -> None:
        """Let the encoder alone learn in an update, or all: the encoder lags behind the decoder, and is ignored.

        Source: He et al. 2019, with a fixed number of its updates to each of the decoder's.
        """
        if not isinstance(self.spec, VaeSpec) or self.spec.encoder_updates == 1 or not self.training:
            return
        first = self.done() < self.spec.encoder_share
        for module in (self.decoder, self.embedding):
            module.requires_grad_(not first or step % self.spec.encoder_updates == 0)

    @property
    def annealed(self) -> bool:
        """Whether what the KL is says whether the code is used."""
        return isinstance(self.spec, LatentSpec) and is_annealed(self.spec, self.done())
