"""N-gram models as ARPA files: what import and export do with them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from seqcli.cli import tips
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, quoted
from seqcli.language.load import language_record
from seqcli.language.settings import CountingSpec, NgramSpec
from seqcli.text.settings import TextSpec
from seqcli.training.resumption import IMPORTED

if TYPE_CHECKING:
    from seqcli.store import Draft


def arpa_blocks(session: Session, name: str | None) -> tuple[Iterator[bytes], str]:
    """Return the blocks of a model as an ARPA file, and in words what they hold."""
    from seqcli.language.ngram.arpa import render
    from seqcli.language.ngram.arrays import stored_arrays

    record = language_record(session, name)
    if not isinstance(record.spec, NgramSpec):
        raise MisuseError(f"{quoted(record.name)} is an {record.architecture} model; ARPA holds n-gram models only.")
    tokens = record.vocabulary().tokens
    arrays = stored_arrays(record, len(tokens))
    return render(record.spec.order, arrays, tokens), f"n-grams of 1 to {record.spec.order} of {len(tokens):,} tokens"


def import_arpa(session: Session, file: str, draft: Draft) -> None:
    """Take in an ARPA file as a model whose text is cut at white space."""
    from seqcli.language.ngram.arpa_reader import read
    from seqcli.language.ngram.sums import check_sums
    from seqcli.store import pack
    from seqcli.text.vocabulary import SPECIALS, Vocabulary

    found = read(file)
    doubt = check_sums(found.order, found.arrays, found.tokens, quoted(file))
    for note in [*found.notes, *([doubt] if doubt else [])]:
        session.note(f"Note: {note}.")
    with open(file, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    ngrams = sum(len(array) for key, array in found.arrays.items() if key.startswith("log_probabilities"))
    vocabulary = Vocabulary(found.tokens[len(SPECIALS) :])
    draft.save(
        task="lm",
        architecture="ngram",
        text=TextSpec(tokenizer="whitespace", unit="line", min_count=1),
        spec=NgramSpec(order=found.order),
        run=CountingSpec(),
        corpus={"name": os.path.basename(file), "sha256": digest, "lines": ngrams, "tokens": 0},
        results={},
        progress={"finished": IMPORTED},
        files={"vocabulary": vocabulary.to_bytes(), "counts": pack(found.arrays)},
    )
    with session.terminal.results("model", "format", "order", "tokens", "ngrams") as out:
        out.add(draft.name, "arpa", found.order, len(vocabulary), ngrams)
    word = tips.content_word(found.tokens[len(SPECIALS) :])
    session.note("Try:", ["seqcli", "predict-word", word, "-m", draft.name])
