"""The same replies behind other histories: the test of whether a model hears what was said before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from seqcli.dialogue.corpus import EncodedDialogues, Exchange

LEAST = 2  # utterances before a reply that is measured: with one, no mode but the foreign one would change a thing
Utterances = Sequence[Sequence[int]]


def exchanges_in(mode: str, said: EncodedDialogues, turns: int, seed: int, least: int = LEAST) -> list[Exchange]:
    """Return each reply of some dialogues behind a history of at most turns - 1 utterances.

    full: what was said before it. shuffled: the same utterances, the last one among them, in a random order; who spoke
    when stays. none: the last utterance alone. foreign: what was said in another dialogue, then that last utterance.
    least: utterances before a reply that is measured. Random is what (seed, number of the reply) draws.
    """
    found: list[Exchange] = []
    for dialogue, turn in _replies(said, least):
        low = max(turn - turns + 1, 0)
        history: Utterances = said.dialogues[dialogue][low:turn]
        speakers = said.speakers[dialogue][low : turn + 1]
        rng = np.random.default_rng([seed, len(found)])
        if mode == "shuffled":
            history = [history[int(i)] for i in rng.permutation(len(history))]
        elif mode == "none":
            history, speakers = history[-1:], speakers[-2:]
        elif mode == "foreign":
            history = [*_other(said.dialogues, dialogue, len(history) - 1, rng), history[-1]]
            speakers = speakers[-len(history) - 1 :]
        found.append(Exchange([*history, said.dialogues[dialogue][turn]], speakers, len(history), len(found)))
    return found


def _replies(said: EncodedDialogues, least: int) -> Iterator[tuple[int, int]]:
    """Yield dialogue and turn of each reply."""
    for dialogue, utterances in enumerate(said.dialogues):
        for turn in range(least, len(utterances)):
            yield dialogue, turn


def _other(dialogues: Sequence[Utterances], own: int, count: int, rng: np.random.Generator) -> Utterances:
    """Return the first `count` utterances of another dialogue, of one that has as many where there is any."""
    others = [i for i, one in enumerate(dialogues) if i != own and len(one) >= count]
    others = others or [i for i in range(len(dialogues)) if i != own]
    return dialogues[others[int(rng.integers(len(others)))]][:count] if others else []
