"""A whole text as token ids: its units (what <eos> ends), its held-out part, its vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcli.errors import CorpusError
from seqcli.spec import TextSpec
from seqcli.text import tokens as tokenizers
from seqcli.text.pieces import LINE, Pieces
from seqcli.text.reading import Report, read_blocks
from seqcli.text.vocabulary import EOS, UNK, Vocabulary, select

Ids = NDArray[np.int32]
HELD_OUT_SPANS = 20  # the held-out part is taken from all over the text: the last chapter alone is not the book
HELD_OUT_MOST = 100_000  # positions: enough for a perplexity to 1 %, and an evaluation stays short
WRAPPED_LINE = 120  # characters: a text with blank lines and no line longer than this has its paragraphs wrapped
SAMPLE_LINES = 200_000  # lines that subwords are learned from
CLOSED = 0.001  # share of <unk> from which a text has marked its unknown words (Penn Treebank: 0.05), not named one


@dataclass(frozen=True)
class Encoded:
    """Token ids of a text, int32 [N], every unit ended by EOS, with what a report of it needs."""

    ids: Ids
    sha256: str
    lines: int
    characters: int  # of the text with single spaces, one for each end of a unit

    @property
    def unknown(self) -> int:
        """How many of the tokens the vocabulary does not know."""
        return int(np.count_nonzero(self.ids == UNK))

    @property
    def unknown_rate(self) -> float:
        """The share of tokens that the vocabulary does not know."""
        return self.unknown / max(len(self.ids), 1)


@dataclass(frozen=True)
class Corpus:
    """What a training needs: the settings (`unit` and `min_count` decided), tokenizer, vocabulary, and both parts."""

    text: TextSpec
    tokenizer: tokenizers.Tokenizer
    vocabulary: Vocabulary
    train: Encoded
    held_out: Encoded


def read_pieces(paths: Sequence[str], encoding: str, report: Report | None = None) -> Pieces:
    """Read a text; raise CorpusError where there is no word in it."""
    pieces = Pieces.read(read_blocks(paths, encoding, report))
    if len(pieces) == 1:
        raise CorpusError(f"There are no words in {', '.join(map(repr, paths))}; give a text with words in it.")
    return pieces


def build(
    pieces: Pieces,
    valid: Pieces | None,
    text: TextSpec,
    vocabulary: Vocabulary | None = None,
    tokenizer: tokenizers.Tokenizer | None = None,
) -> Corpus:
    """Cut the held-out part, learn tokenizer and vocabulary from the rest (where not given), and encode both."""
    paragraphs = is_paragraphs(pieces, text.unit)
    text = replace(text, unit="paragraph" if paragraphs else "line")
    train_ids, held_ids, source = pieces.ids, pieces.ids, pieces
    if valid is not None:
        held_ids, source = valid.ids, valid
    else:
        train_ids, held_ids = cut_held_out(pieces.ids, paragraphs, text.held_out)
    if tokenizer is None:
        model = None
        if text.tokenizer == "subwords":
            lines = _lines(pieces, train_ids, SAMPLE_LINES)
            model = tokenizers.learn_subwords(lines, min(text.vocabulary_size, text.subwords), text.lowercase)
        tokenizer = tokenizers.make(text.tokenizer, text.lowercase, model)
    table = _Table(pieces, tokenizer)
    counts = table.token_counts(train_ids)
    min_count = min_count_of(text, counts, table.tokens)
    text = replace(text, min_count=min_count)
    if vocabulary is None:
        vocabulary = Vocabulary(select(counts, table.tokens, min_count, text.vocabulary_size))
        if len(vocabulary) < 3:
            raise CorpusError(f"No token occurs {min_count} times; give more text or a lower --min-count.")
    train = table.encode(train_ids, vocabulary, paragraphs, pieces)
    held_table = table if source is pieces else _Table(source, tokenizer)
    held_out = held_table.encode(held_ids, vocabulary, paragraphs, source)
    if not len(held_out.ids):
        raise CorpusError("Nothing is left to hold out; give more text, or a file with --valid.")
    return Corpus(text, tokenizer, vocabulary, train, held_out)


def encode(pieces: Pieces, tokenizer: tokenizers.Tokenizer, vocabulary: Vocabulary, unit: str) -> Encoded:
    """Encode a whole text with a model's tokenizer and vocabulary."""
    return _Table(pieces, tokenizer).encode(pieces.ids, vocabulary, is_paragraphs(pieces, unit), pieces)


def min_count_of(text: TextSpec, counts: NDArray[np.int64], tokens: Sequence[str]) -> int:
    """Return how often a token must be seen to be known: as asked, else 2, or 1 where <unk> marks the unknown."""
    if text.min_count is not None:
        return text.min_count
    marked = counts[tokens.index(tokenizers.UNKNOWN)] if tokenizers.UNKNOWN in tokens else 0
    return 1 if marked > CLOSED * counts.sum() else 2  # a word seen once cannot be learned; unknown words must be


def is_paragraphs(pieces: Pieces, unit: str) -> bool:
    """Tell whether <eos> ends paragraphs: asked for, or blank lines stand between wrapped lines."""
    return unit == "paragraph" or (unit == "auto" and pieces.blank_share > 0.02 and pieces.longest_line <= WRAPPED_LINE)


def cut_held_out(ids: NDArray[np.uint32], paragraphs: bool, share: float) -> tuple[NDArray[np.uint32], ...]:
    """Return (training part, held-out part) of piece ids, cut at the ends of units.

    The held-out part is up to 20 runs of whole units, spread evenly. A text of fewer than two units keeps its last
    tenth apart, cut between two pieces: better a mark on the page than no measure at all.
    """
    ends = unit_ends(ids, paragraphs)
    if len(ends) < 2:
        cut = max(len(ids) - max(round(len(ids) * share), 2), 1)
        return ids[:cut], ids[cut:]
    want = min(max(int(len(ids) * share), 1), HELD_OUT_MOST)
    spans = min(HELD_OUT_SPANS, len(ends) // 2)
    keep = np.ones(len(ids), bool)
    for k in range(spans):
        # from the unit that begins nearest the middle of the k-th stretch, on to the unit that fills the share
        first = int(np.searchsorted(ends, (k + 0.5) / spans * len(ids)))
        first = min(first, len(ends) - 2)
        start = int(ends[first]) + 1
        last = max(int(np.searchsorted(ends, start + want / spans)), first + 1)
        keep[start : int(ends[min(last, len(ends) - 1)]) + 1] = False
    return ids[keep], ids[~keep]


def unit_ends(ids: NDArray[np.uint32], paragraphs: bool) -> NDArray[np.int64]:
    """Return the positions of the ends of lines that end a unit."""
    line = ids == LINE
    before = np.concatenate(([True], line[:-1]))  # a line end behind a line end ends nothing
    after = np.concatenate((line[1:], [True]))
    return np.flatnonzero(line & ~before & (after if paragraphs else True))


def _lines(pieces: Pieces, ids: NDArray[np.uint32], most: int) -> Iterator[str]:
    """Yield up to `most` non-empty lines of a text, evenly spread."""
    ends = unit_ends(ids, paragraphs=False)
    for i in range(0, len(ends), max(len(ends) // most, 1)):
        start = int(ends[i - 1]) + 1 if i else 0
        yield " ".join(pieces.text(int(p)) for p in ids[start : int(ends[i])] if p != LINE)


class _Table:
    """The tokens of every distinct piece: piece p is tokens[flat[starts[p] : starts[p + 1]]]."""

    def __init__(self, pieces: Pieces, tokenizer: tokenizers.Tokenizer) -> None:
        index: dict[str, int] = {}
        flat: list[int] = []
        starts = np.zeros(len(pieces) + 1, np.int64)
        lengths = np.zeros(len(pieces), np.int64)
        for p, piece in enumerate(pieces.texts()):
            if p != LINE:
                flat += [index.setdefault(token, len(index)) for token in tokenizer.split(piece)]
                lengths[p] = len(piece)
            starts[p + 1] = len(flat)
        self.tokens = list(index)
        self._flat = np.array(flat, np.int32)
        self._starts = starts
        self._lengths = lengths

    def token_counts(self, ids: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Count the tokens of a text. -> int64 [tokens]"""
        piece_counts = np.bincount(ids, minlength=len(self._starts) - 1)
        weights = np.repeat(piece_counts, np.diff(self._starts))
        return np.bincount(self._flat, weights, minlength=len(self.tokens)).astype(np.int64)

    def encode(self, ids: NDArray[np.uint32], vocabulary: Vocabulary, paragraphs: bool, source: Pieces) -> Encoded:
        """Write a text as token ids, EOS at the end of every unit."""
        final = np.array(vocabulary.encode(self.tokens), np.int32)
        flat = final[self._flat] if len(self._flat) else np.zeros(0, np.int32)
        total = int(_expanded(ids, np.diff(self._starts))) + 1
        out = np.empty(total, np.int32)
        written = int(_expand(ids, self._starts, flat, EOS, paragraphs, out))
        counts = np.bincount(ids, minlength=len(self._lengths))
        characters = int(counts @ self._lengths) + int(counts.sum())
        return Encoded(out[:written], source.sha256, source.lines, characters)


@njit(cache=True)
def _expanded(ids, lengths):  # type: ignore[no-untyped-def]
    """Return how many tokens a text has at most: its pieces' tokens, and one for each end of a line."""
    total = 0
    for p in ids:
        total += lengths[p] if p != LINE else 1
    return total


@njit(cache=True)
def _expand(ids, starts, flat, eos, paragraphs, out):  # type: ignore[no-untyped-def]
    """Write the tokens of every piece and an eos behind every unit that is not empty; return how many."""
    written = 0
    in_unit = False
    size = len(ids)
    for i in range(size):
        p = ids[i]
        if p == LINE:
            if in_unit and (not paragraphs or i + 1 == size or ids[i + 1] == LINE):
                out[written] = eos
                written += 1
                in_unit = False
        else:
            in_unit = True
            for k in range(starts[p], starts[p + 1]):
                out[written] = flat[k]
                written += 1
    if in_unit:
        out[written] = eos
        written += 1
    return written
