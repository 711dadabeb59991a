"""What is known exactly of a game whose two densities are known."""

from typing import Any

import numpy as np

__all__ = ["jensen_shannon_divergence", "optimal_discriminator", "value_at_optimum"]


def optimal_discriminator(p: Any, q: Any) -> np.ndarray:
    """The best answer to a fixed generator, D*(x) = p(x) / (p(x) + q(x)).

    Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, proposition 1.

    Args:
        p: the density of the data at some points, an array of any shape.
        q: the density of the generator's samples at the same points.

    Returns:
        A float64 array in [0, 1]; 1/2 where both densities are 0, and D* is not defined.

    Raises:
        ValueError: for densities that are negative, not finite, or of different shapes.

    Example:

    >>> kgan.theory.optimal_discriminator(p=[0.5, 0.3, 0.0], q=[0.5, 0.1, 0.2])
    array([0.5 , 0.75, 0.  ])
    """
    p, q = _densities(p, q)
    total = p + q
    return np.divide(p, total, out=np.full_like(total, 0.5), where=total > 0)


def jensen_shannon_divergence(p: Any, q: Any, cell: float = 1.0) -> float:
    """How different two known distributions are, in nats: from 0, equal, to log 2, disjoint.

    JSD(p, q) = KL(p, m) / 2 + KL(q, m) / 2, with m = (p + q) / 2; Goodfellow et al. 2014,
    https://arxiv.org/abs/1406.2661, equation 6.

    Args:
        p, q: the two densities at the points of a regular grid; or, with `cell=1`, the
            probabilities of the same outcomes.
        cell: the volume of a cell of the grid.

    Returns:
        A float, in nats.

    Raises:
        ValueError: as `optimal_discriminator`; and if either does not sum to 1 within 1 %, because
            the grid is too coarse or too small.

    Example:

    >>> float(kgan.theory.jensen_shannon_divergence([1.0, 0.0], [0.0, 1.0]) / np.log(2))
    1.0
    """
    p, q = _densities(p, q)
    for name, density in (("p", p), ("q", q)):
        total = density.sum() * cell
        if not abs(total - 1) < 0.01:
            raise ValueError(
                f"`{name}` must sum to 1 over the grid: its values times `cell`, the volume of a "
                "cell. Give `cell`, or take a finer or larger grid. "
                f"Received: a sum of {total:.4g}, with cell={cell:.4g}."
            )
    total = p + q
    entropies = _relative_entropy(p, total) + _relative_entropy(q, total)
    return max(0.0, float(cell * entropies / 2))


def value_at_optimum(p: Any, q: Any, cell: float = 1.0) -> float:
    """C(G) = max over D of V(D, G) = -log 4 + 2 JSD(p, q): what the generator minimises.

    Its smallest value, -log 4, is reached only by q = p. Goodfellow et al. 2014,
    https://arxiv.org/abs/1406.2661, theorem 1.

    Args:
        p, q, cell: as of `jensen_shannon_divergence`.

    Returns:
        A float, in nats, from -log 4 to 0.

    Raises:
        ValueError: as `jensen_shannon_divergence`.

    Example:

    >>> kgan.theory.value_at_optimum([0.5, 0.5], [0.5, 0.5]) == float(-np.log(4))
    True
    """
    return 2 * jensen_shannon_divergence(p, q, cell) - float(np.log(4))


def _relative_entropy(p, total):
    """The sum of p log(2 p / total), in which 0 log 0 is 0."""
    ratio = np.divide(2 * p, total, out=np.ones_like(p), where=p > 0)
    return np.sum(p * np.log(ratio))


def _densities(p, q):
    p, q = np.asarray(p, "float64"), np.asarray(q, "float64")
    if p.shape != q.shape:
        raise ValueError(
            "`p` and `q` must be densities at the same points. "
            f"Received: shapes {p.shape} and {q.shape}."
        )
    for name, density in (("p", p), ("q", q)):
        if not (np.isfinite(density).all() and (density >= 0).all()):
            raise ValueError(
                f"`{name}` must be a density: finite, and nowhere negative. "
                f"Received: values from {density.min():.4g} to {density.max():.4g}."
            )
    return p, q
