"""Words near to others, all of them found and none too many: compared with every pair measured one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from seqcli.text.letter_odds import LetterOdds
from seqcli.text.near_words import NearWords

WORDS = st.lists(st.text("abcé", min_size=1, max_size=6), max_size=12)


@pytest.mark.parametrize("distance", [1, 2])
@given(words=WORDS, asked=WORDS)
def test_all_pairs_are_found_with_their_distance(distance: int, words: list[str], asked: list[str]) -> None:
    query, found, apart = NearWords(words, distance).near(asked)
    got = {(q, f): d for q, f, d in zip(query.tolist(), found.tolist(), apart.tolist(), strict=True)}
    every = {(i, j): OSA.distance(a, w) for i, a in enumerate(asked) for j, w in enumerate(words)}
    assert got == {pair: d for pair, d in every.items() if 0 < d <= distance}


def test_words_of_thirty_letters_and_none_at_all() -> None:
    long = "a" * 30
    query, found, _ = NearWords([long[:-1], "b"], 1).near([long, ""])
    assert query.tolist() == [0] and found.tolist() == [0]
    assert not len(NearWords([], 1).near(["a"])[0])


def test_letters_in_a_usual_order_surprise_less() -> None:
    odds = LetterOdds(["nothing", "something", "thing", "everything", "king", "thin"])
    assert odds.surprise("anything") < odds.surprise("anzthing") < odds.surprise("qzxkw")
    assert np.isfinite(LetterOdds([]).surprise("word"))
