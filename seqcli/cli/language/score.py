"""The command that asks a language model how likely sentences are: score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from seqcli.cli.inputs import batches_of_texts, input_options, note_joined
from seqcli.cli.language.asked_model import asked_model
from seqcli.cli.language.ranking import rerank_texts, which_texts
from seqcli.cli.options import command, mixing_options, model_option, option, output_options
from seqcli.cli.outputs import check_free
from seqcli.cli.questions import add_empty, answer_each
from seqcli.cli.session import Session
from seqcli.cli.terminal import Shaded
from seqcli.errors import MisuseError, quoted

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.language.answers import Scorer
    from seqcli.language.sentence_scores import Score

COLUMNS = ("sentence", "tokens", "unknown", "log_probability", "nats_per_token", "perplexity")
WORD_COLUMNS = ("line", "position", "token", "log_probability", "unknown", "bits")


class Ways(NamedTuple):
    """What is wanted of the sentences, one of these at most."""

    words: bool
    html: str | None
    rerank: bool
    which: bool


@command(
    epilog="Examples: seqcli score 'She walks home.' ;  seqcli score --file sentences.txt --html page.html;  "
    "seqcli score --which 'She walks home.' 'She walk home.' ;  seqcli score --rerank --file candidates.txt",
)
@click.argument("sentence", nargs=-1)
@model_option
@mixing_options
@option("--words", is_flag=True, help="A record for each token instead of each sentence.")
@option("--html", metavar="FILE", help="Write a page that opens offline, every word shaded by its surprisal.")
@option("--rerank", is_flag=True, help="Sort candidates by their probability, the likeliest first.")
@option("--which", is_flag=True, help="Say which of two sentences is likelier, and by how much.")
@option("--per-token", is_flag=True, help="Let --rerank and --which compare means of tokens, not whole sentences.")
@option("--replace", is_flag=True, help="Replace a page that is there.")
@input_options
@output_options
@click.pass_obj
def score(
    session: Session,
    /,
    sentence: tuple[str, ...],
    model: str | None,
    per_token: bool,
    replace: bool,
    file: str | None,
    **ways: Any,
) -> None:
    """Say how likely each sentence, or each word of it, is: natural logs of probabilities, its end included.

    All words are one sentence, but for --rerank and --which. Every line is judged by itself, from its beginning;
    only --cache and --dynamic remember the lines before it. What the model does not know is scored as its unknown
    word, and counted. On a terminal words are shaded by their surprisal: how many times their chance halves one.

    Candidates of --rerank are lines of a prompt and its continuations, with a TAB before each; or whole sentences, a
    line each, an empty line between two groups; or the arguments. --which takes two arguments, or lines of two
    sentences with a TAB between.
    """
    way = Ways(**ways)
    if sum(map(bool, way)) > 1:
        raise MisuseError("Give one of --words, --html, --rerank and --which.")
    if per_token and not (way.rerank or way.which):
        raise MisuseError("--per-token belongs to --rerank and --which; leave it out.")
    if way.html is not None:
        check_free(way.html, replace)
        return _write_page(session, way.html, model, sentence, file)
    if way.rerank:
        return rerank_texts(session, model, sentence, file, per_token)
    if way.which:
        return which_texts(session, model, sentence, file, per_token)
    note_joined(session, sentence)

    def add(out: Results, scorer: Scorer, texts: Sequence[str], first: int) -> None:
        for line, one in enumerate(scorer.score(texts), first):
            if way.words:
                _add_words(line, one, out)
            else:
                _add(one, out)

    def opened() -> Scorer:
        return asked_model(session, model).scorer()

    columns = WORD_COLUMNS if way.words else COLUMNS
    if answer_each(session, columns, batches_of_texts(sentence, file), opened, add) and session.terminal.table:
        _explain(session)


def _explain(session: Session) -> None:
    """Say what the shades mean."""
    from seqcli.plots.surprisal_page import legend

    scale = [part for text, at in legend() for part in ((f" {text} ", at), (" ", 0))]
    session.terminal.legend(Shaded([("Surprisal in bits: ", 0), *scale]))


def _add(one: Score, out: Results) -> None:
    """Write the record of a sentence."""
    from seqcli.plots.surprisal_page import shade

    if not one.tokens:
        add_empty(out, one.text)
        return
    seen = Shaded((p.text, shade(p.bits)) for p in one.stretches) if out.read_by_a_person else one.text
    out.add(seen, one.tokens, one.unknown, one.log_probability, one.nats_per_token, one.perplexity)


def _add_words(line: int, one: Score, out: Results) -> None:
    """Write a record for each token, as the text has it; the sentence itself would be repeated for each of them."""
    from seqcli.plots.surprisal_page import shade

    if not one.tokens:
        add_empty(out, line)
    for position, (token, *figures, bits) in enumerate(one.words, 1):
        out.add(line, position, Shaded([(token, shade(bits))]) if out.read_by_a_person else token, *figures, bits)


def _write_page(session: Session, path: str, model: str | None, words: tuple[str, ...], file: str | None) -> None:
    """Write the page, sentence by sentence."""
    count = 0

    def blocks() -> Iterator[bytes]:
        from seqcli.plots.surprisal_page import END, Part, begin, end, sentence

        nonlocal count
        scorer: Scorer | None = None
        for texts in batches_of_texts(words, file):
            if scorer is None:
                asked = asked_model(session, model)
                scorer = asked.scorer()
                title = f"Surprisal under {asked.name}"
                yield begin(title, "How surprised the model was by each word of these sentences.").encode()
            for one in filter(lambda score: score.tokens, scorer.score(texts)):
                count += 1
                parts = [*one.stretches, Part(" ", None), Part(END, one.bits[-1])]
                figures = f"{one.tokens} tokens, {sum(one.bits) / one.tokens:.2f} bits a token"
                yield sentence(parts, figures + (f", {one.unknown} unknown" if one.unknown else "")).encode(
                    errors="backslashreplace"
                )
        if not count:
            raise MisuseError("There is no sentence to write a page of; give words, --file FILE, or a pipe.")
        yield end().encode()

    from seqcli.store.files import write_whole

    write_whole(path, blocks())
    session.note(f"{count:,} sentences in {quoted(path)}; a browser opens it without a network.")
