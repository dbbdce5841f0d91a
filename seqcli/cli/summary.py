"""A model in a person's words: what it is, what it learned from, how well, and whether it is finished."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from seqcli.cli.layout import readable
from seqcli.errors import ModelError
from seqcli.quantities import duration, size

if TYPE_CHECKING:
    from seqcli.store import Record

KINDS = {  # of models whose task does not say it
    **{"rnn": "RNN", "gru": "GRU", "lstm": "LSTM", "ngram": "n-grams", "hred": "HRED", "vhred": "VHRED"},
    **{"vae": "VAE", "autoencoder": "autoencoder", "sentence-lm": "sentence LM"},
}
FIGURES = (  # its first is a model's headline
    *("bleu", "accuracy_1", "perplexity", "bound_nats_per_sentence", "reconstruction_nats_per_sentence"),
    *("nats_per_token", "nats_per_pair", "bound_nats_per_token"),
)
NAMES = {
    **{"bleu": "BLEU", "chrf": "chrF", "kl_per_sentence": "KL per sentence", "kl_per_utterance": "KL per utterance"},
    **{"accuracy_1": "found first", "accuracy_5": "among five", "accuracy_10": "among ten"},
    "bound_nats_per_sentence": "nats per sentence (a bound)",
    "reconstruction_nats_per_sentence": "nats per sentence to reconstruct",
}
LATENT = ("kl_per_sentence", "kl_per_utterance", "active_units", "mutual_information")  # of a latent variable
FURTHER = ("chrf", "accuracy_5", "accuracy_10", "nats_per_token", "bits_per_character")  # told behind the headline
SHAPES = (  # setting, how it is said
    ("order", "orders up to {}"),
    ("layers", "layers: {}"),
    ("hidden_size", "hidden size {}"),
    ("embedding_size", "embedding size {}"),
    ("dimensions", "{} numbers a word"),
    ("window", "window {}"),
)


def kind(record: Record) -> str:
    """Return in a word or two what a model is."""
    fallback = {
        "lm": "language model",
        "vectors": "word vectors",
        "translation": "translator",
        "dialogue": "dialogue model",
        "fill": "fills gaps",
        "sentences": "sentences",
    }[record.task]
    return KINDS.get(record.architecture, fallback)


def total(record: Record) -> int:
    """Return the bytes of a model's files."""
    return sum(file.size for file in record.files.values())


def is_finished(record: Record) -> bool:
    """Return whether a model's training came to its end."""
    return bool(record.progress.get("finished"))


def saved(record: Record, form: str = "%Y-%m-%d") -> str | None:
    """Return when a model was saved, as this machine's clock and calendar say it."""
    try:
        return time.strftime(form, time.localtime((record.directory / "model.json").stat().st_mtime))
    except (OSError, OverflowError, ValueError):
        return None


def text_name(record: Record) -> str | None:
    """Return the name of the file that a model learned from."""
    name = record.corpus.get("name")
    return name if isinstance(name, str) else None


def headline(record: Record) -> str | None:
    """Return a model's held-out figure in a few words."""
    held_out = _held_out(record)
    return next((figure(key, held_out[key]) for key in FIGURES if _is_number(held_out.get(key))), None)


def figure(key: str, value: float) -> str:
    """Return a held-out figure with its name or unit: perplexity 94.62, 4.55 nats per token."""
    name = NAMES.get(key, key.replace("_", " "))
    return f"{readable(float(value))} {name}" if " per " in name else f"{name} {readable(float(value))}"


def rows(record: Record, default: bool) -> Iterator[tuple[str, str]]:
    """Yield what a person wants to know of a model, the most important first."""
    from seqcli.tasks import TASKS

    marks = [*(["answers where no model is named"] * default), *(["unfinished"] * (not is_finished(record)))]
    yield "model", record.name + (f" ({', '.join(marks)})" if marks else "")
    yield "what it does", TASKS[record.task].does
    settings = ((form, getattr(record.spec, name, None)) for name, form in SHAPES)
    yield "architecture", ", ".join([record.architecture, *(form.format(n) for form, n in settings if n)])
    yield from _of_results(record)
    yield from _of_text(record)
    yield from _of_training(record)
    yield "size", size(total(record))
    yield "saved", saved(record, "%Y-%m-%d %H:%M") or "?"
    near = os.path.relpath(record.directory)
    yield "directory", str(record.directory) if near.startswith(os.pardir) else near


def _of_results(record: Record) -> Iterator[tuple[str, str]]:
    held_out = _held_out(record)
    best = headline(record)
    if best is not None:
        more = [figure(key, held_out[key]) for key in FURTHER if _is_number(held_out.get(key))]
        over = next((f" on {held_out[key]:,} held-out {key}" for key in ("pairs", "tokens") if key in held_out), "")
        yield "result", "; ".join(filter(None, (best + over, ", ".join(part for part in more if part != best))))
    if "active_units" in held_out:
        from seqcli.latent.collapse import alarm

        shown = {key: held_out[key] for key in LATENT if _is_number(held_out.get(key))}
        yield "latent variable", alarm(shown) or ", ".join(figure(key, value) for key, value in shown.items())


def _of_text(record: Record) -> Iterator[tuple[str, str]]:
    corpus = record.corpus
    counts = [f"{corpus[key]:,} {key}" for key in ("pairs", "lines", "tokens") if _is_number(corpus.get(key))]
    if isinstance(unknown := corpus.get("unknown_rate"), float):
        counts.append(f"{unknown:.2%} unknown")
    yield "text", ": ".join(part for part in (text_name(record) or "", ", ".join(counts)) if part) or "?"
    try:
        words = [f"{role}: {len(record.vocabulary(role)):,}" for role in record.files if role.endswith("vocabulary")]
    except ModelError as error:
        words = [str(error)]
    tokenizer = getattr(record.text, "tokenizer", "words")
    yield "vocabulary", ", ".join(words).removeprefix("vocabulary: ") + f" tokens, cut by --tokenizer {tokenizer}"


def _of_training(record: Record) -> Iterator[tuple[str, str]]:
    done = record.progress
    if _is_number(done.get("seconds")) and _is_number(done.get("update")):
        end = done.get("finished") or "it was stopped; --resume goes on"
        yield "training", f"{duration(done['seconds'])}, {done['update']:,} updates; {end}"
    run = [f"seed {record.run.seed}"] if getattr(record.run, "seed", None) is not None else []
    threads = getattr(record.run, "threads", None)
    run += [f"threads: {threads}"] if threads else []
    yield "made with", ", ".join([f"seqcli {record.version}", *run])


def _held_out(record: Record) -> dict[str, Any]:
    held_out = record.results.get("held_out")
    return held_out if isinstance(held_out, dict) else {}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
