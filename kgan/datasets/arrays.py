"""Data that is in memory already."""

from typing import Any

import numpy as np

from kgan.datasets.dataset import Dataset

__all__ = ["from_arrays"]


def from_arrays(
    samples: Any, labels: Any = None, *, batch_size: int = 64, seed: int = 0
) -> Dataset:
    """A data set of arrays.

    Args:
        samples: images `(num_samples, height, width, channels)`, uint8 up to 255, or floating
            point in [-1, 1]; or vectors `(num_samples, size)`. Bytes are scaled to [-1, 1]; what is
            floating point stays as it is.
        labels: integers `(num_samples,)` from 0; for a conditional GAN.
        batch_size: samples a batch; what does not fill the last one is left out of an epoch.
        seed: decides the order.

    Returns:
        A `Dataset` of float32 samples, or of `(samples, labels)`.

    Raises:
        ValueError: for uint8 images without a channel or of zeros and ones, floating-point images
            outside [-1, 1], values that are not finite, labels that are not as many integers.
    """
    samples = np.asarray(samples)
    if samples.ndim == 3 and samples.dtype == np.uint8:
        raise ValueError(
            "`samples` that are images must have the shape (num_samples, height, width, channels); "
            f"give grey ones a channel: images[..., None]. Received: shape {samples.shape}."
        )
    if samples.ndim < 2:
        raise ValueError(f"`samples` must be (num_samples, ...). Received: shape {samples.shape}.")
    if samples.dtype != np.uint8:
        samples = _as_float(samples)
    elif samples.ndim == 4 and len(samples) and samples.max() <= 1:
        raise ValueError(
            "`samples` that are uint8 images must be in [0, 255], 255 being white; scale those of "
            f"zeros and ones: 255 * images. Received: values from {samples.min()} to "
            f"{samples.max()}."
        )
    if labels is not None:
        labels = _as_labels(labels, len(samples))
    return Dataset(samples, labels, batch_size=batch_size, seed=seed)


def _as_float(samples):
    if not np.issubdtype(samples.dtype, np.floating):
        factor = "255 * " if samples.dtype == bool else ""
        raise ValueError(
            "`samples` must be uint8 images or floating point. Received: dtype "
            f"{samples.dtype}; use {factor}samples.astype('uint8') for values in [0, 255]."
        )
    samples = samples.astype("float32")
    if not np.isfinite(samples).all():
        raise ValueError("`samples` must be finite. Received: NaN or infinite values.")
    low, high = samples.min(initial=0), samples.max(initial=0)
    if samples.ndim == 4 and (low < -1.001 or high > 1.001):
        raise ValueError(
            "`samples` that are floating-point images must be in [-1, 1]; bytes may stay uint8. "
            f"Received: values from {low:g} to {high:g}."
        )
    return samples


def _as_labels(labels, num_samples):
    labels = np.asarray(labels)
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape != (num_samples,):
        raise ValueError(
            f"`labels` must be integers of shape ({num_samples},). "
            f"Received: dtype {labels.dtype}, shape {labels.shape}."
        )
    if labels.min(initial=0) < 0:
        raise ValueError(f"`labels` must be at least 0. Received: {labels.min()}.")
    return labels
