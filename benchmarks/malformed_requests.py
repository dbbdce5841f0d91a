"""A server under malformed requests, beside clients that open a connection and send half a request, or nothing.

python benchmarks/malformed_requests.py MODELS_DIR [--seqcli PROGRAM] [--schemathesis PROGRAM] [--requests 10000]
schemathesis (pip install schemathesis, in an environment of its own) reads /openapi.json and makes the requests, right
and wrong ones; its own output is shown. Held against the server: answers of 5xx, tracebacks, none in time.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import IO

from record import record

HALF = (b"", b"POST /predict HTTP/1.1\r\nhost: 127.0.0.1\r\n", b"G")  # what a slow client has sent so far
COUNTED = re.compile(r'^seqcli_requests_total\{path="([^"]*)",status="(\d+)"\} ([\d.e+]+)$', re.MULTILINE)


def started(options: argparse.Namespace, notes: IO[bytes], *how: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server; return it and its address. how: options of serve."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [options.seqcli, "--models-dir", options.models_dir, "serve", "--port", str(port), *how]
    server, address = subprocess.Popen(line, stderr=notes, stdout=notes), f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{address}/health").close()
            return server, address
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The server does not answer.")


def idle_clients(address: str, count: int) -> list[socket.socket]:
    """Open connections, each with nothing or with half a request."""
    host, port = address.removeprefix("http://").split(":")
    opened = [socket.create_connection((host, int(port))) for _ in range(count)]
    for place, one in enumerate(opened):
        one.sendall(HALF[place % len(HALF)])
    return opened


def answered(address: str, count: int = 100) -> float:
    """Return the median seconds of a small request."""
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        urllib.request.urlopen(f"{address}/models", timeout=30).read()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def closed(opened: list[socket.socket], seconds: float) -> int:
    """Return how many connections the server has closed after so many seconds."""
    time.sleep(seconds)
    count = 0
    for one in opened:
        one.settimeout(0.01)
        try:
            count += one.recv(1) == b""
        except OSError as error:
            count += not isinstance(error, TimeoutError)
    return count


def counts(address: str) -> dict[str, int]:
    """Return how many requests had each status, as the server counts them."""
    text = urllib.request.urlopen(f"{address}/metrics").read().decode()
    found: dict[str, int] = {}
    for _, status, number in COUNTED.findall(text):
        found[status] = found.get(status, 0) + int(float(number))
    return found


def fuzz(options: argparse.Namespace, address: str) -> tuple[int, str]:
    """Run schemathesis until enough was asked; return its runs and the last of its output."""
    runs, told = 0, ""
    while sum(counts(address).values()) < options.requests and runs < options.runs:
        runs += 1
        line = [options.schemathesis, "run", f"{address}/openapi.json", "--mode", "all", "-n", str(options.examples)]
        line += ["--phases", "coverage,fuzzing", "--checks", "not_a_server_error", "--request-timeout", "40"]
        line += ["--seed", str(runs), "--continue-on-failure", "--suppress-health-check", "all", "--no-color"]
        told = subprocess.run(line, capture_output=True, text=True).stdout
        print(told[-3_000:], flush=True)
    return runs, told


def main() -> None:
    """Start a server, ask it, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models_dir")
    parser.add_argument("--seqcli", default="seqcli")
    parser.add_argument("--schemathesis", default="schemathesis")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--idle", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder, "notes")
        with notes.open("wb") as out:
            server, address = started(options, out, "--seconds", "20")
            try:
                alone = answered(address)
                opened = idle_clients(address, options.idle)
                beside = answered(address)
                shut = closed(opened, 17.0)
                runs, told = fuzz(options, address)
                statuses, last = counts(address), answered(address, 20)
            finally:
                server.terminate()
                code = server.wait(60)
        tracebacks = notes.read_text("utf-8", "replace").count("Traceback")
    row = {
        "requests": sum(statuses.values()),
        "statuses": statuses,
        "tracebacks": tracebacks,
        "timeouts": told.lower().count("timeout"),
        "runs": runs,
        "idle_clients": options.idle,
        "idle_closed": shut,
        "alone_median_ms": 1e3 * alone,
        "beside_idle_median_ms": 1e3 * beside,
        "afterwards_median_ms": 1e3 * last,
        "exit": code,
    }
    print(json.dumps(row, indent=1))
    record("malformed-requests", **row)


if __name__ == "__main__":
    main()
