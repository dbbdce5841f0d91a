"""The command `embed`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from seqcli.cli.inputs import batches_of_texts, input_options, note_joined
from seqcli.cli.number_rows import number_cells, number_columns
from seqcli.cli.options import command, model_option, option, output_options
from seqcli.cli.outputs import check_free
from seqcli.cli.questions import add_empty, answer_each
from seqcli.cli.sentences.asked_sentences import asked_sentences
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, quoted

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.sentences.answers import Sentences

ENDINGS = (".npy", ".tsv")


@command(epilog="Examples: seqcli embed -f sentences.txt --output codes.npy;  seqcli embed 'It is late.' --json")
@click.argument("text", nargs=-1)
@model_option
@option("--output", metavar="FILE", help="Write the codes there: FILE.npy for numpy, or .tsv.")
@option("--replace", is_flag=True, help="Replace a file that is there.")
@input_options
@output_options
@click.pass_obj
def embed(
    session: Session,
    /,
    text: tuple[str, ...],
    model: str | None,
    output: str | None,
    replace: bool,
    file: str | None,
) -> None:
    """Print the code of each sentence, or write the codes of all to a file for other tools: the means of the posterior.

    Nine digits in a pipe, in columns: enough to read the same float32 again. Four on a terminal.
    """
    note_joined(session, text)
    if output is not None:
        _write_codes(session, output, replace, text, model, file)
        return
    asked = asked_sentences(session, model)
    asked.check_coded()
    columns = ("sentence", *number_columns(session.terminal, "code", asked.record.spec.latent_size))

    def add(out: Results, asked: Sentences, lines: Sequence[str], first: int) -> None:
        codes = iter(asked.embed([line for line in lines if line.strip()]))
        for line in lines:
            if line.strip():
                out.add(line, *number_cells(session.terminal, next(codes).tolist()))
            else:
                add_empty(out, line)

    answer_each(session, columns, batches_of_texts(text, file), lambda: asked, add)


def _write_codes(
    session: Session, output: str, replace: bool, text: tuple[str, ...], model: str | None, file: str | None
) -> None:
    """Write the codes of all sentences to one file."""
    if not output.lower().endswith(ENDINGS):
        raise MisuseError(f"{quoted(output)} ends in neither .npy nor .tsv; name the file so.")
    check_free(output, replace)
    from io import BytesIO

    import numpy as np

    from seqcli.store.files import write_whole

    asked = asked_sentences(session, model)
    lines = [line for batch in batches_of_texts(text, file) for line in batch]
    if any(not line.strip() for line in lines):
        raise MisuseError("A line is empty, and has no code; leave it out, so that line n of the text is row n.")
    codes, made = asked.embed(lines), BytesIO()
    if output.lower().endswith(".npy"):
        np.save(made, codes)
    else:
        np.savetxt(made, codes, fmt="%.9g", delimiter="\t")
    write_whole(output, [made.getvalue()])
    session.note(f"{len(codes):,} codes of {codes.shape[1]} numbers in {quoted(output)}.")
