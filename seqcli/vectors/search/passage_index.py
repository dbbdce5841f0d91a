"""The vectors of the passages of files, kept where they were made before: only what changed is read again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import ModelError
from seqcli.store.arrays import pack, unpack
from seqcli.store.files import write_whole
from seqcli.text.form import Form
from seqcli.text.reading import read_lines
from seqcli.vectors.search.passages import passages_of
from seqcli.vectors.search.sentence_vectors import Encoder, Floats

ENDING = ".vectors"
TOGETHER = 1_024  # passages that become vectors at a time


class Entry(NamedTuple):
    """The passages of a file: where each stands [N, 4], as a Passage says it, and their vectors [N, D]."""

    path: str
    places: NDArray[np.int32]
    vectors: Floats


class PassageIndex:
    """Files as passages with vectors. It holds numbers only, no text."""

    def __init__(self, folder: Path | None, model: str, unit: str, form: Form, encode: Encoder) -> None:
        """folder: where vectors are kept; None: nowhere. model: what makes the vectors, by a hash of it."""
        self._unit, self._form, self._encode = unit, form, encode
        key = hashlib.sha256("\0".join([model, unit, *form.options()]).encode()).hexdigest()[:32]
        self._folder = folder / key if folder is not None else None
        self.read = 0  # files that were read, since they were new or other ones

    def entries(self, paths: Sequence[str], report: Callable[[int], None] | None = None) -> list[Entry]:
        """Return the passages of files, in their order; report gets how many are done."""
        found = []
        for count, path in enumerate(paths, 1):
            found.append(self._entry(path))
            if report:
                report(count)
        return found

    def _entry(self, path: str) -> Entry:
        place, stamp = self._place(path), _stamp(path)
        if place is not None and stamp is not None and (kept := _kept(place, stamp)) is not None:
            return Entry(path, *kept)
        passages = passages_of(list(read_lines([path], self._form)), self._unit)
        self.read += 1
        texts = [passage.text for passage in passages]
        parts = [self._encode(texts[i : i + TOGETHER]) for i in range(0, len(texts), TOGETHER)] or [self._encode([])]
        vectors = np.concatenate(parts)
        places = np.array([one[:4] for one in passages], np.int32).reshape(-1, 4)
        if place is not None and stamp is not None and stamp == _stamp(path):
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, [pack({"places": places, "vectors": vectors, "stamp": stamp_array(stamp)})])
        return Entry(path, places, vectors)

    def _place(self, path: str) -> Path | None:
        if self._folder is None or path == "-":
            return None
        name = hashlib.sha256(os.path.abspath(path).encode("utf-8", "surrogateescape")).hexdigest()[:32]
        return self._folder / f"{name}{ENDING}"


def _stamp(path: str) -> tuple[int, int] | None:
    """Return what tells that a file is still the same: bytes and time; None for what is no file."""
    if path == "-":
        return None
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def stamp_array(stamp: tuple[int, int]) -> NDArray[np.int64]:
    """Return a stamp as it is kept."""
    return np.array(stamp, np.int64)


def _kept(place: Path, stamp: tuple[int, int]) -> tuple[NDArray[np.int32], Floats] | None:
    """Return what was kept of a file that is still the same; None for anything else, which is then made anew."""
    try:
        arrays = unpack(place.read_bytes(), str(place))
        places, vectors = arrays["places"], arrays["vectors"]
        whole = places.shape == (len(vectors), 4) and vectors.ndim == 2
        if not whole or not np.array_equal(arrays["stamp"], stamp_array(stamp)):
            return None
        return np.asarray(places, np.int32), np.asarray(vectors, np.float32)
    except (OSError, KeyError, ModelError):
        return None
