"""How many modes a generator reaches: of a mixture of Gaussians, or classes as modes."""

import math
from typing import Any, NamedTuple

import keras
import numpy as np

from kgan.metrics import distances
from kgan.metrics.estimates import features
from kgan.metrics.sample_metric import ClassifierMetric, SampleMetric

__all__ = [
    "ClassCoverage",
    "MixtureCoverage",
    "ModeCoverageResult",
    "class_coverage",
    "divergence",
    "mixture_coverage",
]


class ModeCoverageResult(NamedTuple):
    """Which modes samples are in.

    Args:
        modes: how many modes have a sample of high quality in them.
        num_modes: how many there are.
        high_quality: the share of samples of high quality.
        reverse_kl: KL(shares of the samples ‖ shares of the data), in nats.
        kl: KL(shares of the data ‖ shares of the samples); infinite where a mode has no sample.
        spread: the standard deviation of the samples of high quality within a mode, about their
            own mean, averaged over the modes, over σ; of real points 0.974, as those further than
            3 σ are cut off. None for classes, and where no mode has two samples.
        num_samples: how many samples were looked at.
    """

    modes: int
    num_modes: int
    high_quality: float
    reverse_kl: float
    kl: float
    spread: float | None
    num_samples: int


def mixture_coverage(
    samples: Any, means: Any, sigma: float, *, multiple: float = 3.0
) -> ModeCoverageResult:
    """The modes of a mixture of equal, round Gaussians that samples are in.

    A sample is of high quality within `multiple` standard deviations of the nearest mean: the
    protocol of Lin et al. 2018 (PacGAN), https://arxiv.org/abs/1712.04086, section 4.1, after
    Srivastava et al. 2017. Every sample counts for its nearest mode in the two divergences. Of a
    Gaussian in the plane 98.9 % of all points lie within 3 σ: no generator can be expected to do
    better than that.

    Args:
        samples: points `(num_samples, size)`.
        means: of the modes, `(num_modes, size)`.
        sigma: the standard deviation of each mode along each axis.
        multiple: how many of them count as high quality.

    Returns:
        A `ModeCoverageResult`.

    Raises:
        ValueError: for fewer than 10 samples, another size, NaN, or a `sigma` or `multiple` that is
            not positive.
    """
    samples = features(samples, "samples")
    means = features(means, "means", least=1)
    if samples.shape[1] != means.shape[1]:
        raise ValueError(
            "`samples` and `means` must be points in the same space. "
            f"Received: {samples.shape[1]} and {means.shape[1]} coordinates."
        )
    if not (0 < sigma < math.inf and 0 < multiple < math.inf):
        raise ValueError(
            "`sigma` and `multiple` must be positive numbers. "
            f"Received: sigma={sigma}, multiple={multiple}."
        )
    modes, away = distances.nearest(samples, means)
    good = away <= multiple * sigma
    shares = np.bincount(modes, minlength=len(means)) / len(samples)
    counts = np.bincount(modes[good], minlength=len(means))
    deviations = [
        np.sqrt(samples[good & (modes == mode)].var(axis=0, ddof=1).mean())
        for mode in np.flatnonzero(counts > 1)
    ]
    return ModeCoverageResult(
        modes=int((counts > 0).sum()),
        num_modes=len(means),
        high_quality=float(good.mean()),
        reverse_kl=divergence(shares, np.full(len(means), 1 / len(means))),
        kl=divergence(np.full(len(means), 1 / len(means)), shares),
        spread=float(np.mean(deviations) / sigma) if deviations else None,
        num_samples=len(samples),
    )


def class_coverage(labels: Any, num_classes: int, *, real_shares: Any = None) -> ModeCoverageResult:
    """The classes that samples are of, as modes: with 1,000 classes the measure of Stacked MNIST.

    Metz et al. 2017, https://arxiv.org/abs/1611.02163, section 3.3.1: a mode is reached by one
    sample that a classifier takes for it. Say how often the classifier is right, and how many
    samples there were: both move the number.

    Args:
        labels: what a classifier says of each sample, integers `(num_samples,)`.
        num_classes: how many classes there are.
        real_shares: how frequent each is in the data; equally by default.

    Returns:
        A `ModeCoverageResult`, with `high_quality` 1.

    Raises:
        ValueError: for labels that are not in 0..num_classes - 1, and `real_shares` that are not as
            many as classes, or do not sum to one.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or not len(labels) or labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(
            f"`labels` must be integers in 0..{num_classes - 1}, (num_samples,). Received: shape "
            f"{labels.shape}, {labels.min() if labels.size else 'no'} to "
            f"{labels.max() if labels.size else 'labels'}."
        )
    counts = np.bincount(labels, minlength=num_classes)
    shares = counts / len(labels)
    real = np.full(num_classes, 1 / num_classes) if real_shares is None else np.array(real_shares)
    if real.shape != counts.shape or real.min() < 0 or abs(real.sum() - 1) > 1e-3:
        raise ValueError(
            f"`real_shares` must be {num_classes} numbers of at least 0 that sum to 1; divide "
            f"counts by their sum. Received: shape {real.shape}, sum {real.sum():.4g}."
        )
    modes = int((counts > 0).sum())
    divergences = divergence(shares, real), divergence(real, shares)
    return ModeCoverageResult(modes, num_classes, 1.0, *divergences, None, len(labels))


def divergence(p: Any, q: Any) -> float:
    """KL(p ‖ q) of two histograms, in nats."""
    p, q = np.asarray(p, "float64"), np.asarray(q, "float64")
    with np.errstate(divide="ignore"):
        return float(np.sum(p[p > 0] * (np.log(p[p > 0]) - np.log(q[p > 0]))))


@keras.saving.register_keras_serializable("kgan")
class MixtureCoverage(SampleMetric):
    """`mixture_coverage` as a Keras metric: modes, the share of high quality, the reverse KL.

    Args:
        means, sigma: as of `mixture_coverage`; of a data set `dataset.distribution.means` and
            `dataset.distribution.standard_deviation`.
        num_samples: how many points are looked at; 2,500 in the literature.
        name: instead of `"mixture_coverage"`.
    """

    measure, parts = "mixture_coverage", ("modes", "high_quality", "reverse_kl")
    needs_real = False

    def __init__(
        self, means: Any, sigma: float, num_samples: int = 2500, name: str | None = None
    ) -> None:
        super().__init__("raw", num_samples, name or self.measure)
        self.means = features(means, "means", least=1)
        self.sigma = float(sigma)

    def take(self, generated: np.ndarray) -> tuple[int, float, float]:
        found = mixture_coverage(generated, self.means, self.sigma)
        return found.modes, found.high_quality, found.reverse_kl

    def check_size(self, size: int) -> None:
        if size != self.means.shape[1]:
            raise ValueError(
                "`means` must be points like those that the GAN draws. Received: "
                f"{self.means.shape[1]} coordinates, and samples of {size} numbers."
            )

    def get_config(self) -> dict[str, Any]:
        kept = {"means": self.means.tolist(), "sigma": self.sigma}
        return kept | {"num_samples": self.num_samples, "name": self.name}


@keras.saving.register_keras_serializable("kgan")
class ClassCoverage(ClassifierMetric):
    """`class_coverage` as a Keras metric: how many classes come up, and KL(samples ‖ data).

    The shares of the data are what the classifier says of the real samples.

    Args:
        features, num_samples, name: as in `SampleMetric`; the features are those of a classifier.
    """

    measure, parts = "class_coverage", ("classes", "class_kl")
    needs_real = True

    def take(self, real: np.ndarray, generated: np.ndarray) -> tuple[int, float]:
        shares = np.bincount(real.argmax(axis=1), minlength=real.shape[1]) / len(real)
        found = class_coverage(generated.argmax(axis=1), real.shape[1], real_shares=shares)
        return found.modes, found.reverse_kl
