"""Dynamic evaluation: a copy of a network that goes on learning from what it has read, and is drawn back meanwhile.

Every segment is scored before anything is learned from it; the stored model never changes. Source: Krause et al. 2018,
but for the mean squares of the gradients, which are taken over what was read: a stored model has no training text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seqcli.answering import Answering

Array = NDArray[np.float32]
Ids = NDArray[np.int64]
PART = 4096  # tokens between two reports
TINY = 1e-12  # no gradient at all is no reason to divide by nothing


@dataclass(frozen=True)
class Pace:
    """How fast a copy learns; chosen on the validation text of the Penn Treebank."""

    rate: float = 0.0025  # step of a weight whose gradient is as usual; twice that harms a strong network
    back: float = 0.03  # share of the way back to the trained weights, at each step
    segment: int = 20  # tokens scored, then learned from


class Adapting:
    """A network whose weights follow the text that it reads; model: has `costs`."""

    def __init__(self, model: Any, pace: Pace | None = None) -> None:
        self.model, self._pace = model, pace or Pace()
        model.train(False)
        self._weights = [p for p in model.parameters() if p.requires_grad]
        self._trained = [p.detach().clone() for p in self._weights]
        self._squares = [torch.zeros_like(p) for p in self._weights]  # of the gradients, summed
        self._steps = 0

    @torch.no_grad()
    def forget(self) -> None:
        """Go back to the trained weights."""
        self._steps = 0
        for weight, trained, squares in zip(self._weights, self._trained, self._squares, strict=True):
            weight.copy_(trained)
            squares.zero_()

    def stretches(self, ids: NDArray[Any], before: int) -> Iterator[tuple[Array, Array]]:
        """Read a text and yield, part by part, its tokens' natural logs [N] and the vectors they come from [N, D].

        before: the token in front of the text.
        """
        inputs = torch.from_numpy(np.concatenate([[before], ids[:-1]]).astype(np.int64))[:, None]
        targets = torch.from_numpy(ids.astype(np.int64))[:, None]
        state = None
        for low in range(0, len(ids), PART):
            parts = []
            for start in range(low, min(low + PART, len(ids)), self._pace.segment):
                segment = slice(start, min(start + self._pace.segment, low + PART))
                nats, hidden, state = self.model.costs((inputs[segment], targets[segment]), state)
                parts.append((-nats.detach().numpy()[:, 0], hidden.detach().numpy()[:, 0]))
                self._learn(nats.sum() / self._pace.segment)
            yield np.concatenate([logs for logs, _ in parts]), np.concatenate([vectors for _, vectors in parts])

    def _learn(self, cost: torch.Tensor) -> None:
        gradients = torch.autograd.grad(cost, self._weights)
        self._steps += 1
        with torch.no_grad():
            for weight, trained, squares, gradient in zip(
                self._weights, self._trained, self._squares, gradients, strict=True
            ):
                usual = squares.addcmul_(gradient, gradient).div(self._steps).sqrt_()
                usual += usual.mean() + TINY  # a weight that hardly ever had a gradient takes no great step at once
                weight.lerp_(trained, self._pace.back).addcdiv_(gradient, usual, value=-self._pace.rate)

    def weights(self) -> dict[str, Array]:
        """Return a copy of the weights as they are now, by name."""
        return {name: p.detach().numpy().copy() for name, p in self.model.named_parameters()}


class Learning:
    """A language model that answers with what it learned from the very text it answers for.

    Hidden is vectors [B, D] and the model of each row [B]; state is the model and its state of each row [B].
    """

    def __init__(self, model: Any, answers: Callable[[dict[str, Array]], Answering], remembers: bool = False) -> None:
        """answers: makes of weights a model in numpy; remembers: learning goes on from one scored text to the next."""
        self._adapting, self._answers, self._remembers = Adapting(model), answers, remembers

    def read(self, texts: Sequence[Sequence[int]]) -> tuple[Any, Any]:
        """Return hidden and state behind the last token of each text."""
        found = []
        for text in texts:
            self._learned(text)
            model = self._answers(self._adapting.weights())
            found.append((model, *model.read([text])))
        return _joined(found)

    def step(self, ids: Ids, state: Any) -> tuple[Any, Any]:
        """Return hidden and state after one more token for each text: ids [B]."""
        return _joined([(model, *model.step(ids[i : i + 1], own)) for i, (model, own) in enumerate(state)])

    def log_probabilities(self, hidden: Any) -> NDArray[Any]:
        """Return the log of every token's probability to come next. -> [B, V]"""
        vectors, models = hidden
        return np.concatenate([model.log_probabilities(vectors[i : i + 1]) for i, model in enumerate(models)])

    def token_log_probabilities(self, texts: Sequence[Sequence[int]]) -> list[Array]:
        """Return the log of the probability of each token of each text but its first, given those before it."""
        return [self._learned(text) for text in texts]

    def _learned(self, text: Sequence[int]) -> Array:
        """Learn from a text; return the logs of its tokens."""
        if not self._remembers:
            self._adapting.forget()
        parts = [logs for logs, _ in self._adapting.stretches(np.array(text[1:], np.int64), text[0])]
        return np.concatenate([np.zeros(0, np.float32), *parts])


def _joined(found: Sequence[tuple[Any, Any, Any]]) -> tuple[Any, Any]:
    """Put rows together: (model, hidden, state) each. -> hidden, state"""
    models, states = np.empty(len(found), object), np.empty(len(found), object)
    for i, (model, _, state) in enumerate(found):
        models[i], states[i] = model, (model, state)
    return (np.concatenate([hidden for _, hidden, _ in found]), models), states
