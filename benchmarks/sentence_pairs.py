"""Right and wrong sentences that differ in a word or two: how often a language model finds the right one likelier.

python benchmarks/sentence_pairs.py MODEL... [--models-dir DIR] [--plain] [--record]. Three kinds of error: agreement,
word order, and real words in the wrong place. --plain: lower case without marks, for models of such text. --record adds
the figures to results.jsonl. A pair with a word that a model does not know is judged too, and counted.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from typing import Any

from record import record

PAIRS: dict[str, list[tuple[str, str]]] = {  # right, wrong
    "agreement": [
        ("She walks home every day.", "She walk home every day."),
        ("The men were standing at the door.", "The men was standing at the door."),
        ("The man with the two dogs is my brother.", "The man with the two dogs are my brother."),
        ("They have been here before.", "They has been here before."),
        ("He does not know her name.", "He do not know her name."),
        ("These books are very old.", "This books are very old."),
        ("The letters that he wrote were lost.", "The letters that he wrote was lost."),
        ("I am not afraid of you.", "I is not afraid of you."),
        ("One of the girls looks at the window.", "One of the girls look at the window."),
        ("She told herself that it was nothing.", "She told himself that it was nothing."),
    ],
    "word order": [
        ("He had never seen the sea.", "He never had the seen sea."),
        ("What did you say to him?", "What you did say to him?"),
        ("She put the lamp on the table.", "She put on the lamp table the."),
        ("It was a cold and dark night.", "It was a cold dark and night."),
        ("I do not want to go there.", "I do want not to go there."),
        ("The old woman sat by the fire.", "The woman old sat by the fire."),
        ("He looked at her for a long time.", "He looked her at for a long time."),
        ("There was no one in the house.", "There no one was in house the."),
        ("You must come with me at once.", "You come must with me once at."),
        ("All the doors were closed.", "The all doors were closed."),
    ],
    "real word": [
        ("I could not hear what they said.", "I could not here what they said."),
        ("He took the letter from her hand.", "He took the letter form her hand."),
        ("They lost their way in the wood.", "They lost there way in the wood."),
        ("She was quite sure of it.", "She was quiet sure of it."),
        ("He was taller than his father.", "He was taller then his father."),
        ("They went through the garden.", "They went though the garden."),
        ("I have no doubt that it is true.", "I have know doubt that it is true."),
        ("He sat down on a piece of wood.", "He sat down on a peace of wood."),
        ("The wind blew all night.", "The wind blue all night."),
        ("You are too kind to me.", "You are to kind to me."),
    ],
}


def plain(text: str) -> str:
    """Return a sentence in lower case, without marks."""
    return re.sub(r"[^\w' ]", "", text.lower())


def judged(model: str, models_dir: str, pairs: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Ask a model, as a user would, which of each two sentences is likelier."""
    command = [sys.executable, "-m", "seqcli", "--models-dir", models_dir, "score", "--which", "-m", model, "--jsonl"]
    lines = "".join(f"{right}\t{wrong}\n" for right, wrong in pairs)
    done = subprocess.run(command, input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def architecture(model: str, models_dir: str) -> str:
    """Return what kind of model it is."""
    command = [sys.executable, "-m", "seqcli", "--models-dir", models_dir, "models", "list", "--jsonl"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    rows = map(json.loads, done.stdout.splitlines())
    return next(str(row["architecture"]) for row in rows if row["model"] == model)


def main() -> None:
    """Judge the pairs under each model, and print how many are ranked right, and which are not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--models-dir", default="models")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    for model in options.models:
        figures: dict[str, Any] = {"right": 0, "pairs": 0, "with_unknown": 0}
        wrong: list[str] = []
        for kind, pairs in PAIRS.items():
            asked = [(plain(a), plain(b)) if options.plain else (a, b) for a, b in pairs]
            rows = judged(model, options.models_dir, asked)
            right = sum(row["likelier"] == "first" for row in rows)
            figures[kind.replace(" ", "_")] = right
            figures["right"] += right
            figures["pairs"] += len(pairs)
            figures["with_unknown"] += sum(row["unknown"] > 0 for row in rows)
            wrong += [f"{row['second']}  (over: {row['first']})" for row in rows if row["likelier"] != "first"]
            print(f"{model:24} {kind:12} {right:3} of {len(pairs)}")
        print(f"{model:24} {'all':12} {figures['right']:3} of {figures['pairs']}")
        print("".join(f"    preferred: {line}\n" for line in wrong), end="")
        if options.record:
            kind = architecture(model, options.models_dir)
            record("sentence_pairs", model=model, architecture=kind, plain=options.plain, **figures)


if __name__ == "__main__":
    main()
