"""Lines of text translated: cut into tokens, searched side by side, put together in order; and what looked at what."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqcli.errors import CorpusError, quoted
from seqcli.layers.steps import Array
from seqcli.text.sentences import cut, joined
from seqcli.text.tokens import SPACE, UNKNOWN
from seqcli.text.vocabulary import EOS, UNK
from seqcli.translation.arrays import TranslatorArrays
from seqcli.translation.forced import token_log_probabilities
from seqcli.translation.proper_names import Names
from seqcli.translation.search import Hypothesis, Searching, search
from seqcli.translation.sides import Side
from seqcli.translation.terms import Given, Terms, is_begun, request_of

FORCED_ROWS = 64  # pairs scored side by side ...
FORCED_TOKENS = 1 << 14  # ... of no more source tokens than this: their memory is bounded
FORCED_LONGEST = 4_000  # tokens of a side of a pair: some seconds


@dataclass(frozen=True)
class Looked:
    """What each token of a translation looked at: tokens of both sides, their ends left out, and weights [T, S]."""

    source: list[str]
    target: list[str]
    weights: Array


class Translation(str):
    """A translation of a line, with its log-probability, the score it is ranked by, the attention of its parts."""

    log_probability: float
    score: float
    looked: Sequence[Looked]

    def __new__(cls, text: str, log_probability: float, score: float, looked: Sequence[Looked] = ()) -> Translation:
        made = super().__new__(cls, text)
        made.log_probability, made.score, made.looked = log_probability, score, looked
        return made


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
        first: int = 0,
    ) -> list[list[Translation]]:
        """Return up to `count` translations of each line, the best first; none of a line that is empty.

        first: number of the first line, which decides with the seed what is drawn.
        """
        rows = [self.parts(line, terms) for line in lines]
        flat = [part for row in rows for part in row]
        numbers = [(line, place) for line, row in enumerate(rows, first) for place in range(len(row))]
        requests = [part.request for part in flat]
        found = iter(search(self.model, [p.ids for p in flat], how, attention, count == 1, requests, numbers=numbers))
        translations = []
        for row in rows:
            hypotheses = [next(found)[:count] for _ in row]
            ranks = min(map(len, hypotheses), default=0)
            translations.append([self._whole(row, [h[rank] for h in hypotheses], how) for rank in range(ranks)])
        return translations

    def parts(self, line: str, terms: Terms) -> list[_Part]:
        """Return a line as it is translated: whole, or in parts; nothing of an empty one."""
        if not line.strip():
            return []
        text, given = terms.find(line, self.names)
        whole = [(start, end) for start, end, _ in given]
        ends = [end for _, end in whole]
        parts = []
        for low, high in cut(text, lambda part: len(self.source.ids(part)), self.usual, whole):
            inside = given[bisect_right(ends, low) : bisect_right(ends, high)]
            spans = [(start - low, end - low, translation) for start, end, translation in inside]
            parts.append(_Part(text[low:high], spans, terms.copy, self))
        return parts

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[list[int], Array]]:
        """Return the ids of each pair's target, EOS last, and the natural log of each one's probability.

        Raises CorpusError for a pair that is too long: its cost is a product of its lengths.
        """
        ids = [(self.source.ids(source), self.target.ids(target)) for source, target in pairs]
        for (source, _), sides in zip(pairs, ids, strict=True):
            if (longest := max(map(len, sides))) > FORCED_LONGEST:
                raise CorpusError(
                    f"{quoted(source)} and its translation have {longest:,} tokens on one side; pairs are scored up to "
                    f"{FORCED_LONGEST:,}: cut both where sentences end."
                )
        found: list[tuple[list[int], Array]] = []
        while rest := ids[len(found) :]:
            widths = np.maximum.accumulate([len(source) for source, _ in rest[:FORCED_ROWS]])
            count = max(int((widths * np.arange(1, len(widths) + 1) <= FORCED_TOKENS).sum()), 1)
            sources, targets = zip(*rest[:count], strict=True)
            logs, _ = token_log_probabilities(self.model, sources, targets, attention=False)
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

    def __init__(self, text: str, spans: Sequence[Given], copy: bool, translator: LineTranslator) -> None:
        """spans: what is given in it; copy: unknown words."""
        self._target = translator.target
        self._given = [(text[start:end], translation) for start, end, translation in spans]
        self._tokens = translator.source.tokens(text)
        self.ids = [*translator.source.vocabulary.encode(self._tokens), EOS]
        self.request = request_of(text, self._tokens, copy and UNK in self.ids, spans, self._target)

    def tokens_of(self, hypothesis: Hypothesis) -> list[str]:
        """Return the tokens of a translation: what is given spelled as given, unknown ones as in the source.

        An unknown one that looked at nothing of the source is empty.
        """
        tokens = [self._target.vocabulary.tokens[i] for i in hypothesis.ids if i != EOS]
        for k, begin in hypothesis.constraints:
            read, translation = self._given[k]
            written = read if is_begun(read, translation) else translation
            given = self._target.tokens_behind(tokens[begin - 1] if begin else "", written)
            if written != translation:  # the whole, as one token in the place of its beginning's
                space = [SPACE] if given[0].startswith(SPACE) else []
                given = [*space, translation, *[""] * len(given)][: len(given)]
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
