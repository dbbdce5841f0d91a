"""Files that commands write beside their results: whole or not there, in a link's place and never through it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import seqcli, story
from faults import Fault, Operations, failing, short
from store_sample import make

from seqcli.errors import ModelError
from seqcli.plots.figure import figure
from seqcli.store import Shelf
from seqcli.store.files import write_whole

FULL = failing(errno.ENOSPC)


def full(real: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Write nothing: a disk without a free byte."""
    return FULL(real, name, args, kwargs) if name == "write" else real(*args, **kwargs)


@pytest.mark.parametrize("name", ["p.svg", "p.PNG"])
def test_a_picture_takes_a_links_place_and_what_was_linked_to_stays(tmp_path: Path, name: str) -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib, an optional package")
    (tmp_path / "mine").write_text("mine")
    picture = tmp_path / name
    picture.symlink_to("mine")
    with figure(str(picture), 1.0) as drawn:
        drawn.text(0.5, 0.5, "word")
    assert (tmp_path / "mine").read_text() == "mine" and not picture.is_symlink()
    assert picture.read_bytes().startswith(b"\x89PNG" if name == "p.PNG" else b"<?xml")
    assert sorted(os.listdir(tmp_path)) == ["mine", name]


@pytest.mark.parametrize("fault", [full, short], ids=["full", "full amid"])
def test_a_full_disk_leaves_the_old_picture_whole(tmp_path: Path, fault: Fault) -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib, an optional package")
    picture = tmp_path / "p.svg"
    picture.write_text("old")
    with (
        Operations(("write",), 1, fault, lasting=True),
        pytest.raises(ModelError, match="No space left on device; free some space, or choose another file"),
        figure(str(picture), 1.0) as drawn,
    ):
        drawn.text(0.5, 0.5, "word")
    assert picture.read_text() == "old" and os.listdir(tmp_path) == ["p.svg"]


def test_a_file_is_whole_or_not_there_whatever_fails_while_it_is_written(tmp_path: Path) -> None:
    names = ("open", "write", "fsync", "close", "rename")
    path = tmp_path / "x"
    with Operations(names) as all_of_them:
        write_whole(path, [b"a", b"b" * 10])
    assert path.read_bytes() == b"a" + b"b" * 10
    for at in range(1, all_of_them.count + 1):
        path.write_bytes(b"old")
        with Operations(names, at, FULL), pytest.raises(ModelError, match="choose another file"):
            write_whole(path, [b"new"])
        assert path.read_bytes() in (b"old", b"new") and os.listdir(tmp_path) == ["x"]

    def blocks() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, blocks())
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["x"]


def test_what_is_no_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book.txt").write_text(story(50))
    assert seqcli("train-lm", "book.txt", "--architecture", "ngram").code == 0
    (tmp_path / "folder").mkdir()
    (tmp_path / "null").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "pipe")
    for name, what in (("folder", "a directory"), ("null", "a device"), ("pipe", "a pipe"), ("/dev/null", "a device")):
        done = seqcli("export", "book", name, "--format", "arpa", "--replace")
        assert done.code == 1 and what in done.error, done.err
    assert (tmp_path / "null").is_symlink()


def test_an_export_that_exists_is_refused_before_the_model_is_read(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "models")
    record = make(shelf)
    (record.directory / record.filename("weights")).unlink()  # reading it whole would say so
    (tmp_path / "there").write_text("mine")
    with pytest.raises(ModelError, match="exists"):
        shelf.export("tiny", tmp_path / "there")


@pytest.mark.parametrize("fault", [full, short], ids=["full", "full amid"])
def test_a_full_disk_can_be_tidied_up(tmp_path: Path, fault: Fault) -> None:
    """Without a free byte models are removed and renamed, and another is made the default."""
    shelf = Shelf(tmp_path / "models")
    for name in ("one", "two", "three"):
        make(shelf, name)
    shelf.set_default("one")
    with Operations(("write",), 1, fault, lasting=True):
        assert shelf.set_default("three")
        assert shelf.read().name == "three"
        shelf.rename("three", "3")
        assert shelf.read().name == "3"
        assert shelf.set_default("two")
        shelf.rename("two", "a-longer-name-than-before")
        assert shelf.read().name == "a-longer-name-than-before"
        shelf.remove("a-longer-name-than-before")
        assert shelf.default() is None and shelf.names() == ["3", "one"]
        shelf.remove("one")
        with pytest.raises(ModelError, match="No space left"):
            shelf.set_default("3")  # a file more needs some room
    assert sorted(os.listdir(shelf.root)) == ["3"]
