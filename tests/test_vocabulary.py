"""Vocabularies: which tokens are kept, their file, special symbols out of the text's reach."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcli.errors import DamagedError
from seqcli.text.vocabulary import EOS, SPECIALS, UNK, Vocabulary, select

tokens = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=" \t\v\f\r\n"), min_size=1, max_size=8
) | st.sampled_from(["<eos>", "\\<eos>", "\\\\<eos>", "\\<unk>", "\\", "\u2028", "\x1b[31m", "\ufeff"])


@given(st.lists(tokens.filter(lambda t: t != "<unk>"), unique=True, max_size=30))
def test_the_file_gives_back_the_vocabulary(texts: list[str]) -> None:
    vocabulary = Vocabulary(texts)
    again = Vocabulary.from_bytes(vocabulary.to_bytes(), "vocabulary")
    assert again.tokens == vocabulary.tokens == [*SPECIALS, *texts]
    assert again.encode(texts) == list(range(2, 2 + len(texts)))
    assert vocabulary.to_bytes().count(b"\n") == len(vocabulary)


def test_a15_the_text_cannot_reach_the_special_symbols() -> None:
    vocabulary = Vocabulary(["the", "<eos>", "\\<eos>", "<pad>", "<s>"])
    assert vocabulary.id_of("<eos>") == 3 != EOS
    assert vocabulary.id_of("\\<eos>") == 4
    assert vocabulary.id_of("<unk>") == UNK  # the one exception: it means what it says
    assert vocabulary.id_of("never seen") == UNK
    assert "<unk>" in vocabulary and "never seen" not in vocabulary
    assert vocabulary.to_bytes() == b"<unk>\n<eos>\nthe\n\\<eos>\n\\\\<eos>\n<pad>\n<s>\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<unk>\n",
        b"<unk>\n<eos>",
        b"<eos>\n<unk>\nthe\n",
        b"<unk>\n<eos>\nthe",
        b"<unk>\n<eos>\nthe\n\ncat\n",
        b"<unk>\n<eos>\nthe\nthe\n",
        b"<unk>\n<eos>\n<eos>\n",
        b"<unk>\n<eos>\n<unk>\n",
        b"<unk>\n<eos>\n\\<unk>\n",
        b"\xef\xbb\xbf<unk>\n<eos>\nthe\n",
        b"<unk>\r\n<eos>\r\nthe\r\n",
        b"<unk>\n<eos>\nthe cat\n",
        b"<unk>\n<eos>\nthe\tcat\n",
        b"<unk>\n<eos>\nth\xff\n",
        b"<unk>\n<eos>\n\xed\xa0\x80\n",
    ],
)
def test_a_file_that_was_not_written_so_is_damaged(data: bytes) -> None:
    with pytest.raises(DamagedError, match="vocabulary is damaged"):
        Vocabulary.from_bytes(data, "vocabulary")


def test_select_keeps_the_commonest_in_order_of_first_sight() -> None:
    texts = ["\n", "<unk>", "a", "b", "c", "d", "e"]
    counts = np.array([0, 9, 2, 5, 1, 5, 2])

    def kept(min_count: int, size: int) -> list[str]:
        return [texts[i] for i in select(counts, 1, min_count, size)]

    assert [kept(n, 100) for n in (1, 2, 3, 6)] == [["b", "d", "a", "e", "c"], ["b", "d", "a", "e"], ["b", "d"], []]
    assert kept(1, 5) == ["b", "d", "a"]  # two of the five are the special symbols
    assert texts[select(counts, 0, 1, 5)[0]] == "<unk>"  # unless it is said which one is none


def test_counts_of_nothing_keep_nothing() -> None:
    assert len(select(np.zeros(2, np.int64), 0, 1, 100)) == 0
