"""An editor's language server: marks with their corrections, the next words, and how surprising a word is.

Source: the Language Server Protocol, 3.17.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import TextDocument

from seqcli.errors import CorpusError, MisuseError, SeqcliError, quoted
from seqcli.fill.proofreading.accepted import BESIDE, accepted_words
from seqcli.fill.proofreading.marks import Places
from seqcli.fill.proofreading.settings import Proofreading, share_of
from seqcli.serve.language_tool import replacements
from seqcli.serve.paragraphs import Found, Paragraphs
from seqcli.settings import setting, settings
from seqcli.text.token_spans import surfaces
from seqcli.version import __version__

if TYPE_CHECKING:
    from seqcli.language.answers import LanguageModel
    from seqcli.language.completion import Completer
    from seqcli.session import Session

PROJECT = "seqcli.toml"  # settings of a project, at its root
PAUSE = 0.1  # seconds without a change before a text is looked at again
BEFORE = 400  # characters of a line that are read before the place where one types
REMEMBER, IGNORE = "seqcli.remember", "seqcli.ignore"
SURE = 0.8  # probability from which a mark is a warning; below it is information


@dataclass(frozen=True)
class Editing(Proofreading):
    """What an editor is told."""

    proofreader: str | None = setting(None, "The model that proofreads, made by train-fill.", panel="Other")
    language_model: str | None = setting(None, "The model that knows the next words, made by train-lm.", panel="Other")
    words: int = setting(8, "Next words offered; 0: none.", low=0, high=100, panel="Other")


class Editor:
    """What the server knows: its models, opened when first needed, and what was said of every text."""

    def __init__(self, session: Session, how: Editing) -> None:
        self.session, self.how = session, how
        self.found: dict[str, list[Found]] = {}
        self.ignored: dict[str, set[str]] = {}
        self.looking: dict[str, asyncio.Task[None]] = {}
        self._paragraphs: Paragraphs | None = None
        self._model: LanguageModel | None = None
        self._completer: Completer | None = None
        self._opening = threading.Lock()  # two texts that are opened at once wait for one proofreader
        self.told: set[str] = set()  # what is missing is said once

    def paragraphs(self) -> Paragraphs:
        """Return what proofreads. Raises ModelError where there is no such model."""
        with self._opening:
            if self._paragraphs is None:
                from seqcli.fill.answers import load

                model = load(self.session, self.session.shelf.read(self.how.proofreader, "fill"))
                how = Proofreading(self.how.alarm_rate, self.how.k)
                share_of(how.alarm_rate)
                self._paragraphs = Paragraphs(model.proofreader(), how, self.session.spare)
            return self._paragraphs

    def begin(self) -> None:
        """Read the proofreader before a text is opened; where there is none, that is said of the first text."""
        with contextlib.suppress(SeqcliError):
            self.paragraphs()

    def model(self) -> LanguageModel:
        """Return what knows the next words. Raises ModelError where there is no such model."""
        if self._model is None:
            from seqcli.language.answers import load

            self._model = load(self.session, self.session.shelf.read(self.how.language_model, "lm"))
        return self._model

    def completer(self) -> Completer:
        """Return what completes a line, made once. Raises ModelError where there is no such model."""
        self._completer = self._completer or self.model().completer()
        return self._completer

    def look(self, uri: str, text: str) -> list[Found]:
        """Return the marks of a text, those of words to be ignored left out."""
        path = to_fs_path(uri) or ""
        right = accepted_words((), [path] if path else []) | self.ignored.get(uri, set())
        found = self.paragraphs().marks(text, path, right)
        return [one for one in found if one.mark.word.lower() not in right]


def server_of(session: Session, how: Editing) -> LanguageServer:
    """Return the server, ready to be started over stdio or TCP."""
    server, editor = LanguageServer("seqcli", __version__), Editor(session, how)

    @server.feature(lsp.INITIALIZED)
    async def begin(ls: LanguageServer, params: lsp.InitializedParams) -> None:
        root = ls.workspace.root_path
        try:
            editor.how = settings(how, project_settings(Path(root)) if root else {})
        except SeqcliError as error:
            _tell(ls, editor, error)
        await asyncio.to_thread(editor.begin)

    async def look(ls: LanguageServer, uri: str, pause: float) -> None:
        await asyncio.sleep(pause)
        document = ls.workspace.get_text_document(uri)
        text, version = document.source, document.version
        try:
            found = await asyncio.to_thread(editor.look, uri, text)
        except SeqcliError as error:
            return _tell(ls, editor, error)
        if uri not in ls.workspace.text_documents or ls.workspace.get_text_document(uri).version != version:
            return  # it has changed meanwhile, and is looked at again
        editor.found[uri] = found
        places = Places(text)
        shown = [_diagnostic(document, places, text, one) for one in found]
        ls.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, shown, version))

    def soon(ls: LanguageServer, uri: str, pause: float = PAUSE) -> None:
        if uri in editor.looking:
            editor.looking[uri].cancel()
        editor.looking[uri] = asyncio.get_running_loop().create_task(look(ls, uri, pause))

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(ls: LanguageServer, params: lsp.DidOpenTextDocumentParams) -> None:
        soon(ls, params.text_document.uri, 0.0)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: LanguageServer, params: lsp.DidChangeTextDocumentParams) -> None:
        soon(ls, params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(ls: LanguageServer, params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        if (task := editor.looking.pop(uri, None)) is not None:
            task.cancel()
        editor.found.pop(uri, None)
        ls.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix]))
    async def act(ls: LanguageServer, params: lsp.CodeActionParams) -> list[lsp.CodeAction | lsp.Command]:
        uri = params.text_document.uri
        document = ls.workspace.get_text_document(uri)
        low, high = document.offset_at_position(params.range.start), document.offset_at_position(params.range.end)
        some = [one for one in editor.found.get(uri, ()) if one.start <= high and low <= one.end]
        return [action for one in some for action in _actions(document, uri, one)]

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION)
    async def complete(ls: LanguageServer, params: lsp.CompletionParams) -> lsp.CompletionList:
        line = _line_before(ls.workspace.get_text_document(params.text_document.uri), params.position)
        if not editor.how.words:
            return lsp.CompletionList(True, [])
        try:
            found = await asyncio.to_thread(lambda: editor.completer().complete(line[-BEFORE:], editor.how.words))
        except SeqcliError as error:
            _tell(ls, editor, error)
            return lsp.CompletionList(True, [])
        items = [
            lsp.CompletionItem(
                one.word,
                kind=lsp.CompletionItemKind.Text,
                detail=f"{one.probability:.0%}",
                sort_text=f"{rank:04}",
                preselect=rank == 0,
            )
            for rank, one in enumerate(found)
        ]
        return lsp.CompletionList(True, items)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def hover(ls: LanguageServer, params: lsp.HoverParams) -> lsp.Hover | None:
        document = ls.workspace.get_text_document(params.text_document.uri)
        line = document.lines[params.position.line].rstrip("\r\n") if params.position.line < len(document.lines) else ""
        at = len(_line_before(document, params.position))
        try:
            said = await asyncio.to_thread(surprise, editor.model(), line, at)
        except SeqcliError as error:
            _tell(ls, editor, error)
            return None
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.PlainText, said)) if said else None

    @server.command(IGNORE)
    async def ignore(ls: LanguageServer, uri: str, word: str) -> None:
        editor.ignored.setdefault(uri, set()).add(word.lower())
        soon(ls, uri, 0.0)

    @server.command(REMEMBER)
    async def remember(ls: LanguageServer, uri: str, word: str) -> None:
        try:
            remember_word(to_fs_path(uri) or "", word)
        except SeqcliError as error:
            return _tell(ls, editor, error)
        for other in ls.workspace.text_documents:
            soon(ls, other, 0.0)

    return server


def project_settings(root: Path) -> dict[str, Any]:
    """Return what seqcli.toml at the root of a project sets. Raises MisuseError for what is none."""
    try:
        with open(root / PROJECT, "rb") as file:
            found: Mapping[str, Any] = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise MisuseError(f"{PROJECT} cannot be read: {error}.") from error
    settings(Editing(), dict(found))
    return dict(found)


def remember_word(path: str, word: str) -> None:
    """Add a word to seqcli.words beside a text. Raises CorpusError where it cannot be written."""
    if not path or not word.strip() or len(word.split()) != 1:
        raise CorpusError(f"{quoted(word)} cannot be remembered: it is no word of a file.")
    try:
        with open(os.path.join(os.path.dirname(path), BESIDE), "a+", encoding="utf-8") as file:
            file.seek(0)
            before = file.read()
            file.write(("" if not before or before.endswith("\n") else "\n") + word + "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"Cannot write {BESIDE} beside {quoted(path)}: {error}.") from error


def surprise(model: LanguageModel, line: str, at: int) -> str:
    """Return how surprising the word at a place of a line is, and what was likelier; nothing between words."""
    begin = token = 0
    for surface in surfaces(model.asked().tokenizer, line):
        end = begin + len(surface.text)
        if begin <= at < end and surface.tokens:
            bits = sum(model.score(line).bits[token : token + surface.tokens])
            likelier = [one.word for one in model.predict(line[:begin], 3)]
            others = f"; likelier here: {', '.join(likelier)}" if likelier and bits > 1 else ""
            return f"{surface.text}: {bits:.1f} bits of surprise{others}"
        begin, token = end, token + surface.tokens
    return ""


def _tell(ls: LanguageServer, editor: Editor, error: SeqcliError) -> None:
    """Say in the editor what went wrong, once."""
    if str(error) not in editor.told:
        editor.told.add(str(error))
        ls.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, f"seqcli: {error}"))


def _line_before(document: TextDocument, position: lsp.Position) -> str:
    begin = document.offset_at_position(lsp.Position(position.line, 0))
    return document.source[begin : document.offset_at_position(position)]


def _range(document: TextDocument, places: Places, text: str, start: int, end: int) -> lsp.Range:
    """Return a stretch of a text as the editor counts it."""

    def position(offset: int) -> lsp.Position:
        line, column = places.of(offset)
        units = document.position_codec.client_num_units(text[offset - column + 1 : offset])
        return lsp.Position(line - 1, units)

    return lsp.Range(position(start), position(end))


def _diagnostic(document: TextDocument, places: Places, text: str, one: Found) -> lsp.Diagnostic:
    severe = lsp.DiagnosticSeverity.Warning if one.mark.probability >= SURE else lsp.DiagnosticSeverity.Information
    where = _range(document, places, text, one.start, one.end)
    return lsp.Diagnostic(where, one.mark.message, severe, one.mark.kind, source="seqcli")


def _actions(document: TextDocument, uri: str, one: Found) -> list[lsp.CodeAction | lsp.Command]:
    """Return what may be done about a mark: mend it, ignore it, remember its word."""
    mark, fix, text = one.mark, lsp.CodeActionKind.QuickFix, document.source
    diagnostic = _diagnostic(document, Places(text), text, one)
    where = diagnostic.range
    found: list[lsp.CodeAction | lsp.Command] = [
        lsp.CodeAction(
            f"{'Remove' if not value.strip() else f'Change to {value.strip()!r}'}",
            fix,
            [diagnostic],
            is_preferred=place == 0,
            edit=lsp.WorkspaceEdit({uri: [lsp.TextEdit(where, value)]}),
        )
        for place, value in enumerate(replacements(mark)[2])
    ]
    for title, command in ((f"Ignore {mark.word!r} here", IGNORE), (f"Remember {mark.word!r}", REMEMBER)):
        found.append(lsp.Command(title, command, arguments=[uri, mark.word]))
    return found
