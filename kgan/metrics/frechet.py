"""How far apart two sets of features are, as if each were a Gaussian."""

import warnings
from typing import Any

import keras
import numpy as np

from kgan.metrics.estimates import pair
from kgan.metrics.sample_metric import SampleMetric

__all__ = ["FrechetDistance", "distance_of_moments", "frechet_distance", "moments"]


def frechet_distance(real: Any, generated: Any) -> float:
    """The squared Fréchet (2-Wasserstein) distance of the two Gaussians with the sets' moments.

        |μ - ν|² + trace(Σ + Ψ - 2 (Σ Ψ)^½)

    Heusel et al. 2017, https://arxiv.org/abs/1706.08500, equation 6, where the features are those
    of Inception; the word FID is kept for that. It is biased: fewer samples make it larger, so that
    only numbers from as many samples compare, and those not exactly, since the bias depends on the
    generator too (Chong and Forsyth 2020, https://arxiv.org/abs/1911.07023).

    Args:
        real, generated: features, `(num_samples, num_features)`; their numbers may differ.

    Returns:
        A float, at least 0.

    Raises:
        ValueError: for fewer than 10 samples, or than a tenth of the features; other numbers of
            features; NaN.

    Example:

    >>> real = np.random.default_rng(0).normal(size=(50_000, 2))
    >>> round(frechet_distance(real, real + [3.0, 0.0]), 3)
    9.0
    """
    real, generated = pair(real, generated)
    for name, values in (("real", real), ("generated", generated)):
        if 10 * len(values) < values.shape[1]:
            raise ValueError(
                f"`{name}` must have at least a tenth as many samples as features: of fewer the "
                "distance is nearly all error; `kernel_distance` has no such bias. "
                f"Received: {len(values)} samples of {values.shape[1]} features."
            )
        if len(values) <= values.shape[1]:
            warnings.warn(
                f"`{name}` has {len(values)} samples of {values.shape[1]} features: their "
                "covariance is singular, and the distance too large. Take more samples than "
                "features, and better ten times as many.",
                stacklevel=2,
            )
    return distance_of_moments(*moments(real), *moments(generated))


def moments(features: Any) -> tuple[np.ndarray, np.ndarray]:
    """The mean `(num_features,)` and the unbiased covariance of features, in float64."""
    features = np.asarray(features, "float64")
    return features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))


def distance_of_moments(
    mean: np.ndarray, covariance: np.ndarray, other_mean: np.ndarray, other_covariance: np.ndarray
) -> float:
    """The squared distance of two Gaussians.

    The trace of (Σ Ψ)^½ is the sum of the square roots of the eigenvalues of Σ^½ Ψ Σ^½, which is
    symmetric: no complex number comes up, however few samples there were.
    """
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    shared = np.linalg.eigvalsh(root @ other_covariance @ root)
    overlap = np.sqrt(np.clip(shared, 0, None)).sum()
    distance = np.sum((mean - other_mean) ** 2)
    distance += np.trace(covariance) + np.trace(other_covariance) - 2 * overlap
    return max(0.0, float(distance))


@keras.saving.register_keras_serializable("kgan")
class FrechetDistance(SampleMetric):
    """`frechet_distance` as a Keras metric: the lower the better, and never quite 0.

    Args:
        features, num_samples, name: as in `SampleMetric`.

    Example:

    >>> distance = kgan.metrics.FrechetDistance("digits")
    >>> real, other = (kgan.datasets.digits(split).samples for split in ("train", "test"))
    >>> distance.update_state(real, other)
    >>> distance.name, distance.result() < 5
    ('frechet_distance_digits', True)
    """

    measure = "frechet_distance"

    def least_samples(self, size: int) -> int:
        return max(super().least_samples(size), -(-size // 10))

    def take(self, real: np.ndarray, generated: np.ndarray) -> float:
        return frechet_distance(real, generated)
