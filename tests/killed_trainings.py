"""A process of its own that kills trainings: run as a script, it prints what was left and what a resume made of it.

Its children begin with torch imported and one thread, so that a kill costs a fraction of a second.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from command_line import TINY, seqcli, story
from faults import forked

from seqcli.language.batches import Segments
from seqcli.language.model import LanguageModel
from seqcli.store import Draft, Shelf
from seqcli.text.corpus import Corpus
from seqcli.training.loop import Training

MOMENTS = ("evaluation 1", "update 30", "save 4", "evaluation 6")  # the last: while patience runs out (on most CPUs)
STRONG = (  # all that a training carries on with beside weights, moments and state
    *("--dropout", "0.1", "--weight-dropout", "0.1", "--embedding-dropout", "0.1"),
    *("--average", "0.5", "--attention", "2"),
)
SETTINGS = [*TINY, *STRONG, "--learning-rate", "0.5", "--patience", "2"]
AGAIN = "update 30"  # this one is killed in its resume, too


def at(moment: str, act: Callable[[], object]) -> None:
    """Do something at a moment: before an update, behind the first piece of an evaluation, before a save."""
    what, number = moment.split()
    places = {"update": (Training, "_update"), "save": (Draft, "commit")}
    count = 0
    if what == "evaluation":
        pieces = Segments.__iter__

        def interrupted(self):  # type: ignore[no-untyped-def]
            nonlocal count
            count += 1
            for i, piece in enumerate(pieces(self)):
                if i == 1 and count == int(number) + 1:  # the first reading of all is no evaluation
                    act()
                yield piece

        Segments.__iter__ = interrupted  # type: ignore[method-assign]
        return
    owner, name = places[what]
    real = getattr(owner, name)

    def counted(*args, **kwargs):  # type: ignore[no-untyped-def]
        nonlocal count
        count += 1
        if count == int(number):
            act()
        return real(*args, **kwargs)

    setattr(owner, name, counted)


def train(folder: Path, name: str, *how: str) -> None:
    """Run train-lm; exit as it does."""
    text, shelf = folder / "text.txt", folder / "models"
    options = [] if "--resume" in how else SETTINGS
    done = seqcli("--models-dir", shelf, "train-lm", text, "--name", name, *options, *how)
    sys.stderr.write(done.err if done.code else "")
    if done.code:
        os._exit(done.code)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_at(moment: str, folder: Path, name: str, *how: str) -> int:
    """Kill a training at a moment; return its exit status."""

    def action() -> None:
        at(moment, kill)
        train(folder, name, *how)

    return forked(action)


def main(folder: Path) -> None:
    """Kill a training at every moment, resume it, and print what happened."""
    assert LanguageModel and Corpus, "imported before any child begins"
    torch.set_num_threads(1)
    (folder / "text.txt").write_text(story(), "utf-8")
    shelf, report = Shelf(folder / "models"), {}
    report["whole"] = [forked(lambda: train(folder, "whole")), left(shelf, "whole")]
    for moment in MOMENTS:
        name = moment.replace(" ", "-")
        status = [killed_at(moment, folder, name)]
        between = left(shelf, name)
        if name in shelf.names():
            if moment == AGAIN:
                status.append(killed_at("update 7", folder, name, "--resume"))
            status.append(forked(lambda name=name: train(folder, name, "--resume")))
        report[moment] = [status, between, left(shelf, name)]
    print(json.dumps(report))


def left(shelf: Shelf, name: str) -> dict[str, object] | None:
    """Return what a checked model holds."""
    if name not in shelf.names():
        return None
    record = shelf.check(name)
    updates = [json.loads(line)["update"] for line in record.load("history").splitlines()]
    return {"weights": record.files["weights"].sha256, "updates": updates, "finished": record.progress["finished"]}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
