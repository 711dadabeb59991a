"""ONNX, for the many runtimes that read it."""

import pathlib

import tensorflow as tf

from kgan.exports.source import Source

__all__ = ["OPSET", "write"]

# Read by every onnxruntime since 1.14 (2023).
OPSET = 18


def write(source: Source, path: pathlib.Path, *, batch_size: int | None = 1) -> None:
    """Writes `source` as an .onnx file, in float32.

    Its inputs are `latents (batch_size, latent_dim)`, and with classes `labels (batch_size,)`,
    int32; its output is `images` in [-1, 1], channels last as in Keras (or `samples`).

    Args:
        source: a `Source`.
        path: the file.
        batch_size: how many samples a call makes; None for any number.
    """
    import tf2onnx  # Late: an extra.

    specs = source.specs(batch_size)

    @tf.function(input_signature=specs)
    def draw(*inputs):
        return {source.output_name: source.draw(*inputs)}

    tf2onnx.convert.from_function(draw, specs, opset=OPSET, output_path=str(path))
