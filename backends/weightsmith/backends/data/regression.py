"""Regression data as scikit-learn has it, one sample a row, laid out for a network."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.errors import LayoutError


def regression_data(
    X: ArrayLike,
    y: ArrayLike,
    X_query: ArrayLike | None = None,
    *,
    names: tuple[str, str] = ("x", "y"),
    label_queries: bool = False,
) -> dict[str, dict[str, Array]]:
    """Return the inputs ``x`` and ``y`` of a network that learns in context.

    Shapes: X (n, d), y (n,) or (n, k), X_query (m, d); or each with a leading batch dimension.
    Without X_query there are no query tokens.  ``label_queries`` gives query tokens the label
    zero, for a script that declares ``y per token``.  Raises LayoutError where the sizes differ.
    """
    data, labels = np.asarray(X), np.asarray(y)
    if data.ndim not in (2, 3):
        raise LayoutError(f"expected X of shape (samples, features), got {data.shape}.")
    if labels.ndim == data.ndim - 1:
        labels = labels[..., np.newaxis]
    if labels.ndim != data.ndim or labels.shape[:-1] != data.shape[:-1]:
        raise LayoutError(
            f"expected one label (or row of labels) for each of the {data.shape[-2]} samples of "
            f"X, of shape {data.shape}, got y of shape {np.shape(y)}."
        )
    features = data.shape[-1]
    queries = np.zeros((*data.shape[:-2], 0, features)) if X_query is None else np.asarray(X_query)
    if queries.ndim != data.ndim or queries.shape[-1] != features:
        raise LayoutError(
            f"expected X_query with the {features} features of X, got shape {queries.shape}."
        )
    x, target = names
    laid = {
        x: {"context": _columns(data), "query": _columns(queries)},
        target: {"context": _columns(labels)},
    }
    if label_queries:
        shape = (*queries.shape[:-2], labels.shape[-1], queries.shape[-2])
        laid[target]["query"] = np.zeros(shape)
    return laid


def _columns(samples: Array) -> Array:
    return np.swapaxes(samples, -1, -2)
