"""Reading, counting and encoding a text of 90 MB, against a plain Python loop, turn about in processes of their own."""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from collections import Counter
from pathlib import Path

from record import record
from texts import BOOKS

TURNS = 5
VOCABULARY = 30_000


def plain(path: str) -> dict[str, float]:
    """Do what everybody writes: count the words of every line, then write the lines as ids."""
    begun = time.perf_counter()
    counts: Counter[str] = Counter()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            counts.update(line.split())
    counted = time.perf_counter()
    ids = {word: i for i, (word, n) in enumerate(counts.most_common(VOCABULARY - 2), 2) if n > 1}
    text = array("i")
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            for word in line.split():
                text.append(ids.get(word, 0))
            text.append(1)
    ended = time.perf_counter()
    return {"seconds": ended - begun, "count": counted - begun, "encode": ended - counted, "tokens": len(text)}


def quick(path: str) -> dict[str, float]:
    """Do the same with seqcli: once as a command does, loading compiled code within the time, then once more."""
    sys.modules["scipy"] = None  # type: ignore[assignment]  # no dependency of seqcli; numba loads it where it finds it
    from seqcli.text.corpus import build, read_pieces
    from seqcli.text.settings import TextSpec

    def once() -> dict[str, float]:
        begun = time.perf_counter()
        pieces = read_pieces([path])
        read = time.perf_counter()
        corpus = build(pieces, None, TextSpec("whitespace", vocabulary_size=VOCABULARY))
        ended = time.perf_counter()
        tokens = len(corpus.train.ids) + len(corpus.held_out.ids)
        return {"seconds": ended - begun, "count": read - begun, "encode": ended - read, "tokens": tokens}

    figures = once()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**figures, "peak_mb": peak, "again": once()["seconds"]}


def measured(how: str, path: str) -> dict[str, float]:
    """Run one of the two in a process of its own; return its figures."""
    run = subprocess.run([sys.executable, __file__, "--child", how, path], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(run.stdout)
    return found


def main() -> None:
    """Measure both, turn about, and record medians and the median of the ratios."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--child", nargs=2)
    child = arguments.parse_args().child
    if child:
        figures = {"plain": plain, "seqcli": quick}[child[0]](child[1])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"peak_mb": peak, **figures}))
        return
    with tempfile.NamedTemporaryFile(dir=Path(__file__).parent, suffix=".txt") as text:
        text.write(gzip.decompress(BOOKS.read_bytes()))
        text.flush()
        measured("seqcli", text.name)  # once for the compiler and the file cache
        turns = [{how: measured(how, text.name) for how in ("plain", "seqcli")} for _ in range(TURNS)]
    figures: dict[str, float] = {}
    for how in ("plain", "seqcli"):
        for name in ("seconds", "count", "encode", "peak_mb", "tokens"):
            figures[f"{how}_{name}"] = round(statistics.median(turn[how][name] for turn in turns), 3)
    figures["seqcli_again"] = round(statistics.median(turn["seqcli"]["again"] for turn in turns), 3)
    for name in ("seconds", "again"):
        ratios = [turn["plain"]["seconds"] / turn["seqcli"][name] for turn in turns]
        figures[f"ratio_{name}"] = round(statistics.median(ratios), 2)
    for name, value in figures.items():
        print(f"{name:16} {value:>14,}")
    record("reading", text="books17", turns=TURNS, **figures)


if __name__ == "__main__":
    main()
