"""train-lm --from: it begins where the other model stood, learns the new words, and says where it came from."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import TINY, seqcli, story, trained

from seqcli.cli.language.asked_model import asked_model
from seqcli.cli.session import Session
from seqcli.language.arrays import LanguageArrays
from seqcli.language.fine_tuning import begin_from
from seqcli.language.model import LanguageModel
from seqcli.store import Record, Shelf
from seqcli.store.tokenizer import tokenizer_of
from seqcli.text.corpus import Corpus, build, read_pieces
from seqcli.text.vocabulary import SPECIALS, UNK

NEW = {"cat": "zebra", "king": "wizard", "fed": "tickled"}


def changed(lines: int, seed: int) -> str:
    """Return a story in which some words are others."""
    return " ".join(NEW.get(word, word) for word in story(lines, seed).split(" "))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trained model, and a short text with words that it lacks; no test changes them."""
    made = tmp_path_factory.mktemp("fine-tuning")
    trained(made, "--learning-rate", "0.05", "--epochs", "3")
    (made / "new.txt").write_text(changed(60, 5), "utf-8")
    (made / "valid.txt").write_text(changed(60, 6), "utf-8")
    return made


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    return folder


def corpus_of(origin: Record) -> Corpus:
    pieces = read_pieces(["new.txt"])
    return build(pieces, None, origin.text, origin.vocabulary(), tokenizer_of(origin), extend=True)


def first_evaluation(record: Record) -> float:
    return float(json.loads(record.load("history").splitlines()[0])["held_out"])


def test_words_that_were_known_keep_their_probability_and_new_ones_share_that_of_the_unknown(here: Path) -> None:
    origin = Shelf("models").read("tiny")
    corpus = corpus_of(origin)
    old, new = origin.vocabulary().tokens, corpus.vocabulary.tokens
    assert new[: len(old)] == old and set(new[len(old) :]) == set(NEW.values())
    model = LanguageModel(origin.spec, len(new))
    begin_from(origin, model, corpus)
    arrays = {name: p.detach().numpy() for name, p in model.named_parameters()}
    before = asked_model(Session(), "tiny").asked().model
    after = LanguageArrays(origin.spec, arrays)
    text = [[1, *corpus.vocabulary.encode(["the", "old", "zebra", "saw", "a"])]]
    seen = [[i if i < len(old) else UNK for i in text[0]]]
    p, q = (np.exp(m.log_probabilities(m.read(ids)[0])[0]) for m, ids in ((before, seen), (after, text)))
    known = [i for i in range(len(old)) if i != UNK]
    assert q[known] == pytest.approx(p[known], rel=1e-4)
    assert q[UNK] + q[len(old) :].sum() == pytest.approx(p[UNK], rel=1e-4)
    counts = corpus.train.counts(len(new))[len(old) :]
    assert q[len(old) :] / q[len(old)] == pytest.approx(counts / counts[0], rel=1e-4)


def test_it_beats_a_training_from_scratch_on_a_short_text(here: Path, tmp_path: Path) -> None:
    words = ("new.txt", "--valid", "valid.txt", "--epochs", "3", "--threads", "1")
    shelf = ("--models-dir", tmp_path / "models")
    assert seqcli(*shelf, "models", "import", exported(tmp_path)).code == 0
    done = seqcli(*shelf, "train-lm", *words, "--from", "tiny", "--name", "tuned", "--json")
    assert done.code == 0, done.err
    assert seqcli(*shelf, "train-lm", *words, *TINY[:-4], "--learning-rate", "0.05", "--name", "scratch").code == 0
    origin, tuned, scratch = (Shelf(tmp_path / "models").read(name) for name in ("tiny", "tuned", "scratch"))
    best = {r.name: r.results["held_out"]["nats_per_token"] for r in (tuned, scratch)}
    assert first_evaluation(tuned) < first_evaluation(scratch) - 0.5, "it begins where the other model stood"
    assert best["tuned"] < best["scratch"] - 0.1
    assert tuned.corpus["from"] == "tiny" and tuned.corpus["from_sha256"] == origin.files["weights"].sha256
    assert tuned.spec == origin.spec and tuned.run.epochs == 3 and "from" not in scratch.corpus
    likely = seqcli(*shelf, "predict-word", "the", "-k", "20", "-m", "tuned", "--jsonl").records
    assert {record["word"] for record in likely} >= {"zebra", "wizard"}
    assert tuned.progress["learned"] and not tuned.progress["gentle"], "another text is learned at full speed"


def exported(folder: Path) -> Path:
    file = folder / "tiny.seqcli.tar"
    assert seqcli("models", "export", "tiny", file).code == 0
    return file


def test_on_its_own_text_it_does_not_begin_by_unlearning(here: Path, tmp_path: Path) -> None:
    shelf = ("--models-dir", tmp_path / "models")
    assert seqcli(*shelf, "models", "import", exported(tmp_path)).code == 0
    assert seqcli(*shelf, "train-lm", "tiny.txt", "--from", "tiny", "--name", "more", "--epochs", "3").code == 0
    origin, more = (Shelf(tmp_path / "models").read(name) for name in ("tiny", "more"))
    costs = [json.loads(line)["held_out"] for line in more.load("history").splitlines()]
    assert costs[0] == pytest.approx(origin.results["held_out"]["nats_per_token"], rel=1e-5)
    assert max(costs[:4]) <= costs[0] and min(costs[4:]) < costs[0]
    assert more.progress["gentle"]


def test_one_that_was_interrupted_goes_on_and_still_says_where_it_came_from(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seqcli.training.loop import Training

    shelf = ("--models-dir", tmp_path / "models")
    assert seqcli(*shelf, "models", "import", exported(tmp_path)).code == 0
    real = Training._update

    def interrupted(self: Training, clock: Any) -> Any:
        if self.progress.update == 5:
            os.kill(os.getpid(), signal.SIGINT)
        return real(self, clock)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "_update", interrupted)
        assert seqcli(*shelf, "train-lm", "new.txt", "--from", "tiny", "--name", "tuned").code == 130
    again = ("train-lm", "new.txt", "--name", "tuned", "--resume")
    assert seqcli(*shelf, *again, "--from", "tiny").code == 2
    done = seqcli(*shelf, *again)
    assert done.code == 0, done.err
    record = Shelf(tmp_path / "models").read("tuned")
    assert record.corpus["from"] == "tiny" and record.progress["finished"]


def test_the_vocabulary_grows_no_further_than_asked(here: Path) -> None:
    origin = Shelf("models").read("tiny")
    size = len(origin.vocabulary())
    done = seqcli(
        "train-lm", "new.txt", "--from", "tiny", "--name", "less", "--epochs", "0.1", "--vocabulary-size", str(size + 1)
    )
    try:
        assert done.code == 0, done.err
        assert len(Shelf("models").read("less").vocabulary()) == size + 1 > len(SPECIALS)
    finally:
        Shelf("models").remove("less")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--like", "tiny"), "--like"),
        (("--recipe", "quick"), "--recipe"),
        (("--hidden-size", "9"), "--hidden-size is 8"),
        (("--tokenizer", "characters"), "--tokenizer is words"),
        (("--architecture", "ngram"), "--architecture"),
        (("--no-tied",), "--tied is True"),
    ],
)
def test_settings_that_the_weights_do_not_fit_are_refused(options: tuple[str, ...], told: str, here: Path) -> None:
    done = seqcli("train-lm", "new.txt", "--from", "tiny", "--name", "x", *options)
    assert done.code == 2 and told in done.error and not Path("models/x").exists()


def test_counts_cannot_be_begun_from(here: Path, tmp_path: Path) -> None:
    shelf = ("--models-dir", tmp_path / "models")
    assert seqcli(*shelf, "train-lm", "new.txt", "--name", "counts", "--architecture", "ngram").code == 0
    done = seqcli(*shelf, "train-lm", "new.txt", "--from", "counts", "--name", "x")
    assert done.code == 2 and "ngram" in done.error
    assert seqcli(*shelf, "train-lm", "new.txt", "--from", "none", "--name", "x").code == 1
