"""Whether anything can still tell a generator's samples from real data."""

import functools
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
# How many held-out samples are looked for in the training data, and how many are told from it; and
# how often is almost always.
NUM_LOOKED_AT, NUM_TOLD, ALMOST_ALWAYS = 100, 200, 0.95
# How often medians are drawn again, to know their standard error (Efron 1979).
NUM_DRAWS = 200


class Exam(NamedTuple):
    """How a generator did in an exam.

    Args:
        step: how many steps the GAN had been trained.
        accuracy: how often a freshly trained classifier tells samples from training data; NaN where
            no classifier was asked, and 1 for samples that are not finite.
        most: up to where that is guessing: how often it tells one half of the training data from
            the other, plus twice the standard error of the difference; NaN where none was asked, or
            samples are not finite.
        held_out_accuracy: how often one tells samples from held-out data; NaN without held-out
            data, or where the samples differ from training data.
        held_out_most: up to where that is guessing: how often one tells training data from held-out
            data, plus twice the standard error of the difference. NaN where `held_out_accuracy` is.
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
        """Whether the samples cannot be told from real data, and are not copies of it.

        False where no classifier was asked.
        """
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
        few_samples: as many as a classifier looks at; enough to measure a large distance.
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
        self.few_samples = number = min(num_samples, len(training))
        self.num_samples = NUM_TIMES * number
        random = np.random.default_rng(seed)
        *self._orders, order = [random.permutation(len(training)) for _ in range(1 + NUM_REAL)]
        self._training = real = training[order[:number]]
        self._held_out = None
        if held_out is not None:
            self._held_out = real = held_out[random.permutation(len(held_out))[:number]]
            _check_is_held_out(real[:NUM_LOOKED_AT], training)
        self._real_features = self._extractor.features(real)

    def tells_held_out(self) -> bool:
        """Whether a classifier of a few samples almost always tells held-out from training data."""
        if self._held_out is None:
            return False
        sets = self._training[:NUM_TOLD], self._held_out[:NUM_TOLD]
        return self._accuracy(*sets, seed=0) > ALMOST_ALWAYS

    @functools.cached_property
    def most(self) -> float:
        """What counts as guessing, as in `Exam`; measured when it is first asked for."""
        half = min(self.few_samples, len(self._all_training) // 2)
        parts = [self._all_training[order[: 2 * half]] for order in self._orders]
        return self._guessing([(part[:half], part[half:]) for part in parts])

    @functools.cached_property
    def held_out_most(self) -> float:
        """What counts as guessing with held-out data, as in `Exam`; likewise."""
        if self._held_out is None:
            return math.nan
        parts = [self._all_training[order[: self.few_samples]] for order in self._orders]
        return self._guessing([(part, self._held_out) for part in parts])

    def _guessing(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
        """Up to which accuracy a classifier guesses, of as many samples as in an exam."""
        found = [self._accuracy(*pair, seed=seed) for seed, pair in enumerate(pairs)]
        size = min(len(part) for part in pairs[0])
        # As many samples as there are in one set are kept from the classifier, and counted: chance
        # in those, what differs from one pair to another besides, and chance in the mean.
        spread = float(np.var(found, ddof=1))
        variance = 1 / (4 * min(size, self.few_samples)) + spread / len(found)
        variance += max(0.0, spread - 1 / (4 * size))
        return float(np.mean(found)) + NUM_ERRORS * math.sqrt(variance)

    @functools.cached_property
    def _nearness(self) -> tuple[np.ndarray, float, float]:
        """How near held-out data is to training data; parts of this to the rest, over that."""
        assert self._held_out is not None
        training = self._all_training
        usual = _how_near(self._held_out, training)
        size = max(1, min(self.few_samples, len(training) // 10))
        number = min(len(self._orders), -(-self.few_samples // size))
        parts = [
            _how_near(training[order[:size]], training[order[size:]])
            for order in self._orders[:number]
        ]
        ratio, error = ratio_of_medians(np.concatenate(parts), usual)
        return usual, min(1.0, ratio), error

    def _accuracy(self, real: np.ndarray, samples: np.ndarray, seed: int) -> float:
        return metrics.two_sample_test(real, samples, seed=self._seed + seed).accuracy

    def examine(self, samples: np.ndarray, step: int = 0) -> Exam:
        """Examines samples of a generator: `measure`, then `classify`.

        Args:
            samples: `(num_samples, ...)`, as many as `num_samples`.
            step: how many steps the GAN has been trained.

        Returns:
            An `Exam`.
        """
        return self.classify(self.measure(samples, step), samples)

    def measure(self, samples: np.ndarray, step: int = 0) -> Exam:
        """The part of an exam that asks no classifier, and takes less time: the distance.

        Args:
            samples: of any number, such as `few_samples`.
            step: as of `examine`.

        Returns:
            An `Exam`.
        """
        nan = math.nan
        exam = Exam(step, nan, nan, nan, nan, nan, nan, math.inf, 0.0)
        if np.isfinite(samples).all():
            found = energy_distance(self._real_features, self._extractor.features(samples))
            if math.isfinite(found.value):
                return exam._replace(distance=found.value, error=found.error)
        return exam._replace(accuracy=1.0)

    def classify(self, exam: Exam, samples: np.ndarray) -> Exam:
        """The other part; each classifier is asked only if the one before it was fooled.

        Args:
            exam: as `measure` returned it.
            samples: of which.

        Returns:
            The exam with the numbers of the classifiers.
        """
        if not math.isfinite(exam.distance):
            return exam
        samples = samples[: self.few_samples]
        accuracy = self._accuracy(self._training, samples, exam.step)
        exam = exam._replace(accuracy=accuracy, most=self.most)
        if self._held_out is None or accuracy > self.most:
            return exam
        accuracy = self._accuracy(self._held_out, samples, exam.step)
        exam = exam._replace(held_out_accuracy=accuracy, held_out_most=self.held_out_most)
        if accuracy > self.held_out_most:
            return exam
        usual, real, error_of_real = self._nearness
        ratio, error = ratio_of_medians(_how_near(samples, self._all_training), usual)
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


def _check_is_held_out(samples, training):
    if not np.median(_how_near(samples, training)) > 1e-6 * np.linalg.norm(samples[0]):
        raise ValueError(
            "`held_out` must be data that nobody trains on. Received: data of which at least half "
            "is in the training data."
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
    is_positive = again[1] > 0
    error = np.std(again[0][is_positive] / again[1][is_positive])
    return float(np.median(x) / np.median(y)), float(error)


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
