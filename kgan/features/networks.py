"""The small networks that come with kgan: how they are built, and where their weights are."""

import contextlib
import importlib.resources
import io
import pathlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import layers

__all__ = ["VERSION", "WIDTHS", "build", "file_name", "in_float32", "load", "save"]

# The widths of the convolutions before each halving; the images of the digits are 8×8.
WIDTHS = {
    "digits": ((32, 32), (64,)),
    "mnist": ((32,), (64, 64), (128,)),
    "fashion_mnist": ((32,), (64, 64), (128,)),
}

# Part of a network's name, of its file's, and of every number measured with it: another training is
# another version.
VERSION = 1


def build(name: str, kernel_initializer: Any = "glorot_uniform") -> keras.Model:
    """An untrained classifier of ten classes.

    Args:
        name: of `WIDTHS`.
        kernel_initializer: as in Keras.

    Returns:
        A functional model from images in [-1, 1], `(batch, 8, 8, 1)` or `(batch, 28, 28, 1)`, to a
        dict of `features`, the averages of the last convolution's channels, and `logits`.
    """
    side = 8 if name == "digits" else 28
    x = inputs = keras.Input((side, side, 1), name="images")
    for i, widths in enumerate(WIDTHS[name]):
        x = layers.Dropout(0.1, seed=i)(layers.MaxPooling2D()(x)) if i else x
        for width in widths:
            options = {"use_bias": False, "kernel_initializer": kernel_initializer}
            x = layers.Conv2D(width, 3, padding="same", **options)(x)
            x = layers.ReLU()(layers.BatchNormalization()(x))
    features = layers.GlobalAveragePooling2D(name="features")(x)
    x = layers.Dropout(0.2, seed=len(WIDTHS[name]))(features)
    logits = layers.Dense(10, kernel_initializer=kernel_initializer, name="logits")(x)
    return keras.Model(inputs, {"features": features, "logits": logits}, name=name)


def load(name: str) -> keras.Model:
    """The trained network of this name, which computes in float32 whatever policy is set."""
    with in_float32():
        network = build(name, "zeros")  # Which draws no random number of the user's.
    file = importlib.resources.files("kgan") / "data" / file_name(name)
    with np.load(io.BytesIO(file.read_bytes())) as arrays:
        network.set_weights([arrays[str(i)].astype("float32") for i in range(len(arrays))])
    network.trainable = False
    return network


@contextlib.contextmanager
def in_float32() -> Iterator[None]:
    """Networks that are built within compute in float32: features are the same for everybody."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


def save(network: keras.Model, folder: pathlib.Path) -> None:
    """Writes the weights, in 16 bits, into `folder`."""
    arrays = {str(i): w.astype("float16") for i, w in enumerate(network.get_weights())}
    np.savez_compressed(folder / file_name(network.name), **arrays)


def file_name(name: str) -> str:
    """What the file of a network's weights is called."""
    return f"{name}_features_{VERSION}.npz"
