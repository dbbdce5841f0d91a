"""Trainings stopped at every moment and at random ones, then gone on with: do they end in the undisturbed one's bytes?

Run as a script: python tests/stopped_trainings.py [--random N] [--every N] [TRAINER]... Every trial is a child of a
process that has imported everything, so that it costs a fraction of a second.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from command_line import TINY, story
from command_line import seqcli as seqcli_

import seqcli.cli.dialogue.train
import seqcli.cli.fill.train
import seqcli.cli.language.tune
import seqcli.cli.translation.train
import seqcli.cli.vectors.train
import seqcli.training.loop
import seqcli.translation.search
import seqcli.translation.training
import seqcli.vectors.loop
from seqcli.cli import hear_signals
from seqcli.dialogue.batches import HeldOutDialogues
from seqcli.fill.batches import Segments as Gapped
from seqcli.language.batches import Segments
from seqcli.language.tuning.journal import Journal
from seqcli.sentences.batches import HeldOutSentences
from seqcli.store import Draft, Record, Shelf
from seqcli.training.loop import Training
from seqcli.translation.batches import HeldOutPairs
from seqcli.vectors.loop import VectorTraining

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NAME = "it"


@dataclass(frozen=True)
class Trainer:
    """A command that trains: its words, its options, which a resume leaves out, and the models that it leaves."""

    words: tuple[str, ...]
    options: tuple[str, ...]
    models: tuple[str, ...] = (NAME,)
    before: tuple[str, ...] = ()  # options of a training that it makes longer


TINY_PAIRS = (
    *("--hidden-size", "8", "--embedding-size", "8", "--encoder-size", "4", "--subwords", "60"),
    *("--batch-size", "8", "--epochs", "2", "--threads", "1", "--learning-rate", "0.1"),
)
TINY_VECTORS = ("--embedding-size", "8", "--min-count", "1", "--epochs", "3", "--threads", "1", "--patience", "3")
TINY_CODES = (
    *("--hidden-size", "8", "--embedding-size", "8", "--encoder-size", "4", "--latent-size", "3"),
    *("--annealing", "cyclical", "--encoder-updates", "2", "--encoder-share", "0.5", "--word-dropout", "0.1"),
    *("--batch-size", "4", "--epochs", "2", "--threads", "1", "--average", "0.5"),
)
PAIRS = ("train-translate", "pairs.en", "pairs.de", "--name", NAME)
TRAINERS = {
    "train-lm": Trainer(("train-lm", "text.txt", "--name", NAME), (*TINY, "--epochs", "1", "--average", "0.5")),
    "train-translate": Trainer(PAIRS, TINY_PAIRS),
    "train-fill": Trainer(("train-fill", "text.txt", "--name", NAME), (*TINY, "--epochs", "1", "--average", "0.5")),
    "train-dialogue": Trainer(
        ("train-dialogue", "talk.txt", "--name", NAME),
        (
            *("--architecture", "vhred", "--latent-size", "4", "--embedding-size", "8", "--encoder-size", "4"),
            *("--context-size", "6", "--hidden-size", "8", "--batch-size", "4", "--epochs", "1", "--threads", "1"),
        ),
    ),
    "train-vae": Trainer(("train-vae", "text.txt", "--name", NAME), TINY_CODES),
    "train-lm, longer": Trainer(
        ("train-lm", "text.txt", "--name", NAME), ("--resume", "--epochs", "1"), before=(*TINY, "--average", "0.5")
    ),
    "train-w2v, longer": Trainer(
        ("train-w2v", "text.txt", "--name", NAME), ("--resume", "--epochs", "1"), before=TINY_VECTORS
    ),
    "train-translate --reverse": Trainer(
        (*PAIRS, "--reverse"), (*TINY_PAIRS, "--epochs", "1"), models=(NAME, f"{NAME}-reverse")
    ),
    "train-w2v": Trainer(("train-w2v", "text.txt", "--name", NAME), TINY_VECTORS),
    "n-grams": Trainer(("train-lm", "text.txt", "--name", NAME), ("--architecture", "ngram")),
    "tune": Trainer(
        (
            *("tune", "text.txt", "--name", NAME, "--minutes", "0.02", "--trials", "3", "--jsonl"),
            *(*TINY[:-4], *TINY[-2:], "--precision", "float32"),
        ),
        (),
        models=(),
    ),
}


class Ticks:
    """A clock that moves by the same step at every look: schedules by minutes become repeatable."""

    def __init__(self, before: float) -> None:
        self.now = before

    def seconds(self) -> float:
        self.now += 0.01
        return self.now


class Moments:
    """Counts what happens in a training: events, pieces of evaluations, saves, scores; acts at one of them."""

    def __init__(self, at: int, act: Callable[[], object]) -> None:
        self.count, self._at, self._act = 0, at, act
        for kind in (Training, VectorTraining):
            kind.events = self._each(kind.events)  # type: ignore[attr-defined]
        for pieces in (Segments, HeldOutPairs, Gapped, HeldOutDialogues, HeldOutSentences):
            pieces.__iter__ = self._each(pieces.__iter__)  # type: ignore[attr-defined]
        for owner, name in ((Draft, "commit"), (Journal, "add"), (seqcli.translation.training, "quality_figures")):
            setattr(owner, name, self._around(getattr(owner, name)))

    def passed(self) -> None:
        """Note a moment."""
        self.count += 1
        if self.count == self._at:
            self._act()

    def _each(self, real: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        def counted(*args: Any) -> Iterator[Any]:
            for item in real(*args):
                self.passed()
                yield item

        return counted

    def _around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            self.passed()
            found = real(*args)
            self.passed()
            return found

        return counted


class Trials:
    """Trials of one trainer in a folder of their own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.trainer, self.folder = TRAINERS[name], folder
        self._log = folder / "log"
        write_texts(folder, name == "train-w2v")
        os.chdir(folder)
        if self.trainer.before:
            seqcli_("--models-dir", "before", *self.trainer.words, *self.trainer.before)
        self._lay_out("ready")
        self._command("ready", 0, 0, False)  # here, so that its children have all that it imports and compiles
        assert self._status(self._run("whole")) == 0, self.log
        self.whole = self._left("whole")
        began = time.monotonic()
        assert self._status(self._run("counted", 2**31)) == 0, self.log
        self.seconds = time.monotonic() - began
        self.moments = int((folder / "moments").read_text())
        self.again = self._left("counted")

    @property
    def log(self) -> str:
        """What the last child said."""
        return self._log.read_text("utf-8")

    def stopped_at(self, moment: int, number: signal.Signals) -> str:
        """Stop a training at a moment and go on; return what was wrong, or nothing."""
        return self._judged(self._status(self._run(NAME, moment, number)), number)

    def stopped_after(self, seconds: float, number: signal.Signals) -> str:
        """Stop a training after some time and go on; return what was wrong, or nothing."""
        child = self._run(NAME)
        time.sleep(seconds)
        os.kill(child, number)
        return self._judged(self._status(child), number)

    def _judged(self, status: int, number: signal.Signals) -> str:
        said, folder = self.log, self.folder / NAME
        try:
            if status not in (0, 128 + number):
                return f"exit {status}: {said[-300:]}"
            if "Error" in said or "Traceback" in said:
                return said[-300:]
            for model in Shelf(folder).names():
                Shelf(folder).check(model)
            if self._status(self._run(NAME, resume=self._begun(folder))) != 0:
                return f"not resumed: {self.log[-300:]}"
            found = self._left(NAME)
            odd = [key for key in self.whole if found.get(key) != self.whole[key]]
            return f"another {', '.join(odd)}: {said[-200:]}" if odd or found.keys() != self.whole.keys() else ""
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _begun(self, folder: Path) -> bool:
        if self.trainer.before:
            return bool(folder.exists() and Shelf(folder).read(NAME).progress["begun_update"])
        return bool(Shelf(folder).names()) or any(folder.glob("*.jsonl"))

    def _run(self, where: str, moment: int = 0, number: int = 0, resume: bool = False) -> int:
        """Begin a training, or go on with one, in a child; return its process."""
        self._lay_out(where)
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # amid a fork Python would swallow one
        child = os.fork()
        if child:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            return child
        code = 99
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            code = self._command(where, moment, number, resume)
        except SystemExit as stop:
            code = int(stop.code or 0)
        except KeyboardInterrupt:
            code = 130
        except BaseException:
            traceback.print_exc(file=self._log.open("w"))
        finally:
            os._exit(code)

    def _lay_out(self, where: str) -> None:
        """Put the model there that is made longer, where it is not."""
        if self.trainer.before and not (self.folder / where).exists():
            shutil.copytree("before", where)

    def _command(self, where: str, moment: int, number: int, resume: bool) -> int:
        moments = Moments(moment, lambda: os.kill(os.getpid(), number)) if moment else None
        trainer = self.trainer
        options = ("--resume",) if resume else trainer.options
        done = seqcli_(*("--models-dir", where), *trainer.words, *options)
        self._log.write_text(done.err, "utf-8")
        if done.code == 0 and not trainer.models:
            (self.folder / where / "found").write_text(done.out, "utf-8")
        if moments:
            (self.folder / "moments").write_text(str(moments.count))
        return int(done.code)

    @staticmethod
    def _status(child: int) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _left(self, where: str) -> dict[str, Any]:
        """Return what a training left, times aside."""
        folder = self.folder / where
        shelf = Shelf(folder)
        found: dict[str, Any] = {"default": shelf.default() if shelf.names() else None}
        for name in self.trainer.models:
            found |= {f"{name} {key}": value for key, value in content(shelf.check(name)).items()}
        if not self.trainer.models:
            found |= {file.name: digest(file.read_bytes()) for file in folder.iterdir() if file.is_file()}
        return found


def content(record: Record) -> dict[str, Any]:
    """Return all that a model holds, times aside."""
    rows = [json.loads(line) for line in record.load("history").splitlines()] if "history" in record.files else []
    return {
        "files": {role: entry.sha256 for role, entry in record.files.items() if role != "history"},
        "history": [{key: value for key, value in row.items() if key != "seconds"} for row in rows],
        "progress": {key: value for key, value in record.progress.items() if "seconds" not in key},
        "settings": (record.text, record.spec, record.run),
        "corpus": record.corpus,
        "results": record.results,
    }


def digest(data: bytes) -> str:
    """Return the sha256 of some bytes."""
    return hashlib.sha256(data).hexdigest()


def write_texts(folder: Path, vectors: bool) -> None:
    """Write a text, and pairs, to train on."""
    lines = story(120).splitlines()
    (folder / "text.txt").write_text(story(600 if vectors else 150), "utf-8")
    talk = [lines[i : i + 4] for i in range(0, len(lines) - 3, 4)]
    (folder / "talk.txt").write_text("\n\n".join("\n".join(one) for one in talk) + "\n", "utf-8")
    (folder / "pairs.en").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    (folder / "pairs.de").write_text("".join(f"{line[::-1]}\n" for line in lines), "utf-8")


def trials(folder: Path, name: str, every: int, last: int, count: int, seed: int = 1) -> dict[str, Any]:
    """Stop a trainer at one in `every` moments and signals, at its last ones, and at random ones; return what came."""
    folder.mkdir()
    made, rng, faults = Trials(folder, name), random.Random(seed), list[str]()
    if made.again != made.whole:
        faults.append("two undisturbed trainings differ")
    pairs = list(itertools.product(range(1, made.moments + 1), SIGNALS))
    at = pairs[:-last:every] + pairs[-last:]
    for moment, number in at:
        if fault := made.stopped_at(moment, number):
            faults.append(f"moment {moment} of {made.moments}, {number.name}: {fault}")
    for i in range(count):
        seconds, number = rng.uniform(0, 1.1 * made.seconds), SIGNALS[i % len(SIGNALS)]
        if fault := made.stopped_after(seconds, number):
            faults.append(f"after {seconds:.3f} s, {number.name}: {fault}")
    return {"trainer": name, "moments": made.moments, "stopped there": len(at), "at random": count, "faults": faults}


def ready() -> None:
    """Make this process one whose children take signals as seqcli does, and begin with kernels that are compiled."""
    torch.set_num_threads(1)
    seqcli.training.loop.Clock = Ticks  # type: ignore[misc,assignment]
    os.fsync = lambda fd: None  # a signal is no power cut
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    hear_signals()


def main(arguments: Sequence[str]) -> int:
    """Run the trials that are asked for, and print a line of JSON for each trainer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trainers", nargs="*", default=list(TRAINERS), metavar="TRAINER", help=", ".join(TRAINERS))
    parser.add_argument("--random", type=int, default=200, help="random moments for each trainer")
    parser.add_argument("--every", type=int, default=1, help="of moments and signals, try one in so many, ...")
    parser.add_argument("--last", type=int, default=1, help="... and this many of the last ones")
    asked = parser.parse_args(arguments)
    ready()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for i, name in enumerate(asked.trainers):
            began = time.monotonic()
            report = trials(Path(folder, str(i)), name, asked.every, asked.last, asked.random)
            wrong += len(report["faults"])
            print(json.dumps({**report, "seconds": round(time.monotonic() - began)}), flush=True)
        os.chdir("/")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
