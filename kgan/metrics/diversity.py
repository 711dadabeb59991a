"""How different generated samples are from each other."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.metrics import distances
from kgan.metrics.estimates import Estimate, features
from kgan.metrics.sample_metric import SampleMetric

__all__ = [
    "SCALES",
    "WINDOW",
    "MultiscaleSimilarity",
    "PairwiseDistance",
    "multiscale_similarity",
    "pairwise_distance",
]


def pairwise_distance(samples: Any) -> Estimate:
    """The mean Euclidean distance of two samples, over all pairs.

    0 where a generator has collapsed. Noise is far apart too: show that of real samples beside it.

    Args:
        samples: samples or features, `(num_samples, ...)`.

    Returns:
        An `Estimate`; its `error` is the standard error of this U-statistic, to first order.

    Raises:
        ValueError: for fewer than 10 samples, or NaN.
    """
    samples = features(samples, "samples")
    means = np.empty(len(samples))
    for rows, found in distances.squared(samples, samples):
        found[np.arange(len(found)), np.arange(rows.start, rows.stop)] = 0  # Not a rounding error.
        means[rows] = np.sqrt(found, out=found).sum(axis=1) / (len(samples) - 1)
    error = 2 * means.std() / np.sqrt(len(samples))
    return Estimate(float(means.mean()), float(error), len(samples))


# Of the five scales of Wang et al. 2003; an image that is too small for all uses the first ones.
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW = 11


def multiscale_similarity(images: Any, *, num_pairs: int = 1000, seed: int = 0) -> Estimate:
    """The mean multi-scale structural similarity (MS-SSIM) of two images, drawn at random.

    Wang et al. 2003, https://doi.org/10.1109/ACSSC.2003.1292216; for GANs Odena et al. 2017,
    https://arxiv.org/abs/1610.09585, section 4.2, who take both images from one class, and see a
    collapsed class above 0.25. 1 where all images are the same; the lower the more varied. Each
    scale halves the image, as often as a window of 11 pixels (7 below 11) fits into it, at most
    four times; the weights of the scales are made to sum to 1. Only images of one size compare.

    Args:
        images: `(num_samples, height, width, channels)`, in [-1, 1].
        num_pairs: how many pairs; at most half as many as there are images.
        seed: of the pairs.

    Returns:
        An `Estimate`, in [0, 1]; its `error` is the standard error over the pairs.

    Raises:
        ValueError: for fewer than 10 images, no images, or NaN.
    """
    images = np.asarray(images, "float32")
    _check_images(images.shape)
    features(images, "images")
    side = min(images.shape[1:3])
    window = WINDOW if side >= WINDOW else 7
    scales = [weight for i, weight in enumerate(SCALES) if side // 2**i >= window]
    weights = tuple(np.array(scales) / sum(scales))
    order = np.random.default_rng(seed).permutation(len(images))
    number = min(num_pairs, len(images) // 2)
    found = [
        tf.image.ssim_multiscale(
            (images[order[part]] + 1) / 2,
            (images[order[number + part]] + 1) / 2,
            max_val=1.0,
            power_factors=weights,
            filter_size=window,
        ).numpy()
        for part in np.array_split(np.arange(number), -(-number // 100))
    ]
    found = np.concatenate(found).astype("float64")
    return Estimate(float(found.mean()), float(found.std() / np.sqrt(number)), 2 * number)


def _check_images(shape):
    if len(shape) != 4 or min(shape[1:3]) < 7:
        raise ValueError(
            "`images` must be (num_samples, height, width, channels), of at least 7×7 pixels. "
            f"Received: shape {tuple(shape)}."
        )


@keras.saving.register_keras_serializable("kgan")
class PairwiseDistance(SampleMetric):
    """`pairwise_distance` of the generated samples as a Keras metric.

    Args:
        features, num_samples, name: as in `SampleMetric`.
    """

    measure = "pairwise_distance"
    needs_real = False

    def take(self, generated: np.ndarray) -> float:
        return pairwise_distance(generated).value


@keras.saving.register_keras_serializable("kgan")
class MultiscaleSimilarity(SampleMetric):
    """`multiscale_similarity` of the generated images as a Keras metric.

    Args:
        num_samples: how many images.
        name: instead of `"multiscale_similarity"`.
    """

    measure = "multiscale_similarity"
    needs_real = False

    def __init__(self, num_samples: int = 2000, name: str | None = None) -> None:
        super().__init__("raw", num_samples, name or self.measure)
        self._shape: tuple[int, ...] = ()

    def check_samples(self, shape: tuple[int, ...]) -> None:
        _check_images((None, *shape))
        super().check_samples(shape)

    def look(self, samples: Any, labels: Any) -> Any:
        self._shape = tuple(samples.shape[1:])
        return super().look(samples, labels)

    def take(self, generated: np.ndarray) -> float:
        return multiscale_similarity(generated.reshape(-1, *self._shape)).value

    def get_config(self) -> dict[str, Any]:
        return {"num_samples": self.num_samples, "name": self.name}
