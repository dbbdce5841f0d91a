"""An index as usearch writes it, looked through before the library sees it: there a wrong link ends the process.

The file: the vectors (rows and bytes of a row as uint32, then float16), 64 bytes that say what they are, then the
graph: five uint64, the level of every node, and the nodes, each its key, its level and a list of links for each level.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.vectors.table import Table

Bytes = NDArray[np.uint8]
Levels = NDArray[np.int64]

HEAD = struct.Struct(
    "<7s3H4B3QB22x"
)  # magic, version, metric, kinds of scalar, key and slot, present, deleted, D, multi
KINDS = (b"usearch", 2, ord("c"), 12, 14, 15)  # magic, major version, cosine, float16, uint64, uint32
GRAPH = struct.Struct("<5Q")  # size, links of a node on an upper level and on the lowest, highest level, entry
LINKS, LOWEST_LINKS = 16, 32  # that a node has room for
KEY = 10  # bytes of a node before its lists: key and level
LOWEST, UPPER = 4 + 4 * LOWEST_LINKS, 4 + 4 * LINKS  # bytes of a list: how many links, the links
HIGHEST = 64  # level; each has a sixteenth of the nodes of the one below, so that even 16 is never reached
BATCH = 1 << 14  # nodes looked at together: a few megabytes
ROUNDED = 2**-10  # by which a float16 of at most 1 may differ where it was rounded otherwise


class _Graph(NamedTuple):
    """The parts of an index that have their sizes from its own header."""

    vectors: Bytes  # [V, 2 D]
    entry: int
    highest: int
    levels: Levels  # [V]
    nodes: Bytes
    starts: Levels  # [V]: where each node begins


def fault(data: bytes, table: Table) -> str | None:
    """Return why bytes are not the index of a table, or None: then every link of it leads to a node that is there."""
    try:
        graph = _read(data, len(table), table.dimensions)
    except struct.error:
        return "it is cut off"
    if isinstance(graph, str):
        return graph
    return _fault_of_nodes(graph) or _fault_of_vectors(graph, table)


def _read(data: bytes, size: int, dimensions: int) -> _Graph | str:
    whole = np.frombuffer(data, np.uint8)
    rows, width = struct.unpack_from("<2I", data)
    if (rows, width) != (size, 2 * dimensions):
        return f"it holds {rows:,} vectors of {width // 2:,} numbers, not {size:,} of {dimensions:,}"
    at = 8 + rows * width
    magic, major, _, _, *kinds, present, deleted, wide, several = HEAD.unpack_from(data, at)
    if (magic, major, *kinds) != KINDS:
        return "it is of another kind, or of another version of usearch"
    if (present, deleted, wide, several) != (size, 0, dimensions, 0):
        return "its header does not fit its vectors"
    nodes, links, lowest, highest, entry = GRAPH.unpack_from(data, at + HEAD.size)
    if (nodes, links, lowest) != (size, LINKS, LOWEST_LINKS) or highest > HIGHEST or entry >= size:
        return "its header does not fit its graph"
    begin = at + HEAD.size + GRAPH.size
    if len(data) < begin + 2 * size:
        return "it is cut off"
    levels = np.frombuffer(data, "<i2", size, begin).astype(np.int64)
    if levels.min() < 0 or levels.max() != highest or levels[entry] != highest:
        return "the levels of its nodes cannot be"
    lengths = KEY + LOWEST + UPPER * levels
    if len(data) != begin + 2 * size + int(lengths.sum()):
        return "its nodes are not where their levels put them"
    vectors = whole[8:at].reshape(size, width)
    return _Graph(vectors, entry, highest, levels, whole[begin + 2 * size :], np.cumsum(lengths) - lengths)


def _keys(graph: _Graph, nodes: slice) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the keys of some nodes, and their levels as each says them itself."""
    heads = graph.nodes[graph.starts[nodes, None] + np.arange(KEY)]
    return heads[:, :8].copy().view("<u8").ravel(), heads[:, 8:].copy().view("<i2").ravel()


def _fault_of_nodes(graph: _Graph) -> str | None:
    size = len(graph.levels)
    seen = np.zeros(size, np.bool_)
    for begin in range(0, size, BATCH):
        keys, levels = _keys(graph, slice(begin, begin + BATCH))
        if not np.array_equal(levels, graph.levels[begin : begin + BATCH]) or keys.max() >= size:
            return "its nodes are not those of its header"
        seen[keys] = True
    if not seen.all():
        return "some words are not in it"
    for level in range(graph.highest + 1):
        nodes = np.flatnonzero(graph.levels >= level)
        starts = graph.starts[nodes] + KEY + (LOWEST + UPPER * (level - 1) if level else 0)
        for begin in range(0, len(starts), BATCH):
            if not _links_hold(graph, starts[begin : begin + BATCH], level):
                return "a link in it leads nowhere"
    return None


def _links_hold(graph: _Graph, starts: Levels, level: int) -> bool:
    """Return whether the lists of links at these places lead to nodes that have this level."""
    width = UPPER if level else LOWEST
    lists = graph.nodes[starts[:, None] + np.arange(width)].view("<u4")  # how many, the links, room for more
    count, links = lists[:, :1], lists[:, 1:]
    used = np.arange(links.shape[1]) < count
    if count.max() > links.shape[1] or links[used].max(initial=0) >= len(graph.levels):
        return False
    return bool(graph.levels[links[used]].min(initial=level) >= level)


def _fault_of_vectors(graph: _Graph, table: Table) -> str | None:
    """Return what is wrong where the vectors are not those of the table, at length one."""
    for begin in range(0, len(table), BATCH):
        keys, _ = _keys(graph, slice(begin, begin + BATCH))
        units = table.matrix[keys] / table.lengths[keys, None]
        found = graph.vectors[begin : begin + BATCH].copy().view("<f2").astype(np.float32)
        with np.errstate(invalid="ignore"):
            same = np.abs(found - units) <= ROUNDED  # of what is no number it is never true
        if not same.all():
            return "it was made of other vectors"
    return None
