"""How points and vectors are distributed."""

import math
from collections.abc import Callable
from typing import Any

import matplotlib.figure
import numpy as np

__all__ = ["histograms", "plane", "scatter"]


def scatter(samples: Any, real_samples: Any = None, title: str = "") -> matplotlib.figure.Figure:
    """Points in the plane, over the data where it is given.

    Args:
        samples: `(num_samples, 2)`.
        real_samples: `(num_real_samples, 2)`, or None. The axes are then theirs.
        title: what stands above.
    """
    figure = matplotlib.figure.Figure(figsize=(4.5, 4.5), layout="constrained")
    axes = figure.subplots()
    if real_samples is not None:
        x, y = np.asarray(real_samples).T
        axes.scatter(x, y, s=4, color="lightgray", label="data")
    x, y = np.asarray(samples).T
    axes.scatter(x, y, s=4, alpha=0.6, color="tab:blue", label="generated")
    center, reach = _extent(samples if real_samples is None else real_samples)
    axes.set_xlim(center[0] - reach, center[0] + reach)
    axes.set_ylim(center[1] - reach, center[1] + reach)
    axes.set(aspect="equal", title=title)
    axes.legend(loc="upper right", fontsize="small")
    return figure


def plane(
    moments: dict[str, tuple[Any, Callable[[np.ndarray], Any]]],
    real_samples: Any,
    resolution: int = 120,
) -> matplotlib.figure.Figure:
    """The game in the plane at several moments: what D finds real, and where the samples are.

    Args:
        moments: a dict from a title to a pair: samples `(num_samples, 2)`, and a function from
            points `(num_points, 2)` to D's answer for each, `(num_points,)`, high for real.
        real_samples: `(num_real_samples, 2)`; they decide what is shown.
        resolution: how many answers along each axis.

    Returns:
        A figure with a column for each moment: above, the answers as shades, from the lowest to the
        highest; below, how densely the samples lie.
    """
    figure = matplotlib.figure.Figure(figsize=(2.6 * len(moments), 5.4), layout="constrained")
    rows = figure.subplots(2, len(moments), squeeze=False)
    center, reach = _extent(real_samples)
    low, high = center - reach, center + reach
    ticks = [np.linspace(low[i], high[i], resolution) for i in (0, 1)]
    points = np.stack(np.meshgrid(*ticks), axis=-1).reshape(-1, 2).astype("float32")
    extent = (low[0], high[0], low[1], high[1])
    for (above, below), (title, (samples, answer)) in zip(rows.T, moments.items(), strict=True):
        answers = np.reshape(answer(points), (resolution, resolution))
        above.imshow(answers, origin="lower", extent=extent, cmap="coolwarm")
        bounds = [[low[0], high[0]], [low[1], high[1]]]
        x, y = np.asarray(samples).T
        counts, *_ = np.histogram2d(x, y, bins=resolution, range=bounds)
        below.imshow(np.sqrt(counts.T), origin="lower", extent=extent, cmap="magma")
        above.set_title(title, fontsize="medium")
        for axes in (above, below):
            axes.set(xticks=[], yticks=[])
    rows[0, 0].set_ylabel("what D finds real")
    rows[1, 0].set_ylabel("where samples are")
    return figure


def _extent(points):
    points = _finite(points)
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    return (low + high) / 2, 0.65 * max(np.max(high - low), 1e-3)


def _finite(points):
    """Those without NaN and infinity, which a game makes that diverges; zeros if there are none."""
    points = np.asarray(points, "float64")
    finite = points[np.isfinite(points).all(axis=1)]
    return finite if len(finite) else np.zeros((1, points.shape[1]))


def histograms(
    samples: Any, real_samples: Any = None, title: str = "", most: int = 16
) -> matplotlib.figure.Figure:
    """The distribution of each component of vectors, beside that of the data.

    Args:
        samples: `(num_samples, size)`.
        real_samples: `(num_real_samples, size)`, or None.
        title: what stands above.
        most: how many components are shown at most, the first ones.
    """
    samples = _finite(samples)
    reference = samples if real_samples is None else _finite(real_samples)
    shown = min(samples.shape[1], most)
    columns = math.ceil(math.sqrt(shown))
    rows = math.ceil(shown / columns)
    size = (max(2.2 * columns, 4.5), max(1.8 * rows, 3))
    figure = matplotlib.figure.Figure(figsize=size, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    figure.suptitle(title)
    for i, axes in enumerate(panels):
        axes.set_visible(i < shown)
        if i >= shown:
            continue
        low, high = reference[:, i].min(), reference[:, i].max()
        bins = np.linspace(low, max(high, low + 1e-3 * max(1, abs(low))), 41)
        if real_samples is not None:
            axes.hist(reference[:, i], bins, density=True, color="lightgray", label="data")
        inside = samples[:, i][(samples[:, i] >= bins[0]) & (samples[:, i] <= bins[-1])]
        density = len(inside) > 0  # Of nothing it cannot be computed.
        axes.hist(inside, bins, density=density, histtype="step", label="generated")
        axes.set_yticks([])
    panels[0].legend(fontsize="small")
    return figure
