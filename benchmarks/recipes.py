"""Recipes on the Penn Treebank, and what each of their ingredients is worth.

python benchmarks/recipes.py quick standard strong [--seeds 1 2 3]   each as a user would run it; the test text once
python benchmarks/recipes.py value [--minutes 5]                     quick, with one setting changed at a time
python benchmarks/recipes.py mix --models DIR                        the models that `strong` left in DIR, with counts

Every row is recorded as soon as it is known. --threads: fewer than the machine has.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from typing import Any

from language import TEST, TRAIN, VALID, seqcli
from record import record

VARIANTS: dict[str, tuple[str, ...]] = {
    "as it is": (),
    "full softmax in training": ("--output", "full"),
    "output layer of its own": ("--no-tied",),
    "256 samples": ("--samples", "256"),
    "learning rate 0.003": ("--learning-rate", "0.003"),
    "nothing dropped": ("--dropout", "0", "--weight-dropout", "0", "--embedding-dropout", "0"),
    "activations dropped: 0.3": ("--dropout", "0.3"),
    "no weights dropped": ("--weight-dropout", "0"),
    "no tokens dropped": ("--embedding-dropout", "0"),
    "running mean of the weights, 0.998": ("--average", "0.998"),
    "attention to 32 past states": ("--attention", "32"),
    "two layers": ("--layers", "2"),
    "GRU": ("--architecture", "gru"),
    "batches of 16": ("--batch-size", "16"),
    "batches of 64": ("--batch-size", "64"),
    "unroll 70": ("--unroll", "70"),
    "bfloat16": ("--precision", "bfloat16"),
}


def trained(models: str, name: str, threads: int, *settings: str) -> dict[str, Any]:
    """Train as a user would; return what train-lm says, and the size that it chose."""
    files = [os.fspath(TRAIN), "--valid", os.fspath(VALID), "--tokenizer", "whitespace"]
    where = ["--models-dir", models, "--name", name, "--replace", "--threads", str(threads)]
    done = seqcli("train-lm", *files, *where, *settings)
    spec = seqcli("models", "show", name, "--models-dir", models)["spec"]
    return {
        "seconds": done["training_seconds"],
        "valid_perplexity": done["held_out"]["perplexity"],
        "tokens_per_second": done["tokens_per_second"],
        "settings": {key: spec[key] for key in ("hidden_size", "embedding_size", "dropout", "weight_dropout")},
        "threads": threads,
    }


def recipe(models: str, name: str, seed: int, threads: int) -> None:
    """Train by a recipe and measure the test text."""
    row = trained(models, f"{name}-{seed}", threads, "--recipe", name, "--seed", str(seed))
    test = seqcli("evaluate", f"{name}-{seed}", "--models-dir", models, "--test", os.fspath(TEST))[0]
    figures = {"test_perplexity": test["perplexity"], "test_tokens": test["tokens"]}
    print(record("recipes", what=name, seed=seed, **row, **figures), flush=True)


def value(models: str, minutes: float, threads: int) -> None:
    """Train by `quick` with one setting changed at a time, for the same minutes."""
    for what, settings in VARIANTS.items():
        row = trained(models, "value", threads, "--recipe", "quick", "--minutes", f"{minutes:g}", *settings)
        print(record("ingredients", what=what, minutes=minutes, seed=1, **row), flush=True)


def mix(models: str) -> None:
    """Measure the strong model with Kneser-Ney counts and a cache; the shares are fitted on the validation text."""
    files = [os.fspath(TRAIN), "--valid", os.fspath(VALID), "--tokenizer", "whitespace"]
    counted = ["--architecture", "ngram", "--name", "counts", "--replace", "--models-dir", models]
    seqcli("train-lm", *files, *counted)
    for what, settings in {
        "strong": (),
        "strong, counts": ("--mix", "counts"),
        "strong, cache": ("--cache", "neural"),
        "strong, counts, cache": ("--mix", "counts", "--cache", "neural"),
    }.items():
        fit = ["--fit-on", os.fspath(VALID)] if settings else []
        where = ["--models-dir", models, "--test", os.fspath(TEST)]
        test = seqcli("evaluate", "strong-1", *where, *settings, *fit)[0]
        print(record("recipes", what=f"mix: {what}", seed=1, test_perplexity=test["perplexity"]), flush=True)


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="+", choices=("quick", "standard", "strong", "value", "mix"))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--models", help="where models are kept (default: nowhere, once they are measured)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        models = options.models or scratch
        for part in options.parts:
            if part == "value":
                value(models, options.minutes, options.threads)
            elif part == "mix":
                mix(models)
            else:
                for seed in options.seeds:
                    recipe(models, part, seed, options.threads)


if __name__ == "__main__":
    main()
