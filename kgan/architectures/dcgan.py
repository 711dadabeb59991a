"""The convolutional pair of Radford et al. 2015, with a discriminator that penalties can be on."""

import itertools
from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from kgan.game import replicas

__all__ = ["dcgan"]

Shape = tuple[int, ...]

# By the number of axes: down, up, and what cuts off the last place of some axes.
CONVOLUTIONS = {
    1: (layers.Conv1D, layers.Conv1DTranspose, layers.Cropping1D),
    2: (layers.Conv2D, layers.Conv2DTranspose, layers.Cropping2D),
    3: (layers.Conv3D, layers.Conv3DTranspose, layers.Cropping3D),
}
LEAST = 8  # The shortest axis.


def dcgan(
    image_shape: Sequence[int],
    latent_dim: int = 100,
    *,
    width: int = 64,
    depth: int | None = None,
    num_classes: int | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Strided convolutions throughout: up in the generator, down in the discriminator.

    Use it for images of 8 to 128 pixels, of any height and width, and for sequences and volumes.
    The layers are those of the paper (https://arxiv.org/abs/1511.06434, section 3) with these
    changes. D has no BatchNormalization, which would mix the samples that a gradient penalty needs
    apart. Kernels are 4 wide, which their stride of 2 divides, so that no pixel gets more of them
    than its neighbour (Odena et al. 2016, https://distill.pub/2016/deconv-checkerboard). Weights
    begin as Keras begins them, Glorot uniform; the paper's are normal with σ = 0.02. It is half as
    wide; the paper's 64-pixel generator has `width=128`.

    With `num_classes` the generator's latents are joined by a learned code of the label, and D
    adds the inner product of another with its features (projection: Miyato and Koyama 2018,
    https://arxiv.org/abs/1802.05637, equation 3).

    Args:
        image_shape: of a sample: an image `(height, width, channels)`, a sequence
            `(length, channels)` or a volume `(depth, height, width, channels)`; each axis at least
            8 long, any number of channels.
        latent_dim: how many latents.
        width: how many channels the layers at half the sample's size have; each halving of the
            size doubles them, up to eight times `width`.
        depth: how often the sizes are halved, rounded up; an axis that is 2 long stays so. `None`:
            each until it is at most 4 (28, 14, 7, 4; of 64×96 pixels 4×6 are left).
        num_classes: how many classes the labels have. `None`: networks without labels.

    Returns:
        `(generator, discriminator)`, functional models with inputs `latents`
        `(batch, latent_dim)`, `images` `(batch, *image_shape)` and `labels` `(batch,)`; G's output
        is float32 samples in [-1, 1], D's the float32 logits `(batch, 1)`.

    Raises:
        ValueError: for any other rank, size, depth or width.
    """
    *size, channels = _check_image_shape(image_shape)
    sizes = _sizes(tuple(size), depth)
    if not all(isinstance(n, int | np.integer) and n > 0 for n in (latent_dim, width)):
        raise ValueError(
            "`latent_dim` and `width` must be integers of at least 1. "
            f"Received: latent_dim={latent_dim!r}, width={width!r}."
        )
    widths = [width * min(2**i, 8) for i in range(len(sizes) - 1)]
    generator = _generator(sizes[::-1], widths[::-1], channels, latent_dim, num_classes)
    return generator, _discriminator(sizes, channels, widths, num_classes)


def _check_image_shape(image_shape):
    shape = tuple(image_shape)
    are_integers = all(isinstance(n, int | np.integer) for n in shape)
    if not (2 <= len(shape) <= 4 and are_integers and shape[-1] > 0):
        raise ValueError(
            "`image_shape` must be (height, width, channels), (length, channels) or "
            f"(depth, height, width, channels). Received: image_shape={shape}."
        )
    if min(shape[:-1]) < LEAST:
        nearest = (*(max(n, LEAST) for n in shape[:-1]), shape[-1])
        what = f"each axis at least {LEAST} long, channels last. The nearest is {nearest}"
        raise ValueError(f"`image_shape` must have {what}. Received: image_shape={shape}.")
    return tuple(map(int, shape))


def _sizes(size: Shape, depth: int | None) -> list[Shape]:
    """The sizes of a sample's successive halves, from its own down."""
    if depth is None:
        return _halves(size, least=4)
    sizes = _halves(size, least=2)
    if depth not in range(1, len(sizes)):
        pixels = "×".join(map(str, size))
        raise ValueError(
            f"`depth` must be 1 to {len(sizes) - 1} for samples of size {pixels}. "
            f"Received: depth={depth}."
        )
    return sizes[: depth + 1]


def _halves(size: Shape, least: int) -> list[Shape]:
    sizes = [size]
    while max(sizes[-1]) > least:
        sizes.append(tuple(-(-n // 2) if n > least else n for n in sizes[-1]))
    return sizes


def _resampling(large: Shape, small: Shape) -> dict[str, Shape]:
    """The kernel and the strides between two sizes: an axis that stays as it is has stride 1."""
    is_halved = [a != b for a, b in zip(large, small, strict=True)]
    kernel, strides = (tuple(pair[halved] for halved in is_halved) for pair in ((3, 4), (1, 2)))
    return {"kernel_size": kernel, "strides": strides}


def _generator(sizes, widths, channels, latent_dim, num_classes):
    latents = keras.Input((latent_dim,), name="latents")
    x, inputs = latents, [latents]
    if num_classes is not None:
        inputs.append(keras.Input((), dtype="int32", name="labels"))
        x = layers.Concatenate()([x, layers.Embedding(num_classes, latent_dim)(inputs[1])])
    x = layers.Dense(int(np.prod(sizes[0])) * widths[0], use_bias=False)(x)
    x = layers.Reshape((*sizes[0], widths[0]))(x)
    is_shared = replicas.number() > 1  # On one device it would change the last bits.
    for i, (small, large) in enumerate(itertools.pairwise(sizes)):
        x = layers.ReLU()(layers.BatchNormalization(synchronized=is_shared)(x))
        if large == sizes[-1]:
            x = _up(x, small, large, channels, dtype="float32")
        else:
            x = _up(x, small, large, widths[i + 1], use_bias=False)
    x = layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(inputs if num_classes else latents, x, name="generator")


def _up(x, small, large, filters, **options):
    """A transposed convolution from one size to the next, such as from 4 to 7 or 8."""
    _, transposed, cropping = CONVOLUTIONS[len(large)]
    options |= {"padding": "same", **_resampling(large, small)}
    excess = [2 * a - b if a != b else 0 for a, b in zip(small, large, strict=True)]
    if all(excess):  # As D goes from 7 to 4.
        return transposed(filters, output_padding=1, **options)(x)
    x = transposed(filters, **options)(x)
    if not any(excess):
        return x
    cut = tuple((0, places) for places in excess)
    return cropping(cut if len(cut) > 1 else cut[0], dtype=options.get("dtype"))(x)


def _discriminator(sizes, channels, widths, num_classes):
    down, _, _ = CONVOLUTIONS[len(sizes[0])]
    images = keras.Input((*sizes[0], channels), name="images")
    x = images
    for width, (large, small) in zip(widths, itertools.pairwise(sizes), strict=True):
        options = {"padding": "same", **_resampling(large, small)}
        x = layers.LeakyReLU(0.2)(down(width, **options)(x))
    features = layers.Flatten()(x)
    logits = layers.Dense(1, dtype="float32")(features)
    if num_classes is None:
        return keras.Model(images, logits, name="discriminator")
    labels = keras.Input((), dtype="int32", name="labels")
    code = layers.Embedding(num_classes, features.shape[-1])(labels)
    agreement = layers.Dot(axes=1, dtype="float32")([features, code])
    logits = layers.Add(dtype="float32")([logits, agreement])
    return keras.Model([images, labels], logits, name="discriminator")
