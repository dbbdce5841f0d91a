"""The trials of a search as JSON lines beside the models."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from seqcli.errors import DamagedError, MisuseError, ModelError, quoted
from seqcli.language.tuning.halving import Trial

if TYPE_CHECKING:
    from seqcli.session import Session

ENDING = ".tune.jsonl"


class Journal:
    """The trials of a search as JSON lines beside the models; the first line says what is searched.

    It is held, as a model is in a training, until it is closed.
    """

    def __init__(self, session: Session, name: str, resume: bool, replace: bool) -> None:
        """Raises ModelError for a search that is there already or in use, or is to go on and is not there."""
        from seqcli.store.default import check_name
        from seqcli.store.files import Claim, explained, make_directory

        check_name(name)
        root = session.shelf.root
        self.path = os.path.join(root, name + ENDING)
        self.header: dict[str, Any] | None = None
        self.trials: list[Trial] = []
        self._check(resume, replace)
        with explained("write", root):
            make_directory(root)
            self._claim = Claim(root, follow=True, of=name + ENDING)
        try:
            self._check(resume, replace)  # again: another process may have been quicker
            if resume:
                self._read()
        except BaseException:
            self._claim.release()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._claim.release()

    def _check(self, resume: bool, replace: bool) -> None:
        there = os.path.lexists(self.path)
        if there and not (resume or replace):
            raise ModelError(f"{quoted(self.path, 160)} exists; add --resume to go on, or --replace to begin anew.")
        if resume and not there:
            raise ModelError(f"There is no {quoted(self.path, 160)} to go on with; leave out --resume.")

    def begin(self, header: dict[str, Any]) -> None:
        """Begin to write, or make sure that the same is searched. Raises MisuseError where it is not."""
        if self.header is not None:
            odd = [key for key in header if self.header.get(key) != header[key]]
            if odd:
                raise MisuseError(
                    f"The search in {quoted(self.path, 160)} began with another {', '.join(odd)}; give the same text "
                    "and settings, or --replace."
                )
        from seqcli.store.files import write_whole

        lines = [header, *(trial._asdict() for trial in self.trials)]
        write_whole(self.path, [json.dumps(line).encode() + b"\n" for line in lines])

    def add(self, trial: Trial) -> None:
        """Write a trial down. Raises ModelError."""
        try:
            with open(self.path, "ab") as stream:
                stream.write(json.dumps(trial._asdict()).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise ModelError(f"Cannot write {quoted(self.path, 160)}: {error.strerror}; make room there.") from error
        self.trials.append(trial)

    def _read(self) -> None:
        """Read what was written; a last line that was cut short is left out."""
        from seqcli.store.files import open_regular
        from seqcli.store.shapes import TRIAL, checked
        from seqcli.store.strict import parse_json

        try:
            with open(open_regular(self.path), "rb") as stream:
                whole = stream.read().split(b"\n")[:-1]
            lines = [parse_json(line) for line in whole]
            if not all(isinstance(line, dict) for line in lines):
                raise ValueError("a line is no object")
            for line in lines[1:]:
                for key, kind in TRIAL.items():
                    checked(line, key, kind)
            self.header, self.trials = lines[0], [Trial(**line) for line in lines[1:]]
        except OSError as error:
            raise ModelError(f"Cannot read {quoted(self.path, 160)}: {error.strerror}; check the path.") from error
        except (ValueError, TypeError, IndexError) as error:
            raise DamagedError(f"{quoted(self.path, 160)} is no search that tune wrote; use --replace.") from error
