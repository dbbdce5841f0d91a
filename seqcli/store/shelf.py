"""The shelf: a directory of models, the defaults among them, and the one way to write a model."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seqcli.errors import DamagedError, MisuseError, ModelError, meant, quoted
from seqcli.store.archive import ENDING, ZIP, check_archive, read_archive, write_archive
from seqcli.store.default import NAME, Defaults, check_name, training_step
from seqcli.store.draft import Draft
from seqcli.store.files import PATH_LIMIT, Claim, explained, make_directory, read_small, sync_directory
from seqcli.store.record import RECORD, RECORD_LIMIT, Record, is_content_name, parse
from seqcli.tasks import TASKS

TRAINED = "add --resume to go on with it, --replace to train it anew"  # where a name is taken
TAKEN_IN = "add --replace to replace it"
ATTEMPTS = 1000  # times to read a model that is saved again each time; a second, far more than any training needs


@dataclass(frozen=True)
class Damaged:
    """A model that is there but cannot be read, and why."""

    name: str
    reason: str


def _is_directory(path: Path) -> bool:
    """Return whether a path is a directory, or nothing yet; looked at once: others may make and remove it meanwhile."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return True  # whoever makes it will say what is wrong


class Shelf:
    """A directory of models. Reading creates nothing and needs no lock; writing holds the model's lock."""

    def __init__(self, root: str | Path) -> None:
        with explained("find", root):
            self.root = Path(os.path.abspath(root))
        self._defaults = Defaults(self.root, self._task)

    # -- reading --------------------------------------------------------------------------------------------------

    def is_open_to_all(self) -> bool:
        """Return whether every user of the machine may write to the shelf, and so make or replace models in it."""
        try:
            return bool(os.stat(self.root).st_mode & stat.S_IWOTH)
        except OSError:
            return False  # whoever reads it will say what is wrong

    def names(self) -> list[str]:
        """Return the names of the models, sorted; files and directories of other kinds are passed over."""
        return [name for name in self._listed() if NAME.fullmatch(name) and self._is_model(name)]

    def entries(self) -> Iterator[Record | Damaged]:
        """Yield every model, a damaged one with its reason. Reads only records; contents are not hashed."""
        for name in self.names():
            try:
                record, fault = self._settled(name, hold=False)
                yield Damaged(name, fault) if fault else record
            except ModelError as error:
                if self._is_model(name):  # else it has been removed since it was listed
                    yield Damaged(name, str(error))

    def read(self, name: str | None = None, task: str | None = None) -> Record:
        """Return a model, by its name or its path. Raises ModelError where there is none, DamagedError where it is bad.

        Without a name it is the default of the task (of any task: the default chosen last), else the only one.
        """
        if name is None:
            name = self._defaults.meant(task, self.names)
        shelf, name = self.located(name)
        if shelf is not self:
            return shelf.read(name, task)
        check_name(name)
        if not self._is_model(name):
            raise self._missing(name, task)
        return self._settled(name, hold=True)[0]

    def located(self, name: str) -> tuple[Shelf, str]:
        """Return shelf and name of a model that is called by the path to it, models/book; else this shelf."""
        folder, base = os.path.split(os.path.abspath(name))
        if os.sep in name and folder == str(self.root):
            return self, base
        return (Shelf(folder), base) if os.sep in name and os.path.isdir(name) else (self, name)

    def has(self, name: str) -> bool:
        """Return whether a model has this name, or lies under this path."""
        shelf, base = self.located(name)
        return bool(NAME.fullmatch(base)) and shelf._is_model(base)

    def check(self, name: str | None = None) -> Record:
        """Return a model of which every byte has been read and hashed."""
        record = self.read(name)
        record.check()
        return record

    def _settled(self, name: str, *, hold: bool) -> tuple[Record, str | None]:
        """Return a record whose files are held open or all there, even while another is saved; and what is wrong.

        Files of a record that stands are missing only where they were lost; whoever needs one will say so.
        """
        for _ in range(ATTEMPTS):
            stamp = self._stamp(name)
            record = parse(self._raw(name), name, self.root / name)
            fault = None if hold and record.hold() else record.fault()
            if fault is None or self._stamp(name) == stamp:
                return record, fault
        raise ModelError(f"Model {quoted(name)} is being saved without a pause; try again.")

    def _stamp(self, name: str) -> tuple[int, int] | None:
        """Return what differs once a record was saved again, with the very same bytes too; None where there is none."""
        try:
            status = os.lstat(self.root / name / RECORD)
        except OSError:
            return None  # whoever reads it will say what is wrong
        return status.st_ino, status.st_mtime_ns

    def _raw(self, name: str) -> bytes:
        if not self._is_model(name):
            raise self._missing(name)
        try:
            with explained("read", self.root / name / RECORD):
                return read_small(self.root / name / RECORD, RECORD_LIMIT)
        except ModelError as error:
            number = getattr(error.__cause__, "errno", None)
            if number == errno.ENOENT:
                raise self._missing(name) from error
            if number not in (errno.EINVAL, errno.EFBIG):
                raise
            what = "it is not a regular file" if number == errno.EINVAL else "it is too long"
            raise DamagedError(
                f"{quoted(f'{name}/{RECORD}')} is damaged: {what}; copy it again, or train it anew with --replace."
            ) from error

    def _listed(self) -> list[str]:
        with explained("read", self.root):
            try:
                return sorted(os.listdir(self.root))
            except FileNotFoundError:
                return []

    def _is_model(self, name: str) -> bool:
        """Return whether a directory with a record, readable or not, has this name. A link to one is none."""
        try:
            if not stat.S_ISDIR(os.lstat(self.root / name).st_mode):
                return False
            os.lstat(self.root / name / RECORD)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            return error.errno != errno.ELOOP  # a loop of links; else whoever reads it will say what is wrong
        return True

    def _remains(self, name: str) -> bool:
        """Return whether a directory has files of a model, though no record: a copy cut short, a removal killed."""
        try:
            directory = stat.S_ISDIR(os.lstat(self.root / name).st_mode)
            return directory and any(map(is_content_name, os.listdir(self.root / name)))
        except OSError:
            return False

    def _missing(self, name: str, task: str | None = None) -> ModelError:
        if self._remains(name):
            where = quoted(self.root, PATH_LIMIT)
            return DamagedError(f"{quoted(f'{name}/{RECORD}')} is missing in {where}; copy it again, or train it anew.")
        return self._absent(name, task)

    def _absent(self, name: str, task: str | None = None) -> ModelError:
        names, where = self.names(), quoted(self.root, PATH_LIMIT)
        if os.path.islink(self.root / name):
            return ModelError(f"{quoted(name)} in {where} is a link, which is not followed; put the model there.")
        if not names:
            return ModelError(f"There is no model {quoted(name)}: {where} has none at all; {training_step(task)}.")
        step = meant(name, names, "see what is there: seqcli models list.", 0.5)
        return ModelError(f"There is no model {quoted(name)} in {where}; {step}")

    # -- the defaults ---------------------------------------------------------------------------------------------

    def defaults(self) -> dict[str, str]:
        """Return the name of the default model of each task, the one chosen last first; "" where no task is known."""
        return self._defaults.read()

    def default(self, task: str | None = None) -> str | None:
        """Return the default model of a task, or None where none was chosen; of any task, the one chosen last."""
        found = self.defaults()
        return next(iter(found.values()), None) if task is None else found.get(task, found.get(""))

    def set_default(self, name: str, *, only_first: bool = False) -> bool:
        """Choose the model that is read for its task where no name is given; return whether it is this one now.

        only_first: leave a choice that was made. Raises ModelError where there is no such model.
        """
        shelf, name = self.located(name)
        if shelf is not self:
            raise MisuseError(f"The default of {quoted(self.root, PATH_LIMIT)} must lie in it; add --models-dir.")
        check_name(name)
        task = self._settled(name, hold=False)[0].task
        self._defaults.choose(name, task, only_first)
        return not only_first or self.default(task) == name

    def _task(self, name: str) -> str | None:
        """Return what a model is for, None where it cannot be read."""
        try:
            return self._settled(name, hold=False)[0].task
        except ModelError:
            return None

    # -- writing --------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def open(
        self, name: str, *, replace: bool = False, resume: bool = False, task: str | None = None, ways: str = TRAINED
    ) -> Iterator[Draft]:
        """Open a model for writing, new or (replace, resume) there already; it is locked until the block ends.

        task: of the model that will be written; one of another task is neither replaced nor gone on with. ways: what
        the command offers where the name is taken. Raises, before anything changes, MisuseError for a bad name,
        ModelError for one that exists (without replace or resume) or is of another task, does not exist (with resume),
        is in use or cannot be written. A block without a save leaves what was.
        """
        shelf, base = self.located(name)
        name = base if shelf is self else name  # a path leads to no other shelf: what is trained lies in this one
        check_name(name)
        self._check_free(name, replace, resume, task, ways)
        claim = self._claimed(name, make=not resume)
        try:
            self._check_free(name, replace, resume, task, ways)  # again: another process may have been quicker
            record = self._settled(name, hold=True)[0] if resume else None
            with explained("write", self.root / name):
                kept = {record.filename(role) for role in record.files} if record else ()
                claim.sweep(is_content_name if record else (lambda _: False), kept)
            yield Draft(name, self.root / name, claim, record)
        finally:
            claim.release(remove=not self._is_model(name))

    def remove(self, name: str) -> None:
        """Remove a model, damaged or not. Other files in its directory stay, and links are not followed."""
        shelf, name = self.located(name)
        if shelf is not self:
            return shelf.remove(name)
        self.check_removable(name)
        claim = self._claimed(name)
        try:
            with explained("remove", self.root / name):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(RECORD, dir_fd=claim.fd)  # from here on there is no such model
                os.fsync(claim.fd)
                claim.sweep(is_content_name)
        finally:
            claim.release(remove=not self._is_model(name))
        with contextlib.suppress(DamagedError):
            if name in self.defaults().values():
                self._defaults.clear(name)

    def check_removable(self, name: str) -> None:
        """Raise ModelError for a name under which there is neither a model nor what is left of one."""
        shelf, name = self.located(name)
        if shelf is not self:
            return shelf.check_removable(name)
        check_name(name)
        if not self._is_model(name) and not self._remains(name):
            raise self._absent(name)  # as seen: another process may be making one by now

    def bytes_of(self, name: str) -> int:
        """Return the size of a model's files, whole or damaged: what its removal frees."""
        shelf, base = self.located(name)
        with explained("read", path := shelf.root / base):
            ours = [file for file in os.listdir(path) if file == RECORD or is_content_name(file)]
            return sum(os.lstat(path / file).st_size for file in ours)

    def rename(self, old: str, new: str) -> None:
        """Rename a model; where it is the default of its task it stays so."""
        shelf, old = self.located(old)
        if shelf is not self:
            return shelf.rename(old, new)
        check_name(old)
        check_name(new)
        if not self._is_model(old):
            raise self._missing(old)
        with self._claimed(old):
            self._check_twin(new, but=old)
            if new != old and os.path.lexists(self.root / new):
                raise ModelError(f"{quoted(self.root / new, PATH_LIMIT)} exists; choose another name.")
            with explained("rename", self.root / old):
                os.rename(self.root / old, self.root / new)
                sync_directory(self.root)
        with contextlib.suppress(DamagedError):
            if old in self.defaults().values():
                self._defaults.rename(old, new)

    def export(self, name: str, path: Path) -> None:
        """Write a model, every byte of it checked, as one file: a tar, or a zip where its name ends so.

        Raises ModelError where the file is there.
        """
        check_archive(path)
        record = self.read(name)
        files = record.contents()
        if path.suffix == ZIP:
            from seqcli.store.zip_archive import write_zip  # here: an answer does without zips

            write_zip(path, record, files)
        else:
            write_archive(path, record, files)

    def import_(self, path: Path, name: str | None = None, *, replace: bool = False, choose: bool = False) -> Record:
        """Take in a model that `export` wrote, under its file's name or another. Raises as `open`, and DamagedError.

        choose: let it be the default of its task where there is none.
        """
        name = path.name.removesuffix(ENDING).removesuffix(ZIP) if name is None else name
        check_name(name)
        self._check_free(name, replace, ways=TAKEN_IN)  # before an archive is read that may be large
        from seqcli.store.zip_archive import is_zip, read_zip

        read = read_zip if is_zip(path) else read_archive
        record, files = read(path, name, self.root / name)
        with self.open(name, replace=replace, task=record.task, ways=TAKEN_IN) as draft:
            draft.commit(record, files)
            if choose:
                self.set_default(name, only_first=True)  # while nobody else can remove it
        return record

    def _claimed(self, name: str, *, make: bool = False) -> Claim:
        """Return the claim to a model's directory; with `make`, one that is not there is made."""
        path = self.root / name
        with explained("write", path):
            for _ in range(ATTEMPTS):
                if make:
                    make_directory(path)
                try:
                    claim = Claim(path)
                except FileNotFoundError:
                    if make:
                        continue  # a process that gave the name up has removed the directory since
                    raise self._absent(name) from None
                if make:
                    sync_directory(self.root)  # the entry may be of one that was killed before it could
                return claim
        raise ModelError(f"{quoted(path, PATH_LIMIT)} is in use by another process; try again.")

    def _check_free(
        self, name: str, replace: bool, resume: bool = False, task: str | None = None, ways: str = TRAINED
    ) -> None:
        self._check_twin(name)
        path = self.root / name
        if self._is_model(name):
            other = self._task(name)
            if task and other and other != task:
                raise ModelError(
                    f"{quoted(path, PATH_LIMIT)} exists and {TASKS[other].does}, which --replace would lose and "
                    f"--resume cannot go on with; choose another name, or remove it first: seqcli models remove {name}."
                )
            if not (replace or resume):
                raise ModelError(f"{quoted(path, PATH_LIMIT)} exists; {ways}, or choose another name.")
        elif resume:
            raise self._missing(name)
        elif not _is_directory(path):
            raise ModelError(f"{quoted(path, PATH_LIMIT)} is not a directory; move it away, or choose another name.")

    def _check_twin(self, name: str, but: str | None = None) -> None:
        """Raise ModelError for a new name that differs from one that is there in the case of letters only."""
        listed = self._listed()
        twins = [other for other in listed if other not in (name, but) and other.lower() == name.lower()]
        if twins and name not in listed:
            raise ModelError(f"{quoted(name)} differs from {quoted(twins[0])} in case only; choose another name.")
