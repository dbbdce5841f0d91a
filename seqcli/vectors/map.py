"""A map of words: the places in the plane on which near words stand together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import MisuseError
from seqcli.text.content_words import content_rows
from seqcli.text.tokens import shown
from seqcli.vectors.map_settings import DRAWN
from seqcli.vectors.projection import project

if TYPE_CHECKING:
    from seqcli.vectors.answers import WordVectors
    from seqcli.vectors.map_settings import MapSettings

NEAREST = 8  # words that a page names beside a chosen one
NAMES = {"pca": "principal components", "tsne": "t-SNE", "umap": "UMAP"}


@dataclass(frozen=True)
class Map:
    """Words and their places [N, 2]; shares: of the variance that each axis holds, where that is known."""

    vectors: WordVectors
    rows: NDArray[np.int64]
    method: str
    places: NDArray[np.float64]
    shares: list[float]

    @property
    def words(self) -> list[str]:
        """The words, as a reader wants them."""
        return [shown(self.vectors.table.words[row]) for row in self.rows]

    @property
    def title(self) -> str:
        """What is drawn."""
        return f"{len(self.rows)} words of {self.vectors.name}, by {NAMES[self.method]}"

    @property
    def axes(self) -> list[str]:
        """What the axes are, where they are anything."""
        return [f"component {at} ({share:.1%} of the variance)" for at, share in enumerate(self.shares, 1)]

    def near(self) -> list[list[tuple[int, float]]]:
        """Return for each word the places in the list of those nearest to it, with their similarities."""
        table, rows = self.vectors.table, self.rows
        place = {int(row): at for at, row in enumerate(rows)}
        found = table.neighbors([table.words[row] for row in rows], NEAREST, rows)
        return [[(place[near.row], near.similarity) for near in some] for some in found]


def map_of(vectors: WordVectors, how: MapSettings, among: str | Iterable[str] | None = None) -> Map:
    """Return the map of some words, or of the commonest that mean something. Raises MisuseError for too many words."""
    table = vectors.table
    rows = vectors.rows(among)
    if rows is None:
        count = min(how.commonest, len(table))
        rows = np.array(range(count) if how.every else content_rows(table.words, how.commonest), np.int64)
    rows = np.sort(rows)
    if len(rows) > DRAWN:
        raise MisuseError(f"--among names {len(rows):,} words; at most {DRAWN:,} can be drawn.")
    places, shares = project(table.matrix[rows] / table.lengths[rows, None], how.method, how.seed)
    return Map(vectors, rows, how.method, places, shares)
