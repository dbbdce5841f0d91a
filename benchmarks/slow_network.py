"""Two processes on two hosts with a slow network between them, against one process.

python benchmarks/slow_network.py [lm | translator | hred | vectors ...] [--rounds 2] [--minutes 1] [--milliseconds 20]
    [--gigabits 1] [--batch-size 512] [--stop 200]

The hosts are network namespaces of this machine, and the network a pair of tun devices: a process carries what one
sends to the other, half of the milliseconds later and no quicker than the gigabits. (Not every kernel has netem.) It
wants root. --batch-size: of both processes together, as a training on a slow network has to have it; the one process
has the same. --stop: how quick a training of hours is, which may learn from many batches in an update.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import json
import os
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from processes import KINDS, command_of, timed_words
from record import record
from texts import BOOKS

HOSTS, DEVICE = ("seqcli-a", "seqcli-b"), "link0"
ADDRESSES = ("10.77.0.1", "10.77.0.2")
LARGEST = 65_000  # bytes of a packet: a process in Python carries a gigabit a second of such
TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 1, 0x1000, 0x40000000
WAITING = 64_000_000  # bytes on their way, beyond which a sender has to wait


class Way:
    """One direction of the network: packets are read, wait their time, and are written."""

    def __init__(self, source: int, target: int, seconds: float, bits: float) -> None:
        self._source, self._target, self._delay, self._bits = source, target, seconds, bits
        self._packets, self._free = deque[tuple[float, bytes]](), 0.0
        for work in (self._read, self._write):
            threading.Thread(target=work, daemon=True).start()

    def _read(self) -> None:
        while True:
            packet = os.read(self._source, LARGEST + 100)
            while len(self._packets) * LARGEST > WAITING:
                time.sleep(0.001)
            now = time.perf_counter()
            self._free = max(now, self._free) + 8 * len(packet) / self._bits
            self._packets.append((self._free + self._delay, packet))

    def _write(self) -> None:
        while True:
            if not self._packets:
                time.sleep(0.0005)
                continue
            due, packet = self._packets[0]
            if (left := due - time.perf_counter()) > 0:
                time.sleep(left)
            self._packets.popleft()
            os.write(self._target, packet)


def device(host: str, address: str) -> int:
    """Return a tun device of a host, which is up and has an address."""
    with open(f"/run/netns/{host}", "rb") as space:
        if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
    for words in (f"addr add {address}/30 dev {DEVICE}", f"link set {DEVICE} mtu {LARGEST} up", "link set lo up"):
        subprocess.run(["ip", *words.split()], check=True)
    return tun


def carry(milliseconds: float, gigabits: float) -> None:
    """Carry packets between the hosts until the process is ended."""
    one, other = (device(host, address) for host, address in zip(HOSTS, ADDRESSES, strict=True))
    for source, target in ((one, other), (other, one)):
        Way(source, target, milliseconds / 2000, gigabits * 1e9)
    print("up", flush=True)
    time.sleep(86_400)


@contextmanager
def network(milliseconds: float, gigabits: float) -> Iterator[None]:
    """Let there be two hosts with such a network between them."""
    for host in HOSTS:
        subprocess.run(["ip", "netns", "add", host], check=True)
    words = [sys.executable, __file__, "carry", "--milliseconds", f"{milliseconds}", "--gigabits", f"{gigabits}"]
    try:
        with subprocess.Popen(words, stdout=subprocess.PIPE) as carrier:
            assert carrier.stdout is not None and carrier.stdout.readline() == b"up\n"
            try:
                yield
            finally:
                carrier.kill()
    finally:
        for host in HOSTS:
            subprocess.run(["ip", "netns", "del", host], check=True)


def measured() -> tuple[float, float]:
    """Return the milliseconds that a message takes there and back, and the gigabits a second that come through."""
    answers = "import socket\nwith socket.create_server(('10.77.0.2', 7000)) as door:\n print(flush=True)\n"
    answers += " link = door.accept()[0]\n for _ in range(9): link.sendall(link.recv(1))\n"
    answers += " left = 10**8\n while left: left -= len(link.recv(1 << 20))\n link.sendall(b'!')\n"
    asks = "import socket, time\nlink, taken = socket.create_connection(('10.77.0.2', 7000)), []\n"
    asks += "link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)\n"
    asks += "for _ in range(9):\n began = time.perf_counter(); link.sendall(b'?'); link.recv(1)\n"
    asks += " taken.append(time.perf_counter() - began)\n"
    asks += "began = time.perf_counter(); link.sendall(bytes(10**8)); link.recv(1)\n"
    asks += "print(1e3 * sorted(taken)[4], 0.8 / (time.perf_counter() - began))"
    inside = [
        ["ip", "netns", "exec", host, sys.executable, "-c", code]
        for host, code in zip(HOSTS, (asks, answers), strict=True)
    ]
    with subprocess.Popen(inside[1], stdout=subprocess.PIPE) as answering:
        assert answering.stdout is not None and answering.stdout.readline() == b"\n"
        done = subprocess.run(inside[0], stdout=subprocess.PIPE, text=True, check=True)
    milliseconds, gigabits = map(float, done.stdout.split())
    return milliseconds, gigabits


def alone(words: list[str], folder: Path, stop: float) -> dict[str, Any]:
    """Train in one process; return what the command says, or what it did until it was stopped."""
    return outcome([subprocess.Popen([sys.executable, *command_of(words, folder)], stdout=-1, text=True)], folder, stop)


def between_hosts(words: list[str], folder: Path, stop: float) -> dict[str, Any]:
    """Train in two processes, one on each host; return what the command says, or what it did until it was stopped."""
    running = []
    for rank, host in enumerate(HOSTS):
        launcher = ["-m", "torch.distributed.run", "--nnodes", "2", "--node-rank", str(rank), "--nproc-per-node", "1"]
        launcher += ["--master-addr", ADDRESSES[0], "--master-port", "29500"]
        line = ["ip", "netns", "exec", host, sys.executable, *launcher, *command_of(words, folder)]
        there = {**os.environ, "GLOO_SOCKET_IFNAME": DEVICE}
        running.append(subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=there))
    return outcome(running, folder, stop)


def outcome(running: list[subprocess.Popen[str]], folder: Path, stop: float) -> dict[str, Any]:
    """Return what the first of some processes says; stop: end them after so many seconds, and look at what they did."""
    if stop:
        time.sleep(stop)
        running[0].send_signal(signal.SIGTERM)
    said = [process.communicate()[0] for process in running]
    if stop:
        told: dict[str, Any] = json.loads((folder / "models" / "one" / "model.json").read_text("utf-8"))["progress"]
        return {"tokens_per_second": told["tokens"] / told["seconds"], **told}
    if any(process.returncode for process in running):
        raise SystemExit(f"a training ended with {[process.returncode for process in running]}")
    found: dict[str, Any] = json.loads(said[0])
    return found


def speed(kind: str, options: argparse.Namespace, folder: Path) -> None:
    """Measure one process, and two with the network between them, in turn; record speeds and their ratio."""
    if kind == "vectors":
        words, unit = ["train-w2v", str(BOOKS), "--epochs", "2"], "words_per_second"
    else:
        words, unit = timed_words(kind, options, folder), "tokens_per_second"
    one, two = [], []
    for _ in range(options.rounds):
        one.append(alone(words, folder, options.stop)[unit])
        with network(options.milliseconds, options.gigabits):
            link = measured()
            found = between_hosts(words, folder, options.stop)
            two.append(found[unit])
    ratio = statistics.median(b / a for a, b in zip(one, two, strict=True))
    row = {
        "what": kind,
        "batch_size": options.batch_size,
        "precision": options.precision,
        "rounds": options.rounds,
        "minutes": options.minutes,
    }
    row |= {"stopped": options.stop, "batches": found.get("batches")} if options.stop else {}
    row |= {"milliseconds": link[0], "gigabits": link[1], "one": one, "two": two, "ratio": ratio}
    print(record("slow network", **row), flush=True)


def main() -> None:
    """Measure what is asked for, one row after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="ROW", help=f"of {', '.join(KINDS)}; all without one")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--milliseconds", type=float, default=20.0)
    parser.add_argument("--gigabits", type=float, default=1.0)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--precision", default="float32")
    parser.add_argument(
        "--stop", type=float, default=0.0, help="end each training after so many seconds of its minutes"
    )
    options = parser.parse_args()
    if options.kinds == ["carry"]:
        carry(options.milliseconds, options.gigabits)
        return
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).resolve().parent.parent))
    for kind in options.kinds or KINDS:
        with tempfile.TemporaryDirectory() as name:
            speed(kind, options, Path(name))


if __name__ == "__main__":
    main()
