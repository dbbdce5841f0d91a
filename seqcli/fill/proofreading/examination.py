"""A text read for errors: the evidence of all its places, read twice where an error disturbs its neighbours."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from seqcli.fill.proofreading.candidates import Confusions
from seqcli.fill.proofreading.changes import Changes
from seqcli.fill.proofreading.decision import Doubles, Sites, best_rows, judge
from seqcli.fill.proofreading.evidence import REPLACED, Evidence, Seen, replacements, see_again, seen
from seqcli.fill.proofreading.network import Network
from seqcli.fill.proofreading.reading import Reading, read
from seqcli.fill.proofreading.word_table import WordTable
from seqcli.text.vocabulary import UNK

if TYPE_CHECKING:
    from seqcli.fill.proofreading.network import Floats, Ints
    from seqcli.text.tokens import Tokenizer

TOGETHER = 1 << 12  # tokens looked at side by side: what is kept of them stays within 100 MB
LONG = 4_000  # characters, from which a text will want all that candidates are found by
SURE = 0.5  # probability of an error from which its neighbours are read as if it were right
Report = Callable[[int], None]
T = TypeVar("T")
R = TypeVar("R")


class Examined(NamedTuple):
    """A text with all that speaks for errors in it."""

    reading: Reading
    table: WordTable
    evidence: Evidence
    sites: Sites
    words: int
    others: Doubles  # probabilities of errors at places whose evidence was not kept


class Text(NamedTuple):
    """A text as it is asked about. path: tells its markup; accepted: words that are right, in lower case."""

    text: str
    path: str = ""
    accepted: Collection[str] = ()


class _Opened(NamedTuple):
    """A text with its words, and the ids of all its tokens, as they are to be read."""

    reading: Reading
    table: WordTable
    ids: Ints

    def rows(self, windows: list[tuple[int, int]]) -> list[Ints]:
        """Return the ids of some windows."""
        return [self.ids[low:high] for low, high in windows]


class Examiner:
    """Looks at texts with one model."""

    def __init__(self, network: Network, confusions: Confusions, tokenizer: Tokenizer) -> None:
        self.network, self.confusions, self.tokenizer = network, confusions, tokenizer
        self._changes = Changes(network, confusions.lexicon)

    def examine(
        self,
        text: Text,
        weights: Doubles | None = None,
        report: Report | None = None,
        least: float = 0.0,
        workers: int = 1,
    ) -> Examined:
        """Return the evidence of a text.

        weights: what evidence is worth, so that a place is read anew where its neighbours are surely wrong; without
        them it is read once. report: hears how many letters are done. least: probability of an error from which a
        place's evidence is kept, or memory would grow with the text.
        workers: parts of the text that are looked at side by side; what is found does not depend on it.
        """
        if workers > 1 and len(text.text) > LONG:
            self.confusions.prepare(workers)
        opened = self._opened(text)
        parts: list[Evidence] = []
        others: list[Doubles] = []

        def look_at(windows: list[tuple[int, int]]) -> tuple[Evidence, Doubles, int]:
            read = self.network.read(opened.rows(windows), between=True)
            return *self._looked_at(opened, windows, *read, weights, least), windows[-1][1]

        with ThreadPoolExecutor(workers) as beside:
            for found, rest, done in _in_order(beside, look_at, _batches(opened.reading), workers):
                parts.append(found)
                others.append(rest)
                if report:
                    report(opened.reading.tokens[done - 1].end)
        return _examined(opened, parts, others)

    def examine_several(self, texts: Sequence[Text], weights: Doubles, least: float) -> list[Examined]:
        """Return the evidence of short texts: that of each alone, but that the network reads them all at once."""
        some = [self._opened(text) for text in texts]
        rows = [row for opened in some for row in opened.rows(opened.reading.windows)]
        vectors, before = self.network.read(rows, between=True)
        found, start = list[Examined](), 0
        for opened in some:
            part = slice(start, start := start + len(opened.ids))
            windows = opened.reading.windows
            parts = [self._looked_at(opened, windows, vectors[part], before[part], weights, least)] if windows else []
            found.append(_examined(opened, [one for one, _ in parts], [rest for _, rest in parts]))
        return found

    def _opened(self, text: Text) -> _Opened:
        reading = read(text.text, self.tokenizer, text.path)
        table = WordTable(reading, self.confusions, text.accepted)
        return _Opened(reading, table, table.ids[table.number].copy())

    def _looked_at(
        self,
        opened: _Opened,
        windows: list[tuple[int, int]],
        vectors: Floats,
        before: Floats,
        weights: Doubles | None,
        least: float,
    ) -> tuple[Evidence, Doubles]:
        """Return the evidence of some windows, and the probabilities of errors at places where none is kept."""
        reading, table, ids = opened
        look = seen(self.network, table, reading, windows, vectors, before)
        found = replacements(self.network, self.confusions.lexicon, table, look, np.arange(len(look)))
        if weights is not None:
            found = self._again(table, look, ids, found, weights)
        found = Evidence.joined([found, self._changes.evidence(table, look, ids)])
        return _likely(found, weights, least) if weights is not None and least > 0 else (found, np.zeros(0))

    def _again(self, table: WordTable, look: Seen, ids: Ints, found: Evidence, weights: Doubles) -> Evidence:
        """Read the sentences anew in which something is surely wrong, as if it were right."""
        lexicon = self.confusions.lexicon
        sites = Sites.of(found)
        judged = judge(found, sites, weights)
        if not len(sites.sites):
            return found
        best = best_rows(found, judged.candidates, sites)
        sure = (judged.errors > SURE) & (found.kinds[best] == REPLACED)
        better = np.where(found.kinds[best] == REPLACED, lexicon.ids[found.entries[best]], UNK)
        sure &= better != UNK
        if not sure.any():
            return found
        ids[sites.sites[sure]] = better[sure]
        places = see_again(self.network, table, look, ids, sites.sites[sure])
        anew = replacements(self.network, lexicon, table, look, places)
        left = ~np.isin(found.sites - look.start, places)
        return Evidence.joined([found.part(left), anew])


def _examined(opened: _Opened, parts: Sequence[Evidence], others: Sequence[Doubles]) -> Examined:
    """Return what was found in the parts of a text as one."""
    reading, table, _ = opened
    evidence = Evidence.joined(parts) if parts else Evidence.none()
    words = int(table.is_word[table.number].sum())
    return Examined(reading, table, evidence, Sites.of(evidence), words, np.concatenate([np.zeros(0), *others]))


def _likely(found: Evidence, weights: Doubles, least: float) -> tuple[Evidence, Doubles]:
    """Return the evidence of the places that are likely to be wrong, and the probabilities of the others."""
    sites = Sites.of(found)
    errors = judge(found, sites, weights).errors
    kept = errors >= least
    return found.part(np.repeat(kept, np.diff(sites.first))), errors[~kept]


def _in_order(beside: ThreadPoolExecutor, look_at: Callable[[T], R], batches: Iterable[T], workers: int) -> Iterator[R]:
    """Yield what workers find, in order; no more is begun than one part ahead of each."""
    waiting: deque[Future[R]] = deque()
    for batch in batches:
        waiting.append(beside.submit(look_at, batch))
        if len(waiting) > workers:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _batches(reading: Reading) -> Iterator[list[tuple[int, int]]]:
    """Yield the windows of a text, as many at a time as are looked at together."""
    some: list[tuple[int, int]] = []
    for window in reading.windows:
        some.append(window)
        if window[1] - some[0][0] >= TOGETHER:
            yield some
            some = []
    if some:
        yield some
