"""Text as it was written: what is left alone, where its words stand, and what corrections do to it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcli.errors import CorpusError, MisuseError, ModelError
from seqcli.fill.proofreading.accepted import accepted_words
from seqcli.fill.proofreading.changed_lines import changed_files, changed_lines
from seqcli.fill.proofreading.diff import unified
from seqcli.fill.proofreading.edits import Edit, applied, is_same
from seqcli.fill.proofreading.markup import OPAQUE, Prose
from seqcli.fill.proofreading.reading import read
from seqcli.fill.proofreading.texts import read_text, text_files, write_text
from seqcli.text.tokens import JOINER, make

WORDS = make("words", False)


def words_of(text: str, path: str = "") -> list[str]:
    """Return the words that may be judged, as they stand in the text."""
    reading = read(text, WORDS, path)
    return [text[t.start : t.end] for t in reading.tokens if t.token != OPAQUE and any(map(str.isalpha, t.token))]


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("Use `git comit` here.", "a.md", "Use here"),
        ("One\n\n```sh\nrm -rf wrng\n```\n\ntwo", "a.md", "One two"),
        ("See [the page](http://exmaple.com/teh) now", "a.md", "See the page now"),
        ("# A head\n\n- an item\n> a quote\n1. first", "a.md", "A head an item a quote first"),
        ("A **bold** _word_, <b>tagged</b> <!-- teh -->end", "a.md", "A bold word tagged end"),
        ("---\ntitel: x\n---\nText", "a.md", "Text"),
        ("Take $x_i + wrng$ and 5 $ more", "a.md", "Take and more"),
        ("I \\emph{really} think \\cite{knuth84} so.", "a.tex", "I really think so"),
        ("\\section{Teh end}\nText % remrk\nmore", "a.tex", "Teh end Text more"),
        ("A $a^b$ c \\begin{equation}\nwrng\n\\end{equation} d", "a.tex", "A c d"),
        ("Mail me@exmaple.org or http://teh.org now", "a.txt", "Mail me@exmaple.org or http://teh.org now"),
        ("snake_case is 5 > 3 and 2 * 3 * 4", "a.txt", "snake_case is and"),
    ],
)
def test_markup_is_left_alone(text: str, path: str, words: str) -> None:
    assert words_of(text, path) == words.split()


@given(st.text("ab .,\n`*_#>|$\\{}[]()<!->%~-\t'’é", max_size=60), st.sampled_from(["a.md", "a.tex", "a.txt"]))
def test_every_token_stands_where_it_says(text: str, path: str) -> None:
    reading = read(text, WORDS, path)
    at = 0
    for token in reading.tokens:
        assert at <= token.start < token.end <= len(text)
        at = token.end
        if token.token != OPAQUE and not reading.apart:
            assert text[token.start : token.end].startswith(token.token.strip(JOINER)[:1])
    inside = [i for low, high in reading.windows for i in range(low, high)]
    assert inside == list(range(len(reading.tokens)))


def test_offsets_count_characters_through_crlf_and_a_byte_order_mark() -> None:
    text = "\ufeffOne\r\ntwo **three** fo\u0301ur"
    reading = read(text, WORDS, "a.md")
    assert [text[t.start : t.end] for t in reading.tokens][-1] == "fo\u0301ur"
    assert text[reading.tokens[-2].start : reading.tokens[-2].end] == "three"


def test_text_that_is_cut_into_tokens_is_read_as_prose() -> None:
    tokens = [t.token for t in read("I do n't know , she 's here .", WORDS).tokens]
    assert tokens == ["I", "don't", "know", f"{JOINER},", "she", f"{JOINER}'s", "here", f"{JOINER}."]


def test_wrapped_lines_are_one_paragraph_and_lists_are_not() -> None:
    wrapped = "It was a long line that went on\nand ended here.\n\nNext one."
    assert len(read(wrapped, WORDS).windows) == 2
    assert len(read("One thing\nOther thing\nThird thing", WORDS).windows) == 3


def test_markup_without_end_takes_no_time() -> None:
    for text in ("`" * 20_000, "[" * 20_000, "$" * 20_000, "<!--" * 5_000, "*a" * 20_000, "\\begin{" * 5_000):
        for path in ("a.md", "a.tex"):
            Prose(text, "latex" if path.endswith("tex") else "markdown")


TEXT = st.text("ab \n", max_size=30)


@given(TEXT, st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3), st.text("xy\n", max_size=3)), max_size=4))
def test_a_diff_makes_with_patch_what_edits_make(text: str, some: list[tuple[int, int, str]]) -> None:
    edits = [Edit(min(a, len(text)), min(a + n, len(text)), instead) for a, n, instead in some]
    after = applied(text, edits)
    diff = list(unified("a.txt", text, after))
    assert bool(diff) == (text != after)
    assert all(line.endswith("\n") for line in diff)


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
@pytest.mark.parametrize("changed", ["one\ntwo\nthree!", "1\ntwo\n3", "one\ntwo\nthree", "\ntwo\r\n\x0cthree\x85"])
def test_patch_applies_it(tmp_path: Path, end: str, changed: str) -> None:
    before, after = f"one\ntwo\nthree{end}", f"{changed}{end}"
    file = tmp_path / "a b.txt"
    file.write_bytes(before.encode())
    diff = "".join(unified("a b.txt", before, after))
    if diff:
        subprocess.run(["patch", "-p1", "--binary"], cwd=tmp_path, input=diff.encode(), check=True, capture_output=True)
    assert file.read_bytes() == after.encode()


def test_edits_that_make_the_same_text_are_the_same() -> None:
    text = "he went went home"
    assert is_same(text, Edit(7, 12, ""), Edit(2, 7, ""))
    assert is_same(text, Edit(3, 12, "went"), Edit(7, 12, ""))
    assert not is_same(text, Edit(7, 12, ""), Edit(12, 17, ""))


def test_accepted_words_lie_beside_a_text_and_above_it_in_its_work_tree(tmp_path: Path) -> None:
    (tmp_path / "seqcli.words").write_text("Frobnicate  # ours\nfoo bar\n", "utf-8")
    inside = tmp_path / "docs"
    inside.mkdir()
    (inside / "seqcli.words").write_text("quux\n", "utf-8")
    text = inside / "a.md"
    assert accepted_words([], [str(text)]) == {"quux"}
    (tmp_path / ".git").mkdir()
    assert accepted_words([], [str(text)]) == {"quux", "frobnicate", "foo", "bar"}
    with pytest.raises(CorpusError, match="nosuch"):
        accepted_words([str(tmp_path / "nosuch")])


def git(folder: Path, *words: str) -> None:
    names = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", *names, *words], cwd=folder, check=True, capture_output=True)


def test_changed_lines_are_those_of_git(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    file = tmp_path / "a ü.txt"
    file.write_text("one\ntwo\nthree\nfour\n", "utf-8")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    assert changed_lines(str(file), "HEAD") == [] and changed_files(str(tmp_path), "HEAD") == []
    file.write_text("one\n2\n3\nfour\nfive\n", "utf-8")
    new = tmp_path / "new.md"
    new.write_text("new", "utf-8")
    assert changed_lines(str(file), "HEAD") == [range(2, 4), range(5, 6)]
    assert 1 in changed_lines(str(new), "HEAD")[0]
    assert changed_files(str(tmp_path), "HEAD") == ["a ü.txt", "new.md"]
    for bad in ("--output=x", "", "nosuch"):
        with pytest.raises(MisuseError):
            changed_lines(str(file), bad)


def test_what_is_no_work_tree_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(MisuseError, match="work tree"):
        changed_files(str(tmp_path), "HEAD")


def test_texts_are_read_as_they_are_or_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes("\ufeffa\r\nb\x0c".encode())
    assert read_text(str(file)) == "\ufeffa\r\nb\x0c"
    file.write_bytes("Straße".encode("latin-1"))
    with pytest.raises(CorpusError, match="latin-1"):
        read_text(str(file))
    file.write_bytes(b"\x89PNG\r\n")
    with pytest.raises(CorpusError, match="PNG"):
        read_text(str(file))
    with pytest.raises(CorpusError, match="No file fits"):
        text_files([str(tmp_path / "*.md")])
    assert text_files([str(tmp_path / "*.txt")]) == [str(file)]


def test_a_text_that_changed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("now another", "utf-8")
    with pytest.raises(ModelError, match="changed"):
        write_text(str(file), "before", "after")
    assert file.read_text("utf-8") == "now another"


def test_a_link_stays_one_and_permissions_stay(tmp_path: Path) -> None:
    file, link = tmp_path / "a.txt", tmp_path / "link.txt"
    file.write_text("before", "utf-8")
    file.chmod(0o640)
    link.symlink_to(file)
    write_text(str(link), "before", "after")
    assert link.is_symlink() and file.read_text("utf-8") == "after" and file.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "link.txt"]
