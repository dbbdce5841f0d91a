"""Two language models compared unit by unit (lines or paragraphs) on the same text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from seqcli.errors import MisuseError, quoted
from seqcli.language.figures import Figures, figures

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seqcli.statistics import Difference
    from seqcli.text.corpus import Encoded
    from seqcli.text.pieces import Pieces
    from seqcli.text.vocabulary import Vocabulary

UNKNOWN_APART = 0.001  # difference of the unknown rates that is worth a word


class Measured(NamedTuple):
    """A text as one model sees it."""

    name: str
    vocabulary: Vocabulary
    encoded: Encoded
    logs: NDArray[Any]  # of the probability of each token [N]
    pieces: Pieces
    unit: str  # line, paragraph, or auto: what the model's text ended with <eos>

    @property
    def figures(self) -> Figures:
        """What is said of it."""
        count, encoded = len(self.logs), self.encoded
        return Figures(**figures(-float(self.logs.sum()) / count, count, encoded.unknown_rate, encoded.characters))


def difference(first: Measured, other: Measured, per_character: bool) -> Difference:
    """Return how much more the first model costs on the same units: nats per token, or bits per character.

    Raises MisuseError for models that cannot be compared so.
    """
    from seqcli.statistics import compare

    check_comparable(first, other, per_character)
    sizes = characters_of_units(first) if per_character else unit_sums(first.encoded.ids, None)
    scale = 1 / math.log(2) if per_character else 1.0
    costs = [-scale * unit_sums(one.encoded.ids, one.logs) for one in (first, other)]
    return compare(costs[0], costs[1], sizes)


def check_comparable(first: Measured, other: Measured, per_character: bool) -> None:
    """Raise MisuseError for models that end units at other places, or whose tokens differ where they are counted."""
    counts = [int(unit_sums(one.encoded.ids, None).size) for one in (first, other)]
    if counts[0] != counts[1]:
        raise MisuseError(
            f"{quoted(first.name)} sees {counts[0]:,} units in the text, {quoted(other.name)} {counts[1]:,}: one ends "
            "them at lines, one at paragraphs; give a text whose lines are its units, without blank ones."
        )
    same = tokens_seen(first.vocabulary, first.encoded.ids) == tokens_seen(other.vocabulary, other.encoded.ids)
    if not per_character and not same:
        raise MisuseError(
            f"{quoted(first.name)} and {quoted(other.name)} cut the text into other tokens, or know others; compare "
            "them with --per-character: bits per character can always be compared."
        )


def tokens_seen(vocabulary: Vocabulary, ids: NDArray[np.int32]) -> bytes:
    """Return what is the same for two models that know the same tokens, numbered alike or not, and cut a text alike."""
    import hashlib

    import numpy as np

    order = sorted(range(len(vocabulary)), key=vocabulary.tokens.__getitem__)
    places = np.empty(len(order), np.int32)
    places[order] = np.arange(len(order), dtype=np.int32)
    names = "\0".join(vocabulary.tokens[i] for i in order).encode("utf-8", "surrogatepass")
    return hashlib.sha256(names + places[ids].tobytes()).digest()


def characters_of_units(one: Measured) -> NDArray[np.float64]:
    """Return the characters of each unit. -> [U]"""
    from seqcli.text.units import is_paragraphs, unit_characters

    return unit_characters(one.pieces, is_paragraphs(one.pieces, one.unit)).astype(float)


def unit_sums(ids: NDArray[np.int32], values: NDArray[Any] | None) -> NDArray[np.float64]:
    """Add up a value of each token, or count them, unit by unit. ids [N], values [N] -> [U]"""
    import numpy as np

    from seqcli.text.vocabulary import EOS

    starts = np.concatenate([[0], np.flatnonzero(ids == EOS)[:-1] + 1])
    each = np.ones(len(ids)) if values is None else values.astype(np.float64)
    sums: NDArray[np.float64] = np.add.reduceat(each, starts)
    return sums
