"""Sentences translated a second: seqcli's decoder against the usual PyTorch loop, the same model, in one run.

python benchmarks/translating.py MODEL SOURCE [--models-dir DIR] [--threads 2] [--rounds 3] [--count N]. The two take
turns; the best round of each counts, as wall-clock seconds and as seconds of the processor.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import plain_translator
import torch
from record import record

from seqcli.cli.session import Session
from seqcli.text.reading import read_lines
from seqcli.translation.load import translation_record, translator_of
from seqcli.translation.model import Translator
from seqcli.translation.search import Searching, search


def torch_model(session: Session, name: str) -> Translator:
    """Return the stored model in torch."""
    stored = translation_record(session, name)
    weights = {key: torch.from_numpy(array.copy()) for key, array in stored.arrays("weights").items()}
    size = len(weights["output_bias"])
    source_size = len(weights.get("source_embedding.weight", weights["embedding.weight"]))
    model = Translator(stored.spec, source_size, size, stored.text.joint)
    model.load_state_dict(weights)
    return model.eval()


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return (wall-clock seconds, seconds of the processor, result)."""
    began, busy = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - began, time.process_time() - busy, result


def main() -> None:
    """Compare at beams of 1 and 5, and record the speeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("source")
    parser.add_argument("--models-dir", default="models")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--dry", action="store_true", help="do not record")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    session = Session(models_dir=options.models_dir)
    asked, plain = translator_of(translation_record(session, options.model)), torch_model(session, options.model)
    sources = [asked.source.ids(line) for line in read_lines([options.source]) if line.strip()][: options.count]
    for beam in (1, 5):
        ways: dict[str, Callable[[], Any]] = {
            "seqcli": lambda beam=beam: [
                f[0].ids for f in search(asked.model, sources, Searching(beam), best_only=True)
            ],
            "plain": lambda beam=beam: plain_translator.translate(plain, sources, beam),
        }
        rounds = [{name: timed(way) for name, way in ways.items()} for _ in range(options.rounds)]
        row: dict[str, Any] = {"beam": beam, "sentences": len(sources), "threads": options.threads}
        for name in ways:
            row[f"{name}_per_second"] = len(sources) / min(r[name][0] for r in rounds)
            row[f"{name}_per_busy_second"] = len(sources) / min(r[name][1] for r in rounds)
        row["ratio"] = row["seqcli_per_second"] / row["plain_per_second"]
        same = [a == b for a, b in zip(rounds[0]["seqcli"][2], rounds[0]["plain"][2], strict=True)]
        row["same_translations"] = sum(same) / len(same)
        print(row)
        if not options.dry:
            record("translating", model=options.model, **row)


if __name__ == "__main__":
    main()
