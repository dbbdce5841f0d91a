"""Models of one vocabulary that answer as one, with a cache: their shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqcli.language.mixture.settings import CacheSpec
from seqcli.language.settings import LanguageSpec

if TYPE_CHECKING:
    from seqcli.store import Record


@dataclass(frozen=True)
class Blend:
    """Models and their shares, a cache or none; `free` names what was not given: weights, cache, cache weight."""

    records: tuple[Record, ...]
    weights: tuple[float, ...]
    cache: CacheSpec | None = None
    dynamic: bool = False
    free: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What it is called in results: the models, and what is added."""
        added = [*["dynamic"] * self.dynamic, *["cache"] * (self.cache is not None)]
        return " + ".join([*(record.name for record in self.records), *added])

    @property
    def network(self) -> int | None:
        """The place of the first recurrent model."""
        return next((i for i, record in enumerate(self.records) if isinstance(record.spec, LanguageSpec)), None)

    @property
    def open(self) -> frozenset[str]:
        """All that might be left open of such a blend."""
        weights = {"weights"} if len(self.records) > 1 else set()
        return frozenset(weights | ({"cache", "cache weight"} if self.cache else set()))

    @property
    def typed(self) -> str:
        """The options that give the same again."""
        parts = [f"--mix {r.name}:{w:.4f}" for r, w in zip(self.records[1:], self.weights[1:], strict=True)]
        return " ".join([*parts, *["--dynamic"] * self.dynamic, *([f"--cache {self.cache}"] if self.cache else [])])
