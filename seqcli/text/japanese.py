"""Japanese, which is written without spaces: words by rules alone, or by the dictionary of an extra install."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from seqcli.errors import SeqcliError
from seqcli.text.character_kinds import KINDS, Rules

_KNOWN = """
から まで より など だけ しか ほど くらい ぐらい ばかり こそ さえ でも ても ては では には とは
へは にも とも からは のは のが のを のに ので けど けれど けれども ながら たら なら ならば れば
ように ような ために って という として たい たく ない なく なかった なければ なくて ません
ませんでした ました ます ましょう です でした でしょう だった だろう である だ た て で は が を
に へ と の も や か ね よ な わ ぞ し ば いる いた いて いない います いました いません ある
あった あり あります ありました ありません する した して しない します しました しません しよう しろ
された される なる なった なり なって なります なりました なさい れる られる れた られた せる させる
せた させた できる できた できない できます くる きた くれる くれた くれません もらう もらった しまう
しまった しまいました これ それ あれ どれ これら それら この その あの どの ここ そこ あそこ どこ
こちら そちら あちら どちら こんな そんな あんな どんな こう そう ああ どう わたし あなた かれ もの
こと とき ところ ため よう ほう うち はず つもり まま とても もっと まだ もう すぐ また まず ただ
なぜ だから しかし そして それで いつ いつも いくつ いくら よく ちょっと たくさん みんな すべて たち
さん ちゃん くん ください おはよう ありがとう ございます こんにちは こんばんは さようなら すみません
ごめん いい よい よかった だれ なに なん ほとんど まったく きっと たぶん やはり やっと ずっと
とうとう
"""  # particles, endings and the commonest words in hiragana
_RUNS = re.compile(r"h[hm]*|k[km]*|K[Km]*|[a9m][a9mz]*(?:['.,_-][a9][a9mz]*)*|e(?:m|ze)*|[^a9hkKmse]m*")


class Japanese(Rules):
    """Japanese by rules alone: runs of one script are words, particles and endings are cut off by a word list.

    Endings that no rule knows stay with the ideographs before them (okurigana). Spaces next to Japanese are dropped.
    """

    def split(self, piece: str) -> list[str]:
        text = self._fold(piece)
        tokens: list[str] = []
        after_han = False
        for match in _RUNS.finditer(text.translate(KINDS)):
            run, kind = text[match.start() : match.end()], match.group()[0]
            if kind == "k":
                parts = _cut_hiragana(run)
                if after_han and parts[0] not in known_hiragana()[0]:
                    tokens[-1] += parts.pop(0)
                tokens += parts
            else:
                tokens.append(run)
            after_han = kind == "h"
        return tokens

    def join(self, tokens: Sequence[str]) -> str:
        return join_japanese(tokens)


@cache
def known_hiragana() -> tuple[frozenset[str], re.Pattern[str]]:
    """Return the words that are cut out of hiragana, and the pattern that finds the longest of them."""
    words = frozenset(_KNOWN.split())
    return words, re.compile("|".join(sorted(words, key=lambda w: (-len(w), w))))


def _cut_hiragana(run: str) -> list[str]:
    """Cut a run of hiragana: known words apart, what is between them whole."""
    parts: list[str] = []
    end = 0
    for match in known_hiragana()[1].finditer(run):
        if match.start() > end:
            parts.append(run[end : match.start()])
        parts.append(match.group())
        end = match.end()
    return parts + ([run[end:]] if end < len(run) else [])


def join_japanese(tokens: Iterable[str]) -> str:
    """Join tokens without spaces, but for two neighbours that are both Latin letters or digits."""
    text = ""
    for token in tokens:
        latin = text[-1:].isalnum() and text[-1:].isascii() and token[:1].isalnum() and token[:1].isascii()
        text += " " + token if latin else token
    return text


class MeCab(Rules):
    """Japanese by dictionary: fugashi with unidic-lite, an extra install."""

    def __init__(self, lowercase: bool) -> None:
        super().__init__(lowercase)
        try:
            import fugashi
            import unidic_lite  # noqa: F401  (the dictionary that fugashi finds)
        except ImportError as error:
            raise SeqcliError('--tokenizer mecab needs an extra: pip install "seqcli[japanese]".') from error
        self._tagger = fugashi.Tagger("-Owakati")

    def split(self, piece: str) -> list[str]:
        return str(self._tagger.parse(self._fold(piece))).split()

    def join(self, tokens: Sequence[str]) -> str:
        return join_japanese(tokens)
