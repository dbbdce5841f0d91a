"""The latent variable of a dialogue model: what may be meant before a reply is known, and what was once it is."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from seqcli.dialogue.batches import Packed
from seqcli.dialogue.settings import DialogueSpec
from seqcli.layers.latent import Gaussian, GaussianLayer
from seqcli.layers.products import Linear, product


class LatentLayers(nn.Module):
    """Prior and posterior of each reply's latent variable, and the words that it tells alone.

    context [R, C] tells the prior, and with the reply's own vector [R, 2H] the posterior. Source: Serban et al. 2017.
    """

    def __init__(self, spec: DialogueSpec) -> None:
        super().__init__()
        known, size = spec.context_size, spec.latent_size
        self.before = Linear(known, known)
        self.prior = GaussianLayer(known, size)
        self.after = Linear(known + 2 * spec.encoder_size, known)
        self.posterior = GaussianLayer(known, size)
        self.words = Linear(known + size, spec.embedding_size)

    def forward(self, context: torch.Tensor, vectors: torch.Tensor) -> tuple[Gaussian, Gaussian]:
        prior: Gaussian = self.prior(torch.tanh(self.before(context)))
        posterior: Gaussian = self.posterior(torch.tanh(self.after(torch.cat([context, vectors], 1))))
        return prior, posterior

    def bag_of_words_nats(
        self, told: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, targets: torch.Tensor, said: Packed
    ) -> torch.Tensor:
        """Return what all words cost without their order. told [R, C + Z], targets [M]. Source: Zhao et al. 2017."""
        logs = F.log_softmax(product(torch.tanh(self.words(told)), weight, bias).float(), -1)
        return -logs[said.rows, targets].sum()
