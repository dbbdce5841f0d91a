"""What only Linux has may be missing: every module is imported all the same, and a lock is a lock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from seqcli.store import locks

HIDDEN = """
import json, os, pkgutil, signal, sys
from importlib import import_module
for name in ("fcntl", "resource", "termios", "pwd", "grp"):
    sys.modules[name] = None
for name in ("O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "sched_getaffinity", "set_blocking"):
    delattr(os, name)
del signal.SIGHUP
import seqcli
skipped, count = [], 0
for found in pkgutil.walk_packages(seqcli.__path__, "seqcli."):
    if found.name == "seqcli.__main__":
        continue
    try:
        import_module(found.name)
        count += 1
    except ImportError as error:
        skipped.append([found.name, error.name or str(error)])
from seqcli.cli import run
codes = [run(["--help"]), run(["predict-word", "--help"]), run(["--models-dir", sys.argv[1], "models", "list"])]
print(json.dumps({"skipped": skipped, "count": count, "codes": codes}))
"""


def test_everything_is_imported_where_only_linux_has_it(tmp_path: Path) -> None:
    """In a process of its own, without fcntl, resource, SIGHUP and the flags of open that Windows lacks."""
    light = "import sys\nimport numba\nfor name in ('torch', 'matplotlib', 'gensim'):\n    sys.modules[name] = None\n"
    done = subprocess.run(
        [sys.executable, "-c", light + HIDDEN, str(tmp_path)], capture_output=True, text=True, check=False
    )  # numba before: it has a form of its own for the systems that lack what is hidden
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    lacking = {name.split(".")[0] for _, name in found["skipped"]}
    assert found["count"] > 300 and found["codes"] == [0, 0, 0]
    assert lacking <= {"torch", "matplotlib", "gensim"}, found["skipped"]


class Windows:
    """What msvcrt's locking does: a byte of a file belongs to whoever asked first."""

    LK_NBLCK, LK_UNLCK = 2, 0

    def __init__(self) -> None:
        self.held: dict[tuple[int, int], int] = {}

    def locking(self, fd: int, what: int, count: int) -> None:
        assert count == 1 and os.lseek(fd, 0, os.SEEK_CUR) == locks.PLACE
        key = (os.fstat(fd).st_dev, os.fstat(fd).st_ino)
        if what == self.LK_UNLCK:
            assert self.held.pop(key) == fd
        elif key in self.held:
            raise PermissionError(13, "Permission denied")
        else:
            self.held[key] = fd


@pytest.mark.parametrize("system", ["linux", "windows"])
def test_a_model_is_written_by_one_at_a_time(system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seqcli.errors import ModelError
    from seqcli.store.files import Claim

    if system == "windows":
        monkeypatch.setattr(locks, "fcntl", None)
        windows = Windows()
        monkeypatch.setattr(locks, "import_module", lambda name: SimpleNamespace(
            locking=windows.locking, LK_NBLCK=2, LK_UNLCK=0))  # fmt: skip
    (tmp_path / "book").mkdir()
    first = Claim(tmp_path / "book")
    with pytest.raises(ModelError, match=f"is in use by process {os.getpid()}"):
        Claim(tmp_path / "book")
    first.release()
    Claim(tmp_path / "book").release()
    assert list((tmp_path / "book").iterdir()) == []
