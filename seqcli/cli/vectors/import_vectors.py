"""The command `import`: takes in what another program learned."""

from __future__ import annotations

import os

import click

from seqcli.cli.completion import complete_file
from seqcli.cli.language.arpa import import_arpa
from seqcli.cli.options import Number, command, option, output_options
from seqcli.cli.session import Session
from seqcli.cli.shelf import import_whole, is_whole
from seqcli.cli.vectors.formats import ENDINGS, FORMATS
from seqcli.errors import MisuseError, quoted
from seqcli.text.content_words import content_word


@command(
    name="import", epilog="Example: seqcli import glove.6B.100d.txt --name glove, then: seqcli neighbors king -m glove"
)
@click.argument("file", metavar="FILE", shell_complete=complete_file)
@option("--name", metavar="NAME", help="Name of the model.  [default: the file's]")
@option(
    "--format", "kind", type=click.Choice((*FORMATS, "arpa")), help="The file's format.  [default: told by its content]"
)
@option("--words", metavar="FILE", help="The words of a .npy or .tsv file, one a line.")
@option("--limit", type=Number(int), metavar="N", help="Read the first N words only.")
@option(
    "--errors",
    type=click.Choice(("strict", "replace")),
    default="strict",
    help="Words that are not UTF-8: refuse the file, or replace their bad bytes.  [default: strict]",
)
@option("--subwords/--no-subwords", default=True, help="Keep the n-grams of a fastText .bin.  [default: on]")
@option(
    "--quantize",
    type=click.Choice(("none", "int8", "pq")),
    default="none",
    help="Keep numbers as bytes (int8: a quarter of the size) or as codes for two at a time (pq: a seventh).  "
    "[default: none]",
)
@option("--replace", is_flag=True, help="Replace a model of this name.")
@output_options
@click.pass_obj
def import_vectors(
    session: Session,
    /,
    file: str,
    name: str | None,
    kind: str | None,
    words: str | None,
    limit: int | None,
    errors: str,
    subwords: bool,
    quantize: str,
    replace: bool,
) -> None:
    """Take in a file of word vectors as a model: word2vec, GloVe, fastText, numpy or projector, told by its content.

    A file that breaks its format's rules is refused, with the line. Of a word that stands twice the first is kept. A
    file that ends in .arpa holds an n-gram model, one that models export wrote a whole model; the options for words and
    vectors belong to neither.
    """
    from seqcli.store.shelf import TAKEN_IN
    from seqcli.text.files import refuse_url
    from seqcli.training.source import named, stem_of
    from seqcli.vectors.new_tables import import_table

    refuse_url(file)
    if is_whole(file):
        if kind or limit or words or errors != "strict" or quantize != "none" or not subwords:
            raise MisuseError(f"{quoted(file)} is a whole model; leave the options for words and vectors out.")
        import_whole(session, file, name, replace)
        return
    if limit is not None and limit < 1:
        raise MisuseError(f"--limit is {limit}; give a number of 1 or more.")
    name = name or named([stem_of(os.path.splitext(file)[0])])
    arpa = (kind or ENDINGS.get(os.path.splitext(file)[1].lower())) == "arpa"
    if arpa and (limit or words or errors != "strict" or quantize != "none"):
        raise MisuseError("--words, --limit, --errors and --quantize do not belong to ARPA files; leave them out.")
    task = "lm" if arpa else "vectors"
    with session.shelf.open(name, replace=replace, task=task, ways=TAKEN_IN) as draft:
        if arpa:
            import_arpa(session, file, draft)
        else:
            found = import_table(session, draft, file, (kind, limit, errors, words), subwords, quantize)
            with session.terminal.results("model", "format", "words", "dimensions") as out:
                out.add(draft.name, found.format, len(found.words), int(found.matrix.shape[1]))
            session.note("Try:", ["seqcli", "neighbors", content_word(found.words), "-m", draft.name])
        session.shelf.set_default(name, only_first=True)  # while nobody else can remove it
