"""The command that measures dialogue models: evaluate-dialogue."""

from __future__ import annotations

from typing import Any

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.options import asked_models, command, option, output_options, reading_options, spec_options
from seqcli.cli.session import Session
from seqcli.dialogue.evaluation_settings import Measuring
from seqcli.settings import given, settings


@command(
    epilog="Examples: seqcli evaluate-dialogue --test valid.txt;  "
    "seqcli evaluate-dialogue one two --test valid.txt --context shuffled --json",
)
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@option("--test", multiple=True, required=True, metavar="FILE", help="The dialogues to measure on.")
@reading_options
@spec_options(Measuring)
@output_options
@click.pass_obj
def evaluate_dialogue(session: Session, /, models: tuple[str, ...], test: tuple[str, ...], **params: Any) -> None:
    """Measure dialogue models: the perplexity of every reply, and what it becomes behind another history.

    Row `all`: every utterance but the first, each predicted from those before it. The other rows are of the same
    replies, those with two utterances or more before them: in full context; with all utterances of the history in a
    random order; with the last utterance alone; with another dialogue's history before that. A model that hears what
    was said is worse in the last three. With --context and --json, one object.

    A model with a latent variable has no perplexity of its own: its figures are the bound, its KL and active units,
    and an importance-weighted estimate of the perplexity.
    """
    how = settings(Measuring(), given(Measuring, params))
    from seqcli.dialogue.answers import open_dialogue
    from seqcli.dialogue.evaluation import columns, figures
    from seqcli.dialogue.reading import read_dialogues

    asked = [open_dialogue(session, name) for name in asked_models(models)]
    dialogues = read_dialogues(test, session.text_form)
    found = [figure for one in asked for figure in figures(session, one, dialogues, how)]
    if session.terminal.output == "json" and how.context is not None and len(found) == 1:
        session.terminal.document({name: getattr(found[0], name) for name in columns(found)})
        return
    names = columns(found)
    with session.terminal.results(*names) as out:
        for figure in found:
            out.add(*(getattr(figure, name) for name in names))
