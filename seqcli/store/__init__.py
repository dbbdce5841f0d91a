"""Trained models on disk: each is whole or not there, and is checked, size, hash and shape, before it is believed.

Its names are imported when they are used: what only opens a file of a model does not wait for numpy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqcli.store.arrays import pack
    from seqcli.store.draft import Draft
    from seqcli.store.record import ROLES, FileEntry, Record
    from seqcli.store.shelf import Damaged, Shelf

__all__ = ["ROLES", "Damaged", "Draft", "FileEntry", "Record", "Shelf", "pack"]
_HOME = {"pack": "arrays", "Draft": "draft", "Damaged": "shelf", "Shelf": "shelf"}  # the others: record


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME.get(name, 'record')}"), name)
