"""--mix, --cache, --dynamic and --fit-on as typed: evaluate, score and predict-word agree, and say what they did."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from command_line import TINY, seqcli, story
from tiny_language_models import model_of, spec_of

from seqcli.language.arrays import LanguageArrays
from seqcli.language.dynamic_evaluation import Adapting, Learning, Pace

MIX = ("--mix", "counts:0.4")
COUNTED = ["--architecture", "ngram", "--order", "3"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models of the same text, two with other vocabularies, and other texts; no test changes it."""
    made = tmp_path_factory.mktemp("mixing")
    (made / "story.txt").write_text(story(), "utf-8")
    (made / "test.txt").write_text(story(40, seed=2).replace("cat", "zebra"), "utf-8")
    (made / "valid.txt").write_text(story(60, seed=3), "utf-8")
    (made / "other.txt").write_text(story().replace("king", "bishop"), "utf-8")
    for name, text, options in (
        ("net", "story.txt", [*TINY, "--learning-rate", "0.05"]),
        ("counts", "story.txt", COUNTED),
        ("other", "other.txt", COUNTED),
        ("letters", "story.txt", [*COUNTED, "--tokenizer", "characters"]),
        ("letters6", "story.txt", ["--architecture", "ngram", "--order", "6", "--tokenizer", "characters"]),
    ):
        done = seqcli("--models-dir", made / "models", "train-lm", made / text, "--name", name, *options)
        assert done.code == 0, done.err
    return made


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder is where the command is typed."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SEQCLI_MODEL", raising=False)
    return folder


def measured(*args: str) -> dict[str, float]:
    (record,) = seqcli("evaluate", *args, "--test", "test.txt", "--threads", "1", "--jsonl").records
    return record


@pytest.mark.parametrize("model", ["net", "counts"])
def test_evaluate_and_score_agree_on_one_line(model: str, here: Path) -> None:
    line = " ".join(story(20, seed=5).split())  # one long line: evaluate knows it from its beginning, as score does
    (here / "line.txt").write_text(line + "\n", "utf-8")
    others = ("--mix", f"{'counts' if model == 'net' else 'net'}:0.4")
    for extra in (
        (),
        others,
        ("--cache", "neural") if model == "net" else ("--cache", "unigram"),
        (*others, "--cache", "neural"),
    ):
        (record,) = seqcli("evaluate", model, "--test", "line.txt", *extra, "--jsonl").records
        (scored,) = seqcli("score", line, "-m", model, *extra, "--jsonl").records
        assert record["nats_per_token"] == pytest.approx(scored["nats_per_token"], abs=1e-4)
        assert record["tokens"] == scored["tokens"] > 100


def test_a_mixture_is_the_weighted_sum_of_its_models(here: Path) -> None:
    def chances(*args: str) -> dict[str, float]:
        asked = ("predict-word", "the cat", "-k", "9999", "--include-special", "--jsonl")
        return {record["word"]: record["probability"] for record in seqcli(*asked, *args).records}

    net, counts, both = chances("-m", "net"), chances("-m", "counts"), chances("-m", "net", *MIX)
    assert {word: 0.6 * net[word] + 0.4 * counts[word] for word in net} == pytest.approx(both, abs=1e-6)
    equal = chances("-m", "net", "--mix", "counts")
    assert {word: 0.5 * net[word] + 0.5 * counts[word] for word in net} == pytest.approx(equal, abs=1e-6)


def test_what_is_fitted_helps_and_can_be_typed_again(here: Path) -> None:
    asked = ("net", "--mix", "counts", "--cache", "--fit-on", "valid.txt")
    done = seqcli("evaluate", *asked, "--test", "test.txt", "--threads", "1", "--jsonl")
    (best,) = done.records
    assert best["model"] == "net + counts + cache"
    found = re.search(r"the same again: (--mix counts:[\d.]+ --cache neural:\S+)", done.err)
    assert found, done.err
    again = measured("net", *found[1].split())
    assert again["perplexity"] == pytest.approx(best["perplexity"], rel=1e-3)
    assert best["perplexity"] < min(measured(name)["perplexity"] for name in ("net", "counts"))


def test_what_is_kept_needs_no_numbers_again(here: Path, tmp_path: Path) -> None:
    shutil.copytree(here / "models", tmp_path / "models")
    shelf = ("--models-dir", str(tmp_path / "models"))
    asked = ("--mix", "counts", "--cache", "neural")
    before = {r["word"]: r["probability"] for r in seqcli(*shelf, "predict-word", "the", *asked, "--jsonl").records}
    fitted = seqcli(*shelf, "evaluate", "net", *asked, "--fit-on", "valid.txt", "--keep", "--test", "test.txt")
    typed = re.search(r"the same again: (.*)", fitted.err)
    assert fitted.code == 0 and typed
    kept, by_hand = (
        {r["word"]: r["probability"] for r in seqcli(*shelf, "predict-word", "the", *args, "--jsonl").records}
        for args in (asked, typed[1].split())
    )
    assert kept == pytest.approx(by_hand, rel=1e-3) and kept != pytest.approx(before, rel=1e-2)
    assert seqcli(*shelf, "models", "check", "net").code == 0 and seqcli(*shelf, "models", "show", "net").code == 0
    again = seqcli(*shelf, "evaluate", "net", *asked, "--test", "test.txt")
    assert again.rows[0][1:] == pytest.approx(fitted.rows[0][1:]) and "same weight" not in again.err
    assert seqcli("evaluate", "net", "--keep", "--test", "test.txt").code == 2


def test_characters_mix_too_and_are_compared_by_bits(here: Path) -> None:
    words, letters = measured("counts"), measured("letters", "--mix", "letters6:0.7", "--cache", "unigram")
    assert letters["tokens"] > 3 * words["tokens"]
    alone = [measured(name)["bits_per_character"] for name in ("letters", "letters6")]
    assert letters["bits_per_character"] < max(alone) and letters["bits_per_character"] > 0.2


def test_score_remembers_the_lines_before_only_with_a_cache(here: Path) -> None:
    lines = b"every queen\nevery queen\n"
    plain = [r["log_probability"] for r in seqcli("score", "-m", "net", "--jsonl", stdin=lines).records]
    assert plain[0] == plain[1]
    for extra in (("--cache", "unigram"), ("--cache", "neural"), ("--dynamic",)):
        first, second = (
            r["log_probability"] for r in seqcli("score", "-m", "net", "--jsonl", *extra, stdin=lines).records
        )
        assert second > first


REFUSED = {
    ("--mix", "other"): "'net' and 'other' have different vocabularies",
    ("--mix", "letters"): "'net' and 'letters' have different vocabularies",
    ("--mix", "nobody"): "nobody",
    ("--mix", "counts:2"): "between 0 and 1",
    ("--mix", "counts:x"): "between 0 and 1",
    ("--mix", "counts:0.5", "--mix", "net"): "every --mix",
    ("--mix", "counts:0.6", "--mix", "net:0.5"): "sum up to 1.1",
    ("--cache", "some of them"): "give unigram or neural",
    ("--cache", "neural:weight=7"): "--weight",
    ("-m", "counts", "--cache", "neural"): "use --cache unigram",
    ("-m", "counts", "--dynamic"): "adapts a network",
}


@pytest.mark.parametrize("args", REFUSED, ids=" ".join)
def test_what_cannot_be_mixed_is_refused_by_name(args: tuple[str, ...], here: Path) -> None:
    chosen = () if "-m" in args else ("-m", "net")
    for command in ("predict-word", "score", *(["generate"] if "--dynamic" not in args else [])):
        done = seqcli(command, "the cat", *chosen, *args)
        assert done.code in (1, 2) and REFUSED[args] in done.error


def test_a_cache_that_takes_the_prompt_for_its_kind_says_so(here: Path) -> None:
    done = seqcli("predict-word", "-m", "net", "--cache", "the cat")
    assert done.code == 2 and "'the cat'; give unigram or neural" in done.error


def test_nothing_is_fitted_on_the_text_that_is_measured(here: Path) -> None:
    done = seqcli("evaluate", "net", "--mix", "counts", "--fit-on", "test.txt", "--test", "test.txt")
    assert done.code == 2 and "very text" in done.error


# -- dynamic evaluation -----------------------------------------------------------------------------------------------


def test_a_network_learns_from_what_it_read_and_the_stored_one_stays(here: Path) -> None:
    before = {path: path.read_bytes() for path in (here / "models").rglob("*") if path.is_file()}
    plain, dynamic = measured("net"), measured("net", "--dynamic")
    assert dynamic["perplexity"] < plain["perplexity"] and dynamic["model"] == "net + dynamic"
    assert seqcli("predict-word", "the cat the cat", "--dynamic", "-m", "net", "--jsonl").code == 0
    assert before == {path: path.read_bytes() for path in (here / "models").rglob("*") if path.is_file()}


def test_every_segment_is_scored_before_it_is_learned_from() -> None:
    ids = np.random.default_rng(1).integers(0, 17, 60)
    plain = Adapting(model_of(spec_of()), Pace(rate=0.0))
    still = np.concatenate([logs for logs, _ in plain.stretches(ids, 1)])
    model = model_of(spec_of())
    learned = np.concatenate([logs for logs, _ in Adapting(model, Pace()).stretches(ids, 1)])
    length = Pace().segment
    np.testing.assert_allclose(learned[:length], still[:length], atol=1e-6)
    assert np.abs(learned[length:] - still[length:]).max() > 1e-4
    with torch.no_grad():
        inputs = torch.from_numpy(np.concatenate([[1], ids[:-1]]))[:, None]
        expected = model_of(spec_of()).log_probabilities(inputs)[range(60), 0, ids].numpy()
    np.testing.assert_allclose(still, expected, atol=1e-5)


def test_an_answer_comes_from_what_its_own_prompt_taught() -> None:
    spec = spec_of()
    model = Learning(model_of(spec), lambda weights: LanguageArrays(spec, weights))
    texts = [[1, *[3, 4] * 15], [1, 5, 6], [1]]
    together = model.log_probabilities(model.read(texts)[0])
    for text, row in zip(texts, together, strict=True):
        alone, state = model.read([text])
        np.testing.assert_allclose(model.log_probabilities(alone)[0], row, atol=1e-5)
        after, _ = model.step(np.array([3]), state)
        assert np.exp(model.log_probabilities(after)).sum() == pytest.approx(1.0, abs=1e-5)
    arrays = LanguageArrays(spec, {name: p.detach().numpy() for name, p in model_of(spec).named_parameters()})
    plain = arrays.log_probabilities(arrays.read(texts)[0])
    assert together[0, 3] > plain[0, 3] + 0.01 and together[2] == pytest.approx(plain[2], abs=1e-5)
