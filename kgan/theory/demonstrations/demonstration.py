"""What a demonstration gives, and how its figures look."""

from typing import Any, NamedTuple

import matplotlib.axes
import matplotlib.figure

__all__ = [
    "COLORS",
    "DISCRIMINATOR",
    "GENERATED",
    "REAL",
    "THEORY",
    "Demonstration",
    "check_length",
    "figure",
    "label_panels",
]

# Colours that people who see few of them can tell apart: Okabe and Ito 2008,
# https://jfly.uni-koeln.de/color/. Data, samples and D have the same colour in every figure.
REAL, GENERATED, DISCRIMINATOR, THEORY = "#000000", "#0072B2", "#D55E00", "#7F7F7F"
COLORS = (GENERATED, DISCRIMINATOR, "#009E73", "#CC79A7", "#E69F00")


class Demonstration(NamedTuple):
    """A claim of the theory, shown.

    Args:
        numbers: a dict from a name to a float: what was measured.
        figure: a `matplotlib.figure.Figure`; `kgan.plots.save` writes it.
        caption: what to see in it, in a few sentences.
    """

    numbers: dict[str, float]
    figure: matplotlib.figure.Figure
    caption: str


def figure(
    rows: int = 1, columns: int = 1, width: float = 3.2, height: float = 2.9, **options: Any
) -> tuple[matplotlib.figure.Figure, Any]:
    """A figure and its panels: an array `(rows, columns)`, or one panel by itself.

    Args:
        rows, columns: how many panels.
        width, height: of a panel, in inches.
        **options: as of `matplotlib.figure.Figure.subplots`.
    """
    drawn = matplotlib.figure.Figure(
        figsize=(width * columns, height * rows), layout="constrained", dpi=120
    )
    return drawn, drawn.subplots(rows, columns, **options)


def label_panels(panels: Any, titles: tuple[str, ...], x: str, y: str, legend: bool = True) -> None:
    """Gives panels in a row their titles and axes; the first one the name of y."""
    for axes, title in zip(panels, titles, strict=True):
        axes.set_title(title, fontsize="medium")
        axes.set_xlabel(x)
        axes.grid(alpha=0.25)
    panels[0].set_ylabel(y)
    if legend:
        panels[0].legend(fontsize="small")


def check_length(length: float) -> None:
    """Raises ValueError where `length` is no share of a demonstration."""
    if not 0 < length <= 1:
        raise ValueError(
            "`length` must be in (0, 1], a share of a demonstration's steps: 1 is the full length. "
            f"Received: length={length!r}."
        )
