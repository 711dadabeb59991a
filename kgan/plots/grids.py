"""Samples that are looked at one by one, each in a place of its own."""

import math
from collections.abc import Sequence
from typing import Any

import matplotlib
import matplotlib.figure
import numpy as np

from kgan import images

__all__ = ["BETWEEN", "columns_of", "grids", "lines", "slices"]

# So many channels have colours that a person can tell apart; more get shades.
NUM_COLORS = 10
# The greys between the slices of a volume, and between volumes.
WITHIN, BETWEEN = -0.6, 0.2
# The sizes of panels, of the gaps between them, and of margins, in inches.
PANEL, GAP, MARGIN = (1.4, 0.95), 0.1, 0.35


def grids(panels: dict[str, Any], columns: int | None = None) -> matplotlib.figure.Figure:
    """Grids of images beside each other.

    Args:
        panels: a dict from a title to images `(num_images, height, width, 1, 3 or 4)` in [-1, 1];
            the same place in each is the same example. Transparent ones lie on a checkerboard.
        columns: how many images in a row. `None`: as many as make a grid taller than wide.

    Returns:
        A figure.
    """
    tiled = {title: _tiled(shown, columns) for title, shown in panels.items()}
    tallest = max(tiles.shape[0] / tiles.shape[1] for tiles in tiled.values())
    size = (3.2 * len(panels), 3.2 * tallest + 0.4)
    figure = matplotlib.figure.Figure(figsize=size, layout="constrained")
    places = np.atleast_1d(figure.subplots(1, len(panels)))
    for axes, (title, tiles) in zip(places, tiled.items(), strict=True):
        gray = {"cmap": "gray", "vmin": 0, "vmax": 255} if tiles.shape[-1] == 1 else {}
        axes.imshow(tiles[..., 0] if gray else tiles, interpolation="nearest", **gray)
        axes.set_title(title, fontsize="medium")
        axes.axis("off")
    return figure


def _tiled(shown, columns):
    """A grid of images as bytes, grey or RGB."""
    columns = columns or columns_of(np.shape(shown), tallness=1.6)
    tiles = images.to_uint8(images.tile(shown, columns))
    return images.on_checkerboard(images.magnify(tiles, 512)) if tiles.shape[-1] == 4 else tiles


def columns_of(shape: Sequence[int], tallness: float) -> int:
    """How many columns make a grid of images of a shape about `tallness` times as high as wide.

    Args:
        shape: `(num_images, height, width, channels)`.
        tallness: the height over the width.
    """
    num_images, height, width, _ = shape
    rows = max(1, round(math.sqrt(tallness * num_images * width / height)))
    return math.ceil(num_images / rows)


def slices(volumes: Any, most: int = 8) -> np.ndarray:
    """Slices of volumes as images: those of a volume below each other, evenly spaced along depth.

    Args:
        volumes: `(num_volumes, depth, height, width, 1, 3 or 4)` in [-1, 1].
        most: how many slices of each at most; the first and the last are among them.

    Returns:
        An array of images `(num_volumes, height of all slices, width, channels)`, with a row
        of grey pixels between slices.

    Example:

    >>> kgan.plots.slices(np.zeros((2, 16, 5, 7, 1))).shape
    (2, 47, 7, 1)
    """
    volumes = np.asarray(volumes)
    depth = volumes.shape[1]
    chosen = np.linspace(0, depth - 1, min(depth, most)).round().astype(int)
    return np.stack([images.tile(volume[chosen], 1, shade=WITHIN) for volume in volumes])


def lines(
    samples: Any,
    real_samples: Any = None,
    title: str = "",
    columns: int | None = None,
    most: int = 64,
) -> matplotlib.figure.Figure:
    """Sequences as curves: a panel for each, with a line per channel.

    Args:
        samples: `(num_samples, length, channels)`.
        real_samples: sequences of the data, or None; a row of them stands above, in grey.
        title: stands above the figure.
        columns: how many panels in a row. `None`: about as many as rows, 8 at most.
        most: how many samples are shown at most, the first ones.

    Returns:
        A figure; all panels have the same axes.
    """
    shown = np.asarray(samples)[:most]
    columns = columns or min(math.ceil(math.sqrt(len(shown))), 8)
    real = np.zeros((0, *shown.shape[1:])) if real_samples is None else real_samples[:columns]
    above = int(len(real) > 0)
    figure, panels = _panels(above + math.ceil(len(shown) / columns), columns)
    places = [*panels[:above].ravel()[: len(real)], *panels[above:].ravel()[: len(shown)]]
    for i, (axes, sequence) in enumerate(zip(places, [*real, *shown], strict=True)):
        _draw_sequence(axes, sequence, is_real=i < len(real))
    for axes in panels.ravel():
        axes.set_visible(axes in places)
        axes.tick_params(labelsize="x-small")
        axes.grid(alpha=0.3)
    for axes in places[-columns:]:  # Some have no panel below them.
        axes.tick_params(labelbottom=True)
    panels[0, 0].set_ylim(*_bounds(real if above else shown))
    if above:
        panels[0, 0].set_ylabel("data", fontsize="small")
        panels[1, 0].set_ylabel("generated", fontsize="small")
    left_out = len(samples) - len(shown)
    more = f"the first {len(shown)} of {len(samples):,}" if left_out else ""
    figure.suptitle(", ".join(filter(None, (title, more))), fontsize="medium")
    return figure


def _panels(rows, columns):
    """A figure with panels that share their axes. A layout engine would take seconds for many."""
    size = (
        max(4.5, 2 * MARGIN + columns * PANEL[0] + (columns - 1) * GAP),
        2 * MARGIN + rows * PANEL[1] + (rows - 1) * GAP,
    )
    figure = matplotlib.figure.Figure(figsize=size)
    grid = {"left": 1.6 * MARGIN / size[0], "right": 1 - 0.4 * MARGIN / size[0]}
    grid |= {"bottom": MARGIN / size[1], "top": 1 - MARGIN / size[1]}
    grid |= {"wspace": GAP / PANEL[0], "hspace": GAP / PANEL[1]}
    panels = figure.subplots(
        rows, columns, sharex=True, sharey=True, squeeze=False, gridspec_kw=grid
    )
    return figure, panels


def _draw_sequence(axes, sequence, is_real):
    length, channels = sequence.shape
    few, many = matplotlib.colormaps["tab10"], matplotlib.colormaps["viridis"]
    marker = "o" if length == 1 else None  # A line of one point is not to be seen.
    for i, values in enumerate(np.asarray(sequence, "float64").T):
        color = few(i) if channels <= NUM_COLORS else many(i / (channels - 1))
        color = "gray" if is_real else color
        values = np.where(np.isfinite(values), values, np.nan)
        axes.plot(values, color=color, linewidth=1, marker=marker)


def _bounds(sequences):
    """The lowest and highest value that all panels show, a little wider than the sequences'."""
    values = np.asarray(sequences, "float64")
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if len(values) else (-1, 1)
    margin = 0.08 * max(high - low, 1e-3 * max(1, abs(high)))
    return low - margin, high + margin
