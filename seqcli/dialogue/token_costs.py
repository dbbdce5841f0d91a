"""What replies cost a stored dialogue model, by its network in torch: exact, and of a latent variable the bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from seqcli.dialogue.batches import HeldOutDialogues
from seqcli.dialogue.corpus import Exchange
from seqcli.dialogue.model import DialogueModel, given_batch
from seqcli.dialogue.shapes import dialogue_table
from seqcli.latent.collapse import Posteriors, importance_weighted
from seqcli.layers.stored import with_weights
from seqcli.store.weights import stored_weights
from seqcli.training.device import tensors

if TYPE_CHECKING:
    from seqcli.store import Record

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Costs:
    """What each reply of some exchanges costs, in order; nats are the bound where a latent variable was drawn."""

    nats: Doubles
    tokens: NDArray[np.int64]
    posteriors: Posteriors

    @property
    def per_token(self) -> float:
        """Nats a token of all replies."""
        return float(self.nats.sum() / self.tokens.sum())


def network_of(record: Record, vocabulary_size: int) -> DialogueModel:
    """Return the network of a stored model, ready to be measured."""
    arrays = stored_weights(record, dialogue_table(record.spec, vocabulary_size))
    return with_weights(DialogueModel(record.spec, vocabulary_size), arrays).train(False)


@torch.no_grad()
def costs(model: DialogueModel, exchanges: Sequence[Exchange], report: Callable[[int], None] | None = None) -> Costs:
    """Return what the last utterance of each exchange costs. report: gets the replies measured so far."""
    size = model.spec.latent_size if model.spec.latent else 0
    nats, tokens = np.zeros(len(exchanges)), np.array([len(one.utterances[-1]) for one in exchanges])
    posteriors, done = Posteriors(), 0
    for given, places in _pieces(exchanges, size):
        known = model.known(given)
        told = known.context
        if model.latent is not None:
            prior, posterior = model.latent(known.context, known.replies)
            told = torch.cat([told, posterior.draw(given.noise)], 1)
            posteriors.add(*(part.numpy() for part in posterior.relative_to(prior)))
            nats[places] += posterior.kl(prior).double().sum(1).numpy()
        nats[places] += model.costs(given, known, told).numpy()
        done += len(places)
        if report:
            report(done)
    return Costs(nats, tokens, posteriors)


@torch.no_grad()
def importance_weighted_nats(
    model: DialogueModel,
    exchanges: Sequence[Exchange],
    draws: int,
    seed: int,
    report: Callable[[int], None] | None = None,
) -> tuple[Doubles, Doubles]:
    """Return the importance-weighted estimate of what each reply costs, and its standard error. Burda et al. 2016.

    report: gets the replies, times draws, done so far.
    """
    assert model.latent is not None
    nats, errors, done = np.zeros(len(exchanges)), np.zeros(len(exchanges)), 0
    for given, places in _pieces(exchanges, 0):
        known = model.known(given)
        prior, posterior = model.latent(known.context, known.replies)
        noise = np.stack([_noise(seed, exchanges[int(i)].number, draws, model.spec.latent_size) for i in places], 1)
        weights = np.zeros((len(places), draws))
        for draw in range(draws):
            z = posterior.draw(torch.from_numpy(noise[draw]))
            cost = model.costs(given, known, torch.cat([known.context, z], 1))
            ratio = prior.log_density(z).double() - posterior.log_density(z).double()
            weights[:, draw] = (ratio - cost).numpy()
            done += len(places)
            if report:
                report(done)
        found, errors[places] = importance_weighted(weights)
        nats[places] = -found
    return nats, errors


def _noise(seed: int, number: int, draws: int, size: int) -> NDArray[np.float32]:
    return np.random.default_rng([seed, number]).standard_normal((draws, size), np.float32)


def _pieces(exchanges: Sequence[Exchange], latent_size: int) -> Any:
    """Yield batches, each with the places of its replies among the exchanges, in the batch's order."""
    order = sorted(range(len(exchanges)), key=lambda i: exchanges[i].tokens)
    at = 0
    for piece in HeldOutDialogues(exchanges, latent_size):
        count, turns = piece.batch.speakers.shape
        own = np.array(order[at : at + count])
        at += count
        yield given_batch(tensors(piece.batch)), own[piece.batch.said.places // turns]
