"""Weights that a calibration begins with: those of a model of novels, rounded. What held-out text says counts more."""

from __future__ import annotations

import numpy as np

from seqcli.fill.proofreading.evidence import FEATURES

_BEGIN = {
    "two_errors": -2.8,
    "swapped": 1.2,
    "neighbour_key": -0.6,
    "other_letter": -1.2,
    "vowels": 0.9,
    "put_in": -1.4,
    "left_out": -0.1,
    "doubled": 1.8,
    "first_letter": -0.8,
    "same_sound": 0.2,
    "same_form": 0.7,
    "mixed_up": 1.1,
    "article": -0.1,
    "preposition": -1.3,
    "case": -0.1,
    "other_entry": 0.2,
    "other_word": -1.0,
    "replaced": -4.8,
    "novel": -0.7,
    "novel_name": -0.2,
    "rare": -1.1,
    "unusual": 0.4,
    "short": 0.0,
    "length": 0.5,
    "surprise": -0.2,
    "surprise_novel": -0.3,
    "here": 0.1,
    "odd_letters": 0.0,
    "fit": 6.7,
    "fit_high": 1.8,
    "fit_novel": 0.0,
    "meant_here": 1.4,
    "first": 0.2,
    "unsuggested": -0.3,
    "removed_change": -3.9,
    "doubled_change": 2.7,
    "inserted_change": -4.2,
    "joined_change": -1.0,
    "split_change": -3.1,
    "change_change": 2.3,
    "change_high_change": 0.9,
    "gap_change": 0.5,
    "parts_novel_change": 2.5,
    "article_change": 0.1,
}
USUAL = np.array([_BEGIN[name] for name in FEATURES], np.float64)
