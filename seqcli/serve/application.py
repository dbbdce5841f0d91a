"""The application that a server runs: its paths, and what each answers. The event loop never computes."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from seqcli.errors import DamagedError, MisuseError, ModelError, SeqcliError, quoted
from seqcli.serve import language_tool, openai, prompts
from seqcli.serve.guard import App, Guard, TooLongError, failure
from seqcli.serve.metrics import Metrics
from seqcli.serve.models import Models, Opened
from seqcli.serve.nesting import is_deep
from seqcli.serve.openapi import describe
from seqcli.serve.questions import QUESTIONS, Question, texts_of
from seqcli.serve.settings import Serving
from seqcli.serve.together import BusyError, Together
from seqcli.session import Session, Silent
from seqcli.store import Shelf
from seqcli.threads import Untouched, processors
from seqcli.vectors.table import UnknownWordError

if TYPE_CHECKING:
    from seqcli.language.load import Asked

ENVIRONMENT = "SEQCLI_SERVING"  # what the processes of one server are told: JSON
STATUS: tuple[tuple[type[Exception], int], ...] = (
    (TooLongError, 413),
    (BusyError, 429),
    (MisuseError, 400),
    (UnknownWordError, 400),
    (DamagedError, 503),
    (ModelError, 404),
    (SeqcliError, 400),
)
FORM = "application/x-www-form-urlencoded"


class Server:
    """What the requests of one process share."""

    def __init__(self, session: Session, names: Sequence[str], how: Serving) -> None:
        self.how = how
        self.models = Models(session, names, how.keep)
        self.together = Together(processors(), how.gather / 1e3, how.waiting)
        paths = frozenset(route.path for route in self.routes())
        self.metrics = Metrics(paths, self.together, self.models)
        self._page = Path(__file__).with_name("page.html").read_bytes()

    def routes(self) -> list[Route]:
        """Return every path, and what answers it."""
        get: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "/": self.page,
            "/models": self.listed,
            "/health": self.health,
            "/ready": self.ready,
            "/metrics": self.counts,
            "/openapi.json": self.described,
            "/v1/models": self.openai_models,
            "/v2/languages": self.languages,
            "/tokenizer_info": self.tokens_told,
        }
        post: dict[str, Callable[[Request], Awaitable[Response]]] = {
            **{question.path: self._asked(question) for question in QUESTIONS},
            "/v1/completions": self.complete,
            "/v1/embeddings": self.embed,
            "/tokenize": self._tokens(prompts.tokenized),
            "/detokenize": self._tokens(prompts.detokenized),
            "/v2/check": self.check,
        }
        return [
            *(Route(path, answer, methods=["GET"]) for path, answer in get.items()),
            *(Route(path, answer, methods=["POST"]) for path, answer in post.items()),
        ]

    # -- about the server -----------------------------------------------------------------------------------------

    async def page(self, request: Request) -> Response:
        """Answer with the page to try the models on."""
        policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
        return Response(self._page, media_type="text/html", headers={"content-security-policy": policy})

    async def health(self, request: Request) -> Response:
        """Say that the server runs."""
        return _json({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """Say whether there is a model to answer with."""
        records = await self.together.compute(self.models.records)
        return _json({"status": "ok" if records else "no model"}, 200 if records else 503)

    async def counts(self, request: Request) -> Response:
        """Answer with what is counted."""
        return Response(self.metrics.text(), media_type="text/plain; version=0.0.4")

    async def described(self, request: Request) -> Response:
        """Answer with the description for programs."""
        return _json(describe())

    async def listed(self, request: Request) -> Response:
        """Answer with the models that may be asked, as `models list` tells them."""
        listed = await self.together.compute(self.models.listed)
        return _json(
            [
                {
                    "model": r.name,
                    "task": r.task,
                    "architecture": r.architecture,
                    "bytes": sum(entry.size for entry in r.files.values()),
                    "default": default,
                }
                for r, default in listed
            ]
        )

    # -- questions ------------------------------------------------------------------------------------------------

    def _asked(self, question: Question) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            asked = await _document(request)
            given = question.given(asked)
            texts = self._texts(question.asks, asked.get(question.asks)) if question.asks else [""]
            for value in given.values():
                self._check_length([value] if isinstance(value, str) else value if isinstance(value, tuple) else [])
            self._check_written(question.written(given) * (1 if question.listed else len(texts)))
            opened = await self._opened(asked, question.task)
            if asked.get("stream"):
                return self._streamed(question, opened, given, texts)
            questions: Sequence[Any] = [texts] if question.listed else texts
            kind = (question.path, id(opened.answers), json.dumps(given, sort_keys=True))
            found = await self.together.ask(
                kind, lambda some: question.answer(opened.answers, dict(given), some), questions
            )
            return _json([row for rows in found for row in rows])

        return answer

    def _streamed(self, question: Question, opened: Opened, given: dict[str, Any], texts: Sequence[str]) -> Response:
        """Answer with texts as they are written."""
        from seqcli.language.generation_settings import wanted_texts

        if question.path != "/generate":
            raise MisuseError("'stream' belongs to /generate and /v1/completions; leave it out.")
        wanted = wanted_texts(given, False)
        if wanted.beam:
            raise MisuseError("What is searched for with 'beam' comes whole; leave 'stream' out.")

        def pieces() -> Iterator[dict[str, Any]]:
            writing = opened.answers.writing(wanted)
            for text in texts:
                for sample in range(wanted.n):
                    for piece in writing.as_it_comes(text, 0, sample):
                        yield {"prompt": text, "sample": sample + 1, "text": piece}

        return self._events(pieces())

    def _events(self, pieces: Iterator[dict[str, Any]]) -> Response:
        """Answer with server-sent events, each computed on a thread when the one before it was sent."""

        async def events() -> AsyncIterator[bytes]:
            done: dict[str, Any] = {}
            while (piece := await self.together.compute(lambda: next(pieces, done))) is not done:
                yield b"data: " + _encoded(piece) + b"\n\n"
            yield b"data: [DONE]\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    # -- OpenAI's shape -------------------------------------------------------------------------------------------

    async def openai_models(self, request: Request) -> Response:
        """Answer with the models, as OpenAI lists them."""
        records = await self.together.compute(self.models.records)
        listed = [
            {"id": r.name, "object": "model", "created": 0, "owned_by": "seqcli", "task": r.task} for r in records
        ]
        return _json({"object": "list", "data": listed})

    async def complete(self, request: Request) -> Response:
        """Complete prompts."""
        asked = await _document(request)
        how, given = openai.completing(asked), prompts.prompts_of(asked)
        self._check_length(given)
        self._check_written(how.n * max(how.max_tokens, 1) * len(given))
        opened = await self._opened(asked, "lm")
        name = opened.record.name

        def read() -> tuple[Asked, list[prompts.Prompt]]:
            model = opened.answers.asked()
            return model, [prompts.prompt_of(model, one) for one in given]

        model, read_prompts = await self.together.compute(read)

        def pieces() -> Iterator[openai.Choice]:
            for place, prompt in enumerate(read_prompts):
                yield from openai.pieces(model, how, prompt, place * how.n)

        if asked.get("stream"):
            return self._events(openai.document(name, [piece.document(how)]) for piece in pieces())
        choices = await self.together.compute(lambda: openai.joined(pieces(), len(given) * how.n))
        written, before = sum(choice.tokens for choice in choices), sum(len(one.ids) - 1 for one in read_prompts)
        usage = {"prompt_tokens": before, "completion_tokens": written, "total_tokens": before + written}
        return _json(openai.document(name, [choice.document(how) for choice in choices], usage))

    async def tokens_told(self, request: Request) -> Response:
        """Answer with what is to be known of a model's tokens."""
        opened = await self._opened(dict(request.query_params), "lm")
        return _json(await self.together.compute(lambda: prompts.tokenizer_info(opened.answers.asked())))

    def _tokens(self, answer: Callable[[Asked, dict[str, Any]], dict[str, Any]]) -> Callable[..., Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            asked = await _document(request)
            self._check_length(
                [part for name in ("prompt", "tokens") if isinstance(part := asked.get(name), (str, list))]
            )
            opened = await self._opened(asked, "lm")
            return _json(await self.together.compute(lambda: answer(opened.answers.asked(), asked)))

        return answered

    async def embed(self, request: Request) -> Response:
        """Give the vectors of texts."""
        asked = await _document(request)
        texts = self._texts("input", asked.get("input"))
        encoding = asked.get("encoding_format", "float")
        if encoding not in ("float", "base64"):
            raise MisuseError(f"'encoding_format' is {quoted(encoding)}; choose from float, base64.")
        opened = await self._opened(asked, "vectors", "sentences")
        kind = ("/v1/embeddings", id(opened.answers))
        vectors = opened.answers.embed if opened.record.task == "sentences" else opened.answers.transform
        found = await self.together.ask(kind, lambda some: list(vectors(some)), texts)
        import numpy as np

        data = openai.embedded(np.array(found, np.float32), encoding)
        usage = {"prompt_tokens": sum(len(text.split()) for text in texts)}
        document = {"object": "list", "data": data, "model": opened.record.name}
        return _json({**document, "usage": {**usage, "total_tokens": usage["prompt_tokens"]}})

    # -- LanguageTool's shape -------------------------------------------------------------------------------------

    async def languages(self, request: Request) -> Response:
        """Answer with the languages that an editor may name."""
        return _json(language_tool.languages())

    async def check(self, request: Request) -> Response:
        """Proofread a text, sent as a form or as JSON."""
        asked = await (_form(request) if _kind_of(request) == FORM else _document(request))
        wanted = language_tool.wanted(asked)
        text = wanted.checked.text
        self._texts("text", text)
        opened = await self._opened(asked, "fill")
        kind = ("/v2/check", id(opened.answers))
        (marks,) = await self.together.ask(kind, lambda some: opened.answers.proofread(some), [text])
        return _json(language_tool.answer(wanted, marks, opened.record.name))

    # -- what all of them do --------------------------------------------------------------------------------------

    async def _opened(self, asked: dict[str, Any], task: str, *others: str) -> Opened:
        """Return the model that a request names, or the one that answers where it names none."""
        name = asked.get("model")
        if name is not None and not isinstance(name, str):
            raise MisuseError("'model' is no text; give the name of a model, as /models lists it.")
        if (known := self.models.known(name, task)) is not None:
            return known
        return await self.together.compute(lambda: self.models.open(name or None, task, *others))

    def _texts(self, name: str, value: Any) -> list[str]:
        """Return the texts of a request. Raises MisuseError for what is none, for none at all, and for one too long."""
        texts = texts_of(name, value)
        if not texts:
            raise MisuseError(f"{quoted(name)} is an empty list; give a text, or several.")
        self._check_length(texts)
        return texts

    def _check_length(self, texts: Sequence[str | list[int]]) -> None:
        """Raise MisuseError for a text, or the ids of one, that is too long."""
        longest = max(texts, key=len, default="")
        if len(longest) > self.how.longest:
            what = "characters" if isinstance(longest, str) else "tokens"
            raise MisuseError(
                f"A text has {len(longest):,} {what}, {self.how.longest:,} are allowed; send less at a time."
            )

    def _check_written(self, tokens: int) -> None:
        """Raise MisuseError where more is to be written than one request may have."""
        if tokens > self.how.written:
            raise MisuseError(f"{tokens:,} tokens are asked for, {self.how.written:,} are allowed at a time.")


def application(
    session: Session, names: Sequence[str], how: Serving, token: str | None, log: Callable[[str], object]
) -> App:
    """Return the application, ready to be run."""
    server = Server(session, names, how)

    @asynccontextmanager
    async def running(app: Starlette) -> AsyncIterator[None]:
        yield
        server.together.close()

    kinds: dict[Any, Any] = dict.fromkeys((SeqcliError, HTTPException, RecursionError, MemoryError, Exception), _failed)
    app = Starlette(routes=server.routes(), exception_handlers=kinds, lifespan=running)
    return Guard(app, how, token, server.metrics, log)


def from_environment() -> App:
    """Return the application of one of several processes, which the first one has described."""
    from threadpoolctl import threadpool_limits

    told = json.loads(os.environ[ENVIRONMENT])
    how = Serving(**{**told["how"], "origin": tuple(told["how"]["origin"])})
    threadpool_limits(1, user_api="blas")  # questions are answered beside each other, each on one thread
    session = Silent(Shelf(told["models_dir"]), Untouched())
    return application(session, told["names"], how, told["token"], print if told["log"] else _unheard)


def _unheard(line: str) -> None:
    """Say nothing."""


def _kind_of(request: Request) -> str:
    """Return the media type of a request."""
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


async def _form(request: Request) -> dict[str, Any]:
    """Return the fields of a form."""
    try:
        pairs = parse_qsl((await request.body()).decode("utf-8"), keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise MisuseError(f"The form cannot be read: {str(error)[:200]}") from None
    return dict(pairs)


async def _document(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request. Raises MisuseError for anything else."""
    kind = _kind_of(request)
    if kind != "application/json":
        raise HTTPException(415, f"The request is {quoted(kind)}; send application/json.")
    body = await request.body()
    if is_deep(body):
        raise MisuseError("The request is no JSON that is read here: It is nested too deeply.")
    try:
        found = json.loads(body, parse_constant=_no_number)
    except ValueError as error:
        raise MisuseError(f"The request is no JSON: {str(error)[:200]}") from None
    if not isinstance(found, dict):
        raise MisuseError("The request is JSON, but no object; send {...}.")
    return found


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")


def _json(value: Any, status: int = 200) -> Response:
    return Response(_encoded(value), status, media_type="application/json")


async def _failed(request: Request, error: Exception) -> Response:
    """Answer with what went wrong, in the words of the command line."""
    if isinstance(error, HTTPException):
        said = {
            404: "There is no such path; /openapi.json lists those that are.",
            405: "Ask in another way: POST for questions.",
        }
        return Response(
            failure(error.status_code, said.get(error.status_code, error.detail)),
            error.status_code,
            headers=error.headers,
            media_type="application/json",
        )
    if isinstance(error, ClientDisconnect):
        return Response(status_code=400)
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
    message = str(error) if isinstance(error, SeqcliError) else f"Unexpected {type(error).__name__}; please report it."
    headers = {"retry-after": "1"} if status == 429 else None
    return Response(failure(status, message), status, headers=headers, media_type="application/json")
