"""A server under load: clients that ask at the same time against one alone.

python benchmarks/serving.py MODELS_DIR NAME [--clients 200] [--requests 20000]: /predict of a language model.
The server runs as a process of its own, the clients in this one; figures are of whole requests, as a client sees them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from record import record

PROMPTS = ("some of them", "once upon a", "in the morning the", "she said that", "the old man", "it was a")


async def client(port: int, count: int, number: int) -> list[float]:
    """Ask so many times over one connection; return the seconds of each."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken = []
    for place in range(count):
        body = json.dumps({"prompt": PROMPTS[(number + place) % len(PROMPTS)], "k": 5}).encode()
        head = f"POST /predict HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
        began = time.perf_counter()
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200"):
            raise SystemExit(answer.decode())
        length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        taken.append(time.perf_counter() - began)
    writer.close()
    return taken


def ask(port: int, clients: int, count: int) -> tuple[list[float], float]:
    """Let clients ask beside each other; return the seconds of every request, and of all."""

    async def everyone() -> list[list[float]]:
        return await asyncio.gather(*(client(port, count, number) for number in range(clients)))

    began = time.perf_counter()
    found = asyncio.run(everyone())
    return [seconds for one in found for seconds in one], time.perf_counter() - began


def memory(pid: int) -> int:
    """Return the resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Start a server, ask it in both ways, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models_dir")
    parser.add_argument("name")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--requests", type=int, default=20_000)
    options = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [sys.executable, "-m", "seqcli", "--models-dir", options.models_dir, "serve", options.name, "-q"]
    with subprocess.Popen([*line, "--port", str(port)]) as server:
        try:
            for _ in range(200):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health").close()
                    break
                except OSError:
                    time.sleep(0.1)
            ask(port, 1, 50)  # the model is read, the buffers are warm
            before = memory(server.pid)
            alone, whole = ask(port, 1, 500)
            many, together = ask(port, options.clients, max(options.requests // options.clients, 1))
            after = memory(server.pid)
        finally:
            server.terminate()
    many.sort()
    row = {
        "clients": options.clients,
        "requests": len(many),
        "alone_median_ms": 1e3 * statistics.median(alone),
        "alone_per_second": len(alone) / whole,
        "together_median_ms": 1e3 * statistics.median(many),
        "together_p99_ms": 1e3 * many[int(0.99 * len(many))],
        "together_per_second": len(many) / together,
        "throughput_ratio": len(many) / together / (len(alone) / whole),
        "p99_ratio": many[int(0.99 * len(many))] / statistics.median(alone),
        "memory_before": before,
        "memory_after": after,
    }
    print(json.dumps(row, indent=1))
    record("serving", **row)


if __name__ == "__main__":
    main()
