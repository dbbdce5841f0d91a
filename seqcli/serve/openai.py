"""OpenAI's shape of answers: completions with exact log-probabilities of the prompt, and embeddings.

Source: the OpenAI API reference, /v1/completions, /v1/embeddings and /v1/models.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seqcli.decoding.continuation import Limits, Writer
from seqcli.decoding.joining import Joining
from seqcli.decoding.settings import Sampling
from seqcli.errors import MisuseError, quoted
from seqcli.language.generation_settings import SEEDS
from seqcli.serve.prompts import Prompt
from seqcli.serve.questions import checked, texts_of
from seqcli.settings import setting
from seqcli.text.tokens import shown
from seqcli.text.vocabulary import EOS, UNK

if TYPE_CHECKING:
    from seqcli.language.load import Asked

NEUTRAL: Mapping[str, tuple[Any, ...]] = {  # fields of theirs that do nothing here, and the values that ask for nothing
    "suffix": (None, ""),
    "frequency_penalty": (None, 0),
    "presence_penalty": (None, 0),
    "logit_bias": (None, {}),
    "best_of": (None, 1),
    "stream_options": (None,),
}
IGNORED = frozenset({"user", "model", "prompt", "stream"})
LIKELIEST = 20  # tokens beside each that are told, at most


@dataclass(frozen=True)
class Completing:
    """How completions are written."""

    max_tokens: int = setting(16, "Tokens of a completion at most.", low=0, high=100_000)
    temperature: float = setting(1.0, "0 always takes the likeliest.", low=0.0, high=100.0)
    top_p: float = setting(1.0, "Draw from the likeliest tokens that make up this share.", above=0.0, high=1.0)
    n: int = setting(1, "Completions of each prompt.", low=1, high=128)
    logprobs: int | None = setting(None, "Likeliest tokens told beside each.", low=0, high=LIKELIEST)
    echo: bool = setting(False, "Repeat the prompt, with its log-probabilities where those are asked for.")
    stop: tuple[str, ...] = setting((), "Texts at which a completion ends.")
    seed: int | None = setting(None, "Start of the random numbers.", low=0, high=SEEDS - 1)


@dataclass
class Told:
    """The tokens of a text as they are told: each as text, its log-probability, the likeliest, where it begins."""

    tokens: list[str] = field(default_factory=list)
    token_logprobs: list[float | None] = field(default_factory=list)  # None: nothing stands before it
    top_logprobs: list[dict[str, float] | None] = field(default_factory=list)
    text_offset: list[int] = field(default_factory=list)

    def add(self, token: str, log: float | None, likeliest: dict[str, float] | None, offset: int) -> None:
        """Tell one more token."""
        self.tokens.append(token)
        self.token_logprobs.append(log)
        self.top_logprobs.append(likeliest)
        self.text_offset.append(offset)

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return dict(vars(self))


@dataclass
class Choice:
    """A completion, or the next piece of one."""

    index: int
    text: str = ""
    told: Told = field(default_factory=Told)
    tokens: int = 0
    finish: str | None = None

    def document(self, how: Completing) -> dict[str, Any]:
        """Return it as JSON has it."""
        told = None if how.logprobs is None else self.told.document()
        return {"index": self.index, "text": self.text, "logprobs": told, "finish_reason": self.finish}


def completing(request: Mapping[str, Any]) -> Completing:
    """Return how a request wants to be completed. Raises MisuseError for what is not done here."""
    given = {name: value for name, value in request.items() if name not in IGNORED and value is not None}
    for name, neutral in NEUTRAL.items():
        if given.pop(name, None) not in neutral:
            raise MisuseError(f"{quoted(name)} is not done here; leave it out.")
    if "stop" in given:
        given["stop"] = tuple(texts_of("stop", given["stop"]))
        if not all(given["stop"]):
            raise MisuseError("'stop' has an empty text, at which everything would end.")
    if isinstance(given.get("logprobs"), bool):
        raise MisuseError("'logprobs' is a number here: of the likeliest tokens told beside each.")
    return Completing(**checked(Completing, given))


def pieces(asked: Asked, how: Completing, prompt: Prompt, first: int = 0) -> Iterator[Choice]:
    """Yield the pieces of the completions of a prompt, as they are written; first: the number of the first one."""
    before = _echoed(asked, how, prompt)
    seed = np.random.default_rng().integers(SEEDS) if how.seed is None else how.seed
    if how.echo:
        for sample in range(how.n):
            yield Choice(first + sample, prompt.text, before, 0, None if how.max_tokens else "length")
    if not how.max_tokens:
        return
    sampling = Sampling(how.temperature, None, how.top_p if how.top_p < 1.0 else None, None)
    seeds = [(int(seed), 0, sample) for sample in range(how.n)]
    writer = Writer(asked.model, prompt.ids, seeds, sampling, Limits((UNK,)))
    going = [_Text(asked, how, prompt, first + sample) for sample in range(how.n)]
    while going:
        likeliest = _likeliest(asked, writer.logs(), how) if how.logprobs else [{}] * len(going)
        ids, logs = writer.step()
        left = []
        for row, (text, token, log, best) in enumerate(zip(going, ids.tolist(), logs.tolist(), likeliest, strict=True)):
            piece = text.add(token, log, best)
            yield piece
            if piece.finish is None:
                left.append(row)
        if left and len(left) < len(going):
            writer.keep(left)
        going = [going[row] for row in left]


class _Text:
    """A completion as it grows."""

    def __init__(self, asked: Asked, how: Completing, prompt: Prompt, index: int) -> None:
        self._tokens, self._how, self._index = asked.vocabulary.tokens, how, index
        self._joining = Joining(asked.tokenizer, prompt.tokens)
        self._start = len(prompt.text) if how.echo else 0
        self._text, self._count = "", 0

    def add(self, token: int, log: float, likeliest: dict[str, float]) -> Choice:
        """Return the piece that a token adds; the end of a text is a token of its own, which shows nothing."""
        self._count += 1
        added = "" if token == EOS else self._joining.added(self._tokens[token])
        offset, whole = self._start + len(self._text), self._text + added
        ends = [whole.find(stop) for stop in self._how.stop if stop in whole]
        finish = "stop" if ends or token == EOS else "length" if self._count >= self._how.max_tokens else None
        if ends:
            added = whole[: min(ends)][len(self._text) :]
        self._text = whole
        told = Told()
        told.add(added, log, likeliest, offset)
        return Choice(self._index, added, told, 1, finish)


def joined(found: Iterator[Choice], count: int) -> list[Choice]:
    """Return whole completions of their pieces. count: how many there are."""
    whole = [Choice(index) for index in range(count)]
    for piece in found:
        one = whole[piece.index]
        one.text, one.tokens, one.finish = one.text + piece.text, one.tokens + piece.tokens, piece.finish
        for row in zip(*vars(piece.told).values(), strict=True):
            one.told.add(*row)
    return whole


def document(model: str, choices: Sequence[dict[str, Any]], usage: dict[str, int] | None = None) -> dict[str, Any]:
    """Return an answer, or a part of one that is streamed, as JSON has it."""
    made = {"id": "cmpl-seqcli", "object": "text_completion", "created": int(time.time()), "model": model}
    return {**made, "choices": list(choices), **({"usage": usage} if usage else {})}


def embedded(vectors: NDArray[np.float32], encoding: str) -> list[dict[str, Any]]:
    """Return vectors [N, D] as JSON has them: lists of numbers, or base64 of their float32."""
    coded = (
        base64.b64encode(row.astype("<f4").tobytes()).decode() if encoding == "base64" else row.tolist()
        for row in vectors
    )
    return [{"object": "embedding", "index": index, "embedding": one} for index, one in enumerate(coded)]


def _echoed(asked: Asked, how: Completing, prompt: Prompt) -> Told:
    """Return the tokens of a prompt with their log-probabilities, the first as it begins a text."""
    told = Told()
    if not how.echo or how.logprobs is None:
        return told
    if prompt.begins:
        told.add(next(prompt.told)[0], None, None, 0)
    hidden, state = asked.model.read([[EOS]])
    for token, (text, offset) in zip(prompt.ids[1:], prompt.told, strict=True):
        logs = asked.model.log_probabilities(hidden)
        likeliest = _likeliest(asked, logs, how)[0] if how.logprobs else {}
        told.add(text, float(logs[0, token]), likeliest, offset)
        hidden, state = asked.model.step(np.array([token]), state)
    return told


def _likeliest(asked: Asked, logs: NDArray[Any], how: Completing) -> list[dict[str, float]]:
    """Return the likeliest next tokens of each row [B, V], with the logs of their probabilities."""
    best = np.argsort(-logs, axis=1, kind="stable")[:, : how.logprobs or 0]
    tokens = asked.vocabulary.tokens
    return [{shown(tokens[i]): float(row[i]) for i in ids.tolist()} for row, ids in zip(logs, best, strict=True)]
