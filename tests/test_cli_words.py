"""What is typed nearly right: others' names of options, commands misspelled, and what a shell completes."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from command_line import seqcli, trained

from seqcli.cli import cli
from seqcli.cli.command_list import COMMANDS
from seqcli.cli.completion import TASK_OF
from seqcli.cli.foreign_names import OURS


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("train-w2v x --dim 100", "--dim is called --embedding-size here"),
        ("train-w2v x --vector-size=100", "--vector-size is called --embedding-size here"),
        ("train-w2v x --vector_size 100", "--vector_size is called --embedding-size here"),
        ("train-w2v x --size 100", "--size is called --embedding-size here"),
        ("train-w2v x --ws 3", "--ws is called --window here"),
        ("train-w2v x --neg 3", "--neg is called --negatives here"),
        ("train-w2v x --lr .1", "--lr is called --learning-rate here"),
        ("train-w2v x -minn 2", "-minn is called --min-ngram here"),
        ("train-w2v x -epoch 2", "-epoch is called --epochs here"),
        ("train-w2v x -window 2", "-window has two dashes here: --window"),
        ("train-w2v x -output vectors.bin", "-output is called --name NAME here"),
        ("train-w2v -train x", "-train is not needed here: the text is named without an option"),
        ("train-w2v x -hs 1", "-hs is called --output hierarchical-softmax here"),
        ("train-w2v x -cbow 1", "-cbow is called --architecture cbow here"),
        ("train-lm x --bptt 35", "--bptt is called --unroll here"),
        ("train-lm x --nhid 200", "--nhid is called --hidden-size here"),
        ("train-lm x --gpu", "--gpu is called --device here"),
        ("predict-word x --gpu", "--gpu is not needed here: it runs on the CPU"),
        ("translate x --beam-size 4", "--beam-size is called --beam here"),
        ("generate --max-length 4", "--max-length is called --tokens here"),
        ("neighbors king --topn 4", "--topn is called -k here"),
        ("train-w2v x --embeding-size 4", "Did you mean '--embedding-size'?"),
        ("train-w2v x --embedding_size 4", "Did you mean '--embedding-size'?"),
        ("train-w2v x --nonsense", "No such option '--nonsense'"),
        ("modls", "did you mean 'models'?"),
        ("models lst", "Did you mean 'list'?"),
        ("lab gradiens", "'gradients'"),
    ],
)
def test_what_is_typed_as_elsewhere_or_nearly_right_is_answered_with_ours(typed: str, told: str) -> None:
    done = seqcli(*typed.split())
    assert done.code == 2 and told in done.error, done.err


def options_of(name: str) -> set[str]:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return {one for param in found.params for one in (*param.opts, *param.secondary_opts)}


def test_every_answer_is_an_option_that_some_command_has() -> None:
    there = set().union(*map(options_of, COMMANDS))
    assert {option.split()[0] for option in OURS} <= there


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a language model, word vectors and a text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEQCLI_MODELS", raising=False)
    trained(tmp_path, name="book")
    (tmp_path / "v.txt").write_text("2 2\na 1 2\nb 3 4\n")
    assert seqcli("import", "v.txt", "--name", "words").code == 0
    return tmp_path


def completed(line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what bash is offered behind a line: "plain,NAME", or "file," where it is to complete files itself."""
    monkeypatch.setenv("_SEQCLI_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
    with pytest.raises(SystemExit):
        cli.main([], prog_name="seqcli")
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("seqcli predict-word -m ", ["plain,book"]),
        ("seqcli neighbors -m ", ["plain,words"]),
        ("seqcli translate -m ", []),
        ("seqcli evaluate b", ["plain,book"]),
        ("seqcli models show ", ["plain,book", "plain,words"]),
        ("seqcli export ", ["plain,book", "plain,words", "file,"]),
        ("seqcli export words ", ["file,"]),
        ("seqcli train-lm ", ["file,"]),
        ("seqcli train-lm x --valid v", ["file,v"]),
        ("seqcli train-lm x --from ", ["plain,book"]),
        ("seqcli train-w2v x --from ", ["plain,words", "file,"]),
        ("seqcli --models-dir m", ["dir,m"]),
        ("seqcli help models sh", ["plain,show"]),
    ],
)
def test_a_shell_completes_models_of_the_commands_task_and_files(
    shelf: Path, line: str, offered: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    capsys.readouterr()
    assert completed(line, capsys, monkeypatch) == offered


def test_the_tasks_are_those_of_commands_that_exist() -> None:
    assert set(TASK_OF) <= set(COMMANDS)
