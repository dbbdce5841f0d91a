"""How long a text is and how long it takes to read, told from a part of it: before hours are spent on all of it."""

from __future__ import annotations

import os
import stat
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from seqcli.errors import CorpusError, MisuseError
from seqcli.text.corpus import Prepared, pieces_of_lines, prepare
from seqcli.text.encoded_text import is_encoded, opened
from seqcli.text.files import COMPRESSED, files_of, named
from seqcli.text.form import Form, say_nothing
from seqcli.text.pieces import Pieces
from seqcli.text.reading import BLOCK, Report, read_blocks
from seqcli.text.settings import TextSpec
from seqcli.text.token_table import Ids, count_pieces
from seqcli.text.units import HELD_OUT_MOST
from seqcli.text.vocabulary import SPECIALS

SAMPLE_BYTES = 1 << 26  # of text: read, counted and encoded in about two seconds, and 10 million words
SAMPLE_FILES = 16  # of many, evenly spread: the first file alone is not the text
ID_BYTES = 4  # of a piece's or token's number, in memory and on disk
IDS = 1 << 17  # tokens of its beginning: more than the batches and the segments that are timed
GROWING = 40_000  # different pieces: more than the first table of them holds
ANY = "*"  # no ending of a file

T = TypeVar("T")


@dataclass(frozen=True)
class TextSample:
    """What a whole text is like, told from what was read of it."""

    text: TextSpec  # with all decided
    why: str  # its tokenizer; "" where it was given
    files: int
    file_bytes: int
    bytes: int  # of text: more than the files where they are compressed
    sample_bytes: int  # of text, that were read
    types: int  # different tokens
    vocabulary: int
    training_tokens: int  # the ends of units included
    held_out_tokens: int
    reading_seconds: float  # interning included
    counting_seconds: float  # of what is held out, tokens, vocabulary
    encoding_seconds: float  # of both parts
    tables_bytes: int  # memory that grows with the different pieces and tokens
    ids_bytes: int  # of the text as ids, on the disk where models go where it is long
    ids: Ids  # of its beginning, to time updates with

    @property
    def whole(self) -> bool:
        """Whether all of the text was read: then nothing is estimated."""
        return self.sample_bytes >= self.bytes


def sample(
    paths: Sequence[str],
    form: Form,
    text: TextSpec,
    report: Report | None = None,
    most: int = SAMPLE_BYTES,
    folder: str | None = None,
) -> TextSample:
    """Read up to `most` bytes of a text as a training would, with its stages timed, and tell what all of it is like.

    A text that was kept is read already, and looked at whole. report gets the bytes read so far. folder: as in
    `read_pieces`. Raises MisuseError for standard input, whose length nobody knows, and CorpusError as reading does.
    """
    if "-" in paths:
        raise MisuseError("The size of standard input is not known before it is read; name the text's files.")
    ready(text.tokenizer)
    if is_encoded(paths):
        kept, checking = _timed(lambda: opened(paths[0], folder))
        return _whole(kept, text, list(paths), kept.bytes, checking)
    quiet = replace(form, note=say_nothing)
    files = files_of(paths, quiet)
    parts = _Parts(paths, files, quiet, most)
    steady = _Steady(report)
    pieces = Pieces.read(steady.over(parts.blocks()), folder)
    reading = steady.seconds(pieces.bytes)
    if len(pieces) == 1:
        raise CorpusError(f"There are no words in {named(*paths)}; give a text with words in it.")
    return _whole(pieces, text, files, parts.text_bytes(), reading)


def ready(tokenizer: str) -> None:
    """Load the compiled code and the tables that a text is read with: that is no part of what its bytes take."""
    pieces = pieces_of_lines(["It's a b, a b."] * 8 + [" ".join(map(str, range(GROWING)))])
    made = prepare(pieces, TextSpec("words" if tokenizer in ("auto", "subwords") else tokenizer))
    made.encoded(pieces, made.train)


def _whole(pieces: Pieces, text: TextSpec, files: list[str], whole: int, reading: float) -> TextSample:
    """Return what the whole text is like, whose bytes are `whole`.

    Positions grow with the bytes. Different tokens grow by the share of them that were seen once, those seen so often
    as the vocabulary asks by the share of them that have just come so far: both are what the next word adds to them.
    """
    (made, counting), times = _timed(lambda: prepare(pieces, text)), max(whole / pieces.bytes, 1.0)
    _, linear = _timed(lambda: [count_pieces(pieces, [(0, len(pieces.spool))]) for _ in range(2)])
    (train, held_out), encoding = _timed(lambda: [made.encoded(pieces, part) for part in (made.train, made.held_out)])
    linear = min(linear, counting)  # the passes over all positions; the rest looks at every different piece once
    types, vocabulary = _grown(made, times)
    seen = int((made.counts > 0).sum())
    tokens = len(train.ids) + len(held_out.ids)
    held = min(int(len(held_out.ids) * times), max(HELD_OUT_MOST, len(held_out.ids)))
    return TextSample(
        text=made.text,
        why=made.why,
        files=len(files),
        file_bytes=sum(map(size_of, files)),
        bytes=whole,
        sample_bytes=pieces.bytes,
        types=types,
        vocabulary=vocabulary,
        training_tokens=int(tokens * times) - held,
        held_out_tokens=held,
        reading_seconds=reading * times,
        counting_seconds=linear * times + (counting - linear) * types / seen,
        encoding_seconds=encoding * times,
        tables_bytes=int((pieces.nbytes + made.table.nbytes) * types / seen),
        ids_bytes=int(ID_BYTES * (len(pieces.spool) + tokens) * times),
        ids=train.ids[:IDS].copy(),
    )


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what some work returns, and the seconds that it took."""
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def _grown(made: Prepared, times: float) -> tuple[int, int]:
    """Return how many different tokens a text so many times as long has, and how large its vocabulary is."""
    counts, least = made.counts, made.text.min_count or 1

    def exponent(often: int) -> float:
        enough = int((counts >= often).sum())
        return min(often * int((counts == often).sum()) / enough, 1.0) if enough else 0.0

    seen = int((counts > 0).sum())
    types = int(seen * times ** exponent(1))
    known = len(made.vocabulary) - len(SPECIALS)
    full = len(made.vocabulary) >= made.text.vocabulary_size
    grown = known if full else int(known * times ** exponent(least))
    return types, min(grown + len(SPECIALS), made.text.vocabulary_size)


class _Parts:
    """Parts of a text from files evenly spread over it, and what is learned of their sizes by reading them."""

    def __init__(self, paths: Sequence[str], files: list[str], form: Form, most: int) -> None:
        self._paths, self._files, self._form = paths, files, form
        self._sizes = {file: size_of(file) for file in files}
        self._most = most
        self._read: dict[str, tuple[int, bool]] = {}  # bytes of text, and whether they are all of the file

    def blocks(self) -> Iterator[bytes]:
        """Yield blocks of text."""
        if sum(self._sizes.values()) <= self._most:
            chosen, each = self._files, self._most
        else:
            count = min(SAMPLE_FILES, len(self._files))
            chosen = [self._files[(2 * i + 1) * len(self._files) // (2 * count)] for i in range(count)]
            each = max(self._most // count, BLOCK)
        found = 0
        for file in chosen:
            if found < self._most:
                for block in self._some(file, each):
                    found += len(block)
                    yield block

    def _some(self, file: str, each: int) -> Iterator[bytes]:
        """Yield the first bytes of a file; one of a folder that cannot be read is passed over, as in reading it."""
        done, whole = 0, True
        try:
            for block in read_blocks([file], self._form):
                done += len(block)
                yield block
                whole = done < each
                if not whole:
                    break
        except CorpusError:
            if file in self._paths:
                raise
        self._read[file] = done, whole

    def text_bytes(self) -> int:
        """Return the bytes of the whole text, as far as they can be told; of files not read by those like them."""
        if len(self._read) == len(self._sizes) and all(whole for _, whole in self._read.values()):
            return sum(done for done, _ in self._read.values())
        seen: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])  # by ending: bytes of text, of files
        for file, (done, whole) in self._read.items():
            taken = self._sizes[file] if whole else done / _expansion(file)
            for ending in (_ending(file), ANY):
                seen[ending][0] += done
                seen[ending][1] += taken
        rates = {ending: done / max(taken, 1.0) for ending, (done, taken) in seen.items()}
        return int(sum(size * rates.get(_ending(file), rates[ANY]) for file, size in self._sizes.items()))


def size_of(file: str) -> int:
    """Return the bytes of a file. Raises CorpusError where there is none, MisuseError for what has no size."""
    try:
        status = os.stat(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a possible path"
        raise CorpusError(f"Cannot read {named(file)}: {reason}; check the path.") from error
    if not stat.S_ISREG(status.st_mode):
        raise MisuseError(f"{named(file)} is no file, and its size is not known; name the text's files.")
    return status.st_size


def _ending(file: str) -> str:
    return os.path.splitext(file)[1].lower()


def _expansion(file: str) -> float:
    """Return the bytes of text for each byte of a file that is longer than its part."""
    if not file.endswith(COMPRESSED):
        return 1.0
    from seqcli.text.compressed import expansion

    return expansion(file)


class _Steady:
    """Times the blocks of a text but the first one, which waits for much that the others find ready."""

    def __init__(self, report: Report | None) -> None:
        self._report = report
        self._began = self._first = 0.0
        self._bytes = 0  # of the first block

    def over(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the blocks."""
        self._began, done = time.perf_counter(), 0
        for block in blocks:
            if not done:
                self._bytes, self._first = len(block), time.perf_counter()
            done += len(block)
            if self._report:
                self._report(done)
            yield block

    def seconds(self, done: int) -> float:
        """Return the seconds that `done` bytes take, asked as soon as all are read."""
        now = time.perf_counter()
        if done <= self._bytes:
            return now - self._began
        return (now - self._first) * done / (done - self._bytes)
