"""Trainings stopped by signals at some of their moments: each goes on to the bytes of one that nobody disturbed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("stopped_trainings.py")


def test_trainings_that_are_stopped_go_on_to_the_same_bytes(tmp_path: Path) -> None:
    """One in so many of all moments and signals, the last moments among them; the script alone tries every one."""
    few = ("--every", "40", "--last", "4", "--random", "2")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, SCRIPT, *few], capture_output=True, text=True, env=environment, cwd=tmp_path)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(reports) >= 6, done.stderr
    assert [fault for report in reports for fault in report["faults"]] == []
    assert all(report["stopped there"] > 4 for report in reports)
