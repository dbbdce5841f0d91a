"""Lines of text translated: cut into tokens, searched side by side, put together in order; and what looked at what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from seqcli.inference import Array
from seqcli.text.names import Names
from seqcli.text.sentences import cut, joined
from seqcli.text.sides import Side
from seqcli.text.tokens import UNKNOWN
from seqcli.text.vocabulary import EOS, UNK
from seqcli.translation.arrays import TranslatorArrays
from seqcli.translation.forced import token_log_probabilities
from seqcli.translation.search import Hypothesis, Searching, search
from seqcli.translation.terms import Terms, request_of

FORCED_ROWS = 64  # pairs scored side by side


@dataclass(frozen=True)
class Looked:
    """What each token of a translation looked at: tokens of both sides, their ends left out, and weights [T, S]."""

    source: list[str]
    target: list[str]
    weights: Array


@dataclass(frozen=True)
class Translation:
    """A translation of a line: its log-probability, the score it is ranked by, the attention of its parts."""

    text: str
    log_probability: float
    score: float
    looked: list[Looked] = field(default_factory=list)


@dataclass(frozen=True)
class LineTranslator:
    """A model that is ready to translate; a line longer than `usual` source tokens is cut at its sentences' ends."""

    name: str
    model: TranslatorArrays
    source: Side
    target: Side
    usual: int
    names: Names

    def translate(
        self,
        lines: Sequence[str],
        how: Searching,
        count: int = 1,
        attention: bool = False,
        terms: Terms = Terms(),  # noqa: B008  (never written to)
    ) -> list[list[Translation]]:
        """Return up to `count` translations of each line, the best first; none of a line that is empty."""
        parts = [[_Part(part, terms, self) for part in self.parts(line)] for line in lines]
        flat = [part for row in parts for part in row]
        requests = [part.request for part in flat]
        found = iter(search(self.model, [part.ids for part in flat], how, attention, count == 1, requests))
        translations = []
        for row in parts:
            hypotheses = [next(found)[:count] for _ in row]
            ranks = min(map(len, hypotheses), default=0)
            translations.append([self._whole(row, [h[rank] for h in hypotheses], how) for rank in range(ranks)])
        return translations

    def parts(self, line: str) -> list[str]:
        """Return a line as it is translated: whole, or in parts; nothing of an empty one."""
        if not line.strip():
            return []
        return cut(line, lambda text: len(self.source.ids(text)), self.usual)

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[list[int], Array]]:
        """Return the ids of each pair's target, EOS last, and the natural log of each one's probability."""
        found: list[tuple[list[int], Array]] = []
        for low in range(0, len(pairs), FORCED_ROWS):
            some = pairs[low : low + FORCED_ROWS]
            targets = [self.target.ids(target) for _, target in some]
            logs, _ = token_log_probabilities(self.model, [self.source.ids(source) for source, _ in some], targets)
            found += zip(targets, logs, strict=True)
        return found

    def _whole(self, parts: Sequence[_Part], hypotheses: Sequence[Hypothesis], how: Searching) -> Translation:
        """Put the translations of a line's parts together."""
        total = sum(h.log_probability for h in hypotheses)
        single = len(hypotheses) == 1
        score = hypotheses[0].score if single else total / how.penalty(sum(len(h.ids) for h in hypotheses))
        both = list(zip(parts, hypotheses, strict=True))
        tokens = [part.tokens_of(h) for part, h in both]
        text = joined([self.target.tokenizer.join([token for token in some if token]) for some in tokens]).replace(
            "\n", " "
        )
        looked = [part.looked(h) for part, h in both if h.attention is not None]
        return Translation(text, total, score, looked)


class _Part:
    """A line, or a part of a long one, with what is asked of its translation."""

    def __init__(self, text: str, terms: Terms, translator: LineTranslator) -> None:
        text, spans = terms.find(text, translator.names)
        self._target = translator.target
        self._given = [words for _, _, words in spans]
        self._tokens = translator.source.tokens(text)
        self.ids = [*translator.source.vocabulary.encode(self._tokens), EOS]
        self.request = request_of(text, self._tokens, terms.copy and UNK in self.ids, spans, self._target)

    def tokens_of(self, hypothesis: Hypothesis) -> list[str]:
        """Return the tokens of a translation: what is given spelled as given, unknown ones as in the source.

        An unknown one that looked at nothing of the source is empty.
        """
        tokens = [self._target.vocabulary.tokens[i] for i in hypothesis.ids if i != EOS]
        for k, begin in hypothesis.constraints:
            given = self._target.tokens_behind(tokens[begin - 1] if begin else "", self._given[k])
            tokens[begin : begin + len(given)] = given
        if self.request.unknown and hypothesis.attention is not None:
            source = [*self._tokens, ""]
            for i in (i for i, token in enumerate(tokens) if hypothesis.ids[i] == UNK and token == UNKNOWN):
                tokens[i] = source[int(hypothesis.attention[i].argmax())]
        return tokens

    def looked(self, hypothesis: Hypothesis) -> Looked:
        """Return what each token of a translation looked at."""
        target = self.tokens_of(hypothesis)
        assert hypothesis.attention is not None
        return Looked(self._tokens, target, hypothesis.attention[: len(target), : len(self._tokens)])


def by_words(looked: Looked, space: str) -> Looked:
    """Return attention between words instead of their parts: summed over a source word's, the mean of a target word's.

    space: what a token begins with that begins a word. A side without spaces stays in tokens.
    """
    rows, columns = _words(looked.target, space), _words(looked.source, space)
    weights = looked.weights @ columns.T
    weights = (rows @ weights) / np.maximum(rows.sum(1, keepdims=True), 1)
    return Looked(_texts(looked.source, columns, space), _texts(looked.target, rows, space), weights)


def _words(tokens: Sequence[str], space: str) -> Array:
    """Return which token belongs to which word. -> [words, tokens] of 0 and 1"""
    starts = np.array([token.startswith(space) for token in tokens], bool)
    if starts.sum() < 2:  # one word, or a text without spaces
        return np.eye(len(tokens), dtype=np.float32)
    starts[0] = True
    words = np.zeros((int(starts.sum()), len(tokens)), np.float32)
    words[np.cumsum(starts) - 1, np.arange(len(tokens))] = 1
    return words


def _texts(tokens: Sequence[str], words: Array, space: str) -> list[str]:
    return ["".join(tokens[int(i)] for i in np.flatnonzero(row)).replace(space, "") or space for row in words]
