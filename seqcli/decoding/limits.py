"""Where a text that is being written ends: at the end of a unit, after so many tokens or sentences, before a word."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from seqcli.text.tokens import shown
from seqcli.text.vocabulary import EOS

MARKS = frozenset(".!?…。！？")
CLOSING = frozenset("\"'”’»)]」』）")  # belong to the sentence that ended before them
MOST = 300  # tokens where no length is asked for: a line or a paragraph has ended before, as a rule


class Ending:
    """A rule of where texts end, for the tokens of one vocabulary."""

    def __init__(
        self,
        vocabulary: Sequence[str],
        tokens: int | None = None,
        sentences: int | None = None,
        stop: Collection[str] = (),
    ) -> None:
        """tokens, sentences: how many; without both, one unit. stop: words as they are shown."""
        self._tokens, self._sentences = tokens, sentences
        words = [shown(token) for token in vocabulary]
        self._stop = frozenset(i for i, word in enumerate(words) if word in stop)
        self._marks = frozenset(i for i, word in enumerate(words) if set(word) <= MARKS)
        self._closing = frozenset(i for i, word in enumerate(words) if set(word) <= CLOSING)

    def kept(self, ids: Sequence[int]) -> int | None:
        """Return how many of the tokens that were written are the text, once it has ended; None while it goes on."""
        if not ids:
            return None
        if ids[-1] in self._stop:
            return len(ids) - 1
        if self._tokens is not None:
            return len(ids) if len(ids) >= self._tokens else None
        if len(ids) >= MOST * (self._sentences or 1):
            return len(ids)
        if self._sentences is None:
            return len(ids) if ids[-1] == EOS else None
        return self._sentence_end(ids, self._sentences)

    def _sentence_end(self, ids: Sequence[int], wanted: int) -> int | None:
        """Return the tokens of the first sentences, once what comes behind them has shown that they are over."""
        count, over, before = 0, False, EOS
        for place, token in enumerate(ids):
            if token == EOS:
                count, over = count + (before != EOS), False
                if count == wanted:
                    return place + 1
            elif over and token not in self._closing and token not in self._marks:
                count, over = count + 1, False
                if count == wanted:
                    return place
            over, before = over or token in self._marks, token
        return None
