"""The lab's experiments: what they must show is shown, and what was not seen is not said."""

from __future__ import annotations

import string
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from seqcli.errors import CorpusError, DivergedError, MisuseError
from seqcli.lab import EXPERIMENTS, addition, bptt, gates, gradients, memory, overfit, word2vec
from seqcli.lab.cells import LSTM, Attention
from seqcli.lab.characters import OTHER, learn, nats, read
from seqcli.lab.encoder_decoder import EncoderDecoder, translations
from seqcli.lab.japanese import JAPANESE, told
from seqcli.lab.learning import LOSSES, initialiser, make_network
from seqcli.lab.settings import Addition, Bptt, Gates, GradientFlow, Memory, Overfit, Word2Vec
from seqcli.lab.texts import FIVE_WORDS, TEXTS

# -- addition ----------------------------------------------------------------------------------------------------------


def test_bits_are_added_right() -> None:
    a, b = np.array([90, 255, 0]), np.array([122, 255, 0])
    x, target = addition.bits_of(a, b)
    places = 2 ** np.arange(9)
    assert (x[..., 0].T @ places).tolist() == a.tolist() and (x[..., 1].T @ places).tolist() == b.tolist()
    assert (target[..., 0].T @ places).tolist() == [212, 510, 0]


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_tanh_learns_every_sum_and_those_it_never_saw(cell: str) -> None:
    report = addition.run(Addition(cell=cell, updates=800))
    n = report.numbers
    assert n["accuracy"] == n["unseen_accuracy"] == 1.0 and n["explosion"] is None
    assert report.rows[0]["accuracy"] < 0.1 and report.rows[-1]["right"]
    assert told(str, report.sentence, n).startswith("All 65,536 sums are right, the 61,440 it was never shown")


def test_a_plain_relu_explodes_and_is_reported() -> None:
    report = addition.run(Addition(activation="relu", init="normal", seeds=10, updates=30))
    assert report.numbers["exploded"] >= 8 and report.numbers["learned"] == 0
    one = addition.run(Addition(activation="relu", init="normal"))
    n = one.numbers
    assert (n["explosion"], n["weight"], n["finite"]) == (2, "W", False) and n["explosion_gradient"] > 100
    assert "exploded at update 2" in told(str, one.sentence, n) and "no number any more" in told(str, one.sentence, n)


@pytest.mark.parametrize("seed", [1, 5, 9])
def test_clipping_and_an_orthogonal_start_cure_it(seed: int) -> None:
    report = addition.run(Addition(activation="relu", init="orthogonal", clip=1.0, updates=1500, seed=seed))
    assert report.numbers["accuracy"] == 1.0 and report.numbers["explosion"] is None


def test_a_training_that_is_too_short_is_not_praised() -> None:
    report = addition.run(Addition(updates=3))
    assert "nothing exploded" in report.sentence[-1] and report.numbers["accuracy"] < 0.1


def test_the_grid_has_every_pair() -> None:
    rows = addition.run(Addition(grid=True, updates=2)).rows
    assert len({(row["activation"], row["init"]) for row in rows}) == len(rows) == 15


# -- gradients ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flows() -> Any:
    return gradients.run(GradientFlow(), TEXTS["en"])


def test_no_rnn_passes_its_bound_and_the_forget_gate_keeps_the_gradient(flows: Any) -> None:
    assert flows.numbers["broken"] == 0 and "no RNN passed" in flows.sentence[-1]
    for curve in flows.series["curves"]:
        assert len(curve["curve"]) == 51 and curve["curve"][0] == 1.0
        assert bool(curve["bounds"]) == curve["cell"].startswith("rnn")
    lstm = {row["forget_bias"]: row["left"] for row in flows.rows if row["cell"] == "lstm" and row["radius"] == 0.5}
    assert lstm[0] < lstm[1] < lstm[3]
    rnn = {row["radius"]: row for row in flows.rows if row["cell"] == "rnn"}
    assert rnn[0.5]["left"] < rnn[0.5]["bound"] and rnn[0.5]["left"] < rnn[1]["left"]


def test_a_carousel_that_never_forgets_keeps_its_gradient() -> None:
    """With the forget gate wide open and all other roads shut, dL/dc is the same at every step."""
    cell = LSTM(2, 3, lambda name, rows, columns: np.zeros((rows, columns)), forget_bias=50.0)
    x = np.zeros((30, 1, 2))
    found = gradients.flow(cell, x, np.random.default_rng(1))
    np.testing.assert_allclose(found.c[1:], found.c[1], rtol=1e-12)


def test_a_broken_bound_would_be_said(flows: Any) -> None:
    curves = [dict(curve) for curve in flows.series["curves"]]
    curves[0]["bounds"] = [0.0] * 51
    assert "broken" in gradients._report(GradientFlow(), curves, None).sentence[-1]


@pytest.mark.parametrize("radii", ["", "a", "1,,2", "nan", "1e9", "-1", "0"])
def test_radii_that_are_none_are_refused(radii: str) -> None:
    with pytest.raises(MisuseError, match="--radii"):
        gradients.run(GradientFlow(radii=radii), TEXTS["en"])


# -- gates, overfitting ------------------------------------------------------------------------------------------------


def test_gates_stand_between_shut_and_open_and_a_gru_is_a_quarter_smaller() -> None:
    report = gates.run(Gates(updates=3, hidden=8), TEXTS["en"], "The clock.")
    assert [row["token"] for row in report.rows] == list("The clock.")
    for row in report.rows:
        assert all(0 < row[gate] < 1 for kind in gates.GATES.values() for gate in kind)
    lstm, gru = report.tables[0].rows
    V, H = len(read(TEXTS["en"]).alphabet), 8
    assert lstm["parameters"] == 4 * H * (V + H + 1) and gru["parameters"] == 3 * H * (V + H + 1) + H
    assert lstm["milliseconds"] > 0 and 0.2 < report.numbers["saved"] < 0.26


def test_overfitting_is_seen_or_denied_by_the_curves() -> None:
    short = overfit.run(Overfit(updates=20, hidden=8, rate=0.001), TEXTS["en"])
    assert short.numbers["best_at"] == 20 and short.sentence[0].startswith("No overfitting")
    long = overfit.run(Overfit(updates=200, hidden=32, rate=0.02), TEXTS["en"][:1500])
    rows = {row["training"]: row for row in long.rows}
    assert set(rows) == {"as it is", "early stopping", "dropout", "smaller", "more text"}
    assert rows["as it is"]["held_out"] > rows["as it is"]["best_held_out"] > rows["as it is"]["train"]
    assert rows["early stopping"]["held_out"] == rows["as it is"]["best_held_out"]
    assert long.sentence[0].startswith("After update")
    wild = overfit.run(Overfit(updates=20, hidden=4, rate=10.0), TEXTS["en"])
    assert wild.sentence[0].startswith("Not overfitting")


def test_held_out_text_is_never_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "abcdefghij" * 60 + "z" * 100  # its end, one seventh, is nothing like the rest
    z, seen = read(text).encode("z")[0], []

    def noting(network: Any, ids: Any, *rest: Any) -> Any:
        seen.append(ids)
        return learn(network, ids, *rest)

    monkeypatch.setattr(overfit, "learn", noting)
    overfit.run(Overfit(updates=20, hidden=4), text)
    assert len(seen) == 4 and not any((ids == z).any() for ids in seen)


def test_rare_characters_are_one_and_short_texts_are_refused() -> None:
    many = "".join(chr(0x4E00 + i % 500) for i in range(3000)) + "a" * 500
    characters = read(many)
    assert len(characters.alphabet) == 300 and characters.alphabet[0] == OTHER
    assert characters.encode("a\U0001f600").tolist() == [characters.alphabet.index("a"), 0]
    with pytest.raises(CorpusError, match="200"):
        read("too short")


def test_a_text_without_surprise_is_learned_to_nothing() -> None:
    characters = read("ab" * 300)
    network = make_network("gru", 3, 8, 3, initialiser(np.random.default_rng(1)))
    list(learn(network, characters.ids, 150, 0.02, np.random.default_rng(1)))
    assert nats(network, characters.ids) < 0.05


# -- memory ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("distance", [1, 2, 7, 32])
def test_the_tasks_ask_for_what_was_shown(distance: int) -> None:
    rng = np.random.default_rng(1)
    x, target = memory.copying(rng, 5, distance)
    assert (target[-2:] == x[:2, :, :4].argmax(-1)).all() and (target[:-2] == -1).all()
    assert len(x) == distance + 4 and x[2:-2].sum() == 0
    x, added = memory.adding(rng, 5, distance)
    np.testing.assert_allclose(added[-1, :, 0], (x[..., 0] * x[..., 1]).sum(0))
    assert (np.flatnonzero(x[:, 0, 1]) == [0, distance]).all() and not np.isfinite(added[:-1]).any()
    x, kinds = memory.parentheses(rng, 5, distance)
    assert (kinds[-1] == x[0, :, :2].argmax(-1)).all(), "the bracket opened first is closed last"
    assert len(x) == 2 * ((distance + 1) // 2)


def test_reach_ends_where_memory_first_fails() -> None:
    assert memory.reach([1.0, 0.95, 0.5, 1.0], (1, 2, 4, 8)) == 2
    assert memory.reach([0.5, 1.0], (1, 2)) == 0


def test_a_right_answer_is_counted_and_a_wrong_one_is_not() -> None:
    y = np.array([[[0.0, 1.0], [1.0, 0.0]]])
    assert memory.right(y, np.array([[1, 1]]), "softmax") == 0.5
    assert memory.right(np.array([[[1.0], [1.0]]]), np.array([[[1.05], [1.5]]]), "square") == 0.5


@pytest.mark.parametrize("attention", [False, True])
def test_the_encoder_gets_its_gradient_through_the_decoder(attention: bool) -> None:
    model = EncoderDecoder(3, attention, initialiser(np.random.default_rng(2)))
    x, before, target = translations(np.random.default_rng(3), 2, 4)
    _, gradients_found = model.learn(x, before, target)
    for name, gradient in gradients_found.items():
        weight = model.weights[name]
        at = np.unravel_index(int(np.abs(gradient).argmax()), weight.shape)
        start, losses = weight[at], []
        for step in (1e-5, -1e-5):
            weight[at] = start + step
            losses.append(LOSSES["softmax"](model.run(x, before).y, target)[0])
        weight[at] = start
        assert gradient[at] == pytest.approx((losses[0] - losses[1]) / 2e-5, rel=1e-6), name
    assert isinstance(model.decoder, Attention) == attention


def test_the_answer_about_attention_is_what_was_measured() -> None:
    rows = [{"cell": cell, "reach": 8} for cell in ("rnn", "lstm", "gru")] * 3

    def said(*shares: float) -> str:
        others = [{"state": 8 * 2 ** (i % 3), "12": share} for i, share in enumerate(shares)]
        numbers, clauses = memory._answer(rows, others)
        return told(str, clauses, numbers)

    assert "yet a larger state still added 30%" in said(0.3, 0.4, 0.5, 0.6, 0.7, 0.9)
    assert "added nothing" in said(0.3, 0.4, 0.5, 0.9, 0.9, 0.9)
    assert "did not replace" in said(0.3, 0.6, 0.9, 0.6, 0.7, 0.95)
    assert "did not replace" in said(0.16, 0.16, 0.16, 0.17, 0.17, 0.17), "what chance can do is no finding"


def test_memory_measures_every_cell_and_both_ways_of_reading() -> None:
    report = memory.run(Memory(updates=1, hidden=4, small=2))
    assert len(report.rows) == 9 and [row["state"] for row in report.tables[0].rows] == [2, 4, 8] * 2


# -- word2vec, bptt ----------------------------------------------------------------------------------------------------


def test_words_of_a_kind_come_together_and_the_loss_has_a_floor() -> None:
    report = word2vec.run(Word2Vec())
    assert report.numbers["same_kind"] > 0.8 > report.numbers["chance"]
    losses = [row["above_floor"] for row in report.rows]
    assert all(above > -1e-9 for above in losses) and losses[0] > 10 * losses[3]
    assert {pair["one_hot"] for pair in report.tables[0].rows} == {np.sqrt(2)}
    cat = {pair["other"]: pair["learned"] for pair in report.tables[0].rows if pair["word"] == "cat"}
    assert cat["dog"] < 0.5 * cat["bread"]
    untrained = word2vec.run(Word2Vec(updates=1))
    assert untrained.sentence[-1].startswith("no dimension")


def test_a_loss_that_is_no_number_ends_an_experiment() -> None:
    with np.errstate(all="ignore"), pytest.raises(DivergedError, match="--rate"):
        word2vec.run(Word2Vec(rate=10.0))


def test_truncation_longer_than_the_text_cuts_nothing() -> None:
    words = FIVE_WORDS["en"].split()
    cut, whole = bptt.run(Bptt(), words), bptt.run(replace(Bptt(), truncate=12), words)
    assert cut.numbers["lost"] > 0 and cut.numbers["loss"] == whole.numbers["loss"]
    assert whole.numbers["lost"] == 0 and whole.sentence[-1] == "nothing was cut off."
    found = {(row["step"], row["what"]): row["values"] for row in cut.rows}
    assert found[3, "dL/dh"] == found[3, "dL/dh_own"], "what the step before a cut gets is its own loss's alone"
    assert found[2, "dL/dh"] != found[2, "dL/dh_own"]
    assert [row["word"] for row in cut.rows][::7] == words[:5] and cut.rows[-1]["next"] == words[5]
    assert cut.series["weights"]["dW_in"][1][4] == 0.0, "the last word is only predicted, never read"
    with pytest.raises(CorpusError, match="6 are needed"):
        bptt.run(Bptt(), words[:3])


# -- Japanese ----------------------------------------------------------------------------------------------------------


def fields(text: str) -> set[tuple[str | None, str | None]]:
    return {(name, form) for _, name, form, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("english", [key for key in JAPANESE if "{" in key])
def test_a_japanese_sentence_has_the_numbers_of_the_english_one(english: str) -> None:
    assert fields(JAPANESE[english]) == fields(english)


def test_the_list_of_experiments_is_in_japanese_too() -> None:
    assert {e.shows for e in EXPERIMENTS.values()} | {e.section for e in EXPERIMENTS.values()} <= set(JAPANESE)
