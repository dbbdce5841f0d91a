"""How deep JSON nests, told before it is parsed: a parser goes as deep itself, and takes others along where it fails.

At the end of the stack nothing else can run, the finalisers of what is thrown away there among it.
"""

from __future__ import annotations

import re
from itertools import accumulate

LEVELS = 100  # a request has a handful
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
OTHERS = bytes(set(range(256)) - set(b"[]{}"))


def is_deep(text: bytes) -> bool:
    """Return whether a JSON text nests deeper than any request does; what its strings hold does not count."""
    if text.count(b"[") + text.count(b"{") <= LEVELS:
        return False
    marks = STRING.sub(b"", text).translate(None, OTHERS)
    return max(accumulate(1 if mark in b"[{" else -1 for mark in marks), default=0) > LEVELS
