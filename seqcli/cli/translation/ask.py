"""The command that translates: translate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from seqcli.cli.inputs import batches_of_texts, input_options, note_joined
from seqcli.cli.options import Number, command, model_option, option, output_options
from seqcli.cli.outputs import check_picture
from seqcli.cli.session import Session
from seqcli.cli.translation.heatmap import draw_heatmap, shaded_cells
from seqcli.cli.translation.options import check_count, search_options, searching_of, term_options
from seqcli.errors import MisuseError, quoted
from seqcli.translation.load import open_translator

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.translation.lines import LineTranslator, Looked, Translation
    from seqcli.translation.search import Searching

SEEDS = 2**31  # seeds run from 0 to one less
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
@search_options
@term_options
@option("-n", "count", type=Number(int), metavar="N", help="The N best translations of each line, with scores.")
@option("--sample", "temperature", type=Number(float), metavar="X", help="Draw translations, at this temperature.")
@option("--seed", type=Number(int), default=1, metavar="N", help="Start of what is drawn.  [default: 1]")
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
    beam: int,
    length_penalty: float,
    coverage: float,
    glossary: str | None,
    keep: bool,
    copy: bool,
    count: int | None,
    temperature: float | None,
    seed: int,
    alignment: bool,
    plot: str | None,
    replace_plot: bool,
    cells: bool,
    file: str | None,
) -> None:
    """Translate a text, or each line of a file or pipe: one line out for one line in, an empty one for an empty one.

    All words are one text; several are lines of --file or a pipe. A line much longer than those learned from is cut
    at the ends of its sentences. --json and its kin tell scores.
    """
    how = searching_for(searching_of(beam, length_penalty, coverage), count, temperature, seed)
    kind = kind_of(count, alignment)
    if cells and (kind != "best" or session.terminal.output):
        raise MisuseError("--cells shows the translation itself; leave out -n, --alignment and --json.")
    if text and not "".join(text).strip():
        raise MisuseError("The text is empty; give some words, as in: seqcli translate 'A dog runs.'")
    if plot is not None:
        check_picture(plot, replace_plot)
    from seqcli.translation.terms import terms_of

    terms = terms_of(glossary, keep, copy)
    looking = alignment or cells or plot is not None
    note_joined(session, text)
    asked: LineTranslator | None = None
    plain = kind == "best" and not session.terminal.output
    done, noted = 0, False
    with session.terminal.results(*COLUMNS[kind]) as out:
        for lines in batches_of_texts(text, file, BATCH):
            asked = asked or open_translator(session, model)
            check_attention(asked, looking)
            noted = noted or note_unseen(session, asked, lines)
            session.spare.fit_products()
            found = asked.translate(lines, how, count or 1, looking, terms, done)
            if plain:
                session.terminal.texts([row[0].text if row else "" for row in found])
            else:
                add_records(out, kind, lines, found, done + 1)
            if plot is not None and (looked := words_looked(found)):
                draw_heatmap(session, plot, looked[0])
                plot = None
            if cells:
                session.terminal.texts([line for looked in words_looked(found) for line in shaded_cells(looked)])
            out.flush()
            done += len(lines)


def searching_for(how: Searching, count: int | None, temperature: float | None, seed: int) -> Searching:
    """Return how to search for as many translations as are asked for, or to draw them."""
    if count is not None:
        check_count("-n", count)
        how = replace(how, beam=max(how.beam, count))
    if temperature is None:
        return how
    if not 0 <= seed < SEEDS:
        raise MisuseError(f"--seed is {seed}; give a number from 0 to {SEEDS - 1:,}.")
    if not 0.01 <= temperature <= 100.0:
        raise MisuseError(f"--sample is {temperature:g}; give a temperature from 0.01 to 100.")
    return replace(how, beam=count or 1, temperature=temperature, seed=seed)


def kind_of(count: int | None, alignment: bool) -> str:
    """Return which of the kinds of records in COLUMNS is asked for."""
    if alignment and count is not None:
        raise MisuseError("Give -n or --alignment, not both.")
    return "alignment" if alignment else "several" if count is not None else "best"


def check_attention(asked: LineTranslator, looking: bool) -> None:
    """Raise MisuseError where a model is asked what it looked at and looks at nothing."""
    if looking and asked.model.spec.attention == "none":
        raise MisuseError(f"{quoted(asked.name)} was trained with --attention none; it has no alignment to show.")


def note_unseen(session: Session, asked: LineTranslator, lines: list[str]) -> bool:
    """Say which letters of some lines the model never learned, and return whether there are any."""
    unseen = asked.source.unseen("".join(lines))
    if unseen:
        letters = unseen if len(unseen) <= SHOWN else f"{unseen[:SHOWN]}…"
        session.note(
            f"Note: {quoted(asked.name)} never learned the letters {quoted(letters)}; it can only copy them or guess."
        )
    return bool(unseen)


def add_records(out: Results, kind: str, lines: list[str], found: list[list[Translation]], first: int) -> None:
    """Write the records of some lines, in order, the number of whose first is given; an empty one gives one, too."""
    for number, (line, row) in enumerate(zip(lines, found, strict=True), first):
        if not row:
            out.add(number if kind == "alignment" else line, *[None] * (len(out.columns) - 1))
        elif kind == "best":
            out.add(line, row[0].text, row[0].score)
        elif kind == "several":
            for rank, translation in enumerate(row, 1):
                out.add(line, rank, translation.text, translation.score, translation.log_probability)
        else:
            add_alignment(out, number, row[0])


def add_alignment(out: Results, line: int, translation: Translation) -> None:
    """Write a record for each word of a translation: the source word that it looked at most, and how much."""
    from seqcli.text.tokens import SPACE, shown
    from seqcli.translation.lines import by_words

    place = source_place = 0
    for looked in (by_words(part, SPACE) for part in translation.looked):
        for word, weights in zip(looked.target, looked.weights, strict=True):
            place, best = place + 1, int(weights.argmax())
            source = shown(looked.source[best])
            out.add(line, place, shown(word), source_place + best + 1, source, float(weights[best]))
        source_place += len(looked.source)


def words_looked(found: list[list[Translation]]) -> list[Looked]:
    """Return what the words of the best translations looked at, a part at a time."""
    from seqcli.text.tokens import SPACE
    from seqcli.translation.lines import by_words

    return [by_words(part, SPACE) for row in found if row for part in row[0].looked]
