"""What a training of a language model would be, before anything of it runs: size, speed, memory, disk."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seqcli.language.arrays import language_table
from seqcli.language.fit_to_time import UPDATES, fitted, operations_a_second, seconds_of_updates
from seqcli.language.recipes import RECIPES, cost
from seqcli.language.training import plan_of
from seqcli.training.memory import most_held, parameters_of
from seqcli.training.plan import Plan
from seqcli.training.precision import with_precision
from seqcli.training.progress import LEAST_SHARE, Progress

if TYPE_CHECKING:
    from seqcli.language.batches import Blocks
    from seqcli.language.forecast_settings import ForecastSpec
    from seqcli.language.settings import LanguageSpec
    from seqcli.session import Session
    from seqcli.text.text_sample import TextSample
    from seqcli.training.settings import RunSpec

WEIGHT_BYTES = 4  # float32
TOKEN_BYTES = 8  # of a token in the file of a vocabulary
PACKED = 4  # numbers for each weight that a save packs before it writes them: those kept, and the state
FREED = 250_000_000  # bytes that evaluations leave with a training in pieces: 200 to 350 MB were seen
TIMED_SHARE, TIMED_MOST = 0.01, 5.0  # of the minutes, and seconds at most, in which updates are timed
STATE = 3  # numbers for each weight that a training goes on from
SAVES = 2  # of a model on the disk, while one takes the place of the other


@dataclass(frozen=True)
class Forecast:
    """A training of some minutes on so many machines."""

    spec: LanguageSpec
    batch_size: int  # of all machines together
    parameters: int
    tokens_per_second: float  # of all machines together
    training_seconds: float  # of the minutes, those left for updates
    evaluation_seconds: float  # of the held-out text, once
    epoch_seconds: float
    waiting: float  # for gradients of other machines: the share of an update
    memory_bytes: int  # of the machine that reads the text
    model_bytes: int  # on the disk, when it is done
    disk_bytes: int  # while it is made, the text's ids included

    @property
    def epochs(self) -> float:
        """How often the text is read in the minutes."""
        return self.training_seconds / self.epoch_seconds


def forecast(session: Session, text: TextSample, asked: ForecastSpec) -> Forecast:
    """Return what a training would be; some updates of the model are timed here.

    Every machine takes as many rows of a batch as one alone would. Raises SeqcliError where memory does not suffice.
    """
    plan = plan_of(session, None, None, None, {"recipe": recipe_of(asked.minutes), "minutes": asked.minutes})
    plan = replace(plan, run=with_precision(session, plan.run))
    alone, known = plan.run, text.vocabulary
    shared = replace(plan, run=replace(alone, batch_size=alone.batch_size * asked.nodes))
    spec = _spec(shared, alone, text, asked)
    count = parameters_of(language_table(spec, known))
    own, measuring = _seconds(spec, alone, text, min(TIMED_SHARE * 60 * asked.minutes, TIMED_MOST))
    own *= cost(spec, known, shared.run) / cost(spec, known, alone)  # the output layer scores the words of all rows
    travel = travel_seconds(count, asked)
    rate = shared.run.batch_size * shared.run.unroll / max(own, travel)
    before = text.reading_seconds + text.counting_seconds + text.encoding_seconds
    left = max(60 * asked.minutes - before, LEAST_SHARE * 60 * asked.minutes)
    times = Progress(evaluation_seconds=measuring, allowed_seconds=left)
    times.plan_first(alone, 1)
    model = WEIGHT_BYTES * count + TOKEN_BYTES * known
    return Forecast(
        spec=spec,
        batch_size=shared.run.batch_size,
        parameters=count,
        tokens_per_second=rate,
        training_seconds=max(left - (1 + times.planned_evaluations) * measuring, 0.0),
        evaluation_seconds=measuring,
        epoch_seconds=max(text.training_tokens, 1) / rate,
        waiting=_waiting(own, travel),
        memory_bytes=_memory(text, count),
        model_bytes=model,
        disk_bytes=text.ids_bytes + SAVES * (model + WEIGHT_BYTES * STATE * count),
    )


def _spec(plan: Plan, alone: RunSpec, text: TextSample, asked: ForecastSpec) -> LanguageSpec:
    """Return the model that the minutes can train; plan: of all machines, alone: one machine's share of its run."""
    tokens, known = max(text.training_tokens, 1), text.vocabulary
    speed = asked.nodes * operations_a_second(plan.spec, known, alone)
    spec = fitted(plan, known, tokens, speed, {}).spec
    if asked.nodes == 1:
        return spec
    own = cost(spec, known, plan.run) * plan.run.batch_size * plan.run.unroll / speed
    waiting = _waiting(own, travel_seconds(parameters_of(language_table(spec, known)), asked))
    return fitted(plan, known, tokens, speed * (1 - waiting), {}).spec


def _seconds(spec: LanguageSpec, run: RunSpec, text: TextSample, timed: float) -> tuple[float, float]:
    """Return what an update of a model takes, and an evaluation of the held-out text; both are done here.

    timed: seconds of updates, in the mean of which other programs count as they will in a training.
    """
    from seqcli.language.batches import SEGMENT, STEPS, WARM_UP, Blocks, Segments
    from seqcli.language.model import LanguageModel
    from seqcli.training.loop import evaluate, keep_freed_memory
    from seqcli.training.updates import Updates, Work

    blocks = Blocks(text.ids, run.batch_size, run.unroll, run.seed)
    update = statistics.mean(seconds_of_updates(spec, text.vocabulary, run, _batches(blocks, timed)))
    pieces = list(Segments(text.ids))
    full = SEGMENT // STEPS + WARM_UP // STEPS  # the first piece, of many rows, whose tokens are predicted
    piece = pieces[min(full, len(pieces) - 1)]
    keep_freed_memory()  # as a training does: that is part of the memory that it takes
    updates = Updates(LanguageModel(spec, text.vocabulary), run)
    updates.gradient([Work([blocks.batch(0, 0)], True)], [None], 0)
    updates.step(run.learning_rate, 0)
    began = time.perf_counter()
    evaluate(updates.model, [piece])
    tokens = max(int((piece.batch[1] >= 0).sum()), 1)
    read = 1 + WARM_UP / SEGMENT  # tokens are read before the first one of a segment is predicted
    return update, (time.perf_counter() - began) * read * text.held_out_tokens / tokens


def _batches(blocks: Blocks, seconds: float) -> Iterator[Any]:
    """Yield batches for so many seconds, some at least; the first one, which threads are chosen by, does not count."""
    yield blocks.batch(0, 0)
    until, index = time.perf_counter() + seconds, 1
    while index <= UPDATES or time.perf_counter() < until:
        yield blocks.batch(0, index % blocks.updates_per_epoch)
        index += 1


def recipe_of(minutes: float) -> str:
    """Return the recipe whose usual minutes are nearest."""
    usual: dict[str, Any] = {name: recipe.settings["minutes"] for name, recipe in RECIPES.items()}
    return min(usual, key=lambda name: abs(math.log(minutes / usual[name])))


def travel_seconds(parameters: int, asked: ForecastSpec) -> float:
    """Return how long the gradients of an update travel: in a ring, each machine sends and gets nearly all twice."""
    return 2 * (asked.nodes - 1) / asked.nodes * 8 * WEIGHT_BYTES * parameters / (asked.network * 1e9)


def _waiting(own: float, travel: float) -> float:
    """Return the share of an update in which machines only wait: gradients travel while others are computed."""
    return max(travel - own, 0.0) / max(own, travel)


def _memory(text: TextSample, parameters: int) -> int:
    """Return the bytes that this process has held while it measured, and what the training adds to them."""
    share = text.sample_bytes / max(text.bytes, 1)
    return most_held() + FREED + int(text.tables_bytes * (1 - share)) + WEIGHT_BYTES * PACKED * parameters
