"""The tables of README and of docs/, made from results.jsonl: nobody types a figure.

python benchmarks/tables.py writes them where <!-- table: NAME --> stands; with --check it only says whether they are in
step.
"""

from __future__ import annotations

import re
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from record import every, latest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "README.ja.md", *sorted((ROOT / "docs").rglob("*.md"))]
PLACE = re.compile(r"(<!-- table: ([a-z0-9-]+) -->\n)(?:\n?\|.*\n)*(?:\n_.*_\n)?")
TABLES: dict[str, Callable[[], str]] = {}


def table(name: str) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """Let a function write the table of a name."""

    def add(function: Callable[[], str]) -> Callable[[], str]:
        TABLES[name] = function
        return function

    return add


def rows(header: list[str], lines: list[list[str]], source: dict[str, Any] | None) -> str:
    """Return a table, with the machine and commit that it was measured on below it."""
    if source is None:
        return ""
    body = [header, ["---"] * len(header), *lines]
    text = "\n".join("| " + " | ".join(cells) + " |" for cells in body)
    cores = "one core" if source["cores"] == 1 else f"{source['cores']} cores"
    return f"\n{text}\n\n_{source['machine']}, {cores}, commit {source['commit']}._\n"


@table("language")
def language() -> str:
    """The Penn Treebank."""
    names = (
        "plain loop, 2 x 200 LSTM, full softmax",
        "seqcli train-lm --hidden-size 256 --dropout 0.1",
        "seqcli train-lm",
    )
    found = [row for name in names if (row := latest("language", what=name))]
    lines = [
        [
            f"`{row['what']}`" if "--" in row["what"] else row["what"],
            f"{row['seconds']:.0f}",
            f"{row['valid_perplexity']:.1f}",
            f"{row['test_perplexity']:.1f}" if row.get("test_perplexity") else "",
            f"{row['tokens_per_second']:,.0f}",
        ]
        for row in found
    ]
    header = ["what", "seconds", "valid perplexity", "test perplexity", "training tokens/s"]
    return rows(header, lines, found[0] if found else None)


@table("ngram")
def ngram() -> str:
    """Counts on the Penn Treebank, and the agreement with kenlm."""
    found = [row for order in (2, 3, 4, 5, 6) if (row := latest("ngram", order=order))]
    lines = [
        [
            str(row["order"]),
            f"{row['seconds']:.1f}",
            f"{row['bytes'] / 1e6:.1f}",
            f"{row['valid_perplexity']:.1f}",
            f"{row['test_perplexity']:.1f}",
        ]
        for row in found
    ]
    header = ["order", "whole command, s", "MB", "valid perplexity", "test perplexity"]
    return rows(header, lines, found[0] if found else None)


@table("recipes")
def recipes() -> str:
    """The recipes on the Penn Treebank, and the strong one mixed with counts and a cache."""
    names = ("quick", "standard", "strong", *(f"mix: {what}" for what in ("strong, counts", "strong, counts, cache")))
    seeds = [(name, seed) for name in names for seed in (1, 2, 3)]
    found = [row for name, seed in seeds if (row := latest("recipes", what=name, seed=seed))]
    lines = [
        [
            row["what"].removeprefix("mix: ") + ("" if row["seed"] == 1 else f", seed {row['seed']}"),
            f"{row['seconds'] / 60:.0f}" if "seconds" in row else "",
            str(row.get("threads", "")),
            str(row["settings"]["hidden_size"]) if "settings" in row else "",
            f"{row['valid_perplexity']:.1f}" if "valid_perplexity" in row else "",
            f"{row['test_perplexity']:.1f}",
        ]
        for row in found
    ]
    header = ["what", "minutes", "threads", "hidden size", "valid perplexity", "test perplexity"]
    return rows(header, lines, found[0] if found else None)


@table("sentences")
def sentences() -> str:
    """Models of sentences on the Penn Treebank, each by the figures that it has."""
    runs = [(name, seed, 20.0) for name in ("vae", "sentence-lm") for seed in (1, 2, 3)]
    runs += [("vae", 1, 60.0), ("autoencoder", 1, 10.0)]
    wanted = ((name, {"seed": seed, "minutes": minutes}) for name, seed, minutes in runs)
    found = [row for name, keys in wanted if (row := latest("sentences", what=name, **keys))]
    keys = ("importance_weighted_nats_per_sentence", "nats_per_sentence")
    lines = [
        [
            row["what"] + ("" if row["seed"] == 1 else f", seed {row['seed']}") + _part(row["test"]),
            f"{row['seconds'] / 60:.0f}",
            next((f"{row['test'][key]:.2f}" for key in keys if key in row["test"]), ""),
            *(
                f"{row['test'][key]:{form}}" if key in row["test"] else ""
                for key, form in (
                    ("bound_nats_per_sentence", ".2f"),
                    ("kl_per_sentence", ".2f"),
                    ("active_units", "d"),
                    ("mutual_information", ".2f"),
                    ("reconstruction_accuracy", ".1%"),
                    ("reconstructed_tokens", ".1%"),
                    ("distinct_2", ".3f"),
                )
            ),
        ]
        for row in found
    ]
    header = ["what", "minutes", "nats a sentence", "bound", "KL", "active units", "mutual information"]
    header += ["told", "written again", "distinct-2"]
    return rows(header, lines, found[0] if found else None)


def _part(test: dict[str, Any]) -> str:
    return "" if test.get("sentences", 3_761) == 3_761 else f" ({test['sentences']:,} sentences)"


@table("rates")
def rates() -> str:
    """What codes of more and more nats cost, and tell."""
    columns = {
        "kl_per_sentence": ".1f",
        "reconstruction_nats_per_sentence": ".1f",
        "bound_nats_per_sentence": ".1f",
        "active_units": "d",
        "reconstruction_accuracy": ".1%",
        "short_reconstruction_accuracy": ".1%",
    }
    found = [row for rate in (2, 4, 8, 15, 25) if (row := latest("sentences-rates", rate=rate))]
    lines = [[str(row["rate"]), *(f"{row['test'][key]:{form}}" for key, form in columns.items())] for row in found]
    header = ["`--minimum-rate`", "KL", "reconstruction", "bound", "active units", "told", "told, up to 15 words"]
    return rows(header, lines, found[0] if found else None)


@table("other-texts")
def other_texts() -> str:
    """The quick recipe beside counts, and mixed with them, on other texts."""
    names = dict.fromkeys(row["text"] for row in every("other texts"))
    found = [row for name in names if (row := latest("other texts", text=name))]
    lines = [
        [
            row["text"],
            f"{row['seconds'] / 60:.0f}",
            str(row["threads"]),
            f"{row['unknown_rate']:.1%}",
            *(f"{row[what]:.1f}" for what in ("counts", "quick", "mixed", "mixed, cache")),
            f"{row['saved']:.0%}",
        ]
        for row in found
    ]
    header = [
        "what",
        "minutes",
        "threads",
        "unknown",
        "counts",
        "quick",
        "mixed",
        "and a cache",
        "mixed: less than counts",
    ]
    return rows(header, lines, found[0] if found else None)


@table("ingredients")
def ingredients() -> str:
    """What each setting is worth in equal minutes."""
    names = [row["what"] for row in every("ingredients")]
    found = [row for name in dict.fromkeys(names) if (row := latest("ingredients", what=name))]
    usual = next((row["valid_perplexity"] for row in found if row["what"] == "as it is"), None)
    lines = [
        [
            row["what"],
            f"{row['valid_perplexity']:.1f}",
            f"{row['valid_perplexity'] - usual:+.1f}" if usual else "",
            f"{row['tokens_per_second']:,.0f}",
        ]
        for row in found
    ]
    header = ["what", "valid perplexity", "difference", "training tokens/s"]
    return rows(header, lines, found[0] if found else None)


@table("startup")
def startup() -> str:
    """Whole processes."""
    found = [row for name in ("predict-word / import torch", "worst --help / import click")
             if (row := latest("startup", what=name))]  # fmt: skip
    return rows(["what", "ratio"], [[row["what"], f"{row['ratio']:.2f}"] for row in found], found[0] if found else None)


@table("reading")
def reading() -> str:
    """Reading, counting and encoding."""
    row = latest("reading")
    if row is None:
        return ""
    lines = [
        ["plain loop: `split`, `Counter`, ids", f"{row['plain_seconds']:.2f}", f"{row['plain_peak_mb']:.0f}", ""],
        ["seqcli, its compiled code loaded on the way", f"{row['seqcli_seconds']:.2f}", f"{row['seqcli_peak_mb']:.0f}",
         f"{row['ratio_seconds']:.1f}"],
        ["seqcli, its compiled code loaded before", f"{row['seqcli_again']:.2f}", "", f"{row['ratio_again']:.1f}"],
    ]  # fmt: skip
    return rows(["what", "seconds", "MB at most", "times as fast"], lines, row)


@table("word2vec")
def word2vec() -> str:
    """Word vectors beside gensim and word2vec.c, which is built with -ffast-math too: without it, it is far slower."""
    names = (
        "gensim skip-gram", "word2vec.c skip-gram", "word2vec.c -ffast-math skip-gram",
        "seqcli skip-gram", "seqcli skip-gram --reproducible",
        "gensim cbow", "seqcli cbow", "gensim skip-gram, hierarchical", "seqcli skip-gram, hierarchical",
    )  # fmt: skip
    found = [row for name in names if (row := latest("word2vec", what=name))]
    lines = [
        [
            row["what"],
            f"{row['speed']:,.0f}",
            f"{row['speed_x_gensim']:.1f}",
            f"{row['speed_x_c']:.1f}" if row.get("speed_x_c") else "",
            f"{row['seconds']:.1f}",
            f"{row['megabytes']:.0f}",
            f"{row['WordSim-353']:.3f}",
            f"{row['SimLex-999']:.3f}",
        ]
        for row in found
    ]
    header = ["what", "words/s", "× gensim", "× C", "whole process, s", "MB", "WordSim-353", "SimLex-999"]
    return rows(header, lines, found[0] if found else None)


@table("neighbours")
def neighbours() -> str:
    """The nearest words of 1,000 words."""
    row = latest("neighbours")
    if row is None:
        return ""
    lines = [
        ["gensim, `most_similar` for each", f"{row['gensim_seconds']:.2f}", ""],
        ["seqcli, one word at a time", f"{row['single_seconds']:.2f}", f"{row['single_ratio']:.1f}"],
        ["seqcli, all at once", f"{row['batch_seconds']:.2f}", f"{row['batch_ratio']:.1f}"],
    ]
    return rows(["what", "seconds", "times as fast"], lines, row)


TRANSLATORS = {
    "en-de": "Multi30k, English to German",
    "en-de-none": "... without attention",
    "en-de-none-wide": "... without attention, twice the state",
    "en-de-wide": "... with attention, twice the state",
    "en-de-long": "Multi30k, English to German",
    "de-en": "Multi30k, German to English",
    "en-ja": "Tanaka, English to Japanese (its own tokens)",
}


@table("translation")
def translation() -> str:
    """Translators on public test sets, and those with and without attention by the length of the source."""
    found = [row for name in TRANSLATORS if (row := latest("translation", row=name, seed=1, settings=[]))]
    lines = [
        [
            TRANSLATORS[row["row"]],
            f"{row['minutes']:.0f}",
            str(row["threads"]),
            *(f"{row[score]:.1f}" for score in ("bleu", "chrf", "ter")),
            ", ".join(f"{bleu:.1f}" for bleu in row["by_length"].values()),
            f"{row['tokens_per_second']:,.0f}",
        ]
        for row in found
    ]
    lengths = "BLEU of each quarter, short to long"
    header = ["what", "minutes", "threads", "BLEU", "chrF", "TER", lengths, "training tokens/s"]
    return rows(header, lines, found[0] if found else None)


CONTEXTS = ("all", "full", "shuffled", "none", "foreign")  # all: every reply; the others are of the same ones


@table("filling")
def filling() -> str:
    """The missing word on the Penn Treebank: both sides, and one alone."""
    names = {"ptb-both": "both sides", "ptb-left": "the left side alone"}
    found = [row for name in names if (row := latest("filling", model=name))]
    lines = [
        [
            names[row["model"]],
            f"{row['minutes']:g}",
            str(row["threads"]),
            *(f"{row[f'accuracy_{top}']:.1%}" for top in (1, 5, 10)),
            f"{row['nats_per_token']:.3f}",
        ]
        for row in found
    ]
    header = ["what", "minutes", "threads", "first", "among 5", "among 10", "nats per missing word"]
    return rows(header, lines, found[0] if found else None)


@table("completion")
def completion() -> str:
    """Five words for a gap, by the model of both sides alone and with what was trained as long beside it."""
    names = {
        "novels": "both sides",
        "novels + novels-lm": "... and a language model (`--mix`)",
        "novels + novels-lm + counts": "... and n-grams",
    }
    longest = max((row["minutes"] for row in every("filling", model="novels")), default=0.0)
    wanted = [(name, 30.0) for name in names] + [("novels", longest)] * (longest > 30)
    found = [row for name, minutes in wanted if (row := latest("filling", model=name, minutes=minutes))]
    lines = [[names[row["model"]], f"{row['minutes']:g}", f"{row['right']}", f"{row['share']:.1%}"] for row in found]
    header = ["what", "minutes", f"right of {found[0]['questions'] if found else 0}", "share"]
    return rows(header, lines, found[0] if found else None)


@table("dialogue")
def dialogue() -> str:
    """Perplexity of the next utterance, and how much worse it gets behind another history than its own."""
    lines: list[list[str]] = []
    source = None
    titles = {
        f"{name}-20-{seed}": title if seed == 1 else f"{title}, seed {seed}"
        for name, title in (("seq2seq", "Seq2Seq"), ("hred", "HRED"), ("vhred", "VHRED, importance-weighted"))
        for seed in (1, 2, 3)
    }
    for name, title in titles.items():
        found = {kind: latest("dialogue contexts", model=name, context=kind, turn=None) for kind in CONTEXTS}
        if (own := found["full"]) and (every_reply := found["all"]):
            worse = [f"{round(row['against_full'], 4) + 0.0:+.1%}" for kind in CONTEXTS[2:] if (row := found[kind])]
            key = "perplexity" if "perplexity" in own else "importance_weighted_perplexity"
            lines.append([title, f"{every_reply[key]:.2f}", f"{own[key]:.2f}", *worse])
            source = own
    header = ["what", "all replies", "with two utterances before", "shuffled", "the last alone", "another dialogue's"]
    return rows(header, lines, source)


def percent(value: float | None) -> str:
    """Return a share as a percentage; nothing where there is none."""
    return "" if value is None else f"{value:.1%}"


@table("proofreading")
def proofreading() -> str:
    """Errors put into novels that were not learned from, by kind of damage, beside what frequency alone finds."""
    rows_of = {"clean": "no errors", "letters": "3 % of letters damaged", "words": "one word in 50 another"}
    lines: list[list[str]] = []
    source = None
    for row, what in rows_of.items():
        for title in ("Moby-Dick", "Bleak House"):
            found = [one for one in every("proofreading", row=row, novel=title) if one["kind"] == "all"]
            if not found:
                continue
            baseline = latest("proofreading", row=row, novel=title, model="unigram frequency")
            model = [one for one in found if one["model"] != "unigram frequency"][-1]
            source = model
            for one in (model, baseline) if baseline else (model,):
                name = f"{what}, {title}" if one is model else "… by frequency alone"
                shares = [one[key] for key in ("alarm_rate", "recall", "first_suggestion", "fixed", "broken")]
                lines.append([name, "" if one["auc"] is None else f"{one['auc']:.3f}", *map(percent, shares)])
    header = ["what", "AUC", "right words marked", "errors marked", "first suggestion right", "fixed", "broken"]
    return rows(header, lines, source)


@table("learners")
def learners() -> str:
    """Sentences by learners of English, corrected by four people each."""
    found = [one for rate in ("0.3%", "2%") if (one := latest("proofreading", row="learners", rate=rate))]
    lines = [
        [
            f"`--alarm-rate {one['rate']}`",
            *(f"{100 * one[key]:.1f}" for key in ("gleu_source", "gleu")),
            *(percent(one[key]) for key in ("precision", "recall")),
            f"{one['f05']:.3f}",
        ]
        for one in found
    ]
    header = ["JFLEG dev", "GLEU as written", "GLEU corrected", "precision", "recall", "F0.5"]
    return rows(header, lines, found[0] if found else None)


@table("peers")
def peers() -> str:
    """What other programs do on the same text, turn about on the same machine."""
    gensim, vectors = latest("word2vec", what="gensim skip-gram"), latest("word2vec", what="seqcli skip-gram")
    near, read, spoken = latest("neighbours"), latest("reading"), latest("translating", beam=5)
    plain = latest("language", what="plain loop, 2 x 200 LSTM, full softmax")
    ours = latest("language", what="seqcli train-lm --hidden-size 256 --dropout 0.1")
    if not (gensim and vectors and near and read and spoken and plain and ours):
        return ""
    pairs: list[tuple[str, str, str, float, float]] = [
        ("word vectors: words learned from in a second", "gensim", ",.0f", gensim["speed"], vectors["speed"]),
        ("... WordSim-353 then", "gensim", ".3f", gensim["WordSim-353"], vectors["WordSim-353"]),
        ("nearest words of 1,000 words, s", "gensim", ".2f", near["gensim_seconds"], near["batch_seconds"]),
        ("Penn Treebank: s of training", "a loop of PyTorch", ".0f", plain["seconds"], ours["seconds"]),
        ("... validation perplexity then", "", ".1f", plain["valid_perplexity"], ours["valid_perplexity"]),
        ("sentences translated in a second", "a decoder of PyTorch", ".0f", spoken["plain_per_second"],
         spoken["seqcli_per_second"]),
        ("17 million words read, s", "`split`, `Counter`", ".2f", read["plain_seconds"], read["seqcli_seconds"]),
    ]  # fmt: skip
    commits = dict.fromkeys(row["commit"] for row in (vectors, near, ours, spoken, read))
    lines = [[what, other, format(one, form), format(two, form)] for what, other, form, one, two in pairs]
    return rows(["what", "beside", "the other", "seqcli"], lines, {**vectors, "commit": ", ".join(commits)})


@table("scale-stages")
def scale_stages() -> str:
    """What reading, counting and encoding take as a text grows."""
    found = [row for times in (0.0625, 0.25, 1.0, 8.0) if (row := latest("scale stages", times=times))]
    lines = [
        [
            f"{row['bytes'] / 1e6:,.0f}",
            f"{row['words'] / 1e6:,.1f}",
            f"{row['types']:,}",
            *(f"{row[f'{stage}_seconds']:.2f}" for stage in ("read", "count", "encode")),
            f"{row['bytes'] / 1e6 / sum(row[f'{stage}_seconds'] for stage in ('read', 'count', 'encode')):,.0f}",
            f"{row['peak_mb']:,.0f}",
        ]
        for row in found
    ]
    header = [
        "MB of text",
        "million words",
        "different tokens",
        "read, s",
        "count, s",
        "encode, s",
        "MB/s, all",
        "peak MB",
    ]
    return rows(header, lines, found[-1] if found else None)


@table("scale-words")
def scale_words() -> str:
    """What a billion words take in each stage, by the largest text that was read."""
    found, model = latest("scale stages", times=8.0), latest("scale updates")
    if not (found and model):
        return ""
    times, ids = 1e9 / found["words"], 4 * found["positions"] * 1e9 / found["words"]
    tokens = found["tokens"] * times
    text, encoded = found["bytes"] * times, 4 * tokens
    lines = [
        ["read", duration(found["read_seconds"] * times), f"{text / 1e9:.1f}", f"{ids / 1e9:.1f}"],
        ["count", duration(found["count_seconds"] * times), f"{4 * ids / 1e9:.1f}", "0"],
        ["encode", duration(found["encode_seconds"] * times), f"{ids / 1e9:.1f}", f"{encoded / 1e9:.1f}"],
        ["an epoch", duration(tokens / model["tokens_per_second"]), f"{encoded / 1e9:.1f}", "0"],
        ["an evaluation", duration(1e5 / model["evaluated_per_second"]), "0", "0"],
    ]
    commit = ", ".join(dict.fromkeys([found["commit"], model["commit"]]))
    return rows(["stage", "time", "GB in", "GB out"], lines, {**found, "commit": commit})


@table("scale-plan")
def scale_plan() -> str:
    """What the plan said, and what then happened."""
    found = [row for name in ("novels", "completion", "books17") if (row := latest("scale plan", text=name))]
    lines = []
    for row in found:
        said, done = row["plan"], row["happened"]
        stages = [f"{stage}ing_seconds" for stage in ("read", "count", "encod")]
        before = sum(done[f"{stage}_seconds"] for stage in ("read", "count", "encode"))
        read = done["tokens_per_second"] * done["training_seconds"]
        pairs = [
            (said["types"], done["types"], ",.0f"),
            (sum(said[stage] for stage in stages), before, ".1f"),
            (said["hidden_size"], done["hidden_size"], "d"),
            (said["epochs"] * said["training_tokens"] / 1e6, read / 1e6, ".2f"),
            (said["memory_bytes"] / 1e6, done["peak_bytes"] / 1e6, ",.0f"),
        ]
        lines.append([row["text"], *(f"{one:{form}} / {two:{form}}" for one, two, form in pairs)])
    header = ["text", "different tokens", "s before training", "hidden size", "million tokens learned from", "peak MB"]
    return rows(header, lines, found[0] if found else None)


@table("scale-memory")
def scale_memory() -> str:
    """The memory of a training on much text."""
    rows_of = every("scale memory")
    found = sorted({round(row["gigabytes"]): row for row in rows_of}.values(), key=lambda row: row["gigabytes"])
    lines = [[f"{row['gigabytes']:.1f}", f"{row['seconds']:,.0f}", f"{row['peak_mb']:,.0f}"] for row in found]
    header = ["GB of text", "s until all was read, encoded and 200 updates made", "peak MB"]
    return rows(header, lines, found[-1] if found else None)


@table("process-speed")
def process_speed() -> str:
    """Two processes against one, on one machine and with a slow network between two hosts."""
    names = {
        "lm": "`train-lm`",
        "translator": "`train-translate`",
        "hred": "`train-dialogue`",
        "vectors": "`train-w2v`",
    }
    lines, source = [], None
    for kind, name in names.items():
        for precision in ("float32", "bfloat16"):
            if row := latest("processes", what=kind, precision=precision):
                speeds = row["one_tokens_per_second"], row["tokens_per_second"]
                size = str(row["batch_size"] or "the usual, of each")
                told = (f"{speed:,.0f}" for speed in speeds)
                lines.append([f"{name}, {precision}", "one machine", size, *told, f"{row['ratio']:.2f}"])
                source = row
    if row := latest("process vectors"):
        speeds = (statistics.median(one["words_per_second"] for one in row[key]) for key in ("one", "several"))
        lines.append(
            [names["vectors"], "one machine", "", *(f"{speed:,.0f}" for speed in speeds), f"{row['ratio']:.2f}"]
        )
        source = row
    for kind, name in names.items():
        if row := latest("slow network", what=kind):
            where = f"{row['milliseconds']:.0f} ms there and back, {row['gigabits']:.2f} Gbit/s"
            speeds = (f"{statistics.median(row[key]):,.0f}" for key in ("one", "two"))
            size = (
                f"the usual, {row['batches']} batches an update" if row.get("batches") else str(row["batch_size"] or "")
            )
            lines.append([name, where, size, *speeds, f"{row['ratio']:.2f}"])
    header = ["training", "between them", "batch size", "tokens a second of one", "of two, one thread each", "ratio"]
    return rows(header, lines, source)


@table("process-updates")
def process_updates() -> str:
    """What was learned by the same updates in one process and in several."""
    names = {"lm": "`train-lm`, with dropout", "translator": "`train-translate`", "hred": "`train-dialogue`"}
    found = {name: row for kind, name in names.items() if (row := latest("process updates", what=kind))}
    lines = []
    for name, row in found.items():
        nats = (f"{row[key]:.6f}" for key in ("one_nats_per_token", "nats_per_token"))
        lines.append([name, str(row["updates"]), *nats, f"{abs(row['apart']):.2g}"])
    header = ["training", "updates", "nats a token, one process", "two processes", "perplexity apart, share"]
    return rows(header, lines, next(reversed(found.values())) if found else None)


@table("process-vectors")
def process_vectors() -> str:
    """Word vectors of two processes and of one, by people's judgement."""
    row = latest("process vectors")
    if row is None:
        return ""
    lines = []
    for key, name in (("one", "one process"), ("several", f"{row['processes']} processes")):
        by_set = zip(*(one["measured"].values() for one in row[key]), strict=True)
        lines.append(
            [name, *(f"{statistics.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})" for values in by_set)]
        )
    seeds = len(row["one"])
    return rows(["learned by", f"WordSim-353, mean of {seeds} seeds", "SimLex-999"], lines, row)


def duration(seconds: float) -> str:
    """Return seconds as a person says them."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def filled(text: str) -> str:
    """Return a page with every table as the results have it."""
    return PLACE.sub(lambda place: place[1] + TABLES[place[2]](), text)


def main() -> None:
    """Write the pages, or check them."""
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        after = filled(before)
        if "--check" in sys.argv and before != after:
            sys.exit(f"The tables of {page} are not what results.jsonl says; run benchmarks/tables.py")
        if before != after:
            page.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
