"""train-dialogue, reply, evaluate-dialogue: forms, histories, figures, a chat, a training that goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import seqcli

import seqcli as face
from seqcli.cli.dialogue import chat as chat_face
from seqcli.cli.session import Session
from seqcli.dialogue.answer_settings import Replying
from seqcli.dialogue.answers import open_dialogue
from seqcli.dialogue.chat import Chat
from seqcli.errors import MisuseError
from seqcli.session import Silent
from seqcli.store import Shelf

SMALL = ("--threads", "1", "--embedding-size", "12", "--encoder-size", "8", "--context-size", "12")
TINY = (*SMALL, "--hidden-size", "16", "--batch-size", "8", "--learning-rate", "0.02")
KINDS = {
    "hred": (),
    "s2s": ("--architecture", "seq2seq"),
    "vhred": ("--architecture", "vhred", "--latent-size", "4"),
    "back": ("--backwards",),
}
NAMED = [
    ("Ann", "do you like {} ?"),
    ("Bob", "yes , I like {} ."),
    ("Ann", "what do you like ?"),
    ("Bob", "{} , as I said ."),
]
THINGS = ("tea", "milk", "rain", "snow", "bread")


def talk(count: int = 60) -> str:
    """Return dialogues of four utterances, in which a thing comes back."""
    return "\n\n".join("\n".join(f"{who}: {what.format(THINGS[n % 5])}" for who, what in NAMED) for n in range(count))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with dialogues, and models trained on them."""
    found = tmp_path_factory.mktemp("dialogues")
    (found / "talk.txt").write_text(talk(), "utf-8")
    for name, options in KINDS.items():
        given = (*TINY, *options)
        done = seqcli(
            "--models-dir",
            found / "models",
            "train-dialogue",
            found / "talk.txt",
            "--name",
            name,
            "--epochs",
            "10" if name == "hred" else "4",
            *given,
        )
        assert done.code == 0, done.err
    return found


@pytest.fixture
def there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the models, gone to."""
    monkeypatch.chdir(folder)
    return folder


def test_it_is_said_what_is_learned_from_and_what_came_of_it(there: Path) -> None:
    done = seqcli("train-dialogue", "talk.txt", "--name", "new", "--epochs", "1", *SMALL, "--replace", "--json")
    assert "Dialogues: 57, 228 utterances" in done.err and "Try: seqcli reply" in done.err
    document = json.loads(done.out)
    assert document["held_out"]["perplexity"] > 1 and document["tokens_per_second"] > 0
    shown = seqcli("models", "show", "new").out
    assert "answers in a dialogue" in shown and seqcli("models", "check", "new").code == 0


def test_one_long_dialogue_is_cut_so_that_some_can_be_held_out(there: Path) -> None:
    Path("long.txt").write_text("\n".join(f"it is {n % 7} o'clock" for n in range(5_000)), "utf-8")
    done = seqcli("train-dialogue", "long.txt", "--name", "long", "--epochs", "0.2", *SMALL, "--replace")
    assert done.code == 0 and "cut into 250 of 20 turns" in done.err, done.err
    said = seqcli("reply", "it is 3 o'clock", "-m", "long", "--history", "long.txt")
    assert said.code == 0 and len(said.out.splitlines()) == 1


def test_a_reply_is_a_line_for_a_line(there: Path) -> None:
    one = seqcli("reply", "do you like tea ?", "-m", "hred")
    assert one.code == 0 and len(one.out.splitlines()) == 1 and one.out.strip()
    piped = seqcli("reply", "-m", "hred", stdin=b"do you like tea ?\n\nwhat do you like ?\n")
    assert piped.out.splitlines()[0] == one.out.strip() and piped.out.splitlines()[1] == ""
    assert len(piped.out.splitlines()) == 3
    [record] = seqcli("reply", "do you like tea ?", "-m", "hred", "--jsonl").records
    assert record["context"] == "do you like tea ?" and record["reply"] == one.out.strip()
    assert record["log_probability"] < record["score"] < 0


def test_several_replies_are_different_and_ranked(there: Path) -> None:
    records = seqcli("reply", "what do you like ?", "-m", "hred", "-n", "4", "--temperature", "2", "--jsonl").records
    assert [one["rank"] for one in records] == [1, 2, 3, 4] and len({one["reply"] for one in records}) == 4
    assert [one["score"] for one in records] == sorted((one["score"] for one in records), reverse=True)
    beam = seqcli("reply", "what do you like ?", "-m", "hred", "-n", "3", "--beam", "5", "--jsonl").records
    assert len({one["reply"] for one in beam}) == 3


def test_each_question_is_drawn_for_anew_and_the_same_from_the_shell_and_from_python(there: Path) -> None:
    model = face.load("hred", "models", task="dialogue")
    asked = ["do you like tea ?", "do you like snow ?", "what do you like ?"]
    replies = [model.reply(one, n=3, temperature=2.0) for one in asked]
    records = seqcli("reply", asked[0], "-m", "hred", "-n", "3", "--temperature", "2", "--jsonl").records
    assert [one["reply"] for one in records] == replies[0] == model.reply(asked[0], n=3, temperature=2.0)
    assert len({len(one) for row in replies for one in row}) > 3


def test_what_was_said_before_decides(there: Path) -> None:
    """The history is a dialogue in any form; without attention to it, as in Seq2Seq, it changes nothing."""
    for thing in ("snow", "milk"):
        Path(f"{thing}.txt").write_text(f"Ann: do you like {thing} ?\nBob: yes , I like {thing} .\n", "utf-8")
    asked = ("reply", "what do you like ?", "--beam", "3", "--jsonl")
    heard = [
        [seqcli(*asked, "-m", name, "--history", f"{thing}.txt").records[0] for thing in ("snow", "milk")]
        for name in ("hred", "s2s")
    ]
    assert heard[0][0]["log_probability"] != heard[0][1]["log_probability"]
    assert heard[1][0] == heard[1][1]


def test_a_reply_is_ranked_with_a_model_of_the_other_direction(there: Path) -> None:
    asked = (
        "reply",
        "do you like tea ?",
        "-m",
        "hred",
        "-n",
        "3",
        "--candidates",
        "8",
        "--temperature",
        "1.5",
        "--jsonl",
    )
    plain, ranked = seqcli(*asked).records, seqcli(*asked, "--reverse-model", "back", "--against", "0.3").records
    assert len(ranked) == 3 and [one["score"] for one in ranked] != [one["score"] for one in plain]
    wrong = seqcli(*asked, "--reverse-model", "s2s")
    assert wrong.code == 2 and "--backwards" in wrong.error


def test_figures_behind_every_kind_of_history(there: Path) -> None:
    records = seqcli("evaluate-dialogue", "hred", "--test", "talk.txt", "--jsonl").records
    assert [one["context"] for one in records] == ["all", "full", "shuffled", "none", "foreign"]
    assert len({one["replies"] for one in records[1:]}) == 1
    assert all(one["perplexity"] > 1 for one in records)
    assert len({one["perplexity"] for one in records[1:]}) == 4, "it hears what was said"
    [s2s] = seqcli("evaluate-dialogue", "s2s", "--test", "talk.txt", "--context", "none", "--jsonl").records
    [full] = seqcli("evaluate-dialogue", "s2s", "--test", "talk.txt", "--context", "full", "--jsonl").records
    assert s2s["perplexity"] == pytest.approx(full["perplexity"], rel=1e-6)


def test_one_kind_of_history_gives_one_object(there: Path) -> None:
    hred = json.loads(seqcli("evaluate-dialogue", "hred", "--test", "talk.txt", "--context", "shuffled", "--json").out)
    assert hred["context"] == "shuffled" and hred["perplexity"] > 1
    options = ("--context", "full", "--draws", "20", "--json")
    vhred = json.loads(seqcli("evaluate-dialogue", "vhred", "--test", "talk.txt", *options).out)
    assert {"importance_weighted_perplexity", "kl_per_utterance", "active_units"} <= vhred.keys()
    assert "perplexity" not in vhred, "a bound is none"


def test_the_figure_of_a_training_is_that_of_its_evaluation(there: Path) -> None:
    Path("held.txt").write_text(talk(9), "utf-8")
    done = seqcli(
        "train-dialogue", "talk.txt", "--valid", "held.txt", "--name", "held", "--epochs", "1", *SMALL, "--replace"
    )
    assert done.code == 0, done.err
    [every, *_] = seqcli("evaluate-dialogue", "held", "--test", "held.txt", "--jsonl").records
    held_out = Shelf("models").read("held").results["held_out"]
    assert every["perplexity"] == pytest.approx(held_out["perplexity"], rel=1e-6)
    assert every["tokens"] == held_out["tokens"]


def test_replies_are_drawn_and_told_what_they_are_like(there: Path) -> None:
    options = ("--test", "talk.txt", "--replies", "--most", "12", "--jsonl")
    references, hred, vhred = seqcli("evaluate-dialogue", "hred", "vhred", *options).records
    assert (references["model"], hred["model"], vhred["model"]) == ("(references)", "hred", "vhred")
    assert hred["replies"] == 12 and 0 < hred["distinct_2"] <= 1 and hred["bleu"] >= 0 and references["bleu"] is None
    again = seqcli("evaluate-dialogue", "hred", *options).records[1]
    assert again == hred
    assert seqcli("evaluate-dialogue", "hred", "--test", "talk.txt", "--temperature", "1").code == 2


def test_a_training_begins_with_another_model_and_new_words(there: Path) -> None:
    """Before any update it says of known words what the other one said; afterwards it knows the new ones."""
    new = talk(20).replace("tea", "honey")
    Path("new.txt").write_text(new, "utf-8")
    options = ("--from", "hred", "--name", "longer", "--replace", "--epochs", "2", "--valid", "talk.txt")
    done = seqcli("train-dialogue", "new.txt", *options, "--threads", "1")
    assert done.code == 0, done.err
    record, origin = Shelf("models").read("longer"), Shelf("models").read("hred")
    assert (
        "honey" in record.vocabulary()
        and record.vocabulary().tokens[: len(origin.vocabulary())] == origin.vocabulary().tokens
    )
    assert record.corpus["from"] == "hred" and record.spec.hidden_size == origin.spec.hidden_size
    first = record.history()[0]["held_out"]
    [every, *_] = seqcli("evaluate-dialogue", "hred", "--test", "talk.txt", "--jsonl").records
    assert first == pytest.approx(every["nats_per_token"], abs=0.15)
    assert seqcli("train-dialogue", "new.txt", "--from", "hred", "--name", "x", "--hidden-size", "9").code == 2


def test_a_training_begins_with_word_vectors(there: Path) -> None:
    Path("given.vec").write_text("3 4\ntea 1 2 3 4\nmilk 3 4 0 1\nsnow 5 7 1 1\n", "utf-8")
    assert seqcli("import", "given.vec", "--name", "given").code == 0
    sizes = ("--encoder-size", "4", "--context-size", "6", "--hidden-size", "8", "--threads", "1", "--epochs", "1")
    done = seqcli("train-dialogue", "talk.txt", "--name", "informed", "--embeddings", "given", *sizes, "--replace")
    assert done.code == 0 and "3 of " in done.err, done.err
    assert Shelf("models").read("informed").spec.embedding_size == 4
    assert (
        seqcli("train-dialogue", "talk.txt", "--name", "x", "--embeddings", "given", "--embedding-size", "5").code == 2
    )


def test_the_figures_at_each_depth_are_drawn(there: Path) -> None:
    pytest.importorskip("matplotlib")
    options = ("--test", "talk.txt", "--draws", "2", "--replace", "--jsonl")
    records = seqcli("evaluate-dialogue", "hred", "s2s", *options, "--plot", "turns.svg").records
    turns = [one["turn"] for one in records if one["model"] == "hred" and one["turn"] is not None]
    assert turns == [1, 2, 3] and Path("turns.svg").read_text("utf-8").count("hred") >= 1
    assert seqcli("evaluate-dialogue", "vhred", *options, "--plot", "bound.png").code == 0


@pytest.mark.parametrize("architecture", ["hred", "vhred"])
def test_a_training_that_was_stopped_goes_on_to_the_same_bytes(architecture: str, there: Path, tmp_path: Path) -> None:
    """The place in the annealing and what is drawn are those of a training that nobody stopped."""
    sizes = {"embedding_size": 8, "encoder_size": 4, "context_size": 6, "hidden_size": 8, "batch_size": 8, "threads": 1}

    class Stopped(Exception):
        pass

    def stop(event: Any) -> None:
        if type(event).__name__ == "Progressed" and event.progress.update == 9:
            import signal

            signal.raise_signal(signal.SIGTERM)

    def train(where: Path, **more: Any) -> None:
        face.train("dialogue", "talk.txt", name="m", models_dir=where, **more)

    how = {"architecture": architecture, "epochs": 3, **sizes}
    train(tmp_path / "whole", **how)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "stopped", progress=stop, **how)
    assert not Shelf(tmp_path / "stopped").read("m").progress["finished"]
    train(tmp_path / "stopped", resume=True)
    files = [Shelf(tmp_path / name).read("m").files["weights"] for name in ("whole", "stopped")]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("train-dialogue", "talk.txt", "--name", "x", "--architecture", "seq2seq", "--attention", "context"),
            "seq2seq sees",
        ),
        (("train-dialogue", "talk.txt", "--name", "x", "--latent-size", "4"), "--latent-size belongs to"),
        (("reply", "hello", "-m", "hred", "-n", "0"), "-n is '0'"),
        (("reply", "hello", "--interactive", "-m", "hred"), "--interactive"),
        (("reply", "", "-m", "hred"), "The text is empty"),
        (("evaluate-dialogue", "hred", "--test", "talk.txt", "--context", "odd"), "odd"),
    ],
)
def test_misuse_is_told(words: tuple[str, ...], told: str, there: Path) -> None:
    done = seqcli(*words)
    assert done.code == 2 and told in done.error


def test_lines_typed_are_replied_to_until_control_d(
    there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chat_face, "check_terminal", lambda: None)
    typed = ["do you like tea ?", "", "/why", "/undo", "/undo"]
    monkeypatch.setattr(chat_face, "lines_typed", lambda suggest, rows: iter(typed))
    chat_face.talk(Session(), "hred", Replying(), ())
    said = capsys.readouterr()
    assert len(said.out.splitlines()) >= 3 and "1 back" in said.out
    assert "/undo: take back" in said.err and "Nothing was said yet" in said.err
    assert [one.shown for one in chat_face._suggest("/re")] == ["/retry"] and not chat_face._suggest("re")


def test_a_chat_keeps_takes_back_explains_and_saves_what_was_said(there: Path) -> None:
    asked = open_dialogue(Silent(Shelf("models")), "hred")
    chat = Chat(asked, Replying(temperature=2.0))
    with pytest.raises(MisuseError, match="Nothing was said"):
        chat.undo()
    first = chat.answer("do you like snow ?")
    others = {chat.retry() for _ in range(6)}
    assert len({first, *others}) > 1 and chat.said[0] == "do you like snow ?" and len(chat.said) == 2
    looked = chat.why()
    assert 0 < sum(one.weight for one in looked) <= 1.0001 and {one.turns_back for one in looked} == {1}
    chat.answer("what do you like ?")
    chat.undo()
    assert len(chat.said) == 2
    chat.answer("what do you like ?")
    Path("chat.txt").unlink(missing_ok=True)
    chat.save("chat.txt")
    lines = Path("chat.txt").read_text("utf-8").splitlines()
    assert lines[0] == "You: do you like snow ?" and [line.split(":")[0] for line in lines] == ["You", "Model"] * 2
    with pytest.raises(MisuseError, match="there already"):
        chat.save("chat.txt")
    assert seqcli("reply", "what do you like ?", "--history", "chat.txt", "-m", "hred").code == 0
    assert chat_face._done(chat, "/undo") == [chat.said[-1]] and len(chat.said) == 2
    assert any("/retry" in line for line in chat_face._done(chat, "/odd"))
