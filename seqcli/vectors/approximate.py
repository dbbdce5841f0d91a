"""An approximate index over a table (usearch's HNSW graph): neighbours among millions of words in a millisecond."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqcli.errors import DamagedError, check_installed
from seqcli.vectors.graph_file import fault
from seqcli.vectors.table import Near, Table

WIDER = 4  # times as many candidates as answers are taken and measured exactly: recovers most of what float16 blurs
AT_LEAST = 64  # candidates: a search this wide costs little
BATCH = 10_000  # words added between two reports


class Index:
    """A graph of near words, saved as bytes. Its candidates are measured exactly before they are answers."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    @classmethod
    def build(cls, table: Table, threads: int = 1, report: Any = None) -> Index:
        """Build the index of a table; with one thread the same table gives the same bytes."""
        graph = _usearch().Index(ndim=table.dimensions, metric="cos", dtype="f16")
        for start in range(0, len(table), BATCH):
            stop = min(start + BATCH, len(table))
            units = table.matrix[start:stop] / table.lengths[start:stop, None]
            graph.add(np.arange(start, stop, dtype=np.uint64), units, threads=threads)
            if report:
                report(stop)
        return cls(graph)

    def to_bytes(self) -> bytes:
        """Return the index as it is stored."""
        return bytes(self._graph.save())

    @classmethod
    def from_bytes(cls, data: bytes, table: Table, where: str) -> Index:
        """Return a stored index. Raises DamagedError where it is not one of this table."""
        library = _usearch()
        try:
            what = fault(data, table)
            graph = library.Index.restore(data) if what is None else None
        except (ValueError, RuntimeError) as error:
            raise DamagedError(f"{where} is damaged: not an index; build it again with index-vectors.") from error
        if graph is None:
            raise DamagedError(f"{where} is not the index of these vectors: {what}; build it again with index-vectors.")
        return cls(graph)

    def neighbors(self, table: Table, words: Sequence[str], k: int) -> list[list[Near]]:
        """Return what the index finds of the k nearest words of each word. Raises UnknownWordError."""
        found = []
        for word in words:
            query = table.unit(word)
            keys = self._graph.search(query, min(max(WIDER * k, AT_LEAST), len(table))).keys
            rows = np.sort(np.asarray(keys, dtype=np.int64))
            rows = rows[(rows < len(table)) & (rows != table.row(word))]
            found.append(table.ranked(query, rows, k))
        return found


def check_usearch() -> None:
    """Raise ModelError where the package is not installed; it is not loaded."""
    check_installed("usearch", "An index needs the package usearch")


def _usearch() -> Any:
    check_usearch()
    import usearch.index

    return usearch.index
