"""Forms of one word of English, by its rules of spelling: walk, walks, walked; go, went, gone; quick, quickly."""

from __future__ import annotations

from collections.abc import Sequence

IRREGULAR = """
arise arose arisen;awake awoke awoken;bear bore borne born;beat beaten;become became;begin began begun;bend bent;bet
bind bound;bite bit bitten;bleed bled;blow blew blown;break broke broken;breed bred;bring brought;build built
burn burnt;burst;buy bought;catch caught;choose chose chosen;cling clung;come came;cost;creep crept;cut;deal dealt
dig dug;draw drew drawn;dream dreamt;drink drank drunk;drive drove driven;dwell dwelt;eat ate eaten;fall fell fallen
feed fed;feel felt;fight fought;find found;flee fled;fling flung;fly flew flown;forbid forbade forbidden
forget forgot forgotten;forgive forgave forgiven;freeze froze frozen;get got gotten;give gave given
go went gone goes;grind ground;grow grew grown;hang hung;hear heard;hide hid hidden;hit;hold held;hurt;keep kept
kneel knelt;know knew known;lay laid;lead led;lean leant;leap leapt;learn learnt;leave left;lend lent;let
lie lay lain;light lit;lose lost;make made;mean meant;meet met;pay paid;put;quit;read;rid;ride rode ridden
ring rang rung;rise rose risen;run ran;say said;see saw seen;seek sought;sell sold;send sent;set;sew sewn
shake shook shaken;shed;shine shone;shoot shot;show shown;shrink shrank shrunk;shut;sing sang sung;sink sank sunk
sit sat;sleep slept;slide slid;speak spoke spoken;speed sped;spell spelt;spend spent;spill spilt;spin spun;split
spoil spoilt;spread;spring sprang sprung;stand stood;steal stole stolen;stick stuck;sting stung;stink stank stunk
stride strode;strike struck stricken;strive strove striven;swear swore sworn;sweep swept;swell swollen
swim swam swum;swing swung;take took taken;teach taught;tear tore torn;tell told;think thought;throw threw thrown
tread trod trodden;understand understood;wake woke woken;wear wore worn;weave wove woven;weep wept;win won
wind wound;write wrote written;man men;woman women;child children;foot feet;tooth teeth;mouse mice;goose geese
ox oxen;person people;life lives;wife wives;knife knives;leaf leaves;half halves;self selves;wolf wolves
thief thieves;shelf shelves;calf calves
"""
_SUFFIXES = {"s": ("s", "es", "'s"), "d": ("ed", "d"), "g": ("ing",), "y": ("ly",), "r": ("er",), "t": ("est",)}
SHORTEST = 3  # letters of a word that has forms


def form_groups(words: Sequence[str]) -> dict[str, set[str]]:
    """Return, of each word that has other forms among the words, those forms. words: in lower case."""
    known = set(words)
    groups: dict[str, set[str]] = {}
    for word in known:
        for base in bases_of(word):
            if base in known:
                groups.setdefault(base, {base}).add(word)
    for line in IRREGULAR.strip().replace("\n", ";").split(";"):
        base, *others = line.split()
        groups.setdefault(base, {base}).update(known.intersection(others))
    found: dict[str, set[str]] = {}
    for group in groups.values():
        members = group & known
        for word in members:
            found.setdefault(word, set()).update(members - {word})
    return {word: forms for word, forms in found.items() if forms}


def bases_of(word: str) -> list[str]:
    """Return the words that a word may be a form of, whether they exist or not."""
    found = []
    for suffix in _SUFFIXES.get(word[-1:], ()):
        stem = word[: -len(suffix)]
        if not word.endswith(suffix) or len(stem) < SHORTEST:
            continue
        found.append(stem)
        if suffix in ("ing", "ed", "er", "est"):
            found.append(stem + "e")
            if stem[-1] == stem[-2:-1]:
                found.append(stem[:-1])
        if suffix in ("es", "ed", "er", "est", "ly") and stem.endswith("i"):
            found.append(stem[:-1] + "y")
        if suffix == "ly":
            found.append(stem + "le")
    return found
