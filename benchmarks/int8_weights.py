"""What eight bits a weight cost a translator: BLEU with its matrices as stored, and rounded to 255 steps a row.

python benchmarks/int8_weights.py MODEL SOURCE REFERENCE [--models-dir DIR]. Only the loss is measured: numpy has no
product of bytes, so nothing would be quicker by them, and `translate` keeps to float32.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

import numpy as np
from record import record

from seqcli.cli.session import Session
from seqcli.text.reading import read_lines
from seqcli.translation.arrays import TranslatorArrays
from seqcli.translation.load import translation_record, translations_of, translator_of
from seqcli.translation.metrics import quality
from seqcli.translation.search import Searching


def rounded(array: Any) -> Any:
    """Return a matrix with each row at the nearest of 255 even steps; a vector as it is."""
    if array.ndim < 2:
        return array
    step = np.abs(array).max(1, keepdims=True) / 127 + 1e-30
    return (np.rint(array / step) * step).astype(np.float32)


def main() -> None:
    """Measure both and record them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("source")
    parser.add_argument("reference")
    parser.add_argument("--models-dir", default="models")
    options = parser.parse_args()
    session = Session(models_dir=options.models_dir)
    stored = translation_record(session, options.model)
    asked = translator_of(stored)
    weights = {name: rounded(array) for name, array in stored.arrays("weights").items()}
    ways = {"float32": asked, "int8": replace(asked, model=TranslatorArrays(stored.spec, weights))}
    sources, references = (list(read_lines([path])) for path in (options.source, options.reference))
    found = {way: translations_of(session, translator, sources, Searching()) for way, translator in ways.items()}
    row = {way: quality(lines, references).bleu for way, lines in found.items()}
    same = sum(a == b for a, b in zip(*found.values(), strict=True)) / len(sources)
    print(record("int8 weights", model=options.model, pairs=len(sources), same_translations=same, **row))


if __name__ == "__main__":
    main()
