"""A text cut where its tokens are: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcli.text.token_spans import Surface, surfaces
from seqcli.text.tokens import make, tokens_of

TOKENIZERS = [(name, fold) for name in ("words", "whitespace", "characters", "japanese") for fold in (False, True)]
TEXTS = st.text(st.one_of(st.sampled_from(" \t\"'.,-!▁￭aAé\u0301İßﬁ猫はカ"), st.characters(codec="utf-8")), max_size=30)


@pytest.mark.parametrize(("name", "fold"), TOKENIZERS)
@given(text=TEXTS)
def test_the_stretches_are_the_text_and_hold_every_token(name: str, fold: bool, text: str) -> None:
    tokenizer = make(name, fold)
    found = list(surfaces(tokenizer, text))
    assert "".join(surface.text for surface in found) == text
    assert sum(surface.tokens for surface in found) == len(tokens_of(tokenizer, text))
    assert all(surface.text for surface in found)


def test_words_and_marks_are_apart_and_space_is_no_token() -> None:
    found = list(surfaces(make("words", True), ' "Don\'t," She said.'))
    assert [surface for surface in found if surface.tokens] == [
        Surface(text, 1) for text in ('"', "Don't", ",", '"', "She", "said", ".")
    ]
    assert [surface.text for surface in found if not surface.tokens] == [" ", " ", " "]


def test_a_character_counts_with_the_space_before_it() -> None:
    assert list(surfaces(make("characters", False), "ab c")) == [("a", 2), ("b", 1), (" ", 0), ("c", 2)]


def test_a_piece_that_hides_its_tokens_stays_whole() -> None:
    assert list(surfaces(make("words", False), "e\u0301t,")) == [("e\u0301t,", 2)]
