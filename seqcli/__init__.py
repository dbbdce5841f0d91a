"""seqcli: word prediction and embeddings from your own text, on your own CPU, from the shell and from Python."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, overload

from seqcli import errors
from seqcli.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seqcli.language.answers import LanguageModel
    from seqcli.translation.answers import Translator
    from seqcli.vectors.answers import WordVectors

__all__ = ["LanguageModel", "Translator", "WordVectors", "__version__", "errors", "load"]
_ANSWERS = {"LanguageModel": "language", "Translator": "translation", "WordVectors": "vectors"}


@overload
def load(
    name: str | os.PathLike[str] | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    *,
    task: Literal["lm"],
    mix: Iterable[str] = (),
    cache: str | None = None,
    dynamic: bool = False,
) -> LanguageModel: ...


@overload
def load(
    name: str | os.PathLike[str] | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    *,
    task: Literal["vectors"],
) -> WordVectors: ...


@overload
def load(
    name: str | os.PathLike[str] | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    *,
    task: Literal["translation"],
) -> Translator: ...


@overload
def load(
    name: str | os.PathLike[str] | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    *,
    mix: Iterable[str] = (),
    cache: str | None = None,
    dynamic: bool = False,
) -> LanguageModel | WordVectors | Translator: ...


def load(
    name: str | os.PathLike[str] | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    *,
    task: str | None = None,
    **added: Any,
) -> LanguageModel | WordVectors | Translator:
    """Return a trained model that answers: by its name, by the path of its directory, or the default one.

    models_dir: where models are kept; else SEQCLI_MODELS, else ./models. task: what it is for ("lm", "vectors",
    "translation"): a model of another task is refused, and the default is that task's. mix, cache, dynamic: what a
    language model answers with beside itself, as on the command line. Raises the errors of seqcli.errors.
    """
    from seqcli.session import Silent
    from seqcli.store import Shelf
    from seqcli.tasks import TASKS, resolved
    from seqcli.threads import Untouched

    if task is not None and task not in TASKS:
        raise errors.MisuseError(f"There is no task {errors.quoted(task)}; choose from {', '.join(TASKS)}.")
    task = task or ("lm" if added else None)
    shelf = Shelf(os.fspath(models_dir) if models_dir else os.environ.get("SEQCLI_MODELS") or "models")
    record = shelf.read(os.fspath(name) if name else os.environ.get("SEQCLI_MODEL") or None, task)
    answers: LanguageModel | WordVectors | Translator
    answers = resolved(TASKS[task or record.task].load)(Silent(shelf, Untouched()), record, **added)
    return answers


def __getattr__(name: str) -> Any:
    if name not in _ANSWERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"seqcli.{_ANSWERS[name]}.answers"), name)
