"""seqcli.load: the very answers of the command line, for lists and iterators too; the same errors; nothing heavy."""

from __future__ import annotations

import ast
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, get_overloads

import pytest
from command_line import TINY, seqcli, story
from conftest import ROOT
from test_help import HEAVY
from test_layers import SOURCES

import seqcli as face
from seqcli.cli.command_list import COMMANDS
from seqcli.language.answer_settings import Measuring
from seqcli.language.answers import LanguageModel
from seqcli.language.generation_settings import Generating
from seqcli.store import Shelf
from seqcli.text.form import KEYWORDS

PROMPTS = ["the cat", "", "some zebra", "every king saw the"]
COUNTED = ["--architecture", "ngram", "--order", "3"]
MIXED: dict[str, tuple[list[str], dict[str, Any]]] = {
    "alone": ([], {}),
    "mixed": (["--mix", "counts:0.4"], {"mix": ["counts:0.4"]}),
    "cached": (["--mix", "counts", "--cache", "neural"], {"mix": "counts", "cache": "neural"}),
    "learning": (["--dynamic"], {"dynamic": True}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network, counts of the same text, and texts; no test changes it."""
    made = tmp_path_factory.mktemp("face")
    (made / "story.txt").write_text(story(), "utf-8")
    (made / "test.txt").write_text(story(40, seed=2).replace("cat", "zebra"), "utf-8")
    (made / "valid.txt").write_text(story(60, seed=3), "utf-8")
    for name, options in (("net", [*TINY, "--learning-rate", "0.05"]), ("counts", COUNTED)):
        done = seqcli("--models-dir", made / "models", "train-lm", made / "story.txt", "--name", name, *options)
        assert done.code == 0, done.err
    return made


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder is where commands are typed and programs run."""
    monkeypatch.chdir(folder)
    for name in ("SEQCLI_MODEL", "SEQCLI_MODELS"):
        monkeypatch.delenv(name, raising=False)
    return folder


def records(*args: str, lines: list[str] | None = None) -> list[dict[str, Any]]:
    """Return what a command says in JSON."""
    done = seqcli(*args, "--json", stdin=None if lines is None else "".join(f"{line}\n" for line in lines).encode())
    assert done.code == 0, done.err
    found: list[dict[str, Any]] = json.loads(done.out)
    return found


def same(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Assert that two lists of records are the same but for the last bits of a number: products differ by threads."""
    assert [list(one) for one in found] == [list(one) for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert one == {k: pytest.approx(v, rel=1e-5) if isinstance(v, float) else v for k, v in other.items()}


def or_none(columns: tuple[str, ...], rows: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield the records of some answers, one of nothing where there is none, as a line that is empty gives."""
    for row in rows or [[None] * len(columns)]:
        yield dict(zip(columns, row, strict=True))


# -- the answers of the command line ----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", MIXED)
def test_next_words_are_those_of_predict_word(how: str) -> None:
    options, keywords = MIXED[how]
    model = face.load("net", task="lm", **keywords)
    found = [
        {"prompt": prompt, **row}
        for prompt, words in zip(PROMPTS, model.predict(PROMPTS, k=3), strict=True)
        for row in or_none(("rank", "word", "probability"), [(i, *one) for i, one in enumerate(words, 1)])
    ]
    same(found, records("predict-word", "-m", "net", "-k", "3", *options, lines=PROMPTS))
    special = model.predict("the cat", 99, exclude_special=False)
    assert [one.word for one in special] == [
        one["word"] for one in records("predict-word", "the cat", "-m", "net", "-k99", "--include-special", *options)
    ]
    found = [
        {"prompt": prompt, **row}
        for prompt, words in zip(PROMPTS, model.predict_next(PROMPTS, 2), strict=True)
        for row in or_none(("position", "word", "probability", "text"), [(i, *one) for i, one in enumerate(words, 1)])
    ]
    same(found, records("predict-word", "-m", "net", "--next", "2", *options, lines=PROMPTS))


@pytest.mark.parametrize("how", MIXED)
def test_scores_are_those_of_score(how: str) -> None:
    options, keywords = MIXED[how]
    model = face.load("net", task="lm", **keywords)
    columns = ("tokens", "unknown", "log_probability", "nats_per_token", "perplexity")
    scores = model.score(PROMPTS)
    found = [
        {"sentence": score.text, **{name: getattr(score, name) if score.tokens else None for name in columns}}
        for score in scores
    ]
    same(found, records("score", "-m", "net", *options, lines=PROMPTS))
    found = [
        {"line": line, "position": place, **one._asdict()} if one else {"line": line}
        for line, score in enumerate(scores, 1)
        for place, one in (enumerate(score.words, 1) if score.tokens else [(0, None)])
    ]
    expected = records("score", "-m", "net", "--words", *options, lines=PROMPTS)
    same(found, [one if one["position"] else {"line": one["line"]} for one in expected])


def test_a_cache_remembers_from_text_to_text_of_one_call_and_no_further() -> None:
    model = face.load("net", task="lm", cache="unigram")
    first, second = model.score(["the zebra", "the zebra"])
    assert second.log_probability > first.log_probability
    assert model.score("the zebra").log_probability == pytest.approx(first.log_probability)
    scorer = model.scorer()
    followed = [scorer.score(["the zebra"])[0].log_probability for _ in range(2)]
    assert followed == pytest.approx([first.log_probability, second.log_probability])


def test_candidates_are_those_of_rerank_and_which() -> None:
    model = face.load("net", task="lm")
    candidates = ["the old house", "house old the", "a red tree ."]
    for options, how in (([], {}), (["--per-token"], {"per_token": True})):
        expected = records("score", "-m", "net", "--rerank", *options, lines=candidates)
        assert [score.text for score in model.rerank(candidates, **how)] == [one["candidate"] for one in expected]
        (judged,) = records("score", "-m", "net", "--which", *candidates[:2], *options)
        same([model.which(*candidates[:2], **how)._asdict()], [{k: judged[k] for k in list(judged)[2:]}])
    behind = records("score", "-m", "net", "--rerank", lines=["\t".join(["the cat", *candidates])])
    found = model.rerank(candidates, "the cat")
    assert [score.log_probability for score in found] == pytest.approx([one["log_probability"] for one in behind])


@pytest.mark.parametrize(
    "options", [{"seed": 7, "n": 3, "temperature": 0.8}, {"beam": 4, "n": 2}, {"seed": 1, "tokens": 5}]
)
def test_texts_are_those_of_generate(options: dict[str, Any]) -> None:
    model = face.load("net", task="lm")
    words = [word for name, value in options.items() for word in (f"{'-' if name == 'n' else '--'}{name}", str(value))]
    prompts = ["the cat", "every king"]
    found = [
        {"prompt": prompt, "sample": i, "text": text, "tokens": text.tokens, "log_probability": text.log_probability}
        for prompt, texts in zip(prompts, model.generate(prompts, **options), strict=True)
        for i, text in enumerate(texts, 1)
    ]
    same(found, records("generate", "-m", "net", *words, lines=prompts))
    assert isinstance(found[0]["text"], str) and model.generate("the cat", **options) == [
        one["text"] for one in found if one["prompt"] == "the cat"
    ]


@pytest.mark.parametrize("how", MIXED)
def test_figures_are_those_of_evaluate(how: str, folder: Path) -> None:
    options, keywords = MIXED[how]
    model = face.load("net", task="lm", **keywords)
    (expected,) = records("evaluate", "net", "--test", "test.txt", "--threads", "1", *options)
    figures = model.evaluate("test.txt", threads=1)
    same([{"model": model.name, **figures._asdict()}], [expected])
    lines = (folder / "test.txt").read_text().splitlines()
    assert model.evaluate(lines, threads=1) == figures == model.evaluate(iter(lines), threads=1)


def test_a_mixture_is_fitted_as_by_evaluate() -> None:
    model = face.load("net", task="lm", mix=["counts"])
    asked = ("net", "--mix", "counts", "--test", "test.txt", "--threads", "1", "--fit-on", "valid.txt")
    (expected,) = records("evaluate", *asked)
    fitted = model.evaluate("test.txt", threads=1, fit_on="valid.txt")
    same([{"model": model.name, **fitted._asdict()}], [expected])
    assert fitted != model.evaluate("test.txt", threads=1)


def test_differences_are_those_of_evaluate_paired() -> None:
    net, counts = (face.load(name, task="lm") for name in ("net", "counts"))
    for options, per_character in (([], False), (["--per-character"], True)):
        (expected,) = records("evaluate", "net", "counts", "--paired", "--test", "test.txt", "--threads", "1", *options)
        found = net.compare(counts, "test.txt", threads=1, per_character=per_character)
        assert found.difference == pytest.approx(expected["difference"], rel=1e-5)
        assert [found.units, found.p, found.first_better] == [expected[name] for name in ("units", "p", "first_better")]


# -- what comes in and what goes out ----------------------------------------------------------------------------------


def test_one_gives_one_a_list_a_list_and_an_iterator_an_iterator() -> None:
    model = face.load("counts", task="lm")
    whole = model.predict(PROMPTS)
    assert isinstance(whole, list) and whole[0] == model.predict(PROMPTS[0]) and whole[1] == []
    assert model.predict(tuple(PROMPTS)) == whole == model.predict(dict.fromkeys(PROMPTS, 1))
    taken = iter(PROMPTS * 1000)
    answers = model.predict(taken)
    assert next(answers) == whole[0] and len(list(taken)) > 3000, "no more is read than is soon answered"
    assert next(model.score(iter(PROMPTS))).tokens == 3
    assert model.predict([]) == [] and model.score("").words == [] and repr(model.score("the cat"))


def test_the_same_model_is_found_by_name_path_and_default(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [None, "net", "models/net", folder / "models" / "net"]
    assert [face.load(name).name for name in names] == ["net"] * 4
    monkeypatch.setenv("SEQCLI_MODEL", "counts")
    assert face.load().name == "counts" and face.load("net").name == "net"
    monkeypatch.chdir(folder.parent)
    assert face.load("net", folder / "models").name == "net" and face.load("net", str(folder / "models"))
    monkeypatch.setenv("SEQCLI_MODELS", str(folder / "models"))
    assert "net" in repr(face.load("net")) and "perplexity" in repr(face.load("net"))


def test_threads_may_ask_at_once() -> None:
    texts = [f"{first} {second}" for first in ("the", "a", "some") for second in ("cat", "dog", "king", "queen")] * 3
    for keywords in (MIXED["cached"][1], MIXED["learning"][1]):
        asked = partial(_asked, face.load("net", task="lm", **keywords))
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(asked, texts)) == list(map(asked, texts))


def _asked(model: LanguageModel, text: str) -> Any:
    return model.predict(text), model.score(text).log_probability


# -- training ---------------------------------------------------------------------------------------------------------

SMALL: dict[str, Any] = {
    "hidden_size": 8,
    "embedding_size": 8,
    "samples": 8,
    "batch_size": 4,
    "unroll": 8,
    "threads": 1,
}
PAIRS = {"hidden_size": 8, "embedding_size": 8, "encoder_size": 4, "batch_size": 40, "threads": 1, "epochs": 1}
TRAINED: list[tuple[str, str, tuple[str, ...], dict[str, Any]]] = [
    ("lm", "train-lm", ("story.txt",), {**SMALL, "epochs": 2, "learning_rate": 0.05}),
    ("lm", "train-lm", ("story.txt",), {"architecture": "ngram", "order": 2}),
    ("vectors", "train-w2v", ("story.txt",), {"embedding_size": 4, "epochs": 1, "threads": 1, "tokenizer": "words"}),
    ("translation", "train-translate", ("pairs.tsv",), {**PAIRS, "vocabulary_size": 60}),
]


@pytest.mark.parametrize(("task", "command", "texts", "how"), TRAINED, ids=["lm", "ngram", "vectors", "translation"])
def test_what_is_trained_is_what_the_command_trains(
    task: Any, command: str, texts: tuple[str, ...], how: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    (folder / "pairs.tsv").write_text("".join(f"{line}\t{line[::-1]}\n" for line in story(120).splitlines()))
    events: list[Any] = []
    notes: list[str] = []
    model = face.train(task, *texts, name="new", models_dir=tmp_path, progress=events.append, note=notes.append, **how)
    words = [word for name, value in how.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    done = seqcli(command, *texts, "--name", "new", "--models-dir", tmp_path / "shell", *words)
    assert done.code == 0, done.err
    files = [Shelf(where).read("new").files for where in (tmp_path, tmp_path / "shell")]
    same_bytes = {role for role in files[0] if files[0][role] == files[1][role]}
    assert same_bytes >= {*files[0]} - {"history"}, "the history says how many seconds it took"
    assert model.name == "new" and model.record.results["held_out"] and notes
    kinds = [type(event).__name__ for event in events]
    assert kinds == [] or (kinds[0], kinds[-1]) == ("Started", "Stopped"), kinds
    assert ("Evaluated" in kinds) == (how.get("architecture") != "ngram")


def test_an_interrupted_training_is_saved_and_goes_on(tmp_path: Path) -> None:
    def interrupt(event: Any) -> None:
        if type(event).__name__ == "Evaluated":
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        face.train("lm", "story.txt", name="new", models_dir=tmp_path, progress=interrupt, epochs=3, **SMALL)
    assert not Shelf(tmp_path).read("new").progress["finished"]
    model = face.train("lm", "story.txt", name="new", models_dir=tmp_path, resume=True)
    assert model.record.progress["finished"] and model.predict("the cat")


# -- errors and types -------------------------------------------------------------------------------------------------


REFUSED: list[tuple[list[str], Any]] = [
    (["predict-word", "x", "-m", "nett"], lambda: face.load("nett")),
    (["predict-word", "x", "-m", "net", "-k", "0"], lambda: face.load("net", task="lm").predict("x", k=0)),
    (["predict-word", "x", "--cache", "odd"], lambda: face.load("net", task="lm", cache="odd")),
    (["predict-word", "x", "-m", "counts", "--dynamic"], lambda: face.load("counts", task="lm", dynamic=True)),
    (["generate", "--beam", "3", "-n", "4"], lambda: face.load("net", task="lm").generate(beam=3, n=4)),
    (["generate", "--top-p", "2"], lambda: face.load("net", task="lm").generate(top_p=2.0)),
    (["evaluate", "net", "--test", "none.txt"], lambda: face.load("net", task="lm").evaluate("none.txt")),
    (["evaluate", "--test", "test.txt", "--keep"], lambda: face.load("net", task="lm").evaluate("test.txt", keep=True)),
    (["train-lm", "story.txt", "--dropout", "2"], lambda: face.train("lm", "story.txt", dropout=2.0)),
    (["train-lm", "story.txt", "--name", "net"], lambda: face.train("lm", "story.txt", name="net")),
    (["train-lm", "none.txt"], lambda: face.train("lm", "none.txt")),
    (["train-lm", "x", "--resume", "--like", "net"], lambda: face.train("lm", "x", resume=True, like="net")),
    (
        ["train-translate", "a", "b", "--monolingual", "c"],
        lambda: face.train("translation", "a", "b", monolingual="c"),
    ),
    (["neighbors", "king", "-m", "net"], lambda: face.load("net", task="vectors")),
    (["translate", "king", "-m", "net"], lambda: face.load("net", task="translation")),
]


@pytest.mark.parametrize(
    ("command", "asked"), REFUSED, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_an_error_has_the_words_of_the_command_line(command: list[str], asked: Any) -> None:
    done = seqcli(*command)
    with pytest.raises(face.errors.SeqcliError) as caught:
        asked()
    assert str(caught.value) == done.error and caught.value.exit_code == done.code


def test_what_python_alone_can_ask_wrongly_is_misuse() -> None:
    model = face.load("net", task="lm")
    for asked in (
        lambda: model.predict(None),  # type: ignore[call-overload]
        lambda: model.predict(["the", 3]),  # type: ignore[list-item]
        lambda: model.generate("the", warmth=3),  # type: ignore[call-overload]
        lambda: model.evaluate(),
        lambda: face.load("net", task="lmm"),  # type: ignore[call-overload]
        lambda: face.train("lmm", "story.txt"),  # type: ignore[call-overload]
        lambda: face.train("lm", "story.txt", hiden_size=3),
        lambda: face.train("lm", "story.txt", architecture="gpt"),
        lambda: face.train("lm"),
        lambda: face.train("fill", "story.txt", begin_from="net"),  # which train-fill has no --from for, either
        lambda: face.train("dialogue", "story.txt", begin_from="net", embeddings="vectors"),
    ):
        with pytest.raises(face.errors.MisuseError):
            asked()


def test_keyword_arguments_are_the_settings() -> None:
    """What a type checker knows of **how is what the dataclasses declare, and no more."""
    files = [SOURCES[f"seqcli.language.{name}_settings"] for name in ("answer", "generation")]
    names = {
        node.name: {line.target.id for line in node.body if isinstance(line, ast.AnnAssign)}  # type: ignore[union-attr]
        for file in files
        for node in ast.walk(file)
        if isinstance(node, ast.ClassDef)
    }
    assert names["HowGenerated"] == {f.name for f in fields(Generating)}
    form = set(KEYWORDS)
    assert names["HowMeasured"] == {f.name for f in fields(Measuring)} | form


def test_load_says_what_it_returns() -> None:
    returned = {one.__annotations__.get("task"): one.__annotations__["return"] for one in get_overloads(face.load)}
    assert returned == {
        "Literal['lm']": "LanguageModel",
        "Literal['vectors']": "WordVectors",
        "Literal['translation']": "Translator",
        "Literal['fill']": "GapFiller",
        "Literal['dialogue']": "DialogueModel",
        "Literal['sentences']": "Sentences",
        None: "LanguageModel | WordVectors | Translator | GapFiller | Sentences | DialogueModel",
    }
    assert face.LanguageModel is LanguageModel and {"load", "errors"} <= set(face.__all__)


def test_importing_it_imports_nothing_heavy() -> None:
    program = (
        f"import seqcli, sys; seqcli.load, seqcli.errors.ModelError; print([m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# -- docs/python.md ---------------------------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "python.md").read_text("utf-8")


def test_the_examples_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Every block of Python, one after another, as a reader would type them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpora").symlink_to(ROOT / "corpora")
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert len(blocks) > 8
    known: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), known)
    said = capsys.readouterr().out
    assert "<LanguageModel 'stories'" in said and "did you mean 'stories'?" in said and "nats a token" in said


def test_the_page_tells_of_every_command_that_answers_and_of_every_method() -> None:
    asked = [name for name, (heading, _, _) in COMMANDS.items() if heading in ("Answer", "Word vectors")]
    files = {"import", "export", "quantize-vectors", "index-vectors", "map"}  # these make files and answer nothing
    faces = {"serve", "language-server"}  # they let other programs ask
    assert [name for name in asked if f"`{name}`" not in PAGE and name not in files | faces] == []
    for kind in (face.LanguageModel, face.WordVectors, face.Translator, face.GapFiller, face.DialogueModel):
        methods = [name for name in vars(kind) if not name.startswith("_")]
        internal = {"asked", "ready", "measure", "writing", "check", "rows", "near", "table", "tokenizer", "index"}
        internal |= {"is_open", "fit_on"}
        internal |= {"arrays", "vocabulary", "replies", "text", "ids", "read"}
        internal |= {"proofreader", "beside", "lines", "translations", "terms", "scores", "looks", "has_row", "record"}
        assert [name for name in methods if name not in internal and not re.search(rf"\b{name}\b", PAGE)] == []
