"""What an answer costs as its line grows: seconds and memory of every command that answers, 100 to 100,000 long.

python benchmarks/cost_by_length.py [--models-dir DIR] [--only WORD] [--longest N] [--limit SECONDS] [--page FILE]:
small models are trained where the directory has none, then every command reads one line of so many words, of one word
of so many letters, and of so many letters of Japanese without a space, each in a process of its own, on one thread.
Growth is the power of the length that the processor's seconds follow over the last step, those of the shortest line
taken off: 1 is linear.
"""

from __future__ import annotations

import argparse
import math
import os
import shlex
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from record import record

ROOT = Path(__file__).resolve().parent.parent
CORPORA = ROOT / "corpora"
LENGTHS = (100, 1_000, 10_000, 100_000)
SEEN = 0.2  # seconds above those of the shortest line from which a growth says anything
SMALL = shlex.split("--hidden-size 64 --embedding-size 32 --epochs 2 --threads 1 -q")
PAIRS = shlex.split("--embedding-size 64 --encoder-size 64 --hidden-size 128 --epochs 6 --threads 1 -q")
TABLES = shlex.split("--embedding-size 64 --min-count 1 --epochs 2 --threads 1 -q")
TRAININGS: dict[str, tuple[str, ...]] = {
    "words": ("train-lm", "stories.txt", *SMALL),
    "subwords": ("train-lm", "stories.txt", "--tokenizer", "subwords", "--subwords", "500", *SMALL),
    "characters": ("train-lm", "stories.txt", "--tokenizer", "characters", *SMALL),
    "japanese": ("train-lm", "japanese.txt", "--tokenizer", "japanese", *SMALL),
    "attending": ("train-lm", "stories.txt", "--attention", "32", *SMALL),
    "counted": ("train-lm", "stories.txt", "--architecture", "ngram", "-q"),
    "vectors": ("train-w2v", "stories.txt", *TABLES),
    "n-grams": ("train-w2v", "stories.txt", "--subwords", "--buckets", "20000", *TABLES),
    "en-de": ("train-translate", "pairs.en", "pairs.de", "--subwords", "500", *PAIRS),
    "en-de-words": ("train-translate", "pairs.en", "pairs.de", "--tokenizer", "words", *PAIRS),
    "ja-en": ("train-translate", "pairs.ja", "pairs.en", "--subwords", "500", *PAIRS),
}  # fmt: skip
EVERY = ("words", "letters", "japanese")
HARD = ("braces", "at", "digits", "dots")  # of which patterns could make a square


@dataclass(frozen=True)
class Question:
    """A command that reads one line, the model it asks, and the texts that it is given."""

    name: str
    words: tuple[str, ...]
    model: str
    texts: tuple[str, ...] = EVERY
    line: str = "{}"  # of standard input, where {} stands for the text
    file: str = ""  # name of the file that the text goes to, where the command reads no lines


def questions() -> list[Question]:
    """Return all that is asked."""
    return [*of_language_models(), *of_translators(), *of_vectors()]


def of_language_models() -> list[Question]:
    """Return what language models are asked: two of them everything, the others what differs."""
    found = []
    for model in ("words", "subwords"):
        found += [
            Question("score", ("score",), model),
            Question("score --html", ("score", "--html", "page.html", "--replace"), model),
            Question("generate", ("generate", "--seed", "1"), model),
            Question("generate --beam 4", ("generate", "--beam", "4"), model, ("words",)),
            Question("predict-word --next 20", ("predict-word", "--next", "20"), model, ("words",)),
            Question("score --which", ("score", "--which"), model, ("words",), "{}\t{}"),
            Question("score --rerank", ("score", "--rerank"), model, ("words",), "{}\ta\tb"),
            Question("score --cache", ("score", "--cache"), model, ("words",)),
            Question("evaluate", ("evaluate", model, "--test", "test.txt"), "", ("words",), file="test.txt"),
        ]
    for model in ("words", "subwords", "characters", "japanese", "attending", "counted"):
        found += [
            Question("tokenize", ("tokenize",), model),
            Question("detokenize", ("detokenize",), model, ("words",)),
            Question("predict-word", ("predict-word",), model),
            Question("score --words", ("score", "--words", "--jsonl"), model),
        ]
    return [*found, Question("score", ("score",), "words", HARD)]


def of_translators() -> list[Question]:
    """Return what translators are asked; --sample 100 draws nearly anything, so that translations are long."""
    found = [Question("translate --keep", ("translate", "--keep"), "en-de", HARD)]
    for options in ("--beam 1", "--glossary terms.tsv", "--alignment --jsonl", "-n 5", "--coverage 0.2"):
        found.append(Question(f"translate {options}", ("translate", *options.split()), "en-de"))
    for model in ("en-de", "en-de-words", "ja-en"):
        found += [
            Question("translate", ("translate",), model),
            Question("translate --keep", ("translate", "--keep"), model),
            Question("translate --sample 100", ("translate", "--sample", "100"), model),
            Question("score-translation", ("score-translation",), model, EVERY, "{}\t{}"),
        ]
    return found


def of_vectors() -> list[Question]:
    """Return what tables of vectors are asked."""
    found = []
    for model in ("vectors", "n-grams"):
        found += [
            Question("neighbors", ("neighbors",), model),
            Question("similarity", ("similarity",), model, ("letters", "japanese"), "{}\tking"),
            Question("vector", ("vector",), model, ("letters", "japanese")),
            Question("analogy", ("analogy",), model, ("letters", "japanese", "sum"), "{} - man + woman"),
            Question("analogy --method mul", ("analogy", "--method", "mul"), model, ("sum",)),
            Question("odd-one-out", ("odd-one-out",), model, ("words", "many")),
            Question("sentence-similarity", ("sentence-similarity",), model, EVERY, "{}\tthe king"),
        ]
    return found


def text_of(kind: str, length: int) -> str:
    """Return a line of so many words, or of one word of so many letters."""
    stories = (CORPORA / "stories.txt").read_text("utf-8").split()
    japanese = "".join((CORPORA / "japanese.txt").read_text("utf-8").split())
    known = list(dict.fromkeys(word for word in stories if word.isalpha()))[:200]
    whole = {
        "words": lambda: " ".join((stories * (length // len(stories) + 1))[:length]),
        "letters": lambda: ("".join(known) * (length // 500 + 1))[:length],
        "japanese": lambda: (japanese * (length // len(japanese) + 1))[:length],
        "braces": lambda: "{" * length,
        "at": lambda: "-" * length + "@",
        "digits": lambda: "7 " * (length // 2),
        "dots": lambda: "." * length + "a",
        "sum": lambda: " + ".join((known * (length // len(known) + 1))[:length]),
        "many": lambda: " ".join(f"{word}{i}" for i, word in enumerate((known * (length // len(known) + 1))[:length])),
    }
    return whole[kind]()


def train(shelf: Path) -> None:
    """Train what the shelf does not have yet."""
    for name, (command, *rest) in TRAININGS.items():
        if not (shelf / name).exists():
            files = [str(CORPORA / word) if (CORPORA / word).is_file() else word for word in rest]
            seconds, _, code = child(["--models-dir", str(shelf), command, *files, "--name", name], "", 600)
            print(f"{name}: trained in {seconds:.0f} s", file=sys.stderr)
            if code:
                raise SystemExit(f"{command} of {name} failed: exit {code}")


def child(words: list[str], line: str, limit: float) -> tuple[float, float, int]:
    """Run a command on a line of standard input.

    -> (seconds of the processor, MB at most, exit status; -1 where time was up)
    """
    with tempfile.TemporaryFile() as given:
        given.write(line.encode())
        given.seek(0)
        began = time.perf_counter()
        process = os.fork()
        if not process:
            with open(os.devnull, "wb") as nothing:
                os.dup2(given.fileno(), 0)
                os.dup2(nothing.fileno(), 1)
                os.dup2(nothing.fileno(), 2)
            os.execv(sys.executable, [sys.executable, "-m", "seqcli", *words])
        code = None
        while not (done := os.wait4(process, os.WNOHANG))[0]:
            if time.perf_counter() - began > limit:
                os.kill(process, 9)
                done, code = os.wait4(process, 0), -1
                break
            time.sleep(0.002)
        usage = done[2]
        seconds = usage.ru_utime + usage.ru_stime  # a busy machine does not lengthen them
        return seconds, usage.ru_maxrss / 1e3, os.waitstatus_to_exitcode(done[1]) if code is None else code


def growth(lengths: list[int], figures: list[float], seen: float) -> float | None:
    """Return the power of the length that figures follow over the last step; None where they hardly grow."""
    if len(figures) < 3 or figures[-1] - figures[0] < seen:
        return None
    before = max(figures[-2] - figures[0], seen / 10)
    return math.log((figures[-1] - figures[0]) / before) / math.log(lengths[-1] / lengths[-2])


def measure(question: Question, kind: str, shelf: Path, longest: int, limit: float) -> dict[str, object]:
    """Return the seconds, MB and exit status of a question at every length, up to the first that took too long."""
    lengths, seconds, memory, codes = [], [], [], []
    for length in (n for n in LENGTHS if n <= longest):
        text = text_of(kind, length)
        line = question.line.replace("{}", text) + "\n"
        if question.file:
            Path(question.file).write_text(text + "\n", "utf-8")
        words = ["--models-dir", str(shelf), *question.words, *(["-m", question.model] if question.model else [])]
        took, most, code = child(words, "" if question.file else line, limit)
        lengths.append(length)
        seconds.append(round(took, 3))
        memory.append(round(most, 1))
        codes.append(code)
        if code == -1:
            break
    return {
        "what": question.name,
        "model": question.model,
        "text": kind,
        "lengths": lengths,
        "seconds": seconds,
        "megabytes": memory,
        "codes": codes,
        "growth": growth(lengths[: codes.count(0)], seconds[: codes.count(0)], SEEN),
    }


def table(rows: list[dict[str, object]]) -> str:
    """Return the rows as a table in Markdown; a time limit that was reached is marked >, a refusal *."""
    marks = {-1: ">", 1: "*"}
    lines = [f"| command | model | text | {' | '.join(f'{n:,}: s, MB' for n in LENGTHS)} | growth |", f"{'|---' * 8}|"]
    for row in rows:
        cells = [
            f"{marks.get(code, '')}{seconds:.2f}, {memory:.0f}"
            for seconds, memory, code in zip(row["seconds"], row["megabytes"], row["codes"], strict=True)  # type: ignore[call-overload]
        ]
        cells += [""] * (len(LENGTHS) - len(cells))
        power = "" if row["growth"] is None else f"{row['growth']:.2f}"
        lines.append(f"| {row['what']} | {row['model']} | {row['text']} | {' | '.join(cells)} | {power} |")
    return "\n".join(lines)


def page(rows: list[dict[str, object]], picture: str) -> str:
    """Return the page of docs/: what was measured, its picture and its table."""
    grown = [float(str(row["growth"])) for row in rows if row["growth"] is not None]
    return f"""# What an answer costs as its line grows

`python benchmarks/cost_by_length.py --page docs/cost-by-length.md` gives every command that answers one line of 100 to
100,000 words, one word of as many letters, and as many letters of Japanese without a space. Every run is a process of
its own on one thread; seconds are the processor's, start-up and all, and MB the most that the process held. Growth is
the power of the length that seconds follow over the last step, where they grew by {SEEN} s at all: 1 is linear. Of
{len(rows)} rows {len(grown)} grew so much, by the power {min(grown, default=0):.2f} to {max(grown, default=0):.2f}.
A star marks a refusal in one line, > a time limit.

![seconds and memory against length]({picture})

{table(rows)}
"""


def draw(path: str, rows: list[dict[str, object]]) -> None:
    """Write the picture: seconds and memory against length, a line for each question whose seconds grow at all."""
    from seqcli.plots.figure import figure

    rows = [row for row in rows if row["growth"] is not None]
    with figure(path, 9.0, font_size=11.0) as canvas:
        canvas.suptitle("Commands that answer: cost against the length of a line")
        for plot, key, label in zip(canvas.subplots(2, 1), ("seconds", "megabytes"), ("seconds", "MB"), strict=True):
            for kind, colour in (
                ("words", "#1f77b4"),
                ("letters", "#d62728"),
                ("japanese", "#2ca02c"),
                ("other", "#7f7f7f"),
            ):
                chosen = [row for row in rows if (row["text"] if row["text"] in EVERY else "other") == kind]
                for i, row in enumerate(chosen):
                    plot.loglog(row["lengths"], row[key], color=colour, lw=1.0, label="" if i else kind)
            low, high = plot.get_ylim()
            plot.loglog([LENGTHS[1], LENGTHS[-1]], [low * 2, low * 200], "k--", lw=1.2, label="linear")
            plot.set_ylim(low, high)
            plot.set_xlabel("words or letters of the line")
            plot.set_ylabel(label)
            plot.legend(frameon=False)


def main() -> None:
    """Measure everything, print the table, draw, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models-dir", default=None)
    parser.add_argument("--only", default="", help="commands whose name, model and text hold this")
    parser.add_argument("--longest", type=int, default=LENGTHS[-1])
    parser.add_argument("--limit", type=float, default=120.0, help="seconds of one run")
    parser.add_argument("--page", default=None, help="write table and picture here: FILE.md and FILE.png")
    parser.add_argument("--dry", action="store_true", help="do not record")
    options = parser.parse_args()
    written = Path(options.page).resolve() if options.page else None
    os.environ |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        shelf = Path(options.models_dir or Path(folder) / "models").resolve()
        os.chdir(folder)
        Path("terms.tsv").write_text("king\tKönig\ndog\tHund\n犬\tdog\n", "utf-8")
        train(shelf)
        rows = []
        for question in questions():
            for kind in question.texts:
                if options.only in f"{question.name} {question.model} {kind}":
                    rows.append(measure(question, kind, shelf, options.longest, options.limit))
                    print(rows[-1], file=sys.stderr, flush=True)
                    if not options.dry:
                        record("cost_by_length", **rows[-1])
        print(table(rows))
        if written:
            draw(str(written.with_suffix(".png")), rows)
            written.write_text(page(rows, written.with_suffix(".png").name), "utf-8")


if __name__ == "__main__":
    main()
