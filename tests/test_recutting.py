"""Words cut into subwords by a draw: another cut, the same text, the same draw for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seqcli.text.vocabulary import EOS, UNK
from seqcli.translation.batches import PairBatches
from seqcli.translation.corpus import PairCorpus, build
from seqcli.translation.pairs import pairs_of
from seqcli.translation.settings import PairsTextSpec
from seqcli.translation.subword_regularisation import Recutting

STORIES = Path(__file__).parent.parent / "corpora" / "stories.txt"


@pytest.fixture(scope="module")
def corpus() -> PairCorpus:
    lines = [line for line in STORIES.read_text().splitlines() if line.strip()]
    pairs = pairs_of(lines, lines)
    return build(pairs, pairs, PairsTextSpec(subwords=300))


def test_another_cut_spells_the_same_text(corpus: PairCorpus) -> None:
    recutting, rng = Recutting(corpus.target, corpus.train.target, 0.2), np.random.default_rng(1)
    longer = changed = 0
    for place, ids in enumerate(corpus.train.target):
        drawn = recutting.draw(place, rng)
        assert corpus.target.text(drawn) == corpus.target.text(ids)
        assert drawn[-1] == EOS and drawn.count(EOS) == 1 and UNK not in drawn
        changed += drawn != ids
        longer += len(drawn) - len(ids)
    assert changed > 0.9 * len(corpus.train.target)
    assert 0 < longer < 0.6 * corpus.train.tokens / 2


def test_likelier_cuts_are_drawn_more_often_the_sharper_the_draw(corpus: PairCorpus) -> None:
    ids, same = corpus.train.target[:50], []
    for sharpness in (0.1, 1.0, 1000.0):
        recutting, rng = Recutting(corpus.target, ids, sharpness), np.random.default_rng(1)
        same.append(sum(recutting.draw(i, rng) == one for i, one in enumerate(ids)))
    assert same[0] < same[1] < same[2] == 50, "at its sharpest the draw is the tokenizer's own cut"


def test_the_shares_of_the_draw_are_those_of_the_model(corpus: PairCorpus) -> None:
    word = "morning"
    tokenizer, ids = corpus.target.tokenizer, corpus.target.ids(word)
    ways = tokenizer.ways(tokenizer.split(word), 16)  # type: ignore[attr-defined]
    known = [(corpus.target.vocabulary.encode(way), log) for way, log in ways]
    chances = {tuple(way): np.exp(log) for way, log in known if UNK not in way}
    recutting, rng = Recutting(corpus.target, [ids], 1.0), np.random.default_rng(2)
    drawn = [tuple(recutting.draw(0, rng)[:-1]) for _ in range(4000)]
    assert len(chances) > 4
    for way, chance in chances.items():
        assert drawn.count(way) / 4000 == pytest.approx(chance / sum(chances.values()), abs=0.03)


def test_batches_are_cut_anew_each_epoch_and_the_same_again(corpus: PairCorpus) -> None:
    train = corpus.train
    recut = Recutting(corpus.source, train.source, 0.2), Recutting(corpus.target, train.target, 0.2)
    one, other = (PairBatches(train.source, train.target, 8, seed=1, recut=recut) for _ in range(2))
    spelled = []
    for epoch in (0, 1):
        lines = []
        for i in range(one.updates_per_epoch):
            batch = one.batch(epoch, i)
            assert all((a == b).all() for a, b in zip(batch, other.batch(epoch, i), strict=True))
            lines += [ids[ids >= 0].tolist() for ids in batch[1][1:].T]
        assert sorted(map(corpus.target.text, lines)) == sorted(map(corpus.target.text, train.target))
        spelled.append(sorted(lines))
    assert spelled[0] != spelled[1]
