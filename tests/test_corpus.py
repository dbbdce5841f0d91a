"""A text becomes ids: counted by a plain loop beside it, cut where units end, in a file where it is long."""

from __future__ import annotations

import os
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.errors import CorpusError
from seqcli.text import interning, spool, tokens, units
from seqcli.text.corpus import Corpus, Encoded, build, encode, read_pieces
from seqcli.text.encoded_text import keep, opened
from seqcli.text.interning import LINE, Interner
from seqcli.text.pieces import Pieces
from seqcli.text.settings import TextSpec
from seqcli.text.spool import Spool
from seqcli.text.token_table import TokenTable, count_pieces
from seqcli.text.tokens import tokens_of
from seqcli.text.units import cut_held_out, is_paragraphs
from seqcli.text.vocabulary import EOS, UNK

LINES = "".join(f"the cat number {i % 7} sat on mat {i % 5}.\n" for i in range(400))
PARAGRAPHS = "".join(f"one line of {i % 9}\nand one more\n\n" for i in range(200))


def pieces_from(text: str, folder: Path | None = None) -> Pieces:
    return Pieces.read([text.encode()], str(folder) if folder else None)


def built(text: str, valid: str | None = None, **settings: object) -> Corpus:
    spec = TextSpec(**{"tokenizer": "whitespace", **settings})  # type: ignore[arg-type]
    return build(pieces_from(text), pieces_from(valid) if valid else None, spec)


def spelled(corpus: Corpus, part: Encoded) -> list[str]:
    return [corpus.vocabulary.tokens[i] for i in part.ids.tolist()]


def plainly(text: str, paragraphs: bool) -> list[str]:
    """The tokens that a plain loop finds, <eos> at the end of every unit."""
    out: list[str] = []
    for unit in text.split("\n\n") if paragraphs else text.split("\n"):
        words = unit.split()
        out += [*words, "<eos>"] if words else []
    return out


def test_the_whole_text_is_encoded_as_a_plain_loop_would() -> None:
    for text, paragraphs in ((LINES, False), (PARAGRAPHS, True)):
        corpus = built("x y z\n" * 9, text, unit="paragraph" if paragraphs else "line", min_count=1)
        whole = encode(pieces_from(text), corpus.tokenizer, built(text, text, min_count=1).vocabulary, corpus.text.unit)
        vocabulary = built(text, text, min_count=1).vocabulary
        assert [vocabulary.tokens[i] for i in whole.ids] == plainly(text, paragraphs)
        assert whole.ids.dtype == np.int32


words = st.text(st.sampled_from("abcdefgh日é"), min_size=1, max_size=20)
documents = st.lists(st.lists(words, max_size=6), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None)
@given(lines=documents, paragraphs=st.booleans(), part=st.integers(1, 9))
def test_any_text_in_parts_of_any_size(lines: list[list[str]], paragraphs: bool, part: int) -> None:
    text = "".join(" ".join(line) + "\n" for line in lines)
    pieces = pieces_from(text)
    if len(pieces) == 1:
        return
    before, spool.PART = spool.PART, part
    try:
        corpus = build(pieces, pieces, TextSpec("whitespace", unit="paragraph" if paragraphs else "line", min_count=1))
    finally:
        spool.PART = before
    expected: list[str] = []
    for line in [*lines, []]:
        ended = expected and expected[-1] != "<eos>" and not line
        expected += ["<eos>"] if ended and paragraphs else []
        expected += line
        expected += ["<eos>"] if line and not paragraphs else []
    assert spelled(corpus, corpus.train) == expected
    assert spelled(corpus, corpus.held_out) == expected
    spaces = sum(map(len, lines))
    assert corpus.train.characters == sum(len(word) for line in lines for word in line) + spaces


def test_the_vocabulary_is_counted_in_the_training_part_alone() -> None:
    text = "".join(f"common w{i}\n" for i in range(1000))
    corpus = built(text, min_count=1)
    train, held = spelled(corpus, corpus.train), spelled(corpus, corpus.held_out)
    assert sorted(corpus.vocabulary.tokens[2:]) == sorted(set(train) - {"<eos>"})
    assert "<unk>" not in train and held.count("<unk>") == held.count("common") == corpus.held_out.unknown > 20
    assert corpus.held_out.unknown_rate == held.count("<unk>") / len(held)


def test_ids_are_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = built(LINES)
    expected = np.bincount(corpus.train.ids, minlength=50)
    monkeypatch.setattr("seqcli.text.corpus.PART", 100)
    assert corpus.train.counts(50).tolist() == expected.tolist()
    assert corpus.train.counts(2).tolist() == expected[:2].tolist()


def test_the_commonest_tokens_have_the_lowest_ids() -> None:
    corpus = built(LINES, LINES, min_count=1)
    counts = Counter(LINES.split())
    sizes = [counts[token] for token in corpus.vocabulary.tokens[2:]]
    assert sizes == sorted(sizes, reverse=True) and sum(sizes) == len(LINES.split())
    small = built(LINES, LINES, vocabulary_size=5)
    assert len(small.vocabulary) == 5
    assert small.train.unknown == sum(sizes[3:])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the cat <unk> sat once\n" * 3 + "alone\n", 1),  # a text that marks its unknown words knows all others
        ("the cat sat\n" * 3 + "alone\n", 2),
        ("the cat sat\n" * 3000 + "they write <unk> for it\n", 2),  # naming the symbol is not marking with it
    ],
)
def test_min_count_decides_itself(text: str, expected: int) -> None:
    corpus = built(text, text)
    assert corpus.text.min_count == expected
    assert ("alone" in corpus.vocabulary) == (expected == 1)
    assert built(text, text, min_count=3).text.min_count == 3


def test_penn_treebank(shared_data: Path) -> None:
    ptb = shared_data / "ptb"
    train, valid, test = (read_pieces([str(ptb / f"ptb.{name}")]) for name in ("train.txt.gz", "valid.txt", "test.txt"))
    corpus = build(train, valid, TextSpec(tokenizer="whitespace"))
    assert len(corpus.vocabulary) == 10_000  # <unk> and <eos> among them, as everybody counts
    assert (len(corpus.train.ids), len(corpus.held_out.ids)) == (929_589, 73_760)
    assert len(encode(test, corpus.tokenizer, corpus.vocabulary, corpus.text.unit).ids) == 82_430
    assert corpus.held_out.unknown == 3_485  # those that its makers marked, and none besides


@pytest.mark.parametrize("tokenizer", ["words", "whitespace", "characters", "japanese", "subwords"])
def test_a_prompt_is_cut_as_the_corpus_was(tokenizer: str) -> None:
    text = "He said: “don't!” 日本語です。\nMr. X's e-mail (3.5%)...\n" * 9
    corpus = built(text, text, tokenizer=tokenizer, min_count=1, subwords=60)
    prompt = [t for line in text.splitlines() for t in [*tokens_of(corpus.tokenizer, line), "<eos>"]]
    assert spelled(corpus, corpus.train) == prompt
    assert corpus.train.unknown == 0


def test_a15_literal_special_symbols_are_text() -> None:
    corpus = built("a <eos> <pad> <s> b\n" * 5, "a <eos> <unk>\n", min_count=1)
    assert corpus.held_out.ids[1] != EOS and corpus.held_out.ids[2] == UNK and corpus.held_out.ids[3] == EOS


def test_the_unit_is_decided_and_stored() -> None:
    assert built(LINES).text.unit == "line"
    assert built(PARAGRAPHS).text.unit == "paragraph"
    assert built("a long line " * 20 + "\n\n" + PARAGRAPHS).text.unit == "line"
    assert is_paragraphs(pieces_from(LINES), "paragraph")


@settings(max_examples=200, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 30), min_size=2, max_size=120),
    paragraphs=st.booleans(),
    share=st.floats(0.01, 0.5),
)
def test_the_held_out_part_is_whole_units_apart_from_the_rest(
    lengths: list[int], paragraphs: bool, share: float
) -> None:
    text = "".join(" ".join(f"w{i}" for _ in range(n)) + "\n" for i, n in enumerate(lengths))
    pieces = pieces_from(text)
    ids = pieces.ids
    train, held = cut_held_out(pieces, paragraphs, share)
    assert held and all(start < stop for start, stop in train + held)
    order = sorted(train + held)  # together they are the text: nothing lost, nothing twice
    assert order[0][0] == 0 and order[-1][1] == len(ids)
    assert all(a[1] == b[0] for a, b in pairwise(order))
    whole = all(
        ids[stop - 1] == LINE and (not paragraphs or stop == len(ids) or ids[stop - 2] == LINE) for _, stop in order
    )
    at_the_end = held == [(train[0][1], len(ids))] if train else False
    assert whole or at_the_end
    if whole and not at_the_end:
        assert sum(stop - start for start, stop in held) <= len(ids) * max(0.25, share)


def test_the_held_out_part_is_spread_and_as_large_as_asked() -> None:
    pieces = pieces_from(LINES * 20)
    for share in (0.01, 0.05, 0.2):
        _, held = cut_held_out(pieces, False, share)
        size = sum(stop - start for start, stop in held)
        assert 0.8 * share < size / len(pieces.ids) <= share
        assert len(held) == units.HELD_OUT_RUNS


def test_a_large_text_is_cut_without_a_list_of_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "CUTS", 64)
    pieces = pieces_from(LINES * 20)
    assert len(units.places_to_cut(pieces, False)) <= 66
    train, held = cut_held_out(pieces, False, 0.1)
    assert all(pieces.ids[stop - 1] == LINE for _, stop in train + held)


@pytest.mark.parametrize("text", ["word\n", "word\n\n\n", "one two\n", "a\nb\n"])
def test_a3_a_text_that_is_too_small(text: str) -> None:
    with pytest.raises(CorpusError, match="give more text"):
        built(text)


def test_a3_the_smallest_texts_that_can_be_learned_from() -> None:
    one_line = built("a b " * 50)
    assert len(one_line.vocabulary) == 4 and len(one_line.held_out.ids) > 1 and len(one_line.train.ids) > 90
    one_word = built("a " * 50 + "\n")
    assert len(one_word.vocabulary) == 3


def test_a24_the_held_out_part_is_never_empty_nor_most_of_the_text() -> None:
    for text in ("a a b b\n" * 2, "a b " * 500 + "\nc\n", "c\n" + "a b " * 500, "a b c d " * 60 + "\n" + "a b " * 90):
        corpus = built(text, held_out=0.0001)
        assert 1 < len(corpus.held_out.ids) < 0.34 * len(corpus.train.ids) + 4


@pytest.mark.parametrize("tokenizer", ["whitespace", "words"])
def test_a_long_text_lies_in_a_file_and_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tokenizer: str
) -> None:
    spec = TextSpec(tokenizer)
    small = build(pieces_from(LINES * 5), None, spec)
    monkeypatch.setattr(spool, "IN_MEMORY", 1000)
    monkeypatch.setattr(spool, "PART", 77)
    pieces = pieces_from(LINES * 5, tmp_path)
    large = build(pieces, None, spec)
    assert pieces.spool.spilled and not small.train.ids.flags.writeable and not large.train.ids.flags.writeable
    assert os.listdir(tmp_path) == []  # the files have no name: nothing is left behind, whatever happens
    for a, b in ((small.train, large.train), (small.held_out, large.held_out)):
        assert np.array_equal(a.ids, b.ids) and a == Encoded(a.ids, b.sha256, b.lines, b.characters)
    assert small.vocabulary.tokens == large.vocabulary.tokens


def test_a_folder_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY", 1000)
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match="Cannot write in"):
        pieces_from(LINES, tmp_path / "file")
    assert pieces_from(LINES, tmp_path / "new").spool.spilled  # made where it is not there yet


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY", 1000)
    with open("/dev/full", "wb", 0) as full, pytest.raises(CorpusError, match="make room"):
        monkeypatch.setattr(spool.tempfile, "TemporaryFile", lambda dir: full)
        pieces_from(LINES, tmp_path)


def test_a_spool_is_read_back_in_any_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "PART", 10)
    for limit in (1 << 20, 64):
        monkeypatch.setattr(spool, "IN_MEMORY", limit)
        ids: Spool[np.uint32] = Spool(np.uint32, str(tmp_path))
        for i in range(0, 100, 7):
            ids.append(np.arange(i, min(i + 7, 100)))
        assert ids.spilled == (limit == 64) and len(ids) == 100
        assert np.concatenate(list(ids.parts(13, 57))).tolist() == list(range(13, 57))
        assert ids.array().tolist() == list(range(100))
        assert max(map(len, ids.parts())) == 10
    assert Spool(np.int32, None).array().tolist() == []


def test_pages_that_were_read_are_let_go(tmp_path: Path) -> None:
    def mapped() -> int:
        return int(next(line for line in open("/proc/self/status") if line.startswith("RssFile")).split()[1])

    ids: Spool[np.uint32] = Spool(np.uint32, str(tmp_path))
    ids.append(np.arange(spool.IN_MEMORY // 2))
    array = ids.array()
    total, held = int(array.sum()), mapped()
    spool.let_go(array[5:])
    assert held - mapped() > 1000  # kilobytes
    assert int(array.sum()) == total
    spool.let_go(np.arange(3))  # held in memory: nothing to let go


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.binary(min_size=1, max_size=12).map(lambda b: bytes(c for c in b if c not in b" \t\v\f\r\n")), max_size=60
    )
)
def test_pieces_are_numbered_as_a_dictionary_would(words: list[bytes]) -> None:
    table, index = Interner(), dict[bytes, int]()
    words = [word for word in words if word]
    expected = [index.setdefault(word, len(index) + 1) for word in words]
    half = len(words) // 2
    found = [table.ids_of(b" ".join(part) + b"\t").tolist() for part in (words[:half], words[half:])]
    assert found[0] + found[1] == expected and len(table) == len(index) + 1


@pytest.mark.parametrize("length", [1, 6, 7, 8, 9, 15, 16, 17])
def test_pieces_at_the_width_of_a_read(length: int) -> None:
    texts = ["x" * length, "x" * (length + 1), "\x01" * length, "é" * length, "x" * (length - 1) + "\x02"]
    assert list(pieces_from(" ".join(texts) + "\n").texts())[1:] == texts


def test_a_piece_is_found_by_its_spelling() -> None:
    pieces = pieces_from("a<unk> <unk>b x<un k> <unk> é\n")
    assert [pieces.find(text) for text in ("<unk>", "a<unk>", "é", "unk", "k>", "zzz", "")] == [5, 1, 6, 0, 4, 0, 0]


def test_whitespace_tokens_are_composed_where_pieces_are_not() -> None:
    text = "cafe\u0301 café cafe\n" * 3
    assert not pieces_from(text).composed and pieces_from("café\n").composed
    assert sorted(built(text, text).vocabulary.tokens[2:]) == ["cafe", "café"]


def test_the_table_grows() -> None:
    count = 200_000
    pieces = pieces_from(" ".join(f"word{i} {i}" for i in range(count)) + "\n")
    assert len(pieces) == 2 * count + 1
    assert pieces.ids.tolist() == [*range(1, 2 * count + 1), LINE]
    assert pieces.text(2 * count) == str(count - 1)


def test_k13_pieces_with_the_same_key_are_told_apart() -> None:
    """The bit that marks the key of a long piece hides a difference of 2^63, which the hash carries to the end."""
    first, second = b"same8byttail", b"same8by" + bytes([ord("t") ^ 0x80]) + b"tail"
    table = Interner()
    assert table.ids_of(b" ".join([first, second, first]) + b"\n").tolist() == [1, 2, 1, LINE]
    assert table._keys[1] == table._keys[2]


def test_k13_many_pieces_with_one_beginning_are_spread() -> None:
    """Slots are chosen by a mix of every bit: a list of words made alike fills no long run of slots."""
    keys = np.array([i << 40 for i in range(20_000)], np.uint64)
    slots = {int(interning._mix(key)) & 0xFFFF for key in keys}
    assert len(slots) > 0.8 * 65536 * (1 - np.exp(-20_000 / 65536))


def test_the_same_text_gives_the_same_corpus() -> None:
    a, b = built(LINES, tokenizer="words"), built(LINES, tokenizer="words")
    assert a.vocabulary.to_bytes() == b.vocabulary.to_bytes() and np.array_equal(a.train.ids, b.train.ids)


def test_a_model_keeps_its_vocabulary_and_tokenizer() -> None:
    first = built(LINES)
    again = build(pieces_from(PARAGRAPHS), None, first.text, first.vocabulary, first.tokenizer)
    assert again.vocabulary is first.vocabulary and again.tokenizer is first.tokenizer
    assert again.text == first.text


def test_subwords_learn_from_the_training_part() -> None:
    corpus = built(LINES, tokenizer="subwords", subwords=50)
    assert corpus.tokenizer.model and corpus.train.unknown == 0


def test_code_that_can_be_kept_nowhere_is_compiled_all_the_same(tmp_path: Path) -> None:
    """A package that may not be written to, and a user without a folder: numba alone would fail to import."""
    from seqcli.text import compiled as compiling

    def refuse(**options: object) -> object:
        def decorate(function: object) -> object:
            if options.get("cache"):
                raise RuntimeError("cannot cache function: no locator available")
            return function

        return decorate

    before, compiling.njit = compiling.njit, refuse
    try:
        assert compiling.compiled(len)("abc") == 3
    finally:
        compiling.njit = before


@pytest.fixture(scope="module")
def many_words() -> str:
    """A hundred thousand different words, most of them once, among common ones, whose counts tie in part."""
    rng = np.random.default_rng(3)
    common = [f"common{i}" for i in range(2000)]
    lines = []
    for i in range(0, 100_000, 10):
        rare = [f"Rare{i + k}," if k % 3 else f"x{(i + k) // 2}" for k in range(10)]
        lines.append(" ".join([*rare, *rng.choice(common, 10)]) + ("\n" if i % 7 else " <unk>.\n"))
    return "".join(lines)


@pytest.mark.parametrize("tokenizer", ["words", "whitespace", "characters", "subwords"])
def test_a_corpus_is_the_same_however_little_memory_its_words_may_take(
    tokenizer: str, many_words: str, tmp_path: Path
) -> None:
    text = TextSpec(tokenizer, lowercase=tokenizer == "words", vocabulary_size=5000, subwords=300)
    block = [part + b"\n" for part in many_words.encode().split(b"\n")[:-1]]
    if tokenizer == "subwords":
        block = block[: len(block) // 5]  # they are sought among all words, which takes seconds
    size = len(block) // 3 + 1
    blocks = [b"".join(block[i : i + size]) for i in range(0, len(block), size)]
    whole, bounded = (build(Pieces.read(blocks, str(tmp_path), most), None, text) for most in (None, 1))
    assert bounded.vocabulary.tokens == whole.vocabulary.tokens
    assert np.array_equal(bounded.train.ids, whole.train.ids)
    assert np.array_equal(bounded.held_out.ids, whole.held_out.ids)
    assert (bounded.train.characters, bounded.text) == (whole.train.characters, whole.text)
    assert np.count_nonzero(bounded.seen_counts) == np.count_nonzero(whole.seen_counts)
    assert os.listdir(tmp_path) == []


def test_pieces_beyond_the_memory_have_several_numbers_and_one_count(many_words: str, tmp_path: Path) -> None:
    pieces = Pieces.read([many_words.encode()], str(tmp_path), 1)
    assert pieces.repeats and len(pieces) > len(set(many_words.split())) + 1
    spelled = list(pieces.texts())
    assert [spelled[i] for i in pieces.ids[:21].tolist()] == many_words.split("\n")[0].split()
    assert spelled[pieces.find("common7")] == "common7" and pieces.find("common") == 0
    table = TokenTable(pieces, tokens.make("whitespace", False))
    counts = table.token_counts(count_pieces(pieces, [(0, len(pieces.spool))]))
    expected = Counter(many_words.split())
    assert {spelled[i]: int(counts[i]) for i in np.flatnonzero(counts)} == expected


def test_a_kept_text_of_many_words_gives_the_same_corpus(many_words: str, tmp_path: Path) -> None:
    pieces = Pieces.read([many_words.encode()], str(tmp_path), 1)
    path = keep(pieces, str(tmp_path), "many")
    text = TextSpec("words", vocabulary_size=5000)
    kept, plain = (build(some, None, text) for some in (opened(str(path), str(tmp_path), 1), pieces))
    assert kept.vocabulary.tokens == plain.vocabulary.tokens and np.array_equal(kept.train.ids, plain.train.ids)
