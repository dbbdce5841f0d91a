"""What score does with several sentences at once: candidates sorted by probability, and the likelier of two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from seqcli.cli.inputs import batches_of_texts
from seqcli.cli.language.asked_model import asked_model
from seqcli.cli.questions import add_empty, answer_each
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, quoted

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.language.answers import LanguageModel

RANKED = ("group", "prompt", "rank", "candidate", "tokens", "unknown", "log_probability", "nats_per_token")
JUDGED = ("first", "second", "likelier", "difference", "times", "unknown")


class Group(NamedTuple):
    """Candidates to be sorted; prompt None where they are whole sentences."""

    prompt: str | None
    candidates: list[str]


def rerank_texts(
    session: Session, model: str | None, words: tuple[str, ...], file: str | None, per_token: bool
) -> None:
    """Print the candidates of each group, the likeliest first; equal ones stay in their order."""

    def add(out: Results, asked: LanguageModel, groups: Sequence[Group], number: int) -> None:
        for prompt, candidates in groups:
            for rank, one in enumerate(asked.rerank(candidates, prompt, per_token=per_token), 1):
                figures = (one.tokens, one.unknown, one.log_probability, one.nats_per_token)
                out.add(number, prompt, rank, one.text, *figures)

    groups = ([group] for group in _groups(words, file))
    answer_each(session, RANKED, groups, lambda: asked_model(session, model), add)


def which_texts(session: Session, model: str | None, words: tuple[str, ...], file: str | None, per_token: bool) -> None:
    """Print of each pair of sentences which is likelier, by how many nats, and how many times."""

    def add(out: Results, asked: LanguageModel, lines: Sequence[str], number: int) -> None:
        for line in lines:
            pair = line.split("\t")
            if not line.strip():
                add_empty(out, line)
            elif len(pair) != 2:
                raise MisuseError(f"--which takes two sentences with a TAB between, not {len(pair)}: {quoted(line)}.")
            else:
                out.add(*pair, *asked.which(*pair, per_token=per_token))

    answer_each(session, JUDGED, ([line] for line in _lines(words, file)), lambda: asked_model(session, model), add)


def _lines(words: tuple[str, ...], file: str | None) -> Iterator[str]:
    """Yield the lines to judge; arguments are one."""
    if len(words) > 1 and file is None:
        yield "\t".join(words)
    else:
        for texts in batches_of_texts(words, file):
            yield from texts


def _groups(words: tuple[str, ...], file: str | None) -> Iterator[Group]:
    """Yield the groups: a line with TABs is one, behind its prompt, as are lines without up to an empty one."""
    if len(words) > 1 and file is None:
        yield Group(None, list(words))
        return
    whole: list[str] = []
    for texts in batches_of_texts(words, file):
        for line in texts:
            prompt, *candidates = line.split("\t")
            if line.strip() and not candidates:
                whole.append(line)
                continue
            if whole:
                yield Group(None, whole)
                whole = []
            if candidates:
                yield Group(prompt, candidates)
    if whole:
        yield Group(None, whole)
