"""Whether a batch is what the networks were built for."""

import keras
import numpy as np
import tensorflow as tf

from kgan.checks.networks import operations

FIX = (
    "kgan.datasets.from_arrays does it for uint8 images; by hand it is "
    "`images.astype('float32') / 127.5 - 1`"
)


def check_first_batch(gan, x, y=None, batch_size=None, discriminator_steps=1):
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
    _check_classes(gan, getattr(x, "num_classes", None))
    _check_divisible(len(images), last, discriminator_steps)


def is_array(x):
    """Whether `x` is an array: of NumPy, TensorFlow, or what NumPy takes for one."""
    return hasattr(x, "__array__")


def _check_classes(gan, num_classes):
    if num_classes and num_classes > gan.num_classes:
        raise ValueError(
            f"The data has {num_classes} classes, and the networks were built for fewer "
            f"(num_classes={gan.num_classes})."
        )


def unpack(data, num_classes):
    """The `(images, labels)` of a batch; labels None for networks that take none."""
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
    _check_floating(images)
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


def check_batch(gan, images, labels):
    """Raises where `images` or `labels` are not what the networks were built for."""
    images = np.asarray(images)
    wanted = gan.discriminator.inputs[0].shape[1:]
    if images.shape[1:] != wanted:
        raise ValueError(
            f"The discriminator was built for samples of shape {wanted}. "
            f"Received: a batch of shape {images.shape}, samples of shape {images.shape[1:]}."
            + _shape_hint(images.shape[1:], wanted)
        )
    _check_floating(images)
    _check_values(images.astype("float32"), _is_bounded(gan.generator))
    if (labels is None) != (gan.num_classes is None):
        unpack((images, labels), gan.num_classes)
    if labels is not None:
        check_labels(labels, gan.num_classes, len(images))


def _shape_hint(shape, wanted):
    if (*shape, 1) == tuple(wanted):
        return " Give grey images a channel: images[..., None]."
    if len(shape) == 3 and shape[0] in (1, 3) and (*shape[1:], shape[0]) == tuple(wanted):
        return " Channels come last: np.moveaxis(images, 1, -1)."
    return ""


def _is_bounded(generator):
    """Whether G can only make values in [-1, 1]."""
    *_, last = operations(generator)
    return getattr(getattr(last, "activation", None), "__name__", "") in {"tanh", "scaled_tanh"}


def _check_floating(images):
    if "float" not in images.dtype.name:
        raise ValueError(
            f"Samples must be floating point, images in [-1, 1]: {FIX}. "
            f"Received: dtype {images.dtype.name}."
        )


def _check_values(images, bounded):
    low, high = images.min(initial=np.inf), images.max(initial=-np.inf)
    if not np.all(np.isfinite(images)):
        raise ValueError("Samples must be finite. Received: a batch with NaN or infinite values.")
    if (bounded or images.ndim == 4) and (low < -1.001 or high > 1.001):
        raise ValueError(
            f"Samples must be in [-1, 1]; of images in [0, 255], {FIX}. "
            f"Received: values from {low:g} to {high:g}."
        )
    # Scaled from bytes to [-1, 1] a value is an odd multiple of 1/255: none lies near zero.
    if images.ndim == 4 and len(images) > 1 and 0 <= low < 1 / 256:
        raise ValueError(
            "Images must be in [-1, 1], and these look like [0, 1]: use `2 * images - 1`. "
            f"Received: values from {low:g} to {high:g}."
        )


def check_labels(labels, num_classes, num_samples):
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


def _check_divisible(rows, last, k):
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


def usable_rows(images, k):
    """How many rows of a batch make k slices of as many.

    All of a batch that k divides; of a shorter last batch the largest multiple of k.
    """
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
