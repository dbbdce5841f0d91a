"""What `neighbors` and `map` do where the model that is named has codes of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqcli.cli.inputs import batches_of_texts, note_joined
from seqcli.cli.questions import add_empty, answer_each
from seqcli.cli.sentences.asked_sentences import asked_sentences
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, quoted

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.sentences.answers import Sentences
    from seqcli.vectors.map_settings import MapSettings

NEAREST = 8  # sentences that a page names beside a chosen one
LABEL = 40  # letters of a sentence in a picture


def has_codes(session: Session, model: str | None) -> bool:
    """Return whether a model is named that has codes of sentences; without a name, word vectors are meant."""
    return model is not None and session.shelf.has(model) and session.shelf.read(model).task == "sentences"


def sentence_neighbors(
    session: Session, words: tuple[str, ...], model: str | None, among: str | None, file: str | None, k: int
) -> None:
    """List the nearest of some sentences to each sentence, by the cosine between their codes."""
    note_joined(session, words)
    asked = asked_sentences(session, model)
    others = _among(session, among)
    codes = asked.embed(others)

    def add(out: Results, asked: Sentences, lines: Sequence[str], first: int) -> None:
        full = [line for line in lines if line.strip()]
        found = iter(asked.near(full, others, codes, k) if full else [])
        for line in lines:
            if not line.strip():
                add_empty(out, line)
                continue
            for rank, near in enumerate(next(found), 1):
                out.add(line, rank, *near)

    columns = ("sentence", "rank", "neighbor", "similarity")
    answer_each(session, columns, batches_of_texts(words, file), lambda: asked, add)


def draw_sentences(session: Session, model: str | None, among: str | None, how: MapSettings, path: str) -> None:
    """Draw sentences by their codes: a picture, or a page to explore."""
    import numpy as np

    from seqcli.vectors.map import NAMES
    from seqcli.vectors.map_settings import DRAWN
    from seqcli.vectors.projection import check_method, project

    check_method(how.method)
    asked = asked_sentences(session, model)
    texts = _among(session, among)
    if len(texts) > DRAWN:
        raise MisuseError(f"--among has {len(texts):,} sentences; at most {DRAWN:,} can be drawn.")
    codes = asked.embed(texts)
    units = codes / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-12)
    places, shares = project(units, how.method, how.seed)
    title = f"{len(texts)} sentences of {asked.name}, by {NAMES[how.method]}"
    if path.lower().endswith(".html"):
        from seqcli.plots.map_page import map_page
        from seqcli.store.files import write_whole

        alike = units @ units.T
        order = np.argsort(-alike, axis=1, kind="stable")[:, : NEAREST + 1]
        near = [[(int(j), float(alike[i, j])) for j in row if j != i][:NEAREST] for i, row in enumerate(order)]
        write_whole(path, [map_page(title, texts, places, near).encode()])
        labelled = len(texts)
    else:
        from seqcli.plots.vectors import draw_map

        labels = [text if len(text) <= LABEL else f"{text[: LABEL - 1]}…" for text in texts]
        axes = [f"component {at} ({share:.1%} of the variance)" for at, share in enumerate(shares, 1)]
        labelled = draw_map(path, labels, places, title, axes)
    session.note(f"{len(texts):,} sentences, {labelled:,} labelled, drawn in {quoted(path)}.")


def _among(session: Session, among: str | None) -> list[str]:
    """Return the sentences of a file, each once."""
    if among is None:
        raise MisuseError("Sentences are compared with those of a file; name it with --among FILE.")
    from seqcli.text.reading import read_lines

    return list(dict.fromkeys(line.strip() for line in read_lines([among], session.text_form) if line.strip()))
