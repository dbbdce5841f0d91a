"""The command that measures dialogue models: evaluate-dialogue."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.options import asked_models, command, option, output_options, reading_options, spec_options
from seqcli.cli.outputs import check_picture
from seqcli.cli.session import Session
from seqcli.decoding.settings import Sampling
from seqcli.dialogue.answer_settings import Replying
from seqcli.dialogue.evaluation_settings import Measuring
from seqcli.errors import MisuseError
from seqcli.settings import given, settings
from seqcli.tasks import TASKS, resolved

if TYPE_CHECKING:
    from seqcli.dialogue.answers import DialogueModel
    from seqcli.dialogue.dialogues import Dialogue
    from seqcli.dialogue.evaluation import Figure

REFERENCES = "(references)"
OTHERS = tuple(f.name for f in fields(Replying) if f.name not in Sampling.__dataclass_fields__)  # not of drawing


@command(
    epilog="Examples: seqcli evaluate-dialogue --test valid.txt;  "
    "seqcli evaluate-dialogue one two --test valid.txt --context shuffled --json",
)
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@option("--test", multiple=True, required=True, metavar="FILE", help="The dialogues to measure on.")
@reading_options
@option("--replies", is_flag=True, help="Draw replies instead, and tell how different and how near they are.")
@option("--plot", metavar="FILE", help="Draw the figures of --by-turn: FILE.png or .svg.")
@option("--replace", is_flag=True, help="Replace a picture that is there.")
@option("--vectors", metavar="NAME", shell_complete=complete_model, help="Word vectors that compare replies, too.")
@spec_options(Measuring)
@spec_options(Replying, leave_out=OTHERS)
@output_options
@click.pass_obj
def evaluate_dialogue(
    session: Session,
    /,
    models: tuple[str, ...],
    test: tuple[str, ...],
    replies: bool,
    vectors: str | None,
    plot: str | None,
    replace: bool,
    **params: Any,
) -> None:
    """Measure dialogue models: the perplexity of every reply, and what it becomes behind another history.

    Row `all`: every utterance but the first, each predicted from those before it. The other rows are of the same
    replies, those with two utterances or more before them: in full context; with all utterances of the history in a
    random order; with the last utterance alone; with another dialogue's history before that. A model that hears what
    was said is worse in the last three. With --context and --json, one object.

    A model with a latent variable has no perplexity of its own: its figures are the bound, its KL and active units,
    and an importance-weighted estimate of the perplexity. --replies draws a reply to each utterance, --most at most,
    and tells distinct-1 and -2, the share of the ten commonest, their length, and BLEU against what was really said.
    """
    how, drawing = settings(Measuring(), given(Measuring, params)), given(Sampling, params)
    if plot is not None:
        how = dataclasses.replace(how, by_turn=True)
        check_picture(plot, replace)
    if (drawing or vectors) and not replies:
        raise MisuseError("Settings of drawing, and --vectors, belong to --replies; add it.")
    from seqcli.dialogue.answers import open_dialogue
    from seqcli.dialogue.evaluation import figures
    from seqcli.dialogue.reading import read_dialogues

    asked = [open_dialogue(session, name) for name in asked_models(models)]
    dialogues = read_dialogues(test, session.text_form)
    if replies:
        return _tell_replies(session, asked, dialogues, settings(Replying(seed=how.seed), drawing), how.most, vectors)
    found = [figure for one in asked for figure in figures(session, one, dialogues, how)]
    if plot is not None:
        _draw(plot, found)
    _tell(session, found, one_object=how.context is not None)


def _tell(session: Session, found: Sequence[Figure], one_object: bool) -> None:
    """Write the figures that some have; one_object: of one kind of history, the only ones as one object of --json."""
    from seqcli.dialogue.evaluation import columns

    names = columns(found)
    if session.terminal.output == "json" and one_object and len(found) == 1:
        session.terminal.document({name: getattr(found[0], name) for name in names})
        return
    with session.terminal.results(*names) as out:
        for figure in found:
            out.add(*(getattr(figure, name) for name in names))


def _tell_replies(
    session: Session,
    asked: Sequence[DialogueModel],
    dialogues: Sequence[Dialogue],
    wanted: Replying,
    most: int,
    vectors: str | None,
) -> None:
    """Write what the replies of each model are like, and first what was really said."""
    from seqcli.dialogue.evaluation import replies_to
    from seqcli.dialogue.reply_quality import Quality, quality
    from seqcli.text.tokens import tokens_of

    alike = _alike(session, vectors) if vectors else None
    with session.terminal.results(*Quality._fields) as out:
        for one in asked:
            found, references = replies_to(session, one, dialogues, wanted, most)
            split = functools.partial(tokens_of, one.tokenizer)
            if one is asked[0]:
                out.add(*quality(REFERENCES, references, None, split))
            out.add(*quality(one.name, found, references, split, alike))
            out.flush()


def _draw(path: str, found: Sequence[Figure]) -> None:
    """Draw the figures by turn: perplexities, or bounds where any model has a latent variable."""
    from seqcli.dialogue.evaluation import DEEPEST
    from seqcli.plots.by_turn import draw_by_turn

    turns = [one for one in found if one.turn is not None]
    bounded = any(one.bound_nats_per_token is not None for one in turns)
    drawn: dict[str, list[tuple[int, float]]] = {one.model: [] for one in turns}
    for one in turns:
        value = one.perplexity if not bounded else one.bound_nats_per_token or one.nats_per_token
        drawn[one.model].append((int(one.turn or 0), float(value or 0.0)))
    draw_by_turn(path, drawn, DEEPEST, "nats a token (with a latent variable: the bound)" if bounded else "perplexity")


def _alike(session: Session, name: str) -> Callable[[str, str], float | None]:
    """Return how alike two texts are by word vectors; None of one that has none."""
    words = resolved(TASKS["vectors"].load)(session, session.shelf.read(name, "vectors"))

    def alike(one: str, other: str) -> float | None:
        found = words.sentence_similarity(one, other)
        return None if math.isnan(found.similarity) else float(found.similarity)

    return alike
