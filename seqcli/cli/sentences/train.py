"""The command that trains a model of sentences: train-vae."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.completion import complete_file, complete_model
from seqcli.cli.options import architecture_option, command, option, spec_options
from seqcli.cli.session import Session
from seqcli.cli.training import Asked, tell, trained, training_options
from seqcli.sentences.settings import SentencesRunSpec, SentencesTextSpec, VaeSpec

if TYPE_CHECKING:
    from seqcli.training.driver import Outcome


@command(
    epilog="Examples: seqcli train-vae sentences.txt --minutes 10, then: seqcli interpolate 'It is late.' 'We go.';  "
    "seqcli train-vae sentences.txt --architecture autoencoder",
)
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...", shell_complete=complete_file)
@training_options
@option(
    "--from",
    "begin_from",
    metavar="NAME",
    shell_complete=complete_model,
    help="Begin with the weights of this autoencoder, or VAE, of the same text.",
)
@spec_options(SentencesTextSpec)
@architecture_option("sentences", "vae")
@spec_options(VaeSpec, leave_out=("architecture",))
@spec_options(SentencesRunSpec, leave_out=("unroll",))
@click.pass_obj
def train_vae(session: Session, asked: Asked, /, **params: Any) -> None:
    """Train a variational autoencoder of sentences: each gets a code, a distribution, that it is written from again.

    A text is its lines, or is cut into sentences where its lines hold several. The training stops by itself when the
    bound of held-out sentences gets no better. At every evaluation it says how much the code is used, and warns where
    it is ignored. The autoencoder has a point for a code, 512 numbers by default; the sentence-lm has none.
    """
    from seqcli.sentences.training import SentencesTrainer

    _, outcome = trained(session, asked, SentencesTrainer, params)
    if outcome is not None:
        _report(session, outcome, asked.as_json)


def _report(session: Session, outcome: Outcome, as_json: bool) -> None:
    """Say what came of a training, and what to try next."""
    from seqcli.latent.collapse import alarm
    from seqcli.sentences.figures import COST, cost_text

    architecture, held_out = outcome.record.architecture, outcome.record.results["held_out"]
    cost = cost_text(architecture, held_out[COST[architecture]])
    used = ""
    if "kl_per_sentence" in held_out:
        used = f", KL {held_out['kl_per_sentence']:.2f}, active units {held_out['active_units']}"
    found = f": held-out {cost}{used} over {held_out['sentences']:,} sentences"
    tip = ["reconstruct", "SENTENCE"] if architecture == "autoencoder" else ["sample"]
    tell(session, outcome, found, tip, as_json, filter(None, [alarm(held_out)]))
