"""Replies behind other histories, and what is measured of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from tiny_dialogue_models import exchanges, model_of, spec_of

from seqcli.dialogue.batches import HeldOutDialogues, batch_of
from seqcli.dialogue.contexts import exchanges_in
from seqcli.dialogue.corpus import EncodedDialogues
from seqcli.dialogue.model import given_batch
from seqcli.dialogue.reply_quality import quality
from seqcli.dialogue.token_costs import costs, importance_weighted_nats
from seqcli.training.loop import evaluate, tensors

SAID = EncodedDialogues(
    [[[10 * d + u, 1] for u in range(2, 2 + size)] for d, size in enumerate((5, 2, 4))],
    [[u % 2 for u in range(size)] for size in (5, 2, 4)],
    "",
)


def test_every_mode_measures_the_same_replies() -> None:
    replies = {mode: [one.utterances[-1] for one in exchanges_in(mode, SAID, 20, 1)] for mode in MODES}
    assert replies["full"] == [[4, 1], [5, 1], [6, 1], [24, 1], [25, 1]]
    assert all(found == replies["full"] for found in replies.values())
    assert all(one.first == len(one.utterances) - 1 for mode in MODES for one in exchanges_in(mode, SAID, 20, 1))
    assert all(len(one.speakers) == len(one.utterances) for mode in MODES for one in exchanges_in(mode, SAID, 20, 1))


MODES = ("full", "shuffled", "none", "foreign")


def test_a_history_is_whole_shuffled_cut_or_of_another_dialogue() -> None:
    full, shuffled, none, foreign = (exchanges_in(mode, SAID, 20, 1) for mode in MODES)
    assert full[2].utterances[:-1] == [[2, 1], [3, 1], [4, 1], [5, 1]]
    assert [sorted(map(tuple, one.utterances[:-1])) for one in shuffled] == [
        sorted(map(tuple, one.utterances[:-1])) for one in full
    ]
    assert any(one.utterances != other.utterances for one, other in zip(shuffled, full, strict=True))
    assert [one.utterances[:-1] for one in none] == [[one.utterances[-2]] for one in full]
    for one, other in zip(foreign, full, strict=True):
        assert one.utterances[-2] == other.utterances[-2]
        assert not set(map(tuple, one.utterances[:-2])) & set(map(tuple, other.utterances[:-2]))
    assert exchanges_in("shuffled", SAID, 20, 1) == shuffled != exchanges_in("shuffled", SAID, 20, 2)


def test_no_more_is_heard_than_a_model_sees_together() -> None:
    assert exchanges_in("full", SAID, 3, 1)[2].utterances == [[4, 1], [5, 1], [6, 1]]


def test_what_all_replies_cost_is_what_the_training_measured() -> None:
    model, some = model_of(spec_of()), exchanges(6, first=1)
    said = EncodedDialogues(
        [[list(ids) for ids in one.utterances] for one in some], [list(one.speakers) for one in some], ""
    )
    found = costs(model, exchanges_in("full", said, 20, 1, least=1))
    nats, tokens = evaluate(model, HeldOutDialogues(some))
    assert float(found.nats.sum()) == pytest.approx(nats, rel=1e-6)
    assert int(found.tokens.sum()) == tokens


def test_the_importance_weighted_estimate_rises_from_the_bound_with_the_draws() -> None:
    model, some = model_of(spec_of(("vhred", "context"))), exchanges_in("full", SAID_SMALL, 20, 1, least=1)
    means = [-importance_weighted_nats(model, some, draws, seed=3)[0].mean() for draws in (1, 10, 100)]
    assert means[0] < means[1] < means[2]
    bound = np.mean([-bounds(model, some, seed) for seed in range(40)])
    single = np.mean([-importance_weighted_nats(model, some, 1, seed)[0].mean() for seed in range(40)])
    assert single == pytest.approx(bound, abs=1.0)  # with one draw it is the bound, whose KL is drawn too


SAID_SMALL = EncodedDialogues(
    [[[2, 3, 1], [4, 1], [5, 6, 1], [7, 1]], [[8, 1], [9, 10, 1]]], [[0, 1, 0, 1], [0, 1]], ""
)


def bounds(model: torch.nn.Module, some: list, seed: int) -> float:
    """Return the mean bound of replies, by the formula of the KL and one draw."""
    given = given_batch(tensors(batch_of(some)))
    torch.manual_seed(seed)
    with torch.no_grad():
        known = model.known(given)
        prior, posterior = model.latent(known.context, known.replies)
        told = torch.cat([known.context, posterior.draw()], 1)
        nats = model.costs(given, known, told) + posterior.kl(prior).double().sum(1)
    return float(nats.mean())


def test_the_kl_by_formula_is_that_of_many_draws() -> None:
    model = model_of(spec_of(("vhred", "context")))
    given = given_batch(tensors(batch_of(exchanges(4))))
    torch.manual_seed(1)
    with torch.no_grad():
        known = model.known(given)
        prior, posterior = model.latent(known.context, known.replies)
        exact = posterior.kl(prior).sum(1)
        z = posterior.draw(torch.randn(40_000, *posterior.mean.shape))
        drawn = (posterior.log_density(z) - prior.log_density(z)).mean(0)
    assert float(drawn.sum() / exact.sum()) == pytest.approx(1.0, abs=0.01)
    assert math.isfinite(float(exact.sum()))


def test_what_replies_are_like_is_counted_as_it_is_defined() -> None:
    replies = ["yes .", "yes .", "no , thank you ."]
    found = quality(
        "m", replies, ["yes .", "no .", "no , thank you ."], str.split, lambda one, other: float(one == other)
    )
    assert found.distinct_1 == 6 / 9 and found.distinct_2 == 5 / 6, "no pair is of two replies"
    assert found.length == 3 and found.ten_commonest == 1.0
    assert found.embedding_average == pytest.approx(2 / 3)
    assert found.bleu is not None and 0 < found.bleu < 100 and "tok:13a" in str(found.signature)
    assert quality("m", [f"{n} a" for n in range(40)], None, str.split).ten_commonest == 10 / 40
