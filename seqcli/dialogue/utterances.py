"""Utterances that a model is asked about, as it reads them."""

from __future__ import annotations

from collections.abc import Sequence

from seqcli.text.tokens import JOINER, Tokenizer, tokens_of
from seqcli.text.vocabulary import EOS, UNK, Vocabulary


def history_ids(lines: Sequence[str], tokenizer: Tokenizer, vocabulary: Vocabulary, longest: int) -> list[list[int]]:
    """Return the ids of utterances that are asked about, EOS last."""
    return [[*ids_known(tokens_of(tokenizer, line), vocabulary)[-longest + 1 :], EOS] for line in lines]


def ids_known(tokens: Sequence[str], vocabulary: Vocabulary) -> list[int]:
    """Return ids of tokens; one never learned is taken for itself with other spaces around it, or in lower case.

    A text that was published with its marks apart ("you ?") so answers one that is typed ("you?").
    """
    found = vocabulary.encode(tokens)
    for place in [i for i, token_id in enumerate(found) if token_id == UNK]:
        bare = tokens[place].strip(JOINER)
        others = (bare, JOINER + bare, bare + JOINER, bare.lower(), JOINER + bare.lower())
        found[place] = next((vocabulary.id_of(other) for other in others if other in vocabulary), UNK)
    return found
