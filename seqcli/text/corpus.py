"""A whole text as token ids: its units (what <eos> ends), its held-out part, its vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import CorpusError
from seqcli.text import tokens as tokenizers
from seqcli.text.encoded_text import is_encoded, opened
from seqcli.text.files import named
from seqcli.text.form import TEXT, Form
from seqcli.text.interning import LINE, Interner
from seqcli.text.pieces import Pieces
from seqcli.text.reading import Report, blocks_of, read_blocks
from seqcli.text.script import fitting, script_of
from seqcli.text.settings import TextSpec
from seqcli.text.spool import PART, let_go
from seqcli.text.token_table import Ids, TokenTable, count_pieces
from seqcli.text.units import HELD_OUT_MOST, Ranges, as_written, cut_held_out, is_paragraphs
from seqcli.text.vocabulary import SPECIALS, UNK, Vocabulary, select

CLOSED = 0.001  # share of <unk> from which a text has marked its unknown words (Penn Treebank: 0.05), not named one
TABLE_SHARE = 0.3  # of the memory for reading that different pieces may take; a vocabulary and numba take the rest
SAMPLE_PIECES = 1_000_000  # distinct pieces that subwords are learned from, the commonest


@dataclass(frozen=True)
class Encoded:
    """Token ids of a text, int32 [N], every unit ended by EOS, with what a report of it needs."""

    ids: Ids  # mapped from a file where the text is long
    sha256: str
    lines: int
    characters: int  # of the text with single spaces, one for each end of a unit

    @property
    def unknown(self) -> int:
        """How many of the tokens the vocabulary does not know."""
        return int(self.counts(UNK + 1)[UNK])

    def counts(self, size: int) -> NDArray[np.int64]:
        """Count how often each id below size occurs. -> int64 [size]"""
        counts = np.zeros(size, np.int64)
        for i in range(0, len(self.ids), PART):  # in parts: numpy would make a copy of all the ids, twice as large
            counts += np.bincount(self.ids[i : i + PART], minlength=size)[:size]
            let_go(self.ids)
        return counts

    @property
    def unknown_rate(self) -> float:
        """The share of tokens that the vocabulary does not know."""
        return self.unknown / max(len(self.ids), 1)


@dataclass(frozen=True)
class Corpus:
    """What a training needs: the settings, all decided, tokenizer, vocabulary, and both parts."""

    text: TextSpec
    why: str  # its tokenizer; "" where it was given
    tokenizer: tokenizers.Tokenizer
    vocabulary: Vocabulary
    train: Encoded
    held_out: Encoded
    seen: Interner  # every token of the training part, known to the vocabulary or not, ...
    seen_counts: NDArray[np.int64]  # ... and how often
    written: str = ""  # the held-out part as it was written


def read_pieces(
    paths: Sequence[str], form: Form = TEXT, report: Report | None = None, folder: str | None = None
) -> Pieces:
    """Read a text, or open one that was kept; raise CorpusError where there is no word in it.

    folder: for unnamed files with the ids of a text that is too long for memory, and with different pieces beyond
    those that form.memory has room for; None keeps all in memory.
    """
    most = None if form.memory is None else int(form.memory * TABLE_SHARE)
    if is_encoded(paths):
        return opened(paths[0], folder, most)
    return _with_words(Pieces.read(read_blocks(paths, form, report), folder, most), named(*paths))


def pieces_of_lines(lines: Iterable[str]) -> Pieces:
    """Take in a text that is here already; raise CorpusError where there is no word in it."""
    return _with_words(Pieces.read(blocks_of(lines)), "the text")


def _with_words(pieces: Pieces, where: str) -> Pieces:
    if len(pieces) == 1:
        raise CorpusError(f"There are no words in {where}; give a text with words in it.")
    return pieces


@dataclass(frozen=True)
class Prepared:
    """A text before it is written in ids: what is decided of it, its parts, and how often its training part has what.

    One function decides for what looks at a text and for what learns from it, so that both say the same.
    """

    text: TextSpec  # with `tokenizer`, `unit` and `min_count` decided
    why: str  # that tokenizer; "" where it was given
    tokenizer: tokenizers.Tokenizer
    vocabulary: Vocabulary
    table: TokenTable
    counts: NDArray[np.int64]  # of the table's tokens in the training part
    flat: Ids  # the table's tokens in the ids of the vocabulary
    train: Ranges
    held_out: Ranges

    def encoded(self, pieces: Pieces, part: Ranges) -> Encoded:
        """Write a part of the text in ids."""
        return _encoded(pieces, self.table, self.flat, self.text.unit == "paragraph", part)


def prepare(
    pieces: Pieces,
    text: TextSpec,
    all_of_it: bool = False,
    vocabulary: Vocabulary | None = None,
    tokenizer: tokenizers.Tokenizer | None = None,
    extend: bool = False,
) -> Prepared:
    """Decide how a text is cut and what is held out; learn tokenizer and vocabulary from the rest (where not given).

    all_of_it: nothing is held out. extend: as in `build`.
    """
    text, why = with_tokenizer(pieces, text)
    paragraphs = is_paragraphs(pieces, text.unit)
    train, held_out = (_whole(pieces), []) if all_of_it else cut_held_out(pieces, paragraphs, text.held_out)
    piece_counts = count_pieces(pieces, train)
    tokenizer = tokenizer or learn_tokenizer(pieces, piece_counts, text)
    table = TokenTable(pieces, tokenizer)
    counts = table.token_counts(piece_counts)
    min_count = min_count_of(text, counts, table.unknown)
    text = replace(text, unit="paragraph" if paragraphs else "line", min_count=min_count)
    kept = None
    if vocabulary is not None and extend:
        vocabulary = extended(vocabulary, table, counts, min_count, text.vocabulary_size)
    elif vocabulary is None:
        kept = select(counts, table.unknown, min_count, text.vocabulary_size)
        vocabulary = Vocabulary([table.tokens.text(int(t)) for t in kept])
    flat = table.known_by(vocabulary, kept)
    return Prepared(text, why, tokenizer, vocabulary, table, counts, flat, train, held_out)


def with_tokenizer(pieces: Pieces, text: TextSpec) -> tuple[TextSpec, str]:
    """Return the settings with a tokenizer that fits the text, where they leave it open, and why it is that one."""
    if text.tokenizer != "auto":
        return text, ""
    name, why = fitting(script_of(pieces))
    return replace(text, tokenizer=name), why


def build(
    pieces: Pieces,
    valid: Pieces | None,
    text: TextSpec,
    vocabulary: Vocabulary | None = None,
    tokenizer: tokenizers.Tokenizer | None = None,
    extend: bool = False,
) -> Corpus:
    """Cut the held-out part, learn tokenizer and vocabulary from the rest (where not given), and encode both.

    extend: the vocabulary given goes on with tokens that it lacks, up to the size of the settings.
    """
    made = prepare(pieces, text, valid is not None, vocabulary, tokenizer, extend)
    if len(made.vocabulary) < 3:
        raise CorpusError(f"No token occurs {made.text.min_count} times; give more text or a lower --min-count.")
    train = made.encoded(pieces, made.train)
    if valid is None:
        held_out, written = made.encoded(pieces, made.held_out), as_written(pieces, made.held_out)
    else:
        held_out = encode(valid, made.tokenizer, made.vocabulary, text.unit)
        written = as_written(valid, [(0, min(len(valid.spool), HELD_OUT_MOST))])
    if not len(held_out.ids):
        raise CorpusError("Nothing is left to hold out; give more text, or a file with --valid.")
    seen = made.table.tokens, made.counts
    return Corpus(made.text, made.why, made.tokenizer, made.vocabulary, train, held_out, *seen, written)


def extended(
    vocabulary: Vocabulary, table: TokenTable, counts: NDArray[np.int64], min_count: int, size: int
) -> Vocabulary:
    """Return a vocabulary with the tokens of a text behind it that it lacks, the commonest first, up to a size."""
    order = select(counts, table.unknown, min_count, len(counts) + len(SPECIALS))
    lacking = (token for token in (table.tokens.text(int(t)) for t in order) if token not in vocabulary)
    more = islice(lacking, max(size - len(vocabulary), 0))
    return Vocabulary([*vocabulary.tokens[len(SPECIALS) :], *more])


def encode(pieces: Pieces, tokenizer: tokenizers.Tokenizer, vocabulary: Vocabulary, unit: str) -> Encoded:
    """Encode a whole text with a model's tokenizer and vocabulary."""
    table = TokenTable(pieces, tokenizer)
    return _encoded(pieces, table, table.known_by(vocabulary), is_paragraphs(pieces, unit), _whole(pieces))


def learn_tokenizer(pieces: Pieces, counts: NDArray[np.int64], text: TextSpec) -> tokenizers.Tokenizer:
    """Return the tokenizer that the settings ask for; subwords are learned from the pieces and their counts."""
    if text.tokenizer != "subwords":
        return tokenizers.make(text.tokenizer, text.lowercase)
    common = select(counts, LINE, 1, SAMPLE_PIECES + len(SPECIALS))
    weighed = ((pieces.text(int(p)), int(counts[p])) for p in common)
    model = tokenizers.learn_subwords(weighed, min(text.vocabulary_size, text.subwords), text.lowercase)
    return tokenizers.make(text.tokenizer, text.lowercase, model)


def min_count_of(text: TextSpec, counts: NDArray[np.int64], unknown: int) -> int:
    """Return how often a token must be seen to be known: as asked, else 2, or 1 where <unk> (unknown) marks them."""
    if text.min_count is not None:
        return text.min_count
    marked = unknown and counts[unknown] > CLOSED * counts.sum()
    return 1 if marked else 2  # what is seen once can hardly be learned, but what <unk> means can


def _whole(pieces: Pieces) -> Ranges:
    return [(0, len(pieces.spool))]


def _encoded(source: Pieces, table: TokenTable, flat: Ids, paragraphs: bool, part: Ranges) -> Encoded:
    ids, characters = table.encode(source, part, flat, paragraphs)
    return Encoded(ids, source.sha256, source.lines, characters)
