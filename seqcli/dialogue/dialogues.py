"""Dialogues as text: what was said, and by whom where that is known; a part of them held out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seqcli.errors import CorpusError

Turn = tuple[str, str]  # who, "" where that is not known; what
HELD_OUT_MOST = 1_000  # dialogues: some thousands of replies, a perplexity to about a hundredth


@dataclass(frozen=True)
class Dialogue:
    """The utterances of one dialogue, in order, and who said each; no speakers: they take turns."""

    utterances: tuple[str, ...]
    speakers: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.utterances)

    @property
    def speaker_numbers(self) -> list[int]:
        """Return who said each utterance, by number in the order of their first words."""
        if not self.speakers:
            return [turn % 2 for turn in range(len(self))]
        numbers: dict[str, int] = {}
        return [numbers.setdefault(name, len(numbers)) for name in self.speakers]

    def with_next(self, utterance: str) -> Dialogue:
        """Return the dialogue with one more utterance, of the speaker whose turn it is."""
        if not self.speakers:
            return Dialogue((*self.utterances, utterance))
        names = dict.fromkeys(self.speakers)
        other = next((name for name in reversed(self.speakers) if name != self.speakers[-1]), None)
        new = next(name for name in ("B", "A") if name not in names) if other is None else other
        return Dialogue((*self.utterances, utterance), (*self.speakers, new))

    @property
    def turned(self) -> Dialogue:
        """The dialogue from its end."""
        return Dialogue(self.utterances[::-1], self.speakers[::-1])


def dialogue_of(turns: Sequence[Turn]) -> Dialogue:
    """Return a dialogue of who said what; speakers are kept where all are known."""
    known = all(who for who, _ in turns)
    return Dialogue(tuple(what for _, what in turns), tuple(who for who, _ in turns) if known else ())


def in_parts(dialogues: Sequence[Dialogue], turns: int) -> list[Dialogue]:
    """Return dialogues with long ones cut into parts of at most so many utterances, from which some can be held out."""
    return [
        Dialogue(one.utterances[low : low + turns], one.speakers[low : low + turns])
        for one in dialogues
        for low in range(0, len(one), turns)
    ]


def sha256_of(dialogues: Iterable[Dialogue]) -> str:
    """Return a hash of what was said and by whom, the same whatever form it was read from."""
    digest = hashlib.sha256()
    for one in dialogues:
        digest.update(repr((one.utterances, one.speakers)).encode("utf-8", "replace"))
    return digest.hexdigest()


def cut_held_out(dialogues: Sequence[Dialogue], share: float) -> tuple[list[Dialogue], list[Dialogue]]:
    """Return (training part, held-out part): a share of the dialogues, spread evenly over all, at most 1,000."""
    if len(dialogues) < 2:
        raise CorpusError("Nothing is left to hold out of one dialogue; give more dialogues, or a file with --valid.")
    count = min(max(round(len(dialogues) * share), 1), HELD_OUT_MOST)
    held = {(2 * k + 1) * len(dialogues) // (2 * count) for k in range(count)}
    return (
        [one for i, one in enumerate(dialogues) if i not in held],
        [one for i, one in enumerate(dialogues) if i in held],
    )
