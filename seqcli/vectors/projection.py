"""Vectors in two dimensions: by principal components (numpy), t-SNE (scikit-learn) or UMAP (umap-learn)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import ModelError, quoted

Floats = NDArray[np.float32]

METHODS = ("pca", "tsne", "umap")
PERPLEXITY = 30.0  # t-SNE's usual neighbourhood; fewer words get a third of their number


def project(units: Floats, method: str, seed: int = 1) -> tuple[NDArray[np.float64], list[float]]:
    """Return places [N, 2] of unit vectors [N, D], and for PCA the share of the variance along each axis."""
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
    try:
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise _missing("scikit-learn") from error
    perplexity = min(PERPLEXITY, (len(units) - 1) / 3)
    model = TSNE(metric="cosine", init="pca", perplexity=perplexity, random_state=seed)
    return np.asarray(model.fit_transform(units), np.float64)


def _umap(units: Floats, seed: int) -> NDArray[np.float64]:
    try:
        from umap import UMAP
    except ImportError as error:
        raise _missing("umap-learn") from error
    model = UMAP(metric="cosine", n_neighbors=min(15, len(units) - 1), random_state=seed, n_jobs=1)
    return np.asarray(model.fit_transform(units), np.float64)


def _missing(package: str) -> ModelError:
    return ModelError(
        f"This map needs the package {quoted(package)}; install it: pip install 'seqcli[maps]', or use --method pca."
    )
