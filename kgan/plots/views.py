"""How samples are shown: by their shape, for every callback, command and evaluation."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kgan import images
from kgan.plots.distributions import histograms, scatter
from kgan.plots.figures import encode
from kgan.plots.grids import BETWEEN, columns_of, lines, slices

__all__ = ["View", "picture", "view_of"]

# The longer side of a picture of small images, in pixels, at least.
SIDE = 512


@dataclasses.dataclass(frozen=True)
class View:
    """A way to show samples.

    Args:
        draw: a function of samples, samples of the data or None, the number of columns or None,
            and a title, which gives the bytes of a PNG.
        num_samples: how many samples make a picture that is neither empty nor crowded.
        has_columns: whether each sample has a place of its own, so that each class can have a
            column.
        as_images: a function that makes images `(num_samples, height, width, 1, 3 or 4)` of
            samples, to show beside others in `plots.grids`; None where there is none.
    """

    draw: Callable[[np.ndarray, Any, int | None, str], bytes]
    num_samples: int
    has_columns: bool = True
    as_images: Callable[[Any], np.ndarray] | None = None


def picture(
    samples: np.ndarray, real_samples: Any = None, *, columns: int | None = None, title: str = ""
) -> bytes:
    """The bytes of a PNG that shows samples, in the way that suits their shape.

    Args:
        samples: images `(num_samples, height, width, 1, 3 or 4)` in [-1, 1], which become a grid,
            on a checkerboard where they are transparent; volumes
            `(num_samples, depth, height, width, 1, 3 or 4)`, each a column of slices; sequences
            `(num_samples, length, channels)`, as curves; points `(num_samples, 2)`; or anything
            else, of which each component becomes a histogram.
        real_samples: samples of the data, shown beside sequences, points and vectors.
        columns: how many images, volumes or sequences in a row. `None`: about as many as rows.
        title: stands above a figure.
    """
    return view_of(samples.shape[1:]).draw(samples, real_samples, columns, title)


def view_of(shape: Sequence[int]) -> View:
    """The `View` of samples of this shape.

    Example:

    >>> kgan.plots.view_of((28, 28, 1)).num_samples
    64
    """
    if images.is_image(shape):
        return GRID
    if len(shape) == 4 and images.is_image(shape[1:]):
        return SLICES
    if len(shape) == 2:
        return LINES
    return SCATTER if math.prod(shape) == 2 else HISTOGRAMS


def _draw_grid(samples, real_samples, columns, title):
    return _encode(images.tile(samples, columns))


def _draw_slices(samples, real_samples, columns, title):
    strips = slices(samples)
    columns = columns or columns_of(strips.shape, tallness=1)
    return _encode(images.tile(strips, columns, padding=2, shade=BETWEEN))


def _encode(grid):
    grid = images.magnify(grid, SIDE)
    return images.encode_png(images.on_checkerboard(grid) if grid.shape[-1] == 4 else grid)


def _draw_lines(samples, real_samples, columns, title):
    return encode(lines(samples, real_samples, title, columns))


def _draw_scatter(samples, real_samples, columns, title):
    return encode(scatter(_flat(samples), _flat(real_samples), title))


def _draw_histograms(samples, real_samples, columns, title):
    return encode(histograms(_flat(samples), _flat(real_samples), title))


def _flat(samples):
    return None if samples is None else np.reshape(samples, (len(samples), -1))


GRID = View(_draw_grid, 64, as_images=np.asarray)
SLICES = View(_draw_slices, 8, as_images=slices)
LINES = View(_draw_lines, 16)
SCATTER = View(_draw_scatter, 1000, has_columns=False)
HISTOGRAMS = View(_draw_histograms, 1000, has_columns=False)
