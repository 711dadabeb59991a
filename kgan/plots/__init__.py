"""Pictures of samples, whatever they are, and of training.

A figure is a `matplotlib.figure.Figure`, made without pyplot: a callback needs no display and
leaves no figure open. `save(path, figure)` writes one.
"""

from kgan.plots.courses import course
from kgan.plots.curves import EQUILIBRIUM, history
from kgan.plots.distributions import histograms, plane, scatter
from kgan.plots.figures import encode, save
from kgan.plots.grids import grids, lines, slices
from kgan.plots.views import View, picture, view_of

__all__ = [
    "EQUILIBRIUM",
    "View",
    "course",
    "encode",
    "grids",
    "histograms",
    "history",
    "lines",
    "picture",
    "plane",
    "save",
    "scatter",
    "slices",
    "view_of",
]
