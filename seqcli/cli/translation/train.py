"""The command that trains a translator: train-translate."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace as replaced
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli import tips
from seqcli.cli.completion import complete_file, complete_model
from seqcli.cli.options import command, option, spec_options
from seqcli.cli.session import Session
from seqcli.cli.training import Asked, tell, training_options
from seqcli.errors import MisuseError
from seqcli.translation.settings import PairsTextSpec, TranslationRunSpec, TranslationSpec
from seqcli.translation.source import REVERSE

if TYPE_CHECKING:
    from seqcli.training.driver import Order, Outcome


@command(
    epilog="Examples: seqcli train-translate train.en train.de --minutes 15;  seqcli train-translate pairs.tsv, "
    "then: seqcli translate 'A man is walking his dog.'",
)
@click.argument("texts", nargs=-1, required=True, metavar="SOURCE [TARGET]", shell_complete=complete_file)
@training_options
@option(
    "--monolingual", multiple=True, metavar="FILE", help="Target text without translations: --reverse-model makes them."
)
@option(
    "--reverse",
    is_flag=True,
    help="Train the other direction too, afterwards and as long, as NAME-reverse; in --json it is `reverse`.",
)
@option(
    "--reverse-model",
    metavar="NAME",
    shell_complete=complete_model,
    help="A translator from target to source, for --monolingual.",
)
@spec_options(PairsTextSpec)
@spec_options(TranslationSpec, leave_out=("architecture",))
@spec_options(TranslationRunSpec, leave_out=("unroll",))
@click.pass_obj
def train_translate(session: Session, asked: Asked, /, **params: Any) -> None:
    """Train a translator on pairs: two files, line by line, or one whose lines are source, TAB, target.

    --valid is given twice for two files. It stops by itself when held-out pairs get no better, keeps the best weights,
    and measures them by BLEU and chrF. Text of the target language alone helps too, once a translator of the other
    direction has made sources for it (--monolingual).
    """
    reverse = params.pop("reverse")
    if reverse and params["monolingual"]:
        raise MisuseError("--reverse trains both directions on pairs; leave out --monolingual.")
    from seqcli.training.driver import begun_again
    from seqcli.translation.training import TranslationTrainer

    order = asked.order(session, TranslationTrainer, params)
    orders = [order]
    if reverse:
        line = (*order.line[:-1], "--reverse", order.line[-1])
        source: Any = order.source
        other = replaced(order, name=order.name + REVERSE, source=replaced(source, turned=True))
        orders = [replaced(one, line=line) for one in (order, other)]
    orders = [begun_again(session, one) for one in orders]
    found = [outcome for outcome in _train(session, orders) if outcome is not None]
    if asked.as_json and found:
        more = {"reverse": found[1].document()} if len(found) > 1 else {}
        session.terminal.document({**found[0].document(), **more})


def _train(session: Session, orders: list[Order]) -> list[Outcome | None]:
    """Train one direction, or both; what is refused of the second is refused before the first is trained."""
    from seqcli.training.driver import run
    from seqcli.training.resumption import check_trained
    from seqcli.translation.training import TranslationTrainer

    found, shelf = [], session.shelf
    plan = None if orders[0].resume else TranslationTrainer(session, orders[0]).plan(None)
    with ExitStack() as opened:
        ready = []
        for order in orders:
            going = order.resume and (order is orders[0] or order.name in shelf.names())
            if order.resume and not going:  # who goes on does not repeat the settings
                order = replaced(order, like=orders[0].name, resume=False)
            draft = opened.enter_context(
                shelf.open(order.name, replace=order.replace, resume=going, task=TranslationTrainer.task)
            )
            check_trained(draft.record)
            trainer = TranslationTrainer(session, order)
            ready.append((trainer, order, draft, plan or trainer.plan(draft.record)))
        for trainer, order, draft, settings in ready:
            outcome = run(session, trainer, order, draft, settings)
            if outcome is not None:
                held_out = trainer.corpus.held_out_pairs.source
                _report(session, outcome, tips.sentence(held_out[place] for place in trainer.corpus.held_out.places))
            found.append(outcome)
    return found


def _report(session: Session, outcome: Outcome, example: str) -> None:
    """Say what came of a training, and what to try next; the JSON of both directions is one object, printed later."""
    held_out = outcome.record.results["held_out"]
    found = (
        f": held-out BLEU {held_out['bleu']:.1f}, "
        f"chrF {held_out['chrf']:.1f} over {held_out['pairs']:,} pairs ({held_out['signature']}), "
        f"{held_out['nats_per_token']:.4f} nats per token"
    )
    tell(session, outcome, found, ["translate", example], as_json=False)
