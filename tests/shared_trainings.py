"""A process of its own that starts trainings in several processes: run as a script, it prints what each of them did.

They are started as torchrun would: told by the environment which they are, with a store that outlives them. They begin
with torch imported and one thread, so that a process costs a fraction of a second.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from command_line import Outcome, seqcli
from torch.distributed import TCPStore

from seqcli.cli import run
from seqcli.dialogue import model as dialogue
from seqcli.fill import model as fill
from seqcli.language import model as language
from seqcli.sentences import model as sentences
from seqcli.store import Shelf
from seqcli.training import leader, worker
from seqcli.training.loop import Training
from seqcli.training.updates import Updates
from seqcli.translation import model as translation
from seqcli.vectors import processes as vectors

SMALL = ("--threads", "1", "--epochs", "1", "--min-count", "1", "--tokenizer", "whitespace")
SIZES = ("--embedding-size", "6", "--hidden-size", "7")
LM = (*SMALL, *SIZES, "--batch-size", "5", "--unroll", "7", "--samples", "9", "--learning-rate", "0.02")
DROPS = ("--dropout", "0.1", "--weight-dropout", "0.1", "--embedding-dropout", "0.1")
WHOLE = ("--dropout", "0", "--weight-dropout", "0", "--embedding-dropout", "0")
LATENT = ("--latent-size", "4", "--free-bits", "0.03", "--minimum-rate", "0", "--bag-of-words", "0.3")
KINDS: dict[str, tuple[str, ...]] = {
    "lm": ("train-lm", "text", *LM, *DROPS, "--average", "0.5", "--attention", "2"),
    "fill": ("train-fill", "text", *LM, *WHOLE, "--window", "2", "--sides", "left"),
    "translator": (
        *("train-translate", "pairs.a", "pairs.b", *SMALL, *SIZES, *WHOLE, "--encoder-size", "5"),
        *("--batch-size", "5", "--average", "0.5"),
    ),
    "vhred": (
        *("train-dialogue", "talk", *SMALL, *SIZES, "--encoder-size", "5", "--context-size", "4"),
        *("--batch-size", "5", "--samples", "9", "--dropout", "0", "--patience", "20"),
        *("--architecture", "vhred", *LATENT),
    ),
    "vae": (
        *("train-vae", "text", *SMALL, *SIZES, *DROPS, *LATENT, "--encoder-size", "5", "--word-dropout", "0.2"),
        *("--batch-size", "5", "--encoder-updates", "2", "--encoder-share", "0.5"),
    ),
}
VECTORS = (
    *("train-w2v", "text", "--threads", "1", "--min-count", "1", "--tokenizer", "whitespace", "--epochs", "30"),
    "--reproducible",
)
MODULES = (dialogue, fill, language, sentences, translation, vectors, leader, worker)
Did = dict[str, Any]


def write_texts(folder: Path) -> None:
    """Write sentences, pairs and dialogues of a hundred different words."""
    rng = np.random.default_rng(1)
    lines = [" ".join(f"w{n}" for n in rng.integers(0, 100, rng.integers(3, 9))) for _ in range(80)]
    (folder / "text").write_text("\n".join(lines) + "\n", "utf-8")
    for side in ("a", "b"):
        (folder / f"pairs.{side}").write_text("\n".join(lines[:60]) + "\n", "utf-8")
        lines = [" ".join(reversed(line.split())) for line in lines]
    (folder / "talk").write_text("\n".join(" __eou__ ".join(lines[i : i + 4]) for i in range(60)) + "\n", "utf-8")


class Launch:
    """Processes started together; the store that they meet in is that of a process beside them."""

    def __init__(self, count: int, attempt: int = 0) -> None:
        self._count, self._attempt, self._children = count, attempt, list[int]()
        ready, told = os.pipe()
        self._keeper = os.fork()
        if self._keeper == 0:
            store = TCPStore("127.0.0.1", 0, None, True, wait_for_workers=False)
            os.write(told, str(store.port).encode())
            signal.pause()
        self._port = os.read(ready, 10).decode()

    def run(self, words: tuple[str, ...], act: Callable[[int], object] = lambda rank: None) -> list[Did]:
        """Run a command in all of them; act: what each does before, by its rank. Return what they did, by rank."""
        pipes = [self._started(rank, words, act) for rank in range(self._count)]
        found = []
        for child, pipe in zip(self._children, pipes, strict=True):
            if _is_stopped(child):
                os.kill(child, signal.SIGKILL)  # it hangs; the processes before it have ended
            with os.fdopen(pipe) as file:
                said = file.read()
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            found.append({"status": status, **(json.loads(said) if said else {})})
        os.kill(self._keeper, signal.SIGKILL)
        os.waitpid(self._keeper, 0)
        return found

    def _started(self, rank: int, words: tuple[str, ...], act: Callable[[int], object]) -> int:
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            os.environ |= {
                **{"RANK": str(rank), "WORLD_SIZE": str(self._count), "LOCAL_WORLD_SIZE": str(self._count)},
                **{"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": self._port, "TORCHELASTIC_USE_AGENT_STORE": "True"},
                "TORCHELASTIC_RESTART_COUNT": str(self._attempt),
            }
            act(rank)
            os.write(theirs, json.dumps(did(words)).encode())
            os._exit(0)
        os.close(theirs)
        self._children.append(child)
        return ours


def _is_stopped(child: int) -> bool:
    return Path(f"/proc/{child}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "T"


def did(words: tuple[str, ...]) -> Did:
    """Run a command; return its exit code, what it said, its losses and gradients, and what became of the weights."""
    losses, weights = [], []
    update, step, learn = Training._update, Updates.step, vectors.Equal.learn

    def noted(self: Training, clock: Any) -> Any:
        event = update(self, clock)
        losses.append([event.loss, event.gradient])
        return event

    def stepped(self: Updates, rate: float, done: int) -> None:
        step(self, rate, done)
        arrays = [array for name, array in sorted(self.arrays().items())]
        weights.append(digest(arrays))

    def learned(self: vectors.Equal, *told: Any) -> int:
        sent = learn(self, *told)
        weights.append(digest(self._matrices))
        return sent

    Training._update, Updates.step, vectors.Equal.learn = noted, stepped, learned  # type: ignore[method-assign]
    done: Outcome = seqcli(*words)
    return {"code": done.code, "out": done.out, "err": done.err, "losses": losses, "weights": weights}


def digest(arrays: Iterable[np.ndarray[Any, Any]]) -> str:
    """Return a hash of arrays."""
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def without_noise(rank: int) -> None:
    """Let the latent variables of dialogues be their means: each process draws their noise for itself."""
    torch.randn = lambda *shape, generator=None: torch.zeros(*shape)


def signalled(
    rank: int, number: signal.Signals, step: int, kind: type = Updates, name: str = "step"
) -> Callable[[int], None]:
    """Let the process of a rank send itself a signal before a step."""

    def act(own: int) -> None:
        real, count = getattr(kind, name), 0

        def counted(*told: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                os.kill(os.getpid(), number)
            return real(*told)

        if own == rank:
            setattr(kind, name, counted)

    return act


def gathering(batches: int, before: Callable[[int], object] = lambda rank: None) -> Callable[[int], None]:
    """Let a training learn from so many batches in an update, as on a slow network; before: what is done first."""

    def act(rank: int) -> None:
        before(rank)
        real = Training._gather

        def gather(self: Training, clock: Any) -> Iterable[Any]:
            list(real(self, clock))  # what it finds is chance
            self.progress.batches = batches
            return []

        Training._may_gather = lambda self: self.processes and not self.progress.planned_updates  # type: ignore[method-assign]
        Training._gather = gather  # type: ignore[method-assign,assignment]

    return act


def heard_by_rank_0(step: int) -> Callable[[int], None]:
    """Let rank 1 be told to stop before a step, and rank 0 wait until it has heard of it."""
    tell = signalled(1, signal.SIGINT, step)

    def act(own: int) -> None:
        tell(own)
        real = Training._update

        def waiting(self: Training, clock: Any) -> Any:
            event, until = real(self, clock), time.monotonic() + 60
            while event.progress.update == step and not self.stop() and time.monotonic() < until:
                time.sleep(0.01)
            return event

        if own == 0:
            Training._update = waiting  # type: ignore[method-assign]

    return act


def plainly(words: tuple[str, ...], act: Callable[[int], None]) -> Callable[[int], None]:
    """Run a command with the streams of this process, and end as it does."""

    def run_plainly(rank: int) -> None:
        act(rank)
        os._exit(run(list(words)))

    return run_plainly


def nothing(rank: int) -> None:
    """Do nothing."""


def main() -> None:
    """Run trainings in the folder of the process, and print what they did."""
    torch.set_num_threads(1)
    write_texts(Path())
    assert MODULES, "imported before any child begins"
    seqcli("corpus", "text")  # so are those that read a text
    report: dict[str, Any] = {"equal": {}, "passes": {}, "gathered": {}}
    for kind, words in KINDS.items():
        act = without_noise if kind == "vhred" else nothing
        counts = (1, 2, 3) if kind == "lm" else (1, 3)
        report["equal"][kind] = [Launch(count).run((*words, "--name", f"{kind}{count}"), act) for count in counts]
    for kind in ("lm", "translator"):
        words = (*KINDS[kind], "--accumulate", "3", "--name", f"{kind}passes")
        report["passes"][kind] = [Launch(count).run(words + (("--replace",) if count > 1 else ())) for count in (1, 2)]
    for kind in ("lm", "translator"):
        report["gathered"][kind] = [
            Launch(count).run((*KINDS[kind], "--name", f"{kind}gathered", "--replace"), gathering(2))
            for count in (2, 3)
        ]
    words = (*KINDS["lm"], "--name", "gathered")
    report["gathered"]["stopped"] = Launch(2).run(words, gathering(2, heard_by_rank_0(5)))
    report["gathered"]["resumed"] = Launch(1).run(("train-lm", "text", "--name", "gathered", "--resume"))
    words = (*KINDS["lm"], "--name", "stopped")
    report["stopped"] = Launch(2).run(words, heard_by_rank_0(7))
    report["resumed"] = Launch(3).run(("train-lm", "text", "--name", "stopped", "--resume"))
    words = (*KINDS["lm"], "--name", "killed")
    report["killed"] = Launch(3).run(words, signalled(1, signal.SIGKILL, 7))
    report["saved"] = Shelf("models").check("killed").progress["update"]
    report["again"] = Launch(3, attempt=1).run(words)
    report["vectors"] = [Launch(count).run((*VECTORS, "--name", f"vectors{count}")) for count in (1, 2, 3)]
    words = (*VECTORS, "--name", "cut")
    report["vectors cut"] = Launch(2).run(words, signalled(0, signal.SIGINT, 20, vectors.Equal, "learn"))
    report["vectors resumed"] = Launch(3).run(("train-w2v", "text", "--name", "cut", "--resume"))
    words = (*VECTORS, "--name", "lost")
    report["vectors killed"] = Launch(2).run(words, signalled(1, signal.SIGKILL, 20, vectors.Equal, "learn"))
    report["vectors again"] = Launch(2, attempt=1).run(words)
    words = (*KINDS["lm"], "--name", "hanging", "-q")
    report["hanging"] = Launch(2).run(words, plainly(words, signalled(1, signal.SIGSTOP, 7)))
    report["weights"] = {name: Shelf("models").check(name).files["weights"].sha256 for name in ("lm3", "killed")}
    names = ("vectors1", "vectors2", "vectors3", "cut", "lost")
    shown = {name: Shelf("models").check(name) for name in names}
    report["nats"] = {name: record.results["held_out"]["nats_per_pair"] for name, record in shown.items()}
    report["tokens"] = {name: record.progress["tokens"] for name, record in shown.items()}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
