"""What tests share: where the measuring data lies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

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


@pytest.fixture(scope="module")
def checked_once() -> Iterator[None]:
    """`lab check` computes once what is the same each time; how it is told is what these tests are about."""
    from seqcli.lab import check

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(check, "run", cache(check.run))
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of measuring data beside the project; a test that needs it is skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip("needs the measuring data in ../shared/data, which is not here")
    return DATA
