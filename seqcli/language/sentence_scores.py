"""Texts and the log-probabilities of their tokens: how likely each is, and the likelier of two."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from seqcli.errors import MisuseError, quoted
from seqcli.text.tokens import shown, tokens_of
from seqcli.text.vocabulary import EOS, SPECIALS, UNK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seqcli.language.load import Asked
    from seqcli.plots.surprisal_page import Part
    from seqcli.text.tokens import Tokenizer

HIGHEST = 700.0  # a power of e that is still a number


class ScoredToken(NamedTuple):
    """A token of a text, the natural log of its probability given all before it, and its surprisal in bits."""

    token: str
    log_probability: float
    unknown: bool
    bits: float


@dataclass(frozen=True, eq=False, repr=False)
class Score:
    """How likely a text is under a model, its end included; one without words has no tokens."""

    text: str
    tokenizer: Tokenizer
    ids: list[int] = field(default_factory=list)
    logs: NDArray[Any] | None = None  # of the probability of each token [N]

    @property
    def tokens(self) -> int:
        """How many tokens were scored."""
        return len(self.ids)

    @property
    def unknown(self) -> int:
        """How many of them the model never learned."""
        return self.ids.count(UNK)

    @property
    def log_probability(self) -> float:
        """The natural log of the probability of them all."""
        return 0.0 if self.logs is None else float(self.logs.sum(dtype="float64"))

    @property
    def nats_per_token(self) -> float:
        """The mean cost of a token; nan where there is none."""
        return -self.log_probability / self.tokens if self.ids else math.nan

    @property
    def perplexity(self) -> float:
        """The power of e of nats per token; nan where there is no token."""
        return math.exp(min(self.nats_per_token, HIGHEST)) if self.ids else math.nan

    @property
    def bits(self) -> list[float]:
        """The surprisal of each token."""
        return [] if self.logs is None else [-float(value) / math.log(2) for value in self.logs]

    @property
    def words(self) -> list[ScoredToken]:
        """The tokens as the text has them, each with its log-probability; the end of the text last."""
        if self.logs is None:
            return []
        names = [*map(shown, tokens_of(self.tokenizer, self.text)), SPECIALS[EOS]]
        parts = zip(names, self.ids, self.logs, self.bits, strict=False)  # a candidate's end is not scored
        return [ScoredToken(name, float(log), token == UNK, bits) for name, token, log, bits in parts]

    @property
    def stretches(self) -> list[Part]:
        """The text, cut where its tokens are, with the surprisal of each stretch; that of its end is not among them."""
        from seqcli.plots.surprisal_page import Part
        from seqcli.text.token_spans import surfaces

        found, bits, at = [], self.bits, 0
        for surface in surfaces(self.tokenizer, self.text):
            cost = sum(bits[at : at + surface.tokens]) if surface.tokens else None
            found.append(Part(surface.text, cost))
            at += surface.tokens
        return found

    def measure(self, per_token: bool) -> float:
        """Return what texts are compared by: the higher, the likelier."""
        return -self.nats_per_token if per_token else self.log_probability

    def __repr__(self) -> str:
        figures = f"log_probability={self.log_probability:.4f}, perplexity={self.perplexity:.6g}"
        return f"Score({self.text!r}, tokens={self.tokens}, unknown={self.unknown}, {figures})"


class Likelier(NamedTuple):
    """Which of two texts is likelier ("first", "second" or "equal"), by how many nats, and how many times."""

    likelier: str
    difference: float
    times: float
    unknown: int  # tokens of both that the model never learned


def scored(asked: Asked, texts: Sequence[str]) -> list[Score]:
    """Score each text by itself, from its beginning to its end."""
    ids = [[*asked.ids(text), EOS] if text.strip() else [] for text in texts]
    return _scored(asked, texts, ids, 1)


def scored_behind(asked: Asked, prompt: str, texts: Sequence[str]) -> list[Score]:
    """Score each text as it goes on behind a prompt; its end is not scored."""
    before = asked.ids(prompt)
    ids = [[*before, *asked.ids(text)[1:]] if text.strip() else [] for text in texts]
    return _scored(asked, texts, ids, len(before))


def candidate_scores(asked: Asked, prompt: str | None, texts: Sequence[str], size: int) -> list[Score]:
    """Score texts to be compared, behind a prompt or each by itself, `size` at a time. Raises MisuseError for none."""
    found: list[Score] = []
    for i in range(0, len(texts), size):
        part = texts[i : i + size]
        found += scored(asked, part) if prompt is None else scored_behind(asked, prompt, part)
    if not all(score.tokens for score in found):
        raise MisuseError(f"A sentence is empty in {quoted(' / '.join(texts))}; give words for each.")
    return found


def likelier_of(first: Score, second: Score, per_token: bool) -> Likelier:
    """Compare two texts."""
    difference = first.measure(per_token) - second.measure(per_token)
    likelier = "first" if difference > 0 else "second" if difference < 0 else "equal"
    times = math.exp(min(abs(difference), HIGHEST))
    return Likelier(likelier, abs(difference), times, first.unknown + second.unknown)


def _scored(asked: Asked, texts: Sequence[str], ids: Sequence[list[int]], start: int) -> list[Score]:
    """ids of each text, the first EOS, scored from a place on; none for an empty one."""
    places = [i for i, tokens in enumerate(ids) if tokens]
    found = [Score(text, asked.tokenizer) for text in texts]
    logs = asked.model.token_log_probabilities([ids[i] for i in places]) if places else ()
    for i, values in zip(places, logs, strict=True):
        found[i] = Score(texts[i], asked.tokenizer, ids[i][start:], values[start - 1 :])
    return found
