"""The real side of an evaluation, and a set of samples with what a network says of them."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from kgan import features as features_module
from kgan import images
from kgan.datasets import Dataset

__all__ = ["LEAST", "Reality", "Samples", "reality"]

# Of fewer samples an evaluation says nothing.
LEAST = 20


@dataclasses.dataclass(frozen=True, eq=False)
class Samples:
    """Samples, and what a network says of them, asked once.

    Args:
        values: an array `(num_samples, ...)`.
        labels: what they are, or were asked to be, `(num_samples,)`; None if nobody knows.
        extractor: a `kgan.features.Extractor`.
        keep: whether the answers are kept on disk.
        generate: the method of the GAN that draws more of them; None for real ones.
    """

    values: np.ndarray
    labels: np.ndarray | None
    extractor: features_module.Extractor
    keep: bool = False
    generate: Callable[..., Any] | None = None

    def __len__(self) -> int:
        return len(self.values)

    @functools.cached_property
    def _answers(self):
        if self.keep:
            return features_module.cached(self.extractor, self.values)
        return self.extractor.answers(self.values)

    @property
    def features(self) -> np.ndarray:
        """`(num_samples, num_features)`."""
        return self._answers["features"]

    @property
    def probabilities(self) -> np.ndarray | None:
        """Of a classifier `(num_samples, num_classes)`; else None."""
        return self._answers.get("probabilities")

    @property
    def classes(self) -> np.ndarray:
        """The likeliest classes, `(num_samples,)`."""
        return self._answers["probabilities"].argmax(axis=1)

    def rows(self, chosen: slice | np.ndarray) -> Self:
        """The samples that a slice or an array of indices chooses."""
        labels = None if self.labels is None else self.labels[chosen]
        return dataclasses.replace(self, values=self.values[chosen], labels=labels)


@dataclasses.dataclass(frozen=True, eq=False)
class Reality:
    """The real data that generated samples are held against.

    Args:
        training: what the GAN was trained on, all of it.
        reference: those of it that distances are measured to.
        real: held-out data, which takes the place of generated samples to see what it would get.
        is_held_out: whether `real` was no part of the training; else it is the part of the training
            data that is not in `reference`.
        distribution: the known density of the data, such as a mixture of Gaussians; or None.
    """

    training: Samples
    reference: Samples
    real: Samples
    is_held_out: bool
    distribution: Any

    @property
    def is_image(self) -> bool:
        """Whether the samples are images."""
        return images.is_image(self.real.values.shape[1:])

    @property
    def has_classifier(self) -> bool:
        """Whether the features are those of a classifier."""
        return self.real.probabilities is not None

    @property
    def knows_classes(self) -> bool:
        """Whether what the classifier says are the labels of the data."""
        labels = self.real.labels
        if labels is None or not self.has_classifier:
            return False
        return float(np.mean(self.real.classes == labels)) > 0.5


def reality(
    training: Dataset,
    held_out: Dataset | None,
    extractor: features_module.Extractor,
    num_samples: int,
) -> Reality:
    """The `Reality` of two data sets of `kgan.datasets`; `held_out` may be None.

    Raises:
        ValueError: if there is less data than a measure needs.
    """
    whole = Samples(training.samples, training.labels, extractor, keep=True)
    order = np.random.default_rng(0).permutation(len(whole))
    if held_out is None:
        half = min(num_samples, len(whole) // 2)
        reference, real = whole.rows(order[:half]), whole.rows(order[half : 2 * half])
    else:
        other = Samples(held_out.samples, held_out.labels, extractor, keep=True)
        some = np.random.default_rng(0).permutation(len(other))[:num_samples]
        reference, real = whole.rows(order[:num_samples]), other.rows(some)
    if min(len(reference), len(real)) < LEAST:
        raise ValueError(
            f"There must be at least {LEAST} training samples and {LEAST} that were held out, or "
            f"{2 * LEAST} training samples where none were: of fewer these numbers say nothing. "
            f"Received: {len(whole)} training samples, {held_out.num_samples if held_out else 0} "
            "held out."
        )
    return Reality(whole, reference, real, held_out is not None, training.distribution)
