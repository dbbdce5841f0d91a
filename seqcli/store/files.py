"""Files on disk: put whole or not at all, read only when regular, one writer at a time.

Every operation is a call of `os.…` on a directory's descriptor: tests fail and kill each of them in turn, and a
directory that is renamed during a training takes its saves along.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

from seqcli.errors import ModelError, quoted
from seqcli.store import locks

LOCK = ".lock"
TEMPORARY = re.compile(r"\.tmp-[0-9a-f]{16}")
PATH_LIMIT = 160  # characters of a path in a message: whole in nearly every case, and two fit into a line
CHUNK = 2**20
_OPEN = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)  # Windows has the second, and none of the others
_PLAIN = _OPEN | getattr(os, "O_NOFOLLOW", 0)
_DIRECTORY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _OPEN
_WAITLESS = getattr(os, "O_NONBLOCK", 0)  # a FIFO must not hold us up
_FILE = os.O_RDONLY | _WAITLESS | _PLAIN
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _PLAIN

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_NEXT = {  # {} is what may be chosen instead
    errno.ENOSPC: "free some space, or choose another {}",
    errno.EDQUOT: "free some space, or choose another {}",
    errno.EFBIG: "raise the limit on file size, or choose another {}",
    errno.EROFS: "choose a writable {}",
    errno.EACCES: "change its permissions, or choose another {}",
    errno.EPERM: "change its permissions, or choose another {}",
    errno.EIO: "check the disk, or choose another {}",
    errno.ENOLCK: "choose a {} on a local disk",
    errno.EOPNOTSUPP: "choose a {} on a local disk",
    errno.ELOOP: "replace the link by a directory, or choose another {}",
    errno.ENOTDIR: "move it away, or choose another {}",
    errno.EISDIR: "move it away, or choose another {}",
    errno.ENAMETOOLONG: "choose a shorter {}",
    errno.EMFILE: "raise the limit on open files",
}


@contextlib.contextmanager
def explained(doing: str, path: object, other: str = "--models-dir") -> Iterator[None]:
    """Turn an OSError into a ModelError of one line.

    doing: what could not be done, e.g. "write". other: of what another may be chosen.
    """
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        step = _NEXT.get(number, "see that it exists and is yours, or choose another {}").format(other)
        reason = os.strerror(number) if number else quoted(error)
        raise ModelError(f"Cannot {doing} {quoted(path, PATH_LIMIT)}: {reason}; {step}.") from error


def open_regular(path: str | Path) -> int:
    """Return a descriptor for reading a regular file. Links, FIFOs, devices and directories raise OSError (EINVAL)."""
    try:
        fd = os.open(path, _FILE)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link (O_NOFOLLOW), a socket
            raise OSError(errno.EINVAL, "not a regular file") from error
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file")
    return fd


def read_at(fd: int, size: int, offset: int = 0) -> bytearray:
    """Return `size` bytes at an offset, fewer only where the file ends."""
    data = bytearray(size)
    view, done = memoryview(data), 0
    while done < size:
        count = os.preadv(fd, [view[done : done + CHUNK * 64]], offset + done)
        if count == 0:
            break
        done += count
    view.release()
    del data[done:]
    return data


def read_small(path: str | Path, limit: int) -> bytes:
    """Return the bytes of a regular file. One longer than `limit` raises OSError (EFBIG)."""
    fd = open_regular(path)
    try:
        data = bytes(read_at(fd, limit + 1))
    finally:
        os.close(fd)
    if len(data) > limit:
        raise OSError(errno.EFBIG, "too long")
    return data


def make_directory(path: Path) -> None:
    """Make a directory and its parents, each entry on the disk when this returns."""
    if path.is_dir():
        return
    if path.parent != path:
        make_directory(path.parent)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """See to it that a directory's entries are on the disk."""
    fd = os.open(path, _DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_whole(path: str | Path, blocks: Iterable[bytes]) -> None:
    """Write a file of any directory whole or not at all, in place of one that is there; a link itself is replaced.

    Raises ModelError.
    """
    with explained("write", path, "file"):
        head, name = os.path.split(path)
        directory = os.open(head or ".", _DIRECTORY)
        try:
            put(directory, name, _gathered(blocks))
            os.fsync(directory)
        finally:
            os.close(directory)


def _gathered(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in blocks that are worth a call each."""
    held = bytearray()
    for block in blocks:
        held += block
        if len(held) >= CHUNK:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def stage(directory: int, blocks: Iterable[bytes]) -> str:
    """Write a temporary file, whole and on the disk, and return its random name; leave nothing on failure."""
    name = f".tmp-{os.urandom(8).hex()}"
    fd = os.open(name, _NEW, 0o666, dir_fd=directory)  # less the umask, as for any file of the user
    try:
        try:
            for block in blocks:
                _write_all(fd, block)
            os.fsync(fd)
        finally:
            os.close(fd)
    except BaseException:
        discard(directory, name)
        raise
    return name


def put(directory: int, name: str, blocks: Iterable[bytes]) -> None:
    """Put a file in place, whole, over an older one; the caller syncs the directory."""
    temporary = stage(directory, blocks)
    try:
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        discard(directory, temporary)
        raise


def discard(directory: int, name: str) -> None:
    """Remove a file that nobody needs; one that cannot be removed stays for the next writer to sweep."""
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=directory)


def _write_all(fd: int, data: bytes) -> None:
    view, done = memoryview(data), 0
    while done < len(view):
        try:
            count = os.write(fd, view[done:])
        except InterruptedError:
            continue
        if count <= 0:
            raise OSError(errno.EIO, "nothing was written")
        done += count


class Claim:
    """The right to write in a directory, held by one process at a time; a killed holder loses it at once.

    The lock is a `flock` on a file in it, which names its holder for the message and goes when the claim ends.
    """

    def __init__(self, path: Path, *, follow: bool = False, patience: float = 0.0, of: str = "") -> None:
        """follow: path may be a link to a directory. patience: seconds to wait for another holder.

        of: the one file in the directory that is claimed; by default all of it is.
        """
        self.path, self._name = path, f".{of}{LOCK}" if of else LOCK
        flags = _DIRECTORY | (0 if follow else _PLAIN)
        until = time.monotonic() + patience
        while True:
            with contextlib.ExitStack() as opened:
                self.fd = os.open(path, flags)
                opened.callback(close_quietly, self.fd)
                self._lock = _locked(self.fd, self._name, path / of, until)
                opened.callback(close_quietly, self._lock)
                if not self._stands(follow):
                    continue  # another process removed the directory or the lock between our open and our lock
                _sign(self._lock)
                if not os.access(path, os.W_OK | os.X_OK):
                    raise PermissionError(errno.EACCES, "not writable")
                self._opened = opened.pop_all()
                return

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.release()

    def _stands(self, follow: bool) -> bool:
        """Return whether the directory and the lock are still the ones that others would find."""
        try:
            here = os.stat(self.path, follow_symlinks=follow)
            lock = os.stat(self._name, dir_fd=self.fd, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(here, os.fstat(self.fd)) and os.path.samestat(lock, os.fstat(self._lock))

    def names(self) -> list[str]:
        """Return the names of all files in the directory."""
        return os.listdir(self.fd)

    def commit(self, record: str, data: bytes, files: Mapping[str, bytes]) -> None:
        """Put files in place, then `data` under the name `record` by one rename: before it nothing has changed.

        A file that is there with the same bytes is kept. A failure before the rename removes what was written.
        """
        written: list[str] = []
        try:
            for name, content in files.items():
                kept = self._holds(name, content)
                if not kept:
                    put(self.fd, name, [content])
                if kept is None:
                    written.append(name)
            os.fsync(self.fd)
            temporary = stage(self.fd, [data])
        except BaseException:
            for name in written:
                discard(self.fd, name)
            raise
        try:
            os.rename(temporary, record, src_dir_fd=self.fd, dst_dir_fd=self.fd)
        except BaseException:
            discard(self.fd, temporary)
            raise
        os.fsync(self.fd)

    def rewrite(self, name: str, data: bytes) -> None:
        """Give a small file other content within the room that it has: what is left to do on a full disk.

        It is put aside meanwhile, so that a reader finds the old file, none, or the new one.
        """
        aside = f".tmp-{os.urandom(8).hex()}"
        os.rename(name, aside, src_dir_fd=self.fd, dst_dir_fd=self.fd)
        try:
            fd = os.open(aside, os.O_WRONLY | _PLAIN, dir_fd=self.fd)
            try:
                os.pwrite(fd, data, 0)
                os.ftruncate(fd, len(data))
                os.fsync(fd)
            finally:
                os.close(fd)
        finally:
            os.rename(aside, name, src_dir_fd=self.fd, dst_dir_fd=self.fd)
            os.fsync(self.fd)

    def _holds(self, name: str, content: bytes) -> bool | None:
        """Return whether a file is there with these bytes; None where there is nothing of that name."""
        try:
            fd = os.open(name, _FILE, dir_fd=self.fd)
        except FileNotFoundError:
            return None
        except OSError:
            return False
        try:
            if os.fstat(fd).st_size != len(content):
                return False
            view = memoryview(content)
            return all(read_at(fd, CHUNK, i) == view[i : i + CHUNK] for i in range(0, len(view), CHUNK))
        except OSError:
            return False
        finally:
            os.close(fd)

    def sweep(self, ours: Callable[[str], bool], keep: Collection[str] = ()) -> None:
        """Remove temporary files and those that are ours, by their name, and not to be kept."""
        for name in self.names():
            if TEMPORARY.fullmatch(name) or (ours(name) and name not in keep):
                discard(self.fd, name)

    def release(self, *, remove: bool = False) -> None:
        """Give the claim up; with `remove`, the directory goes too if nothing else is in it."""
        discard(self.fd, self._name)  # while it is held: whoever opened this very file will notice
        with contextlib.suppress(OSError):
            if remove:
                os.rmdir(self.path)
                sync_directory(self.path.parent)
        with contextlib.suppress(OSError):
            locks.give_back(self._lock)  # a forked child may have it open still
        self._opened.close()


def _locked(directory: int, name: str, path: Path, until: float) -> int:
    """Return a descriptor of the lock file, locked. Raises ModelError, naming the holder of path, where another is."""
    fd = os.open(name, os.O_RDWR | os.O_CREAT | _WAITLESS | _PLAIN, 0o666, dir_fd=directory)
    try:
        for attempt in range(10**6):
            try:
                locks.take(fd)
                return fd
            except BlockingIOError:
                holder = re.fullmatch(rb"(\d{1,10}) (\S{1,80})\n", os.pread(fd, 100, 0))
                if time.monotonic() >= until and (holder or attempt >= 20):  # 0.2 s for the holder to sign
                    raise
            time.sleep(0.01)
        raise BlockingIOError(errno.EWOULDBLOCK, "locked")
    except BlockingIOError as error:
        os.close(fd)
        host = quoted(holder[2].decode(errors="replace")) if holder else ""
        who = f"process {int(holder[1])} on {host}" if holder else "another process"
        raise ModelError(
            f"{quoted(path, PATH_LIMIT)} is in use by {who}; wait for it to end, or choose another name."
        ) from error
    except BaseException:
        os.close(fd)
        raise


def _sign(lock: int) -> None:
    """Write down who holds a lock, for the messages of others; on a full disk it is held unsigned."""
    import socket

    try:
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()} {socket.gethostname() or '?'}\n".encode())
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise


def close_quietly(fd: int) -> None:
    """Close a descriptor; there is nothing left to lose if that fails."""
    with contextlib.suppress(OSError):
        os.close(fd)
