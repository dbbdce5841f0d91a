"""Dialogues whose last reply needs what was said in the first one, five turns before it.

    python benchmarks/remembered_dialogues.py

Somebody loses something; both speak of something else, in random words of a few kinds; then one asks what it was. The
last utterance before the reply is always the same: who hears it alone can only guess.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

CORPORA = Path(__file__).resolve().parent.parent / "corpora"
THINGS = ("kite", "ring", "hat", "key", "boat", "drum", "coat", "lamp", "spoon", "bell")
FINDERS = ("garden", "kitchen", "harbour", "market", "cellar", "library")
TOPICS = (  # a question and what may be answered
    ("Is it cold outside ?", ("It is warm .", "It is windy .", "A little .")),
    ("Shall we have tea ?", ("Yes , please .", "Not now .", "In an hour .")),
    ("Did the bus come ?", ("It was late .", "It was early .", "I walked .")),
    ("How is your sister ?", ("She is well .", "She is away .", "She sings again .")),
    ("What day is it ?", ("It is Monday .", "It is Friday .", "I do not know .")),
    ("Have you eaten ?", ("Only an apple .", "Some soup .", "Not yet .")),
    ("Do you hear the sea ?", ("Very well .", "Only at night .", "I hear the wind .")),
    ("Who opened the window ?", ("Nobody did .", "I did .", "It was the cat .")),
)
TRAIN, TEST = 900, 200  # dialogues


def dialogues(seed: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the thing that was lost, and the dialogue."""
    rng = random.Random(seed)
    while True:
        thing = rng.choice(THINGS)
        talk = [f"I lost my {thing} in the {rng.choice(FINDERS)} ."]
        for question, answers in rng.sample(TOPICS, 2):
            talk += [question, rng.choice(answers)]
        yield thing, [*talk, "What did I say that I lost ?", f"You said that you lost your {thing} ."]


def main() -> None:
    """Write both files: no dialogue of the one is in the other."""
    made = dialogues(1)
    seen: set[str] = set()
    for name, count in (("remembered.txt", TRAIN), ("remembered-test.txt", TEST)):
        lines = []
        while len(lines) < count:
            line = "".join(f"{one} __eou__ " for one in next(made)[1]).strip()
            if line not in seen:
                seen.add(line)
                lines.append(line)
        (CORPORA / name).write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
