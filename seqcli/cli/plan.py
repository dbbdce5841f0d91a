"""The command that says what a training would take, before anything runs: plan."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.completion import complete_file
from seqcli.cli.options import command, option, reading_options, spec_options
from seqcli.cli.session import Session
from seqcli.language.forecast_settings import ForecastSpec
from seqcli.quantities import duration, size
from seqcli.settings import given, settings
from seqcli.text.settings import TextSpec
from seqcli.training.source import tokenizer_note

if TYPE_CHECKING:
    from seqcli.language.forecast import Forecast
    from seqcli.text.text_sample import TextSample

LITTLE = 0.1  # of a text, that a training reads: most of it was counted in vain
Free = dict[str, int | None]  # bytes
MANY = 10  # epochs that are told as a whole number


@command(
    epilog="Examples: seqcli plan book.txt --minutes 20;  seqcli plan texts/ --minutes 600 --nodes 8 --json",
)
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...", shell_complete=complete_file)
@spec_options(ForecastSpec)
@reading_options
@spec_options(TextSpec)
@option("--json", "as_json", is_flag=True, help="Print one JSON object.", panel="Output")
@click.pass_obj
def plan(session: Session, /, texts: tuple[str, ...], as_json: bool, **params: Any) -> None:
    """Say what it takes to train a language model on a text: time, size of the model, memory, disk.

    Up to 64 MB of the text are read, and some updates timed; a long text is estimated from that. The model is the one
    that train-lm would choose here, with the recipe for such minutes. Nothing is kept.
    """
    asked = settings(ForecastSpec(), given(ForecastSpec, params))
    text_spec = settings(TextSpec(), given(TextSpec, params))
    from seqcli.language.forecast import forecast, recipe_of
    from seqcli.text.text_sample import SAMPLE_BYTES, sample

    folder = os.curdir if os.access(os.curdir, os.W_OK) else None
    with session.bar(SAMPLE_BYTES, "measuring") as bar:
        text = sample(texts, session.text_form, text_spec, bar.to, folder=folder)
    if text.why:
        session.note(tokenizer_note(text.text.tokenizer, text.why))
    session.note("Timing some updates.")
    found = forecast(session, text, asked)
    free = _free(session)
    for line in _problems(found, free):
        session.note(f"Warning: {line}")
    if as_json or not session.terminal.table:
        figures = _figures(text, asked, found, free)
        if as_json:
            session.terminal.document(figures)
        else:
            session.terminal.facts(figures.items(), "figure", "value")
    else:
        session.terminal.facts(_in_words(texts, text, asked, found, free))
    session.note("Train it:", ("seqcli", "train-lm", *texts, *_options(recipe_of(asked.minutes), asked, found)))


def _options(recipe: str, asked: ForecastSpec, found: Forecast) -> list[str]:
    """Return what makes a training the one that was planned: left to itself, it would time updates of its own."""
    sizes = ["--hidden-size", str(found.spec.hidden_size), "--embedding-size", str(found.spec.embedding_size)]
    words = ["--recipe", recipe, "--minutes", f"{asked.minutes:g}", *sizes]
    return words if asked.nodes == 1 else [*words, "--batch-size", str(found.batch_size)]


def _figures(text: TextSample, asked: ForecastSpec, found: Forecast, free: Free) -> dict[str, Any]:
    """Return what --json and a pipe tell: seconds, bytes, counts."""
    spec = found.spec
    return {
        "files": text.files,
        "file_bytes": text.file_bytes,
        "bytes": text.bytes,
        "sample_bytes": text.sample_bytes,
        "tokenizer": text.text.tokenizer,
        "types": text.types,
        "vocabulary": text.vocabulary,
        "training_tokens": text.training_tokens,
        "held_out_tokens": text.held_out_tokens,
        "reading_seconds": text.reading_seconds,
        "counting_seconds": text.counting_seconds,
        "encoding_seconds": text.encoding_seconds,
        **asdict(asked),
        "recipe": spec.recipe,
        "architecture": spec.architecture,
        "hidden_size": spec.hidden_size,
        "embedding_size": spec.embedding_size,
        "parameters": found.parameters,
        "batch_size": found.batch_size,
        "tokens_per_second": found.tokens_per_second,
        "evaluation_seconds": found.evaluation_seconds,
        "training_seconds": found.training_seconds,
        "epoch_seconds": found.epoch_seconds,
        "epochs": found.epochs,
        "waiting": found.waiting,
        "memory_bytes": found.memory_bytes,
        "disk_bytes": found.disk_bytes,
        "model_bytes": found.model_bytes,
        **{f"free_{name}": count for name, count in free.items()},
    }


def _free(session: Session) -> Free:
    """Return the bytes that are free: of memory, and of the disk where models go."""
    from seqcli import machine
    from seqcli.training.memory import available

    return {"memory": available(), "disk": machine.free_space(session.shelf.root)}


def _in_words(
    texts: tuple[str, ...], text: TextSample, asked: ForecastSpec, found: Forecast, free: Free
) -> Iterator[tuple[str, str]]:
    """Yield what a person reads."""
    spec, about = found.spec, "" if text.whole else "about "
    name = texts[0] if len(texts) == 1 else f"{len(texts):,} texts"
    read = "all of it read" if text.whole else f"{size(text.sample_bytes)} of it read, the rest estimated"
    packed = f", {about}{size(text.bytes)} unpacked" if text.bytes > text.file_bytes else ""
    yield "text", f"{name}: {text.files:,} files, {size(text.file_bytes)}{packed}; {read}"
    yield "tokens", f"{about}{text.training_tokens:,} to learn from, {about}{text.types:,} different"
    yield "vocabulary", f"{about}{text.vocabulary:,} tokens, cut by --tokenizer {text.text.tokenizer}"
    stages = text.reading_seconds, text.counting_seconds, text.encoding_seconds
    times = "{} to read, {} to count, {} to encode".format(*map(duration, stages))
    yield "before training", f"{times}{', on one machine' if asked.nodes > 1 else ''}"
    sizes = f"--hidden-size {spec.hidden_size} --embedding-size {spec.embedding_size}"
    made = f"{spec.architecture} of recipe {spec.recipe}, {sizes}: {found.parameters:,} parameters"
    yield "model", f"{made}, as many as {asked.minutes:g} minutes can train"
    shared = f" on {asked.nodes} machines, --batch-size {found.batch_size}" if asked.nodes > 1 else ""
    speed = f"{found.tokens_per_second:,.0f} tokens/s{shared}"
    times = f"{found.epochs:,.0f}" if found.epochs >= MANY else f"{found.epochs:.2f}"
    yield "an epoch", f"{duration(found.epoch_seconds)} at {speed}; {times} of them in the time"
    measured = f"{text.held_out_tokens:,} tokens are held out; to measure by them takes"
    yield "evaluation", f"{measured} {duration(found.evaluation_seconds)}"
    if asked.nodes > 1:
        said = f"{found.waiting:.0%} of the time is spent on waiting for gradients"
        yield "network", f"at {asked.network:g} Gbit/s, as told and not measured, {said}"
    yield "memory", f"{size(found.memory_bytes)}{_of(free['memory'])}"
    yield "disk", f"{size(found.disk_bytes)} while it trains{_of(free['disk'])}; the model is {size(found.model_bytes)}"


def _of(free: int | None) -> str:
    return "" if free is None else f", {size(free)} free"


def _problems(found: Forecast, free: Free) -> Iterator[str]:
    """Yield what would go wrong, and what to do."""
    memory, disk = found.memory_bytes, found.disk_bytes
    if free["memory"] is not None and memory > free["memory"]:
        yield f"{size(memory)} of memory are needed{_of(free['memory'])}; give fewer --minutes, or a larger machine."
    if free["disk"] is not None and disk > free["disk"]:
        yield f"{size(disk)} of disk are needed{_of(free['disk'])}; make room, or name another --models-dir."
    if found.epochs < LITTLE:
        yield f"The time is for {found.epochs:.1%} of the text: give less of it, or more --minutes."
