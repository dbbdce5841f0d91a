"""Dialogue models measured: what the replies of dialogues cost, behind their history and behind others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from seqcli.dialogue.contexts import LEAST, exchanges_in
from seqcli.dialogue.corpus import EncodedDialogues, encode
from seqcli.dialogue.dialogues import Dialogue
from seqcli.dialogue.evaluation_settings import MODES
from seqcli.errors import CorpusError
from seqcli.text.vocabulary import UNK

if TYPE_CHECKING:
    from seqcli.dialogue.answer_settings import Replying
    from seqcli.dialogue.corpus import Exchange
    from seqcli.dialogue.evaluation_settings import Measuring
    from seqcli.session import Session
    from seqcli.store import Record
    from seqcli.text.tokens import Tokenizer
    from seqcli.text.vocabulary import Vocabulary

EVERY = "all"  # replies, whatever was said before them
DEEPEST = 10  # utterances before a reply that are told apart


class Asked(Protocol):
    """A model that is measured."""

    record: Record
    tokenizer: Tokenizer
    vocabulary: Vocabulary

    @property
    def name(self) -> str:
        """The model's name."""
        ...


class Replier(Asked, Protocol):
    """A model that replies."""

    def replies(self, said: Dialogue, wanted: Replying, seed: Sequence[int] = (1,)) -> Sequence[str]:
        """Return the replies to what was said."""
        ...


class Figure(NamedTuple):
    """What the replies of some dialogues cost a model.

    context: what it heard. turn: utterances before the replies, None for all of them. Of a model with a latent variable
    nats_per_token and perplexity are None; it has the bound, its KL and what of it is used, and an importance-weighted
    estimate with its standard error in nats a token. against_full: by how much of itself the perplexity (or its
    estimate) is higher than in full context.
    """

    model: str
    context: str
    turn: int | None
    replies: int
    tokens: int
    unknown_rate: float
    nats_per_token: float | None
    perplexity: float | None
    against_full: float | None
    bound_nats_per_token: float | None = None
    kl_per_utterance: float | None = None
    active_units: int | None = None
    mutual_information: float | None = None
    importance_weighted_nats_per_token: float | None = None
    importance_weighted_error: float | None = None
    importance_weighted_perplexity: float | None = None

    @property
    def cost(self) -> float:
        """The perplexity, or what stands for it."""
        return self.perplexity if self.perplexity is not None else self.importance_weighted_perplexity or math.nan


def figures(session: Session, asked: Asked, dialogues: Sequence[Dialogue], how: Measuring) -> Iterator[Figure]:
    """Yield the figures of a model on dialogues: of all replies, then behind each kind of history."""
    from seqcli.dialogue.token_costs import network_of

    text = asked.record.text
    said = encode(dialogues, asked.tokenizer, asked.vocabulary, text)
    network = network_of(asked.record, len(asked.vocabulary))
    session.spare.fit_products()
    measured = _Measured(session, asked.name, network, how)
    if how.context is None:
        every = exchanges_in("full", said, text.turns, how.seed, least=1)
        if not every:
            raise CorpusError("Nobody replies in these dialogues; give dialogues of two utterances or more.")
        yield measured.figure(EVERY, every, None)
    if not any(len(one) > LEAST for one in said.dialogues):
        raise CorpusError(f"No reply has {LEAST} utterances before it; give longer dialogues.")
    full: float | None = None
    for mode in MODES if how.context is None else (how.context,):
        yield (found := measured.figure(mode, exchanges_in(mode, said, text.turns, how.seed), full))
        full = found.cost if mode == "full" else full
    if how.by_turn:
        yield from measured.by_turn(exchanges_in("full", said, text.turns, how.seed, least=1), _depths(said))


def replies_to(
    session: Session, asked: Replier, dialogues: Sequence[Dialogue], wanted: Replying, most: int
) -> tuple[list[str], list[str]]:
    """Return a model's replies to what was said in dialogues, `most` at most, and what was really replied."""
    turns = [(one, turn) for one in dialogues for turn in range(1, len(one))]
    some = turns[:: -(-len(turns) // most)]
    found, references = [], []
    with session.bar(len(some), f"replying by {asked.name}", "reply") as bar:
        for number, (one, turn) in enumerate(some, 1):
            said = Dialogue(one.utterances[:turn], one.speakers[:turn])
            found.append(str(asked.replies(said, wanted, (number,))[0]))
            references.append(" ".join(one.utterances[turn].split()))
            bar.to(number)
    return found, references


def _depths(said: EncodedDialogues) -> list[int]:
    """Return for each reply how many utterances were said before it."""
    return [turn for one in said.dialogues for turn in range(1, len(one))]


class _Measured:
    """A model that is measured behind one kind of history after the other."""

    def __init__(self, session: Session, name: str, network: Any, how: Measuring) -> None:
        self._session, self._name, self._network, self._how = session, name, network, how

    def figure(self, context: str, exchanges: Sequence[Exchange], full: float | None) -> Figure:
        """Return the figures of replies behind a history. full: the perplexity in full context, if it is known."""
        from seqcli.dialogue.token_costs import costs

        with self._session.bar(len(exchanges), f"measuring {self._name}, context {context}", "reply") as bar:
            found = costs(self._network, exchanges, bar.to)
        if not self._network.spec.latent:
            figure = self._plain(context, None, exchanges, found.per_token)
        else:
            figure = self._latent(context, exchanges, found)
        return figure._replace(against_full=figure.cost / full - 1.0) if full is not None else figure

    def by_turn(self, exchanges: Sequence[Exchange], depths: Sequence[int]) -> Iterator[Figure]:
        """Yield the figures of the replies at each depth; the bound where there is a latent variable."""
        from seqcli.dialogue.token_costs import costs

        found = costs(self._network, exchanges)
        depth = np.minimum(depths, DEEPEST)
        for turn in np.unique(depth).tolist():
            places = np.flatnonzero(depth == turn)
            nats = float(found.nats[places].sum() / found.tokens[places].sum())
            figure = self._plain("full", turn, [exchanges[int(i)] for i in places], nats)
            if self._network.spec.latent:
                figure = figure._replace(nats_per_token=None, perplexity=None, bound_nats_per_token=nats)
            yield figure

    def _plain(self, context: str, turn: int | None, exchanges: Sequence[Exchange], nats: float) -> Figure:
        replies = [one.utterances[-1] for one in exchanges]
        tokens = sum(map(len, replies))
        unknown = sum(list(ids).count(UNK) for ids in replies) / tokens
        perplexity = math.exp(min(nats, 700.0))
        return Figure(self._name, context, turn, len(replies), tokens, unknown, nats, perplexity, None)

    def _latent(self, context: str, exchanges: Sequence[Exchange], found: Any) -> Figure:
        """Return the figures of a model with a latent variable.

        The importance-weighted estimate is the bound of all replies less what some of them lie below it: the two vary
        together, so that the difference is known well from few.
        """
        from seqcli.dialogue.token_costs import importance_weighted_nats

        how = self._how
        step = max(len(exchanges) // how.weighted, 1)
        places = list(range(0, len(exchanges), step))[: how.weighted]
        with self._session.bar(len(places) * how.draws, "drawing the latent variable", "reply") as bar:
            weighted, errors = importance_weighted_nats(
                self._network, [exchanges[i] for i in places], how.draws, how.seed, bar.to
            )
        gaps = found.nats[places] - weighted
        tokens = float(found.tokens.sum())
        below, mean_length = float(gaps.mean()), tokens / len(exchanges)
        bound = found.per_token
        estimate = bound - below / mean_length
        error = math.sqrt(float(gaps.var(ddof=1)) / len(gaps) + float((errors**2).sum()) / len(gaps) ** 2) / mean_length
        known = found.posteriors.figures("utterance")
        plain = self._plain(context, None, exchanges, bound)
        return plain._replace(
            nats_per_token=None,
            perplexity=None,
            bound_nats_per_token=bound,
            **known,
            importance_weighted_nats_per_token=estimate,
            importance_weighted_error=error,
            importance_weighted_perplexity=math.exp(min(estimate, 700.0)),
        )


def columns(found: Iterable[Figure]) -> tuple[str, ...]:
    """Return the figures that some have."""
    some = list(found)
    return tuple(name for name in Figure._fields if any(getattr(one, name) is not None for one in some))
