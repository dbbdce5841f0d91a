"""The options that say how translations are searched for and what they must contain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqcli.cli.options import Number, option
from seqcli.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from seqcli.translation.search import Searching

BEAM_MOST = 1_000


def search_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a translation is searched for."""
    for decorate in (
        option(
            "--coverage",
            type=Number(float),
            default=0.0,
            metavar="X",
            help="Weight of looking at every source token.  [default: 0]",
        ),
        option(
            "--length-penalty",
            type=Number(float),
            default=1.0,
            metavar="X",
            help="Power of the length that log-probabilities are divided by.  [default: 1]",
        ),
        option(
            "--beam",
            type=Number(int),
            default=5,
            metavar="N",
            help="Translations kept in sight at each step; 1: greedy.  [default: 5]",
        ),
    ):
        command = decorate(command)
    return command


def term_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what a translation must contain."""
    for decorate in (
        option(
            "--copy/--no-copy",
            default=True,
            help="Take names and other words that the model never read from the source.  [default: on]",
        ),
        option(
            "--keep",
            is_flag=True,
            help="Leave numbers, addresses of web and mail, and what stands in {{ }}, as they are.",
        ),
        option("--glossary", metavar="FILE", help="Translate these terms so: lines of term, TAB, translation."),
    ):
        command = decorate(command)
    return command


def searching_of(beam: int, length_penalty: float, coverage: float) -> Searching:
    """Return how to search, as asked. Raises MisuseError for a number out of range."""
    from seqcli.translation.search import Searching

    check_count("--beam", beam)
    for name, value in (("--length-penalty", length_penalty), ("--coverage", coverage)):
        if not 0.0 <= value <= 10.0:
            raise MisuseError(f"{name} is {value:g}; give a number from 0 to 10.")
    return Searching(beam, length_penalty, coverage)


def check_count(name: str, value: int) -> None:
    """Raise MisuseError for a count out of range."""
    if not 1 <= value <= BEAM_MOST:
        raise MisuseError(f"{name} is {value}; give a number from 1 to {BEAM_MOST:,}.")
