"""A model of sentences as it is asked, from a shell and from Python alike."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import MisuseError, quoted
from seqcli.one_or_many import answered
from seqcli.sentences.answer_settings import Drawing, Measuring, Moving, Searching, Walking, Writing
from seqcli.sentences.decode import drawn, searched
from seqcli.sentences.editing import Edited, edited
from seqcli.sentences.interpolation import Step, walk
from seqcli.sentences.load import Asked, check_sentences
from seqcli.settings import settings

if TYPE_CHECKING:
    from seqcli.sentences.arrays import Code
    from seqcli.sentences.evaluation import Figures
    from seqcli.session import Session
    from seqcli.store import Record

Path = str | os.PathLike[str]
TOGETHER = 512  # sentences encoded or drawn side by side
Codes = NDArray[np.float32]


class Neighbor(NamedTuple):
    """A sentence near another, and the cosine between their codes."""

    neighbor: str
    similarity: float


def load(session: Session, record: Record) -> Sentences:
    """Return a model of sentences that is ready to answer. Raises MisuseError for a model of another task."""
    return Sentences(session, check_sentences(record))


def open_sentences(session: Session, name: str | None) -> Sentences:
    """Return a model of the shelf, the default one where no name is given."""
    return load(session, session.shelf.read(name, "sentences"))


class Sentences:
    """Sentences and their codes. The model is never changed, so threads may ask it at the same time."""

    def __init__(self, session: Session, record: Record) -> None:
        self._session, self.record, self.asked = session, record, Asked(record)

    def __repr__(self) -> str:
        return f"<Sentences {quoted(self.name)}>"

    @property
    def name(self) -> str:
        """The model's name."""
        return self.record.name

    # -- drawn ----------------------------------------------------------------------------------------------------

    def sample(self, n: int = 10, **how: Any) -> list[str]:
        """Draw n sentences from the prior, or (like) codes that could be a sentence's. temperature, seed: as drawn."""
        return [text for some in self.samples(settings(Drawing(), {**how, "n": n})) for text in some]

    def samples(self, how: Drawing) -> Iterable[list[str]]:
        """Yield the sentences that are asked for, some at a time."""
        code = None
        if self.record.architecture != "sentence-lm":
            code = self._code([how.like])[0] if how.like is not None else self._prior()
        elif how.like is not None:
            self.check_coded()
        self._session.spare.fit_products()
        for place, low in enumerate(range(0, how.n, TOGETHER)):
            rows, rng = min(TOGETHER, how.n - low), np.random.default_rng([how.seed, place])
            z = None if code is None else _repeated(code, rows).draw(rng)
            found = drawn(self.asked.model, z, rows, how.temperature, rng, longest=self.asked.longest)
            yield [self.asked.text(ids) for ids in found]

    # -- codes ----------------------------------------------------------------------------------------------------

    def embed(self, sentences: Iterable[str]) -> Codes:
        """Return the codes of sentences [N, Z]: the means of their distributions."""
        texts = list(sentences)
        some = [self._code(texts[i : i + TOGETHER])[0].mean for i in range(0, len(texts), TOGETHER)]
        return np.concatenate(some) if some else np.zeros((0, self.record.spec.latent_size), np.float32)

    @overload
    def reconstruct(self, text: str, **how: Any) -> str: ...

    @overload
    def reconstruct(self, text: Iterable[str], **how: Any) -> list[str]: ...

    def reconstruct(self, text: Any, **how: Any) -> Any:
        """Return what the model writes from the code of a sentence, or of each of several. beam: how it searches."""
        wanted = settings(Writing(), how)
        return answered(text, lambda texts: self.written(self.embed(texts), wanted.beam), TOGETHER)

    def written(self, codes: Codes, beam: int) -> list[str]:
        """Return the best sentence of each code [N, Z]; unknown words are where the model sees them."""
        self._session.spare.fit_products()
        found = searched(self.asked.model, codes, beam, (1, self.asked.longest), unknown=True)
        return [self.asked.text(best[0].ids) if best else "" for best in found]

    def interpolate(self, first: str, second: str, steps: int = 7, **how: Any) -> list[Step]:
        """Walk one sentence into another: no sentence twice where the beam has others, none longer than both ends."""
        return self.walk(first, second, settings(Walking(), {**how, "steps": steps}))

    def walk(self, first: str, second: str, how: Walking) -> list[Step]:
        """Walk one sentence into another."""
        self.check_coded()
        self._session.spare.fit_products()
        return walk(self.asked, first, second, how)

    def direction(self, without: Iterable[str], having: Iterable[str]) -> Codes:
        """Return the way [Z] from the mean code of some sentences to that of others. Raises MisuseError for none."""
        sides = [[text for text in some if text.strip()] for some in (without, having)]
        if not all(sides):
            raise MisuseError("An attribute is the way between two lists of sentences; one of them is empty.")
        found: Codes = self.embed(sides[1]).mean(0) - self.embed(sides[0]).mean(0)
        return found

    @overload
    def attribute(self, text: str, without: Iterable[str], having: Iterable[str], **how: Any) -> str: ...

    @overload
    def attribute(
        self, text: Iterable[str], without: Iterable[str], having: Iterable[str], **how: Any
    ) -> list[str]: ...

    def attribute(self, text: Any, without: Iterable[str], having: Iterable[str], **how: Any) -> Any:
        """Give a sentence what some have and others have not. strength: how many times the way between their codes."""
        wanted, way = settings(Moving(), how), self.direction(without, having)
        return answered(text, lambda texts: self.moved(texts, way, wanted), TOGETHER)

    def moved(self, texts: Sequence[str], way: Codes, how: Moving) -> list[str]:
        """Return what is written where sentences come to that are moved along a way [Z]."""
        self._session.spare.fit_products()
        codes = self.embed(texts) + how.strength * way
        found = searched(self.asked.model, codes, how.beam, (1, self.asked.longest))
        return [self.asked.text(best[0].ids) if best else "" for best in found]

    def edit(self, text: str, word: str, **how: Any) -> Edited:
        """Return the nearest sentence that is found with a word in it. rounds, tries, seed: of the search."""
        return self.edited(text, word, settings(Searching(), how))

    def edited(self, text: str, word: str, how: Searching) -> Edited:
        """Return the nearest sentence that is found with a word in it."""
        self.check_coded()
        self._session.spare.fit_products()
        return edited(self.asked, text, word, how)

    def neighbors(self, text: str, among: Sequence[str], k: int = 10) -> list[Neighbor]:
        """Return the k sentences whose codes are nearest to that of one, by the cosine between them."""
        return self.near([text], among, self.embed(among), k)[0]

    def near(self, texts: Sequence[str], among: Sequence[str], codes: Codes, k: int) -> list[list[Neighbor]]:
        """Return the nearest of some sentences, whose codes [N, Z] are known, to each text."""
        sizes = np.linalg.norm(codes, axis=1)
        found = []
        for code, text in zip(self.embed(texts), texts, strict=True):
            alike = codes @ code / np.maximum(sizes * np.linalg.norm(code), 1e-12)
            order = [int(i) for i in np.argsort(-alike, kind="stable") if among[int(i)] != text][:k]
            found.append([Neighbor(among[i], float(alike[i])) for i in order])
        return found

    def evaluate(self, *test: Path, text: Path | None = None, **how: Any) -> Figures:
        """Measure it on files of sentences. text: that it learned from, to look for copies in what it draws."""
        from seqcli.sentences.evaluation import figures
        from seqcli.text.form import TEXT

        paths = [] if text is None else [os.fspath(text)]
        return figures(
            self._session, self.asked, [os.fspath(path) for path in test], TEXT, settings(Measuring(), how), paths
        )

    def check_coded(self) -> None:
        """Raise MisuseError for a model that has no code."""
        if self.record.architecture == "sentence-lm":
            raise MisuseError(f"{quoted(self.name)} has no code; name a model of --architecture vae or autoencoder.")

    def _code(self, texts: Sequence[str | None]) -> list[Code]:
        """Return the distributions of sentences, of all in one. Raises MisuseError for one without a word."""
        self.check_coded()
        sentences = [self.asked.ids(text or "") for text in texts]
        if any(len(ids) == 1 for ids in sentences):
            raise MisuseError("A sentence is empty; give one with words in it.")
        self._session.spare.fit_products()
        return [self.asked.model.encode(sentences)]

    def _prior(self) -> Code:
        """Return the distribution of any sentence's code. Raises MisuseError for an autoencoder, which has none."""
        from seqcli.sentences.arrays import Code

        if self.record.architecture == "autoencoder":
            raise MisuseError(f"{quoted(self.name)} has no prior to draw from; give --like, or name a vae.")
        zeros = np.zeros((1, self.record.spec.latent_size), np.float32)
        return Code(zeros, zeros)


def _repeated(code: Code, rows: int) -> Code:
    """Return one sentence's distribution as often as it is drawn from."""
    return type(code)(*(np.repeat(part, rows, 0) for part in code))
