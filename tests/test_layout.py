"""Text on a terminal: broken between words, tables that fit or records, a person's digits, commands to copy."""

from __future__ import annotations

import io
import re
import shlex

import pytest
from command_line import Stream, seqcli

from seqcli.cli.layout import FilledLine, command_lines, display_width, readable, shell_word, table_lines, wrapped
from seqcli.cli.terminal import Results, Terminal

ENGLISH = (
    "The held-out part is cut from the text at the ends of lines; 1,234,567 tokens and 0.30813 of it, see a/b-c/d.txt."
)
JAPANESE = (
    "勾配を十歩さかのぼると、GRUのゲートは0.25を残し、お母さんが作ったコーヒーの「香り」も長短期記憶のセルに残ります。"
)


@pytest.mark.parametrize("width", [20, 33, 60, 80, 120])
@pytest.mark.parametrize("text", [ENGLISH, JAPANESE])
def test_a_line_is_broken_between_words_only(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert max(map(display_width, lines)) <= width
    assert "".join(lines).replace(" ", "") == text.replace(" ", ""), "nothing is lost"
    whole = set(text.split()) | set(re.findall(r"[\d,.]*\d|[A-Za-z]+|[ァ-ヶー]+|[一-龠]+", text))
    found = set(re.findall(r"[\d,.]*\d|[A-Za-z]+|[ァ-ヶー]+|[一-龠]+", "\n".join(lines)))
    assert found <= whole
    for line in lines:
        assert not line.startswith(tuple("、。」ーょ")) and not line.endswith("「"), line
        assert text is JAPANESE or set(line.split()) <= set(text.split()), line


def test_what_has_no_joint_stays_whole_and_a_long_run_of_characters_does_not_overflow() -> None:
    path = "models/" + "x" * 100
    assert wrapped(f"Model: {path} is there.", 40) == ["Model:", path, "is there."]
    assert max(map(display_width, wrapped("漢" * 100, 40))) == 40


def test_what_is_one_to_a_reader_stays_on_a_line() -> None:
    assert wrapped("better (1.8 to 2.1; p = 0.0001) on all", 24) == ["better (1.8 to 2.1;", "p = 0.0001) on all"]
    assert wrapped("signature nrefs:1|case:mixed|eff:no", 20) == ["signature", "nrefs:1|case:mixed|eff:no"]
    assert wrapped("--tokenizer [words|whitespace|mecab]", 24) == ["--tokenizer [words|", "whitespace|mecab]"]


def test_text_that_comes_in_pieces_is_filled_as_a_whole_one() -> None:
    for text in (ENGLISH, JAPANESE, "one two\nthree  four " * 20):
        line = FilledLine(30)
        written = "".join(map(line.add, text)) + line.end()
        expected = "\n".join(part for paragraph in text.split("\n") for part in wrapped(paragraph, 30))
        assert written.rstrip() == expected.rstrip()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.3081423, "0.3081"), (24123775.4, "24,123,775"), (0.999945, "0.9999"), (0.9999994, "0.999999"), (1.0, "1"),
        (5, "5"), (61234, "61,234"), (None, ""), (True, "yes"), (2.5e-7, "2.5e-07"), (9.999e-5, "0.0001"),
        (1e300, "1e+300"),
        ("0.30814299", "0.30814299"), (-4321.9, "-4,322"),
    ],
)  # fmt: skip
def test_a_number_has_the_digits_that_a_person_reads(value: object, shown: str) -> None:
    assert readable(value) == shown


@pytest.mark.parametrize(
    "word", ["plain", "some of them", "Mrs. David's", "it's", 'say "it\'s"', "$HOME", "a'b$c", "", "日本語", "a\\b'"]
)
def test_a_word_is_quoted_as_a_person_would_and_means_the_same_to_a_shell(word: str) -> None:
    typed = shell_word(word)
    assert shlex.split(typed) == [word]
    assert typed == word or typed[0] in "'\""


def test_a_command_of_several_lines_can_be_copied() -> None:
    words = ["seqcli", "train-lm", "a long name.txt", "--name", "x", "--models-dir", "/a/b/c/d/e/f/g", "--resume"]
    lines = command_lines(list(map(shell_word, words)), 40)
    assert len(lines) > 1 and max(map(len, lines)) <= 40
    assert shlex.split("\n".join(lines).replace("\\\n", "")) == words


def test_the_command_in_a_note_stands_below_it_where_it_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    words = ["seqcli", "predict-word", "some of them", "-m", "a-model-of-a-long-name"]
    for terminal, lines in ((True, 3), (False, 1)):
        err = Stream(terminal)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stderr", err)
            Terminal().note("The model is in models/a. Try:", words)
        assert len(err.text.splitlines()) == lines
        assert shlex.split(err.text.split("Try:")[1].replace("\\\n", "")) == words


def shown(width: int, columns: list[str], *rows: list[object], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    out = Stream(True)
    with Results(columns, "", out) as results:
        for row in rows:
            results.add(*row)  # type: ignore[arg-type]
    return re.sub(r"\x1b\[[0-9;]*m", "", out.text).splitlines()


def test_a_table_that_fits_is_aligned_and_one_that_does_not_is_a_record_below_a_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns = ["experiment", "shows", "seconds", "held_out_perplexity", "nothing"]
    rows = (["one", "what a gradient does on its way back", 12345.678, 0.308142, None], ["two", "a", 1.0, 2, None])
    wide = shown(120, columns, *rows, monkeypatch=monkeypatch)
    assert len(wide) == 3 and wide[0].split() == columns
    assert wide[1].split()[-2:] == ["12,346", "0.3081"], "numbers stand whole, in four digits"
    middle = shown(60, columns, *rows, monkeypatch=monkeypatch)
    assert middle[0].split() == columns[:-1], "an empty column makes room"
    narrow = shown(40, columns, *rows, monkeypatch=monkeypatch)
    assert narrow[0] == "experiment           one" and narrow[5] == "held_out_perplexity  0.3081"
    assert [line.split()[-1] for line in narrow[1:4]] == ["gradient", "way", "back"]
    assert "" in narrow and max(map(len, narrow)) <= 40


def test_east_asian_columns_are_aligned(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(60, ["word", "rank", "score"], ["猫", 1, 0.5], ["動物園", 10, 0.25], monkeypatch=monkeypatch)
    assert {display_width(line) for line in lines} == {len("動物園") * 2 + 2 + 4 + 2 + 5}


def test_a_cell_keeps_its_shades_when_it_is_wrapped() -> None:
    cell = [("the cat ", 0), ("saw", 3), (" the dog", 0)]
    lines = table_lines(["text", "n"], [[cell, [("1", 0)]]], [False, True], 24)
    assert lines[1:] == [[("the cat ", 0), ("saw", 3), (" the dog", 0), ("  ", 0), ("1", 0)]]
    lines = table_lines(["t"], [[[("a" * 15 + " ", 0), ("b" * 10, 3)]]], [False], 20)
    assert [part for line in lines for part in line if part[1] == 3] == [("b" * 10, 3)]


EVIL = "a\x1b[2Jb\x07c\x9bd\u202ee"


@pytest.mark.parametrize("output", ["", "csv", "json", "jsonl"])
def test_what_a_terminal_could_obey_is_escaped_there_in_every_format_and_whole_in_a_pipe(output: str) -> None:
    for terminal in (True, False):
        out = Stream(terminal)
        with Results(["text"], output, out) as results:
            results.add(EVIL)
        evil = [c for c in out.text.replace("\x1b[1m", "").replace("\x1b[0m", "") if c in "\x1b\x07\x9b\u202e"]
        if terminal:
            assert not evil, ascii(out.text)
        elif output not in ("json", "jsonl"):
            assert EVIL in out.text
        if output in ("json", "jsonl"):
            import json

            found = json.loads(out.text)
            assert (found[0] if output == "json" else found) == {"text": EVIL}


def test_documents_texts_and_streams_are_escaped_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    for terminal in (True, False):
        out = Stream(terminal)
        monkeypatch.setattr("sys.stdout", out)
        Terminal().document({"text": EVIL})
        Terminal().texts([EVIL])
        Terminal().stream(iter([EVIL[:4], EVIL[4:], "\nend"]))
        document, text, *stream = out.text.split("\n")
        assert json.loads(document) == {"text": EVIL}
        assert ("\x9b" in out.text) is not terminal and ("\u202e" in out.text) is not terminal
        assert (text == EVIL) is not terminal and stream[-2] == "end"


def test_an_error_is_wrapped_on_a_terminal_and_one_line_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    words = ("models", "show", "nosuch", "--models-dir", "/nowhere at all/" + "y" * 20)
    one, several = seqcli(*words).err, seqcli(*words, terminal=True).err
    assert len(one.splitlines()) == 1 and len(several.splitlines()) > 1
    assert several.split() == one.split() and max(map(len, several.splitlines())) <= 40


def test_a_stream_without_a_terminal_has_the_usual_width(monkeypatch: pytest.MonkeyPatch) -> None:
    from seqcli.cli.layout import width_of

    for value, width in (("", 80), ("x", 80), ("0", 80), ("100", 100), ("3", 20)):
        monkeypatch.setenv("COLUMNS", value)
        assert width_of(io.StringIO()) == width
