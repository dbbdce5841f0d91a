"""What tests share: where the measuring data lies."""

from __future__ import annotations

import importlib
import inspect
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli.lab import EXPERIMENTS

os.environ.setdefault("OMP_NUM_THREADS", "1")  # files run side by side: a processor for each
os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # as seqcli sets it for itself, before torch is imported
ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def one_precision() -> Iterator[None]:
    """Trainings by minutes are in float32: a trial of speed would choose now this, now that, and say so."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("seqcli.training.precision.seconds_of", lambda precision: 1.0)
        yield


COMPUTED: dict[str, tuple[Any, list[tuple[str, dict[str, Any]]]]] = {}  # what an experiment found, what it told


@pytest.fixture
def computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Experiments of the lab compute once what is the same each time: for tests of how it is told."""

    def once(name: str, run: Callable[..., Any], tells: bool) -> Callable[..., Any]:
        def found(*args: Any) -> Any:
            given = args[: len(args) - tells]
            key = f"{name} {given}"
            if any(isinstance(one, tuple) for one in given):  # of a trained model
                return run(*args)
            if key not in COMPUTED:
                told: list[tuple[str, dict[str, Any]]] = []
                hear = [lambda line, **values: told.append((line, values))] if tells else []
                COMPUTED[key] = run(*given, *hear), told
            report, told = COMPUTED[key]
            for line, values in told:
                args[-1](line, **values)
            return report

        return found

    for name in EXPERIMENTS:
        module = importlib.import_module(f"seqcli.lab.{name}")
        tells = "tell" in inspect.signature(module.run).parameters
        monkeypatch.setattr(module, "run", once(name, module.run, tells))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of measuring data beside the project; a test that needs it is skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip("needs the measuring data in ../shared/data, which is not here")
    return DATA
