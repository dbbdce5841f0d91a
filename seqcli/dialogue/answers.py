"""A dialogue model as it is asked, from a shell and from Python alike: replies to what was said."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from seqcli.dialogue.answer_settings import Replying
from seqcli.dialogue.arrays import DialogueArrays
from seqcli.dialogue.dialogues import Dialogue
from seqcli.dialogue.load import check_dialogue
from seqcli.dialogue.ranking import against_any, with_reverse
from seqcli.dialogue.replies import Found, replies
from seqcli.dialogue.utterances import history_ids
from seqcli.errors import MisuseError, quoted
from seqcli.settings import settings
from seqcli.store.tokenizer import tokenizer_of

if TYPE_CHECKING:
    from typing import Unpack

    from seqcli.dialogue.answer_settings import HowReplied
    from seqcli.dialogue.evaluation import Figure
    from seqcli.dialogue.evaluation_settings import HowMeasured
    from seqcli.session import Session
    from seqcli.store import Record


class Reply(str):
    """A reply, with the natural log of its probability, and the score that it is ranked by: of a token, at first."""

    log_probability: float
    score: float

    def __new__(cls, text: str, log_probability: float, score: float) -> Reply:
        made = super().__new__(cls, text)
        made.log_probability, made.score = log_probability, score
        return made


def load(session: Session, record: Record) -> DialogueModel:
    """Return a dialogue model that is ready to answer. Raises MisuseError for a model of another task."""
    check_dialogue(record)
    return DialogueModel(session, record)


def open_dialogue(session: Session, name: str | None) -> DialogueModel:
    """Return a dialogue model of the shelf, the default one where no name is given."""
    return load(session, session.shelf.read(name, "dialogue"))


class DialogueModel:
    """A model that replies. It is never changed, so threads may ask it at the same time."""

    def __init__(self, session: Session, record: Record) -> None:
        self._session = session
        self.record = record
        self.vocabulary = record.vocabulary()
        self.tokenizer = tokenizer_of(record)
        self.arrays = DialogueArrays.stored(record, len(self.vocabulary))
        self._others: dict[str, DialogueModel] = {}  # models of the other direction, once they were asked

    def __repr__(self) -> str:
        return f"<DialogueModel {quoted(self.name)}>"

    @property
    def name(self) -> str:
        """The model's name."""
        return self.record.name

    def reply(
        self, text: str | Sequence[str], *, history: Sequence[str] = (), n: int | None = None, **how: Unpack[HowReplied]
    ) -> Any:
        """Reply to an utterance, the last of some that were said: a string that knows its log-probability.

        history: what was said before it, in order. n: as many different replies, a list, the best first. temperature,
        top_k, top_p, typical: how it is drawn; beam: search for the likeliest instead; seed: of what is drawn.
        """
        given: dict[str, Any] = {**how, "n": n}
        wanted = settings(Replying(), given)
        said = [*history, *([text] if isinstance(text, str) else text)]
        found = self.replies(Dialogue(tuple(said)), wanted)
        return found if n is not None else found[0]

    def replies(self, said: Dialogue, wanted: Replying, seed: Sequence[int] = (1,)) -> list[Reply]:
        """Return the replies to what was said, as many as are wanted and different.

        seed: tells times apart that the same is asked. Other words are drawn by other numbers: by the same, every
        question would have its third reply end where a chance is low.
        """
        if not said.utterances or not said.utterances[-1].strip():
            raise MisuseError("There is nothing to reply to; give some words, as in: seqcli reply 'How are you?'")
        self._session.spare.fit_products()
        drawn_by = (zlib.crc32("\n".join(said.utterances).encode("utf-8", "replace")), *seed)
        found = replies(self.arrays, self.arrays.hear(*self.read(said)), wanted, drawn_by)
        if wanted.against:
            found = against_any(self.arrays, found, wanted.against)
        if wanted.reverse_model is not None:
            found = self._reversed(wanted, said.utterances[-1], found)
        return [Reply(self.text(one), one.log_probability, one.score) for one in found[: wanted.n or 1]]

    def _reversed(self, wanted: Replying, asked: str, found: list[Found]) -> list[Found]:
        """Return replies ranked with a model of the other direction, which may have other tokens."""
        other = self._others.get(str(wanted.reverse_model))
        if other is None:
            other = open_dialogue(self._session, wanted.reverse_model)
            if not other.record.text.backwards:
                raise MisuseError(
                    f"{quoted(other.name)} reads dialogues from their beginning; name one trained with --backwards."
                )
            self._others[str(wanted.reverse_model)] = other
        texts = [self.text(one) for one in found]
        *replied, last = other.ids([*texts, asked])
        return with_reverse(other.arrays, [ids[:-1] for ids in replied], last[:-1], found, wanted.reverse_weight)

    def ids(self, utterances: Sequence[str]) -> list[list[int]]:
        """Return the ids of utterances, EOS last."""
        return history_ids(utterances, self.tokenizer, self.vocabulary, self.record.text.longest)

    def read(self, said: Dialogue) -> tuple[list[list[int]], list[int]]:
        """Return the ids of what was said last, as much as the model sees together, and who speaks, the next too."""
        text = self.record.text
        numbers = said.speaker_numbers
        last = text.turns - 1
        other = next((number for number in reversed(numbers) if number != numbers[-1]), numbers[-1] + 1)
        return self.ids(said.utterances[-last:]), [*numbers[-last:], other]

    def evaluate(
        self, *dialogues: str | os.PathLike[str] | Iterable[Sequence[str]], **how: Unpack[HowMeasured]
    ) -> list[Figure]:
        """Measure it on dialogues: what their replies cost behind their history, and behind others.

        dialogues: files, or dialogues that are here, each a list of utterances. context: one kind of history alone;
        by_turn: also at each depth; draws, weighted, seed: of the estimate for a latent variable.
        """
        from seqcli.dialogue.evaluation import figures
        from seqcli.dialogue.evaluation_settings import Measuring
        from seqcli.dialogue.reading import read_dialogues

        wanted = settings(Measuring(), dict(how))
        files = [os.fspath(one) for one in dialogues if isinstance(one, str | os.PathLike)]
        found = read_dialogues(files) if files else []
        found += [Dialogue(tuple(one)) for some in dialogues if not isinstance(some, str | os.PathLike) for one in some]
        return list(figures(self._session, self, found, wanted))

    def text(self, found: Found) -> str:
        """Return a reply as text."""
        return self.tokenizer.join([self.vocabulary.tokens[i] for i in found.ids]).replace("\n", " ")
