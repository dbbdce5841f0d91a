"""A translator asked from Python: the very answers of the command line, and its errors."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from command_line import seqcli

from seqcli.errors import CorpusError, MisuseError
from seqcli.session import Silent
from seqcli.store import Shelf
from seqcli.translation import answer_settings, evaluation_settings
from seqcli.translation.answers import Translator, open_translator

PAIRS = [
    ("a dog runs", "ein hund rennt"),
    ("a cat runs", "eine katze rennt"),
    ("two dogs sleep", "zwei hunde schlafen"),
]
TRAINING = "--tokenizer words --embedding-size 8 --hidden-size 8 --encoder-size 8 --epochs 8 --threads 1 --batch-size 4"
LINES = ["a dog runs", "", "two cats sleep"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a translator, a test set in one file, and a glossary."""
    folder = tmp_path_factory.mktemp("translation")
    text = "".join(f"{source}\t{target}\n" for source, target in PAIRS)
    (folder / "pairs.tsv").write_text(text * 12)
    (folder / "test.tsv").write_text(text)
    (folder / "terms.tsv").write_text("dog\tHund\n")
    (folder / "lines.txt").write_text("\n".join(LINES) + "\n")
    models = ("--models-dir", folder / "models")
    for name, seed in (("toy", "1"), ("other", "2")):
        made = seqcli(
            "train-translate", folder / "pairs.tsv", "--name", name, "--seed", seed, *TRAINING.split(), *models
        )
        assert made.code == 0, made.err
    return folder


@pytest.fixture(scope="module")
def translator(folder: Path) -> Translator:
    return opened(folder, "toy")


def opened(folder: Path, name: str) -> Translator:
    return open_translator(Silent(Shelf(str(folder / "models"))), name)


def records(folder: Path, *args: str | Path, model: bool = True) -> Any:
    """Return the objects that a command prints as JSON."""
    done = seqcli(*args, *(("-m", "toy") if model else ()), "--models-dir", folder / "models", "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_translations_are_those_of_the_command(folder: Path, translator: Translator) -> None:
    file = folder / "lines.txt"
    found = translator.translate(LINES)
    shelled = records(folder, "translate", "-f", file)
    assert [r["translation"] or "" for r in shelled] == found
    assert [r["score"] for r in shelled if r["translation"]] == [one.score for one in found if one]
    assert found[1] == "" and math.isnan(found[1].score)
    one = translator.translate(LINES[0])
    assert isinstance(one, str) and one == found[0] and one.log_probability == found[0].log_probability
    lazily = translator.translate(iter(LINES))
    assert isinstance(lazily, Iterator) and list(lazily) == found


def test_every_setting_is_that_of_the_command(folder: Path, translator: Translator) -> None:
    file, terms = folder / "lines.txt", folder / "terms.tsv"
    ways: list[tuple[tuple[str | Path, ...], dict[str, Any]]] = [
        (("-n", "3"), {"n": 3}),
        (("-n", "2", "--beam", "4", "--length-penalty", "0.2", "--coverage", "0.4"),
         {"n": 2, "beam": 4, "length_penalty": 0.2, "coverage": 0.4}),
        (("-n", "2", "--sample", "1.5", "--seed", "7"), {"n": 2, "sample": 1.5, "seed": 7}),
        (("-n", "1", "--glossary", terms, "--keep", "--no-copy"),
         {"n": 1, "glossary": terms, "keep": True, "copy": False}),
    ]  # fmt: skip
    for options, how in ways:
        shelled = [r for r in records(folder, "translate", "-f", file, *options) if r["rank"]]
        found = [one for some in translator.translate(LINES, **how) for one in some]
        assert [(r["translation"], r["score"], r["log_probability"]) for r in shelled] == [
            (one, one.score, one.log_probability) for one in found
        ]
    assert translator.translate(LINES, n=3)[1] == []
    as_pairs = translator.translate("a dog runs", glossary={"dog": "Hund"})
    assert "Hund" in as_pairs and as_pairs == translator.translate("a dog runs", glossary=terms)


def test_alignments_scores_and_figures_are_those_of_the_commands(folder: Path, translator: Translator) -> None:
    shelled = records(folder, "translate", "a dog runs", "--alignment")
    assert [{"line": 1, **word._asdict()} for word in translator.align("a dog runs")] == shelled
    [shelled] = records(folder, "score-translation", *PAIRS[0])
    score = translator.score(*PAIRS[0])
    assert {name: value for name, value in score._asdict().items() if name != "words"} == {
        name: value for name, value in shelled.items() if name not in ("source", "translation")
    }
    words = records(folder, "score-translation", *PAIRS[0], "--words")
    assert [tuple(word) for word in score.words] == [(r["token"], r["log_probability"], r["unknown"]) for r in words]
    several = translator.score([source for source, _ in PAIRS], [target for _, target in PAIRS])
    assert [one.tokens for one in several] == [4, 4, 4]
    assert several[0].log_probability == pytest.approx(score.log_probability, rel=1e-5)
    test = folder / "test.tsv"
    options = ("--beam", "2", "--by-length", "--samples", "50")
    shelled = records(folder, "evaluate-translation", "toy", "other", "--test", test, *options, model=False)
    how: dict[str, Any] = {"others": [opened(folder, "other")], "beam": 2, "by_length": True, "samples": 50}
    found = translator.evaluate(test, **how)
    assert [figure._asdict() for figure in found] == shelled
    assert translator.evaluate(PAIRS, **how) == found


def test_errors_are_those_of_the_command_line(folder: Path, translator: Translator) -> None:
    for args, ask in (
        (("translate", "a", "--beam", "0"), lambda: translator.translate("a", beam=0)),
        (("translate", "a", "-n", "1001"), lambda: translator.translate("a", n=1001)),
        (("translate", "a", "--sample", "0"), lambda: translator.translate("a", sample=0.0)),
        (("translate", "a", "--glossary", "none.tsv"), lambda: translator.translate("a", glossary="none.tsv")),
        (("score-translation", "a", ""), lambda: translator.score("a", "")),
    ):
        with pytest.raises((MisuseError, CorpusError)) as raised:
            ask()
        assert str(raised.value) == seqcli(*args, "-m", "toy", "--models-dir", folder / "models").error
    with pytest.raises(MisuseError, match="as many of both"):
        translator.score(["a", "b"], ["c"])


def test_a_type_checker_knows_every_setting_by_its_name() -> None:
    """What is declared for keyword arguments and for the settings themselves has the same names."""
    for module, name, kind, others in (
        (answer_settings, "HowTranslated", answer_settings.Translating, {"n"}),
        (evaluation_settings, "HowMeasured", evaluation_settings.Measuring, set()),
    ):
        source = ast.parse(Path(module.__file__).read_text("utf-8"))
        [typed] = [node for node in ast.walk(source) if isinstance(node, ast.ClassDef) and node.name == name]
        names = {line.target.id for line in typed.body if isinstance(line, ast.AnnAssign)}  # type: ignore[union-attr]
        assert names | others == {f.name for f in fields(kind)}
