"""The training loop: the same bytes however it is interrupted; a schedule that lands; nothing bad is kept."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import islice, pairwise
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from store_sample import FULL
from tiny_language_models import CELLS, Ids, model_of, spec_of, train, training_of

from seqcli.errors import DivergedError
from seqcli.language.batches import Segments
from seqcli.store import pack
from seqcli.store.arrays import unpack
from seqcli.training.events import Evaluated, Event, Gathered, Progressed, Stopped
from seqcli.training.held_out import Piece
from seqcli.training.loop import FLOOR, Training, evaluate
from seqcli.training.loss import Loss
from seqcli.training.precision import seconds_of, with_precision
from seqcli.training.progress import Clock, Progress
from seqcli.training.settings import RunSpec
from seqcli.training.updates import Alone

RUN = RunSpec(epochs=20, batch_size=4, unroll=6, learning_rate=0.1, patience=3, average=0.5)


def chain(size: int, seed: int = 1) -> Ids:
    """Return token ids in which each depends on the one before."""
    chances, ids = np.random.default_rng(0).dirichlet(np.full(8, 0.5), 8), [1]
    for chance in np.random.default_rng(seed).random(size - 1):
        ids.append(min(int(np.searchsorted(chances[ids[-1]].cumsum(), chance)), 7))
    return np.array(ids, np.int32)


def small_training(cell: tuple[str, str] = ("lstm", "tanh"), run: RunSpec = RUN, text: int = 200) -> Training:
    spec = spec_of(
        cell, dropout=0.1, embedding_dropout=0.1, weight_dropout=0.1, attention=2, output="sampled", samples=2
    )
    return training_of(chain(text), chain(150, seed=2), spec, run)


def saved(training: Training) -> bytes:
    """Return all that a checkpoint holds of a training, as bytes; no times."""
    progress = {key: value for key, value in asdict(training.progress).items() if "seconds" not in key}
    return pack(training.state()) + json.dumps(progress).encode()


def resumed(training: Training, **how: Any) -> Training:
    """Return a new training that goes on where this one is saved, through the bytes on disk."""
    other = small_training(**how)
    other.restore(unpack(pack(training.state()), "state"), json.loads(json.dumps(asdict(training.progress))))
    return other


@pytest.mark.parametrize(
    ("run", "seconds", "wanted"),
    [
        (RunSpec(minutes=1), (0.5, 1.0), "bfloat16"),
        (RunSpec(minutes=1), (0.9, 1.0), None),
        (RunSpec(minutes=1, precision="float32"), (0.5, 1.0), "float32"),
        (RunSpec(epochs=1, precision="bfloat16"), (2.0, 1.0), "bfloat16"),
        (RunSpec(epochs=1), (0.5, 1.0), None),
        (RunSpec(epochs=1, minutes=1), (0.5, 1.0), None),
    ],
)
def test_minutes_are_used_in_the_quicker_numbers_epochs_in_the_finer_ones(
    monkeypatch: pytest.MonkeyPatch, run: RunSpec, seconds: tuple[float, float], wanted: str | None
) -> None:
    monkeypatch.setattr("seqcli.training.precision.seconds_of", lambda precision: seconds[precision == "float32"])
    said: list[str] = []
    session = cast(Any, SimpleNamespace(note=said.append))
    assert with_precision(session, run).precision == wanted
    assert bool(said) == (run.precision is None and wanted == "bfloat16")


def test_the_trial_of_a_precision_takes_time_and_leaves_chance_and_threads_alone() -> None:
    torch.manual_seed(5)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    assert seconds_of("bfloat16") > 0 and seconds_of("float32") > 0
    assert torch.equal(torch.get_rng_state(), before) and torch.get_num_threads() == threads


# -- the same bytes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS, ids="-".join)
def test_the_same_seed_gives_the_same_bytes(cell: tuple[str, str]) -> None:
    runs = [small_training(cell) for _ in range(2)]
    for training in runs:
        torch.manual_seed(99)  # whatever was drawn before
        train(training)
    assert saved(runs[0]) == saved(runs[1])
    other = small_training(cell, RunSpec(**{**asdict(RUN), "seed": 2}))
    train(other)
    assert saved(other) != saved(runs[0])


def test_a_training_stopped_at_any_event_and_resumed_ends_in_the_same_bytes() -> None:
    """Amid epochs, at and behind evaluations, while patience runs out: every seventh event (of ten to an epoch)."""
    whole = small_training()
    events = train(whole)
    kinds = [type(event) for event in events]
    assert kinds.count(Evaluated) > 6 and isinstance(events[-1], Stopped)
    assert events[-1].why == "no new best in 3 evaluations", "patience is part of what is resumed"
    for moment in range(1, len(events), 1 if FULL else 7):
        stopped = small_training()
        for _ in islice(stopped.events(), moment):
            pass
        after = resumed(stopped)
        train(after)
        assert saved(after) == saved(whole), (moment, kinds[moment - 1])


@pytest.mark.parametrize("cell", CELLS, ids="-".join)
def test_a_resumed_training_can_be_resumed_again(cell: tuple[str, str]) -> None:
    whole = small_training(cell)
    count = len(train(whole))
    training = small_training(cell)
    for _ in range(count):
        for _ in islice(training.events(), 1 + count // 6):
            pass
        training = resumed(training, cell=cell)
        if training.progress.finished:
            break
    train(training)
    assert saved(training) == saved(whole)


def test_a_finished_training_has_nothing_left_to_do() -> None:
    training = small_training()
    train(training)
    before = saved(training)
    assert [type(event).__name__ for event in train(resumed(training))] == ["Started", "Stopped"]
    assert saved(training) == before


def test_a_state_without_its_moments_is_noticed() -> None:
    training = small_training()
    for _ in islice(training.events(), 5):
        pass
    state = training.state()
    for name in state:
        if not name.startswith("carried"):
            with pytest.raises(KeyError):
                small_training().restore({k: v for k, v in state.items() if k != name}, asdict(training.progress))


def test_the_state_is_carried_through_an_epoch_and_begins_anew_in_each() -> None:
    training = small_training()
    real, got, left = training.model.loss, list[Any](), list[Any]()

    def loss(batch: Any, state: Any = None, step: int = 0) -> Any:
        found = real(batch, state, step)
        if training.model.training:
            got.append(state)
            left.append(found[1])
        return found

    training.model.loss = loss
    train(training)
    for update, state in enumerate(got):
        if update % training.batches.updates_per_epoch == 0:
            assert state is None
        else:
            assert state is left[update - 1]


# -- what is measured, and what is kept -------------------------------------------------------------------------------


def test_perplexity_does_not_depend_on_how_a_text_is_batched() -> None:
    model, text = model_of(spec_of(layers=2)), chain(5000)
    alone, tokens = evaluate(model, Segments(text, rows=1))
    for rows in (2, 3, 64):
        nats, count = evaluate(model, Segments(text, rows=rows))
        assert count == tokens == 5000
        assert nats == pytest.approx(alone, rel=1e-6)


def test_what_is_measured_and_kept_is_the_running_mean_of_the_weights() -> None:
    training = small_training(run=replace(RUN, average=0.5, epochs=2))
    first = {name: p.detach().clone() for name, p in training.model.named_parameters()}
    mean, events = {name: p.double() for name, p in first.items()}, training.events()
    for event in events:
        if isinstance(event, Progressed):
            decay = min(0.5, event.progress.update / (9 + event.progress.update))
            for name, p in training.model.named_parameters():
                mean[name] = decay * mean[name] + (1 - decay) * p.detach()
    for name, array in training.weights().items():
        torch.testing.assert_close(torch.from_numpy(array).double(), mean[name], rtol=1e-5, atol=1e-6)
        assert not np.allclose(array, training.model.get_parameter(name).detach().numpy()), "a mean, not the last"
    figure = [event.nats for event in [training._evaluated(Clock(0.0))]]
    with torch.no_grad():
        for name, array in training.weights().items():
            training.model.get_parameter(name).copy_(torch.tensor(array))
    nats, count = evaluate(training.model, training.held_out)
    assert figure == [nats / count]


def test_early_stopping_keeps_what_was_best() -> None:
    training = small_training()
    kept: dict[int, dict[str, Any]] = {}
    figures: list[tuple[int, float, bool]] = []
    for event in training.events():
        if isinstance(event, Evaluated):
            figures.append((event.progress.update, event.nats, event.best))
            kept[event.progress.update] = {k: torch.from_numpy(w.copy()) for k, w in training.weights().items()}
    p = training.progress
    best = min(nats for _, nats, _ in figures)
    assert p.best_nats == best and (p.best_update, best, True) in figures
    assert [is_best for _, _, is_best in figures[-3:]] == [False] * 3 and p.bad_evaluations == 3
    model = small_training().model
    model.load_state_dict(kept[p.best_update])
    nats, tokens = evaluate(model, Segments(chain(150, seed=2)))
    assert nats / tokens == best


def test_an_evaluation_is_left_as_soon_as_somebody_asks() -> None:
    training = small_training()
    asked = iter([False, False, True])
    training.stop = lambda: next(asked)
    training.held_out = Segments(chain(5000), rows=1)
    with pytest.raises(InterruptedError):
        train(training)
    assert training.progress.evaluation_due and training.progress.best_nats is None
    training.stop = lambda: False
    assert isinstance(next(islice(training.events(), 1, None)), Evaluated), "it is made when the training goes on"


# -- divergence -------------------------------------------------------------------------------------------------------


def spoilt(training: Training, at: int, part: str, value: float) -> None:
    """Make one figure of one update, or of the evaluations from it on, no number."""
    real = training.model.loss

    def loss(batch: Any, state: Any = None, step: int = 0) -> tuple[Loss, Any]:
        found, state = real(batch, state, step)
        if training.model.training and step == at and part == "loss":
            found = found._replace(nats=torch.tensor(value))
        if training.model.training and step == at and part == "gradient":
            found = found._replace(objective=found.objective * value)
        if not training.model.training and part == "held-out" and training.progress.update >= at:
            found = found._replace(nats=torch.tensor(value))
        return found, state

    training.model.loss = loss


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("part", ["loss", "gradient"])
def test_an_update_whose_numbers_are_none_is_not_made(part: str, value: float) -> None:
    sound, training = small_training(), small_training()
    spoilt(training, 7, part, value)
    with pytest.raises(DivergedError, match=r"diverged at update 8 .*learning rate 0\.0.*lower --learning-rate"):
        train(training)
    for _ in islice((e for e in sound.events() if isinstance(e, Progressed)), 7):
        pass
    assert training.progress.update == 7
    assert pack(training.weights()) == pack(sound.weights()), "the weights are those of the last good update"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_held_out_text_that_costs_no_number_is_never_best(value: float) -> None:
    training = small_training()
    spoilt(training, 20, "held-out", value)
    with pytest.raises(DivergedError, match="held-out loss is no number"):
        train(training)
    assert training.progress.best_nats is not None and math.isfinite(training.progress.best_nats)
    assert training.progress.best_update < 20


@pytest.mark.parametrize("cell", CELLS, ids="-".join)
@pytest.mark.parametrize("rate", [1e3, 1e6])
def test_an_absurd_learning_rate_stops_and_keeps_the_first_weights(cell: tuple[str, str], rate: float) -> None:
    training = small_training(cell, RunSpec(**{**asdict(RUN), "learning_rate": rate}))
    kept: list[int] = []
    with pytest.raises(DivergedError, match="--learning-rate"):
        kept += [e.progress.update for e in training.events() if isinstance(e, Evaluated) and e.best]
    assert training.progress.best_update == 0


def test_held_out_text_that_never_gets_better_is_told() -> None:
    training = small_training(run=RunSpec(**{**asdict(RUN), "learning_rate": 1e-3}))
    training.held_out = Segments(np.full(50, 3, np.int32))  # nothing like the text
    ids = np.array([4, 5] * 200, np.int32)
    training.batches._ids = ids  # type: ignore[attr-defined]
    with pytest.raises(DivergedError, match=r"learns nothing.*text that is more like it"):
        train(training)


# -- the schedule -----------------------------------------------------------------------------------------------------


class Slow(Alone):
    """Another process far away, which has no row of its own to add."""

    count = 2

    def __init__(self, training: Training, seconds: float) -> None:
        super().__init__(training.updates.parameters)
        self.seconds, self.handed = seconds, list[int]()

    def divide(self, by: float) -> None:
        time.sleep(self.seconds)
        super().divide(by)

    def hand_out(self, batches: Sequence[Any], *told: Any) -> None:
        self.handed.append(len(batches))

    def parts(self) -> dict[int, Any]:
        return {}


@pytest.mark.parametrize(
    ("run", "seconds", "gathers"),
    [
        (RunSpec(minutes=60), 0.15, True),
        (RunSpec(minutes=60), 0.0, False),
        (RunSpec(minutes=4), 0.15, False),  # as many updates as it should have are more than that time allows
        (RunSpec(minutes=60, accumulate=1), 0.15, False),
        (RunSpec(minutes=60, epochs=100), 0.15, False),
    ],
)
def test_processes_that_wait_for_a_slow_network_learn_from_several_batches_in_an_update(
    run: RunSpec, seconds: float, gathers: bool
) -> None:
    training = small_training(run=replace(run, batch_size=4, unroll=6, threads=1), text=3000)
    slow = Slow(training, seconds)
    training.processes = training.updates.sharing = slow
    told = []
    for event in training.events():
        told += [event] if isinstance(event, Gathered) else []
        if isinstance(event, Progressed):
            break
    count = training.progress.batches
    assert (count > 1) == gathers == len(told)
    assert slow.handed[-1] == count <= training.batches.updates_per_epoch
    assert training.progress.tokens == count * 4 * 6 / 2, "the other process has half of the rows"
    for event in told:
        assert event.seconds > seconds > event.computing


def rates(events: list[Event]) -> list[float]:
    return [event.learning_rate for event in events if isinstance(event, Progressed)]


@pytest.mark.parametrize("epochs", [0.5, 1.0, 3.0])
def test_the_schedule_lands_on_the_epochs(epochs: float) -> None:
    training = small_training(run=RunSpec(**{**asdict(RUN), "epochs": epochs, "patience": 99}), text=2000)
    found = rates(train(training))
    highest = found.index(max(found))
    assert len(found) == training.progress.update == math.ceil(epochs * training.batches.updates_per_epoch)
    assert training.progress.finished == "the schedule is complete"
    assert 0.7 * RUN.learning_rate < max(found) <= RUN.learning_rate and found[0] < 0.2 * max(found)
    assert found[: highest + 1] == sorted(found[: highest + 1])
    assert found[highest:] == sorted(found[highest:], reverse=True)
    assert found[-1] == pytest.approx(FLOOR * RUN.learning_rate, rel=0.2)


def test_an_evaluation_falls_on_the_end_of_every_epoch() -> None:
    training = small_training(run=RunSpec(**{**asdict(RUN), "patience": 99}))
    at = [event.progress.update for event in training.events() if isinstance(event, Evaluated)]
    assert at[0] == 0 and len(at) == len(set(at)) == 21
    assert {training.batches.updates_per_epoch * epoch for epoch in range(1, 13)} <= set(at)
    assert at[-1] == training.progress.update
    few = small_training(run=RunSpec(**{**asdict(RUN), "epochs": 1, "patience": 99}), text=2000)
    assert sum(isinstance(event, Evaluated) for event in few.events()) == 11, "a curve needs more than its ends"


class Time:
    """Seconds that pass only when something is done."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self, before: float) -> Any:
        start = self.now - before

        class Started:
            def seconds(_) -> float:
                return self.now - start

        return Started()


class Costly:
    """The trainer's contract and nothing else: a model of one number whose updates and evaluations take time."""

    def __init__(self, time: Time, seconds: Iterator[float], evaluation: float) -> None:
        self.time, self.seconds, self.evaluation = time, seconds, evaluation
        self.updates_per_epoch = 10**6
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.cost = 5.0

    def to(self, device: torch.device) -> Costly:
        return self

    def batch(self, epoch: int, index: int) -> tuple[np.ndarray[Any, Any], ...]:
        self.time.now += next(self.seconds)
        return (np.zeros(1),)

    def __iter__(self) -> Iterator[Any]:
        self.time.now += self.evaluation
        self.cost *= 0.99
        yield Piece(np.zeros(1, np.int64), np.zeros(1, np.int64), first=True)

    def loss(self, batch: Any, state: Any = None, step: int = 0) -> tuple[Loss, Any]:
        objective = (self.weight - 1.0) ** 2
        return Loss(objective, torch.tensor(self.cost, dtype=torch.float64), 1), None

    def parameters(self) -> list[torch.nn.Parameter]:
        return [self.weight]

    def named_parameters(self) -> list[tuple[str, torch.nn.Parameter]]:
        return [("weight", self.weight)]

    def train(self, mode: bool = True) -> None:
        pass


def steady(seconds: float) -> Iterator[float]:
    while True:
        yield seconds


def slowing(seconds: float) -> Iterator[float]:
    yield from islice(steady(5 * seconds), 5)  # the first updates are slow
    yield from islice(steady(seconds), 400)
    yield from steady(2 * seconds)


def test_no_time_left_is_told_before_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Time()
    monkeypatch.setattr("seqcli.training.loop.Clock", time.clock)
    for epochs in (None, 1e6):
        costly = Costly(time, steady(0.5), 0.1)
        run = RunSpec(
            minutes=5.0, epochs=epochs, patience=99, threads=1
        )  # no trial of threads, whose turns a clock counts
        told = []
        for event in Training(costly, cast(Any, costly), costly, run).events():
            if isinstance(event, Progressed):
                told.append((event.progress.seconds, event.progress.seconds_left, event.progress.end))
        first = next(i for i, (_, left, _) in enumerate(told) if left is not None)
        assert 10 < first < 30 and all(end is None for _, _, end in told[: first - 1])
        for seconds, left, end in told[first:-1]:
            assert end is not None and end < 1000
            assert left is None or seconds + left == pytest.approx(300, rel=0.1)


def test_time_left_is_told_however_long_a_save_took() -> None:
    progress = Progress(planned_updates=10, calibrated=True)
    progress.advance(1.0, 1, seconds=1.0)
    before = progress.seconds_left
    progress.count_save(100.0)
    assert before == 9.0 and progress.seconds_left == before


@pytest.mark.parametrize("speed", [steady, slowing])
@pytest.mark.parametrize("evaluation", [0.1, 6.0])
def test_the_schedule_lands_on_the_minutes(speed: Any, evaluation: float, monkeypatch: pytest.MonkeyPatch) -> None:
    time = Time()
    monkeypatch.setattr("seqcli.training.loop.Clock", time.clock)
    costly = Costly(time, speed(0.5), evaluation)
    run = RunSpec(minutes=5.0, learning_rate=0.1, patience=99, threads=1)
    training = Training(costly, cast(Any, costly), costly, run)
    events = train(training)
    assert training.progress.seconds == pytest.approx(300, rel=0.02)
    found = rates(events)
    assert found[-1] < 0.02 * run.learning_rate, "the learning rate has come down by then"
    assert max(found) > 0.9 * run.learning_rate
    evaluations = [event for event in events if isinstance(event, Evaluated)]
    assert 4 <= len(evaluations) <= 12 and evaluations[-1].progress.update == training.progress.update
    shares = [abs(a - b) for a, b in pairwise(found)]
    assert max(shares[20:]) < 0.1 * run.learning_rate, "no jump where the plan is made anew"


def test_epochs_end_a_training_that_has_minutes_left(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Time()
    monkeypatch.setattr("seqcli.training.loop.Clock", time.clock)
    costly = Costly(time, steady(0.5), 0.1)
    costly.updates_per_epoch = 50
    training = Training(costly, cast(Any, costly), costly, RunSpec(minutes=60.0, epochs=2.0, patience=99, threads=1))
    assert rates(train(training))[-1] < 0.02 * RunSpec().learning_rate
    assert training.progress.update == 100


class Named(Costly):
    """A model whose loss names a part, and whose figure rises as it learns."""

    def loss(self, batch: Any, state: Any = None, step: int = 0) -> tuple[Loss, Any]:
        found, state = super().loss(batch, state, step)
        return found._replace(tokens=2, parts={"kl": 3.0}), state


def test_what_a_loss_names_reaches_the_events_and_a_task_says_which_figure_is_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    time = Time()
    monkeypatch.setattr("seqcli.training.loop.Clock", time.clock)
    model = Named(time, steady(0.1), 0.1)
    training = Training(model, model, model, RunSpec(epochs=1e-5, threads=1), better=lambda new, old: new > old)
    seen = list(training.events())
    evaluated = [event for event in seen if isinstance(event, Evaluated)]
    assert {event.parts["kl"] for event in evaluated} == {1.5}, "per token"
    assert next(event for event in seen if isinstance(event, Progressed)).parts == {"kl": 1.5}
    assert [event.best for event in evaluated] == [True, *[False] * (len(evaluated) - 1)], "its figure falls"
