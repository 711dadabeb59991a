"""ONNX, for the many runtimes that read it."""

import tensorflow as tf

from kgan.exports import subpixel

# Read by every onnxruntime since 1.14 (2023).
OPSET = 18


def write(source, path, *, batch_size=1):
    """Writes `source` as an .onnx file, in float32.

    Its inputs are `latents (batch_size, latent_dim)`, and with classes `labels (batch_size,)`,
    int32; its output is `images` in [-1, 1], channels last as in Keras (or `samples`).

    Args:
        source: a `Source`.
        path: the file.
        batch_size: how many samples a call makes; None for any number.
    """
    import tf2onnx  # Late: an extra.

    network = subpixel.rewritten(source.generator)
    specs = source.specs(batch_size)

    @tf.function(input_signature=specs)
    def draw(*inputs):
        samples = network(list(inputs) if source.num_classes else inputs[0], training=False)
        return {source.output_name: samples}

    tf2onnx.convert.from_function(draw, specs, opset=OPSET, output_path=str(path))
