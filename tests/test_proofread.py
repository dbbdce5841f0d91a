"""Proofreading with a small model: what is marked and what is not, in every form that it is told."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import Outcome, seqcli
from conftest import ROOT
from faults import CHANGING, Operations, failing, forked, killed, killed_amid

import seqcli as face
from seqcli.errors import ModelError
from seqcli.fill.arrays import FillArrays, fill_table
from seqcli.fill.proofreading.candidates import Confusions
from seqcli.fill.proofreading.decision import Sites, Truth, fit, judge, shift_of
from seqcli.fill.proofreading.evaluation import auc
from seqcli.fill.proofreading.evidence import Evidence
from seqcli.fill.proofreading.lexicon import Lexicon
from seqcli.fill.proofreading.marks import KINDS
from seqcli.fill.proofreading.noise import NOISES, Damage, Error, Noise, restored
from seqcli.fill.proofreading.truth import NO_ERROR, UNCLEAR, error_of_tokens
from seqcli.fill.settings import FillSpec
from seqcli.store import Shelf
from seqcli.text.vocabulary import SPECIALS, Vocabulary
from seqcli.training.resumption import is_over

STORIES = ROOT / "corpora" / "stories.txt"
SMALL = ("--hidden-size", "64", "--embedding-size", "64", "--epochs", "8", "--threads", "1")
DRAFT = "The old man walked walked to the rivr.\nShe had an apple in hre hand, and `teh code` stayed.\n"
EAGER = ("--alarm-rate", "3%")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf with a small model."""
    folder = tmp_path_factory.mktemp("proofread")
    done = seqcli("--models-dir", folder, "train-fill", STORIES, "--name", "small", *SMALL)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A text with errors, in a folder of its own that commands run in."""
    monkeypatch.chdir(tmp_path)
    Path("draft.md").write_text(DRAFT, "utf-8")
    return Path("draft.md")


def proofread(shelf: Path, *words: str | Path, **how: Any) -> Outcome:
    return seqcli("--models-dir", shelf, "proofread", "-m", "small", *words, **how)


def test_errors_are_marked_where_they_stand(shelf: Path, draft: Path) -> None:
    done = proofread(shelf, draft, *EAGER, "--jsonl")
    assert done.code == 1
    found = {record["word"]: record for record in done.records}
    assert {"rivr", "hre"} <= set(found) and "teh" not in found and "code" not in found
    hre = found["hre"]
    assert (hre["line"], hre["kind"], hre["suggestions"][0]) == (2, "spelling", "her")
    for record in done.records:
        assert DRAFT[record["offset"] :][: record["length"]] == record["word"]
        assert DRAFT.splitlines()[record["line"] - 1][record["column"] - 1 :].startswith(record["word"])
        assert 0 < record["probability"] <= 1 and record["kind"] in KINDS
    places = [(record["offset"], record["length"]) for record in done.records]
    assert all(a + n <= b for (a, n), (b, _) in pairwise(places))


def test_a_pipe_gets_lines_as_compilers_write_them(shelf: Path, draft: Path) -> None:
    lines = proofread(shelf, draft, *EAGER).out.splitlines()
    assert any(line.startswith("draft.md:2:21: 'hre': not a word known here; did you mean her") for line in lines)
    assert [line.split(":", 3)[1:3] for line in lines] == [
        [str(r["line"]), str(r["column"])] for r in proofread(shelf, draft, *EAGER, "--jsonl").records
    ]
    standard = proofread(shelf, *EAGER, stdin=DRAFT.encode())
    assert [line.split(":", 1)[1] for line in standard.out.splitlines()] == [line.split(":", 1)[1] for line in lines]


def test_nothing_found_is_success_and_so_is_what_is_asked_to_be(shelf: Path, draft: Path) -> None:
    assert proofread(shelf, draft, *EAGER, "--exit-zero").code == 0
    draft.write_text("\n", "utf-8")
    for form in ((), ("--json",), ("--diff",), ("--write",)):
        assert proofread(shelf, draft, *EAGER, *form).code == 0
    assert json.loads(proofread(shelf, draft, "--json").out) == []


def test_fewer_alarms_mark_less(shelf: Path, draft: Path) -> None:
    counts = [len(proofread(shelf, draft, "--alarm-rate", rate, "--jsonl").records) for rate in ("0.1%", "5%", "0.5")]
    assert counts[0] <= counts[1] <= counts[2] and counts[2] > 2
    for bad in ("nan", "0", "80%", "much"):
        assert proofread(shelf, draft, "--alarm-rate", bad).code == 2


def test_accepted_words_and_those_that_recur_are_right(shelf: Path, draft: Path) -> None:
    text = "The frobnax sat by the sea. He saw the frobnax in the boat. Every frobnax was small. The zzgrub ran.\n"
    draft.write_text(text, "utf-8")
    marked = {record["word"] for record in proofread(shelf, draft, "--alarm-rate", "50%", "--jsonl").records}
    assert "frobnax" not in marked and "zzgrub" in marked
    Path("mine.txt").write_text("Zzgrub # a name\n", "utf-8")
    assert "zzgrub" not in proofread(shelf, draft, "--alarm-rate", "50%", "--words", "mine.txt").out
    Path("seqcli.words").write_text("zzgrub\n", "utf-8")
    assert "zzgrub" not in proofread(shelf, draft, "--alarm-rate", "50%").out


def test_a_diff_is_what_patch_applies_and_write_writes(shelf: Path, draft: Path) -> None:
    done = proofread(shelf, draft, *EAGER, "--diff")
    assert done.code == 1 and done.out.startswith("--- a/draft.md\n+++ b/draft.md\n")
    subprocess.run(["patch", "-p1"], input=done.out.encode(), check=True, capture_output=True)
    patched = draft.read_text("utf-8")
    draft.write_text(DRAFT, "utf-8")
    assert proofread(shelf, draft, *EAGER, "--write").code == 1
    assert draft.read_text("utf-8") == patched
    assert "in her hand" in patched and "`teh code`" in patched


def test_write_is_whole_or_not_at_all_whenever_it_is_killed(shelf: Path, draft: Path) -> None:
    from seqcli.fill.proofreading.texts import write_text

    after = DRAFT.replace("hre", "her")
    with Operations(CHANGING) as counted:
        write_text(str(draft), DRAFT, after)
    for fault in (killed, killed_amid, failing(errno.ENOSPC)):
        for at in range(1, counted.count + 1):
            draft.write_text(DRAFT, "utf-8")

            def action(at: int = at, fault: Any = fault) -> None:
                with Operations(CHANGING, at, fault):
                    write_text(str(draft), DRAFT, after)

            forked(action)
            assert draft.read_text("utf-8") in (DRAFT, after)
    assert draft.read_text("utf-8") in (DRAFT, after)


def test_sarif_has_what_its_readers_need(shelf: Path, draft: Path) -> None:
    done = proofread(shelf, draft, *EAGER, "--sarif")
    document = json.loads(done.out)
    assert done.code == 1 and document["version"] == "2.1.0" and "sarif-schema-2.1.0" in document["$schema"]
    [run] = document["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert run["columnKind"] == "unicodeCodePoints" and len(set(rules)) == len(rules)
    records = proofread(shelf, draft, *EAGER, "--jsonl").records
    for result, record in zip(run["results"], records, strict=True):
        assert rules[result["ruleIndex"]] == result["ruleId"] == record["kind"]
        [location] = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == "draft.md"
        region = location["physicalLocation"]["region"]
        assert (region["startLine"], region["startColumn"]) == (record["line"], record["column"])
        assert DRAFT[region["charOffset"] :][: region["charLength"]] == record["word"]
        assert result["message"]["text"] and result["level"] in ("warning", "note")


def test_a_page_shows_the_text_and_runs_nothing_of_it(shelf: Path, draft: Path) -> None:
    draft.write_text("The <script>alert(1)</script> man saw hre.\n", "utf-8")
    assert proofread(shelf, draft, *EAGER, "--html", "page.html").code == 1
    page = Path("page.html").read_text("utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page and "default-src 'none'" in page
    assert 'data-said="&#x27;hre&#x27;' in page
    assert proofread(shelf, draft, "--html", "page.html").code == 1  # it exists
    assert "--replace" in proofread(shelf, draft, "--html", "page.html").error


def test_changed_lines_alone(shelf: Path, draft: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    assert proofread(shelf, "--changed", *EAGER).code == 0
    draft.write_text(DRAFT + "\nIt was on haer head.\n", "utf-8")
    for how in (("--changed",), ("--since", "HEAD"), ("--changed", str(draft))):
        records = proofread(shelf, *how, *EAGER, "--jsonl").records
        assert {record["line"] for record in records} == {4} and "haer" in [record["word"] for record in records]
    assert proofread(shelf, "--since", "nosuch", *EAGER).code == 2


def test_python_answers_what_the_shell_does(shelf: Path, draft: Path) -> None:
    model = face.load("small", shelf, task="fill")
    marks = model.proofread(DRAFT, alarm_rate=0.03)
    records = proofread(shelf, "--jsonl", *EAGER, stdin=DRAFT.encode()).records
    assert [(m.offset, m.word, m.kind) for m in marks] == [(r["offset"], r["word"], r["kind"]) for r in records]
    assert [m.probability for m in marks] == pytest.approx([r["probability"] for r in records])
    several = model.proofread([DRAFT, "She smiled."], alarm_rate="3%")
    assert [m.word for m in several[0]] == [m.word for m in marks] and "in her hand" in model.correct(
        DRAFT, alarm_rate=0.03
    )
    assert [[m.word for m in some] for some in model.proofread(iter([DRAFT]), alarm_rate="3%")] == [
        [m.word for m in marks]
    ]
    assert not any(mark.word == "hre" for mark in model.proofread(DRAFT, words=["hre"], alarm_rate=0.03))


def test_misuse_is_one_line(shelf: Path, draft: Path) -> None:
    for words in (("--diff", "--write"), ("--sarif", "--json"), ("--changed", "--since", "x"), ("-k", "0")):
        assert proofread(shelf, draft, *words).code == 2
    assert proofread(shelf, "nosuch.txt").code == 1
    assert proofread(shelf, "--write", stdin=b"x").code == 2
    Path("words.txt").write_bytes(b"\xff\xfe")
    assert "utf-8" in proofread(shelf, draft, "--words", "words.txt").error


def test_a_model_that_was_stopped_before_its_calibration_goes_on(shelf: Path) -> None:
    record = Shelf(shelf).read("small")
    assert is_over(record) and {"words", "counts", "calibration"} <= set(record.files)
    files = {role: entry for role, entry in record.files.items() if role != "calibration"}
    from dataclasses import replace

    assert not is_over(replace(record, files=files))
    from seqcli.fill.proofreading.stored import calibration_of

    with pytest.raises(ModelError, match=r"not calibrated .* --resume"):
        calibration_of(replace(record, files=files))


def test_evaluation_tells_shares_and_reads_gold(shelf: Path, draft: Path) -> None:
    words = ("--models-dir", shelf, "evaluate-proofread", "small", "--json")
    done = seqcli(*words, "--test", STORIES, "--noise", "letters", "--letters", "12000", "--by-kind")
    assert done.code == 0, done.err
    whole, letters, unigram = json.loads(done.out)
    assert (whole["kind"], letters["kind"], unigram["model"]) == ("all", "letters", "unigram frequency")
    assert whole["errors"] == letters["errors"] > 100 and 0.5 < whole["auc"] <= 1
    for share in ("alarm_rate", "precision", "recall", "recall_at_rate", "fixed", "broken"):
        assert 0 <= whole[share] <= 1
    Path("gold.m2").write_text(
        "S It was in hre hand .\nA 3 4|||R:SPELL|||her|||REQUIRED|||-NONE-|||0\n\nS She smiled .\n", "utf-8"
    )
    [gold] = json.loads(seqcli(*words, "--gold", "gold.m2", "--alarm-rate", "3%").out)
    assert gold["sentences"] == 2 and gold["recall"] == 1.0 and gold["gleu"] >= gold["gleu_source"]
    assert json.loads(seqcli("--models-dir", shelf, "evaluate", "small", "--gold", "gold.m2", "--json").out)
    assert seqcli(*words).code == 2 and seqcli(*words, "--gold", "gold.m2", "--test", "gold.m2").code == 2


# -- the parts that figures rest on -------------------------------------------------------------------------------


def arrays(window: int = 3) -> FillArrays:
    spec = FillSpec(embedding_size=12, hidden_size=10, window=window)
    rng = np.random.default_rng(3)
    table = fill_table(spec, 30)
    return FillArrays(spec, {n: rng.normal(0, 0.5, s).astype(np.float32) for n, (_, s) in table.items()})


@pytest.mark.parametrize("window", [0, 3])
def test_what_stands_between_two_words_is_what_a_gap_there_would_be_told(window: int) -> None:
    model = arrays(window)
    ids, lengths = np.array([[5, 9, 7, 3, 3], [4, 8, 2, 6, 12]]), np.array([3, 5])
    at, between = model.vectors_between(ids, lengths)
    assert np.array_equal(at, model.vectors(ids, lengths))
    for row, length in enumerate(lengths):
        for place in range(1, length):
            gapped = np.insert(ids[row, :length], place, 11)[None]
            told = model.vectors(gapped, np.array([length + 1]))[0, place]
            assert between[row, place] == pytest.approx(told, abs=1e-5)
    assert not between[0, 3:].any()


def test_a_product_shared_by_all_places_is_that_of_each() -> None:
    model = arrays()
    vectors, ids = np.random.default_rng(1).normal(size=(4, 12)).astype(np.float32), np.array([3, 8, 20])
    each = model.logits(vectors, np.broadcast_to(ids, (4, 3)))
    assert model.shared_logits(vectors, ids) == pytest.approx(each, abs=1e-5)


TEXT = "The old man's boat, and the children's small house; she walked to the harbour every morning.\n" * 30


@pytest.mark.parametrize("name", NOISES)
def test_errors_can_be_taken_out_again_and_are_those_of_the_seed(shelf: Path, name: str) -> None:
    confusions = face.load("small", shelf, task="fill").proofreader().examiner.confusions
    one, same, other = (Damage(NOISES[name], confusions, seed).text(TEXT) for seed in (1, 1, 2))
    assert restored(one) == restored(other) == TEXT and one == same
    assert (one != other) == (name != "none")
    assert all(a.end <= b.start for a, b in pairwise(one.errors))


def test_words_that_were_never_counted_can_stand_for_others() -> None:
    """A small text may know words, of another model or of its subwords, that it does not have."""
    words = ["boat", "coat", "goat"]
    lexicon = Lexicon(Vocabulary(words), {}, [0] * (len(SPECIALS) + len(words)))
    damaged = Damage(Noise(word=1.0), Confusions(lexicon), 1).text("boat coat goat " * 20)
    assert len(damaged.errors) == 60


def test_letters_are_damaged_at_the_rate_and_in_the_shares_that_are_documented(shelf: Path) -> None:
    confusions = face.load("small", shelf, task="fill").proofreader().examiner.confusions
    text = "abcdefghij " * 20_000
    damaged = Damage(Noise(letters=0.03), confusions, 1).text(text)
    assert len(damaged.errors) / 20_000 == pytest.approx(1 - 0.97**10, rel=0.03)
    lengths = np.array([len(e.right) - (e.end - e.start) for e in damaged.errors])
    assert (lengths == 1).mean() == pytest.approx((lengths == -1).mean(), rel=0.25)
    assert (lengths == 0).mean() == pytest.approx(0.8, abs=0.03)


def test_an_error_is_marked_at_one_token() -> None:
    starts, ends = [0, 4, 8, 12], [3, 7, 11, 15]  # four words of three letters
    errors = [Error(0, 7, "one", "doubled"), Error(8, 8, "the ", "missing"), Error(12, 15, "x", "word")]
    assert error_of_tokens(starts, ends, errors).tolist() == [NO_ERROR, 0, 1, 2]
    assert error_of_tokens(starts, ends, [Error(0, 7, "both", "split")]).tolist() == [0, UNCLEAR, NO_ERROR, NO_ERROR]


def evidence_of(rows: list[tuple[int, float]]) -> Evidence:
    sites = np.array([site for site, _ in rows])
    features = np.array([[1.0, value] for _, value in rows], np.float32)
    return Evidence(sites, np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64), features)


def test_weights_are_found_that_drew_what_is_right() -> None:
    rng = np.random.default_rng(0)
    true = np.array([-1.5, 2.0])
    rows = [(site, float(rng.normal())) for site in range(6000) for _ in range(3)]
    evidence = evidence_of(rows)
    sites = Sites.of(evidence)
    shares = judge(evidence, sites, true).candidates.reshape(-1, 3)
    wrong = rng.random(6000) < shares.sum(1)
    conditional = shares / shares.sum(1, keepdims=True)
    drawn = (rng.random((6000, 1)) < np.cumsum(conditional, 1)).argmax(1)
    right = np.zeros((6000, 3), bool)
    right[np.arange(6000)[wrong], drawn[wrong]] = True
    found = fit(evidence, sites, Truth(right.ravel(), wrong, np.ones(6000)), np.zeros(2))
    assert found == pytest.approx(true, abs=0.12)


def test_a_text_full_of_errors_raises_every_probability_and_a_short_one_hardly() -> None:
    many = np.array([0.9] * 300 + [0.02] * 700)
    assert shift_of(many, 1000, 0.04) > 0.5
    assert shift_of(np.array([0.001] * 1000), 1000, 0.04) < -0.5
    assert abs(shift_of(np.array([0.9]), 5, 0.04)) < 0.2


def test_auc_counts_pairs_and_halves_for_equals() -> None:
    assert auc(np.array([0.1, 0.2, 0.5]), np.array([0.5, 0.9])) == pytest.approx((2.5 + 3) / 6)
    assert auc(np.array([0.1]), np.zeros(0)) is None


def test_the_hooks_of_pre_commit_name_the_command() -> None:
    text = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    assert "entry: seqcli proofread" in text and "types_or:" in text
    assert os.path.exists(ROOT / "seqcli" / "cli" / "fill" / "proofread.py")


def test_a_word_that_stands_three_times_is_too_many_twice(shelf: Path) -> None:
    text = "The old man walked walked walked to the sea."
    assert face.load("small", shelf, task="fill").correct(text, alarm_rate=0.01) == "The old man walked to the sea."


def test_another_network_is_a_baseline_where_it_knows_the_same_words(shelf: Path, draft: Path) -> None:
    train = ("--models-dir", shelf, "train-fill", STORIES, "--name")
    assert seqcli(*train, "left", "--sides", "left", *SMALL).code == 0
    words = ("--models-dir", shelf, "evaluate-proofread", "small", "--test", STORIES, "--letters", "6000", "--json")
    rows = json.loads(seqcli(*words, "--baseline", "left").out)
    assert [row["model"] for row in rows] == ["small", "left", "unigram frequency"]
    assert rows[0]["auc"] > rows[2]["auc"]
    assert "both" in seqcli("--models-dir", shelf, "proofread", draft, "-m", "left").error
    assert seqcli(*train, "other", "--min-count", "1", *SMALL).code == 0
    assert "other words" in seqcli(*words, "--baseline", "other").error


def test_names_of_things_are_no_errors_and_headings_no_sentences(shelf: Path) -> None:
    model = face.load("small", shelf, task="fill")
    text = "the old boat\n\nThe XQZ man saw iQuux and two-frobs by sha256 and x86 at the sea.\n\n| the sea | a boat |\n"
    marks = model.proofread(text, alarm_rate=0.05)
    assert not {mark.word for mark in marks} & {"XQZ", "iQuux", "two-frobs", "sha256", "x86"}
    assert not [mark for mark in marks if mark.kind == "case" and mark.word[0].islower()]
    assert model.correct("hTe old man walked to the sea.", alarm_rate=0.01) == "The old man walked to the sea."


def test_what_is_found_does_not_depend_on_who_looks(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seqcli.fill.proofreading import examination
    from seqcli.fill.proofreading.settings import Proofreading

    monkeypatch.setattr(examination, "TOGETHER", 200)
    proofreader = face.load("small", shelf, task="fill").proofreader()
    text = STORIES.read_text("utf-8")[:12_000].replace("the", "teh", 9)
    done = [list[int](), list[int]()]
    alone, together = (
        proofreader.marks(text, Proofreading("2%"), report=done[i].append, workers=1 + 2 * i) for i in range(2)
    )
    assert [mark[:6] for mark in alone] == [mark[:6] for mark in together] and len(alone) > 3
    assert done[0] == done[1] == sorted(done[0]) and len(done[0]) > 5


def test_what_is_found_does_not_depend_on_what_is_looked_at_beside(shelf: Path) -> None:
    from seqcli.fill.proofreading.examination import Text
    from seqcli.fill.proofreading.settings import Proofreading

    proofreader, how = face.load("small", shelf, task="fill").proofreader(), Proofreading("2%")
    whole = STORIES.read_text("utf-8")[:12_000].replace("the", "teh", 9)
    parts = [whole[i : i + 2_500] for i in range(0, 12_000, 2_500)]
    texts = [Text(parts[0]), Text("`code`", "notes.md"), Text(""), *(Text(part, "", {"teh"}) for part in parts[1:])]
    together = proofreader.marks_of_several(texts, how)
    alone = [proofreader.marks(text.text, how, text.path, text.accepted) for text in texts]
    assert [[mark[:6] for mark in marks] for marks in together] == [[mark[:6] for mark in marks] for marks in alone]
    assert len(together[0]) > 3 and not together[1] and not together[2]


def test_processors_that_are_free_are_workers_of_one_thread() -> None:
    from threadpoolctl import threadpool_info

    from seqcli.threads import Spare

    spare = Spare()
    spare._count = 2
    spare.count = lambda: 2  # type: ignore[method-assign]
    with spare.in_parallel() as workers:
        assert workers == 2
        assert {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"} <= {1}
