"""How like its corpus generated text is: distinct bigrams and repetition, in as many tokens of the held-out text.

    python benchmarks/generated.py MODEL VALID [generate's options]

distinct-2: different bigrams / bigrams. repetition: share of tokens that stand in the same text before.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence

from seqcli.cli.session import Session
from seqcli.decoding.limits import MOST
from seqcli.language.load import language_record
from seqcli.store.tokenizer import tokenizer_of
from seqcli.text.corpus import encode, read_pieces
from seqcli.text.tokens import tokens_of
from seqcli.text.vocabulary import EOS, UNK

TOKENS = 5_000  # of each side: distinct-2 depends on the length, so both have the same


def figures(units: Sequence[Sequence[str]]) -> tuple[float, float]:
    """Return distinct-2 and repetition of texts: shares of all bigrams, and of all tokens."""
    pairs = [pair for unit in units for pair in itertools.pairwise(unit)]
    seen = [token in unit[:i] for unit in units for i, token in enumerate(unit)]
    return len(set(pairs)) / len(pairs), sum(seen) / len(seen)


def cut(units: Sequence[list[str]]) -> list[list[str]]:
    """Return the first units, TOKENS in all, none longer than a text that is generated."""
    found, count = [], 0
    for unit in units:
        found.append(unit[: min(MOST, TOKENS - count)])
        count += len(found[-1])
        if count >= TOKENS:
            break
    return found


def main(model: str, valid: str, *options: str) -> None:
    """Print both figures for the held-out text and for what was generated."""
    session = Session(os.environ.get("SEQCLI_MODELS", "models"))
    record = language_record(session, model)
    vocabulary, tokenizer = record.vocabulary(), tokenizer_of(record)
    ids = encode(read_pieces([valid]), tokenizer, vocabulary, record.text.unit).ids.tolist()
    ends = [0, *(i + 1 for i, token in enumerate(ids) if token == EOS)]
    units = [[vocabulary.tokens[i] for i in ids[a:b] if i != UNK] for a, b in itertools.pairwise(ends)]
    random.Random(1).shuffle(units)  # what is generated are texts apart, too; <unk>, which it never holds, is left out
    command = [sys.executable, "-m", "seqcli", "generate", "-m", model, "-n", "400", "--seed", "1", "--jsonl", *options]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    written = [[*tokens_of(tokenizer, text), "<eos>"] for text in texts]
    for name, one, other in zip(("distinct-2", "repetition"), figures(cut(units)), figures(cut(written)), strict=True):
        print(f"{model} {' '.join(options)}\t{name}\t{one:.4f}\t{other:.4f}\t{other / one - 1:+.1%}")


if __name__ == "__main__":
    main(*sys.argv[1:])
