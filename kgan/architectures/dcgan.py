"""The convolutional pair of Radford et al. 2015, with a discriminator that penalties can be on."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from kgan.game import replicas

__all__ = ["dcgan"]


def dcgan(
    image_shape: Sequence[int],
    latent_dim: int = 100,
    *,
    width: int = 64,
    depth: int | None = None,
    num_classes: int | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Strided convolutions throughout: up in the generator, down in the discriminator.

    Use it for images of 8 to 128 pixels. The layers are those of the paper
    (https://arxiv.org/abs/1511.06434, section 3) with these changes. D has no BatchNormalization,
    which would mix the samples that a gradient penalty needs apart. Kernels are 4×4, which their
    stride of 2 divides, so that no pixel gets more of them than its neighbour (Odena et al. 2016,
    https://distill.pub/2016/deconv-checkerboard). Weights begin as Keras begins them, Glorot
    uniform; the paper's are normal with σ = 0.02. It is half as wide; the paper's 64-pixel
    generator has `width=128`.

    With `num_classes` the generator's latents are joined by a learned code of the label, and D
    adds the inner product of another with its features (projection: Miyato and Koyama 2018,
    https://arxiv.org/abs/1802.05637, equation 3).

    Args:
        image_shape: `(size, size, channels)`, size 4·2ⁿ (8, 16, 32, ...) or 28, channels 1 or 3.
        latent_dim: how many latents.
        width: how many channels the layers at half the image's size have; each halving of the
            size doubles them, up to eight times `width`.
        depth: how often the size is halved, at most down to 2 pixels. `None`: down to 4, for 28
            too (28, 14, 7, 4).
        num_classes: how many classes the labels have. `None`: networks without labels.

    Returns:
        `(generator, discriminator)`, functional models with inputs `latents`
        `(batch, latent_dim)`, `images` `(batch, size, size, channels)` and `labels` `(batch,)`;
        G's output is float32 images in [-1, 1], D's the float32 logits `(batch, 1)`.

    Raises:
        ValueError: for any other size, channel count, depth or width.
    """
    size, channels = _check_image_shape(image_shape)
    sizes = _sizes(size)
    depth = sizes.index(4) if depth is None else depth
    if depth not in range(1, len(sizes)):
        raise ValueError(
            f"`depth` must be 1 to {len(sizes) - 1} for images of {size} pixels. "
            f"Received: depth={depth}."
        )
    if not all(isinstance(n, int | np.integer) and n > 0 for n in (latent_dim, width)):
        raise ValueError(
            "`latent_dim` and `width` must be integers of at least 1. "
            f"Received: latent_dim={latent_dim!r}, width={width!r}."
        )
    widths = [width * min(2**i, 8) for i in range(depth)]
    generator = _generator(sizes[depth::-1], widths[::-1], channels, latent_dim, num_classes)
    return generator, _discriminator((size, size, channels), widths, num_classes)


def _sizes(size):
    """The sizes of an image's successive halves, rounded up, down to 2."""
    sizes = [size]
    while sizes[-1] > 2:
        sizes.append(-(-sizes[-1] // 2))
    return sizes


def _check_image_shape(image_shape):
    if len(tuple(image_shape)) != 3 or image_shape[2] not in (1, 3):
        raise ValueError(
            "`image_shape` must be (size, size, channels) with 1 or 3 channels. "
            f"Received: image_shape={image_shape}."
        )
    size = image_shape[0]
    power_of_two = isinstance(size, int | np.integer) and size >= 8 and size & (size - 1) == 0
    if image_shape[1] != size or not (power_of_two or size == 28):
        raise ValueError(
            "`image_shape` must be square, of 4·2ⁿ (8, 16, 32, 64, ...) or 28 pixels. "
            f"Received: image_shape={tuple(image_shape)}."
        )
    return int(size), int(image_shape[2])


def _generator(sizes, widths, channels, latent_dim, num_classes):
    latents = keras.Input((latent_dim,), name="latents")
    x, inputs = latents, [latents]
    if num_classes is not None:
        inputs.append(keras.Input((), dtype="int32", name="labels"))
        x = layers.Concatenate()([x, layers.Embedding(num_classes, latent_dim)(inputs[1])])
    x = layers.Dense(sizes[0] ** 2 * widths[0], use_bias=False)(x)
    x = layers.Reshape((sizes[0], sizes[0], widths[0]))(x)
    is_shared = replicas.number() > 1  # On one device it would change the last bits.
    for i, size in enumerate(sizes[1:]):
        x = layers.ReLU()(layers.BatchNormalization(synchronized=is_shared)(x))
        odd = 1 if size % 2 else None  # From 4 to 7, as D goes from 7 to 4.
        up = {"kernel_size": 4, "strides": 2, "padding": "same", "output_padding": odd}
        if size == sizes[-1]:
            x = layers.Conv2DTranspose(channels, **up, dtype="float32")(x)
        else:
            x = layers.Conv2DTranspose(widths[i + 1], **up, use_bias=False)(x)
    x = layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(inputs if num_classes else latents, x, name="generator")


def _discriminator(image_shape, widths, num_classes):
    images = keras.Input(image_shape, name="images")
    x = images
    for width in widths:
        x = layers.LeakyReLU(0.2)(layers.Conv2D(width, 4, 2, padding="same")(x))
    features = layers.Flatten()(x)
    logits = layers.Dense(1, dtype="float32")(features)
    if num_classes is None:
        return keras.Model(images, logits, name="discriminator")
    labels = keras.Input((), dtype="int32", name="labels")
    code = layers.Embedding(num_classes, features.shape[-1])(labels)
    agreement = layers.Dot(axes=1, dtype="float32")([features, code])
    logits = layers.Add(dtype="float32")([logits, agreement])
    return keras.Model([images, labels], logits, name="discriminator")
