"""The store when it is interrupted: every operation of every verb killed, failing, cut by a power loss, or raced."""

from __future__ import annotations

import errno
import itertools
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from faults import CHANGING, READING, Fault, Operations, failing, forked, killed, killed_amid, short, together
from store_sample import FULL, checkpoint_of, contents, make, save

from seqcli.errors import ModelError
from seqcli.store import Record, Shelf
from seqcli.store.archive import read_archive
from seqcli.store.files import TEMPORARY
from seqcli.vectors.settings import TableSpec

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
State = tuple[dict[str, int], str | None, bool]  # checkpoints by name, the default, whether an archive is there


class Verb(NamedTuple):
    """What is killed: the act, what was there before, and every state that may be there after it was interrupted."""

    prepare: Callable[[Shelf], object]
    act: Callable[[Shelf], object]
    legal: tuple[State, ...]  # the first: before; the last: after


def archive(shelf: Shelf) -> Path:
    return shelf.root.parent / "tiny.seqcli.tar"


def opened(shelf: Shelf, checkpoint: int, **how: bool) -> None:
    with shelf.open("tiny", **how) as draft:
        save(draft, checkpoint)


def two_models(shelf: Shelf) -> None:
    make(shelf, "tiny", 1)
    make(shelf, "other", 2)
    shelf.set_default("tiny")


def two_tasks(shelf: Shelf) -> None:
    make(shelf, "tiny", 1)
    make(shelf, "words", 2, task="vectors", architecture="imported", spec=TableSpec(dimensions=2))
    shelf.set_default("words")
    shelf.set_default("tiny")


def exported(shelf: Shelf) -> None:
    make(shelf, "tiny", 2)
    shelf.export("tiny", archive(shelf))
    opened(shelf, 1, replace=True)


def only_archive(shelf: Shelf) -> None:
    exported(shelf)
    shelf.remove("tiny")


ONE, TWO = ({"tiny": 1}, None, False), ({"tiny": 2}, None, False)
VERBS = {
    "first save": Verb(lambda s: None, lambda s: opened(s, 1), (({}, None, False), ONE)),
    "next save": Verb(make, lambda s: opened(s, 2, resume=True), (ONE, TWO)),
    "replace": Verb(make, lambda s: opened(s, 2, replace=True), (ONE, TWO)),
    "default": Verb(
        two_models,
        lambda s: s.set_default("other"),
        (({"other": 2, "tiny": 1}, "tiny", False), ({"other": 2, "tiny": 1}, "other", False)),
    ),
    "remove": Verb(
        two_models,
        lambda s: s.remove("tiny"),
        (({"other": 2, "tiny": 1}, "tiny", False), ({"other": 2}, "tiny", False), ({"other": 2}, None, False)),
    ),
    "remove one of two defaults": Verb(
        two_tasks,
        lambda s: s.remove("tiny"),
        (({"tiny": 1, "words": 2}, "tiny", False), ({"words": 2}, "tiny", False), ({"words": 2}, "words", False)),
    ),
    "rename": Verb(
        two_models,
        lambda s: s.rename("tiny", "new"),
        (
            ({"other": 2, "tiny": 1}, "tiny", False),
            ({"new": 1, "other": 2}, "tiny", False),
            ({"new": 1, "other": 2}, "new", False),
        ),
    ),
    "export": Verb(make, lambda s: s.export("tiny", archive(s)), (ONE, ({"tiny": 1}, None, True))),
    "import": Verb(only_archive, lambda s: s.import_(archive(s)), (({}, None, True), ({"tiny": 2}, None, True))),
    "import over": Verb(
        exported, lambda s: s.import_(archive(s), replace=True), (({"tiny": 1}, None, True), ({"tiny": 2}, None, True))
    ),
}


def state(shelf: Shelf) -> State:
    """Return what is there, every byte of it checked."""
    there = os.path.lexists(archive(shelf))
    if there:
        record, files = read_archive(archive(shelf), "tiny", shelf.root / "tiny")
        assert list(files.values()) == [contents(record.results["checkpoint"])[role] for role in record.files]
    return {name: checkpoint_of(shelf.check(name)) for name in shelf.names()}, shelf.default(), there


def temporaries(shelf: Shelf) -> int:
    return sum(TEMPORARY.fullmatch(p.name) is not None for p in shelf.root.parent.rglob(".*"))


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory where the system has one: thousands of fsyncs would only measure the disk."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        yield Path(folder)


@pytest.fixture
def scenes(tmp_path: Path) -> Iterator[Callable[[Verb], Iterator[Shelf]]]:
    """Return how to get, again and again, a fresh shelf on which a verb has been prepared."""

    def fresh(verb: Verb) -> Iterator[Shelf]:
        first = tmp_path / "prepared"
        first.mkdir()
        verb.prepare(Shelf(first / "models"))
        for i in itertools.count():
            scene = tmp_path / str(i)
            shutil.copytree(first, scene)
            yield Shelf(scene / "models")
            shutil.rmtree(scene)

    yield fresh


def operations(verb: Verb, shelf: Shelf) -> dict[int, str]:
    """Return the operations that an undisturbed act is made of, from 1; it does what it should."""
    assert state(shelf) == verb.legal[0]
    with Operations(CHANGING) as counted:
        verb.act(shelf)
    assert state(shelf) == verb.legal[-1]
    return dict(enumerate(counted.calls, 1))


@pytest.mark.parametrize("name", VERBS)
def test_kill_at_every_operation(name: str, scenes: Any) -> None:
    """E2, E8, E15, F2: a model is old or new whichever operation was the last, and the next writer leaves no trace."""
    verb = VERBS[name]
    shelves = scenes(verb)
    calls = operations(verb, next(shelves))
    kills = [(at, killed) for at in calls] + [(at, killed_amid) for at, call in calls.items() if call == "write"]
    for at, fault in [*kills, (len(calls), killed_amid)]:
        shelf, where = next(shelves), f"operation {at}, {calls[at]}"
        assert forked(lambda s=shelf, at=at, fault=fault: _act(verb, s, at, fault)) == -9, where
        assert state(shelf) in verb.legal, where
        assert temporaries(shelf) <= 1, where
        opened(shelf, 3, replace=True)
        files = {"model.json", *(shelf.read("tiny").filename(role) for role in contents(3))}
        assert set(os.listdir(shelf.root / "tiny")) == files, where
    print(f"\n{name}: {len(calls)} operations, {len(kills) + 1} kills")


def _act(verb: Verb, shelf: Shelf, at: int, fault: Fault) -> None:
    with Operations(CHANGING, at, fault):
        verb.act(shelf)


FAULTS = {
    "ENOSPC": failing(errno.ENOSPC),
    "EIO": failing(errno.EIO),
    "EROFS": failing(errno.EROFS),
    "EDQUOT": failing(errno.EDQUOT),
    "short write": short,
}


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("name", VERBS)
def test_every_operation_fails(name: str, lasting: bool, scenes: Any) -> None:
    """G3, G7, L: an error is one line and the old model stands; what is not reported has been done."""
    verb = VERBS[name]
    shelves = scenes(verb)
    calls = operations(verb, next(shelves))
    kinds = FAULTS if FULL else ("ENOSPC", "short write")
    cases = [(at, kind) for at in calls for kind in kinds if kind != "short write" or calls[at] == "write"]
    for at, kind in cases:
        shelf, error = next(shelves), None
        with Operations(CHANGING, at, FAULTS[kind], lasting):
            try:
                verb.act(shelf)
            except ModelError as raised:
                error = str(raised)
        found, where = state(shelf), f"{kind} at operation {at}, {calls[at]}: {error}"
        if error is None:
            assert found == verb.legal[-1], where
        else:
            assert found in verb.legal, where
            assert "\n" not in error and len(error) <= 400 and error.endswith("."), where
        assert temporaries(shelf) <= 1, where
    print(f"\n{name}: {len(calls)} operations, {len(cases)} faults")


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.EACCES], ids=errno.errorcode.get)
def test_every_operation_of_a_read_fails(number: int, tmp_path: Path) -> None:
    """G7, G8: reading says what it could not read, or did not need it."""
    shelf = Shelf(tmp_path)
    make(shelf)
    shelf.set_default("tiny")
    with Operations(READING) as counted:
        shelf.check()
    for at, lasting in itertools.product(range(1, counted.count + 1), (False, True)):
        with Operations(READING, at, failing(number), lasting):
            try:
                shelf.check()
            except ModelError as error:
                assert "\n" not in str(error) and len(str(error)) <= 400


def test_a_save_on_a_full_disk_keeps_its_first_file_out(tmp_path: Path) -> None:
    """G1: a save that failed has removed what it had written, so that the space is free for the next."""
    shelf = Shelf(tmp_path / "models")
    with shelf.open("tiny") as draft:
        save(draft, 1)
        before = sorted(os.listdir(shelf.root / "tiny"))
        with Operations(("write",), 3, failing(errno.ENOSPC)), pytest.raises(ModelError, match="No space left"):
            save(draft, 2)
        assert sorted(os.listdir(shelf.root / "tiny")) == before
        save(draft, 2)
    assert checkpoint_of(shelf.read("tiny")) == 2


@pytest.mark.parametrize("limit", ["RLIMIT_FSIZE", "RLIMIT_NOFILE"])
def test_limits_of_the_system(limit: str, tmp_path: Path) -> None:
    """G4, G8: a file size limit is one line of error; sixteen open files are enough to read and to save."""
    shelf = Shelf(tmp_path / "models")
    make(shelf)

    def act() -> None:
        used = len(os.listdir("/proc/self/fd"))
        value = {"RLIMIT_FSIZE": 512, "RLIMIT_NOFILE": used + 13}[limit]
        resource.setrlimit(getattr(resource, limit), (value, value))
        if limit == "RLIMIT_NOFILE":
            opened(shelf, 2, resume=True)
        else:
            with pytest.raises(ModelError, match="File too large"):
                opened(shelf, 2, resume=True)

    assert forked(act) == 0
    assert checkpoint_of(shelf.check("tiny")) == (2 if limit == "RLIMIT_NOFILE" else 1)


# -- power loss ---------------------------------------------------------------------------------------------------


class Disk:
    """What a directory may hold after the power fails: entries by name, and what each file's bytes may be.

    An entry made, renamed or removed since the directory was last synced is there or not, each on its own; bytes
    written since the file was last synced may be all there, cut, zeros or none.
    """

    def __init__(self, directory: Path) -> None:
        entries = {p.name: p.read_bytes() for p in directory.iterdir()}
        self.bytes: list[bytes] = list(entries.values())
        self.safe = [True] * len(entries)
        self.durable = {name: i for i, name in enumerate(entries)}
        self.now, self.pending = dict(self.durable), list[dict[str, int | None]]()
        self.open: dict[int, int] = {}  # descriptor -> file
        self.seen: set[frozenset[tuple[str, bytes]]] = set()

    def change(self, entries: dict[str, int | None]) -> None:
        self.pending.append(entries)
        self.now = _applied(self.now, [entries])

    def note(self, real: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Do an operation and take down what it means; before it, the power may fail."""
        self.seen |= set(self.after_loss())
        result = real(*args, **kwargs)
        if name == "open" and args[1] & os.O_CREAT and args[0] not in self.now:
            self.bytes.append(b"")
            self.safe.append(True)
            self.change({args[0]: len(self.bytes) - 1})
        if name == "open" and args[0] in self.now:
            self.open[result] = self.now[args[0]]
        elif name in ("write", "ftruncate"):
            file = self.open[args[0]]
            self.bytes[file] = self.bytes[file] + bytes(args[1]) if name == "write" else b""
            self.safe[file] = False
        elif name == "fsync" and args[0] in self.open:
            self.safe[self.open[args[0]]] = True
        elif name == "fsync":
            self.durable, self.pending = dict(self.now), []
        elif name == "rename":
            self.change({args[0]: None, args[1]: self.now[args[0]]})
        elif name == "unlink":
            self.change({args[0]: None})
        elif name == "close":
            self.open.pop(args[0], None)
        return result

    def after_loss(self) -> Iterator[frozenset[tuple[str, bytes]]]:
        for kept in itertools.product((False, True), repeat=len(self.pending)):
            entries = _applied(self.durable, [p for p, keep in zip(self.pending, kept, strict=True) if keep])
            choices = [[(name, data) for data in self.variants(file)] for name, file in entries.items()]
            yield from map(frozenset, itertools.product(*choices))

    def variants(self, file: int) -> set[bytes]:
        data = self.bytes[file]
        return {data} if self.safe[file] else {data, b"", data[: len(data) // 2], bytes(len(data))}


def _applied(entries: dict[str, int], changes: list[dict[str, int | None]]) -> dict[str, int]:
    found: dict[str, int | None] = dict(entries)
    for change in changes:
        found |= change
    return {name: file for name, file in found.items() if file is not None}


def test_power_loss_leaves_the_old_or_the_new_checkpoint(tmp_path: Path) -> None:
    """E3: whatever part of the operations not yet synced is on the disk, the old or the new model loads."""
    shelf = Shelf(tmp_path / "models")
    make(shelf)
    disk = Disk(shelf.root / "tiny")
    with shelf.open("tiny", resume=True) as draft:
        disk.change({".lock": None})  # the lock's own content means nothing: it is tested by kills
        with Operations(CHANGING, 1, disk.note, lasting=True):
            save(draft, 2)
    disk.seen |= set(disk.after_loss())
    found = set()
    for i, entries in enumerate(disk.seen):
        crashed = Shelf(tmp_path / "crashed" / str(i))
        (crashed.root / "tiny").mkdir(parents=True)
        for name, data in entries:
            (crashed.root / "tiny" / name).write_bytes(data)
        found.add(checkpoint_of(crashed.check("tiny")))
        shutil.rmtree(crashed.root)
    assert found == {1, 2}
    print(f"\n{len(disk.seen)} states")


# -- others at the same time --------------------------------------------------------------------------------------


def test_one_of_two_writers_wins(tmp_path: Path) -> None:
    """F1: of two trainings started at once one trains, and the other is told by whom."""
    for i in range(200 if FULL else 20):
        shelf = Shelf(tmp_path / str(i))
        statuses = together(2, lambda shelf=shelf: _start(shelf))
        assert statuses == [0, 1]
        assert checkpoint_of(shelf.check("tiny")) == 1


def _start(shelf: Shelf) -> None:
    try:
        opened(shelf, 1)
    except ModelError as error:
        expected = ("is in use by process ", "exists; add --resume", "is in use by another process")
        os._exit(1 if any(e in str(error) for e in expected) else 2)


def test_a_model_in_use_names_its_holder(tmp_path: Path) -> None:
    """F1, F5: another process cannot write a model that is open; other models it can, and reading it can."""
    shelf = Shelf(tmp_path)
    make(shelf)

    def other() -> None:
        for act in (
            lambda: opened(shelf, 2, replace=True),
            lambda: opened(shelf, 2, resume=True),
            lambda: shelf.remove("tiny"),
            lambda: shelf.rename("tiny", "new"),
        ):
            with pytest.raises(ModelError, match=f"in use by process {os.getppid()} on '"):
                act()
        make(shelf, "free")
        assert checkpoint_of(shelf.check("tiny")) == 1

    with shelf.open("tiny", resume=True) as draft:
        assert forked(other) == 0
        save(draft, 2)
    assert checkpoint_of(shelf.check("tiny")) == 2


def test_programs_started_meanwhile_do_not_hold_the_lock(tmp_path: Path) -> None:
    """F6: the lock ends with its owner, whatever the owner started."""
    shelf = Shelf(tmp_path)
    with shelf.open("tiny") as draft:
        save(draft, 1)
        program = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    try:
        opened(shelf, 2, resume=True)
    finally:
        program.communicate(b"\n")


def test_reads_during_saves(tmp_path: Path) -> None:
    """F3, D21, C13: each read, and each listing, is one complete checkpoint, while a trainer saves without a pause."""
    shelf = Shelf(tmp_path)
    make(shelf)
    writer = os.fork()
    if writer == 0:
        with shelf.open("tiny", resume=True) as draft:
            for i in itertools.count(2):
                save(draft, i % 7 + 1)
    try:
        seen = {checkpoint_of(shelf.read("tiny")) for _ in range(10_000 if FULL else 200)}
        listed = [entry for _ in range(100) for entry in shelf.entries()]
    finally:
        os.kill(writer, 9)
        os.waitpid(writer, 0)
    assert len(seen) > 1, "no save fell between two reads"
    assert len(listed) == 100 and all(isinstance(entry, Record) for entry in listed)
    opened(shelf, 9, resume=True)  # F2: the lock went with its holder


def test_a_record_that_was_saved_again_with_the_same_bytes_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C13: a reader that was asleep for some saves finds the record of before, whose files had been away meanwhile."""
    shelf = Shelf(tmp_path)
    make(shelf)
    fault = Record.fault

    def away(record: Record) -> str | None:
        monkeypatch.setattr(Record, "fault", fault)
        opened(shelf, 2, resume=True)
        found = fault(record)
        opened(shelf, 1, resume=True)
        return found

    monkeypatch.setattr(Record, "fault", away)
    assert [type(entry) for entry in shelf.entries()] == [Record]


def test_a_reader_finishes_what_a_writer_removes(tmp_path: Path) -> None:
    """C14, F4: a model that was read before it was removed or replaced is read to its end."""
    shelf = Shelf(tmp_path)
    make(shelf)
    before = shelf.read("tiny")
    opened(shelf, 2, replace=True)
    replaced = shelf.read("tiny")
    shelf.remove("tiny")
    assert (checkpoint_of(before), checkpoint_of(replaced)) == (1, 2)


def test_two_imports_and_a_removal_at_once(tmp_path: Path) -> None:
    """F4: imports and removals of one name come one after another, or are refused."""
    shelf = Shelf(tmp_path / "models")
    only_archive(shelf)

    def many() -> None:
        for i in range(100 if FULL else 15):
            try:
                shelf.import_(archive(shelf), replace=True) if i % 3 else shelf.remove("tiny")
            except ModelError as error:
                assert "in use by" in str(error) or "There is no model" in str(error)

    assert together(3, many) == [0, 0, 0]
    shelf.import_(archive(shelf), replace=True)
    assert state(shelf) == ({"tiny": 2}, None, True)


def test_models_renamed_during_a_training(tmp_path: Path) -> None:
    """F9: the saves of a training go where its directory went, and nowhere else."""
    shelf = Shelf(tmp_path / "models")
    with shelf.open("tiny") as draft:
        save(draft, 1)
        os.rename(shelf.root, tmp_path / "moved")
        save(draft, 2)
    assert sorted(os.listdir(tmp_path)) == ["moved"]
    assert checkpoint_of(Shelf(tmp_path / "moved").check("tiny")) == 2
