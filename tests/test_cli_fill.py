"""The commands of models that fill gaps, as they are typed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import TINY, seqcli

import seqcli as face
from seqcli.cli.command_list import COMMANDS
from seqcli.fill.mixture_weights import conditional_logit
from seqcli.fill.sentence_scores import word_scores
from seqcli.tasks import TASKS
from seqcli.text.vocabulary import EOS, UNK

SMALL = (
    *("--hidden-size", "24", "--embedding-size", "16", "--samples", "16", "--window", "3"),
    *("--batch-size", "8", "--unroll", "24"),
)
WHOLE = ("--dropout", "0", "--embedding-dropout", "0", "--weight-dropout", "0", "--learning-rate", "0.02")
WORDS = ("red", "green", "blue")


def pairs_text(lines: int = 500) -> str:
    """Sentences in which both neighbours of a word, and only both together, say what it is."""
    found = []
    for i in range(lines):
        left, right = i % 3, i // 3 % 3
        found.append(f"the {WORDS[left]} one met {'abcdefghi'[3 * left + right] * 3} near the {WORDS[right]} one .")
    return "\n".join(found) + "\n"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf with a model of both sides, and one of the left side."""
    folder = tmp_path_factory.mktemp("fill")
    (folder / "text.txt").write_text(pairs_text(), "utf-8")
    for name, *more in (("both", "--epochs", "20"), ("left", "--sides", "left", "--epochs", "4")):
        how = (*SMALL, *WHOLE, *more, "--threads", "1")
        done = seqcli("--models-dir", folder / "models", "train-fill", folder / "text.txt", "--name", name, *how)
        assert done.code == 0, done.err
    return folder


def ask(shelf: Path, *args: str, stdin: bytes | None = None) -> Any:
    return seqcli("--models-dir", shelf / "models", *args, stdin=stdin)


def test_the_word_that_both_sides_say_together_is_found(shelf: Path) -> None:
    right = 0
    for left in range(3):
        for other in range(3):
            text = f"the {WORDS[left]} one met [_] near the {WORDS[other]} one ."
            found = ask(shelf, "fill", text, "-m", "both", "-k", "3", "--jsonl").records
            assert [r["rank"] for r in found] == [1, 2, 3] and {r["blank"] for r in found} == {1}
            assert found[0]["sentence"] == text and 1 >= found[0]["probability"] > found[1]["probability"] > 0
            right += found[0]["word"] == "abcdefghi"[3 * left + other] * 3
    assert right == 9


def test_one_side_alone_finds_less(shelf: Path) -> None:
    done = ask(shelf, "evaluate-fill", "both", "left", "--test", str(shelf / "text.txt"), "--json")
    both, left = json.loads(done.out)
    assert both["accuracy_1"] > left["accuracy_1"] + 0.08 and both["nats_per_token"] < left["nats_per_token"]
    assert both["accuracy_1"] <= both["accuracy_5"] <= both["accuracy_10"] <= 1
    assert not {"perplexity"} & both.keys()


def test_several_gaps_are_answered_together(shelf: Path) -> None:
    """The two colours decide the word between them: answers of a rank belong together."""
    found = ask(shelf, "fill", "the [_] one met ddd near the [_] one .", "-m", "both", "-k", "2", "--jsonl").records
    assert [(r["rank"], r["blank"]) for r in found] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert [r["word"] for r in found[:2]] == ["green", "red"]  # d is 3 * 1 + 0
    assert found[0]["probability"] == found[1]["probability"] > found[2]["probability"]


def test_given_words_are_ranked_by_the_whole_sentence(shelf: Path) -> None:
    done = ask(shelf, "fill", "the red one met [_] near the blue one .", "-m", "both", "--among", "aaa,ccc , ggg")
    assert done.rows[0][3] == "ccc" and len(done.rows) == 3
    assert sum(float(row[4]) for row in done.rows) == pytest.approx(1, abs=1e-4)
    phrases = ask(shelf, "fill", "the red one met [_] blue one .", "-m", "both", "--among", "ccc near the,near")
    assert phrases.rows[0][3] == "ccc near the"


def test_a_gap_of_unknown_length(shelf: Path) -> None:
    done = ask(shelf, "fill", "the red one met [_*] blue one .", "-m", "both", "-k", "1")
    assert done.rows[0][3] == "ccc near the"
    done = ask(shelf, "fill", "the red one met [_*] near the blue one .", "-m", "both", "-k", "1")
    assert done.rows[0][3] == "ccc"


def test_lines_of_a_file_with_choices_of_their_own(shelf: Path) -> None:
    asked = "the red one met [_] near the blue one .", "the [_] one met ddd near the red one ."
    lines = f"{asked[0]}\taaa,ccc\n\n{asked[1]}\tgreen,blue\tgreen\n"
    done = ask(shelf, "fill", "--choices", "-m", "both", "--jsonl", stdin=lines.encode())
    ranked = [(r["rank"], r["word"]) for r in done.records]
    assert ranked == [(1, "ccc"), (2, "aaa"), (None, None), (1, "green"), (2, "blue")]
    (shelf / "questions.tsv").write_text(lines, "utf-8")
    again = ask(shelf, "fill", "--choices", "-m", "both", "--jsonl", "--file", str(shelf / "questions.tsv"))
    assert again.out == done.out


def test_marks_beside_a_gap_are_cut_as_beside_a_word(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text('"Well, Ann," said Tom. "Well, Bob," said Tom.\n' * 60, "utf-8")
    how = (*SMALL, *WHOLE, "--epochs", "12", "--threads", "1")
    done = seqcli("--models-dir", tmp_path / "models", "train-fill", tmp_path / "text.txt", "--name", "marks", *how)
    assert done.code == 0, done.err
    found = ask(tmp_path, "fill", '"Well, [_]," said Tom.', "-m", "marks", "-k", "2")
    assert {row[3] for row in found.rows} == {"Ann", "Bob"}


@pytest.mark.parametrize("tokenizer", ["japanese", "characters", "subwords", "whitespace"])
def test_gaps_in_every_kind_of_tokens(tmp_path: Path, tokenizer: str) -> None:
    text = "猫が窓の外を見ている。犬が庭を走っている。\n" * 80
    if tokenizer in ("subwords", "whitespace"):
        text = "".join(f"the old {one} sat by the door and the new {one} sat by the tree\n" for one in WORDS * 40)
    (tmp_path / "text.txt").write_text(text, "utf-8")
    how = (*SMALL, "--epochs", "3", "--threads", "1", "--tokenizer", tokenizer, "--subwords", "60")
    done = seqcli("--models-dir", tmp_path / "models", "train-fill", tmp_path / "text.txt", "--name", "kind", *how)
    assert done.code == 0, done.err
    asked = "猫が[_]の外を見ている。" if text[0] == "猫" else "the old [_] sat by the door"
    found = ask(tmp_path, "fill", asked, "-m", "kind", "-k", "3", "--jsonl")
    assert found.code == 0 and len(found.records) == 3, found.err
    among = ask(tmp_path, "fill", asked, "-m", "kind", "--among", "窓,庭" if text[0] == "猫" else "red,tree")
    assert among.code == 0 and len(among.rows) == 2, among.err


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (("he went home",), "There is no gap in 'he went home'"),
        (("a [_]",), ""),
        (("",), "is empty"),
        (("an un[_]able man",), "part of a word"),
        (("[_] " * 17,), "There are 17 gaps"),
        (("the [_] one", "--among", "red,,blue"), "empty choice"),
        (("the [_] one", "--choices"), "a TAB"),
        (("the [_] one", "--choices", "--among", "red"), "leave out one"),
        (("the [_] one", "-k", "0"), "-k is"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_line(shelf: Path, args: tuple[str, ...], part: str) -> None:
    done = ask(shelf, "fill", *args, "-m", "both")
    assert done.code == (2 if part else 0)
    assert part in (done.error if part else "")


def test_a_training_goes_on_where_it_stopped_and_python_asks_the_same(shelf: Path) -> None:
    how: dict[str, Any] = {"hidden_size": 24, "embedding_size": 16, "samples": 16, "batch_size": 8, "unroll": 24}
    model = face.train("fill", shelf / "text.txt", name="py", models_dir=shelf / "models", epochs=1, threads=1, **how)
    text = "the red one met [_] near the blue one ."
    [first, *rest] = model.fill(text, 2)
    shell = ask(shelf, "fill", text, "-m", "py", "-k", "2", "--jsonl").records
    assert [(one.words[0], one.probability) for one in (first, *rest)] == [(r["word"], r["probability"]) for r in shell]
    assert first.sentence == text.replace("[_]", first.words[0])
    assert model.fill([text, ""], 2) == [[first, *rest], []]
    loaded = face.load("py", shelf / "models", task="fill")
    assert loaded.fill(text, among=["aaa", "ccc"]) == loaded.fill(iter([text]), among=["aaa", "ccc"]).__next__()
    assert model.evaluate(shelf / "text.txt").accuracy_1 == loaded.evaluate(str(shelf / "text.txt")).accuracy_1


def test_another_model_is_refused(shelf: Path) -> None:
    done = seqcli("--models-dir", shelf / "models", "predict-word", "the red", "-m", "both")
    assert "name a language model" in done.error


def test_evaluate_measures_a_model_as_its_own_command_does(shelf: Path) -> None:
    words = ("both", "--test", str(shelf / "text.txt"), "--json")
    expected = ask(shelf, "evaluate-fill", *words).out
    assert ask(shelf, "evaluate", *words).out == expected
    for where in (("--models-dir", str(shelf / "models")), (f"--models-dir={shelf / 'models'}",)):
        assert seqcli("evaluate", *words, *where).out == expected
    assert "nowhere.m2" in ask(shelf, "evaluate", "both", "--gold", "nowhere.m2").error
    for task in TASKS.values():
        assert task.evaluated_by in COMMANDS and task.trained_by.split()[0] in COMMANDS


# -- language models beside it ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mixed(shelf: Path) -> Path:
    """The shelf with n-grams and a hardly trained network beside it."""
    few = ("--architecture", "ngram", "--order", "2", "--vocabulary-size", "12")
    for name, *how in (("counts", "--architecture", "ngram", "--order", "3"), ("net", *TINY), ("few", *few)):
        done = seqcli("--models-dir", shelf / "models", "train-lm", shelf / "text.txt", "--name", name, *how)
        assert done.code == 0, done.err
    return shelf


def test_a_mixture_asks_the_whole_sentence_of_every_model(mixed: Path) -> None:
    """Ranks by weighted sums of logs: of both sides' words, and of the sentence from left to right.

    Language models of the same tokens are one judge: of every token their probabilities are added up.
    """
    text, words = "the red one met [_] near the blue one .", ["aaa", "ccc", "eee"]
    model = face.load("left", mixed / "models", task="fill", mix=["counts:0.3", "net:0.1", "few:0.1"])
    asked = model.asked()
    rows = [asked.vocabulary.encode(text.replace("[_]", word).split()) for word in words]
    own = [logs.sum() for logs in word_scores(asked, rows)]
    texts = [text.replace("[_]", word) for word in words]
    few = face.load("few", mixed / "models", task="lm")
    assert few.asked().vocabulary.tokens != asked.vocabulary.tokens, "it left words out"
    by_token = []
    for name in ("counts", "net"):
        one = face.load(name, mixed / "models", task="lm").asked()
        by_token.append(one.model.token_log_probabilities([[*one.ids(t), EOS] for t in texts]))
    both = [np.log(0.75 * np.exp(a) + 0.25 * np.exp(b)).sum() for a, b in zip(*by_token, strict=True)]
    corpus = few.record.corpus
    doubt = math.log(corpus["unknown_rate"] * corpus["tokens"])
    unknown = [few.asked().ids(t).count(UNK) for t in texts]
    alone = [few.score(t).log_probability - doubt * count for t, count in zip(texts, unknown, strict=True)]
    total = 0.5 * np.array(own) + 0.4 * np.array(both) + 0.1 * np.array(alone)
    shares = np.exp(total - np.logaddexp.reduce(total))
    found = {one.words[0]: one.probability for one in model.fill(text, among=words)}
    assert [found[word] for word in words] == pytest.approx(list(shares), rel=1e-4)
    assert len(model.fill(text, k=4)) == 4


def test_a_model_that_knows_nothing_new_gets_little_of_a_fitted_mixture(mixed: Path) -> None:
    """Shares by how likely each makes the text: of n-grams and a hardly trained network, the n-grams' is the larger."""
    model = face.load("left", mixed / "models", task="fill", mix=["counts", "net"])
    own, counts, net = model.fit(mixed / "text.txt")
    assert counts > 5 * net and max(own, counts + net) == pytest.approx(1.0, abs=0.01)


def test_weights_are_fitted_to_a_text_and_kept(mixed: Path) -> None:
    """The n-grams know what the left side alone cannot: they get weight. Kept, they need no numbers."""
    text = "the red one met [_] near the blue one ."
    fit = ("--mix", "counts", "--fit-on", str(mixed / "text.txt"), "--keep")
    first = ask(mixed, "fill", text, "-m", "left", "--among", "aaa,ccc", *fit, "--jsonl")
    assert first.code == 0 and "Fitted on" in first.err and "--mix counts:" in first.err, first.err
    again = ask(mixed, "fill", text, "-m", "left", "--among", "aaa,ccc", "--mix", "counts", "--jsonl")
    assert again.out == first.out and "same weight" not in again.err
    assert ask(mixed, "models", "check", "left").code == 0
    unfitted = ask(mixed, "fill", text, "-m", "both", "--among", "aaa,ccc", "--mix", "counts")
    assert "every model has the same weight" in unfitted.err


def test_weights_recover_how_answers_were_chosen() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(3000, 5, 3)) * 4
    truth = np.array([0.5, 0.0, 0.25])
    scores = features @ truth + rng.gumbel(size=features.shape[:2])
    best = scores.argmax(1)
    rows = np.arange(len(features))
    features[rows, 0], features[rows, best] = features[rows, best], features[rows, 0].copy()
    assert conditional_logit(features) == pytest.approx(truth, abs=0.03)
    assert (conditional_logit(-features) >= 0).all()


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (("--mix", "both"), "name a language model"),
        (("--mix", "counts:1.5"), "a number between 0 and 1"),
        (("--mix", "counts:0.6", "--mix", "net:0.5"), "leave something"),
        (("--mix", "counts:0.6", "--mix", "net"), "or to none"),
        (("--fit-on", "text.txt"), "without --mix"),
        (("--keep",), "give both"),
        (("--mix", "counts", "--fit-on", "none.txt"), "none.txt"),
    ],
)
def test_mixtures_that_cannot_be_are_refused(mixed: Path, args: tuple[str, ...], part: str) -> None:
    assert part in ask(mixed, "fill", "the [_] one", "-m", "both", *args).error


@pytest.mark.parametrize("tokenizer", ["whitespace", "words"])
def test_a_text_that_marks_its_unknown_words_is_learned_from(tmp_path: Path, tokenizer: str) -> None:
    """As the Penn Treebank does; nothing that is kept of its words has the mark among them."""
    (tmp_path / "text.txt").write_text(pairs_text(90).replace("near", "<unk>"), "utf-8")
    how = (*SMALL, "--epochs", "1", "--threads", "1", "--tokenizer", tokenizer)
    done = seqcli("--models-dir", tmp_path / "models", "train-fill", tmp_path / "text.txt", "--name", "marked", *how)
    assert done.code == 0, done.err
    assert ask(tmp_path, "models", "check", "marked").code == 0
    assert ask(tmp_path, "fill", "the red one [_] aaa", "-m", "marked").code == 0
