"""Vectors files: told apart by content, read strictly, written so that nothing is lost."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.errors import SeqcliError
from seqcli.vectors.formats import WRITTEN, Learned, VectorsFile, read, render
from seqcli.vectors.formats.source import VectorsError
from seqcli.vectors.subwords import Subwords
from seqcli.vectors.table import Table

gensim_models = pytest.importorskip("gensim.models", reason="needs gensim, the peer whose format this is")

WORDS = ["the", "Größe", "東京", "don't", "<b>", "12", "nan", "a" * 300, "￭,", "\u00a0x", "e5", "\x1b[31m"]


def matrix(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    whole = random.standard_normal((rows, columns)) * 10.0 ** random.integers(-30, 30, (rows, 1))
    return whole.astype(np.float32)


def write(folder: Path, words: list[str], numbers: np.ndarray, format: str, name: str = "v") -> Path:
    path = folder / f"{name}.{'npy' if format == 'numpy' else 'tsv' if format == 'projector' else 'out'}"
    for file, blocks in render(str(path), words, numbers, format).items():
        Path(file).write_bytes(b"".join(blocks))
    return path


def refused(tmp_path: Path, data: bytes, *parts: str, **options: object) -> str:
    """Return the message with which a file is refused; it must be one line that holds every part."""
    path = tmp_path / "v.bin"
    path.write_bytes(data)
    with pytest.raises(VectorsError) as caught:
        read(str(path), **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message and len(message) <= 400 and "v.bin" in message and ";" in message, message
    for part in parts:
        assert part in message, (part, message)
    return message


def accepted(tmp_path: Path, data: bytes, **options: object) -> VectorsFile:
    path = tmp_path / "v.bin"
    path.write_bytes(data)
    return read(str(path), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("format", WRITTEN)
def test_what_is_written_is_read_again_bit_for_bit(tmp_path: Path, format: str) -> None:  # H23
    numbers = matrix(len(WORDS), 7)
    numbers[0, :4] = [0.0, -0.0, np.float32(1e-45), np.finfo(np.float32).max]
    path = write(tmp_path, WORDS, numbers, format)
    found = read(str(path))
    assert (found.format, found.words, found.notes) == (format, WORDS, [])
    assert found.matrix.tobytes() == numbers.tobytes()
    again = write(tmp_path, found.words, found.matrix, format, "w")
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("format", ["word2vec-text", "word2vec-binary", "glove", "fasttext-vec"])
def test_gensim_reads_each_format_and_finds_the_same_neighbours(tmp_path: Path, format: str) -> None:
    numbers = matrix(60, 10) / np.abs(matrix(60, 10)).max(axis=1, keepdims=True)
    words = [f"w{i}" for i in range(60)]
    path = write(tmp_path, words, numbers, format)
    binary, header = format == "word2vec-binary", format != "glove"
    peer = gensim_models.KeyedVectors.load_word2vec_format(str(path), binary=binary, no_header=not header)
    assert peer.index_to_key == words and peer.vectors.tobytes() == numbers.tobytes()
    for word, near in zip(words, Table(words, numbers).neighbors(words, 10), strict=True):
        assert [words[n.row] for n in near] == [other for other, _ in peer.most_similar(word, topn=10)]


@pytest.mark.parametrize("binary", [True, False])
def test_what_gensim_writes_is_read(tmp_path: Path, binary: bool) -> None:  # its binary has no line ends
    peer = gensim_models.KeyedVectors(5)
    peer.add_vectors(["a", "b", "c"], matrix(3, 5, 1) / 1e30)
    peer.save_word2vec_format(str(tmp_path / "g"), binary=binary)
    found = read(str(tmp_path / "g"))
    assert found.words == ["a", "b", "c"] and found.matrix.tobytes() == peer.vectors.tobytes()


def test_numpy_reads_our_npy_and_we_read_numpys(tmp_path: Path) -> None:
    numbers = matrix(3, 4)
    assert np.load(write(tmp_path, ["a", "b", "c"], numbers, "numpy")).tobytes() == numbers.tobytes()
    for kind in ("<f8", ">f4", "<f2"):
        for order in "CF":
            np.save(tmp_path / "x.npy", np.asarray(np.ones((3, 4)), kind, order=order))  # type: ignore[call-overload]
            (tmp_path / "x.words.txt").write_text("a\nb\nc\n")
            assert read(str(tmp_path / "x.npy")).matrix.tolist() == np.ones((3, 4)).tolist()


@pytest.fixture(scope="module")
def facebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fastText .bin as the peer writes it."""
    from gensim.models.fasttext import save_facebook_model

    text = "the cat sat on the mat\nthe dog sat on the log\na naïve café queen and king walked\n"
    sentences = [line.split() for line in text.splitlines()] * 20
    model = gensim_models.FastText(
        sentences, vector_size=6, min_count=1, epochs=1, bucket=200, min_n=1, max_n=4, workers=1, seed=1
    )
    path = tmp_path_factory.mktemp("facebook") / "ft.bin"
    save_facebook_model(model, str(path))
    return path


def test_a_fasttext_bin_gives_the_peers_vectors_of_known_and_unknown_words(facebook: Path) -> None:
    from gensim.models.fasttext import load_facebook_vectors

    peer, found = load_facebook_vectors(str(facebook)), read(str(facebook))
    assert found.format == "fasttext-bin" and found.words == peer.index_to_key
    assert np.allclose(found.matrix, [peer[word] for word in found.words], rtol=0, atol=1e-7)
    assert found.subwords is not None and found.counts is not None and found.counts.tolist()[0] == 80
    for word in ("walks", "ñandú", "x"):
        assert np.allclose(found.subwords.vector(word), peer[word], rtol=0, atol=1e-7)


def test_a_fasttext_bin_that_we_write_gives_the_peer_our_vectors_of_known_and_unknown_words(tmp_path: Path) -> None:
    from gensim.models.fasttext import load_facebook_model

    random, words = np.random.default_rng(5), ["the", "Größe", "東京", "x", "king"]
    grams = Subwords(random.standard_normal((300, 6)).astype(np.float32), 2, 5)
    ours = grams.complete(words, random.standard_normal((5, 6)).astype(np.float32))
    outputs = random.standard_normal((5, 6)).astype(np.float32)
    learned = Learned(grams, np.array([9, 7, 5, 5, 2]), outputs, skip_gram=False, window=3, negatives=4, subsample=1e-3)
    path = tmp_path / "ours.bin"
    path.write_bytes(b"".join(render(str(path), words, ours, "fasttext-bin", learned)[str(path)]))
    peer = load_facebook_model(str(path))
    assert peer.wv.index_to_key == words and [peer.wv.get_vecattr(word, "count") for word in words] == [9, 7, 5, 5, 2]
    assert (peer.sg, peer.window, peer.negative, peer.sample, peer.wv.min_n, peer.wv.max_n) == (0, 3, 4, 1e-3, 2, 5)
    assert np.allclose(peer.wv[words], ours, rtol=0, atol=1e-6) and np.array_equal(peer.syn1neg, outputs)
    for word in ("kings", "ñandú", "京"):
        assert np.allclose(peer.wv[word], grams.vector(word), rtol=0, atol=1e-6)
    peer.train([["the", "king", "x"]] * 9, total_examples=9, epochs=1)  # whole enough to be trained on
    found = read(str(path))
    assert found.words == words and found.subwords is not None and np.array_equal(found.subwords.matrix, grams.matrix)
    assert np.allclose(found.matrix, ours, rtol=0, atol=1e-6)


def test_the_end_of_a_line_has_no_ngrams_in_fasttext(tmp_path: Path) -> None:  # Dictionary::initNgrams passes it over
    random, words = np.random.default_rng(5), ["</s>", "the"]
    grams = Subwords(random.standard_normal((50, 4)).astype(np.float32), 3, 6)
    ours = random.standard_normal((2, 4)).astype(np.float32)
    data = b"".join(render("x", words, ours, "fasttext-bin", Learned(grams))["x"])
    assert ours[0].tobytes() in data and ours[1].tobytes() not in data
    found = accepted(tmp_path, data)
    assert np.array_equal(found.matrix[0], ours[0]) and np.allclose(found.matrix[1], ours[1], rtol=0, atol=1e-6)


def test_a_damaged_fasttext_bin_is_refused_at_every_length(facebook: Path, tmp_path: Path) -> None:
    data = facebook.read_bytes()
    for size in [*range(4, 500, 7), len(data) - 1]:
        refused(tmp_path, data[:size])
    refused(tmp_path, data + b"\0", "behind its end")
    for at in range(4, 92, 4):  # every number of the header and the dictionary's: another is noticed or means nothing
        for value in (-1, 2**31 - 1):
            path = tmp_path / "v.bin"
            path.write_bytes(data[:at] + struct.pack("<i", value) + data[at + 4 :])
            try:
                found = read(str(path))
            except VectorsError:
                continue
            assert found.words[0] == "the" and np.isfinite(found.matrix).all()


GOOD = b"2 3\nking 1 2 3\nqueen 4 5 6\n"
REFUSED = [
    ("H1", b"", "is empty"),
    ("H1", b"\n\n", "no words"),
    ("H1", b"2 3\n", "not 4"),
    ("H1", b"two three\nking 1 2 3\n", "line 1"),
    ("H1", b"5\nking 1 2 3\n", "line 1"),
    ("H1", b"2 3 4\nking 1 2 3\nqueen 4 5 6\n", "line 2"),
    ("H2", b"3 3\nking 1 2 3\nqueen 4 5 6\n", "3 words, the file has 2"),
    ("H2", b"1 3\nking 1 2 3\nqueen 4 5 6\n", "line 3"),
    ("H3", b"0 3\nking 1 2 3\n", "line 1"),
    ("H3", b"1 0\nking\n", "line 1"),
    ("H4", b"-2 3\nking 1 2 3\nqueen 4 5 6\n", "line 1"),
    ("H4", b"2 -3\nking 1 2 3\nqueen 4 5 6\n", "line 1"),
    ("H5", b"2 3\nking 7\nqueen 4 5 6\n", "line 2: 1 numbers, expected 3"),
    ("H6", b"2 3\nking 1 2\nqueen 4 5 6\n", "line 2: 2 numbers, expected 3"),
    ("H6", b"2 3\nking 1 2 3 4\nqueen 4 5 6\n", "line 2", "expected 3"),
    ("H6", b"2 3\nking nan 2 3 4\nqueen 4 5 6\n", "line 2"),
    *(
        ("H7", b"2 3\nking 1 2 3\nqueen 4 %s 6\n" % bad, "line 3")
        for bad in (
            b"nan",
            b"inf",
            b"-nan",
            b"1e400",
            b"1e39",
            b"0x10",
            b"1_0",
            b"1,5",
            b"1e",
            b".",
            b"--1",
            b"1.2.3",
            b"e5",
            "٣".encode(),
            b"1\0",
            b"1" * 500,
        )
    ),
    ("H10", b"2 3\n 1 2 3\nqueen 4 5 6\n", "line 2"),
    ("H10", b"2 3\nki\0ng 1 2 3\nqueen 4 5 6\n", "v.bin"),
    ("H10", b"2 3\nki\rng 1 2 3\nqueen 4 5 6\n", "line 2"),
    ("H10", b"2 3\n" + b"k" * 2**20 + b" 1 2 3\nqueen 4 5 6\n", "line 2", "longer than 64 kB"),
    ("H11", b"2 3\nking 1 2 3\nqu\xe9en 4 5 6\n", "line 3", "--errors replace"),
    ("H13", b"king 1 2 3\nqueen 4 5\n", "line 2: 2 numbers, expected 3"),
    ("H13", b"0.5 0.25\n0.75 0.5\n", "only numbers"),
    ("H14", b"2 3\nking 1 2 3\n\nqueen 4 5 6\n", "line 3: an empty line"),
    ("H14", b"2 3\n\nking 1 2 3\nqueen 4 5 6\n", "line 2: an empty line"),
    ("H15", b"1000000 1000\nking 1 2 3\n", "line 1", "which need"),
    ("H16", b"1000000000000 1000000\nking 1 2 3\n", "line 1"),
    ("H17", b"1 1000000000\na 1\n", "line 1"),
    ("H18", b"2 2\nab " + struct.pack("<2f", 1, 2) + b"\ncd " + struct.pack("<f", 3), "word 2"),
    ("H18", b"2 2\nab " + struct.pack("<2f", 1, 2) + b"\ncd", "word 2"),
    ("H18", b"2 2\nab " + struct.pack("<4f", 1, 2, 3, 4)[:8] + b"\nc " + struct.pack("<2f", 1, 2) + b"x", "follow"),
    ("H18", b"1 2\nab " + struct.pack("<2f", 1, float("nan")), "word 1", "not finite"),
    ("H10", b"1 2\na\nb " + struct.pack("<2f", 1, 2), "word 1"),
    ("H19", b"\x1f\x8b\x08\0\0", "gzip"),
    ("H19", b"PK\x03\x04", "zip"),
    ("H19", b"\x80\x04\x95", "pickle"),
    ("H19", b"version https://git-lfs.github.com/spec/v1\n", "git-LFS"),
    ("H19", b"<!DOCTYPE html>", "HTML"),
    ("H19", "2 3\nking 1 2 3\n".encode("utf-16"), "UTF-16"),
    ("H19", b"model.json\0\0\0", "models import"),
    ("H19", b"\x7fELF\x02\x01\x01\0", "v.bin"),
    ("H20", b"1 2\n" + b"\x01" * 2**20, "64 kB"),
]


@pytest.mark.parametrize(("row", "data", "parts"), [(r[0], r[1], r[2:]) for r in REFUSED])
def test_a_malformed_file_is_refused_with_its_place(
    tmp_path: Path, row: str, data: bytes, parts: tuple[str, ...]
) -> None:
    refused(tmp_path, data, *parts)


ACCEPTED = [
    ("H9", b"2 2\nnew york 1 2\nking 3 4\n", ["new york", "king"]),
    ("H9", b"2 2\nking\t1\t2\nqueen\t3\t4\n", ["king", "queen"]),
    ("H9", b"2 2\nking  1  2 \nqueen 3 4 \n", ["king", "queen"]),
    ("H9", "2 2\nnew\u00a0york 1 2\nking 3 4\n".encode(), ["new\u00a0york", "king"]),
    ("H9", b"2 2\n. . . 1 2\nking 3 4\n", [". . .", "king"]),
    ("H10", b"2 2\n\x1b[31mred 1 2\nking 3 4\n", ["\x1b[31mred", "king"]),
    ("H12", b"\xef\xbb\xbf2 2\nking 1 2\nqueen 3 4\n", ["king", "queen"]),
    ("H12", b"2 2\r\nking 1 2\r\nqueen 3 4\r\n", ["king", "queen"]),
    ("H12", b"\xef\xbb\xbfking 1 2\nqueen 3 4", ["king", "queen"]),
    ("H13", b"king 1 2\nqueen 3 4\n", ["king", "queen"]),
    ("H14", b"2 2\nking 1 2\nqueen 3 4\n\n \n", ["king", "queen"]),
    ("H18", b"2 1\nab " + struct.pack("<f", 1) + b"cd " + struct.pack("<f", 2), ["ab", "cd"]),
    ("H18", b"2 1\nab " + struct.pack("<f", 1) + b"\ncd " + struct.pack("<f", 2) + b"\n", ["ab", "cd"]),
]


@pytest.mark.parametrize(("row", "data", "words"), ACCEPTED)
def test_what_peers_stumble_over_but_is_clear_is_read(tmp_path: Path, row: str, data: bytes, words: list[str]) -> None:
    found = accepted(tmp_path, data)
    assert found.words == words and found.matrix.ravel().tolist() == list(range(1, found.matrix.size + 1))


def test_of_a_repeated_word_the_first_is_kept_and_counted(tmp_path: Path) -> None:  # H8
    found = accepted(tmp_path, b"3 1\nking 1\nqueen 2\nking 3\n")
    assert found.words == ["king", "queen"] and found.matrix.tolist() == [[1], [2]]
    assert found.notes == ["1 repeated words: of each the first was kept"]
    refused(tmp_path, b"3 1\nking 1\nqueen 2\nking 1e39\n", "line 4", "not finite")


def test_replacing_bad_bytes_never_merges_words_in_silence(tmp_path: Path) -> None:  # H11
    found = accepted(tmp_path, b"3 1\ncaf\xe9 1\ncaf\xea 2\ntea 3\n", errors="replace")
    assert found.words == ["caf\ufffd", "tea"] and found.matrix.tolist() == [[1], [3]]
    assert "1 words became equal" in found.notes[0]


def test_a_limit_reads_the_first_words_whatever_the_header_says(tmp_path: Path) -> None:  # H2
    for data in (GOOD, b"king 1 2 3\nqueen 4 5 6\n"):
        found = accepted(tmp_path, data, limit=1)
        assert found.words == ["king"] and found.matrix.tolist() == [[1, 2, 3]]


def test_a_word_that_a_format_cannot_hold_is_named_before_anything_is_written() -> None:
    for word, format in (("a b", "word2vec-binary"), ("windows 95", "glove"), ("a\nb", "numpy"), ("", "numpy")):
        with pytest.raises(SeqcliError, match="cannot be written"):
            render("x", ["fine", word], np.ones((2, 2), np.float32), format)


def test_numbers_alone_need_their_words(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_bytes(b"1\t2\n3\t4\n")
    with pytest.raises(VectorsError, match=r"t\.metadata\.tsv"):
        read(str(tmp_path / "t.tsv"))
    (tmp_path / "metadata.tsv").write_text("word\tcount\nking\t5\nqueen\t4\n")
    assert read(str(tmp_path / "t.tsv")).words == ["king", "queen"]
    (tmp_path / "t.metadata.tsv").write_text("king\n")
    with pytest.raises(VectorsError, match="2 vectors"):
        read(str(tmp_path / "t.tsv"))


def test_paths_that_are_no_files_are_refused_at_once(tmp_path: Path) -> None:
    for path in (str(tmp_path), "/dev/zero", str(tmp_path / "missing"), "a\0b"):
        with pytest.raises(VectorsError):
            read(path)


FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
TOKEN = st.text(st.characters(exclude_characters="\0\r\n\v\f\t ", exclude_categories=("Cs",)), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), columns=st.integers(2, 4), words=st.lists(TOKEN, min_size=1, max_size=4, unique=True))
def test_any_words_and_numbers_come_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, columns: int, words: list[str]
) -> None:
    rows = st.lists(FINITE, min_size=columns, max_size=columns)
    numbers = np.array([data.draw(rows) for _ in words], np.float32)
    folder = tmp_path_factory.mktemp("any")
    for format in WRITTEN:
        try:
            path = write(folder, words, numbers, format)
        except VectorsError:
            continue  # told before anything is written
        found = read(str(path), format)
        assert found.words == words and found.matrix.tobytes() == numbers.tobytes()
