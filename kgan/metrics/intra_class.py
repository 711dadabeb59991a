"""How far apart generated and real samples of the same class are."""

from typing import Any

import numpy as np

from kgan.metrics.estimates import LEAST_SAMPLES, pair
from kgan.metrics.frechet import frechet_distance

__all__ = ["intra_class_frechet_distance"]


def intra_class_frechet_distance(
    real: Any, real_labels: Any, generated: Any, generated_labels: Any
) -> float:
    """The mean over the classes of the Fréchet distance within each class.

    For conditional GANs: it sees samples of the wrong class, and too little variety within a class,
    which the distance over all classes can hide. Miyato and Koyama 2018,
    https://arxiv.org/abs/1802.05637, section 4, where the features are those of Inception. It has
    the bias of `frechet_distance`, for as few samples as each class has.

    Args:
        real, generated: features, `(num_samples, num_features)`; their numbers may differ.
        real_labels: integers from 0, `(num_samples,)`; their classes are those of the mean.
        generated_labels: which classes the generated samples were asked to be, the same.

    Returns:
        A float, at least 0.

    Raises:
        ValueError: for fewer than 10 samples of a class, or than a tenth of the features; labels
            that do not belong to the samples; other numbers of features; NaN.

    Example:

    >>> samples, labels = np.random.default_rng(0).normal(size=(9_000, 2)), np.arange(9_000) % 3
    >>> shift = labels[:, None] * [1.0, 0.0]  # By 0, 1 and 2: (0 + 1 + 4) / 3
    >>> round(intra_class_frechet_distance(samples, labels, samples + shift, labels), 3)
    1.667
    """
    real, generated = pair(real, generated)
    real_labels = _checked_labels(real_labels, len(real), "real_labels")
    generated_labels = _checked_labels(generated_labels, len(generated), "generated_labels")
    distances = []
    for label in np.unique(real_labels):
        rows = real[real_labels == label], generated[generated_labels == label]
        if min(map(len, rows)) < LEAST_SAMPLES:
            raise ValueError(
                f"`real` and `generated` must have at least {LEAST_SAMPLES} samples of each class. "
                f"Received: {len(rows[0])} and {len(rows[1])} of class {label}."
            )
        distances.append(frechet_distance(*rows))
    return float(np.mean(distances))


def _checked_labels(labels, number, name):
    labels = np.asarray(labels)
    if labels.shape != (number,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"`{name}` must be {number} integers, one per sample. "
            f"Received: {labels.dtype} of shape {labels.shape}."
        )
    return labels
