"""What a model keeps for proofreading: the words of its training text with their counts, and its calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqcli.errors import MisuseError, ModelError, quoted
from seqcli.fill.proofreading.calibration import LETTERS, RATES, Calibration, calibrate
from seqcli.fill.proofreading.candidates import Confusions
from seqcli.fill.proofreading.evidence import FEATURES
from seqcli.fill.proofreading.examination import Examiner
from seqcli.fill.proofreading.lexicon import Lexicon, is_word
from seqcli.fill.proofreading.network import Arrays, Network
from seqcli.text.tokens import UNKNOWN
from seqcli.text.vocabulary import SPECIALS, UNK, Vocabulary, select

if TYPE_CHECKING:
    from seqcli.fill.settings import FillSpec
    from seqcli.session import Session
    from seqcli.store import Record
    from seqcli.text.corpus import Corpus
    from seqcli.text.settings import TextSpec
    from seqcli.text.tokens import Tokenizer

LETTERS_A_SECOND = 8_000  # of held-out text, on a machine that has other things to do; then the weights are fitted
WORDS_MOST = 300_000  # words beyond the vocabulary that are kept: what is rarer is as likely a misspelling
LOOKED_AT = 4 * WORDS_MOST  # tokens beyond the vocabulary that may be words, the commonest
TOKENIZERS = ("words", "whitespace", "japanese", "mecab")  # whose tokens are words


def proofreads(text: TextSpec, spec: FillSpec) -> bool:
    """Return whether models of these settings can proofread: their tokens are words, and they see both sides."""
    return text.tokenizer in TOKENIZERS and spec.sides == "both"


def calibrating_seconds(held_out: str) -> float:
    """Return about how long a calibration takes."""
    return 2.0 + min(len(held_out), LETTERS) / LETTERS_A_SECOND


def words_of(corpus: Corpus) -> dict[str, bytes]:
    """Return what a model keeps of the words of its text, by role."""
    from seqcli.store import pack

    vocabulary, seen = corpus.vocabulary, corpus.seen
    counts = np.zeros(len(vocabulary), np.int64)
    others: dict[str, int] = {}
    common = select(corpus.seen_counts, -1, 1, len(vocabulary) + LOOKED_AT)
    for number, count in zip(common.tolist(), corpus.seen_counts[common].tolist(), strict=True):
        token = seen.text(number)
        if (known := vocabulary.id_of(token)) != UNK:
            counts[known] = count
        elif token == UNKNOWN:  # no word, but what the text itself says of words that were taken out of it
            continue
        elif is_word(token) and len(others) < WORDS_MOST and not set(token) & set(" \t\v\f\r\n"):
            others[token] = count
    there = {"vocabulary": counts, "words": np.array(list(others.values()), np.int64)}
    return {"words": Vocabulary(list(others)).to_bytes(), "counts": pack(there)}


def confusions_of(record: Record, vocabulary: Vocabulary) -> Confusions:
    """Return what knows the words of a model. Raises MisuseError where its tokens are none, ModelError."""
    name = quoted(record.name)
    if not proofreads(record.text, record.spec):
        raise MisuseError(
            f"{name} reads {record.text.tokenizer} from {record.spec.sides} side(s); proofread needs words and both "
            "sides: train-fill --tokenizer words."
        )
    if "words" not in record.files or "counts" not in record.files:
        raise ModelError(f"{name} was trained before it kept its words; train it anew with --replace.")
    words = record.vocabulary("words").tokens[len(SPECIALS) :]
    shapes = {"vocabulary": ("I64", (len(vocabulary),)), "words": ("I64", (len(words),))}
    counts = record.arrays("counts", shapes)
    others = dict(zip(words, counts["words"].tolist(), strict=True))
    return Confusions(Lexicon(vocabulary, others, counts["vocabulary"].tolist()))


def examiner_of(confusions: Confusions, arrays: Arrays, tokenizer: Tokenizer) -> Examiner:
    """Return what looks at texts with a model."""
    return Examiner(Network(arrays, len(confusions.lexicon.vocabulary)), confusions, tokenizer)


def beside(name: str, arrays: Arrays, vocabulary: Vocabulary, examiner: Examiner) -> Examiner:
    """Return the same examiner with another network. Raises MisuseError for one of other words."""
    if vocabulary.tokens != examiner.confusions.lexicon.vocabulary.tokens:
        raise MisuseError(f"{quoted(name)} knows other words; train both on the same text with the same vocabulary.")
    return examiner_of(examiner.confusions, arrays, examiner.tokenizer)


def calibration_of(record: Record) -> Calibration:
    """Return the calibration of a model. Raises ModelError where there is none."""
    if "calibration" not in record.files:
        raise ModelError(
            f"{quoted(record.name)} was not calibrated for proofreading: its training was stopped before; repeat its "
            "train-fill with --resume, or with --replace."
        )
    shapes = {"weights": ("F64", (len(FEATURES),)), "thresholds": ("F64", (len(RATES),)), "usual": ("F64", (1,))}
    found = record.arrays("calibration", shapes)
    return Calibration(found["weights"], found["thresholds"], float(found["usual"][0].clip(1e-4, 0.5)))


def calibrated(
    session: Session, record: Record, arrays: Arrays, tokenizer: Tokenizer, held_out: str
) -> dict[str, bytes]:
    """Return the calibration of a model as it is kept, by role."""
    from seqcli.store import pack

    session.spare.fit_products()
    with session.bar(min(len(held_out), LETTERS), "calibrating") as bar:
        confusions = confusions_of(record, record.vocabulary())
        found = calibrate(examiner_of(confusions, arrays, tokenizer), held_out, bar.to)
    kept = {"weights": found.weights, "thresholds": found.thresholds, "usual": np.array([found.usual])}
    return {"calibration": pack(kept)}
