"""How much the KL weighs in the objective as a training goes on."""

from __future__ import annotations

from seqcli.latent.settings import LatentSpec


def kl_weight(spec: LatentSpec, done: float) -> float:
    """Return the weight of the KL when a share of the training is done, 0 to 1.

    Linear: it rises over the first `annealing_share`, then stays. Cyclical: it rises so in each cycle anew, from 0.
    Source: Bowman et al. 2016, section 3.1; Fu et al. 2019, section 3.
    """
    if spec.annealing == "none":
        return spec.kl_weight
    cycles = spec.annealing_cycles if spec.annealing == "cyclical" else 1
    place = (done * cycles) % 1.0 if done < 1.0 else 1.0
    return spec.kl_weight * min(place / spec.annealing_share, 1.0)


def is_annealed(spec: LatentSpec, done: float) -> bool:
    """Return whether the KL has its full weight, so that what it is says whether the latent variable is used."""
    return kl_weight(spec, done) >= spec.kl_weight
