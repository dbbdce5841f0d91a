"""What each held-out figure means, which way is better, and what it may be compared with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from seqcli.store import Record


class Meaning(NamedTuple):
    """A figure's name, what it means, and what it may be compared with."""

    name: str
    means: str
    compare: str


SAME_TEXT = "models measured on the same held-out text"
SAME_TOKENS = "models of the same vocabulary on the same held-out text"
MEANINGS: dict[str, Meaning] = {
    "tokens": Meaning("held-out tokens", "how many predictions the figures are a mean of", ""),
    "pairs": Meaning("held-out pairs", "how many pairs the figures are a mean of", ""),
    "sentences": Meaning("held-out sentences", "how many sentences the figures are a mean of", ""),
    "unknown_rate": Meaning(
        "unknown words",
        "share of the held-out words that the model never learned; many of them flatter every other figure",
        SAME_TEXT,
    ),
    "nats_per_token": Meaning("nats per token", "mean cost of a token, in natural logs; lower is better", SAME_TOKENS),
    "perplexity": Meaning(
        "perplexity",
        "among how many equally likely tokens the model hesitates, in the mean; lower is better",
        SAME_TOKENS,
    ),
    "bits_per_character": Meaning(
        "bits per character", "cost of the text by its letters; lower is better", f"{SAME_TEXT}, whatever their tokens"
    ),
    "nats_per_pair": Meaning(
        "nats per pair",
        "loss of telling a true neighbour from random words; lower is better, but says little of what the vectors are "
        "good for: evaluate-vectors does",
        "a training of the same text and settings",
    ),
    "bleu": Meaning(
        "BLEU",
        "how many runs of one to four words stand in the reference too, 0 to 100; higher is better",
        "scores with the same signature on the same test set",
    ),
    "chrf": Meaning(
        "chrF",
        "the same of runs of letters, kinder to endings; higher is better",
        "scores with the same signature on the same test set",
    ),
    "accuracy_1": Meaning("found first", "share of missing words whose first answer was right", SAME_TOKENS),
    "accuracy_5": Meaning("found among five", "share of missing words that five answers hold", SAME_TOKENS),
    "accuracy_10": Meaning("found among ten", "share of missing words that ten answers hold", SAME_TOKENS),
    "bound_nats_per_sentence": Meaning(
        "bound, nats per sentence",
        "a sentence costs no more than this; lower is better. A bound, not the cost itself",
        "other bounds on the same text; evaluate-sentences estimates the cost itself",
    ),
    "bound_nats_per_token": Meaning(
        "bound, nats per token",
        "a token costs no more than this; lower is better. A bound, so never a perplexity",
        "other bounds on the same text",
    ),
    "reconstruction_nats_per_sentence": Meaning(
        "reconstruction, nats per sentence",
        "what it costs to write a sentence from its code; lower is better",
        "models of the same kind, vocabulary and size of code",
    ),
    "nats_per_sentence": Meaning(
        "nats per sentence", "mean cost of a sentence, its end included; lower is better", SAME_TOKENS
    ),
    "kl_per_sentence": Meaning(
        "KL, nats per sentence", "how much the code says of its sentence; near 0 it is ignored", "VAEs of the same text"
    ),
    "kl_per_utterance": Meaning(
        "KL, nats per utterance", "how much the latent variable says of a reply; near 0 it is ignored", SAME_TEXT
    ),
    "active_units": Meaning("active units", "numbers of the code that depend on the sentence", "the size of the code"),
    "mutual_information": Meaning(
        "mutual information, nats",
        "how much a code tells which sentence it stands for",
        "the log of the number of sentences, which is the most",
    ),
}


class Figure(NamedTuple):
    """A figure as the page shows it."""

    key: str
    name: str
    value: float
    means: str
    compare: str


def figures_of(record: Record) -> list[Figure]:
    """Return the held-out figures of a model, each with its meaning."""
    held_out = record.results.get("held_out", {})
    found = []
    for key, value in held_out.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            name = key.replace("_", " ")
            meaning = MEANINGS.get(key, Meaning(name, "", SAME_TEXT))
            found.append(Figure(key, meaning.name, value, meaning.means + _known(record, key), meaning.compare))
    return found


def signature(record: Record) -> str:
    """Return how the scores of a translator were computed, "" where there are none."""
    found = record.results.get("held_out", {}).get("signature", "")
    return found if isinstance(found, str) else ""


def _known(record: Record, key: str) -> str:
    """Return what a figure would be of a model that knows nothing, where that is known."""
    if key not in ("perplexity", "nats_per_token") or "vocabulary" not in record.files or record.task != "lm":
        return ""
    size = len(record.vocabulary())
    return f"; a guess among all {size:,} tokens has {size if key == 'perplexity' else math.log(size):,.4g}"
