"""Data that is in memory already."""

from typing import Any

import numpy as np

from kgan import checks
from kgan.datasets.dataset import Dataset
from kgan.datasets.scaling import ValueRange, check_numbers

__all__ = ["from_arrays"]

# The most channels of a sample: what has more at its end has none, and is grey.
MOST_CHANNELS = 4


def from_arrays(
    samples: Any,
    labels: Any = None,
    *,
    batch_size: int = 64,
    seed: int = 0,
    num_classes: int | None = None,
    value_range: ValueRange = None,
) -> Dataset:
    """A data set of arrays.

    Values become [-1, 1] by the type and the range of the whole array:

    | samples | become |
    | --- | --- |
    | bool, or integers that are only 0 and 1 | -1 and 1 |
    | uint8 | 0 ... 255 to [-1, 1] |
    | other integers of at least 0 | 0 ... 2^k - 1 to [-1, 1], k the smallest of 8, 10, 12, 16 |
    | floating point in [-1, 1], some negative | as they are |
    | floating point in [0, 1] | an error that offers `value_range=(0, 1)` |
    | unbounded floating point, not images | as they are |
    | anything else | an error that offers `value_range=(low, high)` |

    where 2^k - 1 must be at least the largest value.

    Args:
        samples: `(num_samples, ...)`: images `(num_samples, height, width, channels)`, volumes,
            sequences `(num_samples, length, channels)`, vectors.
        labels: integers `(num_samples,)` from 0; for a conditional GAN.
        batch_size: samples per batch; what does not fill the last one is left out of an epoch.
        seed: decides the order.
        num_classes: how many classes the labels have; by default the largest label plus one.
        value_range: the pair of values that become -1 and 1, instead of the rule above; give
            held-out data that of the training data, `dataset.value_range`.

    Returns:
        A `Dataset` of float32 samples, or of `(samples, labels)`.

    Raises:
        ValueError: for images without a channel, values that the rule does not cover, that are not
            finite or are outside of `value_range`; for labels that are not as many integers from 0.
    """
    samples = np.asarray(samples)
    check_numbers(samples)
    if samples.ndim < 2:
        raise ValueError(f"`samples` must be (num_samples, ...). Received: shape {samples.shape}.")
    is_grey = samples.ndim == 3 and samples.shape[-1] > MOST_CHANNELS
    if is_grey and not np.issubdtype(samples.dtype, np.floating):
        raise ValueError(
            "`samples` that are images must have the shape (num_samples, height, width, channels); "
            f"give grey ones a channel: images[..., None]. Received: shape {samples.shape}."
        )
    if num_classes is not None:
        checks.check_positive_integer("num_classes", num_classes)
    if labels is not None:
        labels = np.asarray(labels)
        checks.check_labels(labels, num_classes, len(samples))
    return Dataset(
        samples,
        labels,
        batch_size=batch_size,
        seed=seed,
        num_classes=num_classes,
        value_range=value_range,
    )
