"""The settings of replies: how they are drawn or searched for, and by what they are ranked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqcli.decoding.settings import Sampling
from seqcli.settings import again, setting

BEAM_MOST = 1_000


@dataclass(frozen=True)
class Replying(Sampling):
    """What is asked of replies."""

    temperature: float = setting(
        0.7, "Below 1 the likely is likelier still; 0 always takes the likeliest.", low=0.0, high=100.0, panel="Drawing"
    )
    top_p: float | None = again(Sampling, "top_p", 0.9)  # behind it are words that fit nowhere, and ends in the middle
    n: int | None = setting(
        None, "N different replies, the best first.", low=1, high=BEAM_MOST, panel="Other", typed="-n"
    )
    beam: int | None = setting(
        None,
        "Search for the likeliest replies, so many side by side, instead of drawing.",
        low=1,
        high=BEAM_MOST,
        panel="Drawing",
    )
    against: float = setting(
        0.0,
        "Rank several replies lower, with this weight, that would be as likely had nothing been said; 0.5 is a start.",
        low=0.0,
        high=10.0,
        panel="Ranking",
    )
    reverse_model: str | None = setting(
        None,
        "Rank several replies by how well this model, trained with --backwards, tells what was said from them.",
        panel="Ranking",
        metavar="NAME",
    )
    reverse_weight: float = setting(0.5, "Of --reverse-model.", low=0.0, high=10.0, panel="Ranking")
    candidates: int = setting(20, "Replies that are ranked, where they are.", low=1, high=BEAM_MOST, panel="Ranking")
    longest: int = setting(40, "Tokens of a reply at most.", low=1, high=10_000, panel="Other")
    seed: int = setting(1, "Start of what is drawn.", low=0, high=2**31 - 1, panel="Drawing")

    @property
    def ranks(self) -> bool:
        """Whether replies are ranked by more than their own probability."""
        return bool(self.against or self.reverse_model)

    @property
    def made(self) -> int:
        """How many replies are made, of which the best are given."""
        wanted = self.n or 1
        return max(self.candidates, wanted) if self.ranks else wanted


if TYPE_CHECKING:  # what a type checker knows of the same settings as keyword arguments; a test compares the names
    from typing import TypedDict

    class HowReplied(TypedDict, total=False):
        """Replying, but for n."""

        temperature: float
        top_k: int | None
        top_p: float | None
        typical: float | None
        beam: int | None
        against: float
        reverse_model: str | None
        reverse_weight: float
        candidates: int
        longest: int
        seed: int
