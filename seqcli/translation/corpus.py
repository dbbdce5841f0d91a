"""Pairs as token ids: the tokenizer and vocabulary of each side, learned together or apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcli.errors import CorpusError
from seqcli.text import tokens as tokenizers
from seqcli.text.corpus import SAMPLE_PIECES
from seqcli.text.tokens import UNKNOWN, pieces_of
from seqcli.text.vocabulary import EOS, UNK, Vocabulary, select
from seqcli.translation.pairs import Pairs
from seqcli.translation.proper_names import Names, learn_names
from seqcli.translation.settings import PairsTextSpec
from seqcli.translation.sides import Side


@dataclass(frozen=True)
class EncodedPairs:
    """Pairs as ids, every sentence ended by EOS; `places` says which of the pairs they are."""

    source: list[list[int]]
    target: list[list[int]]
    places: list[int]
    sha256: str  # of all the pairs

    @property
    def tokens(self) -> int:
        """Tokens of both sides."""
        return sum(map(len, self.source)) + sum(map(len, self.target))

    @property
    def usual_source(self) -> int:
        """Tokens that all but one in a hundred sources have at most."""
        return int(np.percentile([len(ids) for ids in self.source], 99))

    @property
    def unknown_rate(self) -> float:
        """The share of the target's tokens that its vocabulary does not know."""
        return sum(ids.count(UNK) for ids in self.target) / max(sum(map(len, self.target)), 1)


@dataclass(frozen=True)
class PairCorpus:
    """What a training of translation needs: the settings (`min_count` decided), both sides, both parts; and names."""

    text: PairsTextSpec
    source: Side
    target: Side
    train: EncodedPairs
    held_out: EncodedPairs
    held_out_pairs: Pairs
    names: Names


def build(train: Pairs, held_out: Pairs, text: PairsTextSpec, sides: tuple[Side, Side] | None = None) -> PairCorpus:
    """Learn tokenizers and vocabularies from the training part (where not given), and encode both parts."""
    min_count = text.min_count or (1 if text.tokenizer == "subwords" else 2)  # what is seen once is hardly learned
    text = replace(text, min_count=min_count)
    if sides is None and text.joint:
        both = _learned([train.source, train.target], text)
        sides = both, both
    elif sides is None:
        sides = _learned([train.source], text), _learned([train.target], text)
    source, target = sides
    encoded = encode(train, source, target, text.longest)
    if not encoded.source:
        raise CorpusError(f"Every pair is longer than {text.longest} tokens; raise --longest, or break up the lines.")
    measured = encode(held_out, source, target, text.longest)
    if not measured.source:
        raise CorpusError(f"Every held-out pair is longer than {text.longest} tokens; raise --longest.")
    return PairCorpus(text, source, target, encoded, measured, held_out, learn_names(train))


def encode(pairs: Pairs, source: Side, target: Side, longest: int) -> EncodedPairs:
    """Return the ids of pairs; those with more than `longest` tokens on a side are left out."""
    left, right = _all_ids(pairs.source, source), _all_ids(pairs.target, target)
    kept = [i for i, (a, b) in enumerate(zip(left, right, strict=True)) if max(len(a), len(b)) <= longest]
    return EncodedPairs([left[i] for i in kept], [right[i] for i in kept], kept, pairs.sha256)


def _all_ids(texts: Sequence[str], side: Side) -> list[list[int]]:
    """Return the ids of many texts; each distinct piece is tokenised once."""
    known: dict[str, list[int]] = {}
    found = []
    for text in texts:
        ids: list[int] = []
        for piece in pieces_of(text):
            if piece not in known:
                known[piece] = side.vocabulary.encode(side.tokenizer.split(piece))
            ids += known[piece]
        found.append([*ids, EOS])
    return found


def _learned(languages: Sequence[Sequence[str]], text: PairsTextSpec) -> Side:
    """Return a side whose tokenizer and vocabulary are learned from the texts of a language, or of both.

    A token is kept that is seen often enough in one of them: a name that stands in a pair is seen in both.
    """
    pieces = [Counter(piece for line in texts for piece in pieces_of(line)) for texts in languages]
    if text.tokenizer == "subwords":
        size = min(text.subwords, text.vocabulary_size)
        weighed = sum(pieces, Counter[str]()).most_common(SAMPLE_PIECES)
        tokenizer = tokenizers.make(
            text.tokenizer, text.lowercase, tokenizers.learn_subwords(weighed, size, text.lowercase)
        )
    else:
        tokenizer = tokenizers.make(text.tokenizer, text.lowercase)
    counts: Counter[str] = Counter()
    for some in pieces:
        counts |= _token_counts(tokenizer, some)  # the higher of two
    names = list(counts)
    unknown = names.index(UNKNOWN) if UNKNOWN in counts else -1
    kept = select(np.array(list(counts.values()), np.int64), unknown, text.min_count or 1, text.vocabulary_size)
    if not len(kept):
        raise CorpusError(f"No token occurs {text.min_count} times; give more pairs or a lower --min-count.")
    return Side(tokenizer, Vocabulary([names[int(i)] for i in kept]))


def _token_counts(tokenizer: tokenizers.Tokenizer, pieces: Counter[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for piece, count in pieces.items():
        for token in tokenizer.split(piece):
            counts[token] += count
    return counts
