"""Images: [-1, 1] <-> uint8, tiling, PNG and GIF."""

import io
import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import PIL.Image

from kgan.files import write_atomically

__all__ = [
    "CHANNELS",
    "encode_png",
    "from_uint8",
    "is_image",
    "load",
    "magnify",
    "on_checkerboard",
    "save_gif",
    "save_png",
    "tile",
    "to_uint8",
]

# The two greys of a checkerboard behind what is transparent.
SQUARES = (204, 255)

CHANNELS = (1, 3, 4)
"""What an image may have: grey, RGB, or RGB and opacity."""


def is_image(shape: Sequence[int]) -> bool:
    """Whether a sample of this shape is an image, `(height, width, 1, 3 or 4)`."""
    return len(shape) == 3 and shape[-1] in CHANNELS


def to_uint8(images: Any) -> np.ndarray:
    """Images in [-1, 1] as bytes: -1 is 0, 1 is 255; values outside are clipped, NaN is 0.

    Args:
        images: floating point, any shape.

    Returns:
        A uint8 array of the same shape.
    """
    images = np.nan_to_num(np.asarray(images, "float32"), nan=-1)
    return np.round((np.clip(images, -1, 1) + 1) * 127.5).astype("uint8")


def from_uint8(images: Any) -> np.ndarray:
    """Bytes as float32 images in [-1, 1]: 0 is -1, 255 is 1. The inverse of `to_uint8`."""
    return np.asarray(images).astype("float32") / 127.5 - 1


def tile(
    images: Any, columns: int | None = None, padding: int = 1, shade: float = -1.0
) -> np.ndarray:
    """Puts images beside and below each other, row by row.

    Args:
        images: `(num_images, height, width, channels)`.
        columns: how many in a row; `None` gives about as many columns as rows.
        padding: pixels between images.
        shade: the grey of these pixels, and of what the last row lacks, in [-1, 1], also
            where images are uint8. A fourth channel is opaque there.

    Returns:
        An array `(rows·(height + padding) - padding, columns·(width + padding) - padding,
        channels)` of the images' data type.
    """
    images = np.asarray(images)
    if images.ndim != 4 or not len(images):
        raise ValueError(
            "`images` must have the shape (num_images, height, width, channels), with at least "
            f"one image. Received: shape {images.shape}."
        )
    num_images, height, width, channels = images.shape
    columns = min(columns or math.ceil(math.sqrt(num_images)), num_images)
    rows = math.ceil(num_images / columns)
    shape = (rows * (height + padding) - padding, columns * (width + padding) - padding, channels)
    as_stored = to_uint8 if images.dtype == np.uint8 else np.asarray
    grid = np.full(shape, as_stored(shade), images.dtype)
    if channels == 4:
        grid[..., 3] = as_stored(1)
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + padding), (i % columns) * (width + padding)
        grid[top : top + height, left : left + width] = image
    return grid


def magnify(image: np.ndarray, at_least: int) -> np.ndarray:
    """Repeats pixels by the smallest whole number that makes the longer side `at_least` long."""
    factor = max(1, math.ceil(at_least / max(image.shape[:2])))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def on_checkerboard(image: Any, square: int = 8) -> np.ndarray:
    """Lays an image on a checkerboard, so that one sees where it is transparent.

    Args:
        image: float in [-1, 1] or uint8, `(height, width, 4)`.
        square: the pixels of a square's side.

    Returns:
        A uint8 array `(height, width, 3)`.
    """
    image = np.asarray(image)
    image = image if image.dtype == np.uint8 else to_uint8(image)
    rows, columns = np.indices(image.shape[:2]) // square
    board = np.asarray(SQUARES)[(rows + columns) % 2][..., None]
    opacity = image[..., 3:] / 255
    return np.round(opacity * image[..., :3] + (1 - opacity) * board).astype("uint8")


def encode_png(image: Any) -> bytes:
    """One image, float in [-1, 1] or uint8, `(height, width, 1, 3 or 4)`, as a PNG's bytes."""
    buffer = io.BytesIO()
    _pillow(image).save(buffer, format="PNG")
    return buffer.getvalue()


def save_png(path: str | os.PathLike[str], image: Any) -> None:
    """Writes one image, float in [-1, 1] or uint8, `(height, width, 1, 3 or 4)`, as a PNG file."""
    write_atomically(path, encode_png(image))


def load(path: str | os.PathLike[str]) -> PIL.Image.Image:
    """The PIL image in a file, which is closed again."""
    with PIL.Image.open(path) as image:
        return image.copy()


def save_gif(path: str | os.PathLike[str], frames: Sequence[Any], seconds: float = 6.0) -> None:
    """Writes an animation that lasts about `seconds`, and holds its last frame for 2 s.

    Args:
        path: the file.
        frames: PIL images, or what `save_png` takes; all of one size. A GIF knows no half
            transparency: images of four channels are laid on a checkerboard.
        seconds: how long, at most 0.5 s a frame.
    """
    if not len(frames):
        raise ValueError("`frames` must hold at least one image. Received: none.")
    frames = [f if isinstance(f, PIL.Image.Image) else _opaque(_pillow(f)) for f in frames]
    duration = int(np.clip(1000 * seconds / len(frames), 40, 500))
    durations = [duration] * (len(frames) - 1) + [2000]
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=0,
    )
    write_atomically(path, buffer.getvalue())


def _opaque(picture):
    if picture.mode != "RGBA":
        return picture
    return PIL.Image.fromarray(on_checkerboard(np.asarray(picture)))


def _pillow(image):
    image = np.asarray(image)
    if image.dtype != np.uint8:
        image = to_uint8(image)
    if not is_image(image.shape):
        raise ValueError(
            "`image` must have the shape (height, width, channels), with 1, 3 or 4 channels. "
            f"Received: shape {image.shape}."
        )
    return PIL.Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
