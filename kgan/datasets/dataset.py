"""What every data set of kgan is: batches whose order is a function of the seed."""

import functools
import pathlib
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kgan import checks
from kgan.datasets import scaling

__all__ = ["STEPS_PER_EPOCH", "Dataset"]

# How many steps count as an epoch where the length of a training is given in steps.
STEPS_PER_EPOCH = 100


class Dataset(tf.data.Dataset):
    """One epoch of batches, as any tf.data.Dataset; and an endless stream from any step.

    `from_step` is what makes a run go on as if it had never stopped: batch i is a pure function of
    (data, seed, i). Each epoch has its own order, and drops what does not fill a batch. The data
    is held in memory once, images as bytes, and becomes float32 in [-1, 1] a batch at a time.

    What `map` and the other methods of tf.data return is a plain tf.data.Dataset of one epoch, the
    same order each time. To transform what is trained on, transform the stream, and say how long
    an epoch is: `gan.fit(dataset.from_step(0).map(flip), steps_per_epoch=dataset.steps_per_epoch)`.

    Args:
        samples: an array `(num_samples, ...)` of numbers; `from_arrays` says how they become
            [-1, 1].
        labels: integers `(num_samples,)`, or None.
        batch_size: samples per batch.
        seed: an integer; decides the order.
        num_classes: how many classes the labels have; by default the largest label plus one.
        class_names: what the classes are called, a tuple of `num_classes` strings.
        distribution: the known density of the samples, such as a `GaussianMixture`.
        skipped: pairs of a path and the reason why it is not among the samples.
        value_range: the pair of values that become -1 and 1, instead of what the rule finds. The
            attribute of this name is what was found: None where values stay as they are.
        steps_per_epoch: how many batches count as an epoch: more than there are, where there are
            few samples, so that an epoch is worth a line in a log. `None`: all whole batches.

    Raises:
        ValueError: if there are fewer samples than one batch needs, or their values cannot be
            scaled.
    """

    def __init__(
        self,
        samples: np.ndarray,
        labels: Any = None,
        *,
        batch_size: int = 64,
        seed: int = 0,
        num_classes: int | None = None,
        class_names: tuple[str, ...] | None = None,
        distribution: Any = None,
        skipped: Sequence[tuple[pathlib.Path, str]] = (),
        value_range: scaling.ValueRange = None,
        steps_per_epoch: int | None = None,
    ) -> None:
        _check(samples, batch_size, seed, steps_per_epoch)
        if labels is not None and num_classes is None:
            num_classes = int(np.max(labels)) + 1
        samples, self._scaling = scaling.prepare(samples, value_range)
        self.value_range = self._scaling
        self.batch_size = int(batch_size)
        self.seed = int(seed)
        self.num_samples = len(samples)
        self.num_classes = num_classes
        self.class_names = class_names
        self.distribution = distribution
        self.skipped = skipped
        self._steps_per_epoch = steps_per_epoch
        with tf.device("CPU:0"):
            self._samples = tf.constant(samples)
            self._labels = None if labels is None else tf.constant(labels, "int32")
        counted = tf.data.experimental.assert_cardinality(self.steps_per_epoch)
        self._epoch = self.from_step(0).take(self.steps_per_epoch).apply(counted)
        super().__init__(tf.data.experimental.to_variant(self._epoch))

    # The one private name of TensorFlow that kgan relies on: a subclass of tf.data.Dataset cannot
    # be made without it, since there it is an abstract method.
    def _inputs(self):
        return [self._epoch]

    @property
    def element_spec(self) -> Any:
        return self._epoch.element_spec

    @property
    def steps_per_epoch(self) -> int:
        """How many batches count as an epoch: by default all whole ones."""
        return self._steps_per_epoch or self.num_samples // self.batch_size

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The shape of a sample."""
        return tuple(self._samples.shape[1:])

    @property
    def samples(self) -> np.ndarray:
        """All samples, float32 `(num_samples, ...)`, in the data's own order; a fresh copy."""
        samples = self._samples.numpy()
        if np.issubdtype(samples.dtype, np.floating):
            return samples
        return scaling.scale(samples.astype("float32"), self._scaling)

    @property
    def labels(self) -> np.ndarray | None:
        """All labels, int32 `(num_samples,)`, in the data's own order; None without labels."""
        return None if self._labels is None else self._labels.numpy()

    @functools.cached_property
    def extremes(self) -> tuple[float, float]:
        """The smallest and the largest value of all samples, as batches have them."""
        with tf.device("CPU:0"):
            both = tf.stack([tf.reduce_min(self._samples), tf.reduce_max(self._samples)])
            low, high = scaling.unit(both, self._scaling).numpy()
        return float(low), float(high)

    @functools.cached_property
    def identity(self) -> dict[str, int]:
        """What distinguishes these batches from those of other data: a dict of integers."""
        parts = [self._samples, *([] if self._labels is None else [self._labels])]
        # Bytes that are scaled as bytes have the identity that they had in version 0.1.0.
        usual = self.value_range in (None, (0, 255))
        checksum = 0 if usual else zlib.crc32(repr(self.value_range).encode())
        for part in parts:
            checksum = zlib.crc32(np.ascontiguousarray(part.numpy()).data, checksum)
        return {
            "num_samples": self.num_samples,
            "batch_size": self.batch_size,
            "seed": self.seed,
            "checksum": checksum,
        }

    def subset(self, rows: Any, batch_size: int | None = None) -> "Dataset":
        """The samples at these places, an array of integers; in batches of the same size."""
        return self._remade(rows, batch_size or self.batch_size, self._steps_per_epoch)

    def batched(self, batch_size: int, steps_per_epoch: int | None = None) -> "Dataset":
        """The same samples in batches of another size, and epochs of another length."""
        return self._remade(None, batch_size, steps_per_epoch)

    def _remade(self, rows, batch_size, steps_per_epoch):
        samples, labels = self._samples.numpy(), self.labels
        if rows is not None:
            samples, labels = samples[rows], None if labels is None else labels[rows]
        as_kept = self._scaling
        if self._samples.dtype.is_floating:  # Scaled already, if at all.
            as_kept = (-1.0, 1.0) if self._scaling or max(map(abs, self.extremes)) <= 1 else None
        remade = Dataset(
            samples,
            labels,
            batch_size=batch_size,
            seed=self.seed,
            num_classes=self.num_classes,
            class_names=self.class_names,
            distribution=self.distribution,
            skipped=self.skipped,
            value_range=as_kept,
            steps_per_epoch=steps_per_epoch,
        )
        remade._scaling, remade.value_range = self._scaling, self.value_range
        return remade

    def from_step(self, step: int) -> tf.data.Dataset:
        """The endless stream of batches, from batch `step` on; it starts there at once.

        Returns:
            A tf.data.Dataset of `images`, or of `(images, labels)`.
        """
        batches, batch_size = self.num_samples // self.batch_size, self.batch_size

        def order(epoch):
            seed = tf.stack([tf.constant(self.seed, "int64"), epoch])
            indices = tf.range(self.num_samples)
            indices = tf.random.experimental.stateless_shuffle(indices, seed)
            indices = tf.reshape(indices[: batches * batch_size], (batches, batch_size))
            return tf.data.Dataset.from_tensor_slices(indices)

        def gather(indices):
            images = scaling.unit(tf.gather(self._samples, indices), self._scaling)
            return images if self._labels is None else (images, tf.gather(self._labels, indices))

        epochs = tf.data.Dataset.range(step // batches, tf.int64.max)
        stream = epochs.flat_map(order).skip(step % batches).map(gather).prefetch(2)
        options = tf.data.Options()
        options.autotune.enabled = False  # Its threads make an epoch's end wait for seconds.
        return stream.with_options(options)


def _check(samples, batch_size, seed, steps_per_epoch):
    checks.check_positive_integer("batch_size", batch_size)
    checks.check_seed(seed)
    if steps_per_epoch is not None:
        checks.check_positive_integer("steps_per_epoch", steps_per_epoch)
    if not len(samples):
        raise ValueError("The data must hold at least one sample. Received: none.")
    if len(samples) < batch_size:
        raise ValueError(
            "`batch_size` must be at most the number of samples. "
            f"Received: batch_size={batch_size}, and {len(samples)} of them."
        )
