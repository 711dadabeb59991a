"""Whether a generator repeats what it was trained on."""

import math
import warnings
from typing import Any, NamedTuple

import keras
import numpy as np

from kgan.metrics import distances
from kgan.metrics.estimates import checked
from kgan.metrics.sample_metric import SampleMetric

__all__ = ["Memorization", "MemorizationResult", "memorization"]

# Of how many training samples the nearest others are looked for at most.
MOST = 2000


class MemorizationResult(NamedTuple):
    """How near generated samples are to training samples, beside real ones nobody trained on.

    Args:
        ratio: the median distance of generated samples to the nearest training sample, over that
            of new ones. Around 1 or above: as far as new data is; near 0: copies.
        share_closer: the share of generated samples that are nearer to a training sample than 99 %
            of new ones are; 1 % is what new data has.
        indices: of the training samples nearest to each generated one, `(num_samples,)`.
        distances: to them.
    """

    ratio: float
    share_closer: float
    indices: np.ndarray
    distances: np.ndarray


def memorization(generated: Any, training: Any, held_out: Any = None) -> MemorizationResult:
    """The distance of each sample to the nearest training sample, against that of new data.

    In the spirit of the nearest-neighbour tests of Meehan et al. 2020,
    https://arxiv.org/abs/2004.05675: a generator that has learned the data's distribution is as far
    from the training set as new data is.

    Args:
        generated, training: samples or features, `(num, ...)`.
        held_out: the new data, samples or features of which `training` has none. `None`, for where
            all are needed to train on: each of `training`, up to 2,000 of them, in turn takes its
            place, and is compared with all others that differ.

    Returns:
        A `MemorizationResult`.

    Raises:
        ValueError: for fewer than 10 samples, unequal sizes, or NaN.
    """
    sets = {"training": training, "generated": generated, "held_out": held_out}
    sets = {name: checked(part, name) for name, part in sets.items() if part is not None}
    sizes = {name: part.shape[1] for name, part in sets.items()}
    if len(set(sizes.values())) > 1:
        raise ValueError(
            "`training`, `generated` and `held_out` must have the same number of features. "
            f"Received: {sizes}."
        )
    indices, near = distances.nearest(sets["generated"], sets["training"])
    if held_out is None:
        usual = np.sqrt(distances.to_neighbor(sets["training"], 1, number=MOST))
        # What is there twice, up to rounding, says nothing of how near new data is.
        usual = usual[usual > 1e-6 * np.linalg.norm(sets["training"], axis=1).max()]
    else:
        _, usual = distances.nearest(sets["held_out"], sets["training"])
    median = float(np.median(usual)) if len(usual) else 0.0
    if not median > 0:
        what = "All of `training` is there twice"
        if held_out is not None:
            what = "Half of `held_out` or more are in `training`"
        warnings.warn(
            f"{what}, so that there is nothing to compare with: the ratio is NaN.", stacklevel=2
        )
        return MemorizationResult(math.nan, math.nan, indices, near)
    ratio = float(np.median(near)) / median
    closer = float((near < np.quantile(usual, 0.01)).mean())
    return MemorizationResult(ratio, closer, indices, near)


@keras.saving.register_keras_serializable("kgan")
class Memorization(SampleMetric):
    """`memorization` as a Keras metric; the real samples of `evaluate` are the held-out ones.

    Args:
        training_samples: an array `(num_samples, ...)` of what the GAN is trained on. It is not
            saved: a metric that comes out of a file is NaN until the GAN is compiled again.
        features, num_samples, name: as in `SampleMetric`.
    """

    measure, parts = "memorization", ("memorization_ratio", "memorization_share_closer")

    def __init__(
        self,
        training_samples: Any,
        features: Any = "raw",
        num_samples: int = 10_000,
        name: str | None = None,
    ) -> None:
        super().__init__(features, num_samples, name)
        self.training = None
        if training_samples is not None and self.extractor:
            self.training = self.extractor.features(training_samples)

    def take(self, real: np.ndarray, generated: np.ndarray) -> tuple[float, float]:
        if self.training is None:
            return np.nan, np.nan
        found = memorization(generated, self.training, real)
        return found.ratio, found.share_closer

    def check_size(self, size: int) -> None:
        if self.training is not None and self.training.shape[1] != size:
            raise ValueError(
                "`training_samples` must be of the shape that the GAN draws. Received: "
                f"{self.training.shape[1]} features of each, and {size} of what it draws."
            )

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"training_samples": None}
