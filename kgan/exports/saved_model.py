"""SavedModel, for TF Serving and for any program that loads TensorFlow."""

import errno
import os
import pathlib
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from kgan.exports import warm_up
from kgan.exports.source import Source

__all__ = ["save", "write"]


def write(source: Source, path: pathlib.Path) -> None:
    """Writes `source` as a SavedModel; all inputs and outputs have names.

    Its signatures, of which each gives a dict:

    - `serving_default`: `latents (None, latent_dim)`, and with classes `labels (None,)`, ->
      `images (None, height, width, channels)` in [-1, 1] (or `samples`, of what is no image). It
      takes any number at once, so that a server can put requests together.
    - `sample`: `num_samples ()` and `seed ()` -> what `GAN.generate(num_samples, seed=seed)`
      draws; with classes also their `labels`.
    - `sample_seeds`: `seeds (None,)` -> what `GAN.generate(seeds=seeds)` draws: a sample of each
      seed, the same in any batch.
    - `png`, of images: the inputs of `serving_default` -> `png_bytes (None,)`, a file each.

    Args:
        source: a `Source`.
        path: a folder that does not exist yet.
    """
    save(source.generator, path, _signatures(source))
    warm_up.write(path, _requests(source))


def save(
    network: keras.Model,
    path: str | os.PathLike[str],
    signatures: dict[str, tuple[Callable[..., Any], list[Any]]],
) -> None:
    """Writes functions that call a Keras network.

    `keras.export.ExportArchive` would write all weights twice, as variables of Keras and as those
    of TensorFlow.

    Args:
        network: a Keras model.
        path: a folder.
        signatures: a dict from a name to a function and the specs of its inputs.
    """
    module = tf.Module()
    module.weights = [variable.value for variable in network.variables]
    functions = {
        name: tf.function(function, input_signature=specs, autograph=False)
        for name, (function, specs) in signatures.items()
    }
    try:
        tf.saved_model.save(module, str(path), signatures=functions)
    except tf.errors.ResourceExhaustedError as error:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error


def _requests(source):
    """Requests as a server will get them.

    None for `sample`: its inputs are scalars, which a server that puts requests together refuses,
    and a warm-up that is refused keeps the model from loading (tensorflow/serving#494).
    """
    names = [spec.name for spec in source.specs()]
    inputs = dict(zip(names, source.inputs(1, 0), strict=True))
    requests = [("serving_default", inputs), ("sample_seeds", {"seeds": tf.zeros((1,), "int64")})]
    return requests + ([("png", inputs)] if source.makes_images else [])


def _signatures(source):
    """A dict from the name of a signature to its function and the specs of its inputs."""

    def serving_default(*inputs):
        return {source.output_name: source.draw(*inputs)}

    def with_labels(inputs):
        return serving_default(*inputs) | dict(zip(["labels"], inputs[1:], strict=False))

    def sample(num_samples, seed):
        return with_labels(source.inputs(num_samples, seed))

    def sample_seeds(seeds):
        def inputs(seed):
            return [part[0] for part in source.inputs(1, seed)]

        types = [spec.dtype for spec in source.specs()]
        return with_labels(tf.map_fn(inputs, seeds, fn_output_signature=types))

    def png(*inputs):
        pixels = tf.round((tf.clip_by_value(source.draw(*inputs), -1, 1) + 1) * 127.5)
        files = tf.map_fn(tf.io.encode_png, tf.cast(pixels, "uint8"), fn_output_signature="string")
        return {"png_bytes": files}  # TF Serving encodes what is called *_bytes in base 64.

    num_samples = tf.TensorSpec((), "int32", name="num_samples")
    seed = tf.TensorSpec((), "int64", name="seed")
    seeds = tf.TensorSpec((None,), "int64", name="seeds")
    signatures = {
        "serving_default": (serving_default, source.specs()),
        "sample": (sample, [num_samples, seed]),
        "sample_seeds": (sample_seeds, [seeds]),
    }
    return signatures | ({"png": (png, source.specs())} if source.makes_images else {})
