"""`seqcli lab`: the experiments with recurrent networks made by hand, each a command, and the list of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.help_page import Group
from seqcli.cli.lab.show import language_option, picture_options, prepared, show, teller
from seqcli.cli.options import CONTEXT, command, option, output_options, spec_options
from seqcli.cli.session import Session
from seqcli.errors import MisuseError
from seqcli.lab import EXPERIMENTS
from seqcli.lab.settings import Addition, Bptt, Check, Gates, GradientFlow, Memory, Overfit, Word2Vec
from seqcli.settings import given
from seqcli.settings import settings as settings_of

if TYPE_CHECKING:
    from seqcli.lab.report import Report

text_option = option("--text", metavar="FILE", help="Your own text.  [default: a tale that comes with the lab]")
trained_option = option(
    "-m", "--model", metavar="NAME", shell_complete=complete_model, help="Look into this model of the shelf instead."
)


@click.group(cls=Group, context_settings=CONTEXT)
def lab() -> None:
    """See how recurrent networks learn, and fail: small experiments by hand, in numpy, each under a minute.

    What they compute stands in seqcli/lab/cells.py, to be read beside the papers.
    """


def _experiment(cls: type, epilog: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Make an experiment of a function: options from its settings, -h, --lang, --save, --json."""

    def add(function: Callable[..., Any]) -> click.Command:
        for decorate in (click.pass_obj, output_options, picture_options, language_option, spec_options(cls)):
            function = decorate(function)
        made = command(epilog=f"Example: {epilog}")(function)
        lab.add_command(made)
        return made

    return add


def _run(
    session: Session, cls: type, params: dict[str, Any], experiment: Callable[[Any, Callable[..., None]], Report]
) -> None:
    """Run an experiment with the settings given, show what it found, and say how long it took."""
    s = settings_of(cls(), given(cls, params))
    asked = prepared(session, params)
    import numpy as np

    start = time.perf_counter()
    with np.errstate(all="ignore"):  # an experiment says itself what overflowed
        report = experiment(s, teller(session.terminal, asked.language))
    seconds = time.perf_counter() - start
    show(session.terminal, report, asked)
    session.note(f"({seconds:.1f} s)")


@command(name="list", epilog="Example: seqcli lab list --lang ja")
@language_option
@output_options
@click.pass_obj
def list_experiments(session: Session, /, lang: str) -> None:
    """List the experiments: what each shows, its seconds, and the section of the field it belongs to."""
    from seqcli.lab.japanese import speaker

    say = speaker(lang)
    with session.terminal.results("experiment", "shows", "seconds", "section") as out:
        for name, experiment in EXPERIMENTS.items():
            out.add(name, say(experiment.shows), experiment.seconds, say(experiment.section))


lab.add_command(list_experiments)


@_experiment(Check, "seqcli lab check --save check.png")
def check(session: Session, /, **params: Any) -> None:
    """Compare every gradient made by hand with torch's and with finite differences, in float64."""

    def experiment(s: Check, tell: Callable[..., None]) -> Report:
        from seqcli.lab import check
        from seqcli.lab.torch_gradients import torch_gradients

        return check.run(s, torch_gradients)

    _run(session, Check, params, experiment)


@_experiment(Addition, "seqcli lab addition --activation relu --init normal")
def addition(session: Session, /, **params: Any) -> None:
    """Learn binary addition, bit by bit, with the carry in the state; watch a gradient explode.

    A ReLU with --init normal explodes; --init orthogonal --clip 1 cures it. --grid shows all pairs.
    """

    def experiment(s: Addition, tell: Callable[..., None]) -> Report:
        from seqcli.lab import addition

        return addition.run(s, tell)

    _run(session, Addition, params, experiment)


@_experiment(GradientFlow, "seqcli lab gradients --text book.txt --radii 0.9,1.1")
@text_option
@trained_option
def gradients(session: Session, /, text: str | None, model: str | None, **params: Any) -> None:
    """Follow a gradient back through time in an RNN, LSTM and GRU, beside its upper bound.

    With -m, through the first layer of a trained model.
    """

    def experiment(s: GradientFlow, tell: Callable[..., None]) -> Report:
        from seqcli.lab import gradients
        from seqcli.lab.trained_cells import flow_of, text_of

        read = text_of(text, params["lang"])
        return gradients.run(s, read, flow_of(session, model, read, s.steps) if model else None, tell)

    _run(session, GradientFlow, params, experiment)


@_experiment(Gates, "seqcli lab gates 'It was a dark night.' --text book.txt")
@click.argument("sentence", nargs=-1)
@text_option
@trained_option
def gates(session: Session, /, sentence: tuple[str, ...], text: str | None, model: str | None, **params: Any) -> None:
    """Show which gate opens at which character of a sentence, and what an LSTM and a GRU cost.

    With -m, the gates of a trained model's first layer, at the model's own tokens.
    """

    def experiment(s: Gates, tell: Callable[..., None]) -> Report:
        from seqcli.lab import gates
        from seqcli.lab.texts import SENTENCES
        from seqcli.lab.trained_cells import gates_of, text_of

        words = " ".join(sentence) or SENTENCES[params["lang"]]
        if not words.strip():
            raise MisuseError("The sentence is empty; give some words, or none for the lab's own.")
        loaded = gates_of(session, model, words) if model else None
        return gates.run(s, text_of(text, params["lang"]), words, loaded, tell)

    _run(session, Gates, params, experiment)


@_experiment(Memory, "seqcli lab memory --save memory.png")
def memory(session: Session, /, **params: Any) -> None:
    """Find where each cell stops remembering, and whether attention removes the need for a larger state."""

    def experiment(s: Memory, tell: Callable[..., None]) -> Report:
        from seqcli.lab import memory

        return memory.run(s, tell)

    _run(session, Memory, params, experiment)


@_experiment(Overfit, "seqcli lab overfit --text book.txt --dropout 0.3")
@text_option
def overfit(session: Session, /, text: str | None, **params: Any) -> None:
    """Let a GRU learn a small text by heart, and try early stopping, dropout, a smaller state, more text."""

    def experiment(s: Overfit, tell: Callable[..., None]) -> Report:
        from seqcli.lab import overfit
        from seqcli.lab.trained_cells import text_of

        return overfit.run(s, text_of(text, params["lang"]), tell)

    _run(session, Overfit, params, experiment)


@_experiment(Word2Vec, "seqcli lab word2vec --dimension 2 --save words.png")
def word2vec(session: Session, /, **params: Any) -> None:
    """Watch the vectors of a 30-word world move, from one-hot to dense; see what a dimension costs."""

    def experiment(s: Word2Vec, tell: Callable[..., None]) -> Report:
        from seqcli.lab import word2vec

        return word2vec.run(s, params["lang"], tell)

    _run(session, Word2Vec, params, experiment)


@_experiment(Bptt, "seqcli lab bptt 'some of them were old'  --words 4")
@click.argument("words_read", metavar="[TEXT]...", nargs=-1)
@text_option
def bptt(session: Session, /, words_read: tuple[str, ...], text: str | None, **params: Any) -> None:
    """Show one step of truncated back-propagation through time on five words, every number of it."""

    def experiment(s: Bptt, tell: Callable[..., None]) -> Report:
        from seqcli.lab import bptt
        from seqcli.lab.trained_cells import words_of

        return bptt.run(s, words_of(" ".join(words_read), text, params["lang"]))

    _run(session, Bptt, params, experiment)
