"""What a reader is advised to try with a new model: words that it knows, that mean something and need no quoting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqcli.text.corpus import Corpus

COMMONEST = 100  # words, nearly all of them particles in any language: looked at last
LOOKED = 2_000  # words, or lines of held-out text, that are looked at
SHORTEST = 4  # letters of a word that means something, in a script of letters
PROMPT = 3  # words of a prompt
SENTENCE = (10, 60)  # letters of a sentence to translate
ENGLISH = """
about above after again against almost already also although always among another around away back because been
before being below between both came cannot come could does done down during each either else even ever every from
goes going gone have having here hers herself himself into itself just less like many might mine more most much
must neither never nothing once only other others ought over perhaps quite rather said same seem seemed shall
should since some something soon still such than that their them themselves then there therefore these they this
those though through thus till together under until unto upon very well went were what whatever when where whether
which while whom whose will with within without would your yours yourself
"""  # words whose neighbours tell nothing
SHORT = """
all and any are but can did etc few for get got had has her him his how its let may nor not now off one our out own
per put she the too two use was way who why yet you
"""  # of three letters, likewise
PARTICLES = frozenset(ENGLISH.split() + SHORT.split())


def content_word(words: Sequence[str]) -> str:
    """Return one of the commoner words that mean something: known by its letters, and in Japanese by its ideographs."""
    rare, common = words[COMMONEST:LOOKED], words[:COMMONEST]
    for wanted in (is_content, str.isalpha):
        for some in (rare, common):
            if found := next(filter(wanted, some), None):
                return found
    return words[0] if words else "WORD"


def content_rows(words: Sequence[str], count: int) -> list[int]:
    """Return the places of the commonest words that mean something; of others only where there are too few."""
    from seqcli.text.tokens import shown

    bare, rows = [shown(word) for word in words], range(len(words))
    kinds = (
        (row for row in rows[COMMONEST:] if is_content(bare[row], SHORTEST - 1)),
        (row for row in rows[:COMMONEST] if is_content(bare[row], SHORTEST - 1)),
        (row for row in rows if bare[row].isalpha()),
        iter(rows),
    )
    found: dict[int, None] = {}
    for kind in kinds:
        for row in kind:
            if len(found) == count:
                return sorted(found)
            found[row] = None
    return sorted(found)


def prompt(corpus: Corpus) -> str:
    """Return a few words of the held-out text that a language model knows, where it can be a line's beginning."""
    first = [line[0] for line in _prompts(corpus) if line[0]]
    return (first or [found for line in _prompts(corpus) for found in line if found] or [_any_word(corpus)])[0]


def sentence(sources: Iterable[str]) -> str:
    """Return a sentence to translate: a short one without marks that a shell knows."""
    some = [text for _, text in zip(range(LOOKED), sources, strict=False)]
    plain = (text for text in some if SENTENCE[0] <= len(text) <= SENTENCE[1] and not set(text) & set("'\"`$\\!&;<>"))
    return next(plain, some[0][:80] if some else "TEXT")


def is_content(word: str, shortest: int = SHORTEST) -> bool:
    """Return whether a word means something: no mark, no particle of English or Japanese, not all too short."""
    from seqcli.text.character_kinds import KINDS

    kinds = word.translate(KINDS)
    if "h" in kinds or "k" in kinds:
        return len(word) > 1 and not kinds.strip("h")
    return word.isalpha() and len(word) >= shortest and word.lower() not in PARTICLES


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
