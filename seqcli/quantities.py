"""Durations and sizes as a person reads and types them."""

from __future__ import annotations

import re

from seqcli.errors import MisuseError, quoted


def duration(seconds: float) -> str:
    """Return seconds as a person says them: 42 s, 3 min 05 s, 2 h 10 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def bytes_of(text: str) -> int:
    """Return how many bytes a size is that a person typed: 500M, 1.5 GB, 2000000. Raises MisuseError for none."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kKmMgGtT]?)i?[bB]?\s*", text)
    if found is None:
        raise MisuseError(f"{quoted(text)} is no size; give one such as 500M or 2G.")
    return int(float(found[1]) * 1000 ** " kmgt".index(found[2].lower() or " "))


def size(count: float) -> str:
    """Return bytes as a person says them."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
