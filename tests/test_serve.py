"""HTTP's face: the answers of the command line, OpenAI's shape, and what nobody may ask."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import math
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from command_line import TINY, seqcli, story
from scipy.stats import spearmanr
from starlette.testclient import TestClient

import seqcli as face
from seqcli.errors import MisuseError
from seqcli.fill.proofreading.edits import Edit
from seqcli.fill.proofreading.marks import Mark, Suggestion
from seqcli.serve.application import application
from seqcli.serve.connections import Impatient
from seqcli.serve.language_tool import answer, wanted
from seqcli.serve.questions import QUESTIONS
from seqcli.serve.settings import Serving
from seqcli.serve.together import MOST, BusyError, Together
from seqcli.session import Silent
from seqcli.store import Shelf
from seqcli.threads import Untouched

TOKEN = "a-token-of-the-tests"
MADE = {
    "book": ("train-lm", [*TINY, "--learning-rate", "0.05"]),
    "words": ("train-w2v", ["--embedding-size", "8", "--epochs", "2", "--min-count", "2", "--threads", "1"]),
    "codes": (
        "train-vae",
        [
            *("--hidden-size", "8", "--embedding-size", "8", "--encoder-size", "8", "--latent-size", "4"),
            *("--epochs", "1", "--threads", "1"),
        ],
    ),
    "gaps": ("train-fill", ["--hidden-size", "8", "--embedding-size", "8", "--epochs", "2", "--threads", "1"]),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a model of some tasks; no test changes it."""
    folder = tmp_path_factory.mktemp("serve")
    (folder / "story.txt").write_text(story(), "utf-8")
    for name, (command, options) in MADE.items():
        done = seqcli("--models-dir", folder / "models", command, folder / "story.txt", "--name", name, *options)
        assert done.code == 0, done.err
    return folder / "models"


def served(models: Path, names: tuple[str, ...] = (), token: str | None = None, **how: Any) -> TestClient:
    app = application(Silent(Shelf(models), Untouched()), names, Serving(**how), token, lambda line: None)
    return TestClient(app, base_url="http://127.0.0.1:8765", raise_server_exceptions=False)


@pytest.fixture(scope="module")
def client(models: Path) -> Iterator[TestClient]:
    with served(models) as client:
        yield client


def near(one: Any, other: Any) -> bool:
    """Whether answers are the same but for the rounding of float32, which another batch may round otherwise."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-6)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(near(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(near, one, other))
    return bool(one == other)


@pytest.mark.parametrize(
    ("path", "asked", "line"),
    [
        ("/predict", {"prompt": "the cat", "k": 3}, ["predict-word", "the cat", "-k", "3"]),
        ("/predict", {"prompt": "the cat", "next": 3}, ["predict-word", "the cat", "--next", "3"]),
        ("/predict", {"prompt": ""}, ["predict-word", "--file", "-"]),
        ("/score", {"sentence": "the cat saw a king"}, ["score", "the cat saw a king"]),
        ("/score", {"sentence": "the cat", "words": True}, ["score", "the cat", "--words"]),
        ("/generate", {"prompt": "the", "n": 3, "seed": 4}, ["generate", "the", "-n", "3", "--seed", "4"]),
        ("/generate", {"prompt": "the", "beam": 2}, ["generate", "the", "--beam", "2"]),
        ("/fill", {"sentence": "the [_] saw"}, ["fill", "the [_] saw"]),
        ("/fill", {"sentence": "a [_] [_]", "k": 2}, ["fill", "a [_] [_]", "-k", "2"]),
        ("/fill", {"sentence": "the [_]", "among": ["cat", "king"]}, ["fill", "the [_]", "--among", "cat,king"]),
        ("/neighbors", {"word": ["cat", "king"], "k": 2}, ["neighbors", "cat", "king", "-k", "2"]),
        ("/analogy", {"prompt": "king - cat + dog", "k": 2}, ["analogy", "king - cat + dog", "-k", "2"]),
        ("/vector", {"word": "king"}, ["vector", "king"]),
        ("/sample", {"n": 3, "seed": 2}, ["sample", "-n", "3", "--seed", "2"]),
        ("/sample", {"like": "the cat saw"}, ["sample", "--like", "the cat saw"]),
        ("/reconstruct", {"sentence": "the cat saw a king"}, ["reconstruct", "the cat saw a king"]),
        ("/embed", {"sentence": "the cat saw a king"}, ["embed", "the cat saw a king"]),
        ("/embed", {"sentence": ""}, ["embed", "--file", "-"]),
        ("/interpolate", {"sentence": ["the cat", "a king saw"]}, ["interpolate", "the cat", "a king saw"]),
    ],
)
def test_it_answers_what_the_command_line_answers(
    client: TestClient, models: Path, path: str, asked: dict[str, Any], line: list[str]
) -> None:
    typed = seqcli("--models-dir", models, *line, "--json", stdin=b"\n")
    answer = client.post(path, json=asked)
    assert answer.status_code == 200, answer.text
    assert near(answer.json(), json.loads(typed.out)), (answer.json(), typed.out)


def test_a_text_is_sent_as_it_is_written(client: TestClient) -> None:
    asked = {"prompt": "the", "seed": 3, "tokens": 12}
    whole = client.post("/generate", json=asked).json()[0]["text"]
    lines = client.post("/generate", json={**asked, "stream": True}).text.split("\n\n")
    assert lines[-2] == "data: [DONE]"
    assert "".join(json.loads(line[6:])["text"] for line in lines[:-2]).rstrip("\n") == whole


# -- OpenAI's shape -----------------------------------------------------------------------------------------------


def test_the_prompt_has_its_exact_log_probabilities(client: TestClient, models: Path) -> None:
    text = "the cat  saw a king"
    asked = {"prompt": text, "echo": True, "max_tokens": 0, "logprobs": 2}
    told = client.post("/v1/completions", json=asked).json()["choices"][0]
    score = face.load("book", models, task="lm").score(text)
    logs = told["logprobs"]
    assert np.allclose(logs["token_logprobs"], [word.log_probability for word in score.words[:-1]], atol=1e-4)
    assert "".join(logs["tokens"]) == told["text"] == text
    assert [text[at : at + len(token)] for at, token in zip(logs["text_offset"], logs["tokens"], strict=True)] == (
        logs["tokens"]
    )
    assert all(len(best) == 2 and max(best.values()) >= log - 1e-4
               for best, log in zip(logs["top_logprobs"], logs["token_logprobs"], strict=True))  # fmt: skip


def test_a_prompt_may_be_the_ids_of_its_tokens(client: TestClient) -> None:
    text = "the cat saw a king"
    cut = client.post("/tokenize", json={"prompt": text, "add_special_tokens": False}).json()
    assert cut["count"] == len(cut["tokens"]) == 5
    assert client.post("/detokenize", json={"tokens": cut["tokens"]}).json() == {"prompt": text}
    end = client.get("/tokenizer_info").json()["bos_token"]
    [eos] = client.post("/tokenize", json={"prompt": end, "add_special_tokens": False}).json()["tokens"]
    assert client.post("/tokenize", json={"prompt": text}).json()["tokens"] == [eos, *cut["tokens"]]

    asked = {"echo": True, "max_tokens": 3, "temperature": 0, "logprobs": 2}
    prompts = [text, cut["tokens"], [eos, *cut["tokens"]]]
    written = [client.post("/v1/completions", json={**asked, "prompt": prompt}).json() for prompt in prompts]
    by_text, by_ids, begun = (one["choices"][0] for one in written)
    assert by_ids == by_text and begun["text"] == by_text["text"] and written[0]["usage"] == written[2]["usage"]
    assert begun["logprobs"]["token_logprobs"] == [None, *by_text["logprobs"]["token_logprobs"]]
    several = client.post("/v1/completions", json={**asked, "prompt": prompts[1:]}).json()["choices"]
    assert [one["text"] for one in several] == [by_text["text"]] * 2


def test_a_text_of_several_lines_costs_what_evaluate_says(client: TestClient, models: Path, tmp_path: Path) -> None:
    lines = ["the cat saw a king", "a king saw the dog", "the dog"]
    (tmp_path / "test.txt").write_text("\n".join(lines) + "\n", "utf-8")
    ids = client.post("/tokenize", json={"prompt": "\n".join(lines) + "\n"}).json()["tokens"]
    told = client.post("/v1/completions", json={"prompt": ids, "echo": True, "max_tokens": 1, "logprobs": 1}).json()
    nats = -sum(told["choices"][0]["logprobs"]["token_logprobs"][1:-1])
    figures = face.load("book", models, task="lm").evaluate(tmp_path / "test.txt")
    assert figures.tokens == len(ids) - 1 and np.isclose(nats / figures.tokens, figures.nats_per_token, atol=1e-5)


def test_completions_are_the_same_again_and_end_where_they_should(client: TestClient) -> None:
    asked = {"prompt": ["the", "a"], "n": 2, "max_tokens": 5, "seed": 1, "logprobs": 0}
    first, again = (client.post("/v1/completions", json=asked).json() for _ in range(2))
    assert first["choices"] == again["choices"] and [one["index"] for one in first["choices"]] == [0, 1, 2, 3]
    for one in first["choices"]:
        assert one["finish_reason"] in ("stop", "length") and "".join(one["logprobs"]["tokens"]) == one["text"]
    assert first["usage"]["completion_tokens"] == sum(len(one["logprobs"]["tokens"]) for one in first["choices"])
    streamed = client.post("/v1/completions", json={**asked, "stream": True}).text
    parts = [json.loads(line[6:])["choices"][0] for line in streamed.split("\n\n")[:-2]]
    for one in first["choices"]:
        assert "".join(part["text"] for part in parts if part["index"] == one["index"]) == one["text"]
    word = next(one["text"].split()[1] for one in first["choices"] if len(one["text"].split()) > 1)
    cut = client.post("/v1/completions", json={**asked, "stop": word}).json()["choices"]
    assert all(word not in one["text"] for one in cut) and any(one["finish_reason"] == "stop" for one in cut)


def test_embeddings_are_the_means_of_word_vectors(client: TestClient, models: Path) -> None:
    texts = ["the cat saw", "a king"]
    listed = client.post("/v1/embeddings", json={"input": texts}).json()["data"]
    coded = client.post("/v1/embeddings", json={"input": texts, "encoding_format": "base64"}).json()["data"]
    expected = face.load("words", models, task="vectors").transform(texts)
    assert np.allclose([one["embedding"] for one in listed], expected)
    assert np.allclose([np.frombuffer(base64.b64decode(one["embedding"]), "<f4") for one in coded], expected)
    assert {one["id"] for one in client.get("/v1/models").json()["data"]} == set(MADE)


def test_words_compared_by_their_embeddings_rank_as_evaluate_vectors_says(
    client: TestClient, models: Path, tmp_path: Path
) -> None:
    vectors = face.load("words", models, task="vectors")
    pairs = list(itertools.combinations(vectors.table.words[:8], 2))
    scores = np.random.default_rng(1).random(len(pairs)).round(3)
    lines = [f"{a}\t{b}\t{score}\n" for (a, b), score in zip(pairs, scores, strict=True)]
    (tmp_path / "pairs.tsv").write_text("".join(lines), "utf-8")
    sides = [
        client.post("/v1/embeddings", json={"input": list(side)}).json()["data"] for side in zip(*pairs, strict=True)
    ]
    a, b = (np.array([one["embedding"] for one in side]) for side in sides)
    cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    [figure] = vectors.evaluate(tmp_path / "pairs.tsv")
    assert figure.value is not None and np.isclose(figure.value, spearmanr(cosines, scores).statistic, atol=1e-6)


@pytest.mark.parametrize(
    "asked",
    [{"prompt": [1, -2]}, {"prompt": ["the", 1]}, {"prompt": [[1], []]}, {"prompt": [10**9]}, {"prompt": [True]},
     {"prompt": []}, {"suffix": "x"}, {"logprobs": True}, {"n": 0}, {"stop": [""]},
     {"zzz": 1}, {"max_tokens": 10**9}, {"temperature": "hot"}, {"best_of": 3}],
)  # fmt: skip
def test_what_openai_has_and_this_has_not_is_refused_by_name(client: TestClient, asked: dict[str, Any]) -> None:
    answer = client.post("/v1/completions", json={"prompt": "the", **asked})
    assert answer.status_code == 400 and answer.json()["error"]["message"], answer.text


# -- LanguageTool's shape -----------------------------------------------------------------------------------------


def mark_of(text: str, word: str, edit: Edit | None, *suggestions: str, kind: str = "spelling") -> Mark:
    offset = text.index(word)
    some = tuple(Suggestion(one, 0.5) for one in suggestions)
    return Mark(offset, len(word), 1, offset + 1, word, kind, 0.9, some, edit)


def mended(text: str, match: dict[str, Any], value: str) -> str:
    """What an editor makes of a match: it counts UTF-16 units."""
    raw = text.encode("utf-16-le")
    at, end = 2 * match["offset"], 2 * (match["offset"] + match["length"])
    return (raw[:at] + value.encode("utf-16-le") + raw[end:]).decode("utf-16-le")


def test_an_editor_mends_what_is_marked() -> None:
    text = "😀 He goed 😀 home to to sea."
    at = text.index
    marks = [
        mark_of(text, "goed", Edit(at("goed"), at("goed") + 4, "went"), "went", "goes"),
        mark_of(text, "sea", Edit(at("sea"), at("sea"), "the "), "the", "a", kind="missing"),
        mark_of(text, "to", Edit(at("to ") - 1, at("to ") + 2, ""), "", kind="doubled"),
        mark_of(text, "home", None),
    ]
    asked = wanted({"text": text, "language": "auto"})
    found = [(match, [one["value"] for one in match["replacements"]]) for match in answer(asked, marks, "m")["matches"]]
    assert [[mended(text, match, value) for value in values] for match, values in found] == [
        ["😀 He went 😀 home to to sea.", "😀 He goes 😀 home to to sea."],
        ["😀 He goed 😀 home to to the sea.", "😀 He goed 😀 home to to a sea."],
        ["😀 He goed 😀 home to sea."],
        [],
    ]
    context = found[0][0]["context"]
    assert mended(context["text"], context, "X") == text.replace("goed", "X")
    off = {"text": text, "language": "auto", "disabledRules": "SEQCLI_SPELLING", "disabledCategories": "MISC"}
    assert [match["rule"]["id"] for match in answer(wanted(off), marks, "m")["matches"]] == ["SEQCLI_MISSING"]


def test_markup_is_left_out_and_counted() -> None:
    parts = [
        {"markup": "<b>😀"},
        {"text": "He goed"},
        {"markup": "</b><br>", "interpretAs": " "},
        {"text": "home to see."},
    ]
    sent = "".join(part.get("text", part.get("markup", "")) for part in parts)
    asked = wanted({"data": json.dumps({"annotation": parts}), "language": "en-US"})
    text = asked.checked.text
    assert text == "He goed home to see."
    for word in ("goed", "home", "see"):
        edit = Edit(text.index(word), text.index(word) + len(word), "X")
        (match,) = answer(asked, [mark_of(text, word, edit, "X")], "m")["matches"]
        assert mended(sent, match, "X") == sent.replace(word, "X")


def test_a_text_is_checked_as_a_form_and_as_json(client: TestClient, models: Path) -> None:
    text = "the cat saaw the king .\nthe king saw the cat ."
    asked = {"text": text, "language": "en-US"}
    form, document = client.post("/v2/check", data=asked), client.post("/v2/check", json=asked)
    assert form.status_code == document.status_code == 200, form.text
    assert form.json() == document.json()
    marks = face.load("gaps", models, task="fill").proofread(text)
    assert [match["message"] for match in form.json()["matches"]] == [mark.message for mark in marks]
    native = client.post("/proofread", json={"text": text}).json()
    assert [row["message"] for row in native] == [mark.message for mark in marks]
    for wrong in (
        {"text": text},
        {"language": "en"},
        {**asked, "data": "{}"},
        {"data": "[", "language": "en"},
        {**asked, "x": 1},
    ):
        assert client.post("/v2/check", data=wrong).status_code == 400, wrong
    assert "en-US" in [one["longCode"] for one in client.get("/v2/languages").json()]


# -- what nobody may ask ------------------------------------------------------------------------------------------


def test_a_page_of_a_stranger_may_not_ask(client: TestClient, models: Path) -> None:
    for headers in ({"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "null"},
                    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}, {"host": "[::1"}):  # fmt: skip
        for path in ("/models", "/", "/metrics"):
            assert client.get(path, headers=headers).status_code == 403, headers
    assert client.get("/models", headers={"origin": "http://127.0.0.1:8765"}).status_code == 200
    with served(models, origin=("https://good.example",)) as open_to_one:
        answer = open_to_one.get("/models", headers={"origin": "https://good.example"})
        assert answer.headers["access-control-allow-origin"] == "https://good.example"
        assert open_to_one.options("/predict", headers={"origin": "https://good.example"}).status_code == 204
        assert open_to_one.get("/models", headers={"origin": "https://bad.example"}).status_code == 403


def test_others_need_the_token(models: Path) -> None:
    with served(models, token=TOKEN, host="0.0.0.0") as client:
        assert client.get("/health").status_code == 200
        for header in ({}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN}):
            assert client.get("/models", headers=header).status_code == 401
        assert client.get("/models", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_no_request_reaches_a_file(client: TestClient, models: Path) -> None:
    secret = models.parent / "story.txt"
    for path, asked in (
        ("/generate", {"prompt": "the", "no_copy": 3, "text": [str(secret)]}),
        ("/translate", {"source": "the", "glossary": str(secret)}),
        ("/neighbors", {"word": "cat", "among": str(secret)}),
    ):
        assert client.post(path, json=asked).status_code == 400
    for name in ("../models/book", "models/book", ".", "..", "book/../book", "a\\b", "a\0b", "x" * 300):
        answer = client.post("/predict", json={"prompt": "the", "model": name})
        assert answer.status_code in (400, 404) and str(models.parent) not in answer.text, answer.text
    for path in ("/../story.txt", "/%2e%2e/story.txt"):
        assert client.get(path).status_code == 404


def test_only_what_is_served_may_be_asked(models: Path) -> None:
    with served(models, names=("words",)) as client:
        assert [one["model"] for one in client.get("/models").json()] == ["words"]
        assert client.post("/predict", json={"prompt": "the", "model": "book"}).status_code == 404
        assert client.post("/predict", json={"prompt": "the"}).status_code == 404
        assert client.post("/neighbors", json={"word": "cat"}).status_code == 200


BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"prompt": NaN}',
    b'{"prompt": 1e999}',
    b'{"prompt": "\\ud800", "k": 2}',
    b'{"prompt": "a\\u0000b"}',
    b'{"prompt": ["", null]}',
    b'{"k": true, "prompt": "a"}',
    b'{"prompt": "a", "k": 1e400}',
    b'{"prompt": "a", "k": "5"}',
    b'{"prompt": "a", "model": 5}',
    b'{"prompt": "a", "stream": true}',
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    "path", [question.path for question in QUESTIONS] + ["/v1/completions", "/v1/embeddings", "/v2/check"]
)
def test_malformed_requests_are_answered(client: TestClient, path: str, body: bytes) -> None:
    answer = client.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code < 500, answer.text
    if answer.status_code != 200:
        error = answer.json()["error"]
        assert error["message"] and "Traceback" not in error["message"]


def test_depth_is_that_of_the_json_not_of_its_texts(client: TestClient) -> None:
    texts = ["[" * 500 + '"\\' + "{" * 500] * 2
    answer = client.post("/score", json={"sentence": texts})
    assert answer.status_code == 200, answer.text
    deep = client.post("/score", content=b'{"a":' * 101, headers={"content-type": "application/json"})
    assert deep.status_code == 400 and "nested too deeply" in deep.json()["error"]["message"]
    with pytest.raises(MisuseError, match="no annotation"):
        wanted({"data": "[" * 100_000, "language": "auto"})


def test_what_is_too_long_is_refused(models: Path) -> None:
    with served(models, body=2_000, longest=50, written=100) as client:
        assert client.post("/score", json={"sentence": "a" * 51}).status_code == 400
        assert client.post("/score", json={"sentence": ["a" * 40] * 100}).status_code == 413
        assert client.post("/score", content=iter([b"a" * 1_500] * 2)).status_code == 413  # its length is not told
        assert client.post("/generate", json={"prompt": "the", "n": 101}).status_code == 400
        assert client.post("/sample", json={"n": 2}).status_code == 400
        assert client.post("/sample", json={"n": 1, "like": "a" * 51}).status_code == 400
        assert client.post("/interpolate", json={"sentence": ["a", "b"]}).status_code == 400
        assert client.post("/v1/completions", json={"prompt": "the", "max_tokens": 101}).status_code == 400
        assert client.post("/score", content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
        assert client.get("/score").status_code == 405


def test_a_number_is_a_number_and_a_mistake_names_its_field(client: TestClient) -> None:
    whole, real = (client.post("/predict", json={"prompt": "the", "k": k}).json() for k in (3, 3.0))
    assert whole == real and len(whole) == 3
    for path, asked, field in (
        ("/predict", {"prompt": "a", "k": 2.5}, "'k'"),
        ("/generate", {"prompt": "a", "no_copy": 1}, "'no_copy'"),
        ("/generate", {"prompt": "a", "top_k": 0}, "'top_k'"),
        ("/v1/completions", {"prompt": "a", "max_tokens": -1}, "'max_tokens'"),
    ):
        answer = client.post(path, json=asked)
        assert answer.status_code == 400 and field in answer.json()["error"]["message"], answer.text


# -- many at once -------------------------------------------------------------------------------------------------


def test_questions_that_come_together_are_computed_together() -> None:
    batches: list[int] = []

    def work(some: list[int]) -> list[int]:
        batches.append(len(some))
        time.sleep(0.01)  # while the others come
        return [2 * one for one in some]

    async def ask() -> list[list[int]]:
        together = Together(2, 0.002, 10_000)
        found = await asyncio.gather(*(together.ask("kind", work, [one]) for one in range(3 * MOST)))
        together.close()
        return found

    assert asyncio.run(ask()) == [[2 * one] for one in range(3 * MOST)]
    assert max(batches) <= MOST and len(batches) <= 6


def test_one_that_cannot_be_answered_spoils_no_other() -> None:
    def work(some: list[int]) -> list[int]:
        if 3 in some:
            raise MisuseError("three")
        return some

    async def ask() -> list[Any]:
        together = Together(1, 0.0, 100)
        found = await asyncio.gather(*(together.ask("kind", work, [one]) for one in range(5)), return_exceptions=True)
        assert together.waiting == 0
        return found

    found = asyncio.run(ask())
    assert [one for one in found if isinstance(one, list)] == [[0], [1], [2], [4]]
    assert isinstance(found[3], MisuseError)


def test_who_comes_when_too_many_wait_is_told_to_come_again() -> None:
    async def ask() -> list[Any]:
        together = Together(1, 0.0, 3)
        asked = (together.ask("kind", lambda some: time.sleep(0.01) or some, [one]) for one in range(5))
        return await asyncio.gather(*asked, return_exceptions=True)

    assert sum(isinstance(one, BusyError) for one in asyncio.run(ask())) == 2


def test_a_model_that_is_replaced_is_served_anew(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqcli.serve.models.LOOKED", 0.0)
    (tmp_path / "one.txt").write_text("the cat saw the king .\n" * 300)
    (tmp_path / "two.txt").write_text("the dog saw the dog .\n" * 300)

    def train(text: str, *more: str) -> None:
        line = ["train-lm", tmp_path / text, "--name", "book", "--architecture", "ngram", *more]
        assert seqcli("--models-dir", tmp_path / "models", *line).code == 0

    train("one.txt")
    with served(tmp_path / "models") as client:
        asked = {"prompt": "saw the", "k": 1}
        assert client.post("/predict", json=asked).json()[0]["word"] == "king"
        train("two.txt", "--replace")
        assert client.post("/predict", json=asked).json()[0]["word"] == "dog"


# -- what programs and people read --------------------------------------------------------------------------------


def test_the_description_has_every_question_and_setting(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    for question in QUESTIONS:
        body = described["paths"][question.path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        names = {f.name for f in fields(question.how)} - question.files
        assert names | {question.asks, "model"} - {""} == body["properties"].keys() - {"stream"}
    page = client.get("/")
    assert page.status_code == 200 and "http" not in page.text.replace("http-equiv", "")  # nothing from a network
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_it_counts_what_it_answers_and_no_text(client: TestClient) -> None:
    client.post("/predict", json={"prompt": "a very secret sentence"})
    client.get("/a-secret-path")
    counts = client.get("/metrics").text
    assert 'seqcli_requests_total{path="/predict",status="200"}' in counts and "secret" not in counts
    assert client.get("/ready").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "0.0.0.0"], "give --token FILE"),
        (["--host", "0.0.0.0", "--token", "nowhere.txt"], "nowhere.txt"),
        (["nosuch"], "There is no model 'nosuch'"),
        (["--port", "70000"], "--port"),
    ],
)
def test_a_wrong_command_line_is_told(models: Path, words: list[str], said: str) -> None:
    done = seqcli("--models-dir", models, "serve", *words)
    assert done.code in (1, 2) and said in done.error and not done.out


def test_a_client_that_asks_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Impatient, "patience", 0.05)

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.2)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ask() -> list[bytes]:
        config = uvicorn.Config(slow, port=0, http=Impatient, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port, got = server.servers[0].sockets[0].getsockname()[1], []
        for sent in (b"", b"POST / HTTP/1.1\r\nhost:", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            got.append(await asyncio.wait_for(reader.read(), 30))
            writer.close()
        server.should_exit = True
        await running
        return got

    nothing, half, whole = asyncio.run(ask())
    assert nothing == half == b"" and whole.startswith(b"HTTP/1.1 204")  # what is asked may take its time


def test_it_starts_says_where_and_ends_when_told(models: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [sys.executable, "-m", "seqcli", "--models-dir", str(models), "serve", "--port", str(port)]
    with subprocess.Popen(line, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        assert f"http://127.0.0.1:{port}/" in server.stderr.readline()
        for _ in range(400):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
                    assert json.load(answer) == {"status": "ok"}
                break
            except OSError:
                time.sleep(0.05)
        else:
            pytest.fail("it does not answer")
        server.terminate()
        assert server.wait(30) in (0, 143, -15)
