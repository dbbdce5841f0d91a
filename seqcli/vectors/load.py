"""Tables of word vectors on the shelf: read from a record, and saved."""

from __future__ import annotations

import math
from dataclasses import replace as replace_settings
from typing import TYPE_CHECKING, Any

from seqcli.errors import DamagedError, ModelError, quoted
from seqcli.training.resumption import IMPORTED
from seqcli.vectors.settings import VectorsSpec
from seqcli.vectors.table import Table

if TYPE_CHECKING:
    from seqcli.store import Draft, Record
    from seqcli.vectors.formats import VectorsFile


MOST_WORDS = 2.0**62  # of a text: their sum is a number still
FEW_WORDS = 250_000  # learned from, all passes together: below, vectors have hardly left where they began
OPTIONAL = ("output",)  # arrays beside the vectors themselves, which answering does without


def word_hash(word: str) -> int:
    """Return the 64-bit number that stands for a rare word in the file of counts."""
    import hashlib

    return int.from_bytes(
        hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little", signed=True
    )


def few_words(record: Record) -> str | None:
    """Return what is to be said of vectors that were trained on next to nothing: that they tell next to nothing."""
    learned = int(record.progress.get("tokens") or 0)
    if record.architecture == "imported" or not 0 < learned < FEW_WORDS:
        return None
    epochs = record.run.epochs
    more = f", or --epochs {math.ceil(epochs * FEW_WORDS / learned)}" if epochs else ""
    return (
        f"Note: {quoted(record.name)} learned from few words ({learned:,}, all passes together), so that all look "
        f"alike: trust no similarity of it. More text helps{more}."
    )


def table_of(record: Record) -> Table:
    """Return the table of a record. Raises DamagedError for one that is not what its settings say."""
    import numpy as np

    from seqcli.text.vocabulary import SPECIALS
    from seqcli.vectors.quantise import restore
    from seqcli.vectors.table import is_comparable

    words = record.vocabulary().tokens[len(SPECIALS) :]
    arrays = record.arrays("vectors")
    _check_shapes(record, arrays, len(words))
    subwords = _subwords(record, arrays)
    with np.errstate(over="ignore", invalid="ignore"):  # told by what follows
        matrix = restore(arrays, record.spec.dimensions)
    for numbers in (matrix, *([subwords.matrix] if subwords else [])):
        if not is_comparable(numbers):
            raise DamagedError(
                f"{record.where('vectors')} cannot be used: its numbers are too large to compare; make it anew with "
                "--replace."
            )
    return Table(words, matrix, subwords, counts_of(record, len(words)).get("counts"))


def outputs_of(record: Record, words: int) -> Any:
    """Return the output vectors of a training that ended or goes on here [words, D]."""
    return record.arrays("weights", {"outputs": ("F32", (words, record.spec.embedding_size))})["outputs"]


def counts_of(record: Record, words: int) -> dict[str, Any]:
    """Return how often each word was seen, and the hashes of those too rare for a vector, as far as it is known.

    Raises DamagedError.
    """
    if "counts" not in record.files:
        return {}
    arrays = record.arrays("counts")
    found = {name: (array.dtype.str, array.ndim) for name, array in arrays.items()}
    rare = {"rare_hashes": ("<i8", 1), "rare_counts": ("<i4", 1)} if "rare_hashes" in arrays else {}
    good = found == {"counts": ("<i8", 1), **rare} and len(arrays["counts"]) == words
    good = good and arrays["counts"].min(initial=0) >= 0 and arrays["counts"].sum(dtype=float) < MOST_WORDS
    if good and rare:
        hashes, counts = arrays["rare_hashes"], arrays["rare_counts"]
        good = len(hashes) == len(counts) and counts.min(initial=1) > 0 and bool((hashes[1:] > hashes[:-1]).all())
    if not good:
        raise DamagedError(f"{record.where('counts')} is damaged: it does not count {words} words; copy it again.")
    return arrays


def _check_shapes(record: Record, arrays: dict[str, Any], words: int) -> None:
    """Raise DamagedError unless the arrays are those that the settings and the vocabulary speak of."""
    from seqcli.vectors.quantise import PART, shapes

    spec = record.spec
    centroids = arrays.get("centroids")
    part = PART if centroids is None or centroids.ndim != 3 else max(centroids.shape[2], 1)
    expected = shapes(getattr(spec, "quantize", "none"), words, spec.dimensions, part)
    if spec.subwords if isinstance(spec, VectorsSpec) else spec.buckets:
        expected["subwords"] = ("F32", (spec.buckets, spec.dimensions))
    kinds = {"float32": "F32", "uint8": "U8"}
    found = {name: (kinds.get(str(array.dtype)), array.shape) for name, array in arrays.items() if name not in OPTIONAL}
    if found != expected or not words:
        shown = quoted({name: shape for name, (_, shape) in found.items()})
        raise DamagedError(
            f"{record.where('vectors')} is damaged: its arrays are {shown}, not those of {words} words of "
            f"{spec.dimensions} numbers; copy it again, or make it anew with --replace."
        )


def _subwords(record: Record, arrays: dict[str, Any]) -> Any:
    if "subwords" not in arrays:
        return None
    from seqcli.vectors.subwords import Subwords

    return Subwords(arrays["subwords"], record.spec.min_ngram, record.spec.max_ngram)


def save_table(
    draft: Draft,
    found: VectorsFile,
    quantize: str,
    *,
    corpus: dict[str, Any],
    arrays: dict[str, Any] | None = None,
    source: Record | None = None,
) -> None:
    """Save a table as a model.

    arrays: its quantised vectors, where they are at hand. source: the model that it was made from, whose tokenizer and
    counts it keeps.
    """
    from seqcli.store import pack
    from seqcli.text.settings import TextSpec
    from seqcli.text.vocabulary import Vocabulary
    from seqcli.training.settings import RunSpec
    from seqcli.vectors.quantise import quantise
    from seqcli.vectors.settings import TableSpec
    from seqcli.vectors.table import LARGEST, is_comparable

    subwords = found.subwords
    if not all(is_comparable(numbers) for numbers in (found.matrix, *([subwords.matrix] if subwords else []))):
        what = f"numbers beyond {LARGEST:g}, which nothing can compare"
        raise ModelError(f"The vectors of {quoted(draft.name)} hold {what}.")
    spec = TableSpec(
        format=found.format,
        quantize=quantize,
        dimensions=int(found.matrix.shape[1]),
        min_ngram=subwords.shortest if subwords else 0,
        max_ngram=subwords.longest if subwords else 0,
        buckets=len(subwords.matrix) if subwords else 0,
    )
    vectors = dict(arrays or quantise(found.matrix, quantize))
    if subwords:
        vectors["subwords"] = subwords.matrix
    files = {"vocabulary": Vocabulary(found.words).to_bytes(), "vectors": pack(vectors)}
    text = TextSpec(tokenizer="words", min_count=1)
    if source is not None:
        files |= {role: source.load(role) for role in ("counts", "tokenizer") if role in source.files}
        kept = source.text
        text = replace_settings(text, tokenizer=kept.tokenizer, lowercase=kept.lowercase, min_count=kept.min_count)
    elif found.counts is not None:
        files["counts"] = pack({"counts": found.counts})
    draft.save(
        task="vectors",
        architecture="imported",
        text=text,
        spec=spec,
        run=RunSpec(),
        corpus=corpus,
        results={"words": len(found.words), "dimensions": spec.dimensions},
        progress={"finished": IMPORTED if source is None else f"it was made smaller from {source.name}"},
        files=files,
    )
