"""One thing changed in a stored model (a value, a number, a line, a byte), and every hash made right again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

Random = np.random.Generator
ODD = [None, True, False, -1, 0, 1, 5.5, "5", "", "x" * 1000, [], {}, [1], {"a": 1}, 2**40, 2**53, 2**63 - 1, 1e300]
ODD += [-1e300, 1e-300, "\x1b]0;", "../../etc/passwd", "words", "subwords", "mecab"]
NUMBERS = [0.0, 1e9, -1e9, 1e19, -1e19, 1e30, 3e38, -3e38, 1e-45, np.inf, np.nan]
ENDINGS = {"vocabulary": "txt", "words": "txt", "tokenizer": "model", "history": "jsonl", "index": "usearch"}


def change(directory: Path, random: Random) -> str:
    """Change one thing of a model, make every hash right again, and return what it was."""
    values = json.loads((directory / "model.json").read_bytes())
    roles = sorted(values["files"])
    if random.random() < 0.4:
        what = change_value(values, random)
    else:
        role = roles[int(random.integers(len(roles)))]
        path = directory / file_name(role, values["files"][role]["sha256"])
        data, how = change_file(role, path.read_bytes(), random)
        path.unlink()
        digest = hashlib.sha256(data).hexdigest()
        values["files"][role] = {"size": len(data), "sha256": digest}
        (directory / file_name(role, digest)).write_bytes(data)
        what = f"{role}: {how}"
    (directory / "model.json").write_bytes(sealed(values))
    return what


def file_name(role: str, digest: str) -> str:
    """Return the name of a role's file."""
    return f"{role}-{digest[:16]}.{ENDINGS.get(role.split('-')[-1], 'safetensors')}"


def sealed(values: dict[str, Any]) -> bytes:
    """Return a model.json whose last field is the sha256 of all above it."""
    body = json.dumps({k: v for k, v in values.items() if k != "sha256"}, indent=2).removesuffix("\n}").encode()
    return body + b',\n  "sha256": "%s"\n}\n' % hashlib.sha256(body).hexdigest().encode()


def change_value(values: dict[str, Any], random: Random) -> str:
    """Change, remove or add a value somewhere in a record."""
    places = [place for place in _places(values) if place[0] not in ("files", "sha256")]
    *above, key = places[int(random.integers(len(places)))]
    inner = values
    for step in above:
        inner = inner[step]
    kind = random.random()
    if kind < 0.1:
        del inner[key]
        return f"{'.'.join([*above, key])} removed"
    if kind < 0.15:
        key = "unheard_of"
    old = inner.get(key)
    near = [old + 1, old * 2, -old, old / 2] if type(old) in (int, float) else [inner[other] for other in inner]
    pool = ODD if random.random() < 0.6 else near
    inner[key] = pool[int(random.integers(len(pool)))]
    return f"{'.'.join([*above, key])} = {str(inner[key])[:30]!r}"


def _places(values: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in values.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from _places(value, (*above, key))


def change_file(role: str, data: bytes, random: Random) -> tuple[bytes, str]:
    """Return other content of a file, and in words what is other."""
    ending = ENDINGS.get(role.split("-")[-1], "safetensors")
    if random.random() < 0.25:
        return change_bytes(data, random), "bytes"
    if ending == "safetensors":
        return change_arrays(data, random)
    if ending in ("txt", "jsonl"):
        return change_lines(data, random), "lines"
    changed = bytearray(data)
    at = int(random.integers(0, max(len(data) - 4, 1)))
    number = int(random.choice([0, 1, 255, 2**31, 2**32 - 1, int(random.integers(600))]))
    changed[at : at + 4] = number.to_bytes(4, "little")
    return bytes(changed), f"{number} at {at}"


def change_bytes(data: bytes, random: Random) -> bytes:
    """Return data with a byte changed, a stretch removed, doubled or copied elsewhere, the end cut off, or nothing."""
    at, end = sorted(int(place) for place in random.integers(0, len(data) + 1, 2))
    other = int(random.integers(0, len(data) + 1))
    return (
        data[:at] + bytes([int(random.integers(256))]) + data[at + 1 :],
        data[:at] + data[min(end, at + 9) :],
        data[:end] + data[at:],
        data[:at] + data[other : other + 16] + data[at + 16 :],
        data[:at],
        b"",
    )[int(random.integers(6))]


def change_lines(data: bytes, random: Random) -> bytes:
    """Return lines, one of them other, missing, doubled, or elsewhere."""
    lines = data.split(b"\n")
    at, other = (int(place) for place in random.integers(0, len(lines), 2))
    odd = (b"", b" ", b"<unk>", b"\xff\xfe", b"\x00", b"{}", b"[1]", b"null", b"x" * 5000, lines[other])
    kind = random.integers(4)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, lines[other])
    elif kind == 2 and lines[at].startswith(b"{"):
        row = json.loads(lines[at])
        row[list(row)[int(random.integers(len(row)))]] = ODD[int(random.integers(len(ODD)))]
        lines[at] = json.dumps(row).encode()
    else:
        lines[at] = odd[int(random.integers(len(odd)))]
    return b"\n".join(lines)


def change_arrays(data: bytes, random: Random) -> tuple[bytes, str]:
    """Return tensors, one of them with other numbers, of another type or shape, renamed, or missing."""
    from safetensors.numpy import load, save

    arrays = {name: array.copy() for name, array in load(data).items()}
    name = sorted(arrays)[int(random.integers(len(arrays)))]
    array = arrays[name]
    kind = int(random.integers(8))
    if kind == 0:
        del arrays[name]
        return save(arrays), f"{name} removed"
    if kind == 1:
        arrays[name] = array.astype(str(random.choice(["f8", "i4", "u1", "i8"])))
    elif kind == 2:
        arrays[name] = np.ascontiguousarray(array.T if array.ndim > 1 else array[1:])
    elif array.dtype.kind == "f":
        number = NUMBERS[int(random.integers(len(NUMBERS)))]
        share = float(random.choice([1.0, 0.1, 0.0]))
        flat = array.reshape(-1)
        flat[random.random(flat.size) <= share] = number
        flat[int(random.integers(max(flat.size, 1))) :][:1] = number
        return save(arrays), f"{name} {share:.0%} {number}"
    else:
        flat = array.reshape(-1)
        limits = np.iinfo(array.dtype)
        flat[int(random.integers(max(flat.size, 1))) :][:1] = random.choice([0, 1, limits.max, limits.min])
    return save(arrays), f"{name} changed"
