"""The settings of a translator's evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqcli.settings import setting
from seqcli.translation.answer_settings import BeamSettings
from seqcli.translation.metrics import TOKENIZERS


@dataclass(frozen=True)
class Measuring(BeamSettings):
    """How a translator is measured on a test set."""

    by_length: bool = setting(
        False,
        "Also for each quarter of the sentences, by their sources' lengths.",
        panel="Other",
        typed="--by-length",
    )
    bleu_tokenizer: str | None = setting(
        None, "How BLEU cuts text.  [default: 13a, or char]", choices=TOKENIZERS, panel="Other"
    )
    samples: int = setting(1000, "Of the paired bootstrap.", low=1, high=100_000, panel="Other")


SEARCH = tuple(BeamSettings.__dataclass_fields__)  # names of the settings that both have

if TYPE_CHECKING:  # what a type checker knows of the same settings as keyword arguments; a test compares the names
    from typing import TypedDict

    class HowMeasured(TypedDict, total=False):
        """Measuring."""

        beam: int
        length_penalty: float
        coverage: float
        by_length: bool
        bleu_tokenizer: str | None
        samples: int
