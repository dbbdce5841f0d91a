"""What an experiment reads: the reader's text, and trained models of the shelf as cells of the lab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seqcli.errors import CorpusError, MisuseError
from seqcli.lab import gates, gradients
from seqcli.lab.cells import Array, Cell
from seqcli.lab.characters import MOST_CHARACTERS
from seqcli.lab.learning import make_cell
from seqcli.lab.texts import FIVE_WORDS, TEXTS
from seqcli.language.load import recurrent_record
from seqcli.store.tokenizer import tokenizer_of

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Record


def text_of(path: str | None, language: str) -> str:
    """Return the beginning of the reader's text, as much as an experiment uses, or the lab's own."""
    if path is None:
        return TEXTS[language]
    from seqcli.text.form import TEXT
    from seqcli.text.reading import read_lines

    lines, size = [], 0
    for line in read_lines([path], TEXT):
        lines.append(line)
        size += len(line) + 1
        if size > MOST_CHARACTERS:
            break
    return "\n".join(lines)


def words_of(given: str, path: str | None, language: str) -> list[str]:
    """Return words: those of the command line, of the reader's text, or the lab's own."""
    from seqcli.text.tokens import make, shown, tokens_of

    if given.strip() or path is not None:
        text = given if given.strip() else text_of(path, language)
        return [shown(token) for token in tokens_of(make("japanese" if language == "ja" else "words", False), text)]
    return FIVE_WORDS[language].split()


def cell_of(record: Record) -> tuple[Cell, Array]:
    """Return the first layer of a trained model as a cell of the lab, and the embedding [V, E], in float64."""
    from seqcli.language.arrays import language_table
    from seqcli.store.weights import stored_weights

    arrays = stored_weights(record, language_table(record.spec, len(record.vocabulary())))
    w: dict[str, Array] = {
        name: arrays[f"recurrent.layers.0.{name}"].astype(np.float64)
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    }
    spec: Any = record.spec
    H = spec.hidden_size
    cell = make_cell(
        spec.architecture,
        spec.embedding_size,
        H,
        lambda name, rows, columns: np.zeros((rows, columns)),
        spec.activation,
    )
    cell.weights["W_in"][:], cell.weights["W"][:] = w["weight_ih_l0"], w["weight_hh_l0"]
    cell.weights["b"][:] = w["bias_ih_l0"] + w["bias_hh_l0"]
    if spec.architecture == "gru":  # its second bias of the new content stands inside the reset gate's bracket
        cell.weights["b"][2 * H :] = w["bias_ih_l0"][2 * H :]
        cell.weights["b_n"][:] = w["bias_hh_l0"][2 * H :]
    return cell, arrays["embedding.weight"].astype(np.float64)


def flow_of(session: Session, name: str, text: str, steps: int) -> gradients.Loaded:
    """Return a trained model's first layer and places of a text, for `lab gradients`."""
    from seqcli.text.tokens import tokens_of

    record = recurrent_record(session, name)
    cell, embedding = cell_of(record)
    ids = np.array(record.vocabulary().encode(tokens_of(tokenizer_of(record), text)), dtype=np.int64)
    if len(ids) <= steps + gradients.PLACES:
        raise CorpusError(f"The text has {len(ids)} tokens; give a longer --text, or fewer --steps.")
    starts = np.linspace(0, len(ids) - steps - 2, gradients.PLACES).astype(int)
    x = embedding[np.stack([ids[i : i + steps + 1] for i in starts], axis=1)]
    return gradients.Loaded(record.name, record.architecture, cell, x)


def gates_of(session: Session, name: str, sentence: str) -> gates.Loaded:
    """Return a trained model's first layer and a sentence as it reads it, for `lab gates`."""
    from seqcli.text.tokens import shown, tokens_of

    record = recurrent_record(session, name)
    if record.architecture not in gates.GATES:
        raise MisuseError(f"The model is a simple RNN ({record.architecture}): it has no gates; name an LSTM or a GRU.")
    tokens = tokens_of(tokenizer_of(record), sentence)[: gates.MOST_SHOWN]
    cell, embedding = cell_of(record)
    ids = np.array(record.vocabulary().encode(tokens), dtype=np.int64)
    return gates.Loaded(record.name, record.architecture, cell, embedding[ids][:, None], [shown(t) for t in tokens])
