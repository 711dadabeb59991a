"""Whether anything can still tell a generator's samples from real data."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kgan import features as features_module
from kgan import metrics
from kgan.metrics import distances
from kgan.metrics.estimates import Estimate

__all__ = ["Exam", "Examiner", "energy_distance"]

# How often real data is told from real data, to know what guessing looks like.
NUM_REAL = 5
# How many parts of the samples a distance is measured on, to know its standard error.
NUM_PARTS = 10
# How far a number may be from that of real data, in standard errors.
NUM_ERRORS = 2
# How many times as many samples the distance is taken of as the classifiers see.
NUM_TIMES = 4
# How often medians are drawn again, to know their standard error (Efron 1979).
NUM_DRAWS = 200


class Exam(NamedTuple):
    """How a generator did in an exam.

    Args:
        step: how many steps the GAN had been trained.
        accuracy: how often a freshly trained classifier tells samples from training data.
        most: what counts as guessing: how often it tells one half of the training data from the
            other, and twice the standard error of the difference.
        held_out_accuracy: how often one tells samples from held-out data; NaN without held-out
            data, or where the samples differ from training data.
        held_out_most: what counts as guessing there: how often one tells training data from
            held-out data, and twice the standard error of the difference. NaN without.
        memorization_ratio: how far samples are from training data, over how far held-out data is,
            as of `kgan.metrics.memorization`; NaN where `held_out_accuracy` is, or where the
            samples differ from held-out data.
        least_ratio: what counts as no nearer: 1, and twice the standard error less. NaN likewise.
        distance: the energy distance (Székely and Rizzo 2013) of features to those of held-out
            data, or without any to those of training data; 0 for equal distributions.
        error: its standard error.
    """

    step: int
    accuracy: float
    most: float
    held_out_accuracy: float
    held_out_most: float
    memorization_ratio: float
    least_ratio: float
    distance: float
    error: float

    @property
    def is_passed(self) -> bool:
        """Whether the samples cannot be told from real data, and are not copies of it."""
        return self._is_as_real and not self.memorizes

    @property
    def memorizes(self) -> bool:
        """Whether it is only that samples are too near to training data."""
        return self._is_as_real and self.memorization_ratio < self.least_ratio

    @property
    def _is_as_real(self) -> bool:
        without = math.isnan(self.held_out_most)
        return self.accuracy <= self.most and (
            without or self.held_out_accuracy <= self.held_out_most
        )


class Examiner:
    """Examines generators of the same data, against what real data would get.

    A classifier that is trained afresh decides (`kgan.metrics.two_sample_test`), since the playing
    discriminator's own confusion says nothing: a weak one is confused by any generator. What counts
    as guessing is measured: it is not 1/2 where held-out data differs from training data.

    Args:
        training: what they are trained on, samples `(num_samples, ...)`.
        held_out: samples `(num_samples, ...)` that nobody trains on; None for none.
        num_samples: how many samples of each kind a classifier looks at; fewer, where there are
            fewer.
        features: of which the distance is taken; what `kgan.features.get` takes.
        seed: of which ones, and of the classifiers.

    Attributes:
        num_samples: how many generated samples an exam takes: `NUM_TIMES` as many, since the more
            there are, the surer is the distance.
        most: what counts as guessing, as in `Exam`.
        held_out_most: likewise.
    """

    def __init__(
        self,
        training: np.ndarray,
        held_out: np.ndarray | None,
        num_samples: int,
        features: Any = "raw",
        seed: int = 0,
    ) -> None:
        self._seed, self._all_training = seed, training
        self._number = number = min(num_samples, len(training))
        self.num_samples = NUM_TIMES * number
        random = np.random.default_rng(seed)
        orders = [random.permutation(len(training)) for _ in range(1 + NUM_REAL)]
        self._training = training[orders.pop()[:number]]
        half = min(number, len(training) // 2)
        halves = [(training[order[:half]], training[order[half : 2 * half]]) for order in orders]
        self.most = self._guessing(halves, number)
        self._held_out, self.held_out_most = None, math.nan
        if held_out is not None:
            self._held_out = held_out[random.permutation(len(held_out))[:number]]
            pairs = [(training[order[:number]], self._held_out) for order in orders]
            self.held_out_most = self._guessing(pairs, min(number, len(self._held_out)))
            self._usual = self._how_near(self._held_out)
        self._extractor = features_module.get(features)
        real = self._training if self._held_out is None else self._held_out
        self._real_features = self._extractor.features(real)

    def _guessing(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]], number: int) -> float:
        """Up to which accuracy a classifier of `number` samples of each kind guesses."""
        found = [self._accuracy(*pair, seed=seed) for seed, pair in enumerate(pairs)]
        # A half of the samples is held out of the classifier's training, and counted.
        error = math.sqrt(np.var(found, ddof=1) / len(found) + 1 / 4 / number)
        return float(np.mean(found)) + NUM_ERRORS * error

    def _accuracy(self, real: np.ndarray, samples: np.ndarray, seed: int) -> float:
        return metrics.two_sample_test(real, samples, seed=self._seed + seed).accuracy

    def examine(self, samples: np.ndarray, step: int = 0) -> Exam:
        """Examines samples of a generator.

        Args:
            samples: `(num_samples, ...)`, as many as `num_samples`.
            step: how many steps the GAN has been trained.

        Returns:
            An `Exam`.
        """
        nan = math.nan
        exam = Exam(step, 1.0, self.most, nan, self.held_out_most, nan, nan, math.inf, 0.0)
        if not np.isfinite(samples).all():
            return exam
        distance = energy_distance(self._real_features, self._extractor.features(samples))
        samples = samples[: self._number]
        accuracy = self._accuracy(self._training, samples, step)
        exam = exam._replace(accuracy=accuracy, distance=distance.value, error=distance.error)
        if self._held_out is None or accuracy > self.most:
            return exam
        exam = exam._replace(held_out_accuracy=self._accuracy(self._held_out, samples, step))
        if exam.held_out_accuracy > self.held_out_most:
            return exam
        ratio, error = ratio_of_medians(self._how_near(samples), self._usual)
        return exam._replace(memorization_ratio=ratio, least_ratio=1 - NUM_ERRORS * error)

    def _how_near(self, samples: np.ndarray) -> np.ndarray:
        """The distances of samples to the nearest of all training data."""
        flat = (part.reshape(len(part), -1) for part in (samples, self._all_training))
        return distances.nearest(*flat)[1]


def ratio_of_medians(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The ratio of two medians, and its standard error by drawing both sets again and again.

    Args:
        x, y: positive numbers, `(m,)` and `(n,)`. Where the median of `y` is 0, both are NaN.
    """
    if not np.median(y) > 0:
        return math.nan, math.nan
    random = np.random.default_rng(0)
    again = [np.median(random.choice(part, (NUM_DRAWS, len(part))), axis=1) for part in (x, y)]
    return float(np.median(x) / np.median(y)), float(np.nanstd(again[0] / again[1]))


def energy_distance(real: np.ndarray, samples: np.ndarray) -> Estimate:
    """How far apart two distributions are: 2 E|x - y| - E|x - x'| - E|y - y'|, 0 only if equal.

    Székely and Rizzo 2013, https://doi.org/10.1016/j.jspi.2013.03.018. The estimate is unbiased:
    around 0 for equal distributions, and may be below.

    Args:
        real, samples: `(num_samples, ...)`; more axes are flattened into one.

    Returns:
        An `Estimate`; its error is that of the samples alone, over ten parts of them.
    """
    real, samples = (part.reshape(len(part), -1) for part in (real, samples))
    within_real = _mean_distance(real)
    found = [
        2 * _mean_distance(part, real) - within_real - _mean_distance(part)
        for part in np.array_split(samples, NUM_PARTS)
    ]
    error = np.std(found, ddof=1) / math.sqrt(NUM_PARTS)
    return Estimate(float(np.mean(found)), float(error), len(samples))


def _mean_distance(x: np.ndarray, y: np.ndarray | None = None) -> float:
    """Of all pairs of two sets, or of different samples of one."""
    total = sum(np.sqrt(part).sum() for _, part in distances.squared(x, x if y is None else y))
    return float(total) / (len(x) * (len(x) - 1 if y is None else len(y)))
