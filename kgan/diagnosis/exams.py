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

# Of fewer, half of which a classifier learns from, nothing is learned.
LEAST_SAMPLES = 40
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
        most: up to where that is guessing: how often it tells one half of the training data from
            the other, plus twice the standard error of the difference.
        held_out_accuracy: how often one tells samples from held-out data; NaN without held-out
            data, or where the samples differ from training data.
        held_out_most: up to where that is guessing: how often one tells training data from held-out
            data, plus twice the standard error of the difference. NaN without held-out data.
        memorization_ratio: how far samples are from training data, over how far held-out data is,
            as of `kgan.metrics.memorization`; NaN where `held_out_accuracy` is, or where the
            samples differ from held-out data.
        least_ratio: down to where samples are no nearer than real data: 1, or what parts of the
            training data get if that is less, minus twice the standard error of the difference.
            NaN where `memorization_ratio` is.
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
        """Whether the only failing is that samples are too near to training data."""
        return self._is_as_real and self.memorization_ratio < self.least_ratio

    @property
    def _is_as_real(self) -> bool:
        without = math.isnan(self.held_out_most)
        return self.accuracy <= self.most and (
            without or self.held_out_accuracy <= self.held_out_most
        )


class Examiner:
    """Examines generators of the same data, against what real data would get.

    A classifier that is trained from scratch decides (`kgan.metrics.two_sample_test`), since the
    playing discriminator's own confusion says nothing: a weak one is confused by any generator.
    What counts as guessing is measured: it is not 1/2 where held-out data differs from training
    data.

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
        _check(training, held_out)
        self._extractor = features_module.get(features)
        self._extractor.check(training.shape[1:])
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
            self._measure_nearness(self._held_out, orders)
            pairs = [(training[order[:number]], self._held_out) for order in orders]
            self.held_out_most = self._guessing(pairs, number)
        real = self._training if self._held_out is None else self._held_out
        self._real_features = self._extractor.features(real)

    def _guessing(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]], number: int) -> float:
        """Up to which accuracy a classifier guesses, of `number` samples if there are as many."""
        found = [self._accuracy(*pair, seed=seed) for seed, pair in enumerate(pairs)]
        size = min(len(part) for part in pairs[0])
        # As many samples as there are in one set are kept from the classifier, and counted: chance
        # in those, what differs from one pair to another besides, and chance in the mean.
        spread = float(np.var(found, ddof=1))
        variance = 1 / (4 * min(size, number)) + spread / len(found)
        variance += max(0.0, spread - 1 / (4 * size))
        return float(np.mean(found)) + NUM_ERRORS * math.sqrt(variance)

    def _measure_nearness(self, held_out: np.ndarray, orders: Sequence[np.ndarray]) -> None:
        """How near held-out data is to training data, and parts of this to the rest of it."""
        training = self._all_training
        self._usual = _how_near(held_out, training)
        if not np.median(self._usual) > 1e-6 * np.linalg.norm(training[0]):
            raise ValueError(
                "`held_out` must be data that nobody trains on. Received: data of which at least "
                "half is in the training data."
            )
        size = max(1, min(self._number, len(training) // 10))
        number = min(len(orders), -(-self._number // size))
        parts = [
            _how_near(training[order[:size]], training[order[size:]]) for order in orders[:number]
        ]
        ratio, error = ratio_of_medians(np.concatenate(parts), self._usual)
        self._real_ratio = min(1.0, ratio), error

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
        if not math.isfinite(distance.value):
            return exam
        samples = samples[: self._number]
        accuracy = self._accuracy(self._training, samples, step)
        exam = exam._replace(accuracy=accuracy, distance=distance.value, error=distance.error)
        if self._held_out is None or accuracy > self.most:
            return exam
        exam = exam._replace(held_out_accuracy=self._accuracy(self._held_out, samples, step))
        if exam.held_out_accuracy > self.held_out_most:
            return exam
        near = _how_near(samples, self._all_training)
        ratio, error = ratio_of_medians(near, self._usual)
        real, error_of_real = self._real_ratio
        least = real - NUM_ERRORS * math.hypot(error, error_of_real)
        return exam._replace(memorization_ratio=ratio, least_ratio=least)


def _check(training, held_out):
    """Raises where there is too little data to learn anything from."""
    for name, samples in (("training", training), ("held_out", held_out)):
        if samples is not None and len(samples) < LEAST_SAMPLES:
            raise ValueError(
                f"`{name}` must have at least {LEAST_SAMPLES} samples: a classifier learns from "
                f"half of them. Received: {len(samples)}."
            )


def _how_near(samples: np.ndarray, training: np.ndarray) -> np.ndarray:
    """The distances of samples to the nearest training sample."""
    return distances.nearest(*(part.reshape(len(part), -1) for part in (samples, training)))[1]


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
