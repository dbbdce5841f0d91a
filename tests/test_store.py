"""The shelf as a user meets it: names, the default, what is refused, and what a directory may hold besides models."""

from __future__ import annotations

import errno
import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from faults import CHANGING, Operations, failing
from store_sample import SPEC, WEIGHTS, checkpoint_of, contents, make, save

from seqcli.errors import DamagedError, DivergedError, MisuseError, ModelError
from seqcli.store import Damaged, Record, Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """An empty shelf, whose directory does not exist."""
    return Shelf(tmp_path / "models")


def test_a_model_comes_back(shelf: Shelf) -> None:
    """L11: settings, figures and every byte, and the same bytes when they are saved again."""
    saved = make(shelf)
    read = shelf.check("tiny")
    assert read == saved and read.spec == SPEC and read.corpus["name"] == "stories.txt"
    assert checkpoint_of(read) == 1
    assert {name: a.shape for name, a in read.arrays("weights", WEIGHTS).items()} == {
        name: shape for name, (_, shape) in WEIGHTS.items()
    }
    assert read.vocabulary().tokens == ["<unk>", "<eos>", "some", "them"]
    make(shelf, "again")
    assert shelf.read("again").raw == read.raw


def test_nothing_to_read(shelf: Shelf) -> None:
    """C1: without a model the directory searched is named in full, and it is not made."""
    for name in ("tiny", None):
        with pytest.raises(ModelError, match="train one: seqcli train-lm") as error:
            shelf.read(name)
        assert str(shelf.root) in str(error.value) and shelf.root.is_absolute()
    assert shelf.names() == [] and list(shelf.entries()) == [] and shelf.default() is None
    assert not shelf.root.exists()


def test_a_missing_model_and_the_closest_name(shelf: Shelf) -> None:
    """C1: what was probably meant, or where to look."""
    make(shelf, "austen")
    with pytest.raises(ModelError, match=r"did you mean 'austen'\?"):
        shelf.read("austin")
    with pytest.raises(ModelError, match="seqcli models list"):
        shelf.read("zzz")


def test_models_directory_of_another_kind(tmp_path: Path) -> None:
    """C2: a file, a loop and a link to nothing are one line of error; a link to a directory is a directory."""
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "nothing").symlink_to("nowhere/at/all")
    for name in ("file", "loop"):
        for act in (lambda s: s.read("tiny"), make, lambda s: s.names(), lambda s: s.set_default("tiny")):
            with pytest.raises(ModelError, match=f"{name}"):
                act(Shelf(tmp_path / name))
    with pytest.raises(ModelError, match="Cannot write"):
        make(Shelf(tmp_path / "nothing"))
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    make(Shelf(tmp_path / "link"))
    Shelf(tmp_path / "link").set_default("tiny")
    assert checkpoint_of(Shelf(tmp_path / "real").read()) == 1


def test_an_existing_name(shelf: Shelf) -> None:
    """C3: an existing name is refused before anything is written, and the message names both ways on."""
    make(shelf)
    for act in (lambda: make(shelf), lambda: shelf.rename("tiny", "tiny")):
        try:
            act()
        except ModelError as error:
            assert "--resume" in str(error) and "--replace" in str(error)
    with pytest.raises(ModelError, match="no model 'none'"), shelf.open("none", resume=True):
        pass
    assert os.listdir(shelf.root) == ["tiny"] and checkpoint_of(shelf.check("tiny")) == 1


def test_replace_keeps_the_old_model_until_the_new_one_is_whole(shelf: Shelf) -> None:
    """C3, E8: a replacing training that ends before its first save leaves the old model; then nothing of it."""
    make(shelf)
    with pytest.raises(KeyboardInterrupt), shelf.open("tiny", replace=True):
        raise KeyboardInterrupt
    assert checkpoint_of(shelf.check("tiny")) == 1
    with pytest.raises(KeyboardInterrupt), shelf.open("tiny", replace=True) as draft:
        assert draft.record is None
        save(draft, 2)
        raise KeyboardInterrupt
    with shelf.open("tiny", resume=True) as draft:
        assert draft.record is not None and checkpoint_of(draft.record) == 2
    assert len(os.listdir(shelf.root / "tiny")) == 5


def test_a_training_without_a_save_leaves_nothing(shelf: Shelf) -> None:
    """C3: neither a directory nor a lock."""
    with shelf.open("tiny"):
        assert shelf.names() == []
    assert os.listdir(shelf.root) == []


BAD_NAMES = ["", ".", "..", "../x", "/abs", "a/b", "a\\b", ".hidden", "-x", "_x", "a" * 65, "a" * 300, "a\n", "\x1bc"]
BAD_NAMES += [
    "a\0",
    "a ",
    " a",
    "a.",
    "CON",
    "nul.txt",
    "Default",
    "default",
    "a\u202eb",
    "\u00e9",
    "e\u0301",
    "日本",
    "a:b",
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_names_that_are_refused(name: str, shelf: Shelf, tmp_path: Path) -> None:
    """C4, K6: one rule for every verb, and nothing outside is touched."""
    make(shelf)
    shelf.export("tiny", tmp_path / "tiny.seqcli.tar")
    before = sorted(map(str, tmp_path.rglob("*")))
    for act in (
        lambda: shelf.read(name),
        lambda: make(shelf, name),
        lambda: shelf.remove(name),
        lambda: shelf.rename("tiny", name),
        lambda: shelf.rename(name, "new"),
        lambda: shelf.set_default(name),
        lambda: shelf.export(name, tmp_path / "x"),
        lambda: shelf.import_(tmp_path / "tiny.seqcli.tar", name),
    ):
        with pytest.raises(MisuseError) as error:
            act()
        assert str(error.value).isprintable() and len(str(error.value)) <= 400
    assert sorted(map(str, tmp_path.rglob("*"))) == before


@pytest.mark.parametrize("name", ["a", "A" * 64, "0", "ptb-2x200_v1.5", "console", "com10"])
def test_names_that_are_taken(name: str, shelf: Shelf) -> None:
    """C4: letters, digits, dot, underscore, hyphen."""
    make(shelf, name)
    assert shelf.names() == [name]


def test_case_twins(shelf: Shelf) -> None:
    """C4: a name that differs in case only is refused where it would be new; one can be renamed to the other."""
    make(shelf, "Tiny")
    for act in (lambda: make(shelf, "tiny"), lambda: make(shelf, "TINY")):
        with pytest.raises(ModelError, match="differs from 'Tiny' in case only"):
            act()
    shelf.rename("Tiny", "tiny")
    assert shelf.names() == ["tiny"]


def test_what_else_a_directory_holds(shelf: Shelf) -> None:
    """C5: stray files and foreign directories are passed over; a bad model is listed with its reason."""
    make(shelf, "good")
    make(shelf, "bad")
    (shelf.root / "bad" / "model.json").write_bytes(b"{}")
    for stray in (".DS_Store", ".tmp-0123456789abcdef", "notes.txt", "model.json", "Thumbs.db"):
        (shelf.root / stray).write_bytes(b"\0")
    (shelf.root / "foreign").mkdir()
    (shelf.root / "foreign" / "photo.jpg").write_bytes(b"\xff\xd8")
    (shelf.root / "lost+found").mkdir()
    bad, good = shelf.entries()
    assert isinstance(bad, Damaged) and bad.name == "bad" and "damaged" in bad.reason
    assert isinstance(good, Record) and good.name == "good"


def test_listing_reads_no_weights(shelf: Shelf) -> None:
    """C13: a listing opens each model.json once and no other file."""
    for i in range(5):
        make(shelf, f"m{i}")
    with Operations(("open", "preadv")) as counted:
        assert len(list(shelf.entries())) == 5
    assert counted.calls.count("open") == 5


def test_a_moved_model(shelf: Shelf, tmp_path: Path) -> None:
    """C6, K10: a copy elsewhere under another name is the same model; no path, user or host is inside."""
    make(shelf)
    shutil.copytree(shelf.root / "tiny", tmp_path / "elsewhere" / "other")
    shutil.rmtree(shelf.root)
    moved = Shelf(tmp_path / "elsewhere").check("other")
    assert checkpoint_of(moved) == 1 and moved.name == "other"
    inside = moved.raw + b"".join(moved.load(role) for role in moved.files)
    assert str(tmp_path).encode() not in inside and socket.gethostname().encode() not in inside


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES], ids=errno.errorcode.get)
def test_a_directory_that_cannot_be_written(number: int, shelf: Shelf) -> None:
    """C11, F8: reading works where nothing can be written; a training is refused before it begins."""
    make(shelf)
    shelf.set_default("tiny")
    real = os.open

    def no_writing(path: str, flags: int, *args: object, **kwargs: object) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(number, os.strerror(number))
        return real(path, flags, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", no_writing)
        for name in CHANGING[4:]:
            patch.setattr(os, name, lambda *a, **k: failing(number)(real, "", a, k))
        assert checkpoint_of(shelf.check()) == 1 and len(list(shelf.entries())) == 1
        for how in ({}, {"resume": True}, {"replace": True}):
            with pytest.raises(ModelError, match="--models-dir"), shelf.open("tiny" if how else "new", **how):
                pytest.fail("the training began")
    assert checkpoint_of(shelf.check("tiny")) == 1


def test_the_default(shelf: Shelf) -> None:
    """C12: the first training sets it, the next does not; it follows a rename and goes with its model."""
    make(shelf, "one")
    assert shelf.read().name == "one", "a lone model can only be meant"
    make(shelf, "two")
    with pytest.raises(ModelError, match="seqcli models default NAME"):
        shelf.read()
    assert shelf.set_default("one", only_first=True)
    assert not shelf.set_default("two", only_first=True)
    assert shelf.read().name == "one"
    shelf.rename("one", "uno")
    assert shelf.read().name == "uno"
    shelf.remove("uno")
    assert shelf.default() is None
    with pytest.raises(ModelError, match="no model 'uno'"):
        shelf.set_default("uno")


def test_a_default_that_is_not_there(shelf: Shelf) -> None:
    """C12: a default of which the model is gone, or that is no name, says so."""
    make(shelf)
    (shelf.root / "default").write_text("gone\n")
    with pytest.raises(ModelError, match=r"The default model 'gone' is not in .*models default NAME"):
        shelf.read()
    for content in (b"", b"\xff\n", b"a\nb\n", b"../x\n", b"x" * 1000):
        (shelf.root / "default").write_bytes(content)
        with pytest.raises(DamagedError, match="models default NAME"):
            shelf.read()
    (shelf.root / "default").unlink()
    (shelf.root / "default").symlink_to("/etc/hostname")
    with pytest.raises(DamagedError, match="models default NAME"):
        shelf.read()
    shelf.set_default("tiny")
    assert shelf.read().name == "tiny" and not (shelf.root / "default").is_symlink()


@pytest.mark.parametrize("mask", [0o077, 0o022, 0o002], ids=oct)
def test_modes_of_files(mask: int, shelf: Shelf, tmp_path: Path) -> None:
    """C15, K9: files and directories get the modes that the user's umask says."""
    before = os.umask(mask)
    try:
        make(shelf)
        shelf.set_default("tiny")
        shelf.export("tiny", tmp_path / "tiny.seqcli.tar")
    finally:
        os.umask(before)
    for path in (shelf.root, *shelf.root.rglob("*"), tmp_path / "tiny.seqcli.tar"):
        assert path.stat().st_mode & 0o777 == (0o777 if path.is_dir() else 0o666) & ~mask


def test_links_are_not_followed(shelf: Shelf, tmp_path: Path) -> None:
    """K7: a link in a model's place is no model, and nothing behind it is read, written or removed."""
    elsewhere = Shelf(tmp_path / "victim")
    make(elsewhere)
    shelf.root.mkdir()
    (shelf.root / "tiny").symlink_to(elsewhere.root / "tiny")
    before = {p: p.read_bytes() for p in (elsewhere.root / "tiny").iterdir()}
    assert shelf.names() == []
    for act in (
        lambda: shelf.read("tiny"),
        lambda: make(shelf),
        lambda: shelf.open("tiny", replace=True).__enter__(),
        lambda: shelf.open("tiny", resume=True).__enter__(),
        lambda: shelf.remove("tiny"),
        lambda: shelf.rename("tiny", "new"),
        lambda: shelf.set_default("tiny"),
    ):
        with pytest.raises(ModelError, match=r"link|not a directory"):
            act()
    assert {p: p.read_bytes() for p in (elsewhere.root / "tiny").iterdir()} == before


def test_a_planted_lock_and_planted_files(shelf: Shelf, tmp_path: Path) -> None:
    """K7: a lock, a file of the next save or a record that is a link is refused or replaced, never written through."""
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    record = make(shelf)
    (shelf.root / "tiny" / ".lock").symlink_to(victim)
    with pytest.raises(ModelError), shelf.open("tiny", resume=True):
        pass
    (shelf.root / "tiny" / ".lock").unlink()
    for name in ("model.json", record.filename("weights")):
        (shelf.root / "tiny" / name).unlink()
        (shelf.root / "tiny" / name).symlink_to(victim)
    with shelf.open("tiny", replace=True) as draft:
        save(draft, 1)
    assert checkpoint_of(shelf.check("tiny")) == 1 and victim.read_text() == "untouched"
    (shelf.root / "tiny" / "mine.txt").symlink_to(victim)
    shelf.remove("tiny")
    assert os.listdir(shelf.root / "tiny") == ["mine.txt"] and victim.read_text() == "untouched"


def test_a_half_copied_model_can_be_removed(shelf: Shelf) -> None:
    """C7, E8: what a cut copy or a killed removal left is called so, and goes."""
    make(shelf)
    (shelf.root / "tiny" / "model.json").unlink()
    with pytest.raises(DamagedError, match=r"'tiny/model\.json' is missing"):
        shelf.read("tiny")
    shelf.remove("tiny")
    assert os.listdir(shelf.root) == []


def test_a_save_that_would_not_load_is_none(shelf: Shelf) -> None:
    """L1: a figure that is no number, or a setting out of range, leaves the last checkpoint."""
    with shelf.open("tiny") as draft:
        save(draft, 1)
        for bad in ({"results": {"checkpoint": float("nan")}}, {"corpus": {}}, {"task": "x"}):
            with pytest.raises((ModelError, DivergedError)):
                save(draft, 2, **bad)
    assert checkpoint_of(shelf.check("tiny")) == 1


def test_unchanged_files_are_not_written_again(shelf: Shelf) -> None:
    """A save in which only the state is new writes the state, the record, and nothing else."""
    with shelf.open("tiny") as draft:
        save(draft, 1)
        before = {p.name: p.stat().st_ino for p in (shelf.root / "tiny").iterdir()}
        files = contents(1) | {"state": contents(2)["state"]}
        with Operations(("fsync",)) as counted:
            save(draft, 1, files=files)
        after = {p.name: p.stat().st_ino for p in (shelf.root / "tiny").iterdir()}
    assert {name.split("-")[0] for name in before if before[name] != after.get(name)} == {"state", "model.json"}
    assert counted.calls.count("fsync") == 4, "the state, its entry, the record, its entry"


def test_an_archive_is_a_tar(shelf: Shelf, tmp_path: Path) -> None:
    """K8: any tar opens an export; an import gives the same bytes, under the file's name or another."""
    record = make(shelf)
    path = tmp_path / "tiny.seqcli.tar"
    shelf.export("tiny", path)
    with tarfile.open(path) as tar:
        members = {m.name: tar.extractfile(m).read() for m in tar.getmembers()}
    assert members == {p.name: p.read_bytes() for p in (shelf.root / "tiny").iterdir()}
    with pytest.raises(ModelError, match="exists"):
        shelf.export("tiny", path)
    with pytest.raises(ModelError, match="--replace"):
        shelf.import_(path)
    assert shelf.import_(path, "two").raw == record.raw == shelf.check("two").raw
    assert Shelf(tmp_path / "other").import_(path).name == "tiny"


HOSTILE = {
    "climbing": [("../../evil", b"x", tarfile.REGTYPE)],
    "absolute": [("/tmp/evil", b"x", tarfile.REGTYPE)],
    "link": [("model.json", b"", tarfile.SYMTYPE)],
    "hard link": [("model.json", b"", tarfile.LNKTYPE)],
    "device": [("model.json", b"", tarfile.CHRTYPE)],
    "directory": [("model.json", b"", tarfile.DIRTYPE)],
    "many": [(f"f{i}", b"", tarfile.REGTYPE) for i in range(1000)],
    "not a record": [("model.json", b"{}", tarfile.REGTYPE)],
}


@pytest.mark.parametrize("compression", ["", "gz", "xz"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_archives_of_strangers(kind: str, compression: str, shelf: Shelf, tmp_path: Path) -> None:
    """K8: what an export would not have written is refused unextracted, and nothing is made."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as tar:
        for name, data, member_type in HOSTILE[kind]:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(data), member_type, "/etc/passwd"
            tar.addfile(info, io.BytesIO(data))
    path = tmp_path / "evil.seqcli.tar"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(DamagedError):
        shelf.import_(path)
    assert os.listdir(tmp_path) == ["evil.seqcli.tar"]


def test_an_import_of_no_file(shelf: Shelf, tmp_path: Path) -> None:
    """K8, D20: a missing file, a directory, a FIFO and a device are one line of error."""
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "absent", tmp_path, tmp_path / "fifo", Path("/dev/zero")):
        with pytest.raises(ModelError):
            shelf.import_(path, "new")
    assert not shelf.root.exists()


def test_the_store_is_light() -> None:
    """The store imports neither torch nor numba nor click: what answers must start at once."""
    heavy = "('torch', 'numba', 'click', 'rich', 'tqdm', 'sentencepiece')"
    code = f"import sys, seqcli.store; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
