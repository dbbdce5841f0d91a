"""The vectors that a training begins with where --from names a model or a file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqcli.errors import MisuseError, ModelError, quoted
from seqcli.settings import option_name

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.vectors.loop import VectorTraining
    from seqcli.vectors.subwords import Subwords


@dataclass(frozen=True)
class Known:
    """What is known of words before a training."""

    start: str  # as it was typed
    words: list[str]
    vectors: Any  # float32 [words, D]
    outputs: Any | None  # float32 [words, D]
    subwords: Subwords | None

    def settings(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return the settings of a training that these vectors decide; raise MisuseError for others in params."""
        decided: dict[str, Any] = {"embedding_size": int(self.vectors.shape[1])}
        if params.get("subwords"):
            if self.subwords is None:
                raise MisuseError(f"{quoted(self.start)} knows no character n-grams; leave out --subwords or --from.")
            grams = self.subwords
            decided |= {"buckets": len(grams.matrix), "min_ngram": grams.shortest, "max_ngram": grams.longest}
        for name, value in decided.items():
            if params.get(name) not in (None, value):
                raise MisuseError(f"{quoted(self.start)} has {option_name(name)} {value}; leave out the option.")
        return decided

    def give_to(self, training: VectorTraining, names: list[str]) -> int:
        """Let a training of the words `names` begin with what is known of them; return how many are known."""
        import numpy as np

        rows = {word: i for i, word in enumerate(names)}
        pairs = [(i, rows[word]) for i, word in enumerate(self.words) if word in rows]
        source, target = np.array(pairs, np.int64).reshape(-1, 2).T
        spec = training.spec
        outputs = self.outputs if spec.output == "negative-sampling" else None  # else its rows are nodes of a tree
        subwords = self.subwords if spec.subwords else None
        training.begin_from(self.vectors[source], target, None if outputs is None else outputs[source], subwords)
        return len(pairs)


def known_vectors(session: Session, start: str) -> Known:
    """Return what a model of the shelf, or else a file, knows of its words."""
    if session.shelf.has(start):
        from seqcli.vectors.answers import open_vectors
        from seqcli.vectors.load import outputs_of

        opened = open_vectors(session, start)
        record, table = opened.record, opened.table
        outputs = None
        if "weights" in record.files and record.spec.output == "negative-sampling":
            outputs = outputs_of(record, len(table))
        return Known(start, list(table.words), table.matrix, outputs, table.subwords)
    if os.path.isfile(start):
        from seqcli.vectors.formats import read

        found = read(start)
        return Known(start, found.words, found.matrix, None, found.subwords)
    raise ModelError(f"--from {quoted(start)} is neither a model in {quoted(session.shelf.root)} nor a file.")
