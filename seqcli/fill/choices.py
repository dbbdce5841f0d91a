"""Given words or phrases in the gaps of a sentence, the likeliest first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

from seqcli.fill.gaps import Gapped, tokens_of_answer
from seqcli.fill.search import Candidate, Words, normalised, whole_scores

if TYPE_CHECKING:
    from seqcli.fill.load import Fill
    from seqcli.fill.mixing import Mix

ALL = 1_000  # answers that are all looked at; of more, the best for each gap in turn


def ranked(asked: Fill, sentence: Gapped, choices: Sequence[str], beam: int, mix: Mix | None = None) -> list[Candidate]:
    """Return the choices, or one for each of several gaps, by the log of each one's share of them all, best first.

    Each is judged by the whole sentence with it in place: the log-probabilities of all its words, each from all the
    others, summed. That says more than the word's own: where it does not belong, its neighbours are odd too.
    """
    gaps = sentence.gaps
    cut = [[tuple(tokens_of_answer(asked, choice, gap)) for choice in choices] for gap in gaps]
    answers: list[Words] = [()]
    for number, ways in enumerate(cut):
        answers = [(*before, way) for before, way in product(answers, ways)]
        if len(answers) > ALL:
            rest: Words = ((None,),) * (len(gaps) - number - 1)
            scored = normalised(whole_scores(asked, sentence, [(*answer, *rest) for answer in answers]))
            answers = [one.words[: number + 1] for one in scored[:beam]]
    if mix is not None:
        return mix.ranked(asked, sentence, [Candidate(answer, 0.0) for answer in answers])
    return normalised(whole_scores(asked, sentence, answers))
