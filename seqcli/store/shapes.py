"""What a model.json says beside its settings, and what a line of its history says: of which kind every value is.

Each kind is declared once, here; what is written is checked by it as what is read is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from seqcli.errors import quoted
from seqcli.settings import value_type
from seqcli.store.strict import parse_json
from seqcli.training.progress import ENDLESS, Progress

LONGEST_TEXT = 1000  # characters; a file's name has 255 at most
MOST = 2**62  # of what is counted: a training that goes on adds to it
LARGEST = ENDLESS  # of any count or figure: none comes near
_HASH = re.compile("[0-9a-f]{64}")


class Kind(NamedTuple):
    """What a value may be: in a word or two, and as a test."""

    name: str
    holds: Callable[[Any], bool]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and type(value) is not bool and abs(value) <= LARGEST


NUMBER = Kind("a number", _is_number)
FIGURE = Kind("a number", lambda v: type(v) in (int, float) and abs(v) <= 1e300)  # of a training that went wrong, too
AMOUNT = Kind("a number, 0 or more", lambda v: _is_number(v) and v >= 0)
SHARE = Kind("a share, 0 to 1", lambda v: _is_number(v) and 0 <= v <= 1)
COUNT = Kind("a count", lambda v: type(v) is int and 0 <= v <= MOST)
SOME = Kind("a count, 1 or more", lambda v: type(v) is int and 1 <= v <= LARGEST)
FLAG = Kind("true or false", lambda v: type(v) is bool)
TEXT = Kind("a text", lambda v: isinstance(v, str) and len(v) <= LONGEST_TEXT)
SHORT_TEXT = Kind("a short text", lambda v: isinstance(v, str) and 0 < len(v) <= 100)
BASE_NAME = Kind("a base name", lambda v: isinstance(v, str) and v != "" and not set(v) & {"/", "\\", "\0"})
SHA256 = Kind("a sha256", lambda v: isinstance(v, str) and _HASH.fullmatch(v) is not None)
SCALAR = Kind("a number or a text", lambda v: NUMBER.holds(v) or TEXT.holds(v))
OBJECT = Kind("an object", lambda v: isinstance(v, dict))
SHARES = Kind("a list of shares", lambda v: isinstance(v, list) and all(map(SHARE.holds, v)))


def _or_none(kind: Kind) -> Kind:
    return Kind(f"{kind.name}, or null", lambda v: v is None or kind.holds(v))


Shape = Mapping[str, Kind]
CORPUS: Shape = {
    "name": BASE_NAME,
    "sha256": SHA256,
    "lines": COUNT,
    "tokens": COUNT,
    "unknown_rate": SHARE,
    "held_out": TEXT,
    "held_out_sha256": SHA256,
    "held_out_tokens": COUNT,
    "target_name": BASE_NAME,
    "usual_source": SOME,
    "names_copied": TEXT,
    "monolingual": TEXT,
    "unseen_words": SOME,
    "from": TEXT,
    "from_sha256": SHA256,
}
MEASURED = {  # task -> the figures that every evaluation of it gives
    "lm": ("tokens", "nats_per_token", "perplexity", "bits_per_character"),
    "vectors": ("pairs", "nats_per_pair"),
    "translation": ("tokens", "nats_per_token"),
    "dialogue": ("tokens",),
    "fill": ("tokens", "nats_per_token", "accuracy_1", "accuracy_5", "accuracy_10"),
    "sentences": ("tokens", "sentences"),
}
RESULTS: Shape = {"held_out": OBJECT, "mixtures": OBJECT, "words": COUNT, "dimensions": COUNT}
HELD_OUT: Shape = {
    "tokens": COUNT,
    "pairs": COUNT,
    "unknown_rate": SHARE,
    "nats_per_token": FIGURE,
    "nats_per_pair": FIGURE,
    "perplexity": Kind("a number, 0 or more", lambda v: type(v) in (int, float) and v >= 0),  # e to the 700th at most
    "bits_per_character": FIGURE,
    "accuracy_1": SHARE,
    "accuracy_5": SHARE,
    "accuracy_10": SHARE,
    "sentences": SOME,
    "bound_nats_per_sentence": FIGURE,
    "reconstruction_nats_per_sentence": FIGURE,
    "nats_per_sentence": FIGURE,
    "kl_per_sentence": FIGURE,
    "active_units": COUNT,
    "mutual_information": AMOUNT,
    "bleu": AMOUNT,
    "chrf": AMOUNT,
    "signature": TEXT,
}
MIXTURE: Shape = {"weights": SHARES, "cache": TEXT}
HISTORY: Shape = {
    "update": COUNT,
    "tokens": COUNT,
    "words": COUNT,
    "seconds": AMOUNT,
    "learning_rate": AMOUNT,
    "threads": COUNT,
    "training_loss": _or_none(FIGURE),
    "held_out": FIGURE,
    "best": FLAG,
}
TRIAL: Shape = {  # a line of a search for settings
    "number": COUNT,
    "round": COUNT,
    "minutes": AMOUNT,
    "settings": OBJECT,
    "nats_per_token": _or_none(NUMBER),
    "updates": COUNT,
    "tokens": COUNT,
}
_BY_TYPE = {int: COUNT, float: AMOUNT, bool: FLAG, str: TEXT}


def _progress() -> Shape:
    """Return the shape of a progress, as its own fields declare it."""
    shape = {}
    for f in fields(Progress):
        kind, optional = value_type(Progress, f.name)
        shape[f.name] = _or_none(_BY_TYPE[kind]) if optional else _BY_TYPE[kind]
    finished = Kind("a reason, or true", lambda v: TEXT.holds(v) or v is True)
    figures = {"training_loss": FIGURE, "best_nats": _or_none(FIGURE), "known_nats": _or_none(FIGURE)}
    return shape | {"plan_share": SHARE, "finished": finished, **figures}


PROGRESS = _progress()


def checked(values: Mapping[str, Any], key: str, kind: Kind, where: str = "") -> Any:
    """Return a value that must be there. Raises ValueError, naming the key, for one that is missing or of another kind.

    where: the keys above it, with a dot behind.
    """
    if key not in values or not kind.holds(values[key]):
        found = quoted(values[key], 40) if key in values else "missing"
        raise ValueError(f"{where}{quoted(key)[1:-1]} is {found}, expected {kind.name}")
    return values[key]


def fitting(values: Mapping[str, Any], shape: Shape, where: str, other: Kind | None = None) -> None:
    """Raise ValueError, naming the key, for a value of another kind than its shape says.

    other: the kind of the keys that are not in the shape; None where there may be none.
    """
    for key in values:
        kind = shape.get(key, other)
        if kind is None:
            raise ValueError(f"{where}.{quoted(key)[1:-1]} is unknown")
        checked(values, key, kind, f"{where}.")


def corpus_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record says of its text."""
    corpus: dict[str, Any] = checked(values, "corpus", OBJECT)
    for key in ("name", "sha256", "lines", "tokens"):
        checked(corpus, key, CORPUS[key], "corpus.")
    fitting(corpus, CORPUS, "corpus", SCALAR)
    return corpus


def results_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a record: single ones, those on held-out text, and shares that were fitted.

    A training that was measured has all the figures of its task: who goes on with it, or from it, reads them.
    """
    results: dict[str, Any] = checked(values, "results", OBJECT)
    fitting(results, RESULTS, "results", SCALAR)
    found = values.get("progress")
    progress: dict[str, Any] = found if isinstance(found, dict) else {}
    over = bool(progress.get("finished")) and progress.get("evaluation_due") is False
    measured = over or progress.get("best_nats") is not None
    for key in MEASURED.get(str(values.get("task")), ()) if measured or "held_out" in results else ():
        checked(checked(results, "held_out", OBJECT, "results."), key, HELD_OUT[key], "results.held_out.")
    fitting(results.get("held_out", {}), HELD_OUT, "results.held_out", SCALAR)
    mixtures = results.get("mixtures", {})
    fitting(mixtures, {}, "results.mixtures", OBJECT)
    for name, mixture in mixtures.items():
        for key in MIXTURE:
            checked(mixture, key, MIXTURE[key], f"results.mixtures.{quoted(name, 40)}.")
    return results


def progress_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a record's training stands."""
    progress: dict[str, Any] = checked(values, "progress", OBJECT)
    fitting(progress, PROGRESS, "progress")
    return progress


def history_of(data: bytes) -> list[dict[str, Any]]:
    """Return the lines of a history, an evaluation each. Raises ValueError for what no training wrote."""
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(data.splitlines(), 1):
        row = parse_json(line)
        if not isinstance(row, dict):
            raise ValueError(f"line {number} is not an object")
        for key in ("update", "seconds", "held_out"):
            checked(row, key, HISTORY[key], f"line {number}: ")
        fitting(row, HISTORY, f"line {number}", SCALAR)
        if rows and row.keys() != rows[0].keys():
            raise ValueError(f"line {number} has other keys than the first")
        rows.append(row)
    return rows
