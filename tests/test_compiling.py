"""Compiled code that is kept: never that of another version of the package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

KERNEL = """
from seqcli.text.compiled import compiled
from constants import FACTOR

@compiled
def scaled(x):
    return x * FACTOR
"""


def test_a_change_of_another_module_makes_kept_code_void(tmp_path: Path) -> None:
    (tmp_path / "kernel.py").write_text(KERNEL)
    found = []
    for factor in (2, 2, 30):
        (tmp_path / "constants.py").write_text(f"FACTOR = {factor}\n")
        os.utime(tmp_path / "constants.py", (factor, factor))
        show = "import kernel; print(kernel.scaled(7), sum(kernel.scaled.stats.cache_hits.values()))"
        done = subprocess.run([sys.executable, "-c", show], cwd=tmp_path, capture_output=True, text=True, check=True)
        found.append(done.stdout.split())
    assert found == [["14", "0"], ["14", "1"], ["210", "0"]]
