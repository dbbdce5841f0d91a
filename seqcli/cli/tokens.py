"""The commands that cut text into tokens, and join tokens to text, for other programs: tokenize, detokenize."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.inputs import batches_of_texts, input_options
from seqcli.cli.options import command, model_option, option
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, quoted
from seqcli.store.tokenizer import tokenizer_of

if TYPE_CHECKING:
    from seqcli.text.tokens import Tokenizer

BY_RULES = ("words", "whitespace", "characters", "japanese", "mecab")  # subwords are learned: they need a model


def _cutting_options(function: Any) -> Any:
    for decorate in (
        option("--target", is_flag=True, help="Cut as the target side of a translator does."),
        option("--lowercase", is_flag=True, help="Fold case, with --tokenizer."),
        option("--tokenizer", type=click.Choice(BY_RULES), help="Cut by these rules, without a model."),
        model_option,
        click.argument("texts", nargs=-1, metavar="[TEXT]..."),
    ):
        function = decorate(function)
    return function


@command(
    epilog="Examples: seqcli tokenize -m book --file test.txt > test.tok;  seqcli tokenize 'Well, I am.' "
    "--tokenizer words",
)
@_cutting_options
@input_options
@click.pass_obj
def tokenize(session: Session, /, texts: tuple[str, ...], file: str | None, **how: Any) -> None:
    """Cut each line into the tokens that a model sees, with spaces between them.

    Other programs, such as one that reads an exported ARPA file, so see the very same. A mark, ￭ or ▁, says where a
    token touches its neighbour or where a space stood: by it detokenize gives back the text.
    """
    from seqcli.text.tokens import tokens_of

    tokenizer = _tokenizer(session, **how)
    _answer(session, texts, file, lambda line: " ".join(tokens_of(tokenizer, line)))


@command(
    epilog="Examples: seqcli detokenize -m book --file test.tok;  seqcli detokenize 'Well ￭, I am ￭.' "
    "--tokenizer words",
)
@_cutting_options
@input_options
@click.pass_obj
def detokenize(session: Session, /, texts: tuple[str, ...], file: str | None, **how: Any) -> None:
    """Join each line of tokens, as tokenize or another program wrote them, to text again."""
    from seqcli.text.tokens import pieces_of

    tokenizer = _tokenizer(session, **how)
    _answer(session, texts, file, lambda line: tokenizer.join(pieces_of(line)))


def _answer(session: Session, texts: tuple[str, ...], file: str | None, answer: Callable[[str], str]) -> None:
    """Print a line for each line."""
    for lines in batches_of_texts(texts, file):
        session.terminal.texts(map(answer, lines))


def _tokenizer(session: Session, model: str | None, tokenizer: str | None, lowercase: bool, target: bool) -> Tokenizer:
    """Return the tokenizer that is asked for: that of rules, or a model's. Raises MisuseError for two at once."""
    from seqcli.text.tokens import make

    if tokenizer is not None:
        asked = click.get_current_context().get_parameter_source("model")
        if target or (model and asked is click.core.ParameterSource.COMMANDLINE):
            raise MisuseError("Give --tokenizer, or a model (-m, --target), not both.")
        return make(tokenizer, lowercase)
    if lowercase:
        raise MisuseError("--lowercase goes with --tokenizer; a model folds case as it was trained to.")
    record = session.shelf.read(model)
    if record.task == "translation":
        from seqcli.translation.load import sides_of

        return sides_of(record)[target].tokenizer
    if target:
        raise MisuseError(f"{quoted(record.name)} is no translator and has one side; leave out --target.")
    return tokenizer_of(record)
