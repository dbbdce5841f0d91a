"""Who may ask a server, and how much: host, origin, token, length and time, before anything is computed."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from seqcli.errors import SeqcliError
from seqcli.serve.settings import LOOPBACK, Serving

if TYPE_CHECKING:
    from seqcli.serve.metrics import Metrics

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
OPEN = frozenset({"/health", "/ready"})  # answered to anybody: a probe has no token
TOO_LONG = "The request is longer than {most:,} bytes; send less at a time."


class TooLongError(SeqcliError):
    """A request is longer than it may be."""


def failure(status: int, message: str) -> bytes:
    """Return the body of an answer that says what went wrong."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    error = {"message": message, "type": kind, "param": None, "code": status}
    return json.dumps({"error": error}, ensure_ascii=False).encode("utf-8", "backslashreplace")


class Guard:
    """Lets through what may be asked, and notes of each request its path, its status and its time: never its text."""

    def __init__(
        self, app: App, how: Serving, token: str | None, metrics: Metrics, log: Callable[[str], object]
    ) -> None:
        self._app, self._how, self._token, self._metrics, self._log = app, how, token, metrics, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        began, status = time.perf_counter(), 0
        origin = headers.get("origin", "")

        async def answer(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                more = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
                if origin in self._how.origin:
                    more += [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"origin")]
                message["headers"] = [*message.get("headers", ()), *more]
            await send(message)

        refused = self._refusal(scope, headers)
        if refused:
            await _refuse(answer, *refused)
        elif scope["method"] == "OPTIONS" and origin in self._how.origin:
            await _allow(answer)
        else:
            await self._timed(scope, self._bounded(receive), answer)
        self._metrics.answered(scope, status, time.perf_counter() - began)
        self._log(f"{scope['method']} {scope['path'][:100]} {status} {1e3 * (time.perf_counter() - began):.0f} ms")

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._how.seconds):
                await self._app(scope, receive, send)
        except TimeoutError:
            await _refuse(send, 503, f"It took longer than {self._how.seconds:g} s; ask for less at a time.")

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        """Return why a request is not answered, None where it is.

        A page of a stranger in a browser sends its own origin, or reaches this machine under a name of its own.
        """
        host = urlsplit(f"//{headers.get('host', '')}").hostname or "" if _is_plain(headers.get("host", "")) else ""
        if self._how.is_local and host not in LOOPBACK:
            return 403, "This server answers to the names of its own machine alone."
        origin = headers.get("origin")
        own = origin == f"{scope.get('scheme', 'http')}://{headers.get('host')}"
        if origin is not None and not own and origin not in self._how.origin:
            return 403, "A page of another address may not ask; start the server with --origin to let it."
        if (
            origin is None
            and headers.get("sec-fetch-site") == "cross-site"
            and headers.get("sec-fetch-mode") != "navigate"
        ):
            return 403, "A page of another address may not ask; start the server with --origin to let it."
        if self._token and scope["path"] not in OPEN and not self._knows(headers.get("authorization", "")):
            return 401, "A token is wanted: Authorization: Bearer TOKEN."
        if headers.get("content-length", "0").isdecimal() and int(headers.get("content-length", "0")) > self._how.body:
            return 413, TOO_LONG.format(most=self._how.body)
        return None

    def _knows(self, authorization: str) -> bool:
        kind, _, token = authorization.partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), (self._token or "").encode())

    def _bounded(self, receive: Receive) -> Receive:
        """Return what gives the body of a request as far as it may be long."""
        seen = 0

        async def bounded() -> MutableMapping[str, Any]:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._how.body:
                raise TooLongError(TOO_LONG.format(most=self._how.body))
            return message

        return bounded


def _is_plain(host: str) -> bool:
    return bool(host) and all(c.isalnum() or c in ".-:[]" for c in host) and host.count("[") == host.count("]") <= 1


async def _refuse(send: Send, status: int, message: str) -> None:
    body = failure(status, message)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(b"www-authenticate", b"Bearer")] if status == 401 else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _allow(send: Send) -> None:
    """Answer a browser that asks beforehand."""
    headers = [
        (b"access-control-allow-methods", b"GET, POST"),
        (b"access-control-max-age", b"600"),
        (b"access-control-allow-headers", b"authorization, content-type"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
