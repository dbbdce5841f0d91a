"""ARPA files, the exchange format of n-gram models, written from arrays.

Logs are to base 10, natural in arrays, with the nine digits that tell any two float32 apart. A token of a text that is
spelled like <s> or </s> stands as \\<s>, \\</s>.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import SeqcliError
from seqcli.text.vocabulary import EOS, SPECIALS

Array = NDArray[Any]
LN10 = math.log(10)
BLOCK = 1 << 14  # lines written at a time
NEVER = "-99"  # log of the probability of <s>, which is never predicted
BOUNDARIES = ("<s>", "</s>")


class ArpaError(SeqcliError):
    """A file that is not a whole ARPA file, or a model that ARPA cannot hold."""


def render(order: int, arrays: Mapping[str, Array], tokens: Sequence[str]) -> Iterator[bytes]:
    """Yield the blocks of an ARPA file. tokens: the vocabulary, <unk> and EOS first."""
    names = ["<unk>", "</s>", *map(_escaped, tokens[len(SPECIALS) :])]
    sizes = [len(arrays[f"log_probabilities.{n}"]) for n in range(1, order + 1)]
    sizes[0] += 1  # <s>, which shares the id of </s>
    counts = "".join(f"ngram {n}={size}\n" for n, size in enumerate(sizes, 1))
    yield f"\\data\\\n{counts}".encode()
    for n in range(1, order + 1):
        yield f"\n\\{n}-grams:\n".encode()
        if n == 1:
            begin = f"\t{float(arrays['log_backoffs.1'][EOS]) / LN10:.9g}" if order > 1 else ""
            yield f"{NEVER}\t<s>{begin}\n".encode()
        for low in range(0, len(arrays[f"log_probabilities.{n}"]), BLOCK):
            yield "".join(_lines(order, arrays, names, n, low)).encode()
    yield b"\n\\end\\\n"


def _lines(order: int, arrays: Mapping[str, Array], names: list[str], n: int, low: int) -> Iterator[str]:
    """Yield the lines of n-grams of order n from `low` on."""
    logs = arrays[f"log_probabilities.{n}"][low : low + BLOCK]
    spelled = _words(arrays, names, n, np.arange(low, low + len(logs)))
    probabilities = (logs.astype(np.float64) / LN10).tolist()
    if n == order:
        return (f"{p:.9g}\t{words}\n" for p, words in zip(probabilities, spelled, strict=True))
    backoffs = arrays[f"log_backoffs.{n}"][low : low + BLOCK].astype(np.float64) / LN10 + 0.0  # never "-0"
    if n == 1 and low == 0:
        backoffs[EOS] = 0.0  # that of <s>, which has a line of its own
    rows = zip(probabilities, spelled, backoffs.tolist(), strict=True)
    return (f"{p:.9g}\t{words}\t{b:.9g}\n" for p, words, b in rows)


def _words(arrays: Mapping[str, Array], names: list[str], n: int, nodes: Array) -> Iterator[str]:
    """Yield the spelling of n-grams: the way from each node up to its first token."""
    columns = []
    for k in range(n, 1, -1):
        columns.append([names[i] for i in arrays[f"words.{k}"][nodes].tolist()])
        nodes = np.searchsorted(arrays[f"children.{k - 1}"], nodes, side="right") - 1
    first = names if n == 1 else [*names[:EOS], "<s>", *names[EOS + 1 :]]
    columns.append([first[i] for i in nodes.tolist()])
    return map(" ".join, zip(*reversed(columns), strict=True))


def _escaped(token: str) -> str:
    return "\\" + token if token.lstrip("\\") in BOUNDARIES else token


def plain(name: str) -> str:
    """Return a token's spelling in the text from that in an ARPA file."""
    return name[1:] if name.startswith("\\") and name.lstrip("\\") in BOUNDARIES else name
