"""A tiny model as the store sees one: real settings and real files, a few hundred bytes of numbers."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from seqcli.language.arrays import language_table
from seqcli.language.settings import LanguageSpec
from seqcli.store import Draft, Record, Shelf, pack
from seqcli.text.settings import TextSpec
from seqcli.text.vocabulary import Vocabulary
from seqcli.training.settings import RunSpec

FULL = os.environ.get("SEQCLI_TORTURE") == "full"  # every case, where a default run takes a share of them
SPEC = LanguageSpec(architecture="lstm", embedding_size=2, hidden_size=2, layers=1)
WEIGHTS = language_table(SPEC, 4)


def contents(checkpoint: int) -> dict[str, bytes]:
    """Return the files of a checkpoint by role: weights, state and history differ between any two."""
    rng = np.random.default_rng(checkpoint)
    weights = {name: rng.normal(size=shape).astype("f4") for name, (_, shape) in WEIGHTS.items()}
    state = {f"weights.{name}": array + 1 for name, array in weights.items()}
    return {
        "vocabulary": Vocabulary(["some", "them"]).to_bytes(),
        "weights": pack(weights),
        "state": pack(state),
        "history": b"".join(b'{"update": %d, "seconds": 0.5, "held_out": 4.5}\n' % i for i in range(checkpoint)),
    }


def save(draft: Draft, checkpoint: int, **changes: Any) -> Record:
    """Save a checkpoint; its number stands in the results."""
    values: dict[str, Any] = {
        "task": "lm",
        "architecture": "lstm",
        "text": TextSpec(tokenizer="words"),
        "spec": SPEC,
        "run": RunSpec(),
        "corpus": {"name": "stories.txt", "sha256": "ab" * 32, "lines": 3, "tokens": 10},
        "results": {"checkpoint": checkpoint},
        "progress": {"update": 0, "seconds": float(checkpoint)},
        "files": contents(checkpoint),
    }
    return draft.save(**(values | changes))


def make(shelf: Shelf, name: str = "tiny", checkpoint: int = 1, **changes: Any) -> Record:
    """Put a model on a shelf."""
    with shelf.open(name) as draft:
        return save(draft, checkpoint, **changes)


def checkpoint_of(record: Record) -> int:
    """Return which checkpoint a record is; every byte of every file is that checkpoint's."""
    checkpoint = record.results["checkpoint"]
    assert {role: record.load(role) for role in record.files} == contents(checkpoint)
    return int(checkpoint)


def sealed(values: dict[str, Any]) -> bytes:
    """Return a model.json with a sha256 that is right: what an attacker writes, or another version of seqcli."""
    body = json.dumps({k: v for k, v in values.items() if k != "sha256"}, indent=2).removesuffix("\n}").encode()
    return body + b',\n  "sha256": "%s"\n}\n' % hashlib.sha256(body).hexdigest().encode()


def values_of(directory: Path) -> dict[str, Any]:
    """Return the values of a model.json."""
    values: dict[str, Any] = json.loads((directory / "model.json").read_bytes())
    return values


def rehash(record: Record, role: str, data: bytes) -> None:
    """Put other bytes into a model as one of its files, with record, size, sha256 and file name all consistent."""
    values = values_of(record.directory)
    digest = hashlib.sha256(data).hexdigest()
    values["files"][role] = {"size": len(data), "sha256": digest}
    ending = record.filename(role).split(".")[-1]
    (record.directory / f"{role}-{digest[:16]}.{ending}").write_bytes(data)
    (record.directory / "model.json").write_bytes(sealed(values))
