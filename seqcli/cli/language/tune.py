"""The command that searches for the settings of a language model: tune."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.completion import complete_file
from seqcli.cli.options import Number, command, option, output_options, reading_options, spec_options
from seqcli.cli.session import Session
from seqcli.errors import DivergedError, MisuseError
from seqcli.language.figures import perplexity_text
from seqcli.language.settings import LanguageSpec
from seqcli.quantities import duration
from seqcli.settings import given, to_dict, typed
from seqcli.text.settings import TextSpec
from seqcli.training.plan import Plan, make_plan
from seqcli.training.precision import with_precision
from seqcli.training.settings import RunSpec
from seqcli.training.source import Source, name_of, read_corpus

if TYPE_CHECKING:
    from seqcli.language.tuning.halving import Trial
    from seqcli.language.tuning.journal import Journal

TRIALS = {
    60.0: 27,
    6.0: 9,
    2.0: 4,
}  # from so many minutes on: the last of them take a minute or more, as less tells little
SHORT = 5.0  # minutes of the longest trial below which a note says what it is worth


@command(epilog="Example: seqcli tune book.txt --minutes 30")
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...", shell_complete=complete_file)
@option("--minutes", type=Number(float), required=True, metavar="X", help="Minutes of trainings, all together.")
@option(
    "--trials", type=Number(int), metavar="N", help="Settings to try.  [default: 4; 9 from 6 minutes on, 27 from 60]"
)
@option("--name", metavar="NAME", help="Name of the search.  [default: the file's]")
@option("--valid", multiple=True, metavar="FILE", help="Held-out text, instead of a part cut from the text.")
@reading_options
@option("--resume", is_flag=True, help="Go on with a search that was interrupted, or show what it found.")
@option("--replace", is_flag=True, help="Begin a search of this name anew.")
@spec_options(TextSpec)
@spec_options(LanguageSpec, leave_out=("recipe",))
@spec_options(RunSpec, leave_out=("epochs", "minutes"))
@output_options
@click.pass_obj
def tune(
    session: Session,
    /,
    texts: tuple[str, ...],
    minutes: float,
    trials: int | None,
    name: str | None,
    valid: tuple[str, ...],
    resume: bool,
    replace: bool,
    **params: Any,
) -> None:
    """Search for the settings that suit a text: many short trainings, the best third of them longer, and so on.

    A setting that is given stays as it is. No model is left behind: the last line says how to train the best. Trials
    stand in NAME.tune.jsonl beside the models. What is best after a few minutes is smaller than what is best after an
    hour, so let the search take some times the minutes that the training will have.
    """
    trials = _check(minutes, trials, resume and replace)
    from seqcli.language.tuning.halving import rounds
    from seqcli.language.tuning.journal import Journal
    from seqcli.language.tuning.search import Search

    source, name = Source(texts, valid, session.text_form), name or name_of(texts, "lm")
    architecture = params["architecture"] or "lstm"
    plan = make_plan(session, None, None, {**params, "recipe": None}, architecture, {"minutes": minutes})
    with Journal(session, name, resume, replace) as journal:
        corpus = read_corpus(session, source, plan.text, None)
        plan = Plan(corpus.text, plan.spec, _with_precision(session, plan.run, journal))
        fixed = {*given(LanguageSpec, params), *given(RunSpec, params)} - {"threads"}
        sums = {"sha256": corpus.train.sha256, "held_out_sha256": corpus.held_out.sha256}
        asked = {"minutes": minutes, "trials": trials, "fixed": sorted(fixed)}
        parts = {key: to_dict(part) for key, part in vars(plan).items()}
        del parts["run"]["threads"]  # a search may go on with others
        journal.begin({**sums, **asked, **parts})
        _note_short(session, rounds(minutes, trials)[-1].minutes, minutes)
        found = Search(session, plan, corpus, journal).run(minutes, trials, fixed)
    _report(session, found)
    best = found[0]
    if best.nats_per_token is None:
        raise DivergedError("No trial learned anything; give a lower --learning-rate, or more --minutes.")
    session.note(
        f"Best: {perplexity_text(best.nats_per_token)} in {duration(60 * best.minutes)}. Train it:",
        _train_line(source, params, best),
    )


def _with_precision(session: Session, run: RunSpec, journal: Journal) -> RunSpec:
    """Return the settings of trials, in the precision that is quicker here; a search that goes on keeps its own."""
    if journal.header is None:
        new: RunSpec = with_precision(session, run)
        return new
    began = journal.header.get("run")
    return run if run.precision or not isinstance(began, dict) else replace(run, precision=began.get("precision"))


def _check(minutes: float, trials: int | None, both: bool) -> int:
    """Return how many settings to try. Raises MisuseError for what no search can be."""
    if not 0 < minutes <= 1e5:
        raise MisuseError(f"--minutes is {minutes:g}; give a number above 0, at most 100000.")
    if trials is None and minutes < min(TRIALS):
        raise MisuseError(
            f"--minutes is {minutes:g}, and trials of seconds say nothing about a training of minutes; give "
            f"{min(TRIALS):g} at least, or --trials."
        )
    trials = next(count for least, count in TRIALS.items() if minutes >= least) if trials is None else trials
    if not 2 <= trials <= 1000:
        raise MisuseError(f"--trials is {trials}; give a number from 2 to 1,000.")
    if both:
        raise MisuseError("Give --resume or --replace, not both.")
    return trials


def _note_short(session: Session, longest: float, minutes: float) -> None:
    """Say what a search is worth whose longest trial takes so few minutes."""
    if longest < SHORT:
        session.note(
            f"Note: the longest trial takes {duration(60 * longest)}, and what is best after that is too small for a "
            f"longer training; settings for {SHORT:g} minutes take --minutes {math.ceil(minutes * SHORT / longest)}."
        )


def _train_line(source: Source, params: dict[str, Any], best: Trial) -> list[str]:
    """Return the words of the command that trains a model with the settings of a trial, for as long."""
    words = ["seqcli", "train-lm", *source.texts, *(word for path in source.valid for word in ("--valid", path))]
    words += source.form.options()
    kept = {**given(TextSpec, params), **given(LanguageSpec, params), **given(RunSpec, params), **best.settings}
    words += [word for key, value in kept.items() for word in typed(key, value)]
    return [*words, "--minutes", f"{best.minutes:.3g}"]


def _report(session: Session, found: list[Trial]) -> None:
    """Print the last trial of each settings, the best first."""
    names = list(found[0].settings)
    with session.terminal.results("rank", "minutes", "nats_per_token", "perplexity", *names) as out:
        for rank, trial in enumerate(found, 1):
            nats = trial.nats_per_token
            perplexity = None if nats is None else math.exp(min(nats, 700.0))
            out.add(rank, trial.minutes, nats, perplexity, *(trial.settings[name] for name in names))
