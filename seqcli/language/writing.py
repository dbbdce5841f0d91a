"""A language model that writes: several texts at once, or one as it comes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from seqcli.decoding.continuation import Limits, Writer, search
from seqcli.decoding.joining import Joining
from seqcli.decoding.limits import Ending
from seqcli.errors import quoted
from seqcli.language.generation_settings import SEEDS
from seqcli.text.tokens import shown, tokens_of
from seqcli.text.vocabulary import EOS, UNK

if TYPE_CHECKING:
    from seqcli.decoding.copies import Copies
    from seqcli.language.generation_settings import Generating
    from seqcli.language.load import Asked
    from seqcli.session import Session
    from seqcli.text.form import Form

TOGETHER = 64  # texts written side by side: enough for matrix products


class Written(str):
    """A text with its prompt, how many tokens were added (the end among them), and the log of their probability."""

    tokens: int
    log_probability: float

    def __new__(cls, text: str, tokens: int, log_probability: float) -> Written:
        made = super().__new__(cls, text)
        made.tokens, made.log_probability = tokens, log_probability
        return made


class Writing:
    """A model ready to write."""

    def __init__(self, session: Session, asked: Asked, wanted: Generating, form: Form) -> None:
        self.asked = asked
        self._wanted = wanted
        self._ending = Ending(asked.vocabulary.tokens, wanted.tokens, wanted.sentences, wanted.stop)
        known = {shown(token) for token in asked.vocabulary.tokens}
        for word in sorted(set(wanted.stop) - known):
            session.note(f"Note: {quoted(word)} is no token of the model, so no text will ever stop there.")
        copies = _copies(session, form, asked, wanted.text, wanted.no_copy) if wanted.no_copy else None
        self._limits = Limits((UNK,), copies)
        self._seed = int.from_bytes(os.urandom(4)) % SEEDS if wanted.seed is None else wanted.seed
        if wanted.seed is None and wanted.beam is None and wanted.temperature > 0.0:
            session.note(f"The same again: --seed {self._seed}")

    def texts(self, prompt: str, place: int) -> Iterator[Written]:
        """Yield the texts that go on from a prompt, in the order of their numbers; place: which prompt it is."""
        if self._wanted.beam:
            yield from self._found(prompt, self._wanted.beam)
            return
        for low in range(0, self._wanted.n, TOGETHER):
            yield from self._drawn(prompt, place, range(low, min(low + TOGETHER, self._wanted.n)))

    def as_it_comes(self, prompt: str, place: int, sample: int) -> Iterator[str]:
        """Yield a text piece by piece."""
        start = self.asked.ids(prompt)
        writer = Writer(self.asked.model, start, [(self._seed, place, sample)], self._wanted, self._limits)
        before = tokens_of(self.asked.tokenizer, prompt)
        yield self.asked.tokenizer.join(before)
        joining = Joining(self.asked.tokenizer, before)
        ids: list[int] = []
        kept = None
        while kept is None:
            ids += writer.step()[0].tolist()
            kept = self._ending.kept(ids)
            if kept is None or kept == len(ids):
                yield joining.line() if ids[-1] == EOS else joining.added(self.asked.vocabulary.tokens[ids[-1]])

    def _drawn(self, prompt: str, place: int, samples: Sequence[int]) -> list[Written]:
        seeds = [(self._seed, place, sample) for sample in samples]
        writer = Writer(self.asked.model, self.asked.ids(prompt), seeds, self._wanted, self._limits)
        found: dict[int, Written] = {}
        written: list[list[int]] = [[] for _ in seeds]
        totals, going = [0.0] * len(seeds), list(range(len(seeds)))
        while going:
            tokens, logs = writer.step()
            open_rows = []
            for row, (sample, token, log) in enumerate(zip(going, tokens.tolist(), logs.tolist(), strict=True)):
                ids = written[sample]
                ids.append(token)
                kept = self._ending.kept(ids)
                if kept is None or kept == len(ids):
                    totals[sample] += log
                if kept is None:
                    open_rows.append(row)
                else:
                    found[sample] = Written(self._joined(prompt, ids[:kept]), kept, totals[sample])
            going = [going[row] for row in open_rows]
            if going and len(open_rows) < len(writer.texts):
                writer.keep(open_rows)
        return [found[sample] for sample in range(len(seeds))]

    def _found(self, prompt: str, beam: int) -> Iterator[Written]:
        def ended(ids: list[int]) -> bool:
            return self._ending.kept(ids) is not None

        found = search(self.asked.model, self.asked.ids(prompt), beam, self._limits, ended)
        for one in found[: self._wanted.n]:
            kept = self._ending.kept(one.ids)
            yield Written(self._joined(prompt, one.ids[:kept]), kept or 0, sum(one.logs[:kept]))

    def _joined(self, prompt: str, ids: Sequence[int]) -> str:
        """Return a prompt and what was written, as text; a unit that ended ends a line."""
        units = [tokens_of(self.asked.tokenizer, prompt)]
        for token in ids:
            if token == EOS:
                units.append([])
            else:
                units[-1].append(self.asked.vocabulary.tokens[token])
        return "\n".join(self.asked.tokenizer.join(unit) for unit in units).rstrip("\n")


def _copies(session: Session, form: Form, asked: Asked, files: Sequence[str], longest: int) -> Copies:
    """Return what must not be copied."""
    from seqcli.decoding.copies import Copies
    from seqcli.text.corpus import encode, read_pieces

    pieces = read_pieces(files, form, folder=os.fspath(session.shelf.root))
    return Copies(encode(pieces, asked.tokenizer, asked.vocabulary, asked.unit).ids, longest)
