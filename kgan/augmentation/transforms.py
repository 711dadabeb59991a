"""Differentiable transforms of a batch: where each value comes from, and what colour it has.

All can be differentiated twice with respect to the samples, as a gradient penalty does.
"""

from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

__all__ = ["color_matrices", "move", "recolor", "resample"]

# The direction of grey among colours.
GREY = np.full((3, 1), 1 / np.sqrt(3), "float32")


def resample(images: Any, matrices: Any, shifts: Any) -> Any:
    """Images whose value at x is that of the original at `matrices · x + shifts`.

    Places are in pixels from the centre. Between pixels the value is interpolated linearly; beyond
    the border the image is mirrored.

    Args:
        images: `(batch, height, width, channels)`.
        matrices: `(batch, 2, 2)`.
        shifts: `(batch, 2)`.
    """
    height, width, channels = images.shape[1:]
    center = np.array([height - 1, width - 1], "float32") / 2
    grid = np.stack(np.meshgrid(range(height), range(width), indexing="ij"), axis=-1)
    offsets = (grid.reshape(-1, 2) - center).astype("float32")
    places = ops.einsum("bij,nj->bni", matrices, offsets) + shifts[:, None] + center
    low = ops.floor(places)
    share = ops.cast(places - low, images.dtype)
    low = ops.cast(low, "int32")
    flat = ops.reshape(images, (-1, height * width, channels))
    result = 0.0
    for down in (0, 1):
        row = _mirrored(low[..., 0] + down, height) * width
        weight = share[..., 0] if down else 1 - share[..., 0]
        for right in (0, 1):
            column = _mirrored(low[..., 1] + right, width)
            part = weight * (share[..., 1] if right else 1 - share[..., 1])
            result += part[..., None] * tf.gather(flat, row + column, batch_dims=1)
    return ops.reshape(result, (-1, height, width, channels))


def _mirrored(place, size):
    """A place within an axis: its mirror image, where it lies beyond an end."""
    place = tf.math.floormod(place, 2 * size)
    return tf.minimum(place, 2 * size - 1 - place)


def move(samples: Any, axis: int, flip: Any, shift: Any) -> Any:
    """Samples flipped along an axis, and shifted; what moves in is the mirror image.

    Args:
        samples: `(batch, ...)`.
        axis: which, from 1.
        flip: `(batch,)`, whether each sample is flipped.
        shift: `(batch,)`, by how many places each is shifted, integers.
    """
    size = samples.shape[axis]
    places = tf.range(size)[None]
    places = tf.where(flip[:, None], size - 1 - places, places) + shift[:, None]
    return tf.gather(samples, _mirrored(places, size), axis=axis, batch_dims=1)


def color_matrices(contrast: Any, invert: Any, hue: Any, saturation: Any) -> Any:
    """Matrices `(batch, 3, 3)` that change the colours of RGB values around mid-grey.

    Args:
        contrast: `(batch,)`, a factor of all values.
        invert: `(batch,)`, whether dark and bright change places, and colours stay.
        hue: `(batch,)`, an angle by which colours turn around grey, in radians.
        saturation: `(batch,)`, a factor of the distance from grey.
    """
    grey = tf.constant(GREY @ GREY.T)
    u, v, w = GREY[:, 0]
    cross = tf.constant(np.array([[0, -w, v], [w, 0, -u], [-v, u, 0]], "float32"))
    colors = tf.eye(3) - grey
    cosine, sine = ops.cos(hue)[:, None, None], ops.sin(hue)[:, None, None]
    turned = saturation[:, None, None] * (cosine * colors + sine * cross)
    sign = tf.where(invert, -1.0, 1.0)[:, None, None]
    return contrast[:, None, None] * (sign * grey + turned)


def recolor(images: Any, matrices: Any, brightness: Any) -> Any:
    """Images in which each pixel of `matrices.shape[-1]` first channels is changed linearly.

    Args:
        images: `(batch, height, width, channels)`; channels beyond those of the matrices, such as
            transparency, stay as they are.
        matrices: `(batch, size, size)`.
        brightness: `(batch,)`, what is added.
    """
    size = matrices.shape[-1]
    colors = ops.einsum("bhwc,bdc->bhwd", images[..., :size], matrices)
    colors = colors + brightness[:, None, None, None]
    return ops.concatenate([colors, images[..., size:]], axis=-1)
