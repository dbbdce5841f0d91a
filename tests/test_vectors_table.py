"""A table of vectors: neighbours, analogies, similarities, quantising, aligning, the index; gensim as the peer."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from faults import forked

from seqcli.errors import ModelError
from seqcli.text.spelling import near_spellings
from seqcli.vectors import align
from seqcli.vectors import table as table_module
from seqcli.vectors.approximate import Index
from seqcli.vectors.projection import project
from seqcli.vectors.quantise import measure, quantise, restore, shapes
from seqcli.vectors.subwords import Subwords, ngram_rows
from seqcli.vectors.table import Table, UnknownWordError, cosine


def random_table(size: int, dimensions: int = 20, seed: int = 0) -> Table:
    random = np.random.default_rng(seed)
    return Table([f"w{i}" for i in range(size)], random.standard_normal((size, dimensions)).astype(np.float32))


def plain_nearest(table: Table, query: np.ndarray, k: int, skip: set[int], among: list[int] | None = None) -> list[int]:
    """The definition, without any shortcut."""
    scored = [
        (-cosine(table.matrix[row], query), row)
        for row in (range(len(table)) if among is None else among)
        if row not in skip
    ]
    return [row for _, row in sorted(scored)[:k]]


@pytest.mark.parametrize("size", [1, 7, 500, 9000])  # 9,000: the search with a bound from a sample
@pytest.mark.parametrize("k", [1, 10, 600])
def test_neighbours_are_the_nearest_by_definition(size: int, k: int) -> None:
    table = random_table(size)
    for row in {0, size // 2, size - 1}:
        found = table.neighbors([table.words[row]], k)[0]
        assert [n.row for n in found] == plain_nearest(table, table.matrix[row], k, {row})
        similarities = [cosine(table.matrix[row], table.matrix[n.row]) for n in found]
        assert [n.similarity for n in found] == pytest.approx(similarities, abs=1e-6)


def test_many_words_asked_together_get_the_answers_of_each_alone() -> None:
    table = random_table(9000)
    words = table.words[:300]
    assert table.neighbors(words, 10) == [table.neighbors([word], 10)[0] for word in words]


def test_neighbours_among_some_words() -> None:
    table = random_table(200)
    some = np.array([5, 3, 150, 9], np.int64)
    found = table.neighbors(["w3", "w7"], 10, some)
    assert [n.row for n in found[0]] == plain_nearest(table, table.matrix[3], 10, {3}, some.tolist())
    assert [n.row for n in found[1]] == plain_nearest(table, table.matrix[7], 10, {7}, some.tolist())


def test_equal_neighbours_come_commonest_first() -> None:
    table = Table(["a", "b", "c", "d"], np.array([[1, 0], [0, 1], [2, 0], [3, 0]], np.float32))
    assert [n.row for n in table.neighbors(["a"], 3)[0]] == [2, 3, 1]


def test_a_vector_of_zeros_is_like_nothing_and_warns_of_nothing() -> None:  # TORTURE H21
    table = Table(["a", "zero", "b"], np.array([[1, 0], [0, 0], [1, 1]], np.float32))
    with np.errstate(all="raise"):
        assert table.similarity("a", "zero") == 0.0
        assert [n.similarity for n in table.neighbors(["zero"], 2)[0]] == [0.0, 0.0]
        assert table.neighbors(["a"], 2)[0][1] == (1, 0.0)


@pytest.mark.parametrize("size", [1e-25, 1e25, 3e38])
def test_vectors_of_any_size_are_compared_by_their_angle(size: float) -> None:  # TORTURE L9
    table = Table(["a", "b", "c"], (np.array([[1, 0], [0.6, 0.8], [-1, 0]]) * size).astype(np.float32))
    found = table.neighbors(["a"], 2)[0]
    assert [n.row for n in found] == [1, 2] and found[0].similarity == pytest.approx(0.6)


def test_the_matrix_is_not_copied_or_changed() -> None:
    table = random_table(50)
    before = table.matrix.copy()
    table.matrix.setflags(write=False)
    table.neighbors(["w1"], 3)
    table.analogy(["w1", "w2"], ["w3"], 3)
    assert np.array_equal(table.matrix, before)


def test_a_word_is_found_as_it_is_or_in_lower_case() -> None:
    table = Table(["paris", "Paris", "rome"], np.eye(3, dtype=np.float32))
    assert (table.row("Paris"), table.row("ROME"), table.row("Oslo")) == (1, 2, None)
    with pytest.raises(UnknownWordError):
        table.vector("Oslo")


@pytest.mark.parametrize("method", ["add", "mul"])
def test_analogies_are_the_peers(method: str) -> None:
    models = pytest.importorskip("gensim.models", reason="needs gensim, the peer")
    table = random_table(500)
    peer = models.KeyedVectors(20)
    peer.add_vectors(table.words, table.matrix)
    ask = peer.most_similar if method == "add" else peer.most_similar_cosmul
    for a, b, c in (("w1", "w2", "w3"), ("w400", "w9", "w77")):
        found = table.analogy([b, c], [a], 10, method)
        expected = ask(positive=[b, c], negative=[a], topn=10)
        assert [table.words[n.row] for n in found] == [word for word, _ in expected]
        assert [n.similarity for n in found] == pytest.approx([value for _, value in expected], abs=1e-5)


def test_the_words_of_an_analogy_are_no_answer_to_it() -> None:
    table = random_table(6)
    for method in ("add", "mul"):
        assert {n.row for n in table.analogy(["w1", "w2"], ["w3"], 10, method)} == {0, 4, 5}


def test_the_odd_one_out_is_the_one_off_the_others() -> None:
    table = Table(["a", "b", "c", "river"], np.array([[1, 0.1], [1, 0], [1, -0.1], [-0.2, 1]], np.float32))
    assert table.odd_one_out(["a", "river", "b", "c"])[0][0] == "river"


def test_a_sentence_is_the_mean_of_its_known_words_frequent_ones_counting_less() -> None:
    table = Table(["the", "cat"], np.eye(2, dtype=np.float32))
    mean, known = table.sentence(["the", "cat", "xyz"])
    assert known == 2 and mean.tolist() == [0.5, 0.5]
    weighed, _ = Table(table.words, table.matrix, counts=np.array([999_000, 1000])).sentence(["the", "cat"])
    assert weighed[1] / weighed[0] == pytest.approx(500, rel=0.01)  # 1e-3 / (1e-3 + 1e-3) over 1e-3 / (1e-3 + 0.999)


def test_quantised_vectors_are_as_they_are_declared_and_near_the_old_ones() -> None:
    table = random_table(600, 30)
    for method, error in (("none", 0.0), ("int8", 0.01), ("pq", 0.5)):
        arrays = quantise(table.matrix, method)
        kinds = {"float32": "F32", "uint8": "U8"}
        assert {n: (kinds[str(a.dtype)], a.shape) for n, a in arrays.items()} == shapes(method, 600, 30)
        back = restore(arrays, 30)
        assert back.shape == table.matrix.shape and back.dtype == np.float32
        assert np.abs(back - table.matrix).max() <= error * np.abs(table.matrix).max()
    assert restore(quantise(table.matrix, "none"), 30) is table.matrix


def test_the_loss_of_quantising_is_measured() -> None:
    table = random_table(3000, 30)
    exact, bytes_, codes = (measure(table, quantise(table.matrix, m)) for m in ("none", "int8", "pq"))
    assert exact.similarity_error < 1e-6 and exact.neighbors_kept == 1.0 and exact.words == 1000
    assert 0 < bytes_.similarity_error < codes.similarity_error
    assert 1.0 > bytes_.neighbors_kept > codes.neighbors_kept > 0.2
    assert bytes_.bytes_after * 3 < bytes_.bytes_before and codes.bytes_after < bytes_.bytes_after


@pytest.mark.parametrize("wide", [1, 4])
def test_codes_for_more_or_fewer_numbers_are_read_too(wide: int, monkeypatch: pytest.MonkeyPatch) -> None:
    table = random_table(600, 30)
    monkeypatch.setattr("seqcli.vectors.quantise.PART", wide)
    arrays = quantise(table.matrix, "pq")
    monkeypatch.undo()
    assert {name: ("U8" if array.dtype == np.uint8 else "F32", array.shape) for name, array in arrays.items()} == (
        shapes("pq", 600, 30, wide)
    )
    assert measure(table, arrays).similarity_error < 0.2


def test_zero_vectors_survive_quantising() -> None:
    matrix = np.zeros((3, 5), np.float32)
    for method in ("int8", "pq"):
        assert not restore(quantise(matrix, method), 5).any()


def test_a_turned_table_is_turned_back_and_the_word_that_moved_is_found() -> None:
    table = random_table(300, 10)
    turn, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((10, 10)))
    other = Table(table.words[::-1], (table.matrix[::-1] @ turn).astype(np.float32) * 3)
    same = align.compare(table, other, ["w0", "w299"], 5)
    assert [moved.similarity for moved in same] == pytest.approx([1, 1], abs=1e-4)
    assert [moved.overlap for moved in same] == [1, 1]
    changed = other.matrix.copy()
    changed[other.rows["w7"]] *= -1
    moved = Table(other.words, changed)
    assert align.most_moved(table, moved, 1, 300) == ["w7"]
    assert align.compare(table, moved, ["w7"], 5)[0].similarity < -0.5


def test_tables_of_different_sizes_are_compared_on_what_they_share() -> None:
    one, other = random_table(50, 10), random_table(80, 6, seed=2)
    assert align.shared_words(one, other) == one.words
    assert len(align.compare(one, other, ["w3"], 4)[0].first) == 4
    with pytest.raises(ModelError, match="fewer than two"):
        align.compare(one, Table(["x", "y"], np.eye(2, 10, dtype=np.float32)), [], 3)


def test_an_index_finds_what_the_whole_search_finds() -> None:
    pytest.importorskip("usearch", reason="needs usearch, an optional package")
    random = np.random.default_rng(3)
    centers = random.standard_normal((40, 16))  # words in clumps, as real ones are
    matrix = (centers[random.integers(0, 40, 2000)] + 0.3 * random.standard_normal((2000, 16))).astype(np.float32)
    table = Table([f"w{i}" for i in range(2000)], matrix)
    data = Index.build(table).to_bytes()
    assert data == Index.build(table).to_bytes()
    index = Index.from_bytes(data, table, "here")
    words = table.words[:200]
    found, exact = index.neighbors(table, words, 10), table.neighbors(words, 10)
    kept = [len(set(a) & set(b)) / 10 for a, b in zip(found, exact, strict=True)]
    assert np.mean(kept) > 0.95
    for bad in (b"", data[:40], random_bytes := bytes(64)):
        with pytest.raises(ModelError):
            Index.from_bytes(bad, table, "here")
    assert random_bytes
    with pytest.raises(ModelError, match="not the index of these"):
        Index.from_bytes(data, random_table(10, 16), "here")


@pytest.mark.parametrize("threads", [1, 2])
def test_a_damaged_index_is_refused_or_answers_as_before(threads: int) -> None:
    """Every answer is the exact one or an error: a link that led nowhere would end the process in the library."""
    pytest.importorskip("usearch", reason="needs usearch, an optional package")
    table = random_table(300, 6)
    data = Index.build(table, threads).to_bytes()
    words = table.words[::15]
    expected = Index.from_bytes(data, table, "here").neighbors(table, words, 5)
    refused = 0

    def try_many() -> None:
        nonlocal refused
        for seed in range(400):
            try:
                index = Index.from_bytes(spoilt(data, np.random.default_rng(seed)), table, "here")
            except ModelError as error:
                refused += "is not the index of these vectors: " in str(error)
                continue
            assert index.neighbors(table, words, 5) == expected, seed
        assert 200 < refused < 400

    assert forked(try_many) == 0


def spoilt(data: bytes, random: np.random.Generator) -> bytes:
    """Return an index with one of its 32-bit numbers changed, a stretch copied over another, or its end cut off."""
    changed = bytearray(data)
    at, other = (int(place) for place in random.integers(0, len(data) - 64, 2))
    number = int(random.choice([0, 1, 2**31, 2**32 - 1, random.integers(600)]))
    kind = random.integers(5)
    if kind == 0:
        return data[:at]
    if kind == 1:
        changed[at : at + 64] = data[other : other + 64]
    elif kind == 2:
        at = 8 + 300 * 12 + int(random.integers(0, 104 + 2 * 300))  # its headers and levels
        changed[at] = int(random.integers(256))
    else:
        changed[at - at % 2 : at - at % 2 + 4] = number.to_bytes(4, "little")
    return bytes(changed)


def test_principal_components_keep_a_flat_cloud_as_it_is() -> None:
    random = np.random.default_rng(0)
    flat = random.standard_normal((50, 2)) * [3, 1]
    basis, _ = np.linalg.qr(random.standard_normal((8, 8)))
    places, shares = project((flat @ basis[:2]).astype(np.float32), "pca")
    distances = [np.linalg.norm(x[:, None] - x[None], axis=-1) for x in (flat, places)]
    assert np.allclose(*distances, atol=1e-4) and sum(shares) == pytest.approx(1) and shares[0] > shares[1]


def test_tsne_keeps_clumps_together() -> None:
    pytest.importorskip("sklearn", reason="needs scikit-learn, an optional package")
    random = np.random.default_rng(0)
    clumps = np.repeat(np.eye(4, 12), 10, axis=0) + 0.05 * random.standard_normal((40, 12))
    places, _ = project(clumps.astype(np.float32), "tsne")
    again, _ = project(clumps.astype(np.float32), "tsne")
    assert np.array_equal(places, again)
    groups = places.reshape(4, 10, 2)
    inside = np.linalg.norm(groups - groups.mean(axis=1, keepdims=True), axis=-1).mean()
    between = np.linalg.norm(groups.mean(axis=1)[:, None] - groups.mean(axis=1)[None], axis=-1)[~np.eye(4, dtype=bool)]
    assert between.min() > 2 * inside


def test_ngrams_are_hashed_as_fasttext_does() -> None:
    """FNV-1a by hand, bytes extended with their sign, as the C++ of fastText has it."""

    def by_hand(word: str, low: int, high: int, buckets: int) -> list[int]:
        text, out = f"<{word}>", []
        for start in range(len(text)):
            for size in range(low, high + 1):
                gram = text[start : start + size]
                if len(gram) == size and not (size == 1 and (start == 0 or start == len(text) - 1)):
                    value = 2166136261
                    for byte in gram.encode():
                        value = ((value ^ (byte if byte < 128 else byte + 0xFFFFFF00)) * 16777619) % 2**32
                    out.append(value % buckets)
        return out

    for low, high in ((3, 6), (1, 4), (2, 2)):
        words = ["king", "a", "Größe", "東京", "<", "𝒳y", ""]
        rows, sizes = ngram_rows(words, low, high, 997)
        expected = [by_hand(word, low, high, 997) for word in words]
        assert sizes.tolist() == [len(one) for one in expected]
        assert rows.tolist() == [row for one in expected for row in one]


def test_near_spellings_are_those_at_the_least_distance() -> None:
    words = ["king", "kings", "sing", "ink", "queen", "knight", "kng", "ikng", "King"]
    assert near_spellings("kign", words)[:2] == ["king", "King"]  # a swap is one step
    assert near_spellings("quen", words) == ["queen"]
    assert near_spellings("zzzzzz", words) == []
    assert near_spellings("", words) == near_spellings("x" * 100, words) == []
    assert near_spellings("東亰", ["東京", "大阪"]) == ["東京"]


def test_edit_distances_are_the_textbooks() -> None:
    def slow(a: str, b: str) -> int:
        rows = [list(range(len(b) + 1))]
        for i, x in enumerate(a):
            rows.append([i + 1])
            for j, y in enumerate(b):
                best = min(rows[i][j + 1] + 1, rows[i + 1][j] + 1, rows[i][j] + (x != y))
                if i and j and x == b[j - 1] and y == a[i - 1]:
                    best = min(best, rows[i - 1][j - 1] + 1)
                rows[i + 1].append(best)
        return rows[-1][-1]

    random = np.random.default_rng(0)
    words = ["".join(random.choice(list("abc"), random.integers(1, 8))) for _ in range(300)]
    for target in words[:10]:
        allowed = max(1, min(len(target) // 3, 3))
        near = [(slow(target, word), word) for word in words if word != target]
        expected = [word for distance, word in sorted(near, key=lambda pair: pair[0]) if distance <= allowed]
        assert near_spellings(target.upper(), words, len(words)) == [*[target] * words.count(target), *expected]
        assert near_spellings(target, words, len(words)) == expected


def test_a_word_of_many_letters_takes_memory_as_its_letters_do() -> None:
    subwords = Subwords(np.random.default_rng(1).normal(size=(1000, 300)).astype(np.float32), 3, 6)
    rows, _ = ngram_rows(["word" * 500], 3, 6, 1000)
    np.testing.assert_allclose(
        subwords.vector("word" * 500), subwords.matrix[rows].mean(0, dtype=float), rtol=1e-5, atol=1e-6
    )
    tracemalloc.start()
    assert subwords.vector("word" * 25_000) is not None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6, "the rows of all n-grams at once are 480 MB"


def test_words_that_come_again_in_a_sum_are_left_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    table, wanted = random_table(50), []
    find = table_module._candidates
    monkeypatch.setattr(table_module, "_candidates", lambda m, n, q, k: wanted.append(k) or find(m, n, q, k))
    many = table.analogy(["w0", "w1", "w2"] * 4000, [], 5)
    assert wanted == [5 + 3], "as many candidates as answers and words, not as repetitions"
    assert [near.row for near in many] == [near.row for near in table.analogy(["w0", "w1", "w2"], [], 5)]
