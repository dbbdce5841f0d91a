"""The command `sample`."""

from __future__ import annotations

import itertools
from typing import Any

import click

from seqcli.cli.options import command, model_option, output_options, spec_options
from seqcli.cli.sentences.asked_sentences import asked_sentences
from seqcli.cli.session import Session
from seqcli.sentences.answer_settings import Drawing
from seqcli.settings import given, settings


@command(epilog="Examples: seqcli sample -n 5;  seqcli sample --like 'It is late.' --temperature 0.5 --jsonl")
@model_option
@spec_options(Drawing)
@output_options
@click.pass_obj
def sample(session: Session, /, model: str | None, **params: Any) -> None:
    """Draw sentences: a code from the prior, then words. A line each; unknown words are never drawn.

    --like draws codes that could be a sentence's. A sentence-lm draws its words without a code.
    """
    how = settings(Drawing(), given(Drawing, params))
    asked = asked_sentences(session, model)
    numbers = itertools.count(1)
    with session.terminal.results("sample", "sentence") as out:
        for some in asked.samples(how):
            if not session.terminal.output:
                session.terminal.texts(some)
                continue
            for text in some:
                out.add(next(numbers), text)
            out.flush()
