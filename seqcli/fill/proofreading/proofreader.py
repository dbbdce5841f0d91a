"""A proofreader: texts in, marks out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import numpy as np

from seqcli.fill.proofreading.calibration import Calibration
from seqcli.fill.proofreading.decision import Doubles, Judged, judge, shift_of
from seqcli.fill.proofreading.edits import applied
from seqcli.fill.proofreading.examination import Examined, Examiner, Text
from seqcli.fill.proofreading.marks import Mark, marks_of
from seqcli.fill.proofreading.settings import Proofreading, share_of


class Verdict(NamedTuple):
    """What a text's evidence comes to: judged under the usual share of errors; shown [S]: under this text's own."""

    examined: Examined
    judged: Judged
    shown: Doubles


class Proofreader:
    """A model with its calibration. It is never changed, so that threads may ask it at the same time."""

    def __init__(self, examiner: Examiner, calibration: Calibration) -> None:
        self.examiner, self.calibration = examiner, calibration

    def prepare(self, workers: int) -> None:
        """Make what any text will want before the first one is asked about."""
        self.examiner.confusions.prepare(workers)

    def verdict(
        self,
        text: str,
        path: str = "",
        accepted: Collection[str] = (),
        report: Callable[[int], None] | None = None,
        least: float = 0.0,
        workers: int = 1,
    ) -> Verdict:
        """Return what the model says of every place of a text where the probability of an error is at least so high."""
        weights = self.calibration.weights
        examined = self.examiner.examine(Text(text, path, accepted), weights, report, least, workers)
        return self._verdict(examined)

    def _verdict(self, examined: Examined) -> Verdict:
        weights = self.calibration.weights
        judged = judge(examined.evidence, examined.sites, weights)
        shift = shift_of(np.concatenate([judged.errors, examined.others]), examined.words, self.calibration.usual)
        odds = judged.errors / np.maximum(1 - judged.errors, 1e-12) * np.exp(shift)
        return Verdict(examined, judged, odds / (1 + odds))

    def marks(
        self,
        text: str,
        how: Proofreading,
        path: str = "",
        accepted: Collection[str] = (),
        report: Callable[[int], None] | None = None,
        workers: int = 1,
    ) -> list[Mark]:
        """Return the marks of a text, in order. path: tells its markup. accepted: right words, in lower case."""
        threshold = self._threshold(how)
        return self._marks(self.verdict(text, path, accepted, report, threshold, workers), threshold, how.k)

    def marks_of_several(self, texts: Sequence[Text], how: Proofreading) -> list[list[Mark]]:
        """Return the marks of short texts, each as if it were asked about alone."""
        threshold = self._threshold(how)
        found = self.examiner.examine_several(texts, self.calibration.weights, threshold)
        return [self._marks(self._verdict(examined), threshold, how.k) for examined in found]

    def _threshold(self, how: Proofreading) -> float:
        return self.calibration.threshold(share_of(how.alarm_rate))

    def _marks(self, found: Verdict, threshold: float, k: int) -> list[Mark]:
        return list(marks_of(found.examined, self.examiner.confusions, found.judged, found.shown, threshold, k))


def corrected(text: str, marks: Sequence[Mark]) -> str:
    """Return a text in which every mark that suggests something has its first suggestion."""
    return applied(text, (mark.edit for mark in marks if mark.edit is not None))
