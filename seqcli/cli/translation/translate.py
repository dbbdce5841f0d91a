"""The command that translates: translate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.inputs import batches_of_texts, input_options, note_joined
from seqcli.cli.options import command, model_option, option, output_options, spec_options
from seqcli.cli.outputs import check_picture
from seqcli.cli.questions import add_empty, add_numbered, answer_each
from seqcli.cli.session import Session
from seqcli.cli.translation.heatmap import draw_heatmap, shaded_cells
from seqcli.errors import MisuseError, quoted
from seqcli.settings import given, settings
from seqcli.translation.answer_settings import Translating

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.translation.answers import Translator
    from seqcli.translation.lines import Looked, Translation

SHOWN = 20  # letters that are named: more are not read
BATCH = 1024  # lines translated side by side, where as many have come: those of one length go together
COLUMNS = {
    "best": ("source", "translation", "score"),
    "several": ("source", "rank", "translation", "score", "log_probability"),
    "alignment": ("line", "position", "word", "source_position", "source_word", "weight"),
}


@command(
    epilog="Examples: seqcli translate 'A man is walking his dog.';  seqcli translate -f test.en -m multi30k;  "
    "seqcli translate 'A dog runs.' --alignment --plot dog.png;  "
    "seqcli translate 'Write to {{Ann Lee}} by 10:30.' --keep --glossary terms.tsv",
)
@click.argument("text", nargs=-1)
@model_option
@spec_options(Translating)
@option("--alignment", is_flag=True, help="A record for each target word: which source word it looked at most.")
@option("--plot", metavar="FILE", help="Draw what each word looked at: FILE.png or .svg; of the first line.")
@option("--replace", "replace_plot", is_flag=True, help="Replace a picture that is there.")
@option("--cells", is_flag=True, help="Show what each word looked at as shaded cells.")
@input_options
@output_options
@click.pass_obj
def translate(
    session: Session,
    /,
    text: tuple[str, ...],
    model: str | None,
    alignment: bool,
    plot: str | None,
    replace_plot: bool,
    cells: bool,
    file: str | None,
    **params: Any,
) -> None:
    """Translate a text, or each line of a file or pipe: one line out for one line in, an empty one for an empty one.

    All words are one text; several are lines of --file or a pipe. A line much longer than those learned from is cut
    at the ends of its sentences. --json and its kin tell scores.
    """
    how = settings(Translating(), given(Translating, params))
    kind = kind_of(how.n, alignment)
    if cells and (kind != "best" or session.terminal.output):
        raise MisuseError("--cells shows the translation itself; leave out -n, --alignment and --json.")
    if text and not "".join(text).strip():
        raise MisuseError("The text is empty; give some words, as in: seqcli translate 'A dog runs.'")
    if plot is not None:
        check_picture(plot, replace_plot)
    from seqcli.translation.answers import open_translator
    from seqcli.translation.terms import terms_of

    terms = terms_of(how.glossary, how.keep, how.copy)
    looking = alignment or cells or plot is not None
    note_joined(session, text)
    plain = kind == "best" and not session.terminal.output
    waiting = {"plot": plot is not None, "note": True}

    def add(out: Results, asked: Translator, lines: Sequence[str], first: int) -> None:
        found = asked.translations(lines, how, terms, looking, first - 1)
        waiting["note"] = waiting["note"] and not note_unseen(session, asked, lines)
        if plain:
            session.terminal.texts([row[0] if row else "" for row in found])
        else:
            add_records(out, kind, lines, found, first)
        if waiting["plot"] and (looked := all_looked(found)):
            draw_heatmap(session, str(plot), looked[0])
            waiting["plot"] = False
        if cells:
            session.terminal.texts([line for looked in all_looked(found) for line in shaded_cells(looked)])

    batches = batches_of_texts(text, file, BATCH)
    answer_each(session, COLUMNS[kind], batches, lambda: open_translator(session, model), add)


def kind_of(count: int | None, alignment: bool) -> str:
    """Return which of the kinds of records in COLUMNS is asked for."""
    if alignment and count is not None:
        raise MisuseError("Give -n or --alignment, not both.")
    return "alignment" if alignment else "several" if count is not None else "best"


def note_unseen(session: Session, asked: Translator, lines: Sequence[str]) -> bool:
    """Say which letters of some lines the model never learned, and return whether there are any."""
    unseen = asked.unseen(lines)
    if unseen:
        letters = unseen if len(unseen) <= SHOWN else f"{unseen[:SHOWN]}…"
        session.note(
            f"Note: {quoted(asked.name)} never learned the letters {quoted(letters)}; it can only copy them or guess."
        )
    return bool(unseen)


def add_records(out: Results, kind: str, lines: Sequence[str], found: list[list[Translation]], first: int) -> None:
    """Write the records of some lines, in order, the number of whose first is given; an empty one gives one, too."""
    from seqcli.translation.alignment import aligned

    for number, (line, row) in enumerate(zip(lines, found, strict=True), first):
        if not row:
            add_empty(out, number if kind == "alignment" else line)
        elif kind == "best":
            out.add(line, row[0], row[0].score)
        elif kind == "several":
            add_numbered(out, line, [(one, one.score, one.log_probability) for one in row])
        else:
            for word in aligned(row[0]):
                out.add(number, *word)


def all_looked(found: list[list[Translation]]) -> list[Looked]:
    """Return what the words of the best translations looked at, a part at a time."""
    from seqcli.translation.alignment import words_looked

    return [looked for row in found if row for looked in words_looked(row[0])]
