"""What training and answers both know of a dialogue model: the table of its weights, and what attention may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqcli.dialogue.settings import DialogueSpec

if TYPE_CHECKING:
    from seqcli.store.arrays import Table

DISTANCES = 8  # turns back, from the last but one, that attention tells apart; beyond, all are far


def is_seen(look: str, back: Any) -> Any:
    """Return whether attention of one kind sees utterances that are so many turns back, as an array of any kind."""
    return back == 1 if look == "last" else back >= 2


def dialogue_table(spec: DialogueSpec, vocabulary_size: int) -> Table:
    """Return the arrays that a dialogue model of these settings consists of: name -> (dtype, shape)."""
    width, states, hidden, known = spec.embedding_size, 2 * spec.encoder_size, spec.hidden_size, spec.context_size
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (vocabulary_size, width)}
    for ending in ("", "_reverse"):
        shapes |= _gru("encoder", width, spec.encoder_size, ending)
    shapes |= {"last.weight": (known, states), "last.bias": (known,)}
    if spec.hierarchical:
        shapes |= _gru("context", states + 1, known)
    told = spec.told_size
    shapes |= {"start.weight": (hidden, told), "start.bias": (hidden,), "told.weight": (width, told)}
    shapes |= _gru("decoder", width, hidden)
    seen = hidden + len(spec.looks) * states
    for look in spec.looks:
        shapes |= {f"keys.{look}.weight": (hidden, states), f"lexical.{look}.weight": (width, width)}
    if "earlier" in spec.looks:
        shapes["distance.weight"] = (2, DISTANCES)
    if spec.latent:
        shapes |= _latent(spec)
    shapes |= {"combine.weight": (width, seen), "combine.bias": (width,), "output_bias": (vocabulary_size,)}
    return {name: ("F32", shape) for name, shape in shapes.items()}


def _latent(spec: DialogueSpec) -> dict[str, tuple[int, ...]]:
    """Return the arrays of the latent variable's layers."""
    known, size = spec.context_size, spec.latent_size
    shapes = {
        "before": (known, known),
        "prior.mean": (size, known),
        "prior.log_variance": (size, known),
        "after": (known, known + 2 * spec.encoder_size),
        "posterior.mean": (size, known),
        "posterior.log_variance": (size, known),
        "words": (spec.embedding_size, known + size),
    }
    weights = {f"latent.{name}.weight": shape for name, shape in shapes.items()}
    return {**weights, **{f"latent.{name}.bias": shape[:1] for name, shape in shapes.items()}}


def _gru(name: str, input_size: int, size: int, ending: str = "") -> dict[str, tuple[int, ...]]:
    """Return the arrays of a gated layer."""
    return {
        f"{name}.weight_ih_l0{ending}": (3 * size, input_size),
        f"{name}.weight_hh_l0{ending}": (3 * size, size),
        f"{name}.bias_ih_l0{ending}": (3 * size,),
        f"{name}.bias_hh_l0{ending}": (3 * size,),
    }
