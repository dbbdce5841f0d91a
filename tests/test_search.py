"""One's own texts searched and grouped by meaning: what is found, where it stands, what is kept for the next time."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from command_line import seqcli
from sample_documents import word_document

from seqcli.vectors.search import passage_index
from seqcli.vectors.search.clusters import groups_of
from seqcli.vectors.search.passages import passages_of, said_in
from seqcli.vectors.search.sentence_vectors import common_direction, without

TOPICS = {
    "sea": ("sea", "boat", "harbour", "waves", "fishing", "shore"),
    "bread": ("bread", "oven", "flour", "baker", "cake", "dough"),
    "money": ("rent", "bank", "debt", "loan", "price", "coins"),
}
COMMON = ("the", "a", "of", "in", "was")
NOTES = """The boat left the harbour.
It was a quiet day.

The baker took flour,
and made a cake
in the oven.

The bank asked for the rent, and the debt grew.
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with notes, and word vectors of three topics, whose words share a direction with all others."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQCLI_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(1)
    axes = np.eye(8)
    lines = [f"{word} {' '.join(f'{x:.4f}' for x in 2 * axes[7] + rng.normal(0, 0.1, 8))}" for word in COMMON]
    for at, words in enumerate(TOPICS.values()):
        lines += [
            f"{word} {' '.join(f'{x:.4f}' for x in axes[at] + axes[7] + rng.normal(0, 0.1, 8))}" for word in words
        ]
    (tmp_path / "v.txt").write_text("\n".join(lines))
    assert seqcli("import", "v.txt").code == 0
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "day.txt").write_text(NOTES)
    (tmp_path / "notes" / "more.md").write_text("The coins\nA loan of the bank.\nWaves on the shore.\n")
    return tmp_path


def found(*words: str) -> list[dict[str, object]]:
    done = seqcli("search", *words, "--jsonl")
    assert done.code == 0, done.err
    return done.records


def test_passages_are_found_by_what_they_mean(here: Path) -> None:
    """None of them has a word of the query in it."""
    first, second = found("fishing on the sea", "notes", "-k", "2")
    assert {first["text"], second["text"]} == {"Waves on the shore.", "The boat left the harbour. It was a quiet day."}
    assert first["rank"] == 1 and first["similarity"] >= second["similarity"]  # type: ignore[operator]
    (best,) = found("dough", "notes", "-k", "1")
    assert best == {
        "rank": 1,
        "similarity": best["similarity"],
        "file": "notes/day.txt",
        "line": 4,
        "text": "The baker took flour, and made a cake in the oven.",
    }


def test_the_lines_around_are_shown(here: Path) -> None:
    (best,) = found("loan", "notes/more.md", "-k", "1", "-C", "1")
    assert best["text"] == "A loan of the bank."
    assert (best["before"], best["after"]) == (["The coins"], ["Waves on the shore."])
    page = seqcli("search", "loan", "notes/more.md", "-k", "1", "-C", "1", terminal=True).out.splitlines()
    assert page[0].startswith("notes/more.md:2  (") and page[1:] == [
        "  | The coins",
        "  > A loan of the bank.",
        "  | Waves on the shore.",
    ]


def test_only_what_changed_is_read_again_and_no_text_is_kept(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = found("sea", "notes")
    kept = [path.read_bytes() for path in (here / "cache").rglob("*.vectors")]
    assert len(kept) == 2 and not any(b"harbour" in data or b"notes" in data for data in kept)
    read: list[str] = []
    real = passage_index.read_lines
    monkeypatch.setattr(passage_index, "read_lines", lambda paths, form: read.extend(paths) or real(paths, form))
    assert found("sea", "notes") == wanted and read == []
    (here / "notes" / "more.md").write_text("The sea, the sea.\n")
    os.utime(here / "notes" / "more.md", ns=(1, 1))
    assert found("sea", "notes", "-k", "1")[0]["text"] == "The sea, the sea." and read == ["notes/more.md"]
    (here / "notes" / "new.docx").write_bytes(word_document(["The waves of the sea."]))
    done = seqcli("search", "sea", "notes", "--jsonl")
    assert "5 passages in 3 files, of which 1 were read anew" in done.err and "The waves of the sea." in done.out
    for path in (here / "cache").rglob("*.vectors"):
        path.write_bytes(path.read_bytes()[:-1])  # whatever is wrong with it, it is made anew
    read.clear()
    assert found("sea", "notes", "-k", "1")[0]["text"] == "The sea, the sea." and len(read) == 3
    found("sea", "notes", "--unit", "line")
    assert len(read) == 6  # other passages have other vectors
    (here / "cache").rename(here / "old")
    found("sea", "notes", "--no-index")
    assert not (here / "cache").exists()


def test_what_cannot_be_found_is_one_line(here: Path) -> None:
    assert "knows none of the words 'zebra'" in seqcli("search", "zebra", "notes").error
    assert "'zebra': no words of 'v'" in seqcli("search", "zebra in the sea", "notes").err
    assert seqcli("search", " ", "notes").code == 2
    assert "not a pipe" in seqcli("search", "sea", "-", stdin=b"x\n").error
    (here / "notes" / "blank.txt").write_text("...\n")
    assert found("sea", "notes/blank.txt") == []


def test_groups_are_named_by_their_words(here: Path) -> None:
    lines = [
        f"{COMMON[i % 5]} {a} {words[i - 1]} {b}."
        for words in TOPICS.values()
        for i, (a, b) in enumerate(_pairs(words))
    ]
    (here / "mixed.txt").write_text("\n".join(lines))
    rows = seqcli("cluster", "mixed.txt", "--groups", "3", "--jsonl").records
    assert [row["text"] for row in sorted(rows, key=lambda row: row["line"])] == lines
    groups: dict[int, list[str]] = {}
    for row in rows:
        groups.setdefault(row["group"], []).append(row["text"])
    for group, texts in groups.items():
        topic = next(words for words in TOPICS.values() if words[0] in " ".join(texts))
        assert all(any(word in text for word in topic) for text in texts) and len(texts) == len(topic)
        names = next(row["words"] for row in rows if row["group"] == group).split()
        assert names and set(names) <= set(topic)
    assert rows == seqcli("cluster", "mixed.txt", "--groups", "3", "--jsonl").records
    page = seqcli("cluster", "mixed.txt", "--groups", "3", "--examples", "2", terminal=True).out.splitlines()
    assert len(page) == 9 and page[0].startswith("1. ") and page[0].endswith("(6)")
    (here / "other.txt").write_text("zebra\n")
    assert "knows no word" in seqcli("cluster", "other.txt").error


def _pairs(words: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(word, words[(i + 1) % len(words)]) for i, word in enumerate(words)]


# -- the parts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit", "wanted"),
    [
        ("a\nb\n\nc", "auto", [(1, 2, "a b"), (4, 4, "c")]),
        ("a\nb\nc", "auto", [(1, 1, "a"), (2, 2, "b"), (3, 3, "c")]),
        ("a\nb\n\nc", "line", [(1, 1, "a"), (2, 2, "b"), (4, 4, "c")]),
        ("a\nb\nc", "paragraph", [(1, 3, "a b c")]),
        ("One. Two!\n---\nThree", "sentence", [(1, 1, "One."), (1, 1, "Two!"), (3, 3, "Three")]),
        ("", "auto", []),
    ],
)
def test_passages_stand_where_they_say(text: str, unit: str, wanted: list[tuple[int, int, str]]) -> None:
    lines = text.split("\n")
    passages = passages_of(lines, unit)
    assert [(one.first, one.last, one.text) for one in passages] == wanted
    for one in passages:
        assert said_in(lines, one.first, one.last)[one.begin : one.end].strip() == one.text


def test_a_long_passage_is_cut_between_its_sentences() -> None:
    sentences = [f"Sentence number {i} has some seven words here." for i in range(40)]
    passages = passages_of([" ".join(sentences)], "auto")
    assert 3 < len(passages) < 8 and " ".join(one.text for one in passages) == " ".join(sentences)
    assert all(one.text.startswith("Sentence") and one.text.endswith(".") for one in passages)
    japanese = "猫が窓の外を見ていると、雨が静かに降り始めた。" * 20
    assert len(passages_of([japanese], "auto")) > 2


def test_what_all_share_is_taken_out_where_there_are_enough() -> None:
    rng = np.random.default_rng(1)
    shared = np.array([0, 0, 0, 1.0])
    vectors = (rng.standard_normal((50, 4)) * 0.3 + 5 * shared).astype(np.float32)
    direction = common_direction(vectors)
    assert direction is not None and abs(float(direction @ shared)) > 0.99
    left = without(vectors, direction)
    assert np.abs(left @ direction).max() < 1e-3 and np.allclose(np.linalg.norm(left, axis=1), 1, atol=1e-5)
    assert common_direction(vectors[:9]) is None and not without(np.zeros((2, 4), np.float32), direction).any()


def test_groups_of_one_passage_and_of_equal_ones() -> None:
    one = np.array([[1.0, 0]], np.float32)
    (group,) = groups_of(one, [["sea", "waves"]], 1, 1)
    assert group.places == [0] and group.words == ["sea", "waves"][: len(group.words)]
    assert sum(len(group.places) for group in groups_of(np.repeat(one, 5, 0), [["sea"]] * 5, 3, 1)) == 5


def test_the_records_have_the_names_that_other_commands_use(here: Path) -> None:
    assert list(json.loads(seqcli("search", "sea", "notes", "--json").out)[0]) == [
        "rank",
        "similarity",
        "file",
        "line",
        "text",
    ]
