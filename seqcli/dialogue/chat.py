"""A chat with a model: what was said is kept, and can be taken back, answered anew, explained and saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqcli.dialogue.dialogues import Dialogue
from seqcli.errors import MisuseError, quoted
from seqcli.store.files import write_whole
from seqcli.text.tokens import shown
from seqcli.text.vocabulary import EOS, SPECIALS

if TYPE_CHECKING:
    from seqcli.dialogue.answer_settings import Replying
    from seqcli.dialogue.answers import DialogueModel

MOST_LOOKED = 8  # words that a reply looked at, which are told
YOU, MODEL = "You", "Model"  # in a file


class Looked(NamedTuple):
    """A word of what was said, by whom and how many utterances before the reply, and its share of the attention."""

    word: str
    turns_back: int
    weight: float


class Chat:
    """What was said by a person and by a model, in turns."""

    def __init__(self, asked: DialogueModel, how: Replying, said: Sequence[str] = ()) -> None:
        """said: before the chat begins."""
        self._asked, self._how = asked, how
        self._begun = list(said)
        self.said = list(said)
        self._tries = 0

    def answer(self, line: str) -> str:
        """Say a line, and return what the model replies."""
        self._tries = 0
        reply = self._reply([*self.said, line])
        self.said += [line, reply]
        return reply

    def retry(self) -> str:
        """Return another reply to the last line. Raises MisuseError where nothing was said."""
        self._check_said()
        self._tries += 1
        self.said[-1] = self._reply(self.said[:-1])
        return self.said[-1]

    def undo(self) -> None:
        """Take back the last line and its reply. Raises MisuseError where nothing was said."""
        self._check_said()
        self.said = self.said[:-2]

    def why(self) -> list[Looked]:
        """Return the words that the last reply looked at, most first. Raises MisuseError without any attention."""
        self._check_said()
        return looked_at(self._asked, self.said[:-1], self.said[-1])

    def save(self, path: str) -> None:
        """Write the chat in a form that can be trained on. Raises MisuseError for a file that is there."""
        if Path(path).exists():
            raise MisuseError(f"{quoted(path)} is there already; choose another name.")
        names = [(YOU, MODEL)[(len(self.said) - turn) % 2] for turn in range(len(self.said))]
        lines = [f"{name}: {line}\n" for name, line in zip(names, self.said, strict=True)]
        write_whole(path, ["".join(lines).encode()])

    def _reply(self, said: Sequence[str]) -> str:
        return str(self._asked.replies(Dialogue(tuple(said)), self._how, (len(said), self._tries))[0])

    def _check_said(self) -> None:
        if len(self.said) <= len(self._begun):
            raise MisuseError("Nothing was said yet; say something first.")


def looked_at(asked: DialogueModel, said: Sequence[str], reply: str) -> list[Looked]:
    """Return the words that a reply looked at, those of the same spelling in an utterance together, most first."""
    model = asked.arrays
    if model.spec.attention == "none":
        raise MisuseError(f"{quoted(asked.name)} was trained with --attention none; it looks at no word.")
    ids, speakers = asked.read(Dialogue(tuple(said)))
    heard = model.hear(ids, speakers)
    [words] = asked.ids([reply])
    begun, total = model.start(heard), np.zeros(len(heard.turns))
    state = begun.state
    for token in [EOS, *words[:-1]]:
        _, state, weights = model.step(np.array([token]), state, begun.told, heard)
        total += weights[0]
    tokens = [asked.vocabulary.tokens[i] for one in ids for i in one]
    shares: dict[tuple[str, int], float] = {}
    for heard_token, turn, weight in zip(tokens, heard.turns.tolist(), total / len(words), strict=True):
        if heard_token not in SPECIALS:
            key = (shown(heard_token), len(ids) - turn)
            shares[key] = shares.get(key, 0.0) + float(weight)
    most = sorted(shares.items(), key=lambda item: -item[1])[:MOST_LOOKED]
    return [Looked(word, back, weight) for (word, back), weight in most]
