"""The command that writes models for other programs: export."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from seqcli.cli.completion import complete_model_then_file
from seqcli.cli.language.arpa import arpa_blocks
from seqcli.cli.options import command, model_option, option
from seqcli.cli.outputs import check_free, model_and_file
from seqcli.cli.session import Session
from seqcli.cli.vectors.formats import ENDINGS, FORMATS
from seqcli.errors import ModelError, quoted
from seqcli.quantities import size
from seqcli.store.files import explained, write_whole

if TYPE_CHECKING:
    from seqcli.store import Record

ANY = {".onnx": "onnx", ".zip": "zip"}  # endings of files that a model of any task is written into
KINDS = (*FORMATS, "arpa", *ANY.values(), "web")


@command(
    epilog="Examples: seqcli export books books.vec --format fasttext-vec;  seqcli export book page --format web",
)
@click.argument("words", nargs=-1, required=True, metavar="[MODEL] FILE", shell_complete=complete_model_then_file)
@model_option
@option("--format", "kind", type=click.Choice(KINDS), help="Format to write.  [default: by the file's ending]")
@option("--replace", is_flag=True, help="Replace a file that is there.")
@click.pass_obj
def export(session: Session, /, words: tuple[str, ...], model: str | None, kind: str | None, replace: bool) -> None:
    """Write a model for other programs: word vectors, n-grams as ARPA, any network as ONNX, any model as a zip.

    Word vectors that are imported again are the same to the last bit. numpy and projector write a second file for the
    words: out.words.txt, out.metadata.tsv. fasttext-bin keeps character n-grams too (vectors made of them come back to
    float32's rounding); other formats hold the words' vectors only. An ONNX file says in its documentation what goes in
    and out, has the vocabulary in its metadata, and is checked against the model where onnxruntime is installed. A zip
    is for seqcli import. web makes a folder of a language model: a page that predicts words in a browser, offline.
    """
    from seqcli.vectors.formats import paths_of

    model, file = model_and_file(words, model, "seqcli export books books.vec")
    if kind == "web":
        _write_page(session, session.shelf.read(model), file, replace)
        return
    kind = kind or {**ENDINGS, **ANY}.get(os.path.splitext(file)[1].lower(), "word2vec-text")
    for path in [file] if kind in ANY.values() else paths_of(file, kind):
        check_free(path, replace)  # before the model is read
    parts, what = _parts(session, model, file, kind)
    with session.bar(len(parts), "writing", "file") as bar:
        for count, (path, blocks) in enumerate(parts.items(), 1):
            write_whole(path, blocks)
            bar.to(count)
    session.note(f"{what} written as {kind}: {', '.join(map(quoted, parts))}")


def _write_page(session: Session, record: Record, folder: str, replace: bool) -> None:
    """Write the page of a language model into a folder of its own, whole or not at all."""
    from seqcli.exchange.web_page import page_of

    folder = folder.rstrip(os.sep) or folder
    if os.path.lexists(folder) and not replace:
        raise ModelError(f"{quoted(folder)} exists; add --replace, or choose another folder.")
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise ModelError(f"{quoted(folder)} is no folder; choose another name.")
    parts, cost = page_of(record)
    with explained("write", folder, "folder"):
        _write_folder(folder, parts)
    session.note(
        f"{quoted(record.name)} is a page in {quoted(folder)}, {size(sum(map(len, parts.values())))}. "
        f"Weights are bytes, which costs {cost.nats:.4f} nats a token; the likeliest token stays so in {cost.same:.0%}."
    )
    session.note(f"Open {os.path.join(folder, 'index.html')} in a browser; it needs no network.")


def _write_folder(folder: str, parts: Mapping[str, bytes]) -> None:
    """Write the files of a folder: of a new one whole or not at all, of one that is there each whole."""
    import shutil
    import tempfile

    if os.path.isdir(folder):
        for name, data in parts.items():
            write_whole(os.path.join(folder, name), [data])
        return
    made = tempfile.mkdtemp(dir=os.path.dirname(folder) or ".", prefix=".page-")
    try:
        for name, data in parts.items():
            write_whole(os.path.join(made, name), [data])
        os.chmod(made, 0o755)
        os.rename(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _parts(session: Session, model: str | None, file: str, kind: str) -> tuple[dict[str, Iterator[bytes]], str]:
    """Return the blocks of each file to write, by path, and in words what they hold."""
    if kind == "arpa":
        blocks, what = arpa_blocks(session, model)
        return {file: blocks}, what
    if kind in ANY.values():
        data, what = _whole(session, session.shelf.read(model), kind)
        return {file: iter([data])}, what
    from seqcli.vectors.answers import open_vectors
    from seqcli.vectors.formats import render
    from seqcli.vectors.new_tables import learned_of

    vectors = open_vectors(session, model)
    table = vectors.table
    if table.subwords is not None and kind != "fasttext-bin":
        session.note(f"Note: {kind} holds no character n-grams; --format fasttext-bin keeps them.")
    return render(file, table.words, table.matrix, kind, learned_of(vectors.record, table)), f"{len(table):,} words"


def _whole(session: Session, record: Record, kind: str) -> tuple[bytes, str]:
    """Return a model of any task as one file, and in words what it is."""
    if kind == "zip":
        from seqcli.store.zip_archive import zip_of

        data = zip_of(record, record.contents())
        return data, f"{quoted(record.name)}, {size(len(data))},"
    from seqcli.exchange.onnx_file import onnx_of

    data, apart = onnx_of(record)
    if apart is None:
        session.note("Note: onnxruntime is not installed, so the file was not checked: pip install 'seqcli[onnx]'.")
        return data, f"{quoted(record.name)}, {size(len(data))},"
    return data, f"{quoted(record.name)}, {size(len(data))}, with the model's answers to {max(apart, 1e-9):.0e},"
