"""The likelihood that the 2014 paper reports: a Gaussian around each generated sample."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from kgan.metrics import distances
from kgan.metrics.estimates import pair
from kgan.metrics.sample_metric import SampleMetric

__all__ = [
    "SIGMAS",
    "ParzenLogLikelihood",
    "ParzenResult",
    "log_likelihoods",
    "of_images",
    "parzen_log_likelihood",
]

# The bandwidths that the paper's own script tries.
SIGMAS = tuple(np.logspace(-1, 0, 10))


class ParzenResult(NamedTuple):
    """The mean log-likelihood in nats, its standard error, and the bandwidth."""

    value: float
    error: float
    sigma: float


def parzen_log_likelihood(
    generated: Any, validation: Any, test: Any, *, sigmas: Sequence[float] = SIGMAS
) -> ParzenResult:
    """The log-likelihood of held-out data under a Parzen window of generated samples.

        log p(x) = log mean over s of exp(-|x - s|² / 2σ²) - size · log(σ √2π)

    The protocol of Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, section 5 (after
    Breuleux et al. 2011): 10,000 samples with pixels in [0, 1], σ chosen by the mean on validation
    data. The measure is a poor one: blurred images and cluster centers beat real ones (Theis et al.
    2016, https://arxiv.org/abs/1511.01844). Show that of real training images beside it.

    Args:
        generated: samples, `(num_samples, ...)`.
        validation: real samples by which σ is chosen.
        test: real samples that are scored.
        sigmas: the bandwidths to choose from.

    Returns:
        A `ParzenResult`, of the test samples.

    Raises:
        ValueError: for fewer than 10 samples, unequal sizes, or NaN.
    """
    samples, validation = pair(generated, validation, names=("generated", "validation"))
    _, test = pair(samples, test, names=("generated", "test"))
    means = log_likelihoods(validation, samples, sigmas).mean(axis=1)
    sigma = float(sigmas[int(np.argmax(means))])
    (found,) = log_likelihoods(test, samples, [sigma])
    return ParzenResult(float(found.mean()), float(found.std() / math.sqrt(len(found))), sigma)


def log_likelihoods(x: np.ndarray, samples: np.ndarray, sigmas: Sequence[float]) -> np.ndarray:
    """Gives log p(x) of each of `x`, for each bandwidth, `(len(sigmas), len(x))`."""
    found = np.empty((len(sigmas), len(x)))
    for rows, squared in distances.squared(x, samples):
        least = squared.min(axis=1)
        for i, sigma in enumerate(sigmas):
            scaled = np.exp((least[:, None] - squared) / (2 * sigma**2))
            found[i, rows] = np.log(scaled.mean(axis=1)) - least / (2 * sigma**2)
    size = x.shape[1] * np.log(np.asarray(sigmas) * math.sqrt(2 * math.pi))
    return found - size[:, None]


def of_images(generated: np.ndarray, real: np.ndarray) -> ParzenResult:
    """The `ParzenResult` of images in [-1, 1], which become [0, 1].

    The first tenth of the real images, at most 1,000, chooses σ; the others are scored.
    """
    generated, real = (generated + 1) / 2, (real + 1) / 2
    num_validation = min(1000, len(real) // 10)
    return parzen_log_likelihood(generated, real[:num_validation], real[num_validation:])


@keras.saving.register_keras_serializable("kgan")
class ParzenLogLikelihood(SampleMetric):
    """`parzen_log_likelihood` as a Keras metric, of images in [-1, 1], which become [0, 1].

    The first tenth of the real samples, at most 1,000, chooses σ; the others are scored.

    Args:
        num_samples: how many samples, real and generated, as in `SampleMetric`.
        name: instead of `"parzen_log_likelihood"`.
    """

    measure = "parzen_log_likelihood"

    def __init__(self, num_samples: int = 10_000, name: str | None = None) -> None:
        super().__init__("raw", num_samples, name or self.measure)

    def least_samples(self, size: int) -> int:
        return 10 * super().least_samples(size)  # A tenth of them chooses σ.

    def take(self, real: np.ndarray, generated: np.ndarray) -> float:
        return of_images(generated, real).value

    def get_config(self) -> dict[str, Any]:
        return {"num_samples": self.num_samples, "name": self.name}
