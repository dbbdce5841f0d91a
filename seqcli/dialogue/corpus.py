"""Dialogues as token ids: tokenizer and vocabulary learned from the training part, long dialogues cut into pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcli.dialogue.dialogues import Dialogue, sha256_of
from seqcli.dialogue.settings import DialogueTextSpec
from seqcli.errors import CorpusError
from seqcli.text import tokens as tokenizers
from seqcli.text.corpus import SAMPLE_PIECES, pieces_of_lines
from seqcli.text.script import fitting, script_of
from seqcli.text.tokens import UNKNOWN, Tokenizer, pieces_of
from seqcli.text.vocabulary import EOS, SPECIALS, UNK, Vocabulary, select


@dataclass(frozen=True)
class Exchange:
    """Utterances seen together, as ids with EOS last; those from `first` on are predicted, each from those before it.

    speakers: who said each, by number. number: among the exchanges of its text.
    """

    utterances: Sequence[Sequence[int]]
    speakers: Sequence[int]
    first: int
    number: int = 0

    @property
    def tokens(self) -> int:
        """Tokens of all utterances, their ends included."""
        return sum(map(len, self.utterances))


@dataclass(frozen=True)
class EncodedDialogues:
    """Dialogues as ids."""

    dialogues: list[list[list[int]]]  # ids of each utterance, EOS last
    speakers: list[list[int]]
    sha256: str

    @property
    def utterances(self) -> int:
        """How many utterances there are."""
        return sum(map(len, self.dialogues))

    @property
    def tokens(self) -> int:
        """Tokens of all utterances, their ends included."""
        return sum(len(ids) for dialogue in self.dialogues for ids in dialogue)

    @property
    def unknown_rate(self) -> float:
        """The share of tokens that the vocabulary does not know."""
        return sum(ids.count(UNK) for dialogue in self.dialogues for ids in dialogue) / max(self.tokens, 1)

    def exchanges(self, turns: int, first: int) -> list[Exchange]:
        """Return the dialogues in pieces of at most `turns` utterances, of which all from `first` on are predicted.

        The pieces of one dialogue overlap by half, and each utterance is predicted once.
        """
        found: list[Exchange] = []
        for utterances, speakers in zip(self.dialogues, self.speakers, strict=True):
            for low, high, begin in _pieces(len(utterances), turns, first):
                found.append(Exchange(utterances[low:high], speakers[low:high], begin - low, len(found)))
        return found


def _pieces(count: int, turns: int, first: int) -> Iterator[tuple[int, int, int]]:
    """Yield (begin, end, first that is predicted) of the pieces of a dialogue."""
    low = 0
    while first < count:
        high = min(low + turns, count)
        yield low, high, first
        first, low = high, high - turns // 2


@dataclass(frozen=True)
class DialogueCorpus:
    """What a training of dialogues needs: the settings, all decided, tokenizer, vocabulary, and both parts."""

    text: DialogueTextSpec
    why: str  # its tokenizer; "" where it was given
    tokenizer: Tokenizer
    vocabulary: Vocabulary
    train: EncodedDialogues
    held_out: EncodedDialogues
    held_out_text: Sequence[Dialogue]

    def counts(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Count how often each token stands in the training part. -> [V]"""
        counts = np.zeros(len(self.vocabulary), np.int64)
        for dialogue in self.train.dialogues:
            counts += np.bincount(np.concatenate(dialogue), minlength=len(counts))
        return counts


def build(
    train: Sequence[Dialogue],
    held_out: Sequence[Dialogue],
    text: DialogueTextSpec,
    known: tuple[Tokenizer, Vocabulary] | None = None,
    extend: bool = False,
) -> DialogueCorpus:
    """Learn tokenizer and vocabulary from the training part (where not given), and encode both parts.

    extend: the vocabulary given goes on with the tokens that it lacks.
    """
    why = ""
    if text.tokenizer == "auto":
        name, why = fitting(script_of(pieces_of_lines(line for one in train for line in one.utterances)))
        text = replace(text, tokenizer=name)
    text = replace(text, min_count=text.min_count or (1 if text.tokenizer == "subwords" else 2))
    tokenizer, vocabulary = known or _learned(train, text)
    if known is not None and extend:
        vocabulary = _extended(vocabulary, _token_counts(train, tokenizer), text)
    encoded = encode(train, tokenizer, vocabulary, text)
    measured = encode(held_out, tokenizer, vocabulary, text)
    for part, what in ((encoded, "the dialogues"), (measured, "the held-out dialogues")):
        if not any(len(dialogue) > 1 for dialogue in part.dialogues):
            raise CorpusError(f"Nobody replies in {what}; give dialogues of two utterances or more.")
    return DialogueCorpus(text, why, tokenizer, vocabulary, encoded, measured, held_out)


def encode(
    dialogues: Sequence[Dialogue], tokenizer: Tokenizer, vocabulary: Vocabulary, text: DialogueTextSpec
) -> EncodedDialogues:
    """Return the ids of dialogues; each distinct piece is tokenised once."""
    known: dict[str, list[int]] = {}

    def ids_of(line: str) -> list[int]:
        ids: list[int] = []
        for piece in pieces_of(line):
            if piece not in known:
                known[piece] = vocabulary.encode(tokenizer.split(piece))
            ids += known[piece]
        return [*ids[-text.longest + 1 :], EOS]

    read = [one.turned if text.backwards else one for one in dialogues]
    return EncodedDialogues(
        [[ids_of(line) for line in one.utterances] for one in read],
        [one.speaker_numbers for one in read],
        sha256_of(dialogues),
    )


def _learned(train: Sequence[Dialogue], text: DialogueTextSpec) -> tuple[Tokenizer, Vocabulary]:
    """Learn a tokenizer and a vocabulary from the training part."""
    pieces = Counter(piece for one in train for line in one.utterances for piece in pieces_of(line))
    model = None
    if text.tokenizer == "subwords":
        size = min(text.subwords, text.vocabulary_size)
        model = tokenizers.learn_subwords(pieces.most_common(SAMPLE_PIECES), size, text.lowercase)
    tokenizer = tokenizers.make(text.tokenizer, text.lowercase, model)
    counts = _token_counts(train, tokenizer)
    names = list(counts)
    unknown = names.index(UNKNOWN) if UNKNOWN in counts else -1
    kept = select(np.array(list(counts.values()), np.int64), unknown, text.min_count or 1, text.vocabulary_size)
    if not len(kept):
        raise CorpusError(f"No token occurs {text.min_count} times; give more dialogues or a lower --min-count.")
    return tokenizer, Vocabulary([names[int(i)] for i in kept])


def _token_counts(train: Sequence[Dialogue], tokenizer: Tokenizer) -> Counter[str]:
    """Return how often each token stands in dialogues."""
    pieces = Counter(piece for one in train for line in one.utterances for piece in pieces_of(line))
    counts: Counter[str] = Counter()
    for piece, count in pieces.items():
        for token in tokenizer.split(piece):
            counts[token] += count
    return counts


def _extended(vocabulary: Vocabulary, counts: Counter[str], text: DialogueTextSpec) -> Vocabulary:
    """Return a vocabulary with the tokens behind it that it lacks, the commonest first, up to the size that is set."""
    lacking = [token for token, n in counts.most_common() if n >= (text.min_count or 1) and token not in vocabulary]
    room = max(text.vocabulary_size - len(vocabulary), 0)
    return Vocabulary([*vocabulary.tokens[len(SPECIALS) :], *lacking[:room]])
