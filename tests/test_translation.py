"""The translator: padding changes nothing, numpy says what torch says, the search finds what is best."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_translators import KINDS, SOURCE, TARGET, arrays_of, sentences, spec_of, translator_of

from seqcli.layers import softmax
from seqcli.layers.softmax import full_loss, smoothed_loss
from seqcli.plots.by_length import apart
from seqcli.text.sentences import cut, joined, sentences_of
from seqcli.text.tokens import learn_subwords, make
from seqcli.text.vocabulary import EOS, UNK, Vocabulary
from seqcli.training.loop import evaluate
from seqcli.translation.arrays import translation_table
from seqcli.translation.batches import HeldOutPairs, PairBatches, batch_of
from seqcli.translation.forced import token_log_probabilities
from seqcli.translation.proper_names import KINDS as NAMES
from seqcli.translation.proper_names import Names
from seqcli.translation.requests import Constraint, Request
from seqcli.translation.search import Hypothesis, Searching, search
from seqcli.translation.sides import Side
from seqcli.translation.terms import Terms, token_places

SOURCES, TARGETS = sentences(9, SOURCE), sentences(9, TARGET, seed=3)


def cost(model: torch.nn.Module, places: list[int]) -> float:
    batch = tuple(torch.from_numpy(a) for a in batch_of(SOURCES, TARGETS, places))
    with torch.no_grad():
        return float(model.loss(batch)[0].nats)  # type: ignore[operator]


# -- the model in torch -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("changes", [{}, {"layers": 2}, {"attention_layer": False}, {"lexical": False}])
def test_padding_changes_nothing(kind: tuple[str, str], changes: dict[str, int]) -> None:
    model = translator_of(spec_of(kind, **changes))
    one_by_one = sum(cost(model, [i]) for i in range(len(SOURCES)))
    assert cost(model, list(range(len(SOURCES)))) == pytest.approx(one_by_one, rel=1e-5)
    nats, tokens = evaluate(model, HeldOutPairs(SOURCES, TARGETS))
    assert nats == pytest.approx(one_by_one, rel=1e-5) and tokens == sum(map(len, TARGETS))


@pytest.mark.parametrize("kind", KINDS)
def test_padding_gets_no_gradient_and_every_weight_gets_one(kind: tuple[str, str]) -> None:
    """One pair alone, and the same pair padded by a longer neighbour whose own cost is left out, teach the same."""
    model = translator_of(spec_of(kind, label_smoothing=0.2), joint=False).train()
    short, longer = min(SOURCES, key=len), max(SOURCES, key=len)
    gradients = []
    for sources, targets in (([short], [TARGETS[0]]), ([short, longer], [TARGETS[0], TARGETS[1]])):
        source, target = batch_of(sources, targets, range(len(sources)))
        target[1:, 1:] = -1  # the neighbour's targets count for nothing
        model.zero_grad()
        model.loss((torch.from_numpy(source), torch.from_numpy(target)))[0].objective.backward()
        gradients.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
    assert len(gradients[0]) == len(list(model.parameters()))
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other, atol=1e-6) and float(one.abs().sum()) > 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", ["dropout", "weight_dropout", "embedding_dropout"])
def test_what_is_dropped_changes_the_training_pass_and_no_other(kind: tuple[str, str], share: str) -> None:
    plain, model = (
        translator_of(spec_of(kind, dropout=0.0)),
        translator_of(spec_of(kind, **{"dropout": 0.0, share: 0.5})),
    )
    places = list(range(len(SOURCES)))
    assert cost(model, places) == cost(plain, places)
    drawn = [cost(model.train(), places) for _ in range(2)]
    assert len({*drawn, cost(plain.train(), places)}) == 3


def test_a_prediction_does_not_see_its_target() -> None:
    model = arrays_of(translator_of(spec_of()))
    changed = [[*target[:-2], 2 if target[-2] != 2 else 3, EOS] for target in TARGETS]
    before, _ = token_log_probabilities(model, SOURCES, TARGETS)
    after, _ = token_log_probabilities(model, SOURCES, changed)
    for one, other in zip(before, after, strict=True):
        assert one[:-2] == pytest.approx(other[:-2], abs=1e-6) and one[-1] != pytest.approx(other[-1], abs=1e-6)


@pytest.mark.parametrize("scale", [1.0, 100.0])  # the scores of the second overflow an exponential of float32
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("at_once", [softmax.TRAINED, 27])  # scores: all rows, or three of them
def test_label_smoothing_is_the_textbook_s_and_so_is_its_gradient(
    smoothing: float, scale: float, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(softmax, "TRAINED", at_once)
    generator = torch.Generator().manual_seed(1)
    hidden, weight, bias = (torch.randn(*shape, generator=generator) for shape in ((6, 4), (9, 4), (9,)))
    hidden *= scale
    targets = torch.tensor([0, 3, 8, 3, 1, 2])
    ours, theirs = ([x.clone().requires_grad_() for x in (hidden, weight, bias)] for _ in range(2))
    objective, mean = smoothed_loss(*ours, targets, smoothing)
    logits = theirs[0] @ theirs[1].t() + theirs[2]
    expected = torch.nn.functional.cross_entropy(logits, targets, label_smoothing=smoothing)
    assert objective.item() == pytest.approx(expected.item(), rel=1e-5)
    assert mean.item() == pytest.approx(full_loss(hidden, weight, bias, targets).item(), rel=1e-5)
    objective.backward()
    expected.backward()
    for one, other in zip(ours, theirs, strict=True):
        assert one.grad is not None and other.grad is not None
        assert torch.allclose(one.grad, other.grad, rtol=1e-4, atol=1e-5 * scale)


# -- the same in numpy ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "changes", [{}, {"layers": 2}, {"tied": False}, {"attention_layer": False}, {"lexical": False}]
)
def test_numpy_says_what_torch_says(kind: tuple[str, str], changes: dict[str, int]) -> None:
    model = translator_of(spec_of(kind, **changes))
    shapes = {name: ("F32", tuple(p.shape)) for name, p in model.named_parameters()}
    assert translation_table(model.spec, SOURCE, TARGET, False) == shapes
    logs, attention = token_log_probabilities(arrays_of(model), SOURCES, TARGETS)
    for i, (found, seen) in enumerate(zip(logs, attention, strict=True)):
        assert -float(found.sum()) == pytest.approx(cost(model, [i]), rel=1e-4)
        assert seen.shape == (len(TARGETS[i]), len(SOURCES[i]))
        if kind[1] != "none":
            assert seen.sum(1) == pytest.approx(np.ones(len(seen)), abs=1e-5)


# -- the search -------------------------------------------------------------------------------------------------------


def greedy(model: object, source: list[int], limit: int) -> list[int]:
    """Return the likeliest token at every step, by scoring every continuation anew."""
    ids: list[int] = []
    while len(ids) < limit and EOS not in ids:
        tries = [[*ids, token] for token in range(TARGET) if token != UNK and (ids or token != EOS)]
        logs, _ = token_log_probabilities(model, [source] * len(tries), tries)  # type: ignore[arg-type]
        ids = tries[int(np.argmax([float(found[-1]) for found in logs]))]
    return ids


@pytest.mark.parametrize("kind", KINDS)
def test_a_beam_of_one_is_greedy(kind: tuple[str, str]) -> None:
    model = arrays_of(translator_of(spec_of(kind)))
    how = Searching(beam=1, longest=1.0)
    for source, [best] in zip(SOURCES, search(model, SOURCES, how), strict=True):
        assert best.ids == greedy(model, source, len(source) + 10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("beam", [1, 4, 30])
def test_scores_of_the_search_are_those_of_scoring(kind: tuple[str, str], beam: int) -> None:
    model = arrays_of(translator_of(spec_of(kind)))
    for source, found in zip(SOURCES, search(model, SOURCES, Searching(beam), attention=True), strict=True):
        assert len({tuple(h.ids) for h in found}) == len(found) == beam
        assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
        logs, seen = token_log_probabilities(model, [source] * beam, [h.ids for h in found])
        for hypothesis, scored, looked in zip(found, logs, seen, strict=True):
            assert hypothesis.log_probability == pytest.approx(float(scored.sum()), abs=1e-4)
            assert hypothesis.attention == pytest.approx(looked, abs=1e-5)


def test_a_wide_beam_finds_the_best_of_all() -> None:
    model = arrays_of(translator_of(spec_of(), joint=True, target_size=5))
    sources = sentences(4, 5, longest=2)
    found = search(model, sources, Searching(beam=400, length_penalty=0.0, longest=0.0))
    every = [[*ids, EOS] for n in range(1, 4) for ids in itertools.product(range(2, 5), repeat=n)]
    for source, hypotheses in zip(sources, found, strict=True):
        logs, _ = token_log_probabilities(model, [source] * len(every), every)
        best = max(range(len(every)), key=lambda i: float(logs[i].sum()))
        likeliest = next(h for h in hypotheses if len(h.ids) <= 4)
        assert likeliest.ids == every[best]


@pytest.mark.parametrize("how", [Searching(3), Searching(3, 0.0), Searching(4, 1.0, 0.3)])
def test_neighbours_change_nothing(how: Searching, monkeypatch: pytest.MonkeyPatch) -> None:
    model = arrays_of(translator_of(spec_of()))
    together = search(model, SOURCES, how)
    monkeypatch.setattr("seqcli.translation.search.ROWS", 8)
    for found in (search(model, SOURCES, how), [search(model, [source], how)[0] for source in SOURCES]):
        for one, other in zip(together, found, strict=True):
            assert [h.ids for h in one] == [h.ids for h in other]
            assert [h.score for h in one] == pytest.approx([h.score for h in other], abs=1e-4)


def test_penalties_do_what_they_say() -> None:
    model = arrays_of(translator_of(spec_of(), seed=8))
    sizes = [np.mean([len(found[0].ids) for found in search(model, SOURCES, Searching(8, p))]) for p in (0.0, 3.0)]
    assert sizes[0] < sizes[1], "dividing by the length makes longer translations better"
    how = Searching(8, 1.0, 0.5)
    for source, found in zip(SOURCES, search(model, SOURCES, how, attention=True), strict=True):
        for h in found:
            assert isinstance(h, Hypothesis) and h.attention is not None
            covered = np.log(np.minimum(h.attention.sum(0), 1.0)).sum()
            assert h.score == pytest.approx(h.log_probability / how.penalty(len(h.ids)) + 0.5 * covered, abs=1e-3)
            assert h.attention.shape[1] == len(source)
    assert replace(how, length_penalty=0.0).penalty(50) == 1.0


# -- batches ----------------------------------------------------------------------------------------------------------


def test_every_pair_is_in_one_batch_of_an_epoch() -> None:
    sources, targets = sentences(300, SOURCE, longest=20), sentences(300, TARGET, seed=9, longest=20)
    batches = PairBatches(sources, targets, 16, seed=1)
    for epoch in (0, 1):
        seen = []
        for i in range(batches.updates_per_epoch):
            source, target = batches.batch(epoch, i)
            assert (target[0] == EOS).all() and 1 <= source.shape[1] <= 16
            for s, t in zip(source.T, target.T, strict=True):
                seen.append((s[s >= 0].tolist(), t[t >= 0].tolist()[1:]))
        assert sorted(seen) == sorted(zip(sources, targets, strict=True))
    again = PairBatches(sources, targets, 16, seed=1)
    assert all((a == b).all() for a, b in zip(again.batch(1, 3), batches.batch(1, 3), strict=True))


def test_a_batch_of_long_sentences_is_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqcli.translation.batches.MOST_TOKENS", 40)
    sources, targets = sentences(100, SOURCE, longest=30), sentences(100, TARGET, longest=30)
    batches = PairBatches(sources, targets, 8, seed=1)
    for i in range(batches.updates_per_epoch):
        source, target = batches.batch(0, i)
        assert source.shape[1] == 1 or source.size + target.size - target.shape[1] <= 40


# -- what a translation must contain ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("beam", [1, 3])
def test_a_constraint_is_in_every_translation_and_costs_what_it_costs(kind: tuple[str, str], beam: int) -> None:
    model = arrays_of(translator_of(spec_of(kind)))
    given = (5, UNK, 7)
    requests = [Request((Constraint(frozenset({0}), given), Constraint(frozenset({1}), (9,)))) for _ in SOURCES]
    for source, found in zip(SOURCES, search(model, SOURCES, Searching(beam), requests=requests), strict=True):
        assert found
        for hypothesis in found:
            places = dict(hypothesis.constraints)
            assert tuple(hypothesis.ids[places[0] : places[0] + 3]) == given and hypothesis.ids[places[1]] == 9
            assert hypothesis.ids.count(UNK) == 1, "the unknown token is nowhere but where it is given"
            logs, _ = token_log_probabilities(model, [source], [hypothesis.ids])
            assert hypothesis.log_probability == pytest.approx(float(logs[0].sum()), abs=1e-4)


def test_a_request_of_nothing_changes_nothing() -> None:
    model = arrays_of(translator_of(spec_of()))
    mixed = [Request((Constraint(frozenset({0}), (5,)),)) if i % 2 else Request() for i in range(len(SOURCES))]
    free, asked = search(model, SOURCES, Searching(3)), search(model, SOURCES, Searching(3), requests=mixed)
    for one, other in list(zip(free, asked, strict=True))[::2]:
        assert [h.ids for h in one] == [h.ids for h in other]


def test_no_word_goes_on_behind_a_constraint() -> None:
    model = arrays_of(translator_of(spec_of()))
    inner = np.arange(TARGET) % 2 == 0
    requests = [Request((Constraint(frozenset({0}), (5,)),), inner=inner) for _ in SOURCES]
    for found in search(model, SOURCES, Searching(4), requests=requests):
        for hypothesis in found:
            behind = hypothesis.constraints[0][1] + 1
            assert behind == len(hypothesis.ids) or hypothesis.ids[behind] % 2 == 1


def test_letting_go_of_the_hopeless_leaves_the_best() -> None:
    translator = translator_of(spec_of(), seed=3)
    translator.output_bias.data[EOS] += 1.5  # random weights hardly ever end
    model = arrays_of(translator)
    sources = sentences(60, SOURCE, seed=7)
    for how in (Searching(4), Searching(6, 0.5), Searching(4, coverage=0.2)):
        every, best = search(model, sources, how), search(model, sources, how, best_only=True)
        assert [found[0].ids for found in every] == [found[0].ids for found in best]
        assert sum(map(len, best)) < sum(map(len, every))


@pytest.mark.parametrize(
    ("line", "terms", "text", "spans"),
    [
        ("Call {{Ann Lee}}.", Terms(keep=True), "Call Ann Lee.", [(5, 12, "Ann Lee")]),
        ("At 10:30, see www.a.org/x.", Terms(keep=True), None, [(3, 8, "10:30"), (14, 25, "www.a.org/x")]),
        ("Write to a.b@c.de!", Terms(keep=True), None, [(9, 17, "a.b@c.de")]),
        ("a dog, dogs", Terms((("dog", "Hund"),)), None, [(2, 5, "Hund")]),
        ("red dog and dog", Terms((("dog", "H"), ("red dog", "R"))), None, [(0, 7, "R"), (12, 15, "H")]),
        ("これは犬です", Terms((("犬", "dog"),)), None, [(3, 4, "dog")]),
        ("{{a}} {b}", Terms(), None, []),
        ("see Ann Lee", Terms(), None, []),
        ("see Ann Lee", Terms(copy=True), None, [(4, 11, "Ann Lee")]),
        ("see Ann Lee", Terms((("Lee", "L"),), copy=True), None, [(8, 11, "L")]),
    ],
)
def test_terms_are_found_where_they_stand(
    line: str, terms: Terms, text: str | None, spans: list[tuple[int, int, str]]
) -> None:
    names = Names(Vocabulary(["call", "two", "see"]), frozenset({"inside"}))
    assert terms.find(line, names) == (text or line, spans)


def test_no_space_comes_between_an_opening_mark_and_what_is_given() -> None:
    pieces = Counter({"der": 9, "Hund": 9, "„": 90, "„rot": 9})
    tokenizer = make("subwords", False, learn_subwords(list(pieces.items()), 60, False))
    side = Side(tokenizer, Vocabulary([]))
    opened = [*side.tokens("der"), "▁„", *side.tokens_behind("▁„", "rot Hund")]
    assert tokenizer.join(opened) == "der „rot Hund"
    for token in ("", "▁der", "„"):  # nothing, a word, a mark that closes
        assert side.tokens_behind(token, "rot") == side.tokens("rot")


def test_tokens_know_their_places() -> None:
    assert token_places(" two  red, dog", ["▁t", "wo", "▁red", ",", "▁dog"]) == [
        (1, 2),
        (2, 4),
        (6, 9),
        (9, 10),
        (11, 14),
    ]
    assert token_places("a, b", ["a", "￭,", "b"]) == [(0, 1), (1, 2), (3, 4)]


def test_names_of_lines_that_end_alike_do_not_cover_each_other() -> None:
    assert apart([33.0, 8.5, 32.0, 4.4], 3.0) == [35.0, 8.5, 32.0, 4.4]
    assert apart([2.0, 2.0, 2.0], 1.0) == [2.0, 3.0, 4.0] and apart([], 1.0) == []


# -- long lines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One two. Three four! Five?", ["One two.", "Three four!", "Five?"]),
        ("Mr. Lee met J. Doe. They spoke.", ["Mr. Lee met J. Doe.", "They spoke."]),
        ("今日は。明日は？はい", ["今日は。", "明日は？", "はい"]),
        ("It is 3.5 m long.", ["It is 3.5 m long."]),
        ('He said "No." She left.', ['He said "No."', "She left."]),
    ],
)
def test_sentences_end_where_they_end(text: str, parts: list[str]) -> None:
    assert [text[low:high].strip() for low, high in sentences_of(text)] == parts
    assert joined(parts) == text


def test_a_long_text_is_cut_into_parts_that_are_not_too_long() -> None:
    def words(text: str) -> int:
        return len(text.split())

    text = "One two three. Four five. Six seven eight nine. " + "ten " * 30
    parts = [text[low:high].strip() for low, high in cut(text, words, 6)]
    assert parts[:2] == ["One two three. Four five.", "Six seven eight nine."] and max(map(words, parts)) <= 12
    assert joined(parts).split() == text.split() and cut("a b", words, 2) == [(0, 3)]


def test_a_text_without_an_end_is_cut_all_the_same_and_what_is_whole_stays() -> None:
    def letters(text: str) -> int:
        return len(text.replace(" ", ""))

    for text in ("a" * 1000, "今日は" * 300, "ab " * 300, "a" * 500 + " b" * 500, "a. " * 3 + "b" * 90):
        parts = [text[low:high] for low, high in cut(text, letters, 10)]
        assert "".join(parts) == text and max(map(letters, parts)) <= 20 and len(parts) >= letters(text) / 20
    low, high = 95, 125
    spans = cut("a" * 1000, letters, 10, [(low, high)])
    assert any(start <= low and high <= end for start, end in spans) and max(b - a for a, b in spans) <= 50
    assert cut("Ask Mr. A. B now. Yes.", letters, 6, [(4, 12)]) == [(0, 4), (4, 12), (12, 18), (18, 22)]


HARD = ["." * 300_000, "A. " * 100_000, ".)" * 150_000, "-" * 300_000, "{{" * 150_000, "7 " * 150_000, "Ab1" * 100_000]


@pytest.mark.parametrize("text", HARD, ids=lambda text: text[:3])
def test_no_letter_is_looked_at_again_and_again(text: str) -> None:
    """What is looked at by patterns is no figure, but by the square of the length this would take an hour."""
    seen = 0

    def tokens(part: str) -> int:
        nonlocal seen
        seen += len(part)
        return len(part) // 3 + 1

    terms = Terms((("dog", "Hund"),), keep=True, copy=True)
    line, spans = terms.find(text, Names(Vocabulary(["call"]), frozenset(NAMES)))
    parts = cut(line, tokens, 40, [(start, end) for start, end, _ in spans])
    assert seen < 60 * len(text) and parts[0][0] == 0 and parts[-1][1] == len(line)


def test_what_is_given_is_read_by_its_beginning_and_written_whole() -> None:
    address = "https://example.org/" + "x" * 100_000
    line, [(start, end, translation)] = Terms(keep=True).find(f"see {address} now", Names(Vocabulary([]), frozenset()))
    assert translation == address and line == f"see {address[:64]} now" and line[start:end] == address[:64]


# -- sampling ---------------------------------------------------------------------------------------------------------


def test_what_is_drawn_is_drawn_as_often_as_it_is_likely() -> None:
    model = arrays_of(translator_of(spec_of()))
    source, draws = SOURCES[0], 3000
    [found] = search(model, [source], Searching(draws, longest=0.0, temperature=1.0, seed=3))
    assert len(found) == draws
    firsts = np.bincount([h.ids[0] for h in found], minlength=TARGET) / draws
    logs, _ = token_log_probabilities(model, [source] * TARGET, [[token] for token in range(TARGET)])
    expected = np.exp([float(log[0]) for log in logs])
    expected[[UNK, EOS]] = 0.0  # which no translation begins with
    assert np.abs(firsts - expected / expected.sum()).max() < 0.03
    again = search(model, [source], Searching(5, temperature=1.0, seed=3))
    assert again == search(model, [source], Searching(5, temperature=1.0, seed=3))
    assert again != search(model, [source], Searching(5, temperature=1.0, seed=4))
    for hypothesis in again[0]:
        logs, _ = token_log_probabilities(model, [source], [hypothesis.ids])
        assert hypothesis.log_probability == pytest.approx(float(logs[0].sum()), abs=1e-4)


def test_a_cold_draw_is_greedy() -> None:
    model = arrays_of(translator_of(spec_of()))
    cold = search(model, SOURCES, Searching(1, temperature=1e-4))
    assert [found[0].ids for found in cold] == [found[0].ids for found in search(model, SOURCES, Searching(1))]
