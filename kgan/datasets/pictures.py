"""One file of pictures: decoded, turned, cropped to a square and scaled."""

import dataclasses
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageOps
import PIL.ImageSequence

__all__ = ["BYTES", "FLOATS", "INTEGERS", "Picture", "read"]

# What the values of a picture are. Pillow gives all colours, and grey of 8 bits, as bytes.
BYTES, INTEGERS, FLOATS = "8-bit values", "integers of more than 8 bits", "floating-point values"
# The formats whose frames are pictures of equal rank. A phone's MPO has a depth map as its second
# frame, and a PSD its layers.
SEVERAL = ("GIF", "TIFF", "WEBP", "PNG", "AVIF", "FLI")
# A page of a TIFF whose NewSubfileType (tag 254) has bit 0 set is a smaller copy of another page.
SUBFILE_TYPE = 254


@dataclasses.dataclass(frozen=True)
class Picture:
    """A square picture, in the values of its file.

    Args:
        path: the file.
        values: `(size, size, 1 or 3)`, uint8, or float32 where they are not bytes.
        kind: `BYTES`, `INTEGERS` or `FLOATS`.
        low, high: the smallest and the largest value of the whole picture, before it was scaled.
    """

    path: pathlib.Path
    values: np.ndarray
    kind: str
    low: float
    high: float


def read(
    path: pathlib.Path, size: int, value_range: tuple[float, float] | None = None
) -> list[Picture] | str:
    """The pictures in a file, one per page or frame; or the reason why there is none.

    Args:
        path: the file.
        size: the pixels of a side.
        value_range: the values of bytes that become 0 and 255, before the picture is scaled.

    Raises:
        ValueError: if a picture has values that are not finite.
    """
    try:
        with PIL.Image.open(path) as file:
            file.draft("RGB", (2 * size, 2 * size))
            frames = [_convert(frame) for frame in _frames(file)]
    except Exception as error:  # Each decoder has its own: AVIF's raises RuntimeError.
        return str(error).replace(str(path), path.name) or type(error).__name__
    return [_picture(path, frame, kind, size, value_range) for frame, kind in frames]


def _frames(file: PIL.Image.Image) -> Iterator[PIL.Image.Image]:
    if file.format not in SEVERAL or getattr(file, "n_frames", 1) == 1:
        yield file
        return
    for frame in PIL.ImageSequence.Iterator(file):
        tags: Any = getattr(frame, "tag_v2", {})
        if not tags.get(SUBFILE_TYPE, 0) & 1:
            yield frame


def _convert(frame: PIL.Image.Image) -> tuple[PIL.Image.Image, str]:
    """A frame turned as its EXIF data says, as grey or RGB; and the kind of its values."""
    picture = PIL.ImageOps.exif_transpose(frame)
    if picture.mode.startswith("I"):
        return PIL.Image.fromarray(np.asarray(picture).astype("float32")), INTEGERS
    if picture.mode == "F":
        return picture.copy(), FLOATS
    if "A" in picture.mode or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = PIL.Image.new("RGBA", picture.size, "white")
        return PIL.Image.alpha_composite(white, picture).convert("RGB"), BYTES
    return picture.convert("L" if picture.mode in ("1", "L") else "RGB"), BYTES


def _picture(path, frame, kind, size, value_range):
    values = np.asarray(frame)
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"Pictures must be finite. Received: NaN or infinite values in {path}.")
    if kind == BYTES and value_range:
        bottom, top = value_range
        scaled = (np.arange(256) - bottom) * (255 / (top - bottom))
        table = np.round(np.clip(scaled, 0, 255)).astype("uint8").tolist()
        frame = frame.point(table * len(frame.getbands()))
    square = PIL.ImageOps.fit(frame, (size, size), PIL.Image.Resampling.LANCZOS)
    values = np.asarray(square).reshape(size, size, -1)
    if kind != BYTES:  # The filter overshoots at edges.
        values = np.clip(values, low, high)
    return Picture(path, values, kind, low, high)
