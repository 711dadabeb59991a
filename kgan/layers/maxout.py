"""The hidden layers of the 2014 paper's discriminator."""

from typing import Any

import keras
from keras import ops

__all__ = ["Maxout"]


@keras.saving.register_keras_serializable("kgan")
class Maxout(keras.layers.Layer):
    """The largest of several linear functions, for each unit.

        y[i] = max over j of (x · kernel[:, j, i] + bias[j, i])

    Goodfellow et al. 2013, https://arxiv.org/abs/1302.4389; the hidden layers of the
    discriminator of the 2014 paper.

    Args:
        units: how many outputs.
        pieces: how many linear functions each output is the maximum of.
        kernel_initializer: as in `keras.layers.Dense`; the bias starts at zero.

    Input shape: `(batch, features)`. Output shape: `(batch, units)`.
    """

    def __init__(
        self, units: int, pieces: int, kernel_initializer: Any = "glorot_uniform", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.pieces = pieces
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: tuple[Any, ...]) -> None:
        shape = (input_shape[-1], self.pieces * self.units)
        self.kernel = self.add_weight(
            shape=shape, initializer=self.kernel_initializer, name="kernel"
        )
        self.bias = self.add_weight(shape=shape[1:], initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        linear = ops.matmul(inputs, self.kernel) + self.bias
        # Pieces in the middle: TensorFlow is slow at reducing a last axis of a few numbers.
        shape = (-1, *inputs.shape[1:-1], self.pieces, self.units)
        return ops.max(ops.reshape(linear, shape), axis=-2)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "pieces": self.pieces,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
