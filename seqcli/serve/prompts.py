"""Prompts as texts or as the ids of a model's tokens, and what programs ask that count tokens by themselves.

An evaluation harness cuts a text by `/tokenize` and sends what it cut to `/v1/completions`, so that it knows which of
the log-probabilities are whose. Source: vLLM's server, /tokenize, /detokenize and /tokenizer_info.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from seqcli.decoding.joining import Joining
from seqcli.errors import MisuseError, quoted
from seqcli.text.token_spans import surfaces
from seqcli.text.tokens import tokens_of
from seqcli.text.vocabulary import EOS, SPECIALS

if TYPE_CHECKING:
    from seqcli.language.load import Asked

Given = str | list[int]


@dataclass(frozen=True)
class Prompt:
    """A prompt as a model reads it.

    ids: from the end of a unit on, which stands before every text. told: each token as the text has it, and where it
    begins; found as it is read, once, by an echo alone. begins: whether that end was given, and is told first. tokens:
    what a completion joins on.
    """

    text: str
    ids: list[int]
    told: Iterator[tuple[str, int]]
    tokens: list[str]
    begins: bool = False


def prompts_of(request: Mapping[str, Any]) -> list[Given]:
    """Return the prompts of a request: a text, several, the ids of one, or those of several."""
    given = request.get("prompt", "")
    if isinstance(given, list) and given and all(_is_ids(one) for one in given):
        return list(given)
    if _is_ids(given):
        return [given]
    if isinstance(given, str):
        return [given]
    if isinstance(given, list) and given and all(isinstance(one, str) for one in given):
        return list(given)
    raise MisuseError("'prompt' is no text, nor ids of tokens, whole numbers from 0; give one, or several.")


def prompt_of(asked: Asked, given: Given) -> Prompt:
    """Return a prompt as a model reads it. Raises MisuseError for an id that its vocabulary has not."""
    if isinstance(given, str):
        return Prompt(given, asked.ids(given), _places(asked, given), tokens_of(asked.tokenizer, given))
    pieces, begins = list(_pieces(asked, given)), given[0] == EOS
    told = zip(pieces, accumulate(map(len, pieces), initial=0), strict=False)
    line = given[len(given) - given[::-1].index(EOS) :] if EOS in given else given
    ids = given if begins else [EOS, *given]
    return Prompt("".join(pieces), ids, told, [asked.vocabulary.tokens[token] for token in line], begins)


def tokenized(asked: Asked, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ids of a text. The end of each line, or of each paragraph, is a token where it was one in training."""
    text, begins = request.get("prompt"), request.get("add_special_tokens", True)
    if not isinstance(text, str):
        raise MisuseError("'prompt' is no text; give one.")
    if not isinstance(begins, bool):
        raise MisuseError("'add_special_tokens' is true or false: whether the end of a text before it comes first.")
    if text in SPECIALS:
        ids = [SPECIALS.index(text)]
    else:
        between = "\n" if asked.unit == "line" else "\n\n"
        *ended, last = text.split(between)
        ids = [token for unit in ended if unit.strip() for token in [*asked.ids(unit)[1:], EOS]] + asked.ids(last)[1:]
    ids = [EOS] * begins + ids
    return {"count": len(ids), "tokens": ids}


def detokenized(asked: Asked, request: Mapping[str, Any]) -> dict[str, str]:
    """Return the text of ids."""
    ids = request.get("tokens")
    if ids != [] and not _is_ids(ids):
        raise MisuseError("'tokens' are no ids; give a list of whole numbers from 0, as /tokenize answers.")
    return {"prompt": "".join(_pieces(asked, ids or []))}


def tokenizer_info(asked: Asked) -> dict[str, Any]:
    """Return what a program has to know of a model's tokens: the end of a unit stands before and behind every text."""
    return {
        "model": asked.name,
        "vocab_size": len(asked.vocabulary),
        "unk_token": SPECIALS[0],
        "bos_token": SPECIALS[EOS],
        "eos_token": SPECIALS[EOS],
        "unit": asked.unit,
    }


def _is_ids(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(one) is int and one >= 0 for one in value)


def _pieces(asked: Asked, ids: Sequence[int]) -> Iterator[str]:
    """Yield what each token adds to the text; the end of a unit ends a line, or a paragraph."""
    tokens, joining = asked.vocabulary.tokens, Joining(asked.tokenizer, [])
    highest = max(ids, default=0)
    if highest >= len(tokens):
        raise MisuseError(f"{quoted(asked.name)} has {len(tokens):,} tokens; {highest:,} is the id of none, from 0 on.")
    for place, token in enumerate(ids):
        if token == EOS:
            joining = Joining(asked.tokenizer, [])
            yield ("\n" if asked.unit == "line" else "\n\n") if place else ""
        else:
            yield joining.added(tokens[token])


def _places(asked: Asked, prompt: str) -> Iterator[tuple[str, int]]:
    """Yield every token of a prompt as the text has it, spaces before it included, and where that begins."""
    pending, at = "", 0
    for surface in surfaces(asked.tokenizer, prompt):
        if not surface.tokens:
            pending += surface.text
            continue
        whole, start = pending + surface.text, at
        at, pending = at + len(whole), ""
        for place in range(surface.tokens):
            yield (whole, start) if place == 0 else ("", at)
