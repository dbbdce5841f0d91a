"""LanguageTool's shape of proofreading, which editors speak: /v2/check and /v2/languages.

Offsets count UTF-16 units, as theirs do. Source: the LanguageTool HTTP API, version 2.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from seqcli.errors import MisuseError
from seqcli.fill.proofreading.marks import KINDS
from seqcli.serve.nesting import is_deep
from seqcli.version import __version__

if TYPE_CHECKING:
    from seqcli.fill.proofreading.marks import Mark

AROUND = 40  # characters shown on each side of a mark
RULE = "SEQCLI_"
GROUPS = {
    "spelling": ("TYPOS", "Possible typo", "misspelling"),
    "case": ("CASING", "Capitalisation", "typographical"),
    "doubled": ("MISC", "Miscellaneous", "duplication"),
}
GRAMMAR = ("GRAMMAR", "Grammar", "grammar")
LANGUAGES = {
    "en": "English",
    "en-US": "English (US)",
    "en-GB": "English (GB)",
    "de": "German",
    "de-DE": "German (Germany)",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "pl": "Polish",
    "ru": "Russian",
    "uk-UA": "Ukrainian",
    "sv": "Swedish",
    "ja-JP": "Japanese",
    "zh-CN": "Chinese",
}
READ = frozenset(
    {"text", "data", "language", "disabledRules", "enabledRules", "disabledCategories", "enabledCategories"}
)
UNHEARD = frozenset(
    {
        "motherTongue",
        "preferredVariants",
        "level",
        "enabledOnly",
        "username",
        "apiKey",
        "dicts",
        "mode",
        "useragent",
        "altLanguages",
        "preferredLanguages",
        "allowIncompleteResults",
        "callback",
        "noopLanguages",
        "model",
        "textSessionId",
    }
)


class Checked(NamedTuple):
    """A text to be checked: what is prose of it, and where its characters stand in what was sent, in UTF-16 units."""

    text: str
    begins: Sequence[int]  # of every part, in characters of the text
    sent: Sequence[int]  # and in UTF-16 units of what was sent

    def place(self, offset: int) -> int:
        """Return where a character of the text stands in what was sent."""
        part = bisect_right(self.begins, offset) - 1
        return self.sent[part] + units(self.text[self.begins[part] : offset])


class Wanted(NamedTuple):
    """What a request asks for."""

    checked: Checked
    language: str
    kinds: frozenset[str]


def units(text: str) -> int:
    """Return how many UTF-16 units a text has."""
    return len(text) + sum(c > "\uffff" for c in text)


def wanted(request: Mapping[str, Any]) -> Wanted:
    """Return what a request asks for. Raises MisuseError, in a line, for what it lacks."""
    odd = request.keys() - READ - UNHEARD
    if odd:
        raise MisuseError(f"/v2/check has no field {sorted(odd)[0]!r}.")
    language = request.get("language")
    if not isinstance(language, str) or not language:
        raise MisuseError("'language' is missing; send 'auto', or a code that /v2/languages lists.")
    if ("text" in request) == ("data" in request):
        raise MisuseError("Send 'text', or 'data' with its annotation: one of them.")
    checked = _annotated(request["data"]) if "data" in request else _plain(request["text"])
    return Wanted(checked, language, _kinds(request))


def _plain(text: Any) -> Checked:
    if not isinstance(text, str):
        raise MisuseError("'text' is no text.")
    return Checked(text, (0,), (0,))


def _read(data: str) -> Any:
    if is_deep(data.encode("utf-8", "surrogatepass")):
        raise ValueError("nested too deeply")
    return json.loads(data)


def _annotated(data: Any) -> Checked:
    """Return the text of an annotation: parts of text, and of markup, which may be read as something else."""
    try:
        parts = (_read(data) if isinstance(data, str) else data)["annotation"]
        rows = [(part.get("text"), part.get("markup"), part.get("interpretAs", "")) for part in parts]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise MisuseError('\'data\' is no annotation: {"annotation": [{"text": ...}, {"markup": ...}]}.') from None
    text, begins, sent, at = "", [0], [0], 0
    for prose, markup, instead in rows:
        seen, whole = (prose, prose) if prose is not None else (instead, markup)
        if not isinstance(seen, str) or not isinstance(whole, str) or (prose is None) == (markup is None):
            raise MisuseError("A part of 'annotation' has 'text' or 'markup', and either is a text.")
        begins.append(len(text))
        sent.append(at)
        text, at = text + seen, at + units(whole)
    return Checked(text, begins, sent)


def _kinds(request: Mapping[str, Any]) -> frozenset[str]:
    """Return the kinds of marks that are wanted."""

    def listed(name: str) -> set[str]:
        return {one.strip() for one in str(request.get(name) or "").split(",") if one.strip()}

    only = str(request.get("enabledOnly") or "").lower() == "true"
    found = set()
    for kind in KINDS:
        names, groups = {_rule(kind)}, {GROUPS.get(kind, GRAMMAR)[0]}
        on = names & listed("enabledRules") or groups & listed("enabledCategories")
        off = names & listed("disabledRules") or groups & listed("disabledCategories")
        if on if only else on or not off:
            found.add(kind)
    return frozenset(found)


def _rule(kind: str) -> str:
    return RULE + kind.upper()


def answer(asked: Wanted, marks: Sequence[Mark], model: str) -> dict[str, Any]:
    """Return the marks of a text as LanguageTool tells them."""
    code = "en-US" if asked.language == "auto" else asked.language
    name = LANGUAGES.get(code, code)
    language = {"name": name, "code": code, "detectedLanguage": {"name": name, "code": code, "confidence": 1.0}}
    software = {
        "name": "seqcli",
        "version": __version__,
        "buildDate": "",
        "apiVersion": 1,
        "premium": False,
        "status": model,
    }
    found = [_match(asked.checked, mark) for mark in marks if mark.kind in asked.kinds]
    warnings = {"incompleteResults": False}
    return {"software": software, "warnings": warnings, "language": language, "matches": found}


def _match(checked: Checked, mark: Mark) -> dict[str, Any]:
    text = checked.text
    start, end, values = replacements(mark)
    low, high = max(start - AROUND, 0), min(end + AROUND, len(text))
    line = text[text.rfind("\n", 0, start) + 1 : (text.find("\n", end) + 1 or len(text) + 1) - 1]
    group, called, issue = GROUPS.get(mark.kind, GRAMMAR)
    rule = {
        "id": _rule(mark.kind),
        "description": KINDS[mark.kind],
        "issueType": issue,
        "category": {"id": group, "name": called},
    }
    return {
        "message": mark.message,
        "shortMessage": KINDS[mark.kind],
        "replacements": [{"value": value} for value in values],
        "offset": checked.place(start),
        "length": checked.place(end) - checked.place(start),
        "context": {"text": text[low:high], "offset": units(text[low:start]), "length": units(text[start:end])},
        "sentence": line,
        "rule": rule,
    }


def replacements(mark: Mark) -> tuple[int, int, list[str]]:
    """Return what is replaced, and by what; where a word is missing, the next one stands in both."""
    if mark.edit is None:
        return mark.offset, mark.offset + mark.length, []
    start, end, instead = mark.edit
    bare = instead.strip()
    before, _, after = instead.partition(bare) if bare else (instead, "", "")
    values = [before + one.text + after if one.text else instead for one in mark.suggestions]
    if start == end:
        return mark.offset, mark.offset + mark.length, [value + mark.word for value in values]
    return start, end, values


def languages() -> list[dict[str, str]]:
    """Return the languages that may be named; a model knows the one that it learned from."""
    return [{"name": name, "code": code.split("-")[0], "longCode": code} for code, name in LANGUAGES.items()]
