"""The command that replies: reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.inputs import batches_of_texts, input_options, note_joined
from seqcli.cli.options import command, model_option, option, output_options, spec_options
from seqcli.cli.questions import add_empty, add_numbered, answer_each
from seqcli.cli.session import Session
from seqcli.dialogue.answer_settings import Replying
from seqcli.errors import MisuseError
from seqcli.settings import given, settings

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.dialogue.answers import DialogueModel, Reply

COLUMNS = {
    "best": ("context", "reply", "score", "log_probability"),
    "several": ("context", "rank", "reply", "score", "log_probability"),
}


@command(
    epilog="Examples: seqcli reply 'How are you?';  seqcli reply 'And you?' --history so-far.txt -n 5;  "
    "seqcli reply --interactive -m chat;  seqcli reply -f questions.txt --beam 10 --jsonl",
)
@click.argument("text", nargs=-1)
@model_option
@option(
    "--history", metavar="FILE", help="What was said before: a dialogue, in any form that is trained on; - for a pipe."
)
@spec_options(Replying)
@option("-i", "--interactive", is_flag=True, help="Chat on the terminal; Ctrl-D ends.")
@input_options
@output_options
@click.pass_obj
def reply(
    session: Session,
    /,
    text: tuple[str, ...],
    model: str | None,
    history: str | None,
    file: str | None,
    interactive: bool,
    **params: Any,
) -> None:
    """Reply to an utterance, or to each line of a file or pipe: one line out for one line in.

    All words are one utterance. What was said before it stands in --history; each line is replied to behind that alone.
    """
    how = settings(Replying(), given(Replying, params))
    if text and not "".join(text).strip():
        raise MisuseError("The text is empty; give some words, as in: seqcli reply 'How are you?'")
    if interactive:
        return _talk(session, model, history, how, asked=bool(text or file))
    note_joined(session, text)
    from seqcli.dialogue.answers import open_dialogue
    from seqcli.dialogue.reading import read_history

    said = read_history(history, session.text_form) if history is not None else None
    plain = how.n is None and not session.terminal.output

    def add(out: Results, asked: DialogueModel, lines: Sequence[str], first: int) -> None:
        for number, line in enumerate(lines, first):
            found = asked.replies(_behind(said, line), how, (number,)) if line.strip() else []
            if plain:
                session.terminal.texts([found[0] if found else ""])
            else:
                _add(out, line, found, how.n is not None)

    kind = "several" if how.n is not None else "best"
    answer_each(session, COLUMNS[kind], batches_of_texts(text, file), lambda: open_dialogue(session, model), add)


def _talk(session: Session, model: str | None, history: str | None, how: Replying, asked: bool) -> None:
    from seqcli.cli.dialogue.chat import talk

    if asked or how.n is not None:
        raise MisuseError("--interactive reads what is typed, and replies once; leave out the text, --file and -n.")
    from seqcli.dialogue.reading import read_history

    talk(session, model, how, read_history(history, session.text_form).utterances if history is not None else ())


def _behind(said: Any, line: str) -> Any:
    """Return a dialogue with one more utterance, of the one whose turn it is."""
    from seqcli.dialogue.dialogues import Dialogue

    return Dialogue((line,)) if said is None else said.with_next(line)


def _add(out: Results, line: str, found: list[Reply], several: bool) -> None:
    if several:
        add_numbered(out, line, [(str(one), one.score, one.log_probability) for one in found])
    elif found:
        out.add(line, str(found[0]), found[0].score, found[0].log_probability)
    else:
        add_empty(out, line)
