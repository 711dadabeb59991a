"""Looking at data outside of training: what `fit` trains on, and what nobody trains on."""

import collections
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.game import batches

__all__ = [
    "LEAST_HELD_OUT",
    "check_apart",
    "check_near",
    "check_shape",
    "held_out_pair",
    "training_pair",
]

# Of fewer held-out samples nothing can be concluded.
LEAST_HELD_OUT = 100
# Fewer held-out samples than this may be training data by chance: many data sets repeat some.
LEAST_KNOWN = 10
# Held-out data that is farther than this from training data, as noise is, is something else. So is
# data that varies so many times as much, or as little: for [0, 1] in place of [-1, 1] it is 2.
FAR_OFF, OTHER_RANGE = 1.0, 1.6

# Samples, and integer labels or None.
Pair = tuple[np.ndarray, np.ndarray | None]


def held_out_pair(held_out: Any, least: int = 1) -> Pair:
    """Held-out samples and labels, as callbacks and augmentations are given them.

    Args:
        held_out: samples `(num_samples, ...)`, the pair of them and their labels, or a
            `kgan.datasets.Dataset`.
        least: how many there must be.

    Returns:
        The pair of the samples, float32, and their labels, int32 `(num_samples,)` or None.

    Raises:
        ValueError: if they are not as many samples, floats and finite.
    """
    if hasattr(held_out, "samples"):  # A data set of kgan.
        held_out = held_out.samples, held_out.labels
    is_pair = isinstance(held_out, tuple | list) and len(held_out) == 2
    samples, labels = held_out if is_pair else (held_out, None)
    try:
        samples = np.asarray(samples)
    except ValueError:  # Its parts have different shapes.
        samples = np.array(None)
    if samples.dtype == object:
        raise ValueError(
            "`held_out` must be an array of samples, the pair of them and their labels, or a data "
            f"set of kgan.datasets. Received: {type(held_out).__name__}."
        )
    if samples.ndim < 2 or samples.dtype.kind != "f" or len(samples) < least:
        many = "samples" if least == 1 else f"at least {least} samples"
        raise ValueError(
            f"`held_out` must be {many} as the generator draws them, floats (num_samples, ...), "
            "with their labels or without; kgan.datasets.from_arrays scales bytes. "
            f"Received: {samples.dtype} of shape {samples.shape}."
        )
    if not np.isfinite(samples).all():
        raise ValueError("`held_out` must be finite. Received: values that are NaN or infinite.")
    if labels is None:
        return samples.astype("float32"), None
    labels = np.asarray(labels)
    is_whole = labels.dtype.kind in "iuf" and np.array_equal(labels, np.rint(labels))
    if not is_whole or labels.shape != (len(samples),):
        raise ValueError(
            "The labels of `held_out` must be integers, one for each sample. "
            f"Received: {labels.dtype} of shape {labels.shape} for {len(samples)} samples."
        )
    return samples.astype("float32"), labels.astype("int32")


def check_shape(held_out: np.ndarray, gan: Any) -> None:
    """Raises a ValueError if held-out samples do not have the shape that the generator draws."""
    shape = tuple(gan.generator.output_shape[1:])
    if held_out.shape[1:] != shape:
        raise ValueError(
            f"`held_out` must hold samples of shape {shape}, as the generator draws. "
            f"Received: shape {held_out.shape[1:]}."
        )


def check_apart(held_out: np.ndarray, training: np.ndarray, num_samples: int) -> None:
    """Raises a ValueError if about half of the held-out samples or more are training data.

    Some training data is enough to tell, if there are not too few held-out samples. Data may repeat
    itself: then training samples are like other training samples, too.

    Args:
        held_out: all held-out samples, float32.
        training: some training samples, drawn at random.
        num_samples: how many training samples there are in all.
    """
    rows = collections.Counter(np.asarray(row, "float32").tobytes() for row in training)
    found = sum(row.tobytes() in rows for row in held_out)
    twins = sum(number for number in rows.values() if number > 1) / len(training)
    half = len(training) / num_samples / 2  # Of the held-out samples, if half were known.
    if found >= max(max(half, 2 * twins) * len(held_out), LEAST_KNOWN):
        raise ValueError(
            "`held_out` must be data that nobody trains on. Received: data of which about half or "
            "more is in the training data."
        )


def check_near(distance: float, variety: float) -> None:
    """Raises a ValueError if held-out samples are of another kind, or in another range.

    Args:
        distance: their energy distance to training data, over the mean distance of its samples.
        variety: their mean distance from each other, over the same.
    """
    if distance > FAR_OFF or not 1 / OTHER_RANGE < variety < OTHER_RANGE:
        raise ValueError(
            "`held_out` must be of the same kind as the training data, in the same range. "
            f"Received: samples that are {variety:.2g} times as far from each other as training "
            f"samples are, with an energy distance of {distance:.2g} to these; noise has about 1. "
            "Scale both alike, or give other data."
        )


def training_pair(
    data: Any, labels: Any, num_batches: int, most: int, seed: int | None = None
) -> Pair | None:
    """Samples of what `fit` trains on, and their labels.

    Args:
        data, labels: what `fit` was given as `x` and `y`.
        num_batches: how many batches of a stream are an epoch; -1 for all of it.
        most: how many samples of a stream are looked at; with a `seed`, how many of any data.
        seed: of which samples; None for all of an array or a data set of kgan.

    Returns:
        The pair of different samples, float32, and int32 labels or None. None for data at which
        one cannot look before training, such as a Python generator.
    """
    if hasattr(data, "samples"):
        if seed is not None and data.num_samples > most:  # Only these become float32.
            data = data.subset(_rows_of(data.num_samples, most, seed), batch_size=1)
        return data.samples, data.labels
    if batches.is_array(data):
        return _some(np.asarray(data, "float32"), labels, most, seed)
    if isinstance(data, tf.data.Dataset):
        rows = data.take(num_batches).unbatch().take(most).as_numpy_iterator()
    elif isinstance(data, keras.utils.PyDataset):
        rows = _batched_rows(data, num_batches, most)
    else:
        return None
    every = [tf.nest.flatten(row) for row in rows]
    once = list({row[0].tobytes(): row for row in every}.values())  # It may repeat.
    has_labels = len(once[0]) > 1
    samples = np.stack([row[0] for row in once]).astype("float32")
    return samples, np.array([row[1] for row in once], "int32") if has_labels else None


def _batched_rows(data, num_batches, most):
    """The rows of the first batches of a PyDataset."""
    wanted = [one for one in (data.num_batches, num_batches) if one is not None and one > 0]
    number = 0
    for i in range(min(wanted, default=1)):
        for row in zip(*map(np.asarray, tf.nest.flatten(data[i])), strict=True):
            yield row
            number += 1
            if number == most:
                return


def _some(samples, labels, most, seed):
    labels = None if labels is None else np.asarray(labels).astype("int32")
    if seed is None or len(samples) <= most:
        return samples, labels
    rows = _rows_of(len(samples), most, seed)
    return samples[rows], None if labels is None else labels[rows]


def _rows_of(number, most, seed):
    return np.random.default_rng(seed).permutation(number)[:most]
