"""The settings of a server: where it listens, what it may be asked, and how much at a time."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.errors import MisuseError
from seqcli.settings import setting

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Serving:
    """How models are served."""

    host: str = setting("127.0.0.1", "Address to listen on; any but this machine's own needs --token.", panel="Address")
    port: int = setting(8765, "Port to listen on; 0: any that is free.", low=0, high=65_535, panel="Address")
    token: str | None = setting(
        None, "Only answer who sends the first line of this file as a bearer token.", panel="Address", metavar="FILE"
    )
    origin: tuple[str, ...] = setting(
        (), "A page of this address may ask too, as https://example.org.", panel="Address", metavar="URL"
    )
    keep: int = setting(
        4, "Models kept open at once; the one asked longest ago makes room.", low=1, high=1_000, panel="Load"
    )
    workers: int = setting(1, "Processes that answer.", low=1, high=256, panel="Load")
    waiting: int = setting(
        1_024, "Texts that may wait; whoever comes later is told to try again.", low=1, high=10**6, panel="Load"
    )
    gather: float = setting(  # two updates of a small network
        2.0,
        "Milliseconds to wait for others, where several ask, to be answered together.",
        low=0.0,
        high=1_000.0,
        panel="Load",
    )
    longest: int = setting(100_000, "Characters of a text at most.", low=1, high=10**7, panel="Load")
    body: int = setting(2_000_000, "Bytes of a request at most.", low=1_000, high=10**9, panel="Load")
    written: int = setting(
        4_096, "Tokens written for one request at most, all its texts together.", low=1, high=10**7, panel="Load"
    )
    seconds: float = setting(60.0, "Seconds that a request may take.", above=0.0, high=86_400.0, panel="Load")

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in LOOPBACK


def check_reachable(how: Serving) -> None:
    """Raise MisuseError for a server that others could ask, and that would ask nothing of them."""
    if not how.is_local and how.token is None:
        raise MisuseError(
            f"--host {how.host} can be reached by others; give --token FILE, a file whose first line they must send."
        )
