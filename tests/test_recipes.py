"""Recipes: settings with a name, and a model as large as the time given can train."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from command_line import TINY, seqcli

from seqcli.language.recipes import RECIPES, SIZES, cost, largest, recurrent_weights
from seqcli.language.settings import LanguageSpec
from seqcli.settings import check
from seqcli.training.fit_to_time import dropped
from seqcli.training.settings import RunSpec

TEXT = "corpora/stories.txt"
SPEED = 2e11  # operations a second


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_made_of_settings_that_anyone_can_give(name: str) -> None:
    names = {f.name for cls in (LanguageSpec, RunSpec) for f in fields(cls)}
    assert set(RECIPES[name].settings) <= names and "minutes" in RECIPES[name].settings
    for cls in (LanguageSpec, RunSpec):
        check(cls(**{k: v for k, v in RECIPES[name].settings.items() if k in {f.name for f in fields(cls)}}))


def test_more_time_a_faster_machine_or_more_text_never_make_a_smaller_model() -> None:
    def size(minutes: float = 5.0, speed: float = SPEED, tokens: int = 10**6) -> int:
        return largest(LanguageSpec(recipe="quick"), RunSpec(minutes=minutes), 10_000, tokens, speed).hidden_size

    for varied in (
        [size(minutes=m) for m in (0.1, 1, 5, 20, 90)],
        [size(speed=s) for s in (1e9, 1e10, 1e11, 1e12)],
        [size(minutes=90, tokens=t) for t in (10**4, 10**5, 10**6)],
    ):
        assert varied == sorted(varied) and varied[0] < varied[-1]
    assert size(minutes=1e-3) == SIZES[0], "the smallest there is, however little the time"
    assert size(minutes=90, tokens=10**5) < size(minutes=90, tokens=10**6), "a small text is learned by heart"


def test_a_text_read_oftener_has_more_dropped() -> None:
    shares = [dropped(passes)["dropout"] for passes in (0.1, 1, 4, 14, 30, 1000)]
    assert shares == sorted(shares) and shares[0] == 0 and shares[2] == 0.15 and shares[-1] == 0.5


@pytest.mark.parametrize("layers", [1, 3])
def test_the_cost_of_an_update_counts_every_weight(layers: int) -> None:
    spec = LanguageSpec(embedding_size=5, hidden_size=7, layers=layers, output="full")
    assert recurrent_weights(spec) == 4 * 7 * (5 + 7) + (layers - 1) * 4 * 7 * (7 + 7)
    run = RunSpec(batch_size=2, unroll=3)
    assert cost(spec, 11, run) == 6 * (recurrent_weights(spec) + 7 * 5 + 11 * 5)
    assert cost(replace(spec, tied=False), 11, run) == 6 * (recurrent_weights(spec) + 11 * 7)


def test_a_recipe_chooses_the_size_says_so_and_is_recorded(tmp_path: Path) -> None:
    models = ("--models-dir", str(tmp_path))
    made = seqcli("train-lm", TEXT, *models, "--recipe", "strong", "--minutes", "0.02", "--threads", "1")
    assert made.code == 0 and "Recipe strong: at " in made.err
    whole = json.loads(seqcli("models", "show", "stories", "--json", *models).out)
    size = whole["spec"]["hidden_size"]
    assert f"--hidden-size {size} --embedding-size {whole['spec']['embedding_size']}" in made.err
    assert whole["spec"]["recipe"] == "strong" and whole["run"]["minutes"] == 0.02
    for name, value in RECIPES["strong"].settings.items():
        assert name == "minutes" or {**whole["spec"], **whole["run"]}[name] == value


def test_what_is_given_by_hand_counts_more_than_the_recipe(tmp_path: Path) -> None:
    given = ("--hidden-size", "12", "--dropout", "0.05", "--minutes", "0.02", "--threads", "1")
    made = seqcli("train-lm", TEXT, "--models-dir", str(tmp_path), "--recipe", "strong", *given)
    assert made.code == 0 and "--hidden-size 12" in made.err and "--dropout 0.05" in made.err
    whole = json.loads(seqcli("models", "show", "stories", "--json", "--models-dir", str(tmp_path)).out)
    assert whole["spec"]["hidden_size"] == 12 and whole["spec"]["dropout"] == 0.05
    assert whole["run"]["learning_rate"] == RECIPES["strong"].settings["learning_rate"]


def test_a_recipe_beside_a_pattern_or_for_counted_n_grams_is_misuse(tmp_path: Path) -> None:
    models = ("--models-dir", str(tmp_path))
    counted = seqcli("train-lm", TEXT, *models, "--architecture", "ngram", "--recipe", "quick")
    assert counted.code == 2 and "--recipe does not belong to --architecture ngram" in counted.error
    assert seqcli("train-lm", TEXT, *models, "--name", "pattern", *TINY).code == 0
    both = seqcli("train-lm", TEXT, *models, "--like", "pattern", "--recipe", "quick")
    assert both.code == 2 and "--recipe and --like" in both.error


def test_a_recipe_leaves_a_simple_rnn_its_smaller_steps(tmp_path: Path) -> None:
    def rate(*options: str) -> float:
        quick = ("--minutes", "0.01", "--threads", "1", "--hidden-size", "8", "--replace")
        made = seqcli("train-lm", TEXT, "--models-dir", str(tmp_path), *quick, *options)
        assert made.code == 0, made.err
        shown = seqcli("models", "show", "stories", "--json", "--models-dir", str(tmp_path))
        return float(json.loads(shown.out)["run"]["learning_rate"])

    assert rate("--architecture", "rnn", "--recipe", "standard") == 0.003
    assert rate("--architecture", "gru", "--recipe", "standard") == RECIPES["standard"].settings["learning_rate"]
    assert rate("--architecture", "rnn", "--recipe", "strong", "--learning-rate", "0.02") == 0.02


def test_no_recipe_may_be_asked_for_and_stand_beside_a_pattern(tmp_path: Path) -> None:
    models = ("--models-dir", str(tmp_path))
    none = seqcli("train-lm", TEXT, *models, "--recipe", "none", *TINY)
    assert none.code == 0, none.err
    like = seqcli("train-lm", TEXT, *models, "--like", "stories", "--recipe", "none", "--name", "same")
    assert like.code == 0, like.err
    first, second = (json.loads(seqcli("models", "show", n, "--json", *models).out) for n in ("stories", "same"))
    assert first["spec"] == second["spec"] and second["spec"]["recipe"] == "none"
