"""Word vectors asked from Python: the very answers of the command line, its errors, and what other programs take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import seqcli

from seqcli.errors import MisuseError, ModelError
from seqcli.session import Silent
from seqcli.store import Shelf
from seqcli.vectors.answers import WordVectors, open_vectors

WORDS = ["the", "man", "woman", "king", "queen", "apple", "pear", "plum", "prince", "princess", "boy", "girl"]


def table(seed: int) -> str:
    rows = np.random.default_rng(seed).normal(size=(len(WORDS), 6)).round(3)
    lines = [" ".join([word, *map(str, row)]) for word, row in zip(WORDS, rows.tolist(), strict=True)]
    return "\n".join([f"{len(WORDS)} 6", *lines]) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models of the same words, and tests of them."""
    folder = tmp_path_factory.mktemp("vectors")
    for seed, name in enumerate(("toy", "other")):
        (folder / f"{name}.txt").write_text(table(seed))
        assert seqcli("import", folder / f"{name}.txt", "--models-dir", folder / "models").code == 0
    (folder / "pairs.tsv").write_text("man\tking\t7.5\nwoman\tqueen\t7\napple\tpear\t9\nplum\tboy\t1\nnone\tking\t3\n")
    (folder / "analogies.txt").write_text(
        ": royal\nman king woman queen\nboy prince girl princess\nman none king queen\n"
    )
    (folder / "among.txt").write_text("pear\nqueen\nunheard\nplum\n")
    return folder


@pytest.fixture(scope="module")
def vectors(folder: Path) -> WordVectors:
    return opened(folder, "toy")


def opened(folder: Path, name: str) -> WordVectors:
    return open_vectors(Silent(Shelf(str(folder / "models"))), name)


def records(folder: Path, *args: str | Path, model: bool = True) -> Any:
    """Return the objects that a command prints as JSON."""
    asked = ("-m", "toy") if model else ()
    done = seqcli(*args, *asked, "--models-dir", folder / "models", "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def error(folder: Path, *args: str) -> str:
    return seqcli(*args, "-m", "toy", "--models-dir", folder / "models").error


def test_neighbours_and_analogies_are_those_of_the_commands(folder: Path, vectors: WordVectors) -> None:
    shelled = records(folder, "neighbors", "king", "Plum", "-k", "3")
    found = vectors.neighbors(["king", "Plum"], k=3)
    assert [(r["neighbor"], r["similarity"]) for r in shelled] == [near for some in found for near in some]
    assert found[0] == vectors.neighbors("king", 3)
    lazily = vectors.neighbors(iter(["king", "Plum"]), k=3)
    assert isinstance(lazily, Iterator) and list(lazily) == found
    for options, how in (
        (("--among", "pear,queen,unheard"), {"among": ["pear", "queen", "unheard"]}),
        (("--among", str(folder / "among.txt")), {"among": str(folder / "among.txt")}),
    ):
        shelled = records(folder, "neighbors", "king", *options)
        assert [(r["neighbor"], r["similarity"]) for r in shelled] == vectors.neighbors("king", **how)  # type: ignore[call-overload]
    for method in ("add", "mul"):
        shelled = records(folder, "analogy", "king - man + woman", "--method", method, "-k", "4")
        answers = vectors.analogy("king - man + woman", k=4, method=method)
        assert [(r["neighbor"], r["similarity"]) for r in shelled] == answers
        assert not {"king", "man", "woman"} & {near.neighbor for near in answers}


def test_how_alike_words_and_sentences_are_is_what_the_commands_say(folder: Path, vectors: WordVectors) -> None:
    assert records(folder, "similarity", "man", "king")[0]["similarity"] == vectors.similarity("man", "king")
    [odd] = records(folder, "odd-one-out", "apple", "pear", "plum", "king")
    assert (odd["word"], odd["similarity"]) == vectors.odd_one_out(["apple", "pear", "plum", "king"])
    [pair] = records(folder, "sentence-similarity", "the man unheard", "a girl")
    assert (pair["similarity"], pair["known"]) == vectors.sentence_similarity("the man unheard", "a girl")
    assert np.isnan(vectors.sentence_similarity("unheard", "the man").similarity)


def test_a_model_is_a_mapping_from_words_to_arrays(folder: Path, vectors: WordVectors) -> None:
    assert list(vectors) == WORDS and len(vectors) == len(WORDS)
    assert "king" in vectors and "King" in vectors and "unheard" not in vectors and 7 not in vectors
    king = vectors["king"]
    assert king.dtype == np.float32 and king.tolist() == records(folder, "vector", "king")[0]["vector"]
    king[:] = 0
    assert vectors["king"].any(), "what is given away is a copy"
    assert (vectors[["king", "plum"]] == np.array([vectors["king"], vectors["plum"]])).all()
    assert (vectors[WORDS] == vectors.matrix).all()
    with pytest.raises(ValueError, match="read-only"):
        vectors.matrix[0] = 1


def test_figures_are_those_of_the_commands(folder: Path, vectors: WordVectors) -> None:
    tests = [str(folder / name) for name in ("pairs.tsv", "analogies.txt")]
    options = [word for test in tests for word in ("--test", test)]
    shelled = records(folder, "evaluate-vectors", "toy", "other", *options, model=False)
    found = vectors.evaluate(*tests, others=[opened(folder, "other")])
    assert shelled == [figure._asdict() for figure in found] and {"spearman", "3CosAdd"} <= {f.measure for f in found}
    shelled = records(folder, "compare", "toy", "other", "-k", "2", "--show", "3", model=False)
    moved = vectors.compare(opened(folder, "other"), k=2, show=3)
    assert [(r["word"], r["similarity"], r["first"].split()) for r in shelled] == [(*m[:2], m.first) for m in moved]


def test_errors_are_those_of_the_command_line(folder: Path, vectors: WordVectors) -> None:
    for args, ask in (
        (("neighbors", "kign"), lambda: vectors.neighbors("kign")),
        (("vector", "kign"), lambda: vectors["kign"]),
        (("similarity", "kign", "man"), lambda: vectors.similarity("kign", "man")),
        (("neighbors", "king", "-k", "0"), lambda: vectors.neighbors("king", k=0)),
        (("neighbors", ""), lambda: vectors.neighbors("")),
        (("analogy", "king - + man"), lambda: vectors.analogy("king - + man")),
        (("odd-one-out", "king", "man"), lambda: vectors.odd_one_out(["king", "man"])),
        (("neighbors", "king", "--among", "x,y"), lambda: vectors.neighbors("king", among="x,y")),
        (("neighbors", "king", "--approximate"), lambda: vectors.neighbors("king", approximate=True)),
    ):
        with pytest.raises((ModelError, MisuseError)) as raised:
            ask()
        assert str(raised.value) == error(folder, *args)
    with pytest.raises(KeyError, match="did you mean 'king'"):
        vectors["kign"]


def test_gensim_gives_the_same_answers(vectors: WordVectors) -> None:
    pytest.importorskip("gensim")
    theirs = vectors.to_gensim()
    assert theirs.index_to_key == WORDS and (theirs.vectors == vectors.matrix).all()
    ours = vectors.neighbors("king", k=5)
    assert [word for word, _ in theirs.most_similar("king", topn=5)] == [near.neighbor for near in ours]
    assert np.allclose([value for _, value in theirs.most_similar("king", topn=5)], [n.similarity for n in ours])
    solved = theirs.most_similar(positive=["king", "woman"], negative=["man"], topn=3)
    assert [word for word, _ in solved] == [near.neighbor for near in vectors.analogy("king - man + woman", k=3)]


def test_where_gensim_is_missing_that_is_said(vectors: WordVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gensim.models", None)
    with pytest.raises(ModelError, match="pip install gensim"):
        vectors.to_gensim()


def test_sentences_become_features_for_scikit_learn(vectors: WordVectors) -> None:
    features = vectors.transform(["the man", "unheard", "apple pear plum"])
    assert features.shape == (3, 6) and features.dtype == np.float32 and not features[1].any()
    cosine = features[0] @ features[2] / np.linalg.norm(features[0]) / np.linalg.norm(features[2])
    assert vectors.sentence_similarity("the man", "apple pear plum").similarity == pytest.approx(cosine, abs=1e-6)
    assert vectors.transform([]).shape == (0, 6)
    pipeline = pytest.importorskip("sklearn.pipeline")
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.preprocessing import FunctionTransformer

    texts, labels = ["the man", "king queen", "boy girl", "apple pear", "plum pear", "plum"] * 3, [0, 0, 0, 1, 1, 1] * 3
    model = pipeline.make_pipeline(FunctionTransformer(vectors.transform), LogisticRegression(C=100.0))
    assert cross_val_score(model, texts, labels, cv=3).mean() > 0.8
