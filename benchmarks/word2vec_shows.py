"""What word vectors promise beside speed: the same bytes again, memory that does not grow with the text, answers.

same     two --reproducible runs, and one that is interrupted and goes on: equal hashes
memory   what training adds to a process that has numpy, numba and the compiled kernels loaded, for the text once,
         twice and four times (--min-count grows with it, so that the words stay the same)
answers  neighbours, analogies, the odd one out, an unknown word, a misspelling, of the model that `same` left
novels   vectors of the novels: similarity, and a map of their 200 commonest nouns as a picture and a page

Usage: python benchmarks/word2vec_shows.py [--parts same,memory,answers,novels]
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from record import record
from texts import NOVELS
from word2vec import MODELS, PEERS, THREADS, plain_text, scores, tiny_text, train, vectors_of

from seqcli.training.source import name_of

SEQCLI = [str(Path(sys.executable).with_name("seqcli")), "--models-dir", str(MODELS)]
WHITE = ("--tokenizer", "whitespace", "--unit", "line")
QUESTIONS = (
    "neighbors king paris walked some -k 5",
    "analogy king - man + woman -k 3",
    "analogy paris - france + england -k 3",
    "analogy walked - walk + speak -k 3",
    "analogy better - good + bad -k 3",
    "analogy brothers - brother + sister -k 3",
    "odd-one-out breakfast lunch dinner stone",
    "neighbors zyxwvut",
    "neighbors kingg",
)
NOUN_BEFORE = {"the", "a", "an", "his", "her", "my", "your", "their", "our", "this", "that"}
NOUN_AFTER = {".", ",", ";", "?", "!", "of", "and", "was", "is", "in", "to", "had", "that", "which", "who", "with"}


def same() -> None:
    """Train three times, once with an interruption; print and record the hashes."""
    text, found = plain_text(), []
    for _ in range(2):
        result, _, _ = train(text, [], 1, "--reproducible")
        found.append(vectors_of(Path(result["directory"]))[0])
    command = [*SEQCLI, "-q", "train-w2v", str(text), *WHITE, "--epochs", "1", "--threads", str(THREADS)]
    process = subprocess.Popen([*command, "--reproducible", "--replace"])
    time.sleep(5)  # reading takes less, training takes longer
    process.send_signal(signal.SIGINT)
    code = process.wait()
    resume = [*SEQCLI, "-q", "train-w2v", str(text), "--resume", "--json"]
    done = subprocess.run(resume, capture_output=True, text=True)
    found.append(vectors_of(MODELS / name_of([text.name], "vectors"))[0])
    print(f"--reproducible twice, then interrupted (exit {code}) and resumed (exit {done.returncode}): {found}")
    record("word2vec-same", hashes=found, same=len(set(found)) == 1, interrupted=code, threads=THREADS)


def memory() -> None:
    """Measure the growth for the text once, twice and four times; print and record it."""
    text = plain_text()
    train(tiny_text(), [], 1)  # the kernels are compiled, and kept
    for copies in (1, 2, 4):
        longer = PEERS / f"{text.stem}-{copies}.txt"
        with longer.open("wb") as out:
            for _ in range(copies):
                with text.open("rb") as source:
                    shutil.copyfileobj(source, out)
        command = [sys.executable, __file__, "--grown", str(longer), str(5 * copies)]
        row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        longer.unlink()
        row["share"] = row["grown_mb"] / (row["matrices_mb"] + row["ids_mb"])
        print(
            f"text x {copies}: process {row['loaded_mb']:.0f} MB before; training adds {row['grown_mb']:.0f} MB at its "
            f"height: {row['share']:.2f} x (two matrices {row['matrices_mb']:.0f} MB + ids {row['ids_mb']:.0f} MB)"
        )
        record("word2vec-memory", copies=copies, threads=THREADS, **row)


def grown(text: str, min_count: str) -> None:
    """Print what training on a text adds to this process at its height, as JSON."""
    from seqcli.cli import run

    options = [*WHITE, "--epochs", "1", "--threads", str(THREADS), "--replace"]
    common = ["--models-dir", str(MODELS), "-q", "train-w2v", *options]
    assert run([*common, "--name", "tiny", str(tiny_text())]) == 0
    before = _megabytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the height is measured from here on
    assert run([*common, "--name", "grown", "--min-count", min_count, text]) == 0
    height = _megabytes("VmHWM")
    model = json.loads((MODELS / "grown" / "model.json").read_text())
    words = len(next((MODELS / "grown").glob("vocabulary-*")).read_text().splitlines()) - 2
    figures = {
        "loaded_mb": before,
        "grown_mb": height - before,
        "matrices_mb": 2 * words * model["spec"]["embedding_size"] * 4 / 1e6,
        "ids_mb": (model["corpus"]["tokens"] + model["corpus"]["held_out_tokens"]) * 4 / 1e6,
    }
    print(json.dumps(figures))


def _megabytes(name: str) -> float:
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"{name}:\s*(\d+)", status)[1]) * 1024 / 1e6  # type: ignore[index]


def answers() -> None:
    """Ask, print and record."""
    for question in QUESTIONS:
        command = [*SEQCLI, *question.split(), "-m", name_of([plain_text().name], "vectors")]
        done = subprocess.run(command, capture_output=True, text=True)
        print(f"$ seqcli {question}\n{done.stdout}{done.stderr}", end="")
        lines = (done.stdout or done.stderr).splitlines()
        record("word2vec-answers", question=question, exit=done.returncode, lines=lines)


def novels() -> None:
    """Train on the novels, measure, and draw the map."""
    command = [*SEQCLI, "-q", "train-w2v", str(NOVELS), "--lowercase", "--epochs", "15", "--replace", "--json"]
    done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    _, table = vectors_of(Path(done["directory"]))
    nouns = PEERS / "nouns.txt"
    nouns.write_text("\n".join(_nouns(NOVELS, set(table.words))[:200]))
    figures: dict[str, Any] = {"seconds": done["seconds"], "speed": done["words_per_second"], **scores(table)}
    for name in ("nouns.png", "nouns.html"):
        command = [*SEQCLI, "map", str(PEERS / name), "--among", str(nouns), "-m", done["model"], "--replace"]
        subprocess.run(command, check=True)
        figures[name] = (PEERS / name).stat().st_size
    print("novels: " + ", ".join(f"{key} {value:.3f}" for key, value in figures.items()))
    record("word2vec-novels", epochs=15, **figures)


def _nouns(text: Path, known: set[str]) -> list[str]:
    """Return words that mostly stand between a determiner and what follows a noun, the commonest first."""
    import gzip

    with gzip.open(text, "rt", encoding="utf-8") as lines:
        tokens = re.findall(r"[a-z]+|[.,;?!]", lines.read().lower())
    seen, between = collections.Counter(tokens), collections.Counter[str]()
    for before, word, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        between[word] += before in NOUN_BEFORE and after in NOUN_AFTER
    return [w for w, n in seen.most_common() if between[w] > 0.25 * n and len(w) > 2 and w in known - NOUN_BEFORE]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--grown"]:
        grown(*sys.argv[2:])
        raise SystemExit
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--parts", default="same,memory,answers,novels")
    for part in parser.parse_args().parts.split(","):
        {"same": same, "memory": memory, "answers": answers, "novels": novels}[part]()
