"""How near translations come to references: BLEU, chrF and TER, by sacrebleu, with the signatures that say which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TOKENIZERS = ("13a", "intl", "char", "zh", "ja-mecab", "none")  # how sacrebleu may cut text for BLEU


@dataclass(frozen=True)
class Quality:
    """Corpus scores of translations, 0 to 100 (TER: errors per reference word, the lower the better)."""

    bleu: float
    chrf: float
    ter: float
    signature: str  # BLEU's
    signatures: dict[str, str]  # of each metric, by its name


def quality(translations: Sequence[str], references: Sequence[str], tokenizer: str = "13a") -> Quality:
    """Score translations, one reference each. tokenizer: one of TOKENIZERS."""
    scores, signatures = {}, {}
    for name, metric in _metrics(tokenizer).items():
        scores[name] = float(metric.corpus_score(list(translations), [list(references)]).score)
        signatures[name] = str(metric.get_signature())
    return Quality(scores["bleu"], scores["chrf"], scores["ter"], signatures["bleu"], signatures)


def _metrics(tokenizer: str) -> dict[str, Any]:
    """Return BLEU, chrF and TER; TER cuts Asian text into characters where BLEU does."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF
    from sacrebleu.metrics.ter import TER

    asian = tokenizer in ("char", "zh", "ja-mecab")
    return {"bleu": BLEU(tokenize=tokenizer), "chrf": CHRF(), "ter": TER(normalized=asian, asian_support=asian)}


def paired_bootstrap(
    first: Sequence[str], other: Sequence[str], references: Sequence[str], tokenizer: str, samples: int
) -> float:
    """Return how often chance alone makes two systems differ as much in BLEU, by sacrebleu's paired bootstrap.

    Source: Koehn 2004.
    """
    from sacrebleu.significance import PairedTest

    if list(first) == list(other):
        return 1.0
    systems: list[tuple[str, Sequence[str]]] = [("first", list(first)), ("other", list(other))]
    metrics = {"BLEU": _metrics(tokenizer)["bleu"]}
    _, scores = PairedTest(systems, metrics, [list(references)], test_type="bs", n_samples=samples, n_jobs=1)()
    result: Any = scores["BLEU"][1]
    return float(result.p_value)
