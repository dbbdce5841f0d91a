"""The tokens of every distinct piece of a text, and the text written out in them."""

from __future__ import annotations

from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from seqcli.text.compiled import compiled
from seqcli.text.interning import LINE, Interner
from seqcli.text.pieces import Pieces
from seqcli.text.repeated_tokens import count_as_one
from seqcli.text.spool import PART, Spool, let_go, room
from seqcli.text.tokens import UNKNOWN, Tokenizer, Whitespace
from seqcli.text.units import Ranges
from seqcli.text.vocabulary import EOS, SPECIALS, UNK, Vocabulary

Ids = NDArray[np.int32]
T = TypeVar("T", bound=np.generic)
BATCH = 1 << 14  # pieces tokenised between two look-ups: no more of their strings are ever held


class TokenTable:
    """Piece p is the tokens flat[starts[p] : starts[p + 1]]; token t is spelled `tokens.text(t)`, t from 1."""

    def __init__(self, pieces: Pieces, tokenizer: Tokenizer) -> None:
        self.tokens: Interner = pieces
        self._folder = pieces.folder if pieces.repeats else None  # for what is as long as the pieces
        self._starts = self._counted(-1, len(pieces), np.int64)
        self._starts[0] = 0  # the end of a line is no token
        self._flat = self._counted(1, len(pieces), np.uint32)
        self._lengths = room(len(pieces), np.int32, self._folder)  # characters
        texts = pieces.texts()
        for low in range(0, len(pieces), PART):
            some = self._lengths[low : low + PART]
            some[:] = np.fromiter(map(len, islice(texts, len(some))), np.int32, len(some))
            let_go(self._lengths)
        self._same = isinstance(tokenizer, Whitespace) and tokenizer.keeps_case and pieces.composed
        if not self._same:
            self._cut(pieces, tokenizer)
        self.unknown = self.tokens.find(UNKNOWN)  # a literal <unk>; 0 where there is none

    @property
    def nbytes(self) -> int:
        """The bytes of memory that the table takes beside the pieces."""
        own = 0 if self._same else self.tokens.nbytes
        return own + self._starts.nbytes + self._flat.nbytes + self._lengths.nbytes

    def _cut(self, pieces: Pieces, tokenizer: Tokenizer) -> None:
        """Cut every piece into its tokens."""
        self.tokens = Interner(pieces.folder, pieces.most)
        flat: Spool[np.uint32] = Spool(np.uint32, pieces.folder)
        self._starts[:] = 0
        texts, p = pieces.texts(), 0
        while batch := list(islice(texts, BATCH)):
            cut = [tokenizer.split(piece) if piece != "\n" else [] for piece in batch]
            self._starts[p + 1 : p + 1 + len(batch)] = list(map(len, cut))
            flat.append(self.tokens.ids_of("".join(f"{token} " for tokens in cut for token in tokens).encode()))
            p += len(batch)
        np.cumsum(self._starts, out=self._starts)
        self._flat = flat.array()
        self.tokens.finish()

    def token_counts(self, piece_counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Count the tokens of a text from the counts of its pieces. -> int64 [tokens]"""
        counts = room(len(self.tokens), np.int64, self._folder)
        for low in range(0, len(piece_counts), PART):
            some = piece_counts[low : low + PART]
            _add_weighed(self._flat, self._starts[low : low + len(some) + 1], some, counts)
            self._let_go(piece_counts, counts)
        if self.tokens.repeats:
            count_as_one(self.tokens, counts)
        return counts

    def _counted(self, first: int, last: int, dtype: type[T]) -> NDArray[T]:
        """Return the whole numbers from the first to below the last."""
        found = room(last - first, dtype, self._folder)
        for low in range(first, last, PART):
            found[low - first : low - first + PART] = np.arange(low, min(low + PART, last), dtype=dtype)
            let_go(found)
        return found

    def _let_go(self, *others: NDArray[Any]) -> None:
        """Let go of the pages that were read, of the table and of others, where it is mapped from files."""
        if self._folder is not None:
            let_go(self._starts, self._flat, self._lengths, *others)

    def known_by(self, vocabulary: Vocabulary, kept: NDArray[np.int64] | None = None) -> Ids:
        """Return `flat` in the ids of a vocabulary; kept: its tokens by number, where it was made of this table."""
        ids = room(len(self.tokens), np.int32, self._folder)
        if kept is None or self.tokens.repeats:
            known = map(vocabulary.id_of, self.tokens.texts())
            for low in range(0, len(ids), PART):
                some = ids[low : low + PART]
                some[:] = np.fromiter(islice(known, len(some)), np.int32, len(some))
                self._let_go(ids)
        else:
            ids[:] = UNK
            ids[kept] = np.arange(len(SPECIALS), len(vocabulary))
        found = room(len(self._flat), np.int32, self._folder)
        for low in range(0, len(found), PART):
            found[low : low + PART] = ids[self._flat[low : low + PART]]
            self._let_go(ids, found)
        return found

    def encode(self, source: Pieces, part: Ranges, flat: Ids, paragraphs: bool) -> tuple[Ids, int]:
        """Return a part of a text as ids, EOS at the end of every unit, and its characters; flat: of `known_by`."""
        out: Spool[np.int32] = Spool(np.int32, source.folder)
        characters = 0
        most = 1  # tokens of a piece, or the end of a line
        for low in range(0, len(self._lengths), PART):
            most = int(np.diff(self._starts[low : low + PART + 1]).max(initial=most))
            self._let_go()
        for start, stop in part:
            state = np.zeros(2, np.int64)
            for ids in source.spool.parts(start, stop):
                tokens = np.empty(len(ids) if most == 1 else _tokens_in(ids, self._starts), np.int32)
                written, length = _expand(ids, self._starts, flat, self._lengths, EOS, paragraphs, tokens, state)
                out.append(tokens[:written])
                characters += length
                self._let_go(flat)
            if state[0]:
                out.append(np.array([EOS], np.int32))
        return out.array(), characters


def count_pieces(pieces: Pieces, part: Ranges) -> NDArray[np.int64]:
    """Count the pieces of a part of a text. -> int64 [pieces]"""
    counts = room(len(pieces), np.int64, pieces.folder if pieces.repeats else None)
    for start, stop in part:
        for ids in pieces.spool.parts(start, stop):
            _add_each(ids, counts)
            let_go(counts)
    return counts


@compiled
def _add_each(ids, counts):  # type: ignore[no-untyped-def]
    for p in ids:
        counts[p] += 1


@compiled
def _add_weighed(flat, starts, weights, counts):  # type: ignore[no-untyped-def]
    for p in range(len(weights)):
        for k in range(starts[p], starts[p + 1]):
            counts[flat[k]] += weights[p]


@compiled
def _tokens_in(ids, starts):  # type: ignore[no-untyped-def]
    """Return how many tokens the pieces have at most: theirs, and one for each end of a line."""
    total = 0
    for p in ids:
        total += starts[p + 1] - starts[p] if p != LINE else 1
    return total


@compiled
def _expand(ids, starts, flat, lengths, eos, paragraphs, out, state):  # type: ignore[no-untyped-def]
    """Write the tokens of every piece, and an eos behind every unit that is not empty; return (tokens, characters).

    state: whether a unit has begun, line ends in a row. Carried from one part of the text to the next.
    """
    written = characters = 0
    begun, ends = state
    for p in ids:
        if p == LINE:
            ends += 1
            if begun and ends > paragraphs:
                out[written] = eos
                written += 1
                begun = 0
            continue
        ends = 0
        begun = 1
        characters += lengths[p] + 1
        for k in range(starts[p], starts[p + 1]):
            out[written] = flat[k]
            written += 1
    state[0], state[1] = begun, ends
    return written, characters
