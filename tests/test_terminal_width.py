"""What every command prints at 60, 80 and 120 columns, English and Japanese: no line is broken inside a word."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from command_line import seqcli
from conftest import ROOT
from test_help import SINGLE

from seqcli.cli.layout import display_width
from seqcli.text.tokens import make, tokens_of

WIDTHS = (60, 80, 120)
WIDE = 4_000  # columns: nothing is broken
LEARNED = {"en": "stories.txt", "ja": "japanese.txt"}
TOKENS = {"en": "words", "ja": "japanese"}
WORDS = {"en": ("boat", "boats", "harbour", "old", "red"), "ja": ("村", "船", "海", "人", "子")}
GAPPED = {"en": "The old [_] looked at the [_].", "ja": "村には[_]がありました。"}
PROMPTS = {"en": ("The old man", "She looked at the sea."), "ja": ("村には船が", "朝早く、船は海へ出ていきました。")}
ASIDE = ("--models-dir", "aside")  # so that the lists of models stay as they are
QUICK = ("--threads", "1", "--embedding-size", "8")
LANGUAGE = (*QUICK, "--hidden-size", "8", "--samples", "8", "--epochs", "1")
TRANSLATION = (*QUICK, "--hidden-size", "8", "--encoder-size", "8", "--epochs", "1")
TALK = (*QUICK, "--hidden-size", "8", "--encoder-size", "8", "--context-size", "8", "--epochs", "1")
CODES = (*QUICK, "--hidden-size", "8", "--encoder-size", "8", "--latent-size", "4", "--epochs", "1")
LAB = {  # each as short as it may be
    "addition": ("--updates", "12"), "gradients": ("--steps", "12"), "gates": ("--updates", "2", "--hidden", "4"),
    "memory": ("--updates", "1", "--hidden", "4", "--small", "2"), "overfit": ("--updates", "20", "--hidden", "4"),
    "word2vec": ("--updates", "3"), "bptt": (), "check": (),
}  # fmt: skip
SLOW = {
    ("train-lm",),
    ("train-w2v",),
    ("train-translate",),
    ("train-fill",),
    ("evaluate-proofread",),
    ("tune",),
    ("train-dialogue",),
    ("train-vae",),
    ("lab", "check"),
    ("lab", "addition"),
    ("doctor",),
    ("plan",),
    ("report",),
}  # at one width: seconds each


def lines_of(language: str) -> list[tuple[str, ...]]:
    """Return command lines, at least one of every command, for models and texts of a language."""
    text, words, (prompt, sentence) = LEARNED[language], WORDS[language], PROMPTS[language]
    one, two, three, *_ = words
    lang = ("--lang", language)
    return [
        ("train-lm", text, "--name", "new", "--replace", *ASIDE, *LANGUAGE),
        ("train-w2v", text, "--name", "new-vectors", "--replace", *ASIDE, *QUICK, "--epochs", "1"),
        ("train-translate", "pairs.tsv", "--name", "new-pair", "--replace", *ASIDE, *TRANSLATION),
        ("train-fill", text, "--name", "new-fill", "--replace", *ASIDE, *LANGUAGE),
        ("fill", GAPPED[language], "-k", "3", "-m", "gaps"), ("fill", GAPPED[language], "--among", one, "-m", "gaps"),
        ("evaluate-fill", "gaps", "--test", text, "--threads", "1"), ("models", "show", "gaps"),
        ("train-vae", text, "--name", "new-codes", "--replace", *ASIDE, *CODES),
        ("sample", "-n", "3", "-m", "codes"), ("reconstruct", sentence, "-m", "codes"),
        ("interpolate", prompt, sentence, "--steps", "4", "-m", "codes"),
        ("attribute", sentence, "--without", "sources.txt", "--having", text, "-m", "codes"),
        ("edit", sentence, "--word", two, "--rounds", "2", "--tries", "8", "-m", "codes"),
        ("embed", sentence, "-m", "codes"), ("neighbors", sentence, "--among", "sources.txt", "-m", "codes"),
        ("map", "codes.html", "-m", "codes", "--replace", "--among", "sentences.txt"),
        ("evaluate-sentences", "codes", "--test", "sources.txt", "--samples", "5"), ("models", "show", "codes"),
        ("train-dialogue", "talk.txt", "--name", "new-talk", "--replace", *ASIDE, *TALK),
        ("reply", prompt, "-m", "talk"), ("reply", prompt, "-n", "2", "-m", "talk"), ("models", "show", "talk"),
        ("evaluate-dialogue", "talk", "--test", "talk.txt"),
        ("tune", text, "--name", "new-search", "--replace", *ASIDE, "--minutes", "0.02", "--trials", "2"),
        ("corpus", text), ("corpus", text, "--test", text), ("corpus", text, "--tokenizer", "characters"),
        ("plan", text, "--minutes", "0.1"),
        ("tokenize", sentence, "-m", "model"), ("detokenize", sentence, "-m", "model"),
        ("predict-word", prompt, "-m", "model"), ("predict-word", prompt, "--next", "4", "-m", "model"),
        ("predict-word", prompt, sentence, "-k", "2", "-m", "model"),
        ("score", sentence, "-m", "model"), ("score", sentence, "--words", "-m", "model"),
        ("score", sentence, prompt, "--rerank", "-m", "model"), ("score", sentence, prompt, "--which", "-m", "model"),
        ("score", sentence, "--html", "page.html", "--replace", "-m", "model"),
        ("generate", prompt, "-n", "2", "--seed", "1", "--tokens", "60", "-m", "model"),
        ("generate", prompt, "--beam", "2", "--tokens", "30", "-m", "model"),
        ("evaluate", "model", "counts", "--test", text, "--threads", "1"),
        ("evaluate", "model", "counts", "--test", text, "--paired", "--threads", "1"),
        ("translate", "-f", "sources.txt", "-m", "pair"), ("translate", "-f", "sources.txt", "-n", "2", "-m", "pair"),
        ("translate", "-f", "sources.txt", "--alignment", "-m", "pair"),
        ("translate", "-f", "sources.txt", "--cells", "-m", "pair"),
        ("score-translation", "-f", "few.tsv", "-m", "pair"),
        ("score-translation", "-f", "few.tsv", "--words", "-m", "pair"),
        ("proofread", text, "-m", "gaps", "--alarm-rate", "3%"),
        ("proofread", text, "-m", "gaps", "--diff", "--alarm-rate", "3%"),
        ("evaluate-proofread", "gaps", "--test", text, "--letters", "3000", "--by-kind"),
        ("evaluate-translation", "pair", "--test", "few.tsv"),
        ("evaluate-translation", "pair", "again", "--test", "few.tsv"),
        ("neighbors", one, two, "-m", "vectors"), ("analogy", f"{one} - {two} + {three}", "-m", "vectors"),
        ("similarity", one, two, "-m", "vectors"), ("odd-one-out", one, two, three, "-m", "vectors"),
        ("vector", one, "-m", "vectors"), ("sentence-similarity", prompt, sentence, "-m", "vectors"),
        ("compare", "vectors", "others", "-k", "3"),
        ("map", "map.html", "-m", "vectors", "--replace", "--commonest", "30"),
        ("evaluate-vectors", "vectors", "--test", "judged.tsv"),
        ("export", "vectors", "out.vec", "--replace", "--format", "word2vec-text"),
        ("import", "given.vec", "--name", "brought", "--replace", *ASIDE),
        ("quantize-vectors", "vectors", "small", "--quantize", "int8", "--replace"), ("index-vectors", "others"),
        ("report", "model", "counts", "--test", text, "--output", "aside/page.html", "--replace"),
        ("models", "list"), ("models", "show", "model"), ("models", "show", "vectors"), ("models", "show", "pair"),
        ("models", "show", "model", "--all"), ("models", "check"), ("models", "default", "model"),
        ("models", "default"),
        ("models", "remove", "nosuch", "--yes"), ("models", "rename", "model", "counts"),
        ("models", "export", "model", "model.seqcli.tar"), ("models", "import", "given.seqcli.tar", "--name", "model"),
        ("corpora", "list"), ("corpora", "show", "ptb"), ("corpora", "get", "nosuch"),
        ("serve", "nosuch"), ("language-server", "--words", "101"),
        ("search", prompt, text, "-m", "vectors", "-k", "2", "-C", "1", "--no-index"),
        ("cluster", text, "-m", "vectors", "--groups", "2", "--examples", "1", "--no-index"),
        ("examples",), ("examples", "vectors"), ("completion", "bash"), ("doctor",),
        ("help",), ("help", "train-lm"), (), ("models",), ("lab",),
        ("lab", "list", *lang), *(("lab", name, *options, *lang) for name, options in LAB.items()),
        ("predict-word", prompt, "-m", "modl"), ("trainlm",), ("neighbors", f"{one}x", "-m", "vectors"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """A folder for each language, with texts, and models made from them."""
    found, before = {}, os.getcwd()
    for language in LEARNED:
        found[language] = folder = tmp_path_factory.mktemp(language)
        os.chdir(folder)
        _fill(language)
    yield found
    os.chdir(before)


def _fill(language: str) -> None:
    text, cut = LEARNED[language], ("--tokenizer", TOKENS[language])
    Path(text).write_text((ROOT / "corpora" / text).read_text("utf-8"), "utf-8")
    ours, theirs = ("pairs.en", "pairs.de") if language == "en" else ("pairs.ja", "pairs.en")
    sides = [(ROOT / "corpora" / name).read_text("utf-8").splitlines() for name in (ours, theirs)]
    pairs = ["\t".join(pair) for pair in zip(*sides, strict=True)]
    Path("pairs.tsv").write_text("\n".join(pairs) + "\n", "utf-8")
    Path("few.tsv").write_text("\n".join(pairs[:4]) + "\n", "utf-8")
    Path("sentences.txt").write_text("\n".join(sides[0][:5]) + "\n", "utf-8")
    talk = sides[0][:120]
    Path("talk.txt").write_text("\n\n".join("\n".join(talk[i : i + 4]) for i in range(0, 120, 4)) + "\n", "utf-8")
    Path("sources.txt").write_text("\n".join(sides[0][:2]) + "\n", "utf-8")
    first, second, third, *_ = WORDS[language]
    Path("judged.tsv").write_text(f"{first}\t{second}\t7\n{second}\t{third}\t3\n{first}\t{third}\t1\n", "utf-8")
    Path("given.vec").write_text("3 2\none 1 2\ntwo 3 4\nthree 5 7\n", "utf-8")
    for line in (
        ("train-lm", text, "--name", "model", *LANGUAGE, *cut),
        ("train-fill", text, "--name", "gaps", *LANGUAGE, *cut),
        ("train-dialogue", "talk.txt", "--name", "talk", *TALK, *cut),
        ("train-lm", text, "--name", "counts", "--architecture", "ngram", *cut),
        ("train-w2v", text, "--name", "vectors", *QUICK, "--epochs", "2", "--min-count", "1", *cut),
        ("train-w2v", text, "--name", "others", *QUICK, "--epochs", "1", "--min-count", "1", "--seed", "2", *cut),
        ("train-translate", "pairs.tsv", "--name", "pair", *TRANSLATION),
        ("train-vae", text, "--name", "codes", *CODES, *cut),
        ("models", "export", "pair", "again.seqcli.tar"),
        ("models", "import", "again.seqcli.tar"),
        ("models", "export", "counts", "given.seqcli.tar"),
    ):
        done = seqcli(*line)
        assert done.code == 0, (line, done.err)


def shown(line: tuple[str, ...], width: int) -> list[str]:
    """Return the lines that a command writes on a terminal of a width, without colours and bars that are taken away."""
    Path("model.seqcli.tar").unlink(missing_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        patch.delenv("SEQCLI_MODELS", raising=False)
        done = seqcli(*line, terminal=True)
    assert done.code in (0, 1, 2), done.err
    plain = re.sub(r"\x1b\[[0-9;]*m", "", f"{done.out}\n{done.err}")
    return re.sub(r"[^\n]*\r", "", plain).splitlines()


@cache
def whole_words(language: str, line: tuple[str, ...]) -> frozenset[str]:
    """Return the words of a command's output where no line is broken."""
    return frozenset(word for text in shown(line, WIDE) for word in words_of(line, text))


def words_of(line: tuple[str, ...], text: str) -> list[str]:
    """Return the words of a line as they stand; where a clock is read, numbers are all alike."""
    clocked = {line[:1], line[:2]} & SLOW or line[:1] == ("lab",)
    text = text.replace("learned nothing", "0")  # within a second a search learns something or it does not
    return [re.sub(r"\d[\d.,]*", "0", word) if clocked else word for word in re.split(r"[\s|]+", text) if word != "\\"]


@pytest.fixture(scope="module", autouse=True)
def known_speed() -> Iterator[None]:
    """A machine of known speed, which `plan` need not try."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("seqcli.language.forecast.seconds_of_updates", lambda *_: [0.05, 0.05])
        yield


@pytest.mark.usefixtures("computed_once")
@pytest.mark.parametrize("language", LEARNED)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_broken_inside_a_word_or_number(language: str, width: int, places: dict[str, Path]) -> None:
    os.chdir(places[language])
    lines = lines_of(language)
    assert {" ".join(line[: len(name.split())]) for name in SINGLE for line in lines} >= set(SINGLE), "every command"
    cut = make("japanese", False)
    faults: list[object] = []
    for line in lines:
        if {line[:1], line[:2]} & SLOW and width != WIDTHS[1]:
            continue
        wide = whole_words(language, line)
        for text in shown(line, width):
            own = "--diff" in line or line[:1] == ("completion",)  # lines that patch, or a shell, reads
            if (
                not own
                and display_width(text) > width
                and (len(text.split()) > 2 or display_width(text.split()[-1]) < width / 2)
            ):
                faults.append((line, "too long", text))  # a path or hash that is as long as a line a reader wants whole
            for word in words_of(line, text):
                if word not in wide and not any(_between_tokens(word, whole, cut) for whole in wide):
                    faults.append((line, word, text))
    assert not faults, "\n".join(map(str, faults))


def _between_tokens(part: str, whole: str, cut: object) -> bool:
    """Return whether a part of Japanese begins and ends where words do, or signs that belong to none."""
    if part not in whole or whole.isascii():
        return False
    ends, place = {0}, 0
    for token in tokens_of(cut, whole):  # type: ignore[arg-type]
        place += len(token)
        ends.add(place)
    return any(at in ends and at + len(part) in ends for at in range(len(whole)) if whole.startswith(part, at))
