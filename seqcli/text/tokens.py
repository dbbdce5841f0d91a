"""Tokenizers: how one white-space piece of text becomes tokens, and how tokens become text again.

All but `subwords` and `japanese` give back the very text they were given, but for runs of white space (one space) and
Unicode composition (NFC). A prompt is cut exactly as the corpus was, because both are cut piece by piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Protocol

from seqcli.errors import DamagedError, MisuseError, SeqcliError
from seqcli.text.character_kinds import ADDRESS, KINDS, SPACES, Rules, folded
from seqcli.text.japanese import Japanese, MeCab

JOINER = "￭"  # stands where a token touches its neighbour without a space: '￭,' after a word, '"￭' before one
SPACE = "▁"  # the space itself, for characters and subwords
UNKNOWN = "<unk>"
BYTES = 257  # subwords that stand for a byte, and the unknown one
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


class Whitespace(Rules):
    """Text that is already tokenised: what stands between spaces is a token."""

    def split(self, piece: str) -> list[str]:
        return [self._fold(piece)]

    def join(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens)


class Characters(Rules):
    """Every code point is a token; the space before a piece is one too."""

    def split(self, piece: str) -> list[str]:
        return [SPACE, *self._fold(piece).replace(SPACE, "_")]

    def join(self, tokens: Sequence[str]) -> str:
        return "".join(tokens).replace(SPACE, " ").removeprefix(" ")


_WORDS = re.compile(
    r"u+"
    r"|(?:a(?:\.a)+\.?|aa\.a\.)(?![a9m])"  # U.S., e.g., Ph.D.
    r"|9+(?:[.,]9+)*a*"  # 1,234.56 and 3rd
    r"|[a9m][a9mz]*(?:(?:['-]|_+)[a9][a9mz]*)*"  # don't, well-known, file_name
    r"|k[km]*|K[Km]*|hm*"  # runs of kana, single ideographs
    r"|(?P<mark>e(?:m|ze)*|[^a9hkKmseu]m*)"  # an emoji with all that is joined to it; any other mark
)
_CLITIC = re.compile(r"(?<=\w)['’](?:s|re|ve|ll|d|m)$", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>\"“”]*[\w/]"
    r"|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"  # bounded: no run is looked at twice
)
ABBREVIATIONS = frozenset(
    ("mr", "mrs", "ms", "dr", "st", "prof", "rev", "gen", "col", "capt", "lt", "sgt", "messrs", "mme", "mlle", "vs")
)


class Words(Rules):
    """Words as prose has them: punctuation apart, don't in one piece, 's 're 've 'll 'd 'm apart, case as written.

    Mr. and U.S. keep their dots, addresses of mail and web stay whole. Where a token touches its neighbour without a
    space, the mark of the punctuation (or the clitic) says so, so that words stay the same token everywhere and opening
    and closing quotes differ. Runs of one mark (...) are one token.
    """

    def split(self, piece: str) -> list[str]:
        if piece == UNKNOWN:
            return [UNKNOWN]
        text = self._fold(piece).replace(JOINER, "■")
        if text.isalpha() and text.isascii():  # most pieces: nothing to cut
            return [text]
        groups: list[list[tuple[str, bool]]] = [[]]
        end = 0
        for start, stop, mark in _spans(text):
            if start > end:  # a Unicode space inside a piece
                groups.append([])
            end = stop
            token = text[start:stop]
            if not mark and (clitic := _CLITIC.search(token)):
                groups[-1] += [(token[: clitic.start()], False), (clitic.group(), True)]
            else:
                groups[-1].append((token, mark))
        return [token for group in groups for token in _joined(group)]

    def join(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens).replace(f" {JOINER}", "").replace(f"{JOINER} ", "").replace(JOINER, "")


def _spans(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield the tokens of a piece as (start, end, is a mark); runs of one mark and abbreviations are one."""
    marked = text
    if "@" in text or "://" in text or "www." in text:
        marked = _ADDRESS.sub(lambda match: ADDRESS * len(match[0]), text)
    start = stop = 0
    last_mark = False
    for match in _WORDS.finditer(marked.translate(KINDS)):
        a, b = match.span()
        mark = match["mark"] is not None
        touches, single = a == stop > start, mark and b == a + 1
        if touches and single and (text[stop - 1] == text[a] if last_mark else _is_short(text, start, a)):
            stop = b
            continue
        if stop > start:
            yield start, stop, last_mark
        start, stop, last_mark = a, b, mark
    if stop > start:
        yield start, stop, last_mark


def _is_short(text: str, start: int, end: int) -> bool:
    """Tell whether the word text[start:end] and the dot behind it are one abbreviation."""
    return text[end] == "." and end - start < 6 and text[start:end].lower() in ABBREVIATIONS


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


class Subwords(Rules):
    """Pieces of words learned from the corpus (sentencepiece, unigram), so that no word is unknown."""

    def __init__(self, lowercase: bool, model: bytes, where: str = "The tokenizer") -> None:
        """where: what a message calls the model. Raises DamagedError for one that was not learned here."""
        import sentencepiece

        from seqcli.text.subword_file import check

        super().__init__(lowercase)
        self._model = model
        try:
            check(model)
            self._processor: Any = sentencepiece.SentencePieceProcessor(model_proto=model)
        except (ValueError, RuntimeError, OSError) as error:
            raise DamagedError(f"{where} is damaged: {str(error)[:100]}; copy it again, or train anew.") from error

    @property
    def model(self) -> bytes | None:
        return self._model

    def split(self, piece: str) -> list[str]:
        return [str(t) for t in self._processor.encode(self._fold(piece), out_type=str)]

    def join(self, tokens: Sequence[str]) -> str:
        return str(self._processor.decode(list(tokens)))

    def ways(self, tokens: Sequence[str], count: int) -> list[tuple[list[str], float]]:
        """Return the `count` likeliest ways to cut what tokens spell, and the log of each one's probability."""
        found = self._processor.nbest_encode(self.join(tokens), nbest_size=count, out_type=str)
        scored = ((way, self._processor.get_score(self._processor.piece_to_id(way))) for way in found)
        return [(way, float(sum(scores))) for way, scores in scored]


RULES: dict[str, type[Rules]] = {
    "words": Words,
    "whitespace": Whitespace,
    "characters": Characters,
    "japanese": Japanese,
    "mecab": MeCab,
}


@lru_cache(maxsize=4)
def make(name: str, lowercase: bool, model: bytes | None = None, where: str = "The tokenizer") -> Tokenizer:
    """Return a tokenizer by name; `subwords` needs its learned model, which `where` names in a message."""
    if name == "subwords":
        if model is None:
            raise MisuseError("--tokenizer subwords must be learned from a corpus first.")
        return Subwords(lowercase, model, where)
    made: Tokenizer = RULES[name](lowercase)  # type: ignore[assignment]  # every entry of RULES is a Tokenizer
    return made


def learn_subwords(weighed: Iterable[tuple[str, int]], size: int, lowercase: bool) -> bytes:
    """Learn a subword vocabulary of about `size` from pieces and their counts; bytes stand in for what it never saw.

    Raises SeqcliError where the text is too small to learn from, or has more characters than size.
    """
    import io

    import sentencepiece

    out, stopped = io.BytesIO(), list[BaseException]()

    def lines() -> Iterator[str]:
        try:
            for piece, count in weighed:
                yield f"{folded(piece, lowercase)}\t{count}"
        except (KeyboardInterrupt, SystemExit) as error:
            stopped.append(error)  # sentencepiece would make an error of its own of it
            raise

    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=lines(),
            input_format="tsv",
            model_writer=out,
            model_type="unigram",
            vocab_size=size + BYTES,
            hard_vocab_limit=False,  # a small text gives fewer pieces instead of an error
            character_coverage=0.99995,  # the rarest of Chinese characters are spelled in bytes
            byte_fallback=True,
            normalization_rule_name="identity",
            bos_id=-1,
            eos_id=-1,
            max_sentence_length=1 << 20,
            num_threads=1,  # the same pieces on every machine
            minloglevel=2,
        )
    except (RuntimeError, OSError) as error:
        if stopped:
            raise stopped[0] from None
        if "required_chars" in str(error):
            raise SeqcliError(f"The text has more than {size} different characters; raise --subwords.") from error
        raise SeqcliError("The text is too small to learn subwords from; use --tokenizer words.") from error
    return out.getvalue()
