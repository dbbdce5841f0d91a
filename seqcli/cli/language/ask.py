"""The command that asks a language model for the next word: predict-word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.inputs import batches_of_texts, input_options, note_joined
from seqcli.cli.language.interactive import type_with
from seqcli.cli.options import Number, command, mixing_options, model_option, option, output_options
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, quoted
from seqcli.language.asked import Asked, open_language_model

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results

COMMON = 10_000  # answers at most for one prompt: a vocabulary is looked at with `models show`


@command(
    epilog="Examples: seqcli predict-word 'some of them' -k 5;  seqcli predict-word --file prompts.txt --jsonl;  "
    "seqcli predict-word --interactive",
)
@click.argument("prompt", nargs=-1)
@model_option
@mixing_options
@option("-k", "count", type=Number(int), default=10, metavar="N", help="Answers for each prompt.  [default: 10]")
@option("--next", "steps", type=Number(int), metavar="N", help="Continue by the N likeliest words, one after another.")
@option(
    "--exclude-special/--include-special",
    default=True,
    help="Leave out the unknown word and the end of a sentence.  [default: leave out]",
)
@option("-i", "--interactive", is_flag=True, help="Complete lines as they are typed, on a terminal.")
@input_options
@output_options
@click.pass_obj
def predict_word(
    session: Session,
    /,
    prompt: tuple[str, ...],
    model: str | None,
    count: int,
    steps: int | None,
    exclude_special: bool,
    interactive: bool,
    file: str | None,
) -> None:
    """Say which words are likely to come next, behind a prompt or behind each line of a file or pipe.

    All words are one prompt: predict-word some of them asks once; lines of --file or a pipe are asked each by itself.
    Probabilities are the model's own, over its whole vocabulary. An empty line gives an empty record.
    """
    for name, value in (("-k", count), ("--next", steps)):
        if value is not None and not 1 <= value <= COMMON:
            raise MisuseError(f"{name} is {value}; give a number from 1 to {COMMON:,}.")
    if interactive:
        if prompt or steps or file is not None:
            raise MisuseError("--interactive takes no prompt, --file or --next; leave them out.")
        return type_with(session, model, count)
    if prompt and not "".join(prompt).strip():
        raise MisuseError("The prompt is empty; give some words, as in: seqcli predict-word 'some of them'")
    note_joined(session, prompt)
    asked: Asked | None = None
    columns = (
        ("prompt", "position", "word", "probability", "text") if steps else ("prompt", "rank", "word", "probability")
    )
    with session.terminal.results(*columns) as out:
        for texts in batches_of_texts(prompt, file):
            asked = asked or open_language_model(session, model, session.mixing)
            if prompt and prompt != ("-",):
                note_unknown(session, asked, texts[0])
            if steps:
                _continue(asked, texts, steps, exclude_special, out)
            else:
                _predict(asked, texts, count, exclude_special, out)
            out.flush()


def note_unknown(session: Session, asked: Asked, text: str) -> None:
    """Say which words of a prompt the model never learned: they are all the same to it."""
    from seqcli.text.tokens import SPACE, shown, tokens_of

    unknown = [shown(t) for t in tokens_of(asked.tokenizer, text) if t not in asked.vocabulary and t != SPACE]
    if unknown:
        words = ", ".join(map(quoted, dict.fromkeys(unknown)))
        session.note(f"Note: the model does not know {words[:200]}; to it, every unknown word is the same.")


def _predict(asked: Asked, texts: list[str], count: int, exclude_special: bool, out: Results) -> None:
    import numpy as np

    from seqcli.text.tokens import shown

    places = [i for i, text in enumerate(texts) if text.strip()]
    probabilities = np.zeros((0, 0), np.float32)
    if places:
        hidden, _ = asked.model.read([asked.ids(texts[i]) for i in places])
        probabilities = np.exp(asked.model.log_probabilities(hidden))
    rows = dict(zip(places, probabilities, strict=True))
    for i, text in enumerate(texts):
        if i not in rows:
            out.add(text, None, None, None)
            continue
        for rank, token in enumerate(_likeliest(rows[i], count, exclude_special), 1):
            out.add(text, rank, shown(asked.vocabulary.tokens[token]), float(rows[i][token]))


def _likeliest(probabilities: Any, count: int, exclude_special: bool) -> list[int]:
    """Return the ids of the likeliest tokens, best first; equal ones in the order of the vocabulary."""
    import numpy as np

    from seqcli.text.vocabulary import SPECIALS

    first = len(SPECIALS) if exclude_special else 0
    best = np.argsort(-probabilities[first:], kind="stable")[:count] + first
    return [int(i) for i in best]


def _continue(asked: Asked, texts: list[str], steps: int, exclude_special: bool, out: Results) -> None:
    """Continue each text by its likeliest words; where special symbols are allowed, the end of a unit ends it."""
    import numpy as np

    from seqcli.text.tokens import shown, tokens_of
    from seqcli.text.vocabulary import EOS

    for text in texts:
        if not text.strip():
            out.add(text, None, None, None, None)
            continue
        hidden, state = asked.model.read([asked.ids(text)])
        words = tokens_of(asked.tokenizer, text)
        for position in range(1, steps + 1):
            probabilities = np.exp(asked.model.log_probabilities(hidden))[0]
            token = _likeliest(probabilities, 1, exclude_special)[0]
            words.append(asked.vocabulary.tokens[token])
            joined = asked.tokenizer.join(words)
            out.add(text, position, shown(words[-1]), float(probabilities[token]), joined)
            if token == EOS:
                break
            hidden, state = asked.model.step(np.array([token]), state)
