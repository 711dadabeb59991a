"""Figures as files."""

import io
import os

import matplotlib.figure

from kgan.files import write_atomically

__all__ = ["encode", "save"]


def save(path: str | os.PathLike[str], figure: matplotlib.figure.Figure, dpi: float = 100) -> None:
    """Writes a figure as a PNG file."""
    write_atomically(path, encode(figure, dpi))


def encode(figure: matplotlib.figure.Figure, dpi: float = 100) -> bytes:
    """The bytes of a figure's PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()
