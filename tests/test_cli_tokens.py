"""tokenize and detokenize: lines in, lines out, the very tokens of a model; and no other command shows their marks."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import TINY, seqcli
from conftest import ROOT

from seqcli.cli.tokens import BY_RULES
from seqcli.text.tokens import JOINER, SPACE

STORIES = "\n".join((ROOT / "corpora" / "stories.txt").read_text("utf-8").splitlines()[:60]) + "\n"
JAPANESE = (ROOT / "corpora" / "japanese.txt").read_text("utf-8")
PROSE = '"Well," he said — it\'s 1,234.5 (or so)...\n\n  two   spaces\nlast'
VECTORS = ("--embedding-size", "8", "--epochs", "2", "--threads", "1", "--min-count", "1")
PAIRS = ("--embedding-size", "8", "--encoder-size", "8", "--hidden-size", "8", "--epochs", "1", "--threads", "1")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models of every kind: of words, subwords, n-grams, vectors, pairs apart."""
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "book.txt").write_text(STORIES, "utf-8")
    (folder / "ja.txt").write_text(JAPANESE, "utf-8")
    for side in ("en", "de"):
        text = (ROOT / "corpora" / f"pairs.{side}").read_text("utf-8")
        (folder / f"p.{side}").write_text(text, "utf-8")
    book, shelf = folder / "book.txt", ("--models-dir", folder / "models")
    for arguments in (
        ("train-lm", book, *TINY),
        ("train-lm", book, *TINY, "--name", "sub", "--tokenizer", "subwords", "--subwords", "300"),
        ("train-lm", book, "--architecture", "ngram", "--order", "2", "--name", "counts"),
        ("train-w2v", book, *VECTORS, "--name", "vectors"),
        ("train-w2v", folder / "ja.txt", *VECTORS, "--tokenizer", "words", "--name", "wrong"),
        ("train-translate", folder / "p.en", folder / "p.de", *PAIRS, "--no-joint", "--subwords", "200", "--name", "p"),
    ):
        done = seqcli(*shelf, *arguments)
        assert done.code == 0, done.err
    return folder


@pytest.fixture
def here(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(shelf)
    return shelf


def lines_of(command: str, text: str, *options: str) -> list[str]:
    done = seqcli(command, *options, stdin=text.encode())
    assert done.code == 0 and done.err == "", done.err
    return done.out.split("\n")[:-1]


@pytest.mark.parametrize("name", BY_RULES)
def test_lines_come_back_as_they_were(name: str) -> None:
    if name == "mecab":
        pytest.importorskip("fugashi")
    text = JAPANESE if name in ("japanese", "mecab") else PROSE
    cut = lines_of("tokenize", text, "--tokenizer", name)
    expected = [" ".join(line.split()) for line in text.removesuffix("\n").split("\n")]
    assert (len(cut) == len(expected) and cut != expected) or name == "whitespace"
    assert lines_of("detokenize", "\n".join(cut), "--tokenizer", name) == expected
    assert lines_of("tokenize", "\n".join(expected), "--tokenizer", name) == cut


@pytest.mark.parametrize("options", [("-m", "book"), ("-m", "sub"), ("-m", "p"), ("-m", "p", "--target"), ()])
def test_a_models_lines_come_back_as_they_were(here: Path, options: tuple[str, ...]) -> None:
    text = (here / "p.de" if "--target" in options else here / "book.txt").read_text("utf-8")
    cut = lines_of("tokenize", text, *options)
    assert lines_of("detokenize", "\n".join(cut), *options) == text.removesuffix("\n").split("\n")
    assert any(JOINER in line or SPACE in line for line in cut)


def test_an_argument_a_file_and_a_pipe_give_the_same(here: Path) -> None:
    (here / "ask.txt").write_text("Well, I am.\n", "utf-8")
    expected = f"Well {JOINER}, I am {JOINER}.\n"
    for arguments in (("Well, I am.",), ("Well,", "I", "am."), ("--file", "ask.txt")):
        assert seqcli("tokenize", "-m", "book", *arguments).out == expected
    assert seqcli("tokenize", "--tokenizer", "words", "--lowercase", "Well, I am.").out == expected.lower()
    assert seqcli("detokenize", "--tokenizer", "words", expected.strip()).out == "Well, I am.\n"


def test_the_sides_of_a_translator_that_learned_apart_differ(here: Path) -> None:
    text = "Das kleine Haus."
    assert seqcli("tokenize", "-m", "p", text).out != seqcli("tokenize", "-m", "p", "--target", text).out


def test_other_programs_see_the_tokens_of_an_exported_arpa_file(here: Path) -> None:
    """Whoever asks the ARPA file with the lines of tokenize meets its vocabulary, and no unknown word."""
    assert seqcli("export", "counts", "out.arpa", "--format", "arpa", "--replace").code == 0
    text = (here / "out.arpa").read_text("utf-8")
    unigrams = text.split("\\1-grams:\n")[1].split("\n\n")[0].splitlines()
    known = {line.split("\t")[1] for line in unigrams}
    line = '"It was the old boat," said the man.'
    assert not set(line.split()) <= known  # what splitting at spaces would give
    assert set(seqcli("tokenize", "-m", "counts", line).out.split()) <= known


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("x", "--tokenizer", "words", "-m", "book"), 2, "not both"),
        (("x", "--tokenizer", "words", "--target"), 2, "not both"),
        (("x", "-m", "book", "--lowercase"), 2, "--lowercase goes with --tokenizer"),
        (("x", "-m", "book", "--target"), 2, "no translator"),
        (("x", "-m", "missing"), 1, "missing"),
        (("x", "--tokenizer", "subwords"), 2, "subwords"),
        (("x", "--file", "book.txt", "-m", "book"), 2, "not both"),
    ],
)
@pytest.mark.parametrize("command", ["tokenize", "detokenize"])
def test_what_is_wrong_is_one_line(here: Path, command: str, arguments: tuple[str, ...], code: int, told: str) -> None:
    done = seqcli(command, *arguments)
    assert done.code == code and told in done.error and done.out == ""


def test_rules_need_no_model_even_where_one_is_usual(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQCLI_MODEL", "missing")
    assert seqcli("tokenize", "--tokenizer", "words", "a, b").out == f"a {JOINER}, b\n"


ASKED = [
    ("predict-word", "some of them", "-k", "10000", "-m", "book"),
    ("predict-word", "He said", "-k", "10000", "-m", "sub"),
    ("predict-word", "He said", "--next", "20", "-m", "sub"),
    ("predict-word", "I ，am", "-m", "book"),
    ("score", "--words", '"Well," she said.', "-m", "book"),
    ("generate", "It was", "-n", "3", "-m", "book"),
    ("neighbors", ",", "-k", "10000", "-m", "vectors"),
    ("analogy", ". - the + ,", "-m", "vectors"),
    ("similarity", ",", ".", "-m", "vectors"),
    ("odd-one-out", ",", ".", "the", "-m", "vectors"),
    ("neighbors", "teh", "-m", "vectors"),
    ("neighbors", "学校", "-m", "wrong"),
    ("neighbors", "港", "-k", "10000", "-m", "wrong"),
    ("compare", "vectors", "vectors", "--show", "1000"),
    ("translate", "The house is small.", "-m", "p", "--alignment"),
    ("score-translation", "The house.", "Das Haus.", "-m", "p", "--words"),
    ("evaluate", "book", "counts", "--test", "book.txt"),
    ("corpus", "book.txt"),
    ("predict-word", "a", "-m", "book", "--mix", "sub"),
]


@pytest.mark.parametrize("arguments", ASKED, ids=" ".join)
def test_marks_inside_tokens_never_reach_a_person(here: Path, arguments: tuple[str, ...]) -> None:
    for output in ((), ("--json",)):
        done = seqcli(*arguments, *output)
        assert done.out or done.err
        assert not {JOINER, SPACE} & set(done.out + done.err), (done.out + done.err)[:2000]
        assert "Error: No" not in done.err and done.code in (0, 1, 2)


def test_what_is_shown_can_be_asked(here: Path) -> None:
    """A token with a mark is known by what is shown of it: a comma is asked for as a comma."""
    done = seqcli("neighbors", ",", "-m", "vectors")
    assert done.code == 0 and len(done.rows) == 10
    assert done.rows[0][0] == ","
    asked = seqcli("neighbors", "学校", "-m", "wrong")
    assert asked.code == 1 and "'校'" in asked.error
