"""Weights that a calibration begins with: those of a model of novels, rounded. What held-out text says counts more."""

from __future__ import annotations

import numpy as np

from seqcli.fill.proofreading.evidence import FEATURES

_BEGIN = {
    "two_errors": -3.5,
    "swapped": 0.6,
    "neighbour_key": -0.9,
    "other_letter": -1.4,
    "vowels": 0.3,
    "put_in": -1.5,
    "left_out": -0.5,
    "doubled": 1.5,
    "first_letter": -0.8,
    "stretch": 0.3,
    "same_form": 1.5,
    "mixed_up": 1.7,
    "same_sound": 0.7,
    "article": -0.7,
    "preposition": -1.5,
    "case": -0.2,
    "other_entry": 1.8,
    "other_word": -0.9,
    "meant_unusual": -0.4,
    "replaced": -7.3,
    "novel": -2.4,
    "novel_name": -0.3,
    "rare": -1.4,
    "unusual": 2.5,
    "short": 0.3,
    "length": 1.7,
    "surprise": 0.3,
    "surprise_novel": 0.3,
    "here": 0.3,
    "odd_letters": 2.6,
    "fit": 7.8,
    "fit_high": 0.5,
    "behind": 4.2,
    "meant_here": 1.5,
    "first": -0.0,
    "case_first": -1.4,
    "vowel": 0.8,
    "unsuggested": -2.9,
    "removed_change": -3.7,
    "doubled_change": 2.7,
    "inserted_change": -5.3,
    "joined_change": -1.6,
    "split_change": -4.4,
    "change_change": 2.3,
    "change_high_change": 1.8,
    "gap_change": 0.9,
    "parts_novel_change": 2.5,
    "article_change": -1.5,
}
USUAL = np.array([_BEGIN[name] for name in FEATURES], np.float64)
