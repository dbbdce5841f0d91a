"""A model's data flow, drawn in lines: what becomes of what, and of which shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from seqcli.cli.layout import display_width

if TYPE_CHECKING:
    from seqcli.store import Record

LEGEND = "T tokens, U utterances; a batch has one more axis. Numbers are this model's."
COLUMN = 52  # where shapes begin


class Step(NamedTuple):
    """What is computed, from what stands above it: its shape; depth: of a branch."""

    what: str
    shape: str
    depth: int = 0


def flow_lines(record: Record) -> list[str]:
    """Return the drawing of a model's data flow."""
    steps = FLOWS[record.task](record)
    lines = []
    for i, step in enumerate(steps):
        mark = "" if not i else "▼ " if not step.depth or steps[i - 1].depth == step.depth else "└▶ "
        left = ("│  " * step.depth if mark != "└▶ " else "│  " * (step.depth - 1) + "├") + mark.replace("└", "")
        text = left + step.what
        lines.append(text + " " * max(COLUMN - display_width(text), 2) + step.shape)
    return [*lines, "", LEGEND]


def _shape(*sizes: int | str) -> str:
    return "[" + ", ".join(f"{size:,}" if isinstance(size, int) else size for size in sizes) + "]"


def _language(record: Record) -> list[Step]:
    spec, size = record.spec, len(record.vocabulary())
    if record.architecture == "ngram":
        return [
            Step(f"the last {spec.order - 1} tokens", _shape(spec.order - 1)),
            Step(f"counts of 1- to {spec.order}-grams: the longest that is there", "[n, 2]: log p, back-off"),
            Step("Kneser-Ney: its share, and the rest of the shorter one's", _shape(size)),
        ]
    cell = "simple RNN" if record.architecture == "rnn" else record.architecture.upper()
    steps = [Step("tokens", _shape("T")), Step(f"embedding, {size:,} rows", _shape("T", spec.embedding_size))]
    steps += [Step(f"{cell} {i}, left to right", _shape("T", spec.hidden_size)) for i in range(1, spec.layers + 1)]
    if spec.attention:
        steps.append(Step(f"+ attention to the last {spec.attention} states", _shape("T", spec.hidden_size)))
    if spec.tied and spec.hidden_size != spec.embedding_size:
        steps.append(Step("projection", _shape("T", spec.embedding_size)))
    return [*steps, _output(spec.tied, size)]


def _output(tied: bool, size: int, steps: str = "T") -> Step:
    rows = "the embedding's rows" if tied else "rows of its own"
    return Step(f"softmax over {rows}: the next token", _shape(steps, size))


def _vectors(record: Record) -> list[Step]:
    spec = record.spec
    size, width = len(record.vocabulary()), spec.dimensions
    if record.architecture == "imported":
        return [Step("a word", ""), Step(f"its row of {size:,}", _shape(width))]
    around = f"up to {spec.window} words on either side"
    if record.architecture == "cbow":
        steps = [Step(around, _shape("2 W")), Step("their rows of the input table", _shape("2 W", width))]
        steps += [Step("their mean", _shape(width)), Step("· rows of the output table: the word between", _shape(size))]
    else:
        steps = [Step("a word", _shape(1)), Step(f"its row of the input table, {size:,}", _shape(width))]
        steps.append(Step(f"· rows of the output table: each of {around}", _shape(size)))
    if spec.subwords:
        grams = f"+ rows of its {spec.min_ngram}- to {spec.max_ngram}-letter n-grams"
        steps.insert(2, Step(f"{grams}, of {spec.buckets:,}", _shape(width)))
    return steps


def _translation(record: Record) -> list[Step]:
    spec, joint = record.spec, record.text.joint
    source = len(record.vocabulary("vocabulary" if joint else "source-vocabulary"))
    target = len(record.vocabulary("vocabulary" if joint else "target-vocabulary"))
    states, width, cell = 2 * spec.encoder_size, spec.embedding_size, spec.cell.upper()
    steps = [
        Step("source tokens", _shape("S")),
        Step(f"embedding, {source:,} rows", _shape("S", width)),
        Step(f"encoder, {cell} from both ends", _shape("S", states)),
        Step("their mean: first state of the decoder", _shape(spec.hidden_size), 1),
        Step("target tokens so far, embedding", _shape("T", width), 1),
        Step(f"decoder, {cell}", _shape("T", spec.hidden_size), 1),
    ]
    if spec.attention != "none":
        steps.append(Step(f"attention ({spec.attention}) of each step", _shape("T", "S")))
        steps.append(Step("what it saw of the states", _shape("T", states)))
    if spec.reads_attention:
        steps.append(Step(f"{cell} over both", _shape("T", spec.hidden_size)))
    words = " + the words it saw" if spec.sees_words else ""
    return [*steps, Step(f"combined, tanh{words}", _shape("T", width)), _output(spec.tied, target)]


def _dialogue(record: Record) -> list[Step]:
    spec, size = record.spec, len(record.vocabulary())
    states, width = 2 * spec.encoder_size, spec.embedding_size
    said = "all utterances so far" if spec.hierarchical else "the last utterance"
    steps = [
        Step(f"{said}, tokens", _shape("U", "T")),
        Step(f"embedding, {size:,} rows", _shape("U", "T", width)),
        Step("encoder, GRU from both ends", _shape("U", "T", states)),
        Step("its last states: a vector an utterance", _shape("U", states), 1),
    ]
    over = "context, GRU over utterances, + the last one's layer" if spec.hierarchical else "a layer over it"
    steps.append(Step(over, _shape(spec.context_size), 1))
    if spec.latent:
        steps.append(Step("prior: mean and variance", _shape(2, spec.latent_size), 2))
        steps.append(Step("(in training: posterior, of the reply too)", _shape(2, spec.latent_size), 2))
        steps.append(Step("z, drawn; beside the context", _shape(spec.told_size), 2))
    steps += [
        Step("first state of the decoder", _shape(spec.hidden_size), 1),
        Step("and added to the input of its every step", _shape(width), 1),
        Step("decoder, GRU over the reply so far", _shape("T", spec.hidden_size), 1),
    ]
    if spec.attention != "none":
        heard = {"last": "attention to the last utterance's words", "earlier": "and to those of the earlier ones"}
        steps += [Step(heard[name], _shape("T", "U T")) for name in spec.looks]
        steps.append(Step("what each saw: states, and embeddings", f"{_shape('T', states)}, {_shape('T', width)}"))
    words = " + the words it saw" if spec.attention != "none" else ""
    return [*steps, Step(f"combined, tanh{words}", _shape("T", width)), _output(True, size)]


def _fill(record: Record) -> list[Step]:
    spec, size, cell = record.spec, len(record.vocabulary()), record.spec.cell.upper()
    steps = [
        Step("tokens around a gap", _shape("T")),
        Step(f"embedding, {size:,} rows", _shape("T", spec.embedding_size)),
    ]
    ways = {"onward": "left of it, onward", "returning": "right of it, from the end"}
    steps += [Step(f"{cell}, {ways.get(name, name)}", _shape(spec.hidden_size), 1) for name in spec.stacks]
    steps += [
        Step("both side by side, a layer of ReLU", _shape(spec.joined_size)),
        Step(f"projection + the {spec.window} nearest words a side", _shape(spec.embedding_size)),
    ]
    return [*steps, Step("softmax over the rows: the word in the gap", _shape(size))]


def _sentences(record: Record) -> list[Step]:
    spec, size = record.spec, len(record.vocabulary())
    steps = [
        Step("tokens of a sentence", _shape("T")),
        Step(f"embedding, {size:,} rows", _shape("T", spec.embedding_size)),
    ]
    if record.architecture != "sentence-lm":
        steps.append(Step("encoder, LSTM from both ends", _shape("T", 2 * spec.encoder_size)))
        steps.append(Step("last two states and mean, of both ways", _shape(4 * spec.encoder_size), 1))
        vae = record.architecture == "vae"
        shape = _shape(2, spec.latent_size) if vae else _shape(spec.latent_size)
        turned, back = (", shares turned by place", ", turned back") if spec.rotary else ("", "")
        steps.append(Step(("posterior: mean and variance" if vae else "the code: a point") + turned, shape, 1))
        if vae:
            steps.append(Step("z, drawn", _shape(spec.latent_size), 1))
        steps.append(Step(f"first state, and read at every step{back}", _shape(spec.hidden_size), 1))
    steps.append(Step("decoder, LSTM over the tokens before", _shape("T", spec.hidden_size)))
    steps.append(Step("projection", _shape("T", spec.embedding_size)))
    return [*steps, Step("softmax in two levels over the rows: the next token", _shape("T", size))]


FLOWS: dict[str, Callable[[Any], list[Step]]] = {
    **{"lm": _language, "vectors": _vectors, "translation": _translation},
    **{"dialogue": _dialogue, "fill": _fill, "sentences": _sentences},
}
