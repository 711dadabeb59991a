"""The fully connected pair of the 2014 paper."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from kgan.layers import Maxout

__all__ = ["mlp", "scaled_tanh"]


@keras.saving.register_keras_serializable("kgan")
def scaled_tanh(x: Any) -> Any:
    """tanh(x / 2) = 2 sigmoid(x) - 1: the 2014 paper's sigmoid, in [-1, 1] instead of [0, 1]."""
    return keras.ops.tanh(x / 2)


def mlp(
    image_shape: int | Sequence[int],
    latent_dim: int = 100,
    *,
    generator_units: Sequence[int] = (1200, 1200),
    discriminator_units: Sequence[int] = (240, 240),
    maxout_pieces: int = 5,
    output_activation: str = "scaled_tanh",
    num_classes: int | None = None,
) -> tuple[keras.Model, keras.Model]:
    """ReLU layers in the generator, maxout and dropout in the discriminator.

    Use it for vectors, for points, and to reproduce the paper's MNIST network, whose sizes and
    initial weights are the defaults: Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, with
    the numbers of the code published beside it. With `num_classes` a one-hot label, which may
    learn, is put beside the latents and beside the samples, as in Mirza and Osindero 2014,
    https://arxiv.org/abs/1411.1784.

    Args:
        image_shape: the shape of a sample, of any rank: `(28, 28, 1)` for images, `(2,)` for points
            in the plane. An integer n is `(n,)`.
        latent_dim: how many latents.
        generator_units: how many units each hidden layer of G has.
        discriminator_units: how many maxout units each hidden layer of D has.
        maxout_pieces: how many linear functions each maxout unit is the maximum of.
        output_activation: G's last: `"scaled_tanh"` for samples in [-1, 1], `"linear"` for points
            that have no bounds.
        num_classes: how many classes the labels have. `None`: networks without labels.

    Returns:
        `(generator, discriminator)`, functional models with inputs `latents`
        `(batch, latent_dim)`, `images` `(batch, *image_shape)` and `labels` `(batch,)`; G's
        output is float32 `(batch, *image_shape)`, D's the float32 logits `(batch, 1)`.

    Raises:
        ValueError: if a size is below 1 or `output_activation` is neither of the two.
    """
    shape = (image_shape,) if isinstance(image_shape, int | np.integer) else tuple(image_shape)
    sizes = (*shape, latent_dim, *generator_units, *discriminator_units, maxout_pieces)
    if not shape or not all(isinstance(size, int | np.integer) and size > 0 for size in sizes):
        raise ValueError(
            "`image_shape`, `latent_dim`, `generator_units`, `discriminator_units` and "
            f"`maxout_pieces` must be integers of at least 1. Received: {sizes}."
        )
    activations = {"scaled_tanh": scaled_tanh, "linear": "linear"}
    if output_activation not in activations:
        raise ValueError(
            f"`output_activation` must be one of {list(activations)}. "
            f"Received: output_activation={output_activation!r}."
        )
    activation = activations[output_activation]
    generator = _generator(shape, latent_dim, generator_units, activation, num_classes)
    return generator, _discriminator(shape, discriminator_units, maxout_pieces, num_classes)


def _generator(shape, latent_dim, units, activation, num_classes):
    uniform = keras.initializers.RandomUniform(-0.05, 0.05)
    latents = keras.Input((latent_dim,), name="latents")
    x, inputs = _beside_label(latents, num_classes)
    for width in units:
        x = layers.Dense(width, activation="relu", kernel_initializer=uniform)(x)
    x = layers.Dense(math.prod(shape), kernel_initializer=uniform, dtype="float32")(x)
    x = layers.Reshape(shape, dtype="float32")(x)
    x = layers.Activation(activation, dtype="float32")(x)
    return keras.Model(inputs if num_classes else latents, x, name="generator")


def _discriminator(shape, units, pieces, num_classes):
    uniform = keras.initializers.RandomUniform(-0.005, 0.005)
    images = keras.Input(shape, name="images")
    x = layers.Dropout(0.2)(layers.Flatten()(images))
    x, (_, *labels) = _beside_label(x, num_classes)
    for width in units:
        x = Maxout(width, pieces, kernel_initializer=uniform)(x)
        x = layers.Dropout(0.5)(x)
    x = layers.Dense(1, kernel_initializer=uniform, dtype="float32")(x)
    return keras.Model([images, *labels] if labels else images, x, name="discriminator")


def _beside_label(x, num_classes):
    """A learnable one-hot label beside x, and `[x, labels]`; x and `[x]` without classes."""
    if num_classes is None:
        return x, [x]
    labels = keras.Input((), dtype="int32", name="labels")
    one_hot = layers.Embedding(num_classes, num_classes, embeddings_initializer="identity")(labels)
    return layers.Concatenate()([x, one_hot]), [x, labels]
