"""The commands about public texts: corpora list, show, get."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.help_page import Group
from seqcli.cli.options import CONTEXT, command, option, output_options
from seqcli.cli.session import Session
from seqcli.quantities import size

if TYPE_CHECKING:
    from seqcli.corpora.catalogue import Text

LISTED = ("corpus", "description", "licence", "bytes", "here")
FILES = ("corpus", "file", "split", "bytes", "path")


def complete_corpus(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    """Return the corpora whose names begin so."""
    from click.shell_completion import CompletionItem

    from seqcli.corpora.catalogue import catalogue

    return [CompletionItem(name) for name in catalogue() if name.startswith(incomplete)]


@click.group(cls=Group, context_settings=CONTEXT, short_help="Public texts: list, show and get them.")
def corpora() -> None:
    """Public texts to begin with: what there is, under which licence, and how to get it.

    Once fetched, a corpus may stand wherever a text is named: corpus:ptb is what it has to learn from, corpus:ptb/valid
    and corpus:ptb/test are its other parts, corpus:multi30k/train.de.gz is one file. Some small ones come with seqcli:
    corpus:stories, corpus:japanese, corpus:pairs/pairs.en, corpus:dialogues.
    """


def _subcommand(name: str, epilog: str) -> Callable[[Callable[..., Any]], click.Command]:
    def add(function: Callable[..., Any]) -> click.Command:
        made = command(name=name, epilog=f"Example: {epilog}")(function)
        corpora.add_command(made)
        return made

    return add


@_subcommand("list", "seqcli corpora list")
@output_options
@click.pass_obj
def list_corpora(session: Session, /) -> None:
    """List the public texts, and whether they are here."""
    from seqcli.corpora.catalogue import catalogue

    person = session.terminal.table
    with session.terminal.results(*LISTED) as out:
        for one in catalogue().values():
            shown = size(one.bytes) if person and one.bytes is not None else one.bytes
            out.add(one.name, one.description, one.licence, shown, one.is_here)
    session.note("Fetch one:", ["seqcli", "corpora", "get", "NAME"])


@_subcommand("show", "seqcli corpora show ptb")
@click.argument("name", shell_complete=complete_corpus)
@output_options
@click.pass_obj
def show_corpus(session: Session, /, name: str) -> None:
    """Show the files of a public text, where it comes from, and under which licence."""
    from seqcli.corpora.catalogue import corpus_of

    corpus = corpus_of(name)
    session.note(f"{corpus.name}: {corpus.description}. Licence: {corpus.licence}. From {corpus.home}")
    _list_files(session, corpus.texts)


@_subcommand("get", "seqcli corpora get ptb, then: seqcli train-lm corpus:ptb --valid corpus:ptb/valid")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_corpus)
@option("--mirror", envvar="SEQCLI_MIRROR", metavar="URL", help="Fetch from a copy: URL/NAME/PATH.  [SEQCLI_MIRROR]")
@output_options
@click.pass_obj
def get_corpora(session: Session, /, names: tuple[str, ...], mirror: str | None) -> None:
    """Fetch public texts, once, and check every byte; print where they are.

    A download that broke off is gone on with by the same command. The variables HTTPS_PROXY and NO_PROXY are heeded.
    """
    from seqcli.corpora.catalogue import PREFIX, corpus_of

    wanted = [corpus_of(name) for name in names]
    from seqcli.corpora.fetching import fetch

    for corpus in wanted:
        session.note(f"{corpus.name}: {corpus.description}. Licence: {corpus.licence}. From {corpus.home}")
        for text in corpus.texts:
            fetch(session, text, mirror)
    _list_files(session, [text for corpus in wanted for text in corpus.texts])
    session.note("Name it like a file, as in:", ["seqcli", "corpus", PREFIX + wanted[0].name])


def _list_files(session: Session, texts: Iterable[Text]) -> None:
    with session.terminal.results(*FILES) as out:
        for text in texts:
            here = text.place.is_file()
            out.add(text.corpus, text.name, text.split, text.bytes, str(text.place) if here else None)
