"""Pictures of samples, whatever they are, and of training.

A figure is a `matplotlib.figure.Figure`, made without pyplot: a callback needs no display and
leaves no figure open. `save(path, figure)` writes one.
"""

import io
import math
import os
from collections.abc import Callable
from typing import Any

import matplotlib.figure
import matplotlib.ticker
import numpy as np

from kgan import images
from kgan.files import write_atomically
from kgan.game import logs as logs_module

__all__ = [
    "EQUILIBRIUM",
    "encode",
    "grids",
    "histograms",
    "history",
    "picture",
    "plane",
    "save",
    "scatter",
]

# What an undecided game looks like in the logs: D(x) = D(G(z)) = 1/2.
EQUILIBRIUM = 0.5


def save(path: str | os.PathLike[str], figure: matplotlib.figure.Figure, dpi: float = 100) -> None:
    """Writes a figure as a PNG file."""
    write_atomically(path, encode(figure, dpi))


def encode(figure: matplotlib.figure.Figure, dpi: float = 100) -> bytes:
    """The bytes of a figure's PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()


def picture(
    samples: np.ndarray, real_samples: Any = None, *, columns: int | None = None, title: str = ""
) -> bytes:
    """The bytes of a PNG that shows samples: images as a grid, points and vectors as figures.

    Args:
        samples: images `(num_samples, height, width, 1 or 3)` in [-1, 1]; points
            `(num_samples, 2)`; or anything else, of which each component becomes a histogram.
        real_samples: samples of the data, shown beside points and vectors.
        columns: how many images in a row. `None`: about as many as rows.
        title: stands above a figure.
    """
    if samples.ndim == 4 and samples.shape[-1] in (1, 3):
        return images.encode_png(images.magnify(images.tile(samples, columns), 512))
    vectors = samples.reshape(len(samples), -1)
    if real_samples is not None:
        real_samples = np.reshape(real_samples, (len(real_samples), -1))
    plot = scatter if vectors.shape[1] == 2 else histograms
    return encode(plot(vectors, real_samples, title))


def grids(panels: dict[str, Any], columns: int | None = None) -> matplotlib.figure.Figure:
    """Grids of images beside each other.

    Args:
        panels: a dict from a title to images `(num_images, height, width, 1 or 3)` in [-1, 1]; the
            same place in each is the same example.
        columns: how many images in a row. `None`: about half as many as rows.

    Returns:
        A figure.
    """
    tiled = {
        title: images.to_uint8(images.tile(shown, columns or round(math.sqrt(len(shown) / 1.6))))
        for title, shown in panels.items()
    }
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


def history(logs: dict[str, Any]) -> matplotlib.figure.Figure:
    """The game over time: the losses, how well D tells real samples from fakes, and measures.

    Args:
        logs: a dict from the name of a log to its values, one an epoch, as `history.history`.

    Returns:
        A figure with two panels, and one for each measure of samples, such as the Fréchet distance.
    """
    logs = {n: v for n, v in logs.items() if isinstance(v[0], int | float | np.floating)}
    measures = [name for name in logs if name.removeprefix("val_") not in logs_module.GAME]
    width = 5 * (2 + len(measures))
    figure = matplotlib.figure.Figure(figsize=(width, 3.6), layout="constrained")
    losses, answers, *others = figure.subplots(1, 2 + len(measures))
    panels = dict(zip(measures, others, strict=True))
    for name, values in logs.items():
        if name.removeprefix("val_") in (logs_module.PENALTY, *logs_module.GRADIENT_NORMS):
            continue
        panel = panels.get(name, losses if name.endswith("loss") else answers)
        epochs = np.arange(1, len(values) + 1)
        style = "--" if name.startswith("val_") else "-"
        dot = "o" if len(values) == 1 else None  # A line of one point is not to be seen.
        panel.plot(epochs, values, style, marker=dot, label=_label(name), linewidth=1.5)
    if any(name.removeprefix("val_") in logs_module.PROBABILITIES for name in logs):
        answers.set_ylim(0, 1)
        answers.axhline(EQUILIBRIUM, color="gray", linestyle=":", label="equilibrium")
    losses.set(xlabel="epoch", title="losses")
    answers.set(xlabel="epoch", title="the discriminator's answers")
    for name, panel in panels.items():
        panel.set(xlabel="epoch", title=name.removeprefix("val_").replace("_", " "))
        if min(logs[name]) >= 0:
            panel.set_ylim(bottom=0)
    for panel in (losses, answers, *others):
        panel.grid(alpha=0.3)
        panel.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True, min_n_ticks=1))
        if panel.get_lines():
            panel.legend(fontsize="small")
    return figure


def _label(name):
    """What a log is called in a figure: D(x) as everywhere, or its name in words."""
    prefix = "val_" if name.startswith("val_") else ""
    base = name.removeprefix(prefix)
    return prefix.replace("_", " ") + logs_module.SYMBOLS.get(base, base.replace("_", " "))


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
    """The game in the plane as it goes on: what D finds real, and where the samples are.

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
