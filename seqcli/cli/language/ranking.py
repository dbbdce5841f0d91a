"""What score does with several sentences at once: candidates sorted by probability, and the likelier of two."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from seqcli.cli.inputs import BATCH, batches_of_texts
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, quoted
from seqcli.language.asked import Asked
from seqcli.language.sentence_scores import HIGHEST, Scored, scored, scored_behind

RANKED = ("group", "prompt", "rank", "candidate", "tokens", "unknown", "log_probability", "nats_per_token")
JUDGED = ("first", "second", "likelier", "difference", "times", "unknown")


class Group(NamedTuple):
    """Candidates to be sorted; prompt None where they are whole sentences."""

    prompt: str | None
    candidates: list[str]


def rerank_texts(session: Session, asked: Asked, words: tuple[str, ...], file: str | None, per_token: bool) -> None:
    """Print the candidates of each group, the likeliest first; equal ones stay in their order."""
    with session.terminal.results(*RANKED) as out:
        for number, (prompt, candidates) in enumerate(_groups(words, file), 1):
            found = list(zip(candidates, _scores(asked, prompt, candidates), strict=True))
            found.sort(key=lambda pair: _measure(pair[1], per_token), reverse=True)
            for rank, (text, one) in enumerate(found, 1):
                out.add(number, prompt, rank, text, len(one.ids), one.unknown, one.total, one.nats_per_token)
            out.flush()


def which_texts(session: Session, asked: Asked, words: tuple[str, ...], file: str | None, per_token: bool) -> None:
    """Print of each pair of sentences which is likelier, by how many nats, and how many times."""
    with session.terminal.results(*JUDGED) as out:
        for line in _lines(words, file):
            if not line.strip():
                out.add(line, *[None] * (len(JUDGED) - 1))
                continue
            pair = line.split("\t")
            if len(pair) != 2:
                raise MisuseError(f"--which takes two sentences with a TAB between, not {len(pair)}: {quoted(line)}.")
            first, second = _scores(asked, None, pair)
            difference = _measure(first, per_token) - _measure(second, per_token)
            likelier = "first" if difference > 0 else "second" if difference < 0 else "equal"
            times = math.exp(min(abs(difference), HIGHEST))
            out.add(*pair, likelier, abs(difference), times, first.unknown + second.unknown)
            out.flush()


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


def _scores(asked: Asked, prompt: str | None, texts: list[str]) -> Iterator[Scored]:
    for i in range(0, len(texts), BATCH):
        part = texts[i : i + BATCH]
        for one in scored(asked, part) if prompt is None else scored_behind(asked, prompt, part):
            if one is None:
                raise MisuseError(f"A sentence is empty in {quoted(' / '.join(texts))}; give words for each.")
            yield one


def _measure(one: Scored, per_token: bool) -> float:
    return -one.nats_per_token if per_token else one.total
