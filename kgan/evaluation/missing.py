"""What a measure needs and does not have.

Each function takes a `Reality` and whether the GAN is conditional, and names what is missing; an
empty string means that nothing is.
"""

from typing import Any

import numpy as np

from kgan.evaluation.reality import Reality
from kgan.metrics.estimates import LEAST_SAMPLES

__all__ = [
    "classes",
    "classifier",
    "distribution",
    "held_out",
    "labels",
    "large_images",
    "pairs",
    "rarest_class",
    "samples",
    "samples_per_class",
    "small_images",
]

# Of how many held-out images Parzen windows need a tenth to choose their width.
LEAST_SCORED = 100
CONDITIONAL = "a conditional GAN"


def _unless(condition, needed):
    return "" if condition else needed


def held_out(reality: Reality, conditional: bool) -> str:
    """Data that the GAN was not trained on."""
    return _unless(reality.is_held_out, "held-out data (a folder has some from 300 pictures on)")


def distribution(reality: Reality, conditional: bool) -> str:
    """The density of the data."""
    return _unless(reality.distribution is not None, "data whose density is known")


def classifier(reality: Reality, conditional: bool) -> str:
    """Features of any classifier."""
    return _unless(reality.has_classifier, "features of a classifier")


def classes(reality: Reality, conditional: bool) -> str:
    """Features of a classifier of the data."""
    return _unless(reality.knows_classes, "features of a classifier of the data's own labels")


def labels(reality: Reality, conditional: bool) -> str:
    """Labels that the generator takes, and a classifier of the data."""
    return _unless(conditional, CONDITIONAL) or classes(reality, conditional)


def samples(reality: Reality, conditional: bool) -> str:
    """More samples than features."""
    number, num_features = len(reality.real), reality.real.features.shape[1]
    needed = f"more real samples than its {num_features} features (there are {number})"
    return _unless(number > num_features, needed)


def samples_per_class(reality: Reality, conditional: bool) -> str:
    """More samples of each class than features, and labels that the generator takes."""
    if not conditional:
        return CONDITIONAL
    number = rarest_class(reality.reference.labels, reality.real.labels)
    num_features = reality.real.features.shape[1]
    needed = f"more real samples of each class than its {num_features} features"
    if num_features < LEAST_SAMPLES:
        needed = f"at least {LEAST_SAMPLES} real samples of each class"
    is_enough = number > num_features and number >= LEAST_SAMPLES
    return _unless(is_enough, f"{needed} (there are {number} of the rarest)")


def rarest_class(*labels: Any) -> int:
    """The smallest number of samples that any class of the first array has in any of the arrays."""
    return min(int(np.sum(each == one)) for each in labels for one in np.unique(labels[0]))


def large_images(reality: Reality, conditional: bool) -> str:
    """Images that are large enough for a structural similarity."""
    is_large = reality.is_image and min(reality.real.values.shape[1:3]) > 6
    return _unless(is_large, "images larger than 6×6 pixels")


def small_images(reality: Reality, conditional: bool) -> str:
    """Held-out images that are small enough for Parzen windows, and enough of them."""
    if missing := held_out(reality, conditional):
        return missing
    if len(reality.real) < LEAST_SCORED:
        return f"{LEAST_SCORED} held-out images (there are {len(reality.real)})"
    is_small = reality.is_image and reality.real.values[0].size <= 1024
    return _unless(is_small, "images of at most 1024 numbers")


def pairs(reality: Reality, conditional: bool) -> str:
    """Generated and held-out images with labels."""
    needed = (
        _unless(conditional, CONDITIONAL),
        held_out(reality, conditional),
        _unless(reality.real.values.ndim == 4, "images"),
    )
    return " and ".join(filter(None, needed))
