"""score as typed, beyond its records: shades on a terminal, the page, candidates ranked, the likelier of two."""

from __future__ import annotations

import html
import math
import re
from pathlib import Path

import pytest
from command_line import seqcli, trained

STYLE = re.compile(r"\x1b\[([0-9;]*)m([^\x1b]*)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two trained models; no test changes them."""
    made = tmp_path_factory.mktemp("score")
    trained(made, "--learning-rate", "0.05")
    trained(made, "--learning-rate", "0.05", "--lowercase", "--tokenizer", "characters", name="letters")
    return made


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    for name in ("SEQCLI_MODEL", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    return folder


def log_of(sentence: str) -> float:
    (record,) = seqcli("score", sentence, "--jsonl").records
    return float(record["log_probability"])


# -- shades -----------------------------------------------------------------------------------------------------------


def test_bits_are_the_same_surprisal_as_the_logs(here: Path) -> None:
    for record in seqcli("score", "the cat saw zebras", "--words", "--jsonl").records:
        assert record["bits"] == pytest.approx(-record["log_probability"] / math.log(2))


@pytest.mark.parametrize("options", [(), ("--words",)])
def test_surprising_words_are_shaded_on_a_terminal_and_nowhere_else(options: tuple[str, ...], here: Path) -> None:
    sentence = "the cat saw the saw"
    done = seqcli("score", sentence, *options, terminal=True)
    shades = {text: style for style, text in STYLE.findall(done.out) if text.strip()}
    words = {r["token"]: r["bits"] for r in seqcli("score", sentence, "--words", "--jsonl").records}
    assert words["saw"] > 8, "the last word: a verb where none was ever seen"
    assert re.search(r"\b4[1-8]\b", shades["saw"]), "a background, of 8 colours or of 256: rich keeps what it met first"
    assert shades.get("cat") != shades["saw"]
    assert "Surprisal in bits" in done.err and "12 and more" in done.err
    assert "\x1b" not in seqcli("score", sentence, *options).out
    assert "\x1b" not in seqcli("score", sentence, *options, "--csv", terminal=True).out
    assert seqcli("score", sentence, *options, "-q", terminal=True).err == ""


def test_no_color_leaves_marks_that_are_no_colour(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    done = seqcli("score", "the cat saw the saw", terminal=True)
    codes = {code for style, _ in STYLE.findall(done.out + done.err) for code in style.split(";")}
    assert codes <= {"", "0", "1", "4"} and "1" in codes


def test_a_sentence_keeps_its_letters_under_its_shades(here: Path) -> None:
    sentence = 'The  "Cat", e\u0301 猫\x1b[31m saw.'
    for model in ("tiny", "letters"):
        done = seqcli("score", sentence, "-m", model, terminal=True)
        assert re.sub(r"\x1b\[[0-9;]*m", "", done.out).splitlines()[1].startswith(sentence.replace("\x1b", "\\x1b"))


# -- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_holds_every_sentence_with_its_bits_and_loads_nothing(here: Path, tmp_path: Path) -> None:
    page, lines = tmp_path / "page.html", ["the cat saw a dog .", "", '<script>alert(1)</script> & "more" \x00\'']
    done = seqcli("score", "--html", page, stdin="\n".join(lines).encode())
    assert done.code == 0 and done.out == "" and "2 sentences" in done.err
    text = page.read_text("utf-8")
    assert "<script" not in text and not re.search(r"(src|href)\s*=|https?://|@import|url\(", text)
    assert "prefers-color-scheme: dark" in text and "default-src 'none'" in text
    shown = re.findall(r'<li><p dir="auto">(.*?)</p>', text, re.DOTALL)
    assert [html.unescape(re.sub("<[^>]*>", "", one)) for one in shown] == [f"{lines[0]} ⏎", f"{lines[2]} ⏎"]
    words = seqcli("score", lines[0], "--words", "--jsonl").records
    values = re.findall(r'class="w s(\d)" tabindex="0" data-bits="([\d.]+)"', shown[0])
    assert [value for _, value in values] == [f"{word['bits']:.1f}" for word in words]
    limits = (2, 5, 8, 12)
    assert [int(shade) for shade, _ in values] == [sum(word["bits"] >= limit for limit in limits) for word in words]
    legend = re.findall(r'<li class="s(\d)">(.*?)</li>', text)
    assert [shade for shade, _ in legend] == list("01234") and all("bits" in label for _, label in legend)


def test_a_page_is_whole_or_not_there_and_never_replaced_unasked(here: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert seqcli("score", "the cat", "--html", page).code == 0
    before = page.read_bytes()
    refused = seqcli("score", "a dog", "--html", page)
    assert refused.code == 1 and "--replace" in refused.error and page.read_bytes() == before
    assert seqcli("score", "--html", page, "--replace", stdin=b"\n\n").code == 2
    assert seqcli("score", "a dog", "--html", page, "--replace", "-m", "none").code == 1
    assert page.read_bytes() == before and list(tmp_path.iterdir()) == [page]
    assert seqcli("score", "a dog", "--html", page, "--replace").code == 0 and page.read_bytes() != before
    assert seqcli("score", "a dog", "--html", tmp_path / "none" / "page.html").code == 1


# -- several sentences at once ----------------------------------------------------------------------------------------


def test_candidates_are_sorted_by_the_probability_that_they_have_alone(here: Path) -> None:
    candidates = ["the cat saw the saw", "the cat saw the old house .", "the cat"]
    whole = seqcli("score", "--rerank", *candidates, "--jsonl").records
    assert [r["log_probability"] for r in whole] == pytest.approx(sorted(map(log_of, candidates), reverse=True))
    for record in whole:
        assert record["log_probability"] == pytest.approx(log_of(record["candidate"]))
        assert record["group"] == 1 and record["prompt"] is None
    means = seqcli("score", "--rerank", "--per-token", *candidates, "--jsonl").records
    assert [r["nats_per_token"] for r in means] == sorted(r["nats_per_token"] for r in means)
    assert [r["candidate"] for r in means] != [r["candidate"] for r in whole]


def test_a_candidate_behind_a_prompt_is_scored_as_its_continuation(here: Path) -> None:
    done = seqcli("score", "--rerank", "--jsonl", stdin=b"the cat\tsaw\tking\tfed the\n\na\tdog\n")
    assert [(r["group"], r["rank"], r["prompt"]) for r in done.records] == [
        (1, 1, "the cat"), (1, 2, "the cat"), (1, 3, "the cat"), (2, 1, "a")
    ]  # fmt: skip
    likely = seqcli("predict-word", "the cat", "-k", "99", "--jsonl").records
    probability = {r["word"]: r["probability"] for r in likely}
    found = {r["candidate"]: r for r in done.records}
    for word in ("saw", "king"):
        assert math.exp(found[word]["log_probability"]) == pytest.approx(probability[word], rel=1e-4)
    assert found["fed the"]["tokens"] == 2


def test_lines_without_tabs_are_groups_between_empty_lines(here: Path) -> None:
    lines = b"the cat\na dog\n\n\nsome bird\n" + b"the\tcat\n" + b"x\n" * 100
    records = seqcli("score", "--rerank", "--jsonl", stdin=lines).records
    assert [r["group"] for r in records] == [1, 1, 2, 3, *[4] * 100]
    assert [r["rank"] for r in records if r["group"] == 4] == list(range(1, 101))


def test_the_likelier_of_two_and_by_how_much(here: Path) -> None:
    good, bad = "the cat saw the old house .", "the cat the saw old house ."
    (record,) = seqcli("score", "--which", good, bad, "--jsonl").records
    assert record["likelier"] == "first" and (record["first"], record["second"]) == (good, bad)
    assert record["difference"] == pytest.approx(log_of(good) - log_of(bad), rel=1e-4)
    assert record["times"] == pytest.approx(math.exp(record["difference"]))
    lines = f"{bad}\t{good}\n\n{good}\t{good}\n".encode()
    records = seqcli("score", "--which", "--jsonl", stdin=lines).records
    assert [r["likelier"] for r in records] == ["second", None, "equal"]
    assert records[2]["times"] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--which", "one"), "--which takes two"),
        (("--which", "one", "two", "three"), "not 3"),
        (("--which", "one", " "), "empty"),
        (("--rerank", "one", ""), "empty"),
        (("--which", "--rerank", "one", "two"), "one of"),
        (("--words", "--html", "x.html", "one"), "one of"),
        (("--per-token", "one"), "--per-token"),
    ],
)
def test_misuse_is_told(words: tuple[str, ...], told: str, here: Path) -> None:
    done = seqcli("score", *words)
    assert done.code == 2 and told in done.error
