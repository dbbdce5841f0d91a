"""Pairs read for a training, and what is said of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from seqcli.errors import CorpusError, MisuseError, quoted
from seqcli.training.source import Source, check_corpus
from seqcli.translation.load import sides_of, translation_record, translations_of, translator_of

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Record
    from seqcli.translation.corpus import PairCorpus
    from seqcli.translation.pairs import Pairs

REVERSE = "-reverse"  # behind the name of the other direction's model
FEW_PAIRS = 2_000  # below this a model learns its own pairs by heart, little else


@dataclass(frozen=True)
class PairSource(Source):
    """Where pairs come from: also target text alone, and the translator that makes its sources.

    turned: it is the other direction that is trained.
    """

    monolingual: tuple[str, ...] = field(default=(), metadata={"asked": True})
    reverse_model: str = field(default="", metadata={"asked": True})
    turned: bool = False

    def __post_init__(self) -> None:
        """Raise MisuseError for one of the two that belong together."""
        if bool(self.monolingual) != bool(self.reverse_model):
            raise MisuseError("--monolingual and --reverse-model go together; give both.")

    def options(self) -> list[str]:
        """Return the options that give this source beside its texts, as typed."""
        words = [word for path in self.monolingual for word in ("--monolingual", path)]
        words += ["--reverse-model", self.reverse_model] if self.monolingual else []
        return [*super().options(), *words]

    def pairs(self, paths: Sequence[str]) -> Pairs:
        """Return the pairs of files, in the direction that is trained."""
        from seqcli.translation.pairs import read_pairs

        found = read_pairs(paths, self.form)
        return found.turned if self.turned else found

    def back_translated(self, session: Session) -> Pairs:
        """Return the target text as pairs: its sources are translations, made greedily."""
        from seqcli.text.files import named
        from seqcli.text.reading import read_lines
        from seqcli.translation.pairs import pairs_of
        from seqcli.translation.search import Searching

        target = [line for line in read_lines(self.monolingual, replace(self.form, columns=())) if line.strip()]
        if not target:
            raise CorpusError(f"{named(*self.monolingual)} holds only empty lines; give target text.")
        asked = translator_of(translation_record(session, self.reverse_model))
        found = pairs_of(translations_of(session, asked, target, Searching(beam=1)), target)
        told = named(*self.monolingual)
        session.note(f"Translated back by {quoted(asked.name)}: {len(found):,} lines of {told}.")
        return found


def files_of_sides(corpus: PairCorpus) -> dict[str, bytes]:
    """Return what a model stores of its sides and of names, by role."""
    sides = {"": corpus.source} if corpus.text.joint else {"source-": corpus.source, "target-": corpus.target}
    files = {f"{which}vocabulary": side.vocabulary.to_bytes() for which, side in sides.items()}
    models = {f"{which}tokenizer": side.tokenizer.model for which, side in sides.items()}
    names = {"source-words": corpus.names.read.to_bytes()} if corpus.names.copied else {}
    return files | names | {role: model for role, model in models.items() if model is not None}


def read_pair_corpus(session: Session, source: PairSource, text: Any, record: Record | None) -> PairCorpus:
    """Read and encode the pairs, and say what they are. record: the training that goes on."""
    from seqcli.translation.corpus import build
    from seqcli.translation.pairs import cut_held_out

    pairs = source.pairs(source.texts)
    if source.valid:
        train, held_out = pairs, source.pairs(source.valid)
    else:
        train, held_out = cut_held_out(pairs, text.held_out)
    if source.monolingual:
        train = train + source.back_translated(session)
    if record is not None:
        check_corpus(record.corpus, train.sha256, held_out.sha256, record.name)
    corpus = build(train, held_out, text, sides_of(record) if record is not None else None)
    _describe(session, source, pairs, train, corpus)
    return corpus


def _describe(session: Session, source: Source, pairs: Pairs, train: Pairs, corpus: PairCorpus) -> None:
    note = session.note
    learned, held_out = len(corpus.train.source), len(corpus.held_out.source)
    held = ", ".join(source.valid) if source.valid else "cut from them"
    note(f"Pairs: {learned:,}, {corpus.train.tokens:,} tokens, to learn from; {held_out:,} held out ({held}).")
    if pairs.empty:
        note(f"Note: {pairs.empty:,} of {pairs.lines:,} lines have an empty side and are left out.")
    if len(train) > learned:
        note(f"Note: {len(train) - learned:,} pairs of over {corpus.text.longest} tokens (--longest) are left out.")
    sizes = [len(side.vocabulary) for side in (corpus.source, corpus.target)]
    shown = f"{sizes[0]:,} tokens for both" if corpus.text.joint else f"{sizes[0]:,} and {sizes[1]:,} tokens"
    note(f"Vocabulary: {shown}; unknown: {corpus.held_out.unknown_rate:.2%} of the held-out target.")
    if learned < FEW_PAIRS:
        note(f"Note: {learned:,} pairs are very few; expect the pairs themselves, little else.")


def pairs_entry(source: PairSource, corpus: PairCorpus) -> dict[str, Any]:
    """Return what a record says of the pairs: no path of them."""
    names = [os.path.basename(os.path.abspath(path)) if path != "-" else "-" for path in source.texts]
    return {
        "name": names[-1 if source.turned else 0],
        "target_name": names[0 if source.turned else -1],
        "sha256": corpus.train.sha256,
        "lines": len(corpus.train.source),
        "tokens": corpus.train.tokens,
        "usual_source": corpus.train.usual_source,
        "names_copied": " ".join(sorted(corpus.names.copied)),
        **({"monolingual": os.path.basename(source.monolingual[0])} if source.monolingual else {}),
        "held_out": os.path.basename(source.valid[0]) if source.valid else "cut from the pairs",
        "held_out_sha256": corpus.held_out.sha256,
        "held_out_tokens": sum(map(len, corpus.held_out.target)),
    }
