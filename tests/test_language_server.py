"""An editor's language server, asked by a client of the protocol as an editor asks it."""

from __future__ import annotations

import asyncio
import re
import sys
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from command_line import TINY, seqcli
from conftest import ROOT
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

import seqcli as face
from seqcli.cli.command_list import COMMANDS
from seqcli.errors import MisuseError
from seqcli.fill.proofreading.examination import Text
from seqcli.serve.language_server import Editing, project_settings, surprise
from seqcli.serve.paragraphs import SHORTEST, Paragraphs, stretches
from seqcli.settings import settings
from seqcli.store import Shelf
from seqcli.threads import Spare

STORIES = ROOT / "corpora" / "stories.txt"
SMALL = ("--hidden-size", "64", "--embedding-size", "64", "--epochs", "8", "--threads", "1")
DRAFT = "😀 The old man sat teh boat. He had `teh code`.\n\nShe had an apple in hre hand.\n"
EAGER = ("--alarm-rate", "20%")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf with a proofreader and a language model."""
    folder = tmp_path_factory.mktemp("editor") / "models"
    for command, options in (("train-fill", SMALL), ("train-lm", (*TINY, "--learning-rate", "0.05"))):
        done = seqcli("--models-dir", folder, command, STORIES, "--name", command[6:], *options)
        assert done.code == 0, done.err
    return folder


class Writer:
    """A person at an editor."""

    def __init__(self, client: LanguageClient, uri: str) -> None:
        self.client, self.uri, self.version, self.text = client, uri, 1, ""
        self.marks: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()

    async def open(self, text: str) -> list[lsp.Diagnostic]:
        self.text = text
        item = lsp.TextDocumentItem(self.uri, "markdown", self.version, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return await self.seen()

    async def replace(self, where: lsp.Range, new: str) -> list[lsp.Diagnostic]:
        self.version += 1
        document = lsp.VersionedTextDocumentIdentifier(version=self.version, uri=self.uri)
        change = lsp.TextDocumentContentChangePartial(range=where, text=new)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))
        return await self.seen()

    async def seen(self) -> list[lsp.Diagnostic]:
        """Return the marks of the text as it stands."""
        while True:
            found = await asyncio.wait_for(self.marks.get(), 120)
            if found.version == self.version:
                return list(found.diagnostics)

    async def actions(self, where: lsp.Range) -> list[lsp.CodeAction | lsp.Command]:
        document = lsp.TextDocumentIdentifier(self.uri)
        found = await self.client.text_document_code_action_async(
            lsp.CodeActionParams(document, where, lsp.CodeActionContext([]))
        )
        return list(found or ())

    async def run(self, action: lsp.CodeAction | lsp.Command) -> list[lsp.Diagnostic]:
        assert isinstance(action, lsp.Command)
        asked = lsp.ExecuteCommandParams(action.command, arguments=action.arguments)
        await self.client.workspace_execute_command_async(asked)
        return await self.seen()


@asynccontextmanager
async def editor(models: Path, project: Path, *options: str) -> AsyncIterator[Writer]:
    client = LanguageClient("tests", "1")
    words = ["-m", "seqcli", "--models-dir", str(models), "language-server", *EAGER, *options]
    await client.start_io(sys.executable, *words)
    writer = Writer(client, (project / "draft.md").as_uri())

    @client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def marked(params: lsp.PublishDiagnosticsParams) -> None:
        writer.marks.put_nowait(params)

    root = lsp.InitializeParams(lsp.ClientCapabilities(), root_uri=project.as_uri())
    await client.initialize_async(root)
    client.initialized(lsp.InitializedParams())
    yield writer
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()


def at(text: str, word: str) -> lsp.Range:
    """Where a word stands, as the protocol counts by default: in UTF-16 units."""
    offset = text.index(word)
    line, begin = text.count("\n", 0, offset), text.rfind("\n", 0, offset) + 1
    column = len(text[begin:offset].encode("utf-16-le")) // 2
    return lsp.Range(lsp.Position(line, column), lsp.Position(line, column + len(word.encode("utf-16-le")) // 2))


def run(work: Callable[[], Awaitable[Any]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 300))  # the protocol of a server that hangs must not hang the tests


def test_a_draft_is_marked_mended_ignored_and_remembered(models: Path, tmp_path: Path) -> None:
    async def write() -> None:
        async with editor(models, tmp_path) as one:
            found = await one.open(DRAFT)
            places = {(d.range.start.line, d.range.start.character) for d in found}
            typo, other = at(DRAFT, "teh"), at(DRAFT, "hre")
            assert {(r.start.line, r.start.character) for r in (typo, other)} <= places
            code = at(DRAFT, "`teh code")
            assert not any(d.range.start.line == 0 and d.range.start.character > code.start.character for d in found)
            assert all(d.source == "seqcli" and d.message for d in found)

            change = (await one.actions(typo))[0]
            assert isinstance(change, lsp.CodeAction) and change.edit is not None and change.edit.changes is not None
            (edit,) = change.edit.changes[one.uri]
            assert edit.range == typo
            left = await one.replace(edit.range, edit.new_text)
            assert not any(d.range.start == typo.start and "'teh'" in d.message for d in left)

            ignore = next(a for a in await one.actions(other) if a.title == "Ignore 'hre' here")
            assert not any("'hre'" in d.message for d in await one.run(ignore))
            found = await one.replace(lsp.Range(lsp.Position(2, 0), lsp.Position(2, 0)), "A qzxv sat. ")
            word = next(d for d in found if "'qzxv'" in d.message)
            remember = next(a for a in await one.actions(word.range) if a.title == "Remember 'qzxv'")
            assert not any("'qzxv'" in d.message for d in await one.run(remember))
            assert (tmp_path / "seqcli.words").read_text() == "qzxv\n"

    run(write)


def test_next_words_and_surprise(models: Path, tmp_path: Path) -> None:
    async def write() -> None:
        async with editor(models, tmp_path, "--words", "5") as one:
            text = "😀 the old m\nThe old man"
            await one.open(text)
            document = lsp.TextDocumentIdentifier(one.uri)
            where = lsp.Position(0, len("😀 the old m".encode("utf-16-le")) // 2)
            found = await one.client.text_document_completion_async(lsp.CompletionParams(document, where))
            assert isinstance(found, lsp.CompletionList)
            expected = face.load("lm", models, task="lm").completer().complete("😀 the old m", 5)
            assert [item.label for item in found.items] == [one.word for one in expected]
            said = await one.client.text_document_hover_async(lsp.HoverParams(document, at(text, "man").start))
            assert said is not None and "bits of surprise" in str(said.contents)

    run(write)


def test_a_project_has_settings_of_its_own(models: Path, tmp_path: Path) -> None:
    (tmp_path / "seqcli.toml").write_text('alarm_rate = "0.001%"\nwords = 0\n')
    assert project_settings(tmp_path) == {"alarm_rate": "0.001%", "words": 0}

    async def write() -> None:
        async with editor(models, tmp_path) as one:
            assert len(await one.open("The old man sat in his boat.\n")) == 0
            where = lsp.CompletionParams(lsp.TextDocumentIdentifier(one.uri), lsp.Position(0, 8))
            found = await one.client.text_document_completion_async(where)
            assert isinstance(found, lsp.CompletionList) and not found.items

    run(write)
    for wrong in ("words = 101", "wrods = 1", "words =", "words = 'a'"):
        (tmp_path / "seqcli.toml").write_text(wrong)
        with pytest.raises(MisuseError):
            project_settings(tmp_path)


def test_only_what_changed_is_looked_at_again(models: Path) -> None:
    looked: list[str] = []

    class Counting:
        def prepare(self, workers: int) -> None:
            pass

        def marks_of_several(self, texts: Sequence[Text], how: Any) -> list[list[Any]]:
            looked.extend(text.text for text in texts)
            return [[] for _ in texts]

    whole = "".join(f"This is paragraph {i}. {'It goes on. ' * 200}\n\n" for i in range(8))
    paragraphs = Paragraphs(Counting(), None, Spare())  # type: ignore[arg-type]
    paragraphs.marks(whole, "", ())
    first = len(looked)
    paragraphs.marks(whole.replace("paragraph 3", "chapter 3"), "", ())
    assert first > 4 and len(looked) == first + 1 and "chapter 3" in looked[-1]


def test_stretches_are_the_text_and_code_is_in_one() -> None:
    fenced = (
        "Before.\n\n" * 300
        + "```\n"
        + "code\n\n" * 600
        + "```\n\nAfter.\n"
        + "\\begin{verbatim}\n\nx\n\\end{verbatim}\n"
    )
    cut = [fenced[start:end] for start, end in stretches(fenced)]
    assert "".join(cut) == fenced and len(cut) > 1
    assert all(part.count("```") % 2 == 0 for part in cut)
    assert all(len(part) >= SHORTEST for part in cut[:-1])


def test_surprise_is_that_of_the_word(models: Path) -> None:
    model = face.load("lm", models, task="lm")
    line = "the old man"
    bits = model.score(line).words[1].bits
    assert f"old: {bits:.1f} bits" in surprise(model, line, 5)
    assert surprise(model, line, 3) == surprise(model, line, 99) == ""


def test_a_shelf_without_a_proofreader_is_told(tmp_path: Path) -> None:
    async def write() -> None:
        async with editor(Shelf(tmp_path / "none").root, tmp_path) as one:
            told: asyncio.Queue[lsp.ShowMessageParams] = asyncio.Queue()

            @one.client.feature(lsp.WINDOW_SHOW_MESSAGE)
            def said(params: lsp.ShowMessageParams) -> None:
                told.put_nowait(params)

            item = lsp.TextDocumentItem(one.uri, "markdown", 1, "A text.\n")
            one.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
            assert "train-fill FILE" in (await asyncio.wait_for(told.get(), 60)).message

    run(write)


def test_the_page_about_editors_has_settings_that_there_are() -> None:
    page = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    first, *_ = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    found = settings(Editing(), tomllib.loads(first))
    assert found.words == 8 and found.proofreader == "thesis"
    assert "language-server" in COMMANDS and page.count("language-server") > 4
