"""A model as a zip archive: it comes back to the last bit, and nothing of what a stranger packs is believed."""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import seqcli
from store_sample import make

from seqcli.errors import DamagedError, ModelError
from seqcli.store import Shelf
from seqcli.store import zip_archive as zips
from seqcli.store.record import RECORD_LIMIT

Members = list[tuple[str, bytes]]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A shelf with one model where commands are typed."""
    monkeypatch.chdir(tmp_path)
    found = Shelf("models")
    make(found, "tiny")
    return found


def members(shelf: Shelf) -> Members:
    """Return what an export packs."""
    path = Path("whole.zip")
    if not path.exists():
        shelf.export("tiny", path)
    with zipfile.ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def packed(some: Members, kind: int = zipfile.ZIP_DEFLATED) -> Path:
    """Return an archive of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that stands twice
        for name, data in some:
            archive.writestr(name, data)
    path = Path("made.zip")
    path.write_bytes(out.getvalue())
    return path


def test_a_model_comes_back_to_the_last_bit(shelf: Shelf) -> None:
    done = seqcli("models", "export", "tiny", "--format", "zip")
    assert done.code == 0 and "seqcli models import tiny.zip" in done.err, done.err
    first = Path("tiny.zip").read_bytes()
    with zipfile.ZipFile("tiny.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            path.name: path.read_bytes() for path in (shelf.root / "tiny").iterdir()
        }
    assert "exists" in seqcli("models", "export", "tiny", "tiny.zip").error
    assert seqcli("models", "import", "tiny.zip", "--name", "two").code == 0
    assert shelf.check("two").raw == shelf.check("tiny").raw
    assert Shelf("other").import_(Path("tiny.zip")).name == "tiny"
    Path("tiny.zip").unlink()
    shelf.export("tiny", Path("tiny.zip"))
    assert Path("tiny.zip").read_bytes() == first  # the same model, the same bytes


def test_what_other_programs_pack_of_it_is_a_model_too(shelf: Shelf) -> None:
    inside = [("tiny/" + name, data) for name, data in members(shelf)]
    for some in (inside, [("tiny/", b""), *inside, ("__MACOSX/tiny/._model.json", b"x"), ("tiny/.DS_Store", b"x")]):
        assert (
            Shelf("other").import_(packed(some, zipfile.ZIP_STORED), "tiny", replace=True).raw == shelf.read("tiny").raw
        )


HOSTILE: dict[str, Callable[[Members], Members]] = {
    "climbing": lambda some: [*some, ("../../evil", b"x")],
    "climbing, all": lambda some: [("../../" + name, data) for name, data in some] + [("/tmp/evil", b"x")],
    "backslashes": lambda some: [*some, ("..\\..\\evil", b"x")],
    "absolute": lambda some: [*some, ("/tmp/evil", b"x")],
    "one too many": lambda some: [*some, ("notes.txt", b"x")],
    "one missing": lambda some: some[:-1],
    "no record": lambda some: some[1:],
    "not a record": lambda some: [("model.json", b"{}"), *some[1:]],
    "twice": lambda some: [*some, some[1]],
    "other bytes": lambda some: [(n, d.replace(b"e", b"i") if n.startswith("vocab") else d) for n, d in some],
    "longer": lambda some: [*some[:-1], (some[-1][0], some[-1][1] + b"?")],
    "many": lambda some: [(f"f{i}", b"") for i in range(1000)],
    "nothing": lambda some: [],
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_archive_of_a_stranger_is_refused_and_nothing_is_made(kind: str, shelf: Shelf) -> None:
    path = packed(HOSTILE[kind](members(shelf)))
    before = sorted(os.listdir()), sorted(os.listdir(".."))
    with pytest.raises(DamagedError) as caught:
        shelf.import_(path, "new")
    assert "\n" not in str(caught.value) and ("made.zip" in str(caught.value) or kind == "not a record")
    assert (sorted(os.listdir()), sorted(os.listdir(".."))) == before and not shelf.has("new")


def test_a_bomb_is_not_unpacked(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's record may say that its weights are huge; that little data becomes so much is not believed."""
    path = packed(members(shelf))
    monkeypatch.setattr(zips, "LARGE", 100)
    monkeypatch.setattr(zips, "SQUEEZED", 1)
    monkeypatch.setattr(zipfile.ZipExtFile, "read", _read_little(zipfile.ZipExtFile.read))
    with pytest.raises(DamagedError, match="unpacks to more than a model holds"):
        shelf.import_(path, "new")
    huge = packed([("model.json", b" " * (RECORD_LIMIT + 1))], zipfile.ZIP_STORED)
    with pytest.raises(DamagedError, match="unpacks to more than a model holds"):
        shelf.import_(huge, "new")


def _read_little(read: Callable[..., bytes]) -> Callable[..., bytes]:
    def checked(self: zipfile.ZipExtFile, n: int = -1) -> bytes:
        assert 0 <= n <= RECORD_LIMIT + 1, "the bomb is being read"
        return read(self, n)

    return checked


def test_every_byte_of_an_archive_counts_or_does_not_matter(shelf: Shelf) -> None:
    """A byte that is changed is refused, or changes no file of the model."""
    members(shelf)
    whole = Path("whole.zip").read_bytes()
    wanted = shelf.read("tiny").raw
    for i in range(0, len(whole), 11):
        Path("made.zip").write_bytes(whole[:i] + bytes([whole[i] ^ 0x41]) + whole[i + 1 :])
        try:
            record, files = zips.read_zip(Path("made.zip"), "tiny", Path("models/tiny"))
        except ModelError:
            continue
        assert record.raw == wanted and len(files) == len(record.files)
    for end in (0, 3, 30, len(whole) // 2, len(whole) - 1):
        Path("made.zip").write_bytes(whole[:end])
        with pytest.raises(ModelError):
            shelf.import_(Path("made.zip"), "new")


def test_the_name_and_the_format_must_fit(shelf: Shelf) -> None:
    assert "does not end in .zip" in seqcli("models", "export", "tiny", "tiny.tar", "--format", "zip").error
    assert seqcli("models", "export", "tiny", "a.zip", "--format", "tar").code == 2
    assert not Path("tiny.tar").exists() and not Path("a.zip").exists()
