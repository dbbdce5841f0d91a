"""The commands of sentences as a user runs them: trained on invented sentences, asked by argument, file and pipe."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import seqcli

import seqcli as package
from seqcli.store import Shelf

TINY = (
    *("--embedding-size", "16", "--hidden-size", "32", "--batch-size", "16", "--threads", "1"),
    *("--min-count", "1", "--tokenizer", "whitespace", "--dropout", "0", "--weight-dropout", "0"),
    *("--embedding-dropout", "0"),
)
IGNORED = ("--minimum-rate", "0", "--annealing", "none", "--kl-weight", "20")
CODED = ("--encoder-size", "16", "--latent-size", "8")
WHO, DOES, WHAT = ("he", "she", "they"), ("sees", "likes", "wants", "paints"), ("cats", "dogs", "trees", "boats")


def invented(count: int, seed: int = 1) -> str:
    """Return sentences of three or four words, a line each."""
    rng = np.random.default_rng(seed)
    rows = [[rng.choice(side) for side in (WHO, DOES, WHAT)] for _ in range(count)]
    return "".join(" ".join(row if rng.random() < 0.5 else [*row, "today"]) + "\n" for row in rows)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a VAE, one whose code is ignored, an autoencoder and a sentence-lm of the same sentences."""
    folder = tmp_path_factory.mktemp("sentences")
    (folder / "text.txt").write_text(invented(1_500), "utf-8")
    (folder / "test.txt").write_text(invented(60, seed=2), "utf-8")
    for name, options in {
        "vae": (*CODED, "--learning-rate", "0.01", "--epochs", "12", "--minimum-rate", "3"),
        "auto": (*CODED, "--architecture", "autoencoder", "--learning-rate", "0.01", "--epochs", "8"),
        "plain": ("--architecture", "sentence-lm", "--epochs", "4"),
        "ignored": (*CODED, *IGNORED, "--epochs", "2"),
    }.items():
        done = run(folder, "train-vae", folder / "text.txt", "--name", name, *TINY, *options, "--json")
        assert done.code == 0, done.err
        (folder / f"{name}.json").write_text(done.out)
        (folder / f"{name}.txt").write_text(done.err)
    return folder


def run(folder: Path, *words: Any, stdin: str | None = None) -> Any:
    return seqcli("--models-dir", folder / "models", *words, stdin=None if stdin is None else stdin.encode())


def test_a_training_tells_its_bound_and_how_the_code_is_used(made: Path) -> None:
    found = json.loads((made / "vae.json").read_text())["held_out"]
    assert found["bound_nats_per_sentence"] > 0 and found["kl_per_sentence"] > 1.0 and found["active_units"] >= 2
    assert "perplexity" not in found and "nats_per_token" not in found, "a bound is no likelihood"
    plain = json.loads((made / "plain.json").read_text())["held_out"]
    assert plain["perplexity"] == pytest.approx(np.exp(plain["nats_per_token"])) and "active_units" not in plain
    rows = Shelf(made / "models").read("vae").history()
    assert {"kl_per_sentence", "active_units", "mutual_information"} <= rows[-1].keys()
    shown = run(made, "models", "show", "vae").out
    assert "latent variable" in shown and "collapsed" not in shown


def test_the_alarm_is_raised_where_the_code_is_ignored(made: Path) -> None:
    said = (made / "ignored.txt").read_text()
    assert "the latent variable has collapsed" in said and "--minimum-rate" in said
    assert "collapsed" in run(made, "models", "show", "ignored").out


def test_the_weights_that_are_kept_have_the_rate_that_was_asked_for(made: Path) -> None:
    """A higher rate makes a worse bound of held-out sentences: by the bound alone, early weights would be the best."""
    options = (*TINY, *CODED, "--minimum-rate", "9", "--annealing", "none", "--epochs", "4", "--patience", "30")
    done = run(made, "train-vae", made / "text.txt", "--name", "high", "--replace", *options, "--json")
    assert done.code == 0 and json.loads(done.out)["held_out"]["kl_per_sentence"] > 7.0


def test_sentences_are_drawn_and_like_one(made: Path) -> None:
    lines = run(made, "sample", "-n", "12", "-m", "vae").out.splitlines()
    known = {*WHO, *DOES, *WHAT, "today"}
    assert len(lines) == 12 and all(set(line.split()) <= known for line in lines)
    records = run(made, "sample", "-n", "12", "-m", "vae", "--jsonl").records
    assert [r["sentence"] for r in records] == lines and [r["sample"] for r in records] == list(range(1, 13))
    like, prior = (
        [line.split() for line in run(made, "sample", "-n", "40", "-m", "vae", *options).out.splitlines()]
        for options in (("--like", "he paints boats"), ())
    )
    shared = [sum(("today" not in row) + ("he" in row) for row in rows) for rows in (like, prior)]
    assert shared[0] > 1.3 * shared[1]
    assert len(run(made, "sample", "-n", "3", "-m", "plain").out.splitlines()) == 3
    assert "no prior" in run(made, "sample", "-m", "auto").error
    assert "has no code" in run(made, "sample", "-m", "plain", "--like", "he sees").error


def test_an_autoencoder_writes_its_sentences_again(made: Path) -> None:
    test = (made / "test.txt").read_text()
    found = run(made, "reconstruct", "-f", made / "test.txt", "-m", "auto").out
    same = [a == b for a, b in zip(found.splitlines(), test.splitlines(), strict=True)]
    assert np.mean(same) > 0.9
    assert run(made, "reconstruct", "-m", "auto", stdin=test).out == found
    some = run(made, "reconstruct", "-m", "vae", "--jsonl", stdin="he sees cats\n\n").records
    assert some[0]["sentence"] == "he sees cats" and some[1]["reconstruction"] is None


def test_one_sentence_is_walked_into_another(made: Path) -> None:
    words = ("interpolate", "he sees cats", "they paints boats today", "-m", "auto")
    records = run(made, *words, "--jsonl").records
    assert [r["share"] for r in records] == pytest.approx(np.linspace(0, 1, 7).tolist())
    assert (records[0]["sentence"], records[-1]["sentence"]) == ("he sees cats", "they paints boats today")
    assert all(3 <= len(r["sentence"].split()) <= 4 for r in records)
    assert len({r["sentence"] for r in records}) == 7
    piped = run(made, "interpolate", "-m", "auto", "--jsonl", stdin="he sees cats\tthey paints boats today\n\n").records
    assert piped[:7] == records and piped[7]["sentence"] is None
    assert "no pair" in run(made, "interpolate", "-m", "auto", stdin="he sees cats\n").error
    assert "two sentences" in run(made, "interpolate", "-m", "auto", "one", "two", "three").error


def test_what_sentences_have_is_given_to_others(made: Path) -> None:
    without, having = made / "without.txt", made / "having.txt"
    rows = sorted(set(invented(200, seed=5).splitlines()))
    without.write_text("\n".join(row for row in rows if "today" not in row) + "\n")
    having.write_text("\n".join(row for row in rows if "today" in row) + "\n")
    lines = [row for row in rows if "today" not in row][:20]
    words = ("attribute", "-m", "auto", "--without", without, "--having", having)
    found = run(made, *words, stdin="\n".join(lines) + "\n").out.splitlines()
    assert np.mean([line.endswith("today") for line in found]) > 0.6 and len(found) == len(lines)
    (made / "nothing.txt").write_text("\n")
    assert (
        "empty"
        in run(made, "attribute", "he", "-m", "auto", "--without", made / "nothing.txt", "--having", having).error
    )


def test_the_nearest_sentence_with_a_word_is_found(made: Path) -> None:
    [found] = run(made, "edit", "he sees cats", "--word", "boats", "-m", "auto", "--jsonl").records
    assert "boats" in found["edited"].split() and found["distance"] > 0
    assert len(set(found["edited"].split()) & {"he", "sees"}) >= 1
    assert "no word that the model knows" in run(made, "edit", "he sees", "--word", "zebra", "-m", "vae").error


def test_codes_are_printed_and_written(made: Path) -> None:
    test = made / "test.txt"
    rows = run(made, "embed", "-f", test, "-m", "vae").rows
    codes = np.array([[float(value) for value in row[1:]] for row in rows], np.float32)
    assert codes.shape == (60, 8)
    assert run(made, "embed", "-f", test, "-m", "vae", "--output", made / "codes.npy").code == 0
    assert np.array_equal(np.load(made / "codes.npy", allow_pickle=False), codes)
    assert "exists" in run(made, "embed", "-f", test, "-m", "vae", "--output", made / "codes.npy").error
    done = run(made, "embed", "-f", test, "-m", "vae", "--output", made / "codes.tsv")
    assert done.code == 0 and np.array_equal(np.loadtxt(made / "codes.tsv", np.float32, delimiter="\t"), codes)
    [record] = run(made, "embed", "he sees cats", "-m", "vae", "--json").out and json.loads(
        run(made, "embed", "he sees cats", "-m", "vae", "--json").out
    )
    assert len(record["code"]) == 8
    assert "has no code" in run(made, "embed", "he sees cats", "-m", "plain").error


def test_an_interrupted_training_goes_on_bit_for_bit(made: Path) -> None:
    options = (*TINY, *CODED, "--annealing", "cyclical", "--encoder-updates", "2", "--word-dropout", "0.2")
    weights = []
    for name, until in (("whole", None), ("parts", 40)):
        trained = package_trained(made, name, options, until)
        weights.append(trained)
    assert weights[0] == weights[1]


def package_trained(made: Path, name: str, options: tuple[str, ...], until: int | None) -> str:
    """Train for three epochs, told to stop at an update and gone on with where `until` is given; return the sha256."""
    settings = dict(zip((o[2:].replace("-", "_") for o in options[::2]), map(_value, options[1::2]), strict=True))

    def stop(event: Any) -> None:
        if until is not None and getattr(event, "loss", None) is not None and event.progress.update == until:
            raise KeyboardInterrupt

    where = {"models_dir": made / "models", "name": name, "epochs": 3}
    text = made / "text.txt"
    try:
        package.train("sentences", text, **where, **settings, progress=stop)
    except KeyboardInterrupt:
        package.train("sentences", text, models_dir=made / "models", name=name, resume=True)
    return Shelf(made / "models").read(name).files["weights"].sha256


def _value(word: str) -> Any:
    return int(word) if word.isdigit() else float(word) if re.fullmatch(r"[\d.]+", word) else word


def test_a_training_begins_with_an_autoencoder(made: Path) -> None:
    words = ("train-vae", made / "text.txt", "--name", "begun", "--from", "auto", *TINY, "--epochs", "1", "--replace")
    done = run(made, *words)
    assert done.code == 0, done.err
    last, scratch = (Shelf(made / "models").read(name).history() for name in ("begun", "vae"))
    assert last[-1]["mutual_information"] > scratch[1]["mutual_information"], "the code says something from the start"
    assert Shelf(made / "models").read("begun").corpus["from"] == "auto"
    assert "no code to begin with" in run(made, *words[:3], "other", "--from", "plain", *TINY).error


def test_settings_belong_to_their_architecture(made: Path) -> None:
    words = ("train-vae", made / "text.txt", "--name", "odd", "--architecture", "sentence-lm")
    assert "--free-bits does not belong" in run(made, *words, "--free-bits", "0.1").error
    assert "--latent-size" in run(made, *words, "--latent-size", "3").error


def test_python_asks_the_same(made: Path) -> None:
    model = package.load("vae", models_dir=made / "models", task="sentences")
    assert model.sample(5, seed=3) == run(made, "sample", "-n", "5", "--seed", "3", "-m", "vae").out.splitlines()
    assert model.embed(["he sees cats"]).shape == (1, 8)
    near = model.neighbors("he sees cats", ["she wants boats today", "he sees dogs", "they paints trees"], k=2)
    assert len(near) == 2 and near[0].similarity >= near[1].similarity
    assert model.reconstruct("he sees cats") == model.reconstruct(["he sees cats"])[0]
    assert len(model.interpolate("he sees cats", "they paints boats today", steps=5)) == 5


def test_neighbors_and_a_map_of_sentences(made: Path) -> None:
    test = made / "test.txt"
    records = run(made, "neighbors", "he sees cats", "-m", "vae", "--among", test, "-k", "4", "--jsonl").records
    assert [r["rank"] for r in records] == [1, 2, 3, 4] and {r["sentence"] for r in records} == {"he sees cats"}
    alike = [r["similarity"] for r in records]
    assert alike == sorted(alike, reverse=True) and "he sees cats" not in [r["neighbor"] for r in records]
    assert "--among FILE" in run(made, "neighbors", "he sees cats", "-m", "vae").error
    for name in ("codes.html", "codes.png"):
        assert run(made, "map", made / name, "-m", "vae", "--among", test).code == 0
    assert "he likes boats" in (made / "codes.html").read_text() and (made / "codes.png").stat().st_size > 10_000


def test_copies_of_the_text_stand_beside_those_of_sentences_that_nobody_drew(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqcli.sentences.evaluation.COPIED", 2)
    words = ("--test", made / "test.txt", "--text", made / "test.txt", "--drawn", "20", "--json")
    [found] = json.loads(run(made, "evaluate-sentences", "plain", *words).out)
    assert found["text_copied"] == 1 >= found["copied"] > 0, "each sentence of the text stands in the text"


def test_figures_have_the_names_of_what_they_are(made: Path) -> None:
    words = ("--test", made / "test.txt", "--samples", "40", "--drawn", "60", "--json")
    found = {r["model"]: r for r in json.loads(run(made, "evaluate-sentences", "vae", "auto", "plain", *words).out)}
    vae, auto, plain = found["vae"], found["auto"], found["plain"]
    estimate, error = vae["importance_weighted_nats_per_sentence"], vae["importance_weighted_standard_error"]
    assert estimate < vae["bound_nats_per_sentence"] and 0 < error < 0.1 and vae["samples"] == 40
    both = vae["reconstruction_nats_per_sentence"] + vae["kl_per_sentence"]
    assert vae["bound_nats_per_sentence"] == pytest.approx(both)
    tokens = vae["tokens"] / vae["sentences"]
    assert vae["importance_weighted_perplexity"] == pytest.approx(np.exp(estimate / tokens))
    assert vae["perplexity"] is None and plain["perplexity"] == pytest.approx(
        np.exp(plain["nats_per_sentence"] / tokens)
    )
    assert abs(estimate - plain["nats_per_sentence"]) < 0.5, "both know the grammar"
    assert auto["importance_weighted_perplexity"] is None and auto["reconstructed_tokens"] > 0.95
    assert auto["reconstruction_accuracy"] > 0.95 > vae["reconstruction_accuracy"] or vae["kl_per_sentence"] > 4
    assert vae["mean_length"] == pytest.approx(vae["text_mean_length"], rel=0.15)
    one = json.loads(run(made, "evaluate", "plain", "--test", made / "test.txt", "--json").out)
    assert one[0]["nats_per_sentence"] == plain["nats_per_sentence"]
    picture = ("--plot", made / "rates.svg", "--samples", "2", "--drawn", "0")
    assert run(made, "evaluate-sentences", "vae", "ignored", "--test", made / "test.txt", *picture).code == 0
    assert "ignored" in (made / "rates.svg").read_text()
    assert (
        "name a vae"
        in run(made, "evaluate-sentences", "plain", "--test", made / "test.txt", *picture, "--replace").error
    )


def test_texts_are_searched_and_grouped_by_codes_where_a_model_of_sentences_is_named(
    made: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEQCLI_CACHE", str(tmp_path))
    done = run(made, "search", "he sees cats", made / "test.txt", "-m", "vae", "-k", "3", "--jsonl")
    assert done.code == 0, done.err
    assert len(done.records) == 3 and -1 <= done.records[0]["similarity"] <= 1.001
    rows = run(made, "cluster", made / "test.txt", "-m", "vae", "--groups", "4", "--jsonl").records
    assert len(rows) == 60 and {row["group"] for row in rows} == {1, 2, 3, 4}
