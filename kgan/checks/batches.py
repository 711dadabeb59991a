"""Whether a batch is what the networks were built for."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.game import ranges
from kgan.game.batches import SCALING, Peeked, is_array, is_picture, require_floating, unpack
from kgan.protocols import HasClasses, HasExtremes

__all__ = ["check_batch", "check_first_batch", "check_labels", "check_packs"]


def check_first_batch(
    gan: Any,
    x: Any,
    y: Any = None,
    batch_size: int | None = None,
    *,
    discriminator_steps: int = 1,
    num_replicas: int = 1,
) -> None:
    """Raises where what `fit` was given is not what the networks play with.

    All of an array is looked at, and the first batch of anything else. A Python generator must be
    a `Peeked` one, whose first batch is not lost.
    """
    last = 0
    if is_array(x):
        rows = batch_size or 32
        batch = (np.asarray(x), None if y is None else np.asarray(y))
        _check_enough(len(x))
        last, rows = len(x) % rows, min(rows, len(x))
    else:
        batch = _first_batch(x)
        if batch is None:
            return
        _check_even(x, num_replicas)
        rows = len(tf.nest.flatten(batch)[0])
    images, labels = unpack(batch, gan.num_classes)
    check_batch(gan, images, labels)
    whole = x.extremes if isinstance(x, HasExtremes) else (np.min(images), np.max(images))
    _check_reach(gan, *map(float, whole))
    _check_classes(gan, x.num_classes if isinstance(x, HasClasses) else None)
    _check_divisible(rows, last, discriminator_steps, num_replicas)
    if gan.packing > 1:
        check_packs(gan.packing, rows, discriminator_steps, num_replicas)
        check_packs(gan.packing, last, discriminator_steps, num_replicas)


def check_packs(packing: int, rows: int, discriminator_steps: int = 1, number: int = 1) -> None:
    """Raises where rows do not make whole packs in each update of D on each replica."""
    if rows % (packing * discriminator_steps * number):
        times = f" times `discriminator_steps`, {discriminator_steps}" * (discriminator_steps > 1)
        times += f" times the number of replicas, {number}" * (number > 1)
        raise ValueError(
            f"The number of samples in a batch must be a multiple of `packing`, {packing}{times}: "
            f"the discriminator looks at {packing} at once. Received: {rows} samples."
        )


def _first_batch(x: Any) -> Any:
    """The first batch; None where it cannot be looked at.

    Raises:
        ValueError: if there is none.
    """
    if isinstance(x, tf.data.Dataset):
        batch = next(iter(x.take(1)), None)
    elif isinstance(x, keras.utils.PyDataset):
        batch = x[0] if x.num_batches != 0 else None
    elif isinstance(x, Peeked):
        batch = x.first
    else:
        return None
    if batch is None or not len(tf.nest.flatten(batch)[0]):
        _check_enough(0)
    return batch


def _check_enough(number: int) -> None:
    if not number:
        raise ValueError(
            "The data must have at least one batch of samples. Received: none; if batches are "
            "made with drop_remainder=True, the batch size may be larger than the data."
        )


def _check_classes(gan: Any, num_classes: int | None) -> None:
    if num_classes and num_classes > gan.num_classes:
        raise ValueError(
            f"The data has {num_classes} classes, and the networks were built for fewer "
            f"(num_classes={gan.num_classes})."
        )


def check_batch(gan: Any, images: Any, labels: Any) -> None:
    """Raises where `images` or `labels` are not what the networks were built for."""
    images = np.asarray(images)
    wanted = gan.generator.outputs[0].shape[1:]
    if images.shape[1:] != wanted:
        raise ValueError(
            f"The discriminator was built for samples of shape {wanted}. "
            f"Received: a batch of shape {images.shape}, samples of shape {images.shape[1:]}."
            + _shape_hint(images.shape[1:], wanted)
        )
    require_floating(images)
    bounded = ranges.ending(gan.generator) in ("tanh", "scaled_tanh")
    _check_values(images.astype("float32", copy=False), bounded)
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


def _check_values(images: np.ndarray, is_bounded: bool) -> None:
    """Raises where images are not finite, or are scaled otherwise than to [-1, 1]."""
    low, high = float(images.min(initial=np.inf)), float(images.max(initial=-np.inf))
    if not (np.isfinite(low) and np.isfinite(high)) and images.size:
        finite = np.isfinite(images.reshape(len(images), -1)).all(axis=1)
        raise ValueError(
            "Samples must be finite. Received: NaN or infinite values, the first in sample "
            f"{int(np.argmin(finite))}."
        )
    if (is_picture(images) or is_bounded) and (low < -1.001 or high > 1.001):
        raise ValueError(
            f"Samples must be in [-1, 1]: {SCALING}. Received: values from {low:g} to {high:g}."
        )
    # Scaled from bytes to [-1, 1] a value is an odd multiple of 1/255: none lies near zero.
    if is_picture(images) and len(images) > 1 and 0 <= low < 1 / 256:
        raise ValueError(
            "Images must be in [-1, 1], and these look like [0, 1]: use `2 * images - 1`. "
            f"Received: values from {low:g} to {high:g}."
        )


def _check_reach(gan: Any, low: float, high: float) -> None:
    """Raises where G can never make some values of the data."""
    bottom, top = ranges.output_range(gan.generator, gan.num_classes)
    if low < bottom - 1e-3 or high > top + 1e-3:
        raise ValueError(
            "`generator` must be able to make values like those of the data. Received: a generator "
            f"that ends in {ranges.ending(gan.generator)}, with values from {bottom:g} to {top:g}, "
            f"and data with values from {low:g} to {high:g}. For data in [-1, 1] end it in tanh; "
            "for unbounded data in a layer without activation."
        )


def check_labels(labels: Any, num_classes: int | None, num_samples: int) -> None:
    """Raises where `labels` are not `num_samples` integers from 0, below `num_classes`.

    Without `num_classes` they must begin with 0: those that count from 1 would otherwise make one
    class too many, of which there is no sample.
    """
    labels = np.asarray(labels)
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape != (num_samples,):
        raise ValueError(
            f"`labels` must be integers of shape ({num_samples},). Received: dtype {labels.dtype}, "
            f"shape {labels.shape}.{_label_hint(labels, num_samples)}"
        )
    if num_classes is None:
        if labels.min(initial=0) < 0:
            raise ValueError(f"`labels` must be at least 0. Received: {labels.min()}.")
        if labels.min(initial=labels.max(initial=0)) == 1:
            raise ValueError(
                "`labels` must be counted from 0; these count from 1: use labels - 1. If there is "
                f"a class 0 without samples, say num_classes={labels.max() + 1}. "
                f"Received: labels from 1 to {labels.max()}."
            )
        return
    wrong = np.unique(labels[(labels < 0) | (labels >= num_classes)])
    if len(wrong):
        from_one = labels.min() == 1 and labels.max() == num_classes
        raise ValueError(
            f"`labels` must be in 0..{num_classes - 1} (num_classes={num_classes}). "
            f"Received: {', '.join(map(str, wrong[:5]))}."
            + " They count from 1: use labels - 1."
            * bool(from_one)
        )


def _label_hint(labels: np.ndarray, num_samples: int) -> str:
    """What to do with labels as other programs have them."""
    is_number = np.issubdtype(labels.dtype, np.number) or labels.dtype == bool
    if labels.shape == (num_samples, 1):
        return " Use labels[:, 0]."
    if labels.ndim == 2 and len(labels) == num_samples and is_number:
        one_hot = np.all(labels.sum(axis=1) == 1)
        return " They are one-hot: use labels.argmax(axis=1)." if one_hot else ""
    if labels.shape != (num_samples,):
        return ""
    if not is_number:
        return " Names become numbers by `names, labels = np.unique(labels, return_inverse=True)`."
    whole = np.all(np.isfinite(labels)) and np.all(labels == np.round(labels))
    return " Use labels.astype('int32')." if whole else ""


def _check_even(x: Any, num_replicas: int) -> None:
    if num_replicas == 1 or not isinstance(x, tf.data.Dataset):
        return
    if tf.nest.flatten(x.element_spec)[0].shape[0] is None:
        raise ValueError(
            "Under several replicas all batches must have one size, so that each device gets as "
            "many samples: batch the data with drop_remainder=True. Received: batches of a size "
            f"that is not known, and {num_replicas} replicas."
        )


def _check_divisible(rows: int, last: int, k: int, number: int) -> None:
    if number > 1 and rows % (number * k):
        times = f" times `discriminator_steps`, {k}" if k > 1 else ""
        raise ValueError(
            f"The batch size must be a multiple of the number of replicas, {number}{times}: each "
            f"device gets as many samples. Received: batch size {rows}."
        )
    if number > 1 and last and last - (number - 1) * (rows // number) < k:
        raise ValueError(
            "The last batch of an epoch must have enough rows for each replica: leave out "
            f"{last} samples, or choose another `batch_size`. "
            f"Received: {number} replicas, batch size {rows}, a last batch of {last}."
        )
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
