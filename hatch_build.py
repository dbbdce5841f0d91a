"""What a build adds to a wheel: the man pages, where `make man` has made them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManPages(BuildHookInterface):  # type: ignore[type-arg]
    """Puts man/*.1 where `man` looks beside the program."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        for page in sorted((Path(self.root) / "man").glob("*.1")):
            build_data["shared_data"][str(page)] = f"share/man/man1/{page.name}"
