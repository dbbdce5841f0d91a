"""JSON that can be read in one way only: no key twice, no NaN, no number that does not fit."""

import json
import math
from typing import Any, NoReturn

INT_DIGITS = 20  # sign and digits of the smallest int64; int() itself is slow on a million digits


def parse_json(data: bytes) -> Any:
    """Return the value of strict JSON in UTF-8. Raises ValueError, its text a reason, for anything else."""
    try:
        return json.loads(
            data.decode(),
            object_pairs_hook=_object,
            parse_constant=_refuse,
            parse_float=_finite,
            parse_int=_integer,
        )
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _integer(text: str) -> int:
    if len(text) > INT_DIGITS or not -(2**63) <= int(text) < 2**63:
        raise ValueError("a number is too large")
    return int(text)
