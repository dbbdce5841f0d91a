"""Batches: every token of an epoch is seen once, every token of an evaluation predicted once."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.language import batches
from seqcli.language.batches import SEGMENT, WARM_UP, Blocks, Segments
from seqcli.text.spool import Spool
from seqcli.text.vocabulary import EOS
from seqcli.training.held_out import PADDING


def numbered(size: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """A text in which every token says where it stands; the last is an end of unit, as in every text."""
    ids = np.arange(10, 10 + size, dtype=np.int32)
    ids[-1] = EOS
    return ids


@settings(max_examples=200, deadline=None)
@given(size=st.integers(1, 700), batch_size=st.integers(1, 40), unroll=st.integers(1, 50), epoch=st.integers(0, 3))
def test_an_epoch_sees_every_token_once(size: int, batch_size: int, unroll: int, epoch: int) -> None:
    ids = numbered(size)
    blocks = Blocks(ids, batch_size, unroll, seed=3)
    seen = []
    for index in range(blocks.updates_per_epoch):
        inputs, targets = blocks.batch(epoch, index)
        assert inputs.shape == targets.shape and 1 <= len(inputs) <= unroll and inputs.shape[1] == blocks.streams
        assert inputs.dtype == targets.dtype == np.int64
        before = np.concatenate([ids[-1:], ids[:-1]])  # the token before each; the last unit's end before the first
        place = {int(token): i for i, token in enumerate(ids)}
        assert all(before[place[int(t)]] == i for i, t in zip(inputs.ravel(), targets.ravel(), strict=True))
        seen += targets.ravel().tolist()
    assert sorted(set(seen)) == sorted(ids.tolist())
    assert len(seen) - size < blocks.streams  # streams are of one length: fewer than one step is seen again


def test_streams_go_on_where_the_batch_before_ended() -> None:
    blocks = Blocks(numbered(1000), 4, 10, seed=1)
    for index in range(1, blocks.updates_per_epoch):
        assert (blocks.batch(0, index)[0][0] == blocks.batch(0, index - 1)[1][-1]).all()


def test_a_long_text_is_read_in_stretches_from_all_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "LONG", 1000)
    monkeypatch.setattr(batches, "STRETCH", 45)
    ids = numbered(3000)
    blocks = Blocks(ids, 4, 10, seed=1)
    first = np.concatenate([blocks.batch(0, index)[1] for index in range(5)])  # a stretch is 5 updates
    steps = np.diff(first, axis=0)
    assert ((steps == 1) | (first[1:] == EOS) | (first[:-1] == EOS)).all(), "a stretch is read as it stands"
    read = [blocks.batch(0, index) for index in range(blocks.updates_per_epoch)]
    targets = np.concatenate([target for _, target in read])
    assert set(targets.ravel().tolist()) == set(ids.tolist()) and targets.size <= len(ids) + 4 * 50
    early = np.sort(targets[: len(targets) // 4].ravel())
    assert np.diff(early, prepend=10, append=3010).max() < 800, "a quarter of an epoch leaves no quarter of it out"
    assert not np.array_equal(blocks.batch(1, 0)[1], read[0][1])
    again = Blocks(ids, 4, 10, seed=1)
    assert all(np.array_equal(again.batch(0, index)[0], inputs) for index, (inputs, _) in enumerate(read))


def test_epochs_are_cut_at_different_places_the_same_for_one_seed() -> None:
    def first(seed: int, epoch: int) -> list[int]:
        return [int(t) for t in Blocks(numbered(1000), 4, 10, seed).batch(epoch, 0)[1].ravel()]

    assert first(1, 0) == first(1, 0)
    assert first(1, 0) != first(1, 1) and first(1, 0) != first(2, 0)


def test_a_short_text_has_fewer_streams() -> None:
    assert Blocks(numbered(100), 32, 35, 1).streams == 2
    assert Blocks(numbered(1), 32, 35, 1).streams == 1
    assert Blocks(numbered(1), 32, 35, 1).updates_per_epoch == 1


SIZES = [
    1,
    2,
    WARM_UP,
    SEGMENT - 1,
    SEGMENT,
    SEGMENT + 1,
    SEGMENT + WARM_UP,
    3 * SEGMENT - 1,
    3 * SEGMENT,
    5 * SEGMENT + 77,
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("rows", [1, 2, 3, 64])
def test_every_token_is_predicted_once_from_the_token_before_it(size: int, rows: int) -> None:
    ids = numbered(size)
    predicted: list[int] = []
    for piece in Segments(ids, rows):
        assert piece.inputs.shape == piece.targets.shape and piece.inputs.shape[1] <= max(rows, 1)
        for given_token, target in zip(piece.inputs.ravel(), piece.targets.ravel(), strict=True):
            if target != PADDING:
                place = size - 1 if target == EOS else int(target) - 10
                assert given_token == (ids[place - 1] if place else EOS)
                predicted.append(place)
    assert sorted(predicted) == list(range(size))


def histories(ids: np.ndarray[tuple[int], np.dtype[np.int32]], rows: int) -> dict[int, tuple[int, ...]]:
    """What had been read, since the state was last zero, before each token was predicted."""
    found: dict[int, tuple[int, ...]] = {}
    read: list[list[int]] = []
    for piece in Segments(ids, rows):
        if piece.first:
            read = [[] for _ in range(piece.inputs.shape[1])]
        for inputs, targets in zip(piece.inputs, piece.targets, strict=True):
            for row, (given_token, target) in enumerate(zip(inputs.tolist(), targets.tolist(), strict=True)):
                read[row].append(given_token)
                if target != PADDING:
                    found[target] = tuple(read[row])
    return found


def test_what_stands_before_a_prediction_does_not_depend_on_the_rows() -> None:
    ids = numbered(4 * SEGMENT + 300)
    alone = histories(ids, 1)
    assert alone == histories(ids, 3) == histories(ids, 64)
    assert min(len(history) for token, history in alone.items() if token - 10 > WARM_UP) > WARM_UP


def test_nothing_is_yielded_of_an_empty_text_but_padding() -> None:
    assert all((piece.targets == PADDING).all() for piece in Segments(np.zeros(0, np.int32)))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux, which tells how much of a file is held")
def test_a_text_that_lies_in_a_file_is_read_in_flat_memory(tmp_path: Path) -> None:
    spool = Spool(np.int32, str(tmp_path))
    for _ in range(16):
        spool.append(np.full(1 << 20, EOS, np.int32))
    blocks = Blocks(spool.array(), 4, 4_000, seed=1)
    page, most = os.sysconf("SC_PAGE_SIZE"), 0
    before = int(Path("/proc/self/statm").read_text().split()[2]) * page  # pages of files that count as memory
    for index in range(blocks.updates_per_epoch):
        blocks.batch(0, index)
        if index % 10 == 9:
            most = max(most, int(Path("/proc/self/statm").read_text().split()[2]) * page - before)
    assert spool.spilled and most < 0.5 * 4 * len(spool)
