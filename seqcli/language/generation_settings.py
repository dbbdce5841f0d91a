"""The settings of texts that a language model writes: how words are drawn, how many texts, and where they end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from seqcli.decoding.settings import Sampling
from seqcli.errors import MisuseError
from seqcli.settings import setting, settings

SEEDS = 2**31  # seeds run from 0 to one less
MANY = 100_000


@dataclass(frozen=True)
class Generating(Sampling):
    """How texts are written on, and where they end."""

    beam: int | None = setting(
        None, "Draw nothing: search for likely texts, N at a time.", low=1, high=1_000, panel="Drawing"
    )
    seed: int | None = setting(
        None, "Start of the random numbers.  [default: a new one]", low=0, high=SEEDS - 1, panel="Drawing"
    )
    n: int = setting(1, "Texts for each prompt.", low=1, high=MANY, panel="Other", typed="-n")
    tokens: int | None = setting(
        None, "Write this many tokens, over the ends of lines too.", low=1, high=MANY, panel="Other"
    )
    sentences: int | None = setting(None, "Write this many sentences.", low=1, high=MANY, panel="Other")
    stop: tuple[str, ...] = setting((), "End before this word.", panel="Other", metavar="WORD")
    no_copy: int | None = setting(
        None, "Never repeat more than N tokens running of --text.", low=1, high=1_000, panel="Other"
    )
    text: tuple[str, ...] = setting(
        (), "The text that --no-copy is about: the training text, as a rule.", panel="Other", metavar="FILE"
    )


if TYPE_CHECKING:  # what a type checker knows of the same settings as keyword arguments; a test compares the names
    import os
    from collections.abc import Sequence
    from typing import TypedDict

    class HowGenerated(TypedDict, total=False):
        """Generating."""

        temperature: float
        top_k: int | None
        top_p: float | None
        typical: float | None
        beam: int | None
        seed: int | None
        n: int
        tokens: int | None
        sentences: int | None
        stop: str | Sequence[str]
        no_copy: int | None
        text: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def wanted_texts(how: Mapping[str, Any], dynamic: bool) -> Generating:
    """Return what is to be written. Raises MisuseError for numbers out of range, and for what does not go together.

    how: the settings that were given; dynamic: whether the model learns from what it reads.
    """
    wanted = settings(Generating(), dict(how))
    drawing = any(how.get(name) is not None for name in ("seed", *(f.name for f in fields(Sampling))))
    if wanted.tokens and wanted.sentences:
        raise MisuseError("Give --tokens or --sentences, not both.")
    if bool(wanted.no_copy) != bool(wanted.text):
        raise MisuseError(
            "--no-copy N and --text FILE belong together: a model does not keep the text it learned from."
        )
    if wanted.beam and drawing:
        raise MisuseError("--beam draws nothing; leave out the other options of Drawing.")
    if wanted.beam and wanted.n > wanted.beam:
        raise MisuseError(f"A beam of {wanted.beam} finds no more than {wanted.beam} texts; -n is {wanted.n}.")
    if dynamic:
        raise MisuseError("--dynamic learns from what is read, and this is written; leave it out.")
    return wanted
