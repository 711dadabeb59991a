"""Batches: their parts, their rows, and how many rows Keras gives them."""

import itertools
import math
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from kgan.game import replicas

__all__ = [
    "Minibatch",
    "Peeked",
    "array_batch_size",
    "is_array",
    "is_picture",
    "num_trained_on",
    "peeked",
    "require_floating",
    "split",
    "unpack",
    "within",
]

SCALING = (
    "kgan.datasets.from_arrays scales bytes, other integers and booleans; by hand, for images in "
    "[0, 255], `images.astype('float32') / 127.5 - 1`"
)


class Peeked:
    """A Python generator of batches whose first one can be looked at; `iter` still gives it.

    Args:
        batches: the generator.
    """

    def __init__(self, batches: Iterator[Any]) -> None:
        self.first = next(batches, None)
        self._rest = batches

    def __iter__(self) -> Iterator[Any]:
        """A generator of tuples, which Keras asks for."""
        for batch in itertools.chain([] if self.first is None else [self.first], self._rest):
            yield batch if isinstance(batch, tuple) else (batch,)


def peeked(x: Any) -> Any:
    """`x`; a Python generator as `Peeked`."""
    return Peeked(x) if isinstance(x, types.GeneratorType) else x


def unpack(data: Any, num_classes: int | None) -> tuple[Any, Any]:
    """The `(images, labels)` of a batch; labels None for networks that take none.

    Raises:
        ValueError: if the batch does not have the parts that the networks need.
    """
    images, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
    if weights is not None:
        raise ValueError(
            "A batch must be `images`, or the pair `(images, labels)`: in the game every sample "
            "counts alike. Received: a batch of three parts, the third of which would be weights."
        )
    if isinstance(images, dict | list | tuple):
        raise ValueError(
            "A batch must be `images`, or the pair `(images, labels)`. Received: a batch whose "
            f"first part is a {type(images).__name__}."
        )
    require_floating(images)
    if num_classes and labels is None:
        raise ValueError(
            f"The networks take labels (num_classes={num_classes}), and the data has none: give "
            "batches of (images, labels), as from kgan.datasets with `with_labels=True`; or "
            "build the networks without `num_classes`."
        )
    if labels is not None and not num_classes:
        raise ValueError(
            "The data has labels, and the networks take none: build them with `num_classes`, or "
            "leave the labels out, as kgan.datasets does with `with_labels=False`."
        )
    return images, labels


def within(labels: Any, num_classes: int) -> Any:
    """`labels`, which end a step with an error where one is out of range (but not under XLA)."""
    labels = tf.convert_to_tensor(labels)
    valid = tf.logical_and(labels >= 0, labels < num_classes)
    message = f"`labels` must be in 0..{num_classes - 1} (num_classes={num_classes})."
    with tf.control_dependencies([tf.debugging.assert_equal(valid, True, message)]):
        return tf.identity(labels)


def require_floating(images: Any) -> None:
    """Raises ValueError unless samples are floating point."""
    if "float" not in images.dtype.name:
        raise ValueError(
            f"Samples must be floating point, images in [-1, 1]: {SCALING}. "
            f"Received: dtype {images.dtype.name}."
        )


class Minibatch(NamedTuple):
    """What one update learns from: images, labels or None, and which rows of the batch they are."""

    images: Any
    labels: Any
    share: replicas.Share


def split(images: Any, labels: Any, k: int) -> list[Minibatch]:
    """A batch as k minibatches of equal size: minibatch i is `images[i::k]`.

    All rows are used where k divides them; of a shorter last batch the largest multiple of k.

    Raises:
        ValueError: if there are fewer than k rows.
    """
    usable = _usable_rows(images, k)
    slices = [slice(i, usable, k) for i in range(k)]
    share = replicas.share_of(images[slices[0]])
    return [Minibatch(images[i], None if labels is None else labels[i], share) for i in slices]


def _usable_rows(images: Any, k: int) -> Any:
    rows = images.shape[0]
    if rows is not None and rows >= k:
        return rows - rows % k
    message = (
        f"A batch must have at least discriminator_steps={k} rows; "
        "batch the data with drop_remainder=True."
    )
    if rows is not None:
        raise ValueError(f"{message} Received: a batch of {rows}.")
    rows = tf.shape(images)[0]
    with tf.control_dependencies([tf.debugging.assert_greater_equal(rows, k, message)]):
        return rows - rows % k


def is_array(x: Any) -> bool:
    """Whether `x` is an array: of NumPy, TensorFlow, or anything that NumPy reads as one."""
    return hasattr(x, "__array__")


def is_picture(samples: Any) -> bool:
    """Whether samples are pictures: `(num_samples, height, width, 1, 3 or 4)`."""
    return samples.ndim == 4 and samples.shape[-1] in (1, 3, 4)


def num_trained_on(x: Any, validation_split: float) -> int:
    """The number of rows of an array that are left to train on."""
    return math.floor(len(x) * (1 - validation_split))


def array_batch_size(
    x: Any, batch_size: int | None, steps_per_epoch: int | None, validation_split: float = 0.0
) -> int | None:
    """The batch size that Keras chooses for an array; `batch_size` where `x` is not one."""
    if batch_size or not is_array(x):
        return batch_size
    number = num_trained_on(x, validation_split)
    return math.ceil(number / steps_per_epoch) if steps_per_epoch else 32
