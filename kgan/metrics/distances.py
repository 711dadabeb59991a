"""Distances of all pairs of two sets, a chunk at a time: the memory does not grow with them."""

import numpy as np

# How many numbers of a chunk are in memory at once: 64 MiB of float64.
CHUNK = 2**23


def squared(x, y):
    """Squared Euclidean distances.

    Args:
        x, y: float64 `(m, size)` and `(n, size)`.

    Yields:
        Pairs of a slice of `x`, and the distances of what is in it, `(rows, n)`.
    """
    rows = max(1, CHUNK // len(y))
    norms = np.einsum("ij,ij->i", y, y)
    for start in range(0, len(x), rows):
        part = x[start : start + rows]
        found = np.einsum("ij,ij->i", part, part)[:, None] + norms - 2 * part @ y.T
        yield slice(start, start + len(part)), np.maximum(found, 0, out=found)


def to_neighbor(x, k):
    """The squared distance of each sample to the k-th nearest other one, `(len(x),)`."""
    distances = np.empty(len(x))
    for rows, found in squared(x, x):
        found[np.arange(len(found)), np.arange(rows.start, rows.stop)] = 0  # Not a rounding error.
        distances[rows] = np.partition(found, k, axis=1)[:, k]
    return distances


def nearest(x, y):
    """Of each sample of `x` the index of the nearest of `y`, and the Euclidean distance to it."""
    indices, distances = np.empty(len(x), int), np.empty(len(x))
    for rows, found in squared(x, y):
        indices[rows] = found.argmin(axis=1)
        distances[rows] = np.sqrt(found.min(axis=1))
    return indices, distances
