"""How like its corpus generated text is: distinct bigrams and repetition, in as many tokens of the held-out text.

    python benchmarks/generated.py MODEL VALID [generate's options]

distinct-2: different bigrams / bigrams. repetition: share of tokens that stand among the 50 before them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from seqcli.cli.opening import language_record, tokenizer_of
from seqcli.cli.options import Session
from seqcli.text.corpus import encode, read_pieces

TOKENS = 4_000  # of each side: distinct-2 depends on the length, so both have the same
WINDOW = 50


def figures(units: Sequence[Sequence[str]]) -> tuple[float, float]:
    """Return distinct-2 and repetition of texts, read one after another."""
    tokens = [token for unit in units for token in unit][:TOKENS]
    pairs = list(zip(tokens, tokens[1:], strict=False))
    seen = [token in tokens[max(i - WINDOW, 0) : i] for i, token in enumerate(tokens)]
    return len(set(pairs)) / len(pairs), sum(seen) / len(seen)


def main(model: str, valid: str, *options: str) -> None:
    """Print both figures for the held-out text and for what was generated."""
    session = Session()
    record = language_record(session, model)
    vocabulary, tokenizer = record.vocabulary(), tokenizer_of(record)
    ids = encode(read_pieces([valid], "utf-8"), tokenizer, vocabulary, record.text.unit).ids[:TOKENS].tolist()
    corpus = figures([[vocabulary.tokens[i] for i in ids if i]])  # without <unk>, which is never generated
    command = [sys.executable, "-m", "seqcli", "generate", "-m", model, "-n", "400", "--seed", "1", "--jsonl", *options]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    texts = [json.loads(line)["text"].split() for line in lines]
    written = figures([[t for piece in text for t in tokenizer.split(piece)] + ["<eos>"] for text in texts])
    for name, one, other in zip(("distinct-2", "repetition"), corpus, written, strict=True):
        print(f"{name}\t{one:.4f}\t{other:.4f}\t{other / one - 1:+.1%}")


if __name__ == "__main__":
    main(*sys.argv[1:])
