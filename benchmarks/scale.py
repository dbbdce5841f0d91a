"""What each stage of a training takes as a text grows, and what `plan` says beside what then happens.

python benchmarks/scale.py stages [--times 0.0625 0.25 1 8]   reading, counting, encoding of so much of 17 books
python benchmarks/scale.py updates [--threads 1]              an update and an evaluation of the standard recipe's model
python benchmarks/scale.py memory [--gigabytes 1 10]          the memory of a training, from the first byte to the last
python benchmarks/scale.py words [--millions 100] [--memory 1G] different words, of which a million is kept, counted
python benchmarks/scale.py picture                          the same as docs/pictures/memory.svg
python benchmarks/scale.py plan [TEXT...] [--minutes 2]       the plan, then the training: novels, completion, books17

Every size is read in a process of its own. More than once the text is copies of it: no new words, but bytes.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from record import every, record
from texts import BOOKS, DATA, NOVELS

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
TEXTS = {"novels": NOVELS, "completion": DATA / "completion" / "train.txt.gz", "books17": BOOKS}
ROUNDS = 3
UPDATES, TOKENS = 200, 18_100_000  # of a training whose memory is watched; of one copy of the books
BLOCK = 1_000_000  # different words written at a time
VOCABULARY, HIDDEN, EMBEDDING = 30_000, 448, 224  # what the standard recipe chooses for 20 minutes on two cores


def peak() -> float:
    """Return the most MB that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def stages_of(path: str, folder: str) -> dict[str, Any]:
    """Read, count and encode a text; return seconds, bytes and memory."""
    from seqcli.text.corpus import prepare, read_pieces
    from seqcli.text.settings import TextSpec
    from seqcli.text.text_sample import ready

    ready("words")
    moments = [time.perf_counter()]
    pieces = read_pieces([path], folder=folder)
    moments.append(time.perf_counter())
    made = prepare(pieces, TextSpec("words", vocabulary_size=VOCABULARY))
    moments.append(time.perf_counter())
    train, held_out = (made.encoded(pieces, part) for part in (made.train, made.held_out))
    moments.append(time.perf_counter())
    read, count, encode = (b - a for a, b in itertools.pairwise(moments))
    tokens = len(train.ids) + len(held_out.ids)
    return {
        **{"bytes": pieces.bytes, "words": len(pieces.spool) - pieces.lines, "tokens": tokens},
        **{"types": int((made.counts > 0).sum()), "read_seconds": read, "count_seconds": count},
        **{"encode_seconds": encode, "positions": len(pieces.spool), "peak_mb": peak()},
    }


def in_process(*words: str) -> dict[str, Any]:
    """Run this script as a child; return what it measured."""
    done = subprocess.run([sys.executable, __file__, *words], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def stages(times: float) -> None:
    """Measure the stages of a part of the books, or of copies of them, and record the medians."""
    text = gzip.decompress(BOOKS.read_bytes())
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        file = Path(folder) / "text.txt"
        with file.open("wb") as out:
            for _ in range(int(max(times, 1))):
                out.write(text[: text.rfind(b"\n", 0, int(len(text) * min(times, 1.0))) + 1])
        rows = [in_process("child", str(file), folder) for _ in range(ROUNDS)]
    middle = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    print(record("scale stages", text="books17", times=times, rounds=ROUNDS, **middle), flush=True)


def updates(threads: int) -> None:
    """Time updates and an evaluation of one model."""
    import numpy as np
    import torch

    from seqcli.language.batches import Segments
    from seqcli.language.fit_to_time import seconds_of_updates
    from seqcli.language.model import LanguageModel
    from seqcli.language.settings import LanguageSpec
    from seqcli.training.loop import evaluate
    from seqcli.training.settings import RunSpec

    run = RunSpec(threads=threads)
    spec = LanguageSpec(hidden_size=HIDDEN, embedding_size=EMBEDDING)
    taken = [statistics.median(seconds_of_updates(spec, VOCABULARY, run)) for _ in range(ROUNDS)]
    torch.set_num_threads(threads)
    model = LanguageModel(spec, VOCABULARY)
    ids = np.random.default_rng(1).integers(2, VOCABULARY, 30_000).astype(np.int32)
    began = time.perf_counter()
    evaluate(model, Segments(ids))
    measured = time.perf_counter() - began
    rate = run.batch_size * run.unroll / statistics.median(taken)
    parameters = sum(p.numel() for p in model.parameters())
    row = {"hidden_size": HIDDEN, "vocabulary": VOCABULARY, "parameters": parameters, "threads": threads}
    print(record("scale updates", **row, tokens_per_second=rate, evaluated_per_second=len(ids) / measured), flush=True)


def memory(gigabytes: float) -> None:
    """Train a small model for some updates on so much text through a pipe, and record its memory over time."""
    text = gzip.decompress(BOOKS.read_bytes())
    copies = round(gigabytes * 1e9 / len(text))
    epochs = UPDATES * 32 * 35 / (copies * TOKENS)
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        words = (
            "train-lm",
            "-",
            "--name",
            "one",
            "--models-dir",
            folder,
            "--epochs",
            f"{epochs:.9f}",
            "--threads",
            "1",
        )
        sizes = ("--hidden-size", "64", "--embedding-size", "64", "--tokenizer", "words", "--json")
        command = [sys.executable, "-m", "seqcli", *words, *sizes]
        run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

        def feed() -> None:
            assert run.stdin is not None
            for _ in range(copies):
                run.stdin.write(text)
            run.stdin.close()

        threading.Thread(target=feed, daemon=True).start()
        began, seen = time.perf_counter(), list[tuple[float, float]]()
        while run.poll() is None:
            found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{run.pid}/status").read_text("ascii"))
            if found:
                seen.append((round(time.perf_counter() - began, 1), round(int(found[1]) / 1024, 1)))
            time.sleep(0.5)
    if run.returncode:
        raise SystemExit(f"the training ended with {run.returncode}")
    thinned = seen[:: max(len(seen) // 200, 1)]
    peak_mb = max(held for _, held in seen)
    row = {"gigabytes": copies * len(text) / 1e9, "updates": UPDATES, "peak_mb": peak_mb, "seconds": seen[-1][0]}
    print(record("scale memory", text="books17", **row, memory=thinned), flush=True)


def letters(numbers: Any) -> bytes:
    """Return a text of words, a different one of eight letters for each number below 26^8."""
    import numpy as np

    mixed = numbers.astype(np.uint64) * np.uint64(123_456_791) % np.uint64(26**8)
    out = np.full((len(numbers), 9), ord(" "), np.uint8)
    for place in range(8):
        out[:, place] = ord("a") + mixed % np.uint64(26)
        mixed //= np.uint64(26)
    out[19::20, 8] = out[-1, 8] = ord("\n")
    return out.tobytes()


def write_words(path: Path, count: int) -> None:
    """Write a text of so many different words: each once, and one in a hundred again 1 to 4 times, anywhere in it."""
    import numpy as np

    with path.open("wb") as out:
        for low in range(0, count, BLOCK):
            numbers = np.arange(low, min(low + BLOCK, count))
            again = np.arange(0, count, 100)
            again = again[(again // 100 * 7 + low // BLOCK) % max(-(-count // BLOCK) // 4, 1) == 0][: count // 100]
            out.write(letters(np.random.default_rng(low).permutation(np.concatenate((numbers, again)))))


def words_of(path: str, folder: str, memory: str) -> dict[str, Any]:
    """Count the words of a text, and write it in the numbers of those that are kept; return what that took.

    Counts are compared with those of a plain loop over its words.
    """
    import numpy as np

    from seqcli.quantities import bytes_of
    from seqcli.text.corpus import prepare, read_pieces
    from seqcli.text.form import Form
    from seqcli.text.settings import TextSpec

    began = time.perf_counter()
    pieces = read_pieces([path], Form(memory=bytes_of(memory)), folder=folder)
    made = prepare(pieces, TextSpec("whitespace", vocabulary_size=10**6 + 2, min_count=2), all_of_it=True)
    kept = made.vocabulary.tokens[2:]
    encoded = made.encoded(pieces, made.train)
    seconds, held = time.perf_counter() - began, peak()
    counts = encoded.counts(len(made.vocabulary))[2:]
    tallied = dict.fromkeys(kept, 0)
    with open(path, encoding="ascii") as file:
        for line in file:
            for word in line.split():
                if word in tallied:
                    tallied[word] += 1
    exact = sum(int(n) == tallied[word] for n, word in zip(counts, kept, strict=True))
    found = {"types": int(np.count_nonzero(made.counts)), "kept": len(kept), "exact": exact, "bytes": pieces.bytes}
    return {**found, "seconds": seconds, "peak_mb": held}


def different_words(millions: float, memory: str) -> None:
    """Count so many different words within so much memory, and record what came of it."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        file = Path(folder) / "text.txt"
        write_words(file, round(millions * 1e6))
        found = in_process("words-child", str(file), folder, memory)
    print(record("scale words", millions=millions, memory=memory, **found), flush=True)


def picture() -> None:
    """Draw the memory of the trainings that were watched."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "seqcli"  # the same bytes for the same figures
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    newest = {round(row["gigabytes"]): row for row in every("scale memory")}
    for gigabytes, row in sorted(newest.items()):
        axes.plot(*zip(*row["memory"], strict=True), label=f"{gigabytes} GB of text")
    axes.set(xlabel="seconds", ylabel="MB held by train-lm", ylim=0)
    axes.legend()
    target = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "memory.svg"
    figure.savefig(target, metadata={"Date": None})


def planned(name: str, minutes: float) -> None:
    """Ask for the plan, then do it; record both."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        text, models = str(TEXTS[name]), ("--models-dir", folder)
        said = seqcli("plan", text, "--minutes", f"{minutes:g}", *models)
        real = in_process("child", text, folder)
        sizes = ("--hidden-size", str(said["hidden_size"]), "--embedding-size", str(said["embedding_size"]))
        recipe = ("--recipe", said["recipe"], "--minutes", f"{minutes:g}", *sizes, "--name", "one")
        began = time.perf_counter()
        trained = seqcli("train-lm", text, *recipe, *models)
        seconds = time.perf_counter() - began
        held = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        model = json.loads((Path(folder) / "one" / "model.json").read_text("utf-8"))
    happened = {
        **{key: real[key] for key in ("bytes", "types", "read_seconds", "count_seconds", "encode_seconds")},
        **{"tokens": model["corpus"]["tokens"], "hidden_size": model["spec"]["hidden_size"]},
        **{"tokens_per_second": trained["tokens_per_second"], "seconds": seconds, "peak_bytes": held},
        **{"training_seconds": trained["training_seconds"]},
    }
    print(record("scale plan", text=name, minutes=minutes, plan=said, happened=happened), flush=True)


def seqcli(*words: str) -> dict[str, Any]:
    """Run a command; return its JSON object."""
    done = subprocess.run([sys.executable, "-m", "seqcli", *words, "--json"], stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure what is asked for."""
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parent.parent)
    if sys.argv[1:2] == ["child"]:
        print(json.dumps(stages_of(sys.argv[2], sys.argv[3])))
        return
    if sys.argv[1:2] == ["words-child"]:
        print(json.dumps(words_of(*sys.argv[2:])))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("stages", "updates", "memory", "words", "picture", "plan"))
    parser.add_argument("texts", nargs="*", choices=[*TEXTS, []], metavar="TEXT")
    parser.add_argument("--times", type=float, nargs="+", default=[0.0625, 0.25, 1.0, 8.0])
    parser.add_argument("--gigabytes", type=float, nargs="+", default=[1.0, 10.0])
    parser.add_argument("--millions", type=float, default=100.0)
    parser.add_argument("--memory", default="1G")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.what == "stages":
        for times in options.times:
            stages(times)
    elif options.what == "memory":
        for gigabytes in options.gigabytes:
            memory(gigabytes)
    elif options.what == "words":
        different_words(options.millions, options.memory)
    elif options.what == "picture":
        picture()
    elif options.what == "updates":
        updates(options.threads)
    else:
        for name in options.texts or TEXTS:
            planned(name, options.minutes)


if __name__ == "__main__":
    main()
