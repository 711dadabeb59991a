"""The generator out of the game: as a SavedModel, a LiteRT file, ONNX; each with its proof."""

from kgan.exports.exporting import FORMATS, Format, export, export_into, kinds
from kgan.exports.proof import ExportError, Proof
from kgan.exports.source import Source

__all__ = [
    "FORMATS",
    "ExportError",
    "Format",
    "Proof",
    "Source",
    "export",
    "export_into",
    "kinds",
]
