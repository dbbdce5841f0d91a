"""What a setting is, and what every group of settings can do: be checked, written to a record, read from one."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, field, fields, replace
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from seqcli.errors import MisuseError, meant, quoted


def given(cls: type, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of one kind that stand on the command line."""
    return {f.name: params[f.name] for f in fields(cls) if params.get(f.name) not in (None, ())}


def decided(before: Any, changes: dict[str, Any]) -> dict[str, Any]:
    """Return the changes to settings that stand: what is left open, as by --tokenizer auto, is what it was before."""
    open_choices = {f.name: f.metadata["undecided"] for f in fields(before)}
    return {name: value for name, value in changes.items() if value not in open_choices.get(name, ())}


def settings(base: S, changes: dict[str, Any]) -> S:
    """Return settings with changes made. Raises MisuseError, naming the option, for a value out of range."""
    names = [f.name for f in fields(base)]  # type: ignore[arg-type]
    for odd in changes.keys() - names:
        raise unknown_setting(odd, names)
    spec: S = replace(base, **changes)  # type: ignore[type-var]
    check(spec)
    return spec


def check_given(params: Mapping[str, Any], *kinds: type) -> None:
    """Raise MisuseError for a setting that was given and is out of its range, before anything else is looked at.

    Of a name that two kinds have, the later one is meant.
    """
    checked = {"architecture"}  # which kinds are looked at depends on it; whoever asked knows its choices
    for kind in reversed(kinds):
        settings(kind(), {name: value for name, value in given(kind, params).items() if name not in checked})
        checked |= {f.name for f in fields(kind)}


def unknown_setting(name: str, names: Sequence[str]) -> MisuseError:
    """Return the error of a keyword argument that is no setting."""
    step = meant(name, names, f"there are {', '.join(names)}.")
    return MisuseError(f"There is no setting {quoted(name)}; {step}")


S = TypeVar("S")
GIVEN_UP = frozenset({"r_drop"})  # settings of earlier models that are none any more: they shaped a training, no answer


def setting(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    choices: tuple[str, ...] = (),
    undecided: tuple[str, ...] = (),
    panel: str = "Model",
    typed: str = "",
    metavar: str = "",
    absent: Any = MISSING,
) -> Any:
    """Declare a setting: its default, its line of help and its legal range (low..high inclusive, above exclusive).

    undecided: choices that are decided before anything is kept, and so stand in no record.
    typed: its option, where it is not made of its name: -k; metavar: what stands for its value on a help page.
    absent: what it was in the models that were made before it was a setting.
    """
    meta = {"help": help, "low": low, "high": high, "above": above, "choices": choices, "panel": panel}
    more = {"typed": typed, "metavar": metavar, "undecided": undecided, "absent": absent}
    return field(default=default, metadata={**meta, **more})


def again(cls: type, name: str, default: Any = MISSING, help: str = "") -> Any:
    """Declare a setting as another group of settings has it, with another default or another line of help."""
    known = {f.name: f for f in fields(cls)}[name]
    meta = {**known.metadata, **({"help": help} if help else {})}
    return field(default=known.default if default is MISSING else default, metadata=meta)


def option_name(name: str) -> str:
    """Return a setting's name as it is typed: min_count -> --min-count."""
    return "--" + name.replace("_", "-")


def typed(name: str, value: Any) -> list[str]:
    """Return a setting as it is typed: its option, and the value of one that is no flag."""
    if isinstance(value, bool):
        return [option_name(name) if value else f"--no-{name.replace('_', '-')}"]
    return [option_name(name), str(value).removesuffix(".0")]


def value_type(cls: type, name: str) -> tuple[type, bool]:
    """Return a setting's plain type, and whether it may be None."""
    hint = _types(cls)[name]
    if get_origin(hint) is tuple:
        return tuple, False
    kinds = [a for a in get_args(hint) if a is not type(None)]
    return (kinds[0], True) if kinds else (hint, False)


@functools.cache  # a record has some forty settings, and to resolve the types of a class compiles every one of them
def _types(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def check(spec: Any) -> None:
    """Raise MisuseError, naming the option, for the first value outside its range."""
    for f in fields(spec):
        value, meta = getattr(spec, f.name), f.metadata
        name = meta["typed"].split("/")[0] or option_name(f.name)
        kind, optional = value_type(type(spec), f.name)
        if value is None and optional:
            continue
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise MisuseError(f"{name} is {quoted(value)}; give a value of type {kind.__name__}.")
        if meta["choices"]:
            if value not in meta["choices"]:
                raise MisuseError(f"{name} is {quoted(value)}; choose from {', '.join(meta['choices'])}.")
        elif isinstance(value, (int, float)) and kind is not bool:
            low, high, above = meta["low"], meta["high"], meta["above"]
            inside = math.isfinite(float(value)) and (low is None or value >= low) and (above is None or value > above)
            if not inside or (high is not None and value > high):
                bound = f"above {above:g}" if above is not None else f"{low:g} or more"
                typed = f"{value:g}" if isinstance(value, float) else value
                most = f"{high:,}" if isinstance(high, int) else f"{high:g}"
                raise MisuseError(f"{name} is {quoted(typed)}; give a number {bound}, at most {most}.")


def to_dict(spec: Any) -> dict[str, Any]:
    """Return the settings as they stand in a record."""
    return dataclasses.asdict(spec)


def from_dict(cls: type[S], values: object, where: str) -> S:
    """Return the settings that a record holds; every key must be there, of its type and in its range.

    Only a setting that is younger than the record may be missing: it is then what it was before it could be set.

    Raises MisuseError naming the key: the caller knows whether it was typed or read.
    """
    names = [f.name for f in fields(cls)]  # type: ignore[arg-type]
    if isinstance(values, dict):
        values = {f.name: f.metadata["absent"] for f in fields(cls) if f.metadata["absent"] is not MISSING} | values  # type: ignore[arg-type]
    if not isinstance(values, dict) or sorted(values) != sorted(names):
        odd = sorted(set(values) ^ set(names)) if isinstance(values, dict) else ["not an object"]
        raise MisuseError(f"{where} does not hold the expected settings: {quoted(', '.join(map(str, odd)))}.")
    spec = cls(**values)
    check(spec)
    for f in fields(spec):  # type: ignore[arg-type]
        if (value := getattr(spec, f.name)) in f.metadata["undecided"]:
            raise MisuseError(f"{option_name(f.name)} is {quoted(value)}, which no record holds.")
    return spec
