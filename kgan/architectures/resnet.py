"""The residual pair of Miyato et al. 2018: spectral normalization in the discriminator."""

import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from kgan.game import replicas
from kgan.layers import ConditionalBatchNormalization, SpectralNormalization

__all__ = ["resnet"]

# The paper's: of D's first block below 64 pixels, of that from 64 on, and of any other, relatively.
SMALL_WIDTH, WIDTH, MOST_TIMES = 128, 64, 16


def resnet(
    image_shape: Sequence[int],
    latent_dim: int = 128,
    *,
    width: int | None = None,
    num_classes: int | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Residual blocks: up in the generator, down in a discriminator that is normalized throughout.

    Use it for photographs of 32 pixels and more, with `loss="hinge"` and a GPU. It is the pair of
    Miyato et al. 2018, https://arxiv.org/abs/1802.05957, appendix B, as in its authors' code,
    https://github.com/pfnet-research/sngan_projection. G starts from 4 to 7 pixels, doubles them n
    times, and has batch normalization. Every layer of D has spectral normalization, and its last
    features are summed over all pixels. Below 64 pixels, where n = 3, it is the pair for CIFAR-10:
    all blocks of a network are equally wide, and two of D's four blocks halve the size. From 64 on
    it is the pair for ImageNet: from block to block G gets narrower and D wider, up to 16 times
    `width`, and all of D's n + 1 blocks but the last halve the size.

    With `num_classes` G has conditional batch normalization, and D adds the inner product of a code
    of the label with its features (projection: Miyato and Koyama 2018,
    https://arxiv.org/abs/1802.05637, equation 3).

    For `(32, 32, 3)` G has 4,276,739 parameters and D 1,053,825; with ten classes 4,304,387 and
    1,055,105. These are the trainable ones: moving statistics and the singular vectors of spectral
    normalization are not counted.

    Args:
        image_shape: `(height, width, channels)`: sides of at least 32 pixels that are multiples of
            2ⁿ, where the shorter one is 4 to 7 times 2ⁿ: 32, 40, 48, 56, 64, 80, 96, 112, 128,
            160, ... Channels 1, 3 or 4.
        latent_dim: how many latents.
        width: how many channels D's first block has. G's last block has as many, twice as many
            below 64 pixels. `None`: the paper's, 128 below 64 pixels and 64 from there on.
        num_classes: how many classes the labels have. `None`: networks without labels.

    Returns:
        `(generator, discriminator)`, functional models with inputs `latents`
        `(batch, latent_dim)`, `images` `(batch, height, width, channels)` and `labels` `(batch,)`;
        G's output is float32 images in [-1, 1], D's the float32 logits `(batch, 1)`.

    Raises:
        ValueError: for any other size, channel count or width; names the nearest sizes.

    Example:

    >>> generator, discriminator = kgan.architectures.resnet((32, 32, 3), 16, width=2)
    >>> generator(keras.random.normal((2, 16))).shape
    TensorShape([2, 32, 32, 3])
    """
    shape, num_halvings = _check_image_shape(image_shape)
    is_small = num_halvings == 3
    if width is None:
        width = SMALL_WIDTH if is_small else WIDTH
    if not all(isinstance(n, int | np.integer) and n > 0 for n in (latent_dim, width)):
        raise ValueError(
            "`latent_dim` and `width` must be integers of at least 1. "
            f"Received: latent_dim={latent_dim!r}, width={width!r}."
        )
    if is_small:
        of_generator, of_discriminator, num_halvings = 4 * [2 * width], 4 * [width], 2
    else:
        of_discriminator = [width * min(2**i, MOST_TIMES) for i in range(num_halvings + 1)]
        of_generator = of_discriminator[::-1]
    generator = _generator(shape, of_generator, latent_dim, num_classes)
    return generator, _discriminator(shape, of_discriminator, num_halvings, num_classes)


def _check_image_shape(image_shape: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """The shape, and how often its sides are halved, down to 4 to 7 pixels for the shorter one."""
    shape = tuple(image_shape)
    is_whole = all(isinstance(n, int | np.integer) and n > 0 for n in shape)
    if len(shape) != 3 or not is_whole or shape[2] not in (1, 3, 4):
        raise ValueError(
            "`image_shape` must be (height, width, channels) with 1, 3 or 4 channels. "
            f"Received: image_shape={shape}."
        )
    *sides, channels = (int(n) for n in shape)
    nearest = [_rounded(sides, up) for up in (False, True)]
    if sides not in nearest:
        sizes = " or ".join(dict.fromkeys(f"{(*size, channels)}" for size in nearest))
        raise ValueError(
            "The sides of `image_shape` must be at least 32 pixels and multiples of 2ⁿ, where the "
            "shorter side is 4 to 7 times 2ⁿ (32, 40, 48, 56, 64, 80, 96, ...). "
            f"Received: image_shape={shape}. The nearest possible: {sizes}."
        )
    return (*sides, channels), _num_halvings(sides)


def _num_halvings(sides: Sequence[int]) -> int:
    return (min(sides) // 4).bit_length() - 1


def _rounded(sides: Sequence[int], up: bool) -> list[int]:
    """The nearest sides that are possible, none of them larger than `sides`, or none smaller."""
    sides = [max(side, 32) for side in sides]
    factor = 2 ** _num_halvings(sides)
    rounded = [(side + up * (factor - 1)) // factor * factor for side in sides]
    return rounded if rounded == sides else _rounded(rounded, up)


def _generator(shape, widths, latent_dim, num_classes):
    latents = keras.Input((latent_dim,), name="latents")
    labels = None if num_classes is None else keras.Input((), dtype="int32", name="labels")
    *sides, channels = shape
    first = [side >> len(widths) - 1 for side in sides]
    x = layers.Dense(math.prod(first) * widths[0])(latents)
    x = layers.Reshape((*first, widths[0]))(x)
    for filters in widths[1:]:
        x = _up(x, filters, labels, num_classes)
    x = layers.BatchNormalization(synchronized=replicas.number() > 1, dtype="float32")(x)
    x = layers.ReLU(dtype="float32")(x)
    x = layers.Conv2D(channels, 3, padding="same", dtype="float32")(x)
    x = layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(latents if labels is None else [latents, labels], x, name="generator")


def _discriminator(shape, widths, num_halvings, num_classes):
    images = keras.Input(shape, name="images")
    x = images
    for i, filters in enumerate(widths):
        x = _down(x, filters, is_first=i == 0, is_halved=i < num_halvings)
    x = layers.ReLU()(x)
    features = ops.sum(ops.cast(x, "float32"), axis=(1, 2))
    logits = SpectralNormalization(layers.Dense(1, dtype="float32"))(features)
    if num_classes is None:
        return keras.Model(images, logits, name="discriminator")
    labels = keras.Input((), dtype="int32", name="labels")
    code = layers.Embedding(num_classes, widths[-1], "glorot_uniform", dtype="float32")
    agreement = layers.Dot(axes=1, dtype="float32")([features, SpectralNormalization(code)(labels)])
    logits = layers.Add(dtype="float32")([logits, agreement])
    return keras.Model([images, labels], logits, name="discriminator")


def _up(x, filters, labels, num_classes):
    """A residual block of G, which doubles the size."""
    y = layers.UpSampling2D()(layers.ReLU()(_normalized(x, labels, num_classes)))
    y = _convolution(filters)(y)
    y = layers.ReLU()(_normalized(y, labels, num_classes))
    y = _convolution(filters)(y)
    # In the paper it comes after: the same, for four times the work.
    x = layers.UpSampling2D()(_shortcut(filters)(x))
    return layers.Add()([x, y])


def _down(x, filters, is_first, is_halved):
    """A residual block of D; images are not rectified, and their channels are not kept."""
    y = x if is_first else layers.ReLU()(x)
    y = SpectralNormalization(_convolution(filters if is_first else x.shape[-1]))(y)
    y = SpectralNormalization(_convolution(filters))(layers.ReLU()(y))
    changes = is_halved or filters != x.shape[-1]
    if is_halved:
        x, y = (layers.AveragePooling2D(2)(branch) for branch in (x, y))
    if changes:  # In the paper before the pooling, in all blocks but the first: again the same.
        x = SpectralNormalization(_shortcut(filters))(x)
    return layers.Add()([x, y])


def _convolution(filters):
    glorot = keras.initializers.VarianceScaling(2.0, "fan_avg", "uniform")  # With a gain of √2.
    return layers.Conv2D(filters, 3, padding="same", kernel_initializer=glorot)


def _shortcut(filters):
    return layers.Conv2D(filters, 1)


def _normalized(x, labels, num_classes):
    is_shared = replicas.number() > 1  # On one device it would change the last bits.
    if labels is None:
        return layers.BatchNormalization(synchronized=is_shared)(x)
    return ConditionalBatchNormalization(num_classes, synchronized=is_shared)([x, labels])
