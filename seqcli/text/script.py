"""What script a text is written in, whether spaces stand between its words, and which tokenizer fits both."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import NamedTuple

from seqcli.errors import SeqcliError
from seqcli.text.character_kinds import KINDS
from seqcli.text.interning import LINE
from seqcli.text.pieces import Pieces
from seqcli.text.token_table import count_pieces
from seqcli.text.tokens import make

SAMPLE = 100_000  # distinct pieces that are looked at, spread evenly: a share is right to a few hundredths
UNSPACED_SHARE = 0.25  # of the letters: a word of them stands for some three Latin letters, so half of such a text
MAINLY = 0.5  # of the letters
KANA = 0.1  # share of kana among Japanese letters: nearer to a half in any Japanese text, none in a Chinese one
OTHERS = ("THAI", "LAO", "KHMER", "MYANMAR")  # scripts without spaces, beside ideographs and kana
WORD_LENGTHS = {"Japanese": 3.0, "Chinese": 3.0}  # characters between spaces at most, on average, where they are words
WORD_LENGTH = 8.0  # the same of scripts that spell


class Script(NamedTuple):
    """The language of a text's letters that are written without spaces, where there are any."""

    language: str  # the commonest of them: Japanese, Chinese, Thai, ...; "" without any
    share: float  # of all letters
    japanese: float  # share of Japanese letters
    piece_length: float  # characters of a piece with such letters, on average

    @property
    def unspaced(self) -> bool:
        """Whether the text is to be read as one of that language."""
        return self.share >= UNSPACED_SHARE

    @property
    def cut(self) -> bool:
        """Whether spaces stand between the words of that language all the same."""
        return self.piece_length <= WORD_LENGTHS.get(self.language, WORD_LENGTH)


class Choice(NamedTuple):
    """A tokenizer, and why it is the one that fits."""

    tokenizer: str
    why: str


def script_of(pieces: Pieces) -> Script:
    """Return the script of a text."""
    counts = count_pieces(pieces, [(0, len(pieces.spool))])
    letters: Counter[str] = Counter()
    length = places = 0
    for p in range(LINE + 1, len(pieces), len(pieces) // SAMPLE + 1):
        piece, count = pieces.text(p), int(counts[p])
        kinds = Counter("a" * len(piece) if piece.isascii() else piece.translate(_SCRIPTS))
        for kind, number in kinds.items():
            letters[kind] += count * number
        if len(kinds) > ("a" in kinds):
            length += count * len(piece)
            places += count
    total = max(sum(letters.values()), 1)
    east = letters.pop("h", 0) + letters["k"]
    language = "Japanese" if letters.pop("k", 0) > KANA * east else "Chinese"
    shares = Counter({language: east, **{name: letters[name[0]] for name in map(str.title, OTHERS)}})
    language, most = shares.most_common(1)[0]
    mean = length / max(places, 1)
    return Script(language if most else "", most / total, shares["Japanese"] / total, mean)


def fitting(script: Script) -> Choice:
    """Return the tokenizer that fits a text of a script.

    Where no dictionary is at hand: an ideograph means something by itself and occurs often enough to be learned, so
    Chinese is cut into characters (the nearest to 猫 is then 犬; among subwords, it was phrases of one shape). A letter
    of Thai means nothing by itself: Thai and its like are cut into subwords, learned from the text.
    """
    if not script.unspaced:
        return Choice("words", "spaces stand between its words")
    of_letters = f"{script.share:.0%} of its letters are {script.language}"
    if script.cut:
        return Choice("whitespace", f"{of_letters}, already cut by spaces")
    if script.language == "Japanese":
        name = "mecab" if _has_dictionary() else "japanese"
    else:
        name = "characters" if script.language == "Chinese" else "subwords"
    return Choice(name, f"{of_letters}, and no spaces stand between its words")


def misfit(tokenizer: str, script: Script) -> str | None:
    """Say why a tokenizer that was asked for does not fit a text, and which one does; None where nothing is wrong."""
    better = fitting(script).tokenizer
    if script.unspaced and (tokenizer == "words" or (tokenizer == "whitespace" and not script.cut)):
        much = "mainly" if script.share > MAINLY else "partly"
        return (
            f"The text is {much} {script.language}, which --tokenizer {tokenizer} cannot cut into words; use {better}."
        )
    if tokenizer in ("japanese", "mecab") and script.japanese < UNSPACED_SHARE:
        return f"Only {script.japanese:.0%} of the letters are Japanese; use --tokenizer {better}."
    return None


def _has_dictionary() -> bool:
    try:
        make("mecab", False)
    except SeqcliError:
        return False
    return True


class _Scripts(dict[int, str]):
    """The letter by which a character is counted, found when first met: nothing for what is no letter."""

    def __missing__(self, code: int) -> str:
        kind = KINDS[code].lower()
        if kind == "a":
            name = unicodedata.name(chr(code), "").split(" ")[0]
            kind = name[0] if name in OTHERS else kind
        self[code] = found = kind if kind in "hka" or kind.isupper() else ""
        return found


_SCRIPTS = _Scripts()
