"""Clusters of real data, to see which of it a generator never draws."""

import numpy as np

from kgan.metrics import distances

__all__ = ["Clusters"]

# How many clusters there are at most, and how many samples each has at least in the mean.
MOST, LEAST_SAMPLES = 25, 10
# With more samples than so many the centers hardly get better.
MOST_SAMPLES = 1000
# There are no more once nearly all samples are so near to a center, over how far they are from each
# other.
NEAR, NEARLY_ALL = 0.1, 0.99
NUM_ROUNDS = 20


class Clusters:
    """Clusters of samples, by the k-means algorithm (Lloyd 1982).

    A generator that has lost a mode draws no sample of some clusters (Richardson and Weiss 2018,
    https://arxiv.org/abs/1805.12462).

    Args:
        samples: floats `(num_samples, size)`, in no order: the centers are found by the first
            1,000.
        unit: how far samples are from each other, in the mean.
        seed: of where the centers begin.

    Attributes:
        centers: float64 `(number, size)`.
        shares: which share of the samples each cluster has, `(number,)`.
    """

    def __init__(self, samples: np.ndarray, unit: float, seed: int = 0) -> None:
        number = int(np.clip(len(samples) // LEAST_SAMPLES, 1, MOST))
        some = samples[:MOST_SAMPLES]
        self.centers = _first_centers(some, number, NEAR * unit, np.random.default_rng(seed))
        before = np.empty(0, int)
        for _ in range(NUM_ROUNDS):
            nearest = self.nearest(some)
            if np.array_equal(nearest, before):
                break
            for i in np.unique(nearest):
                self.centers[i] = some[nearest == i].mean(axis=0)
            before = nearest
        self.shares = self._shares(samples)

    def nearest(self, samples: np.ndarray) -> np.ndarray:
        """The number of the cluster of each sample."""
        return distances.nearest(samples, self.centers)[0]

    def missing(self, samples: np.ndarray, rare: float) -> float:
        """The share of the data in clusters where `samples` have less than `rare` of its share."""
        if not np.isfinite(samples).all():
            return float("nan")
        return float(self.shares[self._shares(samples) < rare * self.shares].sum())

    def _shares(self, samples: np.ndarray) -> np.ndarray:
        return np.bincount(self.nearest(samples), minlength=len(self.centers)) / len(samples)


def _first_centers(samples, number, near, random):
    """Samples far from each other (k-means++, Arthur and Vassilvitskii 2007)."""
    centers = [samples[random.integers(len(samples))]]
    squared = np.square(samples - centers[0]).sum(axis=1)
    while len(centers) < number and np.quantile(squared, NEARLY_ALL) > near**2:
        centers.append(samples[random.choice(len(samples), p=squared / squared.sum())])
        squared = np.minimum(squared, np.square(samples - centers[-1]).sum(axis=1))
    return np.array(centers, "float64")
