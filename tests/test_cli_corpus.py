"""The corpus command: figures on stdout, warnings on stderr, in every format."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from command_line import Stream

from seqcli.cli import cli, run
from seqcli.cli.corpus import corpus, percent

LINES = "".join(f"Line {i % 50} speaks of the cat number {i % 7}.\n" for i in range(200))


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book.txt").write_text(LINES, encoding="utf-8")
    return "book.txt"


def called(*args: str, text: str | None = None) -> Result:
    result = CliRunner().invoke(cli, ["corpus", *args], input=text, catch_exceptions=False)
    assert result.exit_code == 0
    return result


def document(*args: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(called(*args, "--json").stdout)
    return found


def test_figures_are_columns_in_a_pipe(book: str) -> None:
    result = called(book)
    figures = dict(line.split("\t") for line in result.stdout.splitlines())
    assert figures["lines"] == figures["units"] == "200" and figures["unit"] == "line"
    assert figures["tokens"] == str(200 * 9)
    assert figures["coverage_1000"] == "1"
    assert figures["frequent"].startswith("Line 200 · speaks 200 · of 200")
    assert "Warning: 1,800 tokens are few" in result.stderr and "Warning" not in result.stdout


def test_on_a_terminal_warnings_come_first_and_figures_are_words(book: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    both = Stream(True)
    monkeypatch.setattr("sys.stdout", both)
    monkeypatch.setattr("sys.stderr", both)
    assert run(["corpus", book]) == 0
    shown = re.sub(r"\x1b\[[0-9;]*m", "", both.text).split("\r")[-1]
    assert shown.startswith("Warning: 1,800 tokens are few") and "Warning" not in shown.split("\ntext ")[1]
    assert "book.txt: 200 lines (0 blank)" in shown and "_" not in shown
    assert max(map(len, shown.splitlines())) <= 80 and len(shown.splitlines()) <= 20


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.999945, "over 99.99%"), (1.0, "100%"), (0.0, "0%"), (0.0123, "1.23%"), (2e-6, "under 0.01%")],
)
def test_a_share_that_is_not_quite_all_or_nothing_stays_so(share: float, said: str) -> None:
    assert percent(share) == said


def test_one_object_as_json(book: str) -> None:
    found = document(book)
    assert found["files"] == 1 and found["types"] == len(set(LINES.replace(".", " .").split()))
    assert found["frequent"][0] == {"token": "Line", "count": 200}
    assert [row["vocabulary"] for row in found["coverage"]] == [1000, 5000, 10000, 30000, 100000]
    assert any("few" in line for line in found["warnings"])


def test_a_test_text_is_compared(book: str, tmp_path: Path) -> None:
    (tmp_path / "test.txt").write_text(LINES[:82] + "A wholly new line about a dog and its bone.\n", encoding="utf-8")
    found = document(book, "--test", "test.txt")
    assert found["test_units"] == 3 and found["test_units_in_text"] == 2
    assert found["test_unknown_rate"] == pytest.approx(10 / found["test_tokens"])
    assert any("word for word" in line for line in found["warnings"])


def test_settings_of_the_text_are_those_of_a_training(book: str) -> None:
    assert document(book, "--tokenizer", "characters")["tokens"] == len(LINES)  # a space before each piece
    assert document(book, "--min-count", "5")["min_count"] == 5
    assert document(book, "--vocabulary-size", "10")["vocabulary"] == 10
    assert document(book, "--unit", "paragraph")["units"] == 1


def test_several_files_folders_and_pipes(book: str, tmp_path: Path) -> None:
    assert document(book, book)["files"] == 2
    assert document(str(tmp_path))["lines"] == 200
    piped = CliRunner().invoke(cli, ["corpus", "-"], input=LINES)
    assert piped.exit_code == 0 and "lines\t200" in piped.stdout


def test_quiet_is_without_warnings(book: str) -> None:
    assert called(book, "-q").stderr == ""


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["missing.txt"], 1, "Cannot read 'missing.txt'"),
        (["book.txt", "--min-count", "0"], 2, "--min-count"),
        (["book.txt", "--encoding", "nonsense"], 2, "--encoding"),
        (["book.txt", "--test", "missing.txt"], 1, "missing.txt"),
        ([], 2, "TEXT"),
    ],
)
def test_what_is_wrong_is_one_line(
    book: str, args: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["corpus", *args]) == code
    out, err = capsys.readouterr()
    assert out == "" and words in err.splitlines()[-1] and err.splitlines()[-1].startswith("Error: ")


def test_reading_leaves_nothing_behind(book: str, tmp_path: Path) -> None:
    called(book)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.txt"]


def test_the_help_page_names_an_example() -> None:
    assert "seqcli corpus book.txt" in " ".join((corpus.epilog or "").split())
