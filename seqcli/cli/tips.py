"""What a reader is advised to try with a new model: words that it knows, that mean something and need no quoting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from seqcli.text.content_words import content_word as content_word

if TYPE_CHECKING:
    from seqcli.text.corpus import Corpus

LOOKED = 2_000  # words, or lines of held-out text, that are looked at
PROMPT = 3  # words of a prompt
SENTENCE = (10, 60)  # letters of a sentence to translate


def prompt(corpus: Corpus) -> str:
    """Return a few words of the held-out text that a language model knows, where it can be a line's beginning."""
    first = [line[0] for line in _prompts(corpus) if line[0]]
    return (first or [found for line in _prompts(corpus) for found in line if found] or [_any_word(corpus)])[0]


def sentence(sources: Iterable[str]) -> str:
    """Return a sentence to translate: a short one without marks that a shell knows."""
    some = [text for _, text in zip(range(LOOKED), sources, strict=False)]
    plain = (text for text in some if SENTENCE[0] <= len(text) <= SENTENCE[1] and not set(text) & set("'\"`$\\!&;<>"))
    return next(plain, some[0][:80] if some else "TEXT")


def _prompts(corpus: Corpus) -> Iterator[list[str]]:
    """Yield for each held-out line what may be asked of it: "" where that holds a mark or an unknown word."""
    from seqcli.text.vocabulary import EOS

    ids = corpus.held_out.ids[:LOOKED].tolist()
    tokens: list[str] = []
    for token in ids:
        if token != EOS:
            tokens.append(corpus.vocabulary.tokens[token])
        elif tokens:
            words = corpus.tokenizer.join(tokens).split()
            runs = [words[i : i + PROMPT] for i in range(len(words) - PROMPT)]
            if not runs:  # a script without spaces
                cut = (tokens[i : i + PROMPT] for i in range(len(tokens) - PROMPT))
                runs = [[corpus.tokenizer.join(some).strip()] for some in cut]
            yield [" ".join(run) if all(map(str.isalpha, run)) else "" for run in runs] or [""]
            tokens = []


def _any_word(corpus: Corpus) -> str:
    from seqcli.text.tokens import shown
    from seqcli.text.vocabulary import SPECIALS

    return content_word([shown(token) for token in corpus.vocabulary.tokens[len(SPECIALS) :][:LOOKED]])


def gap(corpus: Corpus) -> str:
    """Return a few words of the held-out text that a model knows, with a gap among them."""
    words = prompt(corpus).split()
    return " ".join([*words[:1], "[_]", *words[2:]])
