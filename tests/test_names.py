"""Names in a source: which words are copied, by what the pairs of the training show."""

from __future__ import annotations

import pytest

from seqcli.text.vocabulary import Vocabulary
from seqcli.translation.pairs import pairs_of
from seqcli.translation.proper_names import Names, learn_names

LETTERS = "abcdefghijkl"


def learned(copied: bool, place: str) -> Names:
    """Return what is learned of twelve names, each in a pair of its own, copied or translated."""
    name = [f"{a.upper()}{a}xo" for a in LETTERS]
    frame = "the dog {} runs" if place == "inside" else "{} runs"
    source = [*(frame.format(n) for n in name), *["the dog runs", "a walker runs"] * 2]
    target = [*(f"Hund {n if copied else n[::-1]} rennt" for n in name), *["Hund rennt", "Wanderer rennt"] * 2]
    return learn_names(pairs_of(source, target))


def test_words_seen_once_show_what_becomes_of_words_never_seen() -> None:
    assert learned(True, "inside").copied == {"inside"}
    assert learned(True, "first").copied == {"first"}
    assert not learned(False, "inside").copied and not len(learned(False, "inside").read.tokens[2:])


def test_a_few_words_show_nothing() -> None:
    source, target = ["the dog Zorka runs"] * 2 + ["the Binky runs"], ["Hund Zorka rennt"] * 2 + ["Binky rennt"]
    assert not learn_names(pairs_of(source, target)).copied


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("the dog Zorka runs", ["Zorka"]),
        ("the DOG runs", []),  # read, in other letters
        ("the Walkers run", []),  # begins as a word that was read: an inflection, perhaps
        ("Zorka runs", []),  # may be any word that begins a sentence
        ('He said: "Zorka runs"', []),
        ("with Zorka Brillo-Quim, Felda", ["Zorka Brillo-Quim", "Felda"]),
        ("from Zorka's house and X", ["Zorka"]),
        ("", []),
    ],
)
def test_names_stand_where_they_stand(line: str, found: list[str]) -> None:
    spans = learned(True, "inside").find(line)
    assert [line[start:end] for start, end in spans] == found


def test_kinds_that_are_not_copied_are_left() -> None:
    read = Vocabulary(["walker", "he", "said"])
    assert Names(read, frozenset({"first"})).find("Zorka met Zorka, Walkers") == [(0, 5)]
    assert Names(read, frozenset({"inside", "inside-alike"})).find("Zorka met Zorka, Walkers") == [(10, 15), (17, 24)]
    assert Names(read, frozenset()).find("he met Zorka") == []
