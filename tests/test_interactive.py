"""predict-word --interactive: what completes a line, and the keys that take it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from command_line import seqcli, story
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from seqcli.cli.language.asked_model import asked_model
from seqcli.cli.line_editor import Choice, lines_typed
from seqcli.cli.session import Session
from seqcli.language.completion import Completer
from seqcli.language.load import Asked

MODELS = {"words": ("--tokenizer", "words"), "letters": ("--tokenizer", "characters", "--lowercase")}


def counted(folder: Path, name: str, text: str, *options: str) -> Asked:
    """Return a model of counts, which learns a text in no time."""
    file = folder / f"{name}.txt"
    file.write_text(text, "utf-8")
    shelf = ("--models-dir", folder / "models")
    done = seqcli(*shelf, "train-lm", file, "--name", name, "--architecture", "ngram", "--order", "6", *options)
    assert done.code == 0, done.err
    return asked_model(Session(models_dir=str(folder / "models")), name).asked()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Asked]:
    """Trained models ready to answer, by name."""
    folder = tmp_path_factory.mktemp("interactive")
    return {name: counted(folder, name, story(), *options) for name, options in MODELS.items()}


# -- what completes a line --------------------------------------------------------------------------------------------


def test_the_likeliest_next_words_come_first_with_their_share(models: dict[str, Asked]) -> None:
    asked = models["words"]
    found = Completer(asked).complete("the cat ", 5)
    hidden, _ = asked.model.read([asked.ids("the cat")])
    ordinary = np.exp(asked.model.log_probabilities(hidden)[0][2:])
    assert [one.probability for one in found] == pytest.approx(np.sort(ordinary / ordinary.sum())[::-1][:5], rel=1e-4)
    assert [one.word for one in found] == [
        asked.vocabulary.tokens[i + 2] for i in np.argsort(-ordinary, kind="stable")[:5]
    ]
    assert all(one.added == f"{one.word} " and not one.removed for one in found if one.word.isalpha())


@pytest.mark.parametrize("name", MODELS)
def test_letters_typed_so_far_restrict_the_words(name: str, models: dict[str, Asked]) -> None:
    completer = Completer(models[name])
    found = completer.complete("the cat saw the old h", 5)
    assert found[0].word == "house" and found[0].added == "ouse "
    assert all(one.word.startswith("h") for one in found)
    assert all(one.word.startswith("hou") for one in completer.complete("the cat saw the old hou", 5))
    assert 0.5 < sum(one.probability for one in found) <= 1 + 1e-6
    assert completer.complete("the cat zzz", 5) == []
    assert completer.complete("the cat s", 5)[0].word == "saw"


def test_a_word_spelled_in_letters_has_the_probability_of_its_letters(models: dict[str, Asked]) -> None:
    asked = models["letters"]
    found = {one.word: one.probability for one in Completer(asked).complete("the ", 40)}
    hidden, state = asked.model.read([asked.ids("the")])
    log = 0.0
    for token in ("▁", *"king"):
        number = asked.vocabulary.id_of(token)
        log += float(asked.model.log_probabilities(hidden)[0][number])
        hidden, state = asked.model.step(np.array([number]), state)
    assert found["king"] == pytest.approx(math.exp(log), rel=0.1), "all words that were found together are nearly all"


def test_a_mark_takes_the_space_before_it_away(models: dict[str, Asked], tmp_path: Path) -> None:
    text = 'He said "no," and left.\nShe said "yes," and stayed.\n' * 100
    completer = Completer(counted(tmp_path, "marks", text))
    (left,) = [one for one in completer.complete('He said "no," and left ', 3) if one.word == "."]
    assert (left.added, left.removed) == (". ", 1)
    (quote,) = completer.complete("He said ", 1)
    assert (quote.word, quote.added, quote.removed) == ('"', '"', 0)


# -- the keys ---------------------------------------------------------------------------------------------------------


@contextmanager
def typing(text: str) -> Iterator[PipeInput]:
    """Let keys be pressed before the line is asked for."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text(text)
        yield pipe


def words(line: str) -> list[Choice]:
    """Suggest three words, or the one that goes on from its letters."""
    begun = line.split(" ")[-1]
    return [Choice(w, "", w[len(begun) :] + " ", 0) for w in ("alpha", "beta", "gamma") if w.startswith(begun)]


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        ("\t\r\x04", ["alpha "]),
        ("be\t\r\x04", ["beta "]),
        ("be\tg\t\r\x04", ["beta gamma "]),
        ("one\rtwo\r\x04", ["one", "two"]),
        ("zzz\t\r\x04", ["zzz"]),
        ("half a line\x04", []),
        ("\x04", []),
    ],
)
def test_tab_takes_a_word_and_control_d_ends(keys: str, lines: list[str]) -> None:
    with typing(keys):
        assert list(lines_typed(words, 3)) == lines


def test_without_a_terminal_it_says_what_to_do(models: dict[str, Asked]) -> None:
    done = seqcli("predict-word", "--interactive", stdin=b"the cat\n")
    assert done.code == 2 and "needs a terminal" in done.error and "--file" in done.error
    assert seqcli("predict-word", "the cat", "--interactive").code == 2
    assert seqcli("predict-word", "--interactive", "--next", "3").code == 2
