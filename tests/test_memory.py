"""What memory a training may take: the machine's, and no more than the control groups around it allow."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import seqcli, story

from seqcli.training.memory import available

MACHINE = "MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\n"
GB = 10**9


def tree(root: Path, groups: str, files: dict[str, str]) -> Path:
    """Write what the kernel says under a root: the groups of a process, and the files of those groups."""
    for name, text in {"proc/meminfo": MACHINE, "proc/self/cgroup": groups, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def v2(folder: str, limit: str, usage: int, cached: int = 0) -> dict[str, str]:
    folder = f"sys/fs/cgroup/{folder}"
    statistics = f"anon 1\nactive_file {cached // 2}\ninactive_file {cached - cached // 2}\nfile 9\n"
    return {f"{folder}memory.max": limit, f"{folder}memory.current": str(usage), f"{folder}memory.stat": statistics}


def v1(folder: str, limit: int, usage: int, cached: int = 0) -> dict[str, str]:
    folder = f"sys/fs/cgroup/memory/{folder}"
    statistics = f"cache 9\ninactive_file 1\ntotal_active_file 0\ntotal_inactive_file {cached}\n"
    names = {"memory.limit_in_bytes": str(limit), "memory.usage_in_bytes": str(usage), "memory.stat": statistics}
    return {folder + name: text for name, text in names.items()}


@pytest.mark.parametrize(
    ("groups", "files", "left"),
    [
        ("", {}, 8_192_000_000),
        ("0::/\n", v2("", f"{4 * GB}\n", GB), 3 * GB),
        ("0::/\n", v2("", f"{4 * GB}\n", 3 * GB, cached=2 * GB), 3 * GB),
        ("0::/\n", v2("", "max\n", GB), 8_192_000_000),
        ("0::/user/run\n", {**v2("user/", f"{2 * GB}", GB), **v2("user/run/", "max", GB)}, GB),
        ("0::/user/run\n", {**v2("user/", f"{3 * GB}", GB), **v2("user/run/", f"{GB}", 0)}, GB),
        ("4:memory:/a/b\n0::/\n", v1("a/b/", 3 * GB, GB, cached=GB // 2), 3 * GB - GB // 2),
        ("4:cpu,memory:/docker/of-the-host\n", v1("", 2 * GB, GB), GB),
        ("4:memory:/a\n", v1("a/", 2**63 - 4096, GB), 8_192_000_000),
        ("4:memory:/a\n", v1("a/", GB, 2 * GB), 0),
        ("3:cpuset:/a\n", v1("a/", 2 * GB, GB), 8_192_000_000),
    ],
)
def test_the_narrowest_limit_counts(tmp_path: Path, groups: str, files: dict[str, str], left: int) -> None:
    assert available(tree(tmp_path, groups, files)) == left


def test_nothing_is_claimed_where_nobody_says(tmp_path: Path) -> None:
    assert available(tmp_path) is None


def test_a_training_that_does_not_fit_its_container_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqcli.training.memory.ROOT", tree(tmp_path, "0::/\n", v2("", f"{10 * GB}", GB * 99 // 10)))
    (tmp_path / "text.txt").write_text(story())
    big = ("--hidden-size", "4000", "--epochs", "1")
    refused = seqcli("--models-dir", tmp_path / "models", "train-lm", tmp_path / "text.txt", *big)
    assert refused.code == 1 and "0.1 GB are free" in refused.error and "--hidden-size" in refused.error
