"""Vectors in two dimensions: by principal components (numpy), t-SNE (scikit-learn) or UMAP (umap-learn)."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import ModelError, quoted

Floats = NDArray[np.float32]

METHODS = ("pca", "tsne", "umap")
PACKAGES = {"tsne": ("sklearn", "scikit-learn"), "umap": ("umap", "umap-learn")}  # module and package of a method
PERPLEXITY = 30.0  # t-SNE's usual neighbourhood; fewer words get a third of their number


def check_method(method: str) -> None:
    """Raise ModelError where the package of a method is not installed; it is not loaded."""
    module, package = PACKAGES.get(method, ("numpy", "numpy"))
    if find_spec(module) is None:
        step = "install it: pip install 'seqcli[maps]', or use --method pca"
        raise ModelError(f"This map needs the package {quoted(package)}; {step}.")


def project(units: Floats, method: str, seed: int = 1) -> tuple[NDArray[np.float64], list[float]]:
    """Return places [N, 2] of unit vectors [N, D], and for PCA the share of the variance along each axis."""
    check_method(method)
    if len(units) < 3:
        raise ModelError(f"A map needs three words or more, not {len(units)}; give more.")
    if method == "pca":
        return _pca(units)
    return (_tsne if method == "tsne" else _umap)(units, seed), []


def _pca(units: Floats) -> tuple[NDArray[np.float64], list[float]]:
    centered = units.astype(np.float64) - units.mean(axis=0, dtype=np.float64)
    _, sizes, axes = np.linalg.svd(centered, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2, np.abs(axes[:2]).argmax(axis=1)].diagonal())[:, None]  # one sign everywhere
    places = np.zeros((len(units), 2))
    places[:, : len(axes)] = centered @ axes.T
    shares = (sizes**2 / max(float((sizes**2).sum()), 1e-300))[:2]
    return places, [float(share) for share in shares]


def _tsne(units: Floats, seed: int) -> NDArray[np.float64]:
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(units) - 1) / 3)
    model = TSNE(metric="cosine", init="pca", perplexity=perplexity, random_state=seed)
    return np.asarray(model.fit_transform(units), np.float64)


def _umap(units: Floats, seed: int) -> NDArray[np.float64]:
    from umap import UMAP

    model = UMAP(metric="cosine", n_neighbors=min(15, len(units) - 1), random_state=seed, n_jobs=1)
    return np.asarray(model.fit_transform(units), np.float64)
