"""One file of pictures: decoded, turned, cropped to the shape that is wanted and scaled."""

import dataclasses
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageOps
import PIL.ImageSequence

__all__ = ["BYTES", "FLOATS", "INTEGERS", "ImageSize", "Picture", "height_and_width", "read"]

# The pixels of a side of a square, or the pair (height, width).
ImageSize = int | Sequence[int]

# What the values of a picture are. Pillow gives all colours, and grey of 8 bits, as bytes.
BYTES, INTEGERS, FLOATS = "8-bit values", "integers of more than 8 bits", "floating-point values"
# The formats whose frames are pictures of equal rank. A phone's MPO has a depth map as its second
# frame, and a PSD its layers.
SEVERAL = ("GIF", "TIFF", "WEBP", "PNG", "AVIF", "FLI")
# A page of a TIFF whose NewSubfileType (tag 254) has bit 0 set is a smaller copy of another page.
SUBFILE_TYPE = 254
# The format of many phones' cameras.
HEIC = (".heic", ".heif")


class NotFiniteError(ValueError):
    """A picture has values that are not finite: no reason to skip it silently."""


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture, in the values of its file.

    Args:
        path: the file.
        values: `(height, width, 1, 3 or 4)`, uint8, or float32 where they are not bytes.
        kind: `BYTES`, `INTEGERS` or `FLOATS`.
        low, high: the smallest and the largest value of the whole picture, opacity apart, before it
            was scaled.
    """

    path: pathlib.Path
    values: np.ndarray
    kind: str
    low: float
    high: float


def height_and_width(image_size: ImageSize) -> tuple[int, int]:
    """The pair that an `image_size` means.

    Raises:
        ValueError: if it is neither a positive integer nor a pair of them.

    Example:

    >>> height_and_width(64), height_and_width([48, 64])
    ((64, 64), (48, 64))
    """
    pair = image_size if isinstance(image_size, list | tuple) else (image_size, image_size)
    integers = [isinstance(side, int | np.integer) and not isinstance(side, bool) for side in pair]
    if len(pair) != 2 or not all(integers) or min(pair) < 1:
        raise ValueError(
            "`image_size` must be an integer of at least 1, for squares, or a pair (height, width) "
            f"of them. Received: image_size={image_size!r}."
        )
    return int(pair[0]), int(pair[1])


def read(
    path: pathlib.Path,
    size: tuple[int, int],
    value_range: tuple[float, float] | None = None,
    with_opacity: bool = False,
) -> list[Picture] | str:
    """The pictures in a file, one per page or frame; or the reason why there is none.

    Args:
        path: the file.
        size: the height and width that it is to have.
        value_range: the values of bytes that become 0 and 255, before the picture is scaled.
        with_opacity: whether bytes are to be RGBA, instead of laid on white. What cannot be seen
            is then black.

    Raises:
        ValueError: if a picture has values that are not finite.
        MemoryError: if there is not enough for it, which is no fault of the file.
    """
    try:
        with PIL.Image.open(path) as file:
            side = 2 * max(size)  # It may be turned yet.
            file.draft("RGB", (side, side))
            # One at a time: a file may have thousands.
            return [
                _picture(path, *_convert(frame, with_opacity), size, value_range)
                for frame in _frames(file)
            ]
    except (NotFiniteError, MemoryError):
        raise
    except PIL.Image.DecompressionBombError:
        return "more pixels than Pillow opens: make it smaller"
    except Exception as error:  # Each decoder has its own: AVIF's raises RuntimeError.
        if path.suffix.lower() in HEIC:
            return "HEIC, which Pillow does not read: convert it to JPEG or PNG"
        return str(error).replace(str(path), path.name) or type(error).__name__


def _frames(file: PIL.Image.Image) -> Iterator[PIL.Image.Image]:
    if file.format not in SEVERAL or getattr(file, "n_frames", 1) == 1:
        yield file
        return
    for frame in PIL.ImageSequence.Iterator(file):
        tags: Any = getattr(frame, "tag_v2", {})
        if not tags.get(SUBFILE_TYPE, 0) & 1:
            yield frame


def _convert(frame: PIL.Image.Image, with_opacity: bool) -> tuple[PIL.Image.Image, str]:
    """A frame turned as its EXIF data says, as grey, RGB or RGBA; and the kind of its values."""
    picture = PIL.ImageOps.exif_transpose(frame)
    if picture.mode.startswith("I"):
        return PIL.Image.fromarray(np.asarray(picture).astype("float32")), INTEGERS
    if picture.mode == "F":
        return picture.copy(), FLOATS
    if with_opacity:
        return _without_hidden_colors(picture.convert("RGBA")), BYTES
    if "A" in picture.mode or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = PIL.Image.new("RGBA", picture.size, "white")
        return PIL.Image.alpha_composite(white, picture).convert("RGB"), BYTES
    return picture.convert("L" if picture.mode in ("1", "L") else "RGB"), BYTES


def _without_hidden_colors(picture):
    """An RGBA picture, black where it is fully transparent: networks must not learn that colour."""
    values = np.array(picture)
    values[values[..., 3] == 0] = 0
    return PIL.Image.fromarray(values)


def _picture(path, frame, kind, size, value_range):
    has_opacity = frame.mode == "RGBA"
    values = np.asarray(frame)
    values = values[..., :3] if has_opacity else values
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise NotFiniteError(
            f"Pictures must be finite. Received: NaN or infinite values in {path}."
        )
    if kind == BYTES and value_range:
        bottom, top = value_range
        scaled = (np.arange(256) - bottom) * (255 / (top - bottom))
        table = np.round(np.clip(scaled, 0, 255)).astype("uint8").tolist()
        unchanged = list(range(256)) if has_opacity else []
        frame = frame.point(table * (len(frame.getbands()) - has_opacity) + unchanged)
        frame = _without_hidden_colors(frame) if has_opacity else frame
    fitted = PIL.ImageOps.fit(frame, size[::-1], PIL.Image.Resampling.LANCZOS)
    fitted = _without_hidden_colors(fitted) if has_opacity else fitted
    values = np.asarray(fitted).reshape(*size, -1)
    if kind != BYTES:  # The filter overshoots at edges.
        values = np.clip(values, low, high)
    return Picture(path, values, kind, low, high)
