"""The command that says how likely given translations are: score-translation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from seqcli.cli.inputs import batches_of_texts, input_options
from seqcli.cli.options import command, model_option, option, output_options
from seqcli.cli.questions import add_empty, add_numbered, answer_each
from seqcli.cli.session import Session
from seqcli.errors import MisuseError

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.translation.answers import Translator

Pair = tuple[str, str]
COLUMNS = {
    False: ("source", "translation", "tokens", "unknown", "log_probability", "nats_per_token"),
    True: ("line", "position", "token", "log_probability", "unknown"),
}


@command(
    epilog="Examples: seqcli score-translation 'A dog runs.' 'Ein Hund rennt.';  seqcli score-translation -f pairs.tsv",
)
@click.argument("pair", nargs=-1, metavar="[SOURCE TRANSLATION]")
@model_option
@option("--words", is_flag=True, help="A record for each token instead of each translation.")
@input_options
@output_options
@click.pass_obj
def score_translation(
    session: Session, /, pair: tuple[str, ...], model: str | None, words: bool, file: str | None
) -> None:
    """Say how likely translations are: natural logs of probabilities given their sources, their ends included.

    Takes a source and its translation, or lines of source, TAB, translation from a file or pipe. Every pair is scored
    whole; one of more than 4,000 tokens on a side is refused.
    """
    from seqcli.translation.answers import open_translator

    def add(out: Results, asked: Translator, pairs: Sequence[Pair | None], first: int) -> None:
        add_scores(out, asked, pairs, words, first)

    answer_each(session, COLUMNS[words], pairs_given(pair, file), lambda: open_translator(session, model), add)


def pairs_given(pair: tuple[str, ...], file: str | None) -> Iterator[list[Pair | None]]:
    """Yield the pairs to score, None for an empty line. Raises CorpusError for a line that is no pair."""
    if pair and (len(pair) != 2 or file is not None):
        raise MisuseError("Give a source and its translation, each in quotes; or --file FILE, or a pipe.")
    if pair:
        if not all(side.strip() for side in pair):
            raise MisuseError("The source or its translation is empty; give both.")
        yield [(pair[0], pair[1])]
        return
    from seqcli.translation.pairs import pair_of_line

    done = 0
    for lines in batches_of_texts((), file):
        yield [pair_of_line(line, number) for number, line in enumerate(lines, done + 1)]
        done += len(lines)


def add_scores(out: Results, asked: Translator, pairs: Sequence[Pair | None], words: bool, first: int) -> None:
    """Write the records of some pairs, in order; of words with the number of their line, which begins at `first`."""
    found = iter(asked.scores([pair for pair in pairs if pair is not None]))
    for line, pair in enumerate(pairs, first):
        if pair is None:
            add_empty(out, line if words else "")
            continue
        score = next(found)
        if words:
            add_numbered(out, line, score.words)
        else:
            out.add(*pair, score.tokens, score.unknown, score.log_probability, score.nats_per_token)
