"""What a text is like before anything is learned from it: its size, words, repeats, and what would go wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.text.compiled import compiled
from seqcli.text.corpus import encode, prepare
from seqcli.text.interning import LINE
from seqcli.text.pieces import Pieces
from seqcli.text.script import Script, misfit, script_of
from seqcli.text.settings import TextSpec
from seqcli.text.token_table import count_pieces
from seqcli.text.tokens import UNKNOWN, Tokenizer, shown
from seqcli.text.vocabulary import SPECIALS, Vocabulary

COVERED_BY = (1_000, 5_000, 10_000, 30_000, 100_000)  # vocabulary sizes whose coverage is told
FREQUENT = 20  # tokens that are listed
LONG_UNIT = 6  # pieces: a shorter unit ("Yes, sir.") stands in two texts by chance
FEW_TOKENS = 50_000  # below this a language model learns phrases, not language
ONCE = 0.7  # share of tokens seen once among all types: in prose a half, in lists of names nearly all
REPEATED = 0.2  # share of units that stood before: headers, chants and copies, seldom prose
LEAK = 0.02  # share of a test's longer units that may stand in the text by chance
LONG_LINE = 20_000  # characters: whole chapters on one line
SYMBOLS = frozenset(("<eos>", "<pad>", "<s>", "</s>"))
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffd]")


@dataclass(frozen=True)
class Survey:
    """What a text is like. Counts are of the whole text, the held-out part included."""

    text: TextSpec  # with all decided
    why: str  # its tokenizer; "" where it was given
    lines: int
    blank_lines: int
    units: int
    characters: int
    longest_line: int  # characters
    tokens: int  # without the ends of units
    types: int
    seen_once: int
    training_tokens: int  # what a training would learn from, the ends of units included
    held_out_tokens: int  # what it would hold out, likewise
    unknown_rate: float  # of the training part, under the vocabulary that is kept of it
    held_out_unknown_rate: float
    repeated_units: int  # that stood in the text before
    script: Script
    control_characters: int
    marked_unknown: int  # "<unk>" in the text itself
    literal_symbols: int  # "<eos>", "<pad>", "<s>" and "</s>" in the text itself
    frequent: list[tuple[str, int]]  # tokens as they are shown, the commonest first
    coverage: list[tuple[int, float]]  # vocabulary size, share of the tokens that it knows
    tokenizer: Tokenizer
    vocabulary: Vocabulary


@dataclass(frozen=True)
class Comparison:
    """How another text stands to the one that is learned from."""

    tokens: int
    unknown_rate: float
    units: int
    units_in_text: int  # those that stand word for word in the text
    long_units: int  # those of six words and more
    long_units_in_text: int


def survey(pieces: Pieces, text: TextSpec) -> Survey:
    """Look at a whole text as a training with these settings would."""
    made = prepare(pieces, text)
    table = made.table
    piece_counts = count_pieces(pieces, [(0, len(pieces.spool))])
    counts = table.token_counts(piece_counts)
    hashes, _, shape = unit_hashes(pieces, made.text.unit == "paragraph")
    symbols = _symbols(pieces, piece_counts)
    train, held_out = made.encoded(pieces, made.train), made.encoded(pieces, made.held_out)
    total, order = int(counts.sum()), np.argsort(-counts, kind="stable")
    covered = np.concatenate(([0], np.cumsum(counts[order[order != table.unknown]])))  # by the n commonest tokens

    def share(size: int) -> float:
        return int(covered[min(size - len(SPECIALS), len(covered) - 1)]) / max(total, 1)

    return Survey(
        text=made.text,
        why=made.why,
        lines=pieces.lines,
        blank_lines=shape.blank_lines,
        units=len(hashes),
        characters=shape.characters,
        longest_line=shape.longest_line,
        tokens=total,
        types=int(np.count_nonzero(counts)),
        seen_once=int(np.count_nonzero(counts == 1)),
        training_tokens=len(train.ids),
        held_out_tokens=len(held_out.ids),
        unknown_rate=train.unknown_rate,
        held_out_unknown_rate=held_out.unknown_rate,
        repeated_units=len(hashes) - len(np.unique(hashes)),
        script=script_of(pieces),
        control_characters=symbols.control,
        marked_unknown=symbols.unknown,
        literal_symbols=symbols.literal,
        frequent=[(shown(table.tokens.text(int(t))), int(counts[t])) for t in order[:FREQUENT] if counts[t]],
        coverage=[(size, share(size)) for size in COVERED_BY],
        tokenizer=made.tokenizer,
        vocabulary=made.vocabulary,
    )


def compare(pieces: Pieces, known: Survey, other: Pieces) -> Comparison:
    """Look at another text beside the surveyed one: what its vocabulary does not know, and what both have."""
    paragraphs = known.text.unit == "paragraph"
    encoded = encode(other, known.tokenizer, known.vocabulary, known.text.unit)
    hashes, _, _ = unit_hashes(pieces, paragraphs)
    theirs, lengths, _ = unit_hashes(other, paragraphs)
    found, long = np.isin(theirs, hashes), lengths >= LONG_UNIT
    tokens = len(encoded.ids) - len(theirs)
    return Comparison(
        tokens=tokens,
        unknown_rate=encoded.unknown / max(tokens, 1),
        units=len(theirs),
        units_in_text=int(found.sum()),
        long_units=int(long.sum()),
        long_units_in_text=int((found & long).sum()),
    )


def warnings(known: Survey, other: Comparison | None = None) -> list[str]:
    """Say what would go wrong with this text, and what to do, in one line each."""
    found = [*_of_amount(known), *_of_script(known), *_of_characters(known)]
    if other and other.long_units_in_text > LEAK * other.long_units:
        found.append(
            f"{other.long_units_in_text:,} of the test's {other.long_units:,} longer {known.text.unit}s stand word for "
            "word in the text: its figures would be too good."
        )
    return found


def _of_amount(known: Survey) -> Iterator[str]:
    unit = known.text.unit
    if known.tokens < FEW_TOKENS:
        yield f"{known.tokens:,} tokens are few: a model will learn the text's own phrases, little else."
    if known.seen_once > ONCE * known.types > ONCE * 100:
        yield (
            f"{known.seen_once / known.types:.0%} of all different tokens occur only once: most stay unknown; "
            "give more text, or --tokenizer subwords."
        )
    if known.units < 2:
        yield f"The whole text is one {unit}: its end is held out, cut in the middle of it; give line breaks."
    elif known.repeated_units > REPEATED * known.units:
        yield (
            f"{known.repeated_units:,} of {known.units:,} {unit}s repeat an earlier one, so that the held-out part may "
            "stand in the training part; remove the copies."
        )


def _of_script(known: Survey) -> Iterator[str]:
    line = misfit(known.text.tokenizer, known.script)
    if line:
        yield line


def _of_characters(known: Survey) -> Iterator[str]:
    if known.longest_line > LONG_LINE:
        yield f"The longest line has {known.longest_line:,} characters; a line break a paragraph serves better."
    if known.control_characters:
        yield f"{known.control_characters:,} control or replacement characters stand in it: was the --encoding right?"
    if known.literal_symbols:
        yield f"{', '.join(sorted(SYMBOLS))} stand {known.literal_symbols:,} times in the text; they are plain text."


class Shape(NamedTuple):
    """The shape of a text's lines; lengths in characters, with single spaces."""

    blank_lines: int
    longest_line: int
    characters: int


def unit_hashes(pieces: Pieces, paragraphs: bool) -> tuple[NDArray[np.uint64], NDArray[np.int64], Shape]:
    """Return a hash of 64 bits of every unit, the same in every text, its length in pieces, and the shape of the lines.

    Two of ten million different units share a hash once in 370,000 texts.
    """
    spelled = pieces.hashes()
    lengths = np.fromiter(map(len, pieces.texts()), np.int64, len(pieces))
    state = np.zeros(8, np.uint64)
    hashes: list[NDArray[np.uint64]] = []
    counts: list[NDArray[np.int64]] = []
    for ids in pieces.spool.parts():
        room = int(np.count_nonzero(ids == LINE)) + 1
        out, sizes = np.empty(room, np.uint64), np.empty(room, np.int64)
        written = _hash_units(ids, spelled, lengths, paragraphs, out, sizes, state)
        hashes.append(out[:written])
        counts.append(sizes[:written])
    if state[1]:
        hashes.append(state[:1].copy())
        counts.append(state[1:2].astype(np.int64))
    shape = Shape(int(state[3]), int(state[5]), int(state[6]))
    return np.concatenate(hashes), np.concatenate(counts), shape


class _Symbols(NamedTuple):
    control: int
    unknown: int
    literal: int


def _symbols(pieces: Pieces, counts: NDArray[np.int64]) -> _Symbols:
    """Count control characters, <unk> and other literal symbols, each as often as its piece occurs."""
    total = np.zeros(3, np.int64)
    for p, piece in enumerate(pieces.texts()):
        if p == LINE:
            continue
        control = len(_CONTROL.findall(piece)) if not piece.isprintable() else piece.count("\ufffd")
        total += int(counts[p]) * np.array([control, piece == UNKNOWN, piece in SYMBOLS], np.int64)
    return _Symbols(*map(int, total))


@compiled
def _hash_units(ids, spelled, lengths, paragraphs, hashes, sizes, state):  # type: ignore[no-untyped-def]
    """Write the hash and the pieces of every unit that ends in ids; return how many.

    state: hash, pieces of the unit, line ends in a row, blank lines, length of the line, longest line, characters.
    """
    written = 0
    mixed, count, ends, blank, length, longest, characters = state[:7]
    one = np.uint64(1)
    for p in ids:
        if p != LINE:
            mixed = (mixed ^ spelled[p]) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
            count, ends = count + one, np.uint64(0)
            length += np.uint64(lengths[p]) + one
            characters += np.uint64(lengths[p]) + one
            continue
        ends += one
        blank += one if length == 0 else np.uint64(0)
        longest = max(longest, length)
        length = np.uint64(0)
        if count > 0 and ends > np.uint64(paragraphs):
            hashes[written] = mixed
            sizes[written] = count
            written += 1
            mixed, count = np.uint64(0), np.uint64(0)
    state[0], state[1], state[2], state[3] = mixed, count, ends, blank
    state[4], state[5], state[6] = length, longest, characters
    return written
