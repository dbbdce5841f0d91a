"""The commands that judge word vectors: evaluate-vectors and compare."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli import tips
from seqcli.cli.completion import complete_model
from seqcli.cli.options import Number, asked_models, command, option, output_options
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, quoted

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.vectors.evaluate import Difference, Pairs, Section
    from seqcli.vectors.load import Opened

METHODS = {"add": "3CosAdd", "mul": "3CosMul"}
COLUMNS = ("model", "test", "section", "measure", "items", "covered", "coverage", "value", "low", "high", "p")


@command(
    name="evaluate-vectors",
    epilog="Example: seqcli evaluate-vectors books glove --test wordsim353.txt --test questions-words.txt",
)
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@option("--test", multiple=True, required=True, metavar="FILE", help="Word pairs with scores, or analogies.")
@output_options
@click.pass_obj
def evaluate_vectors(session: Session, /, models: tuple[str, ...], test: tuple[str, ...]) -> None:
    """Measure word vectors on word pairs (rank correlation with people's scores) and analogies (share solved).

    Every figure stands beside its coverage, and has a 95 % confidence interval. Of several models each is compared with
    the first on the items that both cover; p is the chance of such a difference between equally good models.
    """
    from seqcli.vectors.load import open_table

    opened = [open_table(session, name) for name in asked_models(models)]
    tests = {path: _read(path) for path in test}
    with session.terminal.results(*COLUMNS) as out:
        for path, items in tests.items():
            (_pairs if not isinstance(items, list) else _analogies)(opened, path, items, out)
            out.flush()


def _read(path: str) -> Pairs | list[Section]:
    """Read a test of pairs or analogies."""
    from seqcli.text.reading import read_lines
    from seqcli.vectors.evaluate import read_test

    return read_test(list(read_lines([path])), quoted(path))


def _pairs(opened: list[Opened], path: str, pairs: Any, out: Results) -> None:
    from seqcli.vectors.evaluate import compare_pairs, score_pairs

    results = [score_pairs(one.table, pairs) for one in opened]
    for one, result in zip(opened, results, strict=True):
        figures = (result.correlation, result.low, result.high)
        _add(out, one.name, path, "", "spearman", len(pairs.words), result.covered, figures)
    for one, result in zip(opened[1:], results[1:], strict=True):
        found = compare_pairs(results[0], result, pairs)
        _add_difference(out, opened[0].name, one.name, path, "spearman", len(pairs.words), found)


def _analogies(opened: list[Opened], path: str, sections: Any, out: Results) -> None:
    from seqcli.vectors.evaluate import compare_analogies, score_analogies, share_interval

    results = [score_analogies(one.table, sections) for one in opened]
    for one, result in zip(opened, results, strict=True):
        for method, measure in METHODS.items():
            rows = {s.name: (len(s.covered), int(s.covered.sum()), int(getattr(s, method).sum())) for s in result}
            items, covered, right = map(sum, zip(*rows.values(), strict=True))
            for name, row in {**rows, "(all)": (items, covered, right)}.items():
                figures = (row[2] / row[1] if row[1] else math.nan, *share_interval(row[2], row[1]))
                _add(out, one.name, path, name, measure, row[0], row[1], figures)
    total = sum(len(section.questions) for section in sections)
    for one, result in zip(opened[1:], results[1:], strict=True):
        for method, measure in METHODS.items():
            found = compare_analogies(results[0], result, method)
            _add_difference(out, opened[0].name, one.name, path, measure, total, found)


def _add(
    out: Results,
    model: str,
    test: str,
    section: str,
    measure: str,
    items: int,
    covered: int,
    figures: tuple[float, ...],
    p: float | None = None,
) -> None:
    value, low, high = (figure if math.isfinite(figure) else None for figure in figures)
    out.add(model, test, section, measure, items, covered, covered / max(items, 1), value, low, high, p)


def _add_difference(
    out: Results, first: str, second: str, test: str, measure: str, items: int, found: Difference
) -> None:
    """Add each model's figure on the items that both cover, and the difference."""
    nan = math.nan
    for name, value in ((first, found.first), (second, found.second)):
        _add(out, name, test, "(covered by both)", measure, items, found.items, (value, nan, nan))
    gap = (found.first - found.second, found.low, found.high)
    p = found.p if math.isfinite(found.p) else None
    _add(out, f"{first} - {second}", test, "(covered by both)", measure, items, found.items, gap, p)


@command(epilog="Examples: seqcli compare novels news -k 5;  seqcli compare novels news cell broadcast")
@click.argument("first", shell_complete=complete_model)
@click.argument("second", shell_complete=complete_model)
@click.argument("words", nargs=-1, metavar="[WORD]...")
@option("-k", "count", type=Number(int), default=10, metavar="N", help="Nearest words compared.  [default: 10]")
@option("--show", type=Number(int), default=20, metavar="N", help="Words that moved most.  [default: 20]")
@option("--commonest", type=Number(int), default=5000, metavar="N", help="Sought among these.  [default: 5000]")
@option("--all", "every", is_flag=True, help="Show function words and punctuation that moved, too.")
@output_options
@click.pass_obj
def compare(
    session: Session,
    /,
    first: str,
    second: str,
    words: tuple[str, ...],
    count: int,
    show: int,
    commonest: int,
    every: bool,
) -> None:
    """Show where the meaning of words differs between two models, or of the words given.

    The first model is turned onto the second (orthogonal Procrustes on their shared words). similarity is a word's to
    itself after that; overlap is the share of its nearest shared words that are the same in both.
    """
    from seqcli.text.tokens import shown
    from seqcli.vectors import align
    from seqcli.vectors.load import open_table

    for name, value in (("-k", count), ("--show", show), ("--commonest", commonest)):
        if not 1 <= value <= 10**6:
            raise MisuseError(f"{name} is {value}; give a number from 1 to 1,000,000.")
    one, other = open_table(session, first), open_table(session, second)
    for opened in (one, other):
        for word in words:
            if opened.table.row(word) is None:
                raise opened.unknown(word)

    def wanted(word: str) -> bool:
        return every or tips.is_content(shown(word), shortest=3)

    asked = list(words) or align.most_moved(one.table, other.table, show, commonest, wanted)
    with session.terminal.results("word", "similarity", "overlap", "first", "second") as out:
        for moved in align.compare(one.table, other.table, asked, count):
            near = [" ".join(map(shown, some)) for some in (moved.first, moved.second)]
            out.add(shown(moved.word), moved.similarity, moved.overlap, *near)
