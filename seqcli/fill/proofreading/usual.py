"""Weights that a calibration begins with: those of a model of novels, rounded. What held-out text says counts more."""

from __future__ import annotations

import numpy as np

from seqcli.fill.proofreading.evidence import FEATURES

_BEGIN = {
    "two_errors": -3.4,
    "swapped": 0.9,
    "neighbour_key": -0.9,
    "other_letter": -0.9,
    "vowels": 0.2,
    "put_in": -1.6,
    "left_out": -0.4,
    "doubled": 1.5,
    "first_letter": -0.8,
    "same_form": 1.3,
    "mixed_up": 1.6,
    "same_sound": 0.7,
    "article": -0.6,
    "preposition": -1.5,
    "case": -0.9,
    "other_entry": 1.1,
    "other_word": -0.6,
    "replaced": -7.1,
    "novel": -2.4,
    "novel_name": -0.3,
    "rare": -1.4,
    "unusual": 1.7,
    "short": -0.1,
    "length": 1.8,
    "surprise": 0.1,
    "surprise_novel": -0.3,
    "here": 0.9,
    "odd_letters": 2.8,
    "fit": 7.7,
    "fit_high": 1.0,
    "behind": 2.5,
    "meant_here": 1.9,
    "first": 0.0,
    "unsuggested": -1.6,
    "removed_change": -3.4,
    "doubled_change": 4.2,
    "inserted_change": -5.3,
    "joined_change": -2.5,
    "split_change": -4.4,
    "change_change": 1.9,
    "change_high_change": 1.7,
    "gap_change": 0.8,
    "parts_novel_change": 2.0,
    "article_change": -0.7,
}
USUAL = np.array([_BEGIN[name] for name in FEATURES], np.float64)
