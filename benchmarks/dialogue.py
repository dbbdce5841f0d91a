"""Dialogue models on DailyDialog: figures behind every kind of history, counted n-grams, speed, memory, replies.

python benchmarks/dialogue.py train hred 20 [seed]     one training of so many minutes, kept in DIR
python benchmarks/dialogue.py contexts NAME...         perplexity in full, shuffled, no and foreign context
python benchmarks/dialogue.py replies NAME... [-- OPTIONS]   distinct-n and its kin at one temperature
python benchmarks/dialogue.py kneser-ney               5-grams on the same tokens, the same replies measured
python benchmarks/dialogue.py speed                    training, beside a plain torch loop
python benchmarks/dialogue.py memory                   the task of corpora/remembered.txt
python benchmarks/dialogue.py start NAME               one reply as a whole process, beside `import torch`
python benchmarks/dialogue.py examples NAME...         ten contexts, a chat: docs/reference/answers-of-dialogue.md

DIR is benchmarks/.dialogue, or DIALOGUE_MODELS; THREADS is taken from the environment where it is set.
"""

from __future__ import annotations

import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from record import record
from texts import DATA

ROOT = Path(__file__).resolve().parent.parent
MODELS = os.environ.get("DIALOGUE_MODELS") or str(ROOT / "benchmarks" / ".dialogue")
TRAIN, VALID = DATA / "dialogues" / "train.txt.gz", DATA / "dialogues" / "valid.txt"
THREADS = os.environ.get("THREADS")
BATCHES, ROUNDS = 12, 3  # of a comparison of speed
CHAT = (
    "Hi , how are you today ?",
    "Do you have any plans for the weekend ?",
    "I want to see a film . Would you like to come with me ?",
    "What kind of films do you like ?",
    "What time shall we meet ?",
    "Great . See you on Saturday then .",
)
RANKED = 0.5  # weight of --against


def seqcli(*words: str) -> Any:
    """Run a command on the shelf of this benchmark; return what its --json prints."""
    command = [sys.executable, "-m", "seqcli", *words, "--models-dir", MODELS, "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def train(architecture: str, minutes: str, seed: str = "1") -> None:
    """Train a model and record its figures."""
    name = f"{architecture}-{minutes}-{seed}"
    threads = ("--threads", THREADS) if THREADS else ()
    found = seqcli(
        *("train-dialogue", str(TRAIN), "--valid", str(VALID), "--name", name, "--replace", "--seed", seed),
        *("--architecture", architecture, "--minutes", minutes, *threads),
    )
    row = {"architecture": architecture, "minutes": float(minutes), "seed": int(seed), "threads": THREADS or "2"}
    print(record("dialogue training", **row, tokens_per_second=found["tokens_per_second"], **found["held_out"]))


def contexts(*names: str) -> None:
    """Measure models behind every kind of history."""
    for name in names:
        for row in seqcli("evaluate-dialogue", name, "--test", str(VALID), "--by-turn"):
            print(record("dialogue contexts", **row))


def replies(*words: str) -> None:
    """Draw replies and record what they are like."""
    names, options = words, ()
    if "--" in words:
        place = words.index("--")
        names, options = words[:place], words[place + 1 :]
    for row in seqcli("evaluate-dialogue", *names, "--test", str(VALID), "--replies", *options):
        print(record("dialogue replies", **row, options=" ".join(options)))


def kneser_ney() -> None:
    """Count 5-grams of the training utterances and measure them on the held-out replies."""
    with tempfile.TemporaryDirectory() as folder:
        learned, measured = Path(folder) / "train.txt", Path(folder) / "replies.txt"
        learned.write_text("\n".join(line for said in dialogues(TRAIN) for line in said) + "\n", "utf-8")
        measured.write_text("\n".join(line for said in dialogues(VALID) for line in said[1:]) + "\n", "utf-8")
        options = ("--tokenizer", "words", "--unit", "line", "--min-count", "2", "--replace")
        ngram = ("--architecture", "ngram", "--order", "5", "--valid", str(measured))
        found = seqcli("train-lm", str(learned), "--name", "kn5", *ngram, *options)
    print(record("dialogue n-grams", order=5, **found["held_out"]))


def dialogues(path: Path) -> list[list[str]]:
    """Return the utterances of each dialogue of a file."""
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text("utf-8")
    return [[" ".join(one.split()) for one in line.split("__eou__") if one.strip()] for line in text.splitlines()]


def speed() -> None:
    """Compare the tokens learned from in a second, turn about, on the same dialogues."""
    import torch
    from plain_dialogue import tokens_per_second

    from seqcli.dialogue.batches import batch_of
    from seqcli.dialogue.corpus import build
    from seqcli.dialogue.dialogues import Dialogue
    from seqcli.dialogue.model import DialogueModel
    from seqcli.dialogue.settings import DialogueRunSpec, DialogueSpec, DialogueTextSpec
    from seqcli.training.loop import keep_freed_memory
    from seqcli.training.updates import tensors

    torch.set_num_threads(int(THREADS or 2))
    keep_freed_memory()
    said = [Dialogue(tuple(one)) for one in dialogues(TRAIN)]
    corpus, run, spec = (
        build(said[:-100], said[-100:], DialogueTextSpec()),
        DialogueRunSpec(),
        DialogueSpec(dropout=0.2),
    )
    order = sorted(corpus.train.exchanges(20, 0), key=lambda one: one.tokens)
    step = len(order) // BATCHES
    batches = [order[i * step : i * step + run.batch_size] for i in range(BATCHES)]

    def ours() -> float:
        model = DialogueModel(spec, len(corpus.vocabulary), torch.from_numpy(corpus.counts())).train()
        optimiser = torch.optim.AdamW(model.parameters(), lr=run.learning_rate, fused=True)
        tokens, began = 0, time.perf_counter()
        for i, batch in enumerate(batches):
            if i == 1:
                tokens, began = 0, time.perf_counter()
            loss, _ = model.loss(tensors(batch_of(batch)))
            optimiser.zero_grad()
            loss.objective.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            tokens += loss.tokens
        return tokens / (time.perf_counter() - began)

    rows = []
    for _ in range(ROUNDS):
        rows.append((ours(), tokens_per_second(batches, spec, len(corpus.vocabulary), run.learning_rate)))
    mine, theirs = (statistics.median(column) for column in zip(*rows, strict=True))
    ratio = statistics.median(a / b for a, b in rows)
    print(record("dialogue speed", ours=mine, plain=theirs, ratio=ratio, threads=torch.get_num_threads()))


def memory() -> None:
    """Train both kinds on dialogues that need memory; record how many last replies are right."""
    import seqcli as face

    corpora = ROOT / "corpora"
    for architecture in ("hred", "seq2seq"):
        sizes = {"embedding_size": 64, "encoder_size": 48, "context_size": 96, "hidden_size": 128}
        how: dict[str, Any] = {"epochs": 12, "threads": int(THREADS or 2), **sizes}
        began = time.perf_counter()
        name = f"remembered-{architecture}"
        text, options = corpora / "remembered.txt", {"architecture": architecture, "replace": True}
        model = face.train("dialogue", text, name=name, models_dir=MODELS, note=print, **options, **how)
        seconds = time.perf_counter() - began
        asked = dialogues(corpora / "remembered-test.txt")
        right = sum(model.reply(said[:-1], temperature=0.0) == said[-1] for said in asked)
        row = {"architecture": architecture, "right": right / len(asked), "dialogues": len(asked)}
        print(record("dialogue memory", **row, seconds=seconds, **how))


def start(name: str) -> None:
    """Compare one reply, whole process, with the import of torch."""
    from startup import ratio

    ours = [sys.executable, "-m", "seqcli", "reply", "How are you ?", "-m", name, "--models-dir", MODELS]
    found, mine, theirs = ratio(ours, [sys.executable, "-c", "import torch"])
    print(record("dialogue start", ratio=found, seconds=mine, torch_seconds=theirs))


def examples(*names: str) -> None:
    """Print ten held-out contexts with five replies of each model, then a chat of twelve turns with the second."""
    import seqcli as face

    models = [face.load(name, MODELS, task="dialogue") for name in names]
    long = [said for said in dialogues(VALID) if len(said) >= 6]
    print("# Replies of three models, as they come\n")
    print(f"Held-out dialogues of DailyDialog, each {len(long) // 10}th that is long enough; the last three of five")
    print("utterances are shown; five replies are drawn with the default settings, the likeliest a token first.\n")
    for number, said in enumerate(long[:: len(long) // 10][:10], 1):
        print(f"## {number}\n")
        print(*(f"> {one}  " for one in said[2:5]), f"\nReally: {said[5]}\n", sep="\n")
        for model in models:
            replies = model.reply(said[:5], n=5)
            print(f"- `{model.name}`", *(f"    1. {one}" for one in replies), sep="\n")
        print()
    for title, against in (("without", 0.0), ("with", RANKED)):
        print(f"## A chat, {title} ranking (`--against {against:g}`)\n")
        said = []
        for one in CHAT:
            [found] = models[1].reply([*said, one], n=1, against=against)
            said += [one, found]
            print(f"> {one}  ", f"> → {found}  ", sep="\n")
        print()


if __name__ == "__main__":
    asked: dict[str, Callable[..., None]] = {
        **{"train": train, "contexts": contexts, "replies": replies, "kneser-ney": kneser_ney},
        **{"speed": speed, "memory": memory, "start": start, "examples": examples},
    }
    asked[sys.argv[1]](*sys.argv[2:])
