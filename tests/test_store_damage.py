"""Models that are not what was saved: every flipped bit, every cut, and the lies behind a hash that is right."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import shutil
import struct
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faults import forked
from store_sample import FULL, WEIGHTS, checkpoint_of, make, rehash, save, sealed, values_of

from seqcli.errors import DamagedError, ModelError
from seqcli.store import Damaged, Record, Shelf, pack
from seqcli.store.archive import read_archive


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A shelf with one tiny model."""
    shelf = Shelf(tmp_path / "models")
    make(shelf)
    return shelf


def refused(act: Callable[[], object], kind: type[ModelError] = DamagedError) -> str:
    """Return the message of a refusal: one line, short, ending as a sentence."""
    with pytest.raises(kind) as caught:
        act()
    message = str(caught.value)
    assert "\n" not in message and len(message) <= 400 and message.endswith("."), message
    return message


def files_of(shelf: Shelf) -> list[Path]:
    return sorted((shelf.root / "tiny").iterdir())


def changed(path: Path, data: bytes, shelf: Shelf) -> str:
    """Return the refusal of a model of which one file has other bytes; the file is put back."""
    before = path.read_bytes()
    path.write_bytes(data)
    try:
        return refused(lambda: shelf.check("tiny"))
    finally:
        path.write_bytes(before)


def test_every_single_bit(shelf: Shelf) -> None:
    """D1: whichever bit of whichever file is flipped, the file is refused by name (default: one bit of every byte)."""
    count = 0
    for path in files_of(shelf):
        data, fd = bytearray(path.read_bytes()), os.open(path, os.O_RDWR)
        for i in range(len(data)):
            for bit in range(8) if FULL else [i % 8]:
                os.pwrite(fd, bytes([data[i] ^ 1 << bit]), i)
                message = refused(lambda: shelf.check("tiny"), ModelError)
                assert path.name in message
                count += 1
            os.pwrite(fd, data[i : i + 1], i)
        os.close(fd)
    assert checkpoint_of(shelf.check("tiny")) == 1
    print(f"\n{count} bits flipped, {count} refused")


def test_every_bit_of_an_archive(shelf: Shelf, tmp_path: Path) -> None:
    """D1, K8: an archive is what was exported to the last bit, padding too (default: every seventh byte)."""
    path = tmp_path / "a.seqcli.tar"
    shelf.export("tiny", path)
    data, fd = path.read_bytes(), os.open(path, os.O_RDWR)
    for i in range(0, len(data), 1 if FULL else 7):
        for bit in range(8) if FULL else [i % 8]:
            os.pwrite(fd, bytes([data[i] ^ 1 << bit]), i)
            refused(lambda: read_archive(path, "a", tmp_path), ModelError)
        os.pwrite(fd, data[i : i + 1], i)
    os.close(fd)
    for cut in range(0, len(data), 1 if FULL else 97):
        path.write_bytes(data[:cut])
        refused(lambda: read_archive(path, "a", tmp_path))
    path.write_bytes(data)
    assert shelf.import_(path, "again").results == {"checkpoint": 1}


def test_cuts_and_blocks(shelf: Shelf) -> None:
    """D2: cut anywhere, with more at the end, with a block of zeros, blocks swapped, or zeros of the right length."""
    for path in files_of(shelf):
        data, half = path.read_bytes(), path.stat().st_size // 2
        cases = [data[:n] for n in range(0, len(data), 1 if FULL else 11)]
        cases += [data + b"\0" * n for n in (1, 2, 7, 512, 4096)] + [data + data, data + b"\n"]
        cases += [data[:i] + bytes(min(64, len(data) - i)) + data[i + 64 :] for i in range(0, len(data), 64)]
        cases += [bytes(len(data)), data[half:] + data[:half], data[::-1]]
        for case in cases:
            if case != data:
                changed(path, case, shelf)


def test_files_missing_in_turn(shelf: Shelf) -> None:
    """C7, D18: a missing file is named, other models are not affected; without its state a model still answers."""
    make(shelf, "other", 2)
    for path in files_of(shelf):
        path.rename(path.parent.parent / "away")
        assert path.name in refused(lambda: shelf.check("tiny"))
        assert checkpoint_of(shelf.check("other")) == 2
        listed = [entry for entry in shelf.entries() if isinstance(entry, Damaged)]
        assert [entry.name for entry in listed] == ([] if path.name == "model.json" else ["tiny"])
        if path.name.startswith("state"):
            record = shelf.read("tiny")
            assert record.arrays("weights", WEIGHTS) and len(record.vocabulary()) == 4
            assert "still answers" in refused(lambda record=record: record.load("state"))
        (path.parent.parent / "away").rename(path)


def test_files_of_two_models_mixed(shelf: Shelf) -> None:
    """C8: weights, vocabulary or record of another model under this one's names."""
    make(shelf, "other", 2)
    for path in files_of(shelf):
        role = path.name.split("-")[0]
        twin = next(p for p in (shelf.root / "other").iterdir() if p.name.startswith(role))
        if twin.read_bytes() != path.read_bytes():
            changed(path, twin.read_bytes(), shelf)


FOREIGN = {
    "pickle": [pickle.dumps({"a": 1}, protocol) for protocol in (2, 3, 4, 5)],
    "zip archive": [b"PK\x03\x04" + bytes(60)],
    "HTML": [b"<!DOCTYPE html><title>404</title>", b"\n<html>not found"],
    "git-LFS": [b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n"],
    "gzip": [b"\x1f\x8b\x08\x00" + bytes(40)],
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_another_kind_of_file(kind: str, shelf: Shelf, tmp_path: Path) -> None:
    """D15, K1: what people and attackers put in a model's place is called by its name, in an import too."""
    for data in FOREIGN[kind]:
        for path in files_of(shelf):
            assert kind in changed(path, data, shelf)
        (tmp_path / "import").write_bytes(data)
        assert kind in refused(lambda: shelf.import_(tmp_path / "import", "new"))
    assert shelf.names() == ["tiny"]


@pytest.mark.parametrize("kind", ["directory", "fifo", "link", "loop", "socket"])
def test_no_regular_file(kind: str, shelf: Shelf, tmp_path: Path) -> None:
    """D20, K5, K7: a directory, a FIFO, a link in a file's place is refused at once and not followed."""
    victim = tmp_path / "victim"
    for path in files_of(shelf):
        data = path.read_bytes()
        victim.write_bytes(data)
        path.unlink()
        _put(kind, path, victim)
        assert "regular file" in refused(lambda: shelf.check("tiny"))
        assert [type(entry) for entry in shelf.entries()] == [Damaged]
        with shelf.open("tiny", replace=True) as draft:
            if kind != "directory":
                save(draft, 1)
        path.rmdir() if kind == "directory" else None
        path.write_bytes(data)
        assert victim.read_bytes() == data
        assert checkpoint_of(shelf.check("tiny")) == 1


def _put(kind: str, path: Path, victim: Path) -> None:
    if kind == "directory":
        path.mkdir()
    elif kind == "socket":
        os.mknod(path, 0o140600)
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(victim if kind == "link" else path.name)


# -- behind the hash ----------------------------------------------------------------------------------------------


def weights(header: object, data: bytes = bytes(104), length: int | None = None) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def entry(dtype: object = "F32", shape: object = (2, 2), offsets: object = (0, 16)) -> dict[str, Any]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


HEADERS = {
    f"length {n}": weights(entry(), bytes(16), n)
    for n in (0, 1, 7, 61, 63, 2**20, 10**8, 10**8 + 1, 2**31, 2**32, 2**63, 2**64 - 1)
} | {
    "array": weights([1]),
    "deep arrays": weights(b"[" * 10**5),
    "deep objects": weights(b'{"a":' * 10**5),
    "byte order mark": weights(b"\xef\xbb\xbf" + json.dumps(entry()).encode(), bytes(16)),
    "UTF-16": weights(json.dumps(entry()).encode("utf-16"), bytes(16)),
    "not UTF-8": weights(b'{"\xff": 1}'),
    "NUL": weights(json.dumps(entry()).encode() + b"\0", bytes(16)),
    "a key twice": weights(json.dumps(entry()).encode()[:-1] + b", " + json.dumps(entry()).encode()[1:], bytes(16)),
    "overlap": weights(entry() | {"b": entry()["a"]}, bytes(16)),
    "hole": weights(entry(offsets=(4, 20)), bytes(20)),
    "reversed": weights(entry(offsets=(16, 0)), bytes(16)),
    "negative": weights(entry(offsets=(-16, 0)), bytes(16)),
    "beyond the end": weights(entry(), bytes(12)),
    "bytes left over": weights(entry(), bytes(20)),
    "overflow": weights(entry(shape=(2**62, 4)), bytes(16)),
    "zero times much": weights(entry(shape=(0, 2**60), offsets=(0, 0)), b""),
    "rank 100": weights(entry(shape=[1] * 100, offsets=(0, 4)), bytes(4)),
    "rank 100000": weights(entry(shape=[1] * 100_000, offsets=(0, 4)), bytes(4)),
    "a shape of floats": weights(entry(shape=(2.0, 2)), bytes(16)),
    "a shape of truth": weights(entry(shape=(True, 4)), bytes(16)),
    "huge claim": weights(entry(shape=(10**9, 10**4)), bytes(16)),
    "200000 tensors": weights(dict.fromkeys(map(str, range(200_000)), entry()["a"])),
    **{f"type {kind}": weights(entry(kind), bytes(16)) for kind in ("F16", "BF16", "F8_E4M3", "F4", "X", 1, None, [])},
    **{f"lacks {key}": weights({"a": {k: v for k, v in entry()["a"].items() if k != key}}) for key in entry()["a"]},
}


@pytest.mark.parametrize("name", HEADERS)
def test_hostile_headers(name: str, shelf: Shelf) -> None:
    """D3-D9, D12: a header that lies is refused behind its own right hash, before anything of its size exists."""
    rehash(shelf.read("tiny"), "weights", HEADERS[name])
    record = shelf.read("tiny")
    tracemalloc.start()
    try:
        refused(lambda: record.arrays("weights", {"a": ("F32", (2, 2))}))
        assert tracemalloc.get_traced_memory()[1] < 24e6, "a header of 1 MB takes this much as JSON"
    finally:
        tracemalloc.stop()
    refused(lambda: shelf.check("tiny"))


def test_tensors_that_do_not_belong(shelf: Shelf) -> None:
    """D10: a missing, further, renamed, transposed tensor, or one of another type, is named with what was expected."""
    record = shelf.read("tiny")
    good = {name: np.ones(shape, "f4") for name, (_, shape) in WEIGHTS.items()}
    cases: list[tuple[dict[str, Any], str]] = [
        ({k: v for k, v in good.items() if k != "output_bias"}, "'output_bias' is missing"),
        (good | {"more": np.ones(1, "f4")}, "'more' does not belong"),
        ({("b" if k == "output_bias" else k): v for k, v in good.items()}, "'output_bias' is missing"),
        (good | {"embedding.weight": np.ones((2, 4), "f4")}, r"'embedding.weight' is F32 [2, 4], expected F32 [4, 2]"),
        (good | {"output_bias": np.ones(4, "f8")}, r"'output_bias' is F64 [4], expected F32 [4]"),
        (good | {"output_bias": np.ones(4, "i4")}, r"'output_bias' is I32 [4], expected F32 [4]"),
    ]
    for arrays, expected in cases:
        rehash(record, "weights", pack(arrays))
        assert expected in refused(lambda: shelf.read("tiny").arrays("weights", WEIGHTS))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_none(number: float, shelf: Shelf) -> None:
    """D11, L1: NaN and infinity are neither saved nor loaded; denormals and the largest float are numbers."""
    from safetensors.numpy import save as library_save

    arrays = {name: np.full(shape, 1e-42, "f4") for name, (_, shape) in WEIGHTS.items()}
    arrays["output_bias"][1] = 3e38
    rehash(shelf.read("tiny"), "weights", pack(arrays))
    assert shelf.check("tiny").arrays("weights", WEIGHTS)["output_bias"][1] == np.float32(3e38)
    arrays["output_bias"][2] = number
    rehash(shelf.read("tiny"), "weights", library_save(arrays))
    assert "'output_bias' are not finite" in refused(lambda: shelf.check("tiny"))
    with pytest.raises(Exception, match="not finite and was not saved"):
        pack(arrays)


BAD_VALUES = [None, True, -1, 5.5, "5", [], {}, [1], {"a": 1}, "", "x" * 1000, 2**63 - 1, "../../etc/passwd", "\x1b]0;"]
KEYS = ("version", "task", "architecture", "text", "spec", "run", "corpus", "results", "progress", "files")


@pytest.mark.parametrize("key", KEYS)
def test_records_with_a_wrong_value(key: str, shelf: Shelf) -> None:
    """D13: a key missing or of another kind is refused and named, although the sha256 is right."""
    values = values_of(shelf.root / "tiny")
    path = shelf.root / "tiny" / "model.json"
    path.write_bytes(sealed({k: v for k, v in values.items() if k != key}))
    assert key in refused(lambda: shelf.read("tiny"), ModelError)
    for bad in BAD_VALUES:
        if type(bad) is not type(values[key]):
            path.write_bytes(sealed(values | {key: bad}))
            assert key in refused(lambda: shelf.read("tiny"), ModelError)
    for inner, bad in [(inner, bad) for inner in values[key] if isinstance(values[key], dict) for bad in BAD_VALUES]:
        path.write_bytes(sealed(values | {key: values[key] | {inner: bad}}))
        accepted_or_refused(lambda: shelf.check("tiny"))


def accepted_or_refused(act: Callable[[], object]) -> bool:
    """Return whether an act went through; if not, it was refused in one line."""
    try:
        act()
        return True
    except ModelError as error:
        assert "\n" not in str(error) and len(str(error)) <= 400
        return False


RAW = {
    "empty": b"",
    "object": b"{}",
    "array": b"[]",
    "deep": b"[" * 10**5,
    "NaN": b'{"results": NaN',
    "1e999": b'{"results": 1e999',
    "5000 digits": b'{"format": ' + b"9" * 5000,
    "long": b" " * (2**20 + 1),
}


@pytest.mark.parametrize("name", RAW)
def test_records_that_are_none(name: str, shelf: Shelf) -> None:
    """D4, D13: what is no record of ours is refused, also with a sha256 that is right."""
    for data in (RAW[name], _seal(RAW[name])):
        changed(shelf.root / "tiny" / "model.json", data, shelf)


def test_hashes_that_are_edited(shelf: Shelf) -> None:
    """D5, D16: a hash removed, short, in capitals or another one; a key that stands twice."""
    path = shelf.root / "tiny" / "model.json"
    values = values_of(path.parent)
    digest = values["files"]["weights"]["sha256"]
    for other in ("", digest[:63], digest.upper(), "0" * 64, None, 5):
        files = values["files"] | {"weights": values["files"]["weights"] | {"sha256": other}}
        changed(path, sealed(values | {"files": files}), shelf)
    raw = path.read_bytes()
    changed(path, raw.replace(values["sha256"].encode(), values["sha256"].upper().encode()), shelf)
    twice = sealed(values).replace(b'"task": "lm"', b'"task": "lm", "task": "lm"')
    changed(path, _seal(twice[: -len(_seal(b""))]), shelf)


def _seal(body: bytes) -> bytes:
    return body + b',\n  "sha256": "%s"\n}\n' % hashlib.sha256(body).hexdigest().encode()


@pytest.mark.parametrize("number", [0, -1, True, 1.0, "1", None])
def test_formats_that_never_were(number: object, shelf: Shelf) -> None:
    """D13: a format number that no program wrote."""
    path = shelf.root / "tiny" / "model.json"
    assert "format is" in changed(path, sealed(values_of(path.parent) | {"format": number}), shelf)


def test_written_by_a_newer_program(shelf: Shelf) -> None:
    """C9, K4: a newer format, architecture or setting asks for an upgrade; nothing is looked up by a name in a file."""
    path = shelf.root / "tiny" / "model.json"
    values = values_of(path.parent) | {"version": "9.1"}
    for change in (
        {"format": 2},
        {"architecture": "os:system"},
        {"spec": values["spec"] | {"experts": 8}},
    ):
        path.write_bytes(sealed(values | change))
        message = refused(lambda: shelf.read("tiny"), ModelError)
        assert "written by seqcli '9.1' or newer" in message and "upgrade" in message


VOCABULARIES = {
    "a token twice": "<unk>\n<eos>\na\na\n",
    "an empty token": "<unk>\n<eos>\n\nb\n",
    "no special symbols": "a\nb\n",
    "special symbols in another order": "<eos>\n<unk>\na\nb\n",
    "no last line end": "<unk>\n<eos>\na\nb",
    "a special symbol again": "<unk>\n<eos>\n<eos>\nb\n",
    "<unk> again": "<unk>\n<eos>\n\\<unk>\nb\n",
    "nothing": "",
}


@pytest.mark.parametrize("name", VOCABULARIES)
def test_vocabularies_that_are_none(name: str, shelf: Shelf) -> None:
    """D14: a vocabulary that the program would not have written."""
    rehash(shelf.read("tiny"), "vocabulary", VOCABULARIES[name].encode())
    refused(lambda: shelf.read("tiny").vocabulary())
    refused(lambda: shelf.check("tiny"))


def test_vocabulary_not_utf8(shelf: Shelf) -> None:
    """D14: a lone surrogate, and bytes that are no UTF-8."""
    for token in (b"\xed\xa0\x80", b"\xff", b"\xc0\x80"):
        rehash(shelf.read("tiny"), "vocabulary", b"<unk>\n<eos>\n" + token + b"\n")
        refused(lambda: shelf.read("tiny").vocabulary())


def test_mutations_behind_the_hash(shelf: Shelf) -> None:
    """D17, D22: random changes of structure with all hashes right load as what was expected, or are refused."""
    rng = np.random.default_rng(22)
    first = shelf.read("tiny")
    values, parts = values_of(first.directory), {role: first.load(role) for role in first.files}
    body = sealed(values)[: -len(_seal(b""))]
    loaded = 0
    count = 20_000 if FULL else 600
    for i in range(count):
        if i % 2:
            (first.directory / "model.json").write_bytes(_seal(_mutated(body, rng)))
        else:
            (first.directory / "model.json").write_bytes(sealed(values))
            role = ("weights", "vocabulary", "state")[i // 2 % 3]
            rehash(first, role, _mutated(parts[role], rng))
        loaded += accepted_or_refused(lambda: _use(shelf.read("tiny")))
        if i % 500 == 0:
            shutil.rmtree(shelf.root)
            make(shelf)
    assert 0 < loaded < count / 2
    print(f"\n{count} mutations, {loaded} load as expected, {count - loaded} refused")


def _use(record: Record) -> None:
    arrays = record.arrays("weights", WEIGHTS)
    assert {name: ("F32", a.shape) for name, a in arrays.items()} == WEIGHTS
    assert all(np.isfinite(a).all() for a in arrays.values())
    assert len(set(record.vocabulary().tokens)) == len(record.vocabulary())
    record.check()


def _mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Change a byte, a number, a block; cut; double; splice."""
    at, end = sorted(rng.integers(0, len(data) + 1, 2).tolist())
    words = (
        b"0",
        b"-1",
        b"1e999",
        b"NaN",
        b"null",
        b"true",
        b"[]",
        b"{}",
        b'"',
        b"\\",
        b"\0",
        b"\xff",
        b"\n",
        b"9" * 30,
    )
    word = words[rng.integers(len(words))]
    kind = rng.integers(6)
    if kind == 0:
        return data[:at] + bytes([rng.integers(256)]) + data[at + 1 :]
    if kind == 1:
        return data[:at] + word + data[at + len(word) :]
    if kind == 2:
        return data[:at] + word + data[at:]
    if kind == 3:
        return data[:at] + data[min(end, at + 9) :]
    if kind == 4:
        return data[:end] + data[at:]
    return data[:at] + bytes(min(end - at, 16)) + data[at + min(end - at, 16) :]


class _Payload:
    def __init__(self, sentinel: Path) -> None:
        self.sentinel = sentinel

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.sentinel),)


def test_no_code_runs(shelf: Shelf, tmp_path: Path) -> None:
    """K1, K2, K11: while hostile files are read no code is found, compiled or run, and no socket opened."""
    payload = pickle.dumps(_Payload(tmp_path / "sentinel"))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("archive/data.pkl", payload)
    events: list[str] = []
    forbidden = ("exec", "compile", "subprocess.", "os.system", "os.exec", "socket.", "pickle.", "marshal.", "import")

    def act() -> None:
        shelf.check("tiny")  # resolves the types of our own settings, once
        import encodings.cp437

        import seqcli.store.zip_archive  # the reader of zips, and what it reads their names by: imported when needed

        assert encodings.cp437 and seqcli.store.zip_archive
        sys.addaudithook(lambda event, _: events.append(event) if event.startswith(forbidden) else None)
        for path in files_of(shelf):
            for data in (payload, archive.getvalue(), b"<html>", b"{" * 10**5):
                path.write_bytes(data)  # without pytest.raises below: it compiles code itself
                (tmp_path / "import").write_bytes(data)
                assert not accepted_or_refused(lambda: shelf.check("tiny"))
                assert not accepted_or_refused(lambda: shelf.import_(tmp_path / "import", "new"))
        assert events == []

    assert forked(act) == 0
    assert not (tmp_path / "sentinel").exists()
