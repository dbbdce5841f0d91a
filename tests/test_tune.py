"""tune: which settings are tried for how long, and a search that is written down, goes on, and leaves no model."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from command_line import seqcli, story

from seqcli.language.tuning.halving import SPACE, Trial, candidates, go_on, ranked, rounds
from seqcli.language.tuning.search import Search
from seqcli.store import Shelf

USUAL = {name: values[0] for name, values in SPACE.items()} | {"learning_rate": 0.01, "tied": True}
FIXED = ("--hidden-size", "8", "--embedding-size", "8", "--samples", "8", "--unroll", "8", "--threads", "1")
TUNE = ("tune", "text.txt", "--minutes", "0.03", "--trials", "4", *FIXED)


# -- the search -------------------------------------------------------------------------------------------------------


def test_candidates_differ_begin_with_the_usual_and_leave_alone_what_is_fixed() -> None:
    found = candidates(USUAL, {"layers", "seed"}, 30, seed=1)
    assert found == candidates(USUAL, {"layers", "seed"}, 30, seed=1) != candidates(USUAL, {"layers"}, 30, seed=2)
    assert found[0] == {name: USUAL[name] for name in SPACE if name != "layers"}
    assert all(one not in found[:at] for at, one in enumerate(found)) and len(found) == 30
    assert {one["learning_rate"] for one in found} <= {0.003, 0.005, 0.008, 0.01, 0.015}
    for name in ("hidden_size", "dropout", "batch_size"):
        assert {one[name] for one in found} <= set(SPACE[name]) and len({one[name] for one in found}) > 2
    only = candidates(USUAL, set(SPACE) - {"batch_size"}, 30, seed=1)
    assert sorted(one["batch_size"] for one in only) == [16, 32, 64], "no more than there are"


@pytest.mark.parametrize(("trials", "counts"), [(27, [27, 9, 3]), (9, [9, 3]), (4, [4, 1]), (3, [3]), (2, [2])])
def test_rounds_fill_the_minutes_and_are_equally_long(trials: int, counts: list[int]) -> None:
    found = rounds(30.0, trials)
    assert [one.trials for one in found] == counts
    assert [one.trials * one.minutes for one in found] == pytest.approx([30.0 / len(counts)] * len(counts))


def test_the_best_go_on_and_a_later_round_counts_more() -> None:
    def trial(number: int, at: int, nats: float | None) -> Trial:
        return Trial(number, at, 1.0, {}, nats, 1, 1)

    here = [trial(0, 0, None), trial(1, 0, 3.0), trial(2, 0, 2.0), trial(3, 0, 2.0)]
    assert go_on(here, 3) == [2, 3, 1] and go_on(here, 4)[-1] == 0
    assert [one.number for one in ranked([*here, trial(4, 1, 9.0)])] == [4, 2, 3, 1, 0]


# -- as typed ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(story(), "utf-8")
    return tmp_path


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float]]:
    """Let a trial cost what its dropout says, at once; the trials that were run, and their minutes, are listed."""
    ran: list[tuple[int, float]] = []

    def train(self: Any, number: int, at: int, minutes: float, settings: dict[str, Any], bar: Any) -> Trial:
        if stop_after and len(ran) == stop_after[0]:
            stop_after.clear()
            raise SystemExit(130)
        ran.append((number, minutes))
        return Trial(number, at, minutes, settings, 5.0 + settings["dropout"] - at, 1, 1)

    monkeypatch.setattr(Search, "_train", train)
    return ran


stop_after: list[int] = []  # trials after which somebody presses Ctrl-C


def test_a_search_ends_with_a_line_that_trains_the_best_and_leaves_no_model(here: Path) -> None:
    done = seqcli(*TUNE, "--jsonl")
    assert done.code == 0, done.err
    assert [record["rank"] for record in done.records] == [1, 2, 3, 4]
    assert Shelf("models").names() == []
    best = done.records[0]
    assert best["minutes"] == max(record["minutes"] for record in done.records)
    line = shlex.split(done.err.splitlines()[-1].split("Train it: seqcli ")[1])
    assert line[:2] == ["train-lm", "text.txt"] and line[line.index("--hidden-size") + 1] == "8"
    assert float(line[line.index("--dropout") + 1]) == best["dropout"]
    assert seqcli(*line, "--name", "best", "--minutes", "0.01").code == 0
    spec = Shelf("models").read("best").spec
    assert (spec.hidden_size, spec.layers, spec.dropout) == (8, best["layers"], best["dropout"])


def test_an_interrupted_search_goes_on_where_it_was(here: Path, trained: list[tuple[int, float]]) -> None:
    whole = seqcli(*TUNE, "--name", "whole", "--jsonl").records
    assert len(trained) == 5 and len({number for number, _ in trained}) == 4
    assert whole[0]["dropout"] == min(record["dropout"] for record in whole)
    trained.clear()
    stop_after.append(2)
    assert seqcli(*TUNE, "--name", "part").code == 130
    assert seqcli(*TUNE, "--name", "part").code == 1, "it is there already"
    assert "--resume" in seqcli(*TUNE, "--name", "part").error
    assert seqcli(*TUNE, "--name", "part", "--resume", "--jsonl").records == whole
    assert len(trained) == 5, "no trial was run again"
    again = seqcli(*TUNE, "--name", "part", "--resume", "--jsonl")
    assert again.records == whole and len(trained) == 5
    assert seqcli(*TUNE, "--name", "part", "--replace").code == 0 and len(trained) == 10


def test_a_search_keeps_the_precision_that_it_began_in(
    here: Path, trained: list[tuple[int, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = {"float32": 1.0, "bfloat16": 0.5}
    monkeypatch.setattr("seqcli.training.precision.seconds_of", seconds.__getitem__)
    stop_after.append(2)
    assert seqcli(*TUNE).code == 130
    seconds["bfloat16"] = 2.0  # the machine is busy with something else when the search goes on
    assert seqcli(*TUNE, "--resume").code == 0 and len(trained) == 5
    header = json.loads(Path("models/text.tune.jsonl").read_text("utf-8").splitlines()[0])
    assert header["run"]["precision"] == "bfloat16"


def test_a_line_that_was_cut_short_is_done_again(here: Path, trained: list[tuple[int, float]]) -> None:
    assert seqcli(*TUNE).code == 0
    journal = Path("models/text.tune.jsonl")
    journal.write_bytes(journal.read_bytes()[:-30])
    assert seqcli(*TUNE, "--resume").code == 0
    lines = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    assert len(trained) == 6 and len(lines) == 6 and lines[-1]["round"] == 1


def test_another_search_is_not_gone_on_with(here: Path, trained: list[tuple[int, float]]) -> None:
    assert seqcli(*TUNE).code == 0
    other = seqcli(*TUNE, "--resume", "--layers", "2")
    assert other.code == 2 and "fixed" in other.error and "--replace" in other.error
    Path("text.txt").write_text(story(seed=2), "utf-8")
    assert "sha256" in seqcli(*TUNE, "--resume").error
    for content in ("", "[]\n", "{}\n[]\n", "{}\n{}\n", "PK\n"):
        Path("models/text.tune.jsonl").write_text(content, "utf-8")
        damaged = seqcli(*TUNE, "--resume")
        assert damaged.code == 1 and "no search" in damaged.error
    assert len(trained) == 5


def test_a_search_too_short_to_tell_is_refused_before_it_begins(here: Path, trained: list[tuple[int, float]]) -> None:
    refused = seqcli("tune", "text.txt", "--minutes", "1.9", *FIXED)
    assert refused.code == 2 and "give 2 at least, or --trials" in refused.error and not Path("models").exists()
    for minutes, count in ((2, 4), (5.9, 4), (6, 9), (60, 27)):
        assert trained == []
        done = seqcli("tune", "text.txt", "--minutes", str(minutes), "--replace", *FIXED)
        assert done.code == 0 and len({number for number, _ in trained}) == count
        longest = trained[-1][1]
        assert longest >= 1.0, "no line tells anybody to train for seconds"
        assert f"--minutes {longest:.3g}" in done.err
        note = f"Note: the longest trial takes {longest:g} min" if longest == 1 else "Note: the longest trial takes "
        assert (note in done.err) == (longest < 5)
        if minutes == 6:
            assert "settings for 5 minutes take --minutes 30." in done.err
        trained.clear()


@pytest.mark.parametrize(
    "words", [("--minutes", "0"), ("--trials", "1"), ("--resume", "--replace"), ("--name", "../x")]
)
def test_misuse_is_told_before_anything_is_read(words: tuple[str, ...], here: Path) -> None:
    assert seqcli(*TUNE, *words).code == 2 and not Path("models").exists()
    assert seqcli(*TUNE, "--resume").code == 1 and not Path("models").exists()
