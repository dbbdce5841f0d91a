"""A model that fills gaps as it is asked, from a shell and from Python alike: words for gaps, and figures."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from seqcli.errors import MisuseError, quoted
from seqcli.fill.answer_settings import Filling, Measuring
from seqcli.fill.gaps import GAP, Gapped, gapped
from seqcli.fill.load import Fill, checked, fill_of
from seqcli.one_or_many import answered
from seqcli.settings import settings
from seqcli.text.form import KEYWORDS, Form, form_of

if TYPE_CHECKING:
    from typing import Unpack

    from seqcli.fill.figures import Figures
    from seqcli.fill.mixing import Mix
    from seqcli.fill.proofreading.examination import Examiner
    from seqcli.fill.proofreading.marks import Mark
    from seqcli.fill.proofreading.proofreader import Proofreader
    from seqcli.fill.proofreading.settings import HowProofread
    from seqcli.fill.search import Candidate
    from seqcli.session import Session
    from seqcli.store import Record
    from seqcli.text.vocabulary import Vocabulary

Path = str | os.PathLike[str]


class Filled(NamedTuple):
    """Words for every gap of a sentence, their probability, and the sentence with them.

    probability: of all the words together, over the whole vocabulary; among given choices, over those alone.
    """

    words: tuple[str, ...]
    probability: float
    sentence: str


def load(session: Session, record: Record, mix: Iterable[str] = ()) -> GapFiller:
    """Return a model that is ready to fill gaps, language models beside it. Raises MisuseError for one of another task.

    mix: NAME or NAME:WEIGHT of each.
    """
    return GapFiller(session, checked(record), (mix,) if isinstance(mix, str) else tuple(mix))


class GapFiller:
    """A model that says which words are missing. Asking it changes nothing in it: several threads may ask at once."""

    def __init__(self, session: Session, record: Record, mix: Sequence[str] = ()) -> None:
        self._session, self.record = session, record
        self._asked: Fill | None = None
        self._mix: Mix | None = None
        if mix:
            from seqcli.fill.mixing import mix_of

            self._mix = mix_of(session, record, mix)
        self._proofreader: Proofreader | None = None

    def __repr__(self) -> str:
        found = self.record.results.get("held_out", {}).get("accuracy_1")
        return f"<GapFiller {quoted(self.name)}{'' if found is None else f': finds {found:.1%} of words first'}>"

    @property
    def name(self) -> str:
        """The model's name, and those of the language models beside it."""
        return self.record.name if self._mix is None else f"{self.record.name} + {self._mix.name}"

    @property
    def is_open(self) -> bool:
        """Whether the weights of what is mixed in were neither given nor fitted."""
        return self._mix is not None and self._mix.free

    def asked(self, vocabulary: Vocabulary | None = None) -> Fill:
        """Return the network with its vocabulary, read when first wanted. vocabulary: its own, where that was read."""
        if self._asked is None:
            self._asked = fill_of(self.record, vocabulary)
        return self._asked

    def proofreader(self) -> Proofreader:
        """Return the same model as a proofreader, read when it is first wanted. Raises MisuseError, ModelError."""
        if self._proofreader is None:
            from seqcli.fill.proofreading.proofreader import Proofreader
            from seqcli.fill.proofreading.stored import calibration_of, confusions_of, examiner_of

            vocabulary = self._asked.vocabulary if self._asked else self.record.vocabulary()
            with ThreadPoolExecutor(1) as beside:  # which reads weights and checks them while words are looked at
                reading = beside.submit(self.asked, vocabulary)
                confusions = confusions_of(self.record, vocabulary)
            asked = reading.result()
            examiner = examiner_of(confusions, asked.arrays, asked.tokenizer)
            self._proofreader = Proofreader(examiner, calibration_of(self.record))
        return self._proofreader

    def beside(self, proofreader: Proofreader) -> Examiner:
        """Return what this network would find with the candidates of a proofreader. Raises MisuseError."""
        from seqcli.fill.proofreading.stored import beside

        asked = self.asked()
        return beside(asked.name, asked.arrays, asked.vocabulary, proofreader.examiner)

    @overload
    def proofread(  # type: ignore[overload-overlap]
        self, text: str, *, words: Iterable[str] = ..., **how: Unpack[HowProofread]
    ) -> list[Mark]: ...

    @overload
    def proofread(  # type: ignore[overload-overlap]
        self, text: Iterator[str], *, words: Iterable[str] = ..., **how: Unpack[HowProofread]
    ) -> Iterator[list[Mark]]: ...

    @overload
    def proofread(
        self, text: Iterable[str], *, words: Iterable[str] = ..., **how: Unpack[HowProofread]
    ) -> list[list[Mark]]: ...

    def proofread(self, text: str | Iterable[str], *, words: Iterable[str] = (), **how: Any) -> Any:
        """Return the marks of a text, in order; of several texts, a list each.

        words: those that are right. alarm_rate: the share of right words that may be marked, 0.01 or "1%"; k:
        suggestions of a mark.
        """
        from seqcli.fill.proofreading.settings import Proofreading

        if "alarm_rate" in how:
            how["alarm_rate"] = str(how["alarm_rate"])
        wanted = settings(Proofreading(), how)
        accepted = frozenset(word.lower() for word in words)

        def answer(texts: Sequence[str]) -> Sequence[list[Mark]]:
            self._session.spare.fit_products()
            return [self.proofreader().marks(one, wanted, accepted=accepted) for one in texts]

        return answered(text, answer, 1)

    def correct(self, text: str, marks: Sequence[Mark] | None = None, **how: Unpack[HowProofread]) -> str:
        """Return a text with the first suggestion of every mark."""
        from seqcli.fill.proofreading.proofreader import corrected

        return corrected(text, self.proofread(text, **how) if marks is None else marks)

    @overload
    def fill(self, text: str, k: int | None = ..., *, among: Any = ..., beam: int = ...) -> list[Filled]: ...  # type: ignore[overload-overlap]

    @overload
    def fill(  # type: ignore[overload-overlap]
        self, text: Iterator[str], k: int | None = ..., *, among: Any = ..., beam: int = ...
    ) -> Iterator[list[Filled]]: ...

    @overload
    def fill(
        self, text: Iterable[str], k: int | None = ..., *, among: Any = ..., beam: int = ...
    ) -> list[list[Filled]]: ...

    def fill(
        self, text: str | Iterable[str], k: int | None = None, *, among: Iterable[str] = (), beam: int = Filling.beam
    ) -> Any:
        """Return the likeliest words for the gaps of a sentence, best first; of several sentences, a list each.

        Each gap is written [_], or [_*] where it may be up to three words. among: words or phrases to choose from, all
        of which are ranked unless k says how many are wanted. beam: answers kept in sight where there are several gaps.
        An empty text has no answers. Raises MisuseError for a text without a gap.
        """
        choices = [among] if isinstance(among, str) else list(among)
        how = settings(Filling(), {"beam": beam} if k is None else {"k": k, "beam": beam})
        wanted = how.k if k is not None or not choices else None
        self._session.spare.fit_products()
        return answered(text, lambda texts: [self._one(one, choices, wanted, how.beam) for one in texts])

    def fit(self, *texts: Path, keep: bool = False, **form: Any) -> tuple[float, ...]:
        """Find the weights of the models that answer together on a text, and answer with them from now on.

        Words are taken out of its sentences: the weights are those with which they are found best. keep: write them
        into the model, for every later answer. encoding, columns, plain: how files are read. -> its own, the others'
        """
        return self.fit_on([os.fspath(text) for text in texts], form_of(form), keep)

    def fit_on(self, files: Sequence[str], form: Form, keep: bool) -> tuple[float, ...]:
        """Find the weights on files of a form. Raises MisuseError where there is nothing to weigh."""
        from seqcli.fill import mixing
        from seqcli.fill.mixture_weights import fitted

        if self._mix is None:
            raise MisuseError("There are no weights to fit without --mix NAME; give one, or leave out --fit-on.")
        if not files:
            raise MisuseError("There is no text to fit weights to; give a file.")
        self._session.spare.fit_products()
        self._mix = fitted(self._session, self.asked(), self._mix, files, form)
        if keep:
            mixing.keep(self._session, self.record.name, self._mix)
        return self._mix.weights

    # -- figures --------------------------------------------------------------------------------------------------

    def evaluate(self, *texts: Path, **how: Any) -> Figures:
        """Measure it on texts: how often each word is found from all the others, first, among five, among ten.

        threads; encoding, columns, plain: how files are read.
        """
        form = form_of(how)
        measuring = settings(Measuring(), {name: value for name, value in how.items() if name not in KEYWORDS})
        return self.measure([os.fspath(text) for text in texts], form, measuring)

    def measure(self, files: Sequence[str], form: Form, how: Measuring) -> Figures:
        """Measure it on files of a form. Raises MisuseError for none."""
        from seqcli.fill.evaluation import measured

        if not files:
            raise MisuseError("There is no text to measure on; give a file.")
        return measured(self._session, self.record, files, form, how.threads)

    def _one(self, text: str, choices: list[str], k: int | None, beam: int) -> list[Filled]:
        if not text.strip():
            return []
        from seqcli.fill.choices import ranked
        from seqcli.fill.search import likeliest

        asked, mix = self.asked(), self._mix
        sentence = gapped(asked, text)
        if choices:
            found = ranked(asked, sentence, choices, beam, mix)
        elif mix is None:
            found = likeliest(asked, sentence, k or Filling.k, beam)
        else:
            found = mix.again(asked, sentence, likeliest(asked, sentence, max(k or Filling.k, beam), beam))
        return [self._filled(sentence, one) for one in found[: k if choices else k or Filling.k]]

    def _filled(self, sentence: Gapped, one: Candidate) -> Filled:
        """Return an answer as text."""
        from seqcli.text.tokens import shown

        join = self.asked().tokenizer.join
        words = tuple(shown(join([token for token in tokens if token])) for tokens in one.words)
        given = iter(words)
        return Filled(words, math.exp(one.score), GAP.sub(lambda _: next(given), sentence.text))
