"""Dialogue models: what is measured depends on no batching, nobody hears what is yet to be said, numpy agrees."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_dialogue_models import KINDS, arrays_of, exchanges, model_of, spec_of

from seqcli.dialogue.answer_settings import Replying
from seqcli.dialogue.batches import DialogueBatches, HeldOutDialogues, batch_of
from seqcli.dialogue.corpus import EncodedDialogues, Exchange
from seqcli.dialogue.model import DialogueModel, given_batch
from seqcli.dialogue.ranking import against_any, log_probabilities
from seqcli.dialogue.replies import Speaking, replies
from seqcli.dialogue.shapes import dialogue_table
from seqcli.layers.gru import PackedGRU
from seqcli.text.vocabulary import EOS
from seqcli.training.loop import evaluate, tensors

NAMES = ["-".join(kind) for kind in KINDS]


def nats_of(model: DialogueModel, some: list[Exchange]) -> float:
    with torch.no_grad():
        return float(model.loss(tensors(batch_of(some)))[0].nats)


def exchange_of(utterances: list[list[int]]) -> Exchange:
    return Exchange(utterances, [0] * len(utterances), len(utterances) - 1)


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_how_dialogues_are_batched_does_not_matter(kind: tuple[str, str]) -> None:
    model, some = model_of(spec_of(kind)), exchanges(9)
    size = model.spec.latent_size if model.spec.latent else 0
    alone = sum(evaluate(model, HeldOutDialogues([one], size))[0] for one in some)
    together, tokens = evaluate(model, HeldOutDialogues(some, size))
    assert together == pytest.approx(alone, rel=1e-6)
    assert tokens == sum(len(ids) for one in some for ids in one.utterances[1:])
    assert evaluate(model, HeldOutDialogues(some[::-1], size, most=12))[0] == pytest.approx(alone, rel=1e-6)


def test_what_is_measured_of_each_reply_is_what_is_measured_of_all() -> None:
    for kind in KINDS[:3]:
        model, some = model_of(spec_of(kind)), exchanges(5)
        given = given_batch(tensors(batch_of(some)))
        with torch.no_grad():
            known = model.known(given)
            assert float(model.costs(given, known, known.context).sum()) == pytest.approx(nats_of(model, some))


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_numpy_gives_each_reply_the_probability_that_torch_gives_it(kind: tuple[str, str]) -> None:
    """With a latent variable, given what is most likely meant."""
    model = model_of(spec_of(kind))
    arrays = arrays_of(model)
    for one in exchanges(6):
        given = given_batch(tensors(batch_of([one])))
        with torch.no_grad():
            known = model.known(given)
            told = known.context
            if model.latent is not None:
                told = torch.cat([told, model.latent(told, known.replies)[0].mean], 1)
            costs = dict(zip(given.said.places.tolist(), model.costs(given, known, told).tolist(), strict=True))
        for turn in range(1, len(one.utterances)):
            heard = arrays.hear(one.utterances[:turn], one.speakers[: turn + 1])
            [logs] = Speaking(arrays, heard).token_log_probabilities([[1, *one.utterances[turn]]])
            assert -logs.sum() == pytest.approx(costs[turn], rel=1e-5)


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_nobody_hears_what_is_yet_to_be_said(kind: tuple[str, str]) -> None:
    """What is said of a turn depends on no later turn, and on no later word of its own."""
    model, [one] = model_of(spec_of(kind)), exchanges(1, turns=2, seed=8)
    one = replace(one, utterances=[[2, 3, 1], [4, 5, 6, 1], [7, 8, 1]], speakers=[0, 1, 0], first=0)
    other = replace(one, utterances=[[2, 3, 1], [4, 5, 9, 1], [10, 11, 12, 1]])
    for turn, word in ((0, 2), (1, 1)):
        kept = [costs_of(model, each)[turn][: word + 1] for each in (one, other)]
        np.testing.assert_allclose(kept[0], kept[1], rtol=1e-5)
    assert costs_of(model, one)[1][2] != pytest.approx(costs_of(model, other)[1][2])


def costs_of(model: DialogueModel, one: Exchange) -> list[list[float]]:
    """Return the cost of each token of each utterance."""
    given = given_batch(tensors(batch_of([one])))
    with torch.no_grad():
        known = model.known(given)
        told = known.context
        if model.latent is not None:
            told = torch.cat([told, model.latent(told, known.replies)[0].mean], 1)
        scores = model.hidden(given, known, told) @ model.embedding.weight.t() + model.output_bias
        costs = torch.nn.functional.cross_entropy(scores, given.targets, reduction="none")
    found: list[list[float]] = [[] for _ in one.utterances]
    for row, cost in zip(given.said.rows.tolist(), costs.tolist(), strict=True):
        found[int(given.said.places[row])].append(cost)
    return found


def test_hred_remembers_the_whole_dialogue_and_seq2seq_its_last_utterance() -> None:
    one = Exchange([[2, 3, 1], [4, 1], [5, 6, 1]], [0, 1, 0], 2)
    other = replace(one, utterances=[[9, 8, 7, 1], *one.utterances[1:]])
    for kind in KINDS[:-1]:
        model = model_of(spec_of(kind))
        same = nats_of(model, [one]) == pytest.approx(nats_of(model, [other]), rel=1e-6)
        assert same == (kind[0] == "seq2seq")


@pytest.mark.parametrize(("kind", "turn"), [(("hred", "context"), 0), (("hred", "last"), 1), (("seq2seq", "last"), 1)])
def test_a_new_model_finds_a_word_likelier_once_it_was_said(kind: tuple[str, str], turn: int) -> None:
    """Else attention is hardly ever learned: nothing is gained by looking before it is known what for."""
    for seed in range(3):
        torch.manual_seed(seed)
        model = DialogueModel(spec_of(kind, embedding_size=32, encoder_size=8, hidden_size=16), 40).eval()
        nats = {True: 0.0, False: 0.0}
        for word in range(3, 39):
            for heard in nats:
                said = [[2, EOS], [2, EOS], [word, EOS]]
                said[turn] = [word if heard else word + 1, EOS]
                nats[heard] += nats_of(model, [exchange_of(said)])
        assert nats[True] < nats[False]


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_the_table_lists_every_weight(kind: tuple[str, str]) -> None:
    spec = spec_of(kind)
    listed = {name: shape for name, (_, shape) in dialogue_table(spec, 13).items()}
    assert listed == {name: tuple(p.shape) for name, p in model_of(spec).named_parameters()}


@pytest.mark.parametrize("both", [False, True])
def test_the_gated_layer_computes_what_torch_does_gradients_too(both: bool) -> None:
    torch.manual_seed(3)
    theirs, ours = torch.nn.GRU(4, 3, bidirectional=both), PackedGRU(4, 3, both)
    names = [name for name, _ in theirs.named_parameters()]
    with torch.no_grad():
        for name in names:
            ours.get_parameter(name).copy_(theirs.get_parameter(name))
    sizes, x = torch.tensor([5, 3, 3, 1]), torch.randn(12, 4, requires_grad=True)
    first = torch.zeros(2, 5, 3) if both else torch.randn(1, 5, 3, requires_grad=True)
    found = []
    for layer in (theirs, ours):
        if layer is theirs:
            packed, last = theirs(torch.nn.utils.rnn.PackedSequence(x, sizes), first)
            states, last = packed.data, torch.cat(list(last), -1)
        else:
            states, last = ours(x, sizes, None if both else first[0])
        gradients = torch.autograd.grad(
            (states * states.sin()).sum() + last.exp().sum(),
            [x, *(layer.get_parameter(name) for name in names), *([] if both else [first])],
        )
        found.append([states, last, *gradients])
    for their, our in zip(*found, strict=True):
        torch.testing.assert_close(our, their)


def test_the_gated_layer_in_bfloat16_is_nearly_what_it_is_in_float32() -> None:
    torch.manual_seed(3)
    layer, sizes, x = PackedGRU(16, 12, True), torch.tensor([5, 3, 3, 1]), torch.randn(12, 16, requires_grad=True)
    found = []
    for rough in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=rough):
            states, last = layer(x, sizes)
        assert states.dtype == last.dtype == torch.float32
        found.append([states, *torch.autograd.grad(states.square().sum() + last.sum(), [x, *layer.parameters()])])
    for exact, near in zip(*([one.detach() for one in kind] for kind in found), strict=True):
        assert 0 < float((exact - near).norm()) < 0.02 * float(exact.norm())


def test_a_long_dialogue_is_read_in_pieces_that_predict_each_utterance_once() -> None:
    said = EncodedDialogues([[[turn, 1] for turn in range(2, 49)]], [[turn % 2 for turn in range(47)]], "")
    for first in (0, 1):
        pieces = said.exchanges(10, first)
        predicted = [ids[0] for one in pieces for ids in one.utterances[one.first :]]
        assert predicted == list(range(2 + first, 49))
        assert all(len(one.utterances) <= 10 for one in pieces)
        assert all(one.first >= 5 for one in pieces[1:])


def test_every_exchange_is_in_an_epoch_once_in_another_order_each_time() -> None:
    some = exchanges(23, first=0)
    batches = DialogueBatches(some, 4, seed=1)
    seen = []
    for epoch in (0, 1):
        targets = [batches.batch(epoch, index).targets for index in range(batches.updates_per_epoch)]
        assert sum(map(len, targets)) == sum(one.tokens for one in some)
        seen.append(np.concatenate(targets).tolist())
    assert seen[0] != seen[1]


@pytest.mark.parametrize("kind", KINDS[1:4:2], ids=NAMES[1:4:2])
def test_replies_know_their_probability_and_are_different(kind: tuple[str, str]) -> None:
    arrays = arrays_of(model_of(spec_of(kind)))
    heard = arrays.hear([[2, 3, 1], [4, 1]], [0, 1, 0])
    for how in (Replying(n=5, longest=6), Replying(n=5, beam=5, longest=6)):
        found = replies(arrays, heard, how)
        assert len({one.ids for one in found}) == len(found) > 3
        for one in found:
            if len(one.ids) < 5:
                text = [1, *one.ids, 1]
                exact = Speaking(arrays, heard).token_log_probabilities([text])[0].sum()
                assert one.log_probability == pytest.approx(float(exact), rel=1e-5)


def test_what_is_drawn_does_not_depend_on_what_is_drawn_beside_it() -> None:
    arrays = arrays_of(model_of(spec_of()))
    heard = arrays.hear([[2, 3, 1]], [0, 1])
    one = replies(arrays, heard, Replying())[0]
    assert one.ids in [other.ids for other in replies(arrays, heard, Replying(n=8))]


def test_temperature_zero_takes_the_likeliest_word_each_time() -> None:
    arrays = arrays_of(model_of(spec_of()))
    heard = arrays.hear([[2, 3, 1]], [0, 1])
    [one] = replies(arrays, heard, Replying(temperature=0.0, longest=5))
    [greedy] = replies(arrays, heard, Replying(beam=1, longest=5))
    assert one.ids[:4] == greedy.ids[:4]
    assert math.isfinite(one.log_probability)


def test_a_reply_that_fits_anything_is_ranked_lower() -> None:
    arrays = arrays_of(model_of(spec_of()))
    heard = arrays.hear([[2, 3, 1], [4, 1]], [0, 1, 0])
    found = replies(arrays, heard, Replying(n=6, longest=5, temperature=1.5))
    silence = arrays.hear([], [0])
    alone = {
        one.ids: float(Speaking(arrays, silence).token_log_probabilities([[1, *one.ids, 1]])[0].sum()) for one in found
    }
    np.testing.assert_allclose(log_probabilities(arrays, silence, [*alone]), [*alone.values()], rtol=1e-5)
    for one in against_any(arrays, found, 0.7):
        [before] = [other for other in found if other.ids == one.ids]
        assert one.score == pytest.approx(before.score - 0.7 * alone[one.ids] / (len(one.ids) + 1), rel=1e-5)
    ranks = [one.score for one in against_any(arrays, found, 5.0)]
    assert ranks == sorted(ranks, reverse=True)
    assert [one.ids for one in against_any(arrays, found, 5.0)] != [one.ids for one in found]
