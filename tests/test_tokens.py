"""Tokenizers: what they cut, that it joins again, that nothing in Unicode breaks them."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.errors import MisuseError, SeqcliError
from seqcli.text import tokens as tokenizers
from seqcli.text.character_kinds import SPACES
from seqcli.text.japanese import join_japanese
from seqcli.text.tokens import JOINER, RULES, UNKNOWN, Tokenizer, make, pieces_of, shown, tokens_of

EXACT = ["words", "whitespace", "characters"]  # these give back the text they were given
BY_RULES = [*EXACT, "japanese"]
SPECIAL = "'’\"-–—_.,!?…@:/ \t\n\v\f\r\u00a0\u2028\u0085\u3000￭▁ー々éé\u0301\u200d\u200b👩🏽İßǅ日本語ひらカタ0٣½"
texts = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=st.sampled_from(SPECIAL + "abcXYZst"), max_size=40),
    st.lists(st.sampled_from(["Mr.", "U.S.", "don't", "it's", "www.a.b", "me@a.b", "<unk>", "--", "...", "a", "''"]))
    .map("".join)
    .filter(bool),
)


def normal(text: str, name: str, lowercase: bool = False) -> str:
    """The text that a tokenizer promises to give back: one space for a run, composed, its own marks replaced."""
    pieces = [unicodedata.normalize("NFC", p.lower() if lowercase else p) for p in pieces_of(text)]
    if name == "characters":
        return " ".join(pieces).replace("▁", "_")
    if name == "words":  # Unicode's other spaces become one space too
        text = "".join(" " if unicodedata.category(c)[0] == "Z" else c for c in " ".join(pieces))
        return " ".join(part for part in text.replace(JOINER, "■").split(" ") if part)
    return " ".join(pieces)


def unspaced(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c)[0] != "Z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat sat.", ["The", "cat", "sat", "￭."]),
        ('"Well," he said', ['"￭', "Well", "￭,", '￭"', "he", "said"]),
        ("Don't — it's John’s; we'll", ["Don't", "—", "it", "￭'s", "John", "￭’s", "￭;", "we", "￭'ll"]),
        ("yes... no!! what?!", ["yes", "￭...", "no", "￭!!", "what", "￭?", "￭!"]),
        ("one--two—three", ["one", "￭--￭", "two", "￭—￭", "three"]),
        ("well-known mother-in-law co‑op", ["well-known", "mother-in-law", "co‑op"]),
        ("Mr. Smith, of St. Ives, Ph.D.", ["Mr.", "Smith", "￭,", "of", "St.", "Ives", "￭,", "Ph.D."]),
        ("the U.S. and e.g. this.", ["the", "U.S.", "and", "e.g.", "this", "￭."]),
        ("1,234.56 on the 3rd ($5)", ["1,234.56", "on", "the", "3rd", "(￭", "$￭", "5", "￭)"]),
        ("see https://a.org/b?c=1, www.b.com.", ["see", "https://a.org/b?c=1", "￭,", "www.b.com", "￭."]),
        ("ask me@a-b.co.uk!", ["ask", "me@a-b.co.uk", "￭!"]),
        ("_one_ file_name", ["_￭", "one", "￭_", "file_name"]),
        ("👩‍👧👍🏽", ["👩‍👧￭", "👍🏽"]),
        ("(a) [b]", ["(￭", "a", "￭)", "[￭", "b", "￭]"]),
        ("Qué? «été»", ["Qué", "￭?", "«￭", "été", "￭»"]),
        ("<unk> <eos>", ["<unk>", "<￭", "eos", "￭>"]),
        ("日本 です", ["日", "￭本", "です"]),
    ],
)
def test_words_of_prose(text: str, expected: list[str]) -> None:
    words = make("words", False)
    assert tokens_of(words, text) == expected
    assert words.join(expected) == text


def test_a_word_is_the_same_token_whatever_stands_beside_it() -> None:
    words = make("words", False)
    for text in ("cat", "cat.", '"cat"', "(cat),", "cat's", "—cat—", "cat!!"):
        assert "cat" in words.split(text)


def test_case_is_folded_only_where_asked() -> None:
    for name in BY_RULES:
        assert tokens_of(make(name, True), "The ÉTÉ ΟΔΟΣ") == tokens_of(make(name, True), "the été οδος")
        assert tokens_of(make(name, False), "The") != tokens_of(make(name, False), "the")


def test_j7_composed_and_decomposed_text_are_the_same_tokens() -> None:
    for name in BY_RULES:
        assert tokens_of(make(name, False), "cafe\u0301 が") == tokens_of(make(name, False), "café か\u3099")


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("lowercase", [False, True])
@settings(max_examples=400, deadline=None)
@given(text=texts)
def test_j9_joined_tokens_are_the_text(name: str, lowercase: bool, text: str) -> None:
    tokenizer = make(name, lowercase)
    cut = tokens_of(tokenizer, text)
    joined, expected = tokenizer.join(cut), normal(text, name, lowercase)
    assert joined == expected
    assert tokens_of(tokenizer, joined) == cut  # cutting the joined text gives the same tokens


@settings(max_examples=400, deadline=None)
@given(text=texts)
def test_j9_japanese_keeps_every_character_but_spaces(text: str) -> None:
    japanese = make("japanese", False)
    joined = japanese.join(tokens_of(japanese, text))
    expected = unspaced(unicodedata.normalize("NFC", " ".join(pieces_of(text))))
    assert unspaced(joined).replace(" ", "") == expected.replace(" ", "")


@pytest.mark.parametrize("name", BY_RULES)
@settings(max_examples=300, deadline=None)
@given(text=texts)
def test_tokens_are_never_empty_and_never_hold_a_boundary(name: str, text: str) -> None:
    for token in tokens_of(make(name, False), text):
        assert token and not set(token) & set(SPACES.decode())


def every_scalar() -> Iterator[str]:
    return (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)


@pytest.mark.parametrize("name", BY_RULES)
def test_j6_every_scalar_value(name: str) -> None:
    """All 1,112,064, alone: none raises, none is lost, and its tokens are shown as something."""
    tokenizer, count, kept = make(name, False), 0, set(SPACES.decode())
    for c in every_scalar():
        count += 1
        if c in kept:
            continue
        cut = tokenizer.split(c)
        if name == "japanese" or unicodedata.category(c)[0] == "Z":
            continue
        wanted = unicodedata.normalize("NFC", c)
        assert tokenizer.join(cut) == {"￭": "■" if name == "words" else c, "▁": "_" if name == "characters" else c}.get(
            wanted, wanted
        )
    assert count == 1_112_064


def test_j8_folding_twice_is_folding_once() -> None:
    for c in every_scalar():
        once = tokenizers.folded(c, True)
        assert tokenizers.folded(once, True) == once


def test_j6_scalars_in_a_row_and_beside_letters() -> None:
    words = make("words", False)
    run = [c for c in every_scalar() if c not in SPACES.decode() and unicodedata.category(c)[0] != "Z"]
    for low in range(0, len(run), 64):
        piece = "a".join(run[low : low + 64])
        assert words.join(words.split(piece)) == unicodedata.normalize("NFC", piece).replace("￭", "■")


def test_j11_the_boundaries_of_words_are_six_bytes() -> None:
    for c in every_scalar():
        assert (pieces_of(f"x{c}y") == ["x", "y"]) == (c in " \t\v\f\r\n")


def test_a20_marks_and_scripts() -> None:
    for text in (
        "\u0301\u0302",
        "e" + "\u0301" * 10_000,
        "שלום עולם",
        "👨‍👩‍👧‍👦 🇯🇵",
        "\U0001d518",
        "\u0378 \U000e0001",
    ):
        for name in EXACT:
            tokenizer = make(name, False)
            assert tokenizer.join(tokens_of(tokenizer, text)) == unicodedata.normalize("NFC", text)


HOSTILE: list[Callable[[int], str]] = [
    lambda n: "a" * n,
    lambda n: "!" * n,
    lambda n: "a." * n,
    lambda n: "a-" * n,
    lambda n: "1,1." * n,
    lambda n: "a" * n + "@",
    lambda n: "a@" * n,
    lambda n: "a@" + "b." * n,
    lambda n: "www." * n + "!" * n,
    lambda n: "https://" * n,
    lambda n: "'" * n + "s",
    lambda n: "e" + "\u0301" * n,
    lambda n: "👩\u200d" * n,
    lambda n: "_" * n + "a",
    lambda n: "の" * n,
    lambda n: "漢の" * n,
    lambda n: "!?" * n,
    lambda n: "Mr." * n,
]


def operations(function: Callable[[], Any]) -> int:
    """Count the lines of Python that run: a measure without a clock."""
    count = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", ["words", "japanese"])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_k12_the_work_grows_with_the_length(name: str, hostile: Callable[[int], str]) -> None:
    tokenizer = make(name, False)
    tokenizer.split(hostile(10))
    short, long = (operations(lambda n=n: tokenizer.split(hostile(n))) for n in (200, 400))  # type: ignore[misc]
    assert long <= 2.3 * short + 50


@pytest.mark.parametrize("name", ["words", "japanese", "characters"])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_k12_long_pieces_end(name: str, hostile: Callable[[int], str]) -> None:
    """What a regular expression does quadratically would not come back from 300,000 characters."""
    text = hostile(100_000)
    assert "".join(make(name, False).split(text)).replace(JOINER, "").replace("▁", "") == unicodedata.normalize(
        "NFC", text
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("私は学生です。", "私 は 学生 です 。"),
        ("彼女は東京に行きました。", "彼女 は 東京 に 行き ました 。"),
        ("コーヒーを飲みますか？", "コーヒー を 飲み ます か ？"),
        ("時々パーティーで会う", "時々 パーティー で 会う"),
        ("日本語とEnglishを話す", "日本語 と English を 話す"),
        ("これは本だと思う", "これ は 本 だ と 思う"),
    ],
)
def test_japanese_by_rules(text: str, expected: str) -> None:
    japanese = make("japanese", False)
    assert japanese.split(text) == expected.split()
    assert japanese.join(expected.split()) == text


def test_japanese_finds_most_of_the_places_where_words_end(shared_data: Path) -> None:
    """Against 500 sentences cut by hand rules of others: 0.87 of their places, 0.95 of ours."""
    japanese, found, ours, theirs = make("japanese", False), 0, 0, 0
    for line in (shared_data / "tanaka-enja" / "dev.ja").read_text(encoding="utf-8").splitlines():
        a, b = ends(line.split()), ends(japanese.split("".join(line.split())))
        found, ours, theirs = found + len(a & b), ours + len(b), theirs + len(a)
    assert found / ours > 0.93 and found / theirs > 0.77


def ends(tokens: list[str]) -> set[int]:
    return {sum(map(len, tokens[: i + 1])) for i in range(len(tokens))}


def test_join_japanese_keeps_latin_words_apart() -> None:
    assert join_japanese(["New", "York", "に", "行く", "3", "DVD"]) == "New Yorkに行く3 DVD"


def test_mecab_cuts_by_dictionary() -> None:
    pytest.importorskip("fugashi")
    mecab = make("mecab", False)
    assert mecab.split("私は学生です。") == ["私", "は", "学生", "です", "。"]
    assert mecab.split("é") == mecab.split("e\u0301")


def test_mecab_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fugashi", None)
    tokenizers.make.cache_clear()
    with pytest.raises(SeqcliError, match=r"pip install .seqcli\[japanese\]"):
        make("mecab", False)


@pytest.fixture(scope="module")
def subwords() -> Tokenizer:
    words = ["the", "there", "other", "walking", "walked", "talking", "talked", "naïve", "日本語", "Mr.", "(yes)"]
    model = tokenizers.learn_subwords([(word, 7 + i) for i, word in enumerate(words)], 60, False)
    return make("subwords", False, model)


def test_subwords_give_back_any_text(subwords: Tokenizer) -> None:
    for text in ("the walked talker", "never seen 漢字 🙂 z", "naïve nai\u0308ve", UNKNOWN, "\u2028y"):
        assert subwords.join(tokens_of(subwords, text)) == unicodedata.normalize("NFC", text)


def test_subwords_are_the_same_when_made_again(subwords: Tokenizer) -> None:
    again = tokenizers.Subwords(False, subwords.model or b"")
    assert again.split("walkers") == subwords.split("walkers")


def test_subwords_count_what_they_learn_from() -> None:
    words = ["walking", "talking", "jumping", "running", "singing", "eating", "drinking", "reading", "cooking"]

    def likelihood(word: str, often: str) -> float:
        model = tokenizers.learn_subwords([(w, 5000 if w == often else 2) for w in words], 40, False)
        processor = tokenizers.Subwords(False, model)._processor
        return sum(processor.get_score(processor.piece_to_id(piece)) for piece in processor.encode(word, out_type=str))

    for word in ("cooking", "jumping"):
        assert likelihood(word, often=word) > likelihood(word, often="reading")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_signal_while_subwords_are_learned_is_no_error_of_the_text(stop: type[BaseException]) -> None:
    def interrupted() -> Iterator[tuple[str, int]]:
        yield from [("some words", 3)] * 50
        raise stop(143)

    with pytest.raises(stop):
        tokenizers.learn_subwords(interrupted(), 100, False)


def test_subwords_need_their_model_and_enough_text() -> None:
    with pytest.raises(MisuseError, match="learned"):
        make("subwords", False)
    with pytest.raises(SeqcliError, match="too small"):
        tokenizers.learn_subwords([], 100, False)
    with pytest.raises(SeqcliError, match="more than 5 different characters"):
        tokenizers.learn_subwords([("abcdefghijkl", 3)], 5, False)


def test_shown_tokens_have_no_marks() -> None:
    assert [shown(t) for t in ("￭,", '"￭', "￭—￭", "▁the", "▁", "word", "￭")] == [",", '"', "—", "the", "␣", "word", "￭"]


def test_every_rule_is_a_tokenizer() -> None:
    for name in RULES:
        if name != "mecab":
            assert make(name, False).model is None
