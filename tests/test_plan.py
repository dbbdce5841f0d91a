"""What a training would take, told before it runs: from a part of the text, and from the trainers' own arithmetic."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from command_line import seqcli

from seqcli.cli.session import Session
from seqcli.language.fit_to_time import fit_recipe
from seqcli.language.forecast import forecast
from seqcli.language.forecast_settings import ForecastSpec
from seqcli.language.recipes import cost
from seqcli.language.settings import LanguageSpec
from seqcli.language.training import plan_of
from seqcli.text import text_sample
from seqcli.text.corpus import prepare, read_pieces
from seqcli.text.form import TEXT
from seqcli.text.settings import TextSpec
from seqcli.text.text_sample import TextSample, sample
from seqcli.training.settings import RunSpec

SPEED = 2e11  # operations a second
SPEC = TextSpec("whitespace", vocabulary_size=3_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six files, one of them packed, of words as frequent as words are."""
    where = tmp_path_factory.mktemp("texts")
    rng = np.random.default_rng(1)
    for name in range(6):
        words = rng.zipf(1.5, 60_000)
        text = "".join(f"w{n}{' ' if i % 12 else chr(10)}" for i, n in enumerate(words.tolist(), 1)).encode()
        (where / f"{name}.txt").write_bytes(text)
    packed = where / "0.txt"
    (where / "0.txt.gz").write_bytes(gzip.compress(packed.read_bytes(), 1))
    packed.unlink()
    return where


def test_a_part_of_a_text_tells_what_all_of_it_is_like(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_sample, "BLOCK", 1 << 16)  # from each file, so that not all of them are read
    monkeypatch.setattr("seqcli.text.reading.BLOCK", 1 << 16)
    part = sample([str(folder)], TEXT, SPEC, most=1 << 18)
    pieces = read_pieces([str(folder)])
    made = prepare(pieces, SPEC)
    tokens = len(made.encoded(pieces, made.train).ids)
    assert not part.whole and part.sample_bytes < 0.5 * pieces.bytes and part.files == 6
    assert part.bytes == pytest.approx(pieces.bytes, rel=0.03)
    assert part.training_tokens == pytest.approx(tokens, rel=0.05)
    assert part.types == pytest.approx(int((made.counts > 0).sum()), rel=0.15)
    assert part.vocabulary == pytest.approx(len(made.vocabulary), rel=0.1) and part.vocabulary < 3_000


def test_of_a_short_text_nothing_is_estimated(folder: Path) -> None:
    whole, pieces = sample([str(folder / "1.txt")], TEXT, SPEC), read_pieces([str(folder / "1.txt")])
    made = prepare(pieces, SPEC)
    assert whole.whole and whole.bytes == whole.sample_bytes == pieces.bytes
    assert whole.types == int((made.counts > 0).sum()) and whole.vocabulary == len(made.vocabulary)
    assert whole.training_tokens == len(made.encoded(pieces, made.train).ids)


@pytest.fixture
def known_speed(monkeypatch: pytest.MonkeyPatch) -> TextSample:
    """A machine of known speed, and a text of ten million tokens."""

    def seconds(spec: LanguageSpec, size: int, run: RunSpec, batches: object = None) -> list[float]:
        return [cost(spec, size, run) * run.batch_size * run.unroll / SPEED] * 3

    for module in ("fit_to_time", "forecast"):
        monkeypatch.setattr(f"seqcli.language.{module}.seconds_of_updates", seconds)
    sizes = (10**5, 10_000, 10**7, 10**5)  # types, vocabulary, tokens to learn from, held out
    return TextSample(
        TextSpec("words"),
        "",
        1,
        5 * 10**7,
        5 * 10**7,
        10**7,
        *sizes,
        9.0,
        2.0,
        1.0,
        10**7,
        8 * 10**7,
        np.ones(5_000, np.int32),
    )


def test_the_model_is_the_one_that_a_training_would_choose(known_speed: TextSample) -> None:
    session = Session()
    for minutes, recipe in ((1.0, "quick"), (5.0, "quick"), (20.0, "standard"), (300.0, "strong")):
        found = forecast(session, known_speed, ForecastSpec(minutes))
        plan = plan_of(session, None, None, None, {"recipe": recipe, "minutes": minutes})
        assert found.spec == fit_recipe(session, plan, 10_000, 10**7, {}).spec
        rate = SPEED / cost(found.spec, 10_000, plan.run)
        assert found.tokens_per_second == pytest.approx(rate) and found.epoch_seconds == pytest.approx(10**7 / rate)
        left = max(60 * minutes - 12, 30 * minutes)
        assert left - 11 * found.evaluation_seconds <= found.training_seconds < left - found.evaluation_seconds


def test_machines_share_an_epoch_and_a_slow_network_makes_them_wait(known_speed: TextSample) -> None:
    one, eight, slow = (
        forecast(Session(), known_speed, ForecastSpec(20.0, nodes, network))
        for nodes, network in ((1, 1.0), (8, 1000.0), (8, 0.1))
    )
    assert eight.batch_size == 8 * one.batch_size and eight.waiting == one.waiting == 0
    assert eight.parameters > one.parameters, "more can be trained in the time"
    assert slow.waiting > 0.5 and slow.parameters < eight.parameters
    gradient = 4 * slow.parameters * 2 * 7 / 8
    assert slow.batch_size * 35 / slow.tokens_per_second == pytest.approx(gradient / (0.1e9 / 8)), "all of it travels"


@pytest.mark.usefixtures("known_speed")
def test_the_command_says_it_as_a_page_and_as_json(folder: Path) -> None:
    words = ("plan", folder / "1.txt", "--minutes", "0.05", "--nodes", "2", "--models-dir", folder / "models")
    told = json.loads(seqcli(*words, "--json").out)
    assert told["nodes"] == 2 and told["batch_size"] == 64 and told["files"] == 1
    assert told["epoch_seconds"] == pytest.approx(told["training_tokens"] / told["tokens_per_second"])
    assert told["memory_bytes"] > 1e8 and told["model_bytes"] < told["disk_bytes"] and not (folder / "models").exists()
    page = seqcli(*words, terminal=True)
    assert page.code == 0 and "2 machines, --batch-size 64" in page.out and "as told and not measured" in page.out
    typed = page.err.replace(" \\\n      ", " ")  # a long line goes on below
    assert "--recipe quick --minutes 0.05 --hidden-size " in typed and "--batch-size 64" in typed


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [("-", 2, "name the text's files"), ("nosuch.txt", 1, "check the path"), ("/dev/null", 2, "its size is not known")],
)
def test_what_has_no_size_is_refused(text: str, code: int, says: str) -> None:
    done = seqcli("plan", text, stdin=b"a b a b\n")
    assert done.code == code and says in done.error
