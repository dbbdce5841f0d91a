"""The description of the server for programs (OpenAPI 3.1), made of the same settings as everything else."""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import cache
from typing import Any

from seqcli.serve.openai import Completing
from seqcli.serve.questions import QUESTIONS, Question
from seqcli.settings import value_type
from seqcli.version import __version__

ERRORS = {
    "400": "What was asked is wrong; the message says how.",
    "401": "A token is wanted.",
    "403": "A page of another address may not ask.",
    "404": "There is no such model.",
    "405": "Asked in another way: POST for questions.",
    "413": "The request is too long.",
    "415": "The request is no JSON.",
    "429": "Too much is waiting; ask again after the seconds of Retry-After.",
    "503": "It took too long, or the model cannot be read.",
}
STRINGS = {"type": "array", "items": {"type": "string"}}
IDS = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1}


def schema_of(cls: type, f: Any) -> dict[str, Any]:
    """Return the schema of a setting: its type, range, choices, default and line of help."""
    kind, _ = value_type(cls, f.name)
    names = {int: "integer", float: "number", bool: "boolean", str: "string"}
    found: dict[str, Any] = {"description": f.metadata["help"]}
    if kind is tuple:
        found["anyOf"] = [{"type": "string"}, STRINGS, {"type": "null"}]
    else:
        found["type"] = [names[kind], "null"]  # null leaves a setting as it is
    ranges = {"minimum": "low", "maximum": "high", "exclusiveMinimum": "above"}
    found |= {key: f.metadata[name] for key, name in ranges.items() if f.metadata[name] is not None}
    if f.metadata["choices"]:
        found["enum"] = [*f.metadata["choices"], None]
    if f.default is not MISSING and f.default not in (None, ()):
        found["default"] = f.default
    return found


@cache
def describe() -> dict[str, Any]:
    """Return the whole description, which is made once."""
    paths: dict[str, Any] = {question.path: {"post": _asking(question)} for question in QUESTIONS}
    for path, what in (
        ("/models", "The models that may be asked."),
        ("/health", "Whether the server runs."),
        ("/v1/models", "The models, in OpenAI's shape."),
        ("/tokenizer_info", "What is to be known of a language model's tokens, as vLLM answers."),
    ):
        paths[path] = {"get": {"summary": what, "responses": _responses({"type": ["object", "array"]})}}
    complete = {f.name: schema_of(Completing, f) for f in fields(Completing)}
    complete |= {
        "model": {"type": ["string", "null"]},
        "prompt": {"anyOf": [*_texts(False)["anyOf"], IDS, {"type": "array", "items": IDS, "minItems": 1}]},
        "stream": {"type": ["boolean", "null"]},
    }
    embed = {
        "model": {"type": ["string", "null"]},
        "input": _texts(False),
        "encoding_format": {"enum": ["float", "base64"]},
    }
    paths["/v1/completions"] = {"post": _post("Completions, in OpenAI's shape.", complete, [], {"type": "object"})}
    paths["/v1/embeddings"] = {"post": _post("Vectors of texts.", embed, ["input"], {"type": "object"})}
    for path, what, name, kind in (
        ("/tokenize", "The ids of a text's tokens, as vLLM answers.", "prompt", {"type": "string"}),
        ("/detokenize", "The text of ids, as vLLM answers.", "tokens", {**IDS, "minItems": 0}),
    ):
        asks = {"model": {"type": ["string", "null"]}, name: kind}
        if path == "/tokenize":
            asks["add_special_tokens"] = {"type": "boolean"}
        paths[path] = {"post": _post(what, asks, [name], {"type": "object"})}
    about = {"title": "seqcli", "version": __version__, "description": "Answers from models of one's own text."}
    return {"openapi": "3.1.0", "info": about, "paths": paths}


def _texts(listed: bool) -> dict[str, Any]:
    return STRINGS if listed else {"anyOf": [{"type": "string"}, {**STRINGS, "minItems": 1}]}


def _asking(question: Question) -> dict[str, Any]:
    properties = {f.name: schema_of(question.how, f) for f in question.settings()}
    asks = [question.asks] if question.asks else []
    properties |= {"model": {"type": ["string", "null"]}, **{name: _texts(question.listed) for name in asks}}
    if question.path == "/generate":
        properties["stream"] = {"type": "boolean", "description": "Server-sent events, a piece at a time."}
    rows = {"type": "array", "items": {"type": "object"}}
    return _post(question.does, properties, asks, rows)


def _post(summary: str, properties: dict[str, Any], required: list[str], answer: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"summary": summary, "requestBody": body, "responses": _responses(answer)}


def _responses(answer: dict[str, Any]) -> dict[str, Any]:
    error = {"type": "object", "required": ["error"]}
    good = {"description": "The answer.", "content": {"application/json": {"schema": answer}}}
    bad = {
        code: {"description": text, "content": {"application/json": {"schema": error}}} for code, text in ERRORS.items()
    }
    return {"200": good, **bad}
