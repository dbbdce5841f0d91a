"""The commands over word vectors, as a person types them: answers, pipes, unknown words, files in and out, maps."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import seqcli, story

from seqcli.cli import run
from seqcli.store import Shelf, pack
from seqcli.vectors.load import word_hash

# king is to man as queen is to woman, by construction: royal, male, female, fruit
FILE = """9 4
the -0.1 -0.1 -0.1 0.1
man 0 1 0 0
woman 0 0 1 0
king 1 1 0 0
queen 1 0 1 0
apple 0 0 0.1 1
pear 0.1 0 0 1
plum 0 0.1 0 1
\x1b[31mred 0 0 0 -1
"""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a vectors file and, on the shelf in it, a model of it."""
    monkeypatch.chdir(tmp_path)
    for name in ("SEQCLI_MODEL", "SEQCLI_MODELS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "toy.txt").write_text(FILE, encoding="utf-8")
    ok("import", "toy.txt")
    return tmp_path


def ok(*args: str, text: str | bytes | None = None) -> str:
    return answered(*args, text=text)[0]


def answered(*args: str, text: str | bytes | None = None) -> tuple[str, str]:
    """Return (stdout, stderr) of a command that succeeds; text comes through a pipe, as from another program."""
    out, err = io.StringIO(), io.StringIO()
    reading, writing = os.pipe()
    os.write(writing, text.encode() if isinstance(text, str) else text or b"")
    os.close(writing)
    before = sys.stdin
    with open(reading, encoding="utf-8") as sys.stdin, redirect_stdout(out), redirect_stderr(err):
        code = run(list(args))
    sys.stdin = before
    assert code == 0, err.getvalue()
    return out.getvalue(), err.getvalue()


def records(*args: str, text: str | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ok(*args, "--json", text=text))
    return found


def fails(capsys: pytest.CaptureFixture[str], *args: str, code: int = 1) -> str:
    """Return the one line on stderr of a command that cannot be done; nothing is on stdout."""
    assert run(list(args)) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    line = captured.err.splitlines()[-1]
    assert re.fullmatch("Error: .{1,400}", line), captured.err
    return line


def test_import_says_what_it_read(shelf: Path) -> None:
    found = records("import", "toy.txt", "--name", "second")
    assert found == [{"model": "second", "format": "word2vec-text", "words": 9, "dimensions": 4}]
    assert Shelf("models").default() == "toy"  # the first stays the default


def test_neighbors_of_several_words_with_their_similarities(shelf: Path) -> None:
    found = records("neighbors", "king", "apple", "-k", "2")
    assert [(r["word"], r["rank"], r["neighbor"]) for r in found if r["word"] == "king"] == [
        ("king", 1, "man"),
        ("king", 2, "queen"),
    ]
    assert found[0]["similarity"] == pytest.approx(0.5**0.5)
    assert {r["neighbor"] for r in found if r["word"] == "apple"} == {"plum", "pear"}


def test_columns_names_and_values_are_the_same_in_every_format(shelf: Path) -> None:
    rows = records("neighbors", "king", "-k", "3")
    lines = [json.loads(line) for line in ok("neighbors", "king", "-k", "3", "--jsonl").splitlines()]
    table = list(csv.DictReader(io.StringIO(ok("neighbors", "king", "-k", "3", "--csv"))))
    tabs = [line.split("\t") for line in ok("neighbors", "king", "-k", "3").splitlines()]
    assert lines == rows and [list(r) for r in table] == [list(r) for r in rows]
    assert [r["neighbor"] for r in table] == [r["neighbor"] for r in rows] == [t[2] for t in tabs]


def test_a_file_a_pipe_and_arguments_give_the_same_answers(shelf: Path) -> None:
    (shelf / "asked.txt").write_text("king\nqueen\n")
    by_file = ok("neighbors", "--file", "asked.txt")
    assert by_file == ok("neighbors", "king", "queen") == ok("neighbors", text="king\nqueen\n")
    assert by_file == ok("neighbors", "-", text="king\r\nqueen")


def test_every_line_of_a_pipe_has_its_record_the_unknown_and_empty_ones_too(shelf: Path) -> None:  # TORTURE I4, I11
    out, err = answered("neighbors", "-k", "1", "--jsonl", text=b"king\n\nkign\nab\xff\nqueen\n")
    found = [json.loads(line) for line in out.splitlines()]
    assert [r["word"] for r in found] == ["king", "", "kign", "ab\ufffd", "queen"]
    assert [r["neighbor"] is None for r in found] == [False, True, True, True, False]
    assert "'kign'" in err and "did you mean 'king'" in err


def test_an_unknown_word_is_explained_and_the_nearest_spelling_named(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # TORTURE B7
    assert "'kign' is not among the 9 words of 'toy'; did you mean 'king'?" in fails(capsys, "neighbors", "kign")
    assert "no word is spelled nearly like it" in fails(capsys, "analogy", "king", "-", "zzzzzzzz", "+", "man")
    assert "\\x1b" in fails(capsys, "neighbors", "\x1b[2J")
    assert "empty" in fails(capsys, "neighbors", "", code=2)


@pytest.mark.parametrize("command", [("neighbors", "-k", "2"), ("vector",)])
def test_the_known_arguments_are_answered_and_the_unknown_ones_named(shelf: Path, command: tuple[str, ...]) -> None:
    for output in ((), ("--json",), ("--csv",)):
        done = seqcli(*command, "king", "kign", "man", *output)
        assert done.code == 1 and done.out == ok(*command, "king", "man", *output)
        assert "'kign' is not among the 9 words of 'toy'; did you mean 'king'?" in done.error
    several = seqcli(*command, "king", "kign", "zzz")
    assert several.code == 1 and several.out == ok(*command, "king")
    assert "2 of 3 words" in several.error and "'kign'" in several.err and "'zzz'" in several.err


def test_of_many_unknown_words_in_a_line_some_are_explained(shelf: Path) -> None:
    line = "king man apple " + " ".join(f"zz{i}" for i in range(500))
    done = seqcli("odd-one-out", "--jsonl", stdin=line.encode())
    assert done.records[0]["word"] and done.err.count("'zz") == 10 and "490 more words" in done.err


@pytest.mark.parametrize(("command", "trainer"), [("neighbors", "train-w2v"), ("translate", "train-translate")])
def test_where_there_is_no_model_the_trainer_that_makes_one_is_named(
    command: str, trainer: str, tmp_path: Path
) -> None:
    for model in ((), ("-m", "mine")):
        assert f"seqcli {trainer} " in seqcli("--models-dir", tmp_path, command, "king", *model).error


def test_a_word_below_the_minimum_count_is_called_that(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hashes = np.sort(np.array([word_hash("rare"), word_hash("seldom")], np.int64))
    counts = {"counts": np.arange(9, 0, -1), "rare_hashes": hashes, "rare_counts": np.array([3, 3], np.int32)}
    with Shelf("models").open("toy", resume=True) as draft:
        record = draft.record
        assert record is not None
        files = {**{role: record.load(role) for role in record.files}, "counts": pack(counts)}
        kept = {k: getattr(record, k) for k in ("architecture", "text", "spec", "run", "corpus", "results", "progress")}
        draft.save(task="vectors", files=files, **kept)
    assert "'seldom' was seen 3 times in training, below the minimum count" in fails(capsys, "neighbors", "seldom")
    assert "'kign' was never seen in the training of 'toy'" in fails(capsys, "neighbors", "kign")


def test_neighbors_among_some(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shelf / "fruit.txt").write_text("apple\npear\nunknown\n")
    assert [r["neighbor"] for r in records("neighbors", "king", "--among", "fruit.txt")] == ["pear", "apple"]
    assert [r["neighbor"] for r in records("neighbors", "king", "--among", "queen,apple")] == ["queen", "apple"]
    assert "none of its words" in fails(capsys, "neighbors", "king", "--among", "x,y")


@pytest.mark.parametrize("value", ["0", "-1", "nan", "1e3", "99999999999", "1_0", "٣", ""])
def test_a_count_that_is_none_is_misuse(shelf: Path, capsys: pytest.CaptureFixture[str], value: str) -> None:  # B1, B10
    assert "-k" in fails(capsys, "neighbors", "king", "-k", value, code=2)


def test_more_answers_than_words_are_all_words(shelf: Path) -> None:  # TORTURE B10
    assert len(records("neighbors", "king", "-k", "1000")) == 8


def test_analogy_by_sums_and_by_products(shelf: Path) -> None:
    for method in ("add", "mul"):
        found = records("analogy", "king", "-", "man", "+", "woman", "--method", method, "-k", "1")
        assert [(r["prompt"], r["rank"], r["neighbor"]) for r in found] == [("king - man + woman", 1, "queen")]
    assert ok("analogy", "-k", "1", text="queen - woman + man\n").split("\t")[2] == "king"


@pytest.mark.parametrize("prompt", [["king", "man"], ["king", "-"], ["+"], ["king", "-", "+", "man"]])
def test_what_is_no_analogy_is_said_to_be_none(
    shelf: Path, capsys: pytest.CaptureFixture[str], prompt: list[str]
) -> None:
    assert "king - man + woman" in fails(capsys, "analogy", *prompt, code=2)


def test_similarity_odd_one_out_and_vector(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert records("similarity", "king", "man")[0]["similarity"] == pytest.approx(0.5**0.5)
    assert [r["similarity"] for r in records("similarity", text="king\tking\nking zzz\n\n")] == [
        pytest.approx(1),
        None,
        None,
    ]
    assert records("odd-one-out", "apple", "pear", "king", "plum")[0]["word"] == "king"
    assert "fewer than three" in fails(capsys, "odd-one-out", "apple", "pear")
    assert records("vector", "king") == [{"word": "king", "vector": [1.0, 1.0, 0.0, 0.0]}]
    assert ok("vector", "the").strip().split("\t") == [
        "the",
        *["-0.100000001"] * 3,
        "0.100000001",
    ]  # nine digits: the float32 itself


def test_sentences_are_compared_word_by_word(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = records("sentence-similarity", "king queen", "queen king")[0]
    assert found["similarity"] == pytest.approx(1) and found["known"] == 1
    assert records("sentence-similarity", "king zzz", "apple")[0]["known"] == pytest.approx(2 / 3)
    assert records("sentence-similarity", text="king\tzzz\n")[0]["similarity"] is None
    assert "two sentences" in fails(capsys, "sentence-similarity", "king", code=2)


def test_words_that_hold_escapes_reach_no_terminal_as_such(shelf: Path) -> None:  # TORTURE J1, J3
    plain = ok("neighbors", "apple", "-k", "9")
    assert records("neighbors", "apple", "-k", "9")[-1]["neighbor"] == "\x1b[31mred"
    assert "\x1b[31mred" in plain  # a pipe gets the data; a terminal gets it escaped, as cli/terminal.py does for all
    assert "\x1b" not in answered("neighbors", text="red\n")[1]


@pytest.mark.parametrize("file", ["out.txt", "out.vec", "out.bin", "out.npy", "out.tsv", "glove.txt"])
def test_export_and_import_and_export_again(shelf: Path, capsys: pytest.CaptureFixture[str], file: str) -> None:
    extra = ["--format", "glove"] if file == "glove.txt" else []
    ok("export", "toy", file, *extra)
    ok("import", file, "--name", "again")
    ok("export", "again", f"again-{file}", *extra)
    assert (shelf / f"again-{file}").read_bytes() == (shelf / file).read_bytes()
    assert records("neighbors", "king", "-m", "again") == records("neighbors", "king", "-m", "toy")
    before = (shelf / file).read_bytes()
    assert "exists" in fails(capsys, "export", "again", file, *extra)
    assert (shelf / file).read_bytes() == before and not list(shelf.glob("*.part"))


def test_a_trained_model_with_ngrams_is_written_for_fasttext_whole(shelf: Path) -> None:
    facebook = pytest.importorskip("gensim.models.fasttext", reason="needs gensim, the peer whose format this is")
    (shelf / "book.txt").write_text(story(200), "utf-8")
    ok("train-w2v", "book.txt", "--subwords", "--buckets", "500", "--embedding-size", "8", "--window", "3", "-q")
    ok("export", "book-vectors", "book.bin", "--format", "fasttext-bin")
    peer = facebook.load_facebook_model("book.bin")
    assert (peer.window, peer.epochs, peer.sg, peer.wv.bucket) == (3, 5, 1, 500) and peer.syn1neg.any()
    for word in ("king", "the", "kingdom", "ñandú"):  # the last two were never seen
        (ours,) = records("vector", word, "-m", "book-vectors")
        assert np.allclose(peer.wv[word], ours["vector"], rtol=0, atol=1e-6)
    assert "--format fasttext-bin keeps them" in answered("export", "book-vectors", "book.vec")[1]


def test_an_import_keeps_names_and_what_is_there(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:  # H22, C4
    before = (shelf / "models" / "toy" / "model.json").read_bytes()
    assert "--replace" in fails(capsys, "import", "toy.txt")
    (shelf / "bad.txt").write_text("2 2\na 1 2\nb 1\n")
    assert "line 3" in fails(capsys, "import", "bad.txt", "--name", "toy", "--replace")
    assert (shelf / "models" / "toy" / "model.json").read_bytes() == before
    fails(capsys, "import", "toy.txt", "--name", "../x", code=2)
    assert sorted(Shelf("models").names()) == ["toy"]


def test_what_the_shelf_cannot_hold_is_changed_and_said(shelf: Path) -> None:
    (shelf / "odd.txt").write_text("<unk> 9 9\nnew york 1 2\n<eos> 3 4\nnew_york 5 6\n")
    out, err = answered("import", "odd.txt", "--jsonl")
    assert "1 words with a space in them were joined with _" in err
    assert "<unk> was left out" in err and "1 words became equal" in err
    assert json.loads(out)["words"] == 2
    ok("export", "odd", "odd.vec")
    assert (shelf / "odd.vec").read_text() == "2 2\nnew_york 1 2 \n<eos> 3 4 \n"


def test_a_model_of_another_kind_is_named(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:  # TORTURE B8, B9
    assert "predict" not in fails(capsys, "neighbors", "king", "-m", "tay")
    assert "holds word vectors" in fails(capsys, "predict-word", "king", "-m", "toy", code=2)


def test_quantised_models_answer_and_their_loss_is_said(shelf: Path) -> None:
    for method in ("int8", "pq"):
        _, err = answered("quantize-vectors", "toy", method, "--quantize", method)
        assert "similarities" in err and "stay among the ten" in err
        assert records("neighbors", "king", "-k", "1", "-m", method)[0]["neighbor"] == "man"
    assert "int8:" in answered("import", "toy.txt", "--name", "small", "--quantize", "int8")[1]
    assert records("neighbors", "king", "-m", "small") == records("neighbors", "king", "-m", "int8")


def test_an_index_is_kept_beside_its_model_and_answers(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("usearch", reason="needs usearch, an optional package")
    assert "index-vectors toy" in fails(capsys, "neighbors", "king", "--approximate")
    ok("index-vectors", "toy")
    assert records("neighbors", "king", "--approximate") == records("neighbors", "king")
    Shelf("models").check("toy")


def test_evaluation_gives_each_figure_its_coverage(shelf: Path) -> None:
    (shelf / "pairs.txt").write_text(
        "king man 9\nking queen 8\napple pear 9.5\nking apple 1\nking zzz 5\nman woman 2\n"
    )
    (shelf / "analogies.txt").write_text(
        ": royal\nman king woman queen\nman king woman zzz\n: fruit\nking man pear plum\n"
    )
    found = records("evaluate-vectors", "toy", "--test", "pairs.txt", "--test", "analogies.txt")
    assert (found[0]["measure"], found[0]["items"], found[0]["covered"]) == ("spearman", 6, 5)
    assert found[0]["coverage"] == pytest.approx(5 / 6) and found[0]["low"] <= found[0]["value"] <= found[0]["high"]
    rows = {(r["section"], r["measure"]): r for r in found[1:]}
    royal = rows["royal", "3CosAdd"]
    assert (royal["items"], royal["covered"], royal["value"]) == (2, 1, 1.0)
    assert rows["(all)", "3CosMul"]["covered"] == 2


def test_two_models_are_compared_on_what_both_cover(shelf: Path) -> None:
    (shelf / "less.txt").write_text("\n".join(FILE.split("\n")[1:7]) + "\n")
    ok("import", "less.txt")
    (shelf / "pairs.txt").write_text(
        "king man 9\nking queen 8\nman woman 2\nking woman 4\nqueen woman 8\nking plum 1\n"
    )
    found = records("evaluate-vectors", "toy", "less", "--test", "pairs.txt")
    assert [r["covered"] for r in found] == [6, 5, 5, 5, 5]
    assert found[-1]["model"] == "toy - less" and found[-1]["value"] == 0 and found[-1]["p"] == 1


def test_compare_finds_the_word_that_moved(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shelf / "moved.txt").write_text(FILE.replace("pear 0.1 0 0 1", "pear 1 0.9 0 0"))
    ok("import", "moved.txt")
    assert records("compare", "toy", "moved", "--show", "1", "-k", "2")[0]["word"] == "pear"
    moved = [r["word"] for r in records("compare", "toy", "moved")]
    assert "the" not in moved and "king" in moved  # a function word that moved tells nothing, unless it is asked for
    assert "the" in [r["word"] for r in records("compare", "toy", "moved", "--all")]
    assert [r["word"] for r in records("compare", "toy", "moved", "king", "plum")] == ["king", "plum"]
    assert "zzz" in fails(capsys, "compare", "toy", "moved", "zzz")


def test_a_page_holds_all_it_needs_and_no_word_can_break_out_of_it(shelf: Path) -> None:
    (shelf / "evil.txt").write_text("</script><script>alert(1) 1 0\nb 0 1\nc 1 1\n")
    ok("import", "evil.txt")
    ok("map", "page.html", "-m", "evil")
    page = (shelf / "page.html").read_text("utf-8")
    assert page.count("<script") == 2 and "alert(1)" in page
    assert not re.search(r"(src|href)\s*=|https?://|@import|url\(", page)
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    assert data["words"] == ["</script><script>alert(1)", "b", "c"] and len(data["places"]) == 3
    assert [near[0][0] for near in data["near"]] == [2, 2, 0]


def test_a_picture_shows_every_word_and_is_the_same_each_time(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib, an optional package")
    for name in ("a.svg", "b.svg"):
        ok("map", name, "--commonest", "8")
    svg = (shelf / "a.svg").read_text("utf-8")
    assert svg == (shelf / "b.svg").read_text("utf-8")
    assert all(f">{word}</text>" in svg for word in ("the", "king", "queen", "apple"))
    ok("map", "all.png")
    assert (shelf / "all.png").read_bytes().startswith(b"\x89PNG")
    assert "exists" in fails(capsys, "map", "all.png")
    assert ".svg" in fails(capsys, "map", "words.gif", code=2)


def test_a_map_leaves_function_words_out_unless_all_are_asked_for(shelf: Path) -> None:
    def drawn(*options: str) -> list[str]:
        ok("map", "page.html", "--commonest", "4", "--replace", *options)
        page = (shelf / "page.html").read_text("utf-8")
        words: list[str] = json.loads(page.split('id="data">')[1].split("</script>")[0])["words"]
        return words

    assert drawn() == ["man", "woman", "king", "queen"] and drawn("--all") == ["the", "man", "woman", "king"]


def test_labels_cover_neither_each_other_nor_points() -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib, an optional package")
    from matplotlib import pyplot as plt

    from seqcli.plots.vectors import _label

    random = np.random.default_rng(0)
    places = random.standard_normal((150, 2))
    figure, plot = plt.subplots(figsize=(14, 10), dpi=100)
    plot.scatter(*places.T, s=9)
    figure.canvas.draw()
    assert _label(figure, plot, [f"word{i}" for i in range(150)], places) == 150
    boxes = [text.get_window_extent() for text in plot.texts]
    points = plot.transData.transform(places)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert not any(box.contains(x, y) for box in boxes for x, y in points)
    plt.close(figure)


def test_answers_load_neither_torch_nor_numba_nor_rich(shelf: Path) -> None:
    code = (
        "import sys; from seqcli.cli import run; code = run(sys.argv[1:]); "
        "print([m for m in ('torch', 'numba', 'rich', 'tqdm', 'scipy', 'matplotlib') if m in sys.modules], "
        "code, file=sys.stderr)"
    )
    for args in (["neighbors", "king"], ["neighbors", "kign"], ["analogy", "king", "-", "man", "+", "woman"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *args],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONSAFEPATH": ""},
        )
        assert done.stderr.splitlines()[-1].startswith("[] "), done.stderr


def test_a_word_never_seen_is_answered_from_its_ngrams_and_that_is_said(shelf: Path) -> None:
    from seqcli.cli.session import Session
    from seqcli.vectors.formats import VectorsFile
    from seqcli.vectors.load import save_table
    from seqcli.vectors.subwords import Subwords

    random = np.random.default_rng(0)
    subwords = Subwords(random.standard_normal((50, 4)).astype(np.float32), 2, 4)
    words = ["king", "queen", "apple"]
    made = subwords.complete(words, random.standard_normal((3, 4)).astype(np.float32))
    corpus = {"name": "x", "sha256": "0" * 64, "lines": 3, "tokens": 0}
    found = VectorsFile("fasttext-bin", words, made, subwords)
    with Session().shelf.open("grams") as draft:
        save_table(draft, found, "none", corpus=corpus)
    out, err = answered("vector", "kings", "--json", "-m", "grams")
    assert json.loads(out)[0]["vector"] == pytest.approx([float(x) for x in subwords.vector("kings")])  # type: ignore[union-attr]
    assert "did you mean 'king'" in err and "mean of its n-grams' vectors" in err
    many = seqcli("odd-one-out", "--jsonl", "-m", "grams", stdin=b" ".join(b"kings%d" % i for i in range(500)))
    assert many.records[0]["word"] and many.err.count("mean of its n-grams' vectors") == 10 and "490 more" in many.err
    assert records("neighbors", "king", "-m", "grams") and not answered("neighbors", "king", "-m", "grams")[1]
    ok("quantize-vectors", "grams", "small")
    assert len(records("neighbors", "kings", "-m", "small")) == 3
