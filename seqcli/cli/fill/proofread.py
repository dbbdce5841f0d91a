"""The command that finds what does not fit: proofread."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from seqcli.cli.options import command, model_option, option, output_options, spec_options
from seqcli.cli.outputs import check_free
from seqcli.cli.session import Session
from seqcli.cli.terminal import Shaded
from seqcli.errors import MisuseError
from seqcli.fill.proofreading.settings import Proofreading, share_of
from seqcli.settings import given, settings

if TYPE_CHECKING:
    from seqcli.fill.proofreading.marks import Mark
    from seqcli.fill.proofreading.proofreader import Proofreader

COLUMNS = ("file", "line", "column", "offset", "length", "word", "kind", "probability", "suggestions", "message")
STDIN = "-"
FOUND = 1  # exit code where something was found, as linters have it
SHADES = (0.5, 0.8, 0.95)  # probabilities from which a mark is shown more strongly
SHOWN = 60  # letters of a line that are shown before and behind a mark


class Ways(NamedTuple):
    """How the marks of texts are told; one at most."""

    diff: bool
    write: bool
    sarif: bool


class Found(NamedTuple):
    """A text and its marks."""

    path: str
    text: str
    marks: list[Mark]


@command(
    epilog="Examples: seqcli proofread draft.txt;  seqcli proofread --diff 'chapters/*.md';  "
    "seqcli proofread --since main --sarif;  seqcli proofread draft.txt --write --alarm-rate 0.1%",
)
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path())
@model_option
@spec_options(Proofreading)
@option("--words", multiple=True, metavar="FILE", help="Words that are right, besides those of seqcli.words.")
@option("--since", metavar="REV", help="Only lines of a git work tree that changed since this commit, branch or tag.")
@option("--changed", is_flag=True, help="Only lines that are not committed yet: --since HEAD.")
@option("--diff", is_flag=True, help="Print a unified diff with all first suggestions, for patch.", panel="Output")
@option("--write", is_flag=True, help="Put all first suggestions into the files.", panel="Output")
@option("--sarif", is_flag=True, help="Print SARIF 2.1.0, which code hosts and editors show.", panel="Output")
@option("--html", metavar="FILE", help="Write a page that opens offline, with every mark in its place.", panel="Output")
@option("--replace", is_flag=True, help="Replace a page that is there.", panel="Output")
@option("--exit-zero", is_flag=True, help="Exit with 0 even where something was found.")
@output_options
@click.pass_obj
def proofread(
    session: Session,
    /,
    files: tuple[str, ...],
    model: str | None,
    words: tuple[str, ...],
    since: str | None,
    changed: bool,
    html: str | None,
    replace: bool,
    exit_zero: bool,
    diff: bool,
    write: bool,
    sarif: bool,
    **params: Any,
) -> int:
    """Mark what does not fit in texts: misspelled, wrong, missing and doubled words, forms, articles, prepositions.

    Files, folders, patterns, or standard input, read as written: case, punctuation and paragraphs count; Markdown,
    LaTeX commands and code are left alone. Each mark has a probability, calibrated on held-out text, and suggestions,
    the best first. What the model's own text knows, and what recurs in a file, is never marked for being rare. Words
    that are right stand in --words FILE, or in a file seqcli.words beside the text or above it in its work tree.

    In a pipe a line is file:line:column: message. Exits with 1 where something was found, 0 where nothing was.
    """
    how = settings(Proofreading(), given(Proofreading, params))
    share_of(how.alarm_rate)
    way, revision = Ways(diff, write, sarif), "HEAD" if changed else since
    if sum(way) + bool(session.terminal.output) > 1:
        raise MisuseError("Give one of --diff, --write, --sarif, --json, --jsonl and --csv.")
    if since is not None and changed:
        raise MisuseError("--changed is --since HEAD; leave out one of them.")
    if html is not None:
        check_free(html, replace)
    paths = _paths(session, files, revision, write)
    kept = _shown(session, _marks(session, paths, model, how, words, revision), way)
    if html is not None:
        _write_page(html, kept)
    return FOUND if any(one.marks for one in kept) and not exit_zero else 0


def _paths(session: Session, files: Sequence[str], revision: str | None, write: bool) -> list[str]:
    """Return the texts to look at: those named, else those that changed, else standard input. Raises MisuseError."""
    from seqcli.fill.proofreading.texts import text_files

    if files or revision is None:
        paths = text_files(files, session.text_form) if files else [STDIN]
        if STDIN in paths and (write or revision is not None):
            raise MisuseError("Standard input has no file to write and no work tree; name a file.")
        return paths
    from seqcli.fill.proofreading.changed_lines import changed_files
    from seqcli.fill.proofreading.texts import is_prose

    return [path for path in changed_files(os.getcwd(), revision) if is_prose(path)]


def _marks(
    session: Session,
    paths: Sequence[str],
    model: str | None,
    how: Proofreading,
    words: Sequence[str],
    revision: str | None,
) -> Iterator[Found]:
    """Yield every text with its marks, under a bar."""
    from seqcli.cli.fill.asked_model import asked_model
    from seqcli.fill.proofreading.accepted import accepted_words
    from seqcli.fill.proofreading.changed_lines import changed_lines
    from seqcli.fill.proofreading.texts import read_text

    accepted_words(words)  # what is wrong with a list is told before a model is opened
    proofreader: Proofreader | None = None
    for path in paths:
        text = read_text(path)
        lines = None if revision is None else changed_lines(path, revision)
        if lines == []:
            yield Found(path, text, [])
            continue
        proofreader = proofreader or asked_model(session, model).proofreader()
        accepted = accepted_words(words, [path])
        name = "standard input" if path == STDIN else os.path.basename(path)
        with session.bar(len(text), f"proofreading {name}", "B") as bar, session.spare.in_parallel() as workers:
            marks = proofreader.marks(text, how, path, accepted, bar.to, workers)
        if lines is not None:
            marks = [mark for mark in marks if any(mark.line in some for some in lines)]
        yield Found(path, text, marks)


def _shown(session: Session, found: Iterator[Found], way: Ways) -> list[Found]:
    """Tell the marks of every text as soon as they are known, and return them."""
    if way.sarif:
        from seqcli.fill.proofreading.sarif import sarif

        kept = list(found)
        session.terminal.document(sarif([(one.path, one.marks) for one in kept]))
        return kept
    if way.diff or way.write:
        return list(_kept(found, lambda one: _change(session, one, way.write)))
    if not session.terminal.output:
        return list(_kept(found, lambda one: _tell(session, one)))
    with session.terminal.results(*COLUMNS) as out:

        def add(one: Found) -> None:
            for mark in one.marks:
                suggestions = [suggestion.text for suggestion in mark.suggestions]
                place = (one.path, mark.line, mark.column, mark.offset, mark.length, mark.word, mark.kind)
                out.add(*place, mark.probability, suggestions, mark.message)
            out.flush()

        return list(_kept(found, add))


def _kept(found: Iterator[Found], tell: Callable[[Found], None]) -> Iterator[Found]:
    for one in found:
        tell(one)
        yield one


def _change(session: Session, one: Found, write: bool) -> None:
    """Print a diff, or write the corrected text."""
    from seqcli.fill.proofreading.diff import unified
    from seqcli.fill.proofreading.proofreader import corrected
    from seqcli.fill.proofreading.texts import write_text

    after = corrected(one.text, one.marks)
    if not write:
        session.terminal.raw(unified(one.path, one.text, after))
    elif after != one.text:
        write_text(one.path, one.text, after)
        count = sum(mark.edit is not None for mark in one.marks)
        session.note(f"{one.path}: {count:,} correction{'' if count == 1 else 's'} written.")


def _tell(session: Session, one: Found) -> None:
    """Print a line for each mark, as compilers do; to a person also what stands there, shaded."""
    for mark in one.marks:
        session.terminal.texts([f"{one.path}:{mark.line}:{mark.column}: {mark.message}"])
        if session.terminal.table:
            session.terminal.shaded([_excerpt(one.text, mark)])


def _excerpt(text: str, mark: Mark) -> Shaded:
    """Return what stands around a mark in its line, the mark in its shade."""
    end = mark.offset + mark.length
    begin = max(text.rfind("\n", 0, mark.offset) + 1, mark.offset - SHOWN)
    stop = text.find("\n", end)
    stop = min(len(text) if stop < 0 else stop, end + SHOWN)
    shade = 1 + sum(mark.probability >= least for least in SHADES)
    return Shaded([(f"  {text[begin : mark.offset]}", 0), (text[mark.offset : end], shade), (text[end:stop], 0)])


def _write_page(path: str, found: Sequence[Found]) -> None:
    """Write the page with all texts and their marks."""
    from seqcli.plots.marked_text import MarkedSpan, marked_page
    from seqcli.store.files import write_whole

    title = "Proofread: " + (found[0].path if len(found) == 1 else f"{len(found)} texts")
    texts = [
        (one.path, one.text, [MarkedSpan(m.offset, m.offset + m.length, m.message, m.probability) for m in one.marks])
        for one in found
    ]
    write_whole(path, (block.encode("utf-8", "replace") for block in marked_page(title, texts)))
