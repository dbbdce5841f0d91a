"""How likely sentences are to a model with a code: the importance-weighted estimate, from many draws of each code.

Nothing is approximated but by drawing: every draw of every sentence is decoded whole. What makes that affordable is the
output layer in two levels, which most tokens leave after the first, and that all draws of a sentence share its words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from seqcli.latent.collapse import Posteriors, importance_weighted
from seqcli.layers.latent import Gaussian
from seqcli.layers.products import linear
from seqcli.layers.stored import with_weights
from seqcli.sentences.model import SentenceModel
from seqcli.sentences.settings import SentenceSpec
from seqcli.text.vocabulary import EOS

ROWS = 512  # draws decoded side by side


class Likelihoods(NamedTuple):
    """What some sentences cost, in nats each [N]: the estimate and its standard error, the bound, and its parts."""

    importance_weighted: NDArray[np.float64]
    error: NDArray[np.float64]
    reconstruction: NDArray[np.float64]
    kl: NDArray[np.float64]
    posteriors: Posteriors


def torch_model(spec: SentenceSpec, arrays: dict[str, Any]) -> SentenceModel:
    """Return the network of stored arrays, to be measured."""
    return with_weights(SentenceModel(spec, len(arrays["embedding.weight"])), arrays).train(False)


@torch.no_grad()
def likelihoods(
    model: SentenceModel,
    sentences: Sequence[Sequence[int]],
    samples: int,
    seed: int = 1,
    report: Callable[[int], None] = lambda done: None,
) -> Likelihoods:
    """Return what sentences cost, EOS at the end of each. What is drawn for one depends on the seed and its place."""
    found, posteriors = [], Posteriors()
    decoding = _Decoding(model)
    for place, ids in enumerate(sentences):
        tokens = torch.tensor(ids)
        words = model.embedding(tokens[:, None])
        posterior = model.encode(words, torch.ones(len(ids), 1, dtype=torch.bool))
        posteriors.add(posterior.mean.numpy(), posterior.log_variance.numpy())
        generator = torch.Generator().manual_seed(seed * 1_000_003 + place)
        z = posterior.draw(torch.randn(samples, posterior.mean.shape[1], generator=generator))
        logs = torch.cat([decoding.log_likelihood(tokens, some) for some in torch.split(z, ROWS)])
        prior = Gaussian(torch.zeros_like(posterior.mean), torch.zeros_like(posterior.mean))
        weights = logs + (prior.log_density(z) - posterior.log_density(z)).double()
        [log], [error_of] = importance_weighted(weights.numpy()[None])
        found.append((-log, error_of, -float(logs.mean()), float(posterior.kl().double().sum())))
        report(place + 1)
    value, error, reconstruction, kl = np.array(found, np.float64).reshape(-1, 4).T
    return Likelihoods(value, error, reconstruction, kl, posteriors)


class _Decoding:
    """The decoder over one sentence and many codes: what its words and each code add to the gates is found once."""

    def __init__(self, model: SentenceModel) -> None:
        self._model = model
        [layer] = model.decoder.recurrent.layers
        width = model.spec.embedding_size
        weight: torch.Tensor = layer.weight_ih_l0  # type: ignore[assignment]
        self._words, self._code = weight[:, :width], weight[:, width:]
        self._state: torch.Tensor = layer.weight_hh_l0  # type: ignore[assignment]
        self._bias: torch.Tensor = layer.bias_ih_l0 + layer.bias_hh_l0  # type: ignore[operator]

    def log_likelihood(self, tokens: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """tokens [T], z [S, Z] -> log of the tokens' probability given each code [S], float64."""
        decoder, count = self._model.decoder, len(tokens)
        assert decoder.start is not None
        before = torch.cat([torch.tensor([EOS]), tokens[:-1]])
        words = self._model.embedding(before) @ self._words.t() + self._bias  # [T, 4H]
        codes = decoder.at_each(z, count if decoder.rotary else 1) @ self._code.t()  # [T, S, 4H], or [1, S, 4H]
        codes = codes.expand(count, -1, -1)
        h, c = torch.tanh(decoder.start(z)).chunk(2, -1)
        size = h.shape[1]
        states = torch.empty(count, len(z), size)
        for t in range(count):
            gates = linear(h, self._state).add_(codes[t]).add_(words[t])
            gates[:, : 2 * size].sigmoid_()
            gates[:, 3 * size :].sigmoid_()
            enter, forget, new, out = gates.chunk(4, 1)
            c = (forget * c).addcmul_(enter, _tanh_(new))
            h = torch.mul(out, _tanh_(c.clone()), out=states[t])
        hidden = linear(states.flatten(0, 1), decoder.projection.weight, decoder.projection.bias)
        nats = decoder.output.same_target_nats(hidden.view(count, len(z), -1), self._model.embedding.weight, tokens)
        return -nats.double().sum(0)


def _tanh_(x: torch.Tensor) -> torch.Tensor:
    """Return the hyperbolic tangent, in place of what is given: by the sigmoid, which torch finds ten times as fast."""
    return x.mul_(2.0).sigmoid_().mul_(2.0).sub_(1.0)
