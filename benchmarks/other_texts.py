"""The quick recipe on other texts than the Penn Treebank, beside Kneser-Ney counts and mixed with them.

python benchmarks/other_texts.py [TEXT...] [--threads 2] [--models DIR]. Texts: novels (raw prose, 1.57 M words),
novels-200k (its first 200,000 words), books-unk (2 M lower-case words of books; what occurs less than three times is
`<unk>`, as in WikiText-2). Of every 1,000 lines the first 900 are learned from, shares are fitted on the next 50, and
the last 50 are the test.
"""

from __future__ import annotations

import argparse
import gzip
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from language import seqcli
from record import record
from texts import BOOKS, NOVELS

TEXTS = ("novels", "novels-200k", "books-unk")
RUN = 50  # lines that stay together: a cache must have a text to go by


def first_words(path: Path, words: int) -> Iterator[str]:
    """Yield the lines of a text until so many words were read."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if words <= 0:
                return
            words -= len(line.split())
            yield line


def with_unknown(lines: list[str]) -> Iterator[str]:
    """Yield lines with `<unk>` for every word that occurs less than three times in all of them."""
    counts = Counter(word for line in lines for word in line.split())
    for line in lines:
        yield " ".join(word if counts[word] > 2 else "<unk>" for word in line.split()) + "\n"


def lines_of(text: str) -> list[str]:
    """Return the lines of a text by its name."""
    if text == "books-unk":
        return list(with_unknown(list(first_words(BOOKS, 2_000_000))))
    return list(first_words(NOVELS, 200_000 if text == "novels-200k" else 10**9))


def measure(text: str, models: str, threads: int) -> None:
    """Train on a text by counts and by recipe, and record the perplexities of its test part, alone and mixed."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {part: os.path.join(folder, part) for part in ("train", "valid", "test")}
        parts: dict[str, list[str]] = {part: [] for part in paths}
        for i, line in enumerate(lines_of(text)):
            parts[{18: "valid", 19: "test"}.get(i // RUN % 20, "train")].append(line)
        for part, path in paths.items():
            Path(path).write_text("".join(parts[part]), encoding="utf-8")
        tokenizer = ["--tokenizer", "whitespace"] if text == "books-unk" else []
        shelf = ["--models-dir", models]
        common = [paths["train"], "--valid", paths["valid"], *tokenizer, *shelf, "--replace"]
        seqcli("train-lm", *common, "--name", f"{text}-counts", "--architecture", "ngram")
        trained = seqcli("train-lm", *common, "--name", text, "--recipe", "quick", "--threads", str(threads))
        found = {}
        for what, name, settings in (
            ("counts", f"{text}-counts", []),
            ("quick", text, []),
            ("mixed", text, ["--mix", f"{text}-counts", "--fit-on", paths["valid"]]),
            ("mixed, cache", text, ["--mix", f"{text}-counts", "--cache", "neural", "--fit-on", paths["valid"]]),
        ):
            found[what] = seqcli("evaluate", name, *shelf, "--test", paths["test"], *settings)[0]
    perplexities = {what: measured["perplexity"] for what, measured in found.items()}
    tokens = {"test_tokens": found["quick"]["tokens"], "unknown_rate": found["quick"]["unknown_rate"]}
    saved = 1.0 - perplexities["mixed"] / perplexities["counts"]
    seconds = trained["training_seconds"]
    print(record("other texts", text=text, seconds=seconds, threads=threads, **tokens, saved=saved, **perplexities))


def main() -> None:
    """Measure the texts that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="default: all of them")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--models", help="where models are kept (default: nowhere, once they are measured)")
    options = parser.parse_args()
    if unknown := set(options.texts) - set(TEXTS):
        parser.error(f"no such text: {', '.join(unknown)}; there are {', '.join(TEXTS)}")
    with tempfile.TemporaryDirectory() as scratch:
        for text in options.texts or TEXTS:
            measure(text, options.models or scratch, options.threads)


if __name__ == "__main__":
    main()
