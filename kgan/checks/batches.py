"""Whether a batch is what the networks were built for."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.game.batches import SCALING, is_array, require_floating, unpack
from kgan.game.networks import final_operation
from kgan.protocols import HasClasses

__all__ = ["check_batch", "check_first_batch", "check_labels"]


def check_first_batch(
    gan: Any, x: Any, y: Any = None, batch_size: int | None = None, discriminator_steps: int = 1
) -> None:
    """Raises where the first batch of what `fit` was given is not what the networks play with.

    A Python generator is not looked at: its first batch would be lost.
    """
    batch, last = None, 0
    if isinstance(x, tf.data.Dataset):
        batch = next(iter(x.take(1)), None)
    elif isinstance(x, keras.utils.PyDataset):
        batch = x[0]
    elif is_array(x):
        rows = batch_size or 32
        batch = (np.asarray(x[:rows]), None if y is None else np.asarray(y[:rows]))
        last = len(x) % rows
    if batch is None:
        return
    images, labels = unpack(batch, gan.num_classes)
    check_batch(gan, images, labels)
    _check_classes(gan, x.num_classes if isinstance(x, HasClasses) else None)
    _check_divisible(len(images), last, discriminator_steps)


def _check_classes(gan: Any, num_classes: int | None) -> None:
    if num_classes and num_classes > gan.num_classes:
        raise ValueError(
            f"The data has {num_classes} classes, and the networks were built for fewer "
            f"(num_classes={gan.num_classes})."
        )


def check_batch(gan: Any, images: Any, labels: Any) -> None:
    """Raises where `images` or `labels` are not what the networks were built for."""
    images = np.asarray(images)
    wanted = gan.discriminator.inputs[0].shape[1:]
    if images.shape[1:] != wanted:
        raise ValueError(
            f"The discriminator was built for samples of shape {wanted}. "
            f"Received: a batch of shape {images.shape}, samples of shape {images.shape[1:]}."
            + _shape_hint(images.shape[1:], wanted)
        )
    require_floating(images)
    _check_values(images.astype("float32"), _is_bounded(gan.generator))
    if (labels is None) != (gan.num_classes is None):
        unpack((images, labels), gan.num_classes)
    if labels is not None:
        check_labels(labels, gan.num_classes, len(images))


def _shape_hint(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if (*shape, 1) == tuple(wanted):
        return " Give grey images a channel: images[..., None]."
    if len(shape) == 3 and shape[0] in (1, 3) and (*shape[1:], shape[0]) == tuple(wanted):
        return " Channels come last: np.moveaxis(images, 1, -1)."
    return ""


def _is_bounded(generator: keras.Model) -> bool:
    """Whether G can only make values in [-1, 1]."""
    activation = getattr(final_operation(generator), "activation", None)
    return getattr(activation, "__name__", "") in {"tanh", "scaled_tanh"}


def _check_values(images: np.ndarray, bounded: bool) -> None:
    low, high = images.min(initial=np.inf), images.max(initial=-np.inf)
    if not np.all(np.isfinite(images)):
        raise ValueError("Samples must be finite. Received: a batch with NaN or infinite values.")
    if (bounded or images.ndim == 4) and (low < -1.001 or high > 1.001):
        raise ValueError(
            f"Samples must be in [-1, 1]; of images in [0, 255], {SCALING}. "
            f"Received: values from {low:g} to {high:g}."
        )
    # Scaled from bytes to [-1, 1] a value is an odd multiple of 1/255: none lies near zero.
    if images.ndim == 4 and len(images) > 1 and 0 <= low < 1 / 256:
        raise ValueError(
            "Images must be in [-1, 1], and these look like [0, 1]: use `2 * images - 1`. "
            f"Received: values from {low:g} to {high:g}."
        )


def check_labels(labels: Any, num_classes: int, num_samples: int) -> None:
    """Raises where `labels` are not `num_samples` integers below `num_classes`."""
    labels = np.asarray(labels)
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape != (num_samples,):
        raise ValueError(
            f"`labels` must be integers of shape ({num_samples},). "
            f"Received: dtype {labels.dtype}, shape {labels.shape}."
        )
    wrong = np.unique(labels[(labels < 0) | (labels >= num_classes)])
    if len(wrong):
        raise ValueError(
            f"`labels` must be in 0..{num_classes - 1} (num_classes={num_classes}). "
            f"Received: {', '.join(map(str, wrong[:5]))}."
        )


def _check_divisible(rows: int, last: int, k: int) -> None:
    if rows % k:
        raise ValueError(
            "`discriminator_steps` must divide the batch size, so that each step of D sees as "
            f"many samples. Received: discriminator_steps={k}, batch size {rows}."
        )
    if 0 < last < k:
        raise ValueError(
            "The last batch of an epoch must have at least `discriminator_steps` rows: leave out "
            f"{last} samples, or choose another `batch_size`. "
            f"Received: discriminator_steps={k}, batch size {rows}, a last batch of {last}."
        )
