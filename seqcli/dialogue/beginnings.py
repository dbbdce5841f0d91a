"""What a training of dialogues begins with: another model's weights (--from), or word vectors (--embeddings)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seqcli.dialogue.load import check_dialogue
from seqcli.dialogue.shapes import dialogue_table
from seqcli.errors import MisuseError, quoted
from seqcli.store.weights import stored_weights
from seqcli.tasks import TASKS, resolved
from seqcli.text.vocabulary import UNK, Vocabulary
from seqcli.training.origin import check_fits

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Record

FREE = {"dropout", "output", "samples"}  # what weights do not depend on
FREE_TEXT = {"min_count", "vocabulary_size", "held_out", "turns", "longest"}
BY_WORD = ("embedding.weight", "output_bias")  # parameters with a row for each token
SPREAD = 0.058  # of an embedding's numbers, as embeddings begin that are drawn


def origin_of(session: Session, name: str | None, params: Mapping[str, Any], like: str | None) -> Record | None:
    """Return the model that a training begins from. Raises MisuseError for settings that its weights do not fit."""
    if name is None:
        return None
    if like:
        raise MisuseError(f"--from takes the settings of {quoted(name)}; leave out --like.")
    record = check_dialogue(session.shelf.read(name))
    check_fits(record, record.spec, FREE, params)
    check_fits(record, record.text, FREE_TEXT, params)
    return record


def begin_from(origin: Record, model: Any) -> None:
    """Give a model the weights of another, whose vocabulary its own begins with; a new word has the rows of <unk>."""
    import numpy as np
    import torch

    arrays = stored_weights(origin, dialogue_table(origin.spec, len(origin.vocabulary())))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            array = arrays[name]
            if name in BY_WORD:
                more = len(parameter) - len(array)
                array = np.concatenate([array, np.repeat(array[UNK : UNK + 1], more, axis=0)])
            parameter.copy_(torch.from_numpy(array))


def embedding_size_of(session: Session, name: str) -> int:
    """Return how many numbers the word vectors of a model have."""
    return int(session.shelf.read(name, "vectors").spec.dimensions)


def begin_with_vectors(session: Session, name: str, vocabulary: Vocabulary, model: Any) -> int:
    """Give the embeddings of the words that have vectors those vectors, scaled; return how many there are."""
    import torch

    from seqcli.text.tokens import shown

    words = resolved(TASKS["vectors"].load)(session, session.shelf.read(name, "vectors"))
    rows = [(i, shown(token)) for i, token in enumerate(vocabulary.tokens)]
    found = [(i, word if word in words else word.lower()) for i, word in rows]
    found = [(i, word) for i, word in found if word in words]
    if not found:
        raise MisuseError(f"{quoted(name)} has a vector for none of the words; name vectors of the same language.")
    vectors = torch.from_numpy(words[[word for _, word in found]])
    if vectors.shape[1] != model.embedding.weight.shape[1]:
        raise MisuseError(
            f"The vectors of {quoted(name)} have {vectors.shape[1]} numbers; give --embedding-size {vectors.shape[1]}."
        )
    with torch.no_grad():
        model.embedding.weight[[i for i, _ in found]] = vectors * (SPREAD / vectors.std())
    return len(found)
