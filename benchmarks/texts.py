"""The public texts that are measured on, beside the checkout: where each lies."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
PTB = tuple(DATA / "ptb" / f"ptb.{part}" for part in ("train.txt.gz", "valid.txt", "test.txt"))
NOVELS, BOOKS = (DATA / "books" / f"{name}.txt.gz" for name in ("novels", "books17"))
