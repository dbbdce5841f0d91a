"""Models of sentences on the Penn Treebank: the VAE beside its baselines, rates, answers, their speed.

python benchmarks/sentences.py trained vae sentence-lm autoencoder [--seeds 1 2 3] [--minutes 20]   each as a user would
python benchmarks/sentences.py rates [--minutes 10]     five minimum rates: the curve of rate against distortion
python benchmarks/sentences.py answers                  interpolations under a sentence-lm, and sentences drawn a second
python benchmarks/sentences.py examples > docs/reference/answers-of-sentences.md   ten of each kind, as they come

--models DIR keeps the models there, and takes those that are there already instead of training them again.
--sentences N measures N test sentences, spread evenly, instead of all 3,761. --threads: fewer than the machine has.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from language import TEST, TRAIN, VALID, seqcli
from record import record

RATES = (2, 4, 8, 15, 25)  # nats a sentence that cost nothing
FILES = (os.fspath(TRAIN), "--valid", os.fspath(VALID), "--tokenizer", "whitespace")
STEPS = 7


def trained(options: argparse.Namespace, name: str, *settings: str) -> dict[str, Any]:
    """Train a model where there is none of that name; return what its record says of the training."""
    if not (Path(options.models) / name / "model.json").exists():
        budget = ["--minutes", f"{options.minutes:g}", "--threads", str(options.threads)]
        seqcli("train-vae", *FILES, "--models-dir", options.models, "--name", name, *budget, *settings)
    shown = seqcli("models", "show", name, "--models-dir", options.models)
    held_out, progress = shown["results"]["held_out"], shown["progress"]
    return {
        "seconds": progress["seconds"],
        "training_tokens": progress["tokens"],
        "threads": progress["threads"],
        "seed": shown["run"]["seed"],
        "valid": {key: value for key, value in held_out.items() if "nats" in key or key == "kl_per_sentence"},
    }


def measured(options: argparse.Namespace, name: str, *settings: str) -> dict[str, Any]:
    """Return the figures of a model on the test text."""
    some = ["--sentences", str(options.sentences)] if options.sentences else []
    began = time.monotonic()
    words = [name, "--models-dir", options.models, "--test", os.fspath(TEST), *some, *settings]
    [found] = seqcli("evaluate-sentences", *words)
    return {**{key: value for key, value in found.items() if value is not None}, "took": time.monotonic() - began}


def table(options: argparse.Namespace) -> None:
    """Each architecture trained and measured, for every seed."""
    for seed in options.seeds:
        for architecture in options.what:
            name = f"{architecture}-{seed}"
            row = trained(options, name, "--architecture", architecture, "--seed", str(seed))
            test = measured(options, name, "--text", os.fspath(TRAIN))
            print(record("sentences", what=architecture, minutes=options.minutes, **row, test=test), flush=True)


def rates(options: argparse.Namespace) -> None:
    """Five models whose codes may say more and more."""
    for rate in RATES:
        name = f"rate-{rate}"
        row = trained(options, name, "--minimum-rate", str(rate))
        test = measured(options, name, "--samples", "50", "--drawn", "0")
        print(record("sentences-rates", rate=rate, minutes=options.minutes, **row, test=test), flush=True)


def answers(options: argparse.Namespace) -> None:
    """Interpolations judged by the sentence-lm of the same text, and how many sentences are drawn a second."""
    import seqcli as package

    model = package.load("vae-1", options.models, task="sentences")
    judge = package.load("sentence-lm-1", options.models, task="sentences").asked
    lines = [line.split() for line in Path(TEST).read_text("utf-8").splitlines()]
    ends = [" ".join(line) for line in lines if 6 <= len(line) <= 20 and "<unk>" not in line][:200]
    walks = [model.interpolate(a, b, steps=STEPS) for a, b in zip(ends[::2], ends[1::2], strict=True)]
    inner = [step.sentence for walk in walks for step in walk[1:-1]]
    real = [" ".join(line) for line in lines]
    costs = [statistics.mean(_nats(judge, some)) for some in (inner, real, ends)]
    distinct = [len({step.sentence for step in walk}) for walk in walks]
    began = time.monotonic()
    drawn = model.sample(5_000)
    figures = {
        "walks": len(walks),
        "steps": STEPS,
        "distinct_least": min(distinct),
        "distinct_mean": statistics.mean(distinct),
        "nats_per_sentence": costs[0],
        "held_out_nats_per_sentence": costs[1],
        "ends_nats_per_sentence": costs[2],
        "sentences_drawn_per_second": len(drawn) / (time.monotonic() - began),
    }
    print(record("sentences-answers", **figures), flush=True)


def examples(options: argparse.Namespace) -> None:
    """Print ten walks, ten sentences given an attribute, ten edits: the first of the test text that are of a length."""
    import seqcli as package

    model = package.load("vae-1", options.models, task="sentences")
    lines = [line.split() for line in Path(TEST).read_text("utf-8").splitlines()]
    some = [" ".join(line) for line in lines if 6 <= len(line) <= 16 and "<unk>" not in line]
    print(
        f"# Answers of a model of sentences, as they come\n\n`{model.name}`, Penn Treebank, test sentences in order.\n"
    )
    print("## Ten walks\n")
    for first, second in zip(some[:20:2], some[1:20:2], strict=True):
        print(*(f"1. {step.sentence}" for step in model.interpolate(first, second)), "", sep="\n")
    print("## Ten attributes: negated, by test sentences with and without n't\n")
    negated = [[" ".join(line) for line in lines if ("n't" in line) is having] for having in (False, True)]
    plain = [text for text in some if "n't" not in text.split()][20:30]
    for text, moved in zip(plain, model.attribute(plain, *negated, strength=1.5), strict=True):
        print(f"- {text}\n  → {moved}")
    print("\n## Ten edits\n")
    for text, word in zip(some[30:40], ("bank", "dollar", "japan", "not", "president") * 2, strict=True):
        found = model.edit(text, word)
        print(f"- {text}; with *{word}*\n  → {found.sentence} (distance {found.distance:.2f})")


def _nats(judge: Any, texts: list[str]) -> list[float]:
    """Return what sentences cost a sentence-lm."""
    rows = [judge.ids(text) for text in texts]
    found = [costs for i in range(0, len(rows), 256) for costs in judge.model.token_nats(rows[i : i + 256], None)]
    return [float(costs.sum()) for costs in found]


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("trained", "rates", "answers", "examples"))
    parser.add_argument("what", nargs="*", help="of trained: vae, sentence-lm, autoencoder")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--sentences", type=int)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--models", help="where models are kept (default: nowhere, once they are measured)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        options.models = options.models or scratch
        {"trained": table, "rates": rates, "answers": answers, "examples": examples}[options.part](options)


if __name__ == "__main__":
    main()
