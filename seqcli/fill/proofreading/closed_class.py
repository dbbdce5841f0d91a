"""Words of which there are few and which every sentence needs: those that writers leave out, add, and mix up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seqcli.text.vocabulary import Vocabulary


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ARTICLES = ("a", "an", "the")
PREPOSITIONS = _words(
    "about after against among as at before between by during for from in into of off on onto over since through to "
    "toward towards under until upon with within without"
)
CONFUSED = (
    "a an the this that these those",
    "their there they're",
    "its it's",
    "your you're",
    "whose who's",
    "who whom which that",
    "to too two",
    "then than",
    "were where we're",
    "of off",
    "lose loose",
    "affect effect",
    "accept except",
    "quiet quite",
    "weather whether",
    "passed past",
    "much many",
    "little few",
    "less fewer",
    "other others another",
    "every each all",
    "some any",
    "no not",
    "so such",
    "and or but",
    "if whether",
    "can could will would shall should may might must",
    "always already",
    "live life alive",
    "say tell",
    "advice advise",
    "practice practise",
    "principal principle",
    "brought bought",
    "lie lay laid lain",
    "rise raise rose raised",
)
FORMS = (
    "i me my mine myself",
    "you your yours yourself",
    "he him his himself",
    "she her hers herself",
    "it its itself",
    "we us our ours ourselves",
    "they them their theirs themselves",
    "be is are was were been being am isn't aren't wasn't weren't",
    "do does did done doing don't doesn't didn't",
    "have has had having haven't hasn't hadn't",
    "good well better best",
    "bad badly worse worst",
)
INSERTED = _words("a an the to of in on at for with by from is are was were be have has had do not and that it as will")
LEFT_OUT = (*INSERTED, "about", "into", "up", "so", "but", "been", "more", "very", "there", "they", "he", "she", "you")
MANY = 30  # words that stand for a closed class in a language whose lists are not here: its commonest ones


def is_english(vocabulary: Vocabulary) -> bool:
    """Return whether the lists above fit a vocabulary: their commonest words are among its commonest."""
    return {"the", "of", "and", "to", "in"} <= set(vocabulary.tokens[:120])


def common_words(vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the commonest words of a vocabulary that are made of letters."""
    return tuple([token for token in vocabulary.tokens[2:400] if token.isalpha()][:MANY])


def insertable(vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the words that may be missing from a sentence."""
    words = INSERTED if is_english(vocabulary) else common_words(vocabulary)
    return tuple(word for word in words if word in vocabulary)


def removable(vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the words that may be too many in a sentence."""
    words = LEFT_OUT if is_english(vocabulary) else common_words(vocabulary)
    return tuple(word for word in words if word in vocabulary)


def mixed_up(words: Sequence[str]) -> dict[str, set[str]]:
    """Return, of each of some words that is mixed up with others, those others."""
    return _others((*(line.split() for line in (*CONFUSED, *FORMS)), PREPOSITIONS), words)


def other_forms(words: Sequence[str]) -> dict[str, set[str]]:
    """Return, of each of some words that has other forms which its letters do not tell, those forms."""
    return _others([line.split() for line in FORMS], words)


def _others(groups: Iterable[Sequence[str]], words: Sequence[str]) -> dict[str, set[str]]:
    known = set(words)
    found: dict[str, set[str]] = {}
    for group in groups:
        members = known.intersection(group)
        for word in members:
            found.setdefault(word, set()).update(members - {word})
    return found
