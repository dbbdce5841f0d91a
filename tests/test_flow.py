"""models show --flow: every architecture's data flow is drawn, with the sizes that its settings say, in 80 columns."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import pytest

from seqcli.cli.flow import FLOWS, flow_lines
from seqcli.cli.layout import display_width
from seqcli.tasks import ARCHITECTURES, TASKS

WORDS = 4_321


def record_of(key: str) -> Any:
    """Return what a drawing reads of a record: settings, and how many words there are."""
    kind, name = ARCHITECTURES[key], key.rpartition("/")[2]
    named = {"architecture": name} if "architecture" in [f.name for f in fields(kind.spec)] else {}
    values = {name: value for name, value in kind.defaults.items() if name in [f.name for f in fields(kind.spec)]}
    spec = kind.spec(**({} if key == "imported" else named), **values)
    vocabulary = lambda role="vocabulary": range(WORDS)  # noqa: E731
    return SimpleNamespace(task=kind.task, architecture=name, spec=spec, text=kind.text(), vocabulary=vocabulary)


@pytest.mark.parametrize("key", ARCHITECTURES)
def test_every_architecture_is_drawn_with_its_sizes(key: str) -> None:
    record = record_of(key)
    lines = flow_lines(record)
    assert all(display_width(line) <= 80 for line in lines)
    text = "\n".join(lines)
    assert f"{WORDS:,}" in text
    for name in ("hidden_size", "embedding_size", "latent_size", "context_size"):
        size = getattr(record.spec, name, None)
        if size is not None and not (name == "latent_size" and not getattr(record.spec, "latent", True)):
            assert f"{size:,}" in text, name


def test_every_task_has_a_drawing() -> None:
    assert FLOWS.keys() == TASKS.keys()


def test_what_differs_between_the_dialogue_models_is_seen() -> None:
    drawn = {key: "\n".join(flow_lines(record_of(key))) for key in ("dialogue/seq2seq", "hred", "vhred")}
    assert "GRU over utterances" not in drawn["dialogue/seq2seq"] and "GRU over utterances" in drawn["hred"]
    assert "prior" not in drawn["hred"] and "prior" in drawn["vhred"]
