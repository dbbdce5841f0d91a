"""What a training advises to try: words that the model knows, that mean something, that need no odd quoting."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from command_line import seqcli

from seqcli.cli.tips import sentence
from seqcli.text.content_words import content_rows, content_word


def tip(err: str) -> list[str]:
    return shlex.split(err.split("Try: seqcli ")[1].splitlines()[0])


def test_a_tip_names_a_content_word() -> None:
    common = ["the", "their", "<unk>", "'s", "which", "there"]
    assert content_word([*common, *["of"] * 100, "their", "would", "Mrs.", "morning", "house"]) == "morning"
    assert content_word([*common, "cat", "king"]) == "king"
    assert content_word(["の", "いました", "学校", "。"]) == "学校"
    assert content_word(["cat", "￭,"]) == "cat" and content_word([]) == "WORD"


def test_a_map_shows_words_that_mean_something_and_others_only_where_there_are_too_few() -> None:
    words = ["the", "￭,", "of", "king", "would", *["of"] * 100, "dog", "and", "￭.", "学校", "のは", "house"]
    rows = content_rows(words, 3)
    assert [words[row] for row in rows] == ["dog", "学校", "house"]
    assert [words[row] for row in content_rows(words, 4)] == ["king", "dog", "学校", "house"]
    assert content_rows(["the", "￭,", "cat"], 2) == [0, 2] and content_rows(["the", "￭,"], 9) == [0, 1]


def test_a_tip_translates_a_plain_sentence() -> None:
    assert sentence(["No.", "It's 'odd'.", "x" * 200, "A man is walking."]) == "A man is walking."
    assert sentence(["It's"]) == "It's" and sentence([]) == "TEXT"


LINES = {
    "marks": "''Mrs. David' said <unk> to them , \"yes\" <unk> . \nand the cat saw the old house there .\n",
    "japanese": "「猫は学校に行きました。」と母は言った。\n犬は公園で走っていました。\n",
}


def test_lines_of_one_token_are_counted_and_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("words.txt").write_text("one\ntwo\n" * 100, "utf-8")  # so that there is no 3-gram
    assert seqcli("train-lm", "words.txt", "--architecture", "ngram").code == 0
    assert seqcli("score", "one", "one two three").rows[0][3] != "nan"


@pytest.mark.parametrize("text", LINES)
@pytest.mark.parametrize("tokenizer", ["words", "whitespace", "characters", "japanese"])
def test_the_prompt_of_a_tip_is_plain_words_that_a_model_answers(
    text: str, tokenizer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(LINES[text] * 100, "utf-8")
    done = seqcli("train-lm", "text.txt", "--architecture", "ngram", "--tokenizer", tokenizer)
    assert done.code == 0, done.err
    words = tip(done.err)
    if not (text == "japanese" and tokenizer in ("words", "whitespace")):  # which leave nothing but whole lines
        assert re.fullmatch(r"[^\W\d_]+( [^\W\d_]+)*", words[1]), words
    asked = seqcli(*words)
    assert asked.code == 0 and asked.out and "does not know" not in asked.err
