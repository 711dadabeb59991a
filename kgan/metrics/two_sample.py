"""Whether a fresh classifier can learn to tell generated samples from real ones."""

import functools
from typing import Any, NamedTuple

import keras
import numpy as np

from kgan.metrics import small_classifier
from kgan.metrics.estimates import LEAST_SAMPLES, checked
from kgan.metrics.sample_metric import SampleMetric

__all__ = ["BATCH_SIZE", "EPOCHS", "TwoSampleResult", "TwoSampleTest", "Z", "two_sample_test"]

# Of the normal distribution: 95 % lie within so many standard deviations.
Z = 1.96
EPOCHS, BATCH_SIZE = 10, 64


class TwoSampleResult(NamedTuple):
    """How often a fresh classifier is right about held-out samples.

    Args:
        accuracy: 1/2: it can only guess; 1: it tells each.
        low, high: the 95 % confidence interval (Wilson 1927), of the held-out samples alone.
        num_samples: how many were held out, real and generated.
    """

    accuracy: float
    low: float
    high: float
    num_samples: int


def two_sample_test(real: Any, generated: Any, *, seed: int = 0) -> TwoSampleResult:
    """The held-out accuracy of a small classifier that has learned to tell the two sets apart.

    Lopez-Paz and Oquab 2017, https://arxiv.org/abs/1610.06545: of two equal distributions it is
    1/2. Half of each set is learned from, the other half is held out; of the larger set only as
    many are used as there are of the smaller. The classifier is a convolutional network for images,
    one hidden layer for vectors.

    Args:
        real, generated: images `(num_samples, height, width, channels)`, or vectors
            `(num_samples, size)`.
        seed: of the halves, the weights and the order.

    Returns:
        A `TwoSampleResult`.

    Raises:
        ValueError: for fewer than 20 samples, unequal sizes, or NaN.
    """
    real, generated = np.asarray(real), np.asarray(generated)
    for name, samples in (("real", real), ("generated", generated)):
        checked(samples, name, least=2 * LEAST_SAMPLES)
    if real.shape[1:] != generated.shape[1:]:
        raise ValueError(
            "`real` and `generated` must be samples of one shape. "
            f"Received: {real.shape[1:]} and {generated.shape[1:]}."
        )
    size, random = min(len(real), len(generated)), np.random.default_rng(seed)
    drawn = [
        np.asarray(part, "float32")[random.permutation(len(part))[:size]]
        for part in (real, generated)
    ]
    samples, is_real = np.concatenate(drawn), np.repeat([1.0, 0.0], size)
    held_out = np.tile(np.arange(size) >= size // 2, 2)
    # In float64: squares of what a diverged generator draws overflow.
    mean = float(samples[~held_out].mean(dtype="float64"))
    spread = float(samples[~held_out].std(dtype="float64")) or 1.0
    samples = samples * np.float32(1 / spread) - np.float32(mean / spread)
    classifier = _trained(samples[~held_out], is_real[~held_out], random, seed)
    logits = np.concatenate(
        [
            classifier(part, training=False)[
                :, 0
            ]  # `predict` would be traced, and TensorFlow warn.
            for part in np.array_split(samples[held_out], -(-2 * size // 512))
        ]
    )
    right = (logits > 0) == (is_real[held_out] > 0)
    low, high = _wilson(right.mean(), len(right))
    return TwoSampleResult(float(right.mean()), low, high, len(right))


def _trained(samples, is_real, random, seed):
    """A classifier that has seen all samples `EPOCHS` times; it changes no global random number."""
    classifier = _classifier(samples.shape[1:], EPOCHS * -(-len(samples) // BATCH_SIZE))
    small_classifier.restart(classifier, classifier.optimizer, seed)
    orders = [random.permutation(len(samples)) for _ in range(EPOCHS)]
    classifier.fit(_Epochs(samples, is_real.astype("float32"), orders), shuffle=False, verbose=0)
    return classifier


class _Epochs(keras.utils.PyDataset):
    """Batches of several epochs in a row, since each call of `fit` takes time.

    Args:
        samples, is_real: arrays of the same length.
        orders: for each epoch, the rows in its order.
    """

    def __init__(self, samples: np.ndarray, is_real: np.ndarray, orders: list[np.ndarray]) -> None:
        super().__init__()
        self._samples, self._is_real = samples, is_real
        starts = range(0, len(samples), BATCH_SIZE)
        self._batches = [order[start : start + BATCH_SIZE] for order in orders for start in starts]

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self._batches[index]
        return self._samples[rows], self._is_real[rows]


@functools.lru_cache(maxsize=8)
def _classifier(shape, steps):
    """A classifier that learns for so many steps; kept, because tracing it takes seconds."""
    classifier = small_classifier.network(shape, 1)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    classifier.compile(small_classifier.adamw(classifier, steps), loss)
    return classifier


def _wilson(share, number):
    center = (share + Z**2 / (2 * number)) / (1 + Z**2 / number)
    reach = Z * np.sqrt(share * (1 - share) / number + (Z / (2 * number)) ** 2)
    reach /= 1 + Z**2 / number
    return float(center - reach), float(center + reach)


@keras.saving.register_keras_serializable("kgan")
class TwoSampleTest(SampleMetric):
    """`two_sample_test` as a Keras metric, on features: 1/2 is the best there is.

    Args:
        features, num_samples, name: as in `SampleMetric`.
    """

    measure = "two_sample_test"

    def least_samples(self, size: int) -> int:
        return 2 * super().least_samples(size)

    def take(self, real: np.ndarray, generated: np.ndarray) -> float:
        return two_sample_test(real, generated).accuracy
