"""Words that mean something, told from particles and marks by their letters and their place among the commonest."""

from __future__ import annotations

from collections.abc import Sequence

COMMONEST = 100  # words, nearly all of them particles in any language: looked at last
LOOKED = 2_000  # words that are looked at
SHORTEST = 4  # letters of a word that means something, in a script of letters
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


def is_content(word: str, shortest: int = SHORTEST) -> bool:
    """Return whether a word means something: no mark, no particle of English or Japanese, not all too short."""
    from seqcli.text.character_kinds import KINDS

    kinds = word.translate(KINDS)
    if "h" in kinds or "k" in kinds:
        return len(word) > 1 and not kinds.strip("h")
    return word.isalpha() and len(word) >= shortest and word.lower() not in PARTICLES
