"""The page about a model: of every kind, whole in one file, with the answers and the command of the command line."""

from __future__ import annotations

import html
import re
import shlex
from pathlib import Path

import pytest
from command_line import seqcli
from stopped_trainings import TRAINERS, write_texts

from seqcli.store import Shelf

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
KINDS = {  # name -> how it is trained, a text that it is tested on, and what is asked of it
    "net": ("train-lm", ("text.txt",), ("predict-word", "the", "-k", "1")),
    "counted": ("n-grams", ("text.txt",), ("predict-word", "the", "-k", "1")),
    "words": ("train-w2v", (), ("neighbors", "cat", "-k", "1")),
    "pair": ("train-translate", ("pairs.en", "pairs.de"), ("translate", "the cat saw a red house .")),
    "gaps": ("train-fill", ("text.txt",), ("fill", "the [_] saw a red house .", "-k", "1")),
    "talk": ("train-dialogue", ("talk.txt",), ("reply", "the cat saw a red house .")),
    "codes": ("train-vae", ("text.txt",), ("reconstruct", "the cat saw a red house .")),
}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with texts, and in its models a small one of every kind."""
    folder = tmp_path_factory.mktemp("report")
    write_texts(folder, vectors=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, (kind, _, _) in KINDS.items():
            (command, *texts), options = TRAINERS[kind].words[:-2], TRAINERS[kind].options
            done = seqcli(command, *texts, "--name", name, *options)
            assert done.code == 0, done.err
    return folder


@pytest.fixture(autouse=True)
def here(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shelf)


def page_of(*words: str) -> str:
    done = seqcli("report", *words, "--output", "page.html", "--replace")
    assert done.code == 0, done.err
    return Path("page.html").read_text("utf-8")


@pytest.mark.parametrize("name", KINDS)
def test_a_page_of_every_kind_is_one_file_and_says_what_the_command_says(name: str) -> None:
    _, texts, asked = KINDS[name]
    page = page_of(name, *(word for text in texts for word in ("--test", text)), "--ask", asked[1])
    assert not re.findall(r"<script|<link|(?:src|href)=\"(?!#|data:)", page)
    assert set(re.findall(r"https?://[^\"' <)]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    for part in ("learned", "curve", "figures", "said", "weak", "again"):
        assert page.count(f'<section id="{part}">') == 1
    said = html.unescape(page[page.index('<section id="said">') :])
    answer = seqcli(*asked, "-m", name, "--jsonl").records[0]
    told = next(str(answer[key]) for key in ("word", "neighbor", "translation", "reply", "sentence") if key in answer)
    assert told in said


@pytest.mark.parametrize("name", ["net", "words", "pair", "gaps", "talk", "codes"])
def test_the_command_in_the_page_makes_the_same_model_again(name: str) -> None:
    page = html.unescape(page_of(name))
    again = re.search(r"<code>(<span>seqcli</span> <span>train-.*?)</code>", page[page.index('<section id="again">') :])
    assert again is not None
    done = seqcli(*shlex.split(re.sub("</?span>", "", again[1]))[1:], "--models-dir", "again", "--replace")
    assert done.code == 0, done.err
    one, other = Shelf(Path("models")).read(name), Shelf(Path("again")).read(name)
    assert (one.text, one.spec, one.corpus) == (other.text, other.spec, other.corpus)
    for role in {"weights", "vectors"} & set(one.files):
        assert one.files[role].sha256 == other.files[role].sha256


def test_two_models_stand_side_by_side() -> None:
    page = page_of("net", "counted")
    assert page.count("<h3>net</h3>") == page.count("<h3>counted</h3>") >= 4
    row = re.search(r"<th scope=\"row\">perplexity</th>\s*(<td.*?</td>)\s*(<td.*?</td>)", page)
    assert row is not None and row[1] != row[2] != ""


def test_what_cannot_be_is_one_line_and_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("kept.html").write_text("mine", "utf-8")
    assert "'kept.html'" in seqcli("report", "net", "--output", "kept.html").error
    assert "one or two" in seqcli("report", "net", "counted", "words", "--output", "three.html").error
    assert "no model 'nte'" in seqcli("report", "nte", "--output", "none.html").error
    assert "Cannot read 'nosuch'" in seqcli("report", "net", "--test", "nosuch", "--output", "none.html").error
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "seqcli[report]" in seqcli("report", "net", "--output", "none.html").error
    assert Path("kept.html").read_text("utf-8") == "mine"
    assert not Path("three.html").exists() and not Path("none.html").exists()


def test_words_of_a_text_are_never_markup() -> None:
    Path("odd.txt").write_text('the <script>alert(1)</script> saw "it" & <b>left</b> .\n' * 300, "utf-8")
    tiny = TRAINERS["train-lm"].options
    done = seqcli("train-lm", "odd.txt", "--name", "odd", "--replace", "--tokenizer", "whitespace", "--plain", *tiny)
    assert done.code == 0, done.err
    page = page_of("odd", "--test", "odd.txt", "--ask", "<b>left</b>")
    assert "<script" not in page and "<b>" not in page and "&lt;b&gt;left" in page
