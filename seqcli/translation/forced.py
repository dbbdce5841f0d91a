"""How likely given translations are: the decoder reads them instead of choosing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqcli.layers.steps import Array, State
from seqcli.text.vocabulary import EOS
from seqcli.translation.arrays import TranslatorArrays


def token_log_probabilities(
    model: TranslatorArrays,
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    attention: bool = True,
) -> tuple[list[Array], list[Array]]:
    """Return, for each pair of ids, the log of each target token's probability [T], and what it looked at [T, S].

    Every source and target ends with EOS, which is predicted like any other token. attention False: [T, 0], which
    saves the memory.
    """
    order = np.argsort([-len(target) for target in targets], kind="stable")  # those still going are the first rows
    memory, state = model.encode([sources[int(i)] for i in order])
    lengths = np.array([len(targets[int(i)]) for i in order])
    longest = int(lengths.max(initial=0))
    logs = np.zeros((len(order), longest), np.float32)
    seen = np.zeros((len(order), longest, memory.outside.shape[1] if attention else 0), np.float32)
    last = np.full(len(order), EOS)
    for t in range(longest):
        count = int(np.count_nonzero(lengths > t))
        kept: State = [tuple(s[:count] for s in layer) for layer in state]
        places = np.arange(count), np.zeros(count, np.int64)
        hidden, state, weights = model.step(last[:count], kept, memory, places)
        seen[:count, t] = weights[:, : seen.shape[2]]
        last = np.array([targets[int(i)][t] for i in order[:count]])
        scores, total = model.scores(hidden)
        logs[:count, t] = scores[np.arange(count), last] - total
    back = np.argsort(order)
    found = [logs[row, : lengths[row]] for row in back]
    return found, [seen[row, : lengths[row], : len(sources[i])] for i, row in enumerate(back)]
