"""Language models in torch: relations that must hold, output layers held against each other, languages learned."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_language_models import CELLS, model_of, spec_of, tokens, train, training_of

from seqcli.language.model import LanguageModel
from seqcli.layers.dropout import LockedDropout, kept
from seqcli.layers.softmax import full_loss, full_nats, sample_of, sampled_loss
from seqcli.training.settings import RunSpec

EOS, A, B = 1, 2, 3


@pytest.fixture(params=CELLS, ids="-".join)
def cell(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


# -- relations --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attention", [0, 3])
@torch.no_grad()
def test_a_batch_of_four_is_four_batches_of_one_and_padding_changes_nothing(
    cell: tuple[str, str], attention: int
) -> None:
    model = model_of(spec_of(cell, layers=2, attention=attention))
    inputs, targets, lengths = tokens(9, 4), tokens(9, 4, seed=3), (9, 4, 1, 6)
    for row, length in enumerate(lengths):
        targets[length:, row] = -1
    together, _ = model.loss((inputs, targets))
    alone = [model.loss((inputs[:n, [b]], targets[:n, [b]]))[0] for b, n in enumerate(lengths)]
    assert together.tokens == sum(loss.tokens for loss in alone) == sum(lengths)
    assert float(together.nats) == pytest.approx(sum(float(loss.nats) for loss in alone), rel=1e-6)
    inputs[4:, 1] = 0  # what is read behind the end of a row
    assert float(model.loss((inputs, targets))[0].nats) == float(together.nats)


def test_padding_gives_no_gradient(cell: tuple[str, str]) -> None:
    model = model_of(spec_of(cell)).train()
    inputs, targets = tokens(6, 2), tokens(6, 2, seed=3)
    targets[3:] = -1
    model.loss((inputs, targets))[0].objective.backward()
    padded = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    model.loss((inputs[:3], targets[:3]))[0].objective.backward()
    for name, p in model.named_parameters():
        torch.testing.assert_close(padded[name], p.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("attention", [0, 3])
def test_a_prediction_does_not_look_ahead(cell: tuple[str, str], attention: int) -> None:
    model = model_of(spec_of(cell, layers=2, attention=attention))
    inputs = tokens(8, 3)
    before = model.log_probabilities(inputs)
    for t in range(1, 8):
        changed = inputs.clone()
        changed[t:] = (changed[t:] + 1) % 17  # the token at t is read after the prediction of it was made
        after = model.log_probabilities(changed)
        torch.testing.assert_close(after[:t], before[:t], rtol=0, atol=1e-6)
        assert not torch.allclose(after[t], before[t], atol=1e-3), "what has been read matters"


@pytest.mark.parametrize("attention", [0, 3])
@torch.no_grad()
def test_a_carried_state_makes_two_halves_one_whole(cell: tuple[str, str], attention: int) -> None:
    model = model_of(spec_of(cell, layers=2, attention=attention))
    inputs, targets = tokens(20, 3), tokens(20, 3, seed=3)
    whole, end = model.loss((inputs, targets))
    first, state = model.loss((inputs[:10], targets[:10]))
    second, after = model.loss((inputs[10:], targets[10:]), state)
    forgotten, _ = model.loss((inputs[10:], targets[10:]))
    assert float(first.nats + second.nats) == pytest.approx(float(whole.nats), rel=1e-6)
    assert abs(float(forgotten.nats - second.nats)) > 1e-3, "the state matters"
    for one, other in zip(end, after, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_the_carried_state_is_cut_off_from_its_history(cell: tuple[str, str]) -> None:
    model = model_of(spec_of(cell)).train()
    _, state = model.loss((tokens(5, 2), tokens(5, 2, seed=3)))
    parts = state[0] if isinstance(state[0], tuple) else (state[0],)
    assert len(parts) == (2 if cell[0] == "lstm" else 1)
    assert all(not part.requires_grad and part.dtype == torch.float32 for part in parts)


def test_the_two_activations_of_the_simple_network_differ() -> None:
    inputs = tokens(6, 2)
    tanh, relu = (model_of(spec_of(("rnn", name))).log_probabilities(inputs) for name in ("tanh", "relu"))
    assert not torch.allclose(tanh, relu, atol=1e-2)


def test_attention_sees_the_states_of_its_window_and_no_other() -> None:
    model = model_of(spec_of(attention=3, layers=1))
    assert model.attention is not None
    y = torch.randn(9, 1, 7, requires_grad=True)
    seen = model.attention(y)[0]
    for t in range(9):
        y.grad = None
        seen[t].sum().backward(retain_graph=True)
        assert y.grad is not None
        assert [s for s in range(9) if bool(y.grad[s].any())] == list(range(max(t - 3, 0), t + 1))


@pytest.mark.parametrize(("embedding", "hidden"), [(6, 6), (5, 7)])
def test_tied_shares_the_embedding_and_untied_does_not(embedding: int, hidden: int) -> None:
    for tied in (True, False):
        model = LanguageModel(spec_of(embedding_size=embedding, hidden_size=hidden, tied=tied), 17).train()
        names = {name for name, _ in model.named_parameters()}
        assert ("output.weight" in names) is not tied
        assert ("projection.weight" in names) is (tied and embedding != hidden)
        model.loss((torch.full((3, 2), 4), torch.full((3, 2), 5)))[0].objective.backward()
        never_read = model.embedding.weight.grad[6]
        assert bool(never_read.any()) is tied, "a token that is only scored moves its embedding where it is shared"


# -- dropout ----------------------------------------------------------------------------------------------------------

PLACES = [(0, "embedding"), (1, "between the layers"), (2, "before the output"), (3, "after the projection")]


@pytest.mark.parametrize(("place", "name"), PLACES)
def test_each_dropout_is_in_training_only(place: int, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(spec_of(dropout=0.5, layers=2))
    inputs, real, calls = tokens(6, 3), LockedDropout.forward, 0

    def only_here(self: LockedDropout, x: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return real(self, x) if calls == place + 1 else x

    monkeypatch.setattr(LockedDropout, "forward", only_here)
    outputs = []
    for training in (True, False):
        for seed in (1, 2):
            calls = 0
            torch.manual_seed(seed)
            outputs.append(model.train(training).hidden(inputs, None)[0].detach())
            assert calls == len(PLACES)
    assert not torch.allclose(outputs[0], outputs[1]) and not torch.allclose(outputs[0], outputs[2])
    assert torch.equal(outputs[2], outputs[3])


def test_a_dropped_unit_is_dropped_for_all_steps_and_the_mean_is_kept() -> None:
    torch.manual_seed(1)
    drop = LockedDropout(0.3).train()
    y = drop(torch.ones(4, 200, 100))
    assert torch.equal(y, y[:1].expand_as(y))
    assert sorted(y.unique().tolist()) == [0.0, pytest.approx(1 / 0.7)]
    assert float(y.mean()) == pytest.approx(1.0, abs=0.02)
    assert torch.equal(drop.eval()(y), y)


def test_dropped_weights_and_tokens_change_the_training_pass_and_no_other(cell: tuple[str, str]) -> None:
    inputs = tokens(6, 3)
    plain = model_of(spec_of(cell, layers=2)).hidden(inputs, None)[0]
    for name in ("weight_dropout", "embedding_dropout"):
        model = model_of(spec_of(cell, layers=2, **{name: 0.5}))
        assert torch.equal(model.hidden(inputs, None)[0], plain)
        model.train()
        drawn = [model.hidden(inputs, None)[0].detach() for _ in range(2)]
        assert not torch.allclose(drawn[0], drawn[1]) and not torch.allclose(drawn[0], plain), name


def test_a_dropped_weight_gets_no_gradient_and_the_input_s_weights_all_do() -> None:
    model = model_of(spec_of(layers=1, weight_dropout=0.5)).train()
    model.loss((tokens(6, 3), tokens(6, 3, seed=3)))[0].objective.backward()
    recurrent, entering = (model.get_parameter(f"recurrent.layers.0.weight_{kind}_l0").grad for kind in ("hh", "ih"))
    assert recurrent is not None and entering is not None
    assert 0.3 < float((recurrent == 0).float().mean()) < 0.7 and bool((entering != 0).all())


def test_a_dropped_token_is_read_as_nothing_wherever_it_stands() -> None:
    model = model_of(spec_of(embedding_dropout=0.5)).train()
    torch.manual_seed(3)
    seen: list[torch.Tensor] = []
    model.drop.register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0].detach()))
    inputs = tokens(30, 4)
    model.hidden(inputs, None)
    dropped = {int(t) for t in inputs[(seen[0] == 0).all(-1)]}
    assert 3 < len(dropped) < 14 and dropped.isdisjoint(int(t) for t in inputs[(seen[0] != 0).any(-1)])
    left = inputs.flatten()[[int(t) not in dropped for t in inputs.flatten()]][0]
    torch.testing.assert_close(seen[0][inputs == left][0], 2 * model.embedding.weight[left].detach())


def test_a_mask_keeps_the_mean_and_is_the_seed_s() -> None:
    shape, cpu = (300, 400), torch.device("cpu")
    torch.manual_seed(1)
    mask = kept(shape, 0.4, cpu)
    assert sorted(mask.unique().tolist()) == [0.0, pytest.approx(1 / 0.6, rel=0.01)]
    assert float(mask.mean()) == pytest.approx(1.0, abs=0.02)
    torch.manual_seed(1)
    assert torch.equal(kept(shape, 0.4, cpu), mask) and not torch.equal(kept(shape, 0.4, cpu), mask)


# -- output layers ----------------------------------------------------------------------------------------------------


@torch.no_grad()
@pytest.mark.parametrize("chunk", [1, 50, 1 << 22])
def test_the_evaluation_is_the_full_softmax_however_it_is_cut(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqcli.layers.softmax.CHUNK", chunk)
    torch.manual_seed(1)
    hidden, weight, bias = torch.randn(23, 5), torch.randn(17, 5), torch.randn(17)
    targets = torch.randint(17, (23,))
    expected = F.cross_entropy((hidden.double() @ weight.double().t() + bias), targets, reduction="sum")
    found = full_nats(hidden, weight, bias, targets)
    assert found.dtype == torch.float64
    assert float(found) == pytest.approx(float(expected), rel=1e-6)
    assert math.isfinite(float(full_nats(hidden * 1e4, weight, bias, targets))), "no overflow"


def draws(count: int, share: torch.Tensor, batch: int) -> Iterator[torch.Tensor]:
    """Yield targets as a text with these shares of tokens has them."""
    for seed in range(count):
        torch.manual_seed(seed)
        yield torch.multinomial(share, batch, replacement=True)


def test_the_sampled_normaliser_is_right_on_average() -> None:
    torch.manual_seed(5)
    size, samples, batch = 30, 8, 4
    weight, bias = torch.randn(size, 6) / 2, torch.randn(size) / 2
    share = torch.softmax(2 * torch.randn(size), 0).double()
    hidden = torch.randn(1, 6).expand(batch, 6)
    logits = (hidden[0] @ weight.t() + bias).double()
    chance = 1 - (1 - share) ** batch * (1 - 1 / size) ** samples  # of each token to be in the sample
    found = []
    for targets in draws(2000, share, batch):
        loss = sampled_loss(sample_of(targets, len(weight), samples), hidden, weight, bias, share, samples).double()
        found.append(float((loss + (logits - chance.log())[targets].mean()).exp()))
    error = np.std(found) / math.sqrt(len(found))
    assert abs(np.mean(found) - float(logits.exp().sum())) < 4 * error
    assert error < 0.015 * np.mean(found), "sharp enough to see an error of a tenth"


def test_the_sampled_gradient_is_near_the_full_one_on_average() -> None:
    torch.manual_seed(5)
    size, samples, batch = 100, 50, 16
    weight, bias, hidden = torch.randn(size, 6) / 2, torch.randn(size) / 2, torch.randn(batch, 6)
    weight.requires_grad_()
    share = torch.softmax(torch.randn(size), 0).double()
    full, sampled, naive = (torch.zeros(size, 6) for _ in range(3))
    for targets in draws(600, share, batch):
        full += torch.autograd.grad(full_loss(hidden, weight, bias, targets), weight)[0]
        sample = sample_of(targets, len(weight), samples)
        sampled += torch.autograd.grad(sampled_loss(sample, hidden, weight, bias, share, samples), weight)[0]
        chosen, places = torch.unique(torch.cat([targets, torch.randint(size, (samples,))]), return_inverse=True)
        loss = F.cross_entropy(F.linear(hidden, weight[chosen], bias[chosen]), places[:batch])
        naive += torch.autograd.grad(loss, weight)[0]
    off, naively_off = (float((found - full).norm() / full.norm()) for found in (sampled, naive))
    assert off < 0.09 and off < 0.6 * naively_off


def test_a_sample_as_large_as_the_vocabulary_is_the_full_softmax() -> None:
    inputs, targets = tokens(6, 3), tokens(6, 3, seed=3)
    sampled, full = (model_of(spec_of(output=name, samples=17)).train() for name in ("sampled", "full"))
    assert torch.equal(sampled.loss((inputs, targets))[0].objective, full.loss((inputs, targets))[0].objective)
    hidden, share = torch.randn(18, 5), torch.full((17,), 1 / 17, dtype=torch.float64)
    for_all = full_loss(hidden, full.output_weight, full.output_bias, targets.flatten())
    sample = sample_of(targets.flatten(), len(full.output_weight), 3000)
    nearly = sampled_loss(sample, hidden, full.output_weight, full.output_bias, share, 3000)
    assert float(nearly.detach()) == pytest.approx(float(for_all.detach()), rel=1e-5)


def test_a_small_sample_is_used_in_training_only() -> None:
    model = model_of(spec_of(output="sampled", samples=4), vocabulary_size=200)
    batch = tokens(3, 2), tokens(3, 2, seed=3)
    model.train().loss(batch)[0].objective.backward()
    moved = int(model.output_bias.grad.ne(0).sum())
    assert 0 < moved <= 4 + 6, "only sampled tokens and targets were scored"
    with torch.no_grad():
        one, other = (float(model.eval().loss(batch)[0].nats) for _ in range(2))
    expected = -model.log_probabilities(batch[0]).gather(2, batch[1][:, :, None]).sum()
    assert one == other == pytest.approx(float(expected), rel=1e-6)


# -- languages --------------------------------------------------------------------------------------------------------


def test_an_lstm_learns_to_count() -> None:
    """a^n b^n: behind the first b everything is decided, by a count that only the state can hold."""
    rng = np.random.default_rng(1)
    units = [[A] * n + [B] * n + [EOS] for n in rng.integers(1, 7, 1500)]
    ids = np.array([i for unit in units for i in unit], np.int32)
    run = RunSpec(epochs=20, batch_size=16, unroll=15, learning_rate=0.02, patience=20)
    training = training_of(ids, ids[:500], spec_of(embedding_size=8, hidden_size=20, tied=False), run)
    train(training)
    for n in range(1, 7):
        unit = [EOS] + [A] * n + [B] * n
        sure = training.model.eval().log_probabilities(torch.tensor(unit)[:, None])[:, 0].exp()
        decided = [float(sure[n + k, B]) for k in range(1, n)] + [float(sure[-1, EOS])]
        assert min(decided) > 0.9, (n, decided)


@pytest.mark.parametrize("architecture", ["gru", "rnn"])
def test_a_grammar_of_known_entropy_is_reached(architecture: str) -> None:
    """A chain in which two tokens decide the chances of the third: what one token tells is not enough."""
    rng = np.random.default_rng(1)
    chances = rng.dirichlet(np.ones(4), (4, 4))
    ids = np.array([2, 3, *[0] * 16_000], np.int32)
    for i, chance in enumerate(rng.random(16_000)):
        ids[i + 2] = 2 + np.searchsorted(chances[ids[i] - 2, ids[i + 1] - 2].cumsum()[:3], chance)
    learned, held_out = ids[:13_000], ids[13_000:]
    known = -np.log(chances[held_out[:-2] - 2, held_out[1:-1] - 2, held_out[2:] - 2]).mean()
    pairs = np.ones((4, 4))
    np.add.at(pairs, (learned[:-1] - 2, learned[1:] - 2), 1.0)
    by_pairs = -np.log((pairs / pairs.sum(1, keepdims=True))[held_out[:-1] - 2, held_out[1:] - 2]).mean()
    run = RunSpec(epochs=4, batch_size=8, unroll=20, learning_rate=0.01, patience=20)
    spec = spec_of((architecture, "tanh"), embedding_size=16, hidden_size=24, tied=False)
    training = training_of(learned, held_out, spec, run)
    train(training)
    reached = training.progress.best_nats
    assert reached is not None and 0.99 * known < reached < 1.05 * known < 0.9 * by_pairs
