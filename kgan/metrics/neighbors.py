"""Fidelity and variety, told from who lies near to whom."""

from typing import Any, NamedTuple

import keras
import numpy as np

from kgan.checks import check_positive_integer
from kgan.metrics import distances
from kgan.metrics.estimates import pair
from kgan.metrics.sample_metric import SampleMetric

__all__ = [
    "DensityCoverage",
    "DensityCoverageResult",
    "PrecisionRecall",
    "PrecisionRecallResult",
    "density_coverage",
    "precision_recall",
]


class PrecisionRecallResult(NamedTuple):
    """The share of generated samples that look real, and of real ones that are generated."""

    precision: float
    recall: float


def precision_recall(real: Any, generated: Any, *, k: int = 3) -> PrecisionRecallResult:
    """Improved precision and recall.

    A set's manifold is the union of balls, one around each sample, that reach to its k-th nearest
    neighbour. Precision is the share of generated samples in the manifold of the real ones, recall
    the share of real samples in that of the generated: Kynkäänniemi et al. 2019,
    https://arxiv.org/abs/1904.06991, equation 2. Both depend on the number of samples.

    Args:
        real, generated: features, `(num_samples, num_features)`.
        k: which neighbour.

    Returns:
        A `PrecisionRecallResult`, both in [0, 1].

    Raises:
        ValueError: for fewer than 10 samples, or than k + 1; other numbers of features; NaN; a `k`
            of less than 1.
    """
    check_positive_integer("k", k)
    real, generated = pair(real, generated, least=max(10, k + 1))
    return PrecisionRecallResult(
        _share_within(generated, real, k), _share_within(real, generated, k)
    )


def _share_within(samples, centers, k):
    radii = distances.to_neighbor(centers, k)
    inside = [(found <= radii).any(axis=1) for _, found in distances.squared(samples, centers)]
    return float(np.concatenate(inside).mean())


class DensityCoverageResult(NamedTuple):
    """How densely generated samples lie where real ones do, and how many of those they reach."""

    density: float
    coverage: float


def density_coverage(real: Any, generated: Any, *, k: int = 5) -> DensityCoverageResult:
    """Density and coverage, which outliers mislead less than precision and recall.

    Around each real sample is a ball that reaches to its k-th nearest real neighbour. Density is
    the mean number of balls that a generated sample is in, over k; about 1 where the two sets are
    alike, and it may be more. Coverage is the share of balls with a generated sample in them:
    Naeem et al. 2020, https://arxiv.org/abs/2002.09797, equations 3 and 4.

    Args:
        real, generated: features, `(num_samples, num_features)`.
        k: which neighbour.

    Returns:
        A `DensityCoverageResult`, coverage in [0, 1].

    Raises:
        ValueError: as `precision_recall`.
    """
    check_positive_integer("k", k)
    real, generated = pair(real, generated, least=max(10, k + 1))
    radii = distances.to_neighbor(real, k)
    balls, covered = 0, np.zeros(len(real), bool)
    for _, found in distances.squared(generated, real):
        inside = found < radii
        balls += int(inside.sum())
        covered |= inside.any(axis=0)
    return DensityCoverageResult(balls / (k * len(generated)), float(covered.mean()))


class _NeighborMetric(SampleMetric):
    def __init__(
        self, features: Any = "raw", num_samples: int = 10_000, k: int = 3, name: str | None = None
    ) -> None:
        check_positive_integer("k", k)
        super().__init__(features, num_samples, name)
        self.k = k

    def least_samples(self, size: int) -> int:
        return max(super().least_samples(size), self.k + 1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"k": self.k}


@keras.saving.register_keras_serializable("kgan")
class PrecisionRecall(_NeighborMetric):
    """`precision_recall` as a Keras metric, of two numbers.

    Args:
        features, num_samples, name: as in `SampleMetric`.
        k: which neighbour.
    """

    measure, parts = "precision_recall", ("precision", "recall")

    def take(self, real: np.ndarray, generated: np.ndarray) -> PrecisionRecallResult:
        return precision_recall(real, generated, k=self.k)


@keras.saving.register_keras_serializable("kgan")
class DensityCoverage(_NeighborMetric):
    """`density_coverage` as a Keras metric, of two numbers.

    Args:
        features, num_samples, name: as in `SampleMetric`.
        k: which neighbour.
    """

    measure, parts = "density_coverage", ("density", "coverage")

    def __init__(
        self, features: Any = "raw", num_samples: int = 10_000, k: int = 5, name: str | None = None
    ) -> None:
        super().__init__(features, num_samples, k, name)

    def take(self, real: np.ndarray, generated: np.ndarray) -> DensityCoverageResult:
        return density_coverage(real, generated, k=self.k)
