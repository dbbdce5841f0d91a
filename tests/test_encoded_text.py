"""A text that was read once and kept: it stands in the place of the text, and is checked before it is believed."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from command_line import TINY, seqcli, story

from seqcli.errors import CorpusError
from seqcli.text import spool
from seqcli.text.corpus import build, read_pieces
from seqcli.text.encoded_text import HEADER, keep
from seqcli.text.file_kinds import ENCODED
from seqcli.text.form import TEXT
from seqcli.text.settings import TextSpec
from seqcli.text.text_sample import sample


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text, and the file that it was kept in."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "tale.txt.gz").write_bytes(gzip.compress((story() + "\n猫 と 犬 .\n" * 3).encode()))
    done = seqcli("corpus", folder / "tale.txt.gz", "--encode", folder / "ids", "--json")
    assert done.code == 0 and str(folder / "ids") in done.err.replace("\n", "")
    return Path(json.loads(done.out)["encoded"])


def test_it_is_named_by_what_is_in_it_and_written_once(kept: Path) -> None:
    text = kept.parent.parent / "tale.txt.gz"
    pieces = read_pieces([str(text)])
    assert kept.name == f"tale-{pieces.sha256[:12]}.ids" and [kept] == list(kept.parent.iterdir())
    written = kept.stat().st_mtime_ns
    assert keep(pieces, str(kept.parent), "tale") == kept and kept.stat().st_mtime_ns == written


def test_it_is_the_text(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = kept.parent.parent / "tale.txt.gz"
    monkeypatch.setattr(spool, "IN_MEMORY", 1 << 10)
    monkeypatch.setattr(spool, "PART", 1 << 8)
    for tokenizer in ("words", "whitespace"):
        one, other = (
            build(read_pieces([str(path)], folder=str(tmp_path)), None, TextSpec(tokenizer)) for path in (text, kept)
        )
        assert one.text == other.text and one.vocabulary.tokens == other.vocabulary.tokens
        assert np.array_equal(one.train.ids, other.train.ids) and one.train.sha256 == other.train.sha256
        assert np.array_equal(one.held_out.ids, other.held_out.ids) and one.written == other.written


def test_a_model_learns_the_same_from_it_and_bears_the_name_of_the_text(kept: Path, tmp_path: Path) -> None:
    text, models = kept.parent.parent / "tale.txt.gz", tmp_path / "models"
    assert seqcli("--models-dir", models, "train-lm", text, "--name", "plain", *TINY).code == 0
    assert seqcli("--models-dir", models, "train-lm", kept, *TINY).code == 0
    weights = [next((models / name).glob("weights-*")).name for name in ("plain", "tale")]
    assert weights[0] == weights[1], "named by their hash"
    again = seqcli("--models-dir", models, "train-lm", text, "--resume", "--epochs", "3")
    assert again.code == 0, f"the text itself goes on with it: {again.err}"


def test_a_plan_of_it_is_that_of_the_text(kept: Path) -> None:
    one, other = (sample([str(path)], TEXT, TextSpec()) for path in (kept.parent.parent / "tale.txt.gz", kept))
    for name in ("bytes", "sample_bytes", "types", "vocabulary", "training_tokens", "held_out_tokens", "text"):
        assert getattr(one, name) == getattr(other, name), name


def written(folder: Path, name: str, data: bytes) -> str:
    (folder / name).write_bytes(data)
    return str(folder / name)


def forged(data: bytes, body: bytes, **changes: object) -> bytes:
    """The file with another body, its digest and header in step."""
    told = json.loads(data[len(ENCODED) : HEADER]) | {"body_sha256": hashlib.sha256(body).hexdigest()} | changes
    return (ENCODED + json.dumps(told).encode()).ljust(HEADER) + body


def test_a_damaged_or_forged_one_is_refused_in_one_line(kept: Path, tmp_path: Path) -> None:
    data = kept.read_bytes()
    body = data[HEADER:]
    beyond = np.full(2, 1 << 30, "<u4").tobytes() + body[8:]
    spaced = body[:-1] + b" "
    bad = [
        data[:-1], data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], ENCODED, ENCODED + b"[]", ENCODED + b"{}",
        forged(data, body, pieces=-1), forged(data, body, lines=True), forged(data, body, positions=1 << 40),
        forged(data, body, blank_share=float("nan")), forged(data, beyond), forged(data, spaced),
        forged(data, body[:-1] + b"\xff"), (ENCODED + b"[" * HEADER)[:HEADER] + body,
    ]  # fmt: skip
    for number, some in enumerate(bad):
        with pytest.raises(CorpusError, match=r"damaged encoded text .*; encode the text again\.$"):
            read_pieces([written(tmp_path, f"{number}.ids", some)])
    read_pieces([written(tmp_path, "good.ids", forged(data, body))])


def test_it_stands_alone_and_for_a_text_only(kept: Path, tmp_path: Path) -> None:
    text = kept.parent.parent / "tale.txt.gz"
    done = seqcli("corpus", text, kept)
    assert done.code == 1 and "name it alone" in done.error
    done = seqcli("train-dialogue", kept, "--models-dir", tmp_path)
    assert done.code == 1 and "corpus --encode" in done.error
