"""The text of a training: where it comes from, read and encoded, and what is said of it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seqcli.errors import ModelError, quoted
from seqcli.store.tokenizer import tokenizer_of
from seqcli.text.form import Form
from seqcli.training.memory import available

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Record
    from seqcli.text.corpus import Corpus
    from seqcli.text.pieces import Pieces


def name_of(paths: Sequence[str], task: str) -> str:
    """Return a model's name made from its text and its task: books/Emma.txt.gz -> Emma, Emma-vectors.

    Models of one text then lie side by side, each under a name that tells it. A language model bears the text's alone:
    it is the first that most people train, and so it was always called. A translator of two files bears both, for one
    source may have translations into several languages: pairs.en, pairs.de -> pairs-en-de.
    """
    if task == "lm":
        return named([stem_of(paths[0])])
    stems = [re.sub(r"\.(tsv|csv|jsonl)$", "", stem_of(path), flags=re.IGNORECASE) for path in paths]
    if task != "translation" or len(set(stems)) == 1:
        return named([stems[0]], task)
    (text, _, source), *others = [stem.rpartition(".") for stem in stems]
    alike = text and all(other == text for other, _, _ in others)
    return named([text, source, *(language for _, _, language in others)] if alike else stems)


def stem_of(path: str) -> str:
    """Return the name of a file without the endings of texts and of compression."""
    if "*" in os.path.basename(path):
        path = os.path.dirname(path)  # texts/*.gz are the texts
    name = os.path.basename(os.path.abspath(path.removeprefix("@"))) if path != "-" else "stdin"
    name = re.sub(r"-[0-9a-f]{12}\.ids$", "", name)  # a text that was kept
    return re.sub(r"(\.(gz|bz2|xz|zst|txt|text|md|tok))+$", "", name, flags=re.IGNORECASE)


def named(parts: Sequence[str], ending: str = "") -> str:
    """Return parts as one name that a model may have, as long as it may be, with its ending whole."""
    ending = ending and f"-{ending}"
    name = re.sub("[^A-Za-z0-9._-]+", "-", "-".join(parts)).strip("-._")
    return (name[: 64 - len(ending)].rstrip(".") or "model") + ending


@dataclass(frozen=True)
class Source:
    """Where the text of a training comes from, as it was typed."""

    texts: tuple[str, ...]
    valid: tuple[str, ...]
    form: Form

    def options(self) -> list[str]:
        """Return the options that give this source beside its texts, as typed; none that only a beginning needs."""
        return [*(word for path in self.valid for word in ("--valid", path)), *self.form.options()]


def memory_of(source: Source) -> int | None:
    """Return the bytes of memory that reading and counting may take: as asked, else half of those that are free."""
    if source.form.memory is not None:
        return source.form.memory
    free = available()
    return None if free is None else free // 2


def check_corpus(recorded: dict[str, Any], sha256: str, held_out_sha256: str, name: str) -> None:
    """Raise ModelError where the text is not the one that the model was begun with."""
    for key, found in (("sha256", sha256), ("held_out_sha256", held_out_sha256)):
        if recorded.get(key) != found:
            what = "text" if key == "sha256" else "held-out text (--valid)"
            change = f"sha256 {str(recorded.get(key))[:12]} → {found[:12]}"
            raise ModelError(
                f"The {what} is not the one that {quoted(name)} began with ({change}); give the same file."
            )


FEW_WORDS = 2000  # below this a model only repeats its text


def read_corpus(
    session: Session, source: Source, text: Any, record: Record | None, origin: Record | None = None
) -> Corpus:
    """Read and encode the text, and say what it is.

    record: the training that goes on. origin: the model whose tokens come first, and those of the text behind them.
    """
    from seqcli.text.corpus import read_pieces
    from seqcli.text.files import total_size

    folder, form = os.fspath(session.shelf.root), replace(source.form, memory=memory_of(source))
    with session.bar(total_size(source.texts), "reading") as bar:
        pieces = read_pieces(source.texts, form, bar.to, folder)
    valid_pieces = read_pieces(source.valid, source.form, folder=folder) if source.valid else None
    return corpus_of(session, source, pieces, valid_pieces, text, record, origin)


def corpus_of(
    session: Session,
    source: Source,
    pieces: Pieces,
    valid_pieces: Pieces | None,
    text: Any,
    record: Record | None,
    origin: Record | None = None,
) -> Corpus:
    """Encode a text that was read, and say what it is; record and origin as for `read_corpus`."""
    from seqcli.text.corpus import build
    from seqcli.text.script import misfit, script_of

    vocabulary, tokenizer = None, None
    if known := record or origin:
        vocabulary, tokenizer = known.vocabulary(), tokenizer_of(known)
    corpus = build(pieces, valid_pieces, text, vocabulary, tokenizer, extend=record is None)
    if record is not None:
        check_corpus(record.corpus, corpus.train.sha256, corpus.held_out.sha256, record.name)
    if corpus.why:
        session.note(tokenizer_note(corpus.text.tokenizer, corpus.why))
    elif record is None and (line := misfit(corpus.text.tokenizer, script_of(pieces))):
        session.note(f"Warning: {line}")
    held = ", ".join(source.valid) if source.valid else f"cut from it at the ends of {corpus.text.unit}s"
    note = session.note
    note(
        f"Text: {corpus.train.lines:,} lines, {len(corpus.train.ids):,} tokens to learn from, "
        f"{len(corpus.held_out.ids):,} held out ({held})."
    )
    note(
        f"Vocabulary: {len(corpus.vocabulary):,} tokens seen at least {corpus.text.min_count} times; unknown: "
        f"{corpus.train.unknown_rate:.2%} of the text, {corpus.held_out.unknown_rate:.2%} of the held-out part."
    )
    if len(corpus.train.ids) < FEW_WORDS:
        note(f"Note: {len(corpus.train.ids):,} tokens are very few; expect the text's own phrases, little else.")
    return corpus


def tokenizer_note(name: str, why: str) -> str:
    """Return the line that says which tokenizer was chosen, and why."""
    return f"Tokenizer: {name}, for {why} (--tokenizer chooses another)."


def corpus_entry(source: Source, corpus: Corpus) -> dict[str, Any]:
    """Return what a record says of the text: no path of it, which would be nobody else's business."""
    first, valid = source.texts[0], source.valid
    return {
        "name": "-" if first == "-" else os.path.basename(os.path.abspath(first)),
        "sha256": corpus.train.sha256,
        "lines": corpus.train.lines,
        "tokens": len(corpus.train.ids),
        "unknown_rate": corpus.train.unknown_rate,
        "held_out": os.path.basename(valid[0]) if valid else f"cut at the ends of {corpus.text.unit}s",
        "held_out_sha256": corpus.held_out.sha256,
        "held_out_tokens": len(corpus.held_out.ids),
    }


def corpus_files(corpus: Any) -> dict[str, bytes]:
    """Return what a model stores of its text, by role: the vocabulary and what its tokenizer learned."""
    files: dict[str, bytes] = {"vocabulary": corpus.vocabulary.to_bytes()}
    return files if corpus.tokenizer.model is None else {**files, "tokenizer": corpus.tokenizer.model}
