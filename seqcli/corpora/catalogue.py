"""The catalogue of public texts, and the names by which a command calls them: corpus:ptb, corpus:ptb/valid."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote as url_quote

from seqcli.errors import CorpusError, MisuseError, meant, quoted

PREFIX = "corpus:"
SPLITS = {"train": r"train|input", "valid": r"valid|val|dev", "test": r"test"}  # what a file's name says of it


class Text(NamedTuple):
    """A file of a corpus.

    url: empty where it comes with seqcli. sha256, bytes: where they are known. git_blob: the sha1 of its contents as
    git counts it.
    """

    corpus: str
    path: str
    url: str
    git_blob: str
    sha256: str | None
    bytes: int | None

    @property
    def name(self) -> str:
        """What it is called here."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def split(self) -> str | None:
        """Whether it is to learn from, to choose by or to measure on; None where its name does not say."""
        return next(
            (split for split, sign in SPLITS.items() if re.search(rf"(^|[._])({sign})([._]|$)", self.name)), None
        )

    @property
    def place(self) -> Path:
        """Where it is kept."""
        return cache_folder() / self.corpus / self.name if self.url else shipped_folder() / self.name


class Corpus(NamedTuple):
    """A public text: what it is, under which licence, from where."""

    name: str
    description: str
    licence: str
    home: str
    texts: tuple[Text, ...]

    @property
    def bytes(self) -> int | None:
        """How large it is, where that is known."""
        sizes = [text.bytes for text in self.texts]
        return None if None in sizes else sum(size or 0 for size in sizes)

    @property
    def is_here(self) -> bool:
        """Whether all of it was fetched."""
        return all(text.place.is_file() for text in self.texts)


def shipped_folder() -> Path:
    """Return where the texts lie that come with seqcli: in the package, or in the checkout that it runs from."""
    package = Path(__file__).resolve().parent
    installed = package / "texts"
    return installed if installed.is_dir() else package.parents[1] / "corpora"


def cache_folder() -> Path:
    """Return where texts are kept: SEQCLI_CACHE, or where this platform keeps what can be fetched again."""
    if folder := os.environ.get("SEQCLI_CACHE"):
        return Path(folder) / "corpora"
    import pooch

    return Path(pooch.os_cache("seqcli")) / "corpora"


@cache
def catalogue() -> dict[str, Corpus]:
    """Return every corpus by its name."""
    rows = json.loads(Path(__file__).with_name("catalogue.json").read_text("utf-8"))
    found = {}
    for row in rows:
        home = f"https://{row['repository']}" if "repository" in row else "seqcli itself"
        texts = (_text(row, file) for file in row["files"])
        found[row["name"]] = Corpus(row["name"], row["description"], row["licence"], home, tuple(texts))
    return found


def _text(row: dict[str, Any], file: dict[str, Any]) -> Text:
    url = ""
    if "repository" in row:
        host = row["repository"].replace("github.com", "githubusercontent.com")
        url = f"https://raw.{host}/{row['commit']}/{url_quote(file['path'])}"
    known = file.get("git_blob_sha1", ""), file.get("sha256"), file.get("bytes")
    return Text(row["name"], file["path"], url, *known)


def corpus_of(name: str) -> Corpus:
    """Return a corpus by its name. Raises MisuseError where there is none."""
    if name not in catalogue():
        step = meant(name, catalogue(), "seqcli corpora list tells those that there are.")
        raise MisuseError(f"There is no corpus {quoted(name)}; {step}")
    return catalogue()[name]


def chosen(name: str) -> tuple[Text, ...]:
    """Return the texts that a name means: ptb, ptb/valid, multi30k/train.de.gz.

    A corpus alone means what it has to learn from; all of it, where it is not split. Raises MisuseError.
    """
    base, _, part = name.partition("/")
    corpus = corpus_of(base)
    wanted = part or "train"
    found = tuple(text for text in corpus.texts if wanted in (text.split, text.name))
    if not found and not part:
        return corpus.texts
    if not found:
        parts = dict.fromkeys([*(t.split for t in corpus.texts if t.split), *(t.name for t in corpus.texts)])
        raise MisuseError(f"{quoted(base)} has no part {quoted(part)}; it has {', '.join(parts)}.")
    return found


def replaced(words: Sequence[str]) -> list[str]:
    """Return the words of a command line with every corpus:NAME replaced by the files that it means.

    Raises CorpusError for one that was not fetched yet.
    """
    found: list[str] = []
    for word in words:
        if not word.startswith(PREFIX):
            found.append(word)
            continue
        texts = chosen(word.removeprefix(PREFIX))
        if missing := next((text for text in texts if not text.place.is_file()), None):
            raise CorpusError(f"{quoted(word)} is not here yet; fetch it first: seqcli corpora get {missing.corpus}")
        found += [str(text.place) for text in texts]
    return found
