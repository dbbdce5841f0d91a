"""Words that complete a line as it is typed: the likeliest next ones, or those that go on from the letters so far."""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.answering import select
from seqcli.decoding.highest import highest
from seqcli.text.character_kinds import SPACES, folded
from seqcli.text.tokens import JOINER, SPACE, Characters, Subwords, pieces_of, tokens_of
from seqcli.text.vocabulary import EOS, SPECIALS, UNK

if TYPE_CHECKING:
    from seqcli.language.load import Asked

LONGEST = 24  # tokens of a word that is spelled in several
WIDTH = 10  # of the beam that spells them
TRIED = 64  # likeliest tokens that may go on a spelling: the rest are hardly ever among the best


class Suggestion(NamedTuple):
    """A word that may complete a line: what it adds, once a space that does not belong before it is taken away.

    probability: among all words that begin with the letters typed so far.
    """

    word: str
    added: str
    removed: int
    probability: float


class _Spelling(NamedTuple):
    """A word on its way: letters so far, the log of their probability, and where the model stands."""

    letters: str
    log: float
    row: int
    token: int


class Completer:
    """Completes a line by a language model."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        tokenizer = asked.tokenizer
        self._in_pieces = isinstance(tokenizer, (Characters, Subwords))
        self._folds = isinstance(tokenizer, (Characters, Subwords)) and not tokenizer.keeps_case
        self._tokens = asked.vocabulary.tokens
        self._letters = [token.strip(JOINER).lstrip(SPACE) for token in self._tokens]
        self._usual = [i for i, token in enumerate(self._tokens) if i >= len(SPECIALS) and token.isprintable()]
        self._in_order = sorted(self._usual, key=self._letters.__getitem__)  # those that begin alike stand together
        self._begins = np.array([token.startswith(SPACE) for token in self._tokens])
        ends = [letters != "" and not letters[0].isalnum() for letters in self._letters]
        self._ends = self._begins | np.array(ends) | (np.arange(len(self._tokens)) == EOS)
        self._known: tuple[list[int], Any, Any] = ([], None, None)  # of the last line: letters of a word follow quickly

    def complete(self, line: str, count: int) -> list[Suggestion]:
        """Return the likeliest words to complete a line, best first: at most count, fewer where few fit."""
        spaced = not line or line[-1] in SPACES.decode()
        if self._in_pieces:
            begun = "" if spaced else pieces_of(line)[-1]
            words, logs = self._spelled(self._asked.ids(line.removesuffix(begun)), folded(begun, self._folds))
        else:
            tokens = tokens_of(self._asked.tokenizer, line)
            begun = "" if spaced or not tokens else tokens.pop()
            words, logs = self._whole([EOS, *self._asked.vocabulary.encode(tokens)], begun)
        begun = begun.strip(JOINER)
        best = highest(logs, count)
        shares = np.exp(logs[best] - np.logaddexp.reduce(logs)) if len(best) else logs
        return [
            self._suggestion(line, begun, words[i], share)
            for i, share in zip(best.tolist(), shares.tolist(), strict=True)
        ]

    def _suggestion(self, line: str, begun: str, token: str, probability: float) -> Suggestion:
        """Return what a token, or a spelled word, adds to the line: with a space behind it where words have one."""
        word = token.strip(JOINER)
        if self._in_pieces:
            return Suggestion(word, word[len(begun) :] + " ", 0, probability)
        join = self._asked.tokenizer.join
        behind = " " * join([token, "a"]).endswith(" a")
        touches = not begun and line[-1:] == " " and not join(["a", token]).startswith("a ")
        return Suggestion(word, word[len(begun) :] + behind, int(touches), probability)

    def _whole(self, ids: list[int], begun: str) -> tuple[list[str], NDArray[np.float64]]:
        """Return the tokens that begin as a token does, with their logs."""
        hidden, _ = self._behind(ids)
        logs = self._asked.model.log_probabilities(hidden)[0]
        fits = self._usual
        if begun:
            letters, marked = begun.strip(JOINER), begun.startswith(JOINER)
            first = bisect_left(self._in_order, letters, key=self._letters.__getitem__)
            some = takewhile(lambda i: self._letters[i].startswith(letters), islice(self._in_order, first, None))
            fits = sorted(i for i in some if self._tokens[i].startswith(JOINER) == marked)
        return [self._tokens[i] for i in fits], logs[fits].astype(np.float64)

    def _spelled(self, ids: list[int], begun: str) -> tuple[list[str], NDArray[np.float64]]:
        """Return words that begin with some letters, spelled token by token, with their logs: a beam."""
        hidden, state = self._behind(ids)
        active, done = [_Spelling("", 0.0, 0, UNK)], dict[str, float]()
        for _ in range(LONGEST):
            logs = self._asked.model.log_probabilities(hidden)
            longer: list[_Spelling] = []
            for row, one in enumerate(active):
                if one.letters and one.letters.startswith(begun):
                    ending = one.log + float(np.logaddexp.reduce(logs[row][self._ends]))
                    done[one.letters] = float(np.logaddexp(done.get(one.letters, -np.inf), ending))
                longer += self._longer(one, row, logs[row], begun)
            active = sorted(longer, key=lambda one: -one.log)[:WIDTH]
            if not active or (len(done) > WIDTH and active[0].log < sorted(done.values())[-WIDTH]):
                break
            state = select(state, np.array([one.row for one in active]))
            hidden, state = self._asked.model.step(np.array([one.token for one in active]), state)
        return list(done), np.array(list(done.values()), np.float64)

    def _longer(self, one: _Spelling, row: int, logs: Any, begun: str) -> list[_Spelling]:
        """Return a spelling with each token that may follow."""
        rest = begun[len(one.letters) :]
        if one.token == UNK:  # nothing is spelled yet
            fits = [i for i in self._usual if self._begins[i]]
        elif rest:
            fits = [i for i in self._usual if not self._begins[i]]
        else:
            fits = [
                int(i)
                for i in np.argpartition(-logs, min(TRIED, len(logs) - 1))[:TRIED]
                if not self._ends[i] and i >= len(SPECIALS)
            ]
        fits = [i for i in fits if rest.startswith(self._letters[i]) or self._letters[i].startswith(rest)]
        return [_Spelling(one.letters + self._letters[i], one.log + float(logs[i]), row, i) for i in fits]

    def _behind(self, ids: list[int]) -> tuple[Any, Any]:
        """Read a text, unless it is the one that was read last."""
        known = self._known  # as it is now: other threads may ask, too
        if ids != known[0]:
            known = self._known = (ids, *self._asked.model.read([ids]))
        return known[1:]
