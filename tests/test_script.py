"""Which tokenizer fits a text, by its script and its spaces; and what is said of one that does not."""

from __future__ import annotations

import sys

import pytest
from conftest import ROOT

from seqcli.text.pieces import Pieces
from seqcli.text.script import Script, fitting, misfit, script_of

ENGLISH = "The cat sat on the mat, and the dog looked at it.\nNobody said a word.\n"
JAPANESE = "猫が窓の外を見ています。\n学校へ行く前に、コーヒーを飲みました。\n"
CHINESE = "猫坐在窗台上看着外面的雨。\n他每天早上去学校以前都喝一杯咖啡。\n"
THAI = "แมวนั่งอยู่บนหน้าต่าง\nเขาดื่มกาแฟทุกเช้าก่อนไปโรงเรียน\n"
MIXED = "PythonでWebアプリを作る方法を説明します。\nまずはFlaskをインストールしてください。\n"
CUT = "猫 が 窓 の 外 を 見 て い ます 。\n学校 へ 行く 前 に 、 コーヒー を 飲み まし た 。\n"
CUT_CHINESE = "猫 坐 在 窗台 上 看着 外面 的 雨 。\n他 每天 早上 去 学校 。\n"
CUT_THAI = "แมว นั่ง อยู่ บน หน้าต่าง\nเขา ดื่ม กาแฟ ทุก เช้า\n"


def script(text: str) -> Script:
    return script_of(Pieces.read([text.encode()]))


@pytest.mark.parametrize(
    ("text", "language", "tokenizer"),
    [
        (ENGLISH, "", "words"),
        (JAPANESE, "Japanese", "mecab"),
        (MIXED, "Japanese", "mecab"),
        (CHINESE, "Chinese", "characters"),
        (THAI, "Thai", "subwords"),
        ("ມື້ນີ້ອາກາດດີຫຼາຍ\n", "Lao", "subwords"),
        (CUT, "Japanese", "whitespace"),
        (CUT_CHINESE, "Chinese", "whitespace"),
        (CUT_THAI, "Thai", "whitespace"),
        (ENGLISH * 9 + JAPANESE, "Japanese", "words"),  # English that quotes
        ("오늘은 날씨가 좋습니다.\n", "", "words"),  # Korean has spaces
        ("Сегодня хорошая погода.\n", "", "words"),
        ("12 34 !!\n", "", "words"),
    ],
)
def test_the_tokenizer_that_fits(text: str, language: str, tokenizer: str) -> None:
    pytest.importorskip("fugashi")
    found = script(text)
    assert found.language == language
    choice = fitting(found)
    assert choice.tokenizer == tokenizer and choice.why
    if choice.tokenizer != "words":
        assert language in choice.why
    assert misfit(choice.tokenizer, found) is None


def test_without_the_dictionary_japanese_is_cut_by_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    from seqcli.text import tokens

    tokens.make.cache_clear()
    monkeypatch.setitem(sys.modules, "fugashi", None)
    assert fitting(script(JAPANESE)).tokenizer == "japanese"
    tokens.make.cache_clear()


@pytest.mark.parametrize(
    ("tokenizer", "text", "told"),
    [
        ("words", JAPANESE, "mainly Japanese"),
        ("whitespace", JAPANESE, "mainly Japanese"),
        ("words", CUT, "use whitespace."),
        ("words", CHINESE, "mainly Chinese, which --tokenizer words cannot cut into words; use characters."),
        ("words", THAI, "mainly Thai"),
        ("words", ENGLISH + JAPANESE, "partly Japanese"),
        ("japanese", ENGLISH, "Only 0% of the letters are Japanese; use --tokenizer words."),
        ("mecab", CHINESE, "Only 0% of the letters are Japanese; use --tokenizer characters."),
    ],
)
def test_one_that_does_not_fit_is_told(tokenizer: str, text: str, told: str) -> None:
    assert told in (misfit(tokenizer, script(text)) or "")


@pytest.mark.parametrize("tokenizer", ["characters", "subwords"])
@pytest.mark.parametrize("text", [JAPANESE, CHINESE, THAI, ENGLISH, CUT])
def test_characters_and_subwords_fit_all(tokenizer: str, text: str) -> None:
    assert misfit(tokenizer, script(text)) is None


def test_a_piece_counts_as_often_as_it_occurs() -> None:
    found = script("a " * 30 + "猫\n")
    assert found.share == pytest.approx(1 / 31) and found.piece_length == 1


def test_the_texts_that_ship_here() -> None:
    pytest.importorskip("fugashi")
    expected = {"stories.txt": "words", "dialogues.txt": "words", "japanese.txt": "mecab", "pairs.de": "words"}
    found = {name: fitting(script((ROOT / "corpora" / name).read_text("utf-8"))).tokenizer for name in expected}
    assert found == expected


def test_a_long_text_is_looked_at_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are more distinct pieces than are looked at, neither the beginning nor the end decides alone."""
    monkeypatch.setattr("seqcli.text.script.SAMPLE", 50)
    lines = [f"word{i}" for i in range(200)] + [f"これは長い日本語の文で、番号は{i}です。" for i in range(200)]
    for some in (lines, lines[::-1]):
        found = script("\n".join(some))
        assert found.language == "Japanese" and found.unspaced
