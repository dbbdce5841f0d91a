"""The command that says how likely given translations are: score-translation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from seqcli.cli.inputs import batches_of_texts, input_options
from seqcli.cli.options import command, model_option, option, output_options
from seqcli.cli.session import Session
from seqcli.errors import CorpusError, MisuseError
from seqcli.translation.load import open_translator

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.translation.lines import LineTranslator

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
    asked: LineTranslator | None = None
    done = 0
    with session.terminal.results(*COLUMNS[words]) as out:
        for pairs in pairs_given(pair, file):
            asked = asked or open_translator(session, model)
            session.spare.fit_products()
            add_scores(out, asked, pairs, words, done + 1)
            done += len(pairs)
            out.flush()


def pairs_given(pair: tuple[str, ...], file: str | None) -> Iterator[list[Pair | None]]:
    """Yield the pairs to score, None for an empty line. Raises CorpusError for a line that is no pair."""
    if pair and (len(pair) != 2 or file is not None):
        raise MisuseError("Give a source and its translation, each in quotes; or --file FILE, or a pipe.")
    if pair:
        if not all(side.strip() for side in pair):
            raise MisuseError("The source or its translation is empty; give both.")
        yield [(pair[0], pair[1])]
        return
    done = 0
    for lines in batches_of_texts((), file):
        found: list[Pair | None] = []
        for number, line in enumerate(lines, done + 1):
            sides = line.split("\t")
            if line.strip() and (len(sides) != 2 or not all(side.strip() for side in sides)):
                raise CorpusError(f"Line {number} is no pair; give source, TAB, translation on every line.")
            found.append((sides[0], sides[1]) if line.strip() else None)
        done += len(lines)
        yield found


def add_scores(out: Results, asked: LineTranslator, pairs: list[Pair | None], words: bool, first: int) -> None:
    """Write the records of some pairs, in order; of words with the number of their line, which begins at `first`."""
    from seqcli.text.tokens import shown
    from seqcli.text.vocabulary import EOS, SPECIALS, UNK

    found = iter(asked.score([pair for pair in pairs if pair is not None]))
    for line, pair in enumerate(pairs, first):
        if pair is None:
            out.add(line if words else "", *[None] * (len(out.columns) - 1))
            continue
        ids, logs = next(found)
        if words:
            tokens = [*map(shown, asked.target.tokens(pair[1])), SPECIALS[EOS]]
            for position, (word, token, log) in enumerate(zip(tokens, ids, logs, strict=True), 1):
                out.add(line, position, word, float(log), token == UNK)
        else:
            total = float(logs.sum(dtype="float64"))
            out.add(*pair, len(ids), ids.count(UNK), total, -total / len(ids))
