"""What an editor waits for: marks of a long text when it is opened and when it is changed, next words, a surprise.

python benchmarks/editor.py MODELS_DIR [--words 5000] [--turns 20]: `seqcli language-server` over stdio, asked by a
client of the protocol (pygls), with the default proofreader and language model of the folder; a text of novels.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient
from record import record
from texts import DATA


def text_of(words: int) -> str:
    """Return so many words of a novel, in its paragraphs."""
    found, count = list[str](), 0
    with gzip.open(DATA / "books" / "novels.txt.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            found.append(line)
            count += len(line.split())
            if count >= words:
                break
    return "".join(found)


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Return how long something took, in seconds."""
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def measured(options: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Open a text, change a word of it again and again, ask for next words; return seconds."""
    client, marks = LanguageClient("benchmark", "1"), asyncio.Queue[lsp.PublishDiagnosticsParams]()
    await client.start_io(sys.executable, "-m", "seqcli", "--models-dir", options.models_dir, "language-server")

    @client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def marked(params: lsp.PublishDiagnosticsParams) -> None:
        marks.put_nowait(params)

    await client.initialize_async(lsp.InitializeParams(lsp.ClientCapabilities(), root_uri=folder.as_uri()))
    client.initialized(lsp.InitializedParams())
    uri, text, version = (folder / "novel.txt").as_uri(), text_of(options.words), 1
    document, lines = lsp.TextDocumentIdentifier(uri), text.splitlines()

    async def seen() -> None:
        while (await marks.get()).version != version:
            pass

    async def opened() -> None:
        item = lsp.TextDocumentItem(uri, "plaintext", version, text)
        client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        await seen()

    found = {"open_seconds": await timed(opened)}
    changes, completions, hovers = list[float](), list[float](), list[float]()
    for turn in range(options.turns):
        line = len(lines) * turn // options.turns
        where = lsp.Position(line, 0)

        async def changed(where: lsp.Position = where) -> None:
            nonlocal version
            version += 1
            change = lsp.TextDocumentContentChangePartial(range=lsp.Range(where, where), text="Teh ")
            named = lsp.VersionedTextDocumentIdentifier(version=version, uri=uri)
            client.text_document_did_change(lsp.DidChangeTextDocumentParams(named, [change]))
            await seen()

        changes.append(await timed(changed))
        end = lsp.Position(line, len(lines[line]) + 4)
        asked = lsp.CompletionParams(document, end)
        completions.append(await timed(lambda asked=asked: client.text_document_completion_async(asked)))  # type: ignore[misc]
        hover = lsp.HoverParams(document, where)
        hovers.append(await timed(lambda hover=hover: client.text_document_hover_async(hover)))  # type: ignore[misc]
    for name, taken in (("change", changes), ("completion", completions), ("hover", hovers)):
        found |= {f"{name}_median_seconds": statistics.median(taken), f"{name}_worst_seconds": max(taken)}
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    return found


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models_dir")
    parser.add_argument("--words", type=int, default=5_000)
    parser.add_argument("--turns", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(
            record("editor", words=options.words, turns=options.turns, **asyncio.run(measured(options, Path(folder))))
        )


if __name__ == "__main__":
    main()
