"""Tokens and their ids: special symbols first, then by falling count; one token a line on disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import DamagedError
from seqcli.text.spool import PART, let_go

UNK, EOS = 0, 1
SPECIALS = ("<unk>", "<eos>")  # line number = id

# The text cannot reach the special symbols: its own "<eos>" is stored as "\<eos>" (and "\<eos>" as "\\<eos>").
# Its own "<unk>" is the one exception: it means what it says, as in the Penn Treebank.


class Vocabulary:
    """The tokens a model knows. `tokens[i]` is the spelling in the text, `<unk>` and `<eos>` are ids 0 and 1."""

    def __init__(self, tokens: Sequence[str]) -> None:
        """tokens: without the special symbols, distinct, the commonest first."""
        self.tokens: list[str] = [*SPECIALS, *tokens]
        self._ids = {token: i for i, token in enumerate(self.tokens) if i >= len(SPECIALS)}
        self._ids["<unk>"] = UNK

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._ids

    def id_of(self, token: str) -> int:
        """Return the id of a token of the text, UNK for one never learned."""
        return self._ids.get(token, UNK)

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Return the ids of tokens of the text."""
        return [self._ids.get(token, UNK) for token in tokens]

    def to_bytes(self) -> bytes:
        """Return the file: one token a line, line number = id."""
        lines = [*SPECIALS, *map(_escaped, self.tokens[len(SPECIALS) :])]
        return ("\n".join(lines) + "\n").encode()

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> Vocabulary:
        """Return the vocabulary of a file. Raises DamagedError for anything `to_bytes` would not have written."""
        try:
            lines = data.decode().split("\n")
        except UnicodeDecodeError as error:
            raise DamagedError(f"{where} is damaged: not UTF-8.") from error
        if lines[: len(SPECIALS)] != list(SPECIALS) or lines[-1] != "":
            raise DamagedError(f"{where} is damaged: it must begin with {', '.join(SPECIALS)} and end a line.")
        tokens, escaped = lines[len(SPECIALS) : -1], b"\n\\" in data
        vocabulary = cls([_plain(line) for line in tokens] if escaped else tokens)
        badly = vocabulary.to_bytes() != data if escaped else SPECIALS[EOS] in vocabulary
        spaced = any(space in data for space in (b" ", b"\t", b"\v", b"\f", b"\r"))  # never in a token
        if spaced or badly or "" in tokens or len(vocabulary._ids) != len(tokens) + 1:
            raise DamagedError(f"{where} is damaged: an empty, repeated, spaced or badly escaped token.")
        return vocabulary


def _escaped(token: str) -> str:
    return "\\" + token if token.lstrip("\\") in SPECIALS else token


def _plain(line: str) -> str:
    return line[1:] if line.startswith("\\") and line.lstrip("\\") in SPECIALS else line


def select(counts: NDArray[np.int64], unknown: int, min_count: int, size: int) -> NDArray[np.int64]:
    """Return the tokens to keep: seen at least min_count times, at most size with the special symbols, commonest first.

    counts [tokens]; unknown: the number of a literal <unk>, which is not kept. Equal counts keep the order of first
    sight, so that the same text gives the same ids everywhere.
    """
    kept, often = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for low in range(0, len(counts), PART):  # in parts: there may be more tokens than memory for their order
        part = counts[low : low + PART]
        some = np.flatnonzero(part >= max(min_count, 1))
        some = some[some + low != unknown]
        kept, often = np.concatenate((kept, some + low)), np.concatenate((often, part[some]))
        order = np.argsort(-often, kind="stable")[: size - len(SPECIALS)]
        kept, often = kept[order], often[order]
        let_go(counts)
    return kept
