"""The command that makes a model again: every setting that is not what a new training would take by itself."""

from __future__ import annotations

import shlex
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from seqcli.settings import option_name, typed
from seqcli.tasks import ARCHITECTURES, TASKS, key_of, names_of

if TYPE_CHECKING:
    from seqcli.store import Record

NOT_TYPED = {("translation", "run", "unroll"), ("dialogue", "run", "unroll"), ("sentences", "run", "unroll")}
NOT_TYPED |= {("vectors", "text", "subwords")}  # settings that the command of a task has no option for
CUT = "cut"  # how the record of a held-out part begins that was no file of its own


def again(record: Record) -> str:
    """Return the command line that makes a model again, "" for one that no training made."""
    if record.architecture == "imported":
        return ""
    command, *_ = TASKS[record.task].trained_by.split()
    words = ["seqcli", command, *_texts(record), "--name", record.name]
    kind = ARCHITECTURES[key_of(record.task, record.architecture)]
    if len(names_of(record.task)) > 1:
        words += ["--architecture", record.architecture]
    for part in ("text", "spec", "run"):
        words += _settings(record.task, part, getattr(record, part), kind.defaults)
    return shlex.join(words)


def remark(record: Record) -> str:
    """Return what else must be the same for the same model."""
    if record.architecture == "imported":
        return "It was not trained here; it was imported, or made of another model."
    parts = [f"It was made by seqcli {record.version} of a text whose sha256 is {record.corpus['sha256'][:16]}…"]
    if record.corpus.get("from"):
        parts.append(f"It began with {record.corpus['from']}: add --from.")
    if getattr(record.run, "minutes", None) is not None:
        parts.append("The clock decides a training by minutes: the figures come again, the bytes do not.")
    return " ".join(parts)


def _texts(record: Record) -> list[str]:
    corpus = record.corpus
    names = [str(corpus[key]) for key in ("name", "target_name") if corpus.get(key)]
    held_out = corpus.get("held_out")
    valid = [] if not held_out or str(held_out).startswith(CUT) else ["--valid", str(held_out)]
    return names + valid


def _settings(task: str, part: str, group: Any, defaults: Any) -> list[str]:
    words: list[str] = []
    for f in fields(group):
        value = getattr(group, f.name)
        usual = defaults.get(f.name, f.default)
        left_out = f.name == "architecture" or (task, part, f.name) in NOT_TYPED
        if not left_out and usual is not MISSING and value != usual and value not in (None, ()):
            words += _typed(f.name, value, f.metadata.get("typed", ""))
    return words


def _typed(name: str, value: Any, flag: str) -> list[str]:
    if isinstance(value, tuple):
        return [word for one in value for word in (flag or option_name(name), str(one))]
    return [flag.split("/")[0]] if flag and value is True else typed(name, value)
