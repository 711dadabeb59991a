"""Batch normalization whose scale and shift depend on the class."""

from typing import Any

import keras
from keras import ops

__all__ = ["ConditionalBatchNormalization"]


@keras.saving.register_keras_serializable("kgan")
class ConditionalBatchNormalization(keras.layers.Layer):
    """Normalizes each channel over the batch, then scales and shifts it by the sample's class.

        y = gamma[label] · (x - mean) / √(variance + epsilon) + beta[label]

    Use it in a generator that takes labels, in the place of `keras.layers.BatchNormalization`:
    Dumoulin et al. 2017, https://arxiv.org/abs/1610.07629, section 2.2; in GANs Miyato and Koyama
    2018, https://arxiv.org/abs/1802.05637. All classes share the statistics. gamma starts at 1,
    beta at 0. Like Keras's layer it computes in float32 in mixed precision.

    Args:
        num_classes: how many classes the labels have.
        momentum, epsilon, synchronized: as in `keras.layers.BatchNormalization`.

    Input: the list `[x, labels]`, x of shape `(batch, ..., channels)`, labels integers `(batch,)`.
    Output shape: that of x.

    Raises:
        ValueError: if `num_classes` is not an integer of at least 1.

    Example:

    >>> x, labels = keras.random.normal((2, 4, 4, 3)), keras.ops.array([0, 7])
    >>> kgan.layers.ConditionalBatchNormalization(10)([x, labels]).shape
    TensorShape([2, 4, 4, 3])
    """

    def __init__(
        self,
        num_classes: int,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(num_classes, int) or num_classes < 1:
            raise ValueError(
                "`num_classes` must be an integer of at least 1. "
                f"Received: num_classes={num_classes!r}."
            )
        self.num_classes = num_classes
        self.normalization = keras.layers.BatchNormalization(
            momentum=momentum,
            epsilon=epsilon,
            center=False,
            scale=False,
            synchronized=synchronized,
            dtype=self.variable_dtype,
        )

    def build(self, input_shape: Any) -> None:
        shape, of_labels = input_shape
        options = {"input_dim": self.num_classes, "output_dim": shape[-1]}
        options["dtype"] = self.variable_dtype
        self.gamma = keras.layers.Embedding(embeddings_initializer="ones", name="gamma", **options)
        self.beta = keras.layers.Embedding(embeddings_initializer="zeros", name="beta", **options)
        self.normalization.build(shape)
        self.gamma.build(of_labels)
        self.beta.build(of_labels)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        x, labels = inputs
        shape = (-1, *[1] * (len(x.shape) - 2), x.shape[-1])
        gamma, beta = (ops.reshape(code(labels), shape) for code in (self.gamma, self.beta))
        normalized = self.normalization(x, training=training)
        return ops.cast(gamma * normalized + beta, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return tuple(input_shape[0])

    def get_config(self) -> dict[str, Any]:
        names = ("momentum", "epsilon", "synchronized")
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            **{name: getattr(self.normalization, name) for name in names},
        }
