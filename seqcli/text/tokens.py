"""Tokenizers: how one white-space piece of text becomes tokens, and how tokens become text again.

All but `subwords` and `japanese` give back the very text they were given, but for runs of white space (one space) and
Unicode composition (NFC). A prompt is cut exactly as the corpus was, because both are cut piece by piece.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any, Protocol

from seqcli.errors import MisuseError, SeqcliError
from seqcli.text.reading import SPACES

JOINER = "￭"  # stands where a token touches its neighbour without a space: '￭,' after a word, '"￭' before one
SPACE = "▁"  # the space itself, for characters and subwords
UNKNOWN = "<unk>"
_PIECE = re.compile(f"[^{SPACES.decode()}]+")


class Tokenizer(Protocol):
    """Cuts one piece, joins tokens, and carries what a model must store to cut the same way again."""

    def split(self, piece: str) -> list[str]:
        """Return the tokens of one piece, none empty."""
        ...

    def join(self, tokens: Sequence[str]) -> str:
        """Return the text that the tokens came from."""
        ...

    @property
    def model(self) -> bytes | None:
        """What was learned from the corpus, to be stored with the model; None for tokenizers made of rules."""
        ...


def pieces_of(text: str) -> list[str]:
    """Return the white-space pieces of a text, by the same boundaries as the corpus reader's."""
    return _PIECE.findall(text)


def tokens_of(tokenizer: Tokenizer, text: str) -> list[str]:
    """Return the tokens of a text."""
    return [token for piece in pieces_of(text) for token in tokenizer.split(piece)]


def shown(token: str) -> str:
    """Return a token as a reader wants it: without the marks that say where spaces stood."""
    if token == SPACE:
        return "␣"
    return token.strip(JOINER).lstrip(SPACE) or token


class _Rules:
    """A tokenizer made of rules stores nothing."""

    def __init__(self, lowercase: bool) -> None:
        self._lowercase = lowercase

    @property
    def model(self) -> bytes | None:
        return None

    def _fold(self, piece: str) -> str:
        return piece.lower() if self._lowercase else piece


class Whitespace(_Rules):
    """Text that is already tokenised: what stands between spaces is a token."""

    def split(self, piece: str) -> list[str]:
        return [self._fold(piece)]

    def join(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens)


class Characters(_Rules):
    """Every code point is a token; the space before a piece is one too."""

    def split(self, piece: str) -> list[str]:
        return [SPACE, *self._fold(unicodedata.normalize("NFC", piece)).replace(SPACE, "_")]

    def join(self, tokens: Sequence[str]) -> str:
        return "".join(tokens).replace(SPACE, " ").removeprefix(" ")


class _Kinds(dict[int, str]):
    """The kind of every character, found when first met: the patterns below are written in these letters."""

    _FIXED: dict[str, str] = dict.fromkeys("'’", "'") | dict.fromkeys("-‐", "-") | {"_": "a", ".": ".", ",": ","}

    def __missing__(self, code: int) -> str:
        self[code] = kind = self._kind(chr(code))
        return kind

    def _kind(self, c: str) -> str:
        if c in self._FIXED:
            return self._FIXED[c]
        category = unicodedata.category(c)
        if category[0] in "LM" or c in "\u200c\u200d":
            name = unicodedata.name(c, "")
            if "CJK" in name or "HIRAGANA" in name or "KATAKANA" in name:
                return "h" if "CJK" in name else "k" if "HIRAGANA" in name else "K"
            return "a"
        if category[0] == "N":
            return "9"
        return "s" if category[0] == "Z" else "p"


KINDS = _Kinds()
_WORDS = re.compile(
    r"a(?:\.a)+\.?(?![a9])"  # U.S., e.g.
    r"|9+(?:[.,]9+)*a*"  # 1,234.56 and 3rd
    r"|[a9]+(?:['-][a9]+)*"  # don't, well-known
    r"|k+|K+|h"  # hiragana and katakana runs, single ideographs
    r"|(?P<mark>[^a9hkKs])"
)
_CLITIC = re.compile(r"(?<=\w)['’](?:s|re|ve|ll|d|m)$", re.IGNORECASE)


class Words(_Rules):
    """Words as prose has them: punctuation apart, don't in one piece, 's 're 've 'll 'd 'm apart, case as written.

    Where a token touches its neighbour without a space, the mark of the punctuation (or the clitic) says so, so that
    words stay the same token everywhere and opening and closing quotes differ. Runs of one mark (...) are one token.
    """

    def split(self, piece: str) -> list[str]:
        if piece == UNKNOWN:
            return [UNKNOWN]
        text = self._fold(unicodedata.normalize("NFC", piece)).replace(JOINER, "■")
        groups: list[list[tuple[str, bool]]] = [[]]  # (token, is a mark); Unicode spaces inside a piece divide groups
        end = 0
        for match in _WORDS.finditer(text.translate(KINDS)):
            if match.start() > end:
                groups.append([])
            token, mark, touches = text[match.start() : match.end()], match["mark"] is not None, match.start() == end
            end = match.end()
            group = groups[-1]
            if mark and touches and group and group[-1][1] and group[-1][0][-1] == token:
                group[-1] = (group[-1][0] + token, True)
            elif not mark and (clitic := _CLITIC.search(token)):
                group += [(token[: clitic.start()], False), (clitic.group(), True)]
            else:
                group.append((token, mark))
        return [token for group in groups for token in _joined(group)]

    def join(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens).replace(f" {JOINER}", "").replace(f"{JOINER} ", "").replace(JOINER, "")


def _joined(group: list[tuple[str, bool]]) -> list[str]:
    """Mark every place where two tokens touch, on the punctuation's side."""
    texts = [token for token, _ in group]
    word_seen = False
    for i in range(len(group) - 1):
        left_is_mark, right_is_mark = group[i][1], group[i + 1][1]
        word_seen |= not left_is_mark
        if left_is_mark and not (right_is_mark and word_seen):
            texts[i] += JOINER
        else:
            texts[i + 1] = JOINER + texts[i + 1]
    return texts


_KNOWN = """
から まで より など だけ しか ほど くらい ぐらい ばかり こそ さえ でも ても ては では には とは へは
からは のは のが のを のに ので けど けれど けれども ながら たら なら ならば れば ように ような ために
たい たく ない なく なかった なければ ません ませんでした ました ます ましょう です でした でしょう
だった だろう である だ た て で は が を に へ と の も や か ね よ な わ ぞ し ば いる いた
いない います いました ある あった あり あります ありました する した して しない します しました しよう
される された なる なった なり なります なりました れる られる れた られた せる させる せた させた これ
それ あれ どれ この その あの どの ここ そこ あそこ どこ こんな そんな あんな どんな こう そう ああ
どう わたし あなた かれ もの こと とき ところ ため よう ほう うち はず つもり まま とても もっと まだ
もう すぐ また いつ いつも よく ちょっと たくさん みんな すべて ください おはよう ありがとう ございます
こんにちは さようなら すみません いい よい
"""  # particles, endings and the commonest words in hiragana
_RUNS = re.compile(r"h+|k+|K+|[a9]+(?:['.,-][a9]+)*|[^a9hkKs]")


class Japanese(_Rules):
    """Japanese by rules alone: runs of one script are words, particles and endings are cut off by a word list.

    Endings that no rule knows stay with the ideographs before them (okurigana). Spaces next to Japanese are dropped.
    """

    def split(self, piece: str) -> list[str]:
        text = self._fold(unicodedata.normalize("NFC", piece))
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


class MeCab(_Rules):
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
        return str(self._tagger.parse(self._fold(unicodedata.normalize("NFC", piece)))).split()

    def join(self, tokens: Sequence[str]) -> str:
        return join_japanese(tokens)


class Subwords(_Rules):
    """Pieces of words learned from the corpus (sentencepiece, unigram), so that no word is unknown."""

    def __init__(self, lowercase: bool, model: bytes) -> None:
        import sentencepiece

        super().__init__(lowercase)
        self._model = model
        self._processor: Any = sentencepiece.SentencePieceProcessor(model_proto=model)

    @property
    def model(self) -> bytes | None:
        return self._model

    def split(self, piece: str) -> list[str]:
        return [str(t) for t in self._processor.encode(self._fold(piece), out_type=str)]

    def join(self, tokens: Sequence[str]) -> str:
        return str(self._processor.decode(list(tokens)))


RULES: dict[str, type[_Rules]] = {
    "words": Words,
    "whitespace": Whitespace,
    "characters": Characters,
    "japanese": Japanese,
    "mecab": MeCab,
}


@lru_cache(maxsize=4)
def make(name: str, lowercase: bool, model: bytes | None = None) -> Tokenizer:
    """Return a tokenizer by name; `subwords` needs its learned model."""
    if name == "subwords":
        if model is None:
            raise MisuseError("--tokenizer subwords must be learned from a corpus first.")
        return Subwords(lowercase, model)
    made: Tokenizer = RULES[name](lowercase)  # type: ignore[assignment]  # every entry of RULES is a Tokenizer
    return made


def learn_subwords(weighed: Iterable[tuple[str, int]], size: int, lowercase: bool) -> bytes:
    """Learn a subword vocabulary of about `size` from pieces and their counts; bytes stand in for what it never saw.

    Raises SeqcliError where the text is too small to learn from.
    """
    import io

    import sentencepiece

    out = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=(f"{piece.lower() if lowercase else piece}\t{count}" for piece, count in weighed),
            input_format="tsv",
            model_writer=out,
            model_type="unigram",
            vocab_size=size,
            hard_vocab_limit=False,  # a small text gives fewer pieces instead of an error
            character_coverage=1.0,
            byte_fallback=True,
            normalization_rule_name="identity",
            bos_id=-1,
            eos_id=-1,
            max_sentence_length=1 << 20,
            num_threads=1,  # the same pieces on every machine
            minloglevel=2,
        )
    except (RuntimeError, OSError) as error:
        raise SeqcliError("The text is too small to learn subwords from; use --tokenizer words.") from error
    return out.getvalue()
