"""seqcli: word prediction and embeddings from your own text, on your own CPU, from the shell and from Python."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, overload

from seqcli import errors
from seqcli.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from seqcli.dialogue.answers import DialogueModel
    from seqcli.fill.answers import GapFiller
    from seqcli.language.answers import LanguageModel
    from seqcli.sentences.answers import Sentences
    from seqcli.session import Silent
    from seqcli.training.events import Event
    from seqcli.translation.answers import Translator
    from seqcli.vectors.answers import WordVectors

__all__ = [
    "DialogueModel",
    "GapFiller",
    "LanguageModel",
    "Sentences",
    "Translator",
    "WordVectors",
    "__version__",
    "errors",
    "load",
    "train",
]
_ANSWERS = {  # the object that answers -> its room
    **{"GapFiller": "fill", "LanguageModel": "language", "Sentences": "sentences"},
    **{"DialogueModel": "dialogue", "Translator": "translation", "WordVectors": "vectors"},
}


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
    task: Literal["fill"],
    mix: Iterable[str] = (),
) -> GapFiller: ...


@overload
def load(
    name: str | os.PathLike[str] | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    *,
    task: Literal["sentences"],
) -> Sentences: ...


@overload
def load(
    name: str | os.PathLike[str] | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    *,
    task: Literal["dialogue"],
) -> DialogueModel: ...


@overload
def load(
    name: str | os.PathLike[str] | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    *,
    mix: Iterable[str] = (),
    cache: str | None = None,
    dynamic: bool = False,
) -> LanguageModel | WordVectors | Translator | GapFiller | Sentences | DialogueModel: ...


def load(
    name: str | os.PathLike[str] | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    *,
    task: str | None = None,
    **added: Any,
) -> LanguageModel | WordVectors | Translator | GapFiller | Sentences | DialogueModel:
    """Return a trained model that answers: by its name, by the path of its directory, or the default one.

    models_dir: where models are kept; else SEQCLI_MODELS, else ./models. task: what it is for ("lm", "vectors",
    "translation", "fill", "sentences", "dialogue"): a model of another task is refused, and the default is that task's.
    mix, cache, dynamic: what a language model answers with beside itself, as on the command line; mix also for a model
    that fills gaps. Raises the errors of seqcli.errors.
    """
    from seqcli.tasks import TASKS, resolved

    _check_task(task)
    task = task or ("lm" if added else None)
    session = _session(models_dir)
    record = session.shelf.read(os.fspath(name) if name else os.environ.get("SEQCLI_MODEL") or None, task)
    answers: LanguageModel | WordVectors | Translator | GapFiller | Sentences | DialogueModel
    answers = resolved(TASKS[task or record.task].load)(session, record, **added)
    return answers


@overload
def train(
    task: Literal["lm"],
    *texts: str | os.PathLike[str],
    name: str | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[Event], object] | None = None,
    note: Callable[[str], object] | None = None,
    **settings: Any,
) -> LanguageModel: ...


@overload
def train(
    task: Literal["vectors"],
    *texts: str | os.PathLike[str],
    name: str | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[Event], object] | None = None,
    note: Callable[[str], object] | None = None,
    **settings: Any,
) -> WordVectors: ...


@overload
def train(
    task: Literal["sentences"],
    *texts: str | os.PathLike[str],
    name: str | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[Event], object] | None = None,
    note: Callable[[str], object] | None = None,
    **settings: Any,
) -> Sentences: ...


@overload
def train(
    task: Literal["fill"],
    *texts: str | os.PathLike[str],
    name: str | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[Event], object] | None = None,
    note: Callable[[str], object] | None = None,
    **settings: Any,
) -> GapFiller: ...


@overload
def train(
    task: Literal["translation"],
    *texts: str | os.PathLike[str],
    name: str | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[Event], object] | None = None,
    note: Callable[[str], object] | None = None,
    **settings: Any,
) -> Translator: ...


@overload
def train(
    task: Literal["dialogue"],
    *texts: str | os.PathLike[str],
    name: str | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[Event], object] | None = None,
    note: Callable[[str], object] | None = None,
    **settings: Any,
) -> DialogueModel: ...


def train(
    task: str,
    *texts: str | os.PathLike[str],
    name: str | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[Event], object] | None = None,
    note: Callable[[str], object] | None = None,
    **settings: Any,
) -> LanguageModel | WordVectors | Translator | GapFiller | Sentences | DialogueModel:
    """Train a model on files, save it under a name, and return it, ready to answer.

    task: "lm", "vectors", "translation", "fill", "sentences" or "dialogue". settings: those of train-lm, train-w2v,
    train-translate, train-fill, train-vae and train-dialogue, by the names of their options: minutes=5,
    hidden_size=256, valid="valid.txt", resume=True, tensorboard="runs"; begin_from is --from. progress: hears the
    events of seqcli.training.events; note: the lines that the command line writes beside them. Ctrl-C saves and raises
    KeyboardInterrupt. Raises the errors of seqcli.errors.
    """
    from seqcli.launch import processes
    from seqcli.tasks import TASKS, resolved
    from seqcli.training import driver
    from seqcli.training.keywords import order_of

    _check_task(task)
    if processes() > 1:
        raise errors.MisuseError(
            "seqcli.train learns in one process; let torchrun start -m seqcli train-… for several."
        )
    trainer, folder = resolved(TASKS[task].trainer), settings.pop("tensorboard", None)
    order = order_of(trainer, texts, name, settings, listener=progress)
    session = _session(models_dir, note)
    session.tensorboard = os.fspath(folder) if folder is not None else None
    try:
        driver.train(session, trainer(session, order), order)
    except SystemExit as stopped:
        raise KeyboardInterrupt from stopped
    trained: LanguageModel | WordVectors | Translator | GapFiller | Sentences | DialogueModel = resolved(
        TASKS[task].load
    )(_session(models_dir), session.shelf.read(order.name, task))
    return trained


def _check_task(task: str | None) -> None:
    from seqcli.tasks import TASKS

    if task is not None and task not in TASKS:
        raise errors.MisuseError(f"There is no task {errors.quoted(task)}; choose from {', '.join(TASKS)}.")


def _session(models_dir: str | os.PathLike[str] | None, note: Callable[[str], object] | None = None) -> Silent:
    """Return the shelf of a directory, and whoever hears notes."""
    from seqcli.session import Heard, Silent
    from seqcli.store import Shelf
    from seqcli.threads import Untouched

    shelf = Shelf(os.fspath(models_dir) if models_dir else os.environ.get("SEQCLI_MODELS") or "models")
    return Silent(shelf, Untouched()) if note is None else Heard(shelf, Untouched(), note)


def __getattr__(name: str) -> Any:
    if name not in _ANSWERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"seqcli.{_ANSWERS[name]}.answers"), name)
