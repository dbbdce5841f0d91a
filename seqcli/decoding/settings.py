"""The settings of drawing."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn."""

    temperature: float = setting(  # 0.9: texts repeat themselves as much as their corpus, which at 1 they do less
        0.9, "Below 1 the likely is likelier still; 0 always takes the likeliest.", low=0.0, high=100.0, panel="Drawing"
    )
    top_k: int | None = setting(
        None, "Draw from this many of the likeliest tokens.", low=1, high=10**7, panel="Drawing"
    )
    top_p: float | None = setting(
        None, "Draw from the likeliest tokens that make up this share.", above=0.0, high=1.0, panel="Drawing"
    )
    typical: float | None = setting(
        None,
        "Draw from this share of tokens, those about as surprising as is to be expected.",
        above=0.0,
        high=1.0,
        panel="Drawing",
    )
