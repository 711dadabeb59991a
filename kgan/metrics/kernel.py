"""How far apart two sets of features are, to a polynomial kernel."""

from typing import Any

import keras
import numpy as np

from kgan.checks import check_positive_integer
from kgan.metrics.estimates import Estimate, pair
from kgan.metrics.sample_metric import SampleMetric

__all__ = [
    "KernelDistance",
    "default_subset_size",
    "kernel",
    "kernel_distance",
    "squared_discrepancy",
]


def kernel_distance(
    real: Any,
    generated: Any,
    *,
    num_subsets: int = 100,
    subset_size: int | None = None,
    seed: int = 0,
) -> Estimate:
    """The unbiased squared maximum mean discrepancy, with the kernel (x·y / num_features + 1)³.

    Bińkowski et al. 2018, https://arxiv.org/abs/1801.01401, section 4: the mean over random subsets
    of both sets. Unbiased: for equal distributions it is around 0, and may be below; numbers from
    unequally many samples compare.

    Args:
        real, generated: features, `(num_samples, num_features)`.
        num_subsets: how many subsets.
        subset_size: of how many samples, drawn without putting back; at most as many as there are.
            `None`: 1,000, or half of the smaller set where that is less.
        seed: of the subsets.

    Returns:
        An `Estimate`; its `error` is the standard deviation over the subsets, as published.

    Raises:
        ValueError: for fewer than 10 samples, other numbers of features, NaN, no subsets, or such
            of one sample.
    """
    real, generated = pair(real, generated)
    check_positive_integer("num_subsets", num_subsets)
    smaller = min(len(real), len(generated))
    size = default_subset_size(smaller) if subset_size is None else min(subset_size, smaller)
    if size < 2:
        raise ValueError(
            "`subset_size` must be at least 2: samples are compared with others. "
            f"Received: subset_size={subset_size}."
        )
    random = np.random.RandomState(seed)  # With the same seed, torch-fidelity's subsets.
    distances = []
    for _ in range(num_subsets):
        drawn = [part[random.choice(len(part), size, replace=False)] for part in (generated, real)]
        distances.append(squared_discrepancy(*drawn))
    return Estimate(float(np.mean(distances)), float(np.std(distances)), len(generated))


def default_subset_size(num_samples: int) -> int:
    """1,000, or half of the samples: subsets that are the whole set have no error."""
    return min(1000, num_samples // 2)


def squared_discrepancy(generated: np.ndarray, real: np.ndarray) -> float:
    """The unbiased estimate from all pairs: no sample is compared with itself."""
    m, n = len(real), len(generated)
    within_real, within_generated = kernel(real, real), kernel(generated, generated)
    within = (within_real.sum() - np.trace(within_real)) / (m * (m - 1))
    within += (within_generated.sum() - np.trace(within_generated)) / (n * (n - 1))
    return float(within - 2 * kernel(real, generated).mean())


def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(x·y / num_features + 1)³ of all pairs."""
    return (x @ y.T / x.shape[1] + 1) ** 3


@keras.saving.register_keras_serializable("kgan")
class KernelDistance(SampleMetric):
    """`kernel_distance` as a Keras metric: around 0 for equal distributions.

    Args:
        features, num_samples, name: as in `SampleMetric`.
    """

    measure = "kernel_distance"

    def take(self, real: np.ndarray, generated: np.ndarray) -> float:
        return kernel_distance(real, generated).value
