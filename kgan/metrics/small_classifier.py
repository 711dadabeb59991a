"""A small classifier that measures train from scratch, many times with one graph."""

import functools
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

__all__ = ["Learner", "adamw", "learner", "network", "restart"]


def network(shape: tuple[int, ...], num_outputs: int) -> keras.Model:
    """A classifier that answers with logits: convolutional for images, else one hidden layer.

    Its kernels are zero until `restart` draws them.

    Args:
        shape: of one sample.
        num_outputs: the number of logits.
    """
    options: dict[str, Any] = {"kernel_initializer": "zeros", "dtype": "float32"}
    x = inputs = keras.Input(shape, dtype="float32")
    if len(shape) == 3:
        for width in (16, 32):
            x = layers.Conv2D(width, 4, strides=2, padding="same", activation="relu", **options)(x)
    x = layers.Flatten(dtype="float32")(x)
    x = layers.Dense(64, activation="relu", **options)(x)
    return keras.Model(inputs, layers.Dense(num_outputs, **options)(x))


def adamw(classifier: keras.Model, num_updates: int) -> keras.optimizers.AdamW:
    """An optimizer, already built, whose learning rate falls to 0 over so many updates."""
    schedule = keras.optimizers.schedules.CosineDecay(2e-3, num_updates)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=1e-2)
    optimizer.build(classifier.trainable_variables)
    return optimizer


def restart(classifier: keras.Model, optimizer: keras.optimizers.Optimizer, seed: int) -> None:
    """Gives a classifier fresh weights and its optimizer a fresh state.

    No global random number changes.
    """
    for variable in [*classifier.weights, *optimizer.variables]:
        variable.assign(np.zeros(variable.shape, variable.dtype))
    for number, layer in zip((2, 3), classifier.layers[-2:], strict=True):
        _draw_kernel(layer, 10 * seed + number)
    for number, layer in enumerate(classifier.layers[1:-3]):
        _draw_kernel(layer, 10 * seed + number)


def _draw_kernel(layer, seed):
    layer.kernel.assign(keras.initializers.GlorotUniform(seed)(layer.kernel.shape))


@functools.lru_cache(maxsize=8)
def learner(shape: tuple[int, ...], num_classes: int, num_updates: int) -> "Learner":
    """The `Learner` of these sizes, kept because tracing one takes seconds."""
    return Learner(shape, num_classes, num_updates)


class Learner:
    """A classifier of several classes whose update is one graph, whatever state it is given.

    Args:
        shape: of one sample.
        num_classes: the number of classes.
        num_updates: after how many updates the learning rate has fallen to 0.
    """

    def __init__(self, shape: tuple[int, ...], num_classes: int, num_updates: int) -> None:
        self._network = network(shape, num_classes)
        self._optimizer = adamw(self._network, num_updates)
        self._variables = [*self._network.weights, *self._optimizer.variables]
        self._loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        specs = tf.TensorSpec((None, *shape)), tf.TensorSpec((None,), "int32")
        self.update = tf.function(self._update, input_signature=specs, autograph=False)

    def restart(self, seed: int) -> None:
        """Starts over with the weights of this seed."""
        restart(self._network, self._optimizer, seed)

    @property
    def state(self) -> list[np.ndarray]:
        """The weights and the optimizer's variables; assign what was read to return to it."""
        return [variable.numpy() for variable in self._variables]

    @state.setter
    def state(self, values: list[np.ndarray]) -> None:
        for variable, value in zip(self._variables, values, strict=True):
            variable.assign(value)

    def _update(self, samples, labels):
        weights = self._network.trainable_variables
        with tf.GradientTape() as tape:
            loss = self._loss(labels, self._network(samples, training=True))
        gradients = tape.gradient(loss, [weight.value for weight in weights])
        self._optimizer.apply(gradients, weights)

    def classes(self, samples: np.ndarray) -> np.ndarray:
        """The likeliest class of each sample, integers `(num_samples,)`."""
        parts = np.array_split(samples, -(-len(samples) // 512))
        logits = [self._network(part, training=False) for part in parts]
        return np.concatenate(logits).argmax(axis=1)
