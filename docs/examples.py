"""Run the examples of the pages, put what they print below them: .venv/bin/python docs/examples.py [--check] [PAGE ...]

A block behind <!-- run --> holds commands, each behind "$ ", and below each what it prints on a terminal 80 columns
wide. They are typed one after another in a folder that has the texts of corpora/, one folder for each language; what
one page has typed is not run again for the next. A picture that a command draws for a page goes to docs/pictures.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from build import HERE, SEQCLI, printed

ROOT = HERE.parent
RUN = re.compile(r"(?<=<!-- run -->\n```console\n).*?(?=^```)", re.DOTALL | re.MULTILINE)
STEP = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
PICTURE = re.compile(r"!\[[^]]+\]\((?:\.\./)?pictures/([\w.-]+)\)")
NUMBER = re.compile(r"\d+\.\d+(e-\d+)?")
LED = 2  # lines of an output whose words are compared: its heading and its first result


def pages() -> list[Path]:
    """Return the pages whose blocks this file runs: README and those of docs/, without the lab's (docs/build.py)."""
    found = [ROOT / "README.md", ROOT / "README.ja.md", *sorted(HERE.rglob("*.md"))]
    return [page for page in found if "lab" not in page.relative_to(ROOT).parts]


def folder_for(page: Path, above: Path) -> Path:
    """Return the folder in which the commands of a page are typed: that of its language."""
    folder = above / ("ja" if page.name.endswith(".ja.md") else "en")
    if not folder.exists():
        folder.mkdir()
        (folder / "corpora").symlink_to(ROOT / "corpora")
    return folder


def on_a_terminal(command: str, folder: Path) -> str:
    """Return what a line of a shell prints on a terminal. Raises SystemExit where it fails."""
    return printed(["bash", "-c", f"PATH={shlex.quote(str(SEQCLI.parent))}:$PATH; {command}"], folder)


class Examples:
    """What runs the steps of blocks in a folder; what was typed there before is not run again: pages share models."""

    def __init__(self, folder: Path, run: Callable[[str, Path], str] = on_a_terminal) -> None:
        self.folder, self.run = folder, run
        self.kept = folder / ".printed.json"

    def output(self, command: str) -> str:
        """Return what a command prints."""
        printed = json.loads(self.kept.read_text("utf-8")) if self.kept.exists() else {}
        if command not in printed:
            printed[command] = self.run(command, self.folder)
            self.kept.write_text(json.dumps(printed), "utf-8")
        return str(printed[command])


def alike(shown: str, printed: str) -> bool:
    """Say whether two outputs have the same heading and first result, but for decimals, and are of one length.

    A machine of another kind rounds otherwise, and a training takes it further.
    """
    return _told(shown) == _told(printed)


def _told(output: str) -> list[str]:
    lines = output.strip().splitlines()
    return [" ".join(NUMBER.sub("#", line).split()) for line in lines[:LED]] + [str(len(lines))]


def fill(page: Path, above: Path, check: bool) -> list[str]:
    """Run the examples of a page; write what they print, or return the commands whose output is no longer so."""
    text = page.read_text("utf-8")
    examples = Examples(folder_for(page, above))
    stale: list[str] = []

    def step(match: re.Match[str]) -> str:
        output = examples.output(match[1])
        if check and not alike(match[2], output):
            stale.append(match[1])
        return f"$ {match[1]}\n{output}"

    built = RUN.sub(lambda block: STEP.sub(step, block[0]), text)
    if not check:
        page.write_text(built, "utf-8")
        for name in PICTURE.findall(text):
            if (drawn := examples.folder / name).exists():
                shutil.copy(drawn, HERE / "pictures" / name)
    return stale


def main(arguments: list[str]) -> None:
    """Fill or check the pages named, or all."""
    check = "--check" in arguments
    named = [Path(name).resolve() for name in arguments if name != "--check"]
    stale = []
    with TemporaryDirectory() as above:
        for page in named or pages():
            print(page, file=sys.stderr)
            stale += [f"{page}: {command}" for command in fill(page, Path(above), check)]
    if stale:
        raise SystemExit("Out of date:\n" + "\n".join(stale) + "\nRun: .venv/bin/python docs/examples.py")


if __name__ == "__main__":
    main(sys.argv[1:])
