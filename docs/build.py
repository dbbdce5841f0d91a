"""Run the commands of the guides, put what they print below them: .venv/bin/python docs/build.py [--check] [PAGE ...]

A page is Markdown by hand. In it, a block that begins with ```console holds one command behind "$ " and what it
printed on a terminal 80 columns wide; a picture right below is what --save draws. --check runs the commands and
compares instead of writing: numbers to a relative DIGITS, and those that a clock measured not at all.
"""

from __future__ import annotations

import math
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEQCLI = Path(sys.executable).with_name("seqcli")
PICTURE = re.compile(r"\s*!\[.*\]\((?P<name>[\w-]+\.png)\)")  # right below a block: what its command draws
BLOCK = re.compile(r"```console\n\$ (?P<command>.*)\n(?P<output>(?:(?!```).*\n)*)```\n")
STYLE = re.compile(r"\x1b\[[\d;]*m")
NUMBER = re.compile(r"[-+]?(?:\d[\d,]*\.?\d*)(?:e[-+]?\d+)?")
DIGITS = 0.02  # relative: other processors round otherwise, and a training takes it further
COLUMNS = 80


def printed(words: list[str], folder: Path = HERE) -> str:
    """Return what a command prints on a terminal, trailing spaces left out. Raises where it fails."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "NO_COLOR": "1", "TERM": "xterm"}
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE, env=environment, cwd=folder
    )
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 1 << 16):
            parts.append(part)
    except OSError:  # Linux says so where the other side has closed
        pass
    os.close(ours)
    _, errors = process.communicate()
    if process.returncode:
        raise SystemExit(f"{shlex.join(words)}: {errors.decode()}")
    lines = STYLE.sub("", b"".join(parts).decode().replace("\r\n", "\n")).split("\n")
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n" if any(lines) else ""


def timeless(text: str) -> str:
    """Return an output without the figures that a clock measured: the last column in ms, the ratio of two times."""
    lines, timed = [], False
    for line in text.split("\n"):
        if "milliseconds" in line or "ミリ秒" in line:
            timed = True
        elif not line.strip():
            timed = False
        line = re.sub(r"(took |LSTMの)\d+\.\d+", r"\1", line)
        lines.append(re.sub(r"0\.\d+", "", line) if timed else line)
    return "\n".join(lines)


def alike(old: str, new: str) -> bool:
    """Say whether two outputs have the same words, and the same numbers to DIGITS."""
    old, new = timeless(old), timeless(new)
    if re.sub(r"\s+", " ", NUMBER.sub("#", old)) != re.sub(r"\s+", " ", NUMBER.sub("#", new)):
        return False
    pairs = zip(NUMBER.findall(old), NUMBER.findall(new), strict=True)
    return all(math.isclose(_number(a), _number(b), rel_tol=DIGITS, abs_tol=0.002) for a, b in pairs)


def _number(text: str) -> float:
    return float(text.replace(",", "").rstrip("."))


def build(page: Path, check: bool) -> list[str]:
    """Run the commands of a page; write what they print, or return the commands whose output is no longer so."""
    text = page.read_text("utf-8")
    stale: list[str] = []

    def run(match: re.Match[str]) -> str:
        picture = PICTURE.match(text, match.end())
        save = ["--save", str(page.with_name(picture["name"])), "--replace"] if picture and not check else []
        command = match["command"]
        words = [str(SEQCLI) if word == "seqcli" else word for word in shlex.split(command)]
        output = printed(words + save)
        if check and not alike(match["output"], output):
            stale.append(command)
        return f"```console\n$ {command}\n{output}```\n"

    built = BLOCK.sub(run, text)
    if not check and built != text:
        page.write_text(built, "utf-8")
    return stale


def main(arguments: list[str]) -> None:
    """Build or check the pages named, or all."""
    check = "--check" in arguments
    named = [Path(name) for name in arguments if name != "--check"]
    stale = []
    for page in named or sorted((HERE / "lab").rglob("*.md")):
        print(page, file=sys.stderr)
        stale += [f"{page}: {command}" for command in build(page.resolve(), check)]
    if stale:
        raise SystemExit("Out of date:\n" + "\n".join(stale) + "\nRun: .venv/bin/python docs/build.py")


if __name__ == "__main__":
    main(sys.argv[1:])
