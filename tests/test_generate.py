"""generate: what is drawn, cut off, searched for, forbidden; where texts end; how the command answers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from command_line import seqcli, story, trained
from tiny_language_models import VOCABULARY, model_of, spec_of

from seqcli.decoding.continuation import Limits, Writer, search
from seqcli.decoding.copies import Copies
from seqcli.decoding.joining import Joining
from seqcli.decoding.limits import Ending
from seqcli.decoding.sampling import draw, forbid, shaped, top_k, top_p, typical
from seqcli.decoding.settings import Sampling
from seqcli.language.arrays import LanguageArrays
from seqcli.text.tokens import Words, learn_subwords, make, tokens_of

LOGS = np.log(np.array([[0.5, 0.25, 0.15, 0.1], [0.1, 0.2, 0.3, 0.4]]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network, counts of the same text, and the text; no test changes it."""
    made = tmp_path_factory.mktemp("generate")
    trained(made, "--learning-rate", "0.05")
    args = ["--architecture", "ngram", "--order", "4", "--name", "counts"]
    assert seqcli("--models-dir", made / "models", "train-lm", made / "tiny.txt", *args).code == 0
    return made


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder is where the command is typed."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SEQCLI_MODEL", raising=False)
    return folder


def network(seed: int = 1) -> LanguageArrays:
    model = model_of(spec_of(), seed=seed)
    return LanguageArrays(model.spec, {name: p.detach().numpy() for name, p in model.named_parameters()})


def kept(logs: np.ndarray) -> list[list[int]]:
    assert np.exp(logs).sum(1) == pytest.approx([1.0] * len(logs))
    return [np.flatnonzero(np.isfinite(row)).tolist() for row in logs]


# -- probabilities ---------------------------------------------------------------------------------------------------


def test_truncation_keeps_what_its_source_says() -> None:
    assert kept(top_k(LOGS, 2)) == [[0, 1], [2, 3]]
    assert kept(top_k(LOGS, 9)) == [[0, 1, 2, 3]] * 2
    assert kept(top_p(LOGS, 0.5)) == [[0], [2, 3]]
    assert kept(top_p(LOGS, 0.51)) == [[0, 1], [2, 3]]
    assert kept(top_p(LOGS, 1.0)) == [[0, 1, 2, 3]] * 2
    # the expected surprise of the first row is 1.21 nats; 0.25 costs 1.39, 0.5 costs 0.69, 0.15 costs 1.90
    assert kept(typical(LOGS, 0.2)) == [[1], [2]]
    assert kept(typical(LOGS, 0.45)) == [[0, 1], [1, 2]]


def test_temperature_sharpens_and_zero_takes_the_likeliest() -> None:
    np.testing.assert_allclose(np.exp(shaped(LOGS, Sampling(temperature=1.0))), np.exp(LOGS))
    sharp = np.exp(shaped(LOGS, Sampling(temperature=0.5)))
    np.testing.assert_allclose(sharp, np.exp(LOGS) ** 2 / (np.exp(LOGS) ** 2).sum(1, keepdims=True))
    assert kept(shaped(LOGS, Sampling(temperature=0.0))) == [[0], [3]]


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    chances = np.random.default_rng(1).random(20_000)
    found = draw(np.tile(LOGS[:1], (20_000, 1)), chances)
    np.testing.assert_allclose(np.bincount(found) / 20_000, np.exp(LOGS[0]), atol=0.01)
    cut = forbid(LOGS, [[0], [3, 2]])
    edges = np.array([0.0, np.nextafter(1.0, 0.0)])
    assert draw(shaped(cut, Sampling(temperature=1.0))[[0, 0]], edges).tolist() == [1, 3]
    assert set(draw(shaped(cut, Sampling(temperature=1.0))[[1, 1]], edges).tolist()) == {0, 1}


def test_where_everything_is_forbidden_nothing_is() -> None:
    np.testing.assert_array_equal(forbid(LOGS, [[0, 1, 2, 3], []]), LOGS)


# -- texts -----------------------------------------------------------------------------------------------------------


def test_a_text_does_not_depend_on_those_beside_it() -> None:
    def written(seeds: list[tuple[int, int]], drop: int | None = None) -> list[list[int]]:
        writer = Writer(network(), [1, 5], seeds, Sampling(temperature=1.0), Limits())
        for step in range(12):
            writer.step()
            if step == 5 and drop is not None:
                writer.keep([i for i in range(len(writer.texts)) if i != drop])
        return writer.texts

    together = written([(7, 0), (7, 1), (7, 2)])
    assert together == [written([(7, i)])[0] for i in range(3)] and len(set(map(tuple, together))) == 3
    assert written([(7, 0), (7, 1), (7, 2)], drop=1) == [together[0], together[2]]


@pytest.mark.parametrize("name", ["words", "characters", "japanese", "subwords"])
def test_tokens_joined_as_they_come_are_the_text(name: str) -> None:
    learned = learn_subwords([("the", 9), ("cat,", 5), ("ran", 4)], 300, False) if name == "subwords" else None
    tokenizer = make(name, False, learned)
    prompt, rest = 'the cat, said "the', 'old 猫 (who ran)" is 日本 and 3 x.' * 9
    before, added = tokens_of(tokenizer, prompt), tokens_of(tokenizer, rest)
    joining = Joining(tokenizer, before)
    pieces = [joining.added(token) for token in added]
    assert tokenizer.join(before) + "".join(pieces) == tokenizer.join([*before, *added])
    assert joining.line() == "" and joining.added(added[0]).startswith("\n"), "no line ends before another begins"


def test_the_work_of_a_long_prompt_is_done_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = 0
    split = Words.split

    def counted(self: Words, piece: str) -> list[str]:
        nonlocal seen
        seen += 1
        return split(self, piece)

    monkeypatch.setattr(Words, "split", counted)
    for options in ((), ("--beam", "2")):
        seen = 0
        assert seqcli("generate", "the cat " * 500, "--tokens", "200", *options, terminal=True).code == 0
        assert 1000 <= seen < 5000


def test_a_beam_of_all_tokens_finds_the_likeliest_text() -> None:
    model = network(3)
    text, length = [1, 4], 2
    logs = model.token_log_probabilities([[*text, a, b] for a in range(VOCABULARY) for b in range(VOCABULARY)])
    totals = np.array([part[-length:].sum() for part in logs])
    found = search(model, text, VOCABULARY, Limits(), lambda ids: len(ids) == length)
    assert found[0].ids == list(divmod(int(totals.argmax()), VOCABULARY))
    assert sum(found[0].logs) == pytest.approx(float(totals.max()), abs=1e-4)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_a_beam_of_one_is_greedy() -> None:
    writer = Writer(network(), [1], [(0,)], Sampling(temperature=0.0), Limits(never=(0,)))
    for _ in range(9):
        writer.step()
    (found,) = search(network(), [1], 1, Limits(never=(0,)), lambda ids: len(ids) == 9)
    assert writer.texts[0] == [1, *found.ids] and 0 not in found.ids


@pytest.mark.parametrize("longest", [1, 2])
def test_no_stretch_of_the_text_is_copied_beyond_the_limit(longest: int) -> None:
    ids = np.random.default_rng(2).integers(0, VOCABULARY, 60).astype(np.int32)
    copies = Copies(ids, longest)
    writer = Writer(network(), [1, 5], [(1, i) for i in range(8)], Sampling(temperature=1.0), Limits(copies=copies))
    for _ in range(40):
        writer.step()
    known = {tuple(ids[i : i + longest + 1].tolist()) for i in range(len(ids) - longest)}
    shorter = {stretch[:-1] for stretch in known}
    written = [tuple(text[i : i + longest + 1]) for text in writer.texts for i in range(2 - longest, 42 - longest)]
    assert not known & set(written)
    assert shorter & {stretch[:-1] for stretch in written}, "stretches up to the limit are allowed"
    for stretch in known:
        assert stretch[-1] in copies.forbidden([9, *stretch[:-1]])


def test_texts_end_where_they_should() -> None:
    words = ["<unk>", "<eos>", "he", "said", "￭.", "￭”", "￭?￭", "so"]
    assert Ending(words).kept([2, 3, 4]) is None and Ending(words).kept([2, 3, 4, 1]) == 4
    assert Ending(words, tokens=3).kept([2, 1, 3]) == 3
    assert Ending(words, stop=("so",)).kept([2, 3, 7]) == 2
    one = Ending(words, sentences=1)
    assert one.kept([2, 4, 5]) is None, "a closing quote belongs to its sentence"
    assert one.kept([2, 4, 5, 3]) == 3 and one.kept([2, 3]) is None and one.kept([2, 3, 1]) == 3
    two = Ending(words, sentences=2)
    assert two.kept([2, 4, 1, 3]) is None and two.kept([2, 4, 1, 3, 6, 2]) == 5


# -- the command -----------------------------------------------------------------------------------------------------


def test_the_same_seed_writes_the_same_and_the_note_says_it(here: Path) -> None:
    first = seqcli("generate", "the cat", "-n", "3", "--jsonl")
    seed = re.search(r"--seed (\d+)", first.err)
    assert seed and [list(r) for r in first.records] == [["prompt", "sample", "text", "tokens", "log_probability"]] * 3
    again = seqcli("generate", "the cat", "-n", "3", "--jsonl", "--seed", seed[1])
    assert again.out == first.out and "--seed" not in again.err
    (one,) = seqcli("generate", "the cat", "--jsonl", "--seed", seed[1]).records
    assert one["text"] == first.records[0]["text"], "the first text does not depend on how many are written"
    assert all(record["text"].startswith("the cat") for record in first.records)


def test_a_terminal_gets_the_text_as_it_comes_and_a_pipe_the_same_as_records(here: Path) -> None:
    args = ("generate", "the", "-n", "2", "--seed", "4", "--sentences", "2")
    texts = [record["text"] for record in seqcli(*args, "--jsonl").records]
    assert seqcli(*args, terminal=True).out == "".join(f"{text}\n" for text in texts)


def test_the_log_probability_is_that_of_score(here: Path) -> None:
    for extra in ([], ["--mix", "counts:0.4", "--cache", "neural"]):
        for record in seqcli("generate", "-n", "5", "--seed", "2", "--jsonl", *extra).records:
            if record["text"]:
                (scored,) = seqcli("score", record["text"], "--jsonl", *extra).records
                assert record["log_probability"] == pytest.approx(scored["log_probability"], abs=1e-3)
                assert record["tokens"] == scored["tokens"]


def test_lines_of_a_pipe_are_answered_in_order_and_nothing_is_a_prompt_too(here: Path) -> None:
    records = seqcli("generate", "--seed", "1", "--jsonl", stdin=b"the cat\n\nsome\n").records
    assert [record["prompt"] for record in records] == ["the cat", "", "some"] and records[1]["text"] is None
    for done in (
        seqcli("generate", "--seed", "1", "--jsonl", stdin=b""),
        seqcli("generate", "", "--seed", "1", "--jsonl"),
    ):
        assert len(done.records) == 1 and done.records[0]["text"]


def test_no_line_of_the_text_is_written_again(here: Path) -> None:
    text = (here / "tiny.txt").read_text()
    args = ("generate", "-n", "40", "--seed", "1", "--temperature", "0.3", "-m", "counts", "--jsonl")
    assert any(record["text"] in text for record in seqcli(*args).records)
    for record in seqcli(*args, "--no-copy", "3", "--text", "tiny.txt").records:
        words = record["text"].split()
        assert not any(" ".join(words[i : i + 4]) in text for i in range(len(words) - 3)), record["text"]


def test_a_beam_is_sorted_and_stop_words_end_a_text(here: Path) -> None:
    records = seqcli("generate", "the", "--beam", "6", "-n", "4", "--jsonl").records
    means = [record["log_probability"] / record["tokens"] for record in records]
    assert len(records) == 4 and means == sorted(means, reverse=True)
    args = ("--stop", "saw", "--stop", "!", "--stop", "two words")
    stopped = seqcli("generate", "-n", "20", *args, "--seed", "1", "--jsonl")
    assert not any("saw" in record["text"] or "!" in record["text"] for record in stopped.records)
    assert "'two words' is no token" in stopped.err and "'saw'" not in stopped.err


@pytest.mark.parametrize(
    "args",
    [
        ("--no-copy", "3"),
        ("--text", "tiny.txt"),
        ("--beam", "3", "--top-k", "2"),
        ("--beam", "2", "-n", "3"),
        ("--tokens", "3", "--sentences", "2"),
        ("--top-p", "0"),
        ("--temperature", "-1"),
        ("-n", "0"),
        ("--dynamic",),
        ("--seed", "-1"),
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_refused(args: tuple[str, ...], here: Path) -> None:
    done = seqcli("generate", "the", *args)
    assert done.code == 2 and done.error


def test_it_needs_no_torch(here: Path) -> None:
    program = (
        "import sys; from seqcli.cli import run\n"
        "assert run(['generate', 'the', '--mix', 'counts', '--cache', 'neural', '--seed', '1', '--jsonl']) == 0\n"
        "assert run(['predict-word', 'the', '--mix', 'counts', '--cache', 'neural', '--jsonl']) == 0\n"
        "assert not {'torch', 'numba'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0])["prompt"] == "the" and story(1)
