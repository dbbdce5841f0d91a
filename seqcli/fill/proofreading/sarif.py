"""Marks as SARIF 2.1.0 (OASIS 2020), which code hosts and editors show beside the lines of a text."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from seqcli.fill.proofreading.marks import KINDS, Mark
from seqcli.version import __version__

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
SURE = 0.8  # probability from which a mark is a warning; below it is a note
ROOT = "%SRCROOT%"  # the folder that the command was run in, as code hosts call it


def sarif(found: Sequence[tuple[str, Sequence[Mark]]]) -> dict[str, Any]:
    """Return the document of some texts, each with its marks. Columns count characters."""
    rules = list(KINDS)
    driver = {
        "name": "seqcli proofread",
        "version": __version__,
        "rules": [{"id": kind, "shortDescription": {"text": what}} for kind, what in KINDS.items()],
    }
    results = [_result(path, mark, rules.index(mark.kind)) for path, marks in found for mark in marks]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": _location(path)} for path, _ in found],
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _location(path: str) -> dict[str, str]:
    if path == "-":
        return {"uri": "stdin"}
    uri = quote(path.replace(os.sep, "/"), errors="surrogateescape")
    return {"uri": f"file://{uri}"} if os.path.isabs(path) else {"uri": uri, "uriBaseId": ROOT}


def _result(path: str, mark: Mark, rule: int) -> dict[str, Any]:
    region = {
        "startLine": mark.line,
        "startColumn": mark.column,
        "charOffset": mark.offset,
        "charLength": mark.length,
        "snippet": {"text": mark.word},
    }
    result = {
        "ruleId": mark.kind,
        "ruleIndex": rule,
        "level": "warning" if mark.probability >= SURE else "note",
        "message": {"text": mark.message},
        "locations": [{"physicalLocation": {"artifactLocation": _location(path), "region": region}}],
        "rank": round(100 * mark.probability, 1),
    }
    if mark.edit is not None:
        deleted = {"charOffset": mark.edit.start, "charLength": mark.edit.end - mark.edit.start}
        replacement = {"deletedRegion": deleted, "insertedContent": {"text": mark.edit.instead}}
        change = {"artifactLocation": _location(path), "replacements": [replacement]}
        result["fixes"] = [
            {"description": {"text": mark.suggestions[0].text or "(nothing)"}, "artifactChanges": [change]}
        ]
    return result
