"""The protocol of a model that predicts tokens, and what its states can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

if TYPE_CHECKING:
    from seqcli.layers.steps import Ids


class Answering(Protocol):
    """A language model that reads token ids and tells, by natural logs of probabilities, what may come next.

    A text is ids of which the first, EOS, is read and not predicted. What it returns as `hidden` and state is its own
    affair, but made of lists, tuples and arrays with a row for each text, so that `select` can choose among them.
    """

    def read(self, texts: Sequence[Sequence[int]]) -> tuple[Any, Any]:
        """Return hidden and state behind the last token of each text."""
        ...

    def step(self, ids: Ids, state: Any) -> tuple[Any, Any]:
        """Return hidden and state after one more token for each text: ids [B]."""
        ...

    def log_probabilities(self, hidden: Any) -> NDArray[Any]:
        """Return the log of every token's probability to come next. -> [B, V]"""
        ...

    def token_log_probabilities(self, texts: Sequence[Sequence[int]]) -> Sequence[NDArray[Any]]:
        """Return the log of the probability of each token of each text but its first, given those before it."""
        ...


def select(state: Any, rows: Any) -> Any:
    """Return hidden or state of some of its texts: every array in it has a row for each text."""
    if isinstance(state, (list, tuple)):
        return type(state)(select(part, rows) for part in state)
    return None if state is None else state[rows]
