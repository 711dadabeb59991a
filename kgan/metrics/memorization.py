"""Whether a generator repeats what it was trained on."""

import typing

import numpy as np

from kgan.metrics import distances
from kgan.metrics.estimates import pair


class Memorization(typing.NamedTuple):
    """How near generated samples are to training samples, beside real ones nobody trained on.

    Args:
        ratio: the median distance of generated samples to the nearest training sample, over that
            of held-out samples. Around 1 or above: as far as new data is; near 0: copies.
        share_closer: the share of generated samples that are nearer to a training sample than 99 %
            of held-out samples are; 1 % is what new data has.
        indices: of the training samples nearest to each generated one, `(num_samples,)`.
        distances: to them.
    """

    ratio: float
    share_closer: float
    indices: np.ndarray
    distances: np.ndarray


def memorization(generated, training, held_out):
    """The distance of each sample to the nearest training sample, against that of held-out data.

    In the spirit of the nearest-neighbour tests of Meehan et al. 2020,
    https://arxiv.org/abs/2004.05675: a generator that has learned the data's distribution is as far
    from the training set as new data is.

    Args:
        generated, training, held_out: samples or features, `(num, ...)`.

    Returns:
        A `Memorization`.

    Raises:
        ValueError: for fewer than 10 samples, unequal sizes, or NaN.
    """
    training, generated = pair(training, generated, names=("training", "generated"))
    _, held_out = pair(training, held_out, names=("training", "held_out"))
    indices, near = distances.nearest(generated, training)
    _, usual = distances.nearest(held_out, training)
    median = max(float(np.median(usual)), np.finfo("float64").tiny)
    closer = float((near < np.quantile(usual, 0.01)).mean())
    return Memorization(float(np.median(near)) / median, closer, indices, near)
