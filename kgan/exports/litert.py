"""LiteRT (TFLite), for phones, browsers and small devices."""

import pathlib
import re
import tempfile
import warnings
from typing import Any

import tensorflow as tf

from kgan.exports import saved_model, subpixel
from kgan.exports.source import Source

__all__ = [
    "CALIBRATION_SEED",
    "INSTEAD",
    "LEAST_SAMPLES",
    "QUANTIZATIONS",
    "check_calibration",
    "write",
]

# How the weights are kept, and what computes with them.
QUANTIZATIONS = ("none", "float16", "dynamic", "int8")

# On fewer, the ranges of int8 are a matter of luck.
LEAST_SAMPLES = 32
CALIBRATION_SEED = 1

# What to build with instead, by the beginning of the operation's name.
INSTEAD = {
    "Conv2DBackpropInput": "Conv2DTranspose without dilation, or UpSampling2D and Conv2D",
    "Conv3DBackpropInput": "UpSampling3D and Conv3D",
    "Random": "no noise in the network: what is random comes in with the latents",
    "Stateless": "no noise in the network: what is random comes in with the latents",
}


def write(
    source: Source,
    path: pathlib.Path,
    *,
    quantize: str = "none",
    batch_size: int | None = 1,
    calibration_samples: int = 128,
) -> None:
    """Writes `source` as a .tflite file, of built-in operations alone.

    Its one signature is `serving_default`: `latents (batch_size, latent_dim)`, and with classes
    `labels (batch_size,)`, -> `images` in [-1, 1] (or `samples`). Inputs and outputs are float32,
    labels int32, whatever the network in between computes with.

    Args:
        source: a `Source`.
        path: the file.
        quantize: `"none"`: float32. `"float16"`: weights of half the size. `"dynamic"`: weights in
            8 bits, computed with where that is faster. `"int8"`: everything in 8 bits, with ranges
            found on latents drawn as training drew them.
        batch_size: how many samples a call makes; None for any number, which browsers cannot run.
        calibration_samples: for `"int8"`, on how many latents.

    Raises:
        ValueError: if the network needs an operation that LiteRT does not have.
    """
    draw = subpixel.rewritten(source.generator, split=quantize in ("none", "float16"))

    def serving_default(*inputs):
        return {source.output_name: draw(*inputs)}

    with tempfile.TemporaryDirectory() as folder:
        signature = (serving_default, source.specs(batch_size))
        saved_model.save(source.generator, folder, {"serving_default": signature})
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=["serving_default"]
        )
        _quantize(converter, source, quantize, batch_size or 1, calibration_samples)
        path.write_bytes(_convert(converter, source.generator))


def _quantize(converter, source, quantize, batch_size, samples):
    if quantize == "none":
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantize == "int8":
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        names = [spec.name for spec in source.specs()]

        def calibration():
            for i in range(-(-samples // batch_size)):
                inputs = source.inputs(batch_size, CALIBRATION_SEED + i)
                yield "serving_default", dict(zip(names, inputs, strict=True))

        converter.representative_dataset = calibration


def _convert(converter, generator):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # That its own interpreter will go; ours is another.
            return converter.convert()
    except Exception as error:  # The converter has a class of its own, and raises others too.
        raise ValueError(_explanation(str(error), generator)) from error


def _explanation(error, generator):
    """What the converter says, in terms of the user's layers."""
    found = re.search(r"'tf\.(\w+)' op is neither a custom op nor a flex op", error)
    if not found:
        return f"LiteRT cannot hold this generator: {error.strip()[:500] or 'out of memory?'}"
    operation = found.group(1)
    path = re.search(rf'"{operation}:", "([^"@]*)@', error)
    names = path.group(1).split("/") if path else []
    layers = [layer.name for layer in generator.layers if _names(layer, names)]
    where = f" of layer '{max(layers, key=len)}'" if layers else ""
    instead = [advice for name, advice in INSTEAD.items() if operation.startswith(name)]
    use = f" Use {instead[0]}." if instead else " Build it of other operations."
    return (
        f"LiteRT has no operation {operation}, which the generator needs{where}. (TensorFlow's own "
        f"could be linked in, but then neither browsers nor ai_edge_litert run it.){use}"
    )


def _names(layer, names):
    """Whether one of the names that TensorFlow made of Keras's is that of a layer."""
    return any(re.fullmatch(rf"{re.escape(layer.name)}(_\d+)?", name) for name in names)


def check_calibration(samples: Any) -> None:
    """Raises where ranges would be found on too few samples."""
    if not isinstance(samples, int) or samples < LEAST_SAMPLES:
        raise ValueError(
            f"`calibration_samples` must be an integer of at least {LEAST_SAMPLES}: on fewer, the "
            f"ranges are a matter of luck. Received: calibration_samples={samples!r}."
        )
