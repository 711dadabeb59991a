"""Distances of all pairs of two sets, a chunk at a time: the memory does not grow with them."""

from collections.abc import Iterator

import numpy as np

__all__ = ["CHUNK", "nearest", "squared", "to_neighbor"]

# How many numbers of a chunk are in memory at once: 64 MiB of float64.
CHUNK = 2**23


def squared(x: np.ndarray, y: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Squared Euclidean distances.

    Args:
        x, y: `(m, size)` and `(n, size)`; they become float64 a chunk at a time.

    Yields:
        Pairs of a slice of `x`, and the distances of what is in it, `(rows, n)`.
    """
    rows, columns = max(1, CHUNK // len(y)), max(1, CHUNK // y.shape[1])
    for start in range(0, len(x), rows):
        part = np.asarray(x[start : start + rows], "float64")
        found = np.empty((len(part), len(y)))
        for first in range(0, len(y), columns):
            other = np.asarray(y[first : first + columns], "float64")
            norms = np.einsum("ij,ij->i", other, other)
            found[:, first : first + columns] = norms - 2 * part @ other.T
        found += np.einsum("ij,ij->i", part, part)[:, None]
        yield slice(start, start + len(part)), np.maximum(found, 0, out=found)


def to_neighbor(x: np.ndarray, k: int, number: int | None = None) -> np.ndarray:
    """The squared distance of each of the first `number` samples to its k-th nearest other one."""
    distances = np.empty(len(x[:number]))
    for rows, found in squared(x[:number], x):
        found[np.arange(len(found)), np.arange(rows.start, rows.stop)] = 0  # Not a rounding error.
        distances[rows] = np.partition(found, k, axis=1)[:, k]
    return distances


def nearest(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each sample of `x` the index of the nearest of `y`, and the Euclidean distance to it."""
    indices, distances = np.empty(len(x), int), np.empty(len(x))
    for rows, found in squared(x, y):
        indices[rows] = found.argmin(axis=1)
        distances[rows] = np.sqrt(found.min(axis=1))
    return indices, distances
