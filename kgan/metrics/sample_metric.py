"""What every measure is as a Keras metric."""

import warnings
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kgan import features as features_module
from kgan.game import replicas
from kgan.metrics.estimates import LEAST_SAMPLES

__all__ = ["ClassifierMetric", "SampleMetric"]


class SampleMetric(keras.metrics.Metric):
    """A measure of generated samples beside real ones, taken once an evaluation.

    For `gan.compile(metrics=[...])` and `evaluate`, or `fit(validation_data=...)`: each batch adds
    the features of its samples, real and generated, and when Keras asks, at the end, the measure is
    taken of all of them, in float64. Until then, after a reset, and where a sample is not finite,
    the result is NaN. By itself:
    `metric.update_state(real_samples, generated_samples)`, then `metric.result()`.

    The name of a metric ends with that of its features. A metric in a `.keras` file comes back if
    its features have a name; one with a network or with data of one's own comes back empty, says
    so, and is NaN until the GAN is compiled again.

    Args:
        features: what `kgan.features.get` takes.
        num_samples: of how many samples, real and generated, the first ones; of fewer, if there
            are no more.
        name: instead of the measure's and the features'.

    Raises:
        ConnectionError, TypeError, ValueError: as `kgan.features.get`.
    """

    # What the metric is called, before its features.
    measure: str | None = None
    # The names of its numbers, where there are several; they then stand for `measure`.
    parts: tuple[str, ...] = ()
    needs_labels = False
    # Whether real samples are looked at too.
    needs_real = True

    def __init__(
        self, features: Any = "raw", num_samples: int = 10_000, name: str | None = None
    ) -> None:
        if not isinstance(num_samples, int) or num_samples < LEAST_SAMPLES:
            raise ValueError(
                f"`num_samples` must be an integer of at least {LEAST_SAMPLES}. "
                f"Received: num_samples={num_samples!r}."
            )
        self.extractor: Any = None if features is None else features_module.get(features)
        ending = f"_{self.extractor.name}" if self.extractor else ""
        super().__init__(name=name or f"{self.measure}{ending}", dtype="float32")
        self.num_samples = num_samples
        self._identifier = features
        self._size: int | None = None  # How many numbers are kept of a sample.
        self._stores: dict[str, _Store] = {}

    @property
    def result_names(self) -> list[str]:
        """The names of the numbers, as they are in the logs."""
        if not self.parts:
            return [self.name]
        if self.name == self.measure:
            return list(self.parts)
        if self.measure in self.name:
            return [self.name.replace(self.measure, part) for part in self.parts]
        return [f"{self.name}_{part}" for part in self.parts]

    def check_samples(self, shape: tuple[int, ...]) -> None:
        """Raises where samples of this shape cannot be measured.

        Raises:
            ValueError: if so.
        """
        if self.extractor is None:
            return
        specs = tf.TensorSpec((None, *shape)), tf.TensorSpec((None,), "int32")
        try:
            rows = tf.function(self.look).get_concrete_function(*specs)
        except NotImplementedError as error:
            raise ValueError(
                f"The features {self.extractor.name!r} must be computed by TensorFlow or "
                f"keras.ops, as a training step is a graph. Received: {error}"
            ) from error
        size = rows.structured_outputs.shape[1]
        self._size = size
        self.check_size(size)
        self.check_number(self.num_samples)
        if replicas.are_mirrored(tf.distribute.get_strategy()):  # There no step can make them.
            for kind in ("real", "generated") if self.needs_real else ("generated",):
                self._store(kind, size)

    def check_number(self, number: int) -> None:
        """Raises where so many samples, of those of `check_samples`, cannot be measured.

        Raises:
            ValueError: if so.
        """
        if self._size is None:
            return
        least, number = self.least_samples(self._size), min(self.num_samples, number)
        if number < least:
            raise ValueError(
                f"The metric {self.name!r} needs at least {least} samples, of {self._size} numbers "
                f"each. Received: {number}; give it more by its `num_samples`, or more validation "
                "data."
            )

    def check_size(self, size: int) -> None:
        """Raises where so many numbers a sample cannot be measured."""

    def least_samples(self, size: int) -> int:
        """How many samples, of so many numbers each, the measure takes."""
        return LEAST_SAMPLES

    def update_state(self, real_samples: Any, generated_samples: Any, labels: Any = None) -> None:
        """Takes in a batch.

        Args:
            real_samples, generated_samples: `(batch, ...)`, images in [-1, 1].
            labels: what the generated ones were asked to be, `(batch,)`, for a measure of that.
        """
        if self.extractor is None:
            return
        batches = {"real": real_samples} if self.needs_real else {}
        for kind, samples in (batches | {"generated": generated_samples}).items():
            if not tf.is_tensor(samples) or samples.dtype != tf.float32:
                samples = ops.convert_to_tensor(samples, "float32")
            rows = self.look(samples, labels)
            self._store(kind, rows.shape[1]).add(replicas.gather(rows))

    def look(self, samples: Any, labels: Any) -> Any:
        """What is kept of a batch, `(batch, size)`."""
        return self.extractor(samples)[0]

    def take(self, **collected: np.ndarray) -> Any:
        """The measure, of the rows that were kept: a number, or one for each of `parts`."""
        raise NotImplementedError

    def result(self) -> float | dict[str, float]:
        unknown = dict.fromkeys(self.result_names, float("nan"))
        collected = {kind: store.rows() for kind, store in self._stores.items()}
        if collected and all(len(rows) and np.isfinite(rows).all() for rows in collected.values()):
            values = np.atleast_1d(self.take(**collected))
            unknown = dict(zip(self.result_names, map(float, values), strict=True))
        return unknown if self.parts else unknown[self.name]

    def reset_state(self) -> None:
        for store in self._stores.values():
            store.count.assign(0)

    def get_config(self) -> dict[str, Any]:
        features = self._identifier
        if self.extractor is not None and features_module.is_known(self.extractor):
            features = self.extractor.name
        features = features if isinstance(features, str) else None
        return {"features": features, "num_samples": self.num_samples, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        missing = [name for name in ("features", "training_samples") if config.get(name, 0) is None]
        reason = f"had `{missing[0]}` of your own, which are not in the file" if missing else ""
        try:
            metric = cls(**config)
        except ConnectionError as error:
            metric, reason = cls(**config | {"features": None}), f"has no features ({error})"
        if reason:
            warnings.warn(
                f"The metric {metric.name!r} {reason}: it is NaN. Where it is needed, compile the "
                "GAN with it and with all else as before; the optimizers then start over.",
                stacklevel=2,
            )
        return metric

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Saves nothing: what was collected is of one evaluation."""

    def load_own_variables(self, store: dict[str, Any]) -> None:
        """Loads nothing."""

    def _store(self, kind, size):
        if kind not in self._stores:
            self._stores[kind] = _Store(self, kind, self.num_samples, size)
        return self._stores[kind]


class ClassifierMetric(SampleMetric):
    """A measure of what a classifier says of samples; of the generated ones alone, by default."""

    needs_real = False

    def __init__(self, features: Any, num_samples: int = 10_000, name: str | None = None) -> None:
        super().__init__(features, num_samples, name)

    def look(self, samples: Any, labels: Any) -> Any:
        return ops.softmax(self.extractor.logits(samples))


class _Store:
    """Rows of numbers in two variables of a fixed size, which a traced step can fill."""

    def __init__(self, metric, kind, capacity, size):
        # What is too much goes into one row more, which is never read. Not `add_variable`, whose
        # variables on several devices cannot be written to a row at a time.
        options = {"initializer": "zeros", "trainable": False}
        shape = (capacity + 1, size)
        self.values = keras.Variable(shape=shape, name=f"{kind}_values", **options)
        self.count = keras.Variable(shape=(), dtype="int32", name=f"{kind}_count", **options)
        setattr(metric, f"_{kind}_variables", [self.values, self.count])  # Keras tracks them.
        self.capacity = capacity

    def add(self, rows):
        number = ops.shape(rows)[0]
        places = ops.minimum(self.count + ops.arange(number, dtype="int32"), self.capacity)
        self.values.value.scatter_update(tf.IndexedSlices(rows, places))
        self.count.assign(ops.minimum(self.count + number, self.capacity))

    def rows(self):
        return self.values.numpy()[: int(self.count.numpy())]
