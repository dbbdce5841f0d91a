"""The command that trains a dialogue model: train-dialogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqcli.cli import tips
from seqcli.cli.completion import complete_file, complete_model
from seqcli.cli.options import architecture_option, command, option, spec_options
from seqcli.cli.session import Session
from seqcli.cli.training import Asked, tell, trained, training_options
from seqcli.dialogue.settings import DialogueRunSpec, DialogueSpec, DialogueTextSpec

if TYPE_CHECKING:
    from seqcli.training.driver import Outcome


@command(
    epilog="Examples: seqcli train-dialogue dialogues.txt --minutes 20;  seqcli train-dialogue chat.txt "
    "--architecture vhred, then: seqcli reply 'How are you?'",
)
@click.argument("texts", nargs=-1, required=True, metavar="FILE...", shell_complete=complete_file)
@training_options
@option(
    "--from",
    "begin_from",
    metavar="NAME",
    shell_complete=complete_model,
    help="Go on with another dialogue model on these dialogues: its weights and settings, and the words that it lacks.",
)
@option("--embeddings", metavar="NAME", shell_complete=complete_model, help="Begin with these word vectors.")
@spec_options(DialogueTextSpec)
@architecture_option("dialogue", "hred")
@spec_options(DialogueSpec, leave_out=("architecture",))
@spec_options(DialogueRunSpec, leave_out=("unroll",))
@click.pass_obj
def train_dialogue(session: Session, asked: Asked, /, **params: Any) -> None:
    """Train a model that replies on dialogues, whose form is seen from their beginning.

    One dialogue a line, each utterance ended by __eou__; one utterance a line, "Ann: Hello" or "Hello", with blank
    lines between dialogues; JSON lines; a table of dialogue, speaker and text; or a chat as WhatsApp and Telegram
    export it. It stops by itself when held-out replies get no better, and keeps the best weights.
    """
    from seqcli.dialogue.training import DialogueTrainer

    trainer, outcome = trained(session, asked, DialogueTrainer, params)
    if outcome is not None:
        example = tips.sentence(one.utterances[0] for one in trainer.corpus.held_out_text)
        tell(session, outcome, _found(outcome), ["reply", example], asked.as_json)


def _found(outcome: Outcome) -> str:
    """Return the held-out figures: of a latent variable the bound, which is no perplexity."""
    held_out = outcome.record.results["held_out"]
    figure = f"bound {held_out['bound_nats_per_token']:.4f}" if "bound_nats_per_token" in held_out else ""
    figure = figure or f"perplexity {held_out['perplexity']:.2f}, {held_out['nats_per_token']:.4f}"
    return f": held-out replies at {figure} nats per token over {held_out['tokens']:,}"
