"""The command that shows what can be typed, by task: examples."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import NamedTuple

import click

from seqcli.cli.layout import width_of
from seqcli.cli.options import command, output_options
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, meant, quoted

FIRST = 3  # commands of each task, where no task is named


class Example(NamedTuple):
    """A command line, and what it is for."""

    line: str
    what: str


EXAMPLES: dict[str, tuple[str, tuple[Example, ...]]] = {  # task -> (what people want, commands in their order)
    "words": (
        "Which word comes next, and how likely is a sentence?",
        (
            Example("seqcli train-lm book.txt", "learn from a text; Ctrl-C saves, --resume goes on"),
            Example('seqcli predict-word "some of them" -k 10', "the likeliest next words"),
            Example("seqcli predict-word --interactive", "complete a line as it is typed"),
            Example('seqcli score "She walks home." --words', "how surprising each word is"),
            Example('seqcli generate "once upon a" -n 3', "go on, three times"),
            Example("seqcli train-lm mail.mbox --from book", "go on learning, from one's own mail"),
            Example("seqcli evaluate book --test other.txt", "perplexity on another text"),
        ),
    ),
    "vectors": (
        "Which words are like this one?",
        (
            Example("seqcli train-w2v book.txt", "learn what words mean from their neighbours"),
            Example("seqcli neighbors king", "the nearest words"),
            Example("seqcli analogy king - man + woman", "king is to man as what is to woman"),
            Example("seqcli map map.html -m book-vectors", "a map of words, on a page"),
            Example("seqcli export book-vectors vectors.txt --format word2vec-text", "for other programs"),
        ),
    ),
    "translation": (
        "How is this said in another language?",
        (
            Example("seqcli train-translate train.en train.de", "learn from pairs of lines"),
            Example('seqcli translate "Good morning." -m train-en-de', "translate a sentence"),
            Example("seqcli translate --file letter.docx -m train-en-de", "every paragraph of a document"),
            Example("seqcli translate --file a.txt --glossary names.tsv", "with the names as one wants them"),
            Example("seqcli evaluate-translation train-en-de --test test.en test.de", "BLEU, chrF, TER"),
        ),
    ),
    "gaps": (
        "Which word is missing, which one is wrong?",
        (
            Example("seqcli train-fill novels.txt --minutes 30", "learn to see words from both sides"),
            Example('seqcli fill "he [_] to the window"', "the word in the gap"),
            Example('seqcli fill "they [_] here" --among were,are,is', "choose between words"),
            Example("seqcli proofread thesis.md", "mark what does not fit"),
            Example("seqcli proofread thesis.md --diff", "first suggestions as a patch"),
        ),
    ),
    "dialogue": (
        "What would one reply?",
        (
            Example("seqcli train-dialogue chat.txt", "learn from a chat, or from a film's subtitles"),
            Example('seqcli reply "How are you?"', "a reply"),
            Example("seqcli reply --interactive", "a chat; /undo, /why, /save"),
            Example("seqcli evaluate-dialogue chat --test other.txt", "does it hear what was said before?"),
        ),
    ),
    "sentences": (
        "What lies between two sentences?",
        (
            Example("seqcli train-vae diary.txt", "learn codes of sentences"),
            Example("seqcli sample -n 5", "sentences that the text could have had"),
            Example('seqcli interpolate "It is late." "We walked home."', "from one to the other in seven steps"),
            Example('seqcli neighbors "It is late." --among other.txt -m diary', "the nearest sentences of a file"),
        ),
    ),
    "texts": (
        "Where does the text come from, and where do models go?",
        (
            Example("seqcli corpora list", "public texts, with their licences"),
            Example("seqcli train-lm corpus:stories", "stories that come along: to try it"),
            Example("seqcli corpus book.epub", "what is in a text, and what would go wrong"),
            Example("seqcli train-lm notes/ letter.docx", "folders and documents are texts too"),
            Example("seqcli models list", "what was learned"),
            Example("seqcli models export book", "one file, to be sent"),
            Example("seqcli serve", "models answer over HTTP, and on a page"),
            Example("seqcli lab list", "how recurrent networks learn, and fail"),
        ),
    ),
}

TASKS = f"choose {', '.join(EXAMPLES)}."


def complete_task(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the tasks whose names begin so."""
    return [task for task in EXAMPLES if task.startswith(incomplete)]


@command(epilog="Examples: seqcli examples;  seqcli examples translation")
@click.argument("task", required=False, metavar="[TASK]", shell_complete=complete_task)
@output_options
@click.pass_obj
def examples(session: Session, /, task: str | None) -> None:
    """Show commands that can be typed, by what people want: all of one task, or the first ones of each.

    Tasks: words, vectors, translation, gaps, dialogue, sentences, texts.
    """
    if task is not None and task not in EXAMPLES:
        raise MisuseError(f"There is no task {quoted(task)}; {meant(task, EXAMPLES, TASKS)}")
    chosen = {task: EXAMPLES[task]} if task else {name: (why, some[:FIRST]) for name, (why, some) in EXAMPLES.items()}
    if session.terminal.table:
        session.terminal.texts(_page(chosen, task is not None, width_of(sys.stdout)))
        return
    with session.terminal.results("task", "command", "what") as out:
        for name, (_, some) in chosen.items():
            for example in some:
                out.add(name, example.line, example.what)


def _page(chosen: dict[str, tuple[str, tuple[Example, ...]]], whole: bool, width: int) -> Iterator[str]:
    """Yield the lines that a person reads: each can be copied into a shell as it is."""
    for name, (why, some) in chosen.items():
        yield f"# {why}" + ("" if whole else f"  (all: seqcli examples {name})")
        for example in some:
            line = f"{example.line}  # {example.what}"
            yield from [line] if len(line) <= width else [f"# {example.what}", example.line]
