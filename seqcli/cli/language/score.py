"""The command that asks a language model how likely sentences are: score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seqcli.cli.inputs import batches_of_texts, input_options
from seqcli.cli.opening import Asked, open_language_model
from seqcli.cli.options import Session, command, model_option, option, output_options

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results


@command(
    epilog="Examples: seqcli score 'She walks home.' ;  seqcli score --file sentences.txt --words",
)
@click.argument("sentence", nargs=-1)
@model_option
@option("--words", is_flag=True, help="A record for each token instead of each sentence.")
@input_options
@output_options
@click.pass_obj
def score(session: Session, /, sentence: tuple[str, ...], model: str | None, words: bool, file: str | None) -> None:
    """Say how likely each sentence, or each word of it, is: natural logs of probabilities, its end included.

    Every line is judged by itself, from its beginning. What the model does not know is scored as its unknown word, and
    counted.
    """
    asked: Asked | None = None
    columns = (
        ("sentence", "position", "token", "log_probability", "unknown")
        if words
        else ("sentence", "tokens", "unknown", "log_probability", "nats_per_token", "perplexity")
    )
    with session.terminal.results(*columns) as out:
        for texts in batches_of_texts(sentence, file):
            asked = asked or open_language_model(session, model)
            _score(asked, texts, words, out)
            out.flush()


def _score(asked: Asked, texts: list[str], words: bool, out: Results) -> None:
    import math

    from seqcli.text.tokens import shown
    from seqcli.text.vocabulary import EOS, UNK

    places = [i for i, text in enumerate(texts) if text.strip()]
    ids = {i: [*asked.ids(texts[i]), EOS] for i in places}
    found = dict(zip(places, asked.model.token_log_probabilities(list(ids.values())), strict=True)) if ids else {}
    for i, text in enumerate(texts):
        if i not in found:
            out.add(text, *[None] * (len(out.columns) - 1))
        elif words:
            for position, (token, value) in enumerate(zip(ids[i][1:], found[i], strict=True), 1):
                out.add(text, position, shown(asked.vocabulary.tokens[token]), float(value), token == UNK)
        else:
            total, count = float(found[i].sum(dtype="float64")), len(found[i])
            per_token = -total / count
            out.add(text, count, ids[i].count(UNK), total, per_token, math.exp(min(per_token, 700.0)))
