"""The command that trains a translator: train-translate."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace as replaced
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli import tips
from seqcli.cli.completion import complete_file, complete_model
from seqcli.cli.options import check_given, command, option, spec_options
from seqcli.cli.session import Session
from seqcli.cli.training import check_resume, resume_line, training_options
from seqcli.cli.translation.report import report
from seqcli.errors import MisuseError
from seqcli.training.plan import Plan, make_plan
from seqcli.training.source import name_of
from seqcli.translation.load import translation_record
from seqcli.translation.settings import PairsTextSpec, TranslationRunSpec, TranslationSpec
from seqcli.translation.source import REVERSE, PairSource
from seqcli.translation.training import BUDGET, train_direction

if TYPE_CHECKING:
    from seqcli.store import Draft, Record


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
def train_translate(
    session: Session,
    /,
    texts: tuple[str, ...],
    name: str | None,
    valid: tuple[str, ...],
    like: str | None,
    resume: bool,
    replace: bool,
    as_json: bool,
    monolingual: tuple[str, ...],
    reverse: bool,
    reverse_model: str | None,
    **params: Any,
) -> None:
    """Train a translator on pairs: two files, line by line, or one whose lines are source, TAB, target.

    --valid is given twice for two files. It stops by itself when held-out pairs get no better, keeps the best weights,
    and measures them by BLEU and chrF. Text of the target language alone helps too, once a translator of the other
    direction has made sources for it (--monolingual).
    """
    check_resume(resume, replace=replace, like=like)
    check_given(params, PairsTextSpec, TranslationSpec, TranslationRunSpec)
    if bool(monolingual) != bool(reverse_model):
        raise MisuseError("--monolingual and --reverse-model go together; give both.")
    if reverse and monolingual:
        raise MisuseError("--reverse trains both directions on pairs; leave out --monolingual.")
    name = name or name_of(texts)
    if reverse_model:
        translation_record(session, reverse_model)  # before the pairs are read
    source = PairSource(texts, valid, session.text_form, monolingual, reverse_model or "", reverse)
    sources = {name: source} | ({name + REVERSE: replaced(source, turned=True)} if reverse else {})
    plan = None if resume else _plan(session, None, like, params)
    shelf = session.shelf
    with ExitStack() as opened:  # both names from the start: what is refused of the second is refused before the first
        drafts, plans = [], []
        for one in sources:
            going = resume and (one == name or one in shelf.names())
            drafts.append(opened.enter_context(shelf.open(one, replace=replace, resume=going, task="translation")))
            pattern = name if resume and not going else like  # who goes on does not repeat the settings
            plans.append(plan or _plan(session, drafts[-1].record, pattern, params))
        found = [_direction(session, sources[d.name], d, p) for d, p in zip(drafts, plans, strict=True)]
    documents = [document for document in found if document is not None]
    if as_json and documents:
        more = {"reverse": documents[1]} if len(documents) > 1 else {}
        session.terminal.document({**documents[0], **more})


def _direction(session: Session, source: PairSource, draft: Draft, plan: Plan) -> dict[str, Any] | None:
    """Train one direction, and say what came of it; return its object of --json, None where nothing was left to do."""
    began = time.monotonic()
    found = train_direction(session, source, draft, plan, _resume_line(session, source, draft.name))
    if found is None:
        return None
    done, corpus = found
    example = tips.sentence(corpus.held_out_pairs.source[place] for place in corpus.held_out.places)
    return report(session, draft, done, time.monotonic() - began, example)


def _resume_line(session: Session, source: PairSource, name: str) -> list[str]:
    """Return the words of the command that goes on with an interrupted training."""
    line = resume_line(session, "train-translate", source, name.removesuffix(REVERSE) if source.turned else name)
    words = [word for path in source.monolingual for word in ("--monolingual", path)]
    words += ["--reverse-model", source.reverse_model] if source.monolingual else []
    words += ["--reverse"] if source.both else []
    return [*line[:-1], *words, line[-1]]


def _plan(session: Session, record: Record | None, like: str | None, params: dict[str, Any]) -> Plan:
    """Return the settings of the training that is asked for."""
    plan = make_plan(session, record, like, params, "seq2seq", BUDGET)
    if plan.run.subword_regularisation and plan.text.tokenizer != "subwords":
        raise MisuseError(
            f"--subword-regularisation cuts subwords, and --tokenizer {plan.text.tokenizer} has none; "
            "give --subword-regularisation 0."
        )
    return plan
